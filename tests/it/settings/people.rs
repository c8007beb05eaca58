//! Accounts: added, given a password by link, kept out of what isn't theirs, archived.

use super::office::{Admin, EMAIL, PT, error_beside};

const LINK: &str = "/password/";

/// Adds an account and takes the path of its link from the page.
async fn added(admin: &Admin, name: &str, email: &str, role: &str) -> String {
    let answer = admin.posts("/settings/agents", &[("name", name), ("email", email), ("role", role), ("chats_max", "4")]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let page = answer.text();
    let token = page.split(LINK).nth(1).and_then(|rest| rest.split('<').next()).expect("a link");
    format!("{LINK}{token}")
}

#[tokio::test]
async fn a_link_sets_one_password_once() {
    let admin = Admin::sets_up().await;
    let link = added(&admin, "João", "joao@casamurici.com.br", "agent").await;
    let http = &admin.server.http;
    assert_eq!(admin.server.signs_in("joao@casamurici.com.br", "tapioca na chapa").await.0.status, 401);
    let weak = http.post_form(&link, &[PT], &[("password", "curta")]).await;
    assert_eq!(weak.status, 422);
    assert!(error_beside(&weak.text(), "password").starts_with("A senha precisa"));
    assert_eq!(http.post_form(&link, &[PT], &[("password", "tapioca na chapa")]).await.status, 303);
    assert_eq!(http.get(&link, &[PT]).await.status, 404);
    assert_eq!(http.post_form(&link, &[PT], &[("password", "outra tapioca")]).await.status, 404);
    assert!(admin.server.signs_in("joao@casamurici.com.br", "tapioca na chapa").await.1.is_some());
}

#[tokio::test]
async fn a_new_link_ends_the_one_before() {
    let admin = Admin::sets_up().await;
    let first = added(&admin, "João", "joao@casamurici.com.br", "agent").await;
    let id = admin.finds("/settings/agents", "João").await;
    assert_eq!(admin.posts(&format!("/settings/agents/{id}/password-link"), &[]).await.status, 200);
    assert_eq!(admin.server.http.get(&first, &[PT]).await.status, 404);
}

#[tokio::test]
async fn agents_and_supervisors_see_only_their_own_account() {
    let admin = Admin::sets_up().await;
    for role in ["agent", "supervisor"] {
        let email = format!("{role}@casamurici.com.br");
        let link = added(&admin, role, &email, role).await;
        admin.server.http.post_form(&link, &[PT], &[("password", "tapioca na chapa")]).await;
        let (_, cookie) = admin.server.signs_in(&email, "tapioca na chapa").await;
        let cookie = cookie.expect("signed in");
        let headers = [("cookie", cookie.as_str()), PT];
        assert_eq!(admin.server.http.get("/settings/account", &headers).await.status, 200);
        for path in ["/settings/organisation", "/settings/agents", "/settings/sites", "/settings/tokens", "/settings/webhooks"] {
            assert_eq!(admin.server.http.get(path, &headers).await.status, 403, "{role} {path}");
        }
        let grab = admin.server.http.post_form("/settings/tags", &headers, &[("name", "minha")]).await;
        assert_eq!(grab.status, 403);
    }
}

#[tokio::test]
async fn an_archived_agent_is_out_at_once_and_comes_back_by_a_new_link() {
    let admin = Admin::sets_up().await;
    let link = added(&admin, "João", "joao@casamurici.com.br", "agent").await;
    admin.server.http.post_form(&link, &[PT], &[("password", "tapioca na chapa")]).await;
    let (_, cookie) = admin.server.signs_in("joao@casamurici.com.br", "tapioca na chapa").await;
    let cookie = cookie.expect("signed in");
    let id = admin.finds("/settings/agents", "João").await;
    assert_eq!(admin.posts(&format!("/settings/agents/{id}/archive"), &[]).await.status, 303);
    assert_eq!(admin.server.http.get("/settings/account", &[("cookie", &cookie)]).await.status, 303);
    assert_eq!(admin.server.signs_in("joao@casamurici.com.br", "tapioca na chapa").await.0.status, 401);
    let twice = admin
        .posts("/settings/agents", &[("name", "João"), ("email", "JOAO@casamurici.com.br"), ("role", "agent"), ("chats_max", "4")])
        .await;
    assert_eq!(error_beside(&twice.text(), "email"), "Uma conta arquivada tem este e-mail. Reative essa conta.");
    assert_eq!(admin.posts(&format!("/settings/agents/{id}/restore"), &[]).await.status, 200);
    assert_eq!(admin.server.signs_in("joao@casamurici.com.br", "tapioca na chapa").await.0.status, 401, "the old password is gone");
}

#[tokio::test]
async fn somebody_always_administers() {
    let admin = Admin::sets_up().await;
    let id = admin.finds("/settings/agents", "Marina").await;
    assert_eq!(admin.posts(&format!("/settings/agents/{id}/archive"), &[]).await.status, 403);
    let fields = [("name", "Marina Duarte"), ("email", EMAIL), ("role", "agent"), ("chats_max", "4")];
    let answer = admin.posts(&format!("/settings/agents/{id}"), &fields).await;
    assert_eq!(answer.status, 422);
    assert!(error_beside(&answer.text(), "role").starts_with("É a única pessoa na administração."));
}

#[tokio::test]
async fn bad_input_keeps_the_form_and_names_each_fault() {
    let admin = Admin::sets_up().await;
    let fields = [("name", "Ana <b>"), ("email", EMAIL), ("role", "king"), ("chats_max", "0")];
    let answer = admin.posts("/settings/agents", &fields).await;
    assert_eq!(answer.status, 422);
    let page = answer.text();
    assert_eq!(error_beside(&page, "role"), "Escolha uma das opções.");
    assert_eq!(error_beside(&page, "chats_max"), "Este número está fora do limite aceito.");
    assert!(page.contains("value=\"Ana &#60;b&#62;\""), "text stays text");
    let taken = admin.posts("/settings/agents", &[("name", "Ana"), ("email", EMAIL), ("role", "agent"), ("chats_max", "4")]).await;
    assert_eq!(error_beside(&taken.text(), "email"), "Já existe uma conta com este e-mail.");
    assert_eq!(admin.opens("/settings/agents/not-an-id").await.status, 404);
}
