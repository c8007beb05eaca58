//! Sending again what was sent, or was not: one delivery, the held and failed ones of an endpoint, and tests.

use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, RunQueryDsl, SqliteConnection};

use crate::domain::delivery::{Cause, DeliveryState};
use crate::domain::event_type::EventType;
use crate::domain::ids::{ChatId, DeliveryId, EndpointId, EventId};
use crate::domain::time::Timestamp;
use crate::store::Store;
use crate::store::effect::Effect;
use crate::store::error::{Invalid, StoreError};
use crate::store::outbox::{self, NewDelivery, Place};
use crate::store::schema::{deliveries, event_bodies, events};
use crate::wire::catalogue;
use crate::wire::payload::Named;

/// Deliveries that are recovered in one transaction.
const RECOVER_BATCH_MAX: i64 = 200;

impl Store {
    /// Queues a test of one event type for one endpoint, enabled or not: one attempt.
    ///
    /// # Errors
    /// `NotFound` for an endpoint that isn't in use, or a fault of the database.
    pub async fn send_test(&self, endpoint: EndpointId, event: EventType) -> Result<DeliveryId, StoreError> {
        self.write(move |tx| {
            let directory = std::sync::Arc::clone(&tx.directory);
            let found = directory.endpoints.get(&endpoint).filter(|endpoint| endpoint.archived_at.is_none()).ok_or(StoreError::NotFound)?;
            let organisation = directory.organisation.as_ref().ok_or(StoreError::NotFound)?;
            let organisation = Named { id: organisation.id.to_string(), name: organisation.name.clone() };
            let id = EventId::new();
            let body = catalogue::test_body(event, id, tx.now.wall, organisation, found);
            outbox::enqueue_test(tx, endpoint, event, id, &body)
        })
        .await
    }

    /// Sends one delivery again, whatever became of it: a new delivery with the same event, one attempt, outside the chat's order.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` `body_gone` where the body was erased, `endpoint_removed` where the endpoint was archived; or a fault of the database.
    pub async fn resend(&self, delivery: DeliveryId) -> Result<DeliveryId, StoreError> {
        self.write(move |tx| {
            let row: Option<Again> = deliveries::table
                .filter(deliveries::id.eq(delivery))
                .select((
                    deliveries::event_position,
                    deliveries::endpoint_id,
                    deliveries::chat_id,
                    deliveries::kind,
                    deliveries::variant,
                    deliveries::previous_event_id,
                ))
                .first(tx.conn)
                .optional()?;
            let (event_position, endpoint, chat, kind, variant, previous) = row.ok_or(StoreError::NotFound)?;
            if tx.directory.endpoints.get(&endpoint).is_none_or(|endpoint| endpoint.archived_at.is_some()) {
                return Err(Invalid::field("delivery", "endpoint_removed").into());
            }
            let body: Option<Option<i32>> = event_bodies::table
                .find((event_position, variant))
                .select(diesel::dsl::sql::<diesel::sql_types::Nullable<diesel::sql_types::Integer>>("length(body)"))
                .first(tx.conn)
                .optional()?;
            if body.flatten().is_none() {
                return Err(Invalid::field("delivery", "body_gone").into());
            }
            let event = kind.parse().map_err(|_unknown| StoreError::corrupt(&kind))?;
            let row = NewDelivery { event_position, endpoint, chat, event, variant, cause: Cause::Resend, created_at: tx.now.wall };
            let id = outbox::insert_delivery(tx.conn, &row, &Place { previous, ..Place::due(tx.now) })?;
            tx.publish(Effect::Outbox);
            Ok(id)
        })
        .await
    }

    /// Recovers what an endpoint did not get of the events since a time: what is held becomes due, what failed or was aborted gets a new
    /// delivery with all attempts; each chat in its order. Answers how many. Runs in batches, so that chats go on meanwhile.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` `endpoint_disabled`; or a fault of the database.
    pub async fn recover(&self, endpoint: EndpointId, since: Timestamp) -> Result<usize, StoreError> {
        let last = self.last_delivery().await?;
        let (mut after, mut recovered) = (0, 0);
        loop {
            let (done, position) = self.recover_batch(endpoint, since, after, last).await?;
            recovered += done;
            match position {
                Some(position) => after = position,
                None => return Ok(recovered),
            }
        }
    }

    async fn recover_batch(
        &self,
        endpoint: EndpointId,
        since: Timestamp,
        after: i64,
        last: i64,
    ) -> Result<(usize, Option<i64>), StoreError> {
        self.write_guarded(move |tx| {
            let directory = std::sync::Arc::clone(&tx.directory);
            let found = directory.endpoints.get(&endpoint).ok_or(StoreError::NotFound)?;
            if !found.is_live() {
                return Err(Invalid::field("endpoint", "endpoint_disabled").into());
            }
            let lost = [DeliveryState::Held, DeliveryState::Failed, DeliveryState::Aborted].map(DeliveryState::as_str);
            let rows: Vec<Lost> = deliveries::table
                .inner_join(events::table.on(events::position.eq(deliveries::event_position)))
                .filter(deliveries::endpoint_id.eq(endpoint))
                .filter(deliveries::position.gt(after))
                .filter(deliveries::position.le(last))
                .filter(deliveries::state.eq_any(lost))
                .filter(deliveries::cause.eq_any(super::ORDERED))
                .filter(events::at.ge(since))
                .order(deliveries::position)
                .limit(RECOVER_BATCH_MAX)
                .select((
                    deliveries::position,
                    deliveries::event_position,
                    deliveries::chat_id,
                    deliveries::kind,
                    deliveries::variant,
                    deliveries::previous_event_id,
                    deliveries::state,
                ))
                .load(tx.conn)?;
            let position = rows.last().map(|row| row.0);
            let mut recovered = 0;
            for (position, event_position, chat, kind, variant, previous, state) in rows {
                if state != DeliveryState::Held.as_str() && is_there_a_later_one(tx.conn, endpoint, event_position, position)? {
                    continue;
                }
                let place = Place { previous, ..outbox::place(tx.conn, found, chat, tx.now)? };
                let event = kind.parse().map_err(|_unknown| StoreError::corrupt(&kind))?;
                let row = NewDelivery { event_position, endpoint, chat, event, variant, cause: Cause::Recover, created_at: tx.now.wall };
                outbox::insert_delivery(tx.conn, &row, &place)?;
                if state == DeliveryState::Held.as_str() {
                    supersede(tx.conn, position, tx.now.wall)?;
                }
                recovered += 1;
            }
            tx.publish(Effect::Outbox);
            Ok((recovered, position))
        })
        .await
    }
}

type Again = (i64, EndpointId, Option<ChatId>, String, i32, Option<EventId>);
type Lost = (i64, i64, Option<ChatId>, String, i32, Option<EventId>, String);

/// Whether the event has come to the endpoint, or is on its way there, by a delivery after this one.
fn is_there_a_later_one(conn: &mut SqliteConnection, endpoint: EndpointId, event_position: i64, position: i64) -> Result<bool, StoreError> {
    let good = [DeliveryState::Due, DeliveryState::Sending, DeliveryState::Held, DeliveryState::Delivered].map(DeliveryState::as_str);
    let later: Option<i64> = deliveries::table
        .filter(deliveries::event_position.eq(event_position))
        .filter(deliveries::endpoint_id.eq(endpoint))
        .filter(deliveries::position.gt(position))
        .filter(deliveries::state.eq_any(good))
        .select(deliveries::position)
        .first(conn)
        .optional()?;
    Ok(later.is_some())
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
