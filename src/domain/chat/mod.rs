//! A chat and the life it may lead.
//!
//! A chat changes only by [`decide::decide`], which turns a command into events or a refusal, and [`evolve::evolve`], which applies one event. Both are
//! pure; the store runs them inside one transaction and nothing else may change a chat.

pub mod command;
pub mod deadline;
pub mod decide;
pub mod event;
pub mod evolve;
pub mod refusal;
#[cfg(test)]
pub(super) mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ids::{AgentId, ChatId, DepartmentId, SiteId, TagId, VisitorId};
use super::page::{Page, Utm};
use super::time::{Moment, Timestamp};

/// Days after the end within which a rating is taken.
pub const RATING_DAYS_MAX: i64 = 7;
/// A visitor who leaves sooner made a short abandonment, which reports leave out.
pub const SHORT_ABANDONMENT_SECONDS: i64 = 10;
/// Most tags on one chat.
pub const TAGS_MAX: usize = 20;

/// Where a chat is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// In the queue of its department.
    Waiting,
    /// Answered by its agent.
    Active,
    /// Ended after a start.
    Finished,
    /// The visitor left before any start.
    Abandoned,
    /// Nobody came within the limit, before any start.
    Missed,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Active, Self::Finished, Self::Abandoned, Self::Missed];

    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Active => "active",
            Self::Finished => "finished",
            Self::Abandoned => "abandoned",
            Self::Missed => "missed",
        }
    }

    /// From the stable word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether the visitor is still waiting or talking.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Active)
    }
}

/// Who may be heard in a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    Visitor,
    Agent,
}

/// What a chat began with; never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub protocol: String,
    pub site: SiteId,
    pub department: DepartmentId,
    pub visitor: VisitorId,
    /// `widget` or `api`.
    pub origin: String,
    pub locale: String,
    pub timezone: Option<String>,
    /// The first message, cut, or the page's title.
    pub subject: String,
    pub page: Page,
    pub utm: Utm,
    /// JSON object of custom fields, frozen text.
    pub fields: String,
    pub consent: Option<ConsentGiven>,
    pub marketing: bool,
    pub previous_chat: Option<ChatId>,
}

/// To which text a visitor agreed, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsentGiven {
    pub version: i32,
    pub at: Timestamp,
}

/// How widely a waiting chat was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Circle {
    /// Nobody yet.
    Nobody,
    /// The department's members who are online with room.
    Department,
    /// Everyone online in the department.
    Everyone,
    /// Its supervisors.
    Supervisors,
}

impl Circle {
    /// Every circle, outwards.
    pub const ALL: [Self; 4] = [Self::Nobody, Self::Department, Self::Everyone, Self::Supervisors];

    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Department => "department",
            Self::Everyone => "everyone",
            Self::Supervisors => "supervisors",
        }
    }

    /// From the stable word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|circle| circle.as_str() == word)
    }

    /// The next wider one; the widest stays.
    #[must_use]
    pub const fn wider(self) -> Self {
        match self {
            Self::Nobody => Self::Department,
            Self::Department => Self::Everyone,
            Self::Everyone | Self::Supervisors => Self::Supervisors,
        }
    }
}

/// A call to one agent: not a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    pub to: AgentId,
    /// Steady time at which it passes on.
    pub until: Timestamp,
}

/// Where the visitor is, after the browser's own consent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coordinates {
    /// Degrees, −90 to 90.
    pub latitude: f64,
    /// Degrees, −180 to 180.
    pub longitude: f64,
    /// Radius of 95 % confidence, in metres.
    pub accuracy_m: f64,
}

/// What made a visitor share the location.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LocationSource {
    Queue,
    AgentRequest,
}

impl LocationSource {
    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::AgentRequest => "agent_request",
        }
    }

    /// From the stable word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Queue, Self::AgentRequest].into_iter().find(|source| source.as_str() == word)
    }
}

/// What is known of the visitor's place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Location {
    #[default]
    None,
    /// The agent asked.
    Asked,
    Shared {
        coordinates: Coordinates,
        source: LocationSource,
        at: Timestamp,
    },
    Revoked,
}

/// What the visitor thought of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rating {
    /// 1 terrible, 2 bad, 3 fair, 4 good, 5 excellent.
    pub score: i32,
    pub comment: Option<String>,
    /// About whom: who wrote last.
    pub agent: Option<AgentId>,
}

/// The last message, for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastMessage {
    pub by: Side,
    pub at: Timestamp,
    /// Cut to [`super::text::PREVIEW_LENGTH_MAX`].
    pub preview: String,
}

/// How far one side got: highest `seq` delivered and read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    pub delivered: i64,
    pub read: i64,
}

/// The marks of both sides; stored coalesced, part of no event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    pub visitor: Mark,
    pub agent: Mark,
}

/// One chat as its events left it.
#[derive(Clone, Debug, PartialEq)]
pub struct Chat {
    pub id: ChatId,
    /// Shared, since it never changes and chats are copied for each event.
    pub request: Arc<Request>,
    pub state: State,
    /// The present one; `request.department` is the first.
    pub department: DepartmentId,
    /// Who answers; set exactly while active.
    pub agent: Option<AgentId>,
    pub requested_at: Timestamp,
    /// Entry into the present queue.
    pub queued: Moment,
    /// The first start; never changes.
    pub started_at: Option<Timestamp>,
    pub ended: Option<Moment>,
    /// The stable word of why it ended.
    pub end_reason: Option<String>,
    pub last_seq: i64,
    /// Webhook events with a sequence so far.
    pub event_sequence: i64,
    pub circle: Circle,
    /// Steady time of the last call.
    pub called_at: Option<Timestamp>,
    pub offer: Option<Offer>,
    /// Agents that let an offer pass since the chat entered this queue.
    pub passed: Vec<AgentId>,
    pub last_message: Option<LastMessage>,
    /// Steady time from which inactivity counts: the agent's last word, or the visitor's wish to stay. None while the last word is the visitor's.
    pub idle_since: Option<Timestamp>,
    /// The visitor's first message that nobody has answered.
    pub waiting_since: Option<Timestamp>,
    pub first_response_at: Option<Timestamp>,
    pub visitor_messages: i64,
    pub agent_messages: i64,
    /// Who wrote last among the agents.
    pub last_agent: Option<AgentId>,
    /// Everybody who was its agent, in order.
    pub agents: Vec<AgentId>,
    pub tags: BTreeSet<TagId>,
    pub rating: Option<Rating>,
    pub location: Location,
    /// When the visitor's last tab was gone; none while one is open.
    pub absent_since: Option<Moment>,
    pub marks: Marks,
}

impl Chat {
    /// Whose load it is part of: who answers it, or who it is offered to.
    #[must_use]
    pub fn counts_for(&self) -> Option<AgentId> {
        self.agent.or(self.offer.map(|offer| offer.to))
    }
}
