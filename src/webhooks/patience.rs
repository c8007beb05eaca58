//! How an endpoint is borne with: the breaker, the pause it asked for, how many attempts it gets at a time.
//!
//! Pure state, counted in steady time, that follows from what became of attempts and from nothing else: at its start a dispatcher makes it again from
//! the attempts that the store has ([`Patience::remember`]), so that a restart is no new burst at whoever asked to be left alone.

use super::board::Restraint;
use super::breaker::{Breaker, Contact, Gate};
use crate::domain::delivery::{AttemptCode, settle};
use crate::domain::time::{Moment, Timestamp};
use crate::store::deliveries::Past;

/// Attempts at a time.
pub const AT_ONCE_MAX: usize = 8;
/// Successes after which the limit grows by one.
const SUCCESSES_TO_GROW: u32 = 20;

/// How one endpoint is borne with.
#[derive(Debug)]
pub struct Patience {
    /// The limit of attempts at a time.
    pub at_once: usize,
    /// Deliveries that it took.
    pub successes: u32,
    paused_until: Option<Timestamp>,
    breaker: Breaker,
}

impl Default for Patience {
    fn default() -> Self {
        Self { at_once: AT_ONCE_MAX, successes: 0, paused_until: None, breaker: Breaker::default() }
    }
}

impl Patience {
    /// Whether deliveries may go, as far as the breaker goes.
    #[must_use]
    pub fn gate(&self, now: Timestamp) -> Gate {
        self.breaker.gate(now)
    }

    /// A delivery goes out through a gate that is not closed.
    pub fn probe(&mut self) {
        self.breaker.probe();
    }

    /// When the pause ends, if it has not.
    #[must_use]
    pub fn paused_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.paused_until.filter(|until| *until > now)
    }

    /// An attempt has ended; `pause_ms` is how long the receiver wants to be left alone.
    pub fn note(&mut self, code: AttemptCode, status: Option<u16>, pause_ms: Option<i64>, now: Timestamp) {
        self.breaker.note(now, contact(code));
        if let Some(pause_ms) = pause_ms {
            self.paused_until = self.paused_until.max(Some(now.plus_ms(pause_ms)));
        }
        if code == AttemptCode::Delivered {
            self.successes = self.successes.wrapping_add(1);
            if self.successes.is_multiple_of(SUCCESSES_TO_GROW) {
                self.at_once = (self.at_once + 1).min(AT_ONCE_MAX);
            }
        } else if status == Some(429) || matches!(code, AttemptCode::Timeout | AttemptCode::ConnectTimeout) {
            self.at_once = (self.at_once / 2).max(1);
        }
    }

    /// An attempt ended before this dispatcher was; they come in the order of their ends. Its times are the wall clock's: one in the future, as
    /// after a clock that was set back, counts as now.
    pub fn remember(&mut self, past: &Past, now: Moment) {
        let steady = |at: Timestamp| now.steady.plus_ms(-now.wall.ms_since(at));
        if past.cause.keeps_order() && self.gate(steady(past.began_at)) == Gate::Probe {
            self.probe();
        }
        // Without its jitter: a pause that nobody gave a length may end a little sooner.
        let settlement = settle(&past.outcome, past.cause, past.number, 0);
        self.note(past.outcome.code, past.outcome.status, settlement.pause_ms, steady(past.ended_at));
    }

    /// What holds the endpoint back now.
    #[must_use]
    pub fn restraint(&self, now: Timestamp) -> Option<Restraint> {
        match self.gate(now) {
            Gate::Open(until) => Some(Restraint::Unreachable(until)),
            Gate::Probe => Some(Restraint::Unreachable(None)),
            Gate::Closed => self.paused_until(now).map(Restraint::Paused),
        }
    }
}

const fn contact(code: AttemptCode) -> Contact {
    match code {
        AttemptCode::Delivered => Contact::Good,
        AttemptCode::DnsFailed
        | AttemptCode::ConnectFailed
        | AttemptCode::ConnectTimeout
        | AttemptCode::TlsFailed
        | AttemptCode::Timeout => Contact::Unreachable,
        AttemptCode::Status
        | AttemptCode::BlockedAddress
        | AttemptCode::InvalidUrl
        | AttemptCode::ResponseBroken
        | AttemptCode::Interrupted => Contact::Refused,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::delivery::{Cause, Outcome};
    use crate::domain::ids::EndpointId;

    /// One of what attempts come to.
    fn outcome(kind: u8) -> Outcome {
        let (code, status, retry_after_ms) = match kind {
            0 | 1 => (AttemptCode::Delivered, Some(200), None),
            2 => (AttemptCode::Status, Some(500), None),
            3 => (AttemptCode::Status, Some(429), Some(900_000)),
            4 => (AttemptCode::Status, Some(429), None),
            5 => (AttemptCode::Timeout, None, None),
            _ => (AttemptCode::ConnectFailed, None, None),
        };
        Outcome { code, status, retry_after_ms, control: None }
    }

    proptest! {
        #[test]
        fn the_attempts_before_a_restart_teach_what_they_taught_then(
            steps in proptest::collection::vec((0_i64..400_000, 0_u8..12), 0..120),
            later_ms in 0_i64..1_000_000,
            clock_ms in -1_000_000_000_i64..1_000_000_000,
        ) {
            let (mut then, mut past, mut now) = (Patience::default(), Vec::new(), Timestamp::from_ms(0));
            for (wait_ms, kind) in steps {
                now = now.plus_ms(wait_ms);
                match then.gate(now) {
                    Gate::Open(_) => continue,
                    Gate::Probe => then.probe(),
                    Gate::Closed => {}
                }
                let outcome = outcome(kind);
                then.note(outcome.code, outcome.status, settle(&outcome, Cause::Event, 1, 0).pause_ms, now);
                let at = now.plus_ms(clock_ms);
                past.push(Past { endpoint: EndpointId::default(), cause: Cause::Event, number: 1, began_at: at, ended_at: at, outcome });
            }
            now = now.plus_ms(later_ms);
            let mut again = Patience::default();
            for past in &past {
                again.remember(past, Moment { wall: now.plus_ms(clock_ms), steady: now });
            }
            prop_assert_eq!(format!("{again:?}"), format!("{then:?}"));
        }
    }

    #[test]
    fn what_a_clock_that_was_set_back_has_in_the_future_counts_as_now() {
        let at = Timestamp::from_ms(86_400_000);
        let asked =
            Past { endpoint: EndpointId::default(), cause: Cause::Event, number: 1, began_at: at, ended_at: at, outcome: outcome(3) };
        let (now, mut patience) = (Timestamp::from_ms(1_000), Patience::default());
        patience.remember(&asked, Moment { wall: now, steady: now });
        assert_eq!(patience.paused_until(now), Some(now.plus_ms(900_000)));
    }
}
