//! The deliveries: looked up, with their attempts, and sent again. And the catalogue of what is delivered.

use std::future::ready;

use futures_util::FutureExt as _;

use super::operation::{Access, Call, Operation, Reply, schema};
use super::query::{CURSOR, Kind, LIMIT, Parameter};
use crate::domain::delivery::DeliveryState;
use crate::domain::event_type::EventType;
use crate::domain::ids::DeliveryId;
use crate::i18n::Texts;
use crate::store::deliveries::DeliveryFilter;
use crate::web::error::{self, AppError};
use crate::wire::api::Page;
use crate::wire::api::deliveries::{CatalogueEntry, Delivery, DeliveryDetail};
use crate::wire::catalogue;

const READ: Access = Access::Scope("webhooks:read");

const FILTERS: &[Parameter] = &[
    Parameter::new("endpoint_id", Kind::Id, "Only to this endpoint."),
    Parameter::new("type", Kind::Word(types), "Only of this type of event."),
    Parameter::new("state", Kind::Word(states), "Only in this state."),
    Parameter::new("chat_id", Kind::Id, "Only of this chat."),
    Parameter::new("from", Kind::Time, "Only queued at or after this."),
    Parameter::new("to", Kind::Time, "Only queued before this."),
    LIMIT,
    CURSOR,
];

pub const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Lists deliveries, the last queued first.",
        query: FILTERS,
        ..Operation::get("/deliveries", "listDeliveries", READ, schema::<Page<Delivery>>, |call| list(call).boxed_local())
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

async fn list(call: Call) -> Result<Reply, AppError> {
    let (query, store) = (&call.query, &call.state.store);
    let filter = DeliveryFilter {
        endpoint: query.get("endpoint_id"),
        event_type: query.get("type"),
        states: query.text("state").and_then(DeliveryState::parse).into_iter().collect(),
        chat: query.get("chat_id"),
        since: query.time("from"),
        until: query.time("to"),
        text: None,
    };
    let before = query.cursor(|place| place.parse().ok())?;
    let mut found = store.deliveries(filter, before, query.limit_and_one()).await?;
    let next_cursor = query.cut(&mut found, |last| last.position.to_string());
    let (directory, now) = (store.directory(), store.clock().now());
    Reply::json(&Page { data: found.iter().map(|delivery| Delivery::of(delivery, &directory, now)).collect(), next_cursor })
}

async fn show(call: Call) -> Result<Reply, AppError> {
    let store = &call.state.store;
    let found = store.delivery(call.id()?).await?;
    let with_bodies = call.caller()?.may("deliveries:read");
    let delivery = Delivery::of(&found.delivery, &store.directory(), store.clock().now());
    Reply::json(&DeliveryDetail::of(delivery, found.body.as_deref(), &found.attempts, found.enrichment.as_ref(), with_bodies))
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
