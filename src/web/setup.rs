//! The first run: a page guarded by the code that the server printed, which makes the organisation and is gone afterwards.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::addresses::{Addresses, get, post};
use super::error::AppError;
use super::extract::{Posted, Reader};
use super::form::Form;
use super::frame::{self, Frame, framed};
use super::login;
use super::new_password;
use super::settings::choices::{self, Choice};
use super::settings::site_form;
use super::state::AppState;
use crate::auth::password::NewPassword;
use crate::auth::token::Token;
use crate::domain::host;
use crate::domain::site::Site;
use crate::domain::text::NAME_LENGTH_MAX;
use crate::i18n::{Locale, Texts};
use crate::store::error::StoreError;
use crate::store::organisation::SetUp;

#[derive(Template)]
#[template(path = "setup/index.html")]
struct SetUpPage {
    frame: Frame,
    form: Form,
    timezones: Vec<Choice>,
    suggestions: [&'static str; 3],
}
framed!(SetUpPage);

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table.route("/setup", get(show)).route("/setup", post(claim));
}

async fn show(reader: Reader, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    require_unclaimed(&state)?;
    let t = Texts::for_locale(reader.0);
    let timezone = choices::usual_timezone(reader.0);
    render(StatusCode::OK, &state, reader.0, Form::filled([("timezone", timezone), ("department", t.text("setup.department_service"))]))
}

async fn claim(request: HttpRequest, reader: Reader, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    require_unclaimed(&state)?;
    let mut form = posted.0;
    if !state.gate.allows_setup(state.store.clock().now().steady) {
        form.refuse("code", "form.code_many");
        return render(StatusCode::TOO_MANY_REQUESTS, &state, reader.0, form);
    }
    if !state.gate.setup_code().matches(form.value("code")) {
        form.refuse("code", "form.code_wrong");
        return render(StatusCode::UNPROCESSABLE_ENTITY, &state, reader.0, form);
    }
    state.gate.setup_code_was_right();
    let Some((mut set_up, password)) = parse(&mut form, reader.0) else {
        return render(StatusCode::UNPROCESSABLE_ENTITY, &state, reader.0, form);
    };
    let Ok(hash) = state.gate.hash(password).await else {
        form.refuse("password", "login.busy");
        return render(StatusCode::SERVICE_UNAVAILABLE, &state, reader.0, form);
    };
    set_up.password_hash = hash;
    let founded = match state.store.claim_setup(set_up).await {
        Err(StoreError::Invalid(_)) => return Err(AppError::NotFound),
        other => other?,
    };
    let cookie = login::open_session(&request, &state, founded.admin, false).await?;
    let mut answer = frame::go_to(&format!("/settings/sites/{}/ready", founded.site));
    answer.add_cookie(&cookie).map_err(|_impossible| AppError::Malformed)?;
    Ok(answer)
}

/// Everything that was typed, but for the password's hash; none where something was refused.
fn parse(form: &mut Form, locale: Locale) -> Option<(SetUp, NewPassword)> {
    let t = Texts::for_locale(locale);
    let admin_name = form.line("name", NAME_LENGTH_MAX);
    let admin_email = form.email("email");
    let organisation = form.line("organisation", NAME_LENGTH_MAX);
    let timezone = choices::timezone(form, "timezone");
    let department = if form.value("department") == "other" { "department_name" } else { "department" };
    let department = form.line(department, NAME_LENGTH_MAX);
    let domain = form.line_or_none("domain", NAME_LENGTH_MAX * 3);
    let host = domain.as_deref().and_then(host::parse_allowed);
    if domain.is_some() && host.is_none() {
        form.refuse("domain", "form.domain_malformed");
    }
    let password = new_password::parse(form, "password", &[&admin_email, &admin_name, &organisation]);
    let password = password.filter(|_| form.is_clean())?;
    let site = Site { name: host.clone().unwrap_or_else(|| organisation.clone()), ..site_form::fresh(locale, host) };
    let set_up = SetUp {
        organisation,
        timezone,
        locale: locale.tag().to_owned(),
        admin_name,
        admin_email,
        password_hash: String::new(),
        department: if department == "other" { t.text("setup.department_service").to_owned() } else { department },
        site,
        inspector_key: Token::new().text().to_owned(),
    };
    Some((set_up, password))
}

fn require_unclaimed(state: &AppState) -> Result<(), AppError> {
    if state.store.directory().organisation.is_some() { Err(AppError::NotFound) } else { Ok(()) }
}

fn render(status: StatusCode, state: &AppState, locale: Locale, form: Form) -> Result<HttpResponse, AppError> {
    let frame = Frame::signed_out(locale);
    let t = frame.t;
    let suggestions = [t.text("setup.department_service"), t.text("setup.department_sales"), t.text("setup.department_support")];
    let page = SetUpPage { frame, form, timezones: choices::timezones(state.store.clock().now().wall), suggestions };
    frame::page(status, &page.frame.nonce, &page)
}
