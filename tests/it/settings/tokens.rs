//! Tokens for the REST API: made and shown once, with what they may do and until when, and revoked.

use super::office::{Admin, error_beside, id_in};

const TOKENS: &str = "/settings/tokens";

#[tokio::test]
async fn a_token_is_shown_once_works_within_its_scopes_and_no_more_once_revoked() {
    let admin = Admin::sets_up().await;
    let made = admin.posts(TOKENS, &[("name", "CRM"), ("scope", "webhooks:read"), ("expires", "30")]).await;
    assert_eq!(made.status, 200);
    let page = made.text();
    let token = page.split("id=\"token\"").nth(1).and_then(|rest| rest.split('>').nth(1)?.split('<').next()).expect("shown").to_owned();
    let list = admin.opens(TOKENS).await.text();
    assert!(!list.contains(&token) && list.contains("webhooks:read") && list.contains("Nunca"));
    let bearer = format!("Bearer {token}");
    let asks = async |path: &str| admin.server.http.get(path, &[("authorization", &bearer)]).await.status;
    assert_eq!(asks("/api/v1/endpoints").await, 200);
    assert_eq!(asks("/api/v1/chats").await, 403, "its scope is another");
    let id = id_in(&list, "/settings/tokens/").expect("a way to revoke it");
    assert_eq!(admin.posts(&format!("{TOKENS}/{id}/revoke"), &[]).await.status, 303);
    assert_eq!(asks("/api/v1/endpoints").await, 401);
    assert!(!admin.opens(TOKENS).await.text().contains("webhooks:read</span>"));
}

#[tokio::test]
async fn a_token_without_name_or_scope_is_refused_beside_the_field_and_nothing_is_lost() {
    let admin = Admin::sets_up().await;
    let refused = admin.posts(TOKENS, &[("name", " "), ("expires", "365")]).await;
    assert_eq!(refused.status, 422);
    let page = refused.text();
    assert_eq!(error_beside(&page, "scope"), "Marque ao menos uma permissão.");
    assert!(!error_beside(&page, "name").is_empty());
    assert!(page.contains("value=\"365\" checked"));
    let unknown = admin.posts(TOKENS, &[("name", "CRM"), ("scope", "everything"), ("expires", "100000")]).await;
    assert_eq!(unknown.status, 422, "a scope and a term that don't exist are none");
    assert!(admin.opens(TOKENS).await.text().contains("Ainda não há tokens."));
}
