//! How long what webhooks carried is kept: looked at and changed.

use std::future::ready;

use futures_util::FutureExt as _;

use super::operation::{Access, Call, Operation, Reply, schema};
use crate::domain::retention::Retention as Kept;
use crate::web::error::AppError;
use crate::wire::api::retention::{Retention, RetentionChange};

pub const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Tells how many days bodies, and deliveries with their attempts, are kept.",
        ..Operation::get("/retention", "getRetention", Access::Scope("webhooks:read"), schema::<Retention>, |call| {
            ready(kept(&call).and_then(|kept| Reply::json(&Retention::of(kept)))).boxed_local()
        })
    },
    Operation {
        summary: "Changes how many days they are kept; what isn't given stays.",
        request: Some(schema::<RetentionChange>),
        ..Operation::patch("/retention", "changeRetention", Access::Scope("settings:write"), schema::<Retention>, |call| {
            change(call).boxed_local()
        })
    },
];

fn kept(call: &Call) -> Result<Kept, AppError> {
    call.state.store.directory().organisation.as_ref().map(|organisation| organisation.retention).ok_or(AppError::NotFound)
}

async fn change(call: Call) -> Result<Reply, AppError> {
    let (change, before): (RetentionChange, Kept) = (call.read()?, kept(&call)?);
    let after = change.of(before);
    if after != before {
        call.state.store.change_retention(after, call.caller()?.author()).await?;
    }
    Reply::json(&Retention::of(after))
}
