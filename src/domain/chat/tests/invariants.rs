//! What no walk may break.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::fixture::{SALES, SUPPORT};
use super::world::{Life, World};
use crate::domain::chat::command::Actor;
use crate::domain::chat::event::{AbandonReason, Event, FinishReason, TransferReason};
use crate::domain::chat::{Chat, Location, Side, State};
use crate::domain::directory::Rights;
use crate::domain::ids::{AgentId, ChatId};
use crate::domain::time::Timestamp;

const fn is_terminal(event: &Event) -> bool {
    matches!(event, Event::Finished(_) | Event::Abandoned { .. } | Event::Missed { .. })
}

/// What must hold between an event and the world just before it.
pub fn of_an_event(world: &World, index: usize, by: Actor, event: &Event) -> Result<(), TestCaseError> {
    let life = world.lives.get(index).expect("a chat of this walk");
    let chat = &life.chat;
    if let Actor::Agent(agent) = by {
        prop_assert_ne!(world.directory.rights(agent, chat.department), Rights::None, "an agent acted in a department of others");
    }
    if !chat.state.is_open() {
        let after_the_end = matches!(event, Event::Noted(_) | Event::Tagged { .. } | Event::Rated { .. } | Event::LocationRevoked);
        prop_assert!(after_the_end, "{} after the end", event.as_str());
    }
    if let Event::Started { waited_seconds, .. } | Event::Abandoned { waited_seconds, .. } | Event::Missed { waited_seconds, .. } = event {
        let waited = (world.now.steady.ms() - life.entered.steady.ms()) / 1000;
        prop_assert_eq!(*waited_seconds, waited, "the wait is counted in steady time");
    }
    if let Event::Abandoned { position, .. } | Event::Missed { position, .. } = event {
        let queue = world.queue(chat.department);
        let ahead = usize::try_from(*position).expect("a place in a queue") - 1;
        prop_assert_eq!(queue.get(ahead), Some(&chat.id), "the position is the chat's own");
    }
    match event {
        Event::Started { agent, first, .. } => {
            prop_assert_eq!(chat.state, State::Waiting);
            prop_assert_eq!(*first, !life.ever_started);
            prop_assert!(world.is_within_the_limit(index, *agent), "a start went over the agent's limit");
        }
        Event::Offered(offer) => {
            let agent = world.directory.agents.get(&offer.to).expect("offers go to agents");
            prop_assert!(agent.is_online(world.now), "an offer to somebody who is not online");
            prop_assert!(world.directory.departments.get(&chat.department).is_some_and(|own| own.member(offer.to).is_some()));
            prop_assert!(world.is_within_the_limit(index, offer.to), "an offer went over the agent's limit");
            prop_assert!(!chat.passed.contains(&offer.to), "an offer to somebody who let it pass");
            is_of_the_least_busy(world, chat, offer.to)?;
        }
        Event::Transferred { to, .. } => {
            if let Some(agent) = to.agent {
                let overrides = matches!(by, Actor::Agent(by) if world.directory.rights(by, chat.department) == Rights::Supervises);
                let online = world.directory.agents.get(&agent).is_some_and(|agent| agent.is_online(world.now));
                prop_assert!(overrides || chat.agent == Some(agent) || (online && world.is_within_the_limit(index, agent)));
                prop_assert_ne!(world.directory.rights(agent, to.department), Rights::None, "a chat went where its agent may not see it");
            }
        }
        Event::Rated { rating, previous } => {
            prop_assert!(life.ever_started, "a rating without a start");
            prop_assert!((1..=5).contains(&rating.score));
            prop_assert_eq!(previous, &chat.rating);
        }
        Event::Tagged { tags, added, removed } => {
            let before = chat.tags.union(added).filter(|tag| !removed.contains(tag)).copied().collect();
            prop_assert_eq!(tags, &before, "added and removed tell the difference");
        }
        _ => {}
    }
    if by == Actor::System { of_time(world, life, event) } else { Ok(()) }
}

fn is_of_the_least_busy(world: &World, chat: &Chat, chosen: AgentId) -> Result<(), TestCaseError> {
    let loads = world.loads();
    let load = |agent: AgentId| loads.get(&agent).copied().unwrap_or(0);
    let members = world.directory.departments.get(&chat.department).map_or(&[][..], |department| &department.members);
    for rival in members.iter().map(|member| member.agent).filter(|agent| !chat.passed.contains(agent)) {
        let online = world.directory.agents.get(&rival).is_some_and(|agent| agent.is_online(world.now));
        prop_assert!(!online || load(rival) >= load(chosen), "somebody less busy was not asked");
    }
    Ok(())
}

/// The earliest deadline decides, and nothing comes before its time.
fn of_time(world: &World, life: &Life, event: &Event) -> Result<(), TestCaseError> {
    let chat = &life.chat;
    let limits = world.directory.departments.get(&chat.department).expect("the fixture has it").limits;
    let grace = chat.absent_since.map(|absent| absent.steady.plus_seconds(limits.grace_seconds));
    let wait = limits.wait_limit_seconds.map(|seconds| life.entered.steady.plus_seconds(seconds));
    let tab_gone = chat.agent.and_then(|agent| world.directory.agents.get(&agent)).and_then(|agent| agent.absent_since);
    let lost = tab_gone.map(|absent| absent.steady.plus_seconds(limits.agent_lost_seconds));
    let silent = chat.idle_since.map(|idle| idle.plus_seconds(limits.inactivity_seconds));
    let passed = |due: Option<Timestamp>| due.is_some_and(|due| due <= world.now.steady);
    let earlier = |rival: Option<Timestamp>, due: Option<Timestamp>| rival.is_some_and(|rival| due.is_none_or(|due| rival < due));
    match event {
        Event::Abandoned { reason: AbandonReason::Disconnected, .. } | Event::Finished(FinishReason::LeftQueue) => {
            prop_assert!(passed(grace), "gone within the grace");
            prop_assert!(!earlier(wait, grace), "the wait was over before the grace");
        }
        Event::Missed { .. } | Event::Finished(FinishReason::Unattended) => {
            prop_assert!(passed(wait), "missed before the limit");
            prop_assert!(!earlier(grace, wait), "the grace was over before the wait");
        }
        Event::Transferred { reason: TransferReason::AgentLost, .. } => {
            prop_assert!(passed(lost), "returned before the agent was lost");
            prop_assert!(!earlier(silent, lost), "the visitor was silent too long before the agent was lost");
        }
        Event::Finished(FinishReason::Inactive) => {
            prop_assert!(passed(silent), "ended before the silence was long");
            prop_assert!(!earlier(lost, silent), "the agent was lost before the visitor was silent too long");
            prop_assert_eq!(chat.last_message.as_ref().map(|last| last.by), Some(Side::Agent), "the visitor had the last word");
        }
        Event::OfferPassed(agent) => {
            prop_assert!(chat.offer.is_some_and(|offer| offer.to == *agent && offer.until <= world.now.steady), "passed on too early");
        }
        Event::Finished(FinishReason::Closed)
        | Event::Abandoned { .. }
        | Event::Written(_)
        | Event::Started { .. }
        | Event::Rated { .. } => {
            prop_assert!(false, "time did what only people do: {}", event.as_str());
        }
        _ => {}
    }
    Ok(())
}

/// What must hold of a chat at rest, told by its timeline.
pub fn of_a_life(life: &Life) -> Result<(), TestCaseError> {
    let Life { chat, timeline, .. } = life;
    for (expected, recorded) in (2..).zip(timeline) {
        prop_assert_eq!(recorded.seq, expected, "seq is dense");
    }
    let entries = i64::try_from(timeline.len()).expect("few entries");
    prop_assert_eq!(chat.last_seq, entries + 1);
    let webhooks = timeline.iter().filter_map(|recorded| recorded.event.webhook_type()).filter(|kind| *kind != "message.created").count();
    prop_assert_eq!(
        chat.event_sequence,
        i64::try_from(webhooks).expect("few events") + 1,
        "the request and every webhook event but messages"
    );

    let first_start = timeline.iter().find(|recorded| matches!(recorded.event, Event::Started { .. })).map(|recorded| recorded.at.wall);
    prop_assert_eq!(chat.started_at, first_start, "started_at is the first start");
    prop_assert_eq!(chat.requested_at, life.first.requested_at);
    prop_assert_eq!(chat.queued, life.entered);

    let ends = timeline.iter().filter(|recorded| is_terminal(&recorded.event)).count();
    prop_assert_eq!(ends, usize::from(!chat.state.is_open()), "one end, and only of a chat that ended");
    if let Some(ended) = &life.ended {
        let end = |chat: &Chat| (chat.state, chat.ended, chat.end_reason.clone(), chat.department, chat.started_at, chat.queued);
        prop_assert_eq!(end(chat), end(ended), "an ended chat stays as it ended");
    }
    if matches!(chat.state, State::Abandoned | State::Missed) {
        prop_assert_eq!(chat.started_at, None);
    }

    prop_assert_eq!(chat.agent.is_some(), chat.state == State::Active, "an agent exactly while active");
    let called = chat.offer.is_some() || chat.called_at.is_some() || !chat.passed.is_empty();
    prop_assert!(!called || chat.state == State::Waiting, "offers and calls only while waiting");
    prop_assert!(chat.idle_since.is_none() || chat.state == State::Active, "silence counts only while active");
    let last = chat.last_message.as_ref().map(|last| last.by);
    prop_assert!(chat.idle_since.is_none() || last == Some(Side::Agent), "silence counts only after the agent's word");
    prop_assert_eq!(chat.waiting_since.is_some(), chat.state.is_open() && last == Some(Side::Visitor), "who has the last word waits");
    let said = |side: Side| {
        let by = |recorded: &&_| matches!(side_of(recorded), Some(found) if found == side);
        i64::try_from(timeline.iter().filter(by).count()).expect("few entries")
    };
    prop_assert_eq!((chat.visitor_messages, chat.agent_messages), (said(Side::Visitor), said(Side::Agent)));
    prop_assert!(chat.agent.is_none_or(|agent| chat.agents.contains(&agent)));
    let revoked_last = timeline.iter().rev().find_map(|recorded| match recorded.event {
        Event::LocationRevoked => Some(true),
        Event::Located { .. } | Event::LocationAsked => Some(false),
        _ => None,
    });
    prop_assert_eq!(chat.location == Location::Revoked, revoked_last == Some(true), "revoked coordinates are gone");
    Ok(())
}

fn side_of(recorded: &crate::domain::chat::event::Recorded) -> Option<Side> {
    match (&recorded.event, recorded.by) {
        (Event::Written(_), Actor::Visitor(_)) => Some(Side::Visitor),
        (Event::Written(_), _) => Some(Side::Agent),
        _ => None,
    }
}

/// Whoever was started before comes first, then whoever asked first: a return changes neither.
pub fn of_the_queue(world: &World) -> Result<(), TestCaseError> {
    for department in [SUPPORT, SALES] {
        let waiting = (0..).zip(&world.lives).filter(|(_, life)| life.chat.state == State::Waiting && life.chat.department == department);
        let places: BTreeMap<(bool, usize), ChatId> = waiting.map(|(place, life)| ((!life.ever_started, place), life.chat.id)).collect();
        prop_assert_eq!(world.queue(department), places.into_values().collect::<Vec<_>>(), "a returned chat keeps its place");
    }
    Ok(())
}
