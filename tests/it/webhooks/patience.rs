//! How long an endpoint is borne with: the breaker, the pause, the pace, the way to being disabled, and back.

use std::net::{SocketAddr, TcpListener};

use papo::domain::delivery::DeliveryState::{Delivered, Due, Failed, Held};
use papo::domain::endpoint::health::{DisabledReason, Warning};
use papo::domain::endpoint::url::WebhookUrl;
use papo::domain::event_type::EventType;
use papo::domain::ids::EndpointId;

use super::receiver::{Answer, Receiver};
use super::world::{World, on_one_thread};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const REQUESTED: [EventType; 1] = [EventType::ChatRequested];

fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address")
}

fn address(receiver: &Receiver) -> WebhookUrl {
    WebhookUrl::parse(&receiver.url()).expect("a URL")
}

/// A world in which an endpoint has this many events waiting.
async fn world_with(url: &str, events: usize) -> (World, EndpointId) {
    let world = World::opens().await;
    let (endpoint, _) = world.endpoint(url, &REQUESTED).await;
    for _ in 0..events {
        world.asks().await;
    }
    (world, endpoint)
}

#[test]
fn the_breaker_probes_with_one_at_growing_pauses_and_closes_when_somebody_answers() {
    on_one_thread(async {
        let (world, endpoint) = world_with(&format!("http://{}/", nobody()), 40).await;
        let dispatcher = world.dispatcher();
        assert_eq!(dispatcher.tick().await, 8);
        for seconds in [30, 60, 120] {
            world.clock.advance_ms(seconds * 1000 - 1);
            assert_eq!(dispatcher.tick().await, 0, "open for {seconds} s");
            world.clock.advance_ms(1);
            assert_eq!(dispatcher.tick().await, 1, "one probes after {seconds} s");
        }
        let receiver = Receiver::opens();
        world.changes(endpoint, |draft| draft.url = address(&receiver)).await;
        world.clock.advance_ms(239_999);
        assert_eq!(dispatcher.tick().await, 0, "still open, whatever the address");
        world.clock.advance_ms(HOUR_MS);
        assert!(dispatcher.tick().await >= 40, "the probe is taken, and all follow");
        assert!(world.states(endpoint).await.iter().all(|state| *state == Delivered));
        let attempts: u32 = world.deliveries(endpoint).await.iter().map(|delivery| delivery.attempts).sum();
        assert_eq!(attempts, 40 + 8 + 3, "being put off burnt no attempt");
    });
}

#[test]
fn the_breaker_outlasts_restarts_with_its_growing_pauses() {
    on_one_thread(async {
        let (mut world, endpoint) = world_with(&format!("http://{}/", nobody()), 40).await;
        assert_eq!(world.dispatcher().tick().await, 8);
        for seconds in [30, 60, 120, 240, 480, 900, 900] {
            world = world.restarts_by(5_000).await;
            assert_eq!(world.dispatcher().tick().await, 0, "a start is no burst");
            world.clock.advance_ms(seconds * 1000 - 5_001);
            assert_eq!(world.dispatcher().tick().await, 0, "open for {seconds} s");
            world.clock.advance_ms(1);
            assert_eq!(world.dispatcher().tick().await, 1, "one probes after {seconds} s");
        }
        let attempts: u32 = world.deliveries(endpoint).await.iter().map(|delivery| delivery.attempts).sum();
        assert_eq!(attempts, 8 + 7, "being put off burnt no attempt");
    });
}

#[test]
fn whoever_could_be_reached_again_is_called_at_once_after_a_restart() {
    on_one_thread(async {
        let (world, endpoint) = world_with(&format!("http://{}/", nobody()), 8).await;
        world.dispatcher().tick().await;
        let receiver = Receiver::opens();
        world.changes(endpoint, |draft| draft.url = address(&receiver)).await;
        world.clock.advance_ms(30_000);
        assert_eq!(world.dispatcher().tick().await, 8, "the probe is taken, and all follow");
        let world = world.restarts().await;
        world.asks().await;
        assert_eq!(world.dispatcher().tick().await, 1);
    });
}

#[test]
fn a_pause_that_was_asked_for_outlasts_a_restart_and_a_clock_that_was_set_meanwhile() {
    on_one_thread(async {
        for (shift_ms, left_ms) in [(1_000, 7_199_000), (-DAY_MS, 7_200_000), (DAY_MS, 0)] {
            let receiver = Receiver::opens();
            receiver.answers_next([Answer::with(429, &[("Retry-After", "7200")], "")]);
            let (world, _) = world_with(&receiver.url(), 1).await;
            world.dispatcher().tick().await;
            let world = world.restarts_by(shift_ms).await;
            for _ in 0..3 {
                world.asks().await;
            }
            let dispatcher = world.dispatcher();
            if left_ms > 0 {
                assert_eq!(dispatcher.tick().await, 0, "a start is no burst, set by {shift_ms}");
                world.clock.advance_ms(left_ms - 1);
                assert_eq!(dispatcher.tick().await, 0, "set by {shift_ms}");
                world.clock.advance_ms(1);
            }
            assert_eq!(dispatcher.tick().await, 4, "set by {shift_ms}");
        }
    });
}

#[test]
fn a_limit_that_was_halved_outlasts_a_restart() {
    on_one_thread(async {
        for (answer, at_once) in [(Answer::status(200), 8), (Answer::with(429, &[("Retry-After", "1")], ""), 4)] {
            let receiver = Receiver::opens();
            receiver.answers_next([answer]);
            let (world, _) = world_with(&receiver.url(), 1).await;
            world.dispatcher().tick().await;
            let world = world.restarts_by(2_000).await;
            for _ in 0..20 {
                world.asks().await;
            }
            receiver.answers_always(Answer::Hang);
            let dispatcher = world.dispatcher();
            let working = tokio::task::spawn_local({
                let dispatcher = dispatcher.clone();
                async move { dispatcher.tick().await }
            });
            while receiver.posts().len() < 2 {
                tokio::task::yield_now().await;
            }
            assert_eq!(dispatcher.in_flight(), at_once);
            working.abort();
        }
    });
}

#[test]
fn a_restart_forgets_the_pace_of_a_rate_and_makes_no_burst_of_it() {
    on_one_thread(async {
        let receiver = Receiver::opens();
        let (mut world, endpoint) = world_with(&receiver.url(), 20).await;
        world.changes(endpoint, |draft| draft.rate_per_second = Some(2)).await;
        for start in 0..3 {
            assert_eq!(world.dispatcher().tick().await, 1, "start {start}");
            world = world.restarts().await;
        }
    });
}

#[test]
fn a_jump_of_the_clock_moves_neither_the_breaker_nor_a_pause() {
    on_one_thread(async {
        for jump_ms in [DAY_MS, -DAY_MS] {
            let (world, _) = world_with(&format!("http://{}/", nobody()), 20).await;
            let dispatcher = world.dispatcher();
            assert_eq!(dispatcher.tick().await, 8);
            for seconds in [30, 60] {
                world.clock.jump_ms(jump_ms);
                world.clock.advance_ms(seconds * 1000 - 1);
                assert_eq!(dispatcher.tick().await, 0, "open for {seconds} s, whatever the clock shows");
                world.clock.advance_ms(1);
                assert_eq!(dispatcher.tick().await, 1, "one probes after {seconds} s");
            }
            let receiver = Receiver::opens();
            receiver.answers_next([Answer::with(429, &[("Retry-After", "90")], "")]);
            let (world, _) = world_with(&receiver.url(), 1).await;
            let dispatcher = world.dispatcher();
            dispatcher.tick().await;
            world.asks().await;
            world.clock.jump_ms(jump_ms);
            world.clock.advance_ms(89_999);
            assert_eq!(dispatcher.tick().await, 0, "paused, whatever the clock shows");
            world.clock.advance_ms(1);
            assert_eq!(dispatcher.tick().await, 2);
        }
    });
}

#[test]
fn an_endpoint_that_fails_for_five_days_is_disabled_with_warnings_on_the_way_and_loses_nothing() {
    on_one_thread(async {
        let receiver = Receiver::opens();
        receiver.answers_always(Answer::status(500));
        let (mut world, endpoint) = world_with(&receiver.url(), 1).await;
        let mut warnings = vec![Warning::None];
        for hour in 0..=120 {
            if hour % 10 == 0 {
                world.asks().await;
            }
            world.dispatcher().tick().await;
            let health = world.store.endpoint(endpoint).await.expect("an endpoint").health;
            if Some(&health.warning()) != warnings.last() {
                warnings.push(health.warning());
            }
            assert_eq!(health.disabled.map(|(_, reason)| reason), (hour == 120).then_some(DisabledReason::Failing), "after {hour} h");
            world.clock.advance_ms(HOUR_MS);
            if hour % 25 == 0 {
                world = world.restarts().await;
            }
        }
        assert_eq!(warnings, [Warning::None, Warning::Half, Warning::Seventy, Warning::Ninety, Warning::Over]);
        receiver.takes();
        world.asks().await;
        let dispatcher = world.dispatcher();
        assert_eq!(dispatcher.tick().await, 0, "a disabled endpoint is left alone");
        let states = world.states(endpoint).await;
        assert!(states.iter().all(|state| [Held, Failed].contains(state)) && states.contains(&Held), "{states:?}");
        let since = world.deliveries(endpoint).await[0].event_at;
        receiver.answers_always(Answer::status(200));
        world.changes(endpoint, |draft| draft.enabled = true).await;
        assert!(world.store.endpoint(endpoint).await.expect("an endpoint").is_live(), "mended");
        let recovered = world.recovers(endpoint, since).await.expect("a recovery");
        dispatcher.tick().await;
        let mut arrived: Vec<String> = receiver.takes().iter().map(|post| post.header("webhook-id").to_owned()).collect();
        arrived.sort();
        arrived.dedup();
        assert_eq!((arrived.len(), recovered), (15, 15), "every event since the first arrived");
    });
}

#[test]
fn failures_that_a_success_interrupts_never_disable() {
    on_one_thread(async {
        let receiver = Receiver::opens();
        receiver.answers_always(Answer::status(500));
        let (world, endpoint) = world_with(&receiver.url(), 0).await;
        let dispatcher = world.dispatcher();
        for hour in 0..300 {
            if hour % 100 == 99 {
                receiver.answers_next([Answer::status(200)]);
            }
            world.asks().await;
            dispatcher.tick().await;
            world.clock.advance_ms(HOUR_MS);
        }
        assert_eq!(world.store.endpoint(endpoint).await.expect("an endpoint").health.disabled, None);
    });
}

#[test]
fn a_410_disables_at_once_and_what_waits_is_held_through_a_restart() {
    on_one_thread(async {
        let receiver = Receiver::opens();
        receiver.answers_next([Answer::status(500), Answer::status(410)]);
        let (world, endpoint) = world_with(&receiver.url(), 1).await;
        let dispatcher = world.dispatcher();
        dispatcher.tick().await;
        world.asks().await;
        dispatcher.tick().await;
        let health = world.store.endpoint(endpoint).await.expect("an endpoint").health;
        assert_eq!(health.disabled.map(|(_, reason)| reason), Some(DisabledReason::Gone));
        assert_eq!(world.states(endpoint).await, [Held, Failed]);
        let world = world.restarts_by(24 * HOUR_MS).await;
        world.asks().await;
        assert_eq!(world.dispatcher().tick().await, 0);
        assert_eq!(world.states(endpoint).await, [Held, Failed, Held]);
    });
}

#[test]
fn a_429_without_a_hint_pauses_for_the_deliverys_own_delay() {
    on_one_thread(async {
        let receiver = Receiver::opens();
        receiver.answers_next([Answer::status(429)]);
        let (world, endpoint) = world_with(&receiver.url(), 1).await;
        let dispatcher = world.dispatcher();
        dispatcher.tick().await;
        for _ in 0..10 {
            world.asks().await;
        }
        world.clock.advance_ms(4_999);
        assert_eq!(dispatcher.tick().await, 0);
        world.clock.advance_ms(1);
        assert_eq!(dispatcher.tick().await, 11);
        assert!(world.states(endpoint).await.iter().all(|state| *state == Delivered));
    });
}

#[test]
fn a_rate_is_kept_on_the_clock_and_waiting_costs_no_attempt() {
    on_one_thread(async {
        let receiver = Receiver::opens();
        let (world, endpoint) = world_with(&receiver.url(), 20).await;
        world.changes(endpoint, |draft| draft.rate_per_second = Some(2)).await;
        let dispatcher = world.dispatcher();
        let mut made = dispatcher.tick().await;
        for _ in 0..9 {
            world.clock.advance_ms(1_000);
            let now = dispatcher.tick().await;
            assert!(now <= 2, "{now} in a second");
            made += now;
        }
        assert!((10..=20).contains(&made), "{made}");
        let deliveries = world.deliveries(endpoint).await;
        assert!(deliveries.iter().all(|delivery| matches!((delivery.state, delivery.attempts), (Delivered, 1) | (Due, 0))));
    });
}
