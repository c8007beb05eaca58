//! One endpoint's page: its health, its secrets, and what it did not get.

use super::office::{Admin, PASSWORD, error_beside};
use crate::support::demo::OPENED;
use crate::webhooks::receiver::{Answer, Receiver};

const LIST: &str = "/settings/webhooks/endpoints";

fn fields<'a>(url: &'a str, signing: &'a str) -> [(&'a str, &'a str); 5] {
    [("url", url), ("name", "CRM"), ("event", "chat.started"), ("enabled", "on"), ("signing", signing)]
}

#[tokio::test]
async fn a_rotated_secret_is_shown_with_the_end_of_the_one_before() {
    let admin = Admin::sets_up().await;
    admin.posts(LIST, &fields("https://crm.example", "hmac")).await;
    let path = format!("{LIST}/{}", admin.finds(LIST, "crm.example").await);
    assert!(!admin.opens(&path).await.text().contains("também vale até"));
    assert_eq!(admin.posts(&format!("{path}/rotate"), &[]).await.status, 303);
    let page = admin.opens(&path).await.text();
    assert_eq!((page.matches("também vale até").count(), page.matches("whsec_••••").count()), (1, 2));
    admin.posts(&path, &fields("https://crm.example", "ed25519")).await;
    let page = admin.opens(&path).await.text();
    assert_eq!(page.matches("também vale até").count(), 2, "another kind of signature is a rotation too");
}

#[tokio::test]
async fn a_public_key_is_no_secret_and_the_private_one_is_never_shown() {
    let admin = Admin::sets_up().await;
    admin.posts(LIST, &fields("https://crm.example", "ed25519")).await;
    let path = format!("{LIST}/{}", admin.finds(LIST, "crm.example").await);
    let page = admin.opens(&path).await.text();
    let key = page.split("id=\"secret-text\"").nth(1).and_then(|rest| rest.split('>').nth(1)?.split('<').next()).expect("shown");
    assert!(key.starts_with("whpk_") && key.len() == 49, "{key}");
    assert!(!page.contains("whsk_") && !page.contains("/reveal"));
    let revealed = admin.posts(&format!("{path}/reveal"), &[("password", PASSWORD)]).await.text();
    assert!(!revealed.contains("whsk_"));
}

#[tokio::test]
async fn guessing_the_password_of_a_secret_slows_down() {
    let admin = Admin::sets_up().await;
    admin.posts(LIST, &fields("https://crm.example", "hmac")).await;
    let path = format!("{LIST}/{}/reveal", admin.finds(LIST, "crm.example").await);
    let mut last = 0;
    for _ in 0..8 {
        last = admin.posts(&path, &[("password", "guess")]).await.status;
        if last == 429 {
            break;
        }
    }
    assert_eq!(last, 429);
}

#[tokio::test]
async fn a_receiver_that_says_410_is_told_of_and_enabled_again_with_what_it_missed() {
    let (admin, receiver) = (Admin::sets_up_in(&[OPENED]).await, Receiver::opens());
    let url = receiver.url();
    admin.posts(LIST, &fields(&url, "hmac")).await;
    let path = format!("{LIST}/{}", admin.finds(LIST, "127.0.0.1").await);
    for (since, error) in [("", "Preencha este campo."), ("ontem", "Escolha um dia e uma hora.")] {
        let refused = admin.posts(&format!("{path}/recover"), &[("since", since)]).await;
        assert_eq!(refused.status, 422);
        assert_eq!(error_beside(&refused.text(), "since"), error);
    }
    let off = [&fields(&url, "hmac")[..3], &fields(&url, "hmac")[4..]].concat();
    assert_eq!(admin.posts(&path, &off).await.status, 303);
    let page = admin.opens(&path).await.text();
    assert!(page.contains("Desligado") && page.contains("Ligar e recuperar"));
    let recovered = admin.posts(&format!("{path}/recover"), &[("since", "2026-01-01T00:00")]).await;
    assert_eq!((recovered.status, recovered.header("location")), (303, Some("/settings/webhooks/resendings?told=recovered")));
    let page = admin.opens(&path).await.text();
    assert!(page.contains("name=\"enabled\" value=\"on\" checked") && !page.contains("Ligar e recuperar"));
    drop(Answer::status(410));
}

#[tokio::test]
async fn what_the_form_refuses_stands_beside_its_field_and_nothing_typed_is_lost() {
    let admin = Admin::sets_up().await;
    let wrong = [
        ("url", "https://user:pass@crm.example"),
        ("name", "CRM da loja"),
        ("score_max", "6"),
        ("rate_per_second", "dez"),
        ("signing", "rsa"),
        ("header_name", "x-chave"),
        ("header_value", "ação"),
    ];
    let refused = admin.posts(LIST, &wrong).await;
    assert_eq!(refused.status, 422);
    let page = refused.text();
    for field in ["url", "event", "score_max", "rate_per_second", "signing", "headers"] {
        assert!(!error_beside(&page, field).is_empty());
    }
    for (_, typed) in wrong.iter().filter(|(name, _)| *name != "signing") {
        assert!(page.contains(&format!("value=\"{typed}\"")), "{typed}");
    }
    let unknown = admin.opens(&format!("{LIST}/00000000-0000-7000-8000-000000000000")).await;
    assert_eq!(unknown.status, 404);
}
