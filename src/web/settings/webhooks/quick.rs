//! The quick set-up: seven events, one address each. Equal addresses are one endpoint; clearing a field removes that event alone.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data};
use askama::Template;

use super::{TABS, Wellbeing};
use crate::domain::address::AllowList;
use crate::domain::endpoint::Endpoint;
use crate::domain::endpoint::secret::Signing;
use crate::domain::endpoint::url::{UrlConcern, WebhookUrl};
use crate::domain::event_type::EventType;
use crate::web::error::AppError;
use crate::web::extract::{Admin, Posted};
use crate::web::form::Form;
use crate::web::frame::{self, Frame, framed};
use crate::web::settings::choices::Keyed;
use crate::web::settings::{Asked, beside_its_field};
use crate::web::state::AppState;
use crate::webhooks::signature;
use crate::wire::catalogue::{name_key, sentence_key};

struct Row {
    code: &'static str,
    name: String,
    sentence: String,
    /// What is said about the address as it is saved.
    concern: Option<&'static str>,
    saved: Option<(String, Wellbeing)>,
    /// Whether this row also decides on `chat.missed`.
    with_missed: bool,
}

#[derive(Template)]
#[template(path = "settings/webhooks/quick.html")]
struct QuickPage {
    frame: Frame,
    tabs: &'static [Keyed],
    tab: &'static str,
    form: Form,
    rows: Vec<Row>,
    asks_plain: bool,
    inspector: String,
}
framed!(QuickPage);

/// The addresses of this module.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/settings/webhooks", web::get().to(show)).route("/settings/webhooks", web::post().to(save));
}

async fn show(me: Admin, asked: Asked, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let endpoints = state.store.endpoints().await?;
    let mut form = Form::default();
    for event in EventType::QUICK {
        if let Some(endpoint) = endpoint_of(&endpoints, event) {
            form.add(event.as_str(), endpoint.draft.url.as_str());
        }
    }
    let abandoned = endpoint_of(&endpoints, EventType::ChatAbandoned);
    if abandoned.is_none_or(|endpoint| endpoint.draft.filter.events.contains(&EventType::ChatMissed)) {
        form.add("with_missed", "on");
    }
    render(StatusCode::OK, &me, &state, form, false, asked.told.as_deref()).await
}

async fn save(me: Admin, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let mut form = posted.0;
    let allow = allow_list(&state);
    let mut wanted: Vec<(EventType, Option<WebhookUrl>)> = Vec::new();
    let mut asks_plain = false;
    for event in EventType::QUICK {
        let url = address(&mut form, event.as_str());
        if url.as_ref().and_then(|url| url.concern(&allow)) == Some(UrlConcern::PlainHttp) && !form.ticked("plain_http") {
            asks_plain = true;
            form.refuse(event.as_str(), "webhook.refused.plain_http");
        }
        if event == EventType::ChatAbandoned {
            wanted.push((EventType::ChatMissed, url.clone().filter(|_| form.ticked("with_missed"))));
        }
        wanted.push((event, url));
    }
    if form.is_clean() {
        let secrets = (0..EventType::QUICK.len()).map(|_| signature::generate(Signing::Hmac)).collect();
        match state.store.quick_setup(&state.vault, wanted, secrets).await {
            Ok(()) => {
                let organisation = state.store.directory().organisation.as_ref().map(|organisation| organisation.id.0).unwrap_or_default();
                state.store.note(me.0.author(), "webhooks.quick_set_up", "organisation", organisation).await?;
                return Ok(frame::go_to("/settings/webhooks?told=saved"));
            }
            Err(error) => beside_its_field(&mut form, error)?,
        }
    }
    render(StatusCode::UNPROCESSABLE_ENTITY, &me, &state, form, asks_plain, None).await
}

/// The endpoint that hears of `event` for the quick set-up, the oldest if there are several.
fn endpoint_of(endpoints: &[Endpoint], event: EventType) -> Option<&Endpoint> {
    let hears = |endpoint: &&Endpoint| endpoint.archived_at.is_none() && endpoint.quick.contains(&event);
    endpoints.iter().filter(hears).min_by_key(|endpoint| endpoint.id)
}

/// The networks that the operator opened.
pub fn allow_list(state: &AppState) -> AllowList {
    AllowList::from(state.config.webhook_allow.clone())
}

/// The address under `name`; none where nothing was typed.
fn address(form: &mut Form, name: &str) -> Option<WebhookUrl> {
    if form.value(name).trim().is_empty() {
        return None;
    }
    match WebhookUrl::parse(form.value(name)) {
        Ok(url) => Some(url),
        Err(refusal) => {
            form.refuse(name, super::endpoint_form::url_text(refusal));
            None
        }
    }
}

async fn render(
    status: StatusCode,
    me: &Admin,
    state: &AppState,
    form: Form,
    asks_plain: bool,
    told: Option<&str>,
) -> Result<HttpResponse, AppError> {
    let frame = Frame::settings(&me.0.agent, me.0.locale, "webhooks").telling(told);
    let directory = state.store.directory();
    // Read again, since the directory's copy says nothing of what came back since the last change.
    let endpoints = state.store.endpoints().await?;
    let organisation = directory.organisation.as_ref().ok_or(AppError::NotFound)?;
    let allow = allow_list(state);
    let row = |event: EventType| {
        let saved = endpoint_of(&endpoints, event);
        Row {
            code: event.as_str(),
            name: frame.t.text(&name_key(event)).to_owned(),
            sentence: frame.t.text(&sentence_key(event)).to_owned(),
            concern: saved.and_then(|endpoint| endpoint.draft.url.concern(&allow)).map(super::endpoint_form::concern_text),
            saved: saved.map(|endpoint| (endpoint.id.to_string(), Wellbeing::of(endpoint, frame.t, &organisation.timezone))),
            with_missed: event == EventType::ChatAbandoned,
        }
    };
    let page = QuickPage {
        rows: EventType::QUICK.into_iter().map(row).collect(),
        tabs: TABS,
        tab: "",
        form,
        asks_plain,
        inspector: state.config.link(&format!("/inspector/{}", organisation.inspector_key)),
        frame,
    };
    frame::page(status, &page.frame.nonce, &page)
}
