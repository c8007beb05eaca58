//! The guard against every way to write an address that must not be called: both edges of each range, and whatever lies between.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ipnet::{IpNet, Ipv4Net};
use papo::domain::address::{AllowList, FORBIDDEN_V4, FORBIDDEN_V6, METADATA_V4, METADATA_V6, PRIVATE_V4, PRIVATE_V6};
use papo::domain::delivery::AttemptCode::{BlockedAddress, ConnectFailed, Delivered};
use papo::domain::delivery::DeliveryState;
use papo::domain::endpoint::url::WebhookUrl;
use papo::domain::event_type::EventType;
use papo::webhooks::guard::Policy;
use proptest::prelude::*;

use super::receiver::Receiver;
use super::single::{PATIENT, Sender};
use super::world::{World, on_one_thread};

fn closed() -> Policy {
    Policy::new(AllowList::default(), Vec::new())
}

fn ranges_v4() -> Vec<Ipv4Net> {
    [&METADATA_V4[..], &PRIVATE_V4[..], &FORBIDDEN_V4[..]].concat()
}

/// What a URL's host may look like that leads to this address.
fn spellings(ip: Ipv4Addr) -> Vec<String> {
    let [a, b, c, d] = ip.octets();
    let bits = ip.to_bits();
    let wide: String = ip.to_string().chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).filter(|_| c != '.').unwrap_or('。')).collect();
    vec![
        ip.to_string(),
        format!("{ip}."),
        bits.to_string(),
        format!("{bits:#x}"),
        format!("0{bits:o}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"),
        format!("{a:#x}.{}", bits & 0xff_ffff),
        format!("{a}.{b}.{}", bits & 0xffff),
        format!("%3{}{}", a.to_string().chars().next().unwrap_or('0'), ip.to_string().get(1..).unwrap_or_default()),
        wide,
        format!("[::ffff:{ip}]"),
        format!("[::ffff:{:x}:{:x}]", bits >> 16, bits & 0xffff),
        format!("[0:0:0:0:0:FFFF:{ip}]"),
        format!("[64:ff9b::{ip}]"),
        format!("[64:ff9b:1::{ip}]"),
        format!("[2002:{:x}:{:x}::1]", bits >> 16, bits & 0xffff),
        format!("[::{ip}]"),
        format!("[::ffff:0:{ip}]"),
        format!("[fe80::5efe:{ip}]"),
    ]
}

/// None of the spellings is dialled: it is no URL, or the guard refuses it.
async fn assert_refused(sender: &Sender, ip: Ipv4Addr) {
    for host in spellings(ip) {
        for url in [format!("http://{host}:9/"), format!("https://{host}:9/"), format!("http://{host}:9/?u=http://example.com")] {
            let Ok(parsed) = WebhookUrl::parse(&url) else { continue };
            let made = sender.posts(&url).await;
            assert_eq!((made.attempt.code, made.attempt.remote_address), (BlockedAddress, None), "{url} is {parsed}");
            assert_eq!((made.next.state, made.next.retry_in_ms), (DeliveryState::Failed, None), "{url}");
        }
        assert!(WebhookUrl::parse(&format!("http://good.example@{host}/")).is_err(), "user names are refused: {host}");
        assert!(WebhookUrl::parse(&format!("http://good.example\\@{host}/")).is_err(), "and tricks with them: {host}");
    }
}

#[test]
fn both_edges_of_every_ipv4_range_are_refused_in_every_spelling() {
    on_one_thread(async {
        let sender = Sender::new(closed(), None, PATIENT);
        for range in ranges_v4() {
            for edge in [range.network(), range.broadcast()] {
                assert_refused(&sender, edge).await;
            }
        }
    });
}

#[test]
fn both_edges_of_every_ipv6_range_are_refused() {
    on_one_thread(async {
        let sender = Sender::new(closed(), None, PATIENT);
        let others = ["::/128", "::1/128", "::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "100::/64", "5f00::/16", "fe80::/10", "ff00::/8"];
        let others = others.map(|text| text.parse::<IpNet>().expect("a range"));
        let listed = [&METADATA_V6[..], &PRIVATE_V6[..], &FORBIDDEN_V6[..]].concat();
        for range in listed.into_iter().map(IpNet::V6).chain(others) {
            for edge in [range.network(), range.broadcast()] {
                let made = sender.posts(&format!("http://[{edge}]:9/")).await;
                assert_eq!((made.attempt.code, made.attempt.remote_address), (BlockedAddress, None), "{edge} of {range}");
            }
        }
        assert!(WebhookUrl::parse("http://[fe80::1%25lo]/").is_err(), "zones are refused");
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_within_a_range_is_dialled(range in proptest::sample::select(ranges_v4()), offset: u32) {
        let host_bits = u32::MAX.checked_shr(u32::from(range.prefix_len())).unwrap_or(0);
        let ip = Ipv4Addr::from_bits(range.network().to_bits() | (offset & host_bits));
        on_one_thread(async move { assert_refused(&Sender::new(closed(), None, PATIENT), ip).await });
    }

    #[test]
    fn a_name_is_judged_by_every_address_that_it_has(bits: u128, at in 0..3_usize) {
        // Among private addresses, which are left out, a forbidden one leaves nothing; neither is dialled, and none is shown.
        let secret = Ipv4Addr::from_bits(0x7f00_0000 | u32::try_from(bits & 0xff_ffff).unwrap_or(0));
        let unique = Ipv6Addr::from_bits((bits >> 8) | (0xfd << 120));
        on_one_thread(async move {
            let mut policy = closed();
            policy.lookup = Arc::new(move |_, port| {
                let mut found = vec![SocketAddr::from(([10, 0, 0, 1], port)), SocketAddr::from((unique, port))];
                found.insert(at, SocketAddr::from((secret, port)));
                Box::pin(async move { Ok(found) })
            });
            let made = Sender::new(policy, None, PATIENT).posts("http://many.example:9/").await;
            assert_eq!(made.attempt.code, BlockedAddress);
            let shown = format!("{:?}", made.attempt);
            let hidden = [IpAddr::from(secret), IpAddr::from(unique), IpAddr::from([10, 0, 0, 1])];
            assert!(hidden.iter().all(|ip| !shown.contains(&ip.to_string())), "{shown}");
        });
    }
}

#[test]
fn private_addresses_beside_an_open_one_are_left_out_and_never_tried() {
    on_one_thread(async {
        let receiver = Receiver::opens();
        let address = receiver.address;
        let mut policy = Policy::new("127.0.0.1/32".parse().expect("a list"), Vec::new());
        policy.lookup = Arc::new(move |_, port| {
            let found = vec![SocketAddr::from(([10, 0, 0, 1], port)), address, SocketAddr::from(([192, 168, 0, 1], port))];
            Box::pin(async move { Ok(found) })
        });
        let made = Sender::new(policy, None, PATIENT).posts(&format!("http://mixed.example:{}/", address.port())).await;
        assert_eq!((made.attempt.code, made.attempt.remote_address), (Delivered, Some(address.to_string())));
    });
}

#[test]
fn a_name_that_turns_to_loopback_between_two_attempts_fails_at_once() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (local, count) = (receiver.address, Arc::new(AtomicUsize::new(0)));
        let mut policy = Policy::new("127.0.0.2/32".parse().expect("a list"), Vec::new());
        policy.lookup = Arc::new(move |_, port| {
            let first = count.fetch_add(1, Ordering::SeqCst) == 0;
            let found = if first { SocketAddr::from(([127, 0, 0, 2], port)) } else { local };
            Box::pin(async move { Ok(vec![found]) })
        });
        let (endpoint, _) = world.endpoint(&format!("http://rebinding.example:{}/", local.port()), &[EventType::ChatRequested]).await;
        world.asks().await;
        let dispatcher = world.dispatcher_by(policy);
        dispatcher.tick().await;
        world.clock.advance_ms(5_000);
        dispatcher.tick().await;
        let kept = world.the_delivery(endpoint).await;
        let codes: Vec<_> = kept.attempts.iter().map(|(_, attempt)| attempt.code).collect();
        assert_eq!((codes, kept.delivery.state), (vec![ConnectFailed, BlockedAddress], DeliveryState::Failed));
        assert_eq!(receiver.connections(), 0);
    });
}
