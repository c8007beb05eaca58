//! Departments: limits with bounds, and what has to be moved before the archive.

use super::office::{Admin, error_beside};

const LIMITS: [(&str, &str); 6] = [
    ("grace_seconds", "60"),
    ("wait_goal_seconds", "180"),
    ("wait_limit_seconds", ""),
    ("inactivity_seconds", "900"),
    ("agent_lost_seconds", "120"),
    ("offer_seconds", "30"),
];

async fn added(admin: &Admin, name: &str) -> String {
    let fields = [&[("name", name), ("routing", "manual")][..], &LIMITS].concat();
    let answer = admin.posts("/settings/departments", &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    admin.finds("/settings/departments", name).await
}

#[tokio::test]
async fn a_department_in_use_as_a_default_is_not_archived_and_says_what_to_move() {
    let admin = Admin::sets_up().await;
    let id = admin.finds("/settings/departments", "Atendimento").await;
    let answer = admin.posts(&format!("/settings/departments/{id}/archive"), &[]).await;
    assert_eq!(answer.status, 409);
    assert!(answer.text().contains("Setor padrão do site www.casamurici.com.br"), "{}", answer.text());
    admin.finds("/settings/departments", "Atendimento").await;
}

#[tokio::test]
async fn a_free_department_is_archived_and_its_name_is_free_again() {
    let admin = Admin::sets_up().await;
    let id = added(&admin, "Vendas").await;
    assert_eq!(admin.posts(&format!("/settings/departments/{id}/archive"), &[]).await.status, 303);
    assert_ne!(added(&admin, "Vendas").await, id);
    let back = admin.posts(&format!("/settings/departments/{id}/restore"), &[]).await;
    assert_eq!(back.status, 409);
    assert_eq!(error_beside(&back.text(), "name"), "Este nome já está em uso.");
}

#[tokio::test]
async fn limits_are_whole_seconds_from_one_up() {
    let admin = Admin::sets_up().await;
    let fields = [
        ("name", "Vendas"),
        ("routing", "least_busy"),
        ("grace_seconds", "0"),
        ("wait_goal_seconds", "3.5"),
        ("wait_limit_seconds", "99999999"),
        ("inactivity_seconds", ""),
        ("agent_lost_seconds", "120"),
        ("offer_seconds", "30"),
    ];
    let page = admin.posts("/settings/departments", &fields).await.text();
    assert_eq!(error_beside(&page, "grace_seconds"), "Este número está fora do limite aceito.");
    assert_eq!(error_beside(&page, "wait_goal_seconds"), "Use só números inteiros.");
    assert_eq!(error_beside(&page, "wait_limit_seconds"), "Este número está fora do limite aceito.");
    assert_eq!(error_beside(&page, "inactivity_seconds"), "Preencha este campo.");
    assert!(page.contains("value=\"3.5\""));
}

#[tokio::test]
async fn members_are_replaced_by_what_is_ticked() {
    let admin = Admin::sets_up().await;
    let id = added(&admin, "Vendas").await;
    let marina = admin.finds("/settings/agents", "Marina").await;
    let fields = [&[("name", "Vendas"), ("routing", "manual"), ("supervisor", marina.as_str())][..], &LIMITS].concat();
    assert_eq!(admin.posts(&format!("/settings/departments/{id}"), &fields).await.status, 303);
    let list = admin.opens("/settings/agents").await.text();
    assert!(list.contains("Atendimento, Vendas"), "who supervises is a member");
}
