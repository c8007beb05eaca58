//! A chat's life between a visitor and the agents, over sockets.

use serde_json::json;

use crate::support::demo::Demo;

#[tokio::test]
async fn a_chat_goes_from_the_first_word_to_the_rating() {
    let demo = Demo::starts();
    let (mut visitor, mut agent, chat) = demo.chat("oi").await;
    visitor.sees_that("started").await;
    agent.says(&chat, "olá, em que posso ajudar?").await;
    visitor.sees("olá, em que posso ajudar?").await;
    visitor.says("meu pedido não chegou").await;
    agent.sees("meu pedido não chegou").await;
    agent.notes(&chat, "cliente antigo").await;
    agent.tags(&chat, &["troca", "frete"]).await;
    visitor.shares_location().await;
    agent.sees_that(&chat, "located").await;
    visitor.finishes().await;
    agent.sees_that(&chat, "finished").await;
    visitor.rates(5, "ótimo").await;
    agent.sees_that(&chat, "rated").await;

    visitor.socket.settle().await;
    let entries = agent.opens(&chat).await["entries"].as_array().cloned().expect("entries");
    let kinds: Vec<_> =
        entries.iter().filter_map(|entry| entry["type"].as_str()).filter(|kind| !["called", "offered"].contains(kind)).collect();
    assert_eq!(kinds, ["requested", "message", "started", "message", "message", "note", "tagged", "located", "finished", "rated"]);
    let seqs: Vec<_> = entries.iter().filter_map(|entry| entry["seq"].as_u64()).collect();
    assert!(seqs.iter().zip(1..).all(|(seq, place)| *seq == place), "the timeline is dense: {seqs:?}");
    let told = |kind| visitor.entries.iter().any(|entry| entry["type"] == kind);
    assert!(!told("note") && !told("tagged"), "notes and tags are not for the visitor");
}

#[tokio::test]
async fn of_two_agents_who_accept_at_once_one_wins_and_the_other_is_told_who_did() {
    let demo = Demo::starts();
    let (mut visitor, mut one) = (demo.visitor().await, demo.agent(0).await);
    let mut other = one.opens_second_tab().await;
    one.comes_online().await;
    let (one_name, chat) = (one.welcome["agent"]["name"].clone(), visitor.asks("oi").await);
    let mut colleague = demo.colleague_of(&one).await;
    colleague.comes_online().await;

    let accept = json!({"type": "accept", "chat_id": chat});
    let (first, second) = tokio::join!(one.tries(accept.clone()), colleague.tries(accept.clone()));
    let (won, lost) = if first["type"] == "ack" { (&first, &second) } else { (&second, &first) };
    assert_eq!((&won["type"], &lost["code"]), (&json!("ack"), &json!("already_taken")), "{first} {second}");
    let winner = if first["type"] == "ack" { one_name } else { colleague.welcome["agent"]["name"].clone() };
    assert!(lost["message"].as_str().is_some_and(|text| text.contains(winner.as_str().expect("a name"))), "{lost} names {winner}");
    let started = visitor.sees_that("started").await;
    assert_eq!(started["data"]["agent"]["name"], winner);
    let again = other.tries(accept).await;
    assert_eq!(again["type"] == "ack", first["type"] == "ack", "what is already true succeeds, for its agent alone: {again}");
}

#[tokio::test]
async fn a_message_that_comes_after_the_end_is_refused_and_keeps_its_text() {
    let demo = Demo::starts();
    let (mut visitor, mut agent, chat) = demo.chat("oi").await;
    agent.finishes(&chat).await;

    let answer = visitor.tries(json!({"type": "message", "body": "só mais uma coisa"})).await;
    assert_eq!(answer["code"], "chat_finished", "{answer}");
    let refused = agent.tries(json!({"type": "message", "chat_id": chat, "body": "até logo"})).await;
    assert_eq!(refused["code"], "chat_finished", "{refused}");
    let next = visitor.asks("só mais uma coisa").await;
    assert_ne!(next, chat, "a new chat begins with the kept text");
}

#[tokio::test]
async fn a_visitor_who_leaves_the_queue_abandons_the_chat() {
    let demo = Demo::starts();
    let (mut visitor, mut agent) = (demo.visitor().await, demo.agent(0).await);
    let chat = visitor.asks("oi").await;
    visitor.leaves().await;

    let entry = visitor.sees_that("abandoned").await;
    assert_eq!(entry["data"]["reason"], "left");
    assert_eq!(entry["data"]["queue_position"], 1);
    let late = agent.tries(json!({"type": "accept", "chat_id": chat})).await;
    assert_eq!(late["code"], "chat_finished", "{late}");
}

#[tokio::test]
async fn a_second_request_of_a_visitor_answers_with_the_open_chat() {
    let demo = Demo::starts();
    let mut visitor = demo.visitor().await;
    let chat = visitor.asks("oi").await;
    let again = visitor.tries(json!({"type": "request", "name": "Ana", "email": "ana@example.com", "fields": {}, "message": "oi?", "consent": {"version": 1, "marketing": false}})).await;
    assert_eq!((&again["chat_id"], &again["repeated"]), (&json!(chat), &json!(true)), "{again}");
}
