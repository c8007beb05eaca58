//! The organisation's page: name, time zone, language, how long what webhooks carried is kept.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;

use super::choices::{self, Choice};
use super::{Asked, beside_its_field};
use crate::domain::retention::{DAYS_MAX, Retention};
use crate::domain::text::NAME_LENGTH_MAX;
use crate::store::organisation::OrganisationChange;
use crate::web::addresses::{Addresses, get, post};
use crate::web::error::AppError;
use crate::web::extract::{Admin, Posted};
use crate::web::form::Form;
use crate::web::frame::{self, Frame, framed};
use crate::web::state::AppState;

#[derive(Template)]
#[template(path = "settings/organisation/edit.html")]
struct EditPage {
    frame: Frame,
    form: Form,
    timezones: Vec<Choice>,
    locales: Vec<Choice>,
}
framed!(EditPage);

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table.route("/settings/organisation", get(show)).route("/settings/organisation", post(save));
}

async fn show(me: Admin, asked: Asked, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let directory = state.store.directory();
    let organisation = directory.organisation.as_ref().ok_or(AppError::NotFound)?;
    let days = organisation.retention;
    let form = Form::filled([
        ("name", &organisation.name),
        ("timezone", &organisation.timezone),
        ("locale", &organisation.locale),
        ("body_days", &days.body_days.to_string()),
        ("attempt_days", &days.attempt_days.to_string()),
    ]);
    std::future::ready(render(StatusCode::OK, &me, &state, form, asked.told.as_deref())).await
}

async fn save(me: Admin, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let mut form = posted.0;
    let change = OrganisationChange {
        name: form.line("name", NAME_LENGTH_MAX),
        timezone: choices::timezone(&mut form, "timezone"),
        locale: choices::locale(&mut form, "locale").tag().to_owned(),
    };
    let retention = Retention { body_days: form.number("body_days", 1, DAYS_MAX), attempt_days: form.number("attempt_days", 1, DAYS_MAX) };
    if form.is_clean() && !retention.is_valid() {
        form.refuse("body_days", "deliveries.retention_order");
    }
    if form.is_clean() {
        match state.store.change_organisation(change, me.0.author()).await {
            Ok(()) => {
                let known = state.store.directory().organisation.as_ref().map(|organisation| organisation.retention);
                if known != Some(retention) {
                    state.store.change_retention(retention, me.0.author()).await?;
                }
                return Ok(frame::go_to("/settings/organisation?told=saved"));
            }
            Err(error) => beside_its_field(&mut form, error)?,
        }
    }
    render(StatusCode::UNPROCESSABLE_ENTITY, &me, &state, form, None)
}

fn render(status: StatusCode, me: &Admin, state: &AppState, form: Form, told: Option<&str>) -> Result<HttpResponse, AppError> {
    let frame = Frame::settings(&me.0.agent, me.0.locale, "organisation").telling(told);
    let page = EditPage { frame, form, timezones: choices::timezones(state.store.clock().now().wall), locales: choices::locales() };
    frame::page(status, &page.frame.nonce, &page)
}
