//! Where the system's descriptors end: who comes is told, who is there goes on, webhooks go out, and who leaves makes room.

use std::collections::HashSet;

use serde_json::{Value, json};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Error;

use super::crowd::{Line, connects, greets};
use crate::support::agent::Agent;
use crate::support::demo::{Demo, OPENED};
use crate::support::eventually;
use crate::support::visitor::Visitor;
use crate::webhooks::receiver::{Answer, Receiver};

/// What a shell of old allows.
const DESCRIPTORS: u32 = 256;
/// Endpoints that never answer. Each gets a message of each chat at once, as far as its eight places go.
const HANGING: usize = 12;
const CHATS: usize = 8;
/// Visitors beyond what may be.
const GUESTS: u16 = 250;

fn open_in(demo: &Demo) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", demo.pid())).expect("it runs").count()
}

async fn hears_of_messages(demo: &Demo, url: &str) {
    demo.tells_api("/endpoints", &json!({"url": url, "plain_http_accepted": true, "events": ["message.created"]})).await;
}

/// Chats with one agent and another for every second one, who may have six each.
async fn chats(demo: &Demo) -> (Vec<(Visitor, String)>, [Agent; 2]) {
    let mut agents = [demo.agent_online(0).await, demo.agent_online(1).await];
    let mut chats = Vec::new();
    for number in 0..CHATS {
        let mut visitor = demo.visitor().await;
        let chat = visitor.asks(&format!("sou {number}")).await;
        agents[number % 2].accepts(&chat).await;
        chats.push((visitor, chat));
    }
    (chats, agents)
}

async fn hears(receiver: &Receiver, word: &str) {
    let has = |body: &Value| body.to_string().contains(word);
    eventually(word, async || receiver.posts().iter().any(|post| has(&post.json())).then_some(())).await;
}

/// As many visitors' sockets as are let in, and the refusal of the first that is not.
async fn fill(demo: &Demo) -> (Vec<Line>, tokio_tungstenite::tungstenite::http::Response<Option<Vec<u8>>>) {
    let mut inside = Vec::new();
    for number in 0..GUESTS {
        match client_async(demo.fact("ws_visitor_url"), connects(demo, number).await).await {
            Ok((mut line, _)) => {
                greets(demo, &mut line, Value::Null).await;
                inside.push(line);
            }
            Err(Error::Http(refused)) => return (inside, *refused),
            Err(error) => panic!("{error}"),
        }
    }
    panic!("{GUESTS} came in where there are {DESCRIPTORS} descriptors");
}

#[tokio::test]
async fn where_descriptors_end_who_comes_is_told_and_who_is_there_goes_on() {
    let demo = Demo::starts_within(DESCRIPTORS, &[OPENED]);
    println!("{} descriptors at rest", open_in(&demo));
    let (good, hanging) = (Receiver::opens(), Receiver::opens());
    hanging.answers_always(Answer::Hang);
    hears_of_messages(&demo, &good.url()).await;
    for number in 0..HANGING {
        hears_of_messages(&demo, &format!("http://{}/{number}", hanging.address)).await;
    }
    let (mut chats, mut agents) = chats(&demo).await;
    for (number, (visitor, _)) in chats.iter_mut().enumerate() {
        visitor.says(&format!("antes {number}")).await;
        hears(&good, &format!("antes {number}")).await;
    }
    // Each endpoint that hangs has at least one under way.
    let busy = async || hanging.posts().iter().map(|post| post.target.clone()).collect::<HashSet<_>>().len() == HANGING;
    eventually("every endpoint hangs", async || busy().await.then_some(())).await;

    let (mut inside, refused) = fill(&demo).await;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().get("retry-after").is_some_and(|seconds| seconds.to_str().is_ok_and(|text| text.parse::<u32>().is_ok())));
    println!("{} sockets came in, {} descriptors", inside.len(), open_in(&demo));
    assert!(inside.len() >= 40, "there is room for some: {}", inside.len());
    // Whoever doesn't even ask takes what is left, and a place in the line.
    let mut silent = Vec::new();
    for number in 0..GUESTS {
        silent.push(connects(&demo, 1_000 + number).await);
    }
    for (number, (visitor, _)) in chats.iter_mut().enumerate() {
        visitor.talks_with(&mut agents[number % 2], number).await;
        hears(&good, &format!("pergunta {number}")).await;
    }
    println!("{} descriptors beside silent ones", open_in(&demo));
    assert!(open_in(&demo) < usize::try_from(DESCRIPTORS).expect("few"), "there is a reserve");
    assert!(!demo.log().contains("Too many open files"), "and nothing met the end");

    // Who leaves makes room.
    inside.truncate(10);
    drop(silent);
    let mut newcomer = eventually("a newcomer is let in", async || {
        client_async(demo.fact("ws_visitor_url"), connects(&demo, 2_000).await).await.ok().map(|(line, _)| line)
    })
    .await;
    greets(&demo, &mut newcomer, Value::Null).await;
    for (number, (visitor, chat)) in chats.iter().enumerate() {
        assert_eq!(demo.said_in(chat).await, visitor.messages(), "chat {number}");
    }
    assert_eq!(demo.http().get("/readyz", &[]).await.status, 200);
}

#[tokio::test]
async fn where_there_is_no_descriptor_at_all_nobody_spins_and_chats_go_on() {
    let demo = Demo::starts();
    let (mut visitor, mut agent, chat) = demo.chat("oi").await;
    visitor.says("antes").await;
    let pid = i32::try_from(demo.pid()).expect("a process");
    let (mut soft, mut hard) = (0, 0);
    rlimit::prlimit(pid, rlimit::Resource::NOFILE, None, Some((&mut soft, &mut hard))).expect("its limit");
    // As if others had taken all that the system has.
    rlimit::prlimit(pid, rlimit::Resource::NOFILE, Some((3, hard)), None).expect("a lower limit");
    let mut waiting = Vec::new();
    for number in 0..50 {
        waiting.push(connects(&demo, number).await);
    }
    let turns = 50;
    for turn in 0..turns {
        visitor.talks_with(&mut agent, turn).await;
    }
    let tries = demo.log().matches("Too many open files").count();
    assert!((1..turns).contains(&tries), "it was met, and not again and again: {tries}");
    rlimit::prlimit(pid, rlimit::Resource::NOFILE, Some((soft, hard)), None).expect("the limit as before");
    assert_eq!(demo.http().get("/readyz", &[]).await.status, 200, "who waits is let in");
    assert_eq!(demo.said_in(&chat).await, visitor.messages());
}
