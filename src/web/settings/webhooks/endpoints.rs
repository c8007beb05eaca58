//! The list of endpoints: where each leads, what it hears, how its last day was.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;

use super::health::{self, Bar, Wellbeing};
use super::{Alarm, Overview, TABS};
use crate::domain::directory::Directory;
use crate::domain::endpoint::Endpoint;
use crate::domain::ids::EndpointId;
use crate::i18n::Texts;
use crate::store::deliveries::health::Day;
use crate::web::addresses::{Addresses, get};
use crate::web::error::AppError;
use crate::web::extract::Admin;
use crate::web::frame::{self, Frame, framed};
use crate::web::settings::Asked;
use crate::web::settings::choices::Keyed;
use crate::web::state::AppState;

struct Row {
    id: EndpointId,
    name: String,
    url: String,
    events: String,
    /// Which sites and departments it hears of.
    of: String,
    wellbeing: Wellbeing,
    bars: Vec<Bar>,
    day: String,
    latency: String,
}

#[derive(Template)]
#[template(path = "settings/webhooks/endpoints.html")]
struct ListPage {
    frame: Frame,
    tabs: &'static [Keyed],
    tab: &'static str,
    rows: Vec<Row>,
    alarms: Vec<Alarm>,
}
framed!(ListPage);

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table.route("/settings/webhooks/endpoints", get(list));
}

async fn list(me: Admin, asked: Asked, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let frame = Frame::settings(&me.0.agent, me.0.locale, "webhooks").telling(asked.told.as_deref());
    let overview = Overview::read(&state).await?;
    let (directory, nothing) = (state.store.directory(), Day::default());
    let row = |endpoint: &Endpoint| {
        let day = overview.days.get(&endpoint.id).unwrap_or(&nothing);
        Row {
            id: endpoint.id,
            name: endpoint.draft.name.clone(),
            url: endpoint.draft.url.masked(),
            events: frame.t.count("settings.webhooks.events_count", endpoint.draft.filter.events.len(), &[]),
            of: of(endpoint, &directory, frame.t),
            wellbeing: overview.wellbeing(endpoint, &state, frame.t),
            bars: health::bars(day),
            day: health::sentence(day, frame.t),
            latency: health::latency(day, frame.t),
        }
    };
    let page = ListPage {
        rows: overview.endpoints.iter().map(row).collect(),
        alarms: overview.alarms(&state, frame.t),
        tabs: TABS,
        tab: "/endpoints",
        frame,
    };
    frame::page(StatusCode::OK, &page.frame.nonce, &page)
}

/// The names of the sites and departments that an endpoint is limited to.
fn of(endpoint: &Endpoint, directory: &Directory, t: &Texts) -> String {
    let filter = &endpoint.draft.filter;
    let sites = filter.sites.iter().filter_map(|id| directory.sites.get(id)).map(|site| site.name.as_str());
    let mut names: Vec<&str> = sites.chain(filter.departments.iter().map(|id| directory.department_name(*id))).collect();
    names.sort_unstable();
    if names.is_empty() { t.text("settings.webhooks.of_all").to_owned() } else { names.join(", ") }
}
