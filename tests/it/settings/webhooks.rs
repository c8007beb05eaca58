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
    let page = admin.opens(QUICK).await.text();
    assert!(page.contains("name=\"plain_http\" value=\"on\" checked"), "what was accepted is not asked again");
    assert!(page.contains("Sem https, os dados dos clientes viajam abertos"), "and the warning stays");
}

#[tokio::test]
async fn an_event_that_was_taken_away_by_hand_has_left_the_quick_set_up() {
    let admin = Admin::sets_up().await;
    admin.posts(QUICK, &[("chat.requested", "https://crm.example/papo"), ("chat.rated", "https://crm.example/papo")]).await;
    let path = format!("{LIST}/{}", admin.finds(LIST, "crm.example").await);
    let fields = [("url", "https://crm.example/papo"), ("event", "chat.rated"), ("signing", "hmac"), ("enabled", "on")];
    assert_eq!(admin.posts(&path, &fields).await.status, 303);
    let page = admin.opens(QUICK).await.text();
    assert_eq!(page.matches("value=\"https://crm.example/papo\"").count(), 1);
}

#[tokio::test]
async fn an_abandoned_chat_brings_the_missed_one_unless_it_is_unticked() {
    let admin = Admin::sets_up().await;
    let hears = async || {
        let page = admin.opens(&format!("{LIST}/{}", admin.finds(LIST, "crm.example").await)).await.text();
        ["chat.abandoned", "chat.missed"].map(|event| page.contains(&format!("value=\"{event}\" checked")))
    };
    admin.posts(QUICK, &[("chat.abandoned", "crm.example"), ("with_missed", "on")]).await;
    assert_eq!(hears().await, [true, true]);
    admin.posts(QUICK, &[("chat.abandoned", "https://crm.example/")]).await;
    assert_eq!(hears().await, [true, false]);
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
        ("header_name", "X-Loja"),
        ("header_value", "segredo-murici"),
    ];
    assert_eq!(admin.posts(LIST, &fields).await.status, 303);
    let path = format!("{LIST}/{}", admin.finds(LIST, "crm.example").await);
    let page = admin.opens(&path).await.text();
    assert!(page.contains("value=\"x-loja\"") && page.contains("value=\"••••••\"") && !page.contains("segredo-murici"));
    let with = |name, value| {
        [
            ("url", "https://crm.example/papo"),
            ("event", "chat.started"),
            ("signing", "hmac"),
            ("header_name", name),
            ("header_value", value),
        ]
    };
    assert_eq!(admin.posts(&path, &with("x-loja", "••••••")).await.status, 303);
    assert!(admin.opens(&path).await.text().contains("value=\"••••••\""));
    for (name, value, error) in [
        ("Host", "evil.example", "Este cabeçalho é definido pelo Papo e não pode ser trocado."),
        ("x loja", "murici", "O nome do cabeçalho aceita letras, números e hífens, até 100."),
        ("", "murici", "O nome do cabeçalho aceita letras, números e hífens, até 100."),
        ("x-outra", "••••••", "O valor do cabeçalho aceita até 4.096 caracteres simples, sem acento e sem quebra de linha."),
    ] {
        let refused = admin.posts(&path, &with(name, value)).await;
        assert_eq!(refused.status, 422);
        let page = refused.text();
        assert_eq!(error_beside(&page, "headers"), error);
        assert!(page.contains(&format!("value=\"{value}\"")), "what was typed stays");
    }
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
