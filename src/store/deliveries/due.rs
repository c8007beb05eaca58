//! What the dispatcher takes: deliveries whose time has come, with their bodies.

use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;
use diesel::{BoolExpressionMethods, Connection, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl, SqliteConnection};

use super::{IsDue, IsFirst, IsLater, KeepsOrder};
use crate::domain::delivery::Cause;
use crate::domain::event_type::EventType;
use crate::domain::ids::{ChatId, DeliveryId, EndpointId, EventId};
use crate::domain::time::Timestamp;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::prepared::{at_most, first};
use crate::store::schema::{deliveries, event_bodies, events};

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
    /// From when it is due, in steady time.
    pub due: Timestamp,
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
    pub fresh: Option<Fresh>,
    /// Later attempts.
    pub again: Option<usize>,
}

/// Which first attempts are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Fresh {
    /// Those that come after this one, by when they are due and their position.
    pub after: (Timestamp, i64),
    /// So many.
    pub count: usize,
}

/// An endpoint's work.
#[derive(Clone, Debug)]
pub struct LaneDue {
    /// First attempts, the longest due first.
    pub fresh: Vec<Job>,
    /// Later attempts, the longest due first.
    pub again: Vec<Job>,
    /// When the next later attempt is due that is not yet.
    pub next: Option<Timestamp>,
}

/// What has been queued, or let pass, since the last look.
#[derive(Clone, Debug, Default)]
pub struct News {
    /// What there was room for.
    pub jobs: Vec<Job>,
    /// Endpoints that have more.
    pub more: BTreeSet<EndpointId>,
    /// The last position that was looked at.
    pub last: i64,
    /// Whether there is nothing after it.
    pub is_all: bool,
}

type Row = (
    (i64, DeliveryId, EndpointId, Option<ChatId>, String, String, i32),
    (Option<Timestamp>, Option<EventId>),
    (EventId, bool, Option<Vec<u8>>),
);

/// Deliveries with their events and bodies.
macro_rules! whole {
    () => {
        deliveries::table
            .inner_join(events::table.on(events::position.eq(deliveries::event_position)))
            .left_join(
                event_bodies::table
                    .on(event_bodies::event_position.eq(deliveries::event_position).and(event_bodies::variant.eq(deliveries::variant))),
            )
            .filter(IsDue::new(deliveries::state))
            .select((
                (
                    deliveries::position,
                    deliveries::id,
                    deliveries::endpoint_id,
                    deliveries::chat_id,
                    deliveries::kind,
                    deliveries::cause,
                    deliveries::attempts,
                ),
                (deliveries::next_steady, deliveries::previous_event_id),
                (events::id, events::test, event_bodies::body.nullable()),
            ))
    };
}

impl Store {
    /// The position of the last delivery.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn last_delivery(&self) -> Result<i64, StoreError> {
        self.read(last).await
    }

    /// What was written after the position `after` and is due, at most `limit` deliveries, and what of `released` still is; with bodies as far as
    /// `rooms` says how many an endpoint can take. What people asked for comes whole.
    ///
    /// First attempts only, which are due from the moment they are written: their time is not compared, since a clock read before the query
    /// may be a little behind it.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn new_deliveries(
        &self,
        after: i64,
        limit: usize,
        released: Vec<i64>,
        mut rooms: HashMap<EndpointId, usize>,
    ) -> Result<News, StoreError> {
        self.read(move |conn| {
            // One snapshot, so that the end of the range and its rows agree.
            conn.transaction(|conn| {
                let written = deliveries::table
                    .filter(deliveries::position.gt(after))
                    .filter(
                        IsDue::new(deliveries::state).and(IsFirst::new(deliveries::attempts)).and(deliveries::next_steady.is_not_null()),
                    )
                    .order(deliveries::position)
                    .select((deliveries::position, deliveries::endpoint_id, KeepsOrder::new(deliveries::cause)));
                let written: Vec<(i64, EndpointId, bool)> = at_most(limit, written, conn)?;
                let mut news = News { is_all: written.len() < limit, ..News::default() };
                news.last = match written.last() {
                    Some((position, ..)) if !news.is_all => *position,
                    Some(_) | None => last(conn)?,
                };
                let mut wanted = released;
                for (position, endpoint, keeps_order) in written {
                    match rooms.get_mut(&endpoint) {
                        _ if !keeps_order => wanted.push(position),
                        Some(room) if *room > 0 => {
                            *room -= 1;
                            wanted.push(position);
                        }
                        Some(_) | None => {
                            news.more.insert(endpoint);
                        }
                    }
                }
                for position in wanted {
                    // A released one may have ended meanwhile.
                    news.jobs.extend(first(whole!().filter(deliveries::position.eq(position)), conn)?.map(job).transpose()?);
                }
                Ok(news)
            })
        })
        .await
    }

    /// What of these endpoints' work is due at `now`, in the order of `asks`.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn deliveries_due(&self, asks: Vec<LaneAsk>, now: Timestamp) -> Result<Vec<LaneDue>, StoreError> {
        self.read(move |conn| asks.iter().map(|ask| lane(conn, ask, now)).collect()).await
    }
}

fn last(conn: &mut SqliteConnection) -> Result<i64, StoreError> {
    let last = deliveries::table.select(diesel::dsl::max(deliveries::position));
    Ok(first::<Option<i64>>(last, conn)?.flatten().unwrap_or(0))
}

fn lane(conn: &mut SqliteConnection, ask: &LaneAsk, now: Timestamp) -> Result<LaneDue, StoreError> {
    let mut due = LaneDue { fresh: Vec::new(), again: Vec::new(), next: None };
    if let Some(Fresh { after: (at, position), count }) = ask.fresh {
        let rows = whole!()
            .filter(deliveries::endpoint_id.eq(ask.endpoint).and(IsFirst::new(deliveries::attempts)))
            // Said twice, so that the index is entered at the right place.
            .filter(deliveries::next_steady.ge(at))
            .filter(deliveries::next_steady.gt(at).or(deliveries::position.gt(position)))
            .order((deliveries::next_steady, deliveries::position));
        due.fresh = jobs(at_most(count, rows, conn)?)?;
    }
    if let Some(count) = ask.again {
        let rows = whole!()
            .filter(deliveries::endpoint_id.eq(ask.endpoint).and(IsLater::new(deliveries::attempts)).and(deliveries::next_steady.le(now)))
            .order((deliveries::next_steady, deliveries::position));
        due.again = jobs(at_most(count, rows, conn)?)?;
        let next = deliveries::table
            .filter(deliveries::endpoint_id.eq(ask.endpoint).and(IsDue::new(deliveries::state)).and(IsLater::new(deliveries::attempts)))
            .filter(deliveries::next_steady.gt(now))
            .order(deliveries::next_steady)
            .select(deliveries::next_steady);
        due.next = first::<Option<Timestamp>>(next, conn)?.flatten();
    }
    Ok(due)
}

fn jobs(rows: Vec<Row>) -> Result<Vec<Job>, StoreError> {
    rows.into_iter().map(job).collect()
}

fn job((whose, order, event): Row) -> Result<Job, StoreError> {
    let (position, id, endpoint, chat, kind, cause, attempts) = whose;
    let (due, previous) = order;
    let (event, test, body) = event;
    Ok(Job {
        position,
        id,
        endpoint,
        chat,
        event,
        event_type: kind.parse().map_err(|_unknown| StoreError::corrupt(&kind))?,
        test,
        cause: Cause::parse(&cause).ok_or_else(|| StoreError::corrupt(&cause))?,
        attempts: u32::try_from(attempts).unwrap_or(0),
        due: due.unwrap_or_default(),
        previous,
        body: body.map(Bytes::from),
    })
}
