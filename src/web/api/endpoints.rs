//! The endpoints: listed, made, changed, archived, tested; their secrets renewed. Every change is audited as in the settings.

use std::time::Duration;

use futures_util::FutureExt as _;

use super::endpoint_draft;
use super::operation::{Access, Call, Operation, Reply, schema};
use crate::domain::endpoint::secret::ROTATION_SECONDS;
use crate::domain::event_type::EventType;
use crate::domain::ids::EndpointId;
use crate::store::endpoints::Keys;
use crate::web::error::AppError;
use crate::web::rates::Wait;
use crate::webhooks::signature;
use crate::wire::api::Page;
use crate::wire::api::deliveries::Delivery;
use crate::wire::api::endpoints::{Endpoint, EndpointChange, MadeEndpoint, NewEndpoint, Rotated, Rotation, TestWish};

const READ: Access = Access::Scope("webhooks:read");
const WRITE: Access = Access::Scope("webhooks:write");
/// What one is told who tested ten times within a minute.
const TOO_SOON: Duration = Duration::from_secs(60);

pub const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Lists the endpoints in use, by name.",
        ..Operation::get("/endpoints", "listEndpoints", READ, schema::<Page<Endpoint>>, |call| list(call).boxed_local())
    },
    Operation {
        summary: "Makes an endpoint; its secret is told once.",
        request: Some(schema::<NewEndpoint>),
        status: 201,
        ..Operation::post("/endpoints", "createEndpoint", WRITE, schema::<MadeEndpoint>, |call| create(call).boxed_local())
    },
    Operation {
        summary: "Shows one endpoint.",
        ..Operation::get("/endpoints/{id}", "getEndpoint", READ, schema::<Endpoint>, |call| show(call).boxed_local())
    },
    Operation {
        summary: "Changes an endpoint; what isn't given stays.",
        request: Some(schema::<EndpointChange>),
        ..Operation::patch("/endpoints/{id}", "changeEndpoint", WRITE, schema::<Endpoint>, |call| change(call).boxed_local())
    },
    Operation {
        summary: "Archives an endpoint: its open deliveries end as endpoint_removed.",
        ..Operation::delete("/endpoints/{id}", "archiveEndpoint", WRITE, |call| archive(call).boxed_local())
    },
    Operation {
        summary: "Queues a test event for an endpoint, enabled or not; ask for the delivery to see what became of it.",
        request: Some(schema::<TestWish>),
        status: 202,
        ..Operation::post("/endpoints/{id}/test", "testEndpoint", WRITE, schema::<Delivery>, |call| test(call).boxed_local())
    },
    Operation {
        summary: "Gives an endpoint a new secret; the one before signs beside it for a day.",
        request: Some(schema::<Rotation>),
        ..Operation::post("/endpoints/{id}/secret/rotation", "rotateSecret", WRITE, schema::<Rotated>, |call| rotate(call).boxed_local())
    },
];

async fn list(call: Call) -> Result<Reply, AppError> {
    let masked = !call.caller()?.may("webhooks:write");
    let state = &call.state;
    let mut keys = state.store.endpoint_keys(&state.vault).await?;
    let in_use = state.store.endpoints().await?.into_iter().filter(|endpoint| endpoint.archived_at.is_none());
    let views = in_use.map(|endpoint| Endpoint::of(&endpoint, &keys.remove(&endpoint.id).unwrap_or_default().headers, masked));
    Reply::json(&Page::whole(views.collect()))
}

async fn create(call: Call) -> Result<Reply, AppError> {
    let wish: NewEndpoint = call.read()?;
    let state = &call.state;
    let blank = endpoint_draft::blank(&wish.url, wish.signing.as_deref())?;
    let change = EndpointChange::from(wish);
    let headers = endpoint_draft::own_headers(change.headers.as_deref().unwrap_or_default())?;
    let draft = endpoint_draft::changed(blank, change, state)?;
    let secret = signature::generate(draft.signing);
    let text = signature::verifier_text(&secret);
    let made = state.store.create_endpoint(&state.vault, draft, &headers, secret).await?;
    note(&call, "endpoint.created", made.id).await?;
    Reply::json(&MadeEndpoint { endpoint: Endpoint::of(&made, &headers, false), secret: text })
}

async fn show(call: Call) -> Result<Reply, AppError> {
    let masked = !call.caller()?.may("webhooks:write");
    let (endpoint, keys) = open(&call).await?;
    Reply::json(&Endpoint::of(&endpoint, &keys.headers, masked))
}

async fn change(call: Call) -> Result<Reply, AppError> {
    let change: EndpointChange = call.read()?;
    let state = &call.state;
    let (endpoint, keys) = open(&call).await?;
    let headers = change.headers.as_deref().map(endpoint_draft::own_headers).transpose()?;
    let draft = endpoint_draft::changed(endpoint.draft, change, state)?;
    let changed = state.store.update_endpoint(&state.vault, endpoint.id, draft, headers.as_deref()).await?;
    note(&call, "endpoint.changed", endpoint.id).await?;
    Reply::json(&Endpoint::of(&changed, &headers.unwrap_or(keys.headers), false))
}

async fn archive(call: Call) -> Result<Reply, AppError> {
    let id: EndpointId = call.id()?;
    call.state.store.archive_endpoint(id).await?;
    note(&call, "endpoint.archived", id).await?;
    Ok(Reply::Empty)
}

async fn test(call: Call) -> Result<Reply, AppError> {
    let wish: TestWish = call.read()?;
    let event = wish.kind.as_deref().unwrap_or(EventType::WebhookTest.as_str());
    let event: EventType = event.parse().map_err(|_unknown| AppError::Invalid { field: "type".to_owned(), code: "field_invalid" })?;
    let (store, id) = (&call.state.store, call.id()?);
    store.directory().endpoints.get(&id).filter(|endpoint| endpoint.archived_at.is_none()).ok_or(AppError::NotFound)?;
    if !call.state.gate.allows_test(call.caller()?.agent.id, store.clock().now().steady) {
        return Err(Wait(TOO_SOON).into());
    }
    let delivery = store.send_test(id, event).await?;
    note(&call, "endpoint.tested", id).await?;
    let queued = store.delivery(delivery).await?;
    Reply::json(&Delivery::of(&queued.delivery, &store.directory(), store.clock().now()))
}

async fn rotate(call: Call) -> Result<Reply, AppError> {
    let wish: Rotation = call.read()?;
    let (state, signing) = (&call.state, endpoint_draft::signature(wish.signing.as_deref())?);
    let (endpoint, _) = open(&call).await?;
    let secret = signature::generate(signing.unwrap_or(endpoint.draft.signing));
    let text = signature::verifier_text(&secret);
    state.store.rotate_secret(&state.vault, endpoint.id, secret).await?;
    note(&call, "endpoint.secret_rotated", endpoint.id).await?;
    Reply::json(&Rotated::new(text, state.store.clock().now().wall.plus_seconds(ROTATION_SECONDS)))
}

/// The endpoint of the path, unless it is archived.
async fn open(call: &Call) -> Result<(crate::domain::endpoint::Endpoint, Keys), AppError> {
    let state = &call.state;
    let endpoint = state.store.endpoint(call.id()?).await?;
    if endpoint.archived_at.is_some() {
        return Err(AppError::NotFound);
    }
    let keys = state.store.endpoint_keys(&state.vault).await?.remove(&endpoint.id).unwrap_or_default();
    Ok((endpoint, keys))
}

async fn note(call: &Call, act: &'static str, id: EndpointId) -> Result<(), AppError> {
    Ok(call.state.store.note(call.caller()?.author(), act, "endpoint", id.0).await?)
}
