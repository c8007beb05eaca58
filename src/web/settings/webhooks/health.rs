//! How an endpoint is doing, as people read it: a word with what follows from it, the bars of its last day, a few figures.
//!
//! Knows neither pages nor the store's tables; takes what was read and says it.

use super::super::{date_time, span};
use crate::domain::backoff::ATTEMPTS_MAX;
use crate::domain::endpoint::Endpoint;
use crate::domain::endpoint::health::{FAILING_SECONDS_MAX, Warning};
use crate::domain::time::{Moment, Timestamp};
use crate::i18n::{Locale, Texts};
use crate::store::deliveries::health::{Day, WAITING_COUNTED_MAX};
use crate::webhooks::board::Restraint;

/// Width of a bar and of the gap after it, in tenths of the drawing's units: 24 fit into 136.
const STEP_TENTHS: usize = 56;
/// Height of the drawing.
const HEIGHT: i64 = 28;

/// In whose words and zone, and as of when.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    pub t: &'static Texts,
    pub timezone: &'a str,
    pub now: Moment,
}

impl Reading<'_> {
    /// Date and time in the organisation's zone.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> String {
        date_time(self.t, at, self.timezone)
    }

    /// How long it is until a steady time, as people say it, rounded up.
    #[must_use]
    pub fn wait(&self, until: Timestamp) -> String {
        let up = |value: i64, to: i64| (value + to - 1) / to;
        let seconds = up(until.ms_since(self.now.steady).max(1), 1_000);
        let rounded = match seconds {
            ..60 => seconds,
            60..3_600 => up(seconds, 60) * 60,
            _ => up(seconds, 3_600) * 3_600,
        };
        span(self.t, rounded)
    }
}

/// How an endpoint is doing in a word, with the class and icon that go with it, and what follows.
pub struct Wellbeing {
    pub class: &'static str,
    pub icon: &'static str,
    pub word: String,
    pub more: String,
}

impl Wellbeing {
    /// Of an endpoint.
    #[must_use]
    pub fn of(endpoint: &Endpoint, day: &Day, restraint: Option<Restraint>, reading: Reading<'_>) -> Self {
        let (t, health) = (reading.t, &endpoint.health);
        let told = |class, icon, key, more| Self { class, icon, word: t.text(key).to_owned(), more };
        if let Some((at, _)) = health.disabled {
            let since = t.with("settings.webhooks.disabled_since", [("when", reading.at(at))]);
            return told("is-alert", "warn", "settings.webhooks.disabled", since);
        }
        if !endpoint.draft.enabled {
            return told("is-off", "minus", "settings.webhooks.off", held(day, t));
        }
        match restraint {
            Some(Restraint::Unreachable(until)) => {
                let probe = until.map(|until| t.with("settings.webhooks.probe_in", [("wait", reading.wait(until))]));
                let probe = probe.unwrap_or_else(|| t.text("settings.webhooks.probe_soon").to_owned());
                told("is-alert", "warn", "settings.webhooks.unreachable", probe)
            }
            Some(Restraint::Paused(until)) => told(
                "is-retry",
                "clock",
                "settings.webhooks.paused",
                t.with("settings.webhooks.paused_for", [("wait", reading.wait(until))]),
            ),
            None if health.failures > 0 => told("is-retry", "refresh", "settings.webhooks.retrying", next_try(endpoint, day, reading)),
            None => match (health.last_success_at, share(day, t)) {
                (Some(_), Some(share)) => told("is-ok", "done", "settings.webhooks.healthy", share),
                (Some(at), None) => {
                    told("is-ok", "done", "settings.webhooks.healthy", t.with("settings.webhooks.last_success", [("when", reading.at(at))]))
                }
                (None, _) => told("is-off", "clock", "settings.webhooks.fresh", String::new()),
            },
        }
    }
}

fn next_try(endpoint: &Endpoint, day: &Day, reading: Reading<'_>) -> String {
    let t = reading.t;
    match day.waiting.next {
        Some(next) => {
            let (wait, number, most) = (reading.wait(next.at_steady), next.number.to_string(), ATTEMPTS_MAX.to_string());
            t.with("settings.webhooks.next_in", [("wait", wait), ("number", number), ("max", most)])
        }
        None => t.count("settings.webhooks.failures", endpoint.health.failures, &[]),
    }
}

/// Milliseconds as people read them: `84 ms`, `1,3 s`.
fn short(ms: i64, t: &Texts) -> String {
    if ms < 1_000 {
        return format!("{ms} ms");
    }
    let tenths = (ms + 50) / 100;
    let point = if t.locale() == Locale::En { '.' } else { ',' };
    format!("{}{point}{} s", tenths / 10, tenths % 10)
}

/// What is held, or nothing.
#[must_use]
pub fn held(day: &Day, t: &Texts) -> String {
    if day.waiting.held == 0 {
        return String::new();
    }
    t.count("settings.webhooks.held", day.waiting.held, &[("count", &many(day.waiting.held))])
}

/// A number of what waits, which isn't counted to its end.
#[must_use]
pub fn many(count: i64) -> String {
    if count >= WAITING_COUNTED_MAX { format!("{WAITING_COUNTED_MAX}+") } else { count.to_string() }
}

/// Posts of a day and how many of a hundred were taken; none where there were none.
fn share(day: &Day, t: &Texts) -> Option<String> {
    let (good, bad) = day.sum();
    let all = good.saturating_add(bad);
    (all > 0).then(|| t.count("settings.webhooks.share", all, &[("percent", &(good.saturating_mul(100) / all))]))
}

/// How far an endpoint is on the way to being disabled, as a sentence; none where it is on no such way.
#[must_use]
pub fn warning(endpoint: &Endpoint, reading: Reading<'_>) -> Option<String> {
    let health = &endpoint.health;
    let first = health.first_failure_at.filter(|_| endpoint.is_live() && health.warning() > Warning::None)?;
    let (since, end) = (reading.at(first), reading.at(first.plus_seconds(FAILING_SECONDS_MAX)));
    Some(reading.t.with("settings.webhooks.warning", [("since", since), ("end", end)]))
}

/// A rectangle of the drawing, in a box 136 × 28.
pub struct Bar {
    pub x: String,
    pub y: i64,
    pub height: i64,
    pub class: &'static str,
}

/// The hours of a day as bars: what was taken, and what was not on top of it.
#[must_use]
pub fn bars(day: &Day) -> Vec<Bar> {
    let most = day.hours.iter().map(|(good, bad)| good.saturating_add(*bad)).max().unwrap_or(0).max(1);
    let tall = |count: i64| if count == 0 { 0 } else { (count.saturating_mul(HEIGHT - 4) / most).max(2) };
    let hours = day.hours.iter().enumerate().flat_map(|(hour, (good, bad))| {
        let tenths = hour.saturating_mul(STEP_TENTHS);
        let x = format!("{}.{}", tenths / 10, tenths % 10);
        let (low, high) = (tall(*good), tall(*bad));
        let part = |height: i64, below: i64, class| (height > 0).then(|| Bar { x: x.clone(), y: HEIGHT - below - height, height, class });
        let nothing = if low + high == 0 { part(2, 0, "none") } else { None };
        [part(low, 0, "good"), part(high, low, "bad"), nothing]
    });
    hours.flatten().collect()
}

/// What the bars show, in a sentence.
#[must_use]
pub fn sentence(day: &Day, t: &Texts) -> String {
    let (good, bad) = day.sum();
    let failing = day.hours.iter().filter(|(_, bad)| *bad > 0).count();
    let key = match (good, bad) {
        (0, 0) => "settings.webhooks.day_none",
        (_, 0) => "settings.webhooks.day_good",
        (_, _) => "settings.webhooks.day",
    };
    t.with(key, [("good", good.to_string()), ("bad", bad.to_string()), ("hours", failing.to_string())])
}

/// Half and nineteen of twenty, or nothing.
#[must_use]
pub fn latency(day: &Day, t: &Texts) -> String {
    let both = day.p50_ms.zip(day.p95_ms);
    both.map(|(p50, p95)| t.with("settings.webhooks.latency", [("p50", short(p50, t)), ("p95", short(p95, t))])).unwrap_or_default()
}

/// What an endpoint's page says of it beside the bars: name and value of each figure.
#[must_use]
pub fn figures(day: &Day, reading: Reading<'_>) -> Vec<(&'static str, String)> {
    let (good, bad) = day.sum();
    let ms = |ms: Option<i64>| ms.map_or_else(|| "–".to_owned(), |ms| short(ms, reading.t));
    let next = day.waiting.next.map_or_else(|| "–".to_owned(), |next| reading.wait(next.at_steady));
    vec![
        ("settings.webhooks.figure_taken", good.to_string()),
        ("settings.webhooks.figure_failed", bad.to_string()),
        ("settings.webhooks.figure_p50", ms(day.p50_ms)),
        ("settings.webhooks.figure_p95", ms(day.p95_ms)),
        ("settings.webhooks.figure_due", many(day.waiting.due)),
        ("settings.webhooks.figure_held", many(day.waiting.held)),
        ("settings.webhooks.figure_next", next),
    ]
}

#[cfg(test)]
mod tests {
    use super::{HEIGHT, bars, sentence};
    use crate::i18n::{Locale, Texts};
    use crate::store::deliveries::health::Day;

    fn day(hours: &[(i64, i64)]) -> Day {
        let mut all = vec![(0, 0); 24];
        all.splice(24 - hours.len().., hours.iter().copied());
        Day { hours: all, ..Day::default() }
    }

    #[test]
    fn no_bar_leaves_the_drawing_and_one_failure_among_many_is_seen() {
        for hours in [&[(1_000_000, 1)][..], &[(0, 7)], &[(3, 9), (0, 0)], &[(i64::MAX / 100, 0)]] {
            let drawn = bars(&day(hours));
            assert!(drawn.iter().all(|bar| bar.y >= 0 && bar.height > 0 && bar.y + bar.height <= HEIGHT), "{hours:?}");
            assert_eq!(drawn.iter().any(|bar| bar.class == "bad"), hours.iter().any(|(_, bad)| *bad > 0));
        }
        assert_eq!(bars(&day(&[])).len(), 24, "an empty hour has its line");
    }

    #[test]
    fn the_bars_are_said_in_a_sentence() {
        let t = Texts::for_locale(Locale::PtBr);
        assert_eq!(sentence(&day(&[]), t), "Nenhum envio nas últimas 24 h");
        assert_eq!(sentence(&day(&[(3, 0)]), t), "Aceitos: 3 nas últimas 24 h, nenhuma falha");
        assert_eq!(sentence(&day(&[(3, 1), (0, 2)]), t), "Aceitos: 3. Falhas: 3, em 2 das últimas 24 horas");
    }
}
