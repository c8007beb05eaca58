//! Who is asked to answer a waiting chat: a pure function, run in the transaction of whatever frees room or adds a chat.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use super::agent::Agent;
use super::chat::event::Event;
use super::chat::{Chat, Circle, Offer, State};
use super::department::{Department, Routing};
use super::directory::Directory;
use super::ids::AgentId;
use super::time::Moment;

/// How many chats each agent has: active ones and offers that stand. Missing means none.
pub type Loads = HashMap<AgentId, i32>;

/// Whether an agent can take one more chat now.
#[must_use]
pub fn has_room(agent: &Agent, loads: &Loads, now: Moment) -> bool {
    agent.is_online(now) && loads.get(&agent.id).copied().unwrap_or(0) < agent.chats_max
}

/// The next offer or call for a waiting chat, if one is due.
#[must_use]
pub fn route(chat: &Chat, directory: &Directory, loads: &Loads, now: Moment) -> Option<Event> {
    let department = directory.departments.get(&chat.department)?;
    if chat.state != State::Waiting || chat.offer.is_some() {
        return None;
    }
    match department.routing {
        Routing::Manual => {
            if chat.circle != Circle::Nobody {
                return None;
            }
            let agents = with_room(department, directory, loads, now);
            if agents.is_empty() {
                call_if_anyone(chat, directory, now)
            } else {
                Some(Event::Called { circle: Circle::Department, agents })
            }
        }
        Routing::LeastBusy => {
            let next = with_room(department, directory, loads, now)
                .into_iter()
                .filter(|agent| !chat.passed.contains(agent))
                .filter_map(|agent| directory.agents.get(&agent))
                .min_by_key(|agent| (loads.get(&agent.id).copied().unwrap_or(0), agent.availability_at, agent.id));
            match next {
                Some(agent) => {
                    let until = now.steady.plus_seconds(department.limits.offer_seconds);
                    Some(Event::Offered(Offer { to: agent.id, until }))
                }
                None if chat.circle == Circle::Nobody => call_if_anyone(chat, directory, now),
                None => None,
            }
        }
    }
}

/// Nobody has room or everybody let it pass: whoever is there is called, the widest circle last. With nobody there at all, nothing yet.
fn call_if_anyone(chat: &Chat, directory: &Directory, now: Moment) -> Option<Event> {
    match call(chat, directory, now) {
        Event::Called { agents, .. } if agents.is_empty() => None,
        called => Some(called),
    }
}

/// Whether a chat for which somebody was called already may still be offered to somebody.
#[must_use]
pub fn offers(department: &Department, directory: &Directory, loads: &Loads, now: Moment) -> bool {
    department.routing == Routing::LeastBusy && !with_room(department, directory, loads, now).is_empty()
}

/// The call of the next wider circle that has somebody in it; of the widest, empty, if none has.
#[must_use]
pub fn call(chat: &Chat, directory: &Directory, now: Moment) -> Event {
    let mut circle = if chat.circle == Circle::Nobody { Circle::Everyone } else { chat.circle.wider() };
    loop {
        let agents = online(chat, circle, directory, now);
        if !agents.is_empty() || circle == Circle::Supervisors {
            return Event::Called { circle, agents };
        }
        circle = circle.wider();
    }
}

fn with_room(department: &Department, directory: &Directory, loads: &Loads, now: Moment) -> Vec<AgentId> {
    department
        .members
        .iter()
        .filter_map(|member| directory.agents.get(&member.agent))
        .filter(|agent| has_room(agent, loads, now))
        .map(|agent| agent.id)
        .collect()
}

fn online(chat: &Chat, circle: Circle, directory: &Directory, now: Moment) -> Vec<AgentId> {
    let Some(department) = directory.departments.get(&chat.department) else { return Vec::new() };
    let mut agents: Vec<AgentId> = directory
        .agents
        .values()
        .filter(|agent| agent.is_online(now))
        .filter(|agent| match circle {
            Circle::Supervisors => directory.rights(agent.id, department.id) == super::directory::Rights::Supervises,
            Circle::Nobody | Circle::Department | Circle::Everyone => department.member(agent.id).is_some(),
        })
        .map(|agent| agent.id)
        .collect();
    agents.sort();
    agents
}
