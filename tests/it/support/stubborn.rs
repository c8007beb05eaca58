//! A client that follows the protocol's rule for lost connections: resume, then send every unanswered command again, unchanged.

use std::time::Duration;

use serde_json::{Value, json};

use super::visitor::{Absent, Visitor, request};

/// A visitor on a bad line.
pub struct StubbornVisitor {
    /// None while a connection is being made.
    visitor: Option<Visitor>,
    pub cuts: usize,
}

impl StubbornVisitor {
    /// Opens the widget over the line at `url`.
    pub async fn opens(url: &str, site: &str) -> Self {
        let mut stubborn = Self { visitor: None, cuts: 0 };
        stubborn.connects(Absent::new(url, site)).await;
        stubborn
    }

    /// Asks for help; gives the chat's id.
    pub async fn asks(&mut self, message: &str) -> String {
        let answer = self.insists(request(message)).await;
        let chat = answer["chat_id"].as_str().expect("a chat's id").to_owned();
        self.now().chat = Some(chat.clone());
        chat
    }

    pub async fn says(&mut self, body: &str) {
        let chat = self.now().chat.clone();
        self.insists(json!({"type": "message", "chat_id": chat, "body": body})).await;
    }

    /// Waits until the message is in the timeline, over as many connections as it takes.
    pub async fn sees(&mut self, body: &str) {
        self.sees_entry(body, |entry| entry["type"] == "message" && entry["data"]["body"] == body).await;
    }

    /// Waits until an entry of this type is in the timeline.
    pub async fn sees_that(&mut self, entry_type: &str) {
        self.sees_entry(entry_type, |entry| entry["type"] == entry_type).await;
    }

    async fn sees_entry(&mut self, what: &str, fits: impl Fn(&Value) -> bool) {
        while !self.now().entries.iter().any(&fits) {
            let event =
                self.now().socket.first_or_end(what, |frame| ["event", "chat"].contains(&frame["type"].as_str().unwrap_or_default())).await;
            match event {
                Ok(frame) if frame["type"] == "event" => self.now().takes_in(&json!([frame["entry"]])),
                Ok(frame) => {
                    // It replaces all: events may have come before it.
                    self.now().entries.clear();
                    self.now().takes_in(&frame["entries"]);
                }
                Err(_) => self.reconnects().await,
            }
        }
    }

    /// Sends the command until it is answered, with one `client_id`; it must be accepted.
    pub async fn insists(&mut self, mut command: Value) -> Value {
        command["client_id"] = json!(uuid::Uuid::new_v4().to_string());
        loop {
            match self.now().socket.command_or_end(command.clone()).await {
                Ok(answer) => {
                    assert_eq!(answer["type"], "ack", "refused: {command} → {answer}");
                    return answer;
                }
                Err(_) => self.reconnects().await,
            }
        }
    }

    /// The visitor on the present connection.
    pub fn now(&mut self) -> &mut Visitor {
        self.visitor.as_mut().expect("connected between calls")
    }

    async fn reconnects(&mut self) {
        let visitor = self.visitor.take().expect("connected between calls");
        self.cuts += 1;
        self.connects(visitor.vanishes()).await;
    }

    async fn connects(&mut self, mut absent: Absent) {
        loop {
            match absent.tries_to_return().await {
                Ok(visitor) => {
                    self.visitor = Some(visitor);
                    return;
                }
                Err(still) => {
                    self.cuts += 1;
                    absent = still;
                    // A server that is down is not asked as fast as the machine can.
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
    }
}
