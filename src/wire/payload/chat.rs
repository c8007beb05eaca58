//! What the events of a chat say beside chat, visitor, consent and agent.

use schemars::JsonSchema;
use serde::Serialize;

use super::More;
use super::parts::{Actor, Agent, Department, Named, Rating};
use super::time::Time;
use crate::domain::event_type::EventType;

macro_rules! told {
    ($($more:ident => $event:ident;)*) => {$(
        impl More for $more {
            const EVENT: EventType = EventType::$event;
        }
    )*};
}

told! {
    ChatRequested => ChatRequested;
    ChatStarted => ChatStarted;
    ChatRated => ChatRated;
    ChatTagged => ChatTagged;
    ChatFinished => ChatFinished;
    ChatAbandoned => ChatAbandoned;
    ChatMissed => ChatMissed;
    ChatTransferred => ChatTransferred;
    MessageCreated => MessageCreated;
    MessageUpdated => MessageUpdated;
}

/// `chat.requested`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChatRequested {
    pub queue: Queue,
}

/// The queue that a chat entered.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Queue {
    /// From 1.
    pub position: i64,
    /// Null where there is too little to tell.
    pub estimated_wait_seconds: Option<i64>,
    pub agents_available: i64,
}

/// `chat.started`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChatStarted {
    /// False when the chat had been started before and came back.
    pub first: bool,
    /// Since it entered this queue.
    pub waited_seconds: i64,
}

/// `chat.rated`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChatRated {
    pub rating: Rating,
    /// The rating that this one replaces.
    pub previous: Option<Rating>,
}

/// `chat.tagged`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChatTagged {
    /// All tags now.
    pub tags: Vec<Named>,
    pub added: Vec<Named>,
    pub removed: Vec<Named>,
    pub by: Actor,
}

/// Why a chat finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// Somebody closed it.
    Closed,
    /// The visitor left the queue that a started chat had returned to.
    LeftQueue,
    /// The visitor answered no more.
    Inactive,
    /// Nobody came back for a returned chat.
    Unattended,
}

/// Messages by who wrote them.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct MessageCounts {
    pub visitor: i64,
    pub agent: i64,
}

/// `chat.finished`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChatFinished {
    pub by: Actor,
    pub reason: FinishReason,
    /// From the request to the first start.
    pub waited_seconds: i64,
    /// From the first start to the end.
    pub duration_seconds: i64,
    /// From the first start to an agent's first message; null without one.
    pub first_response_seconds: Option<i64>,
    pub messages: MessageCounts,
    /// Everybody who answered, in order.
    pub agents: Vec<Agent>,
    /// Only where the endpoint asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transcript: Option<Transcript>,
}

/// Bytes of messages in a transcript.
pub const TRANSCRIPT_BYTES_MAX: usize = 256 * 1024;

/// The messages of a chat, without notes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Transcript {
    pub messages: Vec<TranscriptMessage>,
    /// Whether later messages were left out.
    pub truncated: bool,
    /// Where all of them can be read; only if some were left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// One message of a transcript.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TranscriptMessage {
    pub seq: i64,
    pub author: Actor,
    pub body: String,
    pub created_at: Time,
}

impl Transcript {
    /// The messages, as many as fit into [`TRANSCRIPT_BYTES_MAX`]; `url` answers all of them.
    #[must_use]
    pub fn of(messages: impl IntoIterator<Item = TranscriptMessage>, url: String) -> Self {
        let mut room = TRANSCRIPT_BYTES_MAX;
        let mut kept = Vec::new();
        for message in messages {
            let size = serde_json::to_vec(&message).map_or(usize::MAX, |bytes| bytes.len());
            let Some(left) = room.checked_sub(size) else { return Self { messages: kept, truncated: true, url: Some(url) } };
            room = left;
            kept.push(message);
        }
        Self { messages: kept, truncated: false, url: None }
    }
}

/// Why a chat was abandoned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AbandonReason {
    /// The visitor said so.
    Left,
    /// The visitor was absent too long.
    Disconnected,
    /// The visitor left a phone or an e-mail instead.
    Callback,
}

/// `chat.abandoned`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChatAbandoned {
    pub reason: AbandonReason,
    pub waited_seconds: i64,
    /// At the exit, from 1.
    pub queue_position: i64,
    /// Under ten seconds.
    pub short_abandonment: bool,
}

/// `chat.missed`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChatMissed {
    pub waited_seconds: i64,
    /// At the end, from 1.
    pub queue_position: i64,
}

/// Why a chat moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferReason {
    /// Somebody transferred it.
    Transferred,
    /// Its agent's connection was lost too long.
    AgentLost,
    /// Its agent was archived.
    AgentDeactivated,
}

/// One end of a transfer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Place {
    /// Null in a queue.
    pub agent: Option<Agent>,
    pub department: Department,
}

/// `chat.transferred`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChatTransferred {
    pub reason: TransferReason,
    pub by: Actor,
    pub from: Place,
    pub to: Place,
    /// The internal note; only where the endpoint asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A message; never a note.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Message {
    pub id: String,
    /// Its place in the chat's timeline.
    pub seq: i64,
    pub author: Actor,
    pub body: String,
    pub attachments: Vec<Attachment>,
    pub created_at: Time,
}

/// A file with a message.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Attachment {
    pub id: String,
    pub name: String,
    pub media_type: String,
    pub size_bytes: i64,
}

/// `message.created`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MessageCreated {
    pub message: Message,
}

/// `message.updated`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MessageUpdated {
    pub message: Message,
}
