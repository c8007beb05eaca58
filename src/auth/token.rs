//! Bearer tokens: 256 random bits as base64url text, of which only the SHA-256 is ever stored.
//!
//! Sessions, visitors, REST programs and password links all use this one shape; a prefix tells a person which kind they hold. Doesn't know
//! where a hash is kept nor how long it is valid.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::random_bytes;

/// Longest text taken for a token, in bytes; a made one has at most 43 and its prefix.
pub const TOKEN_BYTES_MAX: usize = 128;

/// A fresh token as its holder sees it, once. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// 256 random bits.
    #[must_use]
    pub fn new() -> Self {
        Self::with_prefix("")
    }

    /// 256 random bits behind a prefix that tells its kind, as in `papo_…`.
    #[must_use]
    pub fn with_prefix(prefix: &str) -> Self {
        Self(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(random_bytes::<32>())))
    }

    /// One that was made before, as its owner presents it; whether it is known is the store's to say.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text to hand to its holder.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// What is stored instead of the token.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }
}

impl Default for Token {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// SHA-256 of a token. A token has 256 bits of its own, so neither salt nor stretching is needed, and a store may look it up by index:
/// the time of the look-up tells something about the hash, never about the token.
#[derive(Clone, Copy, Eq)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of a token as somebody presents it.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// As stored; `None` unless 32 bytes.
    #[must_use]
    pub fn from_stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// As stored.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tokens_differ_and_carry_256_bits() {
        let (one, other) = (Token::new(), Token::new());
        assert_ne!(one, other);
        assert_eq!(one.text().len(), 43);
    }

    #[test]
    fn a_stored_hash_knows_its_token_and_no_other() {
        let token = Token::with_prefix("papo_");
        let stored = TokenHash::from_stored(token.hash().bytes()).expect("32 bytes were stored");
        assert!(token.text().starts_with("papo_"));
        assert_eq!(stored, TokenHash::of(token.text()));
        assert_ne!(stored, TokenHash::of(&format!("{} ", token.text())));
    }

    #[test]
    fn debug_shows_no_secret() {
        let token = Token::new();
        assert!(!format!("{token:?}{:?}", token.hash()).contains(token.text()));
    }
}
