//! The page of REST tokens: made and shown once, listed, revoked.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;

use super::choices::Keyed;
use super::{Asked, beside_its_field, date_time, departments};
use crate::auth::token::Token;
use crate::domain::ids::{ApiTokenId, DepartmentId};
use crate::domain::text::NAME_LENGTH_MAX;
use crate::store::tokens::NewApiToken;
use crate::web::addresses::{Addresses, get, post};
use crate::web::error::AppError;
use crate::web::extract::{Admin, Id, Posted};
use crate::web::form::Form;
use crate::web::frame::{self, Frame, framed};
use crate::web::state::AppState;

/// What a token may do: the word that programs see, and the key of what it means.
pub const SCOPES: &[Keyed] = &[
    ("chats:read", "settings.scope.chats_read"),
    ("chats:write", "settings.scope.chats_write"),
    ("visitors:read", "settings.scope.visitors_read"),
    ("visitors:write", "settings.scope.visitors_write"),
    ("visitors:erase", "settings.scope.visitors_erase"),
    ("reports:read", "settings.scope.reports_read"),
    ("webhooks:read", "settings.scope.webhooks_read"),
    ("webhooks:write", "settings.scope.webhooks_write"),
    ("deliveries:read", "settings.scope.deliveries_read"),
    ("users:write", "settings.scope.users_write"),
    ("settings:write", "settings.scope.settings_write"),
    ("metrics:read", "settings.scope.metrics_read"),
];
/// Days until a token expires.
const TERMS: &[Keyed] = &[
    ("30", "settings.tokens.expires_30"),
    ("90", "settings.tokens.expires_90"),
    ("365", "settings.tokens.expires_365"),
    ("never", "settings.tokens.expires_never"),
];
const DAY_SECONDS: i64 = 24 * 3600;

struct Row {
    id: ApiTokenId,
    name: String,
    hint: String,
    created_by: String,
    scopes: String,
    departments: String,
    expires: String,
    used: String,
}

#[derive(Template)]
#[template(path = "settings/tokens/index.html")]
struct TokensPage {
    frame: Frame,
    form: Form,
    tokens: Vec<Row>,
    made: Option<String>,
    scopes: &'static [Keyed],
    terms: &'static [Keyed],
    departments: Vec<(String, String)>,
}
framed!(TokensPage);

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table.route("/settings/tokens", get(list)).route("/settings/tokens", post(create)).route("/settings/tokens/{id}/revoke", post(revoke));
}

fn empty() -> Form {
    Form::filled([("expires", "90")])
}

async fn list(me: Admin, asked: Asked, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    render(StatusCode::OK, &me, &state, empty(), None, asked.told.as_deref()).await
}

async fn create(me: Admin, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let mut form = posted.0;
    let scopes: Vec<String> = SCOPES.iter().map(|(scope, _)| *scope).filter(|scope| form.has("scope", scope)).map(str::to_owned).collect();
    if scopes.is_empty() {
        form.refuse("scope", "settings.tokens.scopes_missing");
    }
    let directory = state.store.directory();
    let chosen: Vec<DepartmentId> = form.all("department").filter_map(|id| id.parse().ok()).collect();
    let chosen: Vec<_> = chosen.into_iter().filter(|id| directory.departments.contains_key(id)).collect();
    let term = form.choice("expires", |word| TERMS.iter().find(|(term, _)| *term == word).map(|(term, _)| *term), "90");
    let now = state.store.clock().now().wall;
    let new = NewApiToken {
        name: form.line("name", NAME_LENGTH_MAX),
        scopes,
        departments: Some(chosen).filter(|chosen| !chosen.is_empty()),
        expires_at: term.parse::<i64>().ok().map(|days| now.plus_seconds(days.saturating_mul(DAY_SECONDS))),
    };
    if form.is_clean() {
        match state.store.create_api_token(new, me.0.author()).await {
            Ok(token) => return render(StatusCode::OK, &me, &state, empty(), Some(&token), None).await,
            Err(error) => beside_its_field(&mut form, error)?,
        }
    }
    render(StatusCode::UNPROCESSABLE_ENTITY, &me, &state, form, None, None).await
}

async fn revoke(me: Admin, id: Id<ApiTokenId>, _posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    state.store.revoke_api_token(id.0, me.0.author()).await?;
    Ok(frame::go_to("/settings/tokens?told=revoked"))
}

async fn render(
    status: StatusCode,
    me: &Admin,
    state: &AppState,
    form: Form,
    made: Option<&Token>,
    told: Option<&str>,
) -> Result<HttpResponse, AppError> {
    let tokens = state.store.api_tokens().await?;
    let directory = state.store.directory();
    let timezone = directory.organisation.as_ref().map(|organisation| organisation.timezone.as_str()).unwrap_or_default();
    let frame = Frame::settings(&me.0.agent, me.0.locale, "tokens").telling(told);
    let never = frame.t.text("settings.never");
    let rows = tokens.into_iter().map(|token| Row {
        id: token.id,
        hint: token.hint,
        created_by: directory.agent_name(token.created_by).to_owned(),
        scopes: token.scopes.join(" "),
        departments: token.departments.iter().flatten().map(|id| directory.department_name(*id)).collect::<Vec<_>>().join(", "),
        expires: token
            .expires_at
            .map_or_else(|| frame.t.text("settings.tokens.expires_never").to_owned(), |at| date_time(frame.t, at, timezone)),
        used: token.used_at.map_or_else(|| never.to_owned(), |at| date_time(frame.t, at, timezone)),
        name: token.name,
    });
    let page = TokensPage {
        tokens: rows.collect(),
        form,
        made: made.map(|token| token.text().to_owned()),
        scopes: SCOPES,
        terms: TERMS,
        departments: departments::in_use(&directory),
        frame,
    };
    frame::page(status, &page.frame.nonce, &page)
}
