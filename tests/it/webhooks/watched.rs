//! A dispatcher that breaks is followed by another, and work that nobody takes is found out.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use papo::domain::delivery::{AttemptCode, DeliveryState};
use papo::domain::event_type::EventType;
use papo::webhooks::client::tls_config;
use papo::webhooks::dispatcher::{Dispatcher, End};
use papo::webhooks::outgoing::Outgoing;
use papo::webhooks::pulse::Pulse;

use super::receiver::{Answer, Receiver};
use super::single::open;
use super::world::{World, on_one_thread};

const REQUESTED: [EventType; 1] = [EventType::ChatRequested];
const GRACE: Duration = Duration::from_millis(1);

#[test]
fn a_panic_in_an_attempt_is_that_attempts_own() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (broken, _) = world.endpoint("http://panic.example/", &REQUESTED).await;
        let (good, _) = world.endpoint(&receiver.url(), &REQUESTED).await;
        let mut policy = open();
        policy.lookup = Arc::new(|_, _| panic!("a resolver that breaks"));
        world.asks().await;
        world.dispatcher_by(policy).tick().await;
        assert_eq!(world.states(good).await, [DeliveryState::Delivered]);
        let kept = world.the_delivery(broken).await;
        assert_eq!((kept.attempts[0].1.code, kept.delivery.state), (AttemptCode::Interrupted, DeliveryState::Due));
        assert_eq!(world.store.endpoint(broken).await.expect("an endpoint").health.failures, 0, "not the receiver's fault");
    });
}

#[test]
fn a_dispatcher_whose_task_panics_ends_and_the_next_one_sends_what_it_had() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, _) = world.endpoint(&receiver.url(), &REQUESTED).await;
        let outgoing = Outgoing::new(open(), tls_config(None).expect("public authorities"), world.clock.clone());
        let calls = Cell::new(0);
        let random = move || {
            calls.set(calls.get() + 1);
            assert_ne!(calls.get(), 2, "chance has run out");
            0
        };
        let broken = Dispatcher::new(world.store.clone(), world.vault.clone(), outgoing, Arc::clone(&world.inspector), Box::new(random));
        for _ in 0..3 {
            world.asks().await;
        }
        let (_stop, stopped) = tokio::sync::watch::channel(false);
        // Its tasks end with it.
        assert_eq!(tokio::task::LocalSet::new().run_until(broken.run(stopped, GRACE)).await, End::Broken);
        world.dispatcher().tick().await;
        assert_eq!(world.states(endpoint).await, [DeliveryState::Delivered; 3]);
    });
}

#[test]
fn due_work_is_overdue_unless_a_dispatcher_that_lives_knows_why_it_waits() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, _) = world.endpoint(&receiver.url(), &REQUESTED).await;
        let pulse = Pulse::default();
        let overdue = async || pulse.overdue_ms(&world.store).await.expect("an age");
        assert_eq!(overdue().await, 0, "nothing is due");
        world.asks().await;
        world.clock.advance_ms(90_000);
        assert_eq!(overdue().await, 90_000, "nobody takes it");

        receiver.answers_next([Answer::with(429, &[("retry-after", "3600")], "")]);
        let dispatcher = world.dispatcher().with_pulse(pulse.clone());
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let run = tokio::task::spawn_local(async move { dispatcher.run(stopped, GRACE).await });
        while world.the_delivery(endpoint).await.delivery.attempts == 0 {
            tokio::task::yield_now().await;
        }
        world.asks().await;
        while receiver.posts().is_empty() || overdue().await > 0 {
            tokio::task::yield_now().await;
        }
        stop.send_replace(true);
        assert_eq!(run.await.expect("an end"), End::Stopped);
        world.clock.advance_ms(3_600_000);
        assert_eq!(overdue().await, 0, "it waits for the end of the pause");
        world.clock.advance_ms(10_000);
        assert_eq!(overdue().await, 10_000, "nobody goes on after it");
        world.dispatcher().tick().await;
        assert_eq!(overdue().await, 0);
    });
}
