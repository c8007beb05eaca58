//! An agent's shift in one window: called once by sound and notice, several conversations beside each other, and an end that can be taken back.

use serde_json::json;

use super::DESKTOP;
use super::desk::Desk;
use crate::support::browser::Browser;
use crate::support::demo::Demo;

/// Ears and eyes for what leaves the page, and a clock that stands until the test moves it.
const SENSES: &str = "
    const sensed = (window.sensed = { tones: [], notices: [], away: false });
    let now = Date.now();
    Date.now = () => now;
    sensed.passes = (ms) => { now += ms; };
    const param = () => ({ value: 0, setValueAtTime() {}, linearRampToValueAtTime() {}, exponentialRampToValueAtTime() {} });
    const node = (more) => ({ connect: (next) => next, ...more });
    window.AudioContext = class {
        state = 'suspended'; currentTime = 0; destination = node();
        async resume() { this.state = 'running'; }
        createGain() { return node({ gain: param() }); }
        createOscillator() { return node({ frequency: param(), start() { sensed.tones.push(Math.round(this.frequency.value)); }, stop() {} }); }
    };
    window.Notification = class {
        static permission = 'granted';
        static async requestPermission() { return 'granted'; }
        constructor(title) { sensed.notices.push(title); }
        close() {}
    };
    Object.defineProperty(document, 'hidden', { get: () => sensed.away });
    Object.defineProperty(document, 'visibilityState', { get: () => (sensed.away ? 'hidden' : 'visible') });
    document.hasFocus = () => !sensed.away;";

/// The two notes of a call, each with its overtone, in Hz.
const CALL: [i32; 4] = [659, 2637, 880, 3520];

/// The note of a message, which also tells that sound is allowed now.
const MESSAGE: [i32; 2] = [587, 2349];

/// The agent's window.
struct Shift {
    browser: Browser,
    demo: Demo,
}

impl Shift {
    async fn begins() -> Self {
        let demo = Demo::starts();
        let mut browser = Browser::starts(DESKTOP).await;
        browser.prepares_pages(SENSES).await;
        Desk::at(&mut browser).signs_in(&demo).await;
        browser.clicks("#allow-sound").await;
        browser.finds("return sensed.tones", &json!(MESSAGE)).await;
        browser.sees_no("#allow-sound").await;
        // Of several tabs one alone makes a noise.
        browser.finds("return (await navigator.locks.query()).held.length", &json!(1)).await;
        browser.looks("sensed.tones.length = 0").await;
        Self { browser, demo }
    }

    async fn has_heard(&self, times: usize) {
        self.browser.finds("return sensed.tones", &json!(CALL.repeat(times))).await;
    }

    async fn has_noticed(&self, notices: &[&str]) {
        self.browser.finds("return sensed.notices", &json!(notices)).await;
    }

    /// Takes the one who waits.
    async fn accepts(&self, chat: &str) {
        self.browser.clicks("#queue button").await;
        self.browser.sees(&format!("#mine a[href='#{chat}'][aria-current=true]")).await;
        self.browser.sees("#body").await;
    }

    async fn opens(&self, chat: &str) {
        self.browser.clicks(&format!("#mine a[href='#{chat}']")).await;
        self.browser.sees(&format!("#mine a[href='#{chat}'][aria-current=true]")).await;
    }

    /// Ends a conversation; the undo is there.
    async fn finishes(&self, chat: &str) {
        self.opens(chat).await;
        self.browser.clicks("#act-finish").await;
        self.browser.sees("#held .toast").await;
    }

    /// The number beside a conversation, and the title of the tab.
    async fn counts(&self, chat: &str, unread: &str, title: &str) {
        let count = format!(
            "const count = document.querySelector(`#mine a[href='#{chat}'] .count`); return [count.hidden ? '' : count.textContent, document.title]"
        );
        self.browser.finds(&count, &json!([unread, title])).await;
    }

    /// Switches a setting in the account's menu.
    async fn switches(&self, settings: &[&str]) {
        self.browser.clicks("[popovertarget=account]").await;
        for setting in settings {
            let before = self
                .browser
                .looks(&format!("return document.querySelector('[data-setting={setting}]').getAttribute('aria-checked')"))
                .await;
            self.browser.clicks(&format!("[data-setting={setting}]")).await;
            let after = if before == "true" { "false" } else { "true" };
            self.browser.sees(&format!("[data-setting={setting}][aria-checked={after}]")).await;
        }
        self.browser.clicks("[popovertarget=account]").await;
        self.browser.sees_no("#account").await;
    }
}

#[tokio::test]
async fn each_call_is_heard_and_noticed_once_and_never_where_it_is_turned_off() {
    let shift = Shift::begins().await;
    let browser = &shift.browser;
    browser.looks("sensed.away = true").await;
    let (mut first, mut second) = (shift.demo.visitor().await, shift.demo.visitor().await);
    let one = first.asks("Primeira pergunta").await;
    shift.has_heard(1).await;
    browser.finds("return document.title", &json!("(1) Conversas · Papo")).await;
    let two = second.asks("Segunda pergunta").await;
    browser.finds("return document.title", &json!("(2) Conversas · Papo")).await;
    shift.has_heard(1).await;
    shift.has_noticed(&[]).await;
    // While nobody answers, it is heard again at its distance.
    browser.looks("sensed.passes(5000)").await;
    shift.has_heard(2).await;
    shift.accepts(&one).await;
    shift.accepts(&two).await;
    browser.looks("sensed.tones.length = 0").await;

    browser.looks("sensed.away = false").await;
    shift.switches(&["sound", "notifications"]).await;
    browser.looks("sensed.away = true").await;
    let mut third = shift.demo.visitor().await;
    let three = third.asks("Terceira pergunta").await;
    shift.has_noticed(&["Nova conversa em Vendas"]).await;
    browser.looks("sensed.passes(5000)").await;
    browser.finds("return document.title", &json!("• (1) Conversas · Papo")).await;
    shift.accepts(&three).await;
    third.says("Alguém aí?").await;
    shift.has_noticed(&["Nova conversa em Vendas", "Ana"]).await;
    shift.has_heard(0).await;

    browser.looks("sensed.away = false").await;
    shift.switches(&["notifications"]).await;
    browser.looks("sensed.away = true").await;
    let mut fourth = shift.demo.visitor().await;
    fourth.asks("Quarta pergunta").await;
    browser.sees("#queue button").await;
    browser.looks("sensed.passes(5000)").await;
    third.says("Ainda aí?").await;
    browser.reads("Ainda aí?").await;
    shift.has_noticed(&["Nova conversa em Vendas", "Ana"]).await;
    shift.has_heard(0).await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn several_conversations_are_counted_and_an_end_is_taken_back_or_goes_through() {
    let mut shift = Shift::begins().await;
    let (mut first, mut second, mut third) = (shift.demo.visitor().await, shift.demo.visitor().await, shift.demo.visitor().await);
    let one = first.asks("Primeira pergunta").await;
    shift.accepts(&one).await;
    let two = second.asks("Segunda pergunta").await;
    shift.accepts(&two).await;
    let three = third.asks("Terceira pergunta").await;
    shift.accepts(&three).await;

    first.says("Ainda está aí?").await;
    shift.counts(&one, "1", "• Conversas · Papo").await;
    second.says("E eu?").await;
    second.says("Tem alguém?").await;
    shift.counts(&two, "2", "• Conversas · Papo").await;
    third.says("Estou lendo").await;
    shift.browser.reads("Estou lendo").await;
    shift.counts(&three, "", "• Conversas · Papo").await;
    shift.browser.keeps_a_shot("agent-several").await;
    shift.opens(&one).await;
    Desk::at(&mut shift.browser).says("Estou, sim").await;
    shift.counts(&one, "", "• Conversas · Papo").await;
    first.sees("Estou, sim").await;
    shift.opens(&two).await;
    shift.counts(&two, "", "Conversas · Papo").await;

    // The page's clock stands, so an end is held until somebody takes it back or leaves.
    shift.finishes(&two).await;
    shift.browser.sees_no(&format!("#mine a[href='#{two}']")).await;
    shift.browser.keeps_a_shot("agent-undo").await;
    shift.browser.meets_no_barrier("undo").await;
    shift.browser.clicks("#held button").await;
    shift.opens(&two).await;
    second.says("Continuo aqui").await;
    shift.browser.reads("Continuo aqui").await;
    shift.finishes(&two).await;
    shift.browser.looks("sensed.passes(5000)").await;
    second.sees_that("finished").await;

    let page = |path: &str| format!("{}{path}", shift.demo.fact("base_url"));
    shift.finishes(&one).await;
    shift.browser.goes_to(&page("/settings/account")).await;
    first.sees_that("finished").await;

    shift.browser.goes_to(&page("/console")).await;
    shift.finishes(&three).await;
    let console = shift.browser.window().await;
    shift.browser.opens_window(DESKTOP).await;
    shift.browser.turns_to(&console, DESKTOP).await;
    shift.browser.closes_window().await;
    third.sees_that("finished").await;
}
