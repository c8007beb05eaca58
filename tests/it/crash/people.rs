//! A visitor and an agent who play one chat after the other, whatever happens to the server, and note what was acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::house::{House, PASSWORD, SITE, email};
use crate::support::socket::Socket;
use crate::support::stubborn::StubbornVisitor;

/// Wait before the next try at a server that is down.
const PAUSE: Duration = Duration::from_millis(5);

/// A chat that was played to its end; everything in it was acknowledged.
pub struct Played {
    pub chat: String,
    /// What was said, in order, by both.
    pub said: Vec<String>,
    /// The timeline as the visitor has it in the end.
    pub seen: Vec<Value>,
    /// The timeline as the agent opens it in the end.
    pub stored: Vec<Value>,
}

/// An agent who comes back and sends what was not answered again, unchanged.
struct StubbornAgent {
    url: String,
    cookie: String,
    origin: String,
    /// None while a connection is being made.
    socket: Option<Socket>,
    welcome: Value,
}

impl StubbornAgent {
    async fn signs_in(house: &House, number: usize) -> Self {
        let http = house.http();
        let answer = http.post_form("/login", &[], &[("email", &email(number)), ("password", PASSWORD)]).await;
        assert!([302, 303].contains(&answer.status), "{}", answer.text());
        let url = format!("ws://{}/ws/agent", house.address);
        let mut agent = Self { url, cookie: answer.cookies(), origin: http.origin(), socket: None, welcome: Value::Null };
        agent.connects().await;
        agent
    }

    async fn connects(&mut self) {
        loop {
            let headers = [("cookie", self.cookie.as_str()), ("origin", self.origin.as_str())];
            if let Ok(mut socket) = Socket::try_connect(&self.url, &headers).await {
                socket.send(&json!({"type": "hello", "protocol": 1, "token": null})).await;
                if let Ok(welcome) = socket.first_or_end("welcome", |frame| frame["type"] == "welcome").await {
                    (self.socket, self.welcome) = (Some(socket), welcome);
                    return;
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn insists(&mut self, mut command: Value) -> Value {
        command["client_id"] = json!(uuid::Uuid::new_v4().to_string());
        loop {
            let socket = self.socket.as_mut().expect("connected between calls");
            match socket.command_or_end(command.clone()).await {
                Ok(answer) => {
                    assert!(["ack", "chat"].contains(&answer["type"].as_str().unwrap_or_default()), "refused: {command} → {answer}");
                    return answer;
                }
                Err(_) => self.connects().await,
            }
        }
    }

    async fn says(&mut self, chat: &str, body: &str) {
        self.insists(json!({"type": "message", "chat_id": chat, "body": body})).await;
    }
}

/// A visitor's and an agent's place.
pub struct Table {
    number: usize,
    visitor_url: String,
    agent: StubbornAgent,
}

impl Table {
    pub async fn opens(house: &House, number: usize) -> Self {
        let visitor_url = format!("ws://{}/ws/visitor", house.address);
        Self { number, visitor_url, agent: StubbornAgent::signs_in(house, number).await }
    }

    /// Chat after chat until it is over; the last one is played to its end.
    pub async fn plays(mut self, is_over: Arc<AtomicBool>) -> Vec<Played> {
        let mut played = Vec::new();
        while !is_over.load(Ordering::SeqCst) || played.is_empty() {
            let name = format!("{}-{}", self.number, played.len());
            played.push(self.plays_one(&name).await);
        }
        played
    }

    async fn plays_one(&mut self, name: &str) -> Played {
        let mut visitor = StubbornVisitor::opens(&self.visitor_url, SITE).await;
        let mut said = vec![format!("{name} oi")];
        let chat = visitor.asks(&said[0]).await;
        let agent = &mut self.agent;
        agent.insists(json!({"type": "accept", "chat_id": chat})).await;
        visitor.sees_that("started").await;
        for number in 0..4 {
            for (who, body) in [("v", format!("{name} v{number}")), ("a", format!("{name} a{number}"))] {
                if who == "v" {
                    visitor.says(&body).await;
                } else {
                    agent.says(&chat, &body).await;
                }
                visitor.sees(&body).await;
                said.push(body);
            }
        }
        agent.insists(json!({"type": "note", "chat_id": chat, "body": format!("{name} nota")})).await;
        let tag = agent.welcome["tags"][0]["id"].clone();
        agent.insists(json!({"type": "tag", "chat_id": chat, "tags": [tag]})).await;
        visitor.insists(json!({"type": "finish", "chat_id": chat})).await;
        visitor.sees_that("finished").await;
        visitor.insists(json!({"type": "rate", "chat_id": chat, "score": 5, "comment": name})).await;
        visitor.sees_that("rated").await;
        let stored = agent.insists(json!({"type": "open", "chat_id": chat, "after": null})).await;
        let stored = stored["entries"].as_array().cloned().unwrap_or_default();
        Played { chat, said, seen: visitor.now().entries.clone(), stored }
    }
}
