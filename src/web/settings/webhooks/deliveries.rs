//! The delivery log: filtered, turned page by page, followed while deliveries happen, taken away as a file.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use askama::Template;

use super::TABS;
use super::log_filter::Wish;
use crate::domain::delivery::{AttemptCode, Cause, Delivery, DeliveryState};
use crate::domain::delivery_filter::{Listed, LogPage, Turn};
use crate::domain::directory::Directory;
use crate::domain::event_type::EventType;
use crate::domain::ids::DeliveryId;
use crate::domain::resending::State;
use crate::i18n::Texts;
use crate::web::addresses::{Addresses, get, post};
use crate::web::error::AppError;
use crate::web::export::{self, Format};
use crate::web::extract::{Admin, Posted};
use crate::web::form::Form;
use crate::web::frame::{self, Frame, framed};
use crate::web::inspector::stream;
use crate::web::settings::choices::{Choice, Keyed};
use crate::web::settings::date_time_second;
use crate::web::state::AppState;
use crate::wire::catalogue::name_key;

/// Rows of a page.
const PAGE_ROWS: usize = 30;

pub struct Row {
    pub id: DeliveryId,
    pub position: i64,
    pub at: String,
    pub code: &'static str,
    pub name: String,
    pub endpoint: String,
    pub protocol: String,
    pub state: String,
    pub class: &'static str,
    pub answer: String,
    pub duration: String,
    pub attempts: String,
    pub test: bool,
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
    /// What the filter says, to go on with it.
    pairs: Vec<(&'static str, String)>,
    query: String,
    older: Option<String>,
    newer: Option<String>,
    is_newest: bool,
    stopped: bool,
    running: Option<String>,
}
framed!(ListPage);

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table
        .route("/settings/webhooks/deliveries", get(list))
        .route("/settings/webhooks/deliveries/stream", get(follow))
        .route("/settings/webhooks/deliveries/export", post(take_away));
}

async fn list(me: Admin, wish: Query<Wish>, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let wish = wish.into_inner();
    let mut frame = Frame::settings(&me.0.agent, me.0.locale, "webhooks").telling(wish.told.as_deref());
    frame.texts_json = frame.t.json_of(&["form", "console", "deliveries"]);
    let directory = state.store.directory();
    let (found, is_newest) = page_of(&state, &wish, &directory).await?;
    let running = state.store.running_resendings().await?;
    let page = ListPage {
        rows: found.rows.iter().map(|listed| row(frame.t, &directory, listed)).collect(),
        tabs: TABS,
        tab: "/deliveries",
        form: form_of(&wish),
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
        pairs: wish.pairs(),
        query: wish.query(None),
        older: found.older.map(|position| wish.query(Some(("before", position)))),
        newer: (!is_newest).then(|| wish.query(Some(("after", found.newer)))),
        is_newest,
        stopped: found.stopped,
        running: running
            .iter()
            .find(|resending| resending.state == State::Running)
            .map(|resending| frame.t.with("deliveries.running", [("percent", resending.percent())])),
        frame,
    };
    frame::page(StatusCode::OK, &page.frame.nonce, &page)
}

/// The page that is asked for; whoever turns towards newer ones and finds the last of them stands on the newest page.
async fn page_of(state: &AppState, wish: &Wish, directory: &Directory) -> Result<(LogPage, bool), AppError> {
    let filter = wish.filter(state.store.clock().now().wall, &timezone(directory))?;
    let turn = wish.turn();
    let found = state.store.delivery_log(filter.clone(), turn, PAGE_ROWS).await?;
    match turn {
        None => Ok((found, true)),
        Some(Turn::After(_)) if !found.has_newer => Ok((state.store.delivery_log(filter, None, PAGE_ROWS).await?, true)),
        Some(Turn::After(_) | Turn::Before(_)) => Ok((found, false)),
    }
}

async fn follow(_me: Admin, state: Data<AppState>) -> HttpResponse {
    std::future::ready(stream::open(&state.hub, state.store.deliveries_moved())).await
}

async fn take_away(me: Admin, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let form = posted.0;
    let format = Format::parse(form.value("format")).ok_or(AppError::Malformed)?;
    let wish = wish_of(&form);
    let filter = wish.filter(state.store.clock().now().wall, &timezone(&state.store.directory()))?;
    let with_bodies = format == Format::Ndjson && form.ticked("bodies");
    export::open(&state.store, export::Wish { filter, format, with_bodies }, me.0.author()).await
}

/// The filter that a form goes on with.
#[must_use]
pub fn wish_of(form: &Form) -> Wish {
    let value = |name: &str| form.value(name).to_owned();
    Wish {
        endpoint: value("endpoint"),
        kind: value("type"),
        state: value("state"),
        since: value("since"),
        from: value("from"),
        to: value("to"),
        chat: value("chat"),
        text: value("text"),
        ..Wish::default()
    }
}

fn form_of(wish: &Wish) -> Form {
    let mut form = Form::default();
    for (name, value) in wish.pairs() {
        form.add(name, &value);
    }
    form
}

fn choices<'a>(t: &Texts, any: &str, all: impl IntoIterator<Item = (&'a str, String)>) -> Vec<Choice> {
    let any = (String::new(), t.text(any).to_owned());
    std::iter::once(any).chain(all.into_iter().map(|(value, key)| (value.to_owned(), t.text(&key).to_owned()))).collect()
}

/// Every endpoint by name, archived ones too, for their history.
#[must_use]
pub fn endpoint_choices(t: &Texts, directory: &Directory) -> Vec<Choice> {
    let mut known: Vec<_> = directory.endpoints.values().map(|endpoint| (endpoint.id.to_string(), endpoint.draft.name.clone())).collect();
    known.sort_by_key(|(_, name)| name.to_lowercase());
    std::iter::once((String::new(), t.text("settings.webhooks.any_endpoint").to_owned())).chain(known).collect()
}

/// The zone that times are shown in.
#[must_use]
pub fn timezone(directory: &Directory) -> String {
    directory.organisation.as_ref().map(|organisation| organisation.timezone.clone()).unwrap_or_default()
}

/// A delivery as the log and its own page show it.
#[must_use]
pub fn row(t: &Texts, directory: &Directory, listed: &Listed) -> Row {
    let delivery = &listed.delivery;
    let endpoint = directory.endpoints.get(&delivery.endpoint);
    let answer = match (delivery.last_status, delivery.last_code) {
        (Some(status), _) => status.to_string(),
        (None, Some(code)) => sentence(t, code, None),
        (None, None) => String::new(),
    };
    Row {
        id: delivery.id,
        position: delivery.position,
        at: date_time_second(t, delivery.created_at, &timezone(directory)),
        code: delivery.event_type.as_str(),
        name: t.text(&name_key(delivery.event_type)).to_owned(),
        endpoint: endpoint.map(|endpoint| endpoint.draft.name.clone()).unwrap_or_default(),
        protocol: listed.protocol.clone().unwrap_or_default(),
        state: t.text(&format!("webhook.state.{}", delivery.state.as_str())).to_owned(),
        class: class_of(delivery),
        answer,
        duration: listed.duration_ms.map(|ms| t.with("deliveries.ms", [("ms", ms)])).unwrap_or_default(),
        attempts: match (delivery.attempts, delivery.cause) {
            (0, _) => String::new(),
            (n, Cause::Event | Cause::Recover) if !delivery.state.has_ended() => {
                t.with("deliveries.attempt_of", [("n", n), ("max", delivery.cause.attempts_max())])
            }
            (n, _) => n.to_string(),
        },
        test: delivery.test,
    }
}

const fn class_of(delivery: &Delivery) -> &'static str {
    match delivery.state {
        DeliveryState::Delivered => "is-ok",
        DeliveryState::Due | DeliveryState::Sending if delivery.attempts == 0 => "",
        DeliveryState::Due | DeliveryState::Sending | DeliveryState::Held => "is-wait",
        DeliveryState::Failed | DeliveryState::Aborted => "is-alert",
        DeliveryState::Erased | DeliveryState::Revoked | DeliveryState::EndpointRemoved => "",
    }
}

/// What an attempt came to, in one sentence.
#[must_use]
pub fn sentence(t: &Texts, code: AttemptCode, status: Option<u16>) -> String {
    t.with(&format!("webhook.code.{}", code.as_str()), [("status", status.unwrap_or_default())])
}
