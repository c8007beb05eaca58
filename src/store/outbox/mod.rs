//! Queues events for the endpoints that subscribe to them, inside the transaction of the change.
//!
//! An event's row is written once, its body once for each set of extras that endpoints ask for, and one delivery for each endpoint. Of a
//! chat's deliveries to one endpoint only the first that is still to be held to the order is due; the others wait without a time
//! until it lets them pass (`deliveries`).

mod spans;
mod telling;

pub(super) use telling::{enqueue_availability, enqueue_entry, enqueue_offline_message, enqueue_visitor_updated, forget_location};

use diesel::{BoolExpressionMethods, ExpressionMethods, JoinOnDsl, QueryDsl, RunQueryDsl, SqliteConnection};

use crate::domain::backoff::ATTEMPTS_HOLDING_ORDER_MAX;
use crate::domain::delivery::{Cause, DeliveryState};
use crate::domain::endpoint::filter::Occurrence;
use crate::domain::endpoint::{Endpoint, Extras};
use crate::domain::event_type::EventType;
use crate::domain::ids::{ChatId, DeliveryId, EndpointId, EventId, VisitorId};
use crate::domain::time::{Moment, Timestamp};
use crate::store::Tx;
use crate::store::deliveries::KeepsOrder;
use crate::store::effect::Effect;
use crate::store::error::StoreError;
use crate::store::prepared::first;
use crate::store::schema::{deliveries, event_bodies, events};

/// An event to be told. Its id is made before its body, which carries it.
#[derive(Clone, Debug)]
pub struct Happening<'a> {
    /// Its id.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// The chat it happened in.
    pub chat: Option<ChatId>,
    /// The visitor whose data it holds.
    pub visitor: Option<VisitorId>,
    /// Its place among the chat's events.
    pub sequence: Option<i64>,
    /// What endpoints choose by.
    pub what: Occurrence<'a>,
}

/// Queues an event for every endpoint that hears of it. `body` makes the bytes for a set of extras; it is asked once for each set that is wanted, and
/// not at all where nobody listens.
///
/// # Errors
/// A fault of the database.
pub fn enqueue(tx: &mut Tx<'_>, happening: &Happening<'_>, mut body: impl FnMut(Extras) -> Vec<u8>) -> Result<(), StoreError> {
    let directory = std::sync::Arc::clone(&tx.directory);
    let mut listening: Vec<&Endpoint> = directory
        .endpoints
        .values()
        .filter(|endpoint| endpoint.archived_at.is_none() && endpoint.draft.filter.matches(&happening.what))
        .collect();
    if listening.is_empty() {
        return Ok(());
    }
    listening.sort_by_key(|endpoint| endpoint.id);
    let event_position = insert_event(tx.conn, happening, false)?;
    let mut written: Vec<i32> = Vec::new();
    for endpoint in listening {
        let extras = relevant(endpoint.draft.extras, happening.what.event);
        let variant = variant_of(extras);
        if !written.contains(&variant) {
            insert_body(tx.conn, event_position, variant, &body(extras))?;
            written.push(variant);
        }
        let queued = place(tx.conn, endpoint, happening.chat, tx.now)?;
        let row = NewDelivery {
            event_position,
            endpoint: endpoint.id,
            chat: happening.chat,
            event: happening.what.event,
            variant,
            cause: Cause::Event,
            created_at: tx.now.wall,
        };
        insert_delivery(tx.conn, &row, &queued)?;
    }
    tx.publish(Effect::Outbox);
    Ok(())
}

/// Queues a test for one endpoint, whatever it subscribes to.
///
/// # Errors
/// A fault of the database.
pub(in crate::store) fn enqueue_test(
    tx: &mut Tx<'_>,
    endpoint: EndpointId,
    event: EventType,
    id: EventId,
    body: &[u8],
) -> Result<DeliveryId, StoreError> {
    let what = Occurrence { event, site: None, departments: &[], tags: None, score: None };
    let happening = Happening { id, at: tx.now.wall, chat: None, visitor: None, sequence: event.is_sequenced().then_some(1), what };
    let event_position = insert_event(tx.conn, &happening, true)?;
    insert_body(tx.conn, event_position, 0, body)?;
    let row = NewDelivery { event_position, endpoint, chat: None, event, variant: 0, cause: Cause::Test, created_at: tx.now.wall };
    let delivery = insert_delivery(tx.conn, &row, &Place::due(tx.now))?;
    tx.publish(Effect::Outbox);
    Ok(delivery)
}

/// A delivery about to be written.
pub(in crate::store) struct NewDelivery {
    pub event_position: i64,
    pub endpoint: EndpointId,
    pub chat: Option<ChatId>,
    pub event: EventType,
    pub variant: i32,
    pub cause: Cause,
    pub created_at: Timestamp,
}

/// Where a new delivery stands among those of its chat and endpoint.
pub(in crate::store) struct Place {
    pub state: DeliveryState,
    /// None while an earlier one holds it back.
    pub next_steady: Option<Timestamp>,
    /// The chat's event that was queued to this endpoint before.
    pub previous: Option<EventId>,
}

impl Place {
    pub(in crate::store) const fn due(now: Moment) -> Self {
        Self { state: DeliveryState::Due, next_steady: Some(now.steady), previous: None }
    }
}

/// The place of a delivery that comes after all others of its chat.
pub(in crate::store) fn place(
    conn: &mut SqliteConnection,
    endpoint: &Endpoint,
    chat: Option<ChatId>,
    now: Moment,
) -> Result<Place, StoreError> {
    let (blocked, previous) = match chat {
        Some(chat) => behind(conn, endpoint, chat)?,
        None => (false, None),
    };
    Ok(if endpoint.is_live() {
        Place { state: DeliveryState::Due, next_steady: (!blocked).then_some(now.steady), previous }
    } else {
        Place { state: DeliveryState::Held, next_steady: None, previous }
    })
}

/// Whether the chat's last delivery to this endpoint is still to be waited for, which stands for all before it, since it had to wait for those itself; and
/// the chat's last event that was queued to this endpoint.
fn behind(conn: &mut SqliteConnection, endpoint: &Endpoint, chat: ChatId) -> Result<(bool, Option<EventId>), StoreError> {
    let chain = || {
        deliveries::table
            .inner_join(events::table.on(events::position.eq(deliveries::event_position)))
            .filter(deliveries::endpoint_id.eq(endpoint.id).and(deliveries::chat_id.eq(chat)))
            .order(deliveries::position.desc())
    };
    let last = chain().filter(KeepsOrder::new(deliveries::cause));
    let last = last.select((deliveries::state, deliveries::attempts, deliveries::cause, events::id));
    let Some((state, attempts, cause, event)) = first::<(String, i32, String, EventId)>(last, conn)? else { return Ok((false, None)) };
    let pending = [DeliveryState::Due, DeliveryState::Sending].iter().any(|open| open.as_str() == state);
    let blocked = pending && (endpoint.draft.strict_order || u32::try_from(attempts).unwrap_or(0) < ATTEMPTS_HOLDING_ORDER_MAX);
    if cause == Cause::Event.as_str() {
        return Ok((blocked, Some(event)));
    }
    // A recovered one is last: it brought an event again that had its place before.
    let queued = chain().filter(deliveries::cause.eq(Cause::Event.as_str())).select(events::id);
    Ok((blocked, first(queued, conn)?))
}

fn insert_event(conn: &mut SqliteConnection, happening: &Happening<'_>, test: bool) -> Result<i64, StoreError> {
    let position = diesel::insert_into(events::table)
        .values((
            events::id.eq(happening.id),
            events::kind.eq(happening.what.event.as_str()),
            events::chat_id.eq(happening.chat),
            events::visitor_id.eq(happening.visitor),
            events::sequence.eq(happening.sequence),
            events::at.eq(happening.at),
            events::test.eq(test),
        ))
        .returning(events::position)
        .get_result(conn)?;
    Ok(position)
}

fn insert_body(conn: &mut SqliteConnection, event_position: i64, variant: i32, body: &[u8]) -> Result<(), StoreError> {
    diesel::insert_into(event_bodies::table)
        .values((event_bodies::event_position.eq(event_position), event_bodies::variant.eq(variant), event_bodies::body.eq(Some(body))))
        .execute(conn)?;
    Ok(())
}

pub(in crate::store) fn insert_delivery(conn: &mut SqliteConnection, row: &NewDelivery, place: &Place) -> Result<DeliveryId, StoreError> {
    let id = DeliveryId::new();
    diesel::insert_into(deliveries::table)
        .values((
            deliveries::id.eq(id),
            deliveries::event_position.eq(row.event_position),
            deliveries::endpoint_id.eq(row.endpoint),
            deliveries::chat_id.eq(row.chat),
            deliveries::kind.eq(row.event.as_str()),
            deliveries::variant.eq(row.variant),
            deliveries::cause.eq(row.cause.as_str()),
            deliveries::state.eq(place.state.as_str()),
            deliveries::next_steady.eq(place.next_steady),
            deliveries::previous_event_id.eq(place.previous),
            deliveries::created_at.eq(row.created_at),
        ))
        .execute(conn)?;
    Ok(id)
}

/// Of what an endpoint asks for, what makes a difference to this type's body.
const fn relevant(extras: Extras, event: EventType) -> Extras {
    let has_visitor = !matches!(event, EventType::AgentAvailabilityChanged | EventType::VisitorErased | EventType::WebhookTest);
    Extras {
        address: extras.address && has_visitor,
        transcript: extras.transcript && matches!(event, EventType::ChatFinished),
        note: extras.note && matches!(event, EventType::ChatTransferred),
    }
}

const fn variant_of(extras: Extras) -> i32 {
    let mut variant = 0;
    if extras.address {
        variant |= 1;
    }
    if extras.transcript {
        variant |= 2;
    }
    if extras.note {
        variant |= 4;
    }
    variant
}
