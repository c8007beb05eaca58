//! Everything that lasts: all of diesel, one SQLite file.
//!
//! **Threading contract.** One writer thread owns the only writing connection ([`writer`]); reads run on a pool of read-only connections, on blocking threads.
//! The [`Store`] handle is cheap to clone and may be used from any thread; its methods take and return domain types, and a write has
//! returned only when it is on disk.
//!
//! Deliberately knows nothing of HTTP and sockets.

pub mod agenda;
pub mod audit;
pub mod chats;
mod checkpoint;
pub mod commands;
mod connection;
pub mod copy;
pub mod deliveries;
pub mod departments;
pub mod directory;
pub mod effect;
pub mod endpoints;
pub mod error;
pub mod offline;
mod open_chats;
pub mod organisation;
pub mod outbox;
pub mod passwords;
pub mod people;
mod prepared;
pub mod queue;
mod quick_setup;
mod readings;
mod schema;
pub mod search;
pub mod sessions;
pub mod sites;
pub mod snapshots;
mod sql_types;
pub mod tags;
pub mod timeline;
pub mod tokens;
pub mod visitors;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use self::agenda::Agenda;
use self::checkpoint::Checkpointer;
use self::error::StoreError;
use self::open_chats::OpenChats;
use self::writer::{Job, QUEUE_JOBS_MAX, Run, Shared, Writer};
use crate::clock::Clock;
use crate::domain::directory::Directory;
use crate::domain::routing::Loads;
use crate::metrics::Metrics;

pub use self::writer::{Listener, Tx};

/// Connections that read.
const READERS_MAX: u32 = 4;

/// A handle to the store.
#[derive(Clone)]
pub struct Store {
    jobs: mpsc::Sender<Box<dyn Run>>,
    readers: Pool<ConnectionManager<SqliteConnection>>,
    shared: Arc<Shared>,
    clock: Clock,
    path: Arc<Path>,
    thread: Arc<Mutex<Option<std::thread::JoinHandle<()>>>>,
}

impl Store {
    /// Opens the database file, migrates it, applies the boot rule, and starts the writer.
    ///
    /// # Errors
    /// `Unwritable`, `Newer`, or a fault of the database.
    pub fn open(path: &Path, clock: Clock) -> Result<Self, StoreError> {
        let mut conn = connection::open_writer(path)?;
        connection::migrate(&mut conn)?;
        let agenda = Agenda::default();
        commands::boot(&mut conn, clock.now(), &agenda)?;
        deliveries::boot(&mut conn, clock.now())?;
        let directory = Arc::new(directory::load(&mut conn)?);
        let loads = Arc::new(commands::loads(&mut conn)?);
        let shared = Arc::new(Shared {
            directory: RwLock::new(Arc::clone(&directory)),
            loads: RwLock::new(Arc::clone(&loads)),
            agenda,
            outbox: tokio::sync::Notify::new(),
            resendings: tokio::sync::Notify::new(),
            closing: AtomicBool::new(false),
            outbox_recalls: AtomicU64::new(0),
            deliveries_moved: tokio::sync::watch::Sender::new(0),
            public_url: RwLock::new(Arc::from("http://127.0.0.1:8080")),
            metrics: Metrics::default(),
            effects: Mutex::new(None),
        });
        let readers = readers(path)?;
        let (jobs, queue) = mpsc::channel(QUEUE_JOBS_MAX);
        let writer = Writer {
            path: PathBuf::from(path),
            conn,
            clock: clock.clone(),
            shared: Arc::clone(&shared),
            directory,
            loads,
            chats: OpenChats::default(),
            checkpointer: Checkpointer::start(path).map_err(|error| StoreError::Unwritable(error.to_string()))?,
        };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.work_off(queue))
            .map_err(|error| StoreError::Unwritable(error.to_string()))?;
        Ok(Self { jobs, readers, shared, clock, path: Arc::from(path), thread: Arc::new(Mutex::new(Some(thread))) })
    }

    /// The settings as last committed.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.shared.directory.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Everybody's load as last committed: active chats and offers that stand.
    #[must_use]
    pub fn loads(&self) -> Arc<Loads> {
        Arc::clone(&self.shared.loads.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The deadlines of the open chats.
    #[must_use]
    pub fn agenda(&self) -> &Agenda {
        &self.shared.agenda
    }

    /// Told when deliveries became due.
    #[must_use]
    pub fn outbox_woken(&self) -> &tokio::sync::Notify {
        &self.shared.outbox
    }

    /// How often deliveries were recalled: what was read before the last time must be read again.
    #[must_use]
    pub fn outbox_recalls(&self) -> u64 {
        self.shared.outbox_recalls.load(Ordering::Acquire)
    }

    /// Changes whenever deliveries were queued or attempts recorded: for pages that show deliveries while they happen.
    #[must_use]
    pub fn deliveries_moved(&self) -> tokio::sync::watch::Receiver<u64> {
        self.shared.deliveries_moved.subscribe()
    }

    /// Where the console is, without a slash at its end.
    #[must_use]
    pub fn public_url(&self) -> Arc<str> {
        Arc::clone(&self.shared.public_url.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Says where the console is; bodies of webhooks lead there from the next event on.
    pub fn set_public_url(&self, url: &str) {
        *self.shared.public_url.write().unwrap_or_else(PoisonError::into_inner) = Arc::from(url.trim_end_matches('/'));
    }

    /// What the process counts about itself.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// The clock that the store lives by.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Tells `listener` everything that is committed from now on, in commit order, on the writer's thread: it must never wait. A second one replaces the first.
    pub fn listen(&self, listener: impl Listener + 'static) {
        *self.shared.effects.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(listener));
    }

    /// Runs a job in the writer. It may run again after another job's fault, and must decide before it writes: a refusal leaves nothing behind.
    ///
    /// # Errors
    /// The job's own, `Overloaded`, or a fault of the database.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.submit(work, false).await
    }

    /// Like [`Store::write`], for jobs that may refuse after a write: what they wrote is undone.
    ///
    /// # Errors
    /// The job's own, `Overloaded`, or a fault of the database.
    pub async fn write_guarded<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.submit(work, true).await
    }

    /// Runs a job that only notes that something was used: whoever reads must not fail with it when the disk takes no writes.
    async fn write_if_possible(&self, work: impl FnMut(&mut Tx<'_>) -> Result<(), StoreError> + Send + 'static) {
        if let Err(error) = self.write(work).await {
            tracing::warn!(%error, "a use could not be noted");
        }
    }

    async fn submit<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
        guarded: bool,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.jobs.try_send(Box::new(Job { work, guarded, result: None, reply })).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })?;
        answer.await.map_err(|_closed| StoreError::Closed)?
    }

    /// Whether a write reaches the disk now.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn check_writable(&self) -> Result<(), StoreError> {
        self.write(|tx| {
            let value = tx.now.wall.ms().to_string();
            diesel::replace_into(schema::meta::table)
                .values((schema::meta::key.eq("checked_at"), schema::meta::value.eq(value)))
                .execute(tx.conn)?;
            Ok(())
        })
        .await
    }

    /// A fact about this data directory, such as whose key sealed its secrets.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn fact(&self, key: &'static str) -> Result<Option<String>, StoreError> {
        self.read(move |conn| Ok(schema::meta::table.find(key).select(schema::meta::value).get_result(conn).optional()?)).await
    }

    /// Notes a fact about this data directory.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn note_fact(&self, key: &'static str, value: String) -> Result<(), StoreError> {
        self.write(move |tx| {
            diesel::replace_into(schema::meta::table)
                .values((schema::meta::key.eq(key), schema::meta::value.eq(&value)))
                .execute(tx.conn)?;
            Ok(())
        })
        .await
    }

    /// Runs a query on a read-only connection.
    ///
    /// # Errors
    /// The query's own, or a fault of the database.
    pub async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut SqliteConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let readers = self.readers.clone();
        tokio::task::spawn_blocking(move || {
            let mut conn = readers.get().map_err(|error| StoreError::Database(error.to_string()))?;
            query(&mut conn)
        })
        .await
        .map_err(|error| StoreError::Database(error.to_string()))?
    }

    /// Works off what waits, moves the log into the database file and ends the writer. Later writes are told that the store is closed.
    pub async fn close(&self) {
        self.shared.closing.store(true, Ordering::Release);
        // Wakes the writer; whether it still answers doesn't matter.
        drop(self.write(|_| Ok(())).await);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let joined = tokio::task::spawn_blocking(move || thread.map(std::thread::JoinHandle::join)).await;
        if !matches!(joined, Ok(Some(Ok(())) | None)) {
            tracing::error!("the writer ended by a panic");
        }
        // The listener may hold the store.
        drop(self.shared.effects.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

fn readers(path: &Path) -> Result<Pool<ConnectionManager<SqliteConnection>>, StoreError> {
    #[derive(Debug)]
    struct ReadOnly;
    impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for ReadOnly {
        fn on_acquire(&self, conn: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
            conn.batch_execute(connection::READER_PRAGMAS).map_err(diesel::r2d2::Error::QueryError)
        }
    }
    Pool::builder()
        .max_size(READERS_MAX)
        .min_idle(Some(1))
        .test_on_check_out(false)
        .connection_timeout(Duration::from_secs(10))
        .connection_customizer(Box::new(ReadOnly))
        .build(ConnectionManager::new(path.to_string_lossy()))
        .map_err(|error| StoreError::Database(error.to_string()))
}
