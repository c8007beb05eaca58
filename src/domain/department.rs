//! Groups of agents, each with its queue and its limits.

use super::ids::{AgentId, DepartmentId};
use super::time::Timestamp;

/// How a waiting chat finds an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Routing {
    /// Everybody with room is called; who accepts first has it.
    Manual,
    /// Offered to the member with the fewest chats, then passed on.
    LeastBusy,
}

impl Routing {
    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::LeastBusy => "least_busy",
        }
    }

    /// From the stable word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Manual, Self::LeastBusy].into_iter().find(|routing| routing.as_str() == word)
    }
}

/// The limits of a department, in seconds from 1 up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long an absent visitor keeps the place in the queue.
    pub grace_seconds: i64,
    /// The wait that is aimed at; colours and reports.
    pub wait_goal_seconds: i64,
    /// The wait after which a chat is missed; none waits for ever.
    pub wait_limit_seconds: Option<i64>,
    /// Silence of the visitor, while the last word is the agent's, that ends a chat.
    pub inactivity_seconds: i64,
    /// How long a chat stays with an agent whose last tab is gone.
    pub agent_lost_seconds: i64,
    /// How long an offer or a call stands before it passes on.
    pub offer_seconds: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            grace_seconds: 60,
            wait_goal_seconds: 180,
            wait_limit_seconds: None,
            inactivity_seconds: 900,
            agent_lost_seconds: 120,
            offer_seconds: 30,
        }
    }
}

/// The largest value of any limit: 30 days.
pub const LIMIT_SECONDS_MAX: i64 = 30 * 24 * 3600;

/// Somebody's place in a department.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    pub agent: AgentId,
    /// Also supervises this department.
    pub supervisor: bool,
}

/// A department. Never deleted; archived instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Department {
    pub id: DepartmentId,
    pub name: String,
    pub external_id: Option<String>,
    pub routing: Routing,
    pub limits: Limits,
    /// Whether a chat needs a tag before an agent finishes it.
    pub tags_required: bool,
    pub members: Vec<Member>,
    pub archived_at: Option<Timestamp>,
}

impl Department {
    /// A department as it begins: nobody is in it yet.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            id: DepartmentId::new(),
            name: name.to_owned(),
            external_id: None,
            routing: Routing::LeastBusy,
            limits: Limits::default(),
            tags_required: false,
            members: Vec::new(),
            archived_at: None,
        }
    }

    /// This agent's place here, if any.
    #[must_use]
    pub fn member(&self, agent: AgentId) -> Option<Member> {
        self.members.iter().copied().find(|member| member.agent == agent)
    }
}
