//! The one place where it is decided what a command does to a chat, and who may.
//!
//! No event is a success that was already true. Everything that the rules need to know beside the chat comes in [`Facts`], read in the same transaction.

use std::collections::BTreeSet;

use super::command::{Actor, Command, Recipient};
use super::deadline::{self, DeadlineKind};
use super::event::{AbandonReason, Event, FinishReason, Place, TransferReason};
use super::refusal::Refusal;
use super::{Chat, Coordinates, Location, LocationSource, RATING_DAYS_MAX, Rating, Request, SHORT_ABANDONMENT_SECONDS, State, TAGS_MAX};
use crate::domain::directory::{Directory, Rights};
use crate::domain::ids::{AgentId, TagId};
use crate::domain::routing::{self, Loads};
use crate::domain::site::LocationMode;
use crate::domain::text::Body;
use crate::domain::time::Moment;

/// What a decision needs to know beside the chat.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub now: Moment,
    pub directory: &'a Directory,
    /// The active chats of the agents that the command is about.
    pub loads: &'a Loads,
    /// The chat's place in its queue, from 1; 0 where it isn't waiting.
    pub position: i64,
}

type Decision = Result<Vec<Event>, Refusal>;

/// Decides the request of a new chat. That the visitor has no other open chat was checked by the caller, who answers with that one.
///
/// # Errors
/// `DepartmentUnavailable` where the department is archived or unknown.
pub fn open(request: Request, directory: &Directory) -> Decision {
    match directory.departments.get(&request.department) {
        Some(department) if department.archived_at.is_none() => Ok(vec![Event::Requested(Box::new(request))]),
        Some(_) | None => Err(Refusal::DepartmentUnavailable),
    }
}

/// Decides a command.
///
/// # Errors
/// The refusal of the rule that forbids it.
pub fn decide(chat: &Chat, facts: &Facts<'_>, actor: Actor, command: &Command) -> Decision {
    let who = admit(chat, facts, actor)?;
    match command {
        Command::Write(body) => write(chat, facts, who, body),
        Command::Note(body) => agents_only(who).map(|()| vec![Event::Noted(body.clone())]),
        Command::Start => match who {
            Who::Agent(agent, _) => start(chat, facts, agent),
            Who::Visitor | Who::Program | Who::Answer | Who::Time => Err(Refusal::Forbidden),
        },
        Command::Decline => decline(chat, who),
        Command::Transfer { to, note } => transfer(chat, facts, who, *to, note.as_ref()),
        Command::Return => return_to_queue(chat, who, TransferReason::AgentDeactivated),
        Command::AskLocation => ask_location(chat, facts, who),
        Command::Locate { coordinates, source } => locate(chat, facts, who, *coordinates, *source),
        Command::RevokeLocation => revoke_location(chat, who),
        Command::Tag(tags) => tag(chat, facts, who, tags),
        Command::Rate { score, comment } => rate(chat, facts, who, *score, comment.as_ref()),
        Command::Stay => stay(chat, who),
        Command::Finish => finish(chat, facts, who),
        Command::Leave => leave(chat, facts, who),
        Command::Expire => expire(chat, facts, who),
    }
}

/// The actor's standing in this chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Visitor,
    Agent(AgentId, Rights),
    /// A program with a token.
    Program,
    /// A webhook's answer: it may note, tag, and choose the department of a waiting chat, no more.
    Answer,
    Time,
}

fn admit(chat: &Chat, facts: &Facts<'_>, actor: Actor) -> Result<Who, Refusal> {
    match actor {
        Actor::Visitor(visitor) if visitor == chat.request.visitor => Ok(Who::Visitor),
        Actor::Visitor(_) => Err(Refusal::NotFound),
        Actor::Agent(agent) => match facts.directory.rights(agent, chat.department) {
            // Who answers stays with the chat, whatever became of the membership.
            Rights::None if chat.agent == Some(agent) => Ok(Who::Agent(agent, Rights::Member)),
            Rights::None => Err(Refusal::NotFound),
            rights @ (Rights::Member | Rights::Supervises) => Ok(Who::Agent(agent, rights)),
        },
        Actor::Api(_) => Ok(Who::Program),
        Actor::Webhook(_) => Ok(Who::Answer),
        Actor::System => Ok(Who::Time),
    }
}

const fn agents_only(who: Who) -> Result<(), Refusal> {
    match who {
        Who::Agent(..) | Who::Program | Who::Answer => Ok(()),
        Who::Visitor | Who::Time => Err(Refusal::Forbidden),
    }
}

/// Refuses what only an open chat allows.
const fn must_be_open(chat: &Chat) -> Result<(), Refusal> {
    if chat.state.is_open() { Ok(()) } else { Err(Refusal::ChatFinished) }
}

/// The chat's agent; a supervisor of its department where `or_supervisor`.
fn must_be_own(chat: &Chat, agent: AgentId, rights: Rights, or_supervisor: bool) -> Result<(), Refusal> {
    if chat.agent == Some(agent) || (or_supervisor && rights == Rights::Supervises) { Ok(()) } else { Err(Refusal::NotYourChat) }
}

fn write(chat: &Chat, facts: &Facts<'_>, who: Who, body: &Body) -> Decision {
    must_be_open(chat)?;
    let written = Event::Written(body.clone());
    match (who, chat.state) {
        (Who::Visitor, _) => Ok(vec![written]),
        (Who::Agent(agent, _), State::Waiting) => {
            let mut events = start(chat, facts, agent)?;
            events.push(written);
            Ok(events)
        }
        (Who::Agent(agent, rights), _) => must_be_own(chat, agent, rights, false).map(|()| vec![written]),
        (Who::Program | Who::Answer | Who::Time, _) => Err(Refusal::Forbidden),
    }
}

fn start(chat: &Chat, facts: &Facts<'_>, agent: AgentId) -> Decision {
    match (chat.state, chat.agent) {
        (State::Active, Some(holder)) if holder == agent => Ok(Vec::new()),
        (State::Active, Some(holder)) => Err(Refusal::AlreadyTaken { by: holder }),
        (State::Waiting, _) => {
            let account = facts.directory.agents.get(&agent).ok_or(Refusal::Forbidden)?;
            // Offers are calls, not locks: only the chats that an agent has take a place.
            if facts.loads.get(&agent).copied().unwrap_or(0) >= account.chats_max {
                return Err(Refusal::AgentNoRoom);
            }
            let waited_seconds = facts.now.steady.seconds_since(chat.queued.steady);
            Ok(vec![Event::Started { agent, first: chat.started_at.is_none(), waited_seconds }])
        }
        (State::Active | State::Finished | State::Abandoned | State::Missed, _) => Err(Refusal::ChatFinished),
    }
}

fn decline(chat: &Chat, who: Who) -> Decision {
    let Who::Agent(agent, _) = who else { return Err(Refusal::Forbidden) };
    match chat.offer {
        Some(offer) if offer.to == agent => Ok(vec![Event::OfferPassed(agent)]),
        Some(_) | None => Ok(Vec::new()),
    }
}

fn transfer(chat: &Chat, facts: &Facts<'_>, who: Who, to: Recipient, note: Option<&Body>) -> Decision {
    must_be_open(chat)?;
    let overrides = match who {
        Who::Agent(agent, rights) => {
            must_be_own(chat, agent, rights, true)?;
            rights == Rights::Supervises
        }
        Who::Program => false,
        Who::Answer if chat.state == State::Waiting => false,
        Who::Answer | Who::Visitor | Who::Time => return Err(Refusal::Forbidden),
    };
    let from = Place { agent: chat.agent, department: chat.department };
    let to = match to {
        Recipient::Department(department) => {
            facts
                .directory
                .departments
                .get(&department)
                .filter(|found| found.archived_at.is_none())
                .ok_or(Refusal::DepartmentUnavailable)?;
            Place { agent: None, department }
        }
        Recipient::Agent(agent) => {
            if chat.state != State::Active {
                return Err(Refusal::ChatNotActive);
            }
            receiver(chat, facts, agent, overrides)?
        }
    };
    if to == from {
        return Ok(Vec::new());
    }
    Ok(vec![Event::Transferred { reason: TransferReason::Transferred, from, to, note: note.cloned() }])
}

/// Where a chat goes with an agent: the present department if it is theirs, else their first one by name.
fn receiver(chat: &Chat, facts: &Facts<'_>, agent: AgentId, overrides: bool) -> Result<Place, Refusal> {
    let account = facts.directory.agents.get(&agent).filter(|account| account.archived_at.is_none()).ok_or(Refusal::AgentNoRoom)?;
    let has_room = if overrides {
        // A supervisor may pass over a pause and the limit, but not hand a chat to somebody who isn't there: it would come back at once.
        account.is_connected(facts.now)
    } else {
        routing::has_room(account, facts.loads, facts.now)
    };
    if chat.agent != Some(agent) && !has_room {
        return Err(Refusal::AgentNoRoom);
    }
    let own = facts.directory.departments_of(agent);
    let department = own
        .iter()
        .find(|department| department.id == chat.department)
        .or_else(|| own.iter().find(|department| department.archived_at.is_none()))
        .ok_or(Refusal::AgentNoRoom)?;
    Ok(Place { agent: Some(agent), department: department.id })
}

fn return_to_queue(chat: &Chat, who: Who, reason: TransferReason) -> Decision {
    if who != Who::Time {
        return Err(Refusal::Forbidden);
    }
    if chat.state != State::Active {
        return Ok(Vec::new());
    }
    let from = Place { agent: chat.agent, department: chat.department };
    Ok(vec![Event::Transferred { reason, from, to: Place { agent: None, department: chat.department }, note: None }])
}

fn location_mode(chat: &Chat, facts: &Facts<'_>) -> LocationMode {
    facts.directory.sites.get(&chat.request.site).map_or(LocationMode::Off, |site| site.location)
}

fn ask_location(chat: &Chat, facts: &Facts<'_>, who: Who) -> Decision {
    must_be_open(chat)?;
    let Who::Agent(agent, rights) = who else { return Err(Refusal::Forbidden) };
    if chat.state != State::Active {
        return Err(Refusal::ChatNotActive);
    }
    must_be_own(chat, agent, rights, false)?;
    match (location_mode(chat, facts), chat.location) {
        (LocationMode::Off, _) => Err(Refusal::LocationOff),
        (_, Location::Asked | Location::Shared { .. }) => Ok(Vec::new()),
        (_, Location::None | Location::Revoked) => Ok(vec![Event::LocationAsked]),
    }
}

fn locate(chat: &Chat, facts: &Facts<'_>, who: Who, coordinates: Coordinates, source: LocationSource) -> Decision {
    if who != Who::Visitor {
        return Err(Refusal::Forbidden);
    }
    must_be_open(chat)?;
    let Coordinates { latitude, longitude, accuracy_m } = coordinates;
    let on_earth =
        (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude) && (0.0..=50_000_000.0).contains(&accuracy_m);
    if !on_earth {
        return Err(Refusal::LocationInvalid);
    }
    match (location_mode(chat, facts), chat.location) {
        (LocationMode::Off, _) | (LocationMode::Request, Location::None) => return Err(Refusal::LocationOff),
        (LocationMode::Queue | LocationMode::Request, _) => {}
    }
    if let Location::Shared { coordinates: known, .. } = chat.location
        && known == coordinates
    {
        return Ok(Vec::new());
    }
    Ok(vec![Event::Located { coordinates: Some(coordinates), source }])
}

fn revoke_location(chat: &Chat, who: Who) -> Decision {
    if who != Who::Visitor {
        return Err(Refusal::Forbidden);
    }
    match chat.location {
        Location::Shared { .. } => Ok(vec![Event::LocationRevoked]),
        Location::None | Location::Asked | Location::Revoked => Ok(Vec::new()),
    }
}

fn tag(chat: &Chat, facts: &Facts<'_>, who: Who, tags: &BTreeSet<TagId>) -> Decision {
    agents_only(who)?;
    let added: BTreeSet<TagId> = tags.difference(&chat.tags).copied().collect();
    let removed: BTreeSet<TagId> = chat.tags.difference(tags).copied().collect();
    if added.is_empty() && removed.is_empty() {
        return Ok(Vec::new());
    }
    // An archived tag may stay on a chat that has it, but not be added.
    if !added.iter().all(|tag| facts.directory.tags.get(tag).is_some_and(|tag| tag.archived_at.is_none())) {
        return Err(Refusal::TagUnknown);
    }
    if tags.len() > TAGS_MAX {
        return Err(Refusal::TagsTooMany);
    }
    Ok(vec![Event::Tagged { tags: tags.clone(), added, removed }])
}

fn rate(chat: &Chat, facts: &Facts<'_>, who: Who, score: i32, comment: Option<&String>) -> Decision {
    if who != Who::Visitor {
        return Err(Refusal::Forbidden);
    }
    if chat.started_at.is_none() {
        return Err(Refusal::ChatNotStarted);
    }
    if !(1..=5).contains(&score) {
        return Err(Refusal::RatingInvalid);
    }
    if chat.state == State::Waiting {
        return Err(Refusal::ChatNotActive);
    }
    if chat.ended.is_some_and(|ended| facts.now.steady >= ended.steady.plus_seconds(RATING_DAYS_MAX * 24 * 3600)) {
        return Err(Refusal::RatingClosed);
    }
    let agent = chat.last_agent.or(chat.agent).or_else(|| chat.agents.last().copied());
    let rating = Rating { score, comment: comment.cloned(), agent };
    if chat.rating.as_ref() == Some(&rating) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::Rated { rating, previous: chat.rating.clone() }])
}

fn stay(chat: &Chat, who: Who) -> Decision {
    if who != Who::Visitor {
        return Err(Refusal::Forbidden);
    }
    must_be_open(chat)?;
    Ok(if chat.idle_since.is_some() { vec![Event::Stayed] } else { Vec::new() })
}

fn finish(chat: &Chat, facts: &Facts<'_>, who: Who) -> Decision {
    match chat.state {
        State::Finished => return Ok(Vec::new()),
        State::Abandoned | State::Missed => return Err(Refusal::ChatFinished),
        State::Waiting if chat.started_at.is_none() => return Err(Refusal::ChatNotStarted),
        State::Waiting | State::Active => {}
    }
    match who {
        Who::Visitor if chat.state == State::Waiting => return leave(chat, facts, who),
        Who::Visitor | Who::Program => {}
        Who::Agent(agent, rights) => {
            must_be_own(chat, agent, rights, true)?;
            let wants_tags = facts.directory.departments.get(&chat.department).is_some_and(|department| department.tags_required);
            if wants_tags && chat.tags.is_empty() {
                return Err(Refusal::TagsRequired);
            }
        }
        Who::Answer | Who::Time => return Err(Refusal::Forbidden),
    }
    Ok(vec![Event::Finished(FinishReason::Closed)])
}

fn leave(chat: &Chat, facts: &Facts<'_>, who: Who) -> Decision {
    if who != Who::Visitor {
        return Err(Refusal::Forbidden);
    }
    match chat.state {
        State::Waiting => Ok(vec![left(chat, facts, AbandonReason::Left)]),
        State::Active => Err(Refusal::ChatNotWaiting),
        State::Abandoned => Ok(Vec::new()),
        State::Finished if chat.end_reason.as_deref() == Some(FinishReason::LeftQueue.as_str()) => Ok(Vec::new()),
        State::Finished | State::Missed => Err(Refusal::ChatFinished),
    }
}

/// The visitor is gone from the queue: abandoned before any start, finished after one.
fn left(chat: &Chat, facts: &Facts<'_>, reason: AbandonReason) -> Event {
    if chat.started_at.is_some() {
        return Event::Finished(FinishReason::LeftQueue);
    }
    let waited_seconds = facts.now.steady.seconds_since(chat.queued.steady);
    Event::Abandoned { reason, waited_seconds, position: facts.position, short: waited_seconds < SHORT_ABANDONMENT_SECONDS }
}

fn expire(chat: &Chat, facts: &Facts<'_>, who: Who) -> Decision {
    if who != Who::Time {
        return Err(Refusal::Forbidden);
    }
    let Some(deadline) = deadline::next(chat, facts.directory).filter(|deadline| deadline.due <= facts.now.steady) else {
        return Ok(Vec::new());
    };
    let waited_seconds = facts.now.steady.seconds_since(chat.queued.steady);
    match deadline.kind {
        DeadlineKind::Grace => Ok(vec![left(chat, facts, AbandonReason::Disconnected)]),
        DeadlineKind::Wait if chat.started_at.is_some() => Ok(vec![Event::Finished(FinishReason::Unattended)]),
        DeadlineKind::Wait => Ok(vec![Event::Missed { waited_seconds, position: facts.position }]),
        DeadlineKind::Offer => Ok(chat.offer.map(|offer| Event::OfferPassed(offer.to)).into_iter().collect()),
        DeadlineKind::Call => Ok(vec![routing::call(chat, facts.directory, facts.now)]),
        DeadlineKind::AgentLost => return_to_queue(chat, who, TransferReason::AgentLost),
        DeadlineKind::Inactivity => Ok(vec![Event::Finished(FinishReason::Inactive)]),
    }
}
