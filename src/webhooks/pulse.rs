//! Whether the dispatcher lives: until when it answers for an endpoint's work, and how long other due work has waited for somebody to take it.
//!
//! Shared between the dispatcher's thread and whoever watches it. What the dispatcher vouches for ends by itself, so that a dispatcher that died
//! or stands still is found out by its silence.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::domain::ids::EndpointId;
use crate::domain::time::Timestamp;
use crate::store::Store;
use crate::store::error::StoreError;

/// How long work under way is vouched for without being looked at again, in milliseconds: an attempt and its record take less.
pub const VOUCH_MS: i64 = 60_000;
/// Due work that nobody has taken for this long, in milliseconds, is told in the log.
const OVERDUE_TOLD_MS: i64 = 60_000;
const WATCH_INTERVAL: Duration = Duration::from_secs(30);

/// What the dispatcher vouches for; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Pulse(Arc<Mutex<HashMap<EndpointId, Timestamp>>>);

impl Pulse {
    /// Work for these endpoints waits for a good reason, each until its time.
    pub fn vouch(&self, until: impl IntoIterator<Item = (EndpointId, Timestamp)>) {
        *self.lock() = until.into_iter().collect();
    }

    /// The age in milliseconds of the oldest due delivery that nobody has taken, of those nobody vouches for: 0 while all is well.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn overdue_ms(&self, store: &Store) -> Result<i64, StoreError> {
        let now = store.clock().now().steady;
        let oldest = store.oldest_due(now).await?;
        let vouched = self.lock();
        let waited = oldest.into_iter().map(|(endpoint, due)| {
            // Since it was due, or since the reason ended that it had to wait for.
            let since = vouched.get(&endpoint).map_or(due, |until| due.max(*until));
            now.ms_since(since).max(0)
        });
        Ok(waited.max().unwrap_or(0))
    }

    /// Says in the log when due work is left lying; runs until it is dropped.
    pub async fn watch(self, store: Store) {
        loop {
            tokio::time::sleep(WATCH_INTERVAL).await;
            match self.overdue_ms(&store).await {
                Ok(overdue_ms) if overdue_ms >= OVERDUE_TOLD_MS => {
                    tracing::error!(seconds = overdue_ms / 1000, "webhook deliveries are due and nobody takes them");
                }
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "due webhook deliveries could not be looked at"),
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<EndpointId, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
