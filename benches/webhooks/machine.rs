//! What the machine says of this process: processor time by thread, resident memory, the time that both processes share.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
            let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
            let used = std::fs::read_to_string(task.path().join("schedstat")).ok().and_then(|stat| {
                // The first number: nanoseconds on a processor.
                stat.split_ascii_whitespace().next()?.parse().ok().map(Duration::from_nanos)
            });
            *threads.entry(name.trim().to_owned()).or_default() += used.unwrap_or_default();
        }
        Self { total: threads.values().sum(), threads }
    }

    /// Used since `before`. A thread that ended meanwhile is not counted; those that matter live as long as the house.
    pub fn since(&self, before: &Self) -> Self {
        let used = self.threads.iter().map(|(name, used)| {
            let earlier = before.threads.get(name).copied().unwrap_or_default();
            (name.clone(), used.saturating_sub(earlier))
        });
        let threads: BTreeMap<String, Duration> = used.collect();
        Self { total: threads.values().sum(), threads }
    }
}

/// Resident memory in MiB.
#[derive(Clone, Copy, Debug)]
pub struct Resident {
    /// This process's own.
    pub anonymous: f64,
    /// Pages of files, the database's among them: the system takes them back when it needs them.
    pub of_files: f64,
}

impl Resident {
    pub fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
        let mib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a field of status");
            let kib: u32 = line.trim().trim_end_matches(" kB").parse().expect("kibibytes");
            f64::from(kib) / 1024.0
        };
        Self { anonymous: mib("RssAnon:"), of_files: mib("RssFile:") }
    }
}
