//! Somebody who answers: a browser tab with the console open.

use serde_json::{Value, json};

use super::http::Http;
use super::socket::Socket;

/// An agent with one connection.
pub struct Agent {
    url: String,
    cookie: String,
    origin: String,
    pub socket: Socket,
    /// The last answer to `hello`.
    pub welcome: Value,
}

impl Agent {
    /// Signs in on the console's page and opens its socket, as a browser does.
    pub async fn signs_in(http: &Http, url: &str, email: &str, password: &str) -> Self {
        let answer = http.post_form("/login", &[], &[("email", email), ("password", password)]).await;
        assert!([302, 303].contains(&answer.status), "{email} can't sign in: {} {}", answer.status, answer.text());
        Self::connects(url, answer.cookies(), http.origin()).await
    }

    async fn connects(url: &str, cookie: String, origin: String) -> Self {
        let mut socket = Socket::connect(url, &[("cookie", cookie.as_str()), ("origin", origin.as_str())]).await;
        socket.send(&json!({"type": "hello", "protocol": 1, "token": null})).await;
        let welcome = socket.first("welcome", |frame| frame["type"] == "welcome").await;
        Self { url: url.to_owned(), cookie, origin, socket, welcome }
    }

    /// The secret in the browser's cookie.
    pub fn session(&self) -> &str {
        self.cookie.split_once('=').map_or("", |(_, value)| value)
    }

    /// Opens another tab.
    pub async fn opens_second_tab(&self) -> Self {
        Self::connects(&self.url, self.cookie.clone(), self.origin.clone()).await
    }

    /// The line is cut, and the browser connects again.
    pub async fn returns(self) -> Self {
        let Self { url, cookie, origin, socket, .. } = self;
        drop(socket);
        Self::connects(&url, cookie, origin).await
    }

    /// As `returns`, to the server that was started again: the browser still has its cookie.
    pub async fn returns_to(self, http: &Http, url: &str) -> Self {
        let Self { cookie, socket, .. } = self;
        drop(socket);
        Self::connects(url, cookie, http.origin()).await
    }

    /// Hands the chat to a department's queue.
    pub async fn hands_to_department(&mut self, chat: &str, name: &str) {
        let departments = self.welcome["departments"].as_array().cloned().unwrap_or_default();
        let id = departments.iter().find(|department| department["name"] == name).unwrap_or_else(|| panic!("no {name}"))["id"].clone();
        self.must(json!({"type": "transfer", "chat_id": chat, "to": {"department_id": id}, "note": null})).await;
    }

    /// Chooses to be available.
    pub async fn comes_online(&mut self) {
        self.chooses("online").await;
    }

    /// Chooses a state of availability.
    pub async fn chooses(&mut self, state: &str) {
        self.must(json!({"type": "availability", "state": state, "reason": null})).await;
    }

    /// Takes the chat.
    pub async fn accepts(&mut self, chat: &str) {
        self.must(json!({"type": "accept", "chat_id": chat})).await;
    }

    /// Writes; gives the message's `seq`.
    pub async fn says(&mut self, chat: &str, body: &str) -> u64 {
        let answer = self.must(json!({"type": "message", "chat_id": chat, "body": body})).await;
        answer["seq"].as_u64().expect("a seq")
    }

    /// Writes what the visitor never sees.
    pub async fn notes(&mut self, chat: &str, body: &str) {
        self.must(json!({"type": "note", "chat_id": chat, "body": body})).await;
    }

    /// Sets the tags with these names.
    pub async fn tags(&mut self, chat: &str, names: &[&str]) {
        let known = self.welcome["tags"].as_array().cloned().unwrap_or_default();
        let ids: Vec<Value> = names
            .iter()
            .map(|name| known.iter().find(|tag| tag["name"] == *name).unwrap_or_else(|| panic!("no tag {name}"))["id"].clone())
            .collect();
        self.must(json!({"type": "tag", "chat_id": chat, "tags": ids})).await;
    }

    /// Ends the chat.
    pub async fn finishes(&mut self, chat: &str) {
        self.must(json!({"type": "finish", "chat_id": chat})).await;
    }

    /// Waits for a message with this body.
    pub async fn sees(&mut self, body: &str) -> Value {
        self.sees_entry(&format!("the message {body:?}"), |entry| entry["type"] == "message" && entry["data"]["body"] == body).await
    }

    /// Waits for an entry of this type in this chat; gives the whole frame.
    pub async fn sees_that(&mut self, chat: &str, entry_type: &str) -> Value {
        let chat = json!(chat);
        self.socket
            .first(entry_type, |frame| frame["type"] == "event" && frame["chat_id"] == chat && frame["entry"]["type"] == entry_type)
            .await
    }

    async fn sees_entry(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        self.socket.first(what, |frame| frame["type"] == "event" && fits(&frame["entry"])).await
    }

    /// The chat's whole timeline and card, as `open` answers it.
    pub async fn opens(&mut self, chat: &str) -> Value {
        let answer = self.tries(json!({"type": "open", "chat_id": chat, "after": null})).await;
        assert_eq!(answer["type"], "chat", "the chat can't be opened: {answer}");
        answer
    }

    /// Sends a command, whatever the answer.
    pub async fn tries(&mut self, command: Value) -> Value {
        self.socket.command(command).await
    }

    async fn must(&mut self, command: Value) -> Value {
        let answer = self.tries(command.clone()).await;
        assert_eq!(answer["type"], "ack", "refused: {command} → {answer}");
        answer
    }
}
