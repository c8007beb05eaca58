//! Nothing is dialled that must not be: every spelling, after DNS, at each attempt.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use papo::domain::address::AllowList;
use papo::domain::delivery::AttemptCode;
use papo::domain::event_type::EventType;
use papo::webhooks::guard::Policy;

use super::receiver::Receiver;
use super::world::{World, on_one_thread};

async fn code_of(world: &World, policy: Policy, url: &str) -> AttemptCode {
    let (endpoint, _) = world.endpoint(url, &[EventType::ChatRequested]).await;
    world.store.send_test(endpoint, EventType::WebhookTest).await.expect("a test");
    world.dispatcher_by(policy).tick().await;
    let detail = world.the_delivery(endpoint).await;
    detail.attempts[0].1.code
}

#[test]
fn every_spelling_of_a_forbidden_address_is_refused() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let port = receiver.address.port();
        for host in [
            "127.0.0.1",
            "127.1",
            "0x7f.0.0.1",
            "2130706433",
            "0177.0.0.1",
            "0",
            "localhost",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[fe80::1]",
            "[fd00:ec2::254]",
            "10.0.0.1",
            "192.168.0.1",
            "100.100.100.200",
            "169.254.169.254",
            "168.63.129.16",
            "１２７.０.０.１",
        ] {
            let policy = Policy::new(AllowList::default(), Vec::new());
            assert_eq!(code_of(&world, policy, &format!("http://{host}:{port}/")).await, AttemptCode::BlockedAddress, "{host}");
        }
        assert_eq!(receiver.connections(), 0);
    });
}

#[test]
fn what_the_operator_opened_is_dialled_but_never_the_server_itself() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let open = |own: Vec<SocketAddr>| Policy::new("127.0.0.0/8,0.0.0.0/8,::1/128".parse().expect("a list"), own);
        let url = receiver.url();
        assert_eq!(code_of(&world, open(Vec::new()), &url).await, AttemptCode::Delivered);
        let everywhere = SocketAddr::from(([0, 0, 0, 0], receiver.address.port()));
        for own in [receiver.address, everywhere] {
            for host in ["127.0.0.1", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]"] {
                let url = format!("http://{host}:{}/", receiver.address.port());
                assert_eq!(code_of(&world, open(vec![own]), &url).await, AttemptCode::BlockedAddress, "{host} is {own}");
            }
        }
    });
}

#[test]
fn a_name_that_turns_to_loopback_after_it_was_looked_up_gains_nothing() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let asked = Arc::new(AtomicUsize::new(0));
        let (count, local) = (Arc::clone(&asked), receiver.address);
        let mut policy = Policy::new(AllowList::default(), Vec::new());
        // TEST-NET stands for somewhere public that doesn't answer; it is opened, so that only the answer of the name decides.
        policy.allow = "192.0.2.0/24".parse().expect("a list");
        policy.lookup = Arc::new(move |_, port| {
            let first = count.fetch_add(1, Ordering::SeqCst) == 0;
            let mixed = vec![SocketAddr::from(([192, 0, 2, 1], port)), local];
            Box::pin(async move { Ok(if first { mixed } else { vec![local] }) })
        });
        for _ in 0..2 {
            let url = format!("http://rebinding.example:{}/", local.port());
            assert_eq!(code_of(&world, policy.clone(), &url).await, AttemptCode::BlockedAddress);
        }
        assert_eq!((asked.load(Ordering::SeqCst), receiver.connections()), (2, 0));
    });
}

#[test]
fn a_name_without_an_address_is_tried_again() {
    on_one_thread(async {
        let world = World::opens().await;
        let mut policy = Policy::new(AllowList::default(), Vec::new());
        policy.lookup = Arc::new(|_, _| Box::pin(async { Err(std::io::Error::other("no such name")) }));
        assert_eq!(code_of(&world, policy, "http://nobody.example/").await, AttemptCode::DnsFailed);
    });
}
