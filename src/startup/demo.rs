//! What a demo begins with: a small organisation, its people with random passwords, a site for the shop, and an endpoint that is the inspector.
//! And the shop itself, on an origin of its own.

use std::collections::BTreeSet;
use std::net::TcpListener;

use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use actix_web::{App, HttpServer, rt};

use super::{Running, StartError};

use crate::auth::password::NewPassword;
use crate::auth::token::Token;
use crate::config::Config;
use crate::domain::agent::{Availability, Role};
use crate::domain::department::{Department, Limits, Member, Routing};
use crate::domain::endpoint::EndpointDraft;
use crate::domain::endpoint::filter::Filter;
use crate::domain::endpoint::secret::Signing;
use crate::domain::event_type::EventType;
use crate::domain::ids::AgentId;
use crate::domain::site::{Consent, Field, Fields, LocationMode, Site};
use crate::i18n::{Locale, Texts};
use crate::store::Store;
use crate::store::audit::Author;
use crate::store::error::StoreError;
use crate::store::organisation::SetUp;
use crate::store::people::AgentData;
use crate::store::tokens::NewApiToken;
use crate::web::settings::{site_form, tokens};
use crate::web::shop::{self, ShopState};
use crate::web::state::AppState;
use crate::webhooks::inspector::Inspector;
use crate::webhooks::signature;
use crate::wire::demo::{DemoAdmin, DemoLine, DemoLogin};

/// Somebody who can sign in.
#[derive(Clone, Debug)]
pub struct Login {
    pub agent: AgentId,
    pub email: String,
    pub password: String,
    pub department: String,
}

/// Everything that a script or a person needs to go on.
#[derive(Clone, Debug)]
pub struct Seed {
    pub site_key: String,
    pub admin: Login,
    pub agents: Vec<Login>,
    pub api_token: String,
    pub inspector_key: String,
}

/// The name of the token that scripts get.
const TOKEN_NAME: &str = "demo";
const PEOPLE: [(&str, &str, &str); 3] = [
    ("Marina Duarte", "marina@casamurici.example", "Vendas"),
    ("Rafael Teixeira", "rafael@casamurici.example", "Vendas"),
    ("Joana Prado", "joana@casamurici.example", "Trocas"),
];
const TAGS: [&str; 5] = ["troca", "avaria", "frete", "elogio", "orçamento"];

/// A demo that is up.
pub struct Opened {
    seed: Seed,
    config: std::sync::Arc<Config>,
    entry: String,
    shop: ServerHandle,
}

/// Seeds the data and opens the shop.
///
/// # Errors
/// What stands in the way.
pub async fn open(running: &Running, listener: TcpListener) -> Result<Opened, StartError> {
    let (store, config) = (&running.state.store, &running.state.config);
    let seed = seed(store, config).await?;
    seed_endpoint(&running.state, &seed).await?;
    let address = listener.local_addr().map_err(|error| StartError::Listen(config.listen, error))?;
    let shop_state = Data::new(ShopState {
        papo_url: config.public_url.clone(),
        site_key: seed.site_key.clone(),
        console_url: config.link("/login"),
        inspector_url: config.link(&format!("/inspector/{}", seed.inspector_key)),
    });
    let server = HttpServer::new(move || App::new().app_data(shop_state.clone()).configure(shop::routes))
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .listen(listener)
        .map_err(|error| StartError::Listen(address, error))?
        .run();
    let shop = server.handle();
    drop(rt::spawn(server));
    let first = seed.agents.first().unwrap_or(&seed.admin);
    let token = running.state.entry.make(first.agent, store.clock().now().steady);
    Ok(Opened { entry: config.link(&format!("/demo/{}", token.text())), config: std::sync::Arc::clone(config), seed, shop })
}

/// The endpoint that is the inspector: every event, so that a newcomer sees each.
async fn seed_endpoint(state: &AppState, seed: &Seed) -> Result<(), StoreError> {
    let Some(url) = Inspector::address(state.config.public_url.as_str(), &seed.inspector_key) else { return Ok(()) };
    let known = state.store.endpoints().await?;
    let events: BTreeSet<EventType> = EventType::ALL.iter().copied().filter(|event| *event != EventType::WebhookTest).collect();
    let draft = EndpointDraft {
        name: "Inspetor".to_owned(),
        plain_http_accepted: true,
        filter: Filter { events, ..Filter::default() },
        ..EndpointDraft::to(url)
    };
    // A kept demo listens on another port each time, and its inspector moves along.
    match known.into_iter().find(|endpoint| endpoint.draft.name == draft.name && endpoint.archived_at.is_none()) {
        Some(endpoint) => state.store.update_endpoint(&state.vault, endpoint.id, draft, None).await.map(|_| ()),
        None => state.store.create_endpoint(&state.vault, draft, &[], signature::generate(Signing::Hmac)).await.map(|_| ()),
    }
}

impl Opened {
    fn shop_url(&self) -> &str {
        self.config.demo.as_ref().map_or("", |demo| demo.shop_url.as_str())
    }

    fn inspector_url(&self) -> String {
        self.config.link(&format!("/inspector/{}", self.seed.inspector_key))
    }

    /// One line for scripts.
    #[must_use]
    pub fn json(&self) -> String {
        let login = |login: &Login| DemoLogin {
            email: login.email.clone(),
            password: login.password.clone(),
            department: login.department.clone(),
        };
        DemoLine {
            base_url: self.config.public_url.as_str().trim_end_matches('/').to_owned(),
            shop_url: self.shop_url().to_owned(),
            console_url: self.config.link("/login"),
            inspector_url: self.inspector_url(),
            site_key: self.seed.site_key.clone(),
            ws_visitor_url: self.config.socket_link("/ws/visitor"),
            ws_agent_url: self.config.socket_link("/ws/agent"),
            admin: DemoAdmin { email: self.seed.admin.email.clone(), password: self.seed.admin.password.clone() },
            agents: self.seed.agents.iter().map(login).collect(),
            api_token: self.seed.api_token.clone(),
        }
        .to_json()
    }

    /// Words for a person.
    #[must_use]
    pub fn words(&self, texts: &Texts) -> String {
        let everybody = std::iter::once(&self.seed.admin).chain(&self.seed.agents);
        let accounts: Vec<String> =
            everybody.map(|login| format!("    {:<28} {}  {}", login.email, login.password, login.department)).collect();
        let (accounts, inspector, console) = (accounts.join("\n"), self.inspector_url(), self.config.link("/login"));
        let agent = self.seed.agents.first().map_or("", |login| login.email.as_str());
        texts.with(
            "cli.demo",
            [
                ("shop", self.shop_url()),
                ("console", console.as_str()),
                ("inspector", inspector.as_str()),
                ("agent", agent),
                ("link", self.entry.as_str()),
                ("accounts", accounts.as_str()),
            ],
        )
    }

    /// Closes the shop.
    pub async fn close(&self) {
        self.shop.stop(false).await;
    }
}

/// Makes the organisation, or finds the one of an earlier demo; passwords and the token are new each time, as only their hashes are kept.
/// Who is signed in stays so.
///
/// # Errors
/// A fault of the store.
pub async fn seed(store: &Store, config: &Config) -> Result<Seed, StoreError> {
    if store.directory().organisation.is_none() {
        found(store).await?;
    }
    let directory = store.directory();
    let inspector_key =
        directory.organisation.as_ref().map(|organisation| organisation.inspector_key.clone()).ok_or(StoreError::NotFound)?;
    let admin = directory
        .agents
        .values()
        .find(|agent| agent.role == Role::Admin && agent.archived_at.is_none())
        .cloned()
        .ok_or(StoreError::NotFound)?;
    let by = Author { agent: admin.id, address: None };
    let mut site = directory.sites.values().min_by_key(|site| site.id).cloned().ok_or(StoreError::NotFound)?;
    let port = config.demo.as_ref().and_then(|demo| demo.shop_url.port());
    let domains: Vec<String> = port.into_iter().flat_map(|port| [format!("127.0.0.1:{port}"), format!("localhost:{port}")]).collect();
    if site.allowed_domains != domains {
        site.allowed_domains = domains;
        store.change_site(site.clone(), by.clone()).await?;
    }
    let mut logins = Vec::new();
    for agent in directory.agents.values().filter(|agent| agent.archived_at.is_none()) {
        let password = new_password(store, agent.id).await?;
        let department = directory.departments.values().find(|department| department.member(agent.id).is_some());
        logins.push(Login {
            agent: agent.id,
            email: agent.email.clone(),
            password,
            department: department.map(|department| department.name.clone()).unwrap_or_default(),
        });
    }
    logins.sort_by_key(|login| login.agent);
    let (admins, agents): (Vec<Login>, Vec<Login>) = logins.into_iter().partition(|login| login.agent == admin.id);
    // Like the passwords, the token of the last time ends: nobody should gather those of a kept demo.
    for old in store.api_tokens().await?.into_iter().filter(|token| token.name == TOKEN_NAME) {
        store.revoke_api_token(old.id, by.clone()).await?;
    }
    let token = NewApiToken {
        name: TOKEN_NAME.to_owned(),
        scopes: tokens::SCOPES.iter().map(|(word, _)| (*word).to_owned()).collect(),
        departments: None,
        expires_at: None,
    };
    let api_token = store.create_api_token(token, by).await?.text().to_owned();
    let admin = admins.into_iter().next().ok_or(StoreError::NotFound)?;
    Ok(Seed { site_key: site.key, admin, agents, api_token, inspector_key })
}

async fn new_password(store: &Store, agent: AgentId) -> Result<String, StoreError> {
    let password: String = Token::new().text().chars().take(16).collect();
    let hash = NewPassword::parse(&password, &[]).map_err(|_unread| StoreError::corrupt("a random password"))?.hash();
    store.renew_password(agent, hash).await?;
    Ok(password)
}

async fn found(store: &Store) -> Result<(), StoreError> {
    let texts = Texts::for_locale(Locale::PtBr);
    let site = Site {
        name: "Loja Casa Murici".to_owned(),
        locale: "auto".to_owned(),
        fields: Fields { department: Field::Optional, ..Fields::default() },
        consent: Some(Consent { version: 1, text: texts.text("entry.consent").to_owned() }),
        marketing: true,
        location: LocationMode::Queue,
        location_recipients: "Casa Murici".to_owned(),
        ..site_form::fresh(Locale::PtBr, None)
    };
    let founded = store
        .claim_setup(SetUp {
            organisation: "Casa Murici".to_owned(),
            timezone: "America/Recife".to_owned(),
            locale: "pt-BR".to_owned(),
            admin_name: "Helena Murici".to_owned(),
            admin_email: "helena@casamurici.example".to_owned(),
            password_hash: String::new(),
            department: "Vendas".to_owned(),
            site,
            inspector_key: Token::new().text().to_owned(),
        })
        .await?;
    let by = Author { agent: founded.admin, address: None };
    let exchanges = Department {
        routing: Routing::Manual,
        limits: Limits { wait_goal_seconds: 300, ..Limits::default() },
        members: vec![Member { agent: founded.admin, supervisor: true }],
        ..Department::new("Trocas")
    };
    let exchanges_id = exchanges.id;
    store.create_department(exchanges, by.clone()).await?;
    for (name, email, department) in PEOPLE {
        let place = if department == "Trocas" { exchanges_id } else { founded.department };
        let data = AgentData {
            name: name.to_owned(),
            email: email.to_owned(),
            role: Role::Agent,
            chats_max: 6,
            external_id: None,
            places: vec![(place, false)],
        };
        let agent = store.create_agent(data, by.clone()).await?;
        store.set_availability(agent, Availability::Online, None).await?;
    }
    for tag in TAGS {
        store.create_tag(tag.to_owned(), by.clone()).await?;
    }
    Ok(())
}
