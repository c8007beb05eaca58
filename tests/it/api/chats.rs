//! Lists of chats, and acting on them.

use papo::domain::chat::command::{Actor, Command};
use papo::domain::text::Body;
use serde_json::{Value, json};

use super::server::{EVERY_SCOPE, Server, code, ids, refusal};

#[actix_web::test]
async fn a_list_goes_from_page_to_page_while_new_chats_come() {
    let server = Server::starts().await;
    let token = server.token(&["chats:read"]).await;
    let mut asked = Vec::new();
    for message in ["um", "dois", "três", "quatro", "cinco"] {
        asked.push(server.chat(message).await.to_string());
    }
    asked.reverse();
    let mut seen = Vec::new();
    let mut path = "/chats?limit=2".to_owned();
    loop {
        let page = server.get(&path, &token).await;
        seen.extend(ids(&page));
        server.clock.advance_ms(1000);
        server.chat("depois").await;
        let Some(cursor) = page.json()["next_cursor"].as_str().map(str::to_owned) else { break };
        path = format!("/chats?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, asked, "none twice, none left out");
}

#[actix_web::test]
async fn filters_narrow_a_list() {
    let server = Server::starts().await;
    let token = server.token(EVERY_SCOPE).await;
    let bia = server.agent("bia").await;
    let (first, second) = (server.chat("um").await, server.chat("dois").await);
    server.starts_chat(first, bia).await;
    let tag = server.store().create_tag("troca".to_owned(), server.by_admin()).await.expect("a tag");
    server.post(&format!("/chats/{second}/tags"), &token, json!({"tags": [tag.to_string()]})).await;
    let shown = server.get(&format!("/chats/{first}"), &token).await.json();
    let (visitor, protocol) = (shown["visitor"]["id"].as_str().expect("an id"), shown["protocol"].as_str().expect("a protocol"));
    for (filter, expected) in [
        ("state=active".to_owned(), vec![first]),
        ("state=missed".to_owned(), vec![]),
        (format!("tag_id={tag}"), vec![second]),
        (format!("agent_id={bia}"), vec![first]),
        (format!("visitor_id={visitor}"), vec![first]),
        (format!("protocol={protocol}"), vec![first]),
        (format!("department_id={}", server.department), vec![second, first]),
        ("requested_from=2026-11-22T12:00:00Z".to_owned(), vec![second, first]),
        ("requested_to=2026-11-22T09:00:00-03:00".to_owned(), vec![]),
    ] {
        let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
        assert_eq!(ids(&server.get(&format!("/chats?{filter}"), &token).await), expected, "{filter}");
    }
}

#[actix_web::test]
async fn a_timeline_shows_everything_in_order_notes_included() {
    let server = Server::starts().await;
    let token = server.token(&["chats:read"]).await;
    let bia = server.agent("bia").await;
    let chat = server.chat("oi").await;
    server.starts_chat(chat, bia).await;
    let note = Command::Note(Body::parse("cliente antiga").expect("a text"));
    server.store().execute(chat, Actor::Agent(bia), note, None).await.expect("a note");
    let whole = server.get(&format!("/chats/{chat}/timeline"), &token).await.json();
    let entries = whole["data"].as_array().expect("a list").clone();
    assert!(entries.iter().zip(1..).all(|(entry, seq)| entry["seq"] == seq), "{whole}");
    assert_eq!(entries.last().expect("some")["data"]["body"], "cliente antiga");
    let first = server.get(&format!("/chats/{chat}/timeline?limit=1&after=1"), &token).await.json();
    assert_eq!(first["data"], json!([entries[1]]));
    let cursor = first["next_cursor"].as_str().expect("more follows");
    let rest = server.get(&format!("/chats/{chat}/timeline?cursor={cursor}"), &token).await.json();
    assert_eq!(rest["data"], json!(entries[2..]));
}

async fn with_key(server: &Server, path: &str, token: &str, key: &str, body: Value) -> super::super::support::http::Answer {
    server.send("POST", path, token, &[("idempotency-key", key)], Some(body)).await
}

#[actix_web::test]
async fn a_command_sent_twice_under_one_key_acts_once() {
    let server = Server::starts().await;
    let token = server.token(&["chats:read", "chats:write"]).await;
    let tag = server.store().create_tag("troca".to_owned(), server.by_admin()).await.expect("a tag").to_string();
    let chat = server.chat("oi").await;
    let path = format!("/chats/{chat}/tags");
    let first = with_key(&server, &path, &token, "a1", json!({"tags": [tag]})).await.json();
    with_key(&server, &path, &token, "a2", json!({"tags": []})).await;
    let again = with_key(&server, &path, &token, "a1", json!({"tags": [tag]})).await.json();
    assert_eq!((&first["repeated"], &again["repeated"], &again["seq"]), (&json!(false), &json!(true), &first["seq"]));
    assert_eq!(server.get(&format!("/chats/{chat}"), &token).await.json()["tags"], json!([]), "the repetition changed nothing");
    assert_eq!(code(&with_key(&server, &path, &token, "a1", json!({"tags": []})).await), refusal(409, "client_id_reused"));
    for key in ["", "a b", &"k".repeat(65)] {
        let answer = with_key(&server, &path, &token, key, json!({"tags": []})).await;
        assert_eq!(code(&answer), refusal(422, "client_id_invalid"), "{key:?}");
    }
}

#[actix_web::test]
async fn a_token_hands_a_chat_over_and_finishes_it_in_its_own_name() {
    let server = Server::starts().await;
    let token = server.token(&["chats:read", "chats:write"]).await;
    let (bia, caio) = (server.agent("bia").await, server.agent("caio").await);
    let chat = server.chat("oi").await;
    let closure = format!("/chats/{chat}/closure");
    assert_eq!(code(&server.post(&closure, &token, json!({})).await), refusal(409, "chat_not_started"));
    server.starts_chat(chat, bia).await;
    let handed = server.post(&format!("/chats/{chat}/transfer"), &token, json!({"agent_id": caio.to_string(), "note": "vip"})).await;
    assert_eq!(handed.status, 200, "{}", handed.text());
    assert_eq!(server.get(&format!("/chats/{chat}"), &token).await.json()["agent"]["id"], caio.to_string());
    assert_eq!(server.send("POST", &closure, &token, &[], None).await.status, 200, "a body isn't needed");
    let shown = server.get(&format!("/chats/{chat}"), &token).await.json();
    assert_eq!((&shown["state"], &shown["end_reason"]), (&json!("finished"), &json!("closed")));
    let timeline = server.get(&format!("/chats/{chat}/timeline"), &token).await.json();
    assert_eq!(timeline["data"].as_array().and_then(|entries| entries.last()).expect("entries")["by"]["kind"], "api");
}

#[actix_web::test]
async fn a_transfer_names_exactly_one_receiver() {
    let server = Server::starts().await;
    let token = server.token(&["chats:write"]).await;
    let path = format!("/chats/{}/transfer", server.chat("oi").await);
    let department = server.department.to_string();
    for (body, field) in [
        (json!({}), "agent_id"),
        (json!({"agent_id": department, "department_id": department}), "department_id"),
        (json!({"department_id": "vendas"}), "department_id"),
        (json!({"department_id": department, "note": "x".repeat(10_001)}), "note"),
    ] {
        let answer = server.post(&path, &token, body).await;
        assert_eq!((answer.status, answer.json()["error"]["field"].as_str()), (422, Some(field)), "{}", answer.text());
    }
}

#[actix_web::test]
async fn a_program_of_an_agent_acts_as_that_agent() {
    let server = Server::starts().await;
    let bia = server.agent("bia").await;
    let chat = server.chat("oi").await;
    server.starts_chat(chat, bia).await;
    server.agent("caio").await;
    let (own, other) = (server.signs_in("bia@example.com").await, server.signs_in("caio@example.com").await);
    let path = format!("/chats/{chat}/closure");
    assert_eq!(code(&server.post(&path, &other, json!({})).await), refusal(403, "not_your_chat"));
    assert_eq!(server.post(&path, &own, json!({})).await.status, 200);
    let timeline = server.get(&format!("/chats/{chat}/timeline"), &own).await.json();
    assert_eq!(timeline["data"].as_array().and_then(|entries| entries.last()).expect("entries")["by"]["id"], bia.to_string());
}
