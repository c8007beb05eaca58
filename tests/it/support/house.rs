//! The store with its rules and a clock that tests move: what time does to chats, without sockets.

use papo::clock::Clock;
use papo::domain::agent::{Availability, Role};
use papo::domain::chat::Chat;
use papo::domain::chat::command::{Actor, Command};
use papo::domain::chat::event::Event;
use papo::domain::chat::evolve::{evolve, requested};
use papo::domain::department::{Limits, Routing};
use papo::domain::endpoint::secret::Signing;
use papo::domain::endpoint::{EndpointDraft, Extras};
use papo::domain::event_type::EventType;
use papo::domain::ids::{AgentId, ChatId, DepartmentId, SiteId, VisitorId};
use papo::domain::intake::Intake;
use papo::domain::text::Body;
use papo::domain::time::Timestamp;
use papo::store::Store;
use papo::store::audit::Author;
use papo::store::commands::{Done, NewRequest, OfflineNew};
use papo::store::deliveries::DeliveryFilter;
use papo::store::error::StoreError;
use papo::store::people::AgentData;
use papo::sweeper::Sweeper;
use papo::webhooks::signature;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::founding;

/// 2026-11-22T12:00:00Z.
const NOON: i64 = 1_795_348_800_000;

/// A house with one department, its admin and two agents, all online, and one site.
pub struct House {
    folder: TempDir,
    pub clock: Clock,
    pub store: Store,
    pub admin: AgentId,
    pub department: DepartmentId,
    site: SiteId,
    /// Every chat with the hash of its visitor's token.
    chats: Vec<(ChatId, [u8; 32])>,
    restarted: bool,
}

impl House {
    /// A fresh one with these limits.
    pub async fn with(limits: Limits) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Clock::fixed(Timestamp::from_ms(NOON));
        let store = Store::open(&folder.path().join("papo.sqlite3"), clock.clone()).expect("a new store");
        let founded = store.claim_setup(founding::set_up()).await.expect("the first claim");
        let house = Self {
            folder,
            clock,
            store,
            admin: founded.admin,
            department: founded.department,
            site: founded.site,
            chats: Vec::new(),
            restarted: false,
        };
        house.limits(limits).await;
        house
    }

    /// Changes the department's limits.
    pub async fn limits(&self, limits: Limits) {
        self.change_department(|department| department.limits = limits).await;
    }

    /// Changes how waiting chats find an agent.
    pub async fn routes(&self, routing: Routing) {
        self.change_department(|department| department.routing = routing).await;
    }

    async fn change_department(&self, change: impl FnOnce(&mut papo::domain::department::Department)) {
        let mut department = self.store.directory().departments.get(&self.department).cloned().expect("the department");
        change(&mut department);
        self.store.change_department(department, self.author()).await.expect("a change of the department");
    }

    /// Somebody who answers, connected and available.
    pub async fn agent(&self, name: &str) -> AgentId {
        let email = format!("{name}@example.com");
        let places = vec![(self.department, false)];
        let data = AgentData { name: name.to_owned(), email, role: Role::Agent, chats_max: 3, external_id: None, places };
        let agent = self.store.create_agent(data, self.author()).await.expect("a new agent");
        self.store.agent_present(agent, true).await.expect("present");
        self.store.set_availability(agent, Availability::Online, None).await.expect("online");
        agent
    }

    /// A new visitor asks for help.
    pub async fn asks(&mut self, message: &str) -> (ChatId, VisitorId) {
        let token_hash = founding::token_hash();
        let asked = self.store.request_chat(self.form(token_hash, message)).await.expect("a chat");
        self.chats.push((asked.chat, token_hash));
        (asked.chat, asked.visitor)
    }

    /// The visitor of a chat that nobody took leaves a message instead.
    pub async fn leaves_a_message(&self, chat: ChatId, message: &str) {
        let (_, token_hash) = self.chats.iter().find(|(known, _)| *known == chat).expect("a chat of this house");
        let message = OfflineNew { request: self.form(*token_hash, message), chat: Some(chat) };
        self.store.leave_offline_message(message).await.expect("a message for later");
    }

    fn form(&self, token_hash: [u8; 32], message: &str) -> NewRequest {
        let intake = Intake { name: Some("Ana".to_owned()), message: Body::parse(message).ok(), ..Intake::default() };
        founding::request(self.site, token_hash, intake)
    }

    pub async fn does(&self, chat: ChatId, actor: Actor, command: Command) -> Result<Done, StoreError> {
        self.store.execute(chat, actor, command, None).await
    }

    /// The agent takes the chat.
    pub async fn starts(&self, chat: ChatId, agent: AgentId) {
        self.does(chat, Actor::Agent(agent), Command::Start).await.expect("a start");
    }

    pub async fn writes(&self, chat: ChatId, actor: Actor, text: &str) {
        self.does(chat, actor, Command::Write(Body::parse(text).expect("a text"))).await.expect("a message");
    }

    /// The visitor's last tab is gone, or one is there.
    pub async fn visitor_is_there(&self, visitor: VisitorId, there: bool) {
        self.store.visitor_present(visitor, there).await.expect("presence");
    }

    /// The agent's last tab is gone, or one is there.
    pub async fn agent_is_there(&self, agent: AgentId, there: bool) {
        self.store.agent_present(agent, there).await.expect("presence");
    }

    /// Time passes, and does what is due.
    pub async fn passes(&self, seconds: i64) {
        self.clock.advance_ms(seconds * 1000);
        self.ticks().await;
    }

    /// What is due is done.
    pub async fn ticks(&self) {
        Sweeper::new(self.store.clone()).tick().await.expect("time is never refused");
    }

    /// The process ends and starts again, `down_seconds` later by the wall clock, which an operator may have set to anything.
    pub async fn restarts(self, down_seconds: i64) -> Self {
        let Self { folder, clock, store, admin, department, site, chats, .. } = self;
        let clock_after = Clock::fixed(clock.now().wall.plus_seconds(down_seconds));
        store.close().await;
        let store = Store::open(&folder.path().join("papo.sqlite3"), clock_after.clone()).expect("the same store");
        Self { folder, clock: clock_after, store, admin, department, site, chats, restarted: true }
    }

    /// The process is killed: a new one finds the disk as it is at this moment.
    pub fn dies(self) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["papo.sqlite3", "papo.sqlite3-wal"] {
            std::fs::copy(self.folder.path().join(name), folder.path().join(name)).expect("a copy of the disk");
        }
        let clock = Clock::fixed(self.clock.now().wall);
        let store = Store::open(&folder.path().join("papo.sqlite3"), clock.clone()).expect("a store");
        Self { folder, clock, store, restarted: true, ..self }
    }

    /// An endpoint that is told everything, so that the outbox has what happens from now on.
    pub async fn tells_everything(&self) {
        let wanted = founding::draft("https://crm.example/papo", EventType::ALL);
        let draft = EndpointDraft { extras: Extras { transcript: true, note: true, ..Extras::default() }, ..wanted };
        self.store.create_endpoint(&founding::vault(), draft, &[], signature::generate(Signing::Hmac)).await.expect("an endpoint");
    }

    /// The bodies in the outbox, the first first; of an erased one its type and the delivery's state.
    pub async fn told(&self) -> Vec<Value> {
        let mut bodies = Vec::new();
        for delivery in self.store.deliveries(DeliveryFilter::default(), None, 200).await.expect("deliveries").iter().rev() {
            let body = self.store.delivery(delivery.id).await.expect("a delivery").body;
            let erased = || json!({"type": delivery.event_type.as_str(), "state": delivery.state.as_str()});
            bodies.push(body.map_or_else(erased, |body| serde_json::from_slice(&body).expect("JSON")));
        }
        bodies
    }

    /// The chat as its row has it.
    pub async fn chat(&self, chat: ChatId) -> Chat {
        row(&self.store, chat).await
    }

    /// Ends the test: asserts that every chat's timeline rebuilds its row, but for marks, presence and what the boot rule may move.
    pub async fn finishes(self) {
        for (id, _) in &self.chats {
            assert_timeline_rebuilds_row(&self.store, *id, self.restarted).await;
        }
    }

    pub const fn author(&self) -> Author {
        Author { agent: self.admin, address: None }
    }
}

async fn row(store: &Store, chat: ChatId) -> Chat {
    store.read(move |conn| papo::store::chats::get(conn, chat)).await.expect("a chat")
}

/// A chat's timeline is dense and rebuilds its row, but for marks, presence and what the boot rule may move.
pub async fn assert_timeline_rebuilds_row(store: &Store, id: ChatId, restarted: bool) {
    let timeline = store.whole_timeline(id).await.expect("a timeline");
    assert!(timeline.iter().zip(1..).all(|(entry, seq)| entry.seq == seq), "the timeline of {id} is dense");
    let mut entries = timeline.iter();
    let Some((Event::Requested(request), first)) = entries.next().map(|entry| (entry.event.clone(), entry)) else {
        panic!("the timeline of {id} begins with its request")
    };
    let mut rebuilt = requested(id, *request, first.at);
    entries.for_each(|entry| evolve(&mut rebuilt, entry));
    let stored = row(store, id).await;
    (rebuilt.marks, rebuilt.absent_since) = (stored.marks, stored.absent_since);
    if restarted {
        // The boot rule: what lies in the future of the new clock counts as now.
        (rebuilt.queued.steady, rebuilt.called_at, rebuilt.idle_since) = (stored.queued.steady, stored.called_at, stored.idle_since);
    }
    assert_eq!(rebuilt, stored, "the timeline rebuilds the row");
}
