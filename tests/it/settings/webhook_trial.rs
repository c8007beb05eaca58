//! Tests of addresses and endpoints from the settings: the answer at once, within limits, behind the guard, and on the record.

use super::office::{Admin, PT, error_beside};
use crate::support::demo::OPENED;
use crate::webhooks::receiver::{Answer, Receiver};

const QUICK: &str = "/settings/webhooks";
const TRY: &str = "/settings/webhooks/try";
const LIST: &str = "/settings/webhooks/endpoints";

/// What stands beside a row's field.
fn answer_in<'a>(page: &'a str, event: &str) -> &'a str {
    let found = page.split(&format!("id=\"answer-{event}\"")).nth(1).and_then(|rest| rest.split("quick-state").next());
    found.unwrap_or_else(|| panic!("no row of {event}"))
}

#[tokio::test]
async fn a_typed_address_is_tested_before_it_is_saved_and_nothing_typed_is_lost() {
    let (admin, receiver) = (Admin::sets_up_in(&[OPENED]).await, Receiver::opens());
    receiver.answers_next([Answer::with(201, &[], "<b>lead 4711</b>"), Answer::with(503, &[], "Em manutenção")]);
    let (typed, other) = (receiver.url(), "https://meio-escrit");
    let fields = [("chat.rated", typed.as_str()), ("chat.tagged", other), ("try", "chat.rated")];
    let good = admin.posts(TRY, &fields).await;
    assert_eq!(good.status, 200);
    let page = good.text();
    let answer = answer_in(&page, "chat.rated");
    assert!(answer.contains("Recebido: respondeu 201 em ") && answer.contains("&#60;b&#62;lead 4711"), "{answer}");
    assert!(answer.contains("segredo provisório"));
    assert!(page.contains(&format!("value=\"{typed}\"")) && page.contains("value=\"https://meio-escrit\""));
    let bad = admin.posts(TRY, &fields).await.text();
    assert!(answer_in(&bad, "chat.rated").contains("O destino respondeu 503, e só 2xx conta como recebido."));
    let posts = receiver.posts();
    assert_eq!(
        posts.iter().map(|post| (post.event(), post.json()["test"] == true)).collect::<Vec<_>>(),
        vec![("chat.rated".to_owned(), true); 2]
    );
    assert!(posts[0].header("webhook-id").starts_with("test_"));
    assert!(admin.opens(LIST).await.text().contains("Ainda não há destinos."), "nothing was saved");
}

#[tokio::test]
async fn what_is_no_address_is_refused_beside_its_field_and_what_is_not_public_by_the_guard() {
    let admin = Admin::sets_up().await;
    for (typed, error) in [("", "Escreva o endereço do destino."), ("ftp://x", "O endereço precisa começar com https:// ou http://")] {
        let refused = admin.posts(TRY, &[("chat.rated", typed), ("try", "chat.rated")]).await;
        assert_eq!((refused.status, error_beside(&refused.text(), "chat.rated")), (422, error));
    }
    for event in ["", "chat.nonsense", "message.created"] {
        assert_eq!(admin.posts(TRY, &[("try", event), (event, "https://crm.example")]).await.status, 400, "{event}");
    }
    for address in ["http://127.0.0.1:9/x", "http://0x7f000001/x", "http://169.254.169.254/latest", "https://localhost/x"] {
        let page = admin.posts(TRY, &[("chat.rated", address), ("try", "chat.rated")]).await.text();
        assert!(answer_in(&page, "chat.rated").contains("Este endereço não é público."), "{address}");
    }
}

#[tokio::test]
async fn the_eleventh_test_within_a_minute_waits() {
    let admin = Admin::sets_up().await;
    let fields = [("chat.rated", "http://127.0.0.1:9/x"), ("try", "chat.rated")];
    for _ in 0..10 {
        assert_eq!(admin.posts(TRY, &fields).await.status, 200);
    }
    let eleventh = admin.posts(TRY, &fields).await;
    assert_eq!(eleventh.status, 429);
    let page = eleventh.text();
    assert!(answer_in(&page, "chat.rated").contains("no máximo 10 testes por minuto") && page.contains("value=\"http://127.0.0.1:9/x\""));
    admin.posts(QUICK, &[("chat.requested", "https://crm.example/papo")]).await;
    let path = format!("{LIST}/{}/test", admin.finds(LIST, "crm.example").await);
    let of_endpoint = admin.posts(&path, &[("type", "chat.rated")]).await;
    assert_eq!(of_endpoint.status, 429, "tests of endpoints count too");
    assert!(of_endpoint.text().contains("no máximo 10 testes por minuto"));
}

#[tokio::test]
async fn a_saved_address_is_tested_as_its_endpoint_and_the_test_is_on_the_record() {
    let (admin, receiver) = (Admin::sets_up_in(&[OPENED]).await, Receiver::opens());
    let url = receiver.url();
    admin.posts(QUICK, &[("chat.rated", &url)]).await;
    let page = admin.posts(TRY, &[("chat.tagged", &url), ("try", "chat.tagged")]).await.text();
    let answer = answer_in(&page, "chat.tagged");
    assert!(answer.contains("Recebido: respondeu 204") && answer.contains("/settings/webhooks/deliveries/"), "{answer}");
    assert!(!answer.contains("segredo provisório"));
    let path = format!("{LIST}/{}", admin.finds(LIST, "127.0.0.1").await);
    receiver.answers_next([Answer::with(500, &[], "quebrou & caiu")]);
    let sent = admin.posts(&format!("{path}/test"), &[("type", "chat.abandoned")]).await;
    assert_eq!(sent.status, 303);
    let shown = admin.opens(sent.header("location").and_then(|to| to.split('#').next()).expect("a way back")).await.text();
    assert!(shown.contains("O destino respondeu 500, e só 2xx conta como recebido.") && shown.contains("quebrou &#38; caiu"));
    assert_eq!(admin.posts(&format!("{path}/test"), &[("type", "chat.nonsense")]).await.status, 400);
    assert_eq!(receiver.posts().iter().map(|post| post.event()).collect::<Vec<_>>(), ["chat.tagged", "chat.abandoned"]);
}

#[tokio::test]
async fn nobody_else_may_test() {
    let admin = Admin::sets_up().await;
    let fields = [("chat.rated", "https://crm.example"), ("try", "chat.rated")];
    let stranger = admin.server.http.post_form(TRY, &[PT], &fields).await;
    assert_eq!((stranger.status, stranger.header("location")), (303, Some("/login?told=over")));
    let foreign = [("cookie", admin.cookie.as_str()), ("sec-fetch-site", "cross-site"), PT];
    assert_eq!(admin.server.http.post_form(TRY, &foreign, &fields).await.status, 403);
    let stream = admin.server.http.get("/settings/webhooks/stream", &[PT]).await;
    assert_eq!(stream.status, 303, "nor listen");
}
