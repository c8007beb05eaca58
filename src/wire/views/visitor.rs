//! What visitors see.

use serde::Serialize;

use super::{DeadlineView, Named, RatingView, deadline_view, location_state};
use crate::domain::chat::{Chat, RATING_DAYS_MAX, State};
use crate::domain::directory::Directory;
use crate::domain::time::Moment;
use crate::wire::time::rfc3339;

/// A location's state, to visitors.
#[derive(Clone, Debug, Serialize)]
pub struct LocationState {
    pub state: &'static str,
}

/// A chat as its visitor sees it.
#[derive(Clone, Debug, Serialize)]
pub struct VisitorChat {
    pub id: String,
    pub protocol: String,
    pub state: &'static str,
    pub department: Named,
    pub agent: Option<Named>,
    pub requested_at: String,
    pub started_at: Option<String>,
    pub ended_at: Option<String>,
    pub end_reason: Option<String>,
    pub last_seq: i64,
    pub rating: Option<RatingView>,
    pub can_rate: bool,
    pub location: LocationState,
    pub deadline: Option<DeadlineView>,
    /// The version of the consent text that was agreed to.
    pub consent_version: Option<i32>,
}

impl VisitorChat {
    /// The visitor's view at `now`.
    #[must_use]
    pub fn of(chat: &Chat, directory: &Directory, now: Moment) -> Self {
        let in_time = chat.ended.is_none_or(|ended| now.steady < ended.steady.plus_seconds(RATING_DAYS_MAX * 24 * 3600));
        // After the end, who wrote last is whom the rating is about.
        let agent = chat.agent.or_else(|| chat.last_agent.or_else(|| chat.agents.last().copied()).filter(|_| !chat.state.is_open()));
        Self {
            id: chat.id.to_string(),
            protocol: chat.request.protocol.clone(),
            state: chat.state.as_str(),
            department: Named::department(directory, chat.department),
            agent: agent.map(|agent| Named::agent(directory, agent)),
            requested_at: rfc3339(chat.requested_at),
            started_at: chat.started_at.map(rfc3339),
            ended_at: chat.ended.map(|at| rfc3339(at.wall)),
            end_reason: chat.end_reason.clone(),
            last_seq: chat.last_seq,
            rating: chat.rating.as_ref().map(|rating| RatingView { score: rating.score, comment: rating.comment.clone() }),
            can_rate: chat.started_at.is_some() && chat.state != State::Waiting && in_time,
            location: LocationState { state: location_state(chat.location) },
            deadline: deadline_view(chat, directory, now),
            consent_version: chat.request.consent.map(|given| given.version),
        }
    }
}

/// A place in the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QueueView {
    pub position: i64,
    pub estimated_wait_seconds: Option<i64>,
    pub agents_available: i64,
    pub waited_seconds: i64,
}

/// A department as visitors see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DepartmentState {
    pub id: String,
    pub name: String,
    pub state: &'static str,
}
