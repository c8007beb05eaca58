//! Where a request comes from: the address of the client, behind proxies that are trusted.

use std::net::IpAddr;
use std::sync::atomic::Ordering;

use actix_web::web::Data;
use actix_web::{HttpRequest, rt};

use super::state::AppState;
use crate::config::Config;

/// The client's address: the peer's, or, where the peer is a trusted proxy, the rightmost hop of `X-Forwarded-For` that isn't one.
#[must_use]
pub fn address_of(request: &HttpRequest, config: &Config) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let trusted = |address: IpAddr| config.trusted_proxies.iter().any(|network| network.contains(&address));
    if !trusted(peer) {
        return Some(peer);
    }
    let hops: Vec<IpAddr> = request
        .headers()
        .get_all("x-forwarded-for")
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|hop| hop.trim().parse::<IpAddr>().ok())
        .map(|hop| hop.to_canonical())
        .collect();
    Some(hops.iter().rev().copied().find(|hop| !trusted(*hop)).unwrap_or(peer))
}

/// Notes once, for `papo check` and the log, that somebody of this machine or its network forwards requests and is not named as a proxy: all clients behind
/// it would share its address and its rates. An address of the public network is no proxy of ours but a client that sent the header, and isn't kept.
pub fn note_untrusted_forwarder(request: &HttpRequest, state: &Data<AppState>) {
    if !request.headers().contains_key("x-forwarded-for") && !request.headers().contains_key("forwarded") {
        return;
    }
    let Some(peer) = request.peer_addr().map(|peer| peer.ip().to_canonical()) else { return };
    let is_near = match peer {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    };
    let is_trusted = state.config.trusted_proxies.iter().any(|network| network.contains(&peer));
    if !is_near || is_trusted || state.forwarder_noted.swap(true, Ordering::AcqRel) {
        return;
    }
    tracing::warn!("requests come forwarded by a proxy that is not in trusted_proxies; see `papo check`");
    let state = state.clone();
    rt::spawn(async move {
        if let Err(error) = state.store.note_fact("untrusted_forwarder", peer.to_string()).await {
            tracing::warn!(%error, "the proxy could not be noted");
        }
    });
}
