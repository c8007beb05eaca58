//! An event's id as receivers see it: `evt_` or, for tests, `test_`, and the id in Crockford's base 32, which sorts by time.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use super::ids::EventId;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const DIGITS: u32 = 26;

/// What `webhook-id` and the body's `id` say; holds no `.`, which would confuse what is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WebhookId {
    /// The event.
    pub event: EventId,
    /// Whether it is a test.
    pub test: bool,
}

impl fmt::Display for WebhookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.test { "test_" } else { "evt_" })?;
        let bits = self.event.0.as_u128();
        for place in (0..DIGITS).rev() {
            let digit = usize::try_from((bits >> (place * 5)) & 31).unwrap_or(0);
            let letter = ALPHABET.get(digit).copied().unwrap_or(b'0');
            fmt::Write::write_char(f, char::from(letter))?;
        }
        Ok(())
    }
}

/// The text is no webhook id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a webhook id")]
pub struct NotAWebhookId;

impl FromStr for WebhookId {
    type Err = NotAWebhookId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (digits, test) = match (text.strip_prefix("evt_"), text.strip_prefix("test_")) {
            (Some(digits), _) => (digits, false),
            (None, Some(digits)) => (digits, true),
            (None, None) => return Err(NotAWebhookId),
        };
        if digits.len() != 26 || !digits.starts_with(|first: char| ('0'..='7').contains(&first)) {
            return Err(NotAWebhookId);
        }
        let bits = digits.bytes().try_fold(0_u128, |bits, letter| {
            let digit = ALPHABET.iter().position(|known| *known == letter)?;
            Some((bits << 5) | u128::try_from(digit).ok()?)
        });
        bits.map(|bits| Self { event: EventId(Uuid::from_u128(bits)), test }).ok_or(NotAWebhookId)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_is_read_back_and_sorts_as_its_number(bits: u128, other: u128, test: bool) {
            let of = |bits| WebhookId { event: EventId(Uuid::from_u128(bits)), test };
            prop_assert_eq!(of(bits).to_string().parse(), Ok(of(bits)));
            prop_assert_eq!(of(bits).to_string().cmp(&of(other).to_string()), bits.cmp(&other));
            prop_assert!(!of(bits).to_string().contains('.'));
        }

        #[test]
        fn no_text_makes_the_parser_fail(text in "(evt_|test_)?[0-9a-zé]{0,30}") {
            if let Ok(id) = text.parse::<WebhookId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
