//! What happened to a chat.

use std::collections::BTreeSet;

use super::command::Actor;
use super::{Circle, Coordinates, LocationSource, Offer, Rating, Request};
use crate::domain::ids::{AgentId, DepartmentId, EntryId, TagId};
use crate::domain::text::Body;
use crate::domain::time::Moment;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
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
    )*};
}

words! {
    /// Why a chat changed hands.
    TransferReason {
        /// Somebody wanted it.
        Transferred = "transferred",
        /// Its agent's last tab was gone too long.
        AgentLost = "agent_lost",
        /// Its agent's account was closed.
        AgentDeactivated = "agent_deactivated",
    }
    /// Why a chat finished.
    FinishReason {
        /// Somebody closed it.
        Closed = "closed",
        /// A returned chat whose visitor left.
        LeftQueue = "left_queue",
        /// The visitor was silent too long.
        Inactive = "inactive",
        /// Nobody came back for a returned chat.
        Unattended = "unattended",
    }
    /// How a visitor left before any start.
    AbandonReason {
        /// Said so.
        Left = "left",
        /// Was absent longer than the grace.
        Disconnected = "disconnected",
        /// Left a phone or e-mail instead.
        Callback = "callback",
    }
}

/// Who answers and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub agent: Option<AgentId>,
    pub department: DepartmentId,
}

/// A fact. Past participles; everything that the chat's row needs is in them.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Requested(Box<Request>),
    Written(Body),
    Noted(Body),
    Called {
        circle: Circle,
        agents: Vec<AgentId>,
    },
    Offered(Offer),
    OfferPassed(AgentId),
    Started {
        agent: AgentId,
        first: bool,
        waited_seconds: i64,
    },
    Transferred {
        reason: TransferReason,
        from: Place,
        to: Place,
        note: Option<Body>,
    },
    LocationAsked,
    /// Without coordinates once they were revoked.
    Located {
        coordinates: Option<Coordinates>,
        source: LocationSource,
    },
    LocationRevoked,
    Tagged {
        tags: BTreeSet<TagId>,
        added: BTreeSet<TagId>,
        removed: BTreeSet<TagId>,
    },
    Rated {
        rating: Rating,
        previous: Option<Rating>,
    },
    Stayed,
    Finished(FinishReason),
    Abandoned {
        reason: AbandonReason,
        waited_seconds: i64,
        position: i64,
        short: bool,
    },
    Missed {
        waited_seconds: i64,
        position: i64,
    },
}

impl Event {
    /// The stable word of the timeline.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Requested(_) => "requested",
            Self::Written(_) => "message",
            Self::Noted(_) => "note",
            Self::Called { .. } => "called",
            Self::Offered(_) => "offered",
            Self::OfferPassed(_) => "offer_passed",
            Self::Started { .. } => "started",
            Self::Transferred { .. } => "transferred",
            Self::LocationAsked => "location_asked",
            Self::Located { .. } => "located",
            Self::LocationRevoked => "location_revoked",
            Self::Tagged { .. } => "tagged",
            Self::Rated { .. } => "rated",
            Self::Stayed => "stayed",
            Self::Finished(_) => "finished",
            Self::Abandoned { .. } => "abandoned",
            Self::Missed { .. } => "missed",
        }
    }

    /// The webhook type that tells it, if any.
    #[must_use]
    pub const fn webhook_type(&self) -> Option<&'static str> {
        match self {
            Self::Requested(_) => Some("chat.requested"),
            Self::Written(_) => Some("message.created"),
            Self::Started { .. } => Some("chat.started"),
            Self::Transferred { .. } => Some("chat.transferred"),
            Self::Located { .. } => Some("visitor.located"),
            Self::LocationRevoked => Some("visitor.location_revoked"),
            Self::Tagged { .. } => Some("chat.tagged"),
            Self::Rated { .. } => Some("chat.rated"),
            Self::Finished(_) => Some("chat.finished"),
            Self::Abandoned { .. } => Some("chat.abandoned"),
            Self::Missed { .. } => Some("chat.missed"),
            Self::Noted(_) | Self::Called { .. } | Self::Offered(_) | Self::OfferPassed(_) | Self::LocationAsked | Self::Stayed => None,
        }
    }

    /// Whether the webhook event counts in the chat's sequence (all but messages).
    #[must_use]
    pub const fn is_sequenced(&self) -> bool {
        self.webhook_type().is_some() && !matches!(self, Self::Written(_))
    }

    /// Whether visitors may see it at all.
    #[must_use]
    pub const fn is_for_visitors(&self) -> bool {
        !matches!(self, Self::Noted(_) | Self::Called { .. } | Self::Offered(_) | Self::OfferPassed(_) | Self::Tagged { .. })
    }
}

/// An event in its place: one entry of the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    pub id: EntryId,
    /// Dense per chat, from 1.
    pub seq: i64,
    pub at: Moment,
    pub by: Actor,
    /// The author's own id of the command, where there was one.
    pub client_id: Option<String>,
    pub event: Event,
}
