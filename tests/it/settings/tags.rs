//! Tags: each name once, whatever its case.

use super::office::{Admin, error_beside, id_in};

#[tokio::test]
async fn a_name_is_used_once_until_it_is_archived() {
    let admin = Admin::sets_up().await;
    assert_eq!(admin.posts("/settings/tags", &[("name", "Troca")]).await.status, 303);
    let twice = admin.posts("/settings/tags", &[("name", " troca ")]).await;
    assert_eq!(twice.status, 422);
    assert_eq!(error_beside(&twice.text(), "name"), "Este nome já está em uso.");
    let id = id_in(&admin.opens("/settings/tags").await.text(), "/settings/tags/").expect("a tag");
    assert_eq!(admin.posts(&format!("/settings/tags/{id}/archive"), &[]).await.status, 303);
    assert_eq!(admin.posts("/settings/tags", &[("name", "troca")]).await.status, 303);
    assert_eq!(admin.posts(&format!("/settings/tags/{id}/restore"), &[]).await.status, 409);
}

#[tokio::test]
async fn a_refused_rename_stays_in_its_row() {
    let admin = Admin::sets_up().await;
    admin.posts("/settings/tags", &[("name", "Troca")]).await;
    let id = id_in(&admin.opens("/settings/tags").await.text(), "/settings/tags/").expect("a tag");
    let answer = admin.posts(&format!("/settings/tags/{id}"), &[("name", "")]).await;
    assert_eq!(answer.status, 422);
    assert_eq!(error_beside(&answer.text(), &format!("tag-{id}")), "Preencha este campo.");
    assert_eq!(admin.posts(&format!("/settings/tags/{id}"), &[("name", "Devolução")]).await.status, 303);
    assert!(admin.opens("/settings/tags").await.text().contains("value=\"Devolução\""));
}
