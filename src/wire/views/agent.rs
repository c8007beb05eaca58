//! What agents see of a chat.

use serde::Serialize;

use super::{DeadlineView, MarksView, Named, RatingView, deadline_view, location_state, tags};
use crate::domain::chat::{Chat, Location, Side};
use crate::domain::directory::Directory;
use crate::domain::time::Moment;
use crate::wire::time::rfc3339;

/// The visitor's part in a chat, to agents.
#[derive(Clone, Debug, Serialize)]
pub struct ChatVisitor {
    pub id: String,
    pub name: Option<String>,
    pub present: bool,
}

/// The last message, to agents.
#[derive(Clone, Debug, Serialize)]
pub struct LastMessageView {
    pub by: &'static str,
    pub body: String,
    pub at: String,
}

/// A location, to agents.
#[derive(Clone, Debug, Serialize)]
pub struct LocationView {
    pub state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy_m: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// A chat as agents see it.
#[derive(Clone, Debug, Serialize)]
pub struct AgentChat {
    pub id: String,
    pub protocol: String,
    pub state: &'static str,
    pub department: Named,
    pub site: Named,
    pub agent: Option<Named>,
    pub visitor: ChatVisitor,
    pub subject: String,
    pub tags: Vec<Named>,
    pub requested_at: String,
    pub queued_at: String,
    pub started_at: Option<String>,
    pub ended_at: Option<String>,
    pub end_reason: Option<String>,
    pub started_before: bool,
    pub offered_to: Option<Named>,
    pub offered_in_ms: Option<i64>,
    pub last_seq: i64,
    pub last_message: Option<LastMessageView>,
    pub waiting_since: Option<String>,
    pub unread: i64,
    pub marks: MarksView,
    pub rating: Option<RatingView>,
    pub location: LocationView,
    pub deadline: Option<DeadlineView>,
}

impl AgentChat {
    /// The agents' view at `now`.
    #[must_use]
    pub fn of(chat: &Chat, visitor_name: Option<&str>, unread: i64, directory: &Directory, now: Moment) -> Self {
        let request = &chat.request;
        let shared = match chat.location {
            Location::Shared { coordinates, at, .. } => Some((coordinates, at)),
            Location::None | Location::Asked | Location::Revoked => None,
        };
        Self {
            id: chat.id.to_string(),
            protocol: request.protocol.clone(),
            state: chat.state.as_str(),
            department: Named::department(directory, chat.department),
            site: Named::new(request.site, directory.sites.get(&request.site).map_or("", |site| &site.name)),
            agent: chat.agent.map(|agent| Named::agent(directory, agent)),
            visitor: ChatVisitor {
                id: request.visitor.to_string(),
                name: visitor_name.map(ToOwned::to_owned),
                present: chat.absent_since.is_none(),
            },
            subject: request.subject.clone(),
            tags: tags(chat.tags.iter().copied(), directory),
            requested_at: rfc3339(chat.requested_at),
            queued_at: rfc3339(chat.queued.wall),
            started_at: chat.started_at.map(rfc3339),
            ended_at: chat.ended.map(|at| rfc3339(at.wall)),
            end_reason: chat.end_reason.clone(),
            started_before: chat.started_at.is_some(),
            offered_to: chat.offer.map(|offer| Named::agent(directory, offer.to)),
            offered_in_ms: chat.offer.map(|offer| offer.until.ms_since(now.steady)),
            last_seq: chat.last_seq,
            last_message: chat.last_message.as_ref().map(|message| LastMessageView {
                by: if message.by == Side::Visitor { "visitor" } else { "agent" },
                body: message.preview.clone(),
                at: rfc3339(message.at),
            }),
            waiting_since: chat.waiting_since.map(rfc3339),
            unread,
            marks: chat.marks.into(),
            rating: chat.rating.as_ref().map(|rating| RatingView { score: rating.score, comment: rating.comment.clone() }),
            location: LocationView {
                state: location_state(chat.location),
                latitude: shared.map(|(place, _)| place.latitude),
                longitude: shared.map(|(place, _)| place.longitude),
                accuracy_m: shared.map(|(place, _)| place.accuracy_m),
                at: shared.map(|(_, at)| rfc3339(at)),
            },
            deadline: deadline_view(chat, directory, now),
        }
    }
}
