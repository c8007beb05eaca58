//! One measure after the other, each of ours followed by the bare one's.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::StreamExt as _;
use papo::domain::department::Routing;
use serde_json::{Value, json};

use crate::beside::Beside;
use crate::cast::{self, Pair};
use crate::house::{self, House, Plan};
use crate::line::Line;
use crate::messages::{self, Course, Outcome};
use crate::meter::{Usage, Used, ratio, rss_kib};

/// How much later the slowest hundredth may hear beside idle sockets.
const TALK_RATIO_MAX: f64 = 1.5;

/// How long and how often.
pub struct Pace {
    pub rounds: usize,
    pub warm_up: Duration,
    pub measured: Duration,
    pub sockets: usize,
    /// How long idle sockets are held; nothing skips their heartbeats.
    pub hold: Duration,
    /// How long a chat is measured before and beside them.
    pub talk: Duration,
    pub starts: usize,
}

impl Pace {
    pub const fn quick() -> Self {
        Self {
            rounds: 1,
            warm_up: Duration::from_millis(400),
            measured: Duration::from_millis(1_200),
            sockets: 1_000,
            hold: Duration::ZERO,
            talk: Duration::from_secs(3),
            starts: 3,
        }
    }

    pub const fn full(rounds: usize, sockets: usize) -> Self {
        Self {
            rounds,
            warm_up: Duration::from_secs(1),
            measured: Duration::from_secs(5),
            sockets,
            hold: Duration::from_secs(60),
            talk: Duration::from_secs(35),
            starts: 7,
        }
    }
}

/// One line of the table: ours, the bare one's, and what was aimed at.
pub struct Goal {
    name: String,
    ours: f64,
    bare: Option<f64>,
    unit: &'static str,
    /// Ours divided by the bare one's, or ours alone, at most (or at least) this.
    bound: Option<(bool, f64)>,
}

impl Goal {
    fn reached(&self) -> Option<bool> {
        let value = self.bare.map_or(self.ours, |bare| self.ours / bare);
        self.bound.map(|(at_least, bound)| if at_least { value >= bound } else { value <= bound })
    }

    /// For machines.
    pub fn to_json(&self) -> Value {
        json!({"name": self.name, "ours": self.ours, "bare": self.bare, "unit": self.unit, "ratio": self.bare.map(|bare| self.ours / bare),
            "goal": self.bound.map(|(at_least, bound)| json!({"at_least": at_least, "bound": bound})), "reached": self.reached()})
    }
}

/// For people.
pub fn table(goals: &[Goal]) -> String {
    let mut lines = vec![format!("{:<46} {:>12} {:>12} {:>8}  {:<10} goal", "", "papo", "bare", "ratio", "unit")];
    for goal in goals {
        let bare = goal.bare.map(|bare| format!("{bare:.2}")).unwrap_or_default();
        let quotient = goal.bare.map(|bare| format!("{:.2}", goal.ours / bare)).unwrap_or_default();
        let bound = goal.bound.map(|(at_least, bound)| format!("{} {bound}", if at_least { ">=" } else { "<=" })).unwrap_or_default();
        let reached = goal.reached().map_or("", |reached| if reached { "reached" } else { "MISSED" });
        lines.push(format!("{:<46} {:>12.2} {bare:>12} {quotient:>8}  {:<10} {bound} {reached}", goal.name, goal.ours, goal.unit));
    }
    lines.join("\n")
}

/// The bare stack as a process.
pub struct Bare {
    pub server: SocketAddr,
    pub pid: u32,
    child: Child,
}

impl Drop for Bare {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Bare {
    /// Starts this program again as the bare stack.
    ///
    /// # Errors
    /// In words.
    pub fn start(file: &Path) -> Result<Self, String> {
        let own = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut child = Command::new(own).arg("--bare").arg(file).stdout(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
        let server = house::address_of(&mut child)?;
        Ok(Self { server, pid: child.id(), child })
    }

    async fn pairs(&self, count: usize) -> Result<Vec<Pair>, String> {
        let opened = (0..count).map(|number| async move {
            let chat = format!(
                "{:036x}",
                u64::try_from(number).unwrap_or(0) + 0x0123_4567_89ab_cdef * u64::try_from(count).unwrap_or(0) % 0xffff_ffff_ffff
            );
            let visitor = Line::open(self.server, cast::source(number), &format!("/ws?{chat}&visitor"), None).await?;
            let agent = Line::open(self.server, cast::source(20_000 + number), &format!("/ws?{chat}&agent"), None).await?;
            Ok(Pair { chat, visitor, agent })
        });
        futures_util::stream::iter(opened).buffered(64).collect::<Vec<_>>().await.into_iter().collect()
    }
}

/// Messages in that many chats: closed loop, or at a rate. The medians of all rounds.
///
/// # Errors
/// In words; anything lost, doubled or out of order is one.
pub async fn messages(papo: &House, bare: &Bare, chats: usize, rate: Option<u32>, pace: &Pace) -> Result<Vec<Goal>, String> {
    let agents = cast::agents(papo, papo.agents.len().min(chats)).await?;
    let ours = cast::pairs(papo, &agents, chats).await?;
    let theirs = bare.pairs(chats).await?;
    let course = Course { warm_up: pace.warm_up, measured: pace.measured, rate };
    let (mut of_papo, mut of_bare) = (Vec::new(), Vec::new());
    for _ in 0..pace.rounds {
        for (pairs, pid, outcomes) in [(&ours, papo.pid, &mut of_papo), (&theirs, bare.pid, &mut of_bare)] {
            let outcome = messages::run(pairs, pid, course).await;
            if let Some(fault) = outcome.faults.first() {
                return Err(format!("{chats} chats: {fault}"));
            }
            eprintln!("{} {}", if pid == papo.pid { "papo" } else { "bare" }, outcome.words());
            outcomes.push(outcome);
        }
    }
    for pair in ours.iter().chain(&theirs) {
        pair.visitor.hang_up();
        pair.agent.hang_up();
    }
    Ok(message_goals(&of_papo, &of_bare, chats, rate))
}

fn message_goals(ours: &[Outcome], theirs: &[Outcome], chats: usize, rate: Option<u32>) -> Vec<Goal> {
    let name = rate.map_or_else(|| format!("{chats} chats"), |rate| format!("{rate} messages/s in {chats} chats"));
    // The pair of runs whose quotient is the median of the rounds.
    let goal = |what: &str, unit, bound, value: &dyn Fn(&Outcome) -> f64| {
        let mut pairs: Vec<(f64, f64)> = ours.iter().map(value).zip(theirs.iter().map(value)).collect();
        pairs.sort_by(|one, other| (one.0 / one.1).total_cmp(&(other.0 / other.1)));
        let (ours, bare) = pairs.get(pairs.len() / 2).copied().unwrap_or_default();
        Goal { name: format!("{name}: {what}"), ours, bare: Some(bare), unit, bound }
    };
    let mut goals = vec![
        goal("server CPU each", "us", Some((false, 1.5)), &Outcome::cpu_us),
        goal("heard by the other side, p50", "ms", None, &|outcome| outcome.push.ms(50.0)),
        goal("heard by the other side, p99", "ms", None, &|outcome| outcome.push.ms(99.0)),
    ];
    match rate {
        None => goals.insert(0, goal("messages", "per s", Some((true, 0.7)), &Outcome::rate)),
        Some(1_000) => {
            let median = goals.get(1).map_or(0.0, |goal| goal.ours);
            goals.push(Goal { name: format!("{name}: median"), ours: median, bare: None, unit: "ms", bound: Some((false, 2.0)) });
        }
        Some(_) => {}
    }
    goals
}

/// What silent sockets of one server cost.
pub struct Silent {
    kib_each: f64,
    percent: f64,
    opening_us: f64,
}

/// Silent sockets that are open; they hang up when this is dropped.
pub struct Open {
    pid: u32,
    lines: Vec<Line>,
    before_kib: u64,
    opening: Used,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.lines.iter().for_each(Line::hang_up);
    }
}

/// Opens that many sockets; ours say hello.
///
/// # Errors
/// In words.
pub async fn open(server: SocketAddr, pid: u32, site: Option<&str>, sockets: usize) -> Result<Open, String> {
    let open = |number: usize| async move {
        match site {
            Some(site) => cast::visitor(server, site, number, None, Value::Null).await.map(|(line, _)| line),
            None => Line::open(server, cast::source(number), "/ws", None).await,
        }
    };
    let warm: Vec<_> = futures_util::stream::iter((0..64).map(open)).buffered(64).collect().await;
    warm.iter().flatten().for_each(Line::hang_up);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (before_kib, usage) = (rss_kib(pid), Usage::of(pid));
    let lines: Result<Vec<Line>, String> =
        futures_util::stream::iter((0..sockets).map(open)).buffered(64).collect::<Vec<_>>().await.into_iter().collect();
    Ok(Open { pid, lines: lines?, before_kib, opening: Usage::of(pid).since(&usage) })
}

impl Open {
    /// Holds them, and says what they cost.
    pub async fn held(&self, hold: Duration) -> Silent {
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        let opened = Usage::of(self.pid);
        tokio::time::sleep(hold).await;
        let holding = Usage::of(self.pid).since(&opened);
        let count = u64::try_from(self.lines.len()).unwrap_or(1);
        Silent {
            kib_each: ratio(rss_kib(self.pid).saturating_sub(self.before_kib), count),
            percent: holding.percent(),
            opening_us: self.opening.us_each(count),
        }
    }
}

/// The lines of the table for idle sockets.
pub fn idle_goals(ours: &Silent, bare: &Silent, pace: &Pace) -> Vec<Goal> {
    let name = format!("{} idle sockets", pace.sockets);
    let mut goals = vec![
        Goal {
            name: format!("{name}: memory each"),
            ours: ours.kib_each,
            bare: Some(bare.kib_each),
            unit: "KiB",
            bound: Some((false, 1.3)),
        },
        Goal { name: format!("{name}: opening, CPU each"), ours: ours.opening_us, bare: Some(bare.opening_us), unit: "us", bound: None },
    ];
    if !pace.hold.is_zero() {
        goals.push(Goal { name: format!("{name}: heartbeats"), ours: ours.percent, bare: None, unit: "% core", bound: Some((false, 2.0)) });
    }
    goals
}

/// The lines of the table for a chat beside idle sockets: when the other side hears, by the same chat alone a moment before.
pub fn talk_goals(talk: &Beside, pace: &Pace) -> Vec<Goal> {
    let mut goals = Vec::new();
    for (percent, bound) in [(50.0, None), (99.0, Some((false, TALK_RATIO_MAX)))] {
        let ((alone, beside), name) = (talk.ms(percent), format!("a chat beside {} idle sockets", pace.sockets));
        let line = |what: &str, ours, unit, bound| Goal { name: format!("{name}: p{percent:.0} {what}"), ours, bare: None, unit, bound };
        goals.push(line("alone", alone, "ms", None));
        goals.push(line("beside", beside, "ms", None));
        goals.push(line("beside / alone", talk.ratio(percent), "times", bound));
    }
    goals
}

/// From the start of the process to its first 200, its memory then, and its size on disk.
///
/// # Errors
/// In words.
pub async fn cold_start(program: &Path, starts: usize) -> Result<Vec<Goal>, String> {
    let (mut times, mut rss) = (Vec::new(), 0);
    for _ in 0..starts {
        let plan = Plan { agents: 1, room: 6, routing: Routing::LeastBusy, endpoints: Vec::new() };
        let house = House::spawn(program, None, &plan).await?;
        times.push(house.cold_start.unwrap_or_default().as_secs_f64() * 1e3);
        tokio::time::sleep(Duration::from_millis(200)).await;
        rss = rss_kib(house.pid);
    }
    times.sort_by(f64::total_cmp);
    let bytes = std::fs::metadata(program).map_or(0, |file| file.len());
    let alone = |name: &str, ours, unit, bound| Goal { name: name.to_owned(), ours, bare: None, unit, bound };
    Ok(vec![
        alone("cold start to the first 200", times.get(times.len() / 2).copied().unwrap_or(0.0), "ms", Some((false, 100.0))),
        alone("idle memory", ratio(rss, 1_024), "MiB", Some((false, 20.0))),
        alone("binary", ratio(bytes, 1_048_576), "MiB", None),
    ])
}
