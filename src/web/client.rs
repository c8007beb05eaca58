//! Where a request comes from: the address of the client, behind proxies that are trusted.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::Ordering;

use actix_web::web::Data;
use actix_web::{HttpRequest, rt};

use super::state::AppState;
use crate::config::Config;

/// The client's address: the peer's, or, where the peer is a trusted proxy, the rightmost hop of `X-Forwarded-For` that isn't one. What stands left of a hop
/// that can't be read was written by anybody, so the proxy that wrote that hop down counts as the client.
#[must_use]
pub fn address_of(request: &HttpRequest, config: &Config) -> Option<IpAddr> {
    let mut nearest = request.peer_addr()?.ip().to_canonical();
    let is_trusted = |address: IpAddr| config.trusted_proxies.iter().any(|network| network.contains(&address));
    let lines: Vec<&[u8]> = request.headers().get_all("x-forwarded-for").map(|line| line.as_bytes()).collect();
    let mut hops = lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b','));
    while is_trusted(nearest) {
        let Some(hop) = hops.next().and_then(read_hop) else { break };
        nearest = hop;
    }
    Some(nearest)
}

/// An address as proxies write it: bare, in brackets, with a port.
fn read_hop(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    let address = bare.parse::<IpAddr>().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()))?;
    Some(address.to_canonical())
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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use actix_web::test::TestRequest;
    use url::Url;

    use super::*;
    use crate::config::Rates;

    fn seen(forwarded: &[&[u8]]) -> String {
        let proxies = ["127.0.0.1/32", "10.0.0.0/8", "2001:db8:aa::/48"].map(|network| network.parse().expect("a network"));
        let config = Config {
            listen: "127.0.0.1:0".parse().expect("an address"),
            data_dir: PathBuf::new(),
            public_url: Url::parse("https://chat.example").expect("a URL"),
            trusted_proxies: proxies.to_vec(),
            webhook_allow: Vec::new(),
            webhook_ca: None,
            workers: 1,
            rates: Rates::default(),
            demo: None,
        };
        let mut request = TestRequest::default().peer_addr("127.0.0.1:4711".parse().expect("an address"));
        for line in forwarded {
            let value = actix_web::http::header::HeaderValue::from_bytes(line).expect("a header");
            request = request.append_header(("x-forwarded-for", value));
        }
        address_of(&request.to_http_request(), &config).expect("a peer").to_string()
    }

    #[test]
    fn the_rightmost_hop_that_is_no_proxy_is_the_client_however_it_is_written() {
        for (forwarded, client) in [
            ("203.0.113.9", "203.0.113.9"),
            ("6.6.6.6, 203.0.113.9", "203.0.113.9"),
            ("6.6.6.6, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
            ("6.6.6.6, 203.0.113.9:4711", "203.0.113.9"),
            ("6.6.6.6, [2001:db8::1]:443", "2001:db8::1"),
            ("6.6.6.6, [2001:db8::1]", "2001:db8::1"),
            ("6.6.6.6,2001:db8::1,2001:db8:aa::7", "2001:db8::1"),
            ("6.6.6.6, ::ffff:203.0.113.9", "203.0.113.9"),
        ] {
            assert_eq!(seen(&[forwarded.as_bytes()]), client, "{forwarded}");
        }
    }

    #[test]
    fn what_stands_left_of_an_unreadable_hop_is_nobodys_word() {
        for (forwarded, client) in
            [("6.6.6.6, unknown", "127.0.0.1"), ("6.6.6.6, garbage, 10.0.0.1", "10.0.0.1"), ("6.6.6.6,", "127.0.0.1"), ("", "127.0.0.1")]
        {
            assert_eq!(seen(&[forwarded.as_bytes()]), client, "{forwarded}");
        }
        assert_eq!(seen(&[b"6.6.6.6", b"\xff"]), "127.0.0.1", "the last line counts, whatever is in it");
        assert_eq!(seen(&[b"6.6.6.6", b"203.0.113.9"]), "203.0.113.9");
    }
}
