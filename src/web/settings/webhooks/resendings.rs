//! Sending many deliveries again: what fits a filter, or what an endpoint did not get since a time. Counted and confirmed first, then
//! followed and, if need be, ended.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use askama::Template;
use serde::Deserialize;

use super::TABS;
use super::deliveries::{endpoint_choices, timezone, wish_of};
use super::log_filter::Wish;
use crate::domain::delivery_filter::{Counted, DeliveryFilter};
use crate::domain::directory::Directory;
use crate::domain::ids::ResendingId;
use crate::domain::resending::{Kind, Resending, State, Wanted};
use crate::domain::time::Timestamp;
use crate::i18n::Texts;
use crate::store::error::StoreError;
use crate::web::addresses::{Addresses, get, post};
use crate::web::error::AppError;
use crate::web::extract::{Admin, Id, Posted};
use crate::web::frame::{self, Frame, framed};
use crate::web::settings::choices::{Choice, Keyed};
use crate::web::settings::{Asked, date_time};
use crate::web::state::AppState;
use crate::wire::catalogue::name_key;

/// Resendings on the page.
const LIST_MAX: i64 = 30;
const PATH: &str = "/settings/webhooks/resendings";

struct Row {
    id: ResendingId,
    at: String,
    what: String,
    state: String,
    class: &'static str,
    percent: i64,
    told: String,
    by: String,
    runs: bool,
}

#[derive(Template)]
#[template(path = "settings/webhooks/resendings.html")]
struct ListPage {
    frame: Frame,
    tabs: &'static [Keyed],
    tab: &'static str,
    endpoints: Vec<Choice>,
    rows: Vec<Row>,
}
framed!(ListPage);

#[derive(Template)]
#[template(path = "settings/webhooks/resending.html")]
struct ConfirmPage {
    frame: Frame,
    kind: &'static str,
    count: String,
    is_none: bool,
    parts: Vec<String>,
    pairs: Vec<(&'static str, String)>,
    upto: i64,
    back: String,
    refused: Option<String>,
}
framed!(ConfirmPage);

#[derive(Clone, Debug, Default, Deserialize)]
struct Chosen {
    #[serde(default)]
    kind: String,
}

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table
        .route("/settings/webhooks/resendings", get(list))
        .route("/settings/webhooks/resendings", post(begin))
        .route("/settings/webhooks/resendings/new", get(confirm))
        .route("/settings/webhooks/resendings/{id}/cancel", post(cancel));
}

async fn list(me: Admin, asked: Asked, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let mut frame = Frame::settings(&me.0.agent, me.0.locale, "webhooks").telling(asked.told.as_deref());
    frame.texts_json = frame.t.json_of(&["form", "console", "deliveries"]);
    let directory = state.store.directory();
    let found = state.store.resendings(LIST_MAX).await?;
    let mut endpoints = endpoint_choices(frame.t, &directory);
    endpoints
        .retain(|(id, _)| id.parse().is_ok_and(|id| directory.endpoints.get(&id).is_some_and(crate::domain::endpoint::Endpoint::is_live)));
    let rows = found.iter().map(|resending| row(frame.t, &directory, resending)).collect();
    let page = ListPage { rows, tabs: TABS, tab: "/deliveries", endpoints, frame };
    frame::page(StatusCode::OK, &page.frame.nonce, &page)
}

async fn confirm(me: Admin, wish: Query<Wish>, chosen: Query<Chosen>, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let kind = Kind::parse(&chosen.kind).unwrap_or(Kind::Filtered);
    let filter = filter_of(kind, &wish, &state)?;
    render(StatusCode::OK, &me, &state, &wish, kind, &filter, None).await
}

async fn begin(me: Admin, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let form = posted.0;
    let wish = wish_of(&form);
    let kind = Kind::parse(form.value("kind")).ok_or(AppError::Malformed)?;
    let filter = filter_of(kind, &wish, &state)?;
    let wanted = Wanted { kind, filter: filter.clone(), upto: form.value("upto").parse().ok() };
    match state.store.begin_resending(wanted, Some(me.0.author())).await {
        Ok(_) => Ok(frame::go_to(&format!("{PATH}?told=resending"))),
        Err(StoreError::Invalid(invalid)) => {
            let refused = format!("error.{}", invalid.code);
            render(StatusCode::UNPROCESSABLE_ENTITY, &me, &state, &wish, kind, &filter, Some(refused)).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn cancel(me: Admin, id: Id<ResendingId>, _posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    state.store.cancel_resending(id.0, me.0.author()).await?;
    Ok(frame::go_to(PATH))
}

fn filter_of(kind: Kind, wish: &Wish, state: &AppState) -> Result<DeliveryFilter, AppError> {
    let mut filter = wish.filter(state.store.clock().now().wall, &timezone(&state.store.directory()))?;
    if kind == Kind::Recover {
        let endpoint = filter.endpoint.ok_or(AppError::Malformed)?;
        filter.states = Wanted::recovery(endpoint, Timestamp::from_ms(0)).filter.states;
    }
    Ok(filter)
}

async fn render(
    status: StatusCode,
    me: &Admin,
    state: &AppState,
    wish: &Wish,
    kind: Kind,
    filter: &DeliveryFilter,
    refused: Option<String>,
) -> Result<HttpResponse, AppError> {
    let frame = Frame::settings(&me.0.agent, me.0.locale, "webhooks");
    let directory = state.store.directory();
    let (counted, upto) = state.store.count_deliveries(filter.clone()).await?;
    let page = ConfirmPage {
        kind: kind.as_str(),
        count: number_of(frame.t, counted),
        is_none: counted.n == 0,
        parts: parts(frame.t, &directory, kind, filter),
        pairs: wish.fixed_pairs(filter),
        upto,
        back: format!("/settings/webhooks/deliveries?{}", wish.query(None)),
        refused: refused.map(|key| frame.t.text(&key).to_owned()),
        frame,
    };
    frame::page(status, &page.frame.nonce, &page)
}

fn number_of(t: &Texts, counted: Counted) -> String {
    t.count(if counted.at_least { "deliveries.more_than" } else { "deliveries.count" }, counted.n, &[])
}

/// A filter in words, one for each part.
fn parts(t: &Texts, directory: &Directory, kind: Kind, filter: &DeliveryFilter) -> Vec<String> {
    let zone = timezone(directory);
    let when = |key: &str, at: Option<Timestamp>| at.map(|at| t.with(key, [("when", date_time(t, at, &zone))]));
    let endpoint = filter.endpoint.and_then(|id| directory.endpoints.get(&id)).map(|endpoint| endpoint.draft.name.clone());
    let states: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
    let states = match kind {
        Kind::Recover => Some(t.text("deliveries.not_received").to_owned()),
        Kind::Filtered => states.first().map(|state| t.text(&format!("webhook.state.{state}")).to_owned()),
    };
    let all = [
        endpoint,
        filter.event_type.map(|kind| t.text(&name_key(kind)).to_owned()),
        states,
        when("deliveries.since", filter.since),
        when("deliveries.until", filter.until),
        filter.chat.map(|_| t.text("deliveries.one_chat").to_owned()),
        filter.text.as_ref().map(|text| t.with("deliveries.with_text", [("text", text)])),
    ];
    all.into_iter().flatten().collect()
}

fn row(t: &Texts, directory: &Directory, resending: &Resending) -> Row {
    let n = |key, n: i64| t.count(key, n, &[]);
    let mut told = vec![n("deliveries.sent", resending.sent)];
    if resending.skipped > 0 {
        told.push(n("deliveries.skipped", resending.skipped));
    }
    if let Some(reason) = &resending.reason {
        told.push(t.text(&format!("error.{reason}")).to_owned());
    }
    Row {
        id: resending.id,
        at: date_time(t, resending.created_at, &timezone(directory)),
        what: parts(t, directory, resending.kind, &resending.filter).join(" · "),
        state: t.text(&format!("deliveries.state.{}", resending.state.as_str())).to_owned(),
        class: match resending.state {
            State::Running => "is-action",
            State::Done => "is-ok",
            State::Cancelled => "",
            State::Stopped => "is-alert",
        },
        percent: resending.percent(),
        told: told.join(" · "),
        by: resending.created_by.map(|id| directory.agent_name(id).to_owned()).unwrap_or_default(),
        runs: resending.state == State::Running,
    }
}
