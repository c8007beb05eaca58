//! Leaves an endpoint alone that can't be reached, and finds out with one delivery when it can be again.
//!
//! Pure state, counted in steady time; one per endpoint. Being open postpones deliveries and burns no attempt.

use std::collections::VecDeque;

use crate::domain::time::Timestamp;

/// Unreachable this often in a row: open.
pub const UNREACHABLE_IN_A_ROW_MAX: u32 = 5;
/// Results are looked at over this long, in milliseconds.
pub const WINDOW_MS: i64 = 300_000;
/// Fewer results than this in the window prove nothing.
pub const RESULTS_MIN: usize = 10;
/// This share of failures in the window, in percent: open.
pub const FAILING_PERCENT_MAX: usize = 70;
/// The first pause, in milliseconds; it doubles with each failed probe.
pub const PAUSE_MS_MIN: i64 = 30_000;
/// The longest pause, in milliseconds.
pub const PAUSE_MS_MAX: i64 = 900_000;

const RESULTS_KEPT_MAX: usize = 200;

/// What became of an attempt, as far as the breaker cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contact {
    /// The receiver took it.
    Good,
    /// The receiver refused it, but is there.
    Refused,
    /// The receiver could not be reached.
    Unreachable,
}

/// Whether deliveries may go to an endpoint now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// They may.
    Closed,
    /// One may, to find out.
    Probe,
    /// None before this steady time; `None`: a probe is under way.
    Open(Option<Timestamp>),
}

/// The breaker of one endpoint.
#[derive(Clone, Debug, Default)]
pub struct Breaker {
    results: VecDeque<(Timestamp, bool)>,
    unreachable_in_a_row: u32,
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    until: Timestamp,
    pause_ms: i64,
    probing: bool,
}

impl Breaker {
    /// Whether deliveries may go.
    #[must_use]
    pub fn gate(&self, now: Timestamp) -> Gate {
        match self.open {
            None => Gate::Closed,
            Some(Open { probing: true, .. }) => Gate::Open(None),
            Some(Open { until, .. }) if now < until => Gate::Open(Some(until)),
            Some(_) => Gate::Probe,
        }
    }

    /// A delivery goes out through a gate that is not closed.
    pub fn probe(&mut self) {
        if let Some(open) = &mut self.open {
            open.probing = true;
        }
    }

    /// Takes note of a result.
    pub fn note(&mut self, now: Timestamp, result: Contact) {
        self.results.push_back((now, result == Contact::Good));
        while self.results.len() > RESULTS_KEPT_MAX || self.results.front().is_some_and(|(at, _)| now.ms_since(*at) > WINDOW_MS) {
            self.results.pop_front();
        }
        self.unreachable_in_a_row = if result == Contact::Unreachable { self.unreachable_in_a_row.saturating_add(1) } else { 0 };
        match self.open {
            Some(open) if open.probing => self.probed(now, open, result),
            // A delivery that was under way when the breaker opened: a success is as good as a probe's.
            Some(_) if result == Contact::Good => self.close(),
            Some(_) => {}
            None if self.is_too_bad() => {
                self.open = Some(Open { until: now.plus_ms(PAUSE_MS_MIN), pause_ms: PAUSE_MS_MIN, probing: false });
            }
            None => {}
        }
    }

    fn probed(&mut self, now: Timestamp, open: Open, result: Contact) {
        // Whoever answers is there: refusals are the deliveries' own matter.
        if result == Contact::Unreachable {
            let pause_ms = open.pause_ms.saturating_mul(2).min(PAUSE_MS_MAX);
            self.open = Some(Open { until: now.plus_ms(pause_ms), pause_ms, probing: false });
        } else {
            self.close();
        }
    }

    fn close(&mut self) {
        *self = Self::default();
    }

    fn is_too_bad(&self) -> bool {
        let failed = self.results.iter().filter(|(_, good)| !good).count();
        self.unreachable_in_a_row >= UNREACHABLE_IN_A_ROW_MAX
            || (self.unreachable_in_a_row > 0
                && self.results.len() >= RESULTS_MIN
                && failed * 100 >= self.results.len() * FAILING_PERCENT_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_ms(seconds * 1000)
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        for second in 1..=5 {
            breaker.note(at(second), Contact::Unreachable);
        }
        breaker
    }

    #[test]
    fn five_unreachable_in_a_row_open_it_and_four_do_not() {
        let mut breaker = Breaker::default();
        for second in 1..=4 {
            breaker.note(at(second), Contact::Unreachable);
        }
        assert_eq!(breaker.gate(at(4)), Gate::Closed);
        assert_eq!(opened().gate(at(5)), Gate::Open(Some(at(35))));
    }

    #[test]
    fn refusals_alone_never_open_it() {
        let mut breaker = Breaker::default();
        for second in 0..100 {
            breaker.note(at(second), Contact::Refused);
        }
        assert_eq!(breaker.gate(at(100)), Gate::Closed);
    }

    #[test]
    fn one_probe_goes_and_the_pause_doubles_up_to_a_quarter_of_an_hour() {
        let mut breaker = opened();
        let mut now = at(5);
        for pause in [30, 60, 120, 240, 480, 900, 900] {
            assert_eq!(breaker.gate(now.plus_ms(pause * 1000 - 1)), Gate::Open(Some(now.plus_ms(pause * 1000))));
            now = now.plus_ms(pause * 1000);
            assert_eq!(breaker.gate(now), Gate::Probe);
            breaker.probe();
            assert_eq!(breaker.gate(now), Gate::Open(None), "one probe at a time");
            breaker.note(now, Contact::Unreachable);
        }
    }

    #[test]
    fn a_probe_that_is_answered_closes_it() {
        for result in [Contact::Good, Contact::Refused] {
            let mut breaker = opened();
            breaker.probe();
            breaker.note(at(35), result);
            assert_eq!(breaker.gate(at(35)), Gate::Closed);
        }
    }

    #[test]
    fn a_share_of_failures_opens_it_over_five_minutes_but_not_longer() {
        let mut breaker = Breaker::default();
        for second in 0..10 {
            breaker.note(at(second), if second % 4 == 0 { Contact::Good } else { Contact::Unreachable });
        }
        assert!(matches!(breaker.gate(at(10)), Gate::Open(_)));
        let mut slow = Breaker::default();
        for second in 0..10 {
            slow.note(at(second * 100), if second % 4 == 0 { Contact::Good } else { Contact::Unreachable });
        }
        assert_eq!(slow.gate(at(1000)), Gate::Closed);
    }
}
