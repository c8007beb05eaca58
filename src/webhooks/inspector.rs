//! A receiver of our own, so that an integrator sees bodies before owning a server: the last POSTs to one address, handed over in the process.
//!
//! Nothing is dialled, so the guard stays closed to our own addresses; a hand-over is signed and recorded as an attempt like any other.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use super::attempt::Post;
use super::signature;
use crate::domain::delivery::{Attempt, AttemptCode, Outcome};
use crate::domain::endpoint::url::WebhookUrl;
use crate::domain::time::Moment;

/// POSTs that are shown.
pub const SEEN_MAX: usize = 50;
/// Bytes of one body that are kept.
pub const BODY_BYTES_MAX: usize = 512 * 1024;

/// One POST that came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Counts them, from 1.
    pub number: u64,
    /// When it came.
    pub at: Moment,
    /// Name and value of each header, the endpoint's own included: this is where they arrive.
    pub headers: Vec<(String, String)>,
    /// The body as it was signed.
    pub body: Bytes,
    /// Whether its signature is right.
    pub verified: bool,
    /// What it was answered.
    pub status: u16,
}

/// The POSTs that came, and what the next ones are answered.
#[derive(Debug)]
pub struct Inspector {
    state: Mutex<State>,
    moved: tokio::sync::watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    seen: VecDeque<Seen>,
    count: u64,
    failing: bool,
}

impl Default for Inspector {
    fn default() -> Self {
        Self { state: Mutex::default(), moved: tokio::sync::watch::Sender::new(0) }
    }
}

impl Inspector {
    /// The address that leads here.
    #[must_use]
    pub fn address(public_url: &str, key: &str) -> Option<WebhookUrl> {
        WebhookUrl::parse(&format!("{}/inspector/{key}", public_url.trim_end_matches('/'))).ok()
    }

    /// What came, the latest first.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.lock().seen.iter().rev().cloned().collect()
    }

    /// Forgets what came.
    pub fn clear(&self) {
        self.lock().seen.clear();
        self.moved.send_modify(|times| *times += 1);
    }

    /// Whether the next ones are answered 503.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.lock().failing
    }

    /// Answers the next ones 503, or 200 again.
    pub fn set_failing(&self, failing: bool) {
        self.lock().failing = failing;
        self.moved.send_modify(|times| *times += 1);
    }

    /// Changes whenever something came.
    #[must_use]
    pub fn moved(&self) -> tokio::sync::watch::Receiver<u64> {
        self.moved.subscribe()
    }

    /// Takes a POST and answers it.
    #[must_use]
    pub fn take(&self, post: &Post, now: Moment) -> (Attempt, Outcome) {
        let headers = post.headers(now.wall);
        let value = |name: &str| headers.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value.as_str());
        let timestamp = value("webhook-timestamp").parse().unwrap_or(0);
        let verified = signature::verify(&post.secrets, value("webhook-id"), timestamp, &post.body, value("webhook-signature"));
        let request_headers = post.masked(&headers);
        let status = {
            let mut state = self.lock();
            let status = if state.failing { 503 } else { 200 };
            state.count += 1;
            let number = state.count;
            let body = post.body.slice(..post.body.len().min(BODY_BYTES_MAX));
            state.seen.push_back(Seen { number, at: now, headers, body, verified, status });
            if state.seen.len() > SEEN_MAX {
                state.seen.pop_front();
            }
            status
        };
        self.moved.send_modify(|times| *times += 1);
        let code = if status == 200 { AttemptCode::Delivered } else { AttemptCode::Status };
        let attempt = Attempt {
            at: now.wall,
            duration_ms: 0,
            resolved_ms: None,
            connected_ms: None,
            answered_ms: Some(0),
            url: post.url.masked(),
            request_headers,
            status: Some(status),
            code,
            response_headers: Vec::new(),
            response_body: Vec::new(),
            response_truncated: false,
            remote_address: None,
        };
        (attempt, Outcome { code, status: Some(status), retry_after_ms: None, control: None })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
