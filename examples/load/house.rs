//! The server under load: a fresh one of our own, or one that runs already.
//!
//! A fresh one gets a data directory that is made through the store itself, with as many agents as wanted and without their passwords' cost, and
//! rates that don't stand in the way. One that runs is known by the line of `papo demo --json`; its own rates hold.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use papo::auth::token::Token;
use papo::auth::vault::Vault;
use papo::clock::Clock;
use papo::domain::agent::{Availability, Role};
use papo::domain::department::{Department, Limits, Member, Routing};
use papo::domain::endpoint::EndpointDraft;
use papo::domain::endpoint::filter::Filter;
use papo::domain::endpoint::secret::Signing;
use papo::domain::endpoint::url::WebhookUrl;
use papo::domain::event_type::EventType;
use papo::domain::ids::{AgentId, DepartmentId};
use papo::domain::site::{Field, Site};
use papo::i18n::Locale;
use papo::store::Store;
use papo::store::audit::Author;
use papo::store::error::StoreError;
use papo::store::organisation::SetUp;
use papo::store::people::AgentData;
use papo::store::sessions::NewSession;
use papo::web::settings::site_form;
use papo::webhooks::signature;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tempfile::TempDir;

/// Agents of one department, as in a real house.
const TEAM: usize = 8;

/// What a fresh house shall have.
#[derive(Clone, Debug)]
pub struct Plan {
    pub agents: usize,
    /// Chats that each may have.
    pub room: i32,
    pub routing: Routing,
    /// Addresses that hear every event but messages.
    pub endpoints: Vec<String>,
}

/// The file beside the data that says who may sign in.
const KNOWN: &str = "house.json";

/// What it says.
#[derive(Serialize, Deserialize)]
struct Known {
    site: String,
    agents: Vec<AgentKey>,
    tags: Vec<String>,
}

/// Somebody who answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AgentKey {
    pub token: String,
    /// Where chats for this agent are asked for; none leaves it to the site.
    pub department: Option<String>,
}

/// A server that answers.
pub struct House {
    pub server: SocketAddr,
    pub site: String,
    pub agents: Vec<AgentKey>,
    /// Tags to choose from; none are known of an attached server.
    pub tags: Vec<String>,
    pub pid: u32,
    /// From the start of the process to the first 200.
    pub cold_start: Option<Duration>,
    child: Option<Child>,
    /// Goes when the server has gone.
    _folder: Option<TempDir>,
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

impl House {
    /// Makes the data in a new directory below `parent` and starts `program` on it.
    ///
    /// # Errors
    /// In words.
    pub async fn spawn(program: &Path, parent: Option<&Path>, plan: &Plan) -> Result<Self, String> {
        let folder = parent.map_or_else(tempfile::tempdir, tempfile::tempdir_in).map_err(|error| error.to_string())?;
        Self::found(folder.path(), plan).await?;
        let mut house = Self::reopen(program, folder.path())?;
        house._folder = Some(folder);
        Ok(house)
    }

    /// Starts `program` on data that [`House::found`] made.
    ///
    /// # Errors
    /// In words.
    pub fn reopen(program: &Path, folder: &Path) -> Result<Self, String> {
        let known = std::fs::read_to_string(folder.join(KNOWN)).map_err(|error| format!("{}: {error}", folder.join(KNOWN).display()))?;
        let known: Known = serde_json::from_str(&known).map_err(|error| error.to_string())?;
        let config = folder.join("papo.toml");
        std::fs::write(&config, CONFIG).map_err(|error| error.to_string())?;
        let began = Instant::now();
        let (child, server) = start(program, &folder.join("data"), &config)?;
        let cold_start = first_answer(server, began)?;
        let Known { site, agents, tags } = known;
        Ok(Self { server, site, agents, tags, pid: child.id(), cold_start: Some(cold_start), child: Some(child), _folder: None })
    }

    /// Lets these addresses and no others hear of what happens in a house that was made before.
    ///
    /// # Errors
    /// In words.
    pub async fn tell(folder: &Path, addresses: &[String]) -> Result<(), String> {
        let data_dir = folder.join("data");
        let told = async {
            let store = Store::open(&data_dir.join("papo.db"), Clock::system())?;
            for known in store.endpoints().await?.iter().filter(|known| known.archived_at.is_none()) {
                store.archive_endpoint(known.id).await?;
            }
            endpoints(&store, &data_dir, addresses).await?;
            store.close().await;
            Ok(())
        };
        told.await.map_err(|error: StoreError| error.to_string())
    }

    /// Makes the data of a house in `folder`, and notes there who may sign in.
    ///
    /// # Errors
    /// In words.
    pub async fn found(folder: &Path, plan: &Plan) -> Result<(), String> {
        let data_dir = folder.join("data");
        std::fs::create_dir_all(&data_dir).map_err(|error| format!("{}: {error}", data_dir.display()))?;
        let (site, agents, tags) = found(&data_dir, plan).await.map_err(|error| error.to_string())?;
        let known = serde_json::to_string(&Known { site, agents, tags }).map_err(|error| error.to_string())?;
        std::fs::write(folder.join(KNOWN), known).map_err(|error| error.to_string())
    }

    /// Signs in to the server that printed `line`.
    ///
    /// # Errors
    /// In words.
    pub fn attach(line: &str, pid: u32) -> Result<Self, String> {
        let told: Value = serde_json::from_str(line).map_err(|error| format!("not the line of `papo demo --json`: {error}"))?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let base = text(told.get("base_url").unwrap_or(&Value::Null));
        let server: SocketAddr =
            base.trim_start_matches("http://").parse().map_err(|_unread| format!("{base} is not an address on loopback"))?;
        let mut agents = Vec::new();
        for agent in told.get("agents").and_then(Value::as_array).into_iter().flatten() {
            let body = serde_json::json!({"email": agent.get("email"), "password": agent.get("password")}).to_string();
            let answer = ask(server, "POST", "/api/v1/sessions", &body)?;
            let session: Value = serde_json::from_str(&answer).map_err(|error| error.to_string())?;
            agents.push(AgentKey { token: text(session.get("token").unwrap_or(&Value::Null)), department: None });
        }
        let site = text(told.get("site_key").unwrap_or(&Value::Null));
        Ok(Self { server, site, agents, tags: Vec::new(), pid, cold_start: None, child: None, _folder: None })
    }
}

/// Rates out of the way: what is measured is the engine, not its fences.
const CONFIG: &str = "webhook_allow = [\"127.0.0.0/8\"]\n[rates]\nvisitor_commands_per_minute = 10000000\naddress_commands_per_minute = 100000000\n\
    site_commands_per_minute = 100000000\nagent_commands_per_minute = 10000000\nsite_requests_per_minute = 100000000\naddress_requests_per_minute = 100000000\n\
    address_connections_per_minute = 100000000\napi_requests_per_minute = 100000000\n";

/// Starts the program; its first line names its address.
///
/// # Errors
/// In words.
pub fn start(program: &Path, data_dir: &Path, config: &Path) -> Result<(Child, SocketAddr), String> {
    let mut child = Command::new(program)
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(data_dir)
        .arg("--config")
        .arg(config)
        .env("PAPO_LOG", std::env::var("PAPO_LOG").unwrap_or_else(|_| "warn".to_owned()))
        .env("LC_ALL", "en_US.UTF-8")
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    let server = address_of(&mut child)?;
    Ok((child, server))
}

/// The address that a server's first line names.
///
/// # Errors
/// In words.
pub fn address_of(child: &mut Child) -> Result<SocketAddr, String> {
    let mut line = String::new();
    let output = child.stdout.take().ok_or("the server has no output")?;
    drop(BufReader::new(output).read_line(&mut line));
    let address =
        line.split("http://").nth(1).map(|rest| rest.chars().take_while(|letter| letter.is_ascii_digit() || ".:".contains(*letter)));
    address.and_then(|address| address.collect::<String>().parse().ok()).ok_or_else(|| {
        drop(child.kill());
        format!("the server did not say where it listens: {line}")
    })
}

/// Asks until the answer is 200.
fn first_answer(server: SocketAddr, began: Instant) -> Result<Duration, String> {
    while began.elapsed() < Duration::from_secs(20) {
        if ask(server, "GET", "/healthz", "").is_ok() {
            return Ok(began.elapsed());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Err("the server does not answer".to_owned())
}

/// One request, one connection; the body of a successful answer.
///
/// # Errors
/// In words.
pub fn ask(server: SocketAddr, method: &str, path: &str, body: &str) -> Result<String, String> {
    let fail = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect(server).map_err(fail)?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).map_err(fail)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(fail)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
    if head.starts_with("HTTP/1.1 2") { Ok(body.to_owned()) } else { Err(head.lines().next().unwrap_or_default().to_owned()) }
}

async fn found(data_dir: &Path, plan: &Plan) -> Result<(String, Vec<AgentKey>, Vec<String>), StoreError> {
    let store = Store::open(&data_dir.join("papo.db"), Clock::system())?;
    let mut site: Site = site_form::fresh(Locale::PtBr, None);
    site.fields.department = Field::Optional;
    let key = site.key.clone();
    let founded = store
        .claim_setup(SetUp {
            organisation: "Load".to_owned(),
            timezone: "America/Recife".to_owned(),
            locale: "pt-BR".to_owned(),
            admin_name: "Admin".to_owned(),
            admin_email: "admin@load.example".to_owned(),
            password_hash: String::new(),
            department: "First".to_owned(),
            site,
            inspector_key: Token::new().text().to_owned(),
        })
        .await?;
    let by = Author { agent: founded.admin, address: None };
    let mut agents = Vec::new();
    for team in 0..plan.agents.div_ceil(TEAM) {
        let department = department(&store, plan, team, &by).await?;
        for number in team * TEAM..plan.agents.min((team + 1) * TEAM) {
            let token = agent(&store, plan, number, department, &by).await?;
            agents.push(AgentKey { token, department: Some(department.to_string()) });
        }
    }
    let tag = store.create_tag("entrega".to_owned(), by).await?;
    endpoints(&store, data_dir, &plan.endpoints).await?;
    store.close().await;
    Ok((key, agents, vec![tag.to_string()]))
}

async fn department(store: &Store, plan: &Plan, number: usize, by: &Author) -> Result<DepartmentId, StoreError> {
    let limits = Limits { grace_seconds: 3_600, inactivity_seconds: 86_400, agent_lost_seconds: 3_600, ..Limits::default() };
    let members = vec![Member { agent: by.agent, supervisor: true }];
    let department = Department { routing: plan.routing, limits, members, ..Department::new(&format!("Team {number}")) };
    let id = department.id;
    store.create_department(department, by.clone()).await?;
    Ok(id)
}

async fn agent(store: &Store, plan: &Plan, number: usize, department: DepartmentId, by: &Author) -> Result<String, StoreError> {
    let data = AgentData {
        name: format!("Agent {number}"),
        email: format!("agent{number}@load.example"),
        role: Role::Agent,
        chats_max: plan.room,
        external_id: None,
        places: vec![(department, false)],
    };
    let agent: AgentId = store.create_agent(data, by.clone()).await?;
    store.set_availability(agent, Availability::Online, None).await?;
    let token = Token::new();
    store
        .open_session(NewSession {
            agent,
            token: token.hash(),
            program: true,
            user_agent: "load".to_owned(),
            address: "127.0.0.1".to_owned(),
            idle_ms: 86_400_000,
        })
        .await?;
    Ok(token.text().to_owned())
}

async fn endpoints(store: &Store, data_dir: &Path, addresses: &[String]) -> Result<(), StoreError> {
    if addresses.is_empty() {
        return Ok(());
    }
    let vault = Vault::from_key_file(&data_dir.join("secret.key")).map_err(|error| StoreError::Unwritable(error.to_string()))?;
    for (number, url) in addresses.iter().enumerate() {
        let events = EventType::ALL.iter().copied().filter(|event| *event != EventType::WebhookTest && *event != EventType::MessageCreated);
        let draft = EndpointDraft {
            name: format!("Receiver {number}"),
            plain_http_accepted: true,
            filter: Filter { events: events.collect(), ..Filter::default() },
            ..EndpointDraft::to(WebhookUrl::parse(url).map_err(|error| StoreError::Unwritable(format!("{error:?}")))?)
        };
        store.create_endpoint(&vault, draft, &[], signature::generate(Signing::Hmac)).await?;
    }
    Ok(())
}

/// The program to start: the given one, or the one that was built beside this one.
pub fn program(given: Option<PathBuf>) -> PathBuf {
    given.unwrap_or_else(|| {
        let own = std::env::current_exe().unwrap_or_default();
        // target/release/examples/load, target/release/deps/messages-…
        own.parent().and_then(Path::parent).unwrap_or(Path::new(".")).join("papo")
    })
}
