//! Tries an address that is saved nowhere yet: one POST through the same guard, limits and signature as any delivery, kept nowhere.
//!
//! [`Trials`] may be used from any thread; the POST is made on the dispatcher's. What an admin learns of it is what a delivery's attempt tells.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::attempt::{Post, post};
use super::client::Caller;
use super::inspector::Inspector;
use super::outgoing::Outgoing;
use super::work::interrupted;
use crate::domain::delivery::Attempt;
use crate::store::Store;

/// Trials at a time, of all admins together; more are refused.
pub const TRIALS_AT_ONCE_MAX: usize = 16;

/// Where trials are asked for.
#[derive(Clone, Debug)]
pub struct Trials(mpsc::Sender<Trial>);

/// One POST, and who waits for what it came to.
#[derive(Debug)]
pub struct Trial {
    post: Post,
    reply: oneshot::Sender<Attempt>,
}

/// There are too many trials, or the server stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no trial can be made now")]
pub struct Busy;

impl Trials {
    /// A place to ask at, and where the asked ones come out.
    #[must_use]
    pub fn open() -> (Self, mpsc::Receiver<Trial>) {
        let (sender, receiver) = mpsc::channel(TRIALS_AT_ONCE_MAX);
        (Self(sender), receiver)
    }

    /// Posts, and answers what it came to; within the time of one attempt.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn post(&self, post: Post) -> Result<Attempt, Busy> {
        let (reply, answer) = oneshot::channel();
        self.0.try_send(Trial { post, reply }).map_err(|_full_or_closed| Busy)?;
        answer.await.map_err(|_stopped| Busy)
    }
}

/// Makes the trials that are asked for, until nobody can ask any more. On a thread with a `LocalSet`.
pub async fn serve(asked: &mut mpsc::Receiver<Trial>, outgoing: &Outgoing, store: &Store, inspector: &Arc<Inspector>) {
    let places = Arc::new(Semaphore::new(TRIALS_AT_ONCE_MAX));
    while let Some(trial) = asked.recv().await {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let client = outgoing.client(store.clock().now().steady);
        let (store, inspector) = (store.clone(), Arc::clone(inspector));
        tokio::task::spawn_local(async move {
            let attempt = made(&client, &store, &inspector, &trial.post).await;
            // Whoever asked may have gone.
            drop(trial.reply.send(attempt));
            drop(place);
        });
    }
}

async fn made(client: &Caller, store: &Store, inspector: &Inspector, trial: &Post) -> Attempt {
    if inspector.is_at(store, &trial.url) {
        return inspector.answer(trial, store.clock()).await.0;
    }
    let sending = AssertUnwindSafe(post(client, store.clock(), trial)).catch_unwind().await;
    sending.unwrap_or_else(|_panic| interrupted(&trial.url, store.clock().now().wall)).0
}
