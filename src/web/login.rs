//! Signing in and out with a browser.
//!
//! An unknown account, a wrong password and an account without one get the same text after the same time; guessing is slowed down by account
//! and by address.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::addresses::{Addresses, get, post};
use super::client::address_of;
use super::error::AppError;
use super::extract::{Posted, Reader, signed_in};
use super::form::Form;
use super::frame::{self, Frame, framed};
use super::gate::Closed;
use super::session_cookie;
use super::state::AppState;
use crate::auth::token::{Token, TokenHash};
use crate::domain::ids::AgentId;
use crate::i18n::Locale;
use crate::store::audit::Author;
use crate::store::sessions::NewSession;

/// Seconds without use after which a kept session ends.
const KEPT_SECONDS: i64 = 30 * 24 * 3600;
/// Seconds without use after which a session of this browser run ends.
const BRIEF_SECONDS: i64 = 24 * 3600;
/// Where one goes who asked for nothing else.
const HOME: &str = "/console";

#[derive(Template)]
#[template(path = "login/index.html")]
struct LoginPage {
    frame: Frame,
    organisation: String,
    form: Form,
    refused: Option<&'static str>,
    welcomed: Option<&'static str>,
}
framed!(LoginPage);

#[derive(Deserialize)]
struct Asked {
    next: Option<String>,
    told: Option<String>,
}

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table.route("/login", get(show)).route("/login", post(sign_in)).route("/logout", post(sign_out));
}

async fn show(request: HttpRequest, reader: Reader, asked: Query<Asked>, state: Data<AppState>) -> Result<HttpResponse, actix_web::Error> {
    if state.store.directory().organisation.is_none() {
        return Ok(frame::go_to("/setup"));
    }
    let next = local_path(asked.next.as_deref().unwrap_or_default());
    if signed_in(&request).await?.is_some() {
        return Ok(frame::go_to(next));
    }
    let welcomed = match asked.told.as_deref() {
        Some("out") => Some("login.signed_out"),
        Some("over") => Some("login.session_over"),
        Some("password") => Some("login.password_set"),
        _ => None,
    };
    let form = Form::filled([("next", next)]);
    Ok(render(StatusCode::OK, &state, reader.0, form, None, welcomed)?)
}

async fn sign_in(request: HttpRequest, reader: Reader, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let mut form = posted.0;
    let refuse = |form: Form, status: StatusCode, key: &'static str| render(status, &state, reader.0, form, Some(key), None);
    let (email, password) = (form.value("email").trim().to_owned(), form.value("password").to_owned());
    for (name, value) in [("email", &email), ("password", &password)] {
        if value.is_empty() {
            form.refuse(name, "form.empty");
        }
    }
    if !form.is_clean() {
        return refuse(form, StatusCode::UNPROCESSABLE_ENTITY, "login.refused");
    }
    let account = match check(&request, &state, &email, password).await? {
        Ok(account) => account,
        Err(Closed::Slowly) => return refuse(form, StatusCode::TOO_MANY_REQUESTS, "login.slowly"),
        Err(Closed::Busy) => return refuse(form, StatusCode::SERVICE_UNAVAILABLE, "login.busy"),
    };
    let Some(agent) = account else { return refuse(form, StatusCode::UNAUTHORIZED, "login.refused") };
    let cookie = open_session(&request, &state, agent, form.ticked("remember")).await?;
    let mut answer = frame::go_to(local_path(form.value("next")));
    answer.add_cookie(&cookie).map_err(|_impossible| AppError::Malformed)?;
    Ok(answer)
}

/// The account that `email` and `password` belong to, if they belong together.
pub(super) async fn check(
    request: &HttpRequest,
    state: &AppState,
    email: &str,
    password: String,
) -> Result<Result<Option<AgentId>, Closed>, AppError> {
    let now = state.store.clock().now().steady;
    if let Err(closed) = state.gate.enter(email, address_of(request, &state.config), now) {
        return Ok(Err(closed));
    }
    let (agent, hash) = state.store.account_by_email(email.to_owned()).await?.unzip();
    Ok(state.gate.verify(hash.flatten(), password).await.map(|right| {
        if right {
            state.gate.password_was_right(email, address_of(request, &state.config));
        }
        agent.filter(|_| right)
    }))
}

/// Opens a session in this browser; gives its cookie.
///
/// # Errors
/// Faults of the store; `NotFound` where the account was archived meanwhile.
pub(super) async fn open_session(
    request: &HttpRequest,
    state: &AppState,
    agent: AgentId,
    kept: bool,
) -> Result<actix_web::cookie::Cookie<'static>, AppError> {
    let token = Token::new();
    let user_agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let idle_seconds = if kept { KEPT_SECONDS } else { BRIEF_SECONDS };
    state
        .store
        .open_session(NewSession {
            agent,
            token: token.hash(),
            program: false,
            user_agent: user_agent.to_owned(),
            address: address_of(request, &state.config).map(|address| address.to_string()).unwrap_or_default(),
            idle_ms: idle_seconds.saturating_mul(1000),
        })
        .await?;
    Ok(session_cookie::made(token.text(), &state.config, kept.then_some(KEPT_SECONDS)))
}

async fn sign_out(request: HttpRequest, _posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    if let Some(token) = session_cookie::read(&request, &state.config)
        && let Some(session) = state.store.session_of(TokenHash::of(&token)).await?
    {
        let by = Author { agent: session.agent, address: address_of(&request, &state.config).map(|address| address.to_string()) };
        state.store.revoke_session(session.id, by).await?;
    }
    let mut answer = frame::go_to("/login?told=out");
    answer.add_cookie(&session_cookie::removed(&state.config)).map_err(|_impossible| AppError::Malformed)?;
    Ok(answer)
}

fn render(
    status: StatusCode,
    state: &AppState,
    locale: Locale,
    form: Form,
    refused: Option<&'static str>,
    welcomed: Option<&'static str>,
) -> Result<HttpResponse, AppError> {
    let organisation = state.store.directory().organisation.as_ref().map(|organisation| organisation.name.clone()).unwrap_or_default();
    let page = LoginPage { frame: Frame::signed_out(locale), organisation, form, refused, welcomed };
    frame::page(status, &page.frame.nonce, &page)
}

/// `path` if it leads to a page of ours and nowhere else, else home. Browsers read a backslash as a slash, and skip tabs and line breaks.
pub(super) fn local_path(path: &str) -> &str {
    let local = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\') && !path.contains(char::is_control);
    if local { path } else { HOME }
}

#[cfg(test)]
mod tests {
    use super::{HOME, local_path};

    #[test]
    fn after_the_login_one_stays_here() {
        assert_eq!(local_path("/settings/sites?x=1"), "/settings/sites?x=1");
        for foreign in
            ["", "https://evil.example", "//evil.example", "/\\evil.example", "\\/evil.example", "/\t/evil.example", "javascript:x", "evil"]
        {
            assert_eq!(local_path(foreign), HOME, "{foreign}");
        }
    }
}
