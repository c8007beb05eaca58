//! Everybody who may knock at a server: people of each role, tokens of each scope, and who has nothing or something of no worth.

use std::sync::atomic::{AtomicU32, Ordering};

use papo::auth::token::Token;
use papo::config::Rates;
use papo::domain::agent::Role;
use papo::domain::ids::{AgentId, DepartmentId};
use papo::store::people::AgentData;
use papo::store::sessions::NewSession;
use papo::store::tokens::NewApiToken;
use papo::web::settings::tokens::SCOPES;
use serde_json::{Value, json};

use crate::api::server::Server;
use crate::support::socket::Socket;

/// Somebody, by the word that the table has for them.
pub struct Knocker {
    /// `stranger`, `visitor`, `elsewhere`, `agent`, `supervisor`, `admin`, a scope, `narrowed`, `revoked`, `expired`.
    pub role: &'static str,
    pub agent: Option<AgentId>,
    /// Presented as `Authorization: Bearer` and, on pages, also as the session cookie.
    pub proof: Option<String>,
}

impl Knocker {
    /// Whether this is a person with an account.
    pub fn is_person(&self) -> bool {
        self.agent.is_some()
    }
}

/// A server with two departments and everybody.
pub struct Cast {
    pub server: Server,
    pub elsewhere: DepartmentId,
    /// Who answers the chats: none of the roles.
    pub colleague: AgentId,
    pub knockers: Vec<Knocker>,
    made: AtomicU32,
}

impl Cast {
    pub async fn gathers() -> Self {
        let unbounded = u32::MAX;
        let server = Server::with(Rates {
            visitor_commands_per_minute: unbounded,
            address_commands_per_minute: unbounded,
            site_commands_per_minute: unbounded,
            agent_commands_per_minute: unbounded,
            site_requests_per_minute: unbounded,
            address_requests_per_minute: unbounded,
            address_connections_per_minute: unbounded,
            api_requests_per_minute: unbounded,
        })
        .await;
        let department = server.department;
        let mut cast =
            Self { server, elsewhere: DepartmentId::new(), colleague: AgentId::new(), knockers: Vec::new(), made: AtomicU32::new(0) };
        cast.elsewhere = cast.department().await;
        cast.colleague = cast.person(Role::Agent, vec![(department, false)]).await;
        let elsewhere = cast.person(Role::Agent, vec![(cast.elsewhere, false)]).await;
        let agent = cast.person(Role::Agent, vec![(department, false)]).await;
        let supervisor = cast.person(Role::Supervisor, vec![(department, true)]).await;
        let admin = cast.server.admin;
        cast.adds("stranger", None, None);
        let (one, other) = (cast.visitor_token("uma").await, cast.visitor_token("outra").await);
        cast.adds("visitor", None, Some(one));
        cast.adds("visitor", None, Some(other));
        for (role, agent) in [("elsewhere", elsewhere), ("agent", agent), ("supervisor", supervisor), ("admin", admin)] {
            cast.adds(role, Some(agent), None);
        }
        for (scope, _) in SCOPES {
            let token = cast.server.token(&[scope]).await;
            cast.adds(scope, None, Some(token));
        }
        let every: Vec<&str> = SCOPES.iter().map(|(scope, _)| *scope).collect();
        let narrowed = cast.server.token_for(&every, Some(vec![cast.elsewhere])).await;
        cast.adds("narrowed", None, Some(narrowed));
        let revoked = cast.server.token(&every).await;
        cast.revokes_newest().await;
        cast.adds("revoked", None, Some(revoked));
        let expired = cast.expired(&every).await;
        cast.adds("expired", None, Some(expired));
        cast
    }

    fn adds(&mut self, role: &'static str, agent: Option<AgentId>, proof: Option<String>) {
        self.knockers.push(Knocker { role, agent, proof });
    }

    /// A name that nothing has yet.
    pub fn name(&self) -> String {
        format!("n{}", self.made.fetch_add(1, Ordering::Relaxed))
    }

    pub async fn department(&self) -> DepartmentId {
        self.server.another_department(&self.name()).await
    }

    pub async fn person(&self, role: Role, places: Vec<(DepartmentId, bool)>) -> AgentId {
        let name = self.name();
        let data = AgentData { email: format!("{name}@example.com"), name, role, chats_max: 10_000, external_id: None, places };
        self.server.store().create_agent(data, self.server.by_admin()).await.expect("an agent")
    }

    /// Signs somebody in without asking for the password; gives the token.
    pub async fn session(&self, agent: AgentId, program: bool) -> String {
        let token = Token::new();
        let new = NewSession {
            agent,
            token: token.hash(),
            program,
            user_agent: "test".to_owned(),
            address: "127.0.0.1".to_owned(),
            idle_ms: 3_600_000,
        };
        self.server.store().open_session(new).await.expect("a session");
        token.text().to_owned()
    }

    /// Who said hello on a visitor's socket and asked for help; gives the token.
    pub async fn visitor_token(&self, message: &str) -> String {
        let (mut socket, token) = self.visitor_socket(None).await;
        let answer = socket.command(asking(message)).await;
        assert_eq!(answer["type"], "ack", "{answer}");
        token
    }

    /// A visitor's socket that has said hello; with its token.
    pub async fn visitor_socket(&self, token: Option<&str>) -> (Socket, String) {
        let mut socket = Socket::connect(&self.socket_url("visitor"), &[]).await;
        socket.send(&hello(token)).await;
        let welcome = socket.first("welcome", |frame| frame["type"] == "welcome").await;
        (socket, welcome["token"].as_str().expect("a token").to_owned())
    }

    /// The address of the sockets of one side.
    pub fn socket_url(&self, side: &str) -> String {
        format!("{}/ws/{side}", self.server.url.replacen("http", "ws", 1))
    }

    async fn revokes_newest(&self) {
        let newest = self.server.store().api_tokens().await.expect("tokens")[0].id;
        self.server.store().revoke_api_token(newest, self.server.by_admin()).await.expect("revoked");
    }

    async fn expired(&self, scopes: &[&str]) -> String {
        let new = NewApiToken {
            name: "old".to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            departments: None,
            expires_at: Some(self.server.clock.now().wall.plus_seconds(-1)),
        };
        self.server.store().create_api_token(new, self.server.by_admin()).await.expect("a token").text().to_owned()
    }
}

/// What a widget says first on the server's own site.
pub fn hello(token: Option<&str>) -> Value {
    json!({"type": "hello", "protocol": 1, "site": "key", "token": token, "locale": "pt-BR", "timezone": "America/Recife",
        "page": {"url": "https://shop.example/", "title": "Loja", "referrer": ""}, "resume": null})
}

/// A request for help.
pub fn asking(message: &str) -> Value {
    json!({"type": "request", "name": "Ana", "email": "ana@example.com", "message": message})
}
