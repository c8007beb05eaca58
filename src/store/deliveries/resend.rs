//! Sending one delivery again, and tests. Many at a time: [`super::resendings`].

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

use crate::domain::delivery::Cause;
use crate::domain::event_type::EventType;
use crate::domain::ids::{ChatId, DeliveryId, EndpointId, EventId};
use crate::store::Store;
use crate::store::effect::Effect;
use crate::store::error::{Invalid, StoreError};
use crate::store::outbox::{self, NewDelivery, Place};
use crate::store::schema::{deliveries, event_bodies};
use crate::wire::catalogue;
use crate::wire::payload::Named;

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
}

type Again = (i64, EndpointId, Option<ChatId>, String, i32, Option<EventId>);
