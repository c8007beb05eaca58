//! Labels for chats.

use super::ids::TagId;
use super::time::Timestamp;

/// A label. Never deleted; archived instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    pub id: TagId,
    pub name: String,
    pub archived_at: Option<Timestamp>,
}
