//! Applies one event. Total: an event that was decided always fits.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::command::Actor;
use super::event::{Event, Recorded};
use super::{Chat, Circle, LastMessage, Location, Mark, Marks, Request, Side, State};
use crate::domain::ids::{AgentId, ChatId};
use crate::domain::text::{PREVIEW_LENGTH_MAX, cut};
use crate::domain::time::Moment;

/// A chat as its request leaves it.
#[must_use]
pub fn requested(id: ChatId, request: Request, at: Moment) -> Chat {
    Chat {
        id,
        state: State::Waiting,
        department: request.department,
        agent: None,
        requested_at: at.wall,
        queued: at,
        started_at: None,
        ended: None,
        end_reason: None,
        last_seq: 1,
        event_sequence: 1,
        circle: Circle::Nobody,
        called_at: None,
        offer: None,
        passed: Vec::new(),
        last_message: None,
        idle_since: None,
        waiting_since: None,
        first_response_at: None,
        visitor_messages: 0,
        agent_messages: 0,
        last_agent: None,
        agents: Vec::new(),
        tags: BTreeSet::new(),
        rating: None,
        location: Location::None,
        absent_since: None,
        marks: Marks { visitor: Mark { delivered: 0, read: 0 }, agent: Mark { delivered: 0, read: 0 } },
        request: Arc::new(request),
    }
}

/// Applies what was recorded next.
pub fn evolve(chat: &mut Chat, recorded: &Recorded) {
    chat.last_seq = recorded.seq;
    if recorded.event.is_sequenced() {
        chat.event_sequence += 1;
    }
    let at = recorded.at;
    match &recorded.event {
        Event::Requested(_) | Event::Noted(_) => {}
        Event::Written(body) => written(chat, recorded.by, body.as_str(), at),
        Event::Called { circle, .. } => {
            chat.circle = *circle;
            chat.called_at = Some(at.steady);
        }
        Event::Offered(offer) => chat.offer = Some(*offer),
        Event::OfferPassed(agent) => {
            chat.offer = None;
            if !chat.passed.contains(agent) {
                chat.passed.push(*agent);
            }
        }
        Event::Started { agent, .. } => {
            leave_queue(chat);
            chat.started_at.get_or_insert(at.wall);
            take_over(chat, *agent);
        }
        Event::Transferred { to, .. } => {
            leave_queue(chat);
            chat.department = to.department;
            match to.agent {
                Some(agent) => take_over(chat, agent),
                None => queue(chat, at),
            }
        }
        Event::LocationAsked => chat.location = Location::Asked,
        Event::Located { coordinates, source } => {
            chat.location =
                coordinates.map_or(Location::Revoked, |coordinates| Location::Shared { coordinates, source: *source, at: at.wall });
        }
        Event::LocationRevoked => chat.location = Location::Revoked,
        Event::Tagged { tags, .. } => chat.tags.clone_from(tags),
        Event::Rated { rating, .. } => chat.rating = Some(rating.clone()),
        Event::Stayed => chat.idle_since = chat.idle_since.map(|_| at.steady),
        Event::Finished(reason) => end(chat, State::Finished, reason.as_str(), at),
        Event::Abandoned { reason, .. } => end(chat, State::Abandoned, reason.as_str(), at),
        Event::Missed { .. } => end(chat, State::Missed, "missed", at),
    }
}

fn written(chat: &mut Chat, by: Actor, body: &str, at: Moment) {
    let side = match by {
        Actor::Visitor(_) => Side::Visitor,
        Actor::Agent(agent) => {
            chat.last_agent = Some(agent);
            Side::Agent
        }
        Actor::Api(_) | Actor::Webhook(_) | Actor::System => Side::Agent,
    };
    match side {
        Side::Visitor => {
            chat.visitor_messages += 1;
            chat.idle_since = None;
            chat.waiting_since.get_or_insert(at.wall);
        }
        Side::Agent => {
            chat.agent_messages += 1;
            chat.idle_since = Some(at.steady);
            chat.waiting_since = None;
            chat.first_response_at.get_or_insert(at.wall);
        }
    }
    chat.last_message = Some(LastMessage { by: side, at: at.wall, preview: cut(body, PREVIEW_LENGTH_MAX) });
}

fn take_over(chat: &mut Chat, agent: AgentId) {
    chat.state = State::Active;
    chat.agent = Some(agent);
    if !chat.agents.contains(&agent) {
        chat.agents.push(agent);
    }
}

fn queue(chat: &mut Chat, at: Moment) {
    chat.state = State::Waiting;
    chat.agent = None;
    chat.queued = at;
    chat.idle_since = None;
}

fn leave_queue(chat: &mut Chat) {
    chat.offer = None;
    chat.passed.clear();
    chat.circle = Circle::Nobody;
    chat.called_at = None;
}

fn end(chat: &mut Chat, state: State, reason: &str, at: Moment) {
    leave_queue(chat);
    chat.state = state;
    chat.agent = None;
    chat.idle_since = None;
    chat.waiting_since = None;
    chat.ended = Some(at);
    chat.end_reason = Some(reason.to_owned());
}
