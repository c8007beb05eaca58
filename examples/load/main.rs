//! A load generator for Papo: a process of its own that plays visitors and agents on real sockets by docs/protocol.md, from many loopback
//! addresses, checks that nothing is lost, doubled or out of order, and says what it cost the server.
//!
//! `cargo run --release --example load -- --help` tells how; docs/performance.md how to read it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use papo::domain::department::Routing;
use serde_json::Value;

mod beside;
mod cast;
mod grow;
mod house;
mod idle;
mod lifecycle;
mod line;
mod lists;
mod messages;
mod meter;
mod receiver;

use house::{House, Plan};
use messages::Course;

/// Plays visitors and agents against a Papo server and says what it took.
///
/// Without --attach it starts a server of its own on a free port with a fresh data directory (--program, --folder), in which rates don't
/// stand in the way, and stops it at the end. Memory and CPU are the server's alone, from /proc. Latencies of a fixed rate count from the moment
/// at which a message was due (no coordinated omission); those of a closed loop from the moment at which it was sent. Everything that was lost,
/// doubled or out of order is a FAULT, and the exit status is then 1.
#[derive(Parser)]
#[command(name = "load", max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    scenario: Scenario,
    /// The server to start [default: target/release/papo beside this program]
    #[arg(long, alias = "spawn", global = true, value_name = "PAPO")]
    program: Option<PathBuf>,
    /// Where its data goes, in a new directory that is removed at the end [default: the system's temporary directory]
    #[arg(long, global = true, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Play against a running `papo demo --json` instead: the file that has its line
    #[arg(long, global = true, value_name = "FILE", requires = "pid")]
    attach: Option<PathBuf>,
    /// Process id of the attached server
    #[arg(long, global = true)]
    pid: Option<u32>,
    /// Start the server on the data that `grow` made in this directory, which stays
    #[arg(long, global = true, value_name = "DIR", conflicts_with = "attach")]
    grown: Option<PathBuf>,
    /// One line of JSON instead of words
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Scenario {
    /// Widgets that are open and silent: memory each, what heartbeats cost, and what one chat beside them suffers
    Idle {
        #[arg(long, default_value_t = 10_000)]
        sockets: usize,
        /// Seconds that they are held; heartbeats come every 30
        #[arg(long, default_value_t = 40)]
        hold: u64,
    },
    /// Messages both ways in active chats
    Messages {
        #[arg(long, default_value_t = 100)]
        chats: usize,
        #[arg(long, default_value_t = 20)]
        agents: usize,
        /// Messages per second, whatever the server does; without it each chat has one message under way
        #[arg(long)]
        rate: Option<u32>,
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
    /// Whole chats: request, start, ten messages with typing and marks, tag, finish, rate; two webhook receivers
    Lifecycle {
        /// Visitors at the same time
        #[arg(long, default_value_t = 50)]
        visitors: usize,
        #[arg(long, default_value_t = 20)]
        agents: usize,
        #[arg(long, default_value_t = 2)]
        endpoints: usize,
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
    /// Makes a data directory with the past of years, for --grown, and times the first page of each list on it
    Grow {
        /// A directory that is not there yet
        #[arg(long, value_name = "DIR")]
        into: PathBuf,
        #[arg(long, default_value_t = 1_000_000)]
        chats: i64,
        #[arg(long, default_value_t = 20)]
        messages_each: usize,
    },
    /// Times the first page of each list on data that `grow` made
    Lists {
        #[arg(long, value_name = "DIR")]
        of: PathBuf,
    },
    /// Everybody drops at once and comes back
    Reconnect {
        #[arg(long, default_value_t = 2_000)]
        visitors: usize,
        #[arg(long, default_value_t = 20)]
        agents: usize,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    drop(rlimit::increase_nofile_limit(u64::MAX));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("an event loop");
    let told = tokio::task::LocalSet::new().block_on(&runtime, play(&cli));
    match told {
        Ok((words, json, faults)) => {
            println!("{}", if cli.json { json.to_string() } else { words });
            ExitCode::from(u8::from(faults > 0))
        }
        Err(what) => {
            eprintln!("load: {what}");
            ExitCode::from(2)
        }
    }
}

/// What it says, and how many faults it found.
async fn play(cli: &Cli) -> Result<(String, Value, usize), String> {
    match &cli.scenario {
        Scenario::Idle { sockets, hold } => {
            let house = house(cli, 1, Vec::new()).await?;
            let idle = idle::run(&house, *sockets, Duration::from_secs(*hold), true).await?;
            Ok((idle.words(), idle.to_json(), idle.lost))
        }
        Scenario::Messages { chats, agents, rate, seconds } => {
            let house = house(cli, (*agents).min(*chats), Vec::new()).await?;
            let lines = cast::agents(&house, house.agents.len()).await?;
            let pairs = cast::pairs(&house, &lines, *chats).await?;
            let course = Course { warm_up: Duration::from_secs(1), measured: Duration::from_secs(*seconds), rate: *rate };
            let outcome = messages::run(&pairs, house.pid, course).await;
            Ok((outcome.words(), outcome.to_json(), outcome.faults.len()))
        }
        Scenario::Lifecycle { visitors, agents, endpoints, seconds } => {
            let (mut receivers, mut urls) = (Vec::new(), Vec::new());
            for _ in 0..*endpoints {
                let (receiver, url) = receiver::Receiver::open().await?;
                receivers.push(receiver);
                urls.push(url);
            }
            let house = house(cli, *agents, urls).await?;
            let lives = lifecycle::run(&house, *visitors, Duration::from_secs(*seconds), &receivers).await?;
            Ok((lives.words(), lives.to_json(), lives.faults.len()))
        }
        Scenario::Grow { into, chats, messages_each } => {
            if into.exists() {
                return Err(format!("{} is there already", into.display()));
            }
            let plan = Plan { agents: 200, room: 100_000, routing: Routing::LeastBusy, endpoints: Vec::new() };
            House::found(into, &plan).await?;
            let grown = grow::grow(into, *chats, *messages_each).await?;
            let words = format!(
                "{} chats with {} messages in {:.1} GB, made in {:.0} s",
                grown.chats,
                grown.messages,
                meter::ratio(grown.bytes, 1 << 30),
                grown.took.as_secs_f64()
            );
            let (lists, json) = lists(into).await?;
            Ok((format!("{words}\n{lists}"), json, 0))
        }
        Scenario::Lists { of } => lists(of).await.map(|(words, json)| (words, json, 0)),
        Scenario::Reconnect { visitors, agents } => {
            let house = house(cli, *agents, Vec::new()).await?;
            let came = idle::reconnect(&house, *visitors).await?;
            Ok((came.words(), came.to_json(), came.failed.len()))
        }
    }
}

async fn lists(folder: &std::path::Path) -> Result<(String, Value), String> {
    let timed = lists::time(folder).await.map_err(|error| error.to_string())?;
    let line = |(name, took): &lists::Timed| format!("{:>9.2} ms  {name}", took.as_secs_f64() * 1e3);
    let words: Vec<String> = timed.iter().map(line).collect();
    let json = timed.iter().map(|(name, took)| serde_json::json!({"list": name, "median_ms": took.as_secs_f64() * 1e3})).collect();
    Ok((words.join("\n"), json))
}

/// The attached server, or a fresh one, or one on grown data.
async fn house(cli: &Cli, agents: usize, endpoints: Vec<String>) -> Result<House, String> {
    if let (Some(file), Some(pid)) = (&cli.attach, cli.pid) {
        let line = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        return House::attach(&line, pid);
    }
    if let Some(grown) = &cli.grown {
        House::tell(grown, &endpoints).await?;
        let mut house = House::reopen(&house::program(cli.program.clone()), grown)?;
        house.agents.truncate(agents);
        eprintln!("the server answered {:.0} ms after its start", house.cold_start.unwrap_or_default().as_secs_f64() * 1e3);
        return Ok(house);
    }
    let plan = Plan { agents, room: 100_000, routing: Routing::LeastBusy, endpoints };
    House::spawn(&house::program(cli.program.clone()), cli.folder.as_deref(), &plan).await
}
