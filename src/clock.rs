//! The one place that reads a clock.
//!
//! Two readings, because they answer different questions. *Wall* time is what people read on a screen: it follows the machine's clock, but never goes
//! back. *Steady* time is what deadlines, leases and limits are counted in: it starts at the wall time of the boot and then advances with
//! the monotonic clock, so a jump of the machine's clock moves no deadline. Both are milliseconds since the Unix epoch, and after a restart
//! steady time begins anew at the wall time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::domain::time::{Moment, Timestamp};

/// Tells the time; cheap to clone, shared by every layer that needs a `now`.
#[derive(Clone)]
pub struct Clock(Arc<Source>);

enum Source {
    System { booted: Instant, booted_wall_ms: i64, last_wall_ms: AtomicI64 },
    Fixed { machine_wall_ms: AtomicI64, last_wall_ms: AtomicI64, steady_ms: AtomicI64 },
}

impl Clock {
    /// The machine's clocks.
    #[must_use]
    pub fn system() -> Self {
        let wall = machine_wall_ms();
        Self(Arc::new(Source::System { booted: Instant::now(), booted_wall_ms: wall, last_wall_ms: AtomicI64::new(wall) }))
    }

    /// A clock that stands still until a test moves it.
    #[must_use]
    pub fn fixed(at: Timestamp) -> Self {
        let at = || AtomicI64::new(at.ms());
        Self(Arc::new(Source::Fixed { machine_wall_ms: at(), last_wall_ms: at(), steady_ms: at() }))
    }

    /// Both readings of the present.
    #[must_use]
    pub fn now(&self) -> Moment {
        match &*self.0 {
            Source::System { booted, booted_wall_ms, last_wall_ms } => {
                let elapsed = i64::try_from(booted.elapsed().as_millis()).unwrap_or(i64::MAX);
                Moment {
                    wall: never_back(last_wall_ms, machine_wall_ms()),
                    steady: Timestamp::from_ms(booted_wall_ms.saturating_add(elapsed)),
                }
            }
            Source::Fixed { machine_wall_ms, last_wall_ms, steady_ms } => Moment {
                wall: never_back(last_wall_ms, machine_wall_ms.load(Ordering::Acquire)),
                steady: Timestamp::from_ms(steady_ms.load(Ordering::Acquire)),
            },
        }
    }

    /// Time since this clock was made, exact enough to measure how long something took; stands still on a fixed clock.
    #[must_use]
    pub fn monotonic(&self) -> Duration {
        match &*self.0 {
            Source::System { booted, .. } => booted.elapsed(),
            Source::Fixed { .. } => Duration::ZERO,
        }
    }

    /// Lets time pass on a fixed clock; does nothing on the machine's.
    pub fn advance_ms(&self, ms: i64) {
        if let Source::Fixed { machine_wall_ms, steady_ms, .. } = &*self.0 {
            machine_wall_ms.fetch_add(ms, Ordering::AcqRel);
            steady_ms.fetch_add(ms, Ordering::AcqRel);
        }
    }

    /// Moves the wall clock alone, forward or back, as an operator or NTP would; what is read of it stands still until a clock that was set back
    /// has caught up. Does nothing on the machine's.
    pub fn jump_ms(&self, ms: i64) {
        if let Source::Fixed { machine_wall_ms, .. } = &*self.0 {
            machine_wall_ms.fetch_add(ms, Ordering::AcqRel);
        }
    }
}

/// What the machine's wall clock shows, or what it showed at last where it was set back.
fn never_back(last_wall_ms: &AtomicI64, machine_wall_ms: i64) -> Timestamp {
    Timestamp::from_ms(last_wall_ms.fetch_max(machine_wall_ms, Ordering::AcqRel).max(machine_wall_ms))
}

fn machine_wall_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
