//! Widgets that are open and silent: what each costs in memory, what their heartbeats cost, and whether talk beside them still flows.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::beside::{Beside, Talk};
use crate::cast;
use crate::house::House;
use crate::meter::{Usage, Used, ratio, rss_kib};

/// What silent sockets cost.
pub struct Idle {
    pub sockets: usize,
    pub before_kib: u64,
    pub opened_kib: u64,
    /// After the heartbeats.
    pub held_kib: u64,
    pub opening: Used,
    pub holding: Used,
    /// Sockets that the server dropped meanwhile.
    pub lost: usize,
    /// A chat before they came, and beside them.
    pub talk: Option<Beside>,
}

impl Idle {
    /// KiB of the server for each socket, once all were open.
    pub fn kib_each(&self) -> f64 {
        ratio(self.opened_kib.saturating_sub(self.before_kib), u64::try_from(self.sockets).unwrap_or(1))
    }

    /// The same after the heartbeats.
    pub fn held_kib_each(&self) -> f64 {
        ratio(self.held_kib.saturating_sub(self.before_kib), u64::try_from(self.sockets).unwrap_or(1))
    }

    /// For machines.
    pub fn to_json(&self) -> Value {
        let sockets = u64::try_from(self.sockets).unwrap_or(1);
        json!({"scenario": "idle", "sockets": self.sockets, "kib_each": self.kib_each(), "kib_each_after_heartbeats": self.held_kib_each(),
            "rss_before_kib": self.before_kib, "rss_kib": self.held_kib, "opened_per_second": self.opening.rate(sockets),
            "opening_cpu_us_each": self.opening.us_each(sockets), "holding_cpu_percent": self.holding.percent(),
            "held_seconds": self.holding.wall.as_secs_f64(), "lost": self.lost, "talk": self.talk.as_ref().map(Beside::to_json)})
    }

    /// For people.
    pub fn words(&self) -> String {
        let sockets = u64::try_from(self.sockets).unwrap_or(1);
        let talk = self.talk.as_ref().map(|talk| format!("\n  {}", talk.words())).unwrap_or_default();
        format!(
            "{} idle sockets: {:.2} KiB each ({:.2} after {:.0} s), opened at {:.0}/s with {:.0} us each; holding them takes {:.2} % of a core ({}); lost: {}{talk}",
            self.sockets,
            self.kib_each(),
            self.held_kib_each(),
            self.holding.wall.as_secs_f64(),
            self.opening.rate(sockets),
            self.opening.us_each(sockets),
            self.holding.percent(),
            self.holding.by_thread(1),
            self.lost
        )
    }
}

/// How long the talk is measured each time, at most: a round of heartbeats and more.
const TALK_MAX: Duration = Duration::from_secs(35);

/// Opens `sockets` widgets and holds them. With agents in the house, one chat talks before they come, and once more beside them in a second hold.
///
/// # Errors
/// In words.
pub async fn run(house: &House, sockets: usize, hold: Duration, with_talk: bool) -> Result<Idle, String> {
    // What the first sockets warm up is not theirs.
    let warm = cast::visitors(house, 64).await?;
    warm.iter().for_each(|(line, _)| line.hang_up());
    tokio::time::sleep(Duration::from_millis(300)).await;
    let talk = if with_talk && !house.agents.is_empty() { Some(Talk::of(house, hold.min(TALK_MAX))) } else { None };
    let alone = match &talk {
        Some(talk) => Some(talk.goes_on().await?),
        None => None,
    };
    let (before_kib, before) = (rss_kib(house.pid), Usage::of(house.pid));
    let lines = cast::visitors(house, sockets).await?;
    let opening = Usage::of(house.pid).since(&before);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let (opened_kib, opened) = (rss_kib(house.pid), Usage::of(house.pid));
    tokio::time::sleep(hold).await;
    let holding = Usage::of(house.pid).since(&opened);
    let held_kib = rss_kib(house.pid);
    let talk = match (talk, alone) {
        (Some(talk), Some(alone)) => Some(Beside { alone, beside: talk.goes_on().await? }),
        _ => None,
    };
    let lost = lines.iter().filter(|(line, _)| line.closed().is_some()).count();
    Ok(Idle { sockets, before_kib, opened_kib, held_kib, opening, holding, lost, talk })
}

/// What it took everybody to come back.
pub struct Return {
    pub sockets: usize,
    pub took: Duration,
    pub server: Used,
    pub slowest: Duration,
    pub failed: Vec<String>,
}

impl Return {
    /// For machines.
    pub fn to_json(&self) -> Value {
        json!({"scenario": "reconnect", "sockets": self.sockets, "seconds": self.took.as_secs_f64(), "slowest_ms": self.slowest.as_secs_f64() * 1e3,
            "server_cpu_us_each": self.server.us_each(u64::try_from(self.sockets).unwrap_or(1)), "failed": self.failed})
    }

    /// For people.
    pub fn words(&self) -> String {
        let sockets = u64::try_from(self.sockets).unwrap_or(1);
        format!(
            "{} visitors dropped and came back with their tokens in {:.2} s ({:.0}/s), server {:.0} us each, slowest {:.0} ms, failed: {}",
            self.sockets,
            self.took.as_secs_f64(),
            self.server.rate(sockets),
            self.server.us_each(sockets),
            self.slowest.as_secs_f64() * 1e3,
            self.failed.len()
        )
    }
}

/// Everybody with a chat drops at once and comes back where they were.
///
/// # Errors
/// In words.
pub async fn reconnect(house: &House, count: usize) -> Result<Return, String> {
    use futures_util::StreamExt as _;
    let agents = cast::agents(house, house.agents.len()).await?;
    let mut known = Vec::new();
    let visitors = cast::visitors(house, count).await?;
    for (number, (line, token)) in visitors.into_iter().enumerate() {
        let department = house.agents.get(number % agents.len().max(1)).and_then(|key| key.department.clone());
        let chat = cast::request(&line, department.as_deref()).await?;
        known.push((line, token, chat));
    }
    known.iter().for_each(|(line, ..)| line.hang_up());
    let (began, before) = (Instant::now(), Usage::of(house.pid));
    let coming = known.iter().enumerate().map(|(number, (_, token, chat))| async move {
        let began = Instant::now();
        let resume = json!({"chat_id": chat, "seq": 1});
        let line = cast::visitor(house.server, &house.site, number, Some(token), resume).await.map(|(line, _)| line);
        (line, began.elapsed())
    });
    let came: Vec<_> = futures_util::stream::iter(coming).buffer_unordered(256).collect().await;
    let (took, server) = (began.elapsed(), Usage::of(house.pid).since(&before));
    let slowest = came.iter().map(|(_, took)| *took).max().unwrap_or_default();
    let failed = came.iter().filter_map(|(line, _)| line.as_ref().err().cloned()).collect();
    Ok(Return { sockets: count, took, server, slowest, failed })
}
