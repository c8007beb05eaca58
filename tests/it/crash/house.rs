//! A data directory, and the process that is started on it again and again.

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use papo::auth::password::NewPassword;
use papo::clock::Clock;
use papo::domain::agent::{Availability, Role};
use papo::domain::department::{Department, Routing};
use papo::domain::endpoint::secret::Signing;
use papo::domain::event_type::EventType;
use papo::domain::ids::EndpointId;
use papo::store::Store;
use papo::store::audit::Author;
use papo::store::people::AgentData;
use papo::webhooks::signature;
use tempfile::TempDir;

use crate::support::demo::{OPENED, papo};
use crate::support::http::Http;
use crate::support::{eventually, founding};
use crate::webhooks::receiver::Receiver;

pub const PASSWORD: &str = "cuscuz com café";
pub const SITE: &str = "key";
/// The test is about kills, not about limits.
const RATES: &str = "[rates]\nvisitor_commands_per_minute = 1000000\naddress_commands_per_minute = 1000000\n\
    site_commands_per_minute = 1000000\nagent_commands_per_minute = 1000000\nsite_requests_per_minute = 1000000\n\
    address_requests_per_minute = 1000000\naddress_connections_per_minute = 1000000\n";

pub struct House {
    folder: TempDir,
    pub address: SocketAddr,
    pub endpoints: [EndpointId; 2],
}

pub struct Server {
    child: Child,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

impl House {
    /// A department with as many agents, a site, a tag, and an endpoint for each receiver that hears of everything.
    pub async fn is_built(agents: usize, receivers: &[Receiver; 2]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("papo.toml"), RATES).expect("a file");
        let store = Store::open(&folder.path().join("papo.db"), Clock::system()).expect("a store");
        let founded = store.claim_setup(founding::set_up_with_consent()).await.expect("the first claim");
        let by = Author { agent: founded.admin, address: None };
        let known = store.directory().departments.get(&founded.department).cloned().expect("the department");
        store.change_department(Department { routing: Routing::Manual, ..known }, by.clone()).await.expect("a change");
        let hash = NewPassword::parse(PASSWORD, &[]).expect("a good password").hash();
        for number in 0..agents {
            let places = vec![(founded.department, false)];
            let data = AgentData {
                name: format!("Agente {number}"),
                email: email(number),
                role: Role::Agent,
                chats_max: 20,
                external_id: None,
                places,
            };
            let agent = store.create_agent(data, by.clone()).await.expect("an agent");
            store.renew_password(agent, hash.clone()).await.expect("a password");
            store.set_availability(agent, Availability::Online, None).await.expect("online");
        }
        store.create_tag("troca".to_owned(), by).await.expect("a tag");
        let vault = founding::vault();
        let mut endpoints = [EndpointId::default(); 2];
        for (receiver, id) in receivers.iter().zip(&mut endpoints) {
            let draft = founding::draft(&receiver.url(), EventType::ALL);
            let made = store.create_endpoint(&vault, draft, &[], signature::generate(Signing::Hmac)).await;
            *id = made.expect("an endpoint").id;
        }
        store.close().await;
        let address = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
        Self { folder, address, endpoints }
    }

    pub fn http(&self) -> Http {
        Http::of(&format!("http://{}", self.address))
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("papo.db")
    }

    /// Starts the process and waits until it says that it is ready; how long that took.
    pub async fn starts(&self) -> (Server, Duration) {
        let (folder, listen) = (self.folder.path(), self.address.to_string());
        let log = File::options().create(true).append(true).open(folder.join("log")).expect("a log");
        let mut command = papo(&["serve", "--listen", &listen, "--data-dir", folder.to_str().expect("UTF-8")]);
        let config = folder.join("papo.toml");
        command.env("PAPO_CONFIG", config).env("PAPO_SECRET_KEY", founding::KEY).envs([OPENED]);
        let began = Instant::now();
        let child = command.stdout(Stdio::null()).stderr(Stdio::from(log)).spawn().expect("papo can be started");
        eventually("an open port", async || tokio::net::TcpStream::connect(self.address).await.ok()).await;
        let ready = self.http().get("/readyz", &[]).await;
        assert_eq!(ready.status, 200, "{}\n{}", ready.text(), self.log());
        (Server { child }, began.elapsed())
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The file as it is, for reading alone.
    pub fn reads(&self) -> SqliteConnection {
        let file = format!("file:{}?mode=ro", self.database().display());
        SqliteConnection::establish(&file).expect("the file can be read beside the process")
    }

    /// Waits until no delivery is open.
    pub async fn everything_has_ended(&self) {
        let mut conn = self.reads();
        eventually("every delivery has ended", async || {
            let open: Count =
                sql_query("select count(*) as count from deliveries where ended_at is null").get_result(&mut conn).expect("a count");
            (open.count == 0).then_some(())
        })
        .await;
    }
}

pub fn email(number: usize) -> String {
    format!("agente{number}@example.com")
}

impl Server {
    /// `kill -9`: no goodbye, nothing flushed.
    pub fn dies(mut self) {
        self.child.kill().expect("it was running");
        self.child.wait().expect("it ends");
    }

    /// SIGTERM, and waits for the end; gives the status.
    pub fn stops(mut self) -> Option<i32> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill can be run");
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
