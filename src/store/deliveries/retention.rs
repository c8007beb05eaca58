//! Removes what has been kept long enough: bodies, then deliveries with their attempts and their events. Little at a time, so that the writer
//! is never held up.
//!
//! Positions are given in the order of time, so what goes is a beginning of the log: up to the last row that is old enough before the first
//! that is not. A row that carries a wrong time, since a clock was wrong for a while, goes with its neighbours and not by its own time.
//! What is open is never touched, however old.

use diesel::sql_types::BigInt;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};

use crate::domain::retention::Retention;
use crate::domain::time::Timestamp;
use crate::store::audit::{self, Act, Author};
use crate::store::error::{Invalid, StoreError};
use crate::store::schema::{attempts, deliveries, event_bodies, events, organisation};
use crate::store::{Store, organisation as house};

/// Rows that are looked at for one transaction.
const BATCH_ROWS_MAX: i64 = 200;
/// The fact that holds when something was removed last.
const LAST: &str = "retention_at";

/// How far a sweep is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sweep {
    /// The last event whose bodies were looked at.
    bodies: i64,
    /// The last delivery that was looked at.
    deliveries: i64,
    /// Bodies removed.
    pub bodies_removed: usize,
    /// Deliveries removed.
    pub deliveries_removed: usize,
}

#[derive(QueryableByName)]
struct Aged {
    #[diesel(sql_type = BigInt)]
    position: i64,
    #[diesel(sql_type = BigInt)]
    at: i64,
}

impl Store {
    /// Removes a little of what is too old at `now`, going on where the sweep is; whether there is more to look at.
    ///
    /// # Errors
    /// A fault of the database; the sweep is where it was.
    pub async fn sweep_deliveries(&self, retention: Retention, now: Timestamp, sweep: &mut Sweep) -> Result<bool, StoreError> {
        let (before, after) = (retention.bodies_before(now), sweep.bodies);
        let old = self.read(move |conn| aged_bodies(conn, after, before, now)).await?;
        if let Some(last) = old.last().copied() {
            sweep.bodies_removed += self.write(move |tx| remove_bodies(tx.conn, &old)).await?;
            sweep.bodies = last;
            return Ok(true);
        }
        let (before, after) = (retention.attempts_before(now), sweep.deliveries);
        let old = self.read(move |conn| aged_deliveries(conn, after, before, now)).await?;
        let Some(last) = old.last().copied() else { return Ok(false) };
        sweep.deliveries_removed += self.write(move |tx| remove_deliveries(tx.conn, &old, before)).await?;
        sweep.deliveries = last;
        Ok(true)
    }

    /// When something was removed last.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn swept_at(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.fact(LAST).await?.and_then(|ms| ms.parse().ok()).map(Timestamp::from_ms))
    }

    /// Notes that everything too old at `at` was removed.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn note_swept(&self, at: Timestamp) -> Result<(), StoreError> {
        self.note_fact(LAST, at.ms().to_string()).await
    }

    /// Changes how long what webhooks carried is kept.
    ///
    /// # Errors
    /// `NotFound` before the set-up; `Invalid` `retention_invalid`; or a fault of the database.
    pub async fn change_retention(&self, retention: Retention, by: Author) -> Result<(), StoreError> {
        let days = |days: i64| i32::try_from(days).ok().filter(|_| retention.is_valid());
        let (Some(body_days), Some(attempt_days)) = (days(retention.body_days), days(retention.attempt_days)) else {
            return Err(Invalid::field("body_days", "retention_invalid").into());
        };
        self.write(move |tx| {
            let id = tx.directory.organisation.as_ref().ok_or(StoreError::NotFound)?.id;
            diesel::update(organisation::table)
                .set((organisation::body_days.eq(body_days), organisation::attempt_days.eq(attempt_days)))
                .execute(tx.conn)?;
            let detail = [("body_days", &*body_days.to_string()), ("attempt_days", &*attempt_days.to_string())];
            audit::record(tx, &by, Act { act: "retention.changed", target_kind: "organisation", target: id.0, detail: &detail })?;
            house::settle(tx)
        })
        .await
    }
}

/// The next events with bodies, of those that are old enough.
fn aged_bodies(conn: &mut SqliteConnection, after: i64, before: Timestamp, now: Timestamp) -> Result<Vec<i64>, StoreError> {
    const BODIES: &str = "select e.position, e.at from event_bodies b cross join events e on e.position = b.event_position \
         where b.event_position > ? and e.at <= ? order by b.event_position limit ?";
    aged(conn, BODIES, after, before, now)
}

/// The next deliveries, of those that are old enough.
fn aged_deliveries(conn: &mut SqliteConnection, after: i64, before: Timestamp, now: Timestamp) -> Result<Vec<i64>, StoreError> {
    const DELIVERIES: &str =
        "select position, created_at as at from deliveries where position > ? and created_at <= ? order by position limit ?";
    aged(conn, DELIVERIES, after, before, now)
}

fn aged(conn: &mut SqliteConnection, text: &str, after: i64, before: Timestamp, now: Timestamp) -> Result<Vec<i64>, StoreError> {
    let mut next = |after: i64, latest: i64, limit: i64| -> Result<Vec<Aged>, StoreError> {
        let query = sql_query(text).bind::<BigInt, _>(after).bind::<BigInt, _>(latest).bind::<BigInt, _>(limit);
        Ok(query.load(conn)?)
    };
    let mut rows = next(after, i64::MAX, BATCH_ROWS_MAX)?;
    if let Some(last) = rows.last().filter(|last| last.at > now.ms()).map(|last| last.position) {
        // What stands after a stretch from the future tells how old it is.
        rows.extend(next(last, now.ms(), 1)?);
    }
    Ok(beginning(&rows, before, now))
}

/// Those up to the last old one before the first that is neither old nor from the future.
fn beginning(rows: &[Aged], before: Timestamp, now: Timestamp) -> Vec<i64> {
    let is_recent = |row: &&Aged| row.at >= before.ms() && row.at <= now.ms();
    let first_recent = rows.iter().position(|row| is_recent(&row)).unwrap_or(rows.len());
    let older = rows.iter().take(first_recent);
    let kept = older.clone().rev().take_while(|row| row.at >= before.ms()).count();
    older.take(first_recent.saturating_sub(kept)).map(|row| row.position).collect()
}

fn remove_bodies(conn: &mut SqliteConnection, of_events: &[i64]) -> Result<usize, StoreError> {
    let mut removed = 0;
    for event in of_events {
        let open: Option<i64> = deliveries::table
            .filter(deliveries::event_position.eq(event))
            .filter(deliveries::state.eq_any(super::OPEN))
            .select(deliveries::position)
            .first(conn)
            .optional()?;
        if open.is_none() {
            removed += diesel::delete(event_bodies::table.filter(event_bodies::event_position.eq(event))).execute(conn)?;
        }
    }
    Ok(removed)
}

fn remove_deliveries(conn: &mut SqliteConnection, positions: &[i64], before: Timestamp) -> Result<usize, StoreError> {
    let mut removed = 0;
    // The last ones stay: a position is never given twice.
    let last: Option<i64> = deliveries::table.select(diesel::dsl::max(deliveries::position)).first(conn)?;
    let last_event: Option<i64> = events::table.select(diesel::dsl::max(events::position)).first(conn)?;
    for position in positions.iter().copied().filter(|position| Some(*position) != last) {
        // One that ended only now is shown as long as any other.
        let event: Option<i64> = deliveries::table
            .filter(deliveries::position.eq(position))
            .filter(deliveries::ended_at.lt(before))
            .filter(deliveries::state.ne_all(super::OPEN))
            .select(deliveries::event_position)
            .first(conn)
            .optional()?;
        let Some(event) = event.filter(|event| Some(*event) != last_event) else { continue };
        diesel::delete(attempts::table.filter(attempts::delivery_position.eq(position))).execute(conn)?;
        removed += diesel::delete(deliveries::table.find(position)).execute(conn)?;
        let other: Option<i64> =
            deliveries::table.filter(deliveries::event_position.eq(event)).select(deliveries::position).first(conn).optional()?;
        if other.is_none() {
            diesel::delete(event_bodies::table.filter(event_bodies::event_position.eq(event))).execute(conn)?;
            diesel::delete(events::table.find(event)).execute(conn)?;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::{Aged, beginning};
    use crate::domain::time::Timestamp;

    fn goes(times: &[i64]) -> usize {
        let rows: Vec<Aged> = (1_i64..).zip(times).map(|(position, at)| Aged { position, at: *at }).collect();
        beginning(&rows, Timestamp::from_ms(100), Timestamp::from_ms(200)).len()
    }

    #[test]
    fn what_goes_is_a_beginning_and_a_wrong_time_stands_with_its_neighbours() {
        assert_eq!(goes(&[10, 20, 99, 100, 150]), 3);
        assert_eq!(goes(&[10, 150, 5, 5]), 1, "a clock that was at 1970 for a while makes nothing old");
        assert_eq!(goes(&[10, 900, 20, 150]), 3, "one that was far ahead keeps nothing for ever");
        assert_eq!(goes(&[10, 900, 900, 150]), 1, "nor is it taken for old before its neighbours are");
        assert_eq!(goes(&[900, 900]), 0);
        assert_eq!(goes(&[]), 0);
    }
}
