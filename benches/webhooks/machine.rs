//! What the machine says of this process: processor time by thread, resident memory, the time that both processes share.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Clock ticks a second of `/proc/*/stat`, on every Linux of today.
const TICKS_PER_SECOND: u64 = 100;
const PAGE_BYTES: u64 = 4096;

/// The wall clock in nanoseconds.
pub fn now_ns() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// Processor time used so far, user and system.
#[derive(Clone, Debug, Default)]
pub struct Cpu {
    pub total: Duration,
    /// By the name of the threads that live.
    pub threads: BTreeMap<String, Duration>,
}

impl Cpu {
    pub fn now() -> Self {
        let mut threads: BTreeMap<String, Duration> = BTreeMap::new();
        for task in std::fs::read_dir("/proc/self/task").expect("Linux").flatten() {
            if let Some((name, used)) = std::fs::read_to_string(task.path().join("stat")).ok().and_then(|stat| used(&stat)) {
                *threads.entry(name).or_default() += used;
            }
        }
        let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
        Self { total: used(&stat).expect("the fields of stat").1, threads }
    }

    /// Used since `before`.
    pub fn since(&self, before: &Self) -> Self {
        let threads = self.threads.iter().map(|(name, used)| {
            let earlier = before.threads.get(name).copied().unwrap_or_default();
            (name.clone(), used.saturating_sub(earlier))
        });
        Self { total: self.total.saturating_sub(before.total), threads: threads.collect() }
    }
}

fn used(stat: &str) -> Option<(String, Duration)> {
    let (before, after) = stat.rsplit_once(')')?;
    let name = before.split_once('(')?.1.to_owned();
    let fields: Vec<&str> = after.split_ascii_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some((name, Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)))
}

/// Resident memory in MiB.
pub fn resident_mib() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: u64 = statm.split_ascii_whitespace().nth(1).and_then(|pages| pages.parse().ok()).expect("the fields of statm");
    let kib = u32::try_from(pages * PAGE_BYTES / 1024).unwrap_or(u32::MAX);
    f64::from(kib) / 1024.0
}
