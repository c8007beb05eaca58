//! Running the routing rules in the transaction of whatever freed room or added a chat.

use std::sync::Arc;

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper, SqliteConnection};

use super::record;
use crate::domain::chat::command::Actor;
use crate::domain::chat::{Chat, State};
use crate::domain::department::Member;
use crate::domain::ids::{AgentId, DepartmentId};
use crate::domain::routing::{Loads, offers, route};
use crate::store::chats::{self as rows, ChatRow};
use crate::store::error::StoreError;
use crate::store::prepared::{IsActive, IsUncalled, IsWaiting, at_most};
use crate::store::schema::chats;
use crate::store::{Tx, queue};

/// Waiting chats that are looked at in one go; those behind are reached as these move on.
const CHATS_MAX: usize = 100;

/// After a chat changed hands or state: its department, and those of the agent who got room.
pub(super) fn after_change(tx: &mut Tx<'_>, before: &Chat, chat: &Chat) -> Result<(), StoreError> {
    let mut departments = Vec::new();
    if chat.state == State::Waiting {
        departments.push(chat.department);
    }
    let freed =
        [before.agent.filter(|_| before.agent != chat.agent), before.offer.map(|offer| offer.to).filter(|_| before.offer != chat.offer)];
    for agent in freed.into_iter().flatten() {
        departments.extend(departments_of(tx, agent));
    }
    run(tx, departments)
}

/// After an agent got room, came online or joined a department.
pub(in crate::store) fn after_agent(tx: &mut Tx<'_>, agent: AgentId) -> Result<(), StoreError> {
    let departments = departments_of(tx, agent);
    run(tx, departments)
}

/// After a chat was added to a department's queue.
pub(in crate::store) fn run(tx: &mut Tx<'_>, mut departments: Vec<DepartmentId>) -> Result<(), StoreError> {
    departments.sort();
    departments.dedup();
    for department in departments {
        run_department(tx, department)?;
    }
    Ok(())
}

fn departments_of(tx: &Tx<'_>, agent: AgentId) -> Vec<DepartmentId> {
    tx.directory.departments.values().filter(|department| department.member(agent).is_some()).map(|department| department.id).collect()
}

fn run_department(tx: &mut Tx<'_>, department: DepartmentId) -> Result<(), StoreError> {
    let directory = Arc::clone(&tx.directory);
    let Some(found) = directory.departments.get(&department) else { return Ok(()) };
    let is_online = |member: &Member| directory.agents.get(&member.agent).is_some_and(|agent| agent.is_online(tx.now));
    if !found.members.iter().any(is_online) {
        return Ok(());
    }
    // With room for nobody, all is done for whoever was called for: however many wait, only the others are looked at.
    let waiting = if offers(found, &directory, &tx.loads, tx.now) { waiting(tx.conn, department)? } else { uncalled(tx.conn, department)? };
    for chat in waiting {
        let Some(event) = route(&chat, &directory, &tx.loads, tx.now) else { continue };
        record(tx, &chat, Actor::System, None, vec![event])?;
    }
    Ok(())
}

fn waiting(conn: &mut SqliteConnection, department: DepartmentId) -> Result<Vec<Chat>, StoreError> {
    let found = chats::table
        .filter(IsWaiting::new(chats::state))
        .filter(chats::department_id.eq(department))
        .filter(chats::offered_to.is_null())
        .order(queue::order())
        .select(ChatRow::as_select());
    rows::list(at_most(CHATS_MAX, found, conn)?)
}

fn uncalled(conn: &mut SqliteConnection, department: DepartmentId) -> Result<Vec<Chat>, StoreError> {
    let found = chats::table
        .filter(IsWaiting::new(chats::state))
        .filter(IsUncalled::new(chats::circle))
        .filter(chats::department_id.eq(department))
        .filter(chats::offered_to.is_null())
        .order(queue::order())
        .select(ChatRow::as_select());
    rows::list(at_most(CHATS_MAX, found, conn)?)
}

/// Everybody's load as the rows have it; whoever has a [`Tx`] or the store has it at hand.
pub(in crate::store) fn loads(conn: &mut SqliteConnection) -> Result<Loads, StoreError> {
    let mut loads = Loads::new();
    let active: Vec<(Option<AgentId>, i64)> = chats::table
        .filter(IsActive::new(chats::state))
        .group_by(chats::agent_id)
        .select((chats::agent_id, diesel::dsl::count_star()))
        .load(conn)?;
    let offered: Vec<(Option<AgentId>, i64)> = chats::table
        .filter(IsWaiting::new(chats::state))
        .filter(chats::offered_to.is_not_null())
        .group_by(chats::offered_to)
        .select((chats::offered_to, diesel::dsl::count_star()))
        .load(conn)?;
    for (agent, count) in active.into_iter().chain(offered) {
        if let Some(agent) = agent {
            *loads.entry(agent).or_default() += i32::try_from(count).unwrap_or(i32::MAX);
        }
    }
    Ok(loads)
}
