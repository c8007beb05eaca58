//! One attempt by itself: the client, the guard and the reading of the answer, without a store.

use std::time::Duration;

use bytes::Bytes;
use papo::clock::Clock;
use papo::domain::delivery::{Attempt, Cause, Settlement, settle};
use papo::domain::endpoint::secret::Signing;
use papo::domain::endpoint::url::WebhookUrl;
use papo::domain::ids::EventId;
use papo::domain::webhook_id::WebhookId;
use papo::webhooks::attempt::{Post, post};
use papo::webhooks::client::{Caller, Limits, tls_config};
use papo::webhooks::guard::Policy;
use papo::webhooks::signature;

use super::receiver::{Answer, Receiver};

/// Limits that only a fault reaches.
pub const PATIENT: Limits = Limits { connect: Duration::from_secs(30), attempt: Duration::from_secs(40) };
/// For receivers that hang.
pub const HASTY: Limits = Limits { connect: Duration::from_secs(30), attempt: Duration::from_millis(250) };

/// What came of one attempt.
pub struct Made {
    pub attempt: Attempt,
    /// What follows, of the first attempt of an event.
    pub next: Settlement,
}

/// Loopback opened, as an operator would.
pub fn open() -> Policy {
    Policy::new("127.0.0.0/8,::1/128".parse().expect("a list"), Vec::new())
}

pub struct Sender {
    caller: Caller,
    clock: Clock,
    pub body: Bytes,
}

impl Sender {
    pub fn new(policy: Policy, authority: Option<&[u8]>, limits: Limits) -> Self {
        let clock = Clock::system();
        let tls = tls_config(authority).expect("usable authorities");
        Self { caller: Caller::new(&policy.into(), &tls, &clock, limits), clock, body: Bytes::from_static(b"{}") }
    }

    pub async fn posts(&self, url: &str) -> Made {
        let outgoing = Post {
            url: WebhookUrl::parse(url).expect("a URL"),
            id: WebhookId { event: EventId::new(), test: false },
            body: self.body.clone(),
            number: 1,
            previous: None,
            headers: Vec::new(),
            secrets: vec![signature::generate(Signing::Hmac)],
        };
        let (attempt, outcome) = post(&self.caller, &self.clock, &outgoing).await;
        Made { next: settle(&outcome, Cause::Event, 1, 0), attempt }
    }
}

/// What one attempt comes to at a receiver that answers so.
pub async fn met(answer: Answer, limits: Limits) -> Made {
    let receiver = Receiver::opens();
    receiver.answers_always(answer);
    Sender::new(open(), None, limits).posts(&receiver.url()).await
}
