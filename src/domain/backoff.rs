//! When a failed delivery is tried again: the schedule as data, jitter that is only ever added, and what `Retry-After` may ask for.
//!
//! Knows nothing of clocks, chance or HTTP clients: the present and the random number are arguments.

use chrono::{DateTime, NaiveDateTime};

use super::time::Timestamp;

/// Seconds from the end of the n-th failed attempt to the next one (the schedule of the Standard Webhooks specification).
pub const RETRY_DELAYS_SECONDS: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// Attempts of one delivery before it has failed for good: the first and one per delay, 75 h 35 min in all.
pub const ATTEMPTS_MAX: u32 = 10;

/// After this attempt has ended, later events of the chat may pass a failing one (unless the endpoint asks for strict order).
pub const ATTEMPTS_HOLDING_ORDER_MAX: u32 = 3;

/// A receiver may ask for a longer wait than the schedule's, but not for more than this.
pub const RETRY_AFTER_SECONDS_MAX: i64 = 36_000;

/// How long a 429 without `Retry-After` pauses the whole endpoint at most; the delivery itself keeps its own delay.
pub const PAUSE_WITHOUT_HINT_SECONDS_MAX: i64 = 60;

const JITTER_MS_MIN: i64 = 2_000;
const JITTER_MS_MAX: i64 = 900_000;

/// The wait in milliseconds before the next attempt, or `None` when `failed_attempts` were all there are.
///
/// `retry_after_ms` is what the receiver asked for (see [`retry_after_ms`]), and `random` any number, equally likely: it spreads retries over
/// a tenth of the delay (at least 2 s, at most 15 min). The result is never below the schedule's delay nor below what was asked for.
#[must_use]
pub fn delay_ms(failed_attempts: u32, retry_after_ms: Option<i64>, random: u32) -> Option<i64> {
    let position = usize::try_from(failed_attempts.checked_sub(1)?).ok()?;
    let base = RETRY_DELAYS_SECONDS.get(position)?.saturating_mul(1000);
    let asked = retry_after_ms.unwrap_or(0).clamp(0, RETRY_AFTER_SECONDS_MAX * 1000);
    let delay = base.max(asked);
    Some(delay + jitter_ms(delay, random))
}

/// How long a 429 keeps the whole endpoint from being called, in milliseconds, given the delay of the delivery that met it.
#[must_use]
pub fn pause_ms(delivery_delay_ms: Option<i64>, retry_after_ms: Option<i64>) -> i64 {
    match retry_after_ms {
        Some(asked) => asked.clamp(0, RETRY_AFTER_SECONDS_MAX * 1000),
        None => delivery_delay_ms.unwrap_or(i64::MAX).min(PAUSE_WITHOUT_HINT_SECONDS_MAX * 1000),
    }
}

/// The longest that jitter makes a delay.
#[must_use]
pub fn delay_with_jitter_ms_max(delay_ms: i64) -> i64 {
    delay_ms.saturating_add(jitter_range_ms(delay_ms))
}

fn jitter_range_ms(delay_ms: i64) -> i64 {
    (delay_ms / 10).clamp(JITTER_MS_MIN, JITTER_MS_MAX)
}

fn jitter_ms(delay_ms: i64, random: u32) -> i64 {
    let range = jitter_range_ms(delay_ms);
    (range * i64::from(random)) >> 32
}

/// Reads a `Retry-After` header: seconds, decimals included, or an HTTP date (RFC 9110, 10.2.3 and 5.6.7).
///
/// Milliseconds from `now`, 0 for a date in the past, capped at [`RETRY_AFTER_SECONDS_MAX`]; `None` if it is neither.
#[must_use]
pub fn retry_after_ms(header: &str, now: Timestamp) -> Option<i64> {
    let header = header.trim();
    let asked = decimal_seconds_ms(header).or_else(|| http_date(header).map(|at| at.ms_since(now)))?;
    Some(asked.clamp(0, RETRY_AFTER_SECONDS_MAX * 1000))
}

fn decimal_seconds_ms(text: &str) -> Option<i64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(decimals) {
        return None;
    }
    let seconds = whole.parse::<i64>().unwrap_or(i64::MAX);
    let thousandths: i64 = decimals.chars().chain("000".chars()).take(3).collect::<String>().parse().ok()?;
    Some(seconds.saturating_mul(1000).saturating_add(thousandths))
}

fn http_date(text: &str) -> Option<Timestamp> {
    const OBSOLETE: [&str; 2] = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    if let Ok(at) = DateTime::parse_from_rfc2822(text) {
        return Some(Timestamp::from_ms(at.timestamp_millis()));
    }
    OBSOLETE
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .map(|at| Timestamp::from_ms(at.and_utc().timestamp_millis()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(784_111_777_000); // Sun, 06 Nov 1994 08:49:37 GMT

    #[test]
    fn ten_attempts_take_75_hours_and_35_minutes() {
        let waits: Vec<i64> = (1..ATTEMPTS_MAX).filter_map(|failed| delay_ms(failed, None, 0)).collect();
        assert_eq!(waits.iter().map(|wait| wait / 1000).collect::<Vec<_>>(), RETRY_DELAYS_SECONDS);
        assert_eq!(waits.iter().sum::<i64>(), (75 * 3600 + 35 * 60 + 5) * 1000);
        assert_eq!(delay_ms(ATTEMPTS_MAX, None, 0), None);
        assert_eq!(delay_ms(0, None, 0), None);
    }

    #[test]
    fn retry_after_is_read_in_each_of_its_forms() {
        let future = NOW.plus_seconds(-90);
        for (header, expected) in [
            ("120", Some(120_000)),
            (" 1.5 ", Some(1_500)),
            ("0.0009", Some(0)),
            ("1000000000000", Some(36_000_000)),
            ("99999999999999999999999", Some(36_000_000)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(90_000)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(90_000)),
            ("Sun Nov  6 08:49:37 1994", Some(90_000)),
            ("Sun, 06 Nov 1980 08:49:37 GMT", None),
            ("Thu, 06 Nov 1980 08:49:37 GMT", Some(0)),
            ("-5", None),
            ("1e3", None),
            ("soon", None),
            ("", None),
            (".5", None),
        ] {
            assert_eq!(retry_after_ms(header, future), expected, "{header}");
        }
    }

    #[test]
    fn a_429_pauses_the_endpoint_as_long_as_asked_and_not_for_a_day_without_being_asked() {
        assert_eq!(pause_ms(Some(5_000), None), 5_000);
        assert_eq!(pause_ms(Some(86_400_000), None), 60_000);
        assert_eq!(pause_ms(None, None), 60_000);
        assert_eq!(pause_ms(Some(5_000), Some(1_800_000)), 1_800_000);
        assert_eq!(pause_ms(None, Some(i64::MAX)), 36_000_000);
    }

    proptest! {
        #[test]
        fn jitter_is_added_and_never_taken_away(failed in 1..ATTEMPTS_MAX, asked in proptest::option::of(any::<i64>()), random: u32) {
            let floor = delay_ms(failed, None, 0).unwrap_or(0).max(asked.unwrap_or(0).clamp(0, RETRY_AFTER_SECONDS_MAX * 1000));
            let delay = delay_ms(failed, asked, random).unwrap_or(-1);
            prop_assert!(delay >= floor);
            prop_assert!(delay < floor + (floor / 10).clamp(JITTER_MS_MIN, JITTER_MS_MAX));
        }

        #[test]
        fn no_header_makes_the_parser_fail_or_ask_for_more_than_the_cap(header in ".*") {
            if let Some(asked) = retry_after_ms(&header, NOW) {
                prop_assert!((0..=RETRY_AFTER_SECONDS_MAX * 1000).contains(&asked));
            }
        }
    }
}
