//! How fast deliveries go, what each costs, and what a neighbour suffers. `docs/performance.md` says how to read it.
//!
//! ```text
//! cargo bench --bench webhooks -- [--quick] [--million] [--endpoints N] [--backlog]
//! ```
//!
//! The store and the dispatcher run in this process as `papo serve` wires them; the receivers in another one, so that processor time is ours alone.
//! Each attempt is recorded durably: a round ends when the last result is on the disk.

#![expect(clippy::indexing_slicing, reason = "a measurement that meets the unexpected has to stop")]

mod bare;
#[path = "../../tests/it/support/founding.rs"]
mod founding;
mod house;
mod machine;
mod receiver;
mod report;
mod trial;

use std::rc::Rc;
use std::time::Duration;

use bare::Floor;
use house::House;
use machine::Resident;
use receiver::{HUNG, Receiver};
use report::{Figures, Neighbour};
use trial::Marks;

/// Endpoints that are measured.
const ENDPOINTS: [usize; 4] = [1, 5, 10, 100];

/// How much is done.
#[derive(Clone, Copy)]
struct Size {
    chats: usize,
    /// Deliveries of a backlog, and of a stream.
    deliveries: usize,
    /// Events whose delay is taken.
    delays: usize,
    rounds: usize,
}

const QUICK: Size = Size { chats: 400, deliveries: 2_000, delays: 40, rounds: 1 };
const FULL: Size = Size { chats: 2_000, deliveries: 12_000, delays: 200, rounds: 3 };

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |option: &str| arguments.iter().any(|argument| argument == option);
    let after = |option: &str| {
        let place = arguments.iter().position(|argument| argument == option)?;
        arguments.get(place + 1)?.parse::<usize>().ok()
    };
    if let Some(hosts) = after("receiver") {
        return receiver::run(hosts);
    }
    let size = if has("--quick") { QUICK } else { FULL };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, async {
        if has("--million") {
            return million(after("--deliveries").unwrap_or(1_000_000)).await;
        }
        let receiver = Receiver::start(1);
        let floors = (bare::posts(&receiver, size.deliveries).await, bare::commits(size.deliveries));
        report::floors(&floors);
        let mut all = Vec::new();
        for endpoints in after("--endpoints").map_or(ENDPOINTS.to_vec(), |endpoints| vec![endpoints]) {
            if has("--backlog") {
                backlog(endpoints, size, &floors).await;
                continue;
            }
            let figures = measure(endpoints, size).await;
            report::figures(&figures, &floors);
            all.push(figures);
        }
        if has("--backlog") {
            return;
        }
        let neighbour = neighbour(size).await;
        report::neighbour(&neighbour);
        report::line(&floors, &all, &neighbour);
    });
}

async fn house(receiver: &Receiver, endpoints: usize, chats: usize) -> Rc<House> {
    let house = House::opens(chats).await;
    for host in 1..=endpoints {
        house.endpoint(&format!("http://127.0.0.{host}:{}/recados", receiver.port)).await;
    }
    Rc::new(house)
}

/// One house with this many endpoints: a backlog, single events, a stream, events at half the stream's rate.
async fn measure(endpoints: usize, size: Size) -> Figures {
    let receiver = Receiver::start(endpoints);
    let house = house(&receiver, endpoints, size.chats).await;
    let marks = Marks::default();
    let events = (size.deliveries / endpoints).max(50);
    let resident_before = Resident::now();
    let (mut backlogs, mut streams) = (Vec::new(), Vec::new());
    for _ in 0..size.rounds {
        backlogs.push(trial::backlog(&house, endpoints, &marks, events).await);
    }
    let running = house.dispatches();
    house.writes(0).await;
    house.is_drained().await;
    let quiet = trial::delays(&house, &receiver, endpoints, &marks, size.delays, Duration::from_millis(15)).await;
    for _ in 0..size.rounds {
        streams.push(trial::stream(&house, &receiver, endpoints, &marks, events, |_| {}).await);
    }
    let half = streams.iter().map(|pace| pace.per_second).fold(f64::INFINITY, f64::min) / 2.0;
    let interval = Duration::from_secs_f64(f64::from(u32::try_from(endpoints).expect("a count")) / half);
    let loaded = trial::delays(&house, &receiver, endpoints, &marks, events.min(size.delays * 20), interval).await;
    house.is_drained().await;
    trial::stop(running).await;
    Figures { endpoints, backlogs, streams, quiet, loaded, loaded_per_second: half, resident: (resident_before, Resident::now()) }
}

/// Backlogs alone, for a profiler.
async fn backlog(endpoints: usize, size: Size, floors: &Floors) {
    let receiver = Receiver::start(endpoints);
    let house = house(&receiver, endpoints, size.chats).await;
    let marks = Marks::default();
    for _ in 0..size.rounds {
        let pace = trial::backlog(&house, endpoints, &marks, (size.deliveries / endpoints).max(50)).await;
        report::against(&[pace], floors);
    }
}

/// One endpoint that answers, alone and then beside one that hangs.
async fn neighbour(size: Size) -> Neighbour {
    let receiver = Receiver::start(1);
    let house = house(&receiver, 1, size.chats).await;
    let marks = Marks::default();
    let running = house.dispatches();
    house.writes(0).await;
    house.is_drained().await;
    let interval = Duration::from_millis(4);
    let alone = trial::delays(&house, &receiver, 1, &marks, size.delays * 5, interval).await;
    house.endpoint(&format!("http://{HUNG}:{}/recados", receiver.port)).await;
    let beside = trial::delays(&house, &receiver, 1, &marks, size.delays * 5, interval).await;
    trial::stop(running).await;
    Neighbour { alone, beside }
}

/// A stream to one endpoint, with the memory it takes on the way.
async fn million(deliveries: usize) {
    let receiver = Receiver::start(1);
    let house = house(&receiver, 1, FULL.chats).await;
    let running = house.dispatches();
    let step = (deliveries / 20).max(1);
    let mut next = 0;
    let pace = trial::stream(&house, &receiver, 1, &Marks::default(), deliveries, |done| {
        if done >= next {
            report::memory(done, Resident::now());
            next += step;
        }
    })
    .await;
    report::memory(pace.deliveries, Resident::now());
    report::pace("stream", std::slice::from_ref(&pace));
    trial::stop(running).await;
    if let Ok(house) = Rc::try_unwrap(house) {
        house.closes().await;
    }
}

type Floors = (Floor, Floor);
