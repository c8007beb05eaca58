//! Setting a password by a link that an admin handed over.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;

use super::addresses::{Addresses, get, post};
use super::error::AppError;
use super::extract::{Posted, Reader};
use super::form::Form;
use super::frame::{self, Frame, framed};
use super::gate::Closed;
use super::new_password;
use super::state::AppState;
use crate::auth::token::TokenHash;
use crate::domain::agent::Agent;
use crate::i18n::Locale;
use crate::store::error::StoreError;

#[derive(Template)]
#[template(path = "password/edit.html")]
struct PasswordPage {
    frame: Frame,
    organisation: String,
    name: String,
    email: String,
    form: Form,
}
framed!(PasswordPage);

#[derive(Template)]
#[template(path = "password/spent.html")]
struct SpentPage {
    frame: Frame,
    organisation: String,
}
framed!(SpentPage);

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table.route("/password/{token}", get(show)).route("/password/{token}", post(set));
}

async fn show(reader: Reader, token: Path<String>, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    match holder(&state, &token).await? {
        Some(agent) => render(StatusCode::OK, &state, reader.0, &agent, Form::default()),
        None => spent(&state, reader.0),
    }
}

async fn set(reader: Reader, token: Path<String>, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let Some(agent) = holder(&state, &token).await? else { return spent(&state, reader.0) };
    let mut form = posted.0;
    let Some(password) = new_password::parse(&mut form, "password", &[&agent.email, &agent.name]) else {
        return render(StatusCode::UNPROCESSABLE_ENTITY, &state, reader.0, &agent, form);
    };
    let hash = match state.gate.hash(password).await {
        Ok(hash) => hash,
        Err(Closed::Busy | Closed::Slowly) => {
            form.refuse("password", "login.busy");
            return render(StatusCode::SERVICE_UNAVAILABLE, &state, reader.0, &agent, form);
        }
    };
    match state.store.set_password_by_link(TokenHash::of(&token), hash).await {
        Ok(_) => Ok(frame::go_to("/login?told=password")),
        // Somebody else was quicker with the same link.
        Err(StoreError::NotFound) => spent(&state, reader.0),
        Err(error) => Err(error.into()),
    }
}

async fn holder(state: &AppState, token: &str) -> Result<Option<Agent>, AppError> {
    let holder = state.store.password_link_holder(TokenHash::of(token)).await?;
    Ok(holder.and_then(|id| state.store.directory().agents.get(&id).cloned()))
}

fn organisation(state: &AppState) -> String {
    state.store.directory().organisation.as_ref().map(|organisation| organisation.name.clone()).unwrap_or_default()
}

fn render(status: StatusCode, state: &AppState, locale: Locale, agent: &Agent, form: Form) -> Result<HttpResponse, AppError> {
    let page = PasswordPage {
        frame: Frame::signed_out(locale),
        organisation: organisation(state),
        name: agent.name.clone(),
        email: agent.email.clone(),
        form,
    };
    frame::page(status, &page.frame.nonce, &page)
}

fn spent(state: &AppState, locale: Locale) -> Result<HttpResponse, AppError> {
    let page = SpentPage { frame: Frame::signed_out(locale), organisation: organisation(state) };
    frame::page(StatusCode::NOT_FOUND, &page.frame.nonce, &page)
}
