//! Deliveries from queued to ended: what is due, what became of attempts, what people look up, send again and recover.
//!
//! A delivery that waits for an earlier one of its chat is `due` without a time; it gets one when the earlier one ends, or after that one's
//! third attempt ([`results`]). What is in flight is the dispatcher's own knowledge: until a result is recorded the row stays `due`, so that
//! after a crash it is simply due again.

mod again;
mod due;
mod enrich;
pub mod health;
mod list;
mod log;
mod overdue;
mod past;
mod resend;
mod resendings;
mod results;
mod retention;
mod walk;

pub use due::{Fresh, Job, LaneAsk, LaneDue, News};
pub use list::DeliveryDetail;
pub use log::{COUNT_MAX, PAGE_MAX};
pub use past::Past;
pub use results::{Ended, Recorded, Released};
pub use retention::Sweep;
pub use walk::SEARCH_ROWS_MAX;

pub use crate::domain::delivery_filter::DeliveryFilter;

use diesel::sql_types::{BigInt, Bool, Integer};
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, SqliteConnection, sql_query};

use super::effect::Effect;
use super::error::StoreError;
use super::schema::{deliveries, event_bodies, events};
use super::writer::Tx;
use crate::domain::backoff::{RETRY_AFTER_SECONDS_MAX, RETRY_DELAYS_SECONDS, delay_with_jitter_ms_max};
use crate::domain::delivery::{Cause, DeliveryState};
use crate::domain::event_type::EventType;
use crate::domain::ids::{ChatId, EndpointId, VisitorId};
use crate::domain::time::{Moment, Timestamp};

/// States of a delivery that has not ended.
const OPEN: [&str; 3] = [DeliveryState::Due.as_str(), DeliveryState::Sending.as_str(), DeliveryState::Held.as_str()];
/// Causes that keep a chat's order and wait where the endpoint is disabled.
const ORDERED: [&str; 2] = [Cause::Event.as_str(), Cause::Recover.as_str()];

// Written out, not bound: see `prepared`. The first three are the conditions of the partial indexes.
diesel::postfix_operator!(IsDue, " = 'due'", Bool);
diesel::postfix_operator!(IsFirst, " = 0", Bool);
diesel::postfix_operator!(IsLater, " > 0", Bool);
diesel::postfix_operator!(KeepsOrder, " in ('event', 'recover')", Bool);

/// The boot rule: what was being sent is due again at once, and nothing waits longer than its schedule, whatever the clock did meanwhile.
///
/// # Errors
/// A fault of the database.
pub fn boot(conn: &mut SqliteConnection, now: Moment) -> Result<(), StoreError> {
    diesel::update(deliveries::table.filter(deliveries::state.eq(DeliveryState::Sending.as_str())))
        .set((deliveries::state.eq(DeliveryState::Due.as_str()), deliveries::next_steady.eq(Some(now.steady))))
        .execute(conn)?;
    for (attempts, delay) in (1_i32..).zip(RETRY_DELAYS_SECONDS) {
        // A longer wait than the schedule's is one that the receiver asked for.
        sql_query(
            "update deliveries set next_steady = ?1 where state = 'due' and attempts = ?2 and next_steady > ?3 and (next_steady > ?4 or not exists \
             (select 1 from attempts a where a.delivery_position = position and a.number = ?2 and a.response_headers like '%\"retry-after\"%'))",
        )
        .bind::<BigInt, _>(now.steady.plus_seconds(delay))
        .bind::<Integer, _>(attempts)
        .bind::<BigInt, _>(now.steady.plus_ms(with_jitter_ms(delay)))
        .bind::<BigInt, _>(now.steady.plus_ms(with_jitter_ms(delay.max(RETRY_AFTER_SECONDS_MAX))))
        .execute(conn)?;
    }
    diesel::update(
        deliveries::table
            .filter(deliveries::state.eq(DeliveryState::Due.as_str()))
            .filter(deliveries::attempts.eq(0))
            .filter(deliveries::next_steady.gt(now.steady)),
    )
    .set(deliveries::next_steady.eq(Some(now.steady)))
    .execute(conn)?;
    Ok(())
}

/// The longest that a delay can become.
fn with_jitter_ms(delay_seconds: i64) -> i64 {
    delay_with_jitter_ms_max(delay_seconds.saturating_mul(1000))
}

/// Holds what an endpoint that is disabled would have been sent.
pub(super) fn hold(conn: &mut SqliteConnection, endpoint: EndpointId) -> Result<(), StoreError> {
    diesel::update(
        deliveries::table
            .filter(deliveries::endpoint_id.eq(endpoint))
            .filter(deliveries::state.eq(DeliveryState::Due.as_str()))
            .filter(deliveries::cause.eq_any(ORDERED)),
    )
    .set((deliveries::state.eq(DeliveryState::Held.as_str()), deliveries::next_steady.eq(None::<Timestamp>)))
    .execute(conn)?;
    Ok(())
}

/// Ends everything open of an endpoint.
pub(super) fn end_open(conn: &mut SqliteConnection, endpoint: EndpointId, state: DeliveryState, at: Timestamp) -> Result<(), StoreError> {
    diesel::update(deliveries::table.filter(deliveries::endpoint_id.eq(endpoint)).filter(deliveries::state.eq_any(OPEN)))
        .set((deliveries::state.eq(state.as_str()), deliveries::next_steady.eq(None::<Timestamp>), deliveries::ended_at.eq(Some(at))))
        .execute(conn)?;
    Ok(())
}

/// Takes a chat's location back: bodies that hold it lose their bytes, and what was not delivered of them ends as `revoked`.
///
/// # Errors
/// A fault of the database.
pub fn revoke_location(tx: &mut Tx<'_>, chat: ChatId) -> Result<(), StoreError> {
    let positions: Vec<i64> = events::table
        .filter(events::chat_id.eq(chat))
        .filter(events::kind.eq(EventType::VisitorLocated.as_str()))
        .select(events::position)
        .load(tx.conn)?;
    recall(tx, &positions, DeliveryState::Revoked)
}

/// Erases what bodies hold of a visitor; what was not delivered of them ends as `erased`. Answers of receivers, and what was taken of them, go with them.
///
/// # Errors
/// A fault of the database.
pub fn erase_visitor(tx: &mut Tx<'_>, visitor: VisitorId) -> Result<(), StoreError> {
    let positions: Vec<i64> = events::table.filter(events::visitor_id.eq(visitor)).select(events::position).load(tx.conn)?;
    for position in &positions {
        sql_query(
            "update attempts set response_body = null, response_headers = null, enrichment = null where delivery_position in \
             (select position from deliveries where event_position = ?)",
        )
        .bind::<BigInt, _>(position)
        .execute(tx.conn)?;
    }
    recall(tx, &positions, DeliveryState::Erased)
}

fn recall(tx: &mut Tx<'_>, event_positions: &[i64], state: DeliveryState) -> Result<(), StoreError> {
    let mut chains: Vec<(EndpointId, ChatId)> = Vec::new();
    for position in event_positions {
        diesel::update(event_bodies::table.filter(event_bodies::event_position.eq(position)))
            .set(event_bodies::body.eq(None::<Vec<u8>>))
            .execute(tx.conn)?;
        let open = || deliveries::table.filter(deliveries::event_position.eq(position)).filter(deliveries::state.eq_any(OPEN));
        let affected: Vec<(EndpointId, Option<ChatId>)> = open().select((deliveries::endpoint_id, deliveries::chat_id)).load(tx.conn)?;
        chains.extend(affected.into_iter().filter_map(|(endpoint, chat)| Some((endpoint, chat?))));
        diesel::update(open())
            .set((
                deliveries::state.eq(state.as_str()),
                deliveries::next_steady.eq(None::<Timestamp>),
                deliveries::ended_at.eq(Some(tx.now.wall)),
            ))
            .execute(tx.conn)?;
    }
    for (endpoint, chat) in chains {
        let strict = tx.directory.endpoints.get(&endpoint).is_some_and(|endpoint| endpoint.draft.strict_order);
        results::let_pass(tx.conn, endpoint, chat, 0, strict, tx.now)?;
    }
    tx.publish(Effect::OutboxRecalled);
    Ok(())
}
