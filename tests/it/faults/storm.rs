//! Chats in bad weather, with a server that is killed now and then: both sides end with the same timeline.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::tempdir;
use tokio::sync::Semaphore;

use super::roamer::{Roamer, bodies};
use super::weather::Weather;
use crate::support::CEILING;
use crate::support::demo::Demo;
use crate::support::visitor::{hello, request};

/// Chats of the bounded run; `PAPO_TEST_CHATS` says how many else (1,000 in the full one).
const CHATS: usize = 60;
/// Visitors at a time for each agent, who may have six.
const AT_ONCE: usize = 5;
/// Times that the server goes: by `kill -9`, and every second time by SIGTERM, in the middle of everything.
const KILLS: usize = 3;

/// Who says what in a chat.
fn script(number: usize) -> [String; 3] {
    ["primeira", "segunda", "terceira"].map(|word| format!("{word} de {number}"))
}

/// A visitor's whole chat; gives its id and timeline as the visitor has it.
async fn visits(url: String, site: String, department: String, number: usize) -> (String, Vec<String>, usize) {
    let mut visitor = Roamer::new(url, hello(&site, &Value::Null, &Value::Null));
    let [first, rest @ ..] = script(number);
    visitor.connects().await;
    let departments = visitor.welcome["departments"].as_array().expect("departments");
    let department = departments.iter().find(|found| found["name"] == department).expect("the agent's")["id"].clone();
    let mut request = request(&first);
    request["department_id"] = department;
    let asked = visitor.command(request).await;
    let chat = asked["chat_id"].as_str().unwrap_or_else(|| panic!("refused: {asked}")).to_owned();
    visitor.follows(&chat);
    for body in [None].into_iter().chain(rest.iter().map(Some)) {
        let said = body.unwrap_or(&first).clone();
        if let Some(body) = body {
            let answer = visitor.command(json!({"type": "message", "chat_id": chat, "body": body})).await;
            assert_eq!(answer["type"], "ack", "{answer}");
        }
        let echo = format!("eco: {said}");
        while !visitor.chats.get(&chat).is_some_and(|timeline| bodies(timeline).contains(&echo)) {
            visitor.listens().await;
        }
    }
    for command in [json!({"type": "finish", "chat_id": chat}), json!({"type": "rate", "chat_id": chat, "score": 5, "comment": null})] {
        let answer = visitor.command(command).await;
        assert_eq!(answer["type"], "ack", "{answer}");
    }
    let known = visitor.chats.get(&chat).cloned().unwrap_or_default();
    (chat, bodies(&known), visitor.lost)
}

/// An agent who takes every chat and says every message back, once, until told to stop.
async fn answers(mut agent: Roamer, done: Arc<AtomicBool>) -> Roamer {
    let mut echoed = std::collections::HashSet::new();
    let mut caught_up = usize::MAX;
    agent.command(json!({"type": "availability", "state": "online", "reason": null})).await;
    while !done.load(Ordering::Acquire) {
        // A line that is lost further down was not yet caught up with for the chats before.
        let lost = agent.lost;
        let open: Vec<(String, Value)> = agent.views.iter().map(|(id, view)| (id.clone(), view.clone())).collect();
        for (chat, view) in open {
            match view["state"].as_str() {
                Some("waiting") => drop(agent.command(json!({"type": "accept", "chat_id": chat})).await),
                Some("active") => {}
                _ => {
                    agent.views.remove(&chat);
                    continue;
                }
            }
            // After a lost line, and where entries came with a gap, `open` brings what is missing.
            let last = agent.chats.get(&chat).and_then(|timeline| timeline.keys().last().copied()).unwrap_or(0);
            if caught_up != agent.lost || agent.seq(&chat) < last || last == 0 {
                agent.command(json!({"type": "open", "chat_id": chat, "after": agent.seq(&chat)})).await;
            }
            let said: Vec<Value> = agent.chats.get(&chat).into_iter().flat_map(|timeline| timeline.values()).cloned().collect();
            for entry in said.iter().filter(|entry| entry["type"] == "message" && entry["by"]["kind"] == "visitor") {
                let id = entry["id"].as_str().unwrap_or_default().to_owned();
                if echoed.contains(&id) {
                    continue;
                }
                let echo = format!("eco: {}", entry["data"]["body"].as_str().unwrap_or_default());
                let answer =
                    agent.command(json!({"type": "message", "chat_id": chat, "body": echo, "client_id": format!("eco-{id}")})).await;
                if answer["type"] == "ack" {
                    echoed.insert(id);
                }
            }
        }
        caught_up = lost;
        agent.listens().await;
    }
    agent
}

async fn token(demo: &Demo, at: usize) -> Value {
    let account = &demo.facts["agents"][at];
    let credentials = json!({"email": account["email"], "password": account["password"]});
    let answer = demo.http().post_json("/api/v1/sessions", &[], &credentials).await;
    answer.json()["token"].clone()
}

/// Waits until so many chats have ended; false where none did for long.
async fn have_ended(ended: &AtomicUsize, wanted: usize) -> bool {
    let mut progress = (0, Instant::now());
    while ended.load(Ordering::Acquire) < wanted {
        if ended.load(Ordering::Acquire) > progress.0 {
            progress = (ended.load(Ordering::Acquire), Instant::now());
        }
        if progress.1.elapsed() > CEILING * 8 {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    true
}

#[tokio::test]
async fn chats_on_bad_lines_with_a_server_that_is_killed_lose_double_and_misorder_nothing() {
    let chats = std::env::var("PAPO_TEST_CHATS").ok().and_then(|text| text.parse().ok()).unwrap_or(CHATS);
    let seed = std::env::var("PAPO_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(rand::random);
    println!("seed {seed}");
    let folder = tempdir().expect("a folder");
    let mut demo = Demo::starts_in(folder.path(), &[]);
    let weather = Weather::starts(seed).await;
    weather.leads_to(Some(demo.fact("base_url")));
    let (site, done) = (demo.fact("site_key").to_owned(), Arc::new(AtomicBool::new(false)));
    let mut agents = Vec::new();
    let accounts = demo.facts["agents"].as_array().expect("accounts").clone();
    for at in 0..accounts.len() {
        let hello = json!({"type": "hello", "protocol": 1, "token": token(&demo, at).await});
        agents.push(tokio::spawn(answers(Roamer::new(weather.through("/ws/agent"), hello), Arc::clone(&done))));
    }
    let (turns, ended) = (Arc::new(Semaphore::new(AT_ONCE * accounts.len())), Arc::new(AtomicUsize::new(0)));
    let visitors: Vec<_> = (0..chats)
        .map(|number| {
            let (url, site, turns, ended) = (weather.through("/ws/visitor"), site.clone(), Arc::clone(&turns), Arc::clone(&ended));
            let department = accounts[number % accounts.len()]["department"].as_str().expect("a name").to_owned();
            tokio::spawn(async move {
                let _turn = turns.acquire().await.expect("open");
                let outcome = visits(url, site, department, number).await;
                ended.fetch_add(1, Ordering::AcqRel);
                outcome
            })
        })
        .collect();
    for kill in 1..=KILLS {
        assert!(have_ended(&ended, chats * kill / (KILLS + 1)).await, "stuck, seed {seed}");
        assert!(!agents.iter().any(tokio::task::JoinHandle::is_finished), "an agent gave up, seed {seed}");
        weather.leads_to(None);
        if kill % 2 == 0 {
            assert_eq!(demo.stops(), Some(0), "asked to stop, it ends in order under load");
        } else {
            demo.dies();
        }
        demo = Demo::starts_in(folder.path(), &[]);
        weather.leads_to(Some(demo.fact("base_url")));
    }
    let mut outcomes = Vec::new();
    for visitor in visitors {
        outcomes.push(tokio::time::timeout(CEILING * 8, visitor).await.unwrap_or_else(|_| panic!("stuck, seed {seed}")).expect("no panic"));
    }
    done.store(true, Ordering::Release);
    weather.calms_down();
    let mut of_agents = Vec::new();
    for agent in agents {
        of_agents.push(agent.await.expect("no panic"));
    }
    assert!(weather.harmed() > chats / 4 && outcomes.iter().any(|(.., lost)| *lost > 0), "the weather was bad: {}", weather.harmed());

    for (number, (chat, seen, _)) in outcomes.into_iter().enumerate() {
        let entries = demo.timeline_of(&chat).await;
        let stored: Vec<&str> =
            entries.iter().filter(|entry| entry["type"] == "message").filter_map(|entry| entry["data"]["body"].as_str()).collect();
        let expected: Vec<String> = script(number).into_iter().flat_map(|body| [body.clone(), format!("eco: {body}")]).collect();
        assert_eq!(stored, expected, "chat {number}, seed {seed}: everything once, in order");
        assert_eq!(seen, expected, "chat {number}, seed {seed}: what the visitor has");
        assert!(entries.iter().zip(1_u64..).all(|(entry, place)| entry["seq"] == place), "the timeline is dense");
        let agent = of_agents.iter().filter_map(|agent| agent.chats.get(&chat)).find(|timeline| bodies(timeline).len() == expected.len());
        assert_eq!(agent.map(bodies), Some(expected), "chat {number}, seed {seed}: what its agent has");
    }
}
