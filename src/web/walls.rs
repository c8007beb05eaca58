//! The demo's walls: it answers only to names of this machine, so that no foreign page can reach it by a name of its own (DNS rebinding).

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;

use super::error::AppError;
use super::state::AppState;

/// Refuses a `Host` that isn't of loopback, in a demo.
///
/// # Errors
/// `Forbidden`.
pub async fn refuse_foreign_host(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let walled = request.app_data::<Data<AppState>>().is_some_and(|state| state.config.demo.is_some());
    if walled && !is_loopback(request.connection_info().host()) {
        return Ok(request.error_response(AppError::Forbidden));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// Whether a `Host` names this machine: `localhost`, `127.0.0.0/8` or `[::1]`, with or without a port.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_names_of_this_machine_are_loopback() {
        for own in ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "127.9.9.9", "[::1]:80", "[::1]"] {
            assert!(is_loopback(own), "{own}");
        }
        for foreign in ["evil.example", "localhost.evil.example", "10.0.0.1:80", "[fe80::1]", ""] {
            assert!(!is_loopback(foreign), "{foreign}");
        }
    }
}
