//! Texts for people, in three languages, embedded in the binary.
//!
//! A text has a full key, `namespace.key`: the namespace is a file of `locales/<language>/`, the key an entry of its flat JSON object. The
//! same keys and placeholders exist in each language (`tests/tidy` holds them against each other and against every use). Knows nothing of
//! who asks or of pages: a handler picks a [`Locale`] and passes [`Texts`] on.

mod locale;
mod texts;

pub use locale::Locale;
pub use texts::Texts;
