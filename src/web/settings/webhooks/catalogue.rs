//! The catalogue: every event with an example and its schema.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web;
use askama::Template;

use super::TABS;
use crate::domain::event_type::EventType;
use crate::web::error::AppError;
use crate::web::extract::Admin;
use crate::web::frame::{self, Frame, framed};
use crate::web::settings::choices::Keyed;
use crate::wire::catalogue::{self, Entry};

struct Row {
    code: &'static str,
    name: String,
    sentence: String,
    example: String,
    schema: String,
}

#[derive(Template)]
#[template(path = "settings/webhooks/catalogue.html")]
struct CataloguePage {
    frame: Frame,
    tabs: &'static [Keyed],
    tab: &'static str,
    quick: Vec<Row>,
    others: Vec<Row>,
}
framed!(CataloguePage);

/// The addresses of this module.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/settings/webhooks/catalogue", web::get().to(show));
}

async fn show(me: Admin) -> Result<HttpResponse, AppError> {
    let frame = Frame::settings(&me.0.agent, me.0.locale, "webhooks");
    let pretty = |value: &serde_json::Value| serde_json::to_string_pretty(value).unwrap_or_default();
    let row = |entry: &Entry| Row {
        code: entry.event.as_str(),
        name: frame.t.text(&entry.name_key()).to_owned(),
        sentence: frame.t.text(&entry.sentence_key()).to_owned(),
        example: pretty(&entry.example),
        schema: pretty(&entry.schema),
    };
    let is_quick = |entry: &&Entry| EventType::QUICK.contains(&entry.event);
    let page = CataloguePage {
        quick: catalogue::entries().iter().filter(is_quick).map(row).collect(),
        others: catalogue::entries().iter().filter(|entry| !is_quick(entry)).map(row).collect(),
        tabs: TABS,
        tab: "/catalogue",
        frame,
    };
    std::future::ready(frame::page(StatusCode::OK, &page.frame.nonce, &page)).await
}
