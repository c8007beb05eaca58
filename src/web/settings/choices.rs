//! What forms let one choose from: languages, themes, time zones.

use chrono::Offset as _;

use crate::domain::time::Timestamp;
use crate::i18n::{Locale, Texts};
use crate::web::form::Form;

/// A value, and its text in the reader's language.
pub type Choice = (String, String);
/// A value, and the key of its text.
pub type Keyed = (&'static str, &'static str);

/// Light, dark or as the device says.
pub const THEMES: &[Keyed] =
    &[("auto", "settings.sites.theme_auto"), ("light", "settings.sites.theme_light"), ("dark", "settings.sites.theme_dark")];

/// Every language under its own name.
#[must_use]
pub fn locales() -> Vec<Choice> {
    Locale::ALL.into_iter().map(|locale| (locale.tag().to_owned(), locale.own_name().to_owned())).collect()
}

/// Every language, after the browser's own.
#[must_use]
pub fn locales_or_auto(t: &Texts) -> Vec<Choice> {
    let auto = ("auto".to_owned(), t.text("settings.locale_auto").to_owned());
    std::iter::once(auto).chain(locales()).collect()
}

/// The language tag under `name`.
pub fn locale(form: &mut Form, name: &str) -> Locale {
    let spoken = |tag: &str| Locale::ALL.into_iter().find(|locale| locale.tag() == tag);
    form.choice(name, spoken, Locale::default())
}

/// The theme under `name`.
pub fn theme(form: &mut Form, name: &str) -> String {
    let known = |word: &str| THEMES.iter().find(|(value, _)| *value == word).map(|(value, _)| *value);
    form.choice(name, known, "auto").to_owned()
}

/// Every time zone with a place, by name, with its present offset: `America/Recife (UTC−3)`.
#[must_use]
pub fn timezones(now: Timestamp) -> Vec<Choice> {
    let at = chrono::DateTime::from_timestamp_millis(now.ms()).unwrap_or_default();
    let named = |zone: &&chrono_tz::Tz| {
        let name = zone.name();
        name == "UTC" || name.split_once('/').is_some_and(|(region, _)| REGIONS.contains(&region))
    };
    let label = |zone: &chrono_tz::Tz| {
        let minutes = at.with_timezone(zone).offset().fix().local_minus_utc() / 60;
        let sign = if minutes < 0 { '−' } else { '+' };
        let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
        let offset = if rest == 0 { format!("{sign}{hours}") } else { format!("{sign}{hours}:{rest:02}") };
        (zone.name().to_owned(), format!("{} (UTC{offset})", zone.name().replace('_', " ")))
    };
    chrono_tz::TZ_VARIANTS.iter().filter(named).map(label).collect()
}

/// The regions whose zones are places.
const REGIONS: [&str; 9] = ["Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];

/// The zone to begin with where nothing else is known.
#[must_use]
pub const fn usual_timezone(locale: Locale) -> &'static str {
    match locale {
        Locale::PtBr => "America/Sao_Paulo",
        Locale::En => "UTC",
        Locale::Es => "America/Mexico_City",
    }
}

/// The time zone under `name`.
pub fn timezone(form: &mut Form, name: &str) -> String {
    let typed = form.value(name).to_owned();
    if typed.parse::<chrono_tz::Tz>().is_err() {
        form.refuse(name, "form.timezone_unknown");
    }
    typed
}

#[cfg(test)]
mod tests {
    use super::timezones;
    use crate::domain::time::Timestamp;

    #[test]
    fn a_zone_is_named_with_its_offset() {
        let zones = timezones(Timestamp::from_ms(1_795_000_000_000));
        let label = |name: &str| zones.iter().find(|(zone, _)| zone == name).map(|(_, label)| label.as_str());
        assert_eq!(label("America/Recife"), Some("America/Recife (UTC−3)"));
        assert_eq!(label("Asia/Kolkata"), Some("Asia/Kolkata (UTC+5:30)"));
        assert_eq!(label("UTC"), Some("UTC (UTC+0)"));
        assert_eq!(label("Etc/GMT+3"), None);
    }
}
