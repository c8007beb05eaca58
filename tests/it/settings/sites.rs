//! Sites: domains as people paste them, consent in versions, the tag.

use super::office::{Admin, error_beside};

/// A whole form with these fields changed.
fn form<'a>(changed: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("name", "Loja"),
        ("allowed_domains", "loja.example"),
        ("locale", "auto"),
        ("color", "#F0B429"),
        ("position", "left"),
        ("theme", "auto"),
        ("field_name", "required"),
        ("field_email", "optional"),
        ("field_phone", "off"),
        ("field_message", "optional"),
        ("field_department", "off"),
        ("location", "off"),
        ("location_keep_days", "30"),
    ];
    for (name, value) in changed {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    fields
}

#[tokio::test]
async fn pasted_addresses_become_hosts_and_the_tag_is_shown() {
    let admin = Admin::sets_up().await;
    let department = admin.finds("/settings/departments", "Atendimento").await;
    let fields = form(&[
        ("default_department", &department),
        ("allowed_domains", "https://Loja.example/produto, loja.example\n*.loja.example\nlocalhost:8081"),
    ]);
    let answer = admin.posts("/settings/sites", &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let tag = admin.opens(answer.header("location").expect("the tag's page")).await.text();
    assert!(tag.contains("loja.example, *.loja.example, localhost:8081"), "{tag}");
    assert!(tag.contains("data-site=&#34;"));
}

#[tokio::test]
async fn a_changed_consent_text_becomes_a_new_version_and_an_unchanged_one_does_not() {
    let admin = Admin::sets_up().await;
    let department = admin.finds("/settings/departments", "Atendimento").await;
    let id = admin.finds("/settings/sites", "www.casamurici.com.br").await;
    let path = format!("/settings/sites/{id}");
    for (text, version) in [("Primeiro texto.", "versão 1"), ("Primeiro texto.", "versão 1"), ("Segundo texto.", "versão 2")] {
        let answer = admin.posts(&path, &form(&[("default_department", &department), ("consent", text)])).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        assert!(admin.opens(&path).await.text().contains(version), "{text}");
    }
    admin.posts(&path, &form(&[("default_department", &department)])).await;
    assert!(!admin.opens(&path).await.text().contains("Em vigor"));
    admin.posts(&path, &form(&[("default_department", &department), ("consent", "Primeiro texto.")])).await;
    assert!(admin.opens(&path).await.text().contains("versão 3"), "a version is never used twice");
}

#[tokio::test]
async fn bad_input_stands_beside_its_field() {
    let admin = Admin::sets_up().await;
    let department = admin.finds("/settings/departments", "Atendimento").await;
    let faults = form(&[
        ("default_department", &department),
        ("allowed_domains", "loja.example\nnão é um domínio"),
        ("color", "azul"),
        ("privacy_url", "javascript:alert(1)"),
        ("location", "queue"),
        ("location_keep_days", "0"),
        ("position", "top"),
    ]);
    let answer = admin.posts("/settings/sites", &faults).await;
    assert_eq!(answer.status, 422);
    let page = answer.text();
    for (field, start) in [
        ("allowed_domains", "Escreva um domínio por linha"),
        ("color", "Escreva a cor como"),
        ("privacy_url", "Escreva o endereço inteiro"),
        ("location_recipients", "Diga quem recebe a localização."),
        ("location_keep_days", "Este número está fora"),
        ("position", "Escolha uma das opções."),
    ] {
        assert!(error_beside(&page, field).starts_with(start), "{field}: {}", error_beside(&page, field));
    }
    assert!(page.contains("não é um domínio"));
}
