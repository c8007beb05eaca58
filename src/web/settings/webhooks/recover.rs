//! Recovers what an endpoint did not get since a time, and enables it first where it was disabled.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use chrono::{NaiveDateTime, TimeZone as _};

use super::endpoint::Known;
use super::health::Reading;
use super::timezone;
use crate::domain::endpoint::{Endpoint, EndpointDraft};
use crate::domain::ids::EndpointId;
use crate::domain::resending::Wanted;
use crate::domain::time::Timestamp;
use crate::store::deliveries::health::Day;
use crate::store::error::StoreError;
use crate::web::addresses::{Addresses, post};
use crate::web::error::AppError;
use crate::web::extract::{Admin, Id, Posted};
use crate::web::form::Form;
use crate::web::frame;
use crate::web::state::AppState;

/// How browsers write a local date and time.
const LOCAL: &str = "%Y-%m-%dT%H:%M";
/// An event happens a little before its first attempt.
const EVENT_BEFORE_SECONDS: i64 = 60;
const DAY_SECONDS: i64 = 24 * 3600;

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table.route("/settings/webhooks/endpoints/{id}/recover", post(recover));
}

async fn recover(me: Admin, id: Id<EndpointId>, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let mut form = posted.0;
    let known = Known::open(&state, id.0).await?;
    let Some(since) = since(&mut form, &timezone(&state)) else {
        let mut existing = known.existing(&me, &state);
        existing.recovery = form;
        return known.answer(StatusCode::UNPROCESSABLE_ENTITY, &me, &state, existing, None);
    };
    if !known.endpoint.is_live() {
        let draft = EndpointDraft { enabled: true, ..known.endpoint.draft };
        state.store.update_endpoint(&state.vault, id.0, draft, None).await?;
        state.store.note(me.0.author(), "endpoint.enabled", "endpoint", id.0.0).await?;
    }
    match state.store.begin_resending(Wanted::recovery(id.0, since), Some(me.0.author())).await {
        Ok(_) => Ok(frame::go_to("/settings/webhooks/resendings?told=recovered")),
        Err(StoreError::Invalid(invalid)) => {
            form.refuse("since", if invalid.code == "resending_running" { "error.resending_running" } else { "error.endpoint_disabled" });
            let known = Known::open(&state, id.0).await?;
            let mut existing = known.existing(&me, &state);
            existing.recovery = form;
            known.answer(StatusCode::UNPROCESSABLE_ENTITY, &me, &state, existing, None)
        }
        Err(error) => Err(error.into()),
    }
}

/// The time that was typed, in the organisation's zone.
fn since(form: &mut Form, timezone: &str) -> Option<Timestamp> {
    let typed = form.value("since").trim().to_owned();
    if typed.is_empty() {
        form.refuse("since", "form.empty");
        return None;
    }
    let zone = timezone.parse::<chrono_tz::Tz>().unwrap_or(chrono_tz::UTC);
    // Browsers add seconds where there are any.
    let local = NaiveDateTime::parse_from_str(typed.get(..16).unwrap_or(&typed), LOCAL).ok();
    let at = local.and_then(|local| zone.from_local_datetime(&local).earliest().or_else(|| Some(local.and_utc().with_timezone(&zone))));
    if at.is_none() {
        form.refuse("since", "settings.webhooks.since_malformed");
    }
    at.map(|at| Timestamp::from_ms(at.timestamp_millis()))
}

/// The form as it begins: since the oldest that is held, or the first failure, whichever is earlier; else a day ago.
pub(super) fn suggested(endpoint: &Endpoint, day: &Day, reading: Reading<'_>) -> Form {
    let failing = endpoint.health.first_failure_at.map(|at| at.plus_seconds(-EVENT_BEFORE_SECONDS));
    let lost = [day.waiting.held_since, failing].into_iter().flatten().min();
    let since = lost.unwrap_or_else(|| reading.now.wall.plus_seconds(-DAY_SECONDS));
    let zone = reading.timezone.parse::<chrono_tz::Tz>().unwrap_or(chrono_tz::UTC);
    let local = chrono::DateTime::from_timestamp_millis(since.ms()).map(|at| at.with_timezone(&zone).format(LOCAL).to_string());
    Form::filled([("since", local.unwrap_or_default().as_str())])
}

#[cfg(test)]
mod tests {
    use super::since;
    use crate::web::form::Form;

    #[test]
    fn a_local_time_is_read_in_the_organisations_zone_and_anything_else_is_refused() {
        let read = |typed: &str| {
            let mut form = Form::filled([("since", typed)]);
            (since(&mut form, "America/Recife").map(crate::domain::time::Timestamp::ms), form.error("since"))
        };
        assert_eq!(read("2026-11-22T09:00"), (Some(1_795_348_800_000), None));
        assert_eq!(read("2026-11-22T09:00:30"), (Some(1_795_348_800_000), None));
        assert_eq!(read(" "), (None, Some("form.empty")));
        for wrong in ["yesterday", "2026-02-30T09:00", "2026-11-22", "2026-11-22Tééééé"] {
            assert_eq!(read(wrong), (None, Some("settings.webhooks.since_malformed")), "{wrong}");
        }
    }
}
