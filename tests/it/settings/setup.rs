//! The first run.

use super::office::{Admin, PT, Server, error_beside};

#[tokio::test]
async fn the_set_up_ends_with_the_tag_to_paste_and_is_gone_afterwards() {
    let server = Server::starts();
    assert_eq!(server.http.get("/setup", &[PT]).await.status, 200);
    let answer = server.claims(&[]).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let ready = server.http.get(answer.header("location").expect("a way on"), &[("cookie", &answer.cookies()), PT]).await.text();
    assert!(ready.contains("/widget.js&#34; data-site=&#34;"), "{ready}");
    assert!(ready.contains("www.casamurici.com.br"));
    assert_eq!(server.http.get("/setup", &[PT]).await.status, 404);
    assert_eq!(server.claims(&[]).await.status, 404);
}

#[tokio::test]
async fn a_wrong_code_changes_nothing_and_keeps_what_was_typed() {
    let server = Server::starts();
    let answer = server.claims(&[("code", "AAAA-AAAA-AAAA-AAAA-AAAA")]).await;
    assert_eq!(answer.status, 422);
    let page = answer.text();
    assert_eq!(error_beside(&page, "code"), "Este não é o código que o servidor mostrou ao iniciar.");
    assert!(page.contains("value=\"Casa Murici\""));
    assert!(!page.contains("cuscuz"), "a password is never sent back");
    assert_eq!(server.http.get("/setup", &[PT]).await.status, 200);
}

#[tokio::test]
async fn after_five_wrong_codes_even_the_right_one_waits() {
    let server = Server::starts();
    for _ in 0..5 {
        assert_eq!(server.claims(&[("code", "wrong")]).await.status, 422);
    }
    assert_eq!(server.claims(&[]).await.status, 429);
}

#[tokio::test]
async fn every_fault_of_the_form_stands_beside_its_field() {
    let server = Server::starts();
    let faults =
        [("email", "marina@casa"), ("password", "1234567890"), ("timezone", "America/Olinda"), ("domain", "a b"), ("organisation", " ")];
    let answer = server.claims(&faults).await;
    assert_eq!(answer.status, 422);
    let page = answer.text();
    for (field, start) in [
        ("email", "Confira o endereço."),
        ("password", "Esta senha é uma das primeiras"),
        ("timezone", "Este fuso horário não existe."),
        ("domain", "Escreva um domínio por linha"),
        ("organisation", "Preencha este campo."),
    ] {
        assert!(error_beside(&page, field).starts_with(start), "{field}: {}", error_beside(&page, field));
    }
}

#[tokio::test]
async fn of_two_who_claim_at_once_one_wins() {
    let server = Server::starts();
    let (one, other) = tokio::join!(server.claims(&[]), server.claims(&[("email", "outra@casamurici.com.br")]));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404]);
}

#[tokio::test]
async fn the_admin_is_signed_in_by_the_set_up() {
    let admin = Admin::sets_up().await;
    let page = admin.opens("/settings/organisation").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("value=\"Casa Murici\""));
}
