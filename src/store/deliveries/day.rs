//! An endpoint's last day: what came of its attempts hour by hour, how long answers took, what waits.

use diesel::sql_types::{BigInt, Binary, Text};
use diesel::{ExpressionMethods, QueryDsl, QueryableByName, RunQueryDsl, sql_query};

use crate::domain::delivery::{AttemptCode, DeliveryState};
use crate::domain::ids::EndpointId;
use crate::domain::time::Timestamp;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::schema::deliveries;

/// Deliveries that a day is told from, the last queued ones: of a busier endpoint it tells less than a day.
const DELIVERIES_MAX: i64 = 20_000;
/// Attempts of a delivery end within so many seconds after it was queued, unless a breaker postponed them.
const SCHEDULE_SECONDS: i64 = 5 * 24 * 3600;

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

impl Store {
    /// How an endpoint did in the 24 hours before `now`.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn endpoint_day(&self, endpoint: EndpointId, now: Timestamp) -> Result<Health24h, StoreError> {
        self.read(move |conn| {
            let since = now.plus_seconds(-24 * 3600);
            let first = super::walk::first_at(conn, since.plus_seconds(-SCHEDULE_SECONDS))?;
            let rows: Vec<Tried> = sql_query(
                "select a.at, a.duration_ms, a.code from (select position from deliveries indexed by deliveries_by_endpoint \
                 where endpoint_id = ? and position >= ? order by position desc limit ?) d \
                 cross join attempts a on a.delivery_position = d.position where a.at >= ?",
            )
            .bind::<Binary, _>(endpoint)
            .bind::<BigInt, _>(first)
            .bind::<BigInt, _>(DELIVERIES_MAX)
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
