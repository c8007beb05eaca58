//! Reading deliveries: rows of a list by their positions; one with its body, its attempts and its neighbours.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl,
    SqliteConnection,
};

use super::enrich;
use crate::domain::delivery::{Attempt, AttemptCode, Cause, Delivery, DeliveryState};
use crate::domain::delivery_filter::Listed;
use crate::domain::enrichment::Enrichment;
use crate::domain::ids::{ChatId, DeliveryId, EndpointId, EventId};
use crate::domain::time::Timestamp;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::schema::{attempts, chats, deliveries, event_bodies, events};
use crate::wire::stored_endpoint::pairs_from;

/// One delivery with everything that is kept of it.
#[derive(Clone, Debug)]
pub struct DeliveryDetail {
    /// The delivery.
    pub delivery: Delivery,
    /// Whether its event is a test.
    pub test: bool,
    /// The frozen body; none if it was erased or has passed its retention.
    pub body: Option<Vec<u8>>,
    /// Whether it was erased, or held a location that was taken back, rather than kept long enough.
    pub erased: bool,
    /// The protocol of its chat.
    pub protocol: Option<String>,
    /// The delivery of the same chat to the same endpoint that was queued before.
    pub previous: Option<DeliveryId>,
    /// The one that was queued after it.
    pub next: Option<DeliveryId>,
    /// Its attempts with their numbers, the first first.
    pub attempts: Vec<(u32, Attempt)>,
    /// What became of the last answer that told something.
    pub enrichment: Option<Enrichment>,
}

type Columns = (
    (DeliveryId, i64, String, EndpointId, Option<ChatId>, String, String, i32),
    (Option<Timestamp>, Option<String>, Option<i32>, Timestamp, Option<Timestamp>),
    (EventId, Timestamp, bool),
);

macro_rules! columns {
    () => {
        (
            (
                deliveries::id,
                deliveries::position,
                deliveries::kind,
                deliveries::endpoint_id,
                deliveries::chat_id,
                deliveries::cause,
                deliveries::state,
                deliveries::attempts,
            ),
            (deliveries::next_steady, deliveries::last_code, deliveries::last_status, deliveries::created_at, deliveries::ended_at),
            (events::id, events::at, events::test),
        )
    };
}

impl Store {
    /// One delivery with its body and its attempts.
    ///
    /// # Errors
    /// `NotFound`, or a fault of the database.
    pub async fn delivery(&self, id: DeliveryId) -> Result<DeliveryDetail, StoreError> {
        self.read(move |conn| {
            let row: Columns = deliveries::table
                .inner_join(events::table.on(events::position.eq(deliveries::event_position)))
                .filter(deliveries::id.eq(id))
                .select(columns!())
                .first(conn)?;
            let (delivery, test) = delivery_from(row)?;
            let body: Option<Option<Vec<u8>>> = deliveries::table
                .inner_join(
                    event_bodies::table
                        .on(event_bodies::event_position.eq(deliveries::event_position).and(event_bodies::variant.eq(deliveries::variant))),
                )
                .filter(deliveries::id.eq(id))
                .select(event_bodies::body)
                .first(conn)
                .optional()?;
            let rows: Vec<AttemptRow> = attempts::table
                .filter(attempts::delivery_position.eq(delivery.position))
                .order(attempts::number)
                .select((
                    (
                        attempts::number,
                        attempts::at,
                        attempts::duration_ms,
                        attempts::resolved_ms,
                        attempts::connected_ms,
                        attempts::answered_ms,
                    ),
                    (attempts::url, attempts::request_headers, attempts::status, attempts::code),
                    (attempts::response_headers, attempts::response_body, attempts::response_truncated, attempts::remote_address),
                ))
                .load(conn)?;
            let attempts = rows.into_iter().map(attempt_from).collect::<Result<_, _>>()?;
            let (previous, next) = neighbours(conn, &delivery)?;
            let protocol = match delivery.chat {
                Some(chat) => chats::table.find(chat).select(chats::protocol).first(conn).optional()?,
                None => None,
            };
            let erased = matches!(body, Some(None));
            let enrichment = enrich::of_delivery(conn, delivery.position)?;
            Ok(DeliveryDetail { delivery, test, body: body.flatten(), erased, protocol, previous, next, attempts, enrichment })
        })
        .await
    }
}

/// The rows at these positions, in the order given.
pub(super) fn listed(conn: &mut SqliteConnection, positions: &[i64]) -> Result<Vec<Listed>, StoreError> {
    let rows: Vec<(Columns, Option<String>, Option<i64>)> = deliveries::table
        .inner_join(events::table.on(events::position.eq(deliveries::event_position)))
        .left_join(chats::table.on(chats::id.nullable().eq(deliveries::chat_id)))
        .left_join(attempts::table.on(attempts::delivery_position.eq(deliveries::position).and(attempts::number.eq(deliveries::attempts))))
        .filter(deliveries::position.eq_any(positions))
        .select((columns!(), chats::protocol.nullable(), attempts::duration_ms.nullable()))
        .load(conn)?;
    let mut listed = Vec::with_capacity(rows.len());
    for (row, protocol, duration_ms) in rows {
        listed.push(Listed { delivery: delivery_from(row)?.0, protocol, duration_ms });
    }
    let newest_first = positions.first() > positions.last();
    listed.sort_by_key(|row| if newest_first { -row.delivery.position } else { row.delivery.position });
    Ok(listed)
}

/// The deliveries of the same chat to the same endpoint right before and after this one.
fn neighbours(conn: &mut SqliteConnection, of: &Delivery) -> Result<(Option<DeliveryId>, Option<DeliveryId>), StoreError> {
    let Some(chat) = of.chat else { return Ok((None, None)) };
    let own =
        || deliveries::table.filter(deliveries::endpoint_id.eq(of.endpoint)).filter(deliveries::chat_id.eq(chat)).select(deliveries::id);
    let before = own().filter(deliveries::position.lt(of.position)).order(deliveries::position.desc()).first(conn).optional()?;
    let after = own().filter(deliveries::position.gt(of.position)).order(deliveries::position).first(conn).optional()?;
    Ok((before, after))
}

type AttemptRow = (
    (i32, Timestamp, i64, Option<i64>, Option<i64>, Option<i64>),
    (String, String, Option<i32>, String),
    (Option<String>, Option<Vec<u8>>, bool, Option<String>),
);

fn delivery_from(row: Columns) -> Result<(Delivery, bool), StoreError> {
    let ((id, position, kind, endpoint, chat, cause, state, attempts), progress, (event, event_at, test)) = row;
    let (next_steady, last_code, last_status, created_at, ended_at) = progress;
    let delivery = Delivery {
        id,
        position,
        event,
        test,
        event_type: kind.parse().map_err(|_unknown| StoreError::corrupt(&kind))?,
        event_at,
        endpoint,
        chat,
        cause: Cause::parse(&cause).ok_or_else(|| StoreError::corrupt(&cause))?,
        state: DeliveryState::parse(&state).ok_or_else(|| StoreError::corrupt(&state))?,
        attempts: u32::try_from(attempts).unwrap_or(0),
        next_steady,
        last_code: last_code.as_deref().and_then(AttemptCode::parse),
        last_status: last_status.and_then(|status| u16::try_from(status).ok()),
        created_at,
        ended_at,
    };
    Ok((delivery, test))
}

fn attempt_from(row: AttemptRow) -> Result<(u32, Attempt), StoreError> {
    let ((number, at, duration_ms, resolved_ms, connected_ms, answered_ms), (url, request_headers, status, code), answer) = row;
    let (response_headers, response_body, response_truncated, remote_address) = answer;
    let attempt = Attempt {
        at,
        duration_ms,
        resolved_ms,
        connected_ms,
        answered_ms,
        url,
        request_headers: pairs_from(&request_headers)?,
        status: status.and_then(|status| u16::try_from(status).ok()),
        code: AttemptCode::parse(&code).ok_or_else(|| StoreError::corrupt(&code))?,
        response_headers: response_headers.as_deref().map(pairs_from).transpose()?.unwrap_or_default(),
        response_body: response_body.unwrap_or_default(),
        response_truncated,
        remote_address,
    };
    Ok((u32::try_from(number).unwrap_or(0), attempt))
}
