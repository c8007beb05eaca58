//! A row of `chats`: to and from the domain's [`Chat`]. Knows no statement.

use std::sync::Arc;

use diesel::{AsChangeset, Insertable, Queryable, Selectable};

use crate::domain::chat::{
    Chat, Circle, ConsentGiven, Coordinates, LastMessage, Location, LocationSource, Mark, Marks, Offer, Rating, Request, Side, State,
};
use crate::domain::ids::{AgentId, ChatId, DepartmentId, SiteId, VisitorId};
use crate::domain::page::Page;
use crate::domain::time::{Moment, Timestamp};
use crate::store::error::StoreError;
use crate::store::schema::chats;
use crate::wire::stored;

/// A row of `chats`, whole.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = chats)]
#[diesel(treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
pub struct ChatRow {
    id: ChatId,
    protocol: String,
    state: String,
    site_id: SiteId,
    first_department_id: DepartmentId,
    department_id: DepartmentId,
    visitor_id: VisitorId,
    agent_id: Option<AgentId>,
    origin: String,
    locale: String,
    timezone: Option<String>,
    subject: String,
    page_url: Option<String>,
    page_title: Option<String>,
    page_referrer: Option<String>,
    utm: String,
    fields: String,
    consent_version: Option<i32>,
    consent_at: Option<Timestamp>,
    marketing: bool,
    previous_chat_id: Option<ChatId>,
    requested_at: Timestamp,
    queued_at: Timestamp,
    queued_steady: Timestamp,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    ended_steady: Option<Timestamp>,
    end_reason: Option<String>,
    tags: String,
    agents: String,
    last_seq: i64,
    event_sequence: i64,
    circle: i32,
    called_steady: Option<Timestamp>,
    offered_to: Option<AgentId>,
    offered_until_steady: Option<Timestamp>,
    passed: String,
    last_message_by: Option<String>,
    last_message_at: Option<Timestamp>,
    last_message_body: Option<String>,
    idle_steady: Option<Timestamp>,
    waiting_since: Option<Timestamp>,
    first_response_at: Option<Timestamp>,
    visitor_messages: i64,
    agent_messages: i64,
    last_agent_id: Option<AgentId>,
    rating_score: Option<i32>,
    rating_comment: Option<String>,
    rating_agent_id: Option<AgentId>,
    location_state: String,
    latitude: Option<f64>,
    longitude: Option<f64>,
    accuracy_m: Option<f64>,
    located_at: Option<Timestamp>,
    location_source: Option<String>,
    absent_at: Option<Timestamp>,
    absent_steady: Option<Timestamp>,
    visitor_delivered: i64,
    visitor_read: i64,
    agent_delivered: i64,
    agent_read: i64,
}

impl ChatRow {
    pub(super) fn from_chat(chat: &Chat) -> Self {
        let request = &chat.request;
        let (location_state, shared) = location_columns(chat.location);
        let last = chat.last_message.as_ref();
        Self {
            id: chat.id,
            protocol: request.protocol.clone(),
            state: chat.state.as_str().to_owned(),
            site_id: request.site,
            first_department_id: request.department,
            department_id: chat.department,
            visitor_id: request.visitor,
            agent_id: chat.agent,
            origin: request.origin.clone(),
            locale: request.locale.clone(),
            timezone: request.timezone.clone(),
            subject: request.subject.clone(),
            page_url: request.page.url.clone(),
            page_title: request.page.title.clone(),
            page_referrer: request.page.referrer.clone(),
            utm: stored::utm_text(&request.utm),
            fields: request.fields.clone(),
            consent_version: request.consent.map(|consent| consent.version),
            consent_at: request.consent.map(|consent| consent.at),
            marketing: request.marketing,
            previous_chat_id: request.previous_chat,
            requested_at: chat.requested_at,
            queued_at: chat.queued.wall,
            queued_steady: chat.queued.steady,
            started_at: chat.started_at,
            ended_at: chat.ended.map(|at| at.wall),
            ended_steady: chat.ended.map(|at| at.steady),
            end_reason: chat.end_reason.clone(),
            tags: stored::ids_text(&chat.tags),
            agents: stored::ids_text(&chat.agents),
            last_seq: chat.last_seq,
            event_sequence: chat.event_sequence,
            circle: circle_number(chat.circle),
            called_steady: chat.called_at,
            offered_to: chat.offer.map(|offer| offer.to),
            offered_until_steady: chat.offer.map(|offer| offer.until),
            passed: stored::ids_text(&chat.passed),
            last_message_by: last.map(|message| side(message.by).to_owned()),
            last_message_at: last.map(|message| message.at),
            last_message_body: last.map(|message| message.preview.clone()),
            idle_steady: chat.idle_since,
            waiting_since: chat.waiting_since,
            first_response_at: chat.first_response_at,
            visitor_messages: chat.visitor_messages,
            agent_messages: chat.agent_messages,
            last_agent_id: chat.last_agent,
            rating_score: chat.rating.as_ref().map(|rating| rating.score),
            rating_comment: chat.rating.as_ref().and_then(|rating| rating.comment.clone()),
            rating_agent_id: chat.rating.as_ref().and_then(|rating| rating.agent),
            location_state: location_state.to_owned(),
            latitude: shared.map(|(place, ..)| place.latitude),
            longitude: shared.map(|(place, ..)| place.longitude),
            accuracy_m: shared.map(|(place, ..)| place.accuracy_m),
            located_at: shared.map(|(_, _, at)| at),
            location_source: shared.map(|(_, source, _)| source.as_str().to_owned()),
            absent_at: chat.absent_since.map(|at| at.wall),
            absent_steady: chat.absent_since.map(|at| at.steady),
            visitor_delivered: chat.marks.visitor.delivered,
            visitor_read: chat.marks.visitor.read,
            agent_delivered: chat.marks.agent.delivered,
            agent_read: chat.marks.agent.read,
        }
    }

    pub(super) fn into_chat(self) -> Result<Chat, StoreError> {
        let moment = |wall: Option<Timestamp>, steady: Option<Timestamp>| wall.zip(steady).map(|(wall, steady)| Moment { wall, steady });
        let location = self.location()?;
        let last_message = match (self.last_message_by.as_deref(), self.last_message_at, self.last_message_body) {
            (Some(by), Some(at), Some(preview)) => {
                Some(LastMessage { by: if by == "visitor" { Side::Visitor } else { Side::Agent }, at, preview })
            }
            _ => None,
        };
        Ok(Chat {
            id: self.id,
            state: State::parse(&self.state).ok_or_else(|| StoreError::corrupt(&self.state))?,
            request: Arc::new(Request {
                protocol: self.protocol,
                site: self.site_id,
                department: self.first_department_id,
                visitor: self.visitor_id,
                origin: self.origin,
                locale: self.locale,
                timezone: self.timezone,
                subject: self.subject,
                page: Page { url: self.page_url, title: self.page_title, referrer: self.page_referrer },
                utm: stored::utm_from(&self.utm)?,
                fields: self.fields,
                consent: self.consent_version.zip(self.consent_at).map(|(version, at)| ConsentGiven { version, at }),
                marketing: self.marketing,
                previous_chat: self.previous_chat_id,
            }),
            department: self.department_id,
            agent: self.agent_id,
            requested_at: self.requested_at,
            queued: Moment { wall: self.queued_at, steady: self.queued_steady },
            started_at: self.started_at,
            ended: moment(self.ended_at, self.ended_steady),
            end_reason: self.end_reason,
            last_seq: self.last_seq,
            event_sequence: self.event_sequence,
            circle: circle(self.circle)?,
            called_at: self.called_steady,
            offer: self.offered_to.zip(self.offered_until_steady).map(|(to, until)| Offer { to, until }),
            passed: stored::ids_from(&self.passed)?,
            last_message,
            idle_since: self.idle_steady,
            waiting_since: self.waiting_since,
            first_response_at: self.first_response_at,
            visitor_messages: self.visitor_messages,
            agent_messages: self.agent_messages,
            last_agent: self.last_agent_id,
            agents: stored::ids_from(&self.agents)?,
            tags: stored::ids_from(&self.tags)?,
            rating: self.rating_score.map(|score| Rating { score, comment: self.rating_comment, agent: self.rating_agent_id }),
            location,
            absent_since: moment(self.absent_at, self.absent_steady),
            marks: Marks {
                visitor: Mark { delivered: self.visitor_delivered, read: self.visitor_read },
                agent: Mark { delivered: self.agent_delivered, read: self.agent_read },
            },
        })
    }

    fn location(&self) -> Result<Location, StoreError> {
        match self.location_state.as_str() {
            "none" => Ok(Location::None),
            "asked" => Ok(Location::Asked),
            "revoked" => Ok(Location::Revoked),
            _ => {
                let source = self.location_source.as_deref().and_then(LocationSource::parse);
                match (self.latitude, self.longitude, self.accuracy_m, source, self.located_at) {
                    (Some(latitude), Some(longitude), Some(accuracy_m), Some(source), Some(at)) => {
                        Ok(Location::Shared { coordinates: Coordinates { latitude, longitude, accuracy_m }, source, at })
                    }
                    _ => Err(StoreError::corrupt("a location")),
                }
            }
        }
    }
}

const fn location_columns(location: Location) -> (&'static str, Option<(Coordinates, LocationSource, Timestamp)>) {
    match location {
        Location::None => ("none", None),
        Location::Asked => ("asked", None),
        Location::Shared { coordinates, source, at } => ("shared", Some((coordinates, source, at))),
        Location::Revoked => ("revoked", None),
    }
}

const fn circle_number(circle: Circle) -> i32 {
    match circle {
        Circle::Nobody => 0,
        Circle::Department => 1,
        Circle::Everyone => 2,
        Circle::Supervisors => 3,
    }
}

fn circle(number: i32) -> Result<Circle, StoreError> {
    Circle::ALL.into_iter().find(|circle| circle_number(*circle) == number).ok_or_else(|| StoreError::corrupt("a circle"))
}

/// Whose message it is, as a word.
pub(super) const fn side(side: Side) -> &'static str {
    match side {
        Side::Visitor => "visitor",
        Side::Agent => "agent",
    }
}
