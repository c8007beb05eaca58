//! Papo beside the bare stack, in the same minute on the same machine: messages, idle sockets, cold start.
//!
//! `cargo bench --bench messages` runs all of it (some minutes), `cargo bench --bench messages -- --quick` a short form under half a minute. The bare stack is
//! this very program started again (`bare.rs`). Runs of both take turns, and what counts is the ratio of two runs that
//! follow each other: absolute figures depend on the machine, its disk and its neighbours. docs/performance.md says how to read it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use papo::domain::department::Routing;
use serde_json::{Value, json};

mod bare;
mod bench;
#[path = "../../examples/load/beside.rs"]
#[expect(dead_code, reason = "what the load generator's own scenarios use")]
mod beside;
#[path = "../../examples/load/cast.rs"]
mod cast;
#[path = "../../examples/load/house.rs"]
#[expect(dead_code, reason = "what the load generator's own scenarios use")]
mod house;
#[path = "../../examples/load/line.rs"]
mod line;
#[path = "../../examples/load/messages.rs"]
mod messages;
#[path = "../../examples/load/meter.rs"]
mod meter;

use bench::{Goal, Pace};
use beside::{Beside, Talk};
use house::{House, Plan};

/// Papo beside the bare stack on the same machine.
#[derive(Parser)]
#[command(name = "messages", max_term_width = 110)]
struct Cli {
    /// Under half a minute: one short round of each
    #[arg(long)]
    quick: bool,
    /// Rounds of each measure; the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Idle sockets; the descriptor limit sets the bound
    #[arg(long, default_value_t = 10_000)]
    sockets: usize,
    /// Only what has this word in its name: messages, rate, idle, start
    #[arg(long, default_value = "")]
    only: String,
    /// The server to measure [default: the one that was built with this]
    #[arg(long)]
    program: Option<PathBuf>,
    /// One line of JSON instead of words
    #[arg(long)]
    json: bool,
    /// Serve the bare stack on this database file (what this program starts itself with)
    #[arg(long, hide = true)]
    bare: Option<PathBuf>,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    drop(rlimit::increase_nofile_limit(u64::MAX));
    if let Some(file) = &cli.bare {
        return bare::serve(file).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("an event loop");
    match tokio::task::LocalSet::new().block_on(&runtime, measure(&cli)) {
        Ok(goals) => {
            let table: Vec<Value> = goals.iter().map(Goal::to_json).collect();
            println!("{}", if cli.json { json!(table).to_string() } else { bench::table(&goals) });
            ExitCode::SUCCESS
        }
        Err(what) => {
            eprintln!("messages: {what}");
            ExitCode::from(2)
        }
    }
}

async fn measure(cli: &Cli) -> Result<Vec<Goal>, String> {
    let program = cli.program.clone().unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_papo")));
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let pace = if cli.quick { Pace::quick() } else { Pace::full(cli.rounds, cli.sockets) };
    let wanted = |name: &str| name.contains(&cli.only);
    let mut goals = Vec::new();
    if wanted("start") {
        goals.extend(bench::cold_start(&program, pace.starts).await?);
    }
    if wanted("messages") || wanted("rate") {
        let plan = Plan { agents: 200, room: 100_000, routing: Routing::LeastBusy, endpoints: Vec::new() };
        let papo = House::spawn(&program, None, &plan).await?;
        let bare = bench::Bare::start(&folder.path().join("messages.db"))?;
        for chats in [1, 100, 1_000].into_iter().filter(|_| wanted("messages")) {
            goals.extend(bench::messages(&papo, &bare, chats, None, &pace).await?);
        }
        for rate in [1_000, 5_000].into_iter().filter(|_| wanted("rate")) {
            goals.extend(bench::messages(&papo, &bare, 1_000, Some(rate), &pace).await?);
        }
    }
    if wanted("idle") {
        goals.extend(idle(&program, folder.path(), &pace).await?);
    }
    Ok(goals)
}

async fn idle(program: &Path, folder: &Path, pace: &Pace) -> Result<Vec<Goal>, String> {
    let plan = Plan { agents: 1, room: 100_000, routing: Routing::LeastBusy, endpoints: Vec::new() };
    let papo = House::spawn(program, None, &plan).await?;
    let talk = Talk::of(&papo, pace.talk);
    let alone = talk.goes_on().await?;
    let open = bench::open(papo.server, papo.pid, Some(&papo.site), pace.sockets).await?;
    let ours = open.held(pace.hold).await;
    let talk = Beside { alone, beside: talk.goes_on().await? };
    drop(open);
    drop(papo);
    let bare = bench::Bare::start(&folder.join("idle.db"))?;
    let theirs = bench::open(bare.server, bare.pid, None, pace.sockets).await?.held(Duration::ZERO).await;
    let mut goals = bench::idle_goals(&ours, &theirs, pace);
    goals.extend(bench::talk_goals(&talk, pace));
    Ok(goals)
}
