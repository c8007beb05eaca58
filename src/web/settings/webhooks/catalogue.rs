//! The catalogue: every event with an example and its schema, and code that receives them.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde_json::Value;

use super::TABS;
use super::samples::{RECEIVERS, RECIPES, Receiver, Recipe};
use crate::domain::event_type::EventType;
use crate::web::addresses::{Addresses, get};
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

struct Use {
    recipe: &'static Recipe,
    /// What to tick: code and name.
    events: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "settings/webhooks/catalogue.html")]
struct CataloguePage {
    frame: Frame,
    tabs: &'static [Keyed],
    tab: &'static str,
    quick: Vec<Row>,
    others: Vec<Row>,
    receivers: &'static [Receiver],
    uses: Vec<Use>,
}
framed!(CataloguePage);

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table.route("/settings/webhooks/catalogue", get(show)).route("/settings/webhooks/catalogue/{type}/{part}.json", get(json));
}

async fn show(me: Admin) -> Result<HttpResponse, AppError> {
    let frame = Frame::settings(&me.0.agent, me.0.locale, "webhooks");
    let name = |event| frame.t.text(&catalogue::name_key(event)).to_owned();
    let row = |entry: &Entry| Row {
        code: entry.event.as_str(),
        name: name(entry.event),
        sentence: frame.t.text(&entry.sentence_key()).to_owned(),
        example: pretty(&entry.example),
        schema: pretty(&entry.schema),
    };
    let is_quick = |entry: &&Entry| EventType::QUICK.contains(&entry.event);
    let ticks = |recipe: &Recipe| recipe.events.iter().map(|event| (event.as_str(), name(*event))).collect();
    let page = CataloguePage {
        quick: catalogue::entries().iter().filter(is_quick).map(row).collect(),
        others: catalogue::entries().iter().filter(|entry| !is_quick(entry)).map(row).collect(),
        receivers: &RECEIVERS,
        uses: RECIPES.iter().map(|recipe| Use { recipe, events: ticks(recipe) }).collect(),
        tabs: TABS,
        tab: "/catalogue",
        frame,
    };
    std::future::ready(frame::page(StatusCode::OK, &page.frame.nonce, &page)).await
}

/// An example or a schema alone, for a program to be made from.
async fn json(_me: Admin, path: web::Path<(String, String)>) -> Result<HttpResponse, AppError> {
    let (event, part) = path.into_inner();
    let entry = event.parse().ok().and_then(catalogue::of).ok_or(AppError::NotFound)?;
    let content = match part.as_str() {
        "example" => &entry.example,
        "schema" => &entry.schema,
        _ => return Err(AppError::NotFound),
    };
    std::future::ready(Ok(HttpResponse::Ok().content_type("application/json").body(pretty(content)))).await
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
