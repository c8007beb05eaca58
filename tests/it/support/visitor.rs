//! Somebody who asks for help: a browser tab with the widget open.

use std::fmt::Display;

use serde_json::{Value, json};

use super::agent::Agent;
use super::socket::Socket;

/// Where the tests' visitor is.
pub const PAGE: &str = "https://shop.example/shoes?utm_source=mail&session=secret#top";

/// What a widget says first.
pub fn hello(site: &str, token: &Value, resume: &Value) -> Value {
    json!({"type": "hello", "protocol": 1, "site": site, "token": token, "locale": "pt-BR", "timezone": "America/Recife",
        "page": {"url": PAGE, "title": "Shoes", "referrer": "https://search.example/?q=shoes"}, "resume": resume})
}

/// The form before a chat, filled in.
pub fn request(message: &str) -> Value {
    json!({"type": "request", "department_id": null, "name": "Ana", "email": "ana@example.com", "phone": null, "fields": {}, "message": message,
        "consent": {"version": 1, "marketing": false}, "previous_chat_id": null})
}

/// A visitor with one connection.
pub struct Visitor {
    url: String,
    site: String,
    pub socket: Socket,
    /// What a browser would keep.
    pub token: String,
    /// The chat this tab shows.
    pub chat: Option<String>,
    /// Every timeline entry this tab has taken in, by rising `seq`.
    pub entries: Vec<Value>,
    /// The last answer to `hello`.
    pub welcome: Value,
}

impl Visitor {
    /// Opens the widget for the first time.
    pub async fn opens(url: &str, site: &str) -> Self {
        Absent::new(url, site).returns().await
    }

    async fn connects(url: &str, site: &str, token: Value, resume: Value) -> Self {
        Self::tries_to_connect(url, site, token, resume).await.unwrap_or_else(|code| panic!("no welcome: the socket ended with {code:?}"))
    }

    /// Says hello; the close code where the line ends before the welcome.
    async fn tries_to_connect(url: &str, site: &str, token: Value, resume: Value) -> Result<Self, Option<u16>> {
        let Ok(mut socket) = Socket::try_connect(url, &[]).await else { return Err(None) };
        let mut hello = hello(site, &token, &resume);
        socket.send(&hello).await;
        let answer = |frame: &Value| frame["type"] == "welcome" || frame["code"] == "token_unknown";
        let mut welcome = socket.first_or_end("welcome", answer).await?;
        if welcome["type"] == "error" {
            // The server forgot, or never stored, who had this token: begin as somebody new.
            hello["token"] = Value::Null;
            socket.send(&hello).await;
            welcome = socket.first_or_end("welcome", |frame| frame["type"] == "welcome").await?;
        }
        let token = welcome["token"].as_str().map_or_else(|| token.as_str().unwrap_or_default().to_owned(), str::to_owned);
        let chat = welcome["chat"]["id"].as_str().map(str::to_owned);
        let mut visitor =
            Self { url: url.to_owned(), site: site.to_owned(), socket, token, chat, entries: Vec::new(), welcome: welcome.clone() };
        visitor.takes_in(&welcome["entries"]);
        Ok(visitor)
    }

    /// Asks for help with a first message; gives the chat's id.
    pub async fn asks(&mut self, message: &str) -> String {
        let answer = self.tries(request(message)).await;
        assert_eq!(answer["type"], "ack", "the request was refused: {answer}");
        let chat = answer["chat_id"].as_str().expect("a chat's id").to_owned();
        let shown = self.socket.first("the chat", |frame| frame["type"] == "chat" && frame["chat"]["id"] == json!(chat)).await;
        self.turns_to(&chat, &shown["entries"]);
        chat
    }

    /// Writes; gives the message's `seq`.
    pub async fn says(&mut self, body: &str) -> u64 {
        let answer = self.tries(json!({"type": "message", "body": body})).await;
        assert_eq!(answer["type"], "ack", "the message was refused: {answer}");
        answer["seq"].as_u64().expect("a seq")
    }

    /// Asks something and is answered; each sees what the other wrote.
    pub async fn talks_with(&mut self, agent: &mut Agent, about: impl Display) {
        let (question, answer) = (format!("pergunta {about}"), format!("resposta {about}"));
        self.says(&question).await;
        agent.sees(&question).await;
        agent.says(self.chat.as_deref().expect("a chat"), &answer).await;
        self.sees(&answer).await;
    }

    /// Waits until a message with this body is in the timeline.
    pub async fn sees(&mut self, body: &str) -> Value {
        self.sees_entry(&format!("the message {body:?}"), |entry| entry["type"] == "message" && entry["data"]["body"] == body).await
    }

    /// Waits until an entry of this type is in the timeline.
    pub async fn sees_that(&mut self, entry_type: &str) -> Value {
        self.sees_entry(entry_type, |entry| entry["type"] == entry_type).await
    }

    async fn sees_entry(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            if let Some(entry) = self.entries.iter().find(|entry| fits(entry)) {
                return entry.clone();
            }
            let chat = json!(self.chat);
            let event = self.socket.first(what, |frame| frame["type"] == "event" && frame["chat_id"] == chat).await;
            self.takes_in(&json!([event["entry"]]));
        }
    }

    /// Leaves the queue by the button.
    pub async fn leaves(&mut self) {
        self.does("leave").await;
    }

    /// Ends the chat by the button.
    pub async fn finishes(&mut self) {
        self.does("finish").await;
    }

    /// Rates the chat.
    pub async fn rates(&mut self, score: u8, comment: &str) {
        let answer = self.tries(json!({"type": "rate", "score": score, "comment": comment})).await;
        assert_eq!(answer["type"], "ack", "the rating was refused: {answer}");
    }

    /// Shares the location.
    pub async fn shares_location(&mut self) {
        let answer =
            self.tries(json!({"type": "locate", "latitude": -8.0476, "longitude": -34.877, "accuracy_m": 25, "source": "queue"})).await;
        assert_eq!(answer["type"], "ack", "the location was refused: {answer}");
    }

    async fn does(&mut self, command: &str) {
        let answer = self.tries(json!({"type": command})).await;
        assert_eq!(answer["type"], "ack", "{command} was refused: {answer}");
    }

    /// Sends a command about the own chat, whatever the answer.
    pub async fn tries(&mut self, mut command: Value) -> Value {
        if command["chat_id"].is_null() && !["request", "offline_message"].contains(&command["type"].as_str().unwrap_or_default()) {
            command["chat_id"] = json!(self.chat);
        }
        self.socket.command(command).await
    }

    /// Opens the same site in another tab of the same browser.
    pub async fn opens_second_tab(&self) -> Self {
        Self::connects(&self.url, &self.site, json!(self.token), Value::Null).await
    }

    /// The line is cut; what the browser keeps stays.
    pub fn vanishes(self) -> Absent {
        let seq = self.last_seq();
        Absent { url: self.url, site: self.site, token: self.token, chat: self.chat, entries: self.entries, seq }
    }

    /// The highest `seq` taken in.
    pub fn last_seq(&self) -> u64 {
        self.entries.last().and_then(|entry| entry["seq"].as_u64()).unwrap_or(0)
    }

    /// The bodies of all messages in the order of the timeline.
    pub fn messages(&self) -> Vec<String> {
        let messages = self.entries.iter().filter(|entry| entry["type"] == "message");
        messages.map(|entry| entry["data"]["body"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Shows another chat: its timeline replaces what was shown.
    pub fn turns_to(&mut self, chat: &str, entries: &Value) {
        if self.chat.as_deref() != Some(chat) {
            self.entries.clear();
        }
        self.chat = Some(chat.to_owned());
        self.takes_in(entries);
    }

    /// Applies the client's rule: an entry whose `seq` is not above the last one is dropped.
    pub fn takes_in(&mut self, entries: &Value) {
        for entry in entries.as_array().into_iter().flatten() {
            assert_ne!(entry["type"], "note", "a visitor never gets a note: {entry}");
            if entry["seq"].as_u64().expect("every entry has a seq") > self.last_seq() {
                self.entries.push(entry.clone());
            }
        }
    }
}

/// A visitor whose connection is gone: what the browser keeps.
pub struct Absent {
    url: String,
    site: String,
    pub token: String,
    pub chat: Option<String>,
    entries: Vec<Value>,
    seq: u64,
}

impl Absent {
    /// A browser that was never here before.
    pub fn new(url: &str, site: &str) -> Self {
        Self { url: url.to_owned(), site: site.to_owned(), token: String::new(), chat: None, entries: Vec::new(), seq: 0 }
    }

    /// Connects again and resumes where the line was cut.
    pub async fn returns(self) -> Visitor {
        self.tries_to_return().await.unwrap_or_else(|_| panic!("the socket ended before the welcome"))
    }

    /// As `returns`, to another address: of the restarted server.
    pub async fn returns_to(mut self, url: &str) -> Visitor {
        url.clone_into(&mut self.url);
        self.returns().await
    }

    /// Connects again; stays absent where the line is cut before the welcome.
    pub async fn tries_to_return(self) -> Result<Visitor, Self> {
        let token = if self.token.is_empty() { Value::Null } else { json!(self.token) };
        let resume = self.chat.as_ref().map_or(Value::Null, |chat| json!({"chat_id": chat, "seq": self.seq}));
        let Ok(mut visitor) = Visitor::tries_to_connect(&self.url, &self.site, token, resume).await else { return Err(self) };
        let news = std::mem::replace(&mut visitor.entries, self.entries);
        visitor.takes_in(&Value::from(news));
        visitor.chat = visitor.chat.or(self.chat);
        Ok(visitor)
    }
}
