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
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use self::caller::Caller;
use self::operation::{Access, Call, Operation, Reply};
use self::query::Query;
use super::error::AppError;
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
pub fn routes(cfg: &mut ServiceConfig) {
    let mut paths: BTreeMap<&str, Vec<&'static Operation>> = BTreeMap::new();
    for operation in operations() {
        paths.entry(operation.path).or_default().push(operation);
    }
    for (path, operations) in paths {
        let mut resource = web::resource(format!("{BASE}{path}"));
        for operation in operations {
            resource = resource
                .route(web::method(operation.verb.method()).to(move |request, payload, state| answer(operation, request, payload, state)));
        }
        cfg.service(resource.default_service(web::to(wrong_method)));
    }
}

async fn wrong_method(_request: HttpRequest) -> Result<HttpResponse, AppError> {
    std::future::ready(Err(AppError::MethodNotAllowed)).await
}

async fn answer(
    operation: &'static Operation,
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> Result<HttpResponse, AppError> {
    refuse_foreign_origin(&request, &state)?;
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
    let body = body::take(payload).await?;
    let reply = (operation.handler)(Call { state, request, query, body, caller }).await?;
    let mut builder = HttpResponse::build(StatusCode::from_u16(operation.status).unwrap_or(StatusCode::OK));
    builder.insert_header((header::CACHE_CONTROL, "no-store")).insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    Ok(match reply {
        Reply::Json(text) => builder.content_type("application/json").body(text),
        Reply::Empty => builder.finish(),
        Reply::File(answer) => answer,
    })
}

/// A page of somebody else has no business here. Programs send no `Origin`.
fn refuse_foreign_origin(request: &HttpRequest, state: &AppState) -> Result<(), AppError> {
    match request.headers().get(header::ORIGIN) {
        Some(origin) if !origin.to_str().is_ok_and(|origin| state.config.is_own_origin(origin)) => Err(AppError::ForeignOrigin),
        Some(_) | None => Ok(()),
    }
}
