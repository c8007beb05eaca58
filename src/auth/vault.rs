//! Seals secrets that must be readable again (webhook and identity secrets, custom headers) before they reach the database.
//!
//! XChaCha20-Poly1305 with a random 24-byte nonce and the record's id as associated data, so that a sealed value moved to another record
//! doesn't open. The key is 32 bytes in `secret.key` (0600) or in `PAPO_SECRET_KEY`; losing it loses the secrets, nothing else. Doesn't know
//! which records exist. Source: SECURITY.md, Secrets.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::random_bytes;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// First byte of everything sealed, so that another cipher could follow.
const VERSION: u8 = 1;

/// What went wrong with the key or a sealed value; the texts are for the person who starts the server.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("the key file {0} could not be read or written")]
    KeyFile(PathBuf, #[source] std::io::Error),
    #[error("the key file {0} is missing; put back the one this data directory was made with, or set PAPO_SECRET_KEY")]
    KeyMissing(PathBuf),
    #[error("the key file {0} can be read by other users of this machine; run: chmod 600 {0}")]
    KeyFileOpen(PathBuf),
    #[error("the secret key must be 32 bytes as base64 (44 characters)")]
    KeyMalformed,
    #[error("this value was not sealed with this key for this record")]
    NotOpened,
}

/// The key, ready to seal and open. Cheap to clone; its `Debug` shows nothing.
#[derive(Clone)]
pub struct Vault {
    cipher: XChaCha20Poly1305,
    check: [u8; 16],
}

impl Vault {
    /// The key in `path`; makes a new one, readable by its owner alone, where there is none.
    ///
    /// # Errors
    /// The file can't be read or made, is open to others, or holds no key.
    pub fn from_key_file(path: &Path) -> Result<Self, VaultError> {
        match Self::from_existing_key_file(path) {
            Err(VaultError::KeyMissing(_)) => Self::create_key_file(path),
            other => other,
        }
    }

    /// The key in `path`, which must exist: for a data directory that already holds sealed values.
    ///
    /// # Errors
    /// The file is missing, can't be read, is open to others, or holds no key.
    pub fn from_existing_key_file(path: &Path) -> Result<Self, VaultError> {
        let failed = |error: std::io::Error| {
            if error.kind() == ErrorKind::NotFound {
                VaultError::KeyMissing(path.to_owned())
            } else {
                VaultError::KeyFile(path.to_owned(), error)
            }
        };
        let mode = std::fs::metadata(path).map_err(failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(VaultError::KeyFileOpen(path.to_owned()));
        }
        Self::from_text(&std::fs::read_to_string(path).map_err(failed)?)
    }

    /// The key as base64 text, as `PAPO_SECRET_KEY` gives it.
    ///
    /// # Errors
    /// The text isn't 32 bytes in base64.
    pub fn from_text(text: &str) -> Result<Self, VaultError> {
        let text = text.trim();
        let bytes = STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text)).or_else(|_| URL_SAFE_NO_PAD.decode(text));
        let key: [u8; KEY_BYTES] = bytes.ok().and_then(|bytes| bytes.try_into().ok()).ok_or(VaultError::KeyMalformed)?;
        Ok(Self::from_key(&key))
    }

    fn create_key_file(path: &Path) -> Result<Self, VaultError> {
        let key = random_bytes::<KEY_BYTES>();
        let failed = |error: std::io::Error| VaultError::KeyFile(path.to_owned(), error);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
        let written = file.write_all(format!("{}\n", STANDARD.encode(key)).as_bytes()).and_then(|()| file.sync_all());
        if let Err(error) = written {
            // Half a key would stand in the way of the next start.
            drop(std::fs::remove_file(path));
            return Err(failed(error));
        }
        Ok(Self::from_key(&key))
    }

    fn from_key(key: &[u8; KEY_BYTES]) -> Self {
        let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(key).expect("HMAC takes a key of any length");
        mac.update(b"papo vault check v1");
        let mut check = [0_u8; 16];
        for (place, byte) in check.iter_mut().zip(mac.finalize().into_bytes()) {
            *place = byte;
        }
        Self { cipher: XChaCha20Poly1305::new(key.into()), check }
    }

    /// A value to store once, in clear: it tells at start whether this is the key that sealed the data directory, and nothing about the key.
    #[must_use]
    pub fn check_value(&self) -> [u8; 16] {
        self.check
    }

    /// Whether `stored` is this key's check value.
    #[must_use]
    pub fn is_key_of(&self, stored: &[u8]) -> bool {
        self.check.as_slice().ct_eq(stored).into()
    }

    /// Seals `plain` for the record `record_id`.
    #[must_use]
    pub fn seal(&self, record_id: &[u8], plain: &[u8]) -> Vec<u8> {
        let nonce = random_bytes::<NONCE_BYTES>();
        let sealed = self
            .cipher
            .encrypt(XNonce::from_slice(&nonce), Payload { msg: plain, aad: record_id })
            .expect("only texts beyond 256 GiB are refused");
        let mut out = Vec::with_capacity(1 + NONCE_BYTES + sealed.len());
        out.push(VERSION);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        out
    }

    /// Opens what [`Vault::seal`] made for the same record.
    ///
    /// # Errors
    /// Another key, another record, or not a sealed value.
    pub fn open(&self, record_id: &[u8], sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let rest = sealed.strip_prefix(&[VERSION]).ok_or(VaultError::NotOpened)?;
        let (nonce, text) = rest.split_at_checked(NONCE_BYTES).ok_or(VaultError::NotOpened)?;
        self.cipher
            .decrypt(XNonce::from_slice(nonce), Payload { msg: text, aad: record_id })
            .map_err(|chacha20poly1305::Error| VaultError::NotOpened)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_with_its_key_and_for_its_record() {
        let home = tempfile::tempdir().expect("a directory");
        let vault = Vault::from_key_file(&home.path().join("secret.key")).expect("a key is made");
        let other = Vault::from_key_file(&home.path().join("other.key")).expect("a key is made");
        let sealed = vault.seal(b"one", b"whsec_1");
        assert_eq!(vault.open(b"one", &sealed).expect("opens"), b"whsec_1");
        assert!(vault.open(b"two", &sealed).is_err());
        assert!(other.open(b"one", &sealed).is_err());
        assert!(vault.open(b"one", sealed.get(..20).expect("longer")).is_err());
        assert!(vault.open(b"one", b"").is_err());
        assert_ne!(sealed, vault.seal(b"one", b"whsec_1"));
    }

    #[test]
    fn a_key_file_is_private_and_read_again() {
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().join("secret.key");
        let made = Vault::from_key_file(&path).expect("a key is made");
        let mode = std::fs::metadata(&path).expect("exists").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = Vault::from_key_file(&path).expect("is read");
        assert!(again.is_key_of(&made.check_value()));
        let text = std::fs::read_to_string(&path).expect("text");
        assert!(Vault::from_text(&text).expect("the variable takes the same text").is_key_of(&made.check_value()));
    }

    #[test]
    fn another_key_is_told_by_the_check_value() {
        let home = tempfile::tempdir().expect("a directory");
        let one = Vault::from_key_file(&home.path().join("one")).expect("a key is made");
        let two = Vault::from_key_file(&home.path().join("two")).expect("a key is made");
        assert!(!one.is_key_of(&two.check_value()));
        assert!(!one.is_key_of(b""));
    }

    #[test]
    fn a_missing_open_or_broken_key_file_says_what_to_do() {
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().join("secret.key");
        assert!(matches!(Vault::from_existing_key_file(&path), Err(VaultError::KeyMissing(_))));
        std::fs::write(&path, "short").expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("set");
        assert!(matches!(Vault::from_key_file(&path), Err(VaultError::KeyFileOpen(_))));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("set");
        assert!(matches!(Vault::from_key_file(&path), Err(VaultError::KeyMalformed)));
    }
}
