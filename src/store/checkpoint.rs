//! Moving the log (SQLite's WAL) into the database file, beside the writer.
//!
//! **Threading contract.** One thread with a connection of its own does the long part while the writer goes on committing: a passive checkpoint waits for nobody, and
//! nobody waits for it (<https://www.sqlite.org/wal.html#ckpt>). It alone never ends under load, since the log begins anew only at a commit before which
//! all of it was moved. So passes follow each other, each moving what came during the one before, until little is left; that rest the writer moves
//! itself between two transactions, and its next commit overwrites the log from the start. What it waits for is thus bounded by [`REST_PAGES_MAX`], not by the log.
//!
//! Deliberately knows nothing of what is in the log.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use diesel::SqliteConnection;

use super::connection::{self, Progress};
use super::error::StoreError;

/// Jobs after which the log is moved: some tens of megabytes. Pages that were written often are moved once, so seldom is cheaper.
const LOG_JOBS: usize = 4_096;
/// Growth of the log's file that is enough by itself: jobs may be large.
const LOG_GROWTH_BYTES: u64 = 16 * 1024 * 1024;
/// Pages that the writer may be left to move by itself: some milliseconds.
const REST_PAGES_MAX: i64 = 512;
/// Passes in a row. Each is shorter than the one before; a disk so slow that they aren't is tried again later.
const PASSES_MAX: usize = 8;

/// The thread, and when it has something to do.
pub(super) struct Checkpointer {
    log: PathBuf,
    /// Jobs since the log was last to be moved, and the size of its file then.
    jobs: usize,
    bytes_then: u64,
    asks: Option<SyncSender<()>>,
    rest_is_little: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Checkpointer {
    /// Starts the thread. It opens its connection when the log is long for the first time.
    pub fn start(path: &Path) -> std::io::Result<Self> {
        // One ask may wait while a pass is under way: what was committed meanwhile is then moved too.
        let (asks, asked) = sync_channel(1);
        let rest_is_little = Arc::<AtomicBool>::default();
        let mut log = path.to_owned().into_os_string();
        log.push("-wal");
        let (path, told) = (path.to_owned(), Arc::clone(&rest_is_little));
        let thread = std::thread::Builder::new().name("store-checkpoint".to_owned()).spawn(move || work_off(&path, &asked, &told))?;
        Ok(Self { log: log.into(), jobs: 0, bytes_then: 0, asks: Some(asks), rest_is_little, thread: Some(thread) })
    }

    /// Counts jobs that are written, and has the log moved when it is long. Never waits.
    pub fn note(&mut self, jobs: usize) {
        self.jobs += jobs;
        let bytes = std::fs::metadata(&self.log).map_or(0, |file| file.len());
        // It was cut.
        self.bytes_then = self.bytes_then.min(bytes);
        if self.jobs < LOG_JOBS && bytes - self.bytes_then < LOG_GROWTH_BYTES {
            return;
        }
        (self.jobs, self.bytes_then) = (0, bytes);
        if let Some(asks) = &self.asks {
            asks.try_send(()).ok();
        }
    }

    /// Whether little is left, which only the writer can finish. Said once.
    pub fn leaves_the_rest(&self) -> bool {
        self.rest_is_little.load(Ordering::Relaxed) && self.rest_is_little.swap(false, Ordering::AcqRel)
    }
}

impl Drop for Checkpointer {
    /// Waits for a pass that is under way.
    fn drop(&mut self) {
        drop(self.asks.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that moves the log ended by a panic");
        }
    }
}

fn work_off(path: &Path, asked: &Receiver<()>, rest_is_little: &AtomicBool) {
    let mut own = None;
    while asked.recv().is_ok() {
        match passes(path, &mut own) {
            Ok(little) => rest_is_little.store(little, Ordering::Release),
            Err(error) => {
                tracing::warn!(%error, "the log could not be moved into the database file");
                own = None;
            }
        }
    }
}

/// Whether little is left at their end.
fn passes(path: &Path, own: &mut Option<SqliteConnection>) -> Result<bool, StoreError> {
    let conn = match own {
        Some(conn) => conn,
        None => own.insert(connection::open_writer(path)?),
    };
    let mut before = 0;
    for _ in 0..PASSES_MAX {
        let Progress { log, moved } = connection::move_log(conn)?;
        // What came since the pass began isn't counted, and is about as much as what came while the one before it ran.
        if moved - before <= REST_PAGES_MAX {
            // A reader that holds an old state stands in the way: the writer could do no better.
            return Ok(log - moved <= REST_PAGES_MAX);
        }
        before = moved;
    }
    Ok(false)
}
