//! How long what webhooks carried is kept, and which clock may be believed for removing it.
//!
//! Pure. Removing is the store's, when to do it the sweeper's.

use super::time::Timestamp;

/// Days that anything may be kept.
pub const DAYS_MAX: i64 = 3_650;
const DAY_SECONDS: i64 = 86_400;
/// The furthest that the clock may have moved since the last removal, in seconds: what runs hourly never moves so far, unless the server was off.
pub const STEP_SECONDS_MAX: i64 = 2 * DAY_SECONDS;
/// How long the server runs before a clock that moved further is believed, in seconds: time to notice it and set it right.
pub const DOUBT_SECONDS: i64 = DAY_SECONDS;

/// Days that bodies, and deliveries with their attempts, are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    pub body_days: i64,
    pub attempt_days: i64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { body_days: 30, attempt_days: 90 }
    }
}

impl Retention {
    /// Whether each is from 1 to [`DAYS_MAX`], and bodies don't outlive their deliveries.
    #[must_use]
    pub fn is_valid(self) -> bool {
        let within = |days| (1..=DAYS_MAX).contains(&days);
        within(self.body_days) && within(self.attempt_days) && self.body_days <= self.attempt_days
    }

    /// Before when bodies go.
    #[must_use]
    pub const fn bodies_before(self, now: Timestamp) -> Timestamp {
        now.plus_seconds(-self.body_days * DAY_SECONDS)
    }

    /// Before when deliveries go.
    #[must_use]
    pub const fn attempts_before(self, now: Timestamp) -> Timestamp {
        now.plus_seconds(-self.attempt_days * DAY_SECONDS)
    }
}

/// Whether the present may be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Remove what is older than this present allows.
    Believed,
    /// It is further from the last removal than an hourly task can be: remove nothing for now.
    Doubted,
}

/// Whether `now` may be believed, given the time of the last removal and for how many seconds this process has doubted already.
///
/// A clock that is set forward by mistake would else remove everything at once, for good. A server that was off for long looks alike, and
/// waits a day, which costs nothing.
#[must_use]
pub const fn trust(last: Option<Timestamp>, now: Timestamp, doubted_seconds: i64) -> Trust {
    match last {
        Some(last) if now.seconds_since(last) > STEP_SECONDS_MAX && doubted_seconds < DOUBT_SECONDS => Trust::Doubted,
        Some(_) | None => Trust::Believed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_leapt_is_doubted_for_a_day_and_one_that_walked_is_not() {
        let last = Timestamp::from_ms(1_795_348_800_000);
        let after = |seconds| last.plus_seconds(seconds);
        assert_eq!(trust(None, last, 0), Trust::Believed, "a new house has nothing to lose");
        assert_eq!(trust(Some(last), after(3_600), 0), Trust::Believed);
        assert_eq!(trust(Some(last), after(-3_600), 0), Trust::Believed, "backwards removes less");
        assert_eq!(trust(Some(last), after(STEP_SECONDS_MAX), 0), Trust::Believed);
        assert_eq!(trust(Some(last), after(STEP_SECONDS_MAX + 1), 0), Trust::Doubted);
        assert_eq!(trust(Some(last), after(400 * DAY_SECONDS), DOUBT_SECONDS - 1), Trust::Doubted);
        assert_eq!(trust(Some(last), after(400 * DAY_SECONDS), DOUBT_SECONDS), Trust::Believed);
    }

    #[test]
    fn bodies_never_outlive_their_deliveries() {
        assert!(Retention::default().is_valid());
        for (body_days, attempt_days) in [(0, 90), (91, 90), (30, DAYS_MAX + 1), (-1, 5)] {
            assert!(!Retention { body_days, attempt_days }.is_valid(), "{body_days} {attempt_days}");
        }
    }
}
