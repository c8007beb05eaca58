//! The house that is measured: a store on disk with one organisation, many open chats, endpoints that want their messages, and the dispatcher as
//! `papo serve` starts it.

use std::sync::Arc;
use std::time::Duration;

use diesel::sql_types::Bool;
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};
use papo::auth::vault::Vault;
use papo::clock::Clock;
use papo::domain::agent::Availability;
use papo::domain::chat::command::{Actor, Command};
use papo::domain::endpoint::secret::Signing;
use papo::domain::event_type::EventType;
use papo::domain::ids::{ChatId, SiteId, VisitorId};
use papo::domain::intake::Intake;
use papo::domain::page::Page;
use papo::domain::text::Body;
use papo::store::Store;
use papo::store::commands::NewRequest;
use papo::webhooks;
use papo::webhooks::guard::Policy;
use papo::webhooks::inspector::Inspector;
use papo::webhooks::signature;
use tempfile::TempDir;

use crate::founding;
use crate::receiver::MARK;

/// Chats that are opened at the same time: they share transactions.
const OPENING: usize = 200;

pub struct House {
    _folder: TempDir,
    pub store: Store,
    vault: Vault,
    chats: Vec<(ChatId, VisitorId)>,
}

impl House {
    /// A house with this many chats that wait, nobody listening.
    pub async fn opens(chats: usize) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk");
        let store = Store::open(&folder.path().join("papo.db"), Clock::system()).expect("a store");
        let founded = store.claim_setup(founding::set_up_with_consent()).await.expect("the first claim");
        store.agent_present(founded.admin, true).await.expect("present");
        store.set_availability(founded.admin, Availability::Online, None).await.expect("online");
        let site = store.directory().sites.keys().next().copied().expect("a site");
        let mut house = Self { _folder: folder, store, vault: founding::vault(), chats: Vec::new() };
        while house.chats.len() < chats {
            let opening = (0..OPENING.min(chats - house.chats.len())).map(|_| house.store.request_chat(request(site)));
            let opened = futures_util::future::join_all(opening).await;
            house.chats.extend(opened.into_iter().map(|asked| asked.expect("a chat")).map(|asked| (asked.chat, asked.visitor)));
        }
        house
    }

    /// An endpoint for every message.
    pub async fn endpoint(&self, url: &str) {
        let draft = founding::draft(url, &[EventType::MessageCreated]);
        self.store.create_endpoint(&self.vault, draft, &[], signature::generate(Signing::Hmac)).await.expect("an endpoint");
    }

    /// A visitor writes; returns after the COMMIT.
    pub async fn writes(&self, mark: usize) {
        let (chat, visitor) = self.chats[mark % self.chats.len()];
        let text = format!("{MARK}{mark:08}: bom dia! A rede de dormir que vocês mostraram ontem ainda está disponível na cor azul?");
        let command = Command::Write(Body::parse(&text).expect("a text"));
        self.store.execute(chat, Actor::Visitor(visitor), command, None).await.expect("a message");
    }

    /// Starts delivering, with loopback opened.
    pub fn dispatches(&self) -> webhooks::Running {
        let policy = Policy::new("127.0.0.0/8".parse().expect("a list"), Vec::new());
        webhooks::start(self.store.clone(), self.vault.clone(), policy, None, Arc::new(Inspector::default()), usize::MAX)
            .expect("a dispatcher")
    }

    /// Waits until every delivery to an endpoint that answers is recorded as ended. `hung` have an endpoint that doesn't.
    pub async fn is_drained(&self) {
        while self.has_due().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn has_due(&self) -> bool {
        #[derive(QueryableByName)]
        struct Found {
            #[diesel(sql_type = Bool)]
            found: bool,
        }
        let due = |conn: &mut diesel::SqliteConnection| {
            let found: Found = sql_query("select exists (select 1 from deliveries where state = 'due') as found").get_result(conn)?;
            Ok(found.found)
        };
        self.store.read(due).await.expect("an answer")
    }

    pub async fn closes(self) {
        self.store.close().await;
    }
}

fn request(site: SiteId) -> NewRequest {
    let intake = Intake {
        name: Some("Ana Beatriz".to_owned()),
        email: Some("ana@example.com".to_owned()),
        consent_version: Some(1),
        ..Intake::default()
    };
    let page = Page { url: Some("https://shop.example/redes".to_owned()), ..Page::default() };
    NewRequest { page, ..founding::request_of_browser(site, founding::token_hash(), intake) }
}
