//! Carrying out commands: load, decide, record, all in one job of the writer.
//!
//! [`record`] is the only place that changes a chat's row, and it writes the timeline, the outbox and the effects with it.

mod boot;
mod presence;
mod receipts;
mod request;
mod routing;

use std::sync::Arc;

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SqliteConnection};

pub(super) use self::boot::boot;
pub(super) use self::presence::{department_changed, return_chats_of};
pub use self::receipts::Receipt;
pub use self::request::{Asked, NewRequest, OfflineNew};
pub(super) use self::routing::loads;

use super::effect::{ChatChange, Effect, Standing};
use super::error::StoreError;
use super::prepared::IsActive;
use super::schema::{chats, visitors};
use super::{Store, Tx, chats as rows, outbox, queue, timeline};
use crate::domain::chat::command::{Actor, Command, Recipient};
use crate::domain::chat::decide::{Facts, decide};
use crate::domain::chat::event::{Event, Recorded};
use crate::domain::chat::evolve::evolve;
use crate::domain::chat::refusal::Refusal;
use crate::domain::chat::{Chat, Marks, Side, State, deadline};
use crate::domain::ids::{AgentId, ChatId, DepartmentId, EntryId};
use crate::domain::routing::Loads;
use crate::domain::time::Timestamp;

/// What a command did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The last entry it made; none if it was already true.
    pub seq: Option<i64>,
    pub at: Timestamp,
    /// Whether it had been carried out before.
    pub repeated: bool,
}

impl Store {
    /// Carries out a command on a chat.
    ///
    /// # Errors
    /// `NotFound`, the refusal of a rule, or a fault.
    pub async fn execute(&self, chat: ChatId, actor: Actor, command: Command, receipt: Option<Receipt>) -> Result<Done, StoreError> {
        self.write(move |tx| execute(tx, chat, actor, &command, receipt.as_ref())).await
    }

    /// Carries out a command of a program that may act in these departments only.
    ///
    /// # Errors
    /// As [`Store::execute`]; a chat that is elsewhere isn't found.
    pub async fn execute_within(
        &self,
        departments: Vec<DepartmentId>,
        chat: ChatId,
        actor: Actor,
        command: Command,
        receipt: Option<Receipt>,
    ) -> Result<Done, StoreError> {
        self.write(move |tx| {
            // A transfer may have taken the chat away: told twice, it is still the same answer.
            if let Some(done) = receipt.as_ref().map(|receipt| receipts::repeated(tx, chat, actor, receipt)).transpose()?.flatten() {
                return Ok(done);
            }
            rows::known(tx, chat)?.filter(|chat| departments.contains(&chat.department)).ok_or(Refusal::NotFound)?;
            execute(tx, chat, actor, &command, receipt.as_ref())
        })
        .await
    }

    /// Raises the marks of the side that the actor speaks for: the chat's visitor, or who answers it (a supervisor who looks has read nothing in their
    /// place). What is lower than the stored ones is ignored.
    ///
    /// # Errors
    /// `NotFound` also for everybody else; a fault of the database.
    pub async fn mark(&self, chat: ChatId, by: Actor, delivered: i64, read: i64) -> Result<(), StoreError> {
        self.write(move |tx| mark(tx, chat, by, delivered, read)).await
    }
}

/// Carries out a command inside a job.
pub(super) fn execute(tx: &mut Tx<'_>, id: ChatId, actor: Actor, command: &Command, receipt: Option<&Receipt>) -> Result<Done, StoreError> {
    let chat = rows::known(tx, id)?.ok_or(Refusal::NotFound)?;
    let decided = decide_with_facts(tx, &chat, actor, command);
    // What was carried out may not be decided again: told twice, it is still the same answer.
    if decided.as_ref().err().is_none_or(|refused| !refused.is_fault())
        && let Some(done) = receipt.map(|receipt| receipts::repeated(tx, id, actor, receipt)).transpose()?.flatten()
    {
        return Ok(done);
    }
    let (events, at) = (decided?, tx.now.wall);
    let seq = i64::try_from(events.len()).ok().filter(|made| *made > 0).map(|made| chat.last_seq + made);
    if seq.is_none() {
        if let Some(receipt) = receipt {
            receipts::note(tx, id, actor, receipt)?;
        }
        if *command == Command::Expire {
            // The agenda took it off; it has to look again later.
            publish_deadline(tx, &chat);
        }
        return Ok(Done { seq, at, repeated: false });
    }
    let next = record(tx, &chat, actor, receipt, events)?;
    if chat.state.is_open() && (Standing::of(&chat) != Standing::of(&next) || chat.offer != next.offer) {
        routing::after_change(tx, &chat, &next)?;
    }
    Ok(Done { seq, at, repeated: false })
}

fn decide_with_facts(tx: &mut Tx<'_>, chat: &Chat, actor: Actor, command: &Command) -> Result<Vec<Event>, StoreError> {
    let directory = Arc::clone(&tx.directory);
    let about = match (command, actor) {
        (Command::Transfer { to: Recipient::Agent(agent), .. }, _) => Some(*agent),
        (Command::Start | Command::Write(_), Actor::Agent(agent)) if chat.state == State::Waiting => Some(agent),
        _ => None,
    };
    let mut loads = Loads::new();
    if let Some(agent) = about {
        loads.insert(agent, active_count(tx.conn, agent)?);
    }
    let leaves_queue = chat.state == State::Waiting && matches!(command, Command::Leave | Command::Finish | Command::Expire);
    let position = if leaves_queue { queue::position(tx.conn, chat)? } else { 0 };
    let facts = Facts { now: tx.now, directory: &directory, loads: &loads, position };
    Ok(decide(chat, &facts, actor, command)?)
}

/// The four projections of decided events: rows and timeline, outbox, effects; the reply is the caller's.
pub(super) fn record(
    tx: &mut Tx<'_>,
    before: &Chat,
    actor: Actor,
    receipt: Option<&Receipt>,
    events: Vec<Event>,
) -> Result<Arc<Chat>, StoreError> {
    let mut chat = before.clone();
    let only_messages = events.iter().all(|event| matches!(event, Event::Written(_) | Event::Noted(_)));
    let mut recorded = Vec::with_capacity(events.len());
    let last = events.len();
    for (index, event) in events.into_iter().enumerate() {
        let receipt = receipt.filter(|_| index + 1 == last);
        let client_id = receipt.map(|receipt| receipt.client_id.clone());
        let entry = Recorded { id: EntryId::new(), seq: chat.last_seq + 1, at: tx.now, by: actor, client_id, event };
        if entry.event == Event::LocationRevoked {
            timeline::forget_location(tx.conn, chat.id)?;
            outbox::forget_location(tx, chat.id)?;
        }
        evolve(&mut chat, &entry);
        timeline::append(tx.conn, chat.id, &entry, receipt.map(|receipt| &receipt.fingerprint))?;
        outbox::enqueue_entry(tx, &chat, &entry)?;
        recorded.push(entry);
    }
    let chat = Arc::new(chat);
    if only_messages {
        rows::update_message(tx, &chat)?
    } else {
        rows::update(tx, before, &chat)?
    }
    if let Some(receipt) = receipt {
        receipts::hear(tx, chat.id, actor, receipt);
    }
    publish_change(tx, Some(before), &chat, recorded, only_messages)?;
    Ok(chat)
}

fn publish_change(
    tx: &mut Tx<'_>,
    before: Option<&Chat>,
    chat: &Arc<Chat>,
    recorded: Vec<Recorded>,
    only_messages: bool,
) -> Result<(), StoreError> {
    let (visitor_name, unread) = if only_messages {
        (None, 0)
    } else {
        let name: Option<Option<String>> =
            visitors::table.find(chat.request.visitor).select(visitors::name).get_result(tx.conn).optional()?;
        (name.flatten().map(Arc::from), timeline::unread(tx.conn, chat.id, chat.marks.agent.read)?)
    };
    publish_deadline(tx, chat);
    let loads_changed = before.is_none_or(|before| before.agent != chat.agent);
    for agent in [before.and_then(|before| before.agent), chat.agent].into_iter().flatten().filter(|_| loads_changed) {
        tx.publish(Effect::Agent(agent));
    }
    let idle_moved = before.is_some_and(|before| before.idle_since != chat.idle_since);
    let change = ChatChange { before: before.map(Standing::of), idle_moved, chat: Arc::clone(chat), recorded, visitor_name, unread };
    tx.publish(Effect::Chat(Box::new(change)));
    Ok(())
}

/// Puts a chat's next deadline on the agenda, after the COMMIT.
pub(super) fn publish_deadline(tx: &mut Tx<'_>, chat: &Chat) {
    let due = deadline::next(chat, &tx.directory).map(|deadline| deadline.due);
    tx.publish(Effect::Deadline { chat: chat.id, due });
}

fn mark(tx: &mut Tx<'_>, id: ChatId, by: Actor, delivered: i64, read: i64) -> Result<(), StoreError> {
    let chat = rows::known(tx, id)?.ok_or(Refusal::NotFound)?;
    let side = match by {
        Actor::Visitor(visitor) if chat.request.visitor == visitor => Side::Visitor,
        Actor::Agent(agent) if chat.agent == Some(agent) => Side::Agent,
        _ => return Err(Refusal::NotFound.into()),
    };
    let raise = |mark: &mut crate::domain::chat::Mark| {
        let read = read.clamp(mark.read, chat.last_seq);
        let delivered = delivered.clamp(mark.delivered, chat.last_seq).max(read);
        *mark = crate::domain::chat::Mark { delivered, read };
    };
    let mut marks: Marks = chat.marks;
    match side {
        Side::Visitor => raise(&mut marks.visitor),
        Side::Agent => raise(&mut marks.agent),
    }
    if marks == chat.marks {
        return Ok(());
    }
    let chat = Arc::new(Chat { marks, ..(*chat).clone() });
    rows::update_marks(tx, &chat)?;
    tx.publish(Effect::Marks { chat: id, visitor: chat.request.visitor, department: chat.department, agent: chat.agent, marks });
    Ok(())
}

/// The chats that an agent has.
fn active_count(conn: &mut SqliteConnection, agent: AgentId) -> Result<i32, StoreError> {
    let active: i64 = chats::table.filter(chats::agent_id.eq(agent)).filter(IsActive::new(chats::state)).count().get_result(conn)?;
    Ok(i32::try_from(active).unwrap_or(i32::MAX))
}
