//! One event on its way to one endpoint: its states, what an attempt came to, and what follows from that.
//!
//! Pure: the dispatcher asks what follows, the store keeps it.

use super::backoff;
use super::endpoint::health::DisabledReason;
use super::event_type::EventType;
use super::ids::{ChatId, DeliveryId, EndpointId, EventId};
use super::time::Timestamp;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Each of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The stable word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// From the stable word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

words! {
    /// Where a delivery stands.
    DeliveryState {
        /// Waits for its first or next attempt.
        Due = "due",
        /// Is being posted.
        Sending = "sending",
        /// The endpoint is disabled; can be recovered.
        Held = "held",
        /// Answered 2xx.
        Delivered = "delivered",
        /// All attempts failed, or it can't be sent at all.
        Failed = "failed",
        /// The receiver asked for no more.
        Aborted = "aborted",
        /// Its data were erased before it was delivered.
        Erased = "erased",
        /// The location in it was taken back before it was delivered.
        Revoked = "revoked",
        /// Its endpoint was archived before it was delivered.
        EndpointRemoved = "endpoint_removed",
    }
}

words! {
    /// Why a delivery exists.
    Cause {
        /// The event itself.
        Event = "event",
        /// Somebody sent one delivery again: one attempt, outside the chat's order.
        Resend = "resend",
        /// Somebody recovered what had not arrived: in order, with all attempts.
        Recover = "recover",
        /// Somebody asked for a test: one attempt.
        Test = "test",
    }
}

words! {
    /// What an attempt came to.
    AttemptCode {
        /// Answered 2xx.
        Delivered = "delivered",
        /// Answered something else.
        Status = "status",
        /// The host has no address.
        DnsFailed = "dns_failed",
        /// No connection could be made.
        ConnectFailed = "connect_failed",
        /// No connection within its time.
        ConnectTimeout = "connect_timeout",
        /// The certificate is not trusted, or the handshake failed.
        TlsFailed = "tls_failed",
        /// No whole answer within the time.
        Timeout = "timeout",
        /// The address must not be called.
        BlockedAddress = "blocked_address",
        /// The URL can't be called at all.
        InvalidUrl = "invalid_url",
        /// The connection broke before a whole answer, or the answer is no HTTP.
        ResponseBroken = "response_broken",
        /// The server stopped or failed during the attempt.
        Interrupted = "interrupted",
    }
}

impl DeliveryState {
    /// Whether nothing more happens to it by itself.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        match self {
            Self::Due | Self::Sending | Self::Held => false,
            Self::Delivered | Self::Failed | Self::Aborted | Self::Erased | Self::Revoked | Self::EndpointRemoved => true,
        }
    }
}

impl Cause {
    /// Attempts there are at most.
    #[must_use]
    pub const fn attempts_max(self) -> u32 {
        match self {
            Self::Event | Self::Recover => backoff::ATTEMPTS_MAX,
            Self::Resend | Self::Test => 1,
        }
    }

    /// Whether it keeps the order of its chat.
    #[must_use]
    pub const fn keeps_order(self) -> bool {
        match self {
            Self::Event | Self::Recover => true,
            Self::Resend | Self::Test => false,
        }
    }
}

impl AttemptCode {
    /// Whether the endpoint could not even be reached: what opens its breaker soonest.
    #[must_use]
    pub const fn is_unreachable(self) -> bool {
        match self {
            Self::DnsFailed | Self::ConnectFailed | Self::ConnectTimeout | Self::TlsFailed | Self::Timeout => true,
            Self::Delivered | Self::Status | Self::BlockedAddress | Self::InvalidUrl | Self::ResponseBroken | Self::Interrupted => false,
        }
    }

    /// Whether trying again can't help until somebody changes the endpoint.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::BlockedAddress | Self::InvalidUrl)
    }
}

/// What a receiver may ask for in the header `webhook-delivery` of an answer that isn't 2xx.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Send this event no more.
    AbortMessage,
    /// Send nothing more.
    Disable,
}

impl Control {
    /// Reads the header; unknown words ask for nothing.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word.trim().to_ascii_lowercase().as_str() {
            "abort-message" => Some(Self::AbortMessage),
            "disable" => Some(Self::Disable),
            _ => None,
        }
    }
}

/// What matters of an attempt for what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What it came to.
    pub code: AttemptCode,
    /// The status, if there was an answer.
    pub status: Option<u16>,
    /// What `Retry-After` asked for, in milliseconds.
    pub retry_after_ms: Option<i64>,
    /// What `webhook-delivery` asked for.
    pub control: Option<Control>,
}

/// What follows from an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Where the delivery stands now.
    pub state: DeliveryState,
    /// When due again: milliseconds from the end of the attempt.
    pub retry_in_ms: Option<i64>,
    /// How long the endpoint must not be called, in milliseconds.
    pub pause_ms: Option<i64>,
    /// Why the endpoint is to be disabled.
    pub disable: Option<DisabledReason>,
}

/// What follows from the attempt number `attempts` of a delivery. `random` is any number, for the jitter.
#[must_use]
pub fn settle(outcome: &Outcome, cause: Cause, attempts: u32, random: u32) -> Settlement {
    let ended = |state| Settlement { state, retry_in_ms: None, pause_ms: None, disable: None };
    if outcome.code == AttemptCode::Delivered {
        return ended(DeliveryState::Delivered);
    }
    if outcome.control == Some(Control::AbortMessage) {
        return ended(DeliveryState::Aborted);
    }
    let disable = match outcome.control {
        Some(Control::Disable) => Some(DisabledReason::Asked),
        _ if outcome.status == Some(410) => Some(DisabledReason::Gone),
        Some(Control::AbortMessage) | None => None,
    };
    if disable.is_some() {
        return Settlement { disable, ..ended(DeliveryState::Failed) };
    }
    let retry = if outcome.code.is_final() || attempts >= cause.attempts_max() {
        None
    } else {
        backoff::delay_ms(attempts, outcome.retry_after_ms, random)
    };
    Settlement {
        state: if retry.is_some() { DeliveryState::Due } else { DeliveryState::Failed },
        retry_in_ms: retry,
        pause_ms: (outcome.status == Some(429)).then(|| backoff::pause_ms(retry, outcome.retry_after_ms)),
        disable: None,
    }
}

/// One POST as it is kept and shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// From its beginning to the end of the answer.
    pub duration_ms: i64,
    /// Until the host's addresses were known; `None` where a connection was reused.
    pub resolved_ms: Option<i64>,
    /// Until the connection stood.
    pub connected_ms: Option<i64>,
    /// Until the head of the answer had come.
    pub answered_ms: Option<i64>,
    /// The address that was called, query masked.
    pub url: String,
    /// Name and value of each header sent; the endpoint's own masked.
    pub request_headers: Vec<(String, String)>,
    /// The status of the answer.
    pub status: Option<u16>,
    /// What it came to.
    pub code: AttemptCode,
    /// Name and value of each header of the answer that was kept.
    pub response_headers: Vec<(String, String)>,
    /// The first bytes of the answer.
    pub response_body: Vec<u8>,
    /// Whether there was more than is kept.
    pub response_truncated: bool,
    /// The address that was dialled.
    pub remote_address: Option<String>,
}

/// A delivery without its attempts, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// Its place among all deliveries; what pages are cut by.
    pub position: i64,
    /// The event.
    pub event: EventId,
    /// Whether the event is a test, whatever caused this delivery of it.
    pub test: bool,
    /// The event's type.
    pub event_type: EventType,
    /// When the event happened.
    pub event_at: Timestamp,
    /// The destination.
    pub endpoint: EndpointId,
    /// The chat it tells of.
    pub chat: Option<ChatId>,
    /// Why it exists.
    pub cause: Cause,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts made.
    pub attempts: u32,
    /// When the next one is due, in steady time.
    pub next_steady: Option<Timestamp>,
    /// What the last attempt came to.
    pub last_code: Option<AttemptCode>,
    /// The status of the last answer.
    pub last_status: Option<u16>,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16) -> Outcome {
        let code = if (200..300).contains(&status) { AttemptCode::Delivered } else { AttemptCode::Status };
        Outcome { code, status: Some(status), retry_after_ms: None, control: None }
    }

    #[test]
    fn every_2xx_ends_a_delivery_and_everything_else_is_tried_again() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(settle(&answered(status), Cause::Event, 1, 0).state, DeliveryState::Delivered);
        }
        for status in [301, 302, 307, 400, 401, 404, 429, 500, 503] {
            let settlement = settle(&answered(status), Cause::Event, 1, 0);
            assert_eq!((settlement.state, settlement.retry_in_ms), (DeliveryState::Due, Some(5_000)), "{status}");
        }
        assert_eq!(settle(&answered(500), Cause::Event, 10, 0).state, DeliveryState::Failed);
        assert_eq!(settle(&answered(500), Cause::Resend, 1, 0).state, DeliveryState::Failed, "a single resend starts no chain");
    }

    #[test]
    fn a_receiver_can_end_a_delivery_or_all_of_them_but_not_with_a_2xx() {
        let asks = |status, control| settle(&Outcome { control: Some(control), ..answered(status) }, Cause::Event, 1, 0);
        assert_eq!(asks(400, Control::AbortMessage).state, DeliveryState::Aborted);
        assert_eq!(asks(500, Control::Disable).disable, Some(DisabledReason::Asked));
        assert_eq!(settle(&answered(410), Cause::Event, 1, 0).disable, Some(DisabledReason::Gone));
        for control in [Control::AbortMessage, Control::Disable] {
            assert_eq!(asks(200, control), settle(&answered(200), Cause::Event, 1, 0));
        }
    }

    #[test]
    fn a_429_pauses_the_endpoint() {
        let paused = |retry_after_ms| settle(&Outcome { retry_after_ms, ..answered(429) }, Cause::Event, 1, 0);
        assert_eq!((paused(None).retry_in_ms, paused(None).pause_ms), (Some(5_000), Some(5_000)));
        assert_eq!((paused(Some(90_000)).retry_in_ms, paused(Some(90_000)).pause_ms), (Some(90_000), Some(90_000)));
        assert_eq!(settle(&answered(503), Cause::Event, 1, 0).pause_ms, None);
    }

    #[test]
    fn a_blocked_or_invalid_address_fails_at_once() {
        for code in [AttemptCode::BlockedAddress, AttemptCode::InvalidUrl] {
            let outcome = Outcome { code, status: None, retry_after_ms: None, control: None };
            assert_eq!(settle(&outcome, Cause::Event, 1, 0).state, DeliveryState::Failed);
        }
    }
}
