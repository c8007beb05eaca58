//! A client that keeps to the protocol on any line: it resumes, sends again what was not answered, and drops what it has.
//!
//! One for visitors and agents: they differ in their `hello` alone.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::socket::Socket;

/// How long an answer may take before the line is given up. Short, since lines here hang often; longer each time that nothing came, since the machine may
/// be the slow one.
const PATIENCE: Duration = Duration::from_millis(1_000);
const PATIENCE_TIMES_MAX: u32 = 10;
/// Between two tries to connect.
const PAUSE: Duration = Duration::from_millis(40);

/// A chat's timeline as a client has it.
pub type Timeline = BTreeMap<u64, Value>;

pub struct Roamer {
    url: String,
    hello: Value,
    socket: Option<Socket>,
    /// Lines lost one after the other without an answer.
    unlucky: u32,
    /// What it has of each chat.
    pub chats: HashMap<String, Timeline>,
    /// What frames said of chats last.
    pub views: HashMap<String, Value>,
    /// What the server said first on the last line.
    pub welcome: Value,
    /// How often a line was lost.
    pub lost: usize,
}

impl Roamer {
    /// Who says this `hello`.
    pub fn new(url: String, hello: Value) -> Self {
        Self { url, hello, socket: None, unlucky: 0, chats: HashMap::new(), views: HashMap::new(), welcome: Value::Null, lost: 0 }
    }

    /// The highest `seq` up to which a chat is known without a gap.
    pub fn seq(&self, chat: &str) -> u64 {
        let known = self.chats.get(chat);
        known.and_then(|timeline| timeline.keys().zip(1_u64..).take_while(|(seq, place)| **seq == *place).last()).map_or(0, |(seq, _)| *seq)
    }

    /// Sends a command until it is answered for good, and gives the answer.
    pub async fn command(&mut self, mut command: Value) -> Value {
        if command["client_id"].is_null() {
            command["client_id"] = json!(uuid::Uuid::new_v4().to_string());
        }
        let id = command["client_id"].clone();
        loop {
            self.connects().await;
            let patience = self.patience();
            let Some(socket) = &mut self.socket else { continue };
            socket.send(&command).await;
            let is_answer = |frame: &Value| frame["client_id"] == id && frame["type"] != "event";
            let answer = tokio::time::timeout(patience, socket.first_or_end("an answer", is_answer)).await;
            self.drain();
            match answer {
                Ok(Ok(answer))
                    if ["rate_limited", "overloaded", "storage_full", "storage_failed"]
                        .contains(&answer["code"].as_str().unwrap_or_default()) =>
                {
                    tokio::time::sleep(Duration::from_millis(answer["retry_after_ms"].as_u64().unwrap_or(200).min(3_000))).await;
                }
                Ok(Ok(answer)) => {
                    self.unlucky = 0;
                    self.takes_in(&answer);
                    return answer;
                }
                Ok(Err(_)) | Err(_) => self.loses(),
            }
        }
    }

    /// Waits until something new may be there, on whatever line.
    pub async fn listens(&mut self) {
        self.connects().await;
        let patience = self.patience();
        let Some(socket) = &mut self.socket else { return };
        let news = |frame: &Value| ["event", "chat", "chat_left", "ring"].contains(&frame["type"].as_str().unwrap_or_default());
        match tokio::time::timeout(patience, socket.first_or_end("news", news)).await {
            Ok(Ok(frame)) => {
                self.unlucky = 0;
                self.takes_in(&frame);
                self.drain();
            }
            Ok(Err(_)) => self.loses(),
            Err(_) => {
                // Silence: is anybody there?
                socket.send(&json!({"type": "ping"})).await;
                if !matches!(
                    tokio::time::timeout(patience, socket.first_or_end("a pong", |frame| frame["type"] == "pong")).await,
                    Ok(Ok(_))
                ) {
                    self.loses();
                }
            }
        }
    }

    fn drain(&mut self) {
        for frame in self.socket.as_mut().map(Socket::leftovers).unwrap_or_default() {
            self.takes_in(&frame);
        }
    }

    fn loses(&mut self) {
        self.drain();
        self.socket = None;
        self.lost += 1;
        self.unlucky += 1;
    }

    fn patience(&self) -> Duration {
        PATIENCE * (1 + self.unlucky / 3).min(PATIENCE_TIMES_MAX)
    }

    /// Has a line from then on, until it is lost.
    pub async fn connects(&mut self) {
        while self.socket.is_none() {
            let patience = self.patience();
            match tokio::time::timeout(patience, self.tries_to_connect()).await {
                Ok(Some(socket)) => self.socket = Some(socket),
                Ok(None) | Err(_) => {
                    self.unlucky += 1;
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn tries_to_connect(&mut self) -> Option<Socket> {
        let mut socket = Socket::try_connect(&self.url, &[]).await.ok()?;
        if let Some((chat, seq)) = self.hello["resume"]["chat_id"].as_str().map(|chat| (chat, self.seq(chat))) {
            self.hello["resume"] = json!({"chat_id": chat, "seq": seq});
        }
        socket.send(&self.hello).await;
        let welcome = socket.first_or_end("a welcome", |frame| frame["type"] == "welcome" || frame["type"] == "error").await.ok()?;
        if welcome["code"] == "token_unknown" {
            self.hello["token"] = Value::Null;
            return None;
        }
        assert_eq!(welcome["type"], "welcome", "{welcome}");
        if welcome["token"].is_string() {
            self.hello["token"] = welcome["token"].clone();
        }
        self.takes_in(&welcome);
        self.welcome = welcome;
        Some(socket)
    }

    /// From now on, `hello` resumes this chat.
    pub fn follows(&mut self, chat: &str) {
        self.hello["resume"] = json!({"chat_id": chat, "seq": 0});
    }

    /// What any frame says of timelines and chats. An entry that is there already must be the same.
    fn takes_in(&mut self, frame: &Value) {
        for chat in ["queue", "chats"].into_iter().flat_map(|list| frame[list].as_array().into_iter().flatten()).chain([&frame["chat"]]) {
            if let Some(id) = chat["id"].as_str() {
                self.views.insert(id.to_owned(), chat.clone());
            }
        }
        let chat = frame["chat_id"].as_str().or_else(|| frame["chat"]["id"].as_str());
        let Some(chat) = chat.map(str::to_owned) else { return };
        if let Some(view) = frame.get("chat").filter(|view| view["state"].is_string()) {
            self.views.insert(chat.clone(), view.clone());
        }
        let timeline = self.chats.entry(chat).or_default();
        for entry in frame["entries"].as_array().into_iter().flatten().chain(frame.get("entry")) {
            let Some(seq) = entry["seq"].as_u64() else { continue };
            let known = timeline.entry(seq).or_insert_with(|| entry.clone());
            assert_eq!((&known["id"], &known["type"]), (&entry["id"], &entry["type"]), "one seq, one entry");
        }
    }
}

/// The bodies of a timeline's messages, in order.
pub fn bodies(timeline: &Timeline) -> Vec<String> {
    let messages = timeline.values().filter(|entry| entry["type"] == "message");
    messages.map(|entry| entry["data"]["body"].as_str().unwrap_or_default().to_owned()).collect()
}
