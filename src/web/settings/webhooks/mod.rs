//! The pages of webhooks: quick set-up, endpoints, deliveries, catalogue.

pub mod catalogue;
pub mod deliveries;
pub mod delivery;
pub mod endpoint;
pub mod endpoint_form;
pub mod endpoints;
pub mod health;
pub mod log_filter;
pub mod quick;
pub mod recover;
pub mod resendings;
pub mod samples;
pub mod secret;
pub mod tests;
pub mod told;
pub mod trial;
pub mod verdict;

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::web::Data;

use self::health::{Reading, Wellbeing};
use super::choices::Keyed;
use crate::domain::endpoint::Endpoint;
use crate::domain::endpoint::health::DisabledReason;
use crate::domain::ids::EndpointId;
use crate::domain::time::Timestamp;
use crate::i18n::Texts;
use crate::store::deliveries::health::Day;
use crate::web::addresses::{Addresses, get};
use crate::web::error::AppError;
use crate::web::extract::Admin;
use crate::web::inspector::stream;
use crate::web::state::AppState;

/// The tabs: path below `/settings/webhooks`, key of the name.
pub const TABS: &[Keyed] = &[
    ("", "settings.webhooks.quick"),
    ("/endpoints", "settings.webhooks.endpoints"),
    ("/deliveries", "settings.webhooks.deliveries"),
    ("/catalogue", "settings.webhooks.catalogue"),
    ("/inspector", "settings.webhooks.inspector"),
];

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table.route("/settings/webhooks/stream", get(live));
    quick::routes(table);
    trial::routes(table);
    endpoints::routes(table);
    endpoint::routes(table);
    secret::routes(table);
    recover::routes(table);
    tests::routes(table);
    deliveries::routes(table);
    delivery::routes(table);
    resendings::routes(table);
    catalogue::routes(table);
}

/// Says when attempts were recorded, so that pages show them while they happen.
async fn live(_me: Admin, state: Data<AppState>) -> HttpResponse {
    std::future::ready(stream::open(&state.hub, state.store.deliveries_moved())).await
}

/// The organisation's time zone, which times are shown in.
fn timezone(state: &AppState) -> String {
    state.store.directory().organisation.as_ref().map(|organisation| organisation.timezone.clone()).unwrap_or_default()
}

/// Endpoints in use, by name, with how their last day was. Read anew: the directory's copy says nothing of what came back since the last change.
struct Overview {
    endpoints: Vec<Endpoint>,
    days: HashMap<EndpointId, Day>,
    timezone: String,
}

impl Overview {
    async fn read(state: &AppState) -> Result<Self, AppError> {
        let mut endpoints = state.store.endpoints().await?;
        endpoints.retain(|endpoint| endpoint.archived_at.is_none());
        let ids = endpoints.iter().map(|endpoint| endpoint.id).collect();
        let days = state.store.endpoint_days(ids, state.store.clock().now().wall).await?;
        Ok(Self { endpoints, days, timezone: timezone(state) })
    }

    fn reading(&self, state: &AppState, t: &'static Texts) -> Reading<'_> {
        Reading { t, timezone: &self.timezone, now: state.store.clock().now() }
    }

    fn wellbeing(&self, endpoint: &Endpoint, state: &AppState, t: &'static Texts) -> Wellbeing {
        let nothing = Day::default();
        let day = self.days.get(&endpoint.id).unwrap_or(&nothing);
        Wellbeing::of(endpoint, day, state.board.of(endpoint.id), self.reading(state, t))
    }

    /// What an admin should look at.
    fn alarms(&self, state: &AppState, t: &'static Texts) -> Vec<Alarm> {
        let reading = self.reading(state, t);
        self.endpoints.iter().filter_map(|endpoint| Alarm::of(endpoint, reading)).collect()
    }
}

/// An endpoint that is disabled or will be.
struct Alarm {
    endpoint: EndpointId,
    name: String,
    sentence: String,
    is_over: bool,
}

impl Alarm {
    fn of(endpoint: &Endpoint, reading: Reading<'_>) -> Option<Self> {
        let disabled = endpoint.health.disabled.map(|(at, reason)| disabled(reading, at, reason));
        let is_over = disabled.is_some();
        let sentence = disabled.or_else(|| health::warning(endpoint, reading))?;
        Some(Self { endpoint: endpoint.id, name: endpoint.draft.name.clone(), sentence, is_over })
    }
}

/// Since when an endpoint is disabled, and why.
fn disabled(reading: Reading<'_>, at: Timestamp, reason: DisabledReason) -> String {
    let why = reading.t.text(&format!("webhook.disabled.{}", reason.as_str())).to_owned();
    reading.t.with("settings.webhooks.disabled_why", [("when", reading.at(at)), ("why", why)])
}
