//! Passwords, tokens, the set-up code and the vault that keeps other secrets.
//!
//! Knows how a secret is made, kept and compared. Deliberately doesn't know who asks, where a secret is stored or what it opens.

pub mod password;
pub mod setup_code;
pub mod slowdown;
pub mod token;
pub mod vault;

/// Random bytes from the operating system's generator, stretched by a CSPRNG that reseeds itself.
pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0_u8; N];
    rand::fill(&mut bytes);
    bytes
}
