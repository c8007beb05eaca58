//! How long things took, counted by classes of length: half and nineteen of twenty are read off without keeping every one.
//!
//! Up to 15 ms every millisecond is a class; above, each doubling has eight, so that what is read off is wrong by a sixteenth at most.

use std::collections::BTreeMap;

/// Milliseconds below which each one is a class of its own.
const EXACT_MS: i64 = 16;
/// Classes in each doubling above.
const CLASSES_PER_DOUBLING: i64 = 8;
/// Bytes of one class as it is kept: its number, and how many.
const KEPT_BYTES: usize = 5;

/// Lengths of time, counted by class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latencies(BTreeMap<u8, u32>);

impl Latencies {
    /// One more that took this many milliseconds.
    pub fn add(&mut self, ms: i64) {
        let count = self.0.entry(class_of(ms)).or_default();
        *count = count.saturating_add(1);
    }

    /// All of the other's too.
    pub fn merge(&mut self, other: &Self) {
        for (class, more) in &other.0 {
            let count = self.0.entry(*class).or_default();
            *count = count.saturating_add(*more);
        }
    }

    /// The milliseconds that this share, in percent, did not exceed; none of nothing.
    #[must_use]
    pub fn percentile(&self, percent: u64) -> Option<i64> {
        let all: u64 = self.0.values().map(|count| u64::from(*count)).sum();
        let wanted = (all * percent).div_ceil(100).max(1);
        let mut passed = 0;
        for (class, count) in &self.0 {
            passed += u64::from(*count);
            if passed >= wanted {
                return Some(middle_of(*class));
            }
        }
        None
    }

    /// As they are kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|(class, count)| [*class].into_iter().chain(count.to_le_bytes())).collect()
    }

    /// Reads them back; what can't be read counts as nothing, for it is a figure and no fact.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let classes = bytes.chunks_exact(KEPT_BYTES).filter_map(|kept| {
            let (class, count) = kept.split_first()?;
            Some((*class, u32::from_le_bytes(count.try_into().ok()?)))
        });
        Self(classes.collect())
    }
}

fn class_of(ms: i64) -> u8 {
    let ms = ms.max(0);
    if ms < EXACT_MS {
        return u8::try_from(ms).unwrap_or(u8::MAX);
    }
    let doubling = i64::from(ms.ilog2());
    let within = (ms >> (doubling - 3)) - CLASSES_PER_DOUBLING;
    u8::try_from(EXACT_MS + (doubling - 4) * CLASSES_PER_DOUBLING + within).unwrap_or(u8::MAX)
}

fn middle_of(class: u8) -> i64 {
    let class = i64::from(class);
    if class < EXACT_MS {
        return class;
    }
    let (doubling, within) = ((class - EXACT_MS) / CLASSES_PER_DOUBLING, (class - EXACT_MS) % CLASSES_PER_DOUBLING);
    let width = 1_i64 << (doubling + 1);
    (CLASSES_PER_DOUBLING + within) * width + width / 2
}

#[cfg(test)]
mod tests {
    use super::Latencies;

    #[test]
    fn half_and_nineteen_of_twenty_are_read_off_within_a_sixteenth() {
        let mut taken = Latencies::default();
        assert_eq!(taken.percentile(50), None);
        (1..=1_000).for_each(|ms| taken.add(ms));
        for (percent, exact) in [(50, 500), (95, 950), (100, 1_000)] {
            let read = taken.percentile(percent).expect("something was added");
            assert!((read - exact).abs() * 16 <= exact, "{percent} %: {read} instead of {exact}");
        }
        let mut quick = Latencies::default();
        [3, 4, 4, 9].iter().for_each(|ms| quick.add(*ms));
        assert_eq!((quick.percentile(50), quick.percentile(95)), (Some(4), Some(9)), "a few milliseconds are told exactly");
    }

    #[test]
    fn what_is_kept_is_read_back_and_hours_add_up() {
        let (mut first, mut second, mut both) = (Latencies::default(), Latencies::default(), Latencies::default());
        for ms in [0, 15, 16, 17, 30_000, i64::MAX] {
            first.add(ms);
            both.add(ms);
            second.add(ms / 2);
            both.add(ms / 2);
        }
        assert_eq!(Latencies::from_bytes(&first.to_bytes()), first);
        first.merge(&second);
        assert_eq!(first, both);
        assert_eq!(Latencies::from_bytes(b"half"), Latencies::default());
    }
}
