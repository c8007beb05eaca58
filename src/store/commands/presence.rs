//! Who is there: absence is data on rows, set when the last tab is gone and cleared when one comes.

use std::sync::Arc;

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper, SqliteConnection};

use super::{execute, publish_deadline, routing};
use crate::domain::agent::Availability;
use crate::domain::chat::Chat;
use crate::domain::chat::command::{Actor, Command};
use crate::domain::ids::{AgentId, DepartmentId, VisitorId};
use crate::domain::time::Moment;
use crate::store::chats::{self as rows, ChatRow};
use crate::store::effect::Effect;
use crate::store::error::StoreError;
use crate::store::outbox;
use crate::store::prepared::{IsActive, IsOpen, IsWaiting, update};
use crate::store::schema::{agents, chats};
use crate::store::{Store, Tx};

impl Store {
    /// The visitor's last tab is gone, or one is there again.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn visitor_present(&self, visitor: VisitorId, present: bool) -> Result<(), StoreError> {
        self.write(move |tx| visitor_present(tx, visitor, present)).await
    }

    /// The agent's last tab is gone, or one is there again.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn agent_present(&self, agent: AgentId, present: bool) -> Result<(), StoreError> {
        self.write(move |tx| agent_present(tx, agent, present)).await
    }

    /// What an agent chose.
    ///
    /// # Errors
    /// `NotFound`, or a fault of the database.
    pub async fn set_availability(&self, agent: AgentId, state: Availability, reason: Option<String>) -> Result<(), StoreError> {
        self.write_guarded(move |tx| set_availability(tx, agent, state, reason.as_deref())).await
    }
}

fn visitor_present(tx: &mut Tx<'_>, visitor: VisitorId, present: bool) -> Result<(), StoreError> {
    let open =
        chats::table.filter(chats::visitor_id.eq(visitor)).filter(IsOpen::new(chats::state)).select(ChatRow::as_select()).load(tx.conn)?;
    for mut chat in rows::list(open)? {
        if chat.absent_since.is_none() == present {
            continue;
        }
        chat.absent_since = (!present).then_some(tx.now);
        let chat = Arc::new(chat);
        rows::update_absence(tx, &chat)?;
        publish_deadline(tx, &chat);
        tx.publish(Effect::VisitorPresence { chat: chat.id, department: chat.department, agent: chat.agent, present });
    }
    Ok(())
}

fn agent_present(tx: &mut Tx<'_>, agent: AgentId, present: bool) -> Result<(), StoreError> {
    let Some(account) = tx.directory.agents.get(&agent) else { return Ok(()) };
    if account.absent_since.is_none() == present {
        return Ok(());
    }
    let was_online = account.is_online(tx.now);
    let absent: Option<Moment> = (!present).then_some(tx.now);
    let absence = (agents::absent_at.eq(absent.map(|at| at.wall)), agents::absent_steady.eq(absent.map(|at| at.steady)));
    update("agents", agent, absence).execute(tx.conn)?;
    tx.change_directory(|directory| {
        if let Some(account) = directory.agents.get_mut(&agent) {
            account.absent_since = absent;
        }
    });
    for chat in active_of(tx.conn, agent)? {
        publish_deadline(tx, &chat);
    }
    tx.publish(Effect::Agent(agent));
    if present && !was_online { routing::after_agent(tx, agent) } else { Ok(()) }
}

fn set_availability(tx: &mut Tx<'_>, agent: AgentId, state: Availability, reason: Option<&str>) -> Result<(), StoreError> {
    let account = tx.directory.agents.get(&agent).filter(|account| account.archived_at.is_none()).ok_or(StoreError::NotFound)?;
    let from = account.availability;
    let reason = reason.filter(|_| state == Availability::Paused).map(ToOwned::to_owned);
    if from == state && account.pause_reason == reason {
        return Ok(());
    }
    let at = if from == state { account.availability_at } else { tx.now.wall };
    diesel::update(agents::table.find(agent))
        .set((agents::availability.eq(state.as_str()), agents::pause_reason.eq(&reason), agents::availability_at.eq(at)))
        .execute(tx.conn)?;
    tx.change_directory(|directory| {
        if let Some(account) = directory.agents.get_mut(&agent) {
            account.availability = state;
            account.pause_reason = reason;
            account.availability_at = at;
        }
    });
    tx.publish(Effect::Agent(agent));
    if from == state {
        return Ok(());
    }
    outbox::enqueue_availability(tx, agent, from, state)?;
    if state == Availability::Online {
        return routing::after_agent(tx, agent);
    }
    pass_offers(tx, agent)
}

/// An agent who pauses or leaves lets the standing offers pass, so that nobody waits for them.
fn pass_offers(tx: &mut Tx<'_>, agent: AgentId) -> Result<(), StoreError> {
    let offered = chats::table
        .filter(IsWaiting::new(chats::state))
        .filter(chats::offered_to.eq(agent))
        .select(chats::id)
        .load::<crate::domain::ids::ChatId>(tx.conn)?;
    for chat in offered {
        execute(tx, chat, Actor::Agent(agent), &Command::Decline, None)?;
    }
    Ok(())
}

fn active_of(conn: &mut SqliteConnection, agent: AgentId) -> Result<Vec<Chat>, StoreError> {
    let found =
        chats::table.filter(IsActive::new(chats::state)).filter(chats::agent_id.eq(agent)).select(ChatRow::as_select()).load(conn)?;
    rows::list(found)
}

/// Gives an agent's chats back to their queues, in the job that closes the account.
pub(in crate::store) fn return_chats_of(tx: &mut Tx<'_>, agent: AgentId) -> Result<(), StoreError> {
    for chat in active_of(tx.conn, agent)? {
        execute(tx, chat.id, Actor::System, &Command::Return, None)?;
    }
    pass_offers(tx, agent)
}

/// Puts the deadlines of a department's open chats on the agenda anew and runs its routing, in the job that changed its limits or members.
pub(in crate::store) fn department_changed(tx: &mut Tx<'_>, department: DepartmentId) -> Result<(), StoreError> {
    let found = chats::table
        .filter(chats::department_id.eq(department))
        .filter(IsOpen::new(chats::state))
        .select(ChatRow::as_select())
        .load(tx.conn)?;
    for chat in rows::list(found)? {
        publish_deadline(tx, &chat);
    }
    routing::run(tx, vec![department])
}
