//! The delivery log's pages: what one sees of a delivery, taking the log away, sending many again, how long it is kept.

use chrono::DateTime;

use super::office::{Admin, error_beside, id_in};

const LOG: &str = "/settings/webhooks/deliveries";
const ENDPOINTS: &str = "/settings/webhooks/endpoints";

/// An admin with one endpoint, which was sent a test that the guard refused.
async fn tested() -> (Admin, String, String) {
    let admin = Admin::sets_up().await;
    admin.posts("/settings/webhooks", &[("chat.requested", "https://127.0.0.1:9/papo?token=s3cr3t")]).await;
    let endpoint = admin.finds(ENDPOINTS, "127.0.0.1").await;
    let sent = admin.posts(&format!("{ENDPOINTS}/{endpoint}/test"), &[("type", "chat.rated")]).await;
    let delivery = id_in(sent.header("location").expect("a way on"), "?tested=").expect("an id");
    (admin, endpoint, delivery)
}

#[tokio::test]
async fn a_delivery_shows_its_attempt_a_command_and_what_is_masked_there() {
    let (admin, _, delivery) = tested().await;
    let page = admin.opens(&format!("{LOG}/{delivery}")).await.text();
    assert!(page.contains("Tentativa 1") && page.contains("PAPO_WEBHOOK_ALLOW"), "the code has a plain sentence");
    assert!(page.contains("curl --globoff --request POST") && page.contains("REPLACE-ME") && !page.contains("s3cr3t"));
    assert!(page.contains("webhook-signature: v1,"));
    let list = admin.opens(&format!("{LOG}?text=blocked_address")).await.text();
    assert!(list.contains(&delivery));
    assert!(!admin.opens(&format!("{LOG}?state=delivered")).await.text().contains(&delivery));
    assert_eq!(admin.opens(&format!("{LOG}?state=lost")).await.status, 400, "a filter that can't be read widens nothing");
}

#[tokio::test]
async fn an_attempts_time_is_told_to_the_second_as_the_readers_language_writes_it() {
    let (admin, _, delivery) = tested().await;
    for (locale, shape) in [("pt-BR", "%d/%m/%Y, %H:%M:%S"), ("en", "%m/%d/%Y, %H:%M:%S"), ("es", "%d/%m/%Y, %H:%M:%S")] {
        admin.posts("/preferences", &[("locale", locale)]).await;
        let page = admin.opens(&format!("{LOG}/{delivery}")).await.text();
        let sent = page.split("webhook-timestamp: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok()).expect("a signed time");
        let sent = DateTime::from_timestamp_secs(sent).expect("a time").with_timezone(&chrono_tz::America::Recife);
        assert!(page.contains(&format!("{} · ", sent.format(shape))), "{sent} in {locale}");
    }
}

#[tokio::test]
async fn the_log_is_taken_away_from_our_own_page_alone() {
    let (admin, endpoint, delivery) = tested().await;
    let csv = admin.posts(&format!("{LOG}/export"), &[("format", "csv"), ("endpoint", &endpoint)]).await;
    assert!(csv.status == 200 && csv.text().contains(&delivery), "{}", csv.text());
    let lines = admin.posts(&format!("{LOG}/export"), &[("format", "ndjson"), ("bodies", "on")]).await.text();
    assert!(lines.contains("\"body\":{\"type\":\"chat.rated\""), "{lines}");
    let cookie = ("cookie", admin.cookie.as_str());
    let foreign = [("content-type", "application/x-www-form-urlencoded"), cookie, ("origin", "https://evil.example")];
    assert_eq!(admin.server.http.send("POST", &format!("{LOG}/export"), &foreign, b"format=csv").await.status, 403);
}

#[tokio::test]
async fn many_are_counted_confirmed_and_sent_again() {
    let (admin, endpoint, _) = tested().await;
    let ask = format!("/settings/webhooks/resendings/new?endpoint={endpoint}&state=failed&since=24");
    let page = admin.opens(&ask).await.text();
    assert!(page.contains("1 entrega") && page.contains("name=\"from\""), "what is confirmed later is the same: {page}");
    let open = admin.posts("/settings/webhooks/resendings", &[("kind", "filtered")]).await;
    assert!(open.status == 422 && open.text().contains("Escolha ao menos um filtro"));
    let fields = [("kind", "filtered"), ("endpoint", endpoint.as_str()), ("state", "failed"), ("upto", "1")];
    let begun = admin.posts("/settings/webhooks/resendings", &fields).await;
    assert_eq!(begun.header("location"), Some("/settings/webhooks/resendings?told=resending"));
    let mut list = admin.opens("/settings/webhooks/resendings").await.text();
    while list.contains("<progress") {
        list = admin.opens("/settings/webhooks/resendings").await.text();
    }
    assert!(list.contains("Concluído") && list.contains("1 deixada de fora"), "a test stays out: {list}");
    assert_eq!(admin.posts(&format!("{ENDPOINTS}/{endpoint}/recover"), &[("since", "2026-01-01T00:00")]).await.status, 303);
}

#[tokio::test]
async fn how_long_webhooks_are_kept_is_a_setting() {
    let admin = Admin::sets_up().await;
    let path = "/settings/organisation";
    let fields = |body, attempt| {
        [("name", "Casa"), ("timezone", "America/Recife"), ("locale", "pt-BR"), ("body_days", body), ("attempt_days", attempt)]
    };
    let page = admin.opens(path).await.text();
    assert!(page.contains("name=\"body_days\" type=\"number\" value=\"30\"") && page.contains("value=\"90\""));
    let refused = admin.posts(path, &fields("60", "30")).await;
    assert!(refused.status == 422 && error_beside(&refused.text(), "body_days").starts_with("Os corpos"));
    assert_eq!(admin.posts(path, &fields("7", "14")).await.status, 303);
    assert!(admin.opens(path).await.text().contains("name=\"body_days\" type=\"number\" value=\"7\""));
}
