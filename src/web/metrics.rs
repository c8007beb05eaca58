//! `/metrics` for Prometheus: to this machine, or to who has a token with the scope `metrics:read`.
//!
//! Only counts, nothing about people; still nobody's business outside. A request that came through a proxy is never taken for one of this machine.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::addresses::{Addresses, get};
use super::api::caller::Caller;
use super::error::AppError;
use super::state::AppState;
use crate::hub::Topic;
use crate::metrics::{CONTENT_TYPE, Readings};

/// Headers by which proxies say for whom they ask.
const FORWARDED: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];
/// The scope that a token needs.
pub const SCOPE: &str = "metrics:read";

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table.route("/metrics", get(show));
}

async fn show(request: HttpRequest, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    if request.headers().contains_key(header::AUTHORIZATION) {
        let caller = Caller::of(&request, &state).await?;
        state.limits.program(caller.key())?;
        caller.require(SCOPE)?;
    } else if !is_of_this_machine(&request) {
        return Err(AppError::Unauthorised);
    }
    let of_hub = |topic| i64::try_from(state.hub.count(topic)).unwrap_or(i64::MAX);
    let all = of_hub(Topic::Everyone);
    let agents = of_hub(Topic::Agents);
    let readings = Readings {
        visitor_sockets: (all - agents).max(0),
        agent_sockets: agents,
        overdue_ms: state.pulse.overdue_ms(&state.store).await?,
        ..of_process(state.store.readings().await?)
    };
    let text = state.store.metrics().text(&readings);
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).content_type(CONTENT_TYPE).body(text))
}

fn is_of_this_machine(request: &HttpRequest) -> bool {
    request.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback())
        && !FORWARDED.iter().any(|name| request.headers().contains_key(*name))
}

/// What Linux says of this process; 0 where it doesn't.
fn of_process(readings: Readings) -> Readings {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident_kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse::<i64>().ok());
    let open = std::fs::read_dir("/proc/self/fd").map_or(0, |entries| i64::try_from(entries.count()).unwrap_or(0));
    let (soft, _hard) = rlimit::Resource::NOFILE.get().unwrap_or_default();
    Readings {
        resident_bytes: resident_kib.unwrap_or(0).saturating_mul(1024),
        descriptors_open: open,
        descriptors_max: i64::try_from(soft).unwrap_or(i64::MAX),
        ..readings
    }
}
