//! The pages of webhooks: quick set-up, endpoints, deliveries, catalogue.

pub mod catalogue;
pub mod deliveries;
pub mod delivery;
pub mod endpoint_form;
pub mod endpoints;
pub mod log_filter;
pub mod quick;
pub mod resendings;
pub mod samples;
pub mod tests;
pub mod told;

use actix_web::web;

use super::choices::Keyed;
use super::date_time;
use crate::domain::endpoint::Endpoint;
use crate::i18n::Texts;
use crate::store::deliveries::Health24h;

/// The tabs: path below `/settings/webhooks`, key of the name.
pub const TABS: &[Keyed] = &[
    ("", "settings.webhooks.quick"),
    ("/endpoints", "settings.webhooks.endpoints"),
    ("/deliveries", "settings.webhooks.deliveries"),
    ("/catalogue", "settings.webhooks.catalogue"),
];

/// The addresses of this module.
pub fn routes(cfg: &mut web::ServiceConfig) {
    quick::routes(cfg);
    endpoints::routes(cfg);
    tests::routes(cfg);
    deliveries::routes(cfg);
    delivery::routes(cfg);
    resendings::routes(cfg);
    catalogue::routes(cfg);
}

/// How an endpoint is doing, in words, with the class and icon that go with them.
pub struct Wellbeing {
    pub class: &'static str,
    pub icon: &'static str,
    pub word: String,
    pub more: String,
}

impl Wellbeing {
    /// Of an endpoint. Times are shown in `timezone`.
    #[must_use]
    pub fn of(endpoint: &Endpoint, t: &Texts, timezone: &str) -> Self {
        let health = &endpoint.health;
        let told = |class, icon, key, more| Self { class, icon, word: t.text(key).to_owned(), more };
        if let Some((at, reason)) = health.disabled {
            let why = t.text(&format!("webhook.disabled.{}", reason.as_str())).to_owned();
            return told("is-off", "minus", "settings.webhooks.disabled", format!("{} {why}", date_time(t, at, timezone)));
        }
        if !endpoint.draft.enabled {
            return told("is-off", "minus", "settings.webhooks.off", String::new());
        }
        if health.failures > 0 {
            let more = t.count("settings.webhooks.failures", health.failures, &[]);
            return told("is-retry", "refresh", "settings.webhooks.retrying", more);
        }
        match health.last_success_at {
            Some(at) => told(
                "is-ok",
                "done",
                "settings.webhooks.healthy",
                t.with("settings.webhooks.last_success", [("when", date_time(t, at, timezone))]),
            ),
            None => told("is-off", "clock", "settings.webhooks.fresh", String::new()),
        }
    }
}

/// One hour of the sparkline, in a box 136 × 28.
pub struct Bar {
    pub x: String,
    pub y: i64,
    pub height: i64,
    pub class: &'static str,
}

/// The bars of a day, and a sentence that says the same.
#[must_use]
pub fn sparkline(day: &Health24h, t: &Texts) -> (Vec<Bar>, String) {
    let most = day.hours.iter().map(|(good, bad)| good.saturating_add(*bad)).max().unwrap_or(0).max(1);
    let bars = day.hours.iter().enumerate().map(|(hour, (good, bad))| {
        let all = good.saturating_add(*bad);
        let height = if all == 0 { 2 } else { (all.saturating_mul(24) / most).saturating_add(3) };
        let tenths = hour.saturating_mul(56);
        Bar {
            x: format!("{}.{}", tenths / 10, tenths % 10),
            y: 28_i64.saturating_sub(height),
            height,
            class: if all == 0 {
                "none"
            } else if *bad > 0 {
                "bad"
            } else {
                "good"
            },
        }
    });
    let (good, bad) = day.hours.iter().fold((0_i64, 0_i64), |(good, bad), hour| (good.saturating_add(hour.0), bad.saturating_add(hour.1)));
    (bars.collect(), t.with("settings.webhooks.day", [("good", good), ("bad", bad)]))
}
