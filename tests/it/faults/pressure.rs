//! Many times more than it can do, from outside: its memory is bounded, who is refused is told when to come back, a running chat goes on, and afterwards
//! everything that was acknowledged is there.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio_tungstenite::tungstenite::Message;

use super::crowd::{AT_ONCE, Line, Peak, TURN, asks, connects, figure, greets, upgrades};
use super::disk::Fragile;
use crate::api::server::code;
use crate::support::agent::Agent;
use crate::support::demo::Demo;
use crate::support::socket::Socket;
use crate::support::visitor::Visitor;
use crate::support::{CEILING, eventually};

/// Clients who want something written, each one thing at a time: more than may wait (8,192) and be under way (256). A slow disk writes some 1,700 in a
/// second, so they are more than five seconds' work at once, and come again until they had their turn.
const ASKERS: u16 = 9_000;
/// Visitors who pour what their rate allows, and read nothing before they are through.
const POURERS: u16 = 200;
const POURED_EACH: usize = 50;
/// What each of them may cost the server: a connection's two buffers of 8 KiB; beside them the request with its answer, the job in the queue, and what is
/// read ahead of a socket, once more as much.
const BYTES_EACH_MAX: f64 = 36.0 * 1024.0;

/// How often clients were told to come back.
#[derive(Debug, Default)]
struct Told {
    requests: AtomicUsize,
    commands: AtomicUsize,
}

/// Asks whether the server can write until it says yes; waits as it is told.
async fn asks_until_ready(demo: &Demo, number: u16, doors: &Semaphore, told: &Told) {
    let head = format!("GET /readyz HTTP/1.1\r\nhost: {}\r\n\r\n", demo.http().authority());
    loop {
        let mut stream: TcpStream = {
            let _door = doors.acquire().await.expect("open");
            let mut stream = connects(demo, number).await;
            stream.write_all(head.as_bytes()).await.expect("taken");
            stream
        };
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("an answer");
        let answer = String::from_utf8_lossy(&answer).to_lowercase();
        if answer.starts_with("http/1.1 200") {
            return;
        }
        assert!(answer.starts_with("http/1.1 503"), "{answer}");
        told.requests.fetch_add(1, Ordering::AcqRel);
        let wait = answer.lines().find_map(|line| line.strip_prefix("retry-after: ")).and_then(|seconds| seconds.parse().ok());
        tokio::time::sleep(Duration::from_secs(wait.unwrap_or_else(|| panic!("no time to come back: {answer}")))).await;
    }
}

/// A visitor in a chat.
struct Pourer {
    line: Line,
    chat: String,
}

impl Pourer {
    async fn comes(demo: &Demo, number: u16) -> Self {
        let mut line = upgrades(demo, number).await;
        greets(demo, &mut line, Value::Null).await;
        let chat = asks(&mut line, "começo").await.as_str().expect("a chat").to_owned();
        Self { line, chat }
    }

    /// Sends everything when it is time, then reads; gives the chat and the bodies that were acknowledged.
    async fn pours(self, time: impl Future, told: &Told) -> (String, Vec<String>) {
        let Self { line, chat } = self;
        time.await;
        let (mut sink, mut stream) = line.split();
        let body = |number: usize| format!("gota {number} {}", "água ".repeat(200));
        for number in 0..POURED_EACH {
            let message = json!({"type": "message", "client_id": format!("{number}"), "chat_id": chat, "body": body(number).trim()});
            sink.feed(Message::text(message.to_string())).await.expect("taken");
        }
        sink.flush().await.expect("taken");
        let (mut acked, mut refused) = (Vec::new(), 0);
        while acked.len() + refused < POURED_EACH {
            let Message::Text(text) = stream.next().await.expect("an open socket").expect("a frame") else { continue };
            let frame: Value = serde_json::from_str(&text).expect("JSON");
            match frame["type"].as_str() {
                Some("ack") => {
                    let number = frame["client_id"].as_str().and_then(|id| id.parse().ok()).expect("a number");
                    acked.push(body(number).trim().to_owned());
                }
                Some("error") => {
                    assert_eq!(frame["code"], "overloaded", "{frame}");
                    assert!(frame["retry_after_ms"].as_u64().is_some_and(|ms| ms > 0), "{frame}");
                    refused += 1;
                    told.commands.fetch_add(1, Ordering::AcqRel);
                }
                _ => {}
            }
        }
        (chat, acked)
    }
}

/// Sends a command until it is acknowledged; waits as it is told.
async fn insists(socket: &mut Socket, command: &Value) {
    loop {
        let answer = socket.command(command.clone()).await;
        if answer["type"] == "ack" {
            return;
        }
        assert_eq!(answer["code"], "overloaded", "{answer}");
        tokio::time::sleep(Duration::from_millis(answer["retry_after_ms"].as_u64().expect("a time"))).await;
    }
}

fn message(chat: &str, body: &str) -> Value {
    json!({"type": "message", "client_id": uuid::Uuid::new_v4().to_string(), "chat_id": chat, "body": body})
}

/// A visitor and an agent who keep to what they are told.
async fn talk(visitor: &mut Visitor, agent: &mut Agent, chat: &str, turns: std::ops::Range<usize>) {
    for turn in turns {
        let (question, answer) = (format!("pergunta {turn}"), format!("resposta {turn}"));
        insists(&mut visitor.socket, &message(chat, &question)).await;
        agent.sees(&question).await;
        insists(&mut agent.socket, &message(chat, &answer)).await;
        visitor.sees(&answer).await;
    }
}

/// While nothing is written at all: the queue is full, and everybody is told so at once; reading goes on.
async fn refuses_clearly(demo: &Demo, visitor: &mut Visitor, agent: &mut Agent, chat: &str) {
    let refused = demo.http().get("/readyz", &[("accept", "application/json")]).await;
    assert_eq!(code(&refused), (503, "overloaded".to_owned()), "{}", refused.text());
    for answer in [visitor.tries(message(chat, "agora não")).await, agent.tries(message(chat, "agora não")).await] {
        assert_eq!(answer["code"], "overloaded", "{answer}");
        assert!(answer["retry_after_ms"].is_u64() && answer["message"].as_str().is_some_and(|text| text.len() > 20), "{answer}");
    }
    assert_eq!(demo.http().get("/healthz", &[]).await.status, 200);
    assert!(!demo.said_in(chat).await.is_empty(), "reading goes on");
}

#[tokio::test]
async fn many_times_what_it_can_do_is_refused_clearly_within_its_memory_and_loses_nothing() {
    let _turn = TURN.lock().await;
    let fragile = Fragile::starts();
    let demo = &fragile.demo;
    let (mut visitor, mut agent, chat) = demo.chat("oi").await;
    let pourers: Vec<Pourer> =
        futures_util::stream::iter((0..POURERS).map(|number| Pourer::comes(demo, ASKERS + number))).buffer_unordered(16).collect().await;
    let (mut before, mut peak, told) = (Peak::default(), Peak::default(), Told::default());
    before.look(demo).await;

    fragile.disk_is("b");
    let (doors, (full, is_full)) = (Semaphore::new(AT_ONCE), watch::channel(false));
    let pressed = async {
        let asking = join_all((0..ASKERS).map(|number| asks_until_ready(demo, number, &doors, &told)));
        // Every second one before the queue is full, the others then.
        let pouring = join_all(pourers.into_iter().enumerate().map(|(number, pourer)| {
            let mut is_full = is_full.clone();
            pourer.pours(async move { drop(is_full.wait_for(|full| *full || number % 2 == 0).await) }, &told)
        }));
        tokio::time::timeout(CEILING * 4, async { tokio::join!(asking, pouring).1 }).await.expect("everybody has a turn")
    };
    let chatting = async {
        eventually("as much waits as may", async || (figure(demo, "papo_writer_jobs_waiting").await >= 8_192.0).then_some(())).await;
        full.send_replace(true);
        refuses_clearly(demo, &mut visitor, &mut agent, &chat).await;
        eventually("commands are refused", async || (told.commands.load(Ordering::Acquire) > 0).then_some(())).await;
        fragile.disk_is("s");
        talk(&mut visitor, &mut agent, &chat, 0..3).await;
        fragile.disk_is("-");
        talk(&mut visitor, &mut agent, &chat, 3..6).await;
    };
    let (poured, ()) = peak.during(demo, async { tokio::join!(pressed, chatting) }).await;

    let clients = f64::from(ASKERS) + f64::from(POURERS);
    let cost = (peak.resident_bytes - before.resident_bytes) / clients;
    println!("{told:?} to come back, {cost:.0} bytes each, {before:?}, {peak:?}");
    assert!(cost < BYTES_EACH_MAX, "each costs {cost:.0} bytes: {before:?}, {peak:?}");
    assert!(peak.jobs_waiting >= 8_192.0 && told.requests.load(Ordering::Acquire) > 0);
    eventually("nothing waits", async || (figure(demo, "papo_writer_jobs_waiting").await == 0.0).then_some(())).await;
    visitor.says("e agora?").await;
    agent.sees("e agora?").await;
    assert_eq!(demo.http().get("/readyz", &[]).await.status, 200);

    let said: Vec<String> = (0..6).flat_map(|turn| [format!("pergunta {turn}"), format!("resposta {turn}")]).collect();
    let wanted = ["oi".to_owned()].into_iter().chain(said).chain(["e agora?".to_owned()]).collect::<Vec<_>>();
    assert_eq!(demo.said_in(&chat).await, wanted, "what was refused isn't there, what was acknowledged is, once");
    for (chat, acked) in poured {
        assert_eq!(demo.said_in(&chat).await.get(1..).unwrap_or_default(), acked, "exactly what was acknowledged, in order");
    }
}
