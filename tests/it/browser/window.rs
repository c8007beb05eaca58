//! The visitor's side: the shop page and the widget's window on it.

use papo::i18n::{Locale, Texts};

use crate::support::browser::Browser;
use crate::support::demo::Demo;

/// The launcher stands in a shadow tree, out of reach of the page's styles and of plain selectors.
pub const LAUNCHER: &str = "return document.querySelector('papo-chat')?.shadowRoot.querySelector('button.b')";
pub const FRAME: &str = "return document.querySelector('papo-chat')?.shadowRoot.querySelector('iframe')";

/// A visitor in front of one window of the browser.
pub struct Guest<'a> {
    browser: &'a mut Browser,
    t: &'static Texts,
}

impl<'a> Guest<'a> {
    pub fn at(browser: &'a mut Browser) -> Self {
        let locale = Locale::parse(browser.look().locale).expect("a language of ours");
        Self { browser, t: Texts::for_locale(locale) }
    }

    /// Comes to the shop and sees the launcher.
    pub async fn visits(&mut self, demo: &Demo) {
        self.browser.goes_to(demo.fact("shop_url")).await;
        self.browser.sees_by(LAUNCHER).await;
        self.screen("shop").await;
    }

    /// Opens the window; the frame is the present document afterwards.
    pub async fn opens_the_window(&mut self) {
        self.browser.clicks_by(LAUNCHER).await;
        self.steps_in().await;
        self.browser.sees("form").await;
        self.screen("form").await;
    }

    /// Makes the frame the present document again.
    pub async fn steps_in(&mut self) {
        self.browser.leaves_frame().await;
        self.browser.enters_frame_by(FRAME).await;
    }

    /// Fills the form and asks.
    pub async fn asks(&mut self, message: &str) {
        self.fills(message).await;
        self.browser.presses(self.t.text("widget.form.start")).await;
        self.browser.reads(self.t.text("widget.queue.position")).await;
        self.screen("queue").await;
    }

    /// Leaves a message for later, in the form that stands under this title.
    pub async fn leaves_a_message(&mut self, title: &str, message: &str) {
        self.browser.reads(self.t.text(title)).await;
        self.screen("offline").await;
        self.fills(message).await;
        self.browser.presses(self.t.text("widget.form.send_note")).await;
        self.browser.reads(self.t.text("widget.noted.title")).await;
        self.screen("noted").await;
    }

    /// The form under this title asks for no consent: it was given before.
    pub async fn need_not_agree_again(&mut self, title: &str) {
        self.browser.reads(self.t.text(title)).await;
        assert!(!self.browser.shows("#consent").await, "asked twice");
    }

    /// Goes on from the thanks for a message.
    pub async fn starts_anew(&mut self) {
        self.browser.presses(self.t.text("widget.noted.back")).await;
        self.browser.reads(self.t.text("widget.form.start")).await;
    }

    async fn fills(&mut self, message: &str) {
        for (field, text) in [("#name", "Ana Souza"), ("#email", "ana@example.com"), ("#phone", "+55 81 99999-0000"), ("#message", message)]
        {
            if self.browser.shows(field).await {
                self.browser.fills(field, text).await;
            }
        }
        if self.browser.shows("#consent").await {
            self.browser.clicks("#consent").await;
        }
    }

    /// Shares the location from the queue: first what it is for, then the browser's own consent.
    pub async fn shares_the_location(&mut self) {
        let share = self.t.text("widget.location.share");
        self.browser.presses(share).await;
        self.browser.reads(self.t.text("widget.location.title")).await;
        self.screen("location").await;
        self.browser.presses(share).await;
        self.browser.reads(self.t.text("widget.location.shared")).await;
    }

    pub async fn says(&mut self, text: &str) {
        self.browser.types(".w-compose textarea", text).await;
        self.browser.presses(self.t.text("widget.compose.send")).await;
        self.browser.reads(text).await;
    }

    pub async fn reads(&mut self, text: &str) {
        self.browser.reads(text).await;
    }

    /// Ends the chat by the menu and rates it with five.
    pub async fn finishes_and_rates(&mut self) {
        self.screen("talk").await;
        self.browser.presses(self.t.text("widget.menu.label")).await;
        self.browser.presses(self.t.text("widget.finish.yes")).await;
        self.browser.reads(self.t.text("widget.finish.title")).await;
        self.screen("finish").await;
        self.browser.clicks("dialog[open] .btn-alert").await;
        self.browser.sees(".rate label").await;
        self.screen("rating").await;
        self.browser.presses(self.t.text("widget.rate.score_5")).await;
        self.browser.types("#comment", "Muito atenciosa").await;
        self.browser.presses(self.t.text("widget.rate.send")).await;
        self.browser.reads(self.t.text("widget.end.rated")).await;
        self.screen("thanks").await;
    }

    /// Leaves the queue by the button.
    pub async fn leaves_the_queue(&mut self) {
        self.browser.presses(self.t.text("widget.queue.leave")).await;
        self.browser.reads(self.t.text("widget.leave.title")).await;
        self.screen("leave").await;
        self.browser.clicks("dialog[open] .btn-alert").await;
        self.browser.reads(self.t.text("widget.left.title")).await;
        self.screen("left").await;
    }

    async fn screen(&mut self, name: &str) {
        self.browser.keeps_a_shot(&format!("visitor-{name}")).await;
        self.browser.meets_no_barrier(name).await;
        self.browser.needs_no_sideways_scrolling(name).await;
    }
}
