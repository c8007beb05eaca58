//! More than it can do, and clients that do nothing: what waits is bounded, others go on, and what is dead is gone within its limit.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc;

use futures_util::future::join_all;
use futures_util::{SinkExt as _, StreamExt as _};
use papo::store::error::StoreError;
use serde_json::{Value, json};
use tempfile::tempdir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::api::server::{Server, code};
use crate::support::demo::Demo;
use crate::support::{CEILING, eventually};

/// A connection from a loopback address of its own, as many clients have.
async fn connects(demo: &Demo, number: u16) -> TcpStream {
    let to: SocketAddr = demo.http().authority().parse().expect("an address");
    let [high, low] = number.to_be_bytes();
    // One address may make only so many connections at once, too.
    eventually("a connection", async || {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from((Ipv4Addr::new(127, 9, high, low.max(1)), 0))).expect("every loopback address is ours");
        socket.connect(to).await.ok()
    })
    .await
}

async fn figure(demo: &Demo, name: &str) -> f64 {
    let text = demo.http().get("/metrics", &[]).await.text();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name} in {text}"));
    line.trim().parse().expect("a number")
}

#[actix_web::test]
async fn beyond_what_may_wait_callers_are_told_when_to_come_back_and_then_it_goes_on() {
    let server = Server::starts().await;
    let (release, held) = mpsc::channel::<()>();
    let store = server.store().clone();
    let blocker = tokio::task::spawn_local({
        let store = store.clone();
        async move { store.write(move |_| Ok(held.recv().is_ok())).await }
    });
    // The writer has the first job in its hands before the queue is filled.
    eventually("the writer is busy", async || {
        tokio::task::yield_now().await;
        (store.readings().await.expect("readings").jobs_waiting == 0).then_some(())
    })
    .await;
    let wanted = 10_000;
    let jobs = tokio::task::spawn_local({
        let store = store.clone();
        async move { join_all((0..wanted).map(|_| store.check_writable())).await }
    });
    eventually("the queue is full", async || (store.readings().await.expect("readings").jobs_waiting >= 8_192).then_some(())).await;
    let refused = server.http.get("/readyz", &[("accept", "application/json")]).await;
    assert_eq!(code(&refused), (503, "overloaded".to_owned()), "{}", refused.text());
    assert!(refused.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok_and(|seconds| seconds >= 1)));
    assert_eq!(server.http.get("/healthz", &[]).await.status, 200);

    drop(release);
    blocker.await.expect("no panic").expect("its own job is done");
    let outcomes = jobs.await.expect("no panic");
    let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let told = outcomes.iter().filter(|outcome| matches!(outcome, Err(StoreError::Overloaded))).count();
    assert!(done >= 8_192 && done + told == wanted, "every job is done or told: {done} + {told}");
    assert_eq!(server.http.get("/readyz", &[]).await.status, 200, "and it goes on");
}

#[tokio::test]
async fn connections_that_say_nothing_or_half_of_it_are_gone_and_hurt_nobody() {
    let folder = tempdir().expect("a folder");
    let demo = Demo::starts_in(folder.path(), &[]);
    let before = figure(&demo, "process_open_fds").await;
    let idle = 1_500_u16;
    let mut held = Vec::new();
    for number in 0..idle {
        let mut stream = connects(&demo, number).await;
        match number % 3 {
            // Nothing at all.
            0 => {}
            // A head that never ends.
            1 => stream.write_all(b"GET /console HTTP/1.1\r\nhost: a\r\nx-slow: ").await.expect("taken"),
            // A body that never comes.
            _ => stream.write_all(b"POST /login HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\na=").await.expect("taken"),
        }
        held.push(stream);
    }
    let mut visitor = demo.visitor().await;
    visitor.asks("tem alguém?").await;
    visitor.says("sim").await;
    let during = figure(&demo, "process_open_fds").await;
    assert!(during > before + f64::from(idle) * 0.6, "they were open: {before}, {during}");
    // The server ends them; nobody here closes anything.
    eventually("their descriptors are free again", async || (figure(&demo, "process_open_fds").await < before + 60.0).then_some(())).await;
    let mut last = held.pop().expect("one of them");
    let mut rest = Vec::new();
    tokio::time::timeout(CEILING, last.read_to_end(&mut rest)).await.expect("it was closed").ok();
    visitor.says("ainda").await;
}

#[tokio::test]
async fn a_socket_that_says_no_hello_is_closed() {
    let folder = tempdir().expect("a folder");
    let demo = Demo::starts_in(folder.path(), &[]);
    let mut open = Vec::new();
    for number in 0..200 {
        open.push(upgrades(&demo, number).await);
    }
    assert!(figure(&demo, "papo_sockets{kind=\"visitor\"}").await >= 200.0);
    eventually("they are closed", async || (figure(&demo, "papo_sockets{kind=\"visitor\"}").await == 0.0).then_some(())).await;
}

async fn upgrades(demo: &Demo, number: u16) -> WebSocketStream<TcpStream> {
    let stream = connects(demo, number).await;
    client_async(demo.fact("ws_visitor_url"), stream).await.expect("an upgrade").0
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_dropped_and_the_others_hear_everything() {
    let folder = tempdir().expect("a folder");
    let demo = Demo::starts_in(folder.path(), &[]);
    let (mut visitor, mut agent) = (demo.visitor().await, demo.agent(0).await);
    agent.comes_online().await;
    let chat = visitor.asks("oi").await;
    agent.accepts(&chat).await;
    let to: SocketAddr = demo.http().authority().parse().expect("an address");
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a small buffer");
    let (mut stalled, _) =
        client_async(demo.fact("ws_visitor_url"), socket.connect(to).await.expect("a connection")).await.expect("an upgrade");
    let hello = json!({"type": "hello", "protocol": 1, "site": demo.fact("site_key"), "token": visitor.token, "locale": "pt-BR",
        "timezone": "America/Recife", "page": {"url": "https://shop.example/", "title": "", "referrer": ""}, "resume": null});
    stalled.send(Message::text(hello.to_string())).await.expect("sent");
    stalled.next().await.expect("a welcome").expect("a frame");
    assert_eq!(figure(&demo, "papo_sockets{kind=\"visitor\"}").await, 2.0);
    let long = "𝄞".repeat(9_000);
    for number in 0..200 {
        agent.says(&chat, &format!("{number} {long}")).await;
    }
    visitor.sees(&format!("199 {long}")).await;
    assert_eq!(visitor.messages().len(), 201, "who reads has everything");
    eventually("the stalled one is gone", async || (figure(&demo, "papo_sockets{kind=\"visitor\"}").await == 1.0).then_some(())).await;
}

#[tokio::test]
async fn everybody_comes_back_at_once_after_a_restart_and_finds_everything() {
    let folder = tempdir().expect("a folder");
    let mut demo = Demo::starts_in(folder.path(), &[]);
    let guests = 300_u16;
    let (mut known, mut open): (Vec<(Value, Value)>, Vec<_>) = (Vec::new(), Vec::new());
    for number in 0..guests {
        let mut socket = upgrades(&demo, number).await;
        let welcome = greets(&demo, &mut socket, Value::Null).await;
        let token = welcome["token"].clone();
        if number % 10 == 0 {
            let request = json!({"type": "request", "client_id": "r", "department_id": null, "name": "Ana", "email": "ana@example.com", "phone": null,
                "fields": {}, "message": format!("sou {number}"), "consent": {"version": 1, "marketing": false}, "previous_chat_id": null});
            socket.send(Message::text(request.to_string())).await.expect("sent");
            let ack = answer(&mut socket, |frame| frame["client_id"] == "r").await;
            known.push((token, ack["chat_id"].clone()));
        } else {
            known.push((token, Value::Null));
        }
        // Whoever goes gives up a place in the queue after a while.
        open.push(socket);
    }
    demo.dies();
    demo = Demo::starts_in(folder.path(), &[]);
    let back = join_all((0_u16..).zip(&known).map(|(number, (token, _))| returns(&demo, number, token.clone()))).await;
    for ((_, chat), (_, before)) in back.iter().zip(&known) {
        assert_eq!(chat, before, "each finds its own chat, or none");
    }
}

/// Connects and says hello; gives the token and the open chat's id.
async fn returns(demo: &Demo, number: u16, token: Value) -> (Value, Value) {
    let mut socket = upgrades(demo, number).await;
    let welcome = greets(demo, &mut socket, token.clone()).await;
    let token = if welcome["token"].is_string() { welcome["token"].clone() } else { token };
    (token, welcome["chat"]["id"].clone())
}

async fn greets(demo: &Demo, socket: &mut WebSocketStream<TcpStream>, token: Value) -> Value {
    let mut hello = json!({"type": "hello", "protocol": 1, "site": demo.fact("site_key"), "token": token, "locale": "pt-BR",
        "timezone": "America/Recife", "page": {"url": "https://shop.example/", "title": "", "referrer": ""}, "resume": null});
    socket.send(Message::text(hello.to_string())).await.expect("sent");
    let is_answer = |frame: &Value| frame["type"] == "welcome" || frame["code"] == "token_unknown";
    let welcome = answer(socket, is_answer).await;
    if welcome["type"] == "welcome" {
        return welcome;
    }
    // Who never asked was never stored: they begin anew.
    hello["token"] = Value::Null;
    socket.send(Message::text(hello.to_string())).await.expect("sent");
    answer(socket, is_answer).await
}

async fn answer(socket: &mut WebSocketStream<TcpStream>, fits: impl Fn(&Value) -> bool) -> Value {
    let search = async {
        loop {
            if let Message::Text(text) = socket.next().await.expect("an open socket").expect("a frame") {
                let frame: Value = serde_json::from_str(&text).expect("JSON");
                if fits(&frame) {
                    return frame;
                }
                assert_ne!(frame["type"], "error", "{frame}");
            }
        }
    };
    tokio::time::timeout(CEILING, search).await.expect("an answer")
}
