//! Drives resendings: one batch of each that runs in turn, those that a stop or a crash interrupted too.

use std::time::Duration;

use crate::store::Store;
use crate::store::error::StoreError;

/// How long to wait after a fault of the store, which a busy writer is too.
const FAULT_PAUSE: Duration = Duration::from_secs(1);

/// Goes on with resendings.
#[derive(Clone)]
pub struct Resender {
    store: Store,
}

impl Resender {
    /// Of a store.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    /// Does what there is, for ever.
    pub async fn run(self) {
        loop {
            match self.tick().await {
                Ok(true) => tokio::task::yield_now().await,
                Ok(false) => self.store.resending_woken().notified().await,
                Err(error) => {
                    tracing::warn!(%error, "deliveries could not be queued again");
                    tokio::time::sleep(FAULT_PAUSE).await;
                }
            }
        }
    }

    /// One batch of each that runs; whether any did.
    ///
    /// # Errors
    /// A fault of the store; each is where it was.
    pub async fn tick(&self) -> Result<bool, StoreError> {
        let running = self.store.running_resendings().await?;
        for resending in &running {
            self.store.continue_resending(resending.id).await?;
        }
        Ok(!running.is_empty())
    }
}
