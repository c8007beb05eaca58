//! Records what attempts came to: many at once, in one transaction with the deliveries' states, the endpoints' health, and the successors that may go now.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SqliteConnection};

use super::{IsDue, KeepsOrder, enrich};
use crate::domain::backoff::ATTEMPTS_HOLDING_ORDER_MAX;
use crate::domain::delivery::{Attempt, AttemptCode, Cause, DeliveryState, Settlement};
use crate::domain::endpoint::health::{DisabledReason, Health, Warning};
use crate::domain::enrichment::Told;
use crate::domain::ids::{ChatId, EndpointId};
use crate::domain::time::{Moment, Timestamp};
use crate::store::Store;
use crate::store::effect::Effect;
use crate::store::endpoints;
use crate::store::error::StoreError;
use crate::store::prepared::{first, update_where};
use crate::store::schema::{attempts, deliveries};
use crate::store::writer::Tx;
use crate::wire::stored_endpoint::pairs_text;

/// An attempt that has ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The delivery.
    pub position: i64,
    /// Its destination.
    pub endpoint: EndpointId,
    /// The chat whose order it keeps.
    pub chat: Option<ChatId>,
    /// Why it exists.
    pub cause: Cause,
    /// The number of the attempt, from 1.
    pub number: u32,
    /// The POST.
    pub attempt: Attempt,
    /// What follows.
    pub settlement: Settlement,
    /// When it ended, in steady time.
    pub ended_steady: Timestamp,
}

/// A delivery that waited for an earlier one of its chat, and may go now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released {
    /// Its destination.
    pub endpoint: EndpointId,
    /// Its place among all deliveries.
    pub position: i64,
    /// From when it is due, in steady time.
    pub at: Timestamp,
}

/// What recording changed beyond the deliveries themselves.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// Deliveries that were let pass.
    pub released: Vec<Released>,
    /// Endpoints that were disabled.
    pub disabled: BTreeSet<EndpointId>,
    /// Endpoints on the way to being disabled that reached a new step.
    pub warned: Vec<(EndpointId, Warning)>,
}

impl Store {
    /// Records attempts that have ended.
    ///
    /// # Errors
    /// A fault of the database; nothing is recorded then, and all may be handed in again.
    pub async fn record_attempts(&self, ended: std::sync::Arc<Vec<Ended>>) -> Result<Recorded, StoreError> {
        let counted = std::sync::Arc::clone(&ended);
        // Read here, so that the writer has less to do.
        let told: Vec<Told> = ended.iter().map(enrich::told).collect();
        let recorded = self
            .write(move |tx| {
                let mut recorded = Recorded::default();
                let mut health: BTreeMap<EndpointId, Health> = BTreeMap::new();
                for (result, told) in ended.iter().zip(&told) {
                    insert_attempt(tx.conn, result)?;
                    settle(tx, result, &mut recorded)?;
                    enrich::take(tx, result, told)?;
                    if result.cause.keeps_order() {
                        note_health(tx, result, &mut health, &mut recorded)?;
                    }
                }
                for (endpoint, health) in &health {
                    endpoints::write_health(tx.conn, *endpoint, health)?;
                }
                for endpoint in &recorded.disabled {
                    super::hold(tx.conn, *endpoint)?;
                }
                if !recorded.disabled.is_empty() {
                    endpoints::disabled(tx)?;
                }
                super::health::count_in(tx, &ended)?;
                tx.publish(Effect::DeliveriesMoved);
                Ok(recorded)
            })
            .await?;
        for result in counted.iter() {
            self.metrics().attempted(result.attempt.code.as_str(), result.attempt.duration_ms);
        }
        Ok(recorded)
    }
}

fn insert_attempt(conn: &mut SqliteConnection, result: &Ended) -> Result<(), StoreError> {
    let attempt = &result.attempt;
    // A dispatcher that broke may have handed this number in when the next one had already sent it again: the first stands, and blocks no other result.
    diesel::insert_or_ignore_into(attempts::table)
        .values((
            attempts::delivery_position.eq(result.position),
            attempts::number.eq(i32::try_from(result.number).unwrap_or(i32::MAX)),
            attempts::at.eq(attempt.at),
            attempts::duration_ms.eq(attempt.duration_ms),
            attempts::resolved_ms.eq(attempt.resolved_ms),
            attempts::connected_ms.eq(attempt.connected_ms),
            attempts::answered_ms.eq(attempt.answered_ms),
            attempts::url.eq(&attempt.url),
            attempts::request_headers.eq(pairs_text(&attempt.request_headers)),
            attempts::status.eq(attempt.status.map(i32::from)),
            attempts::code.eq(attempt.code.as_str()),
            attempts::response_headers.eq(attempt.status.map(|_| pairs_text(&attempt.response_headers))),
            attempts::response_body.eq(attempt.status.map(|_| attempt.response_body.as_slice())),
            attempts::response_truncated.eq(attempt.response_truncated),
            attempts::remote_address.eq(attempt.remote_address.as_deref()),
        ))
        .execute(conn)?;
    Ok(())
}

fn settle(tx: &mut Tx<'_>, result: &Ended, recorded: &mut Recorded) -> Result<(), StoreError> {
    let Some(state) = write_state(tx, result)? else { return Ok(()) };
    let (Some(chat), true) = (result.chat, result.cause.keeps_order()) else { return Ok(()) };
    let strict = tx.directory.endpoints.get(&result.endpoint).is_some_and(|endpoint| endpoint.draft.strict_order);
    let lets_pass = state != DeliveryState::Due || (!strict && result.number >= ATTEMPTS_HOLDING_ORDER_MAX);
    if lets_pass && let Some(position) = let_pass(tx.conn, result.endpoint, chat, result.position, strict, tx.now)? {
        recorded.released.push(Released { endpoint: result.endpoint, position, at: tx.now.steady });
    }
    Ok(())
}

/// Writes where the delivery stands now; answers that, or nothing where the delivery is gone.
fn write_state(tx: &mut Tx<'_>, result: &Ended) -> Result<Option<DeliveryState>, StoreError> {
    let row = deliveries::table.filter(deliveries::position.eq(result.position));
    let changes = |state: DeliveryState| {
        let next = (state == DeliveryState::Due).then(|| result.ended_steady.plus_ms(result.settlement.retry_in_ms.unwrap_or(0)));
        (
            deliveries::state.eq(state.as_str()),
            deliveries::attempts.eq(i32::try_from(result.number).unwrap_or(i32::MAX)),
            deliveries::next_steady.eq(next),
            deliveries::last_code.eq(Some(result.attempt.code.as_str())),
            deliveries::last_status.eq(result.attempt.status.map(i32::from)),
            deliveries::ended_at.eq(state.has_ended().then_some(tx.now.wall)),
        )
    };
    let settled = result.settlement.state;
    // As good as always it stands as it was read.
    let as_read = deliveries::position.eq(result.position).and(IsDue::new(deliveries::state));
    if update_where("deliveries", changes(settled), as_read).execute(tx.conn)? > 0 {
        return Ok(Some(settled));
    }
    let Some(before) = row.select(deliveries::state).first::<String>(tx.conn).optional()? else { return Ok(None) };
    let state = state_after(&before, settled);
    update_where("deliveries", changes(state), deliveries::position.eq(result.position)).execute(tx.conn)?;
    Ok(Some(state))
}

/// What was decided meanwhile stands, but for a success: that is a fact. What holds erased data stays erased.
fn state_after(before: &str, settled: DeliveryState) -> DeliveryState {
    match DeliveryState::parse(before) {
        Some(kept @ (DeliveryState::Erased | DeliveryState::Revoked)) => kept,
        Some(kept @ (DeliveryState::Held | DeliveryState::EndpointRemoved)) if settled != DeliveryState::Delivered => kept,
        Some(_) | None => settled,
    }
}

/// Makes the first delivery of the chain after `after` that must not be passed due, if it waits. Answers its position if it did.
pub(super) fn let_pass(
    conn: &mut SqliteConnection,
    endpoint: EndpointId,
    chat: ChatId,
    after: i64,
    strict: bool,
    now: Moment,
) -> Result<Option<i64>, StoreError> {
    let holding = if strict { i32::MAX } else { i32::try_from(ATTEMPTS_HOLDING_ORDER_MAX).unwrap_or(i32::MAX) };
    let chain = deliveries::table
        .filter(deliveries::endpoint_id.eq(endpoint).and(deliveries::chat_id.eq(chat)).and(deliveries::position.gt(after)))
        .filter(IsDue::new(deliveries::state).and(deliveries::attempts.lt(holding)))
        .filter(KeepsOrder::new(deliveries::cause))
        .order(deliveries::position)
        .select((deliveries::position, deliveries::next_steady));
    let Some((position, None)) = first::<(i64, Option<Timestamp>)>(chain, conn)? else { return Ok(None) };
    update_where("deliveries", deliveries::next_steady.eq(Some(now.steady)), deliveries::position.eq(position)).execute(conn)?;
    Ok(Some(position))
}

fn note_health(tx: &mut Tx<'_>, result: &Ended, all: &mut BTreeMap<EndpointId, Health>, recorded: &mut Recorded) -> Result<(), StoreError> {
    let before = match all.get(&result.endpoint) {
        Some(health) => *health,
        None => match endpoints::health(tx.conn, result.endpoint)? {
            Some(health) => health,
            None => return Ok(()),
        },
    };
    let now = tx.now.wall;
    let mut after = if result.attempt.code == AttemptCode::Delivered {
        before.succeeded(now)
    } else if result.attempt.code == AttemptCode::Interrupted {
        // Ours, not the receiver's.
        before
    } else {
        before.failed(now)
    };
    let warning = after.warning();
    if warning > before.warning() {
        recorded.warned.push((result.endpoint, warning));
    }
    let reason = result.settlement.disable.or((warning == Warning::Over).then_some(DisabledReason::Failing));
    if let Some(reason) = reason
        && after.disabled.is_none()
    {
        after.disabled = Some((now, reason));
        recorded.disabled.insert(result.endpoint);
    }
    all.insert(result.endpoint, after);
    Ok(())
}
