//! The program itself as a child process: what a person starts, what a test may kill.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::agent::Agent;
use super::http::Http;
use super::visitor::Visitor;

/// What lets webhooks go to receivers on this machine.
pub const OPENED: (&str, &str) = ("PAPO_WEBHOOK_ALLOW", "127.0.0.0/8");

/// `papo` with these arguments and nothing of this machine's environment that it reads.
pub fn papo(arguments: &[&str]) -> Command {
    program(env!("CARGO_BIN_EXE_papo"), arguments)
}

fn program(path: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(path);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PAPO_")) {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs `papo` to its end: status, standard output, standard error.
pub fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = papo(arguments).output().expect("papo can be started");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A running `papo demo --json`; killed when dropped.
pub struct Demo {
    child: Child,
    /// What it printed when it was ready.
    pub facts: Value,
    log: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
    /// Its data, where nobody starts on them again.
    folder: Option<TempDir>,
}

impl Demo {
    /// Starts it on data of its own, which go with it.
    pub fn starts() -> Self {
        Self::starts_with(&[])
    }

    /// The same, with this in its environment.
    pub fn starts_with(environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut demo = Self::starts_in(folder.path(), environment);
        demo.folder = Some(folder);
        demo
    }

    /// Starts it on a free port, with its data in `folder`, and waits until it is ready.
    pub fn starts_in(folder: &Path, environment: &[(&str, &str)]) -> Self {
        let folder = folder.to_str().expect("a path in UTF-8");
        Self::starts_as(papo(&["demo", "--json", "--listen", "127.0.0.1:0", "--data-dir", folder]), environment)
    }

    /// As `starts_with`, where the system allows no more than so many descriptors.
    pub fn starts_within(descriptors: u32, environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().to_str().expect("a path in UTF-8");
        let within = format!("ulimit -n {descriptors}; exec \"$0\" \"$@\"");
        let command =
            program("sh", &["-c", &within, env!("CARGO_BIN_EXE_papo"), "demo", "--json", "--listen", "127.0.0.1:0", "--data-dir", data]);
        let mut demo = Self::starts_as(command, environment);
        demo.folder = Some(folder);
        demo
    }

    fn starts_as(mut command: Command, environment: &[(&str, &str)]) -> Self {
        let mut child = command.envs(environment.iter().copied()).spawn().expect("papo can be started");
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = child.stderr.take().expect("piped");
        let writer = Arc::clone(&log);
        let mut readers = vec![std::thread::spawn(move || keep(stderr, &writer))];
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        stdout.read_line(&mut line).expect("a line of output");
        let writer = Arc::clone(&log);
        readers.push(std::thread::spawn(move || keep(stdout, &writer)));
        let facts = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("not ready: {error}\n{line}{}", log.lock().expect("no panic while held")));
        Self { child, facts, log, readers, folder: None }
    }

    /// One of the addresses or keys that it printed.
    pub fn fact(&self, name: &str) -> &str {
        self.facts[name].as_str().unwrap_or_else(|| panic!("demo --json has no {name}: {}", self.facts))
    }

    pub fn http(&self) -> Http {
        Http::of(self.fact("base_url"))
    }

    /// A new visitor of the demo's shop.
    pub async fn visitor(&self) -> Visitor {
        Visitor::opens(self.fact("ws_visitor_url"), self.fact("site_key")).await
    }

    /// The agent at this place in the list, signed in.
    pub async fn agent(&self, at: usize) -> Agent {
        let account = &self.facts["agents"][at];
        let (email, password) = (account["email"].as_str().expect("an e-mail"), account["password"].as_str().expect("a password"));
        Agent::signs_in(&self.http(), self.fact("ws_agent_url"), email, password).await
    }

    /// The same, available.
    pub async fn agent_online(&self, at: usize) -> Agent {
        let mut agent = self.agent(at).await;
        agent.comes_online().await;
        agent
    }

    /// A visitor whose chat begins with this message, and the agent who accepted it, with the chat's id.
    pub async fn chat(&self, message: &str) -> (Visitor, Agent, String) {
        let (mut visitor, mut agent) = (self.visitor().await, self.agent_online(0).await);
        let chat = visitor.asks(message).await;
        agent.accepts(&chat).await;
        (visitor, agent, chat)
    }

    /// Somebody else of a department of this agent's, signed in.
    pub async fn colleague_of(&self, agent: &Agent) -> Agent {
        let accounts = self.facts["agents"].as_array().expect("a list of agents");
        let own = accounts.iter().find(|account| account["email"] == agent.welcome["agent"]["email"]).expect("an agent of the list");
        let at = accounts.iter().position(|account| account["department"] == own["department"] && account["email"] != own["email"]);
        self.agent(at.expect("the demo has departments of two")).await
    }

    /// The types of the chat's events, in the order in which they were queued.
    pub async fn events_of(&self, chat: &str) -> Vec<String> {
        let deliveries = self.deliveries(&format!("chat_id={chat}")).await;
        deliveries.iter().filter_map(|delivery| delivery["type"].as_str()).map(str::to_owned).collect()
    }

    /// The bodies of all events of a type, in the order in which they were queued.
    pub async fn bodies_of(&self, event: &str) -> Vec<Value> {
        let mut bodies = Vec::new();
        for delivery in self.deliveries(&format!("type={event}")).await {
            let id = delivery["id"].as_str().expect("an id");
            bodies.push(self.asks_api(&format!("/deliveries/{id}")).await["body"].take());
        }
        bodies
    }

    async fn deliveries(&self, filter: &str) -> Vec<Value> {
        let page = self.asks_api(&format!("/deliveries?{filter}&limit=100")).await;
        page["data"].as_array().unwrap_or_else(|| panic!("no page of deliveries: {page}")).iter().rev().cloned().collect()
    }

    /// The chat's timeline as the REST API tells it, as far as one page goes.
    pub async fn timeline_of(&self, chat: &str) -> Vec<Value> {
        self.asks_api(&format!("/chats/{chat}/timeline?limit=200")).await["data"].as_array().expect("entries").clone()
    }

    /// The bodies of what was said in a chat, in the same way.
    pub async fn said_in(&self, chat: &str) -> Vec<String> {
        self.timeline_of(chat).await.iter().filter_map(|entry| entry["data"]["body"].as_str().map(str::to_owned)).collect()
    }

    /// `GET` below `/api/v1`, as a program that may do everything; a refusal is a failure.
    pub async fn asks_api(&self, path: &str) -> Value {
        self.calls_api("GET", path, "").await
    }

    /// `POST`, in the same way.
    pub async fn tells_api(&self, path: &str, body: &Value) -> Value {
        self.calls_api("POST", path, &body.to_string()).await
    }

    /// Comes back as it is told where it asks more than a token may in a minute.
    async fn calls_api(&self, method: &str, path: &str, body: &str) -> Value {
        let bearer = format!("Bearer {}", self.fact("api_token"));
        loop {
            let answer = self.http().send(method, &format!("/api/v1{path}"), &[("authorization", &bearer)], body.as_bytes()).await;
            if answer.status == 429 {
                let seconds = answer.header("retry-after").and_then(|seconds| seconds.parse().ok()).expect("when to come back");
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                continue;
            }
            assert!((200..300).contains(&answer.status), "{method} {path}: {} {}", answer.status, answer.text());
            return answer.json();
        }
    }

    /// `kill -9`: no goodbye, nothing flushed.
    pub fn dies(mut self) {
        self.child.kill().expect("it was running");
        self.child.wait().expect("it ends");
    }

    /// SIGTERM, and no more.
    pub fn is_asked_to_stop(&self) {
        Command::new("kill").args(["-TERM", &self.pid().to_string()]).status().expect("kill can be run");
    }

    /// SIGTERM, and waits for the end; gives the status.
    pub fn stops(mut self) -> Option<i32> {
        self.is_asked_to_stop();
        self.child.wait().expect("it ends").code()
    }

    /// The process, for those who look at it from outside.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// As `stops`; gives everything that it wrote after its first line, to standard output and standard error.
    pub fn stops_and_shows_its_log(mut self) -> String {
        let readers = std::mem::take(&mut self.readers);
        let log = Arc::clone(&self.log);
        self.stops();
        readers.into_iter().for_each(|reader| reader.join().expect("no panic"));
        log.lock().expect("no panic while held").clone()
    }

    /// Everything it wrote after its first line so far.
    pub fn log(&self) -> String {
        self.log.lock().expect("no panic while held").clone()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            eprintln!("--- the server's log ---\n{}", self.log());
        }
    }
}

fn keep(mut output: impl Read, log: &Mutex<String>) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = output.read(&mut buffer) {
        let text = String::from_utf8_lossy(buffer.get(..read).unwrap_or_default()).into_owned();
        log.lock().expect("no panic while held").push_str(&text);
    }
}
