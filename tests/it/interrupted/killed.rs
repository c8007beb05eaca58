//! The program itself, killed in the middle of several chats, and the people who were there: each goes on where they were.

use serde_json::json;
use tempfile::tempdir;

use crate::support::agent::Agent;
use crate::support::demo::Demo;
use crate::support::visitor::{Absent, Visitor};

/// A visitor whose request the agent took.
async fn answered(demo: &Demo, agent: &mut Agent) -> (Visitor, String) {
    let mut visitor = demo.visitor().await;
    let chat = visitor.asks("oi").await;
    agent.accepts(&chat).await;
    agent.says(&chat, "olá").await;
    visitor.sees("olá").await;
    (visitor, chat)
}

async fn back(absent: Absent, demo: &Demo) -> Visitor {
    absent.returns_to(demo.fact("ws_visitor_url")).await
}

#[tokio::test]
async fn after_a_kill_every_chat_goes_on_in_its_state_and_tells_each_step_once() {
    let folder = tempdir().expect("a folder");
    let demo = Demo::starts_in(folder.path(), &[]);
    let (mut agent, colleague) = (demo.agent_online(0).await, demo.agent_online(2).await);
    let (first, talking) = answered(&demo, &mut agent).await;
    let (second, handed_over) = answered(&demo, &mut agent).await;
    agent.hands_to_department(&handed_over, "Trocas").await;
    let (mut third, ended) = answered(&demo, &mut agent).await;
    third.finishes().await;
    let mut fourth = demo.visitor().await;
    let left = fourth.asks("oi").await;
    fourth.leaves().await;
    let mut fifth = demo.visitor().await;
    let waiting = fifth.asks("oi").await;
    let away = [first, second, third, fourth, fifth].map(Visitor::vanishes);
    demo.dies();

    let demo = Demo::starts_in(folder.path(), &[]);
    let (mut agent, mut colleague) = (
        agent.returns_to(&demo.http(), demo.fact("ws_agent_url")).await,
        colleague.returns_to(&demo.http(), demo.fact("ws_agent_url")).await,
    );
    let [first, second, third, fourth, fifth] = away;
    let (mut first, second, mut third) = (back(first, &demo).await, back(second, &demo).await, back(third, &demo).await);
    let (mut fourth, fifth) = (back(fourth, &demo).await, back(fifth, &demo).await);
    let state = |visitor: &Visitor| visitor.welcome["chat"]["state"].clone();
    assert_eq!(
        [&first, &second, &third, &fourth, &fifth].map(state),
        [json!("active"), json!("waiting"), json!("finished"), json!("abandoned"), json!("waiting")]
    );
    assert_eq!([&second, &fifth].map(|visitor| visitor.welcome["queue"]["position"].clone()), [json!(1), json!(1)], "of their departments");

    first.says("continuo aqui").await;
    agent.sees("continuo aqui").await;
    agent.finishes(&talking).await;
    colleague.accepts(&handed_over).await;
    third.rates(5, "ótimo").await;
    let next = fourth.asks("de novo").await;
    agent.accepts(&waiting).await;

    let taken = ["chat.requested", "message.created", "chat.started", "message.created"];
    let told = async |chat: &str, rest: &[&str]| assert_eq!(demo.events_of(chat).await, [taken.as_slice(), rest].concat(), "{chat}");
    told(&talking, &["message.created", "chat.finished"]).await;
    told(&handed_over, &["chat.transferred", "chat.started"]).await;
    told(&ended, &["chat.finished", "chat.rated"]).await;
    assert_eq!(demo.events_of(&waiting).await, &taken[..3]);
    assert_eq!(demo.events_of(&left).await, ["chat.requested", "message.created", "chat.abandoned"]);
    assert_eq!(demo.events_of(&next).await, &taken[..2]);
}
