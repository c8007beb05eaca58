//! The one organisation of a data directory.

use super::ids::OrganisationId;
use super::retention::Retention;
use super::time::Timestamp;

/// Who runs this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    pub id: OrganisationId,
    pub name: String,
    /// IANA name, such as `America/Recife`; protocols carry the date there.
    pub timezone: String,
    /// Language tag of pages where nobody chose one.
    pub locale: String,
    /// The last part of the inspector's address.
    pub inspector_key: String,
    pub created_at: Timestamp,
    /// How long what webhooks carried is kept.
    pub retention: Retention,
}
