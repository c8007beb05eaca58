//! Which deliveries somebody looks for, and what a typed text may mean.
//!
//! Pure: the store finds them, pages and the REST API ask.

use uuid::Uuid;

use super::delivery::{Cause, Delivery, DeliveryState};
use super::event_type::EventType;
use super::ids::{ChatId, EndpointId, EventId};
use super::time::Timestamp;
use super::webhook_id::WebhookId;

/// Letters of a text that is looked for.
pub const TEXT_LENGTH_MAX: usize = 200;

/// Which deliveries are wanted; what is none restricts nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Only to this endpoint.
    pub endpoint: Option<EndpointId>,
    /// Only of this type.
    pub event_type: Option<EventType>,
    /// Only in one of these states; empty: any.
    pub states: Vec<DeliveryState>,
    /// Only of this chat.
    pub chat: Option<ChatId>,
    /// Only queued at or after this.
    pub since: Option<Timestamp>,
    /// Only queued before this.
    pub until: Option<Timestamp>,
    /// Only with this; see [`Needle`].
    pub text: Option<String>,
    /// Whether words are looked for in bodies and answers too, which not everybody may read.
    pub in_bodies: bool,
}

impl DeliveryFilter {
    /// Whether it restricts anything.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.endpoint.is_none()
            && self.event_type.is_none()
            && self.states.is_empty()
            && self.chat.is_none()
            && self.since.is_none()
            && self.until.is_none()
            && self.text.is_none()
    }

    /// What the text means; none if there is none.
    #[must_use]
    pub fn needle(&self) -> Option<Needle> {
        self.text.as_deref().and_then(Needle::parse)
    }
}

/// What a typed text may mean. All but words lead to their deliveries by an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needle {
    /// A `webhook-id`.
    Event(EventId),
    /// An id of a delivery, a chat or an event.
    Id(Uuid),
    /// The protocol of a chat.
    Protocol(String),
    /// Words: a code or status of the last attempt, or part of an endpoint's name or address, of the body, of an answer.
    Words(String),
}

impl Needle {
    /// Reads a text; none if it is empty.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        if let Ok(id) = text.parse::<WebhookId>() {
            return Some(Self::Event(id.event));
        }
        if let Ok(id) = Uuid::try_parse(text) {
            return Some(Self::Id(id));
        }
        if is_protocol(text) {
            return Some(Self::Protocol(text.to_owned()));
        }
        Some(Self::Words(text.chars().take(TEXT_LENGTH_MAX).collect()))
    }
}

/// `20261122-000042`.
fn is_protocol(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('-').is_some_and(|(day, number)| day.len() == 8 && number.len() >= 6 && digits(day) && digits(number))
}

/// Where a page of the log begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// With those queued before this position, the last of them first.
    Before(i64),
    /// With those queued after this position: the nearest of them, shown the last first too.
    After(i64),
}

/// A delivery as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The delivery.
    pub delivery: Delivery,
    /// The protocol of its chat.
    pub protocol: Option<String>,
    /// How long the last attempt took.
    pub duration_ms: Option<i64>,
}

/// Part of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPage {
    /// The last queued first.
    pub rows: Vec<Listed>,
    /// Where older ones begin; none where there are none.
    pub older: Option<i64>,
    /// Where newer ones begin, which may have come meanwhile.
    pub newer: i64,
    /// Whether there surely are newer ones.
    pub has_newer: bool,
    /// Whether looking for words stopped at its limit: there may be more in what was not looked at.
    pub stopped: bool,
}

/// How many deliveries fit a filter, as far as was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// At least so many.
    pub n: i64,
    /// Whether counting stopped before the end.
    pub at_least: bool,
}

/// Whether a delivery can be sent again with others: tests and what can't be sent any more stay out, and so does what is on its way.
#[must_use]
pub const fn goes_again(state: DeliveryState, cause: Cause) -> bool {
    let ended = matches!(state, DeliveryState::Held | DeliveryState::Delivered | DeliveryState::Failed | DeliveryState::Aborted);
    ended && !matches!(cause, Cause::Test)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_taken_for_what_it_looks_like() {
        let event = EventId(Uuid::from_u128(42));
        let webhook_id = WebhookId { event, test: false }.to_string();
        assert_eq!(Needle::parse(&format!(" {webhook_id} ")), Some(Needle::Event(event)));
        assert_eq!(Needle::parse("01935e0c-0000-7000-8000-000000000000").map(|needle| matches!(needle, Needle::Id(_))), Some(true));
        assert_eq!(Needle::parse("20261122-000042"), Some(Needle::Protocol("20261122-000042".to_owned())));
        assert_eq!(Needle::parse("20261122-1000042"), Some(Needle::Protocol("20261122-1000042".to_owned())));
        for words in ["503", "timeout", "crm.example.com", "2026-11-22", "evt_"] {
            assert_eq!(Needle::parse(words), Some(Needle::Words(words.to_owned())));
        }
        assert_eq!(Needle::parse("  "), None);
    }
}
