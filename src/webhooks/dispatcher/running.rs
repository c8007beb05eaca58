//! The dispatcher's life: when it looks, when it is idle, and how it ends.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Duration;

use futures_util::FutureExt as _;

use super::{Dispatcher, Inner, QUIET_MS_MAX};
use crate::webhooks::pulse::Pulse;
use crate::webhooks::work::terms;

/// Why a dispatcher's run came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was asked to.
    Stopped,
    /// Something in it panicked: another one must go on with what the store has.
    Broken,
}

impl Dispatcher {
    /// The same, telling by this pulse that it lives.
    #[must_use]
    pub fn with_pulse(self, pulse: Pulse) -> Self {
        // Nobody else has it yet.
        Rc::try_unwrap(self.0).map_or_else(Self, |inner| Self(Rc::new(Inner { pulse, ..inner })))
    }

    /// Works until `stop` changes or its sender is gone, then waits for what is under way, at most `grace`.
    pub async fn run(&self, mut stop: tokio::sync::watch::Receiver<bool>, grace: Duration) -> End {
        self.0.state.borrow_mut().has_news = true;
        while !*stop.borrow() {
            // Interest is registered before the store is looked at: a commit in between is not missed.
            let woken = self.0.store.outbox_woken().notified();
            self.look().await;
            if self.0.broken.get() {
                return End::Broken;
            }
            let quiet = self.quiet_for();
            let has_news = tokio::select! {
                () = woken => true,
                () = self.0.moved.notified() => false,
                () = tokio::time::sleep(quiet) => true,
                changed = stop.changed() => if changed.is_ok() { true } else { break },
            };
            if has_news {
                self.0.state.borrow_mut().has_news = true;
            }
        }
        // What is still under way after it stays due, and is sent again after the next start.
        if tokio::time::timeout(grace, self.drain()).await.is_err() {
            tracing::warn!("stopped with webhook attempts under way; they are repeated after the next start");
        }
        End::Stopped
    }

    /// Runs a task beside; its panic ends this dispatcher instead of leaving a hole in what it knows.
    pub(super) fn beside(&self, task: impl Future<Output = ()> + 'static) {
        let me = self.clone();
        tokio::task::spawn_local(async move {
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                me.0.broken.set(true);
                me.0.moved.notify_one();
            }
        });
    }

    /// Works off everything that may go at the clock's present time, and records it. Answers how many attempts were made.
    pub async fn tick(&self) -> usize {
        let mut attempts = 0;
        loop {
            self.0.state.borrow_mut().has_news = true;
            // What ends while the look reads may let more pass than it saw: only a look that began idle is the last word.
            let was_idle = self.is_idle();
            let started = self.look().await;
            attempts += started;
            if started == 0 && was_idle {
                return attempts;
            }
            if !self.is_idle() {
                self.0.moved.notified().await;
            }
        }
    }

    /// Attempts under way.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.0.state.borrow().in_flight
    }

    async fn drain(&self) {
        while !self.is_idle() {
            self.0.moved.notified().await;
        }
    }

    fn is_idle(&self) -> bool {
        let state = self.0.state.borrow();
        state.in_flight == 0 && state.unrecorded.is_empty() && !state.is_recording
    }

    /// Until when nothing happens unless somebody tells.
    fn quiet_for(&self) -> Duration {
        let now = self.0.store.clock().now().steady;
        let mut guard = self.0.state.borrow_mut();
        let state = &mut *guard;
        if now.ms_since(state.quiet_since) >= QUIET_MS_MAX {
            state.quiet_since = now;
            state.lanes.values_mut().for_each(|lane| lane.reading.is_stale = true);
        }
        let terms_of = |id| state.endpoints.as_ref().and_then(|known| known.get(id)).map(terms);
        let nearest = state.lanes.iter().filter_map(|(id, lane)| lane.wakes_at(now, terms_of(id)?)).min();
        self.0.pulse.vouch(state.lanes.iter().filter_map(|(id, lane)| Some((*id, lane.vouched_until(now, terms_of(id)?)?))));
        let wait = nearest.map_or(QUIET_MS_MAX, |at| at.ms_since(now)).clamp(1, QUIET_MS_MAX);
        Duration::from_millis(u64::try_from(wait).unwrap_or(1))
    }
}
