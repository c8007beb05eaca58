//! One socket's bounded queue.

use std::sync::{Arc, OnceLock};

use bytestring::ByteString;
use tokio::sync::{Notify, mpsc};

use super::close::Close;

/// Frames that may wait for a socket; one that falls further behind is closed and resumes.
pub const FRAMES_MAX: usize = 128;

/// The hub's end.
pub struct Outlet {
    id: u64,
    frames: mpsc::Sender<ByteString>,
    closing: Arc<Closing>,
}

#[derive(Default)]
struct Closing {
    why: OnceLock<Close>,
    told: Notify,
}

/// The socket's end.
pub struct Inlet {
    frames: mpsc::Receiver<ByteString>,
    closing: Arc<Closing>,
}

pub(super) fn pair(id: u64) -> (Arc<Outlet>, Inlet) {
    let (sender, receiver) = mpsc::channel(FRAMES_MAX);
    let closing = Arc::new(Closing::default());
    (Arc::new(Outlet { id, frames: sender, closing: Arc::clone(&closing) }), Inlet { frames: receiver, closing })
}

impl Outlet {
    pub(super) const fn id(&self) -> u64 {
        self.id
    }

    /// Queues a frame; a full queue closes the socket instead.
    pub(super) fn offer(&self, frame: &ByteString) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.frames.try_send(frame.clone()) {
            self.close(Close::Slow);
        }
    }

    /// Tells the socket to close; the first reason counts.
    pub(super) fn close(&self, close: Close) {
        if self.closing.why.set(close).is_ok() {
            self.closing.told.notify_one();
        }
    }
}

impl Inlet {
    /// The next frame, or why the socket must close, which comes before frames that still wait.
    ///
    /// # Errors
    /// The reason to close.
    pub async fn next(&mut self) -> Result<ByteString, Close> {
        if let Some(close) = self.closing.why.get() {
            return Err(*close);
        }
        tokio::select! {
            biased;
            () = self.closing.told.notified() => Err(self.closing.why.get().copied().unwrap_or(Close::Internal)),
            frame = self.frames.recv() => frame.ok_or(Close::Internal),
        }
    }
}
