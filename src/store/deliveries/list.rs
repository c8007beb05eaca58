//! Looking deliveries up: pages cut by position, newest first, so that they stay put while new ones arrive; one with its body and attempts; an
//! endpoint's last day.

use diesel::sql_types::{BigInt, Binary, Text};
use diesel::sqlite::Sqlite;
use diesel::{BoolExpressionMethods, ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, QueryableByName, RunQueryDsl, sql_query};

use super::enrich;
use crate::domain::delivery::{Attempt, AttemptCode, Cause, Delivery, DeliveryState};
use crate::domain::enrichment::Enrichment;
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
    /// What became of the last answer that told something.
    pub enrichment: Option<Enrichment>,
}

/// An endpoint's last 24 hours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health24h {
    /// Successes and failures of each hour, the oldest first; 24 of them.
    pub hours: Vec<(i64, i64)>,
    /// Half of the answers came within this many milliseconds.
    pub p50_ms: Option<i64>,
    /// Nineteen of twenty did.
    pub p95_ms: Option<i64>,
    /// When the next attempt is due, in steady time.
    pub next_steady: Option<Timestamp>,
    /// Deliveries that are held.
    pub held: i64,
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
            let enrichment = enrich::of_delivery(conn, delivery.position)?;
            Ok(DeliveryDetail { delivery, test, body: body.flatten(), attempts, enrichment })
        })
        .await
    }

    /// How an endpoint did in the 24 hours before `now`.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn endpoint_day(&self, endpoint: EndpointId, now: Timestamp) -> Result<Health24h, StoreError> {
        self.read(move |conn| {
            let since = now.plus_seconds(-24 * 3600);
            let rows: Vec<Tried> = sql_query(
                "select a.at, a.duration_ms, a.code from deliveries d join attempts a on a.delivery_position = d.position \
                 where d.endpoint_id = ? and d.position >= coalesce((select min(delivery_position) from attempts where at >= ?), 0) \
                 and a.at >= ? order by d.position desc limit 20000",
            )
            .bind::<Binary, _>(endpoint)
            .bind::<BigInt, _>(since)
            .bind::<BigInt, _>(since)
            .load(conn)?;
            let mut day = Health24h { hours: vec![(0, 0); 24], ..Health24h::default() };
            let mut durations: Vec<i64> = Vec::new();
            for row in rows {
                let hour = usize::try_from((row.at - since.ms()) / 3_600_000).unwrap_or(0).min(23);
                let is_good = row.code == AttemptCode::Delivered.as_str();
                if let Some((good, bad)) = day.hours.get_mut(hour) {
                    *(if is_good { good } else { bad }) += 1;
                }
                if is_good {
                    durations.push(row.duration_ms);
                }
            }
            durations.sort_unstable();
            let at = |percent: usize| durations.get((durations.len() * percent / 100).min(durations.len().saturating_sub(1))).copied();
            (day.p50_ms, day.p95_ms) = (at(50), at(95));
            day.next_steady = deliveries::table
                .filter(deliveries::endpoint_id.eq(endpoint))
                .filter(deliveries::state.eq(DeliveryState::Due.as_str()))
                .select(diesel::dsl::min(deliveries::next_steady))
                .first(conn)?;
            day.held = deliveries::table
                .filter(deliveries::endpoint_id.eq(endpoint))
                .filter(deliveries::state.eq(DeliveryState::Held.as_str()))
                .count()
                .get_result(conn)?;
            Ok(day)
        })
        .await
    }
}

#[derive(QueryableByName)]
struct Tried {
    #[diesel(sql_type = BigInt)]
    at: i64,
    #[diesel(sql_type = BigInt)]
    duration_ms: i64,
    #[diesel(sql_type = Text)]
    code: String,
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
