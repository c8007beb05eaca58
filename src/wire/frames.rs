//! Frames to sockets, encoded once and shared by reference count.

use bytes::Bytes;
use bytestring::ByteString;
use serde::Serialize;

use super::entries::{AgentEntry, Author, VisitorEntry};
use super::views::{AgentChat, AgentView, Card, DepartmentState, DepartmentView, MarksView, OfflineMessageView, QueueView, VisitorChat};

/// The version of the protocol that this server speaks.
pub const PROTOCOL: u32 = 1;

/// Room for what most frames take, so that they don't grow several times.
const FRAME_BYTES: usize = 1_024;

/// Encodes a frame. Views hold nothing that JSON can't express.
pub fn encode(frame: &impl Serialize) -> ByteString {
    let mut bytes = Vec::with_capacity(FRAME_BYTES);
    let written = serde_json::to_writer(&mut bytes, frame).ok();
    // Sockets may keep it for long: not more than it is.
    let frame = written.and_then(|()| ByteString::try_from(Bytes::copy_from_slice(&bytes)).ok());
    frame.unwrap_or_else(|| ByteString::from_static(r#"{"type":"error","code":"internal","message":""}"#))
}

/// Answers and ephemera that both sides know.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CommonFrame<'a> {
    Ack {
        client_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        chat_id: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        seq: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<String>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        repeated: bool,
    },
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        client_id: Option<&'a str>,
        code: &'a str,
        message: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        field: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
    Typing {
        chat_id: String,
        on: bool,
        by: Author,
    },
    Marks {
        chat_id: String,
        #[serde(flatten)]
        marks: MarksView,
    },
    Pong,
    GoingAway {
        reconnect_in_ms: u64,
    },
}

/// Frames to visitors.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum VisitorFrame<'a> {
    Welcome {
        protocol: u32,
        server_time: String,
        token: &'a str,
        visitor: KnownVisitor,
        departments: Vec<DepartmentState>,
        chat: Option<VisitorChat>,
        entries: Vec<VisitorEntry>,
        #[serde(skip_serializing_if = "Option::is_none")]
        more_before: Option<i64>,
        queue: Option<QueueView>,
        marks: Option<MarksView>,
    },
    Chat {
        chat: VisitorChat,
        entries: Vec<VisitorEntry>,
        #[serde(skip_serializing_if = "Option::is_none")]
        more_before: Option<i64>,
        queue: Option<QueueView>,
        marks: MarksView,
    },
    Event {
        chat_id: String,
        entry: VisitorEntry,
        #[serde(skip_serializing_if = "Option::is_none")]
        chat: Option<VisitorChat>,
    },
    History {
        client_id: &'a str,
        chat_id: String,
        entries: Vec<VisitorEntry>,
        #[serde(skip_serializing_if = "Option::is_none")]
        more_before: Option<i64>,
    },
    Queue {
        chat_id: String,
        queue: QueueView,
    },
    Departments {
        departments: &'a [DepartmentState],
    },
}

/// What a visitor told before.
#[derive(Debug, Default, Serialize)]
pub struct KnownVisitor {
    pub id: Option<String>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
}

/// What an agent chose.
#[derive(Debug, Serialize)]
pub struct AvailabilityView {
    pub state: &'static str,
    pub reason: Option<String>,
}

/// The agent who is signed in.
#[derive(Debug, Serialize)]
pub struct OwnAgent {
    pub id: String,
    pub name: String,
    pub email: String,
    pub role: &'static str,
    pub locale: Option<String>,
    pub max_chats: i32,
    pub availability: AvailabilityView,
}

/// The organisation, to agents.
#[derive(Debug, Serialize)]
pub struct OrganisationView {
    pub id: String,
    pub name: String,
    pub timezone: String,
}

/// Frames to agents.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AgentFrame<'a> {
    Welcome {
        protocol: u32,
        server_time: String,
        agent: OwnAgent,
        organisation: OrganisationView,
        departments: Vec<DepartmentView>,
        agents: Vec<AgentView>,
        tags: Vec<super::views::Named>,
        queue: Vec<AgentChat>,
        chats: Vec<AgentChat>,
        ended: Vec<AgentChat>,
        offline_unread: i64,
    },
    Event {
        chat_id: String,
        entry: AgentEntry,
        #[serde(skip_serializing_if = "Option::is_none")]
        chat: Option<AgentChat>,
    },
    Chat {
        client_id: &'a str,
        chat: AgentChat,
        card: Box<Card>,
        entries: Vec<AgentEntry>,
        #[serde(skip_serializing_if = "Option::is_none")]
        more_before: Option<i64>,
    },
    History {
        client_id: &'a str,
        chat_id: String,
        entries: Vec<AgentEntry>,
        #[serde(skip_serializing_if = "Option::is_none")]
        more_before: Option<i64>,
    },
    ChatLeft {
        chat_id: String,
    },
    Ring {
        chat_id: String,
        circle: &'static str,
    },
    Unring {
        chat_id: String,
    },
    Agent {
        agent: AgentView,
    },
    Presence {
        chat_id: String,
        present: bool,
    },
    Card {
        chat_id: String,
        card: Box<Card>,
    },
    Visitor {
        chat_id: String,
        visitor_id: String,
        name: &'a str,
    },
    OfflineMessage {
        offline_message: OfflineMessageView,
        unread: i64,
    },
    Departments {
        departments: Vec<DepartmentView>,
    },
    OfflineMessages {
        client_id: &'a str,
        offline_messages: Vec<OfflineMessageView>,
        unread: i64,
    },
}
