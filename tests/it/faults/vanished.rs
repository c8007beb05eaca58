//! Clients that are gone. Without a word, their connections stay open and nothing passes any more: the heartbeat finds them, and everybody is told. A crowd
//! that left holds no memory.
//!
//! The server's clock is put forward from here (`clock.c`, compiled here and preloaded), so that nobody waits for heartbeats.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::crowd::{AT_ONCE, TURN, figure, greets, upgrades};
use super::preload;
use crate::support::agent::Agent;
use crate::support::demo::Demo;
use crate::support::eventually;
use crate::support::visitor::Visitor;

/// Longer than the time between two pings, and shorter than two silences in a row may be.
const STEP_SECONDS: i64 = 31;
/// After so many steps a silent socket is closed: 75 seconds have passed at the third ping.
const STEPS: i64 = 3;

/// Twenty megabytes' worth.
const GUESTS: u16 = 1_000;
const BYTES_KEPT_MAX: f64 = 10.0 * 1_024.0 * 1_024.0;

/// A demo whose monotonic clock is put forward from here.
struct Clocked {
    demo: Demo,
    clock: File,
    ahead_ms: i64,
    _folder: TempDir,
}

impl Clocked {
    fn starts() -> Self {
        let folder = tempdir().expect("a folder");
        let path = folder.path().join("clock");
        let clock = File::options().create_new(true).write(true).open(&path).expect("a file");
        clock.write_all_at(&0_i64.to_ne_bytes(), 0).expect("written");
        let text = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
        let environment = [("LD_PRELOAD", &*text(&preload::library("clock"))), ("PAPO_TEST_CLOCK", &*text(&path))];
        let demo = Demo::starts_in(&folder.path().join("data"), &environment);
        Self { demo, clock, ahead_ms: 0, _folder: folder }
    }

    fn passes(&mut self, seconds: i64) {
        self.ahead_ms += seconds * 1_000;
        self.clock.write_all_at(&self.ahead_ms.to_ne_bytes(), 0).expect("written");
    }

    async fn sockets(&self) -> (f64, f64) {
        let of = async |kind| figure(&self.demo, &format!("papo_sockets{{kind=\"{kind}\"}}")).await;
        (of("visitor").await, of("agent").await)
    }
}

/// A line to the server that goes dark: both connections stay as they are, and nothing passes.
struct Line {
    authority: String,
    dark: watch::Sender<bool>,
}

impl Line {
    async fn to(demo: &Demo) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let (authority, server) = (listener.local_addr().expect("an address").to_string(), demo.http().authority().to_owned());
        let (dark, is_dark) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (mut is_dark, server) = (is_dark.clone(), server.clone());
                tokio::spawn(async move {
                    let Ok(mut server) = TcpStream::connect(server).await else { return };
                    let ended = tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut server) => true,
                        () = async { drop(is_dark.wait_for(|dark| *dark).await) } => false,
                    };
                    if !ended {
                        // Neither is closed, and neither is read.
                        std::future::pending::<()>().await;
                    }
                });
            }
        });
        Self { authority, dark }
    }

    fn url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.authority)
    }

    fn goes_dark(&self) {
        self.dark.send(true).expect("it is listened to");
    }
}

#[tokio::test]
async fn what_a_crowd_took_is_given_back_after_it_left() {
    let _turn = TURN.lock().await;
    let mut clocked = Clocked::starts();
    let resident = "process_resident_memory_bytes";
    let before = figure(&clocked.demo, resident).await;
    let demo = &clocked.demo;
    let comes = |number| async move {
        let mut line = upgrades(demo, number).await;
        greets(demo, &mut line, Value::Null).await;
        line
    };
    let crowd: Vec<_> = stream::iter(0..GUESTS).map(comes).buffer_unordered(AT_ONCE).collect().await;
    let among_them = figure(&clocked.demo, resident).await;
    assert!(among_them - before > BYTES_KEPT_MAX, "they take something: {before} and {among_them}");
    drop(crowd);
    eventually("they are gone", async || (clocked.sockets().await == (0.0, 0.0)).then_some(())).await;
    clocked.passes(2 * STEP_SECONDS);
    eventually("it is given back", async || (figure(&clocked.demo, resident).await - before < BYTES_KEPT_MAX).then_some(())).await;
}

#[tokio::test]
async fn who_vanishes_without_a_word_is_gone_after_the_heartbeats_and_everybody_is_told() {
    let mut clocked = Clocked::starts();
    let line = Line::to(&clocked.demo).await;
    let account = clocked.demo.facts["agents"][1].clone();
    let (email, password) = (account["email"].as_str().expect("an e-mail"), account["password"].as_str().expect("a password"));
    let mut lost_agent = Agent::signs_in(&clocked.demo.http(), &line.url("/ws/agent"), email, password).await;
    let mut agent = clocked.demo.agent_online(0).await;
    let mut lost_visitor = Visitor::opens(&line.url("/ws/visitor"), clocked.demo.fact("site_key")).await;
    let chat = lost_visitor.asks("alô").await;
    agent.accepts(&chat).await;
    lost_agent.comes_online().await;
    let mut visitor = clocked.demo.visitor().await;
    let other_chat = visitor.asks("bom dia").await;
    lost_agent.accepts(&other_chat).await;
    visitor.sees_that("started").await;
    let open = figure(&clocked.demo, "process_open_fds").await;
    assert_eq!(clocked.sockets().await, (2.0, 2.0));

    line.goes_dark();
    for step in 1..=STEPS {
        assert_eq!(clocked.sockets().await, (2.0, 2.0), "not before its time: step {step}");
        clocked.passes(STEP_SECONDS);
        // Who is there answers the ping, and says something besides.
        agent.says(&chat, &format!("ainda aí? {step}")).await;
        visitor.says(&format!("ainda aí? {step}")).await;
    }
    eventually("the silent ones are gone", async || (clocked.sockets().await == (1.0, 1.0)).then_some(())).await;
    eventually("so are their descriptors", async || (figure(&clocked.demo, "process_open_fds").await <= open - 2.0).then_some(())).await;

    let told = agent.socket.first("that the visitor is away", |frame| frame["type"] == "presence" && frame["chat_id"] == json!(chat)).await;
    assert_eq!(told["present"], false);
    assert_eq!(agent.opens(&chat).await["card"]["present"], false);
    // An agent whose last tab is gone counts as connected for half a minute.
    clocked.passes(STEP_SECONDS);
    let id = lost_agent.welcome["agent"]["id"].clone();
    let is_away = |frame: &Value| frame["type"] == "agent" && frame["agent"]["id"] == id && frame["agent"]["connected"] == false;
    agent.socket.first("that the agent is away", is_away).await;
    // What the agent left is somebody else's after the department's patience.
    for _ in 0..4 {
        clocked.passes(STEP_SECONDS);
        agent.socket.settle().await;
        visitor.socket.settle().await;
    }
    let handed_on = visitor.sees_that("transferred").await;
    assert_eq!(handed_on["data"]["reason"], "agent_lost");
    agent.accepts(&other_chat).await;
    agent.says(&other_chat, "agora sou eu").await;
    visitor.sees("agora sou eu").await;
}
