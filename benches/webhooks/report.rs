//! What is printed: a table for people, and one line of JSON for programs.

use serde_json::{Value, json};

use crate::Floors;
use crate::machine::Resident;
use crate::trial::{Delay, Pace};

/// What was measured with one number of endpoints.
pub struct Figures {
    pub endpoints: usize,
    pub backlogs: Vec<Pace>,
    pub streams: Vec<Pace>,
    pub quiet: Delay,
    pub loaded: Delay,
    pub loaded_per_second: f64,
    /// Before the first delivery, and at the end.
    pub resident: (Resident, Resident),
}

/// An endpoint's delays alone, and beside one that hangs.
pub struct Neighbour {
    pub alone: Delay,
    pub beside: Delay,
}

/// The bare loops.
pub fn floors((posts, commits): &Floors) {
    println!(
        "bare loops: awc {:.0}/s, {:.1} µs each; commits {:.0}/s, {:.1} µs each",
        posts.per_second, posts.cpu_us, commits.per_second, commits.cpu_us
    );
}

/// One number of endpoints.
pub fn figures(figures: &Figures, floors: &Floors) {
    let endpoints = figures.endpoints;
    println!("\n{endpoints} endpoint{}", if endpoints == 1 { "" } else { "s" });
    against(&figures.backlogs, floors);
    pace("stream", &figures.streams);
    delay("one at a time", &figures.quiet);
    delay(&format!("at {:.0}/s", figures.loaded_per_second), &figures.loaded);
    let (before, after) = figures.resident;
    println!(
        "  memory: {:.1} → {:.1} MiB, and pages of files {:.1} → {:.1}",
        before.anonymous, after.anonymous, before.of_files, after.of_files
    );
}

/// Backlogs beside the bare loops.
pub fn against(backlogs: &[Pace], (posts, commits): &Floors) {
    pace("backlog", backlogs);
    let floor_us = posts.cpu_us + commits.cpu_us;
    let [_, cpu_us, _] = spread(backlogs, |pace| pace.cpu_us);
    let [_, rate, _] = spread(backlogs, |pace| pace.per_second);
    println!("    to bare: {:.2} times the processor time of both loops, {:.2} of awc's rate", cpu_us / floor_us, rate / posts.per_second);
}

/// Rates and costs of some rounds.
pub fn pace(name: &str, rounds: &[Pace]) {
    let [least, middle, most] = spread(rounds, |pace| pace.per_second);
    let [cheap, usual, dear] = spread(rounds, |pace| pace.cpu_us);
    println!("  {name}: {middle:.0}/s ({least:.0}–{most:.0}), {usual:.1} µs each ({cheap:.1}–{dear:.1})");
    if let Some(last) = rounds.last() {
        let threads: Vec<String> = last.threads_us.iter().map(|(name, used)| format!("{name} {used:.1}")).collect();
        println!("    by thread: {}", threads.join(", "));
    }
}

/// Memory on the way.
pub fn memory(done: usize, resident: Resident) {
    println!("  {done:>9} events: {:.1} MiB, and {:.1} of files", resident.anonymous, resident.of_files);
}

fn delay(name: &str, delay: &Delay) {
    println!(
        "  commit → first byte, {name}: median {:.2} ms, p99 {:.2}, max {:.2}; command → first byte: median {:.2}",
        delay.median_ms, delay.p99_ms, delay.max_ms, delay.command_median_ms
    );
}

/// What a neighbour suffers.
pub fn neighbour(neighbour: &Neighbour) {
    println!("\nbeside a hung endpoint, 250 events a second");
    delay("alone", &neighbour.alone);
    delay("beside it", &neighbour.beside);
}

/// Everything in one line.
pub fn line((posts, commits): &Floors, all: &[Figures], neighbour: &Neighbour) {
    let paces = |rounds: &[Pace]| -> Vec<Value> {
        rounds.iter().map(|pace| json!({"deliveries": pace.deliveries, "per_second": pace.per_second, "cpu_us": pace.cpu_us})).collect()
    };
    let delay = |delay: &Delay| json!({"median_ms": delay.median_ms, "p99_ms": delay.p99_ms, "max_ms": delay.max_ms, "command_median_ms": delay.command_median_ms});
    let one = |figures: &Figures| {
        json!({
            "endpoints": figures.endpoints,
            "backlog": paces(&figures.backlogs),
            "stream": paces(&figures.streams),
            "one_at_a_time": delay(&figures.quiet),
            "at_half_the_stream": delay(&figures.loaded),
            "memory_mib": [figures.resident.0.anonymous, figures.resident.1.anonymous],
            "of_files_mib": [figures.resident.0.of_files, figures.resident.1.of_files],
        })
    };
    let whole = json!({
        "bare": {"awc_per_second": posts.per_second, "awc_cpu_us": posts.cpu_us, "commits_per_second": commits.per_second, "commits_cpu_us": commits.cpu_us},
        "endpoints": all.iter().map(one).collect::<Vec<_>>(),
        "neighbour_of_a_hung_one": {"alone": delay(&neighbour.alone), "beside": delay(&neighbour.beside)},
    });
    println!("\n{whole}");
}

/// The least, the middle and the most of the rounds.
fn spread(rounds: &[Pace], of: impl Fn(&Pace) -> f64) -> [f64; 3] {
    let mut values: Vec<f64> = rounds.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    [values[0], values[values.len() / 2], values[values.len() - 1]]
}
