//! What keeps a command that is sent twice from acting twice, for ever.
//!
//! A command that made an entry has its receipt in that entry's row (the last one's, of several): no row and no page more than the entry needs anyway. One
//! that made none, since it was already true, has a row in `receipts`, as have requests, whose scope is a site.
//!
//! That a command is new, which almost all are, is known without looking: the writer keeps for each open chat the hashes of what it has heard
//! (`OpenChats`). Only a known hash is looked up. Deliberately knows nothing of what commands do.

use std::collections::HashSet;

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SqliteConnection};

use super::Done;
use crate::domain::chat::command::Actor;
use crate::domain::chat::refusal::Refusal;
use crate::domain::ids::ChatId;
use crate::domain::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::schema::{receipts, timeline};
use crate::store::timeline::actor_id;
use crate::store::{Tx, chats};

/// The author's own name for a command, so that one sent twice acts once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub client_id: String,
    /// A hash of the command's content.
    pub fingerprint: [u8; 16],
}

/// What became of this author's command in this chat, if it was carried out before.
///
/// # Errors
/// `ClientIdReused` for another command under its name; a fault of the database.
pub(in crate::store) fn repeated(tx: &mut Tx<'_>, chat: ChatId, by: Actor, receipt: &Receipt) -> Result<Option<Done>, StoreError> {
    if may_be_known(tx, chat, &author(by), &receipt.client_id)? {
        return find(tx.conn, chat, by, receipt);
    }
    debug_assert_eq!(find(tx.conn, chat, by, receipt)?, None, "a command was carried out and not heard");
    Ok(None)
}

/// Notes that a command was carried out that made no entry.
///
/// # Errors
/// A fault of the database.
pub(super) fn note(tx: &mut Tx<'_>, chat: ChatId, by: Actor, receipt: &Receipt) -> Result<(), StoreError> {
    insert(tx, chat.0.as_bytes(), by, receipt, Some(chat), None)?;
    hear(tx, chat, by, receipt);
    Ok(())
}

/// From now on this command is known; its row is written by who calls.
pub(super) fn hear(tx: &mut Tx<'_>, chat: ChatId, by: Actor, receipt: &Receipt) {
    tx.chats.hear(chat, &author(by), &receipt.client_id);
}

/// What became of this author's request or message under this scope.
///
/// # Errors
/// `ClientIdReused` for another one under its name; a fault of the database.
pub(super) fn repeated_under(
    conn: &mut SqliteConnection,
    scope: &[u8],
    by: Actor,
    receipt: &Receipt,
) -> Result<Option<(Option<ChatId>, Done)>, StoreError> {
    let found: Option<ReceiptRow> = receipts::table
        .find((scope, author(by), &receipt.client_id))
        .select((receipts::fingerprint, receipts::chat_id, receipts::seq, receipts::at))
        .get_result(conn)
        .optional()?;
    let Some((fingerprint, chat, seq, at)) = found else { return Ok(None) };
    same(&fingerprint, receipt, Done { seq, at, repeated: true }).map(|done| Some((chat, done)))
}

type ReceiptRow = (Vec<u8>, Option<ChatId>, Option<i64>, Timestamp);

/// Notes what is known under a scope of its own.
///
/// # Errors
/// A fault of the database.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    scope: &[u8],
    by: Actor,
    receipt: &Receipt,
    chat: Option<ChatId>,
    seq: Option<i64>,
) -> Result<(), StoreError> {
    diesel::insert_into(receipts::table)
        .values((
            receipts::scope.eq(scope),
            receipts::author.eq(author(by)),
            receipts::client_id.eq(&receipt.client_id),
            receipts::fingerprint.eq(receipt.fingerprint.as_slice()),
            receipts::chat_id.eq(chat),
            receipts::seq.eq(seq),
            receipts::at.eq(tx.now.wall),
        ))
        .execute(tx.conn)?;
    Ok(())
}

fn author(by: Actor) -> Vec<u8> {
    actor_id(by).map_or_else(Vec::new, |id| id.as_bytes().to_vec())
}

/// False where it surely is new.
fn may_be_known(tx: &mut Tx<'_>, chat: ChatId, author: &[u8], client_id: &str) -> Result<bool, StoreError> {
    if let Some(known) = tx.chats.has_heard(chat, author, client_id) {
        return Ok(known);
    }
    if chats::known(tx, chat)?.is_none_or(|chat| !chat.state.is_open()) {
        return Ok(true);
    }
    let heard = all_heard(tx.conn, chat)?;
    tx.chats.hear_all(chat, heard.iter().map(|(author, client_id)| (author.as_slice(), client_id.as_str())));
    Ok(tx.chats.has_heard(chat, author, client_id).unwrap_or(true))
}

fn all_heard(conn: &mut SqliteConnection, chat: ChatId) -> Result<HashSet<(Vec<u8>, String)>, StoreError> {
    let of_entries = timeline::table.filter(timeline::chat_id.eq(chat)).filter(timeline::fingerprint.is_not_null());
    let of_entries: Vec<(Option<Vec<u8>>, Option<String>)> = of_entries.select((timeline::actor_id, timeline::client_id)).load(conn)?;
    let others = receipts::table.filter(receipts::scope.eq(chat.0.as_bytes().as_slice()));
    let others: Vec<(Vec<u8>, String)> = others.select((receipts::author, receipts::client_id)).load(conn)?;
    let of_entries = of_entries.into_iter().map(|(author, client_id)| (author.unwrap_or_default(), client_id.unwrap_or_default()));
    Ok(of_entries.chain(others).collect())
}

fn find(conn: &mut SqliteConnection, chat: ChatId, by: Actor, receipt: &Receipt) -> Result<Option<Done>, StoreError> {
    let of_entry: Option<(Option<Vec<u8>>, i64, Timestamp)> = timeline::table
        .filter(timeline::chat_id.eq(chat))
        .filter(timeline::client_id.eq(&receipt.client_id))
        .filter(timeline::actor_id.eq(author(by)))
        .filter(timeline::fingerprint.is_not_null())
        .select((timeline::fingerprint, timeline::seq, timeline::at))
        .first(conn)
        .optional()?;
    match of_entry {
        Some((fingerprint, seq, at)) => {
            same(&fingerprint.unwrap_or_default(), receipt, Done { seq: Some(seq), at, repeated: true }).map(Some)
        }
        None => Ok(repeated_under(conn, chat.0.as_bytes(), by, receipt)?.map(|(_, done)| done)),
    }
}

fn same(fingerprint: &[u8], receipt: &Receipt, done: Done) -> Result<Done, StoreError> {
    if fingerprint == receipt.fingerprint { Ok(done) } else { Err(Refusal::ClientIdReused.into()) }
}
