//! What several bodies are made of: chat, visitor, agent and their like.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::time::Time;

/// Something with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Named {
    pub id: String,
    pub name: String,
}

/// A department.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Department {
    pub id: String,
    pub name: String,
    /// Its id in the organisation's own systems.
    pub external_id: Option<String>,
}

/// An agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Agent {
    pub id: String,
    pub name: String,
    pub email: String,
    /// Their id in the organisation's own systems.
    pub external_id: Option<String>,
}

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    Visitor,
    Agent,
    Api,
    Webhook,
    System,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Actor {
    pub kind: ActorKind,
    pub id: Option<String>,
    pub name: Option<String>,
}

/// Where the visitor was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Page {
    pub url: Option<String>,
    pub title: Option<String>,
    pub referrer: Option<String>,
}

/// The campaign that brought the visitor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Utm {
    pub source: Option<String>,
    pub medium: Option<String>,
    pub campaign: Option<String>,
    pub term: Option<String>,
    pub content: Option<String>,
}

/// Where a chat stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChatState {
    Waiting,
    Active,
    Finished,
    Abandoned,
    Missed,
}

/// A chat after the event.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Chat {
    pub id: String,
    /// The number that people quote; never a credential.
    pub protocol: String,
    pub state: ChatState,
    /// How it came: `widget`.
    pub origin: String,
    pub locale: String,
    /// IANA name of the visitor's time zone.
    pub timezone: Option<String>,
    pub site: Named,
    pub department: Department,
    /// The first message, cut.
    pub subject: Option<String>,
    pub page: Page,
    pub utm: Utm,
    /// Answers to the site's own fields.
    pub fields: Map<String, Value>,
    pub tags: Vec<Named>,
    pub rating: Option<Rating>,
    pub requested_at: Time,
    /// When an agent first came.
    pub started_at: Option<Time>,
    /// When it ended, however it did.
    pub finished_at: Option<Time>,
    /// The chat that this one goes on from.
    pub previous_chat_id: Option<String>,
    /// Opens the chat in the console.
    pub console_url: String,
}

/// What the browser says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Device {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub os: Option<String>,
    pub browser: Option<String>,
}

/// Who asked.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Visitor {
    pub id: String,
    /// Their id in the organisation's own systems, vouched for by a signed token.
    pub external_id: Option<String>,
    /// The names of the attributes that were vouched for; all others are claims.
    pub verified: Vec<String>,
    pub name: Option<String>,
    pub email: Option<String>,
    /// E.164, if it could be told.
    pub phone: Option<String>,
    /// As it was typed.
    pub phone_raw: Option<String>,
    pub locale: Option<String>,
    pub first_seen_at: Time,
    pub chats_count: i32,
    pub device: Device,
    pub custom: Map<String, Value>,
    /// Only where the endpoint asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// Only where the endpoint asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// What the visitor agreed to before the chat.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Consent {
    pub text: String,
    pub version: String,
    pub accepted_at: Time,
    /// A consent of its own, never ticked beforehand.
    pub marketing: bool,
}

/// A score in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RatingLabel {
    Terrible,
    Bad,
    Fair,
    Good,
    Excellent,
}

impl RatingLabel {
    /// The word for a score; out-of-range scores count as the nearest.
    #[must_use]
    pub const fn of(score: u8) -> Self {
        match score {
            0 | 1 => Self::Terrible,
            2 => Self::Bad,
            3 => Self::Fair,
            4 => Self::Good,
            5.. => Self::Excellent,
        }
    }
}

/// What the visitor thought of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Rating {
    #[schemars(range(min = 1, max = 5))]
    pub score: u8,
    pub label: RatingLabel,
    pub comment: Option<String>,
    /// Whom it is about: who wrote last.
    pub agent: Option<Agent>,
}
