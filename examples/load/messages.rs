//! Messages back and forth in active chats: how many per second, after how long, and whether each arrives once and in order.
//!
//! Closed loop: each chat has one message under way; who hears one answers it. Open loop: messages fall due at a fixed rate whatever the server
//! does, and a latency counts from the moment a message was due, so a stall counts for all that fell due in it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cast::Pair;
use crate::line::Line;
use crate::meter::{Latencies, Usage, Used, rss_kib};

/// About the length of a message to a shop.
const BODY_BYTES: usize = 200;
/// How long the last messages have to arrive.
const DRAIN: Duration = Duration::from_secs(20);

/// How a run shall be.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    pub warm_up: Duration,
    pub measured: Duration,
    /// Messages per second; none is a closed loop.
    pub rate: Option<u32>,
}

/// What a run showed.
pub struct Outcome {
    pub chats: usize,
    /// Messages heard by the other side while it was measured.
    pub count: u64,
    pub server: Used,
    pub own: Used,
    pub push: Latencies,
    pub ack: Latencies,
    pub rss_kib: u64,
    /// What was lost, doubled or out of order, in words.
    pub faults: Vec<String>,
}

impl Outcome {
    /// Per second.
    pub fn rate(&self) -> f64 {
        self.server.rate(self.count)
    }

    /// Server CPU for each message, in microseconds.
    pub fn cpu_us(&self) -> f64 {
        self.server.us_each(self.count)
    }

    /// For machines.
    pub fn to_json(&self) -> Value {
        json!({"scenario": "messages", "chats": self.chats, "messages": self.count, "per_second": self.rate(), "server_cpu_us_each": self.cpu_us(),
            "server_cpu_percent": self.server.percent(), "generator_cpu_us_each": self.own.us_each(self.count), "push": self.push.to_json(),
            "ack": self.ack.to_json(), "server_rss_kib": self.rss_kib, "faults": self.faults})
    }

    /// For people.
    pub fn words(&self) -> String {
        let Self { chats, count, .. } = self;
        format!(
            "{chats} chats: {:.0} messages/s ({count}), server {:.1} us each ({:.0} % of a core), generator {:.1} us\n  push {}\n  ack  {}\n  threads: {}{}",
            self.rate(),
            self.cpu_us(),
            self.server.percent(),
            self.own.us_each(*count),
            self.push.words(),
            self.ack.words(),
            self.server.by_thread(*count),
            self.faults.iter().take(10).map(|fault| format!("\n  FAULT: {fault}")).collect::<String>()
        )
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Visitor,
    Agent,
}

/// One side of one chat.
struct Voice {
    line: Line,
    sent: u64,
    acked: u64,
    /// Of the other side's messages.
    heard: u64,
    seq: i64,
    /// When those that are not acknowledged were due.
    due: VecDeque<Instant>,
}

struct Talk {
    chat: String,
    visitor: Voice,
    agent: Voice,
}

impl Talk {
    const fn voice(&mut self, side: Side) -> &mut Voice {
        match side {
            Side::Visitor => &mut self.visitor,
            Side::Agent => &mut self.agent,
        }
    }
}

struct Stage {
    talks: Vec<RefCell<Talk>>,
    began: Instant,
    closed_loop: bool,
    stopped: Cell<bool>,
    measuring: Cell<bool>,
    heard: Cell<u64>,
    push: RefCell<Latencies>,
    ack: RefCell<Latencies>,
    faults: RefCell<Vec<String>>,
    padding: String,
}

impl Stage {
    fn say(&self, number: usize, side: Side, due: Instant) {
        let Some(talk) = self.talks.get(number) else { return };
        let mut talk = talk.borrow_mut();
        let chat = talk.chat.clone();
        let voice = talk.voice(side);
        voice.sent += 1;
        voice.due.push_back(due);
        let letter = if side == Side::Visitor { 'v' } else { 'a' };
        let (count, due_us) = (voice.sent, (due - self.began).as_micros());
        let padding = &self.padding;
        voice.line.send(&format!(
            r#"{{"type":"message","client_id":"{letter}{number}-{count}","chat_id":"{chat}","body":"{letter}{number}-{count}-{due_us} {padding}"}}"#
        ));
    }

    fn fault(&self, what: String) {
        self.faults.borrow_mut().push(what);
    }

    /// A frame on a line that belongs to `own`.
    fn hear(&self, own: Side, frame: &str) {
        if let Some(rest) = frame.strip_prefix(r#"{"type":"ack","client_id":""#) {
            return self.hear_ack(rest);
        }
        if frame.starts_with(r#"{"type":"error""#) {
            return self.fault(frame.to_owned());
        }
        let Some((head, body)) = frame.split_once(r#""body":""#).filter(|_| frame.starts_with(r#"{"type":"event""#)) else { return };
        let seq = head.split_once(r#""seq":"#).map(|(_, rest)| digits(rest)).unwrap_or_default();
        let Some((author, number, rest)) = name(body) else { return };
        let mut numbers = rest.split('-');
        let count = numbers.next().map(digits).unwrap_or_default();
        let due = self.began + Duration::from_micros(numbers.next().map(digits).unwrap_or_default());
        self.hear_message(own, author, number, i64::try_from(seq).unwrap_or(0), count, due);
    }

    fn hear_ack(&self, client_id: &str) {
        let Some((author, number, rest)) = name(client_id) else { return };
        let Some(talk) = self.talks.get(number) else { return };
        let mut talk = talk.borrow_mut();
        let voice = talk.voice(author);
        voice.acked += 1;
        if voice.acked != digits(rest) {
            self.fault(format!("chat {number}: acknowledged {} where {} was due", digits(rest), voice.acked));
        }
        if let Some(due) = voice.due.pop_front().filter(|_| self.measuring.get()) {
            self.ack.borrow_mut().note(due.elapsed());
        }
    }

    fn hear_message(&self, own: Side, author: Side, number: usize, seq: i64, count: u64, due: Instant) {
        let Some(talk) = self.talks.get(number) else { return };
        let mut talk = talk.borrow_mut();
        let voice = talk.voice(own);
        if seq <= voice.seq {
            self.fault(format!("chat {number}: seq {seq} after {}", voice.seq));
        }
        voice.seq = seq;
        if own == author {
            return;
        }
        voice.heard += 1;
        if voice.heard != count {
            self.fault(format!("chat {number}: heard message {count} where {} was due", voice.heard));
        }
        drop(talk);
        if self.measuring.get() {
            self.heard.set(self.heard.get() + 1);
            self.push.borrow_mut().note(due.elapsed());
        }
        if self.closed_loop && !self.stopped.get() {
            self.say(number, own, Instant::now());
        }
    }

    /// Whether everything that was sent was acknowledged and heard.
    fn is_settled(&self) -> bool {
        self.talks.iter().all(|talk| {
            let talk = talk.borrow();
            talk.visitor.sent == talk.agent.heard
                && talk.agent.sent == talk.visitor.heard
                && talk.visitor.sent == talk.visitor.acked
                && talk.agent.sent == talk.agent.acked
        })
    }

    fn note_unsettled(&self) {
        for (number, talk) in self.talks.iter().enumerate() {
            let talk = talk.borrow();
            for (word, from, to) in [("visitor", &talk.visitor, &talk.agent), ("agent", &talk.agent, &talk.visitor)] {
                if from.sent != to.heard || from.sent != from.acked {
                    let closed = from.line.closed().or(to.line.closed());
                    self.fault(format!(
                        "chat {number}: the {word} sent {}, {} were acknowledged, {} heard; closed: {closed:?}",
                        from.sent, from.acked, to.heard
                    ));
                }
            }
        }
    }
}

/// `v12-rest` as its parts.
fn name(text: &str) -> Option<(Side, usize, &str)> {
    let side = match text.chars().next()? {
        'v' => Side::Visitor,
        'a' => Side::Agent,
        _ => return None,
    };
    let (number, rest) = text.get(1..)?.split_once('-')?;
    Some((side, number.parse().ok()?, rest))
}

/// The number at the head of a text.
fn digits(text: &str) -> u64 {
    text.bytes().take_while(u8::is_ascii_digit).fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

/// Runs a course over these chats. Lines may serve several chats.
pub async fn run(pairs: &[Pair], pid: u32, course: Course) -> Outcome {
    let stage = Rc::new(Stage {
        talks: pairs.iter().map(talk).collect(),
        began: Instant::now(),
        closed_loop: course.rate.is_none(),
        stopped: Cell::new(false),
        measuring: Cell::new(false),
        heard: Cell::new(0),
        push: RefCell::default(),
        ack: RefCell::default(),
        faults: RefCell::default(),
        padding: "o pedido ainda não chegou e eu queria saber onde está ".chars().cycle().take(BODY_BYTES - 30).collect(),
    });
    for pair in pairs {
        let (visitors, agents) = (Rc::clone(&stage), Rc::clone(&stage));
        pair.visitor.hand_over(move |frame| visitors.hear(Side::Visitor, frame));
        pair.agent.hand_over(move |frame| agents.hear(Side::Agent, frame));
    }
    match course.rate {
        None => (0..pairs.len())
            .for_each(|number| stage.say(number, if number.is_multiple_of(2) { Side::Visitor } else { Side::Agent }, Instant::now())),
        Some(rate) => pace(&stage, rate),
    }
    tokio::time::sleep(course.warm_up).await;
    let (server, own) = (Usage::of(pid), Usage::of(std::process::id()));
    stage.measuring.set(true);
    tokio::time::sleep(course.measured).await;
    stage.measuring.set(false);
    let (server, own) = (Usage::of(pid).since(&server), Usage::of(std::process::id()).since(&own));
    let rss_kib = rss_kib(pid);
    stage.stopped.set(true);
    let until = Instant::now() + DRAIN;
    tokio::time::sleep(Duration::from_millis(20)).await;
    while !stage.is_settled() && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stage.note_unsettled();
    pairs.iter().for_each(|pair| {
        pair.visitor.hand_over(|_| {});
        pair.agent.hand_over(|_| {});
    });
    Outcome {
        chats: pairs.len(),
        count: stage.heard.get(),
        server,
        own,
        push: stage.push.take(),
        ack: stage.ack.take(),
        rss_kib,
        faults: stage.faults.take(),
    }
}

fn talk(pair: &Pair) -> RefCell<Talk> {
    let voice = |line: &Line| Voice { line: line.clone(), sent: 0, acked: 0, heard: 0, seq: 0, due: VecDeque::new() };
    RefCell::new(Talk { chat: pair.chat.clone(), visitor: voice(&pair.visitor), agent: voice(&pair.agent) })
}

/// Lets messages fall due at a rate, round the chats, both sides in turn. A thread keeps the time, since the event loop's timer ticks in
/// milliseconds only.
fn pace(stage: &Rc<Stage>, rate: u32) {
    let (tick, mut ticks) = tokio::sync::mpsc::unbounded_channel::<Instant>();
    let interval = Duration::from_secs(1) / rate.max(1);
    std::thread::spawn(move || {
        let mut due = Instant::now();
        while tick.send(due).is_ok() {
            due += interval;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
    });
    let stage = Rc::clone(stage);
    tokio::task::spawn_local(async move {
        let mut turn = 0_usize;
        while let Some(due) = ticks.recv().await {
            if stage.stopped.get() {
                break;
            }
            let side = if (turn / stage.talks.len()).is_multiple_of(2) { Side::Visitor } else { Side::Agent };
            stage.say(turn % stage.talks.len(), side, due);
            turn += 1;
        }
    });
}
