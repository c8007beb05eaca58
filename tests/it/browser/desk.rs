//! The agent's side: sign-in, console, inspector.

use papo::i18n::{Locale, Texts};
use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::demo::Demo;

/// An agent in front of one window of the browser.
pub struct Desk<'a> {
    browser: &'a mut Browser,
    t: &'static Texts,
}

impl<'a> Desk<'a> {
    pub fn at(browser: &'a mut Browser) -> Self {
        let locale = Locale::parse(browser.look().locale).expect("a language of ours");
        Self { browser, t: Texts::for_locale(locale) }
    }

    /// Signs in as the first agent of the demo and becomes available.
    pub async fn signs_in(&mut self, demo: &Demo) {
        self.enters(demo, &demo.facts["agents"][0]).await;
        if self.browser.looks("return document.querySelector('#availability').getAttribute('aria-checked')").await != "true" {
            self.browser.clicks("#availability").await;
        }
        self.browser.sees("#availability[aria-checked=true]").await;
        self.screen("empty").await;
    }

    /// Signs in with this account, as available as it was.
    pub async fn enters(&mut self, demo: &Demo, account: &Value) {
        self.browser.goes_to(demo.fact("console_url")).await;
        self.browser.sees("input[name=email]").await;
        self.screen("sign-in").await;
        self.browser.fills("input[name=email]", account["email"].as_str().expect("an e-mail")).await;
        self.browser.fills("input[name=password]", account["password"].as_str().expect("a password")).await;
        self.browser.presses(self.t.text("login.submit")).await;
        self.browser.sees("#availability:not([disabled])").await;
    }

    /// Sets the wait after which a department's chats are missed.
    pub async fn limits_the_wait(&mut self, demo: &Demo, department: &str, seconds: &str) {
        self.browser.goes_to(&format!("{}/settings/departments", demo.fact("base_url"))).await;
        self.browser.presses(&format!("{} {department}", self.t.text("settings.edit"))).await;
        self.browser.fills("[name=wait_limit_seconds]", seconds).await;
        self.browser.presses(self.t.text("settings.save")).await;
        self.browser.sees(".page-head").await;
    }

    /// Takes the one who waits.
    pub async fn accepts(&mut self) {
        self.browser.sees("#queue button").await;
        self.screen("ringing").await;
        self.browser.clicks("#queue button").await;
        self.browser.sees("#body").await;
    }

    pub async fn says(&mut self, text: &str) {
        self.browser.types("#body", text).await;
        self.browser.presses(self.t.text("console.compose.send")).await;
        self.browser.reads(text).await;
    }

    pub async fn reads(&mut self, text: &str) {
        self.browser.reads(text).await;
    }

    /// Sets the first tag there is.
    pub async fn tags(&mut self) {
        self.screen("conversation").await;
        self.browser.clicks("#act-tags").await;
        self.browser.sees("#tagging[open]").await;
        self.screen("tags").await;
        self.browser.clicks("#tagging-list label").await;
        self.browser.clicks("#tagging-go").await;
        self.browser.sees_no("#tagging[open]").await;
    }

    /// Finds a message that was left for later in the inbox and marks it as handled; `rest` others stay.
    pub async fn handles_a_message(&mut self, demo: &Demo, body: &str, rest: u32) {
        self.browser.goes_to(&format!("{}/offline", demo.fact("base_url"))).await;
        self.browser.reads(body).await;
        self.browser.finds("return document.querySelector('#count-offline').dataset.value", &json!((rest + 1).to_string())).await;
        self.screen("inbox").await;
        self.browser.clicks(".offline-item button").await;
        self.browser.finds("return document.querySelector('#count-offline').dataset.value", &json!(rest.to_string())).await;
        self.browser.clicks("#tab-done").await;
        self.browser.reads(body).await;
        self.screen("inbox-done").await;
        self.browser.clicks("#tab-open").await;
    }

    /// Opens the demo's inspector and waits until each of these events has arrived with a good signature.
    pub async fn inspects(&mut self, demo: &Demo, events: &[&str]) {
        self.browser.goes_to(demo.fact("inspector_url")).await;
        for event in events {
            self.browser.reads(event).await;
        }
        self.screen("inspector").await;
    }

    pub async fn screen(&mut self, name: &str) {
        self.browser.keeps_a_shot(&format!("agent-{name}")).await;
        self.browser.meets_no_barrier(name).await;
        self.browser.needs_no_sideways_scrolling(name).await;
    }
}
