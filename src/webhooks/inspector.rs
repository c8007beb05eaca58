//! A receiver of our own, so that an integrator sees bodies before owning a server: the last POSTs to one address, handed over in the process.
//!
//! Nothing is dialled, so the guard stays closed to our own addresses; a hand-over is signed and recorded as an attempt like any other.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use super::attempt::Post;
use super::signature;
use crate::clock::Clock;
use crate::domain::delivery::{Attempt, AttemptCode, Outcome};
use crate::domain::endpoint::url::WebhookUrl;
use crate::domain::time::Moment;
use crate::store::Store;

/// POSTs that are shown.
pub const SEEN_MAX: usize = 50;
/// Bytes of one body that are kept.
pub const BODY_BYTES_MAX: usize = 512 * 1024;

/// How long a slow answer takes: longer than a person likes, shorter than an attempt may.
pub const SLOW: Duration = Duration::from_secs(8);

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
    manner: Manner,
}

/// How POSTs are answered, so that one sees what Papo does then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// 200 at once.
    #[default]
    Well,
    /// 500.
    Broken,
    /// 410: the endpoint is disabled.
    Gone,
    /// 200 after [`SLOW`].
    Slow,
}

impl Manner {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Well, Self::Broken, Self::Gone, Self::Slow];

    /// Its stable code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Broken => "broken",
            Self::Gone => "gone",
            Self::Slow => "slow",
        }
    }

    /// Reads its code back.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|manner| manner.as_str() == code)
    }

    const fn status(self) -> u16 {
        match self {
            Self::Well | Self::Slow => 200,
            Self::Broken => 500,
            Self::Gone => 410,
        }
    }
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

    /// How the next ones are answered.
    #[must_use]
    pub fn manner(&self) -> Manner {
        self.lock().manner
    }

    /// Answers the next ones like this.
    pub fn set_manner(&self, manner: Manner) {
        self.lock().manner = manner;
        self.moved.send_modify(|times| *times += 1);
    }

    /// Whether `url` leads here.
    #[must_use]
    pub fn is_at(&self, store: &Store, url: &WebhookUrl) -> bool {
        let directory = store.directory();
        let Some(key) = directory.organisation.as_ref().map(|organisation| &organisation.inspector_key) else { return false };
        // Parsing an address costs more than all else here, and next to none is this one.
        url.as_str().ends_with(key.as_str()) && Self::address(&store.public_url(), key).as_ref() == Some(url)
    }

    /// Changes whenever something came.
    #[must_use]
    pub fn moved(&self) -> tokio::sync::watch::Receiver<u64> {
        self.moved.subscribe()
    }

    /// Takes a POST and answers it, when its manner is to.
    pub async fn answer(&self, post: &Post, clock: &Clock) -> (Attempt, Outcome) {
        let (began, manner) = (clock.now(), self.manner());
        if manner == Manner::Slow {
            tokio::time::sleep(SLOW).await;
        }
        self.take(post, began, clock.now().steady.ms_since(began.steady), manner)
    }

    fn take(&self, post: &Post, now: Moment, duration_ms: i64, manner: Manner) -> (Attempt, Outcome) {
        let headers = post.headers(now.wall);
        let value = |name: &str| headers.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value.as_str());
        let timestamp = value("webhook-timestamp").parse().unwrap_or(0);
        let verified = signature::verify(&post.secrets, value("webhook-id"), timestamp, &post.body, value("webhook-signature"));
        let request_headers = post.masked(&headers);
        let status = manner.status();
        {
            let mut state = self.lock();
            state.count += 1;
            let number = state.count;
            let body = post.body.slice(..post.body.len().min(BODY_BYTES_MAX));
            state.seen.push_back(Seen { number, at: now, headers, body, verified, status });
            if state.seen.len() > SEEN_MAX {
                state.seen.pop_front();
            }
        }
        self.moved.send_modify(|times| *times += 1);
        let code = if status == 200 { AttemptCode::Delivered } else { AttemptCode::Status };
        let attempt = Attempt {
            at: now.wall,
            duration_ms,
            resolved_ms: None,
            connected_ms: None,
            answered_ms: Some(duration_ms),
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
