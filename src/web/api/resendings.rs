//! Many deliveries sent again: begun, looked after, ended.

use futures_util::FutureExt as _;

use super::operation::{Access, Call, Operation, Reply, schema};
use crate::domain::delivery::DeliveryState;
use crate::domain::resending::{Kind, Wanted};
use crate::domain::time::Timestamp;
use crate::store::deliveries::DeliveryFilter;
use crate::web::error::AppError;
use crate::wire::api::Page;
use crate::wire::api::resendings::{Resending, ResendingWish};
use crate::wire::time;

const READ: Access = Access::Scope("webhooks:read");
const WRITE: Access = Access::Scope("webhooks:write");
/// Resendings in a list.
const LIST_MAX: i64 = 50;

pub const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Lists the last 50 resendings, newest first.",
        ..Operation::get("/resendings", "listResendings", READ, schema::<Page<Resending>>, |call| list(call).boxed_local())
    },
    Operation {
        summary: "Sends many deliveries again, each chat in its order; goes on by itself. One at a time of an endpoint.",
        request: Some(schema::<ResendingWish>),
        status: 202,
        ..Operation::post("/resendings", "beginResending", WRITE, schema::<Resending>, |call| begin(call).boxed_local())
    },
    Operation {
        summary: "Shows how far a resending is.",
        ..Operation::get("/resendings/{id}", "getResending", READ, schema::<Resending>, |call| show(call).boxed_local())
    },
    Operation {
        summary: "Ends a resending; what it has queued stays queued.",
        ..Operation::post("/resendings/{id}/cancel", "cancelResending", WRITE, schema::<Resending>, |call| cancel(call).boxed_local())
    },
];

async fn list(call: Call) -> Result<Reply, AppError> {
    let store = &call.state.store;
    let (found, directory) = (store.resendings(LIST_MAX).await?, store.directory());
    Reply::json(&Page::whole(found.iter().map(|resending| Resending::of(resending, &directory)).collect()))
}

async fn begin(call: Call) -> Result<Reply, AppError> {
    let wish: ResendingWish = call.read()?;
    let in_bodies = call.caller()?.may("deliveries:read");
    let wanted = wanted(&wish, in_bodies)?;
    let id = call.state.store.begin_resending(wanted, Some(call.caller()?.author())).await?;
    told(&call, call.state.store.resending(id).await?)
}

async fn show(call: Call) -> Result<Reply, AppError> {
    let found = call.state.store.resending(call.id()?).await?;
    told(&call, found)
}

async fn cancel(call: Call) -> Result<Reply, AppError> {
    let ended = call.state.store.cancel_resending(call.id()?, call.caller()?.author()).await?;
    told(&call, ended)
}

fn told(call: &Call, resending: crate::domain::resending::Resending) -> Result<Reply, AppError> {
    Reply::json(&Resending::of(&resending, &call.state.store.directory()))
}

fn wanted(wish: &ResendingWish, in_bodies: bool) -> Result<Wanted, AppError> {
    let kind = if wish.kind.is_empty() { Some(Kind::Filtered) } else { Kind::parse(&wish.kind) };
    let kind = kind.ok_or_else(|| refused("kind", "field_invalid"))?;
    let endpoint = read("endpoint_id", wish.endpoint_id.as_deref(), |text| text.parse().ok())?;
    let since = read("from", wish.from.as_deref(), time::parse)?;
    let states = wish.states.iter().map(|word| DeliveryState::parse(word).ok_or_else(|| refused("states", "field_invalid")));
    let mut filter = DeliveryFilter {
        endpoint,
        event_type: read("type", wish.event_type.as_deref(), |text| text.parse().ok())?,
        states: states.collect::<Result<_, _>>()?,
        chat: read("chat_id", wish.chat_id.as_deref(), |text| text.parse().ok())?,
        since,
        until: read("to", wish.to.as_deref(), time::parse)?,
        text: wish.text.clone().filter(|text| !text.trim().is_empty()),
        in_bodies,
    };
    if kind == Kind::Recover {
        let endpoint = endpoint.ok_or_else(|| refused("endpoint_id", "field_required"))?;
        if filter.states.is_empty() {
            filter.states = Wanted::recovery(endpoint, since.unwrap_or(Timestamp::from_ms(0))).filter.states;
        }
    }
    Ok(Wanted { kind, filter, upto: wish.up_to })
}

fn read<T>(field: &str, text: Option<&str>, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, AppError> {
    text.map(|text| parse(text).ok_or_else(|| refused(field, "field_invalid"))).transpose()
}

fn refused(field: &str, code: &'static str) -> AppError {
    AppError::Invalid { field: field.to_owned(), code }
}
