//! What the events of visitors, agents and endpoints say.

use schemars::JsonSchema;
use serde::Serialize;

use super::parts::{Actor, Department, Named, Page};
use super::time::Time;
use super::{Content, More};
use crate::domain::event_type::EventType;

macro_rules! told {
    ($($more:ident => $event:ident;)*) => {$(
        impl More for $more {
            const EVENT: EventType = EventType::$event;
        }
    )*};
}

told! {
    VisitorLocated => VisitorLocated;
    VisitorLocationRevoked => VisitorLocationRevoked;
    VisitorUpdated => VisitorUpdated;
    OfflineMessageCreated => OfflineMessageCreated;
    AgentAvailabilityChanged => AgentAvailabilityChanged;
    WebhookTest => WebhookTest;
}

/// On whose wish a location was shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LocationSource {
    /// The visitor's, in the queue.
    Queue,
    /// The agent's.
    AgentRequest,
}

/// Where the visitor is, by the browser's word.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Location {
    #[schemars(range(min = -90, max = 90))]
    pub latitude: f64,
    #[schemars(range(min = -180, max = 180))]
    pub longitude: f64,
    pub accuracy_m: Option<f64>,
    pub consented_at: Time,
    pub source: LocationSource,
}

/// `visitor.located`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct VisitorLocated {
    pub location: Location,
}

/// `visitor.location_revoked`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct VisitorLocationRevoked {
    /// What changed: `location`.
    pub changed: Vec<String>,
}

/// `visitor.updated`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct VisitorUpdated {
    /// The names of the attributes that changed.
    pub changed: Vec<String>,
    /// Who changed them.
    pub by: Actor,
}

/// `visitor.erased`: the ids alone, so that a receiver can erase its copy.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct VisitorErased {
    /// Always null.
    pub chat: Option<Nothing>,
    pub visitor: ErasedVisitor,
    /// Always null.
    pub consent: Option<Nothing>,
    /// Always null.
    pub agent: Option<Nothing>,
    /// The names of the attributes that were erased.
    pub changed: Vec<String>,
}

impl Content for VisitorErased {
    const EVENT: EventType = EventType::VisitorErased;
}

/// Never there.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub enum Nothing {}

/// Who was erased.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ErasedVisitor {
    pub id: String,
    pub external_id: Option<String>,
}

/// `offline_message.created`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct OfflineMessageCreated {
    pub offline_message: OfflineMessage,
}

/// A message left while nobody was available.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct OfflineMessage {
    pub id: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub department: Department,
    pub body: String,
    pub page: Page,
    /// The missed chat that it follows.
    pub chat_id: Option<String>,
}

/// Whether an agent takes chats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    Online,
    Paused,
    Offline,
}

/// `agent.availability_changed`; the agent stands in `agent`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AgentAvailabilityChanged {
    pub from: Availability,
    pub to: Availability,
}

/// `webhook.test`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct WebhookTest {
    /// The endpoint that is tested.
    pub endpoint: Named,
}
