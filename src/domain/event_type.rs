//! The names of everything that webhooks tell. What each one carries is in `wire::payload`.

use std::fmt;
use std::str::FromStr;

macro_rules! event_types {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// A type of webhook event, as an endpoint subscribes to it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventType {
            $($(#[$doc])* $variant,)*
        }

        impl EventType {
            /// Every type, in the order of the catalogue.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name in bodies, the REST API and the store.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }

        impl FromStr for EventType {
            type Err = UnknownEventType;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                match name {
                    $($name => Ok(Self::$variant),)*
                    _ => Err(UnknownEventType),
                }
            }
        }
    };
}

event_types! {
    /// Atendimento Solicitado: a visitor entered a queue.
    ChatRequested = "chat.requested";
    /// Localização do Cliente: a visitor consented and shared where they are.
    VisitorLocated = "visitor.located";
    /// Atendimento Iniciado: an agent took the chat.
    ChatStarted = "chat.started";
    /// Atendimento Classificado: the visitor gave a score.
    ChatRated = "chat.rated";
    /// Atendimento Finalizado: a chat that had been started ended.
    ChatFinished = "chat.finished";
    /// Tags Atendimento: the chat's tags changed.
    ChatTagged = "chat.tagged";
    /// Atendimento Abandonado: the visitor left before any start.
    ChatAbandoned = "chat.abandoned";
    /// Nobody came within the limit.
    ChatMissed = "chat.missed";
    /// The chat changed its agent or department, or returned to the queue.
    ChatTransferred = "chat.transferred";
    /// Somebody wrote; never for notes.
    MessageCreated = "message.created";
    /// An own message was corrected or deleted.
    MessageUpdated = "message.updated";
    /// A message was left while nobody was available.
    OfflineMessageCreated = "offline_message.created";
    /// A visitor's data changed.
    VisitorUpdated = "visitor.updated";
    /// A visitor took the shared location back.
    VisitorLocationRevoked = "visitor.location_revoked";
    /// A visitor's data were erased.
    VisitorErased = "visitor.erased";
    /// An agent came, paused or went.
    AgentAvailabilityChanged = "agent.availability_changed";
    /// A test without any chat behind it.
    WebhookTest = "webhook.test";
}

/// The text names no event type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a webhook event type")]
pub struct UnknownEventType;

impl EventType {
    /// The seven of the quick set-up, in its order.
    pub const QUICK: [Self; 7] = [
        Self::ChatRequested,
        Self::VisitorLocated,
        Self::ChatStarted,
        Self::ChatRated,
        Self::ChatFinished,
        Self::ChatTagged,
        Self::ChatAbandoned,
    ];

    /// Whether its events count in the chat's gapless `sequence`: `chat.*`, `visitor.located` and `visitor.location_revoked`.
    #[must_use]
    pub const fn is_sequenced(self) -> bool {
        match self {
            Self::ChatRequested
            | Self::VisitorLocated
            | Self::ChatStarted
            | Self::ChatRated
            | Self::ChatFinished
            | Self::ChatTagged
            | Self::ChatAbandoned
            | Self::ChatMissed
            | Self::ChatTransferred
            | Self::VisitorLocationRevoked => true,
            Self::MessageCreated
            | Self::MessageUpdated
            | Self::OfflineMessageCreated
            | Self::VisitorUpdated
            | Self::VisitorErased
            | Self::AgentAvailabilityChanged
            | Self::WebhookTest => false,
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_read_back_from_its_name() {
        assert_eq!(EventType::ALL.len(), 17);
        for event in EventType::ALL {
            assert_eq!(event.as_str().parse(), Ok(*event));
        }
        assert_eq!("chat.exploded".parse::<EventType>(), Err(UnknownEventType));
    }
}
