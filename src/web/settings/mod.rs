//! The settings pages: forms that work without script, every one behind a signed-in admin but the reader's own account.

pub mod account;
pub mod agents;
pub mod choices;
pub mod departments;
pub mod organisation;
pub mod site_form;
pub mod sites;
pub mod tags;
pub mod tokens;
pub mod webhooks;

use actix_web::HttpResponse;
use actix_web::web::Query;
use serde::Deserialize;

use super::addresses::{Addresses, get};
use super::error::AppError;
use super::extract::SignedIn;
use super::form::Form;
use super::frame;
use crate::domain::agent::Role;
use crate::domain::time::Timestamp;
use crate::i18n::{Locale, Texts};
use crate::store::error::StoreError;

/// The query of a page that a redirect leads to.
#[derive(Debug, Default, Deserialize)]
pub struct Told {
    pub told: Option<String>,
}

/// Query of a page that may tell what was just done.
pub type Asked = Query<Told>;

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table.route("/settings", get(first));
    organisation::routes(table);
    agents::routes(table);
    departments::routes(table);
    sites::routes(table);
    tags::routes(table);
    tokens::routes(table);
    webhooks::routes(table);
    account::routes(table);
}

async fn first(me: SignedIn) -> HttpResponse {
    std::future::ready(frame::go_to(if me.agent.role == Role::Admin { "/settings/organisation" } else { "/settings/account" })).await
}

/// Puts a refusal of the store beside its field; other errors go on.
///
/// # Errors
/// Everything but a refusal of the settings.
pub fn beside_its_field(form: &mut Form, error: StoreError) -> Result<(), AppError> {
    let StoreError::Invalid(invalid) = error else { return Err(error.into()) };
    form.refuse(invalid.field.unwrap_or("form"), text_of(invalid.code));
    Ok(())
}

/// The text for a refusal's code.
fn text_of(code: &str) -> &'static str {
    match code {
        "email_taken" => "form.email_taken",
        "email_taken_archived" => "form.email_taken_archived",
        "name_taken" => "form.name_taken",
        "department_unknown" => "form.department_unknown",
        "agent_unknown" => "form.agent_unknown",
        "last_admin" => "settings.agents.last_admin",
        "tokens_many" => "settings.tokens.many",
        _ => "form.choose",
    }
}

/// A number of seconds as people say it: `45 s`, `3 min`, `2 h`.
#[must_use]
pub fn span(t: &Texts, seconds: i64) -> String {
    let (key, n) = match seconds {
        s if s % 3600 == 0 && s > 0 => ("settings.hours", s / 3600),
        s if s % 60 == 0 && s > 0 => ("settings.minutes", s / 60),
        s => ("settings.seconds", s),
    };
    t.with(key, [("n", n)])
}

/// Date and time in numbers, as the reader's language writes them (and as scripts write them on the same screens), in `timezone`.
#[must_use]
pub fn date_time(t: &Texts, at: Timestamp, timezone: &str) -> String {
    shown(t, at, timezone, "%H:%M")
}

/// As [`date_time`], to the second: what happens within a minute can be told apart.
#[must_use]
pub fn date_time_second(t: &Texts, at: Timestamp, timezone: &str) -> String {
    shown(t, at, timezone, "%H:%M:%S")
}

fn shown(t: &Texts, at: Timestamp, timezone: &str, time: &str) -> String {
    let zone = timezone.parse::<chrono_tz::Tz>().unwrap_or(chrono_tz::UTC);
    let date = match t.locale() {
        Locale::PtBr | Locale::Es => "%d/%m/%Y",
        Locale::En => "%m/%d/%Y",
    };
    let at = chrono::DateTime::from_timestamp_millis(at.ms()).map(|at| at.with_timezone(&zone));
    at.map(|at| at.format(&format!("{date}, {time}")).to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_readers_language_does_and_as_scripts_do() {
        // What `Intl.DateTimeFormat` makes of it with two digits each and a clock of 24 hours.
        let at = Timestamp::from_ms(1_795_313_109_000);
        for (locale, date) in [(Locale::PtBr, "21/11/2026"), (Locale::En, "11/21/2026"), (Locale::Es, "21/11/2026")] {
            let t = Texts::for_locale(locale);
            assert_eq!(date_time(t, at, "America/Recife"), format!("{date}, 23:05"));
            assert_eq!(date_time_second(t, at, "America/Recife"), format!("{date}, 23:05:09"));
        }
    }
}
