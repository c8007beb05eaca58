//! Chats over REST: what they are, and what can be done to them.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::{Named, one_of, time, time_or_null};
use crate::domain::chat::{self, State};
use crate::domain::directory::Directory;
use crate::domain::ids::VisitorId;
use crate::domain::time::Timestamp;
use crate::wire::time::rfc3339;
use crate::wire::views::{Named as Tag, tags};

/// Who asked.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChatVisitor {
    pub id: String,
    pub name: Option<String>,
    /// Only with the scope `visitors:read`, else null.
    pub email: Option<String>,
    /// Only with the scope `visitors:read`, else null.
    pub phone: Option<String>,
}

/// How to reach who asked.
#[derive(Clone, Debug, Default)]
pub struct Contact {
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
}

/// What the visitor thought of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Rating {
    #[schemars(range(min = 1, max = 5))]
    pub score: i32,
    pub comment: Option<String>,
    /// About whom.
    pub agent: Option<Named>,
}

/// Where the chat was asked for.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChatPage {
    pub url: Option<String>,
    pub title: Option<String>,
    pub referrer: Option<String>,
}

/// A location that the visitor shares.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChatLocation {
    pub latitude: f64,
    pub longitude: f64,
    pub accuracy_m: f64,
    #[schemars(schema_with = "time")]
    pub at: String,
}

/// One conversation from request to end.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Chat {
    pub id: String,
    /// The number that people quote, as in `20261122-000042`.
    pub protocol: String,
    #[schemars(schema_with = "states")]
    pub state: &'static str,
    pub department: Named,
    pub site: Named,
    /// Who answers; null unless active.
    pub agent: Option<Named>,
    /// Everybody who has answered, in order.
    pub agents: Vec<Named>,
    pub visitor: ChatVisitor,
    pub subject: String,
    pub page: ChatPage,
    pub locale: String,
    pub tags: Vec<Named>,
    pub rating: Option<Rating>,
    pub location: Option<ChatLocation>,
    #[schemars(schema_with = "time")]
    pub requested_at: String,
    #[schemars(schema_with = "time_or_null")]
    pub started_at: Option<String>,
    #[schemars(schema_with = "time_or_null")]
    pub ended_at: Option<String>,
    /// The stable word of why it ended.
    pub end_reason: Option<String>,
    /// The place of the timeline's last entry.
    pub last_seq: i64,
    pub previous_chat_id: Option<String>,
}

fn states(_: &mut SchemaGenerator) -> Schema {
    one_of(State::ALL.map(State::as_str))
}

impl Chat {
    /// The view of a program that may read the contact, or of one that may not (`contact.email` and `phone` are none).
    #[must_use]
    pub fn of(chat: &chat::Chat, contact: Contact, directory: &Directory) -> Self {
        let request = &chat.request;
        let visitor: VisitorId = request.visitor;
        let reference = |named: Tag| Named { id: named.id, name: named.name };
        Self {
            id: chat.id.to_string(),
            protocol: request.protocol.clone(),
            state: chat.state.as_str(),
            department: Named::department(directory, chat.department),
            site: Named::new(&request.site, directory.sites.get(&request.site).map_or("", |site| &site.name)),
            agent: chat.agent.map(|agent| Named::agent(directory, agent)),
            agents: chat.agents.iter().map(|agent| Named::agent(directory, *agent)).collect(),
            visitor: ChatVisitor { id: visitor.to_string(), name: contact.name, email: contact.email, phone: contact.phone },
            subject: request.subject.clone(),
            page: ChatPage { url: request.page.url.clone(), title: request.page.title.clone(), referrer: request.page.referrer.clone() },
            locale: request.locale.clone(),
            tags: tags(chat.tags.iter().copied(), directory).into_iter().map(reference).collect(),
            rating: chat.rating.as_ref().map(|rating| Rating {
                score: rating.score,
                comment: rating.comment.clone(),
                agent: rating.agent.map(|agent| Named::agent(directory, agent)),
            }),
            location: location(chat.location),
            requested_at: rfc3339(chat.requested_at),
            started_at: chat.started_at.map(rfc3339),
            ended_at: chat.ended.map(|at| rfc3339(at.wall)),
            end_reason: chat.end_reason.clone(),
            last_seq: chat.last_seq,
            previous_chat_id: request.previous_chat.map(|id| id.to_string()),
        }
    }
}

fn location(location: chat::Location) -> Option<ChatLocation> {
    match location {
        chat::Location::Shared { coordinates, at, .. } => Some(ChatLocation {
            latitude: coordinates.latitude,
            longitude: coordinates.longitude,
            accuracy_m: coordinates.accuracy_m,
            at: rfc3339(at),
        }),
        chat::Location::None | chat::Location::Asked | chat::Location::Revoked => None,
    }
}

/// All the tags that a chat shall have.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetTags {
    /// Ids; what is missing here is taken off.
    #[schemars(length(max = 20))]
    pub tags: Vec<String>,
}

/// Nothing has to be said to finish a chat.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closure {}

/// Whom a chat is handed to: exactly one of agent and department.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    #[serde(default)]
    pub agent_id: Option<String>,
    #[serde(default)]
    pub department_id: Option<String>,
    /// For colleagues only.
    #[serde(default)]
    pub note: Option<String>,
}

/// What a command did.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Outcome {
    pub chat_id: String,
    /// The last entry that it made in the timeline; null if it was already true.
    pub seq: Option<i64>,
    #[schemars(schema_with = "time")]
    pub at: String,
    /// Whether it had been carried out before under the same `Idempotency-Key`.
    pub repeated: bool,
}

impl Outcome {
    /// Of a command on a chat.
    #[must_use]
    pub fn new(chat: crate::domain::ids::ChatId, seq: Option<i64>, at: Timestamp, repeated: bool) -> Self {
        Self { chat_id: chat.to_string(), seq, at: rfc3339(at), repeated }
    }
}
