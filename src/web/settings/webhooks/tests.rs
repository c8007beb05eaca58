//! Sends a test to an endpoint, or a delivery again, and waits for the answer, so that it is shown at once.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use tokio::time::{sleep, timeout};

use super::verdict::Verdict;
use crate::domain::event_type::EventType;
use crate::domain::ids::{DeliveryId, EndpointId};
use crate::i18n::Texts;
use crate::web::addresses::{Addresses, post};
use crate::web::error::AppError;
use crate::web::extract::{Admin, Id, Posted};
use crate::web::frame;
use crate::web::state::AppState;
use crate::webhooks::client::ATTEMPT_TIMEOUT;

/// What an attempt's time leaves for its way there and back.
const SLACK: Duration = Duration::from_secs(2);
/// Between two looks while deliveries of all endpoints move.
const BETWEEN_LOOKS: Duration = Duration::from_millis(25);

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table.route("/settings/webhooks/endpoints/{id}/test", post(send)).route("/settings/webhooks/deliveries/{id}/resend", post(resend));
}

async fn send(me: Admin, id: Id<EndpointId>, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let event = posted.0.value("type").parse::<EventType>().map_err(|_unknown| AppError::Malformed)?;
    if !is_allowed(&me, &state) {
        return super::endpoint::too_many_tests(StatusCode::TOO_MANY_REQUESTS, &me, id.0, &state).await;
    }
    let delivery = tested(&me, &state, id.0, event).await?;
    settled(&state, delivery).await?;
    Ok(frame::go_to(&format!("/settings/webhooks/endpoints/{}?tested={delivery}#test", id.0)))
}

async fn resend(me: Admin, id: Id<DeliveryId>, _posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let delivery = state.store.resend(id.0).await?;
    state.store.note(me.0.author(), "delivery.resent", "delivery", id.0.0).await?;
    settled(&state, delivery).await?;
    Ok(frame::go_to(&format!("/settings/webhooks/deliveries/{delivery}?told=resent")))
}

/// Whether this admin may test once more now; notes it.
pub(super) fn is_allowed(me: &Admin, state: &AppState) -> bool {
    state.gate.allows_test(me.0.agent.id, state.store.clock().now().steady)
}

/// Queues a test for an endpoint and notes who asked for it.
pub(super) async fn tested(me: &Admin, state: &AppState, endpoint: EndpointId, event: EventType) -> Result<DeliveryId, AppError> {
    let delivery = state.store.send_test(endpoint, event).await?;
    state.store.note(me.0.author(), "endpoint.tested", "endpoint", endpoint.0).await?;
    Ok(delivery)
}

/// What a test came to, once it has ended, or its time is over.
pub(super) async fn verdict(state: &AppState, delivery: DeliveryId, t: &Texts) -> Result<Verdict, AppError> {
    settled(state, delivery).await?;
    let attempts = state.store.delivery(delivery).await?.attempts;
    let verdict = attempts.last().map_or_else(|| Verdict::unended(t), |(_, attempt)| Verdict::of(attempt, t));
    Ok(Verdict { delivery: Some(delivery), ..verdict })
}

/// Waits until a delivery has ended, or nobody would wait any longer.
async fn settled(state: &AppState, delivery: DeliveryId) -> Result<(), AppError> {
    // Listening begins before the first look: what is recorded in between is not missed.
    let mut moved = state.store.deliveries_moved();
    let settles = async {
        while !state.store.delivery(delivery).await?.delivery.state.has_ended() && moved.changed().await.is_ok() {
            sleep(BETWEEN_LOOKS).await;
        }
        Ok(())
    };
    timeout(ATTEMPT_TIMEOUT + SLACK, settles).await.unwrap_or(Ok(()))
}
