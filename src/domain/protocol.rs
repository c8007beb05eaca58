//! The number of a chat that Brazilian service rules expect to be given at the start (Decreto 11.034/2022, art. 12). It grants nothing.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::time::Timestamp;

/// The day that a protocol carries, `20261122`, in the organisation's time zone; UTC where the zone isn't known.
#[must_use]
pub fn day(at: Timestamp, timezone: &str) -> String {
    let utc = DateTime::<Utc>::from_timestamp_millis(at.ms()).unwrap_or_default();
    let zone: Tz = timezone.parse().unwrap_or(Tz::UTC);
    utc.with_timezone(&zone).format("%Y%m%d").to_string()
}

/// The first moment of the day in the organisation's time zone.
#[must_use]
pub fn day_start(at: Timestamp, timezone: &str) -> Timestamp {
    let utc = DateTime::<Utc>::from_timestamp_millis(at.ms()).unwrap_or_default();
    let zone: Tz = timezone.parse().unwrap_or(Tz::UTC);
    let midnight = utc.with_timezone(&zone).date_naive().and_time(chrono::NaiveTime::MIN);
    // Where a change of the clocks skips midnight, the day begins with its first hour that exists.
    let start = midnight
        .and_local_timezone(zone)
        .earliest()
        .or_else(|| (midnight + chrono::Duration::hours(1)).and_local_timezone(zone).earliest());
    start.map_or(at, |start| Timestamp::from_ms(start.timestamp_millis()))
}

/// `20261122-000042`; more digits after 999999.
#[must_use]
pub fn number(day: &str, number: i64) -> String {
    format!("{day}-{number:06}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protocol_carries_the_day_of_the_organisation_and_grows_past_six_digits() {
        let new_year_in_utc = Timestamp::from_ms(1_767_225_600_000);
        assert_eq!(day(new_year_in_utc, "America/Recife"), "20251231");
        assert_eq!(day(new_year_in_utc, "Europe/Lisbon"), "20260101");
        assert_eq!(number("20260101", 42), "20260101-000042");
        assert_eq!(number("20260101", 1_000_000), "20260101-1000000");
    }
}
