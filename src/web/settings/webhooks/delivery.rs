//! One delivery: each attempt as it was sent and answered, its body, its neighbours in the chat. What may hold personal data is folded until
//! somebody unfolds it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;

use super::deliveries::{Row, row, sentence, timezone};
use super::told::Told;
use crate::domain::delivery::{Attempt, AttemptCode, DeliveryState};
use crate::domain::delivery_filter::Listed;
use crate::domain::directory::Directory;
use crate::domain::ids::DeliveryId;
use crate::domain::retention::Retention;
use crate::domain::webhook_id::WebhookId;
use crate::i18n::Texts;
use crate::store::deliveries::DeliveryDetail;
use crate::web::addresses::{Addresses, get};
use crate::web::error::AppError;
use crate::web::extract::{Admin, Id};
use crate::web::frame::{self, Frame, framed};
use crate::web::settings::{Asked, date_time_second};
use crate::web::state::AppState;
use crate::wire::curl;

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
    /// The request as a command; none without its body.
    curl: Option<String>,
}

#[derive(Template)]
#[template(path = "settings/webhooks/delivery.html")]
struct DetailPage {
    frame: Frame,
    row: Row,
    webhook_id: String,
    body: Option<String>,
    /// Why there is no body.
    gone: String,
    tries: Vec<Try>,
    next_try: String,
    answered: Option<Told>,
    may_resend: bool,
    previous: Option<DeliveryId>,
    next: Option<DeliveryId>,
    chat: Option<String>,
}
framed!(DetailPage);

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table.route("/settings/webhooks/deliveries/{id}", get(show));
}

async fn show(me: Admin, asked: Asked, id: Id<DeliveryId>, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let detail = state.store.delivery(id.0).await?;
    let mut frame = Frame::settings(&me.0.agent, me.0.locale, "webhooks").telling(asked.told.as_deref());
    frame.texts_json = frame.t.json_of(&["form", "console", "deliveries"]);
    let directory = state.store.directory();
    let delivery = &detail.delivery;
    let now = state.store.clock().now();
    let due = delivery.next_steady.filter(|_| delivery.state == DeliveryState::Due && delivery.attempts > 0);
    let next_try = due.map(|due| {
        let at = now.wall.plus_ms(due.ms_since(now.steady));
        frame.t.with("settings.webhooks.next_try", [("when", date_time_second(frame.t, at, &timezone(&directory)))])
    });
    let listed = Listed {
        delivery: delivery.clone(),
        protocol: detail.protocol.clone(),
        duration_ms: detail.attempts.last().map(|(_, attempt)| attempt.duration_ms),
    };
    let body = detail.body.as_deref();
    let page = DetailPage {
        row: row(frame.t, &directory, &listed),
        webhook_id: WebhookId { event: delivery.event, test: detail.test }.to_string(),
        tries: detail.attempts.iter().rev().map(|(number, attempt)| tried(frame.t, &directory, *number, attempt, body)).collect(),
        next_try: next_try.unwrap_or_default(),
        answered: detail.enrichment.as_ref().map(|enrichment| Told::of(enrichment, frame.t)),
        may_resend: body.is_some() && directory.endpoints.get(&delivery.endpoint).is_some_and(|endpoint| endpoint.archived_at.is_none()),
        gone: gone(frame.t, &directory, &detail),
        body: body.map(pretty),
        previous: detail.previous,
        next: detail.next,
        chat: delivery.chat.map(|chat| chat.to_string()),
        frame,
    };
    frame::page(StatusCode::OK, &page.frame.nonce, &page)
}

/// Why a body is no longer kept.
fn gone(t: &Texts, directory: &Directory, detail: &DeliveryDetail) -> String {
    if detail.erased {
        return t.text("deliveries.body_erased").to_owned();
    }
    let retention = directory.organisation.as_ref().map_or_else(Retention::default, |organisation| organisation.retention);
    t.count("deliveries.body_old", retention.body_days, &[])
}

fn tried(t: &Texts, directory: &Directory, number: u32, attempt: &Attempt, body: Option<&[u8]>) -> Try {
    let lines =
        |headers: &[(String, String)]| headers.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n");
    let times = [
        ("settings.webhooks.resolved", attempt.resolved_ms),
        ("settings.webhooks.connected", attempt.connected_ms),
        ("settings.webhooks.answered", attempt.answered_ms),
    ];
    let timing = times.iter().filter_map(|(key, ms)| ms.map(|ms| t.with(key, [("ms", ms)])));
    let body = body.and_then(|body| std::str::from_utf8(body).ok());
    Try {
        number,
        at: date_time_second(t, attempt.at, &timezone(directory)),
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
        curl: body.map(|body| curl::command(&attempt.url, &attempt.request_headers, body)),
    }
}

/// JSON with line breaks, for reading; what is sent stays as it was frozen.
fn pretty(body: &[u8]) -> String {
    serde_json::from_slice::<serde_json::Value>(body)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned())
}
