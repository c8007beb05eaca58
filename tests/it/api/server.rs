//! A server in this process with its store at hand, and a client that holds every answer against the OpenAPI document.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use papo::auth::password::NewPassword;
use papo::clock::Clock;
use papo::config::{Config, Rates};
use papo::domain::agent::{Availability, Role};
use papo::domain::chat::command::{Actor, Command};
use papo::domain::department::{Department, Routing};
use papo::domain::ids::{AgentId, ChatId, DepartmentId, SiteId};
use papo::domain::intake::Intake;
use papo::domain::text::Body;
use papo::domain::time::Timestamp;
use papo::startup::{self, Running};
use papo::store::Store;
use papo::store::audit::Author;
use papo::store::people::AgentData;
use papo::store::tokens::NewApiToken;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::founding;
use crate::support::http::{Answer, Http};

/// 2026-11-22T12:00:00Z.
const NOON: i64 = 1_795_348_800_000;
pub const ADMIN: &str = "dora@example.com";
pub const PASSWORD: &str = "cuscuz com café";
pub const EVERY_SCOPE: &[&str] =
    &["chats:read", "chats:write", "visitors:read", "webhooks:read", "webhooks:write", "deliveries:read", "users:write"];

pub struct Server {
    running: Running,
    pub url: String,
    pub http: Http,
    pub clock: Clock,
    pub admin: AgentId,
    pub department: DepartmentId,
    site: SiteId,
    document: Arc<Value>,
    folder: TempDir,
}

impl Server {
    /// A fresh one with its admin, who has a password.
    pub async fn starts() -> Self {
        Self::with(Rates::default()).await
    }

    pub async fn with(rates: Rates) -> Self {
        Self::reaching(rates, "").await
    }

    /// One whose webhooks may go to these networks.
    pub async fn reaching(rates: Rates, networks: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let listener: TcpListener = startup::listen("127.0.0.1:0".parse().expect("an address")).expect("a free port");
        let listen = listener.local_addr().expect("bound");
        let url = format!("http://{listen}");
        let config = Config {
            listen,
            data_dir: folder.path().join("data"),
            public_url: url.parse().expect("a URL"),
            trusted_proxies: Vec::new(),
            webhook_allow: networks.split_whitespace().map(|network| network.parse().expect("a network")).collect(),
            webhook_ca: None,
            workers: 1,
            rates,
            demo: None,
        };
        let clock = Clock::fixed(Timestamp::from_ms(NOON));
        let running = startup::start(config, listener, clock.clone(), None).await.expect("a start");
        let founded = running.state.store.claim_setup(founding::set_up()).await.expect("the first claim");
        let password = NewPassword::parse(PASSWORD, &[]).expect("a good password").hash();
        running.state.store.renew_password(founded.admin, password).await.expect("a password");
        let http = Http::of(&url);
        let document = Arc::new(http.get("/api/v1/openapi.json", &[]).await.json());
        let (admin, department, site) = (founded.admin, founded.department, founded.site);
        Self { running, url, http, clock, admin, department, site, document, folder }
    }

    pub fn store(&self) -> &Store {
        &self.running.state.store
    }

    /// Where it keeps its data.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn document(&self) -> &Value {
        &self.document
    }

    pub fn by_admin(&self) -> Author {
        Author { agent: self.admin, address: None }
    }

    /// A token of the admin's with these scopes, for all departments.
    pub async fn token(&self, scopes: &[&str]) -> String {
        self.token_for(scopes, None).await
    }

    pub async fn token_for(&self, scopes: &[&str], departments: Option<Vec<DepartmentId>>) -> String {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let expires_at = Some(self.clock.now().wall.plus_seconds(3600));
        let new = NewApiToken { name: "CRM".to_owned(), scopes, departments, expires_at };
        self.store().create_api_token(new, self.by_admin()).await.expect("a token").text().to_owned()
    }

    /// Another department, where nobody answers.
    pub async fn another_department(&self, name: &str) -> DepartmentId {
        let department = Department { routing: Routing::Manual, ..Department::new(name) };
        let id = department.id;
        self.store().create_department(department, self.by_admin()).await.expect("a department");
        id
    }

    /// Somebody who answers in the first department, with the same password as everybody.
    pub async fn agent(&self, name: &str) -> AgentId {
        let places = vec![(self.department, false)];
        let email = format!("{name}@example.com");
        let data = AgentData { name: name.to_owned(), email, role: Role::Agent, chats_max: 3, external_id: None, places };
        let agent = self.store().create_agent(data, self.by_admin()).await.expect("an agent");
        let password = NewPassword::parse(PASSWORD, &[]).expect("a good password").hash();
        self.store().renew_password(agent, password).await.expect("a password");
        self.store().agent_present(agent, true).await.expect("present");
        self.store().set_availability(agent, Availability::Online, None).await.expect("online");
        agent
    }

    /// A new visitor asks for help in the first department.
    pub async fn chat(&self, message: &str) -> ChatId {
        let intake = Intake {
            name: Some("Ana".to_owned()),
            email: Some("ana@example.com".to_owned()),
            message: Body::parse(message).ok(),
            ..Intake::default()
        };
        let request = founding::request(self.site, founding::token_hash(), intake);
        self.store().request_chat(request).await.expect("a chat").chat
    }

    /// The agent takes the chat.
    pub async fn starts_chat(&self, chat: ChatId, agent: AgentId) {
        self.store().execute(chat, Actor::Agent(agent), Command::Start, None).await.expect("a start");
    }

    /// Signs in as a program; gives the token.
    pub async fn signs_in(&self, email: &str) -> String {
        let answer = self.post("/sessions", "", json!({"email": email, "password": PASSWORD})).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()["token"].as_str().expect("a token").to_owned()
    }

    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.send("GET", path, token, &[], None).await
    }

    pub async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.send("POST", path, token, &[], Some(body)).await
    }

    /// One request below `/api/v1`, its answer held against the document.
    pub async fn send(&self, method: &str, path: &str, token: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
        let bearer = format!("Bearer {token}");
        let mut all = headers.to_vec();
        if !token.is_empty() {
            all.push(("authorization", &bearer));
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let answer = self.http.send(method, &format!("/api/v1{path}"), &all, body.as_bytes()).await;
        self.holds(method, path, &answer);
        answer
    }

    /// Asserts that the document promises this answer.
    fn holds(&self, method: &str, path: &str, answer: &Answer) {
        let path = path.split('?').next().unwrap_or_default();
        let Some(operation) = self.operation(method, path) else { panic!("the document has no {method} {path}") };
        let responses = &operation["responses"];
        let status = answer.status.to_string();
        let response = responses.get(&status).or_else(|| responses.get("default").filter(|_| answer.status >= 400));
        let response = response.unwrap_or_else(|| panic!("{method} {path} must not answer {status}: {}", answer.text()));
        match response.pointer("/content/application~1json/schema") {
            None => assert!(answer.body.is_empty(), "{method} {path} says more than the document: {}", answer.text()),
            Some(schema) => {
                let mut schema = schema.clone();
                let object = schema.as_object_mut().expect("a schema");
                object.insert("components".to_owned(), self.document["components"].clone());
                let validator = jsonschema::validator_for(&schema).expect("a schema");
                let errors: Vec<String> =
                    validator.iter_errors(&answer.json()).map(|error| format!("{error} at {}", error.instance_path)).collect();
                assert!(errors.is_empty(), "{method} {path} {status}: {errors:?}\n{}", answer.text());
            }
        }
    }

    fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        let parts: Vec<&str> = path.split('/').collect();
        let paths = self.document["paths"].as_object().expect("paths");
        let fits = |template: &str| {
            let template: Vec<&str> = template.trim_start_matches("/api/v1").split('/').collect();
            template.len() == parts.len() && template.iter().zip(&parts).all(|(one, other)| *one == "{id}" || one == other)
        };
        let exact = paths.get(&format!("/api/v1{path}"));
        let found = exact.or_else(|| paths.iter().find(|(template, _)| fits(template)).map(|(_, operations)| operations));
        found?.get(method.to_lowercase())
    }
}

/// The code of an error.
pub fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["error"]["code"].as_str().unwrap_or_default().to_owned())
}

/// A refusal as `code` gives it.
pub fn refusal(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// The ids of a list.
pub fn ids(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    let data = body["data"].as_array().unwrap_or_else(|| panic!("a list: {body}"));
    data.iter().map(|record| record["id"].as_str().expect("an id").to_owned()).collect()
}
