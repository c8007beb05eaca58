//! Times as JSON has them: RFC 3339, UTC, milliseconds.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::domain::time::Timestamp;

/// `2026-11-22T12:34:56.789Z`.
#[must_use]
pub fn rfc3339(at: Timestamp) -> String {
    DateTime::<Utc>::from_timestamp_millis(at.ms()).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A time from RFC 3339 text.
#[must_use]
pub fn parse(text: &str) -> Option<Timestamp> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| Timestamp::from_ms(at.timestamp_millis()))
}
