//! The deliveries: what was sent, what came back, and sending it again. Personal data stay folded until somebody unfolds them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Query};
use askama::Template;
use serde::Deserialize;

use super::TABS;
use super::told::Told;
use crate::domain::delivery::{Attempt, AttemptCode, Delivery, DeliveryState};
use crate::domain::directory::Directory;
use crate::domain::event_type::EventType;
use crate::domain::ids::DeliveryId;
use crate::domain::webhook_id::WebhookId;
use crate::i18n::Texts;
use crate::store::deliveries::DeliveryFilter;
use crate::web::error::AppError;
use crate::web::extract::{Admin, Id};
use crate::web::form::Form;
use crate::web::frame::{self, Frame, framed};
use crate::web::settings::choices::{Choice, Keyed};
use crate::web::settings::{Asked, date_time};
use crate::web::state::AppState;
use crate::wire::catalogue::name_key;

/// Rows of a page.
const PAGE_ROWS: usize = 30;
const HOUR_SECONDS: i64 = 3600;

#[derive(Clone, Debug, Default, Deserialize)]
struct Wish {
    endpoint: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    state: Option<String>,
    since: Option<String>,
    before: Option<i64>,
    told: Option<String>,
}

struct Row {
    id: DeliveryId,
    at: String,
    code: &'static str,
    name: String,
    endpoint: String,
    state: String,
    class: &'static str,
    answer: String,
    attempts: u32,
    test: bool,
}

#[derive(Template)]
#[template(path = "settings/webhooks/deliveries.html")]
struct ListPage {
    frame: Frame,
    tabs: &'static [Keyed],
    tab: &'static str,
    form: Form,
    rows: Vec<Row>,
    endpoints: Vec<Choice>,
    types: Vec<Choice>,
    states: Vec<Choice>,
    periods: Vec<Choice>,
    next: Option<String>,
    is_first: bool,
}
framed!(ListPage);

struct Try {
    number: u32,
    at: String,
    duration_ms: i64,
    sentence: String,
    class: &'static str,
    url: String,
    remote: String,
    request: String,
    response_head: String,
    response_body: String,
    truncated: bool,
    timing: String,
}

#[derive(Template)]
#[template(path = "settings/webhooks/delivery.html")]
struct DetailPage {
    frame: Frame,
    row: Row,
    webhook_id: String,
    body: Option<String>,
    tries: Vec<Try>,
    next: String,
    answered: Option<Told>,
    may_resend: bool,
}
framed!(DetailPage);

/// The addresses of this module.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/settings/webhooks/deliveries", web::get().to(list)).route("/settings/webhooks/deliveries/{id}", web::get().to(show));
}

async fn list(me: Admin, wish: Query<Wish>, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let wish = wish.into_inner();
    let frame = Frame::settings(&me.0.agent, me.0.locale, "webhooks").telling(wish.told.as_deref());
    let directory = state.store.directory();
    let filter = filter_of(&wish, &state);
    let limit = i64::try_from(PAGE_ROWS.saturating_add(1)).unwrap_or(i64::MAX);
    let mut found = state.store.deliveries(filter, wish.before, limit).await?;
    let more = found.len() > PAGE_ROWS;
    found.truncate(PAGE_ROWS);
    let next = found.last().filter(|_| more).map(|last| next_query(&wish, last.position));
    let page = ListPage {
        rows: found.iter().map(|delivery| row(frame.t, &directory, delivery, false)).collect(),
        tabs: TABS,
        tab: "/deliveries",
        form: Form::filled([
            ("endpoint", wish.endpoint.as_deref().unwrap_or_default()),
            ("type", wish.kind.as_deref().unwrap_or_default()),
            ("state", wish.state.as_deref().unwrap_or_default()),
            ("since", wish.since.as_deref().unwrap_or_default()),
        ]),
        endpoints: endpoint_choices(frame.t, &directory),
        types: choices(frame.t, "settings.webhooks.any_type", EventType::ALL.iter().map(|event| (event.as_str(), name_key(*event)))),
        states: choices(
            frame.t,
            "settings.webhooks.any_state",
            DeliveryState::ALL.iter().map(|state| (state.as_str(), format!("webhook.state.{}", state.as_str()))),
        ),
        periods: choices(
            frame.t,
            "settings.webhooks.any_time",
            [("1", "settings.webhooks.hour"), ("24", "settings.webhooks.day_24"), ("168", "settings.webhooks.week")]
                .map(|(hours, key)| (hours, key.to_owned())),
        ),
        next,
        is_first: wish.before.is_none(),
        frame,
    };
    frame::page(StatusCode::OK, &page.frame.nonce, &page)
}

fn filter_of(wish: &Wish, state: &AppState) -> DeliveryFilter {
    let now = state.store.clock().now().wall;
    let hours = wish.since.as_deref().and_then(|hours| hours.parse::<i64>().ok());
    DeliveryFilter {
        endpoint: wish.endpoint.as_deref().and_then(|id| id.parse().ok()),
        event_type: wish.kind.as_deref().and_then(|kind| kind.parse().ok()),
        states: wish.state.as_deref().and_then(DeliveryState::parse).into_iter().collect(),
        since: hours.map(|hours| now.plus_seconds(hours.clamp(0, 10_000).saturating_mul(HOUR_SECONDS).saturating_neg())),
        ..DeliveryFilter::default()
    }
}

fn next_query(wish: &Wish, before: i64) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in [("endpoint", &wish.endpoint), ("type", &wish.kind), ("state", &wish.state), ("since", &wish.since)] {
        if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
            query.append_pair(name, value);
        }
    }
    query.append_pair("before", &before.to_string()).finish()
}

fn choices<'a>(t: &Texts, any: &str, all: impl IntoIterator<Item = (&'a str, String)>) -> Vec<Choice> {
    let any = (String::new(), t.text(any).to_owned());
    std::iter::once(any).chain(all.into_iter().map(|(value, key)| (value.to_owned(), t.text(&key).to_owned()))).collect()
}

fn endpoint_choices(t: &Texts, directory: &Directory) -> Vec<Choice> {
    let mut known: Vec<_> = directory.endpoints.values().map(|endpoint| (endpoint.id.to_string(), endpoint.draft.name.clone())).collect();
    known.sort_by_key(|(_, name)| name.to_lowercase());
    std::iter::once((String::new(), t.text("settings.webhooks.any_endpoint").to_owned())).chain(known).collect()
}

async fn show(me: Admin, asked: Asked, id: Id<DeliveryId>, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let detail = state.store.delivery(id.0).await?;
    let frame = Frame::settings(&me.0.agent, me.0.locale, "webhooks").telling(asked.told.as_deref());
    let directory = state.store.directory();
    let delivery = &detail.delivery;
    let now = state.store.clock().now();
    let next = delivery.next_steady.filter(|_| delivery.state == DeliveryState::Due && delivery.attempts > 0).map(|due| {
        let at = now.wall.plus_ms(due.ms_since(now.steady));
        frame.t.with("settings.webhooks.next_try", [("when", date_time(frame.t, at, &timezone(&directory)))])
    });
    let page = DetailPage {
        row: row(frame.t, &directory, delivery, detail.test),
        webhook_id: WebhookId { event: delivery.event, test: detail.test }.to_string(),
        tries: detail.attempts.iter().map(|(number, attempt)| tried(frame.t, &directory, *number, attempt)).collect(),
        next: next.unwrap_or_default(),
        answered: detail.enrichment.as_ref().map(|enrichment| Told::of(enrichment, frame.t)),
        may_resend: detail.body.is_some()
            && directory.endpoints.get(&delivery.endpoint).is_some_and(|endpoint| endpoint.archived_at.is_none()),
        body: detail.body.as_deref().map(pretty),
        frame,
    };
    frame::page(StatusCode::OK, &page.frame.nonce, &page)
}

fn timezone(directory: &Directory) -> String {
    directory.organisation.as_ref().map(|organisation| organisation.timezone.clone()).unwrap_or_default()
}

fn row(t: &Texts, directory: &Directory, delivery: &Delivery, test: bool) -> Row {
    let endpoint = directory.endpoints.get(&delivery.endpoint);
    let answer = match (delivery.last_status, delivery.last_code) {
        (Some(status), _) => status.to_string(),
        (None, Some(code)) => sentence(t, code, None),
        (None, None) => String::new(),
    };
    Row {
        id: delivery.id,
        at: date_time(t, delivery.created_at, &timezone(directory)),
        code: delivery.event_type.as_str(),
        name: t.text(&name_key(delivery.event_type)).to_owned(),
        endpoint: endpoint.map(|endpoint| endpoint.draft.name.clone()).unwrap_or_default(),
        state: t.text(&format!("webhook.state.{}", delivery.state.as_str())).to_owned(),
        class: match delivery.state {
            DeliveryState::Delivered => "is-ok",
            DeliveryState::Due | DeliveryState::Sending if delivery.attempts == 0 => "",
            DeliveryState::Due | DeliveryState::Sending | DeliveryState::Held => "is-wait",
            DeliveryState::Failed | DeliveryState::Aborted => "is-alert",
            DeliveryState::Erased | DeliveryState::Revoked | DeliveryState::EndpointRemoved => "",
        },
        answer,
        attempts: delivery.attempts,
        test,
    }
}

/// What an attempt came to, in one sentence.
fn sentence(t: &Texts, code: AttemptCode, status: Option<u16>) -> String {
    t.with(&format!("webhook.code.{}", code.as_str()), [("status", status.unwrap_or_default())])
}

fn tried(t: &Texts, directory: &Directory, number: u32, attempt: &Attempt) -> Try {
    let lines =
        |headers: &[(String, String)]| headers.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n");
    let times = [
        ("settings.webhooks.resolved", attempt.resolved_ms),
        ("settings.webhooks.connected", attempt.connected_ms),
        ("settings.webhooks.answered", attempt.answered_ms),
    ];
    let timing = times.iter().filter_map(|(key, ms)| ms.map(|ms| t.with(key, [("ms", ms)])));
    Try {
        number,
        at: date_time(t, attempt.at, &timezone(directory)),
        duration_ms: attempt.duration_ms,
        sentence: sentence(t, attempt.code, attempt.status),
        class: if attempt.code == AttemptCode::Delivered { "is-ok" } else { "is-alert" },
        url: attempt.url.clone(),
        remote: attempt.remote_address.clone().unwrap_or_default(),
        request: lines(&attempt.request_headers),
        response_head: attempt.status.map(|status| format!("HTTP/1.1 {status}\n{}", lines(&attempt.response_headers))).unwrap_or_default(),
        response_body: String::from_utf8_lossy(&attempt.response_body).into_owned(),
        truncated: attempt.response_truncated,
        timing: timing.collect::<Vec<_>>().join(" · "),
    }
}

/// JSON with line breaks, for reading; what is sent stays as it was frozen.
fn pretty(body: &[u8]) -> String {
    serde_json::from_slice::<serde_json::Value>(body)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned())
}
