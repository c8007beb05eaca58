//! Endpoints and deliveries by program: the same rules as in the settings.

use serde_json::json;

use super::server::{EVERY_SCOPE, Server, code, ids, refusal};

const URL: &str = "https://crm.example.com/papo?key=s3cr3t";

#[actix_web::test]
async fn an_endpoint_is_made_changed_and_archived() {
    let server = Server::starts().await;
    let token = server.token(EVERY_SCOPE).await;
    let wish = json!({"url": URL, "events": ["chat.requested"], "headers": [{"name": "X-Key", "value": "abc"}], "score_max": 3});
    let made = server.post("/endpoints", &token, wish).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    assert!(made["secret"].as_str().is_some_and(|secret| secret.starts_with("whsec_")));
    let endpoint = &made["endpoint"];
    assert_eq!((&endpoint["name"], &endpoint["header_names"]), (&json!("crm.example.com"), &json!(["x-key"])));
    let path = format!("/endpoints/{}", endpoint["id"].as_str().expect("an id"));
    let change = json!({"name": "CRM", "score_max": null, "events": ["chat.started", "chat.finished"]});
    let changed = server.send("PATCH", &path, &token, &[], Some(change)).await.json();
    assert_eq!((&changed["name"], &changed["score_max"], &changed["url"]), (&json!("CRM"), &json!(null), &json!(URL)));
    assert_eq!(changed["header_names"], json!(["x-key"]), "what isn't given stays");
    let shown = server.get(&path, &token).await.json();
    assert_eq!(shown, changed);
    let reader = server.token(&["webhooks:read"]).await;
    assert!(!server.get(&path, &reader).await.text().contains("s3cr3t"), "who only reads sees no secret of the address");
    assert_eq!(server.send("DELETE", &path, &token, &[], None).await.status, 204);
    assert_eq!(server.get(&path, &token).await.status, 404);
    assert!(ids(&server.get("/endpoints", &token).await).is_empty());
}

#[actix_web::test]
async fn what_is_wrong_with_an_endpoint_is_named() {
    let server = Server::starts().await;
    let token = server.token(EVERY_SCOPE).await;
    let events = json!(["chat.started"]);
    for (wish, expected, field) in [
        (json!({"events": events}), "field_required", "url"),
        (json!({"url": "ftp://crm.example.com", "events": events}), "url_scheme", "url"),
        (json!({"url": "http://crm.example.com", "events": events}), "plain_http", "plain_http_accepted"),
        (json!({"url": URL, "events": ["chat.exploded"]}), "field_invalid", "events"),
        (json!({"url": URL, "events": []}), "field_invalid", "events"),
        (json!({"url": URL, "events": events, "score_max": 6}), "field_invalid", "score_max"),
        (json!({"url": URL, "events": events, "rate_per_second": 0}), "field_invalid", "rate_per_second"),
        (json!({"url": URL, "events": events, "department_ids": [uuid::Uuid::nil()]}), "field_invalid", "department_ids"),
        (json!({"url": URL, "events": events, "signing": "rsa"}), "field_invalid", "signing"),
        (json!({"url": URL, "events": events, "headers": [{"name": "Host", "value": "x"}]}), "header_reserved", "headers"),
        (json!({"url": URL, "events": events, "colour": "red"}), "field_invalid", "colour"),
    ] {
        let answer = server.post("/endpoints", &token, wish.clone()).await;
        assert_eq!(code(&answer), refusal(422, expected), "{wish}");
        let error = &answer.json()["error"];
        assert_eq!(error["field"], field, "{wish}");
        assert!(error["message"].as_str().is_some_and(|text| text.contains(' ')), "a text for people: {error}");
    }
    assert!(ids(&server.get("/endpoints", &token).await).is_empty());
}

#[actix_web::test]
async fn how_long_webhooks_are_kept_is_told_and_changed() {
    let server = Server::starts().await;
    let (reader, writer) = (server.token(&["webhooks:read"]).await, server.token(&["webhooks:read", "settings:write"]).await);
    let change = async |token: &str, change: serde_json::Value| server.send("PATCH", "/retention", token, &[], Some(change)).await;
    let told = async || server.get("/retention", &reader).await.json();
    assert_eq!(told().await, json!({"body_days": 30, "attempt_days": 90}));
    assert_eq!(code(&change(&reader, json!({"body_days": 7})).await), refusal(403, "scope_missing"));
    let changed = change(&writer, json!({"body_days": 7})).await.json();
    assert_eq!((&changed, told().await), (&json!({"body_days": 7, "attempt_days": 90}), changed.clone()), "what isn't given stays");
    for wrong in [json!({"body_days": 91}), json!({"attempt_days": 3_651}), json!({"body_days": 0}), json!({"attempt_days": 6})] {
        let refused = change(&writer, wrong.clone()).await;
        assert_eq!(code(&refused), refusal(422, "retention_invalid"), "{wrong}");
        assert!(refused.json()["error"]["message"].as_str().is_some_and(|text| text.contains(' ')), "{}", refused.text());
    }
    assert_eq!(told().await, changed);
}

#[actix_web::test]
async fn a_new_secret_is_told_once() {
    let server = Server::starts().await;
    let token = server.token(EVERY_SCOPE).await;
    let made = server.post("/endpoints", &token, json!({"url": URL, "events": ["chat.started"]})).await.json();
    let path = format!("/endpoints/{}/secret/rotation", made["endpoint"]["id"].as_str().expect("an id"));
    let rotated = server.send("POST", &path, &token, &[], None).await.json();
    assert_ne!(rotated["secret"], made["secret"]);
    assert_eq!(rotated["previous_until"], "2026-11-23T12:00:00.000Z");
    let public = server.post(&path, &token, json!({"signing": "ed25519"})).await.json();
    assert!(public["secret"].as_str().is_some_and(|secret| secret.starts_with("whpk_")), "of a key pair only the public half: {public}");
}

#[actix_web::test]
async fn a_test_is_a_delivery_whose_body_needs_its_scope() {
    let server = Server::starts().await;
    let token = server.token(EVERY_SCOPE).await;
    // Disabled, so that nothing is dialled but the test itself, at an address that the guard refuses.
    let wish = json!({"url": "https://127.0.0.1:9/", "events": ["chat.started"], "enabled": false});
    let made = server.post("/endpoints", &token, wish).await.json();
    let endpoint = made["endpoint"]["id"].as_str().expect("an id");
    let queued = server.post(&format!("/endpoints/{endpoint}/test"), &token, json!({"type": "chat.rated"})).await;
    assert_eq!(queued.status, 202, "{}", queued.text());
    let id = queued.json()["id"].as_str().expect("an id").to_owned();
    for filter in [format!("endpoint_id={endpoint}"), "type=chat.rated".to_owned(), "from=2026-11-22T12:00:00Z".to_owned()] {
        assert_eq!(ids(&server.get(&format!("/deliveries?{filter}"), &token).await), std::slice::from_ref(&id).to_vec(), "{filter}");
    }
    assert!(ids(&server.get("/deliveries?type=chat.started", &token).await).is_empty());
    let path = format!("/deliveries/{id}");
    let whole = server.get(&path, &token).await.json();
    assert_eq!(
        (&whole["delivery"]["test"], &whole["body"]["type"], &whole["body"]["id"]),
        (&json!(true), &json!("chat.rated"), &whole["delivery"]["event_id"])
    );
    let reader = server.token(&["webhooks:read"]).await;
    assert!(server.get(&path, &reader).await.json()["body"].is_null());
    let again = server.send("POST", &format!("{path}/resend"), &token, &[], None).await.json();
    assert_eq!((&again["cause"], &again["event_id"]), (&json!("resend"), &whole["delivery"]["event_id"]), "the same event once more");
    let unknown = server.post(&format!("/endpoints/{endpoint}/test"), &token, json!({"type": "chat.exploded"})).await;
    assert_eq!(unknown.json()["error"]["field"], "type");
}

#[actix_web::test]
async fn the_catalogue_names_every_type_in_the_readers_language() {
    let server = Server::starts().await;
    let token = server.token(&[]).await;
    let name = async |language: &str| {
        let answer = server.send("GET", "/webhooks/catalogue", &token, &[("accept-language", language)], None).await.json();
        let types = answer["data"].as_array().expect("a list").clone();
        assert_eq!(types.len(), 17);
        types[0]["name"].as_str().expect("a name").to_owned()
    };
    assert_eq!(name("pt-BR").await, "Atendimento Solicitado");
    assert_ne!(name("en").await, "Atendimento Solicitado");
}

#[actix_web::test]
async fn what_an_endpoints_answers_may_fill_is_said_field_by_field() {
    let server = Server::starts().await;
    let token = server.token(EVERY_SCOPE).await;
    let made = server.post("/endpoints", &token, json!({"url": URL, "events": ["chat.requested"]})).await.json();
    assert_eq!(made["endpoint"]["enrich"], json!([]), "nothing unless it is said");
    let path = format!("/endpoints/{}", made["endpoint"]["id"].as_str().expect("an id"));
    let change = |fields: serde_json::Value| server.send("PATCH", &path, &token, &[], Some(json!({"enrich": fields})));
    assert_eq!(change(json!(["tags", "email"])).await.json()["enrich"], json!(["email", "tags"]));
    let renamed = server.send("PATCH", &path, &token, &[], Some(json!({"name": "CRM"}))).await.json();
    assert_eq!(renamed["enrich"], json!(["email", "tags"]), "what isn't given stays");
    let refused = change(json!(["email", "password"])).await;
    assert_eq!((code(&refused), &refused.json()["error"]["field"]), (refusal(422, "field_invalid"), &json!("enrich")));
    assert_eq!(change(json!([])).await.json()["enrich"], json!([]));
}
