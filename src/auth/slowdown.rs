//! Slows down guessing: after some free tries a key (an account, an address, the set-up page) has to wait, longer each time.
//!
//! Bounded, in memory, and forgotten at a restart. Refusals say no numbers. Doesn't know what was guessed; time comes in as an argument.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use crate::domain::time::Timestamp;

/// How one kind of key is slowed down.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Failures without any wait.
    pub free: u32,
    /// The first wait in seconds; it doubles with each further failure.
    pub first_wait_seconds: i64,
    /// The longest wait in seconds.
    pub longest_wait_seconds: i64,
    /// Seconds without a failure after which all is forgotten.
    pub forget_seconds: i64,
}

/// Most keys remembered; beyond it the one that failed longest ago is forgotten.
const KEYS_MAX: usize = 10_000;

/// The failures of many keys of one kind.
#[derive(Debug)]
pub struct Slowdown<K> {
    pace: Pace,
    failures: Mutex<HashMap<K, Failures>>,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Timestamp,
}

impl<K: Eq + Hash + Clone> Slowdown<K> {
    /// Nothing has failed yet.
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        Self { pace, failures: Mutex::new(HashMap::new()) }
    }

    /// Whether a try may be made now (`steady` time).
    #[must_use]
    pub fn allows(&self, key: &K, now: Timestamp) -> bool {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.get(key).is_none_or(|failed| now.seconds_since(failed.last) >= self.wait_seconds(failed.count))
    }

    /// Notes a try before its outcome is known, so that many at once can't all be free. [`Slowdown::succeeded`] takes it back.
    pub fn tried(&self, key: K, now: Timestamp) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= KEYS_MAX && !failures.contains_key(&key) {
            failures.retain(|_, failed| now.seconds_since(failed.last) < self.pace.forget_seconds);
            if failures.len() >= KEYS_MAX
                && let Some(oldest) = failures.iter().min_by_key(|(_, failed)| failed.last).map(|(key, _)| key.clone())
            {
                failures.remove(&oldest);
            }
        }
        let failed = failures.entry(key).or_insert(Failures { count: 0, last: now });
        let forgotten = now.seconds_since(failed.last) >= self.pace.forget_seconds;
        *failed = Failures { count: if forgotten { 1 } else { failed.count.saturating_add(1) }, last: now };
    }

    /// Forgets a key's failures.
    pub fn succeeded(&self, key: &K) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// Takes one try back, which was none; earlier failures stay.
    pub fn take_back(&self, key: &K) {
        if let Some(failed) = self.failures.lock().unwrap_or_else(PoisonError::into_inner).get_mut(key) {
            failed.count = failed.count.saturating_sub(1);
        }
    }

    fn wait_seconds(&self, count: u32) -> i64 {
        let Some(beyond) = count.checked_sub(self.pace.free) else { return 0 };
        let doubled = self.pace.first_wait_seconds.saturating_mul(1_i64.checked_shl(beyond.min(30)).unwrap_or(i64::MAX));
        doubled.min(self.pace.longest_wait_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::{KEYS_MAX, Pace, Slowdown};
    use crate::domain::time::Timestamp;

    const PACE: Pace = Pace { free: 3, first_wait_seconds: 1, longest_wait_seconds: 30, forget_seconds: 900 };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_ms(seconds * 1000)
    }

    #[test]
    fn after_the_free_tries_each_failure_doubles_the_wait() {
        let slowdown = Slowdown::new(PACE);
        for _ in 0..3 {
            assert!(slowdown.allows(&"ana", at(0)));
            slowdown.tried("ana", at(0));
        }
        assert!(!slowdown.allows(&"ana", at(0)));
        assert!(slowdown.allows(&"ana", at(1)));
        slowdown.tried("ana", at(1));
        assert!(!slowdown.allows(&"ana", at(2)));
        assert!(slowdown.allows(&"ana", at(3)));
        assert!(slowdown.allows(&"bia", at(0)));
    }

    #[test]
    fn the_wait_has_a_ceiling_and_ends_with_a_success() {
        let slowdown = Slowdown::new(PACE);
        (0..200).for_each(|_| slowdown.tried("ana", at(0)));
        assert!(!slowdown.allows(&"ana", at(29)));
        assert!(slowdown.allows(&"ana", at(30)));
        slowdown.succeeded(&"ana");
        assert!(slowdown.allows(&"ana", at(0)));
    }

    #[test]
    fn a_try_that_was_right_counts_for_nothing() {
        let slowdown = Slowdown::new(PACE);
        for _ in 0..50 {
            assert!(slowdown.allows(&"office", at(0)));
            slowdown.tried("office", at(0));
            slowdown.take_back(&"office");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let slowdown = Slowdown::new(PACE);
        (0..KEYS_MAX + 10).for_each(|key| slowdown.tried(key, at(0)));
        assert_eq!(slowdown.failures.lock().expect("not poisoned").len(), KEYS_MAX);
    }
}
