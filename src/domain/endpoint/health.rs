//! How an endpoint is doing, and when it is given up on: counted from what the store keeps, so a restart forgets nothing.

use crate::domain::time::Timestamp;

/// An endpoint whose failures since its last success span this long is disabled.
pub const FAILING_SECONDS_MAX: i64 = 120 * 3600;
/// But not below this many failed attempts: two failures five days apart prove nothing.
pub const FAILURES_BEFORE_DISABLE_MIN: u32 = 10;

/// Why an endpoint was disabled without being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisabledReason {
    /// It answered 410.
    Gone,
    /// It answered `webhook-delivery: disable`.
    Asked,
    /// Its failures spanned [`FAILING_SECONDS_MAX`].
    Failing,
}

impl DisabledReason {
    /// Its stable code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Asked => "asked",
            Self::Failing => "failing",
        }
    }

    /// Reads its code back.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Gone, Self::Asked, Self::Failing].into_iter().find(|reason| reason.as_str() == code)
    }
}

/// How an endpoint is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// The last 2xx.
    pub last_success_at: Option<Timestamp>,
    /// The first failed attempt after it.
    pub first_failure_at: Option<Timestamp>,
    /// The latest failed attempt after it.
    pub last_failure_at: Option<Timestamp>,
    /// Failed attempts after it.
    pub failures: u32,
    /// When and why it was disabled by what it answered.
    pub disabled: Option<(Timestamp, DisabledReason)>,
}

/// How far an endpoint is on the way to being disabled; its admins are told at each step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// Nothing to tell.
    #[default]
    None,
    /// Half of the time has passed.
    Half,
    /// Seven tenths.
    Seventy,
    /// Nine tenths.
    Ninety,
    /// All: it is disabled now.
    Over,
}

impl Health {
    /// After an attempt that succeeded at `at`: all is forgiven.
    #[must_use]
    pub const fn succeeded(self, at: Timestamp) -> Self {
        Self { last_success_at: Some(at), first_failure_at: None, last_failure_at: None, failures: 0, disabled: self.disabled }
    }

    /// After an attempt that failed at `at`.
    #[must_use]
    pub fn failed(self, at: Timestamp) -> Self {
        Self {
            first_failure_at: self.first_failure_at.or(Some(at)),
            last_failure_at: Some(self.last_failure_at.map_or(at, |last| last.max(at))),
            failures: self.failures.saturating_add(1),
            ..self
        }
    }

    /// After an admin mended and enabled it again: what was counted is not held against it.
    #[must_use]
    pub const fn mended(self) -> Self {
        Self { last_success_at: self.last_success_at, first_failure_at: None, last_failure_at: None, failures: 0, disabled: None }
    }

    /// How long its failures span, in seconds.
    #[must_use]
    pub fn failing_seconds(&self) -> i64 {
        match (self.first_failure_at, self.last_failure_at) {
            (Some(first), Some(last)) => last.seconds_since(first),
            (None, _) | (_, None) => 0,
        }
    }

    /// How far it is on the way to being disabled.
    #[must_use]
    pub fn warning(&self) -> Warning {
        if self.failures < FAILURES_BEFORE_DISABLE_MIN {
            return Warning::None;
        }
        match self.failing_seconds() * 100 / FAILING_SECONDS_MAX {
            ..50 => Warning::None,
            50..70 => Warning::Half,
            70..90 => Warning::Seventy,
            90..100 => Warning::Ninety,
            100.. => Warning::Over,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    fn after_failures(at_hours: impl IntoIterator<Item = i64>) -> Health {
        at_hours.into_iter().fold(Health::default(), |health, hour| health.failed(Timestamp::from_ms(hour * HOUR_MS)))
    }

    #[test]
    fn five_days_of_failures_are_too_many_and_a_success_forgives_them() {
        assert_eq!(after_failures((0..10).map(|n| n * 14)).warning(), Warning::Over);
        assert_eq!(after_failures((0..10).map(|n| n * 12)).warning(), Warning::Ninety);
        assert_eq!(after_failures((0..9).map(|n| n * 30)).warning(), Warning::None, "nine failures are too few");
        assert_eq!(after_failures(0..50).warning(), Warning::None, "two days are too short");
        assert_eq!(after_failures(0..61).warning(), Warning::Half);
        let forgiven = after_failures(0..130).succeeded(Timestamp::from_ms(131 * HOUR_MS)).failed(Timestamp::from_ms(400 * HOUR_MS));
        assert_eq!((forgiven.failures, forgiven.warning()), (1, Warning::None));
    }
}
