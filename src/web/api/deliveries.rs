//! The deliveries: looked up, with their attempts, taken away as a file, and one sent again. And the catalogue of what is delivered.

use std::future::ready;

use futures_util::FutureExt as _;

use super::operation::{Access, Call, Operation, Reply, schema};
use super::query::{CURSOR, Kind, LIMIT, Parameter, cursor_text};
use crate::domain::delivery::DeliveryState;
use crate::domain::delivery_filter::Turn;
use crate::domain::event_type::EventType;
use crate::domain::ids::DeliveryId;
use crate::i18n::Texts;
use crate::store::deliveries::DeliveryFilter;
use crate::web::error::{self, AppError};
use crate::web::export::{self, Format, Wish};
use crate::wire::api::Page;
use crate::wire::api::deliveries::{CatalogueEntry, Count, Delivery, DeliveryDetail, LogPage, LoggedDelivery};
use crate::wire::catalogue;

const READ: Access = Access::Scope("webhooks:read");

macro_rules! filters {
    ($($more:expr),* $(,)?) => {
        &[
            Parameter::new("endpoint_id", Kind::Id, "Only to this endpoint."),
            Parameter::new("type", Kind::Word(types), "Only of this type of event."),
            Parameter::new("state", Kind::Word(states), "Only in this state."),
            Parameter::new("chat_id", Kind::Id, "Only of this chat."),
            Parameter::new("from", Kind::Time, "Only queued at or after this."),
            Parameter::new("to", Kind::Time, "Only queued before this."),
            Parameter::new(
                "text",
                Kind::Text,
                "A webhook-id, an id of a delivery, chat or event, a protocol; else a last code or status, part of an endpoint's name or \
                 address, or, with the scope `deliveries:read`, of a body or an answer, letters as they are.",
            ),
            $($more),*
        ]
    };
}

const LOG: &[Parameter] = filters![LIMIT, CURSOR];
const COUNT: &[Parameter] = filters![];
const EXPORT: &[Parameter] = filters![
    Parameter::new("format", Kind::Word(Format::words), "`ndjson` if not given."),
    Parameter::new("bodies", Kind::Word(|| vec!["true", "false"]), "With bodies; needs the scope `deliveries:read`, and ndjson."),
];

pub const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Lists deliveries, the last queued first.",
        query: LOG,
        ..Operation::get("/deliveries", "listDeliveries", READ, schema::<LogPage>, |call| list(call).boxed_local())
    },
    Operation {
        summary: "Counts the deliveries that fit a filter, as far as 10,000.",
        query: COUNT,
        ..Operation::get("/deliveries/count", "countDeliveries", READ, schema::<Count>, |call| count(call).boxed_local())
    },
    Operation {
        summary: "Gives the deliveries that fit a filter as a file, the last queued first, up to what there is now.",
        query: EXPORT,
        ..Operation::file("/deliveries/export", "exportDeliveries", READ, Format::MEDIA, |call| take_away(call).boxed_local())
    },
    Operation {
        summary: "Shows a delivery with its attempts; bodies only with the scope `deliveries:read`.",
        ..Operation::get("/deliveries/{id}", "getDelivery", READ, schema::<DeliveryDetail>, |call| show(call).boxed_local())
    },
    Operation {
        summary: "Sends a delivery again: a new one with the same event and body, one attempt, outside the chat's order.",
        status: 202,
        ..Operation::post("/deliveries/{id}/resend", "resendDelivery", Access::Scope("webhooks:write"), schema::<Delivery>, |call| {
            resend(call).boxed_local()
        })
    },
    Operation {
        summary: "Lists the types of events with schema and example.",
        ..Operation::get("/webhooks/catalogue", "getCatalogue", Access::Bearer, schema::<Page<CatalogueEntry>>, |call| {
            ready(show_catalogue(&call)).boxed_local()
        })
    },
];

fn types() -> Vec<&'static str> {
    EventType::ALL.iter().map(|event| event.as_str()).collect()
}

fn states() -> Vec<&'static str> {
    DeliveryState::ALL.iter().map(|state| state.as_str()).collect()
}

fn filter(call: &Call) -> Result<DeliveryFilter, AppError> {
    let query = &call.query;
    Ok(DeliveryFilter {
        endpoint: query.get("endpoint_id"),
        event_type: query.get("type"),
        states: query.text("state").and_then(DeliveryState::parse).into_iter().collect(),
        chat: query.get("chat_id"),
        since: query.time("from"),
        until: query.time("to"),
        text: query.text("text").map(str::to_owned),
        in_bodies: call.caller()?.may("deliveries:read"),
    })
}

async fn list(call: Call) -> Result<Reply, AppError> {
    let (query, store) = (&call.query, &call.state.store);
    let turn = query.cursor(|place| match place.strip_prefix('>') {
        Some(position) => position.parse().ok().map(Turn::After),
        None => place.parse().ok().map(Turn::Before),
    })?;
    let page = store.delivery_log(filter(&call)?, turn, query.limit()).await?;
    let (directory, now) = (store.directory(), store.clock().now());
    Reply::json(&LogPage {
        data: page.rows.iter().map(|row| LoggedDelivery::of(row, &directory, now)).collect(),
        next_cursor: page.older.map(|position| cursor_text(&position.to_string())),
        previous_cursor: cursor_text(&format!(">{}", page.newer)),
        stopped: page.stopped,
    })
}

async fn count(call: Call) -> Result<Reply, AppError> {
    let (counted, up_to) = call.state.store.count_deliveries(filter(&call)?).await?;
    Reply::json(&Count { count: counted.n, at_least: counted.at_least, up_to })
}

async fn take_away(call: Call) -> Result<Reply, AppError> {
    let format = call.query.text("format").and_then(Format::parse).unwrap_or(Format::Ndjson);
    let with_bodies = call.query.text("bodies") == Some("true");
    if with_bodies {
        call.caller()?.require("deliveries:read")?;
        if format != Format::Ndjson {
            return Err(AppError::Invalid { field: "bodies".to_owned(), code: "field_invalid" });
        }
    }
    let wish = Wish { filter: filter(&call)?, format, with_bodies };
    Ok(Reply::File(export::open(&call.state.store, wish, call.caller()?.author()).await?))
}

async fn show(call: Call) -> Result<Reply, AppError> {
    let store = &call.state.store;
    let found = store.delivery(call.id()?).await?;
    let with_bodies = call.caller()?.may("deliveries:read");
    let delivery = Delivery::of(&found.delivery, &store.directory(), store.clock().now());
    Reply::json(&DeliveryDetail {
        protocol: found.protocol.clone(),
        previous_id: found.previous.map(|id| id.to_string()),
        next_id: found.next.map(|id| id.to_string()),
        ..DeliveryDetail::of(delivery, found.body.as_deref(), &found.attempts, found.enrichment.as_ref(), with_bodies)
    })
}

async fn resend(call: Call) -> Result<Reply, AppError> {
    let (store, id): (_, DeliveryId) = (&call.state.store, call.id()?);
    let again = store.resend(id).await?;
    store.note(call.caller()?.author(), "delivery.resent", "delivery", id.0).await?;
    let queued = store.delivery(again).await?;
    Reply::json(&Delivery::of(&queued.delivery, &store.directory(), store.clock().now()))
}

fn show_catalogue(call: &Call) -> Result<Reply, AppError> {
    let texts = Texts::for_locale(error::locale(&call.request));
    let entries = catalogue::entries().iter();
    let views = entries.map(|entry| CatalogueEntry::of(entry, texts.text(&entry.name_key()), texts.text(&entry.sentence_key())));
    Reply::json(&Page::whole(views.collect()))
}
