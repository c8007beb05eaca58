//! What clients see of chats, queues and people.

use serde::Serialize;
use serde_json::Value;

use super::time::rfc3339;
use crate::domain::agent::Agent;
use crate::domain::chat::deadline::{self, DeadlineKind};
use crate::domain::chat::{Chat, Location, Marks, RATING_DAYS_MAX, Side, State};
use crate::domain::directory::{Directory, Rights};
use crate::domain::ids::AgentId;
use crate::domain::offline::OfflineMessage;
use crate::domain::time::{Moment, Timestamp};
use crate::domain::visitor::Visitor;

/// An id with its name.
#[derive(Clone, Debug, Serialize)]
pub struct Named {
    pub id: String,
    pub name: String,
}

impl Named {
    /// From anything with an id and a name.
    pub fn new(id: impl ToString, name: &str) -> Self {
        Self { id: id.to_string(), name: name.to_owned() }
    }

    /// An agent by id.
    #[must_use]
    pub fn agent(directory: &Directory, id: AgentId) -> Self {
        Self::new(id, directory.agent_name(id))
    }

    /// A department by id.
    #[must_use]
    pub fn department(directory: &Directory, id: crate::domain::ids::DepartmentId) -> Self {
        Self::new(id, directory.department_name(id))
    }
}

/// How far one side got.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MarkView {
    pub delivered: i64,
    pub read: i64,
}

/// How far both sides got.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MarksView {
    pub visitor: MarkView,
    pub agent: MarkView,
}

impl From<Marks> for MarksView {
    fn from(marks: Marks) -> Self {
        let view = |mark: crate::domain::chat::Mark| MarkView { delivered: mark.delivered, read: mark.read };
        Self { visitor: view(marks.visitor), agent: view(marks.agent) }
    }
}

/// A rating as shown.
#[derive(Clone, Debug, Serialize)]
pub struct RatingView {
    pub score: i32,
    pub comment: Option<String>,
}

/// What time will do, counted from now.
#[derive(Clone, Debug, Serialize)]
pub struct DeadlineView {
    pub kind: &'static str,
    pub in_ms: i64,
}

fn deadline_view(chat: &Chat, directory: &Directory, now: Moment) -> Option<DeadlineView> {
    let deadline = deadline::warned(chat, directory)?;
    let kind = if deadline.kind == DeadlineKind::Wait { "wait" } else { "inactivity" };
    Some(DeadlineView { kind, in_ms: deadline.due.ms_since(now.steady) })
}

/// A location's state, to visitors.
#[derive(Clone, Debug, Serialize)]
pub struct LocationState {
    pub state: &'static str,
}

const fn location_state(location: Location) -> &'static str {
    match location {
        Location::None => "none",
        Location::Asked => "asked",
        Location::Shared { .. } => "shared",
        Location::Revoked => "revoked",
    }
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

/// Tags with their names, by name.
pub fn tags(ids: impl Iterator<Item = crate::domain::ids::TagId>, directory: &Directory) -> Vec<Named> {
    let mut named: Vec<Named> = ids.filter_map(|id| directory.tags.get(&id).map(|tag| Named::new(id, &tag.name))).collect();
    named.sort_by(|a, b| a.name.cmp(&b.name));
    named
}

/// A colleague.
#[derive(Clone, Debug, Serialize)]
pub struct AgentView {
    pub id: String,
    pub name: String,
    pub availability: &'static str,
    pub connected: bool,
    pub load: i64,
    pub max_chats: i32,
    pub departments: Vec<String>,
}

impl AgentView {
    /// A colleague with their load.
    #[must_use]
    pub fn of(agent: &Agent, load: i64, directory: &Directory, now: Moment) -> Self {
        let own = directory.departments.values().filter(|department| department.member(agent.id).is_some());
        Self {
            id: agent.id.to_string(),
            name: agent.name.clone(),
            availability: agent.availability.as_str(),
            connected: agent.is_connected(now),
            load,
            max_chats: agent.chats_max,
            departments: own.map(|department| department.id.to_string()).collect(),
        }
    }
}

/// A department as an agent sees it.
#[derive(Clone, Debug, Serialize)]
pub struct DepartmentView {
    pub id: String,
    pub name: String,
    pub member: bool,
    pub supervisor: bool,
    pub routing: &'static str,
    pub wait_goal_seconds: i64,
    pub wait_limit_seconds: Option<i64>,
    pub tags_required: bool,
    pub state: &'static str,
}

/// Every department that takes chats, as this agent sees it, by name.
#[must_use]
pub fn departments_for(agent: AgentId, directory: &Directory, loads: &crate::domain::routing::Loads, now: Moment) -> Vec<DepartmentView> {
    let mut views: Vec<DepartmentView> = directory
        .departments
        .values()
        .filter(|department| department.archived_at.is_none())
        .map(|department| {
            let rights = directory.rights(agent, department.id);
            DepartmentView {
                id: department.id.to_string(),
                name: department.name.clone(),
                member: department.member(agent).is_some(),
                supervisor: rights == Rights::Supervises,
                routing: department.routing.as_str(),
                wait_goal_seconds: department.limits.wait_goal_seconds,
                wait_limit_seconds: department.limits.wait_limit_seconds,
                tags_required: department.tags_required,
                state: department_state(department, directory, loads, now),
            }
        })
        .collect();
    views.sort_by(|a, b| a.name.cmp(&b.name));
    views
}

/// `online`: somebody has room; `busy`: somebody is online; `offline`.
#[must_use]
pub fn department_state(
    department: &crate::domain::department::Department,
    directory: &Directory,
    loads: &crate::domain::routing::Loads,
    now: Moment,
) -> &'static str {
    let members =
        || department.members.iter().filter_map(|member| directory.agents.get(&member.agent)).filter(|agent| agent.is_online(now));
    if members().any(|agent| crate::domain::routing::has_room(agent, loads, now)) {
        "online"
    } else if members().next().is_some() {
        "busy"
    } else {
        "offline"
    }
}

/// The departments that a visitor may choose, by name.
#[must_use]
pub fn department_states(directory: &Directory, loads: &crate::domain::routing::Loads, now: Moment) -> Vec<DepartmentState> {
    let mut states: Vec<DepartmentState> = directory
        .departments
        .values()
        .filter(|department| department.archived_at.is_none())
        .map(|department| DepartmentState {
            id: department.id.to_string(),
            name: department.name.clone(),
            state: department_state(department, directory, loads, now),
        })
        .collect();
    states.sort_by(|a, b| a.name.cmp(&b.name));
    states
}

/// The visitor card's device.
#[derive(Clone, Debug, Serialize)]
pub struct DeviceView {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub os: Option<String>,
    pub browser: Option<String>,
}

/// Who asks, to agents.
#[derive(Clone, Debug, Serialize)]
pub struct CardVisitor {
    pub id: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub locale: Option<String>,
    pub timezone: Option<String>,
    pub first_seen_at: String,
    pub chats_count: i32,
    pub verified: Vec<String>,
    pub device: DeviceView,
    pub custom: Value,
}

/// Where the visitor is, to agents.
#[derive(Clone, Debug, Serialize)]
pub struct PageView {
    pub url: Option<String>,
    pub title: Option<String>,
    pub referrer: Option<String>,
}

/// What the visitor agreed to.
#[derive(Clone, Debug, Serialize)]
pub struct ConsentView {
    pub version: i32,
    pub accepted_at: String,
    pub marketing: bool,
}

/// A chat of before.
#[derive(Clone, Debug, Serialize)]
pub struct PreviousChat {
    pub id: String,
    pub protocol: String,
    pub subject: String,
    pub requested_at: String,
    pub agent: Option<Named>,
    pub rating: Option<RatingView>,
}

/// Everything about who is on the other side, to agents.
#[derive(Clone, Debug, Serialize)]
pub struct Card {
    pub visitor: CardVisitor,
    pub page: PageView,
    pub present: bool,
    pub consent: Option<ConsentView>,
    pub cards: Value,
    pub previous: Vec<PreviousChat>,
}

impl Card {
    /// The card of a chat; `page` is where the visitor is now.
    #[must_use]
    pub fn of(chat: &Chat, visitor: &Visitor, previous: &[Chat], page: &crate::domain::page::Page, directory: &Directory) -> Self {
        Self {
            visitor: CardVisitor {
                id: visitor.id.to_string(),
                name: visitor.name.clone(),
                email: visitor.email.clone(),
                phone: visitor.phone.clone().or_else(|| visitor.phone_raw.clone()),
                locale: visitor.locale.clone(),
                timezone: visitor.timezone.clone(),
                first_seen_at: rfc3339(visitor.first_seen_at),
                chats_count: visitor.chats_count,
                verified: visitor.verified.clone(),
                device: DeviceView {
                    kind: visitor.device.kind.clone(),
                    os: visitor.device.os.clone(),
                    browser: visitor.device.browser.clone(),
                },
                custom: serde_json::from_str(&visitor.custom).unwrap_or_default(),
            },
            page: PageView { url: page.url.clone(), title: page.title.clone(), referrer: page.referrer.clone() },
            present: chat.absent_since.is_none(),
            consent: chat.request.consent.map(|consent| ConsentView {
                version: consent.version,
                accepted_at: rfc3339(consent.at),
                marketing: chat.request.marketing,
            }),
            cards: serde_json::from_str(&visitor.cards).unwrap_or_default(),
            previous: previous
                .iter()
                .map(|chat| PreviousChat {
                    id: chat.id.to_string(),
                    protocol: chat.request.protocol.clone(),
                    subject: chat.request.subject.clone(),
                    requested_at: rfc3339(chat.requested_at),
                    agent: chat.agents.last().map(|agent| Named::agent(directory, *agent)),
                    rating: chat.rating.as_ref().map(|rating| RatingView { score: rating.score, comment: rating.comment.clone() }),
                })
                .collect(),
        }
    }
}

/// A message for later, to agents.
#[derive(Clone, Debug, Serialize)]
pub struct OfflineMessageView {
    pub id: String,
    pub department: Named,
    pub site: Named,
    pub visitor_id: String,
    pub chat_id: Option<String>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub body: String,
    pub page_url: Option<String>,
    pub created_at: String,
    pub done_at: Option<String>,
    pub done_by: Option<Named>,
}

impl OfflineMessageView {
    /// The agents' view.
    #[must_use]
    pub fn of(message: &OfflineMessage, directory: &Directory) -> Self {
        let done: Option<(Timestamp, AgentId)> = message.done;
        Self {
            id: message.id.to_string(),
            department: Named::department(directory, message.department),
            site: Named::new(message.site, directory.sites.get(&message.site).map_or("", |site| &site.name)),
            visitor_id: message.visitor.to_string(),
            chat_id: message.chat.map(|chat| chat.to_string()),
            name: message.name.clone(),
            email: message.email.clone(),
            phone: message.phone.clone(),
            body: message.body.clone(),
            page_url: message.page_url.clone(),
            created_at: rfc3339(message.created_at),
            done_at: done.map(|(at, _)| rfc3339(at)),
            done_by: done.map(|(_, agent)| Named::agent(directory, agent)),
        }
    }
}
