//! The people who ask.

use super::ids::{SiteId, VisitorId};
use super::time::Timestamp;

/// What the browser says it is; a claim, never proof.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// `desktop`, `mobile`, `tablet` or `other`.
    pub kind: Option<String>,
    pub os: Option<String>,
    pub browser: Option<String>,
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
    /// JSON array, frozen text: what webhooks answered.
    pub cards: String,
    pub user_agent: Option<String>,
    pub address: Option<String>,
    pub first_seen_at: Timestamp,
    pub chats_count: i32,
}
