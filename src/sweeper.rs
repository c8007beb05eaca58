//! What time does: it lets the deadlines of chats pass, always by the command that the rules decide on, removes what was kept long enough
//! ([`retention`]), and goes on with what was begun ([`resending`]).
//!
//! Sleeps until the nearest deadline of the agenda and does not scan; a test calls [`Sweeper::tick`] on a fixed clock. Knows no HTTP.

pub mod resending;
pub mod retention;

use std::time::Duration;

use crate::domain::chat::command::{Actor, Command};
use crate::store::Store;
use crate::store::error::StoreError;

/// The longest sleep: a deadline that came nearer wakes it before.
const SLEEP_MAX: Duration = Duration::from_secs(3600);
/// How long to wait after a fault of the store.
const FAULT_PAUSE: Duration = Duration::from_secs(1);

/// Lets time pass for chats.
#[derive(Clone)]
pub struct Sweeper {
    store: Store,
}

impl Sweeper {
    /// A sweeper of a store.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    /// Does what is due, for ever.
    pub async fn run(self) {
        let (resender, keeper) = (resending::Resender::new(self.store.clone()), retention::Keeper::new(self.store.clone()));
        tokio::join!(self.run_deadlines(), resender.run(), keeper.run());
    }

    async fn run_deadlines(self) {
        loop {
            if let Err(error) = self.tick().await {
                tracing::warn!(%error, "deadlines could not be carried out");
                tokio::time::sleep(FAULT_PAUSE).await;
                continue;
            }
            let now = self.store.clock().now().steady;
            let sleep = self
                .store
                .agenda()
                .nearest()
                .map_or(SLEEP_MAX, |due| Duration::from_millis(u64::try_from(due.ms_since(now)).unwrap_or(0)).min(SLEEP_MAX));
            tokio::select! {
                () = tokio::time::sleep(sleep) => {}
                () = self.store.agenda().changed() => {}
            }
        }
    }

    /// Does what is due now, and returns how many chats were looked at.
    ///
    /// # Errors
    /// A fault of the store; what was not done stays on the agenda.
    pub async fn tick(&self) -> Result<usize, StoreError> {
        let mut looked_at = 0;
        loop {
            let now = self.store.clock().now().steady;
            let due = self.store.agenda().take_due(now);
            if due.is_empty() {
                return Ok(looked_at);
            }
            for (index, chat) in due.iter().enumerate() {
                match self.store.execute(*chat, Actor::System, Command::Expire, None).await {
                    Ok(_) => looked_at += 1,
                    Err(StoreError::Refused(refusal)) => tracing::warn!(%chat, %refusal, "a deadline was refused"),
                    Err(error) => {
                        due.iter().skip(index).for_each(|chat| self.store.agenda().set(*chat, Some(now)));
                        return Err(error);
                    }
                }
            }
        }
    }
}
