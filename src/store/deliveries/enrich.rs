//! Takes what a receiver's answer tells, in the transaction that records the attempt: after a crash there are both or none, and never twice.
//!
//! It enters as commands `by: webhook`, so what follows from it is the same as for anybody else. A failure here costs the answer, never the record of
//! the attempt.

use std::collections::BTreeSet;
use std::sync::Arc;

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SqliteConnection};

use super::results::Ended;
use crate::domain::chat::Chat;
use crate::domain::chat::command::{Actor, Command, Recipient};
use crate::domain::delivery::{AttemptCode, DeliveryState};
use crate::domain::enrichment::decide::{Decided, Filling, Known, bars, decide, is_answered};
use crate::domain::enrichment::{Answer, Enrichment, Field, Reason, Told};
use crate::domain::event_type::EventType;
use crate::domain::visitor::Visitor;
use crate::store::effect::{Effect, Standing};
use crate::store::error::StoreError;
use crate::store::schema::{attempts, deliveries, visitors as rows};
use crate::store::writer::{Tx, in_savepoint};
use crate::store::{chats, commands, outbox, timeline, visitors};
use crate::wire::{answer, stored_enrichment};

/// Reads what an attempt's answer tells.
pub(super) fn told(ended: &Ended) -> Told {
    let attempt = &ended.attempt;
    if !attempt.status.is_some_and(|status| (200..300).contains(&status)) {
        return Told::Nothing;
    }
    if attempt.code != AttemptCode::Delivered {
        return Told::Unread(Reason::Incomplete);
    }
    if attempt.response_truncated { Told::Unread(Reason::TooLarge) } else { answer::read(&attempt.response_body) }
}

/// Takes what may be taken, and keeps beside the attempt what became of it.
pub(super) fn take(tx: &mut Tx<'_>, ended: &Ended, told: &Told) -> Result<(), StoreError> {
    let endpoint = tx.directory.endpoints.get(&ended.endpoint).filter(|endpoint| endpoint.archived_at.is_none());
    let allowed = endpoint.map(|endpoint| endpoint.draft.enrich.clone()).unwrap_or_default();
    let outcome = match told {
        Told::Nothing => return Ok(()),
        // Most receivers answer some words of their own; that is nobody's fault unless they were asked for more.
        Told::Unread(_) if allowed.is_empty() => return Ok(()),
        _ if !is_heard(tx.conn, ended.position)? => return Ok(()),
        Told::Unread(reason) => Enrichment::none(*reason),
        Told::Answer(answer) => match bars(ended.cause) {
            Some(reason) => Enrichment::none(reason),
            None => guarded(tx, ended, answer, &allowed)?,
        },
    };
    diesel::update(attempts::table.find((ended.position, i32::try_from(ended.number).unwrap_or(i32::MAX))))
        .set(attempts::enrichment.eq(Some(stored_enrichment::enrichment_text(&outcome))))
        .execute(tx.conn)?;
    Ok(())
}

/// What became of the last answer to a delivery that told something.
pub(super) fn of_delivery(conn: &mut SqliteConnection, position: i64) -> Result<Option<Enrichment>, StoreError> {
    let last: Option<Option<String>> = attempts::table
        .filter(attempts::delivery_position.eq(position))
        .filter(attempts::enrichment.is_not_null())
        .order(attempts::number.desc())
        .select(attempts::enrichment)
        .first(conn)
        .optional()?;
    Ok(last.flatten().as_deref().map(stored_enrichment::enrichment_from).transpose()?)
}

/// Whether answers to the delivery's event are read.
fn is_heard(conn: &mut SqliteConnection, position: i64) -> Result<bool, StoreError> {
    let kind: Option<String> = deliveries::table.find(position).select(deliveries::kind).first(conn).optional()?;
    Ok(kind.and_then(|kind| kind.parse::<EventType>().ok()).is_some_and(is_answered))
}

fn guarded(tx: &mut Tx<'_>, ended: &Ended, answer: &Answer, allowed: &BTreeSet<Field>) -> Result<Enrichment, StoreError> {
    match in_savepoint(tx, &mut |tx: &mut Tx<'_>| enrich(tx, ended, answer, allowed)) {
        Err(error) if error.is_of_data() => {
            tracing::error!(%error, endpoint = %ended.endpoint, "an answer could not be taken");
            Ok(Enrichment::none(Reason::Failed))
        }
        // A fault of the database undoes the whole batch; the attempts are recorded again later, and their answers taken then.
        outcome => outcome,
    }
}

fn enrich(tx: &mut Tx<'_>, ended: &Ended, answer: &Answer, allowed: &BTreeSet<Field>) -> Result<Enrichment, StoreError> {
    let state: String = deliveries::table.find(ended.position).select(deliveries::state).first(tx.conn)?;
    let is_withdrawn = matches!(DeliveryState::parse(&state), Some(DeliveryState::Erased | DeliveryState::Revoked));
    let Some(chat) = ended.chat.map(|chat| chats::find(tx.conn, chat)).transpose()?.flatten().filter(|_| !is_withdrawn) else {
        return Ok(Enrichment::none(Reason::Withdrawn));
    };
    let erased_at: Option<crate::domain::time::Timestamp> =
        rows::table.find(chat.request.visitor).select(rows::erased_at).first(tx.conn)?;
    if erased_at.is_some() {
        return Ok(Enrichment::none(Reason::Withdrawn));
    }
    let visitor = visitors::get(tx.conn, chat.request.visitor)?;
    let notes = if answer.note.is_empty() { Vec::new() } else { timeline::notes_by(tx.conn, chat.id, ended.endpoint)? };
    let (directory, custom) = (Arc::clone(&tx.directory), stored_enrichment::custom_names(&visitor.custom));
    let known = Known {
        chat: &chat,
        visitor: &visitor,
        custom: &custom,
        notes: &notes,
        directory: &directory,
        endpoint: ended.endpoint,
        now: tx.now.wall,
    };
    let decided = decide(answer, allowed, &known);
    carry_out(tx, ended, &chat, &visitor, decided)
}

/// The visitor first, so that what follows tells of them as they are known now; the department last, since it calls other people.
fn carry_out(tx: &mut Tx<'_>, ended: &Ended, chat: &Chat, visitor: &Visitor, decided: Decided) -> Result<Enrichment, StoreError> {
    let by = Actor::Webhook(ended.endpoint);
    if !decided.filling.is_empty() {
        fill(tx, ended, chat, visitor, &decided.filling)?;
    }
    let commands = [
        decided.tags.map(Command::Tag),
        decided.note.map(Command::Note),
        decided.department.map(|department| Command::Transfer { to: Recipient::Department(department), note: None }),
    ];
    for command in commands.into_iter().flatten() {
        commands::execute(tx, chat.id, by, &command, None)?;
    }
    Ok(decided.outcome)
}

fn fill(tx: &mut Tx<'_>, ended: &Ended, chat: &Chat, visitor: &Visitor, filling: &Filling) -> Result<(), StoreError> {
    visitors::fill(tx, visitor, filling, ended.endpoint)?;
    let changed = filling.changed();
    if !changed.is_empty() {
        outbox::enqueue_visitor_updated(tx, chat, Actor::Webhook(ended.endpoint), &changed)?;
    }
    let name = filling.name.as_deref().map(Arc::from);
    tx.publish(Effect::VisitorCard { chat: chat.id, standing: Standing::of(chat), visitor: visitor.id, name });
    Ok(())
}
