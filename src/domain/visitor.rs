//! The people who ask.

use std::collections::BTreeMap;

use super::ids::{EndpointId, SiteId, VisitorId};
use super::time::Timestamp;

/// What the browser says it is; a claim, never proof.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// `desktop`, `mobile`, `tablet` or `other`.
    pub kind: Option<String>,
    pub os: Option<String>,
    pub browser: Option<String>,
}

/// By which endpoint's answer something was filled, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filled {
    pub endpoint: EndpointId,
    pub at: Timestamp,
}

/// A card that an endpoint's answer put beside the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    pub title: String,
    /// Several lines of plain text; may be empty where there is an address.
    pub content: String,
    /// An `https` address.
    pub url: Option<String>,
    pub endpoint: EndpointId,
    pub at: Timestamp,
}

/// Somebody on one site. The same person on another site is another visitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    pub id: VisitorId,
    pub site: SiteId,
    pub external_id: Option<String>,
    /// Names of the fields that a signed token vouched for.
    pub verified: Vec<String>,
    pub name: Option<String>,
    pub email: Option<String>,
    /// E.164 where it could be told, else none.
    pub phone: Option<String>,
    /// As typed.
    pub phone_raw: Option<String>,
    pub locale: Option<String>,
    pub timezone: Option<String>,
    pub device: Device,
    /// JSON object, frozen text.
    pub custom: String,
    /// Who filled what the visitor did not tell: `name`, `email`, `phone`, or `custom.` and a field's name.
    pub filled: BTreeMap<String, Filled>,
    /// What webhooks answered, the oldest first.
    pub cards: Vec<Card>,
    pub user_agent: Option<String>,
    pub address: Option<String>,
    pub first_seen_at: Timestamp,
    pub chats_count: i32,
}

impl Visitor {
    /// Of the visitor's contact only what they told themselves. Whoever typed somebody else's phone must not be shown what a system knows of it.
    #[must_use]
    pub fn as_told(mut self) -> Self {
        for (name, value) in [("name", &mut self.name), ("email", &mut self.email)] {
            if self.filled.contains_key(name) {
                *value = None;
            }
        }
        if self.filled.contains_key("phone") {
            (self.phone, self.phone_raw) = (None, None);
        }
        self
    }
}
