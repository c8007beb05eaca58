//! Wiring: what is opened in which order, and how it all stops. Defines no type that other layers import, and no rule.

pub mod backup;
pub mod check;
pub mod data_dir;
pub mod demo;
pub mod descriptors;
mod memory;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::KeepAlive;
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, HttpServer, rt};
use tokio::task::JoinHandle;

use self::data_dir::DataDir;
use self::descriptors::Descriptors;
use crate::auth::vault::{Vault, VaultError};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::address::AllowList;
use crate::hub::close::Close;
use crate::hub::{Hub, Topic};
use crate::relay::Relay;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::sweeper::Sweeper;
use crate::web;
use crate::web::chat_reads::ChatReads;
use crate::web::entry::Entry;
use crate::web::gate::Gate;
use crate::web::pages::Pages;
use crate::web::rates::Limits;
use crate::web::state::AppState;
use crate::webhooks;
use crate::webhooks::guard::Policy;
use crate::webhooks::inspector::Inspector;

/// How long sockets have to go after they were told to.
const DRAIN: Duration = Duration::from_secs(3);
/// How long requests and sockets have to end after the port is closed, in seconds.
const SHUTDOWN_SECONDS: u64 = 4;
/// How long a peer may leave sent data unacknowledged before the kernel ends the connection: nothing else ends a stalled socket.
const USER_TIMEOUT: Duration = Duration::from_secs(30);
/// How often limiters forget who was quiet, and memory that is free is given back.
const FORGET_INTERVAL: Duration = Duration::from_secs(60);

/// What is logged unless the operator says otherwise. The HTTP library calls each malformed request head and stray fragment of a stranger's an error: alerts on
/// errors would be in anybody's hands.
pub const LOG_DEFAULT: &str = "info,actix_http::h1=off,actix_http::ws=off";

/// Why the server doesn't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the port {0} is in use")]
    PortInUse(SocketAddr),
    #[error("the address {0} can't be listened on: {1}")]
    Listen(SocketAddr, std::io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error("the secret key is not the one of this data directory")]
    WrongKey,
    #[error("the data directory {0} belongs to `papo demo`")]
    DataOfDemo(PathBuf),
    #[error("the data directory {0} belongs to `papo serve`")]
    DataOfServe(PathBuf),
    #[error("a thread could not be started: {0}")]
    Thread(std::io::Error),
    #[error("the authority in {0} can't be used: {1}")]
    Authority(PathBuf, String),
}

impl StartError {
    /// The stable code; its text is `cli.error.<code>`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PortInUse(_) => "port_in_use",
            Self::Listen(..) => "address_unavailable",
            Self::Store(StoreError::InUse) => "data_dir_in_use",
            Self::Store(StoreError::Unwritable(_) | StoreError::Disk(_)) => "data_dir_unwritable",
            Self::Store(StoreError::Newer(_)) => "database_newer",
            Self::Store(StoreError::Full) => "storage_full",
            Self::Store(_) => "database_broken",
            Self::Vault(VaultError::KeyMissing(_)) => "key_missing",
            Self::Vault(VaultError::KeyFileOpen(_)) => "key_file_open",
            Self::Vault(VaultError::KeyMalformed) => "key_malformed",
            Self::Vault(_) => "key_unreadable",
            Self::WrongKey => "key_wrong",
            Self::DataOfDemo(_) => "data_of_demo",
            Self::DataOfServe(_) => "data_of_serve",
            Self::Thread(_) => "thread",
            Self::Authority(..) => "webhook_ca_unusable",
        }
    }
}

/// A server that listens.
pub struct Running {
    pub state: Data<AppState>,
    pub address: SocketAddr,
    server: ServerHandle,
    tasks: Vec<JoinHandle<()>>,
    webhooks: webhooks::Running,
    _data_dir: DataDir,
}

/// Runs a server's life on this thread's event loop.
pub fn block_on<T>(life: impl Future<Output = T>) -> T {
    rt::System::new().block_on(life)
}

/// A listening socket, taken before anything else, so that a used port is told before data is touched.
///
/// # Errors
/// `PortInUse`, `Listen`.
pub fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    let fail = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AddrInUse => StartError::PortInUse(address),
        _ => StartError::Listen(address, error),
    };
    let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None).map_err(fail)?;
    socket.set_reuse_address(true).map_err(fail)?;
    socket.bind(&address.into()).map_err(fail)?;
    socket.listen(4096).map_err(fail)?;
    Ok(socket.into())
}

/// Opens the data directory, starts every part and listens. `config.listen` is the address of `listener`.
///
/// # Errors
/// What stands in the way.
pub async fn start(config: Config, listener: TcpListener, clock: Clock, key: Option<String>) -> Result<Running, StartError> {
    let address = listener.local_addr().map_err(|error| StartError::Listen(config.listen, error))?;
    let descriptors = descriptors::raise();
    let data_dir = DataDir::open(&config.data_dir)?;
    let store = Store::open(&data_dir.database(), clock).map_err(|error| data_dir.explained(error))?;
    let vault = Arc::new(unlock(&store, &data_dir, key).await?);
    claim_mode(&store, &config).await?;
    store.set_public_url(config.public_url.as_str());
    let inspector = Arc::new(Inspector::default());
    let webhooks = dispatch(&store, &vault, &config, (address, descriptors), &inspector)?;
    let hub = Hub::default();
    let state = Data::new(AppState {
        sockets_max: descriptors.sockets_max,
        limits: Limits::new(config.rates),
        gate: Gate::default(),
        pages: Pages::default(),
        entry: Entry::default(),
        chat_reads: ChatReads::default(),
        forwarder_noted: AtomicBool::new(false),
        pulse: webhooks.pulse.clone(),
        inspector,
        board: Arc::clone(&webhooks.board),
        trials: webhooks.trials.clone(),
        config: Arc::new(config),
        store: store.clone(),
        hub: hub.clone(),
        vault,
    });
    let relay = Relay::new(store.clone(), hub);
    relay.follow();
    let tasks = vec![
        rt::spawn(webhooks.pulse.clone().watch(store.clone())),
        rt::spawn(relay.clone().run_ephemera()),
        rt::spawn(web::socket::card::follow(state.clone(), relay)),
        rt::spawn(Sweeper::new(store).run()),
        rt::spawn(forget_idle(state.clone())),
    ];
    let server = serve(&state, listener, descriptors).map_err(|error| StartError::Listen(address, error))?;
    Ok(Running { state, address, server, tasks, webhooks, _data_dir: data_dir })
}

/// Starts delivering. Our own addresses are never dialled.
fn dispatch(
    store: &Store,
    vault: &Vault,
    config: &Config,
    (address, descriptors): (SocketAddr, Descriptors),
    inspector: &Arc<Inspector>,
) -> Result<webhooks::Running, StartError> {
    let authority = match &config.webhook_ca {
        None => None,
        Some(path) => Some(std::fs::read(path).map_err(|error| StartError::Authority(path.clone(), error.to_string()))?),
    };
    let policy = Policy::new(AllowList::from(config.webhook_allow.clone()), vec![address]);
    let at_once_max = descriptors.webhooks_max;
    webhooks::start(store.clone(), vault.clone(), policy, authority.as_deref(), Arc::clone(inspector), at_once_max).map_err(|error| {
        match error {
            webhooks::StartError::Authority(error) => {
                StartError::Authority(config.webhook_ca.clone().unwrap_or_default(), error.to_string())
            }
            webhooks::StartError::Thread(error) => StartError::Thread(error),
        }
    })
}

fn serve(state: &Data<AppState>, listener: TcpListener, descriptors: Descriptors) -> std::io::Result<ServerHandle> {
    let (workers, state) = (state.config.workers, state.clone());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .wrap(from_fn(web::head::as_get))
            .wrap(from_fn(web::loopback::refuse_foreign_host))
            .wrap(from_fn(web::error::answer))
            .wrap(from_fn(web::unread::close))
            .configure(web::routes)
    })
    .on_connect(|io, _| {
        if let Some(stream) = io.downcast_ref::<rt::net::TcpStream>() {
            let socket = socket2::SockRef::from(stream);
            // Where the kernel doesn't know the option, a stalled peer costs a descriptor until its own end; nothing else depends on it.
            drop(socket.set_tcp_user_timeout(Some(USER_TIMEOUT)));
            drop(socket.set_tcp_nodelay(true));
        }
    })
    // The HTTP library limits the time of a connection's first head alone: half of a second one would hold it for ever. A connection costs a proxy on this
    // machine nothing, and sockets stay as they are.
    .keep_alive(KeepAlive::Disabled)
    .workers(workers)
    .backlog(4096)
    .max_connections((descriptors.connections_max / workers.max(1)).max(1))
    .shutdown_timeout(SHUTDOWN_SECONDS)
    .disable_signals()
    .listen(listener)?
    .run();
    let handle = server.handle();
    drop(rt::spawn(server));
    Ok(handle)
}

/// The vault with the key of this data directory, or a new one for a new directory.
async fn unlock(store: &Store, data_dir: &DataDir, key: Option<String>) -> Result<Vault, StartError> {
    let known = store.fact("vault_check").await?;
    let vault = match (&key, &known) {
        (Some(text), _) => Vault::from_text(text)?,
        (None, Some(_)) => Vault::from_existing_key_file(&data_dir.key_file())?,
        (None, None) => Vault::from_key_file(&data_dir.key_file())?,
    };
    let check = check_text(&vault);
    match known {
        Some(known) if known == check => Ok(vault),
        Some(_) => Err(StartError::WrongKey),
        None => {
            store.note_fact("vault_check", check).await?;
            Ok(vault)
        }
    }
}

/// What is noted of a key, to know it again.
fn check_text(vault: &Vault) -> String {
    vault.check_value().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A demo's data and a server's data never meet.
async fn claim_mode(store: &Store, config: &Config) -> Result<(), StartError> {
    let mode = if config.demo.is_some() { "demo" } else { "serve" };
    match store.fact("mode").await?.as_deref() {
        None => Ok(store.note_fact("mode", mode.to_owned()).await?),
        Some(known) if known == mode => Ok(()),
        Some("demo") => Err(StartError::DataOfDemo(config.data_dir.clone())),
        Some(_) => Err(StartError::DataOfServe(config.data_dir.clone())),
    }
}

async fn forget_idle(state: Data<AppState>) {
    loop {
        tokio::time::sleep(FORGET_INTERVAL).await;
        drop(tokio::task::spawn_blocking(memory::give_back).await);
        state.limits.forget_idle();
    }
}

impl Running {
    /// Stops within ten seconds: the port is closed, sockets are told to come back, requests ended, everything written.
    pub async fn stop(self) {
        // The port first: who is told to come back must not find this process again.
        let server = self.server.stop(true);
        self.state.hub.shut(Close::Restart);
        let drained = async {
            while self.state.hub.has(Topic::Everyone) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::join!(server, async { drop(tokio::time::timeout(DRAIN, drained).await) });
        for task in &self.tasks {
            task.abort();
        }
        let webhooks = self.webhooks;
        drop(tokio::task::spawn_blocking(move || webhooks.stop()).await);
        self.state.store.close().await;
    }
}
