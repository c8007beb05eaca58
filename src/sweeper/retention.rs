//! Removes what was kept long enough: at the start and every hour, little at a time.
//!
//! Time is taken from the clock that was read at the start and goes on steadily, so that a machine's clock that leaps while the server runs
//! moves nothing. One that was set wrong before is doubted for a day (`domain::retention`).

use std::time::Duration;

use crate::domain::retention::{Trust, trust};
use crate::domain::time::Timestamp;
use crate::store::Store;
use crate::store::deliveries::Sweep;
use crate::store::error::StoreError;

/// Between two sweeps.
const INTERVAL: Duration = Duration::from_secs(3_600);
/// Between two batches of a sweep, for everybody else.
const PAUSE: Duration = Duration::from_millis(20);
/// How long to wait after a fault of the store.
const FAULT_PAUSE: Duration = Duration::from_secs(60);

/// Keeps to the retention of deliveries.
pub struct Keeper {
    store: Store,
    /// Since when the clock has been doubted, in steady time.
    doubted_since: Option<Timestamp>,
    sweep: Sweep,
}

impl Keeper {
    /// Of a store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, doubted_since: None, sweep: Sweep::default() }
    }

    /// Does what is due, for ever.
    pub async fn run(mut self) {
        loop {
            match self.tick().await {
                Ok(true) => tokio::time::sleep(PAUSE).await,
                Ok(false) => tokio::time::sleep(INTERVAL).await,
                Err(error) => {
                    tracing::warn!(%error, "what was kept long enough could not be removed");
                    tokio::time::sleep(FAULT_PAUSE).await;
                }
            }
        }
    }

    /// One batch; whether the sweep goes on.
    ///
    /// # Errors
    /// A fault of the store; the sweep is where it was.
    pub async fn tick(&mut self) -> Result<bool, StoreError> {
        let moment = self.store.clock().now();
        let now = moment.wall.min(moment.steady);
        let Some(retention) = self.store.directory().organisation.as_ref().map(|organisation| organisation.retention) else {
            return Ok(false);
        };
        let last = self.store.swept_at().await?;
        let doubted_seconds = self.doubted_since.map_or(0, |since| moment.steady.seconds_since(since));
        if trust(last, now, doubted_seconds) == Trust::Doubted {
            if self.doubted_since.is_none() {
                tracing::warn!("the clock is far from the last sweep of deliveries: nothing is removed for a day");
                self.doubted_since = Some(moment.steady);
            }
            return Ok(false);
        }
        if self.store.sweep_deliveries(retention, now, &mut self.sweep).await? {
            return Ok(true);
        }
        let swept = std::mem::take(&mut self.sweep);
        if swept.bodies_removed > 0 || swept.deliveries_removed > 0 {
            tracing::info!(bodies = swept.bodies_removed, deliveries = swept.deliveries_removed, "removed what was kept long enough");
        }
        self.doubted_since = None;
        self.store.note_swept(now).await?;
        Ok(false)
    }
}
