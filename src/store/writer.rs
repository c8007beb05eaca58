//! The one thread that writes.
//!
//! It owns the only writing connection. Jobs come through a bounded queue; all that are waiting form a batch, which is one transaction and so one sync to disk: batches
//! form by themselves while the previous one is on its way, without a timer. Nobody is answered before the COMMIT, and what a job wants to tell
//! the world ([`Effect`]) is published after it, in commit order and before the answers: so an author's answer and event leave in one write.
//!
//! A job that refuses must not have written anything; one that can't promise that runs guarded (in a savepoint). After a fault of the database
//! the batch is undone and its jobs are run again one by one, so a fault hurts only who caused it. Jobs are therefore re-runnable.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use diesel::{Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use super::agenda::Agenda;
use super::checkpoint::Checkpointer;
use super::connection;
use super::effect::Effect;
use super::error::StoreError;
use super::open_chats::OpenChats;
use crate::clock::Clock;
use crate::domain::directory::Directory;
use crate::domain::ids::AgentId;
use crate::domain::routing::Loads;
use crate::domain::time::Moment;
use crate::metrics::Metrics;

/// Jobs in one transaction; more gain nothing and make the others wait.
const BATCH_JOBS_MAX: usize = 256;
/// Jobs that may wait; beyond it callers are told that the server is busy.
pub(super) const QUEUE_JOBS_MAX: usize = 8_192;
/// Hears of what was committed, on the writer's thread, in commit order. It must never wait.
pub trait Listener: Send {
    /// This was committed; nobody has been answered.
    fn committed(&mut self, effects: Vec<Effect>);
    /// Those who asked for it have been answered, too.
    fn answered(&mut self);
}

/// What a job has in its hands.
pub struct Tx<'a> {
    pub conn: &'a mut SqliteConnection,
    pub now: Moment,
    pub directory: Arc<Directory>,
    /// Where the console is, without a slash at its end.
    pub public_url: Arc<str>,
    pub effects: Vec<Effect>,
    /// Everybody's load, as the rows of the chats are.
    pub loads: Arc<Loads>,
    /// Rows that were read or written lately.
    pub(super) chats: &'a mut OpenChats,
}

impl Tx<'_> {
    /// Tells the world, after the COMMIT.
    pub fn publish(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Reads the settings again, after a change of them.
    ///
    /// # Errors
    /// A fault of the database.
    pub fn reload_directory(&mut self) -> Result<(), StoreError> {
        self.directory = Arc::new(super::directory::load(self.conn)?);
        Ok(())
    }

    /// Changes the directory in memory, as the job has changed its rows.
    pub fn change_directory(&mut self, change: impl FnOnce(&mut Directory)) {
        change(Arc::make_mut(&mut self.directory));
    }

    /// Counts a chat no more for the one and for the other from now on, as its row was changed.
    pub(super) fn change_load(&mut self, from: Option<AgentId>, to: Option<AgentId>) {
        if from == to {
            return;
        }
        let loads = Arc::make_mut(&mut self.loads);
        if let Some(load) = from.and_then(|from| loads.get_mut(&from)) {
            *load -= 1;
        }
        if let Some(to) = to {
            *loads.entry(to).or_default() += 1;
        }
        loads.retain(|_, load| *load > 0);
    }
}

/// A job in the queue.
pub(super) trait Run: Send {
    /// Does it; `Err` is a fault that undoes the batch.
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError>;
    /// Answers the caller.
    fn settle(self: Box<Self>, committed: Result<(), StoreError>);
}

pub(super) struct Job<F, T> {
    pub work: F,
    pub guarded: bool,
    pub result: Option<Result<T, StoreError>>,
    pub reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Run for Job<F, T>
where
    F: FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let effects = tx.effects.len();
        let known = (Arc::clone(&tx.directory), Arc::clone(&tx.loads));
        let result = if self.guarded { in_savepoint(tx, &mut self.work) } else { (self.work)(tx) };
        match result {
            Err(error) if error.is_fault() => Err(error),
            result => {
                if result.is_err() {
                    tx.effects.truncate(effects);
                    (tx.directory, tx.loads) = known;
                }
                self.result = Some(result);
                Ok(())
            }
        }
    }

    fn settle(self: Box<Self>, committed: Result<(), StoreError>) {
        let result = match (committed, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(StoreError::Closed),
            (Err(error), _) => Err(error),
        };
        // A caller that went away needs no answer.
        drop(self.reply.send(result));
    }
}

/// Does it so that an error leaves nothing of it behind, whatever else the job does.
pub(super) fn in_savepoint<T>(tx: &mut Tx<'_>, work: &mut impl FnMut(&mut Tx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
    let (now, directory, loads) = (tx.now, Arc::clone(&tx.directory), Arc::clone(&tx.loads));
    let public_url = Arc::clone(&tx.public_url);
    let chats = &mut *tx.chats;
    let done = tx.conn.transaction::<_, Undo, _>(|conn| {
        let mut inner = Tx { conn, now, directory, public_url, effects: Vec::new(), loads, chats };
        let value = work(&mut inner).map_err(Undo)?;
        Ok((value, inner.effects, inner.directory, inner.loads))
    });
    match done {
        Ok((value, effects, directory, loads)) => {
            // After those of the jobs before it, which stand whatever became of this one.
            tx.effects.extend(effects);
            tx.directory = directory;
            tx.loads = loads;
            Ok(value)
        }
        Err(Undo(error)) => {
            tx.chats.forget();
            Err(error)
        }
    }
}

struct Undo(StoreError);

impl From<diesel::result::Error> for Undo {
    fn from(error: diesel::result::Error) -> Self {
        Self(error.into())
    }
}

/// What the writer shares with the handle.
pub(super) struct Shared {
    pub directory: RwLock<Arc<Directory>>,
    pub loads: RwLock<Arc<Loads>>,
    pub agenda: Agenda,
    /// Told that deliveries became due.
    pub outbox: tokio::sync::Notify,
    /// Told that a resending began.
    pub resendings: tokio::sync::Notify,
    /// Set once nothing more shall be written.
    pub closing: AtomicBool,
    /// How often deliveries were recalled.
    pub outbox_recalls: AtomicU64,
    /// How often deliveries were queued or attempts recorded.
    pub deliveries_moved: tokio::sync::watch::Sender<u64>,
    /// Where the console is; bodies of webhooks lead there.
    pub public_url: RwLock<Arc<str>>,
    /// Counts of commits and of what came of them.
    pub metrics: Metrics,
    /// Where effects go after the COMMIT.
    pub effects: Mutex<Option<Box<dyn Listener>>>,
}

pub(super) struct Writer {
    pub path: PathBuf,
    pub conn: SqliteConnection,
    pub clock: Clock,
    pub shared: Arc<Shared>,
    pub directory: Arc<Directory>,
    pub loads: Arc<Loads>,
    pub chats: OpenChats,
    pub checkpointer: Checkpointer,
}

impl Writer {
    /// The thread's body: until every handle is gone.
    pub fn work_off(mut self, mut queue: mpsc::Receiver<Box<dyn Run>>) {
        let mut batch: Vec<Box<dyn Run>> = Vec::with_capacity(BATCH_JOBS_MAX);
        while queue.blocking_recv_many(&mut batch, BATCH_JOBS_MAX) > 0 {
            self.checkpointer.note(batch.len());
            self.commit_batch(&mut batch);
            if self.shared.closing.load(Ordering::Acquire) && queue.is_empty() {
                break;
            }
            self.finish_moving_the_log();
        }
        drop(self.checkpointer);
        if let Err(error) = connection::empty_log(&mut self.conn) {
            tracing::warn!(%error, "the log could not be moved into the database file");
        }
    }

    fn commit_batch(&mut self, batch: &mut Vec<Box<dyn Run>>) {
        match self.transact(batch) {
            Ok(()) => self.settle(batch.drain(..), &Ok(())),
            Err(error) if batch.len() == 1 => batch.drain(..).for_each(|job| job.settle(Err(error.clone()))),
            Err(error) => {
                tracing::warn!(%error, jobs = batch.len(), "a batch failed and is run again one by one");
                for job in batch.drain(..) {
                    let mut single = vec![job];
                    let committed = self.transact(&mut single);
                    self.settle(single.into_iter(), &committed);
                }
            }
        }
    }

    /// One transaction for all of them, published after its COMMIT.
    fn transact(&mut self, batch: &mut [Box<dyn Run>]) -> Result<(), StoreError> {
        let (clock, directory, loads) = (self.clock.clone(), Arc::clone(&self.directory), Arc::clone(&self.loads));
        let public_url = Arc::clone(&self.shared.public_url.read().unwrap_or_else(PoisonError::into_inner));
        let began = clock.monotonic();
        let chats = &mut self.chats;
        let done = self.conn.immediate_transaction::<_, Undo, _>(|conn| {
            let mut tx = Tx { conn, now: clock.now(), directory, public_url, effects: Vec::new(), loads, chats };
            for job in batch.iter_mut() {
                tx.now = clock.now();
                job.run(&mut tx).map_err(Undo)?;
            }
            Ok((tx.effects, tx.directory, tx.loads))
        });
        match done {
            Ok((effects, directory, loads)) => {
                self.shared.metrics.committed(batch.len(), clock.monotonic().saturating_sub(began));
                replace(&mut self.directory, directory, &self.shared.directory);
                replace(&mut self.loads, loads, &self.shared.loads);
                self.publish(effects);
                Ok(())
            }
            Err(Undo(error)) => {
                tracing::error!(%error, "a transaction failed");
                self.chats.forget();
                self.reopen();
                Err(error)
            }
        }
    }

    fn publish(&self, effects: Vec<Effect>) {
        if effects.is_empty() {
            return;
        }
        let (mut outbox, mut moved) = (false, false);
        for effect in &effects {
            match effect {
                Effect::Deadline { chat, due } => self.shared.agenda.set(*chat, *due),
                Effect::Outbox => outbox = true,
                Effect::OutboxRecalled => {
                    self.shared.outbox_recalls.fetch_add(1, Ordering::AcqRel);
                    outbox = true;
                }
                Effect::DeliveriesMoved => moved = true,
                _ => {}
            }
        }
        if outbox {
            self.shared.outbox.notify_one();
        }
        if outbox || moved {
            self.shared.deliveries_moved.send_modify(|times| *times += 1);
        }
        self.tell(|listener| listener.committed(effects));
    }

    fn settle(&self, jobs: impl Iterator<Item = Box<dyn Run>>, committed: &Result<(), StoreError>) {
        jobs.for_each(|job| job.settle(committed.clone()));
        self.tell(|listener| listener.answered());
    }

    fn tell(&self, what: impl FnOnce(&mut (dyn Listener + 'static))) {
        let mut listener = self.shared.effects.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(listener) = listener.as_mut() {
            // What is committed stays so whatever becomes of telling it.
            if catch_unwind(AssertUnwindSafe(|| what(listener.as_mut()))).is_err() {
                tracing::error!("telling what was committed ended by a panic");
            }
        }
    }

    /// SQLite may have rolled back by itself after a full disk or an I/O error: only a new connection is surely clean.
    fn reopen(&mut self) {
        match connection::open_writer(&self.path) {
            Ok(conn) => self.conn = conn,
            Err(error) => tracing::error!(%error, "the database could not be opened again"),
        }
    }

    fn finish_moving_the_log(&mut self) {
        if self.checkpointer.leaves_the_rest()
            && let Err(error) = connection::move_log(&mut self.conn)
        {
            tracing::warn!(%error, "the rest of the log could not be moved into the database file");
        }
    }
}

/// Shows everybody what a transaction made of it, where it did.
fn replace<T>(own: &mut Arc<T>, now: Arc<T>, shown: &RwLock<Arc<T>>) {
    if !Arc::ptr_eq(own, &now) {
        *shown.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&now);
        *own = now;
    }
}
