//! How endpoints did in their last day and what waits for them: counted hour by hour as attempts are recorded, so that looking costs the same
//! however much was sent.

use std::collections::{BTreeMap, HashMap};

use diesel::sql_types::{BigInt, Binary, Integer};
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};

use super::results::Ended;
use crate::domain::delivery::{AttemptCode, Cause};
use crate::domain::ids::EndpointId;
use crate::domain::latency::Latencies;
use crate::domain::time::Timestamp;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::schema::endpoint_hours;
use crate::store::writer::Tx;

const HOUR_MS: i64 = 3_600_000;
/// Hours that are shown, the present one included.
pub const HOURS_SHOWN: i64 = 24;
/// Hours that are kept: a clock that is set back finds its day again.
const HOURS_KEPT: i64 = 72;
/// Deliveries that wait are counted up to this many.
pub const WAITING_COUNTED_MAX: i64 = 10_000;

/// An endpoint's last 24 hours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// Successes and failures of each hour, the oldest first; 24 of them. Tests don't count.
    pub hours: Vec<(i64, i64)>,
    /// Half of the answers came within this many milliseconds.
    pub p50_ms: Option<i64>,
    /// Nineteen of twenty did.
    pub p95_ms: Option<i64>,
    /// What waits.
    pub waiting: Waiting,
}

impl Day {
    /// Successes and failures of the whole day.
    #[must_use]
    pub fn sum(&self) -> (i64, i64) {
        self.hours.iter().fold((0, 0), |(good, bad), hour| (good.saturating_add(hour.0), bad.saturating_add(hour.1)))
    }
}

/// What waits for an endpoint, each counted up to [`WAITING_COUNTED_MAX`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Deliveries that are held since the endpoint is disabled.
    pub held: i64,
    /// When the event of the oldest of these happened.
    pub held_since: Option<Timestamp>,
    /// Deliveries that are due now or later.
    pub due: i64,
    /// The retry that comes next.
    pub next: Option<NextTry>,
}

/// A retry that is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextTry {
    /// When, in steady time.
    pub at_steady: Timestamp,
    /// Which attempt it will be, from 2.
    pub number: u32,
}

impl Store {
    /// How these endpoints did in the 24 hours before `now`, and what waits for them.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn endpoint_days(&self, endpoints: Vec<EndpointId>, now: Timestamp) -> Result<HashMap<EndpointId, Day>, StoreError> {
        self.read(move |conn| endpoints.into_iter().map(|endpoint| Ok((endpoint, day(conn, endpoint, now)?))).collect()).await
    }
}

fn day(conn: &mut SqliteConnection, endpoint: EndpointId, now: Timestamp) -> Result<Day, StoreError> {
    let first = hour_of(now) - (HOURS_SHOWN - 1);
    let rows: Vec<(i64, i64, i64, Vec<u8>)> = endpoint_hours::table
        .filter(endpoint_hours::endpoint_id.eq(endpoint))
        .filter(endpoint_hours::hour.ge(first))
        .order(endpoint_hours::hour)
        .limit(HOURS_KEPT)
        .select((endpoint_hours::hour, endpoint_hours::good, endpoint_hours::bad, endpoint_hours::latencies))
        .load(conn)?;
    let (mut hours, mut taken) = (vec![(0, 0); usize::try_from(HOURS_SHOWN).unwrap_or(0)], Latencies::default());
    for (hour, good, bad, latencies) in rows {
        if let Some(place) = usize::try_from(hour - first).ok().and_then(|place| hours.get_mut(place)) {
            *place = (good, bad);
            taken.merge(&Latencies::from_bytes(&latencies));
        }
    }
    Ok(Day { hours, p50_ms: taken.percentile(50), p95_ms: taken.percentile(95), waiting: waiting(conn, endpoint)? })
}

/// The words of the conditions are those of the partial indexes, so that each is used.
fn waiting(conn: &mut SqliteConnection, endpoint: EndpointId) -> Result<Waiting, StoreError> {
    let next: Option<Next> = sql_query(
        "select next_steady as at, attempts from deliveries \
         where endpoint_id = ? and state = 'due' and attempts > 0 and next_steady is not null order by next_steady, position limit 1",
    )
    .bind::<Binary, _>(endpoint)
    .get_result(conn)
    .optional()?;
    let oldest: Option<Oldest> = sql_query(
        "select e.at from deliveries d join events e on e.position = d.event_position \
         where d.endpoint_id = ? and d.state = 'held' order by d.position limit 1",
    )
    .bind::<Binary, _>(endpoint)
    .get_result(conn)
    .optional()?;
    let due = count(conn, "state = 'due' and attempts = 0", endpoint)? + count(conn, "state = 'due' and attempts > 0", endpoint)?;
    Ok(Waiting {
        held: count(conn, "state = 'held'", endpoint)?,
        held_since: oldest.map(|oldest| Timestamp::from_ms(oldest.at)),
        due: due.min(WAITING_COUNTED_MAX),
        next: next.map(|next| NextTry {
            at_steady: Timestamp::from_ms(next.at),
            number: u32::try_from(next.attempts).unwrap_or(0).saturating_add(1),
        }),
    })
}

fn count(conn: &mut SqliteConnection, which: &str, endpoint: EndpointId) -> Result<i64, StoreError> {
    let counted: Counted = sql_query(format!(
        "select count(*) as n from (select 1 from deliveries where endpoint_id = ? and {which} limit {WAITING_COUNTED_MAX})"
    ))
    .bind::<Binary, _>(endpoint)
    .get_result(conn)?;
    Ok(counted.n)
}

#[derive(QueryableByName)]
struct Next {
    #[diesel(sql_type = BigInt)]
    at: i64,
    #[diesel(sql_type = Integer)]
    attempts: i32,
}

#[derive(QueryableByName)]
struct Oldest {
    #[diesel(sql_type = BigInt)]
    at: i64,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Counts attempts that have ended into the hours they began in: one row for each endpoint and hour among them.
pub(super) fn count_in(tx: &mut Tx<'_>, ended: &[Ended]) -> Result<(), StoreError> {
    let mut sums: BTreeMap<(EndpointId, i64), (i64, i64, Latencies)> = BTreeMap::new();
    for result in ended.iter().filter(|result| result.cause != Cause::Test && result.attempt.code != AttemptCode::Interrupted) {
        let (good, bad, taken) = sums.entry((result.endpoint, hour_of(result.attempt.at))).or_default();
        if result.attempt.code == AttemptCode::Delivered {
            *good += 1;
            taken.add(result.attempt.duration_ms);
        } else {
            *bad += 1;
        }
    }
    for ((endpoint, hour), (good, bad, taken)) in sums {
        add(tx.conn, endpoint, hour, (good, bad), &taken)?;
    }
    Ok(())
}

fn add(conn: &mut SqliteConnection, endpoint: EndpointId, hour: i64, more: (i64, i64), taken: &Latencies) -> Result<(), StoreError> {
    let row = endpoint_hours::table.find((endpoint, hour));
    let before: Option<(i64, i64, Vec<u8>)> =
        row.select((endpoint_hours::good, endpoint_hours::bad, endpoint_hours::latencies)).first(conn).optional()?;
    let is_new = before.is_none();
    let (good, bad, latencies) = before.unwrap_or_default();
    let mut all = Latencies::from_bytes(&latencies);
    all.merge(taken);
    diesel::replace_into(endpoint_hours::table)
        .values((
            endpoint_hours::endpoint_id.eq(endpoint),
            endpoint_hours::hour.eq(hour),
            endpoint_hours::good.eq(good.saturating_add(more.0)),
            endpoint_hours::bad.eq(bad.saturating_add(more.1)),
            endpoint_hours::latencies.eq(all.to_bytes()),
        ))
        .execute(conn)?;
    if is_new {
        let old = endpoint_hours::table.filter(endpoint_hours::endpoint_id.eq(endpoint)).filter(endpoint_hours::hour.lt(hour - HOURS_KEPT));
        diesel::delete(old).execute(conn)?;
    }
    Ok(())
}

const fn hour_of(at: Timestamp) -> i64 {
    at.ms().div_euclid(HOUR_MS)
}
