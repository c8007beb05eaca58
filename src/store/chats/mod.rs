//! Chats: read, written and kept. After the boot this module alone changes their rows, since it keeps their copies up.

mod row;

use std::sync::Arc;

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SelectableHelper, SqliteConnection};

pub use row::ChatRow;

use super::error::StoreError;
use super::schema::{chat_agents, chat_tags, chats};
use super::{Tx, prepared};
use crate::domain::chat::Chat;
use crate::domain::ids::ChatId;

const TABLE: &str = "chats";

/// The statement of [`update_message`].
struct OfMessage;

/// Reads one chat.
///
/// # Errors
/// A fault of the database.
pub fn find(conn: &mut SqliteConnection, id: ChatId) -> Result<Option<Chat>, StoreError> {
    chats::table.find(id).select(ChatRow::as_select()).get_result(conn).optional()?.map(ChatRow::into_chat).transpose()
}

/// Reads one chat that must be there.
///
/// # Errors
/// `NotFound`, or a fault of the database.
pub fn get(conn: &mut SqliteConnection, id: ChatId) -> Result<Chat, StoreError> {
    find(conn, id)?.ok_or(StoreError::NotFound)
}

/// Reads the chats that a query selects.
///
/// # Errors
/// A fault of the database.
pub(super) fn list(rows: Vec<ChatRow>) -> Result<Vec<Chat>, StoreError> {
    rows.into_iter().map(ChatRow::into_chat).collect()
}

/// One chat in a job of the writer: as it was kept, else its row.
///
/// # Errors
/// A fault of the database.
pub(super) fn known(tx: &mut Tx<'_>, id: ChatId) -> Result<Option<Arc<Chat>>, StoreError> {
    if let Some(chat) = tx.chats.get(id).map(Arc::clone) {
        debug_assert_eq!(find(tx.conn, id)?.as_ref(), Some(&*chat), "a chat was changed past its copy");
        return Ok(Some(chat));
    }
    let found = find(tx.conn, id)?.map(Arc::new);
    if let Some(chat) = &found {
        tx.chats.put(Arc::clone(chat));
    }
    Ok(found)
}

/// Writes a new chat.
///
/// # Errors
/// A fault of the database.
pub(super) fn insert(tx: &mut Tx<'_>, chat: &Arc<Chat>) -> Result<(), StoreError> {
    diesel::insert_into(chats::table).values(ChatRow::from_chat(chat)).execute(tx.conn)?;
    tx.chats.put_new(Arc::clone(chat));
    Ok(())
}

/// Writes a chat whole, with the rows by which its tags and agents are searched.
///
/// # Errors
/// A fault of the database.
pub(super) fn update(tx: &mut Tx<'_>, before: &Chat, chat: &Arc<Chat>) -> Result<(), StoreError> {
    let conn = &mut *tx.conn;
    prepared::update(TABLE, chat.id, ChatRow::from_chat(chat)).execute(conn)?;
    if before.tags != chat.tags {
        diesel::delete(chat_tags::table.filter(chat_tags::chat_id.eq(chat.id))).execute(conn)?;
        for tag in &chat.tags {
            diesel::insert_into(chat_tags::table).values((chat_tags::chat_id.eq(chat.id), chat_tags::tag_id.eq(tag))).execute(conn)?;
        }
    }
    for agent in chat.agents.iter().skip(before.agents.len()) {
        diesel::insert_into(chat_agents::table)
            .values((chat_agents::chat_id.eq(chat.id), chat_agents::agent_id.eq(agent)))
            .execute(conn)?;
    }
    tx.chats.put(Arc::clone(chat));
    tx.change_load(before.counts_for(), chat.counts_for());
    debug_assert_eq!(*tx.loads, super::commands::loads(tx.conn)?, "a chat was changed past its agent's load");
    Ok(())
}

/// Writes only what a message changes: the common case, and a tenth of the columns.
///
/// # Errors
/// A fault of the database.
pub(super) fn update_message(tx: &mut Tx<'_>, chat: &Arc<Chat>) -> Result<(), StoreError> {
    let last = chat.last_message.as_ref();
    let message = (
        chats::last_seq.eq(chat.last_seq),
        chats::last_message_by.eq(last.map(|message| row::side(message.by))),
        chats::last_message_at.eq(last.map(|message| message.at)),
        chats::last_message_body.eq(last.map(|message| &message.preview)),
        chats::idle_steady.eq(chat.idle_since),
        chats::waiting_since.eq(chat.waiting_since),
        chats::first_response_at.eq(chat.first_response_at),
        chats::visitor_messages.eq(chat.visitor_messages),
        chats::agent_messages.eq(chat.agent_messages),
        chats::last_agent_id.eq(chat.last_agent),
    );
    prepared::update_as(OfMessage, TABLE, chat.id, message).execute(tx.conn)?;
    tx.chats.put(Arc::clone(chat));
    Ok(())
}

/// Writes a chat's marks alone.
///
/// # Errors
/// A fault of the database.
pub(super) fn update_marks(tx: &mut Tx<'_>, chat: &Arc<Chat>) -> Result<(), StoreError> {
    let marks = (
        chats::visitor_delivered.eq(chat.marks.visitor.delivered),
        chats::visitor_read.eq(chat.marks.visitor.read),
        chats::agent_delivered.eq(chat.marks.agent.delivered),
        chats::agent_read.eq(chat.marks.agent.read),
    );
    prepared::update(TABLE, chat.id, marks).execute(tx.conn)?;
    tx.chats.put(Arc::clone(chat));
    Ok(())
}

/// Writes alone since when a chat's visitor is away.
///
/// # Errors
/// A fault of the database.
pub(super) fn update_absence(tx: &mut Tx<'_>, chat: &Arc<Chat>) -> Result<(), StoreError> {
    let absence =
        (chats::absent_at.eq(chat.absent_since.map(|at| at.wall)), chats::absent_steady.eq(chat.absent_since.map(|at| at.steady)));
    prepared::update(TABLE, chat.id, absence).execute(tx.conn)?;
    tx.chats.put(Arc::clone(chat));
    Ok(())
}
