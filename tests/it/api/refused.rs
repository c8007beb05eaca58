//! Bad input gets a code and the name of what is wrong, never a fault.

use papo::config::Rates;
use serde_json::json;

use super::server::{Server, code, refusal};

#[actix_web::test]
async fn a_misspelt_filter_is_refused_by_its_name() {
    let server = Server::starts().await;
    let token = server.token(&["chats:read"]).await;
    for (query, expected, field) in [
        ("stat=waiting", "parameter_unknown", "stat"),
        ("state=open", "field_invalid", "state"),
        ("limit=0", "field_invalid", "limit"),
        ("limit=201", "field_invalid", "limit"),
        ("tag_id=7", "field_invalid", "tag_id"),
        ("requested_from=ontem", "field_invalid", "requested_from"),
        ("cursor=xyz", "cursor_invalid", "cursor"),
        ("state=waiting&state=active", "field_invalid", "state"),
    ] {
        let answer = server.get(&format!("/chats?{query}"), &token).await;
        assert_eq!((code(&answer), answer.json()["error"]["field"].as_str()), (refusal(422, expected), Some(field)), "{query}");
    }
}

#[actix_web::test]
async fn a_body_that_is_no_json_or_too_long_is_refused() {
    let server = Server::starts().await;
    let path = "/api/v1/sessions";
    for body in [&b"{"[..], b"[]", b"\xff\xfe", b"email=a&password=b"] {
        let answer = server.http.send("POST", path, &[], body).await;
        assert_eq!(code(&answer), refusal(400, "request_malformed"));
    }
    let long = json!({"email": "a@example.com", "password": "x".repeat(65 * 1024)}).to_string();
    assert_eq!(code(&server.http.send("POST", path, &[], long.as_bytes()).await), refusal(413, "request_too_large"));
    for (body, field) in [(json!({"email": 1, "password": ""}), "email"), (json!({"email": ""}), "password"), (json!({"mail": ""}), "mail")]
    {
        let answer = server.post("/sessions", "", body).await;
        assert_eq!((answer.status, answer.json()["error"]["field"].as_str()), (422, Some(field)));
    }
}

#[actix_web::test]
async fn tags_that_are_not_there_are_refused() {
    let server = Server::starts().await;
    let token = server.token(&["chats:write"]).await;
    let path = format!("/chats/{}/tags", server.chat("oi").await);
    for tags in [json!(["nonsense"]), json!([uuid::Uuid::nil()])] {
        assert_eq!(code(&server.post(&path, &token, json!({"tags": tags})).await), refusal(422, "tag_unknown"));
    }
}

#[actix_web::test]
async fn a_token_that_asks_too_often_is_told_to_wait_and_others_are_not() {
    let server = Server::with(Rates { api_requests_per_minute: 3, ..Rates::default() }).await;
    let (busy, other) = (server.token(&["chats:read"]).await, server.token(&["chats:read"]).await);
    for _ in 0..3 {
        assert_eq!(server.get("/chats", &busy).await.status, 200);
    }
    let answer = server.get("/chats", &busy).await;
    assert_eq!(code(&answer), refusal(429, "rate_limited"));
    assert!(answer.header("retry-after").and_then(|seconds| seconds.parse::<u32>().ok()).is_some_and(|seconds| seconds > 0));
    assert_eq!(server.get("/chats", &other).await.status, 200);
}
