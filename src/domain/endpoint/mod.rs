//! A webhook destination: its address, what it wants to hear, how it is doing.
//!
//! Plain data and pure decisions. Secrets and header values live sealed in the store; delivering is the `webhooks` layer's.

pub mod filter;
pub mod headers;
pub mod health;
pub mod secret;
pub mod url;

use std::collections::BTreeSet;

use super::enrichment::Field;
use super::event_type::EventType;
use super::ids::EndpointId;
use super::time::Timestamp;
use filter::Filter;
use health::Health;
use secret::Signing;
use url::WebhookUrl;

/// Characters in an endpoint's name.
pub const NAME_CHARS_MAX: usize = 80;

/// Posts a second that an endpoint may be limited to.
pub const RATE_PER_SECOND_MAX: u32 = 10_000;

/// What an admin decides about an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointDraft {
    /// What people call it; the host of its URL if they didn't.
    pub name: String,
    /// Where its events are posted.
    pub url: WebhookUrl,
    /// Whether plain `http://` to a public host was accepted knowingly.
    pub plain_http_accepted: bool,
    /// What it hears of.
    pub filter: Filter,
    /// What its bodies carry beyond the usual.
    pub extras: Extras,
    /// What its answers may fill; nothing unless it is said.
    pub enrich: BTreeSet<Field>,
    /// How its requests are signed.
    pub signing: Signing,
    /// Whether a failing event holds back its chat until it has ended, however long that takes.
    pub strict_order: bool,
    /// Posts a second at most; `None`: as fast as it answers.
    pub rate_per_second: Option<u32>,
    /// Whether it is called at all.
    pub enabled: bool,
}

impl EndpointDraft {
    /// An endpoint as it begins: it is called, and hears of nothing yet.
    #[must_use]
    pub fn to(url: WebhookUrl) -> Self {
        Self {
            name: url.host().to_owned(),
            url,
            plain_http_accepted: false,
            filter: Filter::default(),
            extras: Extras::default(),
            enrich: BTreeSet::new(),
            signing: Signing::default(),
            strict_order: false,
            rate_per_second: None,
            enabled: true,
        }
    }
}

/// What an endpoint asks for beyond the usual body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Extras {
    /// The visitor's `ip` and `user_agent`.
    pub address: bool,
    /// The messages of a finished chat.
    pub transcript: bool,
    /// The internal note of a transfer.
    pub note: bool,
}

/// An endpoint as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// What an admin decided.
    pub draft: EndpointDraft,
    /// Of its events, those that the quick set-up put there.
    pub quick: BTreeSet<EventType>,
    /// How it is doing.
    pub health: Health,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was taken out of use for good; its open deliveries end as `endpoint_removed`.
    pub archived_at: Option<Timestamp>,
}

impl Endpoint {
    /// Whether deliveries to it may be sent now; others are held.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.draft.enabled && self.archived_at.is_none() && self.health.disabled.is_none()
    }
}
