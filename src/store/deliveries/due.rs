//! What the dispatcher takes: deliveries whose time has come, with their bodies.

use bytes::Bytes;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, Text};
use diesel::{Connection, ExpressionMethods, QueryDsl, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};

use crate::domain::delivery::Cause;
use crate::domain::event_type::EventType;
use crate::domain::ids::{ChatId, DeliveryId, EndpointId, EventId};
use crate::domain::time::Timestamp;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::schema::deliveries;

/// One delivery to be attempted.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its place among all deliveries.
    pub position: i64,
    /// Its id.
    pub id: DeliveryId,
    /// The destination.
    pub endpoint: EndpointId,
    /// The chat whose order it keeps.
    pub chat: Option<ChatId>,
    /// The event.
    pub event: EventId,
    /// Its type.
    pub event_type: EventType,
    /// Whether it is a test.
    pub test: bool,
    /// Why it exists.
    pub cause: Cause,
    /// Attempts made before.
    pub attempts: u32,
    /// The chat's event that was queued to this endpoint before.
    pub previous: Option<EventId>,
    /// The frozen body; none if it was erased or has passed its retention.
    pub body: Option<Bytes>,
}

/// How much of an endpoint's work is wanted.
#[derive(Clone, Copy, Debug)]
pub struct LaneAsk {
    /// Whose.
    pub endpoint: EndpointId,
    /// First attempts.
    pub fresh: i64,
    /// Later attempts.
    pub again: i64,
}

/// An endpoint's work.
#[derive(Clone, Debug)]
pub struct LaneDue {
    /// Whose.
    pub endpoint: EndpointId,
    /// First attempts, the longest due first.
    pub fresh: Vec<Job>,
    /// Later attempts, the longest due first.
    pub again: Vec<Job>,
    /// When the next one is due that is not yet.
    pub next: Option<Timestamp>,
}

const COLUMNS: &str = "select d.position, d.id, d.endpoint_id, d.chat_id, d.type as kind, d.cause, d.attempts, d.previous_event_id, \
     e.id as event_id, e.test, b.body from deliveries d join events e on e.position = d.event_position \
     left join event_bodies b on b.event_position = d.event_position and b.variant = d.variant";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    position: i64,
    #[diesel(sql_type = Binary)]
    id: DeliveryId,
    #[diesel(sql_type = Binary)]
    endpoint_id: EndpointId,
    #[diesel(sql_type = Nullable<Binary>)]
    chat_id: Option<ChatId>,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    cause: String,
    #[diesel(sql_type = Integer)]
    attempts: i32,
    #[diesel(sql_type = Nullable<Binary>)]
    previous_event_id: Option<EventId>,
    #[diesel(sql_type = Binary)]
    event_id: EventId,
    #[diesel(sql_type = Bool)]
    test: bool,
    #[diesel(sql_type = Nullable<Binary>)]
    body: Option<Vec<u8>>,
}

#[derive(QueryableByName)]
struct Next {
    #[diesel(sql_type = Nullable<BigInt>)]
    next: Option<i64>,
}

impl Store {
    /// The position of the last delivery.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn last_delivery(&self) -> Result<i64, StoreError> {
        self.read(|conn| Ok(deliveries::table.select(diesel::dsl::max(deliveries::position)).first::<Option<i64>>(conn)?.unwrap_or(0)))
            .await
    }

    /// Deliveries written after `position` that are due, in their order; the last position that was looked at; and whether there are no more.
    ///
    /// First attempts only, which are due from the moment they are written: their time is not compared, since a clock read before the query
    /// may be a little behind it.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn deliveries_after(&self, position: i64, limit: i64) -> Result<(Vec<Job>, i64, bool), StoreError> {
        self.read(move |conn| {
            // One snapshot, so that the end of the range and its rows agree.
            conn.transaction(|conn| {
                let found: Vec<i64> = deliveries::table
                    .filter(deliveries::position.gt(position))
                    .order(deliveries::position)
                    .select(deliveries::position)
                    .limit(limit)
                    .load(conn)?;
                let Some(last) = found.last().copied() else { return Ok((Vec::new(), position, true)) };
                let is_all = i64::try_from(found.len()).unwrap_or(i64::MAX) < limit;
                let rows: Vec<Row> = sql_query(format!(
                    "{COLUMNS} where d.position > ? and d.position <= ? and d.state = 'due' and d.attempts = 0 \
                     and d.next_steady is not null order by d.position"
                ))
                .bind::<BigInt, _>(position)
                .bind::<BigInt, _>(last)
                .load(conn)?;
                Ok((jobs(rows)?, last, is_all))
            })
        })
        .await
    }

    /// What of these endpoints' work is due at `now`.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn deliveries_due(&self, asks: Vec<LaneAsk>, now: Timestamp) -> Result<Vec<LaneDue>, StoreError> {
        self.read(move |conn| asks.iter().map(|ask| lane(conn, ask, now)).collect()).await
    }
}

fn lane(conn: &mut SqliteConnection, ask: &LaneAsk, now: Timestamp) -> Result<LaneDue, StoreError> {
    Ok(LaneDue {
        endpoint: ask.endpoint,
        fresh: take(conn, "d.attempts = 0", ask.endpoint, now, ask.fresh)?,
        again: take(conn, "d.attempts > 0", ask.endpoint, now, ask.again)?,
        next: next(conn, "attempts = 0", ask.endpoint, now)?.into_iter().chain(next(conn, "attempts > 0", ask.endpoint, now)?).min(),
    })
}

/// The words of the condition are those of the partial indexes, so that each is used.
fn take(conn: &mut SqliteConnection, which: &str, endpoint: EndpointId, now: Timestamp, limit: i64) -> Result<Vec<Job>, StoreError> {
    let rows = sql_query(format!(
        "{COLUMNS} where d.endpoint_id = ? and d.state = 'due' and {which} and d.next_steady <= ? order by d.next_steady, d.position limit ?"
    ))
    .bind::<Binary, _>(endpoint)
    .bind::<BigInt, _>(now)
    .bind::<BigInt, _>(limit)
    .load(conn)?;
    jobs(rows)
}

fn next(conn: &mut SqliteConnection, which: &str, endpoint: EndpointId, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let row: Next = sql_query(format!(
        "select min(next_steady) as next from deliveries where endpoint_id = ? and state = 'due' and {which} and next_steady > ?"
    ))
    .bind::<Binary, _>(endpoint)
    .bind::<BigInt, _>(now)
    .get_result(conn)?;
    Ok(row.next.map(Timestamp::from_ms))
}

fn jobs(rows: Vec<Row>) -> Result<Vec<Job>, StoreError> {
    let job = |row: Row| {
        Ok(Job {
            position: row.position,
            id: row.id,
            endpoint: row.endpoint_id,
            chat: row.chat_id,
            event: row.event_id,
            event_type: row.kind.parse().map_err(|_unknown| StoreError::corrupt(&row.kind))?,
            test: row.test,
            cause: Cause::parse(&row.cause).ok_or_else(|| StoreError::corrupt(&row.cause))?,
            attempts: u32::try_from(row.attempts).unwrap_or(0),
            previous: row.previous_event_id,
            body: row.body.map(Bytes::from),
        })
    };
    rows.into_iter().map(job).collect()
}
