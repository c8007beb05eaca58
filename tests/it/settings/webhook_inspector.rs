//! The inspector among the settings of a real server: for admins, fed by tests, and told how to answer.

use papo::i18n::{Locale, Texts};
use serde_json::json;

use super::office::{Admin, PT};

const PAGE: &str = "/settings/webhooks/inspector";
const LIST: &str = "/settings/webhooks/endpoints";

/// The address that the page shows.
async fn address(admin: &Admin) -> String {
    let page = admin.opens(PAGE).await.text();
    page.split("id=\"address\"").nth(1).and_then(|rest| rest.split('>').nth(1)?.split('<').next()).expect("an address").to_owned()
}

async fn answers(admin: &Admin, path: &str, manner: &str) -> u16 {
    let origin = admin.server.http.origin();
    let headers = [("cookie", admin.cookie.as_str()), ("origin", origin.as_str()), PT];
    admin.server.http.post_json(&format!("{path}/mode"), &headers, &json!({"manner": manner})).await.status
}

#[tokio::test]
async fn a_test_to_its_address_arrives_signed_without_anything_opened() {
    let admin = Admin::sets_up().await;
    let url = address(&admin).await;
    let path = format!("/{}", url.splitn(4, '/').nth(3).expect("a path"));
    let tested = admin.posts("/settings/webhooks/try", &[("chat.rated", &url), ("try", "chat.rated")]).await.text();
    assert!(tested.contains("Recebido: respondeu 200"));
    let posts = admin.opens(&format!("{path}/posts")).await.json();
    assert_eq!(
        (&posts["posts"][0]["type"], &posts["posts"][0]["verified"], &posts["manner"]),
        (&json!("chat.rated"), &json!(true), &json!("well"))
    );
    let short = admin.opens(&path).await;
    assert_eq!((short.status, short.header("location")), (303, Some(PAGE)), "a browser is led to the settings");
}

#[tokio::test]
async fn it_can_be_told_to_fail_and_to_be_gone() {
    let admin = Admin::sets_up().await;
    let url = address(&admin).await;
    let path = format!("/{}", url.splitn(4, '/').nth(3).expect("a path"));
    admin.posts("/settings/webhooks", &[("chat.rated", &url)]).await;
    let endpoint = format!("{LIST}/{}", admin.finds(LIST, "127.0.0.1").await);
    for (manner, status) in [("broken", "500"), ("gone", "410"), ("well", "200")] {
        assert_eq!(answers(&admin, &path, manner).await, 200);
        let sent = admin.posts(&format!("{endpoint}/test"), &[("type", "chat.rated")]).await;
        let shown = admin.opens(sent.header("location").and_then(|to| to.split('#').next()).expect("a way back")).await.text();
        assert!(shown.contains(&format!("respondeu {status}")), "{manner}");
    }
    assert_eq!(answers(&admin, &path, "rude").await, 400);
}

#[tokio::test]
async fn nothing_is_wrong_with_its_address_which_is_never_dialled() {
    let admin = Admin::sets_up().await;
    let url = address(&admin).await;
    let warning = Texts::for_locale(Locale::PtBr).text("webhook.refused.blocked_address");
    for (url, is_blocked) in [(url.as_str(), false), ("http://127.0.0.1:9/", true)] {
        admin.posts("/settings/webhooks", &[("chat.rated", url)]).await;
        let endpoint = format!("{LIST}/{}", admin.finds(LIST, "127.0.0.1").await);
        for page in ["/settings/webhooks", endpoint.as_str()] {
            assert_eq!(admin.opens(page).await.text().contains(warning), is_blocked, "{url} on {page}");
        }
        admin.posts(&format!("{endpoint}/archive"), &[]).await;
    }
}

#[tokio::test]
async fn it_is_for_admins() {
    let admin = Admin::sets_up().await;
    let url = address(&admin).await;
    let path = format!("/{}", url.splitn(4, '/').nth(3).expect("a path"));
    for page in [PAGE, path.as_str(), &format!("{path}/posts"), &format!("{path}/stream")] {
        assert_eq!(admin.server.http.get(page, &[PT]).await.status, 303, "{page}");
    }
    assert_eq!(admin.opens("/inspector/another").await.status, 404);
}
