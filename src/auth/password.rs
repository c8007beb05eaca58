//! Passwords: what is accepted, how it is hashed (argon2id) and checked.
//!
//! Hashing takes some 20 ms and 19 MiB on purpose, which are given back: callers run it on a blocking thread, [`PASSWORD_HASHES_MAX`] at once. Doesn't know accounts;
//! for one that doesn't exist it spends the same time on a dummy.

use std::sync::LazyLock;

use argon2::password_hash::{self, Output, ParamsString, PasswordHash, Salt, SaltString};
use argon2::{Algorithm, Argon2, Block, Params, Version};

use super::random_bytes;

/// Fewest characters (Unicode scalar values) of a password.
pub const PASSWORD_CHARS_MIN: usize = 10;
/// Most characters of a password: long enough for any phrase, short enough that hashing can't be made slow.
pub const PASSWORD_CHARS_MAX: usize = 200;
/// Hashes that may be computed at the same time, at 19 MiB each.
pub const PASSWORD_HASHES_MAX: usize = 4;

/// Memory per hash in KiB; with `PASSES` and `LANES` the OWASP recommendation for argon2id.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// What is asked of the system for a hash, in blocks of 1 KiB; only what is used counts. Of less than 32 MiB glibc learns that such memory is wanted often,
/// and keeps it for each thread that ever hashed: hundreds of megabytes after some wrong sign-ins. Source: mallopt(3), `M_MMAP_THRESHOLD`.
const GIVEN_BACK_BLOCKS: usize = 33 * 1_024;

/// Why a password isn't accepted. Each has a text in the locales under its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefusal {
    #[error("the password has fewer than {PASSWORD_CHARS_MIN} characters")]
    TooShort,
    #[error("the password has more than {PASSWORD_CHARS_MAX} characters")]
    TooLong,
    #[error("the password is one of those that are tried first")]
    TooCommon,
}

/// A password that may be set. Its `Debug` shows nothing.
#[derive(Clone)]
pub struct NewPassword(String);

impl NewPassword {
    /// Accepts `text` unless it is too short, too long, among the commonest, or one of `known` (the account's e-mail, its name, the organisation).
    ///
    /// # Errors
    /// The first reason found.
    pub fn parse(text: &str, known: &[&str]) -> Result<Self, PasswordRefusal> {
        let chars = text.chars().count();
        if chars < PASSWORD_CHARS_MIN {
            return Err(PasswordRefusal::TooShort);
        }
        if chars > PASSWORD_CHARS_MAX {
            return Err(PasswordRefusal::TooLong);
        }
        let folded = text.to_lowercase();
        if is_common(&folded) || known.iter().any(|word| word.to_lowercase() == folded) {
            return Err(PasswordRefusal::TooCommon);
        }
        Ok(Self(text.to_owned()))
    }

    /// The argon2id hash in PHC string form, with its own salt.
    #[must_use]
    pub fn hash(&self) -> String {
        hash_text(&self.0)
    }
}

impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

/// Whether `typed` is the password behind `stored`. Without a stored hash (unknown account, or no password set yet) the answer is no, after the
/// same time.
#[must_use]
pub fn verify(stored: Option<&str>, typed: &str) -> bool {
    static DUMMY: LazyLock<String> = LazyLock::new(|| hash_text("no account has this password"));
    let within = typed.chars().nth(PASSWORD_CHARS_MAX).is_none();
    let typed = if within { typed } else { "" };
    let hash = stored.unwrap_or(&DUMMY);
    let right = PasswordHash::new(hash).is_ok_and(|hash| is_of(&hash, typed).unwrap_or(false));
    right && within && stored.is_some()
}

/// In constant time, with the parameters that the hash names.
fn is_of(hash: &PasswordHash<'_>, typed: &str) -> password_hash::Result<bool> {
    let (Some(salt), Some(known)) = (hash.salt, hash.hash) else { return Ok(false) };
    Ok(hash.algorithm == Algorithm::Argon2id.ident() && digest(typed, salt, Params::try_from(hash)?)? == known)
}

fn hash_text(text: &str) -> String {
    let salt = SaltString::encode_b64(&random_bytes::<16>()).expect("16 bytes are a legal salt");
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("constants within argon2's bounds");
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).expect("constants within the bounds of PHC strings"),
        salt: Some(salt.as_salt()),
        hash: Some(digest(text, salt.as_salt(), params).expect("the parameters and any text are accepted")),
    };
    hash.to_string()
}

fn digest(text: &str, salt: Salt<'_>, params: Params) -> password_hash::Result<Output> {
    let mut bytes = [0; Salt::MAX_LENGTH];
    let salt = salt.decode_b64(&mut bytes)?;
    let mut blocks = Vec::with_capacity(params.block_count().max(GIVEN_BACK_BLOCKS));
    blocks.resize(params.block_count(), Block::default());
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    Output::init_with(length, |output| Ok(argon2.hash_password_into_with_memory(text.as_bytes(), salt, output, &mut blocks)?))
}

/// The commonest by list, one character repeated, and runs along the alphabet or the digits.
fn is_common(folded: &str) -> bool {
    let listed = include_str!("common_passwords.txt").lines().any(|line| line == folded);
    let mut pairs = folded.chars().zip(folded.chars().skip(1));
    let repeated = pairs.clone().all(|(one, next)| one == next);
    let run = pairs.all(|(one, next)| u32::from(next) == u32::from(one).saturating_add(1) || (one == '9' && next == '0'));
    listed || repeated || run
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};

    use super::*;

    #[test]
    fn a_password_is_verified_against_its_hash_alone() {
        let password = NewPassword::parse("cuscuz com café", &[]).expect("accepted");
        let hash = password.hash();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify(Some(&hash), "cuscuz com café"));
        assert!(!verify(Some(&hash), "cuscuz com cafe"));
        assert_ne!(hash, password.hash());
    }

    #[test]
    fn hashes_are_those_of_the_crate() {
        let theirs = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8 * 1_024, 3, 2, Some(40)).expect("parameters"));
        let salt = SaltString::encode_b64(b"sal de sobra").expect("a salt");
        let hash = theirs.hash_password("cuscuz com café".as_bytes(), &salt).expect("a hash").to_string();
        assert!(verify(Some(&hash), "cuscuz com café"));
        assert!(!verify(Some(&hash), "cuscuz com cafe"));
        let ours = NewPassword::parse("cuscuz com café", &[]).expect("accepted").hash();
        let ours = PasswordHash::new(&ours).expect("a hash");
        Argon2::default().verify_password("cuscuz com café".as_bytes(), &ours).expect("the same");
    }

    #[test]
    fn without_a_stored_hash_nothing_is_right() {
        assert!(!verify(None, "no account has this password"));
        assert!(!verify(Some("nonsense"), "nonsense"));
        assert!(!verify(Some(""), ""));
    }

    #[test]
    fn length_counts_characters_not_bytes() {
        assert_eq!(NewPassword::parse("ação ação", &[]).expect_err("nine characters"), PasswordRefusal::TooShort);
        assert!(NewPassword::parse("ação ação!", &[]).is_ok());
        assert!(NewPassword::parse(&"ã1".repeat(100), &[]).is_ok());
        assert_eq!(NewPassword::parse(&"ã1".repeat(101), &[]).expect_err("202"), PasswordRefusal::TooLong);
    }

    #[test]
    fn the_commonest_and_what_is_known_are_refused() {
        for text in ["1234567890", "Aaaaaaaaaa", "abcdefghijkl", "Password123", "marina@casamurici.com.br", "qwertyuiop"] {
            let refused = NewPassword::parse(text, &["Marina@CasaMurici.com.br"]).expect_err(text);
            assert_eq!(refused, PasswordRefusal::TooCommon, "{text}");
        }
    }
}
