//! The REST API. One table of operations; routes, rights, rates and the OpenAPI document are all made of it.

mod body;
pub(super) mod caller;
mod chat_commands;
mod chats;
mod deliveries;
mod document;
mod endpoint_draft;
mod endpoints;
mod house;
mod operation;
mod query;
mod resendings;
mod retention;
mod sessions;

use std::collections::BTreeMap;

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use self::caller::Caller;
use self::operation::{Access, Call, Operation, Reply};
use self::query::Query;
use super::addresses::{Addresses, on};
use super::error::AppError;
use super::origin::Origin;
use super::state::AppState;

/// Where it all begins.
pub const BASE: &str = "/api/v1";

/// Every operation.
fn operations() -> impl Iterator<Item = &'static Operation> {
    [
        document::OPERATIONS,
        sessions::OPERATIONS,
        chats::OPERATIONS,
        chat_commands::OPERATIONS,
        house::OPERATIONS,
        endpoints::OPERATIONS,
        deliveries::OPERATIONS,
        resendings::OPERATIONS,
        retention::OPERATIONS,
    ]
    .into_iter()
    .flatten()
}

/// The addresses of the API.
pub fn routes(table: &mut Addresses) {
    let mut paths: BTreeMap<&str, Vec<&'static Operation>> = BTreeMap::new();
    for operation in operations() {
        paths.entry(operation.path).or_default().push(operation);
    }
    for (path, operations) in paths {
        for operation in operations {
            let handler = move |request, payload, state| answer(operation, request, payload, state);
            table.route(format!("{BASE}{path}"), on(operation.verb.method(), handler));
        }
    }
}

async fn answer(
    operation: &'static Operation,
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> Result<HttpResponse, AppError> {
    // A page of somebody else has no business here. Programs send no `Origin`.
    if Origin::of(&request, &state.config) == Origin::Foreign {
        return Err(AppError::ForeignOrigin);
    }
    let caller = match operation.access {
        Access::Open => None,
        Access::Bearer | Access::Scope(_) => Some(Caller::of(&request, &state).await?),
    };
    if let Some(caller) = &caller {
        state.limits.program(caller.key())?;
    }
    if let (Access::Scope(scope), Some(caller)) = (operation.access, &caller) {
        caller.require(scope)?;
    }
    let query = Query::read(request.query_string(), operation.query)?;
    let body = body::take(&request, payload).await?;
    let reply = (operation.handler)(Call { state, request, query, body, caller }).await?;
    let mut builder = HttpResponse::build(StatusCode::from_u16(operation.status).unwrap_or(StatusCode::OK));
    builder.insert_header((header::CACHE_CONTROL, "no-store")).insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    Ok(match reply {
        Reply::Json(text) => builder.content_type("application/json").body(text),
        Reply::Empty => builder.finish(),
        Reply::File(answer) => answer,
    })
}
