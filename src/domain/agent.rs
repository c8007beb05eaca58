//! The people who answer.

use super::ids::AgentId;
use super::time::{Moment, Timestamp};

/// Seconds that an agent still counts as connected after the last tab is gone, so that a reload doesn't flap.
pub const CONNECTED_GRACE_SECONDS: i64 = 30;

/// What somebody may do beside answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Acts on chats of own departments.
    Agent,
    /// Also supervises the departments marked so.
    Supervisor,
    /// Everything, in every department.
    Admin,
}

impl Role {
    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Admin => "admin",
        }
    }

    /// From the stable word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Agent, Self::Supervisor, Self::Admin].into_iter().find(|role| role.as_str() == word)
    }
}

/// What an agent chose; whether new chats come is this and being connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Availability {
    /// Takes new chats.
    Online,
    /// Keeps the chats there are, takes no new ones.
    Paused,
    /// Not at work.
    Offline,
}

impl Availability {
    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Paused => "paused",
            Self::Offline => "offline",
        }
    }

    /// From the stable word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Online, Self::Paused, Self::Offline].into_iter().find(|state| state.as_str() == word)
    }
}

/// An account. Never deleted, since chats name it; archived instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    pub id: AgentId,
    pub email: String,
    /// What visitors and colleagues see.
    pub name: String,
    pub role: Role,
    pub external_id: Option<String>,
    /// Language tag of the console; the browser's where none was chosen.
    pub locale: Option<String>,
    /// `auto`, `light` or `dark`.
    pub theme: String,
    /// Chats at once.
    pub chats_max: i32,
    pub availability: Availability,
    pub pause_reason: Option<String>,
    pub availability_at: Timestamp,
    /// When the last tab was gone; none while one is open.
    pub absent_since: Option<Moment>,
    pub archived_at: Option<Timestamp>,
}

impl Agent {
    /// Whether a tab is open, or was within the grace.
    #[must_use]
    pub fn is_connected(&self, now: Moment) -> bool {
        self.gone_at().is_none_or(|gone| now.steady < gone)
    }

    /// The steady time from which they don't count as connected; none while a tab is open.
    #[must_use]
    pub fn gone_at(&self) -> Option<Timestamp> {
        self.absent_since.map(|since| since.steady.plus_seconds(CONNECTED_GRACE_SECONDS))
    }

    /// Whether new chats may come: at work, connected, not archived.
    #[must_use]
    pub fn is_online(&self, now: Moment) -> bool {
        self.archived_at.is_none() && self.availability == Availability::Online && self.is_connected(now)
    }
}
