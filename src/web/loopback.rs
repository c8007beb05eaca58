//! The wall of the demo: it listens on loopback, and answers only to names of loopback, so that no page elsewhere can reach it by a name that
//! was pointed at this machine (DNS rebinding). Source: SECURITY.md, Demo.

use std::net::IpAddr;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse};

use super::error::AppError;
use super::state::AppState;

/// Whether a request asks for loopback, and for nothing else.
fn asks_for_loopback(request: &ServiceRequest) -> bool {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    // HTTP/2 and absolute targets name the host in the URI, and both must be ours where both are there.
    let in_target = request.uri().authority().map(|authority| authority.as_str());
    let named: Vec<&str> = host.into_iter().chain(in_target).collect();
    !named.is_empty() && named.into_iter().all(is_loopback)
}

/// For `wrap(from_fn(…))` of the demo's shop: 421 to every request whose `Host` is not of loopback. A stranger's website, it has no form for what it refuses.
///
/// # Errors
/// Those of the handlers inside.
pub async fn only_loopback(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<BoxBody>, Error> {
    if asks_for_loopback(&request) {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    }
    let refused = HttpResponse::build(StatusCode::MISDIRECTED_REQUEST)
        .insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body("The demo answers only under localhost and loopback addresses.\n");
    Ok(request.into_response(refused))
}

/// The same for the server itself, which has this wall in a demo alone. Inside of what gives refusals their form.
///
/// # Errors
/// Those of the handlers inside.
pub async fn refuse_foreign_host(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let walled = request.app_data::<Data<AppState>>().is_some_and(|state| state.config.demo.is_some());
    if walled && !asks_for_loopback(&request) {
        return Ok(request.error_response(AppError::ForeignHost));
    }
    next.call(request).await.map(ServiceResponse::map_into_boxed_body)
}

/// Whether a `Host` value names this machine by loopback: `localhost`, names below it, `127.0.0.0/8`, `[::1]`, each with or without a port.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) if is_port(port) => address,
            _ => return false,
        },
        None => match host.split_once(':') {
            Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
            Some(_) => return false,
            None => host,
        },
    };
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix('.').unwrap_or(&name);
    name == "localhost" || name.ends_with(".localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Nothing, or a colon and digits.
fn is_port(text: &str) -> bool {
    text.is_empty() || text.strip_prefix(':').is_some_and(|port| port.bytes().all(|digit| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_names_of_loopback_are_ours() {
        for host in ["localhost", "LOCALHOST:8081", "shop.localhost:1", "127.0.0.1:8080", "127.8.9.1", "[::1]", "[::1]:8080", "localhost."]
        {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "papo.example",
            "localhost.example",
            "127.0.0.1.example",
            "192.168.0.1",
            "[::2]:80",
            "localhost@evil.example",
            "evil.example:80@localhost",
            "[::1].example",
            "notlocalhost",
            "0.0.0.0",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
