//! The quick set-up: seven events, one address each. Equal addresses are one endpoint; clearing a field removes that event alone.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;

use super::health::Wellbeing;
use super::verdict::Verdict;
use super::{Alarm, Overview, TABS};
use crate::domain::endpoint::Endpoint;
use crate::domain::endpoint::secret::Signing;
use crate::domain::endpoint::url::{UrlConcern, WebhookUrl};
use crate::domain::event_type::EventType;
use crate::domain::ids::EndpointId;
use crate::web::addresses::{Addresses, get, post};
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
    saved: Option<(EndpointId, Wellbeing)>,
    /// Whether this row also decides on `chat.missed`.
    with_missed: bool,
    /// What a test of the address came to.
    verdict: Option<Verdict>,
}

#[derive(Template)]
#[template(path = "settings/webhooks/quick.html")]
struct QuickPage {
    frame: Frame,
    tabs: &'static [Keyed],
    tab: &'static str,
    form: Form,
    rows: Vec<Row>,
    alarms: Vec<Alarm>,
    asks_plain: bool,
    inspector: String,
}
framed!(QuickPage);

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table.route("/settings/webhooks", get(show)).route("/settings/webhooks", post(save));
}

async fn show(me: Admin, asked: Asked, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let endpoints = state.store.endpoints().await?;
    let mut form = Form::default();
    for event in EventType::QUICK {
        if let Some(endpoint) = endpoint_of(&endpoints, event) {
            form.add(event.as_str(), endpoint.draft.url.as_str());
            // What was accepted once is not asked again for the same address.
            if endpoint.draft.plain_http_accepted && state.concern(&endpoint.draft.url) == Some(UrlConcern::PlainHttp) {
                form.add("plain_http", "on");
            }
        }
    }
    let abandoned = endpoint_of(&endpoints, EventType::ChatAbandoned);
    if abandoned.is_none_or(|endpoint| endpoint.draft.filter.events.contains(&EventType::ChatMissed)) {
        form.add("with_missed", "on");
    }
    let told = asked.told.as_deref();
    render(StatusCode::OK, &me, &state, Shown { form, told, ..Shown::default() }).await
}

async fn save(me: Admin, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let mut form = posted.0;
    let mut wanted: Vec<(EventType, Option<WebhookUrl>)> = Vec::new();
    let mut asks_plain = false;
    for event in EventType::QUICK {
        let url = address(&mut form, event.as_str());
        if url.as_ref().and_then(|url| state.concern(url)) == Some(UrlConcern::PlainHttp) && !form.ticked("plain_http") {
            asks_plain = true;
            form.refuse(event.as_str(), "settings.webhooks.plain_http_missing");
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
    render(StatusCode::UNPROCESSABLE_ENTITY, &me, &state, Shown { form, asks_plain, ..Shown::default() }).await
}

/// The endpoint that hears of `event` for the quick set-up, the oldest if there are several.
fn endpoint_of(endpoints: &[Endpoint], event: EventType) -> Option<&Endpoint> {
    // Who took the event away by hand took it from the quick set-up too.
    let hears = |endpoint: &&Endpoint| {
        endpoint.archived_at.is_none() && endpoint.quick.contains(&event) && endpoint.draft.filter.events.contains(&event)
    };
    endpoints.iter().filter(hears).min_by_key(|endpoint| endpoint.id)
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

/// What the page shows beside what is saved.
#[derive(Default)]
pub(super) struct Shown<'a> {
    pub form: Form,
    /// Whether plain `http://` is to be accepted first.
    pub asks_plain: bool,
    /// What the test of one row came to.
    pub verdict: Option<(EventType, Verdict)>,
    pub told: Option<&'a str>,
}

/// The page as an answer.
pub(super) async fn render(status: StatusCode, me: &Admin, state: &AppState, shown: Shown<'_>) -> Result<HttpResponse, AppError> {
    let frame = Frame::settings(&me.0.agent, me.0.locale, "webhooks").telling(shown.told);
    let overview = Overview::read(state).await?;
    let directory = state.store.directory();
    let organisation = directory.organisation.as_ref().ok_or(AppError::NotFound)?;
    let mut verdict = shown.verdict;
    let mut row = |event: EventType| {
        let saved = endpoint_of(&overview.endpoints, event);
        Row {
            code: event.as_str(),
            name: frame.t.text(&name_key(event)).to_owned(),
            sentence: frame.t.text(&sentence_key(event)).to_owned(),
            concern: saved.and_then(|endpoint| state.concern(&endpoint.draft.url)).map(super::endpoint_form::concern_text),
            saved: saved.map(|endpoint| (endpoint.id, overview.wellbeing(endpoint, state, frame.t))),
            with_missed: event == EventType::ChatAbandoned,
            verdict: verdict.take_if(|(of, _)| *of == event).map(|(_, verdict)| verdict),
        }
    };
    let page = QuickPage {
        rows: EventType::QUICK.into_iter().map(&mut row).collect(),
        alarms: overview.alarms(state, frame.t),
        tabs: TABS,
        tab: "",
        form: shown.form,
        asks_plain: shown.asks_plain,
        inspector: state.config.link(&format!("/inspector/{}", organisation.inspector_key)),
        frame,
    };
    frame::page(status, &page.frame.nonce, &page)
}
