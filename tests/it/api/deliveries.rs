//! The delivery log by program: turned, counted, taken away, sent again.

use serde_json::json;

use super::server::{EVERY_SCOPE, Server, code, ids, refusal};

/// An endpoint that nothing reaches, and so many chats, of which it hears.
async fn house(chats: usize) -> (Server, String, String) {
    let server = Server::starts().await;
    let token = server.token(EVERY_SCOPE).await;
    let wish = json!({"url": "https://127.0.0.1:9/papo", "name": "=CRM", "events": ["chat.requested"], "enabled": false});
    let made = server.post("/endpoints", &token, wish).await.json();
    for number in 0..chats {
        server.chat(&format!("pergunta {number}")).await;
    }
    (server, token, made["endpoint"]["id"].as_str().expect("an id").to_owned())
}

#[actix_web::test]
async fn pages_turn_both_ways_and_texts_need_their_scope() {
    let (server, token, endpoint) = house(5).await;
    let first = server.get("/deliveries?limit=2", &token).await;
    let all = ids(&server.get(&format!("/deliveries?endpoint_id={endpoint}"), &token).await);
    assert_eq!((all.len(), ids(&first)), (5, all[..2].to_vec()));
    let cursor = |answer: &crate::support::http::Answer, name: &str| answer.json()[name].as_str().expect("a cursor").to_owned();
    let second = server.get(&format!("/deliveries?limit=2&cursor={}", cursor(&first, "next_cursor")), &token).await;
    assert_eq!(ids(&second), all[2..4]);
    let back = server.get(&format!("/deliveries?limit=2&cursor={}", cursor(&second, "previous_cursor")), &token).await;
    assert_eq!(ids(&back), all[..2]);
    let follow = cursor(&back, "previous_cursor");
    assert!(ids(&server.get(&format!("/deliveries?cursor={follow}"), &token).await).is_empty());
    server.chat("mais uma").await;
    assert_eq!(ids(&server.get(&format!("/deliveries?cursor={follow}"), &token).await).len(), 1, "the log can be followed");
    let protocol = first.json()["data"][0]["protocol"].as_str().expect("a protocol").to_owned();
    assert_eq!(ids(&server.get(&format!("/deliveries?text={protocol}"), &token).await), all[..1]);
    assert_eq!(ids(&server.get("/deliveries?text=pergunta%203", &token).await).len(), 1);
    let reader = server.token(&["webhooks:read"]).await;
    assert!(ids(&server.get("/deliveries?text=pergunta%203", &reader).await).is_empty(), "a search must not read what the token may not");
    assert_eq!(code(&server.get("/deliveries?cursor=YWJj", &token).await), refusal(422, "cursor_invalid"));
    let counted = server.get("/deliveries/count?state=held", &token).await.json();
    assert_eq!((&counted["count"], &counted["at_least"]), (&json!(6), &json!(false)));
}

#[actix_web::test]
async fn the_log_is_taken_away_whole_and_without_formulas() {
    let (server, token, _) = house(205).await;
    let take = async |query: &str, token: &str| {
        let bearer = format!("Bearer {token}");
        server.http.send("GET", &format!("/api/v1/deliveries/export?{query}"), &[("authorization", &bearer)], b"").await
    };
    let csv = take("format=csv", &token).await;
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(csv.header("content-disposition").is_some_and(|value| value.starts_with("attachment")));
    let text = csv.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 206);
    assert!(lines[0].starts_with("id,event_id,type,") && lines[1].contains(",'=CRM,"), "{}", lines[1]);
    let whole = take("bodies=true&state=held", &token).await.text();
    let bodies: Vec<serde_json::Value> = whole.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(bodies.len(), 205);
    assert!(bodies.iter().all(|line| line["body"]["id"] == line["event_id"]));
    let reader = server.token(&["webhooks:read"]).await;
    assert_eq!(code(&take("bodies=true", &reader).await), refusal(403, "scope_missing"));
    assert!(!take("", &reader).await.text().contains("pergunta"));
    assert_eq!(code(&take("format=pdf", &token).await), refusal(422, "field_invalid"));
}

#[actix_web::test]
async fn many_are_sent_again_by_themselves_and_the_way_is_told() {
    let (server, token, endpoint) = house(3).await;
    let refused = server.post("/resendings", &token, json!({"kind": "recover", "endpoint_id": endpoint})).await;
    assert_eq!(code(&refused), refusal(422, "endpoint_disabled"));
    server.send("PATCH", &format!("/endpoints/{endpoint}"), &token, &[], Some(json!({"enabled": true}))).await;
    for (wish, field, expected) in [
        (json!({}), "filter", "filter_open"),
        (json!({"kind": "recover"}), "endpoint_id", "field_required"),
        (json!({"endpoint_id": "x"}), "endpoint_id", "field_invalid"),
        (json!({"states": ["lost"]}), "states", "field_invalid"),
        (json!({"from": "yesterday"}), "from", "field_invalid"),
        (json!({"colour": "red"}), "colour", "field_invalid"),
    ] {
        let answer = server.post("/resendings", &token, wish.clone()).await;
        assert_eq!((code(&answer), &answer.json()["error"]["field"]), (refusal(422, expected), &json!(field)), "{wish}");
    }
    let begun = server.post("/resendings", &token, json!({"kind": "recover", "endpoint_id": endpoint})).await;
    assert_eq!(begun.status, 202, "{}", begun.text());
    let path = format!("/resendings/{}", begun.json()["id"].as_str().expect("an id"));
    let mut told = server.get(&path, &token).await.json();
    while told["state"] == "running" {
        tokio::task::yield_now().await;
        told = server.get(&path, &token).await.json();
    }
    assert_eq!((&told["state"], &told["sent"], &told["expected"], &told["percent"]), (&json!("done"), &json!(3), &json!(3), &json!(100)));
    assert_eq!(told["created_by"]["id"], server.admin.to_string());
    assert_eq!(ids(&server.get("/resendings", &token).await).len(), 1);
    let ended = server.send("POST", &format!("{path}/cancel"), &token, &[], None).await.json();
    assert_eq!(ended["state"], "done", "what has ended stays as it is");
    let reader = server.token(&["webhooks:read"]).await;
    assert_eq!(code(&server.post("/resendings", &reader, json!({"endpoint_id": endpoint})).await), refusal(403, "scope_missing"));
}
