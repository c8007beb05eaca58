//! One POST: sends it, reads as much of the answer as is kept, and says what it came to. Never fails: every end is an [`Attempt`].
//!
//! Decides nothing about what follows (`domain::delivery`) and stores nothing.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use awc::error::{ConnectError, SendRequestError};
use awc::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use futures_util::StreamExt as _;

use super::client::Caller;
use super::guard::{DIAL, Dial, Refused};
use super::signature;
use crate::clock::Clock;
use crate::domain::backoff;
use crate::domain::delivery::{Attempt, AttemptCode, Control, Outcome};
use crate::domain::endpoint::headers::CustomHeader;
use crate::domain::endpoint::secret::Secret;
use crate::domain::endpoint::url::WebhookUrl;
use crate::domain::time::Timestamp;
use crate::domain::webhook_id::WebhookId;

/// Bytes of an answer that are read at most; the connection is dropped after them.
pub const ANSWER_READ_BYTES_MAX: usize = 64 * 1024;
/// Bytes of an answer that are kept.
pub const ANSWER_KEPT_BYTES_MAX: usize = 16 * 1024;
/// Bytes of names and values of an answer's headers that are kept.
pub const HEADERS_KEPT_BYTES_MAX: usize = 8 * 1024;
/// A reused connection that breaks sooner than this without an answer was closed by the receiver while it was idle.
const STALE_MS_MAX: i64 = 1_000;
const MASK: &str = "•••";

/// What is to be posted where.
#[derive(Clone, Debug)]
pub struct Post {
    /// The destination.
    pub url: WebhookUrl,
    /// The event's id.
    pub id: WebhookId,
    /// Its frozen body.
    pub body: Bytes,
    /// The number of this attempt, from 1.
    pub number: u32,
    /// The chat's event that was queued to this endpoint before this one.
    pub previous: Option<WebhookId>,
    /// The endpoint's own headers.
    pub headers: Vec<CustomHeader>,
    /// What to sign with, newest first.
    pub secrets: Vec<Secret>,
}

impl Post {
    /// Every header of the request but those that its framing decides.
    #[must_use]
    pub fn headers(&self, now: Timestamp) -> Vec<(String, String)> {
        let timestamp = now.ms().div_euclid(1000);
        let id = self.id.to_string();
        let signature = signature::sign(&self.secrets, &id, timestamp, &self.body);
        let ours = [
            ("host", self.url.authority()),
            ("content-type", "application/json".to_owned()),
            ("user-agent", concat!("Papo-Webhooks/", env!("CARGO_PKG_VERSION")).to_owned()),
            ("webhook-id", id),
            ("webhook-timestamp", timestamp.to_string()),
            ("webhook-signature", signature),
            ("webhook-attempt", self.number.to_string()),
            ("webhook-previous", self.previous.map(|id| id.to_string()).unwrap_or_default()),
        ];
        let own = self.headers.iter().map(|header| (header.name().to_owned(), header.value().to_owned()));
        ours.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(own).collect()
    }

    /// The headers as they may be shown: the endpoint's own are often credentials.
    #[must_use]
    pub fn masked(&self, headers: &[(String, String)]) -> Vec<(String, String)> {
        let is_own = |name: &str| self.headers.iter().any(|header| header.name() == name);
        let mask = |(name, value): &(String, String)| (name.clone(), if is_own(name) { MASK.to_owned() } else { value.clone() });
        headers.iter().map(mask).collect()
    }
}

/// Posts once, and once more where a reused connection turned out to be closed.
pub async fn post(caller: &Caller, clock: &Clock, post: &Post) -> (Attempt, Outcome) {
    let began = clock.now();
    let headers = post.headers(began.wall);
    let mut answer = Answer::default();
    let mut code = once(caller, clock, post, &headers, &mut answer).await;
    let is_stale = code == AttemptCode::ResponseBroken
        && answer.status.is_none()
        && !answer.dial.is_new
        && clock.now().steady.ms_since(began.steady) < STALE_MS_MAX;
    if is_stale {
        answer = Answer::default();
        code = once(caller, clock, post, &headers, &mut answer).await;
    }
    let ended = clock.now();
    let outcome = Outcome {
        code,
        status: answer.status,
        retry_after_ms: answer.retry_after.as_deref().and_then(|asked| backoff::retry_after_ms(asked, ended.wall)),
        control: answer.control,
    };
    let attempt = Attempt {
        at: began.wall,
        duration_ms: ended.steady.ms_since(began.steady),
        resolved_ms: answer.dial.resolved_ms,
        connected_ms: answer.dial.connected_ms,
        answered_ms: answer.answered_ms,
        url: post.url.masked(),
        request_headers: post.masked(&headers),
        status: answer.status,
        code,
        response_headers: answer.headers,
        response_body: answer.body,
        response_truncated: answer.truncated,
        remote_address: answer.dial.remote.filter(|_| code != AttemptCode::BlockedAddress).map(|remote| remote.to_string()),
    };
    (attempt, outcome)
}

/// What has come of an answer when an attempt ends, however it ends.
#[derive(Default)]
struct Answer {
    dial: Dial,
    status: Option<u16>,
    answered_ms: Option<i64>,
    headers: Vec<(String, String)>,
    retry_after: Option<String>,
    control: Option<Control>,
    body: Vec<u8>,
    truncated: bool,
}

async fn once(caller: &Caller, clock: &Clock, post: &Post, headers: &[(String, String)], answer: &mut Answer) -> AttemptCode {
    let dial = Rc::new(RefCell::new(Dial::default()));
    let exchange = DIAL.scope(Rc::clone(&dial), exchange(caller, clock, post, headers, answer, &dial));
    let code = tokio::time::timeout(caller.limits.attempt, exchange).await;
    answer.dial = *dial.borrow();
    match code {
        Ok(Ok(())) if answer.status.is_some_and(|status| (200..300).contains(&status)) => AttemptCode::Delivered,
        Ok(Ok(())) => AttemptCode::Status,
        Ok(Err(Broken::Sending(error))) => sending_code(&error, answer.dial),
        Ok(Err(Broken::Reading)) => AttemptCode::ResponseBroken,
        Err(_elapsed) => AttemptCode::Timeout,
    }
}

enum Broken {
    Sending(SendRequestError),
    Reading,
}

async fn exchange(
    caller: &Caller,
    clock: &Clock,
    post: &Post,
    headers: &[(String, String)],
    answer: &mut Answer,
    dial: &RefCell<Dial>,
) -> Result<(), Broken> {
    let began = clock.now().steady;
    let mut request = caller.request(&post.url);
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::from_str(value)) {
            request.headers_mut().insert(name, value);
        }
    }
    let mut response = request.send_body(post.body.clone()).await.map_err(Broken::Sending)?;
    answer.answered_ms = Some(clock.now().steady.ms_since(began));
    answer.status = Some(response.status().as_u16());
    answer.headers = kept_headers(response.headers());
    answer.retry_after = text(response.headers(), &header::RETRY_AFTER);
    answer.control = text(response.headers(), &HeaderName::from_static("webhook-delivery")).and_then(|word| Control::parse(&word));
    if has_no_body(response.status().as_u16()) {
        return Ok(());
    }
    // Connections that were found closed while one was looked for don't count.
    dial.borrow_mut().has_ended = false;
    let mut read = 0_usize;
    while let Some(chunk) = response.next().await {
        let chunk = chunk.map_err(|_broken| Broken::Reading)?;
        read = read.saturating_add(chunk.len());
        let room = ANSWER_KEPT_BYTES_MAX.saturating_sub(answer.body.len());
        answer.body.extend(chunk.iter().take(room));
        answer.truncated = read > ANSWER_KEPT_BYTES_MAX;
        if read > ANSWER_READ_BYTES_MAX {
            return Ok(());
        }
    }
    // awc ends a body that breaks off as if it were whole.
    let promised = text(response.headers(), &header::CONTENT_LENGTH).and_then(|length| length.trim().parse::<usize>().ok());
    let is_chunked =
        text(response.headers(), &header::TRANSFER_ENCODING).is_some_and(|coding| coding.trim().eq_ignore_ascii_case("chunked"));
    let has_ended = dial.borrow().has_ended;
    let is_short = if is_chunked { has_ended } else { promised.is_some_and(|length| read < length) };
    if is_short { Err(Broken::Reading) } else { Ok(()) }
}

/// Whatever its headers promise (RFC 9110, 15.2, 15.3.5, 15.4.5): waiting for it would take until the deadline.
const fn has_no_body(status: u16) -> bool {
    matches!(status, 100..200 | 204 | 304)
}

fn sending_code(error: &SendRequestError, dial: Dial) -> AttemptCode {
    match error {
        SendRequestError::Url(_) | SendRequestError::Http(_) => AttemptCode::InvalidUrl,
        SendRequestError::Connect(ConnectError::Resolver(cause)) if cause.is::<Refused>() => AttemptCode::BlockedAddress,
        SendRequestError::Connect(ConnectError::Resolver(_) | ConnectError::NoRecords | ConnectError::Unresolved) => AttemptCode::DnsFailed,
        SendRequestError::Connect(ConnectError::Timeout) => AttemptCode::ConnectTimeout,
        SendRequestError::Connect(ConnectError::Io(cause)) if cause.kind() == io::ErrorKind::TimedOut => AttemptCode::ConnectTimeout,
        // The connection stood: what failed is the handshake on top of it.
        SendRequestError::Connect(ConnectError::Io(_)) if dial.remote.is_some() => AttemptCode::TlsFailed,
        SendRequestError::Connect(ConnectError::Io(_)) => AttemptCode::ConnectFailed,
        SendRequestError::Timeout => AttemptCode::Timeout,
        SendRequestError::Connect(_) | SendRequestError::Send(_) | SendRequestError::Response(_) | _ => AttemptCode::ResponseBroken,
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn kept_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut room = HEADERS_KEPT_BYTES_MAX;
    let mut kept = Vec::new();
    for (name, value) in headers {
        let value = if name == header::SET_COOKIE { MASK.to_owned() } else { String::from_utf8_lossy(value.as_bytes()).into_owned() };
        let Some(left) = room.checked_sub(name.as_str().len() + value.len()) else { break };
        room = left;
        kept.push((name.as_str().to_owned(), value));
    }
    kept
}
