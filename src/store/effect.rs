//! What the world is told after a COMMIT.

use std::sync::Arc;

use crate::domain::chat::event::Recorded;
use crate::domain::chat::{Chat, Marks, State};
use crate::domain::ids::{AgentId, ChatId, DepartmentId, SessionId, VisitorId};
use crate::domain::offline::OfflineMessage;
use crate::domain::time::Timestamp;

/// A committed change. Effects of one transaction come together, in order.
#[derive(Clone, Debug)]
pub enum Effect {
    /// A chat's timeline went on.
    Chat(Box<ChatChange>),
    /// Marks went on.
    Marks { chat: ChatId, visitor: VisitorId, department: DepartmentId, agent: Option<AgentId>, marks: Marks },
    /// A visitor's tabs came or went.
    VisitorPresence { chat: ChatId, department: DepartmentId, agent: Option<AgentId>, present: bool },
    /// What is known of a chat's visitor changed; `name` where that did.
    VisitorCard { chat: ChatId, standing: Standing, visitor: VisitorId, name: Option<Arc<str>> },
    /// An agent's availability, connection or load changed.
    Agent(AgentId),
    /// Settings changed.
    Directory,
    /// A message was left, or one was done.
    OfflineMessage(Box<OfflineMessage>),
    /// The next deadline of a chat; none if it has none any more.
    Deadline { chat: ChatId, due: Option<Timestamp> },
    /// Deliveries became due.
    Outbox,
    /// Deliveries that may be under way to their endpoints must not be sent any more.
    OutboxRecalled,
    /// Attempts were recorded.
    DeliveriesMoved,
    /// These sessions ended: their sockets must close.
    SessionsEnded(Vec<SessionId>),
}

/// One chat's step: what was recorded, and the chat before and after it.
#[derive(Clone, Debug)]
pub struct ChatChange {
    /// None for a request.
    pub before: Option<Standing>,
    pub chat: Arc<Chat>,
    /// Whether the patience with a silent visitor began or ended.
    pub idle_moved: bool,
    pub recorded: Vec<Recorded>,
    pub visitor_name: Option<Arc<str>>,
    /// The visitor's messages after the agent side's read mark.
    pub unread: i64,
}

/// Where a chat stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub state: State,
    pub department: DepartmentId,
    pub agent: Option<AgentId>,
}

impl Standing {
    /// Where this chat stands.
    #[must_use]
    pub const fn of(chat: &Chat) -> Self {
        Self { state: chat.state, department: chat.department, agent: chat.agent }
    }
}
