//! What time will do to a chat next: a pure function of the chat and the settings, in steady time.

use super::{Chat, Circle, State};
use crate::domain::directory::Directory;
use crate::domain::time::Timestamp;

/// What ends when a deadline passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeadlineKind {
    /// The absent visitor's place in the queue.
    Grace,
    /// The wait.
    Wait,
    /// An offer to one agent.
    Offer,
    /// A call of one circle.
    Call,
    /// The patience with an agent whose last tab is gone.
    AgentLost,
    /// The patience with a silent visitor.
    Inactivity,
}

/// The next thing that time does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline {
    /// Steady time.
    pub due: Timestamp,
    pub kind: DeadlineKind,
}

/// Everything that time may do to this chat, in no order.
fn all(chat: &Chat, directory: &Directory) -> Vec<Deadline> {
    let mut deadlines = Vec::new();
    let Some(department) = directory.departments.get(&chat.department) else { return deadlines };
    let limits = department.limits;
    let mut at = |kind, from: Timestamp, seconds: i64| deadlines.push(Deadline { due: from.plus_seconds(seconds), kind });
    match chat.state {
        State::Waiting => {
            if let Some(absent) = chat.absent_since {
                at(DeadlineKind::Grace, absent.steady, limits.grace_seconds);
            }
            if let Some(seconds) = limits.wait_limit_seconds {
                at(DeadlineKind::Wait, chat.queued.steady, seconds);
            }
            if let Some(offer) = chat.offer {
                at(DeadlineKind::Offer, offer.until, 0);
            }
            if let Some(called) = chat.called_at.filter(|_| chat.circle < Circle::Supervisors && chat.offer.is_none()) {
                at(DeadlineKind::Call, called, limits.offer_seconds);
            }
        }
        State::Active => {
            let agent = chat.agent.and_then(|agent| directory.agents.get(&agent));
            if let Some(absent) = agent.and_then(|agent| agent.absent_since) {
                at(DeadlineKind::AgentLost, absent.steady, limits.agent_lost_seconds);
            }
            if let Some(idle) = chat.idle_since {
                at(DeadlineKind::Inactivity, idle, limits.inactivity_seconds);
            }
        }
        State::Finished | State::Abandoned | State::Missed => {}
    }
    deadlines
}

/// The nearest deadline. Where several have passed, the earliest decides.
#[must_use]
pub fn next(chat: &Chat, directory: &Directory) -> Option<Deadline> {
    all(chat, directory).into_iter().min()
}

/// The deadline that the visitor is warned of: the end of the wait, or of the patience with silence.
#[must_use]
pub fn warned(chat: &Chat, directory: &Directory) -> Option<Deadline> {
    all(chat, directory).into_iter().filter(|deadline| matches!(deadline.kind, DeadlineKind::Wait | DeadlineKind::Inactivity)).min()
}
