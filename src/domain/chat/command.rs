//! What somebody wants to happen to a chat.

use std::collections::BTreeSet;

use super::{Coordinates, LocationSource};
use crate::domain::ids::{AgentId, ApiTokenId, DepartmentId, EndpointId, TagId, VisitorId};
use crate::domain::text::Body;

/// Who wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    Visitor(VisitorId),
    Agent(AgentId),
    /// A program with a token; where it may act was checked against the token's scopes and departments.
    Api(ApiTokenId),
    /// An endpoint's answer.
    Webhook(EndpointId),
    /// Time, or the server itself.
    System,
}

impl Actor {
    /// The stable word of the kind.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Visitor(_) => "visitor",
            Self::Agent(_) => "agent",
            Self::Api(_) => "api",
            Self::Webhook(_) => "webhook",
            Self::System => "system",
        }
    }
}

/// To whom a chat is handed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recipient {
    Agent(AgentId),
    Department(DepartmentId),
}

/// An imperative. A request opens a chat and is decided by itself (`decide::open`).
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Write to the other side.
    Write(Body),
    /// Write to colleagues only.
    Note(Body),
    /// Answer a waiting chat.
    Start,
    /// Let an offer pass.
    Decline,
    Transfer {
        to: Recipient,
        note: Option<Body>,
    },
    /// Give it back to the queue: its agent's account was closed.
    Return,
    AskLocation,
    Locate {
        coordinates: Coordinates,
        source: LocationSource,
    },
    RevokeLocation,
    /// Sets all tags.
    Tag(BTreeSet<TagId>),
    Rate {
        score: i32,
        comment: Option<String>,
    },
    /// The visitor wants to go on in spite of the silence.
    Stay,
    Finish,
    /// The visitor leaves the queue.
    Leave,
    /// Let time do what is due.
    Expire,
}

impl Command {
    /// The stable word.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Write(_) => "write",
            Self::Note(_) => "note",
            Self::Start => "start",
            Self::Decline => "decline",
            Self::Transfer { .. } => "transfer",
            Self::Return => "return",
            Self::AskLocation => "ask_location",
            Self::Locate { .. } => "locate",
            Self::RevokeLocation => "revoke_location",
            Self::Tag(_) => "tag",
            Self::Rate { .. } => "rate",
            Self::Stay => "stay",
            Self::Finish => "finish",
            Self::Leave => "leave",
            Self::Expire => "expire",
        }
    }
}
