//! Signing in and out, and what a cookie alone may not do.

use super::office::{Admin, EMAIL, PASSWORD, PT};

#[tokio::test]
async fn an_unknown_account_and_a_wrong_password_get_the_same_answer() {
    let admin = Admin::sets_up().await;
    let (wrong, _) = admin.server.signs_in(EMAIL, "not the password").await;
    let (unknown, _) = admin.server.signs_in("ninguem@casamurici.com.br", "not the password").await;
    assert_eq!((wrong.status, unknown.status), (401, 401));
    let told = |text: String| text.split("id=\"refused\"").nth(1).and_then(|rest| rest.split("</p>").next().map(str::to_owned));
    assert_eq!(told(wrong.text()), told(unknown.text()));
    assert!(told(admin.server.signs_in(EMAIL, "x").await.0.text()).expect("a sentence").contains("E-mail ou senha não conferem."));
}

#[tokio::test]
async fn guessing_is_slowed_down_for_one_account_and_not_for_others() {
    let admin = Admin::sets_up().await;
    for _ in 0..5 {
        assert_eq!(admin.server.signs_in(EMAIL, "guess").await.0.status, 401);
    }
    assert_eq!(admin.server.signs_in(EMAIL, PASSWORD).await.0.status, 429);
    assert_eq!(admin.server.signs_in("outra@casamurici.com.br", "guess").await.0.status, 401);
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server() {
    let admin = Admin::sets_up().await;
    let (_, cookie) = admin.server.signs_in(&EMAIL.to_uppercase(), PASSWORD).await;
    let cookie = cookie.expect("the e-mail's case doesn't matter");
    let answer = admin.server.http.post_form("/logout", &[("cookie", &cookie)], &[]).await;
    assert_eq!(answer.status, 303);
    let again = admin.server.http.get("/settings/account", &[("cookie", &cookie)]).await;
    assert_eq!(again.header("location"), Some("/login?next=%2Fsettings%2Faccount"));
    assert_eq!(admin.opens("/settings/account").await.status, 200, "the other session goes on");
}

#[tokio::test]
async fn a_form_from_another_site_is_refused_whatever_the_cookie() {
    let admin = Admin::sets_up().await;
    let body = b"name=Outra&timezone=UTC&locale=en";
    let form = ("content-type", "application/x-www-form-urlencoded");
    let cookie = ("cookie", admin.cookie.as_str());
    for foreign in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("x-none", ""),
    ] {
        let answer = admin.server.http.send("POST", "/settings/organisation", &[form, cookie, foreign], body).await;
        assert_eq!(answer.status, 403, "{foreign:?}");
    }
    assert!(admin.opens("/settings/organisation").await.text().contains("value=\"Casa Murici\""));
}

#[tokio::test]
async fn after_the_login_one_is_sent_nowhere_else() {
    let admin = Admin::sets_up().await;
    for (next, to) in [
        ("/settings/tags", "/settings/tags"),
        ("//evil.example", "/console"),
        ("https://evil.example", "/console"),
        ("/\\evil.example", "/console"),
    ] {
        let fields = [("email", EMAIL), ("password", PASSWORD), ("next", next)];
        let answer = admin.server.http.post_form("/login", &[PT], &fields).await;
        assert_eq!(answer.header("location"), Some(to), "{next}");
    }
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_ends_the_other_sessions() {
    let admin = Admin::sets_up().await;
    let (_, other) = admin.server.signs_in(EMAIL, PASSWORD).await;
    let other = other.expect("signed in");
    let wrong = admin.posts("/settings/account/password", &[("current", "nope"), ("password", "tapioca na chapa")]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("A senha atual não confere."));
    let right = admin.posts("/settings/account/password", &[("current", PASSWORD), ("password", "tapioca na chapa")]).await;
    assert_eq!(right.status, 303);
    assert_eq!(admin.opens("/settings/account").await.status, 200);
    assert_eq!(admin.server.http.get("/settings/account", &[("cookie", &other)]).await.status, 303);
    assert_eq!(admin.server.signs_in(EMAIL, PASSWORD).await.0.status, 401);
}
