//! What a token may do: its scopes, its departments, its maker's rights, its time.

use papo::domain::agent::Role;
use papo::store::people::AgentData;
use serde_json::json;

use super::server::{EVERY_SCOPE, Server, code, ids, refusal};

#[actix_web::test]
async fn without_a_token_in_force_nothing_is_told() {
    let server = Server::starts().await;
    for token in ["", "papo_nonsense", "nonsense", &"x".repeat(1000)] {
        assert_eq!(code(&server.get("/chats", token).await), refusal(401, "unauthenticated"), "{token}");
    }
    let token = server.token(&["chats:read"]).await;
    assert_eq!(server.get("/chats", &token).await.status, 200);
    server.clock.advance_ms(3600 * 1000);
    assert_eq!(server.get("/chats", &token).await.status, 401, "it has expired");
}

#[actix_web::test]
async fn a_missing_scope_is_named() {
    let server = Server::starts().await;
    let token = server.token(&["chats:read"]).await;
    let chat = server.chat("oi").await;
    let answer = server.post(&format!("/chats/{chat}/closure"), &token, json!({})).await;
    assert_eq!(code(&answer), refusal(403, "scope_missing"));
    assert!(answer.json()["error"]["message"].as_str().is_some_and(|text| text.contains("chats:write")), "{}", answer.text());
}

#[actix_web::test]
async fn chats_of_other_departments_are_not_there() {
    let server = Server::starts().await;
    let chat = server.chat("oi").await;
    let elsewhere = server.token_for(&["chats:read", "chats:write"], Some(vec![server.another_department("Trocas").await])).await;
    assert!(ids(&server.get("/chats", &elsewhere).await).is_empty());
    assert_eq!(server.get("/departments", &elsewhere).await.json()["data"][0]["name"], "Trocas");
    for path in [format!("/chats/{chat}"), format!("/chats/{chat}/timeline")] {
        assert_eq!(code(&server.get(&path, &elsewhere).await), refusal(404, "not_found"), "{path}");
    }
    let answer = server.post(&format!("/chats/{chat}/tags"), &elsewhere, json!({"tags": []})).await;
    assert_eq!(code(&answer), refusal(404, "not_found"));
    let here = server.token_for(&["chats:read"], Some(vec![server.department])).await;
    assert_eq!(ids(&server.get("/chats", &here).await), [chat.to_string()]);
}

#[actix_web::test]
async fn what_concerns_the_whole_organisation_is_closed_to_a_narrowed_token_and_to_agents() {
    let server = Server::starts().await;
    let narrowed = server.token_for(EVERY_SCOPE, Some(vec![server.department])).await;
    server.agent("bia").await;
    let agent = server.signs_in("bia@example.com").await;
    for token in [&narrowed, &agent] {
        assert_eq!(server.get("/chats", token).await.status, 200);
        assert_eq!(code(&server.get("/endpoints", token).await), refusal(403, "forbidden"));
        assert_eq!(code(&server.get("/deliveries", token).await), refusal(403, "forbidden"));
        let agents = server.get("/agents", token).await.json();
        assert!(agents["data"].as_array().expect("a list").iter().all(|agent| agent["email"].is_null()), "{agents}");
    }
}

#[actix_web::test]
async fn contacts_and_mails_need_their_scopes() {
    let server = Server::starts().await;
    let chat = server.chat("oi").await;
    let path = format!("/chats/{chat}");
    for (scopes, email) in [(&["chats:read"][..], json!(null)), (&["chats:read", "visitors:read"][..], json!("ana@example.com"))] {
        let token = server.token(scopes).await;
        assert_eq!(server.get(&path, &token).await.json()["visitor"]["email"], email);
        assert_eq!(server.get("/chats", &token).await.json()["data"][0]["visitor"]["email"], email);
    }
    let token = server.token(&["users:write"]).await;
    assert_eq!(server.get("/agents", &token).await.json()["data"][0]["email"], "dora@example.com");
}

#[actix_web::test]
async fn a_token_dies_with_its_maker() {
    let server = Server::starts().await;
    let token = server.token(&["chats:read"]).await;
    let data = |role| AgentData {
        name: "Eva".to_owned(),
        email: "eva@example.com".to_owned(),
        role,
        chats_max: 3,
        external_id: None,
        places: Vec::new(),
    };
    let successor = server.store().create_agent(data(Role::Admin), server.by_admin()).await.expect("another admin");
    assert_eq!(server.get("/chats", &token).await.status, 200);
    let by = papo::store::audit::Author { agent: successor, address: None };
    server.store().archive_agent(server.admin, by).await.expect("archived");
    assert_eq!(server.get("/chats", &token).await.status, 401);
}
