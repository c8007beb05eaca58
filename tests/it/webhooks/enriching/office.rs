//! A receiver whose endpoint may fill what it tells, and what became of that.

use papo::domain::chat::Chat;
use papo::domain::chat::command::Actor;
use papo::domain::chat::event::Recorded;
use papo::domain::enrichment::{Enrichment, Field};
use papo::domain::event_type::EventType;
use papo::domain::ids::{ChatId, DepartmentId, EndpointId, TagId, VisitorId};
use papo::domain::visitor::Visitor;
use papo::store::audit::Author;
use serde_json::Value;

use crate::webhooks::receiver::{Answer, Receiver};
use crate::webhooks::world::World;

pub const REQUESTED: &[EventType] = &[EventType::ChatRequested];

/// A world with one receiver whose endpoint may fill everything.
pub struct Office {
    pub world: World,
    pub receiver: Receiver,
    pub endpoint: EndpointId,
}

impl Office {
    pub async fn opens() -> Self {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let endpoint = allowed(&world, &receiver, REQUESTED, Field::ALL).await;
        Self { world, receiver, endpoint }
    }

    /// Somebody of whom only the name is known asks, and the receiver answers so.
    pub async fn answers(&self, answer: &Value) -> (ChatId, VisitorId) {
        self.receiver.answers_next([ok(answer)]);
        let asked = self.world.asks_as(Some("Ana"), None).await;
        self.world.dispatcher().tick().await;
        asked
    }

    /// What became of the answer to the last delivery.
    pub async fn outcome(&self) -> Option<Enrichment> {
        last_outcome(&self.world, self.endpoint).await
    }

    pub async fn reasons(&self) -> Vec<&'static str> {
        self.outcome().await.map(|outcome| outcome.ignored.iter().map(|(_, reason)| reason.as_str()).collect()).unwrap_or_default()
    }
}

pub async fn allowed(world: &World, receiver: &Receiver, events: &[EventType], fields: &[Field]) -> EndpointId {
    let (endpoint, _) = world.endpoint(&receiver.url(), events).await;
    world.changes(endpoint, |draft| draft.enrich = fields.iter().copied().collect()).await;
    endpoint
}

pub async fn last_outcome(world: &World, endpoint: EndpointId) -> Option<Enrichment> {
    let last = world.deliveries(endpoint).await.last().expect("a delivery").id;
    world.store.delivery(last).await.expect("a delivery").enrichment
}

pub fn ok(answer: &Value) -> Answer {
    Answer::with(200, &[("content-type", "application/json")], &answer.to_string())
}

pub async fn visitor(world: &World, id: VisitorId) -> Visitor {
    world.store.visitor(id).await.expect("a visitor")
}

pub async fn chat(world: &World, id: ChatId) -> Chat {
    world.store.chat(id).await.expect("a chat")
}

pub async fn by_webhook(world: &World, chat: ChatId, endpoint: EndpointId) -> Vec<Recorded> {
    let all = world.store.whole_timeline(chat).await.expect("a timeline");
    all.into_iter().filter(|entry| entry.by == Actor::Webhook(endpoint)).collect()
}

pub async fn tag(world: &World, name: &str) -> TagId {
    world.store.create_tag(name.to_owned(), author(world)).await.expect("a tag")
}

pub async fn department(world: &World, name: &str) -> DepartmentId {
    let like = world.store.directory().departments[&world.department].clone();
    let id = DepartmentId::new();
    let new = papo::domain::department::Department { id, name: name.to_owned(), ..like };
    world.store.create_department(new, author(world)).await.expect("a department");
    id
}

pub fn author(world: &World) -> Author {
    Author { agent: world.agent, address: None }
}
