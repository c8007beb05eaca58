//! Webhooks: the quick set-up's rules, and secrets that need the password.

use super::office::{Admin, PASSWORD, error_beside};

const QUICK: &str = "/settings/webhooks";
const LIST: &str = "/settings/webhooks/endpoints";

#[tokio::test]
async fn equal_addresses_are_one_endpoint_and_clearing_a_field_takes_that_event_alone() {
    let admin = Admin::sets_up().await;
    let fields =
        [("chat.requested", "crm.example/papo"), ("chat.finished", "https://crm.example/papo"), ("chat.rated", "https://notas.example")];
    assert_eq!(admin.posts(QUICK, &fields).await.status, 303);
    let id = admin.finds(LIST, "crm.example").await;
    let list = admin.opens(LIST).await.text();
    assert_eq!(list.matches("<tr><td>").count(), 2, "{list}");
    assert_eq!(admin.posts(QUICK, &fields[..1]).await.status, 303);
    let page = admin.opens(&format!("{LIST}/{id}")).await.text();
    assert!(page.contains("value=\"chat.requested\" checked"));
    assert!(!page.contains("value=\"chat.finished\" checked"));
}

#[tokio::test]
async fn plain_http_to_a_public_host_needs_a_tick() {
    let admin = Admin::sets_up().await;
    let refused = admin.posts(QUICK, &[("chat.rated", "http://notas.example/x"), ("chat.tagged", "ftp://x")]).await;
    assert_eq!(refused.status, 422);
    let page = refused.text();
    assert!(error_beside(&page, "chat.rated").starts_with("Sem https"));
    assert!(error_beside(&page, "chat.tagged").starts_with("O endereço precisa começar"));
    assert!(page.contains("value=\"http://notas.example/x\""));
    assert_eq!(admin.posts(QUICK, &[("chat.rated", "http://notas.example/x"), ("plain_http", "on")]).await.status, 303);
}

#[tokio::test]
async fn a_secret_is_shown_only_after_the_password() {
    let admin = Admin::sets_up().await;
    admin.posts(QUICK, &[("chat.requested", "https://crm.example/papo")]).await;
    let path = format!("{LIST}/{}", admin.finds(LIST, "crm.example").await);
    assert!(admin.opens(&path).await.text().contains("whsec_••••"));
    let wrong = admin.posts(&format!("{path}/reveal"), &[("password", "guess")]).await;
    assert_eq!(wrong.status, 422);
    let page = wrong.text();
    assert!(error_beside(&page, "password").contains("não confere") && page.contains("whsec_••••"));
    let right = admin.posts(&format!("{path}/reveal"), &[("password", PASSWORD)]).await.text();
    let secret = right.split("id=\"secret-text\"").nth(1).and_then(|rest| rest.split('>').nth(1)?.split('<').next()).expect("shown");
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
}

#[tokio::test]
async fn the_values_of_own_headers_are_masked_and_survive_a_save() {
    let admin = Admin::sets_up().await;
    let fields = [
        ("url", "https://crm.example/papo"),
        ("event", "chat.started"),
        ("signing", "hmac"),
        ("enabled", "on"),
        ("headers", "X-Loja: segredo-murici"),
    ];
    assert_eq!(admin.posts(LIST, &fields).await.status, 303);
    let path = format!("{LIST}/{}", admin.finds(LIST, "crm.example").await);
    let page = admin.opens(&path).await.text();
    assert!(page.contains("x-loja: ••••••") && !page.contains("segredo-murici"));
    let kept = [("url", "https://crm.example/papo"), ("event", "chat.started"), ("signing", "hmac"), ("headers", "x-loja: ••••••")];
    assert_eq!(admin.posts(&path, &kept).await.status, 303);
    let reserved = [("url", "https://crm.example/papo"), ("event", "chat.started"), ("signing", "hmac"), ("headers", "Host: evil.example")];
    assert_eq!(
        error_beside(&admin.posts(&path, &reserved).await.text(), "headers"),
        "Este cabeçalho é definido pelo Papo e não pode ser trocado."
    );
}

#[tokio::test]
async fn what_an_answer_may_fill_is_ticked_field_by_field() {
    let admin = Admin::sets_up().await;
    admin.posts(QUICK, &[("chat.requested", "https://crm.example/papo")]).await;
    let path = format!("{LIST}/{}", admin.finds(LIST, "crm.example").await);
    let page = admin.opens(&path).await.text();
    assert_eq!(page.matches("name=\"enrich\"").count(), 8);
    assert!(!["name", "email", "note"].iter().any(|field| page.contains(&format!("value=\"{field}\" checked"))), "off by default");
    let fields = [("url", "https://crm.example/papo"), ("event", "chat.requested"), ("enabled", "on"), ("signing", "hmac")];
    let ticked = [&fields[..], &[("enrich", "email"), ("enrich", "note")]].concat();
    assert_eq!(admin.posts(&path, &ticked).await.status, 303);
    let page = admin.opens(&path).await.text();
    assert!(["email", "note"].iter().all(|field| page.contains(&format!("value=\"{field}\" checked"))), "{page}");
    assert!(!page.contains("value=\"phone\" checked"));
    assert_eq!(admin.posts(&path, &fields).await.status, 303);
    assert!(!admin.opens(&path).await.text().contains("value=\"email\" checked"), "and unticked");
}
