//! What is done to a house, and what is read off while it happens.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::house::House;
use crate::machine::{Cpu, now_ns};
use crate::receiver::Receiver;

/// Visitors that write at the same time.
const WRITERS: usize = 192;
/// Deliveries that may wait while visitors write as fast as they can.
const BACKLOG_MAX: u64 = 4_000;
const LOOK_INTERVAL: Duration = Duration::from_millis(2);

/// How fast, and at what cost.
#[derive(Clone, Debug)]
pub struct Pace {
    pub deliveries: usize,
    pub per_second: f64,
    /// Microseconds of processor time of this whole process for each delivery.
    pub cpu_us: f64,
    /// The same by thread, the costliest first.
    pub threads_us: Vec<(String, f64)>,
}

/// From the commit to the first byte at the receiver, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Delay {
    pub median_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
    /// From the visitor's command (before its transaction) to the first byte.
    pub command_median_ms: f64,
}

/// Numbers events, so that each is told apart at the receiver.
#[derive(Default)]
pub struct Marks(Cell<usize>);

impl Marks {
    fn next(&self) -> usize {
        self.0.replace(self.0.get() + 1)
    }
}

fn pace(deliveries: usize, took: Duration, cpu: &Cpu) -> Pace {
    let count = f64::from(u32::try_from(deliveries).expect("a count"));
    let each = |used: Duration| used.as_secs_f64() * 1e6 / count;
    let mut threads_us: Vec<(String, f64)> = cpu.threads.iter().map(|(name, used)| (name.clone(), each(*used))).collect();
    threads_us.sort_by(|one, other| other.1.total_cmp(&one.1));
    threads_us.retain(|(_, used)| *used >= 0.5);
    Pace { deliveries, per_second: count / took.as_secs_f64(), cpu_us: each(cpu.total), threads_us }
}

/// `count` events wait when the dispatcher starts; until the last of their deliveries is recorded.
pub async fn backlog(house: &House, endpoints: usize, marks: &Marks, count: usize) -> Pace {
    let left = Rc::new(Cell::new(count));
    let writer = || async {
        while left.get() > 0 {
            left.set(left.get() - 1);
            house.writes(marks.next()).await;
        }
    };
    futures_util::future::join_all((0..WRITERS).map(|_| writer())).await;
    let (began, before) = (Instant::now(), Cpu::now());
    let running = house.dispatches();
    house.is_drained().await;
    let pace = pace(count * endpoints, began.elapsed(), &Cpu::now().since(&before));
    stop(running).await;
    pace
}

/// Visitors write as fast as the house takes it, held back only by what waits to be delivered; until the last delivery is recorded. The cost is that of
/// everything: the command, its transaction, the delivery and its record.
pub async fn stream(
    house: &House,
    receiver: &Receiver,
    endpoints: usize,
    marks: &Marks,
    count: usize,
    mut progress: impl FnMut(usize),
) -> Pace {
    let watch = Watch::start(receiver);
    let each = u64::try_from(endpoints).expect("a count");
    let came_before = watch.came();
    let (left, written) = (Rc::new(Cell::new(count)), Rc::new(Cell::new(0_u64)));
    let (began, before) = (Instant::now(), Cpu::now());
    let writer = || async {
        while left.get() > 0 {
            while written.get() * each > watch.came() - came_before + BACKLOG_MAX {
                tokio::time::sleep(LOOK_INTERVAL).await;
            }
            left.set(left.get().saturating_sub(1));
            written.set(written.get() + 1);
            house.writes(marks.next()).await;
        }
    };
    let all = futures_util::future::join_all((0..WRITERS).map(|_| writer()));
    let reporting = async {
        loop {
            progress(count - left.get());
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    tokio::select! {
        _ = all => {}
        () = reporting => {}
    }
    house.is_drained().await;
    pace(usize::try_from(written.get()).expect("a count") * endpoints, began.elapsed(), &Cpu::now().since(&before))
}

/// One event each `interval`, whatever became of those before; how long each took from its commit to the first byte at each of the first `hosts` receivers.
pub async fn delays(house: &Rc<House>, receiver: &Receiver, hosts: usize, marks: &Marks, count: usize, interval: Duration) -> Delay {
    drop(receiver.arrivals());
    let (counter, first) = (receiver.counter(), marks.0.get());
    let came_before = counter();
    let mut ticks = tokio::time::interval(interval);
    let mut writing = Vec::with_capacity(count);
    for _ in 0..count {
        ticks.tick().await;
        let (house, mark) = (Rc::clone(house), marks.next());
        writing.push(tokio::task::spawn_local(async move {
            let began = now_ns();
            house.writes(mark).await;
            (began, now_ns())
        }));
    }
    let mut times = Vec::with_capacity(count);
    for one in writing {
        times.push(one.await.expect("a message"));
    }
    let wanted = u64::try_from(count * hosts).expect("a count");
    while counter() - came_before < wanted {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut delays = Histogram::<u64>::new(3).expect("a histogram");
    let mut of_commands = Histogram::<u64>::new(3).expect("a histogram");
    for arrival in receiver.arrivals() {
        let Some((began, committed)) = arrival.mark.checked_sub(first).and_then(|place| times.get(place)) else { continue };
        let since = |then: &i64| u64::try_from((arrival.at_ns - then).max(0)).expect("no negative time");
        delays.record(since(committed)).expect("a time");
        of_commands.record(since(began)).expect("a time");
    }
    let ms = |ns: u64| Duration::from_nanos(ns).as_secs_f64() * 1e3;
    Delay {
        median_ms: ms(delays.value_at_quantile(0.5)),
        p99_ms: ms(delays.value_at_quantile(0.99)),
        max_ms: ms(delays.max()),
        command_median_ms: ms(of_commands.value_at_quantile(0.5)),
    }
}

/// Stops the dispatcher without holding this thread.
pub async fn stop(running: papo::webhooks::Running) {
    tokio::task::spawn_blocking(move || running.stop()).await.expect("an end");
}

/// Knows how many deliveries have come, without asking for each.
struct Watch {
    came: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
}

impl Watch {
    fn start(receiver: &Receiver) -> Self {
        let counter = receiver.counter();
        let watch = Self { came: Arc::new(AtomicU64::new(counter())), is_over: Arc::default() };
        let (came, is_over) = (Arc::clone(&watch.came), Arc::clone(&watch.is_over));
        std::thread::spawn(move || {
            while !is_over.load(Ordering::Acquire) {
                came.store(counter(), Ordering::Release);
                std::thread::sleep(LOOK_INTERVAL);
            }
        });
        watch
    }

    fn came(&self) -> u64 {
        self.came.load(Ordering::Acquire)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
    }
}
