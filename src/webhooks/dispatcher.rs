//! Brings due deliveries to their endpoints: woken by commits, it reads what is due, starts what may go, and hands results to the store in batches.
//!
//! **Threading contract.** Everything here lives on one thread (awc's client is bound to it); attempts are tasks on that thread, and the store is
//! awaited. What is under way is known only here: in the store such a delivery is still due, so a crash at any point sends it
//! again. Until a result is recorded, its delivery is not read again.
//!
//! [`Dispatcher::tick`] is the loop's step for tests: it works off everything that may go at the present time of the clock.

mod running;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::Notify;

use super::attempt::{Post, post};
use super::board::Board;
use super::inspector::Inspector;
use super::outgoing::Outgoing;
use super::pulse::Pulse;
use super::work::{Work, interrupted, terms};
use crate::auth::vault::Vault;
use crate::domain::delivery::{Attempt, DeliveryState, Outcome, Settlement, settle};
use crate::domain::endpoint::url::WebhookUrl;
use crate::domain::ids::EndpointId;
use crate::domain::webhook_id::WebhookId;
use crate::store::Store;
use crate::store::deliveries::{Ended, Job, Recorded};
use crate::store::endpoints::Keys;
use crate::store::error::StoreError;

/// Attempts at a time, of all endpoints together, where descriptors allow as many.
const AT_ONCE_MAX: usize = 512;
/// One part in so many of them is kept for endpoints that have nothing under way.
const AT_ONCE_RESERVED_PART: usize = 4;
/// New deliveries looked at in one reading.
const NEW_MAX: usize = 512;
/// Results recorded at a time.
const RECORD_MAX: usize = 256;
/// However quiet it is, the store is looked at this often, so that a lost wake-up costs a delay and not a delivery.
const QUIET_MS_MAX: i64 = 30_000;
/// Results that may wait for the disk; beyond it nothing is sent, so that a disk that hangs costs no memory.
const UNRECORDED_MAX: usize = 2_048;
/// Wait before results are handed in again that the store refused.
const RECORD_AGAIN: Duration = Duration::from_millis(200);

/// Random numbers for the jitter.
pub type Random = Box<dyn FnMut() -> u32>;

pub use running::End;

/// The dispatcher of one thread.
#[derive(Clone)]
pub struct Dispatcher(Rc<Inner>);

struct Inner {
    store: Store,
    vault: Vault,
    outgoing: Outgoing,
    /// Attempts at a time.
    at_once_max: Cell<usize>,
    inspector: Arc<Inspector>,
    random: RefCell<Random>,
    state: RefCell<Work>,
    /// An attempt ended, or results were recorded.
    moved: Notify,
    pulse: Pulse,
    /// A task of its own panicked: what is known here can't be trusted any more.
    broken: Cell<bool>,
}

impl Dispatcher {
    /// A dispatcher for the present thread, which must run a `LocalSet`.
    #[must_use]
    pub fn new(store: Store, vault: Vault, outgoing: Outgoing, inspector: Arc<Inspector>, random: Random) -> Self {
        Self(Rc::new(Inner {
            store,
            vault,
            outgoing,
            at_once_max: Cell::new(AT_ONCE_MAX),
            inspector,
            random: RefCell::new(random),
            state: RefCell::default(),
            moved: Notify::new(),
            pulse: Pulse::default(),
            broken: Cell::new(false),
        }))
    }

    /// Makes no more attempts at a time than descriptors allow.
    #[must_use]
    pub fn at_most(self, at_once_max: usize) -> Self {
        self.0.at_once_max.set(at_once_max.clamp(1, AT_ONCE_MAX));
        self
    }

    /// Shows on this board what holds endpoints back.
    #[must_use]
    pub fn shown_on(self, board: Arc<Board>) -> Self {
        self.0.state.borrow_mut().board = board;
        self
    }

    /// Reads what is due and starts what may go; answers how many attempts it started. A fault of the store is logged and met again at the next look.
    async fn look(&self) -> usize {
        let read = async {
            self.read_settings().await?;
            self.remember().await?;
            self.read_new().await?;
            self.read_due().await
        };
        if let Err(error) = read.await {
            tracing::error!(%error, "the webhook deliveries could not be read");
        }
        self.start()
    }

    async fn read_settings(&self) -> Result<(), StoreError> {
        let endpoints = Arc::clone(&self.0.store.directory().endpoints);
        let recalls = self.0.store.outbox_recalls();
        let (is_changed, is_recalled) = {
            let state = self.0.state.borrow();
            (state.endpoints.as_ref().is_none_or(|known| !Arc::ptr_eq(known, &endpoints)), state.recalls != recalls)
        };
        if is_changed {
            let keys = self.0.store.endpoint_keys(&self.0.vault).await?;
            let mut state = self.0.state.borrow_mut();
            state.keys = keys;
            state.endpoints = Some(endpoints);
            for id in state.endpoints.iter().flat_map(|known| known.keys().copied()).collect::<Vec<_>>() {
                state.lanes.entry(id).or_default();
            }
        }
        if is_changed || is_recalled {
            let mut guard = self.0.state.borrow_mut();
            let state = &mut *guard;
            state.recalls = recalls;
            for lane in state.lanes.values_mut() {
                for position in lane.drain() {
                    state.known.remove(&position);
                }
            }
        }
        Ok(())
    }

    /// What the attempts before this dispatcher have taught; without knowing it, nothing goes.
    async fn remember(&self) -> Result<(), StoreError> {
        if !self.0.state.borrow().remembers {
            let now = self.0.store.clock().now();
            let past = self.0.store.past_attempts(now.wall).await?;
            self.0.state.borrow_mut().remember(&past, now);
        }
        Ok(())
    }

    async fn read_new(&self) -> Result<(), StoreError> {
        loop {
            let (last, (rooms, released)) = {
                let mut state = self.0.state.borrow_mut();
                // Nothing is being read now.
                state.recorded_meanwhile.clear();
                if !std::mem::take(&mut state.has_news) && state.released.is_empty() {
                    return Ok(());
                }
                (state.last_position, state.rooms())
            };
            let Some(last) = last else {
                // Everything before is found lane by lane.
                let last = self.0.store.last_delivery().await;
                let mut state = self.0.state.borrow_mut();
                state.has_news |= last.is_err();
                state.last_position = Some(last?);
                return Ok(());
            };
            let read = self.0.store.new_deliveries(last, NEW_MAX, released, rooms).await;
            let mut state = self.0.state.borrow_mut();
            match read {
                Ok(news) => {
                    state.has_news |= !news.is_all;
                    let is_all = news.is_all;
                    state.accept_news(news);
                    if is_all {
                        return Ok(());
                    }
                }
                Err(error) => {
                    state.has_news = true;
                    // What was let pass is found from the beginning.
                    state.lanes.values_mut().for_each(|lane| lane.reading.is_stale = true);
                    return Err(error);
                }
            }
        }
    }

    async fn read_due(&self) -> Result<(), StoreError> {
        let now = self.0.store.clock().now().steady;
        let asks = {
            let mut state = self.0.state.borrow_mut();
            state.recorded_meanwhile.clear();
            state.asks(now)
        };
        if asks.is_empty() {
            return Ok(());
        }
        let found = self.0.store.deliveries_due(asks.clone(), now).await;
        let mut state = self.0.state.borrow_mut();
        match found {
            Ok(lanes) => asks.iter().zip(lanes).for_each(|(ask, due)| state.accept_due(ask, due, now)),
            Err(error) => {
                for ask in asks {
                    state.lanes.entry(ask.endpoint).or_default().reading.is_stale = true;
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Starts what may go, lane by lane, each as far as its own limits allow.
    fn start(&self) -> usize {
        let now = self.0.store.clock().now().steady;
        let max = self.0.at_once_max.get();
        let directory = self.0.store.directory();
        let is_current = |known: &Option<Arc<HashMap<_, _>>>| known.as_ref().is_some_and(|known| Arc::ptr_eq(known, &directory.endpoints));
        let mut started = Vec::new();
        {
            let mut guard = self.0.state.borrow_mut();
            let state = &mut *guard;
            // URL, headers and secrets are those of this moment: after a change they are read first.
            if !is_current(&state.endpoints) || state.recalls != self.0.store.outbox_recalls() {
                self.0.moved.notify_one();
                return 0;
            }
            // Told again when they are recorded.
            if state.unrecorded.len() >= UNRECORDED_MAX {
                return 0;
            }
            let mut ids: Vec<EndpointId> = state.lanes.keys().copied().collect();
            ids.sort_unstable();
            if !ids.is_empty() {
                let first = state.rotation % ids.len();
                ids.rotate_left(first);
                state.rotation = state.rotation.wrapping_add(1);
            }
            for id in ids {
                let (Some(lane), Some(endpoint), Some(keys)) =
                    (state.lanes.get_mut(&id), directory.endpoints.get(&id), state.keys.get(&id))
                else {
                    continue;
                };
                let terms = terms(endpoint);
                while state.in_flight < max && (state.in_flight < max - max / AT_ONCE_RESERVED_PART || lane.in_flight() == 0) {
                    let Some(job) = lane.take(now, terms) else { break };
                    state.in_flight += 1;
                    started.push((job, endpoint.draft.url.clone(), keys.clone()));
                }
            }
        }
        self.0.state.borrow_mut().show(now);
        let count = started.len();
        for (job, url, keys) in started {
            self.beside(self.clone().attempt(job, url, keys));
        }
        count
    }

    async fn attempt(self, job: Job, url: WebhookUrl, keys: Keys) {
        let now = self.0.store.clock().now();
        let (attempt, outcome) = match &job.body {
            None => interrupted(&url, now.wall),
            Some(body) => {
                let webhook_id = |event, test| WebhookId { event, test };
                let outgoing = Post {
                    url: url.clone(),
                    id: webhook_id(job.event, job.test),
                    body: body.clone(),
                    number: job.attempts + 1,
                    previous: job.previous.map(|event| webhook_id(event, false)),
                    headers: keys.headers,
                    secrets: keys.secrets.into_iter().filter(|secret| secret.expires_at.is_none_or(|at| at > now.wall)).collect(),
                };
                if self.0.inspector.is_at(&self.0.store, &url) {
                    self.0.inspector.answer(&outgoing, self.0.store.clock()).await
                } else {
                    let client = self.0.outgoing.client(now.steady);
                    let sending = AssertUnwindSafe(post(&client, self.0.store.clock(), &outgoing)).catch_unwind().await;
                    sending.unwrap_or_else(|_panic| interrupted(&url, now.wall))
                }
            }
        };
        self.finish(job, attempt, outcome);
    }

    fn finish(&self, job: Job, attempt: Attempt, outcome: Outcome) {
        let number = job.attempts + 1;
        let settlement = if job.body.is_none() {
            Settlement { state: DeliveryState::Erased, retry_in_ms: None, pause_ms: None, disable: None }
        } else {
            settle(&outcome, job.cause, number, (self.0.random.borrow_mut())())
        };
        let now = self.0.store.clock().now().steady;
        let mut guard = self.0.state.borrow_mut();
        let state = &mut *guard;
        state.in_flight = state.in_flight.saturating_sub(1);
        if let Some(lane) = state.lanes.get_mut(&job.endpoint) {
            lane.finished(&job, outcome.code, outcome.status, settlement.pause_ms, now);
        }
        state.unrecorded.push(Ended {
            position: job.position,
            endpoint: job.endpoint,
            chat: job.chat,
            cause: job.cause,
            number,
            attempt,
            settlement,
            ended_steady: now,
        });
        if !std::mem::replace(&mut state.is_recording, true) {
            self.beside(self.clone().record());
        }
        self.0.moved.notify_one();
    }

    /// Records results, as many at a time as came while the ones before were on their way to the disk.
    async fn record(self) {
        loop {
            let batch: Vec<Ended> = {
                let mut state = self.0.state.borrow_mut();
                let count = state.unrecorded.len().min(RECORD_MAX);
                state.unrecorded.drain(..count).collect()
            };
            if batch.is_empty() {
                self.0.state.borrow_mut().is_recording = false;
                self.0.moved.notify_one();
                return;
            }
            let batch = Arc::new(batch);
            let recorded = loop {
                match self.0.store.record_attempts(Arc::clone(&batch)).await {
                    Ok(recorded) => break recorded,
                    // The process is on its way out: they are still due.
                    Err(StoreError::Closed) => break Recorded::default(),
                    Err(error) => {
                        tracing::error!(%error, results = batch.len(), "webhook results could not be recorded yet");
                        tokio::time::sleep(RECORD_AGAIN).await;
                    }
                }
            };
            self.0.state.borrow_mut().recorded(&batch, &recorded);
            self.0.moved.notify_one();
        }
    }
}
