//! Typed ids. All are UUIDs; those made here are version 7 (RFC 9562), so that keys are ordered by time.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, ordered after those made before it.
            #[must_use]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }
    )*};
}

ids! {
    /// The one organisation of a data directory.
    OrganisationId;
    /// A person who answers: agent, supervisor or admin.
    AgentId;
    /// A person who asks, on one site.
    VisitorId;
    /// One conversation from request to end.
    ChatId;
    /// A group of agents with its queue and limits.
    DepartmentId;
    /// One widget with its key, domains and look.
    SiteId;
    /// A label for chats.
    TagId;
    /// One entry of a chat's timeline.
    EntryId;
    /// A webhook URL with its events.
    EndpointId;
    /// Something that happened, as webhooks tell it.
    EventId;
    /// One event on its way to one endpoint.
    DeliveryId;
    /// Deliveries sent again in bulk.
    ResendingId;
    /// A message left while nobody was available.
    OfflineMessageId;
    /// A signed-in browser or program.
    SessionId;
    /// A token of the REST API.
    ApiTokenId;
}
