//! A small organisation with its store, its dispatcher and a clock that tests move.

use std::sync::Arc;
use std::time::Duration;

use papo::auth::vault::Vault;
use papo::clock::Clock;
use papo::domain::address::AllowList;
use papo::domain::agent::Availability;
use papo::domain::chat::command::{Actor, Command};
use papo::domain::delivery::{Delivery, DeliveryState};
use papo::domain::endpoint::headers::CustomHeader;
use papo::domain::endpoint::secret::Signing;
use papo::domain::endpoint::{Endpoint, EndpointDraft};
use papo::domain::event_type::EventType;
use papo::domain::ids::{AgentId, ChatId, DepartmentId, EndpointId, SiteId, VisitorId};
use papo::domain::intake::Intake;
use papo::domain::resending::Wanted;
use papo::domain::text::Body;
use papo::domain::time::Timestamp;
use papo::store::Store;
use papo::store::deliveries::{DeliveryDetail, DeliveryFilter};
use papo::store::error::StoreError;
use papo::webhooks::client::Limits;
use papo::webhooks::dispatcher::Dispatcher;
use papo::webhooks::guard::Policy;
use papo::webhooks::inspector::Inspector;
use papo::webhooks::outgoing::Outgoing;
use papo::webhooks::{client, signature};
use tempfile::TempDir;

use crate::support::founding;

/// Runs a test on one thread, as the dispatcher needs it, with a ceiling that only a fault reaches.
pub fn on_one_thread(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let test = async { tokio::time::timeout(Duration::from_secs(60), test).await.expect("an end within a minute") };
    tokio::task::LocalSet::new().block_on(&runtime, test);
}

pub struct World {
    folder: TempDir,
    pub clock: Clock,
    pub store: Store,
    pub vault: Vault,
    pub inspector: Arc<Inspector>,
    pub agent: AgentId,
    pub department: DepartmentId,
    site: SiteId,
}

impl World {
    pub async fn opens() -> Self {
        let clock = Clock::fixed(Clock::system().now().wall);
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("papo.sqlite3"), clock.clone()).expect("a store");
        let founded = store.claim_setup(founding::set_up_with_consent()).await.expect("the first claim");
        store.agent_present(founded.admin, true).await.expect("present");
        store.set_availability(founded.admin, Availability::Online, None).await.expect("online");
        let site = store.directory().sites.keys().next().copied().expect("a site");
        let vault = founding::vault();
        let inspector = Arc::new(Inspector::default());
        Self { folder, clock, store, vault, inspector, agent: founded.admin, department: founded.department, site }
    }

    /// Recovers what an endpoint did not get since a time, to the end. Answers how many were sent.
    pub async fn recovers(&self, endpoint: EndpointId, since: Timestamp) -> Result<usize, StoreError> {
        let id = self.store.begin_resending(Wanted::recovery(endpoint, since), None).await?;
        while self.store.continue_resending(id).await? {}
        Ok(usize::try_from(self.store.resending(id).await?.sent).unwrap_or(0))
    }

    /// The process is killed and starts again: what was under way is forgotten, the disk is not.
    pub async fn restarts(self) -> Self {
        self.restarts_by(0).await
    }

    /// The process ends and starts again by a wall clock that was set meanwhile, forward or back.
    pub async fn restarts_by(self, shift_ms: i64) -> Self {
        let Self { folder, clock, store, vault, inspector, agent, department, site } = self;
        store.close().await;
        let clock = Clock::fixed(clock.now().wall.plus_ms(shift_ms));
        let store = Store::open(&folder.path().join("papo.sqlite3"), clock.clone()).expect("the same store");
        Self { folder, clock, store, vault, inspector, agent, department, site }
    }

    /// The process is killed: a new one finds the disk as it is at this moment.
    pub fn reopens(self) -> Self {
        let disk = self.copies_disk();
        self.reopens_from(disk)
    }

    /// The disk as it is at this moment.
    pub fn copies_disk(&self) -> TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["papo.sqlite3", "papo.sqlite3-wal"] {
            std::fs::copy(self.folder.path().join(name), folder.path().join(name)).expect("a copy of the disk");
        }
        folder
    }

    /// The process is killed, and nothing after that copy of the disk was ever written.
    pub fn reopens_from(self, folder: TempDir) -> Self {
        let clock = Clock::fixed(self.clock.now().wall);
        let store = Store::open(&folder.path().join("papo.sqlite3"), clock.clone()).expect("a store");
        Self { folder, clock, store, ..self }
    }

    /// A dispatcher that may call loopback, without jitter.
    pub fn dispatcher(&self) -> Dispatcher {
        self.dispatcher_by(Policy::new("127.0.0.0/8".parse().expect("a list"), Vec::new()))
    }

    pub fn dispatcher_by(&self, policy: Policy) -> Dispatcher {
        self.dispatcher_with(policy, Limits::default(), 0)
    }

    /// One whose receivers are left after these times, and whose jitter is drawn from this number.
    pub fn dispatcher_with(&self, policy: Policy, limits: Limits, random: u32) -> Dispatcher {
        let tls = client::tls_config(None).expect("public authorities");
        let outgoing = Outgoing::new(policy, tls, self.clock.clone()).within(limits);
        Dispatcher::new(self.store.clone(), self.vault.clone(), outgoing, Arc::clone(&self.inspector), Box::new(move || random))
    }

    /// A dispatcher without anything opened.
    pub fn closed_dispatcher(&self) -> Dispatcher {
        self.dispatcher_by(Policy::new(AllowList::default(), Vec::new()))
    }

    /// An endpoint for these events; answers its secret too.
    pub async fn endpoint(&self, url: &str, events: &[EventType]) -> (EndpointId, String) {
        let secret = signature::generate(Signing::Hmac);
        let made = self.store.create_endpoint(&self.vault, founding::draft(url, events), &[], secret.clone()).await.expect("an endpoint");
        (made.id, secret.to_text())
    }

    pub async fn changes(&self, id: EndpointId, change: impl FnOnce(&mut EndpointDraft)) -> Endpoint {
        let mut draft = self.store.endpoint(id).await.expect("an endpoint").draft;
        change(&mut draft);
        self.store.update_endpoint(&self.vault, id, draft, None).await.expect("a change")
    }

    pub async fn sends_header(&self, id: EndpointId, name: &str, value: &str) {
        let draft = self.store.endpoint(id).await.expect("an endpoint").draft;
        let header = CustomHeader::new(name, value).expect("a header");
        self.store.update_endpoint(&self.vault, id, draft, Some(&[header])).await.expect("a change");
    }

    /// A new visitor asks for help.
    pub async fn asks(&self) -> (ChatId, VisitorId) {
        self.asks_as(Some("Ana"), Some("ana@example.com")).await
    }

    /// A new visitor asks for help and tells no more than this.
    pub async fn asks_as(&self, name: Option<&str>, email: Option<&str>) -> (ChatId, VisitorId) {
        self.asks_with(founding::token_hash(), name, email).await
    }

    /// The visitor with this token asks for help.
    pub async fn asks_with(&self, token_hash: [u8; 32], name: Option<&str>, email: Option<&str>) -> (ChatId, VisitorId) {
        let intake = Intake {
            name: name.map(str::to_owned),
            email: email.map(str::to_owned),
            message: Body::parse("A rede aguenta duas pessoas?").ok(),
            consent_version: Some(1),
            ..Intake::default()
        };
        let request = founding::request_of_browser(self.site, token_hash, intake);
        let asked = self.store.request_chat(request).await.expect("a chat");
        (asked.chat, asked.visitor)
    }

    pub async fn does(&self, chat: ChatId, actor: Actor, command: Command) {
        self.store.execute(chat, actor, command, None).await.expect("a command");
    }

    pub async fn writes(&self, chat: ChatId, actor: Actor, text: &str) {
        self.does(chat, actor, Command::Write(Body::parse(text).expect("a text"))).await;
    }

    /// Every delivery to an endpoint, in the order they were queued.
    pub async fn deliveries(&self, endpoint: EndpointId) -> Vec<Delivery> {
        let filter = DeliveryFilter { endpoint: Some(endpoint), ..DeliveryFilter::default() };
        let mut found = self.store.deliveries(filter, None, 200).await.expect("deliveries");
        found.reverse();
        found
    }

    pub async fn states(&self, endpoint: EndpointId) -> Vec<DeliveryState> {
        self.deliveries(endpoint).await.iter().map(|delivery| delivery.state).collect()
    }

    /// The only delivery to an endpoint, with its attempts.
    pub async fn the_delivery(&self, endpoint: EndpointId) -> DeliveryDetail {
        let all = self.deliveries(endpoint).await;
        assert_eq!(all.len(), 1, "one delivery");
        self.store.delivery(all[0].id).await.expect("a delivery")
    }
}
