//! What an endpoint's requests are signed with, in the forms of the Standard Webhooks specification. How to sign is `webhooks::signature`'s.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::domain::time::Timestamp;

/// Bytes of a secret that we make.
pub const SECRET_BYTES: usize = 32;
/// Bytes of the shortest secret that the specification allows.
pub const SECRET_BYTES_MIN: usize = 24;
/// Bytes of the longest.
pub const SECRET_BYTES_MAX: usize = 64;
/// How long a replaced secret keeps signing beside the new one.
pub const ROTATION_SECONDS: i64 = 24 * 3600;
/// Secrets that sign at once: a receiver reads one signature for each.
pub const SECRETS_AT_ONCE_MAX: usize = 10;

/// How an endpoint's requests are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signing {
    /// HMAC-SHA256 with a shared secret (`v1`).
    #[default]
    Hmac,
    /// Ed25519: the receiver holds only the public key (`v1a`).
    Ed25519,
}

impl Signing {
    /// Its stable code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hmac => "hmac",
            Self::Ed25519 => "ed25519",
        }
    }

    /// Reads its code back.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Hmac, Self::Ed25519].into_iter().find(|signing| signing.as_str() == code)
    }
}

/// One secret of an endpoint: shared bytes, or the seed of an Ed25519 key.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Which kind of signature it makes.
    pub signing: Signing,
    /// From when on it signs no more; `None` for the present one.
    pub expires_at: Option<Timestamp>,
}

impl Secret {
    /// As people copy it: `whsec_…` (shared) or `whsk_…` (private).
    #[must_use]
    pub fn to_text(&self) -> String {
        let prefix = match self.signing {
            Signing::Hmac => "whsec_",
            Signing::Ed25519 => "whsk_",
        };
        format!("{prefix}{}", STANDARD.encode(&self.bytes))
    }

    /// Reads a shared secret that somebody brings along, `whsec_` or bare base64 of 24 to 64 bytes.
    #[must_use]
    pub fn parse_shared(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = STANDARD.decode(text.strip_prefix("whsec_").unwrap_or(text)).ok()?;
        let fits = (SECRET_BYTES_MIN..=SECRET_BYTES_MAX).contains(&bytes.len());
        fits.then_some(Self { bytes, signing: Signing::Hmac, expires_at: None })
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({:?})", self.signing)
    }
}
