//! The pages of webhooks in the hands of an admin whose receiver fails: from the quick set-up over its attempts to all green.

use papo::i18n::{Locale, Texts};

use crate::support::browser::{Browser, Look};
use crate::support::demo::{Demo, OPENED};
use crate::webhooks::receiver::{Answer, Receiver};

const DESKTOP: Look = Look { name: "webhooks-desktop-light-pt", width: 1280, height: 900, phone: false, dark: false, locale: "pt-BR" };
/// As tall as the longest page: a fixed bar over a button at some place of scrolling is no barrier.
const PHONE: Look = Look { name: "webhooks-phone-dark-pt", width: 390, height: 6000, phone: true, dark: true, locale: "pt-BR" };
const NARROW: Look = Look { name: "webhooks-narrow-light-en", width: 320, height: 6000, phone: true, dark: false, locale: "en" };
const DESKTOP_DARK: Look = Look { name: "webhooks-desktop-dark-en", width: 1280, height: 900, phone: false, dark: true, locale: "en" };

const QUICK: &str = "/settings/webhooks";
const LIST: &str = "/settings/webhooks/endpoints";
const DELIVERIES: &str = "/settings/webhooks/deliveries";
const EVERY_PAGE: [(&str, &str); 7] = [
    ("quick", QUICK),
    ("endpoints", LIST),
    ("new", "/settings/webhooks/endpoints/new"),
    ("deliveries", DELIVERIES),
    ("catalogue", "/settings/webhooks/catalogue"),
    ("inspector", "/settings/webhooks/inspector"),
    ("tokens", "/settings/tokens"),
];

/// The admin of a demo in front of a browser.
struct Admin<'a> {
    browser: Browser,
    demo: &'a Demo,
    t: &'static Texts,
}

impl<'a> Admin<'a> {
    async fn signs_in(demo: &'a Demo, look: Look) -> Self {
        let browser = Browser::starts(look).await;
        let locale = Locale::parse(look.locale).expect("a language of ours");
        let account = &demo.facts["admin"];
        browser.goes_to(demo.fact("console_url")).await;
        browser.fills("input[name=email]", account["email"].as_str().expect("an e-mail")).await;
        browser.fills("input[name=password]", account["password"].as_str().expect("a password")).await;
        let t = Texts::for_locale(locale);
        browser.presses(t.text("login.submit")).await;
        browser.sees("#availability").await;
        Self { browser, demo, t }
    }

    async fn opens(&self, path: &str) {
        self.browser.goes_to(&format!("{}{path}", self.demo.fact("base_url"))).await;
    }

    /// Follows the link of the row in the list of endpoints that names this address.
    async fn opens_endpoint(&self, url: &str) -> String {
        self.opens(LIST).await;
        let script = format!(
            "return [...document.querySelectorAll('.ends tbody tr')].find((row) => row.textContent.includes('{url}')).querySelector('a').getAttribute('href')"
        );
        let path = self.browser.looks(&script).await.as_str().expect("a link").to_owned();
        self.opens(&path).await;
        path
    }

    /// The address of the first delivery of the log that is open.
    async fn delivery(&self) -> String {
        self.browser.sees(".log tbody tr").await;
        let link = self.browser.looks("return document.querySelector(\".log tbody a[href*='/deliveries/']\").getAttribute('href')").await;
        link.as_str().expect("a link").to_owned()
    }

    async fn reads(&self, key: &str) {
        self.browser.reads(self.t.text(key)).await;
    }

    async fn screen(&mut self, name: &str) {
        self.browser.keeps_a_shot(name).await;
        self.browser.meets_no_barrier(name).await;
        self.browser.needs_no_sideways_scrolling(name).await;
    }
}

#[tokio::test]
async fn a_failing_receiver_is_seen_mended_and_gets_what_it_missed() {
    let (broken, mended) = (Receiver::opens(), Receiver::opens());
    let demo = Demo::starts_with(&[OPENED]);
    let mut admin = Admin::signs_in(&demo, DESKTOP).await;

    // Quick set-up: the typed address is tested first, then saved.
    broken.answers_always(Answer::with(500, &[], "Em manutenção"));
    admin.opens(QUICK).await;
    admin.browser.fills("[id='chat.requested']", &broken.url()).await;
    admin.browser.clicks("[data-try='answer-chat.requested']").await;
    admin.browser.sees("[id='answer-chat.requested'] .verdict.is-bad").await;
    admin.browser.reads("Em manutenção").await;
    admin.screen("tested").await;
    admin.browser.clicks("form.quick .btn-primary").await;
    admin.browser.sees(".is-told[role='status']").await;

    // A chat: its event fails, and the page shows it without being asked. The retry is told to go away for good.
    let mut visitor = demo.visitor().await;
    visitor.asks("Vocês entregam em Olinda?").await;
    admin.browser.sees("[id='state-chat.requested'] .health.is-retry").await;
    broken.answers_always(Answer::status(410));
    admin.browser.sees("[id='state-chat.requested'] .health.is-alert").await;
    admin.screen("disabled").await;

    // Its attempts.
    admin.opens(&format!("{DELIVERIES}?state=failed")).await;
    admin.browser.sees(".log tbody tr").await;
    admin.screen("deliveries-failed").await;
    let delivery = admin.delivery().await;
    admin.opens(&delivery).await;
    admin.browser.reads("500").await;
    admin.browser.reads("410").await;
    admin.screen("attempts").await;

    // The address is mended, and everything since is recovered.
    let path = admin.opens_endpoint(&broken.url()).await;
    admin.screen("endpoint-disabled").await;
    admin.browser.fills("#url", &mended.url()).await;
    admin.browser.clicks("form.parts .edit-foot .btn-primary").await;
    admin.browser.sees(".is-told[role='status']").await;
    admin.browser.presses(admin.t.text("settings.webhooks.enable_recover")).await;
    admin.reads("deliveries.state.done").await;
    admin.screen("recovered").await;
    admin.opens(&path).await;
    admin.browser.sees(".health.is-ok").await;
    assert_eq!(mended.posts().iter().map(|post| post.event()).collect::<Vec<_>>(), ["chat.requested"]);
    assert_eq!(mended.posts()[0].header("webhook-id"), broken.posts().last().expect("the failed one").header("webhook-id"));
    admin.screen("endpoint-mended").await;

    // A test from the endpoint's page, beside its button.
    admin.browser.clicks("[data-try='test-answer']").await;
    admin.browser.sees("#test-answer .verdict:not(.is-bad)").await;
    admin.opens(QUICK).await;
    admin.browser.sees("[id='state-chat.requested'] .health.is-ok").await;
    admin.screen("all-green").await;

    admin.browser.dresses(PHONE).await;
    admin.opens(&path).await;
    admin.reads("settings.webhooks.healthy").await;
    admin.screen("endpoint").await;
    for (name, path) in [("deliveries", DELIVERIES), ("attempts", delivery.as_str())] {
        admin.opens(path).await;
        admin.screen(name).await;
    }
    assert_eq!(admin.browser.complaints().await, Vec::<String>::new(), "no page complains");
    admin.browser.ends().await;
}

#[tokio::test]
async fn every_page_of_webhooks_is_whole_on_a_narrow_phone_and_in_the_dark() {
    let demo = Demo::starts();
    let mut admin = Admin::signs_in(&demo, DESKTOP_DARK).await;
    // Something to look at: the inspector has a POST, and says that the next one fails.
    admin.opens("/settings/webhooks/inspector").await;
    let address = admin.browser.looks("return document.querySelector('#address').textContent").await;
    admin.opens(QUICK).await;
    admin.browser.fills("[id='chat.rated']", address.as_str().expect("an address")).await;
    admin.browser.clicks("[data-try='answer-chat.rated']").await;
    admin.browser.sees("[id='answer-chat.rated'] .verdict").await;
    admin.opens("/settings/webhooks/inspector").await;
    admin.browser.reads("chat.rated").await;
    admin.browser.clicks("#manner label:nth-child(3)").await;
    admin.browser.reads(admin.t.text("inspector.notice.gone")).await;
    admin.opens(DELIVERIES).await;
    let delivery = admin.delivery().await;
    for look in [DESKTOP_DARK, NARROW] {
        admin.browser.dresses(look).await;
        for (name, path) in EVERY_PAGE.into_iter().chain([("delivery", delivery.as_str())]) {
            admin.opens(path).await;
            admin.screen(name).await;
        }
    }
    assert_eq!(admin.browser.complaints().await, Vec::<String>::new(), "no page complains");
    admin.browser.ends().await;
}
