//! Bad input gets a stable code and a text that says what to do, and nothing is lost.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error;

use crate::support::demo::Demo;
use crate::support::socket::Socket;
use crate::support::visitor::request;

/// An error frame has a code and a text for people.
fn assert_refused(answer: &Value, code: &str) {
    assert_eq!((&answer["type"], &answer["code"]), (&json!("error"), &json!(code)), "{answer}");
    assert!(answer["message"].as_str().is_some_and(|text| text.len() > 8 && !text.contains("error.")), "a text for people: {answer}");
}

#[tokio::test]
async fn a_message_over_the_limit_is_refused_and_the_connection_stays() {
    let demo = Demo::starts();
    let mut visitor = demo.visitor().await;
    visitor.asks("oi").await;
    // The widest characters: four bytes each in UTF-8, and still one scalar value.
    let longest = "𝄞".repeat(10_000);
    visitor.says(&longest).await;
    let answer = visitor.tries(json!({"type": "message", "body": format!("{longest}!")})).await;
    assert_refused(&answer, "message_too_long");
    assert_refused(&visitor.tries(json!({"type": "message", "body": " \n\t"})).await, "message_empty");
    visitor.says("curta").await;
    visitor.sees("curta").await;
    assert_eq!(visitor.messages(), ["oi", &longest, "curta"]);
}

#[tokio::test]
async fn whoever_has_a_chat_open_is_not_asked_for_what_a_new_one_needs() {
    let demo = Demo::starts();
    let mut visitor = demo.visitor().await;
    let mut without_consent = request("oi");
    without_consent["consent"] = Value::Null;
    assert_refused(&visitor.tries(without_consent.clone()).await, "consent_required");
    let chat = visitor.asks("oi").await;
    let again = visitor.tries(without_consent.clone()).await;
    assert_eq!((&again["type"], &again["chat_id"], &again["repeated"]), (&json!("ack"), &json!(chat), &json!(true)), "{again}");
    assert_eq!(visitor.tries(json!({"type": "leave"})).await["type"], "ack");
    assert_refused(&visitor.tries(without_consent).await, "consent_required");
}

#[tokio::test]
async fn what_is_no_frame_is_answered_with_what_is_wrong() {
    let demo = Demo::starts();
    let mut visitor = demo.visitor().await;
    visitor.asks("oi").await;
    for broken in ["{", "[]", "42", r#"{"type":7}"#, r#"{"no":"type"}"#] {
        visitor.socket.send_text(broken).await;
        assert_refused(&visitor.socket.first(broken, |frame| frame["type"] == "error").await, "frame_malformed");
    }
    assert_refused(&visitor.tries(json!({"type": "dance"})).await, "command_unknown");
    let missing = visitor.tries(json!({"type": "message"})).await;
    assert_refused(&missing, "frame_malformed");
    assert!(missing["message"].as_str().is_some_and(|text| text.contains("body")), "the text names the field: {missing}");
    visitor.socket.send_text(r#"{"type":"message","client_id":"ç","chat_id":"x","body":"oi"}"#).await;
    assert_refused(&visitor.socket.first("an error", |frame| frame["type"] == "error").await, "client_id_invalid");
    visitor.says("ainda aqui").await;
}

#[tokio::test]
async fn a_binary_frame_ends_the_connection() {
    let demo = Demo::starts();
    let mut visitor = demo.visitor().await;
    visitor.socket.send_bytes(br#"{"type":"ping"}"#).await;
    assert_eq!(visitor.socket.end().await, Some(1008));
}

#[tokio::test]
async fn ten_malformed_frames_end_the_connection() {
    let demo = Demo::starts();
    let mut visitor = demo.visitor().await;
    for _ in 0..10 {
        visitor.socket.send_text("{").await;
    }
    assert_eq!(visitor.socket.end().await, Some(1008));
}

#[tokio::test]
async fn a_connection_that_does_not_say_hello_first_is_refused() {
    let demo = Demo::starts();
    let mut socket = Socket::connect(demo.fact("ws_visitor_url"), &[]).await;
    socket.send(&json!({"type": "message", "client_id": "1", "chat_id": "x", "body": "oi"})).await;
    assert_refused(&socket.first("an error", |frame| frame["type"] == "error").await, "hello_expected");
    assert_eq!(socket.end().await, Some(1008));
}

#[tokio::test]
async fn an_unknown_site_key_and_a_foreign_protocol_get_their_codes() {
    let demo = Demo::starts();
    let hello = |site: &str, protocol: u32| {
        json!({"type": "hello", "protocol": protocol, "site": site, "token": null, "locale": "es", "timezone": "UTC",
        "page": {"url": "https://shop.example/", "title": "", "referrer": ""}, "resume": null})
    };
    let mut socket = Socket::connect(demo.fact("ws_visitor_url"), &[]).await;
    socket.send(&hello("nobodys-key", 1)).await;
    assert_refused(&socket.first("an error", |frame| frame["type"] == "error").await, "site_unknown");
    assert_eq!(socket.end().await, Some(4003));
    let mut socket = Socket::connect(demo.fact("ws_visitor_url"), &[]).await;
    socket.send(&hello(demo.fact("site_key"), 99)).await;
    assert_refused(&socket.first("an error", |frame| frame["type"] == "error").await, "protocol_unsupported");
}

#[tokio::test]
async fn an_unknown_visitor_token_is_answered_and_hello_may_come_again() {
    let demo = Demo::starts();
    let mut socket = Socket::connect(demo.fact("ws_visitor_url"), &[]).await;
    let mut hello = json!({"type": "hello", "protocol": 1, "site": demo.fact("site_key"), "token": "made-up", "locale": "en", "timezone": "UTC",
        "page": {"url": "https://shop.example/", "title": "", "referrer": ""}, "resume": null});
    socket.send(&hello).await;
    assert_refused(&socket.first("an error", |frame| frame["type"] == "error").await, "token_unknown");
    hello["token"] = Value::Null;
    socket.send(&hello).await;
    let welcome = socket.first("welcome", |frame| frame["type"] == "welcome").await;
    assert!(welcome["token"].as_str().is_some_and(|token| token.len() >= 40), "256 bits: {welcome}");
}

#[tokio::test]
async fn a_foreign_origin_is_refused_before_the_upgrade() {
    let demo = Demo::starts();
    for url in ["ws_visitor_url", "ws_agent_url"] {
        let refused = Socket::try_connect(demo.fact(url), &[("origin", "https://evil.example")]).await.err();
        let status = if let Some(Error::Http(answer)) = refused { Some(answer.status().as_u16()) } else { None };
        assert_eq!(status, Some(403), "{url}");
    }
}

#[tokio::test]
async fn our_origin_beside_a_foreign_one_is_foreign() {
    let demo = Demo::starts();
    let (http, own) = (demo.http(), demo.http().origin());
    let handshake = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "x3JJHMbDL1EzLkh9GBhXDw=="),
    ];
    for path in ["/ws/visitor", "/ws/agent", "/api/v1/openapi.json"] {
        for origins in [[own.as_str(), "https://evil.example"], ["https://evil.example", own.as_str()], [own.as_str(), own.as_str()]] {
            let headers = [&handshake[..], &origins.map(|origin| ("origin", origin))].concat();
            let answer = http.get(path, &headers).await;
            assert_eq!((answer.status, answer.json()["error"]["code"].as_str()), (403, Some("foreign_origin")), "{path} from {origins:?}");
        }
    }
}

#[tokio::test]
async fn a_wrong_token_opens_no_agents_socket() {
    let demo = Demo::starts();
    let mut socket = Socket::connect(demo.fact("ws_agent_url"), &[]).await;
    socket.send(&json!({"type": "hello", "protocol": 1, "token": "made-up"})).await;
    assert_refused(&socket.first("an error", |frame| frame["type"] == "error").await, "unauthenticated");
    assert_eq!(socket.end().await, Some(4001));
}

#[tokio::test]
async fn strangers_cannot_touch_a_chat() {
    let demo = Demo::starts();
    let (mut visitor, mut stranger) = (demo.visitor().await, demo.visitor().await);
    let chat = visitor.asks("oi").await;
    for command in [
        json!({"type": "message", "chat_id": chat, "body": "sou eu"}),
        json!({"type": "finish", "chat_id": chat}),
        json!({"type": "leave", "chat_id": chat}),
        json!({"type": "history", "chat_id": chat, "before": 100}),
        json!({"type": "revoke_location", "chat_id": chat}),
    ] {
        assert_refused(&stranger.tries(command).await, "not_found");
    }
    assert_eq!(visitor.vanishes().returns().await.welcome["chat"]["state"], "waiting");
}

#[tokio::test]
async fn the_state_refuses_what_it_cannot_do() {
    let demo = Demo::starts();
    let (mut visitor, mut agent) = (demo.visitor().await, demo.agent(0).await);
    let chat = visitor.asks("oi").await;
    assert_refused(&visitor.tries(json!({"type": "rate", "score": 5, "comment": null})).await, "chat_not_started");
    assert_refused(
        &visitor.tries(json!({"type": "locate", "latitude": 91.0, "longitude": 0.0, "accuracy_m": 1, "source": "queue"})).await,
        "location_invalid",
    );
    assert_refused(&agent.tries(json!({"type": "tag", "chat_id": chat, "tags": [uuid::Uuid::new_v4()]})).await, "tag_unknown");
    agent.accepts(&chat).await;
    assert_refused(&visitor.tries(json!({"type": "rate", "score": 6, "comment": null})).await, "rating_invalid");
    assert_refused(&visitor.tries(json!({"type": "leave"})).await, "chat_not_waiting");
    assert_refused(&agent.tries(json!({"type": "open", "chat_id": uuid::Uuid::new_v4(), "after": null})).await, "not_found");
}

#[tokio::test]
async fn a_flood_is_slowed_and_told_when_to_go_on() {
    let demo = Demo::starts();
    let mut visitor = demo.visitor().await;
    visitor.asks("oi").await;
    let mut slowed = None;
    for number in 0..1_000 {
        let answer = visitor.tries(json!({"type": "message", "body": format!("spam {number}")})).await;
        if answer["type"] == "error" {
            slowed = Some(answer);
            break;
        }
    }
    let slowed = slowed.expect("a thousand messages in a row are too many");
    assert_refused(&slowed, "rate_limited");
    assert!(slowed["retry_after_ms"].as_u64().is_some_and(|wait| wait > 0), "{slowed}");
}
