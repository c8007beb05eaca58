//! The delivery log: pages cut by position, so that they stay put while new deliveries arrive, and how many fit a filter.

use std::collections::HashMap;

use diesel::{BoolExpressionMethods, ExpressionMethods, JoinOnDsl, QueryDsl, RunQueryDsl};

use super::list::listed;
use super::walk::Walk;
use crate::domain::delivery::Delivery;
use crate::domain::delivery_filter::{Counted, DeliveryFilter, LogPage, Turn};
use crate::store::Store;
use crate::store::audit::{self, Act, Author};
use crate::store::error::StoreError;
use crate::store::schema::{deliveries, event_bodies};
use crate::wire::stored_filter::filter_text;

/// Deliveries on one page.
pub const PAGE_MAX: usize = 200;
/// Counting stops here.
pub const COUNT_MAX: usize = 10_000;

impl Store {
    /// Deliveries that fit a filter, newest first: those before the position `before`, at most `limit`. The position of the last one is the
    /// next page's `before`.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn deliveries(&self, filter: DeliveryFilter, before: Option<i64>, limit: i64) -> Result<Vec<Delivery>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(0).clamp(1, PAGE_MAX);
        let page = self.delivery_log(filter, before.map(Turn::Before), limit).await?;
        Ok(page.rows.into_iter().map(|row| row.delivery).collect())
    }

    /// A page of the log; without a turn the newest.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn delivery_log(&self, filter: DeliveryFilter, turn: Option<Turn>, limit: usize) -> Result<LogPage, StoreError> {
        let directory = self.directory();
        let limit = limit.clamp(1, PAGE_MAX);
        self.read(move |conn| {
            let walk = Walk::of(conn, &filter, &directory)?;
            let (from, newest_first) = match turn {
                None => (None, true),
                Some(Turn::Before(position)) => (Some(position), true),
                Some(Turn::After(position)) => (Some(position), false),
            };
            // One more shows whether another page follows.
            let mut found = walk.find(conn, from, newest_first, limit.saturating_add(1))?;
            let more = found.positions.len() > limit || !found.ended;
            let stopped = !found.ended && found.positions.len() <= limit;
            found.positions.truncate(limit);
            let last = if stopped { found.edge } else { found.positions.last().copied() };
            if !newest_first {
                found.positions.reverse();
            }
            let top = found.positions.first().copied();
            let rows = listed(conn, &found.positions)?;
            Ok(match turn {
                Some(Turn::After(position)) => LogPage {
                    older: Some(rows.last().map_or(position.saturating_add(1), |row| row.delivery.position)),
                    newer: last.unwrap_or(position),
                    has_newer: more,
                    stopped,
                    rows,
                },
                Some(Turn::Before(position)) => LogPage {
                    older: last.filter(|_| more),
                    newer: top.unwrap_or_else(|| position.saturating_sub(1)),
                    has_newer: true,
                    stopped,
                    rows,
                },
                None => LogPage { older: last.filter(|_| more), newer: top.unwrap_or(0), has_newer: false, stopped, rows },
            })
        })
        .await
    }

    /// How many deliveries fit a filter up to now, and the last position that was looked at.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn count_deliveries(&self, filter: DeliveryFilter) -> Result<(Counted, i64), StoreError> {
        let directory = self.directory();
        let upto = self.last_delivery().await?;
        self.read(move |conn| {
            let found = Walk::of(conn, &filter, &directory)?.find(conn, Some(upto.saturating_add(1)), true, COUNT_MAX.saturating_add(1))?;
            let n = found.positions.len().min(COUNT_MAX);
            Ok((Counted { n: i64::try_from(n).unwrap_or(0), at_least: !found.ended }, upto))
        })
        .await
    }

    /// The bodies of the deliveries at these positions, as far as they are kept.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn delivery_bodies(&self, positions: Vec<i64>) -> Result<HashMap<i64, Vec<u8>>, StoreError> {
        self.read(move |conn| {
            let of_delivery =
                event_bodies::event_position.eq(deliveries::event_position).and(event_bodies::variant.eq(deliveries::variant));
            let rows: Vec<(i64, Option<Vec<u8>>)> = deliveries::table
                .inner_join(event_bodies::table.on(of_delivery))
                .filter(deliveries::position.eq_any(positions))
                .select((deliveries::position, event_bodies::body))
                .load(conn)?;
            Ok(rows.into_iter().filter_map(|(position, body)| Some((position, body?))).collect())
        })
        .await
    }

    /// Notes that somebody takes the deliveries that fit a filter away; what text was looked for is not noted, it may be personal. Answers the
    /// position of the last delivery there is.
    ///
    /// # Errors
    /// `NotFound` before the set-up, or a fault of the database.
    pub async fn note_export(
        &self,
        by: Author,
        filter: &DeliveryFilter,
        format: &'static str,
        with_bodies: bool,
    ) -> Result<i64, StoreError> {
        let shown = DeliveryFilter { text: filter.text.as_ref().map(|_| "…".to_owned()), ..filter.clone() };
        let filter = filter_text(&shown);
        self.write(move |tx| {
            let target = tx.directory.organisation.as_ref().ok_or(StoreError::NotFound)?.id.0;
            let detail = [("format", format), ("filter", &*filter), ("bodies", if with_bodies { "true" } else { "false" })];
            audit::record(tx, &by, Act { act: "delivery_log.exported", target_kind: "organisation", target, detail: &detail })
        })
        .await?;
        self.last_delivery().await
    }
}
