//! One socket's bounded queue. Made by hand, since most sockets are silent and a channel keeps a block of slots for each.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytestring::ByteString;
use tokio::sync::Notify;

use super::close::Close;

/// Frames that may wait for a socket; one that falls further behind is closed and resumes.
pub const FRAMES_MAX: usize = 512;

/// The hub's end.
pub struct Outlet {
    id: u64,
    queue: Arc<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    told: Notify,
}

#[derive(Default)]
struct Waiting {
    frames: VecDeque<ByteString>,
    closing: Option<Close>,
}

/// The socket's end; there is one, and it alone waits.
pub struct Inlet(Arc<Queue>);

pub(super) fn pair(id: u64) -> (Arc<Outlet>, Inlet) {
    let queue = Arc::<Queue>::default();
    (Arc::new(Outlet { id, queue: Arc::clone(&queue) }), Inlet(queue))
}

impl Queue {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outlet {
    pub(super) const fn id(&self) -> u64 {
        self.id
    }

    /// Queues a frame, which the socket sends once it is woken; a full queue closes the socket instead.
    pub(super) fn offer(&self, frame: &ByteString) {
        let mut waiting = self.queue.waiting();
        if waiting.frames.len() < FRAMES_MAX {
            waiting.frames.push_back(frame.clone());
        } else {
            waiting.closing.get_or_insert(Close::Slow);
        }
    }

    pub(super) fn wake(&self) {
        self.queue.told.notify_one();
    }

    /// Tells the socket to close; the first reason counts.
    pub(super) fn close(&self, close: Close) {
        self.queue.waiting().closing.get_or_insert(close);
        self.queue.told.notify_one();
    }
}

impl Inlet {
    /// The next frame, or why the socket must close, which comes before frames that still wait.
    ///
    /// # Errors
    /// The reason to close.
    pub async fn next(&mut self) -> Result<ByteString, Close> {
        loop {
            {
                let mut waiting = self.0.waiting();
                if let Some(close) = waiting.closing {
                    return Err(close);
                }
                if let Some(frame) = waiting.frames.pop_front() {
                    return Ok(frame);
                }
            }
            // A frame that came in between has left a permit.
            self.0.told.notified().await;
        }
    }
}
