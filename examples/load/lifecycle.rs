//! Whole chats: asked for, answered, ten messages with typing and read marks, tagged, finished, rated; and what webhooks were told of it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::cast;
use crate::house::House;
use crate::line::Line;
use crate::meter::{Latencies, Usage, Used, rss_kib};
use crate::receiver::Receiver;

/// Messages of a chat after its first.
const MESSAGES: usize = 10;
/// Events with a sequence that a chat tells: requested, started, tagged, finished, rated.
const EVENTS: i64 = 5;
/// How long the last deliveries have to arrive.
const DRAIN: Duration = Duration::from_secs(60);

/// What a run showed.
pub struct Lives {
    pub at_once: usize,
    pub chats: u64,
    pub server: Used,
    pub own: Used,
    pub whole: Latencies,
    pub rss_kib: u64,
    pub events: u64,
    /// From the last chat's end until its last event had arrived.
    pub drained: Duration,
    pub faults: Vec<String>,
}

impl Lives {
    /// For machines.
    pub fn to_json(&self) -> Value {
        json!({"scenario": "lifecycle", "at_once": self.at_once, "chats": self.chats, "per_second": self.server.rate(self.chats),
            "server_cpu_us_each": self.server.us_each(self.chats), "generator_cpu_us_each": self.own.us_each(self.chats), "whole_chat": self.whole.to_json(),
            "events": self.events, "drained_ms": self.drained.as_secs_f64() * 1e3, "server_rss_kib": self.rss_kib, "faults": self.faults})
    }

    /// For people.
    pub fn words(&self) -> String {
        format!(
            "{} visitors at once: {:.1} whole chats/s ({}), server {:.0} us each, generator {:.0} us\n  a whole chat takes {}\n  {} events arrived, the last {:.0} ms after the last chat\n  threads: {}{}",
            self.at_once,
            self.server.rate(self.chats),
            self.chats,
            self.server.us_each(self.chats),
            self.own.us_each(self.chats),
            self.whole.words(),
            self.events,
            self.drained.as_secs_f64() * 1e3,
            self.server.by_thread(self.chats),
            self.faults.iter().take(10).map(|fault| format!("\n  FAULT: {fault}")).collect::<String>()
        )
    }
}

type Desks = Rc<RefCell<HashMap<String, mpsc::UnboundedSender<String>>>>;

struct Stage<'a> {
    house: &'a House,
    agents: Vec<(Line, Desks)>,
    until: Instant,
    next: Cell<usize>,
    done: RefCell<Vec<String>>,
    whole: RefCell<Latencies>,
    faults: RefCell<Vec<String>>,
}

/// Plays whole chats for a while, `at_once` at a time, and holds both sides and the receivers against what was played.
///
/// # Errors
/// In words.
pub async fn run(house: &House, at_once: usize, measured: Duration, receivers: &[Receiver]) -> Result<Lives, String> {
    let agents = cast::agents(house, house.agents.len()).await?;
    let agents = agents.into_iter().map(|line| (line.clone(), desks(&line))).collect();
    let stage = Stage {
        house,
        agents,
        until: Instant::now() + measured,
        next: Cell::new(0),
        done: RefCell::default(),
        whole: RefCell::default(),
        faults: RefCell::default(),
    };
    let (server, own) = (Usage::of(house.pid), Usage::of(std::process::id()));
    futures_util::future::join_all((0..at_once).map(|_| stage.play_on())).await;
    let (server, own) = (Usage::of(house.pid).since(&server), Usage::of(std::process::id()).since(&own));
    let (ended, rss_kib) = (Instant::now(), rss_kib(house.pid));
    let done = stage.done.take();
    let chats = u64::try_from(done.len()).unwrap_or(0);
    let wanted = chats * u64::try_from(EVENTS).unwrap_or(0);
    while receivers.iter().any(|receiver| receiver.count() < wanted) && ended.elapsed() < DRAIN {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let drained = ended.elapsed();
    let mut faults = stage.faults.take();
    receivers.iter().for_each(|receiver| faults.extend(receiver.faults(&done, EVENTS)));
    let events = receivers.iter().map(Receiver::count).sum();
    Ok(Lives { at_once, chats, server, own, whole: stage.whole.take(), rss_kib, events, drained, faults })
}

/// Hands each frame of an agent's line to the chat that it is about.
fn desks(line: &Line) -> Desks {
    let desks = Desks::default();
    let known = Rc::clone(&desks);
    line.hand_over(move |frame| {
        let Some((_, rest)) = frame.split_once(r#""chat_id":""#) else { return };
        let chat = rest.get(..36).unwrap_or_default();
        let mut known = known.borrow_mut();
        // Events of a chat may come before its visitor knows its id.
        let desk = known.entry(chat.to_owned()).or_insert_with(|| mpsc::unbounded_channel().0);
        drop(desk.send(frame.to_owned()));
    });
    desks
}

impl Stage<'_> {
    async fn play_on(&self) {
        while Instant::now() < self.until {
            let number = self.next.replace(self.next.get() + 1);
            let began = Instant::now();
            match self.play(number).await {
                Ok(chat) => {
                    self.whole.borrow_mut().note(began.elapsed());
                    self.done.borrow_mut().push(chat);
                }
                Err(what) => {
                    self.faults.borrow_mut().push(what);
                    return;
                }
            }
        }
    }

    async fn play(&self, number: usize) -> Result<String, String> {
        let place = number % self.agents.len().max(1);
        let (agent, desks) = self.agents.get(place).ok_or("there are no agents")?;
        let department = self.house.agents.get(place).and_then(|key| key.department.as_deref());
        let (visitor, _) = cast::visitor(self.house.server, &self.house.site, number % 10_000, None, Value::Null).await?;
        let chat = cast::request(&visitor, department).await?;
        let (desk, mut frames) = mpsc::unbounded_channel();
        desks.borrow_mut().insert(chat.clone(), desk);
        let mut scene = Scene { chat: &chat, agent, visitor: &visitor, frames: &mut frames, visitor_seq: 0, agent_seq: 0, commands: 0 };
        scene.agent_does(json!({"type": "accept"})).await?;
        for message in 0..MESSAGES {
            scene.message(message).await?;
        }
        let tags: Vec<&String> = self.house.tags.iter().take(1).collect();
        scene.agent_does(json!({"type": "tag", "tags": tags})).await?;
        scene.agent_does(json!({"type": "finish"})).await?;
        scene.visitor_does(json!({"type": "rate", "score": 5, "comment": "Muito bom"})).await?;
        desks.borrow_mut().remove(&chat);
        visitor.hang_up();
        Ok(chat)
    }
}

/// One chat as it is played.
struct Scene<'a> {
    chat: &'a str,
    agent: &'a Line,
    visitor: &'a Line,
    frames: &'a mut mpsc::UnboundedReceiver<String>,
    visitor_seq: i64,
    agent_seq: i64,
    commands: usize,
}

impl Scene<'_> {
    fn command(&mut self, mut command: Value) -> (String, String) {
        self.commands += 1;
        let client_id = format!("c{}-{}", self.commands, self.chat);
        if let Some(fields) = command.as_object_mut() {
            fields.insert("client_id".to_owned(), json!(client_id));
            fields.insert("chat_id".to_owned(), json!(self.chat));
        }
        (client_id, command.to_string())
    }

    async fn agent_does(&mut self, command: Value) -> Result<(), String> {
        let (client_id, command) = self.command(command);
        self.agent.send(&command);
        let answer = |frame: &str| frame.contains(&client_id) && !frame.starts_with(r#"{"type":"event""#);
        let ack = loop {
            let frame = self.agent_frame().await?;
            if answer(&frame) {
                break frame;
            }
        };
        if ack.starts_with(r#"{"type":"ack""#) { Ok(()) } else { Err(cast::odd("refused", &ack)) }
    }

    async fn visitor_does(&mut self, command: Value) -> Result<(), String> {
        let (client_id, command) = self.command(command);
        self.visitor.send(&command);
        let answer = |frame: &str| frame.contains(&client_id) && !frame.starts_with(r#"{"type":"event""#);
        let ack = loop {
            let frame = self.visitor_frame().await?;
            if answer(&frame) {
                break frame;
            }
        };
        if ack.starts_with(r#"{"type":"ack""#) { Ok(()) } else { Err(cast::odd("refused", &ack)) }
    }

    /// One side types and writes; the other hears it and marks it as read.
    async fn message(&mut self, number: usize) -> Result<(), String> {
        let body = format!("Mensagem {number} de {}", self.chat);
        let by_visitor = number % 2 == 1;
        let typing = json!({"type": "typing", "chat_id": self.chat, "on": true}).to_string();
        if by_visitor {
            self.visitor.send(&typing)
        } else {
            self.agent.send(&typing)
        }
        let command = json!({"type": "message", "body": body});
        if by_visitor {
            self.visitor_does(command).await?
        } else {
            self.agent_does(command).await?
        }
        loop {
            let frame = if by_visitor { self.agent_frame().await? } else { self.visitor_frame().await? };
            if frame.starts_with(r#"{"type":"event""#) && frame.contains(&body) {
                break;
            }
        }
        let seq = if by_visitor { self.agent_seq } else { self.visitor_seq };
        let mark = json!({"type": "mark", "chat_id": self.chat, "read": seq}).to_string();
        if by_visitor {
            self.agent.send(&mark)
        } else {
            self.visitor.send(&mark)
        }
        Ok(())
    }

    async fn agent_frame(&mut self) -> Result<String, String> {
        let next = tokio::time::timeout(Duration::from_secs(30), self.frames.recv()).await;
        let frame = next.ok().flatten().ok_or_else(|| format!("chat {}: the agent's line is silent", self.chat))?;
        self.agent_seq = in_order("agent", self.chat, self.agent_seq, &frame)?;
        Ok(frame)
    }

    async fn visitor_frame(&mut self) -> Result<String, String> {
        let frame = self.visitor.next().await.map_err(|code| format!("chat {}: the visitor's line ended with {code}", self.chat))?;
        self.visitor_seq = in_order("visitor", self.chat, self.visitor_seq, &frame)?;
        Ok(frame)
    }
}

/// The `seq` after a frame; agents hear every entry, visitors not all.
fn in_order(who: &str, chat: &str, before: i64, frame: &str) -> Result<i64, String> {
    if !frame.starts_with(r#"{"type":"event""#) {
        return Ok(before);
    }
    let event: Value = serde_json::from_str(frame).map_err(|error| error.to_string())?;
    let seq = event.pointer("/entry/seq").and_then(Value::as_i64).unwrap_or(0);
    let fits = if who == "agent" && before > 0 { seq == before + 1 } else { seq > before };
    if fits { Ok(seq) } else { Err(format!("chat {chat}: the {who} heard {seq} after {before}")) }
}
