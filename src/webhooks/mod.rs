//! Getting events to their endpoints: due deliveries → guard → signature → POST → result.
//!
//! The only layer that calls out over HTTP, and the only one that knows `awc`. It knows the store and nothing of sockets, pages or chats: a body is
//! bytes that were frozen when the event happened.
//!
//! **Threading contract.** [`start`] makes one thread with its own event loop; everything but the [`inspector::Inspector`], the [`board::Board`], the
//! [`pulse::Pulse`] and [`trial::Trials`] stays on it. A dispatcher that panics is followed by another one.

pub mod attempt;
pub mod board;
pub mod breaker;
pub mod client;
pub mod dispatcher;
pub mod guard;
pub mod inspector;
pub mod lane;
mod line;
pub mod outgoing;
pub mod patience;
pub mod pulse;
pub mod reading;
pub mod signature;
pub mod trial;
mod work;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::auth::vault::Vault;
use crate::store::Store;
use board::Board;
use client::AuthorityError;
use dispatcher::{Dispatcher, End};
use guard::Policy;
use inspector::Inspector;
use outgoing::Outgoing;
use pulse::Pulse;
use trial::{Trial, Trials};

/// Wait before another dispatcher goes on for one that broke, so that a fault that comes again at once doesn't take the whole processor.
const RESTART_PAUSE: Duration = Duration::from_secs(1);
/// Time that attempts under way get at the stop.
const STOP_GRACE: Duration = Duration::from_secs(4);

/// Why the dispatcher did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The operator's own authority can't be used.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// No thread could be made.
    #[error("the webhook thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// The dispatcher's thread.
pub struct Running {
    /// Tells that it lives.
    pub pulse: Pulse,
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
    /// What holds endpoints back.
    pub board: Arc<Board>,
    /// Where addresses are tried that are not saved yet.
    pub trials: Trials,
}

/// Starts delivering, at most `at_once_max` at a time. `authority_pem` is a private authority's certificate, for receivers that have one from it.
///
/// # Errors
/// The authority can't be used, or no thread could be made.
pub fn start(
    store: Store,
    vault: Vault,
    policy: Policy,
    authority_pem: Option<&[u8]>,
    inspector: Arc<Inspector>,
    at_once_max: usize,
) -> Result<Running, StartError> {
    let tls = client::tls_config(authority_pem)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (stop, stopped) = watch::channel(false);
    let (board, pulse) = (Arc::new(Board::default()), Pulse::default());
    let (trials, asked) = Trials::open();
    let parts = Parts { store, vault, policy, tls, inspector, board: Arc::clone(&board), pulse: pulse.clone(), at_once_max };
    let thread = std::thread::Builder::new().name("webhooks".to_owned()).spawn(move || supervise(&runtime, &stopped, &parts, asked))?;
    Ok(Running { pulse, stop, thread, board, trials })
}

/// What a dispatcher is made of.
struct Parts {
    store: Store,
    vault: Vault,
    policy: Policy,
    tls: Arc<rustls::ClientConfig>,
    inspector: Arc<Inspector>,
    board: Arc<Board>,
    pulse: Pulse,
    at_once_max: usize,
}

impl Parts {
    fn outgoing(&self) -> Outgoing {
        Outgoing::new(self.policy.clone(), Arc::clone(&self.tls), self.store.clock().clone())
    }

    fn dispatcher(&self) -> Dispatcher {
        let (store, vault, inspector) = (self.store.clone(), self.vault.clone(), Arc::clone(&self.inspector));
        Dispatcher::new(store, vault, self.outgoing(), inspector, Box::new(rand::random))
            .with_pulse(self.pulse.clone())
            .at_most(self.at_once_max)
            .shown_on(Arc::clone(&self.board))
    }
}

/// One dispatcher after the other until it is to stop: what one that broke had under way is still due in the store. Trials are made beside it.
fn supervise(runtime: &tokio::runtime::Runtime, stopped: &watch::Receiver<bool>, parts: &Parts, mut asked: mpsc::Receiver<Trial>) {
    loop {
        let local = tokio::task::LocalSet::new();
        let stop = stopped.clone();
        let asked = &mut asked;
        let run = async {
            let trying = async {
                trial::serve(asked, &parts.outgoing(), &parts.store, &parts.inspector).await;
                // Nobody can ask any more: the server stops.
                std::future::pending().await
            };
            tokio::select! {
                end = async { parts.dispatcher().run(stop, STOP_GRACE).await } => end,
                end = trying => end,
            }
        };
        let end = std::panic::catch_unwind(AssertUnwindSafe(|| local.block_on(runtime, run)));
        if matches!(end, Ok(End::Stopped)) {
            return;
        }
        tracing::error!("the webhook dispatcher broke; another one goes on");
        let mut stop = stopped.clone();
        // Whichever comes first.
        drop(runtime.block_on(async { tokio::time::timeout(RESTART_PAUSE, stop.changed()).await }));
    }
}

impl Running {
    /// Stops: nothing new is started, what is under way gets a few seconds. Blocks until the thread has ended.
    pub fn stop(self) {
        self.stop.send_replace(true);
        if self.thread.join().is_err() {
            tracing::error!("the webhook thread ended by a panic");
        }
    }
}
