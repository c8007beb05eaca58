//! What a run is measured with: latencies, and what a process has used according to `/proc`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde_json::{Value, json};

/// Latencies in microseconds, to three digits.
pub struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, 600_000_000, 3).expect("the bounds are in order"))
    }
}

impl Latencies {
    /// Counts one.
    pub fn note(&mut self, took: Duration) {
        self.0.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// Milliseconds that `percent` of them stay within.
    pub fn ms(&self, percent: f64) -> f64 {
        micros(self.0.value_at_quantile(percent / 100.0)) / 1000.0
    }

    /// The percentiles that are worth telling.
    pub fn to_json(&self) -> Value {
        json!({"count": self.0.len(), "p50_ms": self.ms(50.0), "p90_ms": self.ms(90.0), "p99_ms": self.ms(99.0), "p999_ms": self.ms(99.9),
            "max_ms": micros(self.0.max()) / 1000.0})
    }

    /// The same in a line.
    pub fn words(&self) -> String {
        let ms = |percent| self.ms(percent);
        format!("p50 {:.2} ms, p90 {:.2}, p99 {:.2}, p99.9 {:.2}, max {:.2}", ms(50.0), ms(90.0), ms(99.0), ms(99.9), ms(100.0))
    }
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "microseconds of minutes fit a double")]
const fn micros(value: u64) -> f64 {
    value as f64
}

/// Milliseconds of a tick of `/proc/PID/stat`: Linux tells user space a hundredth of a second, whatever the kernel counts in.
const TICK_MS: u64 = 10;

/// What a process had used at a moment.
#[derive(Clone, Debug)]
pub struct Usage {
    at: Instant,
    cpu: Duration,
    threads: BTreeMap<String, Duration>,
}

/// What it used between two moments.
#[derive(Clone, Debug)]
pub struct Used {
    pub wall: Duration,
    pub cpu: Duration,
    pub threads: BTreeMap<String, Duration>,
}

impl Usage {
    /// Reads `/proc/PID`; all zero where there is no such process.
    pub fn of(pid: u32) -> Self {
        let mut threads = BTreeMap::new();
        for task in std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
            let read = |name: &str| std::fs::read_to_string(task.path().join(name)).unwrap_or_default();
            let ns: u64 = read("schedstat").split_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or(0);
            *threads.entry(read("comm").trim().to_owned()).or_default() += Duration::from_nanos(ns);
        }
        // Of the whole process, with the threads that ended meanwhile.
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let behind_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks: u64 = behind_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        Self { at: Instant::now(), cpu: Duration::from_millis(ticks * TICK_MS), threads }
    }

    /// What was used since.
    pub fn since(&self, before: &Self) -> Used {
        let thread = |name: &String, now: &Duration| now.saturating_sub(before.threads.get(name).copied().unwrap_or_default());
        Used {
            wall: self.at - before.at,
            cpu: self.cpu.saturating_sub(before.cpu),
            threads: self.threads.iter().map(|(name, now)| (name.clone(), thread(name, now))).collect(),
        }
    }
}

impl Used {
    /// CPU in microseconds for each of `count`.
    pub fn us_each(&self, count: u64) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / micros(count.max(1))
    }

    /// Percent of one core.
    pub fn percent(&self) -> f64 {
        100.0 * self.cpu.as_secs_f64() / self.wall.as_secs_f64()
    }

    /// `count` per second.
    pub fn rate(&self, count: u64) -> f64 {
        micros(count) / self.wall.as_secs_f64()
    }

    /// Which threads used it, in microseconds for each of `count`.
    pub fn by_thread(&self, count: u64) -> String {
        let each = |used: &Duration| used.as_secs_f64() * 1e6 / micros(count.max(1));
        let told = self.threads.iter().filter(|(_, used)| each(used) >= 0.5);
        told.map(|(name, used)| format!("{name} {:.1}", each(used))).collect::<Vec<_>>().join(", ")
    }
}

/// Resident memory of a process in KiB.
pub fn rss_kib(pid: u32) -> u64 {
    status(pid, "VmRSS:")
}

fn status(pid: u32, key: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

/// A quotient of two counts.
pub fn ratio(part: u64, whole: u64) -> f64 {
    micros(part) / micros(whole.max(1))
}
