//! Why a socket is closed: the table of `docs/protocol.md`.

/// A reason, with its code (RFC 6455, 7.4: 4000 to 4999 are ours).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Close {
    /// `hello` was missing or late, or too many frames were malformed.
    Policy,
    /// Frames that RFC 6455 doesn't allow.
    Protocol,
    /// A text frame that isn't UTF-8.
    NotText,
    /// A frame, or a message of several, over the limit.
    TooBig,
    /// A fault of ours.
    Internal,
    /// The server stops; come back.
    Restart,
    /// The session ended.
    SignedOut,
    /// Unknown site.
    Forbidden,
    /// Frames could not be delivered quickly enough.
    Slow,
    /// What the agent may see changed; come back and see it.
    Changed,
    /// Too many connections or frames.
    TooMany,
    /// Nothing came for too long.
    Silent,
}

impl Close {
    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::Protocol => 1002,
            Self::NotText => 1007,
            Self::Policy => 1008,
            Self::TooBig => 1009,
            Self::Internal => 1011,
            Self::Restart => 1012,
            Self::Silent => 1001,
            Self::SignedOut => 4001,
            Self::Forbidden => 4003,
            Self::Slow => 4008,
            Self::Changed => 4012,
            Self::TooMany => 4029,
        }
    }

    /// The word on the wire.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Protocol => "protocol",
            Self::NotText => "not_text",
            Self::Policy => "policy",
            Self::TooBig => "too_big",
            Self::Internal => "internal",
            Self::Restart => "restart",
            Self::Silent => "silent",
            Self::SignedOut => "signed_out",
            Self::Forbidden => "forbidden",
            Self::Slow => "slow",
            Self::Changed => "changed",
            Self::TooMany => "too_many",
        }
    }
}
