//! Looking deliveries up: pages cut by position, newest first, so that they stay put while new ones arrive; one with its body and
//! attempts.

use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use diesel::{BoolExpressionMethods, ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, RunQueryDsl};

use crate::domain::delivery::{Attempt, AttemptCode, Cause, Delivery, DeliveryState};
use crate::domain::event_type::EventType;
use crate::domain::ids::{ChatId, DeliveryId, EndpointId, EventId};
use crate::domain::time::Timestamp;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::schema::{attempts, deliveries, event_bodies, events};
use crate::wire::stored_endpoint::pairs_from;

/// Deliveries on one page.
pub const PAGE_MAX: i64 = 200;

/// Which deliveries are wanted; what is none restricts nothing.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// Only to this endpoint.
    pub endpoint: Option<EndpointId>,
    /// Only of this type.
    pub event_type: Option<EventType>,
    /// Only in one of these states; empty: any.
    pub states: Vec<DeliveryState>,
    /// Only of this chat.
    pub chat: Option<ChatId>,
    /// Only queued at or after this.
    pub since: Option<Timestamp>,
    /// Only queued before this.
    pub until: Option<Timestamp>,
    /// Only with this in the body, letters as they are.
    pub text: Option<String>,
}

/// One delivery with everything that is kept of it.
#[derive(Clone, Debug)]
pub struct DeliveryDetail {
    /// The delivery.
    pub delivery: Delivery,
    /// Whether its event is a test.
    pub test: bool,
    /// The frozen body; none if it was erased or has passed its retention.
    pub body: Option<Vec<u8>>,
    /// Its attempts with their numbers, the first first.
    pub attempts: Vec<(u32, Attempt)>,
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
    /// A page of deliveries, newest first: those before the position `before`, at most `limit`. The position of the last one is the next page's `before`.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn deliveries(&self, filter: DeliveryFilter, before: Option<i64>, limit: i64) -> Result<Vec<Delivery>, StoreError> {
        self.read(move |conn| {
            let mut query = deliveries::table
                .inner_join(events::table.on(events::position.eq(deliveries::event_position)))
                .order(deliveries::position.desc())
                // One more shows whether another page follows.
                .limit(limit.clamp(1, PAGE_MAX + 1))
                .select(columns!())
                .into_boxed::<Sqlite>();
            if let Some(before) = before {
                query = query.filter(deliveries::position.lt(before));
            }
            if let Some(endpoint) = filter.endpoint {
                query = query.filter(deliveries::endpoint_id.eq(endpoint));
            }
            if let Some(event_type) = filter.event_type {
                query = query.filter(deliveries::kind.eq(event_type.as_str()));
            }
            if !filter.states.is_empty() {
                query = query.filter(deliveries::state.eq_any(filter.states.iter().map(|state| state.as_str())));
            }
            if let Some(chat) = filter.chat {
                query = query.filter(deliveries::chat_id.eq(chat));
            }
            if let Some(since) = filter.since {
                query = query.filter(deliveries::created_at.ge(since));
            }
            if let Some(until) = filter.until {
                query = query.filter(deliveries::created_at.lt(until));
            }
            if let Some(text) = &filter.text {
                let holds = diesel::dsl::sql::<diesel::sql_types::Bool>(
                    "exists (select 1 from event_bodies b where b.event_position = deliveries.event_position \
                     and b.variant = deliveries.variant and instr(b.body, cast(",
                )
                .bind::<Text, _>(text.clone())
                .sql(" as blob)) > 0)");
                query = query.filter(holds);
            }
            query.load::<Columns>(conn)?.into_iter().map(|row| delivery_from(row).map(|(delivery, _)| delivery)).collect()
        })
        .await
    }

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
            Ok(DeliveryDetail { delivery, test, body: body.flatten(), attempts })
        })
        .await
    }
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
    let pairs = |json: &str| pairs_from(json).map_err(|error| StoreError::corrupt(&error.to_string()));
    let attempt = Attempt {
        at,
        duration_ms,
        resolved_ms,
        connected_ms,
        answered_ms,
        url,
        request_headers: pairs(&request_headers)?,
        status: status.and_then(|status| u16::try_from(status).ok()),
        code: AttemptCode::parse(&code).ok_or_else(|| StoreError::corrupt(&code))?,
        response_headers: response_headers.as_deref().map(pairs).transpose()?.unwrap_or_default(),
        response_body: response_body.unwrap_or_default(),
        response_truncated,
        remote_address,
    };
    Ok((u32::try_from(number).unwrap_or(0), attempt))
}
