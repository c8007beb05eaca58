//! Messages that were left while nobody was available.

use super::ids::{AgentId, ChatId, DepartmentId, OfflineMessageId, SiteId, VisitorId};
use super::time::Timestamp;

/// A message for later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfflineMessage {
    pub id: OfflineMessageId,
    pub site: SiteId,
    pub department: DepartmentId,
    pub visitor: VisitorId,
    /// The missed chat that it carries on, if any.
    pub chat: Option<ChatId>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub body: String,
    pub page_url: Option<String>,
    pub created_at: Timestamp,
    pub done: Option<(Timestamp, AgentId)>,
}
