//! Sends a test to an endpoint and waits for its answer, so that it is shown at once.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{self, Data};

use crate::domain::event_type::EventType;
use crate::domain::ids::{DeliveryId, EndpointId};
use crate::web::error::AppError;
use crate::web::extract::{Admin, Id, Posted};
use crate::web::frame;
use crate::web::rates::Wait;
use crate::web::state::AppState;

/// Looks at whether the answer has come. An attempt ends after 30 seconds at most.
const LOOKS_MAX: u32 = 320;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// What one is told who tested ten times within a minute.
const TOO_SOON: Duration = Duration::from_secs(60);

/// The addresses of this module.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/settings/webhooks/endpoints/{id}/test", web::post().to(send))
        .route("/settings/webhooks/deliveries/{id}/resend", web::post().to(resend));
}

async fn send(me: Admin, id: Id<EndpointId>, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let event = posted.0.value("type").parse::<EventType>().unwrap_or(EventType::WebhookTest);
    if !state.gate.allows_test(me.0.agent.id, state.store.clock().now().steady) {
        return Err(Wait(TOO_SOON).into());
    }
    let delivery = state.store.send_test(id.0, event).await?;
    state.store.note(me.0.author(), "endpoint.tested", "endpoint", id.0.0).await?;
    settled(&state, delivery).await?;
    Ok(frame::go_to(&format!("/settings/webhooks/deliveries/{delivery}?told=tested")))
}

async fn resend(me: Admin, id: Id<DeliveryId>, _posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let delivery = state.store.resend(id.0).await?;
    state.store.note(me.0.author(), "delivery.resent", "delivery", id.0.0).await?;
    settled(&state, delivery).await?;
    Ok(frame::go_to(&format!("/settings/webhooks/deliveries/{delivery}?told=resent")))
}

/// Waits until a delivery has ended, or nobody would wait any longer.
async fn settled(state: &AppState, delivery: DeliveryId) -> Result<(), AppError> {
    for _ in 0..LOOKS_MAX {
        if state.store.delivery(delivery).await?.delivery.state.has_ended() {
            break;
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    Ok(())
}
