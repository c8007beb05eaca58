//! The code that the server prints at first run and that guards the set-up page.
//!
//! 100 random bits as five groups of four from an alphabet without look-alikes (Crockford's base 32), new at each start, never stored.
//! Doesn't know how often somebody may try.

use std::fmt;

use subtle::ConstantTimeEq as _;

use super::random_bytes;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const SYMBOLS: usize = 20;
const GROUP: usize = 4;

/// The code of this run of the server. Its `Debug` shows nothing; [`SetupCode::text`] is for the line printed at start.
#[derive(Clone)]
pub struct SetupCode([u8; SYMBOLS]);

impl SetupCode {
    /// A new code.
    #[must_use]
    pub fn new() -> Self {
        Self(random_bytes::<SYMBOLS>().map(|byte| symbol(byte & 31)))
    }

    /// As printed: `7KQ2-M9XA-…`.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.chunks(GROUP).map(|group| String::from_utf8_lossy(group).into_owned()).collect::<Vec<_>>().join("-")
    }

    /// Whether `typed` is this code, in constant time. Case, spaces and dashes don't matter, and neither do O for 0 or I and L for 1.
    #[must_use]
    pub fn matches(&self, typed: &str) -> bool {
        let mut given = [0_u8; SYMBOLS];
        let mut length = 0_usize;
        for letter in typed.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'-') {
            if let Some(place) = given.get_mut(length) {
                *place = match letter.to_ascii_uppercase() {
                    b'O' => b'0',
                    b'I' | b'L' => b'1',
                    other => other,
                };
            }
            length = length.saturating_add(1);
        }
        bool::from(self.0.ct_eq(&given)) && length == SYMBOLS
    }
}

impl Default for SetupCode {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SetupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetupCode(…)")
    }
}

fn symbol(index: u8) -> u8 {
    ALPHABET.get(usize::from(index)).copied().unwrap_or(b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_accepted_as_people_type_it() {
        let code = SetupCode::new();
        let text = code.text();
        assert_eq!(text.len(), 24);
        assert!(code.matches(&text));
        assert!(code.matches(&format!("  {}  ", text.to_lowercase().replace('-', " "))));
        assert!(code.matches(&text.replace('0', "o").replace('1', "l")));
    }

    #[test]
    fn anything_else_is_refused() {
        let code = SetupCode::new();
        let text = code.text();
        for wrong in
            ["", "0", text.trim_end_matches(char::is_alphanumeric), &format!("{text}0"), &SetupCode::new().text(), "çççççççççççççççççççç"]
        {
            assert!(!code.matches(wrong), "{wrong}");
        }
    }
}
