//! Nothing is lost and nothing is doubled: lines are cut, tabs come and go, commands are sent again.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tempfile::tempdir;
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::support::cut::Line;
use crate::support::demo::Demo;
use crate::support::eventually;
use crate::support::stubborn::StubbornVisitor;
use crate::support::visitor::hello;

/// The script that is cut at each of its frames.
async fn talk(demo: &Demo, agent: &mut crate::support::agent::Agent, cut_before: usize) -> usize {
    let line = Line::to(demo.fact("ws_visitor_url"), cut_before).await;
    let mut visitor = StubbornVisitor::opens(line.url(), demo.fact("site_key")).await;
    let chat = visitor.asks("um").await;
    agent.accepts(&chat).await;
    visitor.sees_that("started").await;
    visitor.says("dois").await;
    agent.says(&chat, "três").await;
    visitor.sees("três").await;
    visitor.says("quatro").await;
    visitor.says("cinco").await;
    agent.says(&chat, "seis").await;
    visitor.sees("seis").await;
    visitor.insists(json!({"type": "finish", "chat_id": chat})).await;
    visitor.sees_that("finished").await;

    let said = ["um", "dois", "três", "quatro", "cinco", "seis"];
    assert_eq!(visitor.now().messages(), said, "the visitor's timeline, cut before frame {cut_before}");
    let entries = agent.opens(&chat).await["entries"].as_array().cloned().unwrap_or_default();
    let stored: Vec<_> = entries.iter().filter(|entry| entry["type"] == "message").map(|entry| entry["data"]["body"].clone()).collect();
    assert_eq!(stored, said, "the stored timeline, cut before frame {cut_before}");
    assert_eq!(visitor.cuts, usize::from(cut_before <= line.frames()), "the line was cut once");
    line.frames()
}

#[tokio::test]
async fn a_line_cut_at_any_frame_loses_and_doubles_nothing() {
    let demo = Demo::starts();
    let mut agent = demo.agent_online(0).await;
    let frames = talk(&demo, &mut agent, usize::MAX).await;
    assert!(frames > 12, "the script has commands and answers: {frames}");
    for cut_before in 1..=frames {
        talk(&demo, &mut agent, cut_before).await;
    }
}

#[tokio::test]
async fn a_command_sent_twice_acts_once_and_is_acknowledged_twice() {
    let demo = Demo::starts();
    let mut visitor = demo.visitor().await;
    let request = json!({"type": "request", "client_id": "r-1", "name": "Ana", "email": "ana@example.com", "fields": {}, "message": "oi", "consent": {"version": 1, "marketing": false}});
    let first = visitor.tries(request.clone()).await;
    let again = visitor.tries(request).await;
    assert_eq!((&again["chat_id"], &again["repeated"]), (&first["chat_id"], &json!(true)), "{again}");
    visitor.chat = first["chat_id"].as_str().map(str::to_owned);

    let message = json!({"type": "message", "client_id": "m-1", "body": "alguém aí?"});
    let first = visitor.tries(message.clone()).await;
    let mut visitor = visitor.vanishes().returns().await;
    let again = visitor.tries(message).await;
    assert_eq!((&first["type"], &again["type"], &again["repeated"]), (&json!("ack"), &json!("ack"), &json!(true)), "{again}");
    assert_eq!(first["seq"], again["seq"], "the same entry is acknowledged");
    assert_eq!(visitor.messages(), ["oi", "alguém aí?"]);

    let other = visitor.tries(json!({"type": "message", "client_id": "m-1", "body": "outra coisa"})).await;
    assert_eq!(other["code"], "client_id_reused", "{other}");
}

#[tokio::test]
async fn two_tabs_of_a_visitor_show_the_same_chat() {
    let demo = Demo::starts();
    let mut one = demo.visitor().await;
    let first = one.asks("primeira").await;
    one.leaves().await;
    let mut other = one.opens_second_tab().await;
    let chat = one.asks("oi").await;
    assert_ne!(chat, first);
    let shown =
        other.socket.first("the chat in the other tab", |frame| frame["type"] == "chat" && frame["chat"]["id"] == json!(chat)).await;
    other.turns_to(&chat, &shown["entries"]);
    other.says("da outra aba").await;
    one.sees("da outra aba").await;
    one.says("e desta").await;
    other.sees("e desta").await;
    one.sees("e desta").await;
    assert_eq!(one.messages(), other.messages());
    let third = one.opens_second_tab().await;
    assert_eq!(third.messages(), ["oi", "da outra aba", "e desta"], "a new tab gets all");
}

#[tokio::test]
async fn what_was_said_while_a_visitor_was_away_comes_with_the_resume() {
    let demo = Demo::starts();
    let (mut visitor, mut agent, chat) = demo.chat("oi").await;
    visitor.sees_that("started").await;
    let seen = visitor.last_seq();
    let away = visitor.vanishes();
    agent.says(&chat, "já volto").await;
    agent.notes(&chat, "consultar o estoque").await;
    agent.says(&chat, "voltei").await;
    let visitor = away.returns().await;
    let news: Vec<_> = visitor.welcome["entries"].as_array().into_iter().flatten().filter_map(|entry| entry["seq"].as_u64()).collect();
    assert!(news.iter().all(|seq| *seq > seen), "only what is new: {news:?} after {seen}");
    assert_eq!(visitor.messages(), ["oi", "já volto", "voltei"]);
}

#[tokio::test]
async fn an_agent_whose_line_was_cut_finds_the_chats_again() {
    let demo = Demo::starts();
    let (mut visitor, mut agent, chat) = demo.chat("oi").await;
    let seen = agent.says(&chat, "olá").await;
    let mut agent = agent.returns().await;
    visitor.says("enquanto isso").await;
    let own = agent.welcome["chats"].as_array().cloned().unwrap_or_default();
    assert!(own.iter().any(|one| one["id"] == json!(chat)), "{own:?}");
    let news = agent.tries(json!({"type": "open", "chat_id": chat, "after": seen})).await;
    let bodies: Vec<_> = news["entries"].as_array().into_iter().flatten().map(|entry| entry["data"]["body"].clone()).collect();
    assert_eq!(bodies, ["enquanto isso"], "only what is new");
    visitor.sees("olá").await;
}

#[tokio::test]
async fn a_kill_in_the_middle_keeps_everything_that_was_acknowledged() {
    let folder = tempdir().expect("a folder");
    let demo = Demo::starts_in(folder.path(), &[]);
    let (mut visitor, mut agent, chat) = demo.chat("oi").await;
    visitor.sees_that("started").await;
    let mut said = vec!["oi".to_owned()];
    for number in 0..20 {
        let text = format!("mensagem {number}");
        if number % 2 == 0 {
            visitor.says(&text).await
        } else {
            agent.says(&chat, &text).await
        };
        said.push(text);
    }
    let away = visitor.vanishes();
    demo.dies();

    let demo = Demo::starts_in(folder.path(), &[]);
    let visitor = away.returns_to(demo.fact("ws_visitor_url")).await;
    assert_eq!(visitor.messages(), said, "after the kill");
    assert_eq!(visitor.welcome["chat"]["state"], "active", "the server's own absence ends nothing");
    let mut agent = demo.agent(0).await;
    let state = agent.opens(&chat).await;
    assert_eq!(state["chat"]["state"], "active");
    agent.says(&chat, "seguimos").await;
    assert_eq!(demo.stops(), Some(0), "a stop on request is no failure");
}

#[tokio::test]
async fn a_stop_tells_the_sockets_to_come_back() {
    let demo = Demo::starts();
    let mut visitor = demo.visitor().await;
    visitor.asks("oi").await;
    let stopping = std::thread::spawn(move || demo.stops());
    let last = visitor.socket.first("going_away", |frame| frame["type"] == "going_away").await;
    assert!(last["reconnect_in_ms"].is_u64(), "{last}");
    assert_eq!(visitor.socket.end().await, Some(1012));
    assert_eq!(stopping.join().expect("no panic"), Some(0));
}

#[tokio::test]
async fn whoever_is_told_to_come_back_does_not_find_the_process_that_stops() {
    let demo = Demo::starts();
    let mut visitor = demo.visitor().await;
    visitor.asks("oi").await;
    // What has a connection and asks nothing yet holds the end up for a while.
    let early = TcpStream::connect(demo.http().authority()).await.expect("a connection");
    demo.is_asked_to_stop();
    assert_eq!(visitor.socket.end().await, Some(1012));
    eventually("the port is closed", async || TcpStream::connect(demo.http().authority()).await.is_err().then_some(())).await;
    if let Ok((mut line, _)) = client_async(demo.fact("ws_visitor_url"), early).await {
        let hello = hello(demo.fact("site_key"), &json!(visitor.token), &Value::Null);
        drop(line.send(Message::text(hello.to_string())).await);
        while let Some(Ok(frame)) = line.next().await {
            assert!(!frame.to_text().unwrap_or_default().contains("welcome"), "{frame}");
        }
    }
    assert_eq!(demo.stops(), Some(0));
}

#[tokio::test]
async fn the_visitors_view_never_holds_what_is_for_agents() {
    let demo = Demo::starts();
    let (mut visitor, mut agent, chat) = demo.chat("oi").await;
    agent.notes(&chat, "SEGREDO").await;
    agent.says(&chat, "pronto").await;
    visitor.sees("pronto").await;
    visitor.socket.settle().await;
    let all = json!([visitor.socket.leftovers(), visitor.entries, visitor.vanishes().returns().await.welcome]).to_string();
    assert!(!all.contains("SEGREDO"), "{all}");
    let email = agent.welcome["agent"]["email"].as_str().expect("an e-mail").to_owned();
    assert!(!all.contains(&email), "an agent's e-mail is not for visitors");
    let kinds = |value: &Value| ["note", "called", "offered", "tagged"].iter().any(|kind| value["type"] == *kind);
    assert!(!serde_json::from_str::<Value>(&all).expect("JSON")[1].as_array().expect("entries").iter().any(kinds));
}
