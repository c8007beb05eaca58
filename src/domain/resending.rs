//! Sending many deliveries again: what fits a filter, or everything that an endpoint did not get since a time.

use super::delivery_filter::{Counted, DeliveryFilter};
use super::ids::{AgentId, EndpointId, ResendingId};
use super::time::Timestamp;

/// What a resending takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What fits a filter, delivered or not.
    Filtered,
    /// What an endpoint did not get.
    Recover,
}

/// Where a resending stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Goes on, after a restart too.
    Running,
    /// Everything was looked at.
    Done,
    /// Somebody ended it; what it had queued stays queued.
    Cancelled,
    /// Its endpoint was disabled or archived meanwhile.
    Stopped,
}

impl Kind {
    /// Each of them.
    pub const ALL: [Self; 2] = [Self::Filtered, Self::Recover];

    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Filtered => "filtered",
            Self::Recover => "recover",
        }
    }

    /// From the stable word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl State {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::Running, Self::Done, Self::Cancelled, Self::Stopped];

    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Stopped => "stopped",
        }
    }

    /// From the stable word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// What somebody wants sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// How it takes.
    pub kind: Kind,
    /// What it takes.
    pub filter: DeliveryFilter,
    /// The last position that was counted when it was confirmed; none: everything until now.
    pub upto: Option<i64>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resending {
    /// Its id.
    pub id: ResendingId,
    /// How it takes.
    pub kind: Kind,
    /// Of one endpoint, or of several.
    pub endpoint: Option<EndpointId>,
    /// What it takes.
    pub filter: DeliveryFilter,
    /// The last position that it looks at.
    pub upto: i64,
    /// The last position that it has looked at.
    pub cursor: i64,
    /// New deliveries that it queued.
    pub sent: i64,
    /// What it left out: on its way already, arrived meanwhile, a test, without a body, or of an endpoint that takes nothing.
    pub skipped: i64,
    /// How many there were to look at.
    pub expected: Counted,
    /// Where it stands.
    pub state: State,
    /// Why it stopped.
    pub reason: Option<String>,
    /// Who asked for it.
    pub created_by: Option<AgentId>,
    /// When.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl Resending {
    /// How far it is, in percent of what there was to look at.
    #[must_use]
    pub fn percent(&self) -> i64 {
        if self.state == State::Done {
            return 100;
        }
        let by_position = self.cursor.saturating_mul(100).checked_div(self.upto).unwrap_or(0);
        let seen = self.sent.saturating_add(self.skipped);
        let by_count = seen.saturating_mul(100).checked_div(self.expected.n).unwrap_or(0);
        (if self.expected.at_least { by_position } else { by_count }).clamp(0, 99)
    }
}
