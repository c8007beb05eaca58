//! Queues deliveries again, many at a time: which of them go, in which order, and what becomes of those whose place they take.
//!
//! The order of a chat is that of its events: when the first of its deliveries is reached, all that fit go, ordered by event, so that those
//! which were sent again before don't fall behind those which were not. What was queued after the resending began is its own or newer, and
//! is what keeps anything from going twice.

use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, RunQueryDsl, SqliteConnection};

use super::walk::Walk;
use crate::domain::delivery::{Cause, DeliveryState};
use crate::domain::delivery_filter::{DeliveryFilter, goes_again};
use crate::domain::ids::{ChatId, EndpointId, EventId};
use crate::domain::resending::{Kind, Resending};
use crate::domain::time::Timestamp;
use crate::store::Tx;
use crate::store::error::StoreError;
use crate::store::outbox::{self, NewDelivery, Place};
use crate::store::schema::{deliveries, event_bodies, events};

/// Deliveries of one chat that go together; a chat with more goes in the order of their positions.
const CHAT_MAX: usize = 5_000;

/// What one position came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub sent: i64,
    pub skipped: i64,
}

struct Row {
    position: i64,
    event_position: i64,
    endpoint: EndpointId,
    chat: Option<ChatId>,
    kind: String,
    variant: i32,
    previous: Option<EventId>,
    state: DeliveryState,
    cause: Cause,
    test: bool,
}

/// Queues the delivery at a position again, and the others of its chat that fit.
///
/// # Errors
/// A fault of the database.
pub(super) fn again(tx: &mut Tx<'_>, resending: &Resending, position: i64, tally: &mut Tally) -> Result<(), StoreError> {
    let Some(row) = row(tx.conn, position)? else { return Ok(()) };
    if was_taken(tx.conn, resending, &row)? {
        return Ok(());
    }
    if !may_go(tx, resending, &row)? {
        tally.skipped += 1;
        return Ok(());
    }
    let Some(chat) = row.chat else {
        queue(tx, &row)?;
        tally.sent += 1;
        return Ok(());
    };
    for mate in mates(tx, resending, row, chat)? {
        if !was_taken(tx.conn, resending, &mate)? && may_go(tx, resending, &mate)? {
            queue(tx, &mate)?;
            tally.sent += 1;
        }
    }
    Ok(())
}

/// The deliveries of the chat that fit, this one among them, in the order of their events.
fn mates(tx: &mut Tx<'_>, resending: &Resending, row: Row, chat: ChatId) -> Result<Vec<Row>, StoreError> {
    let filter = DeliveryFilter { endpoint: Some(row.endpoint), chat: Some(chat), ..resending.filter.clone() };
    let walk = Walk::of(tx.conn, &filter, &tx.directory)?;
    let found = walk.find(tx.conn, None, false, CHAT_MAX)?;
    let own = row.position;
    let mut mates = vec![row];
    for position in found.positions.into_iter().filter(|position| *position <= resending.upto && *position != own) {
        mates.extend(self::row(tx.conn, position)?);
    }
    mates.sort_by_key(|mate| (mate.event_position, mate.position));
    Ok(mates)
}

/// Whether this resending, or somebody since it began, has queued the event to the endpoint.
fn was_taken(conn: &mut SqliteConnection, resending: &Resending, row: &Row) -> Result<bool, StoreError> {
    let newer: Option<i64> = deliveries::table
        .filter(deliveries::event_position.eq(row.event_position))
        .filter(deliveries::endpoint_id.eq(row.endpoint))
        .filter(deliveries::position.gt(resending.upto))
        .select(deliveries::position)
        .first(conn)
        .optional()?;
    Ok(newer.is_some())
}

fn may_go(tx: &mut Tx<'_>, resending: &Resending, row: &Row) -> Result<bool, StoreError> {
    let wanted = resending.filter.states.is_empty() || resending.filter.states.contains(&row.state);
    // A resend of a test is no test by its cause.
    let is_ours = resending.kind == Kind::Filtered || row.cause.keeps_order();
    if !wanted || !is_ours || row.test || !goes_again(row.state, row.cause) {
        return Ok(false);
    }
    if !tx.directory.endpoints.get(&row.endpoint).is_some_and(crate::domain::endpoint::Endpoint::is_live) {
        return Ok(false);
    }
    Ok(has_body(tx.conn, row)? && (row.state == DeliveryState::Held || !has_better(tx.conn, row)?))
}

fn has_body(conn: &mut SqliteConnection, row: &Row) -> Result<bool, StoreError> {
    let there: Option<bool> = event_bodies::table
        .find((row.event_position, row.variant))
        .select(diesel::dsl::sql::<diesel::sql_types::Bool>("body is not null"))
        .first(conn)
        .optional()?;
    Ok(there.unwrap_or(false))
}

/// Whether the event is on its way to the endpoint by another delivery, or has come by a later one where this one failed.
fn has_better(conn: &mut SqliteConnection, row: &Row) -> Result<bool, StoreError> {
    let others: Vec<(i64, String)> = deliveries::table
        .filter(deliveries::event_position.eq(row.event_position))
        .filter(deliveries::endpoint_id.eq(row.endpoint))
        .filter(deliveries::position.ne(row.position))
        .select((deliveries::position, deliveries::state))
        .load(conn)?;
    Ok(others.iter().any(|(position, state)| {
        let arrived = state == DeliveryState::Delivered.as_str() && row.state != DeliveryState::Delivered && *position > row.position;
        arrived || super::OPEN.contains(&state.as_str())
    }))
}

fn queue(tx: &mut Tx<'_>, row: &Row) -> Result<(), StoreError> {
    let directory = std::sync::Arc::clone(&tx.directory);
    let Some(endpoint) = directory.endpoints.get(&row.endpoint) else { return Ok(()) };
    let place = Place { previous: row.previous, ..outbox::place(tx.conn, endpoint, row.chat, tx.now)? };
    let new = NewDelivery {
        event_position: row.event_position,
        endpoint: row.endpoint,
        chat: row.chat,
        event: row.kind.parse().map_err(|_unknown| StoreError::corrupt(&row.kind))?,
        variant: row.variant,
        cause: Cause::Recover,
        created_at: tx.now.wall,
    };
    outbox::insert_delivery(tx.conn, &new, &place)?;
    if row.state == DeliveryState::Held { supersede(tx.conn, row.position, tx.now.wall) } else { Ok(()) }
}

/// A new delivery stands in the place of a held one: it keeps its attempts if it had any, else it goes.
fn supersede(conn: &mut SqliteConnection, position: i64, at: Timestamp) -> Result<(), StoreError> {
    let held = deliveries::table.find(position);
    let attempts: i32 = held.select(deliveries::attempts).first(conn)?;
    if attempts == 0 {
        diesel::delete(held).execute(conn)?;
    } else {
        diesel::update(held)
            .set((deliveries::state.eq(DeliveryState::Failed.as_str()), deliveries::ended_at.eq(Some(at))))
            .execute(conn)?;
    }
    Ok(())
}

type Columns = (i64, i64, EndpointId, Option<ChatId>, String, i32, Option<EventId>, String, String, bool);

fn row(conn: &mut SqliteConnection, position: i64) -> Result<Option<Row>, StoreError> {
    let found: Option<Columns> = deliveries::table
        .inner_join(events::table.on(events::position.eq(deliveries::event_position)))
        .filter(deliveries::position.eq(position))
        .select((
            deliveries::position,
            deliveries::event_position,
            deliveries::endpoint_id,
            deliveries::chat_id,
            deliveries::kind,
            deliveries::variant,
            deliveries::previous_event_id,
            deliveries::state,
            deliveries::cause,
            events::test,
        ))
        .first(conn)
        .optional()?;
    let Some((position, event_position, endpoint, chat, kind, variant, previous, state, cause, test)) = found else { return Ok(None) };
    let state = DeliveryState::parse(&state).ok_or_else(|| StoreError::corrupt(&state))?;
    let cause = Cause::parse(&cause).ok_or_else(|| StoreError::corrupt(&cause))?;
    Ok(Some(Row { position, event_position, endpoint, chat, kind, variant, previous, state, cause, test }))
}
