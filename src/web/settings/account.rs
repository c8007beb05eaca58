//! Everybody's own page: language, theme, password, sessions.

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::choices::{self, Choice, Keyed, THEMES};
use super::{Asked, date_time};
use crate::domain::ids::SessionId;
use crate::i18n::{Locale, Texts};
use crate::store::sessions::Session;
use crate::web::addresses::{Addresses, get, post};
use crate::web::error::AppError;
use crate::web::extract::{Id, Posted, SignedIn};
use crate::web::form::Form;
use crate::web::frame::{self, Frame, framed};
use crate::web::login::local_path;
use crate::web::new_password;
use crate::web::state::AppState;

struct Row {
    id: SessionId,
    device: String,
    address: String,
    used: String,
    here: bool,
}

#[derive(Template)]
#[template(path = "settings/account/edit.html")]
struct AccountPage {
    frame: Frame,
    name: String,
    email: String,
    form: Form,
    password_form: Form,
    locales: Vec<Choice>,
    themes: &'static [Keyed],
    sessions: Vec<Row>,
}
framed!(AccountPage);

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table
        .route("/settings/account", get(show))
        .route("/settings/account", post(save))
        .route("/settings/account/password", post(change_password))
        .route("/settings/account/sessions/{id}/revoke", post(revoke))
        .route("/preferences", post(prefer));
}

async fn show(me: SignedIn, asked: Asked, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    render(StatusCode::OK, &me, &state, Form::default(), asked.told.as_deref()).await
}

async fn save(me: SignedIn, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let mut form = posted.0;
    let (locale, theme) = (choices::locale(&mut form, "locale"), choices::theme(&mut form, "theme"));
    if !form.is_clean() {
        return Err(AppError::Malformed);
    }
    state.store.change_preferences(me.agent.id, Some(locale.tag().to_owned()), Some(theme)).await?;
    Ok(frame::go_to("/settings/account?told=saved"))
}

/// The rail's menu on every page: changes what it is given, and answers a script without a page.
async fn prefer(me: SignedIn, request: HttpRequest, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let mut form = posted.0;
    let given = |form: &Form, name: &str| !form.value(name).is_empty();
    let locale = given(&form, "locale").then(|| choices::locale(&mut form, "locale"));
    let theme = given(&form, "theme").then(|| choices::theme(&mut form, "theme"));
    if !form.is_clean() {
        return Err(AppError::Malformed);
    }
    state.store.change_preferences(me.agent.id, locale.map(|locale| locale.tag().to_owned()), theme).await?;
    let wants_page =
        request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"));
    if wants_page { Ok(frame::go_to(local_path(form.value("return_to")))) } else { Ok(HttpResponse::NoContent().finish()) }
}

async fn change_password(me: SignedIn, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let mut form = posted.0;
    let email = me.agent.email.clone();
    let password = new_password::parse(&mut form, "password", &[&email, &me.agent.name]);
    let now = state.store.clock().now().steady;
    let current = form.value("current").to_owned();
    let stored = state.store.password_hash_of(me.agent.id).await?;
    let right = match state.gate.enter(&email, me.address, now) {
        Ok(()) => state.gate.verify(stored, current).await,
        Err(closed) => Err(closed),
    };
    match right {
        Ok(true) => state.gate.password_was_right(&email, me.address),
        Ok(false) => form.refuse("current", "form.password_wrong"),
        Err(_) => form.refuse("current", "login.slowly"),
    }
    let Some(password) = password.filter(|_| form.is_clean()) else {
        return render(StatusCode::UNPROCESSABLE_ENTITY, &me, &state, form, None).await;
    };
    let Ok(hash) = state.gate.hash(password).await else {
        form.refuse("password", "login.busy");
        return render(StatusCode::SERVICE_UNAVAILABLE, &me, &state, form, None).await;
    };
    state.store.change_password(hash, me.session, me.author()).await?;
    Ok(frame::go_to("/settings/account?told=password"))
}

async fn revoke(me: SignedIn, id: Id<SessionId>, _posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    state.store.revoke_session(id.0, me.author()).await?;
    Ok(frame::go_to("/settings/account?told=revoked"))
}

async fn render(
    status: StatusCode,
    me: &SignedIn,
    state: &AppState,
    password_form: Form,
    told: Option<&str>,
) -> Result<HttpResponse, AppError> {
    let sessions = state.store.sessions_of(me.agent.id).await?;
    let directory = state.store.directory();
    let timezone = directory.organisation.as_ref().map(|organisation| organisation.timezone.as_str()).unwrap_or_default();
    let frame = Frame::settings(&me.agent, me.locale, "account").telling(told);
    let row = |session: Session| Row {
        id: session.id,
        device: device(frame.t, &session),
        used: frame.t.with("settings.account.last_used", [("when", date_time(frame.t, session.used_at, timezone))]),
        here: session.id == me.session,
        address: session.address,
    };
    let locale = me.agent.locale.as_deref().and_then(Locale::parse).unwrap_or(me.locale);
    let page = AccountPage {
        sessions: sessions.into_iter().map(row).collect(),
        name: me.agent.name.clone(),
        email: me.agent.email.clone(),
        form: Form::filled([("locale", locale.tag()), ("theme", &me.agent.theme)]),
        password_form,
        locales: choices::locales(),
        themes: THEMES,
        frame,
    };
    frame::page(status, &page.frame.nonce, &page)
}

/// Browser and system in words, as far as the user agent tells.
fn device(t: &Texts, session: &Session) -> String {
    if session.program {
        return t.text("settings.account.program").to_owned();
    }
    let known = woothee::parser::Parser::new().parse(&session.user_agent);
    known
        .filter(|agent| agent.name != "UNKNOWN")
        .map_or_else(|| t.text("settings.account.unknown_device").to_owned(), |agent| format!("{}, {}", agent.name, agent.os))
}
