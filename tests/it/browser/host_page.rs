//! What the page around the widget notices: nothing before the click, the focus where it belongs after it, and one line where it may not be.

use serde_json::json;

use super::stranger::website;
use super::window::{Guest, LAUNCHER};
use super::{DESKTOP, NARROW};
use crate::support::browser::Browser;
use crate::support::demo::Demo;
use crate::support::eventually;

const ESCAPE: char = '\u{e00c}';
const ENTER: char = '\u{e007}';
/// Everything that a page can keep for later.
const KEPT: &str = "return [Object.keys(localStorage), Object.keys(sessionStorage), document.cookie]";
const ELSEWHERE: &str =
    "(async () => [await indexedDB.databases(), await caches.keys(), await navigator.serviceWorker.getRegistrations()])()";

async fn keeps_nothing(browser: &Browser, whose: &str) {
    assert_eq!(browser.looks(KEPT).await, json!([[], [], ""]), "{whose}");
    assert_eq!(browser.awaits(ELSEWHERE).await, json!([[], [], []]), "{whose}");
}

#[tokio::test]
async fn before_the_click_the_tag_keeps_nothing_and_fetches_two_files() {
    let demo = Demo::starts();
    let browser = &mut Browser::starts(DESKTOP).await;
    Guest::at(browser).visits(&demo).await;
    let base = demo.fact("base_url");
    let fetched =
        format!("return performance.getEntriesByType('resource').map((entry) => entry.name).filter((name) => name.startsWith('{base}'))");
    let look = format!("{base}/widget/{}/look.js", demo.fact("site_key"));
    assert_eq!(browser.looks(&fetched).await, json!([format!("{base}/widget.js"), look]));
    assert_eq!(browser.looks("return document.querySelector('papo-chat').shadowRoot.querySelector('iframe')").await, json!(null));
    assert_eq!(
        browser.looks("return [document.scripts.length, document.body.style.length, document.documentElement.style.length]").await,
        json!([2, 0, 0])
    );
    keeps_nothing(browser, "the shop").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.goes_to(&format!("{base}/healthz")).await;
    keeps_nothing(browser, "Papo's own origin").await;
    browser.complaints().await; // of the icon that this address doesn't have
    assert_eq!(browser.cookies().await, Vec::<String>::new(), "of any site");

    // To look is not to act: an open window keeps nothing in the page either.
    Guest::at(browser).visits(&demo).await;
    Guest::at(browser).opens_the_window().await;
    browser.leaves_frame().await;
    keeps_nothing(browser, "the shop with an open window").await;
    assert_eq!(browser.cookies().await, Vec::<String>::new(), "of any site");

    for (head, key) in
        [("", demo.fact("site_key")), ("<meta name=\"referrer\" content=\"no-referrer\">", demo.fact("site_key")), ("", "unknown-key")]
    {
        let page = website(head, &format!("<script async src=\"{base}/widget.js\" data-site=\"{key}\"></script>")).await;
        browser.goes_to(&page).await;
        let mut lines =
            eventually("a line in the console", async || Some(browser.complaints().await).filter(|lines| !lines.is_empty())).await;
        assert_eq!(browser.looks("return document.querySelector('papo-chat')").await, json!(null), "the launcher stays away from {page}");
        lines.extend(browser.complaints().await);
        let said = if key == "unknown-key" {
            "Nenhum site tem esta chave"
        } else if head.is_empty() {
            "Este domínio não está na lista do site"
        } else {
            "is not an allowed domain"
        };
        assert!(lines.len() == 1 && lines[0].contains("Papo: ") && lines[0].contains(said), "{page} with {key}: {lines:?}");
        keeps_nothing(browser, "a stranger's page").await;
    }
}

#[tokio::test]
async fn the_focus_goes_into_the_window_and_back_and_nothing_is_wider_than_a_small_phone() {
    let demo = Demo::starts();
    let mut agent = demo.agent_online(0).await;
    let browser = &mut Browser::starts(NARROW).await;
    Guest::at(browser).visits(&demo).await;
    browser.looks("document.querySelector('papo-chat').shadowRoot.querySelector('button.b').focus()").await;
    for _ in 0..2 {
        browser.presses_key(ENTER).await;
        Guest::at(browser).steps_in().await;
        browser.finds("return document.activeElement.id", &json!("name")).await;
        browser.leaves_frame().await;
        let within = "const host = document.activeElement; return [host.localName, host.shadowRoot.activeElement.localName]";
        browser.finds(within, &json!(["papo-chat", "iframe"])).await;
        Guest::at(browser).steps_in().await;
        browser.presses_key(ESCAPE).await;
        browser.leaves_frame().await;
        let outside = "const { shadowRoot } = document.activeElement, { activeElement } = shadowRoot;
            return [activeElement.localName, activeElement.hidden, activeElement.getAttribute('aria-expanded'), shadowRoot.querySelector('iframe').hidden]";
        browser.finds(outside, &json!(["button", false, "false", true])).await;
        assert_eq!(browser.looks("return document.documentElement.getAttribute('style') || ''").await, "", "the page scrolls as before");
    }
    browser.clicks_by(LAUNCHER).await;
    Guest::at(browser).steps_in().await;
    let mut guest = Guest::at(browser);
    guest.asks("A caneca vai ao micro-ondas?").await;
    let waiting = agent.socket.first("the chat", |frame| frame["type"] == "ring").await["chat_id"].as_str().expect("an id").to_owned();
    agent.accepts(&waiting).await;
    agent.says(&waiting, "Vai sim! https://casamurici.example/canecas/esmaltada-azul-da-serra-com-tampa-de-madeira-e-pires").await;
    guest.reads("Vai sim!").await;
    guest.finishes_and_rates().await;
    browser.leaves_frame().await;
    let flag = format!("papo:{}", demo.fact("site_key"));
    let kept = browser.looks("return [Object.entries(localStorage), Object.keys(sessionStorage), document.cookie]").await;
    assert!(kept == json!([[], [], ""]) || kept == json!([[[flag, "1"]], [], ""]), "one flag without a secret at most: {kept}");
    assert_eq!(browser.cookies().await, Vec::<String>::new(), "a visitor has no cookie");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
