//! When a failed delivery is tried again, on a clock that stands still between.

use papo::domain::backoff::RETRY_DELAYS_SECONDS;
use papo::domain::delivery::{AttemptCode, DeliveryState};
use papo::domain::event_type::EventType;

use super::receiver::{Answer, Receiver};
use super::world::{World, on_one_thread};

#[test]
fn ten_attempts_come_at_their_times_and_not_a_millisecond_sooner() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, _) = world.endpoint(&receiver.url(), &[EventType::ChatRequested]).await;
        receiver.answers_always(Answer::status(500));
        world.asks().await;
        let dispatcher = world.dispatcher();
        assert_eq!(dispatcher.tick().await, 1);
        for seconds in RETRY_DELAYS_SECONDS {
            world.clock.advance_ms(seconds * 1000 - 1);
            assert_eq!(dispatcher.tick().await, 0, "a millisecond before {seconds} s");
            world.clock.advance_ms(1);
            assert_eq!(dispatcher.tick().await, 1, "after {seconds} s");
        }
        let kept = world.the_delivery(endpoint).await;
        assert_eq!((kept.delivery.state, kept.attempts.len()), (DeliveryState::Failed, 10));
        assert_eq!(kept.attempts.iter().map(|(number, _)| *number).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
    });
}

#[test]
fn the_schedule_goes_on_over_a_restart_and_a_clock_that_was_set() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, _) = world.endpoint(&receiver.url(), &[EventType::ChatRequested]).await;
        receiver.answers_always(Answer::status(500));
        world.asks().await;
        world.dispatcher().tick().await;
        let world = world.restarts().await;
        let dispatcher = world.dispatcher();
        assert_eq!(dispatcher.tick().await, 0, "not due yet");
        world.clock.jump_ms(24 * 3_600_000);
        assert_eq!(dispatcher.tick().await, 0, "a jump of the clock moves nothing");
        world.clock.advance_ms(5_000);
        assert_eq!(dispatcher.tick().await, 1);
        assert_eq!(world.the_delivery(endpoint).await.delivery.attempts, 2);
    });
}

#[test]
fn retry_after_is_kept_and_a_429_pauses_the_whole_endpoint() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, _) = world.endpoint(&receiver.url(), &[EventType::ChatRequested]).await;
        receiver.answers_next([Answer::with(429, &[("Retry-After", "90")], "")]);
        let dispatcher = world.dispatcher();
        world.asks().await;
        dispatcher.tick().await;
        world.asks().await;
        assert_eq!(dispatcher.tick().await, 0, "another chat's event waits too");
        world.clock.advance_ms(89_999);
        assert_eq!(dispatcher.tick().await, 0);
        world.clock.advance_ms(1);
        assert_eq!(dispatcher.tick().await, 2);
        let attempts: Vec<u32> = world.deliveries(endpoint).await.iter().map(|delivery| delivery.attempts).collect();
        assert_eq!(attempts, [2, 1], "the pause cost no attempt");
    });
}

#[test]
fn an_endpoint_that_cannot_be_reached_is_probed_and_its_deliveries_lose_no_attempt() {
    on_one_thread(async {
        let world = World::opens().await;
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
        let (endpoint, _) = world.endpoint(&format!("http://{nobody}/"), &[EventType::ChatRequested]).await;
        for _ in 0..20 {
            world.asks().await;
        }
        let dispatcher = world.dispatcher();
        assert_eq!(dispatcher.tick().await, 8, "those under way when the breaker opened");
        assert_eq!(world.deliveries(endpoint).await[0].last_code, Some(AttemptCode::ConnectFailed));
        world.clock.advance_ms(30_000);
        assert_eq!(dispatcher.tick().await, 1, "a probe");
        let untouched = world.deliveries(endpoint).await.iter().filter(|delivery| delivery.attempts == 0).count();
        assert_eq!(untouched, 11, "twenty less eight and a probe");
    });
}

const DAY_MS: i64 = 24 * 3_600_000;

/// A world with one endpoint and one chat's request on its way there.
async fn one_event(receiver: &Receiver) -> (World, papo::domain::ids::EndpointId) {
    let world = World::opens().await;
    let (endpoint, _) = world.endpoint(&receiver.url(), &[EventType::ChatRequested]).await;
    world.asks().await;
    (world, endpoint)
}

#[test]
fn all_ten_attempts_come_at_their_times_through_a_restart_before_each() {
    on_one_thread(async {
        let receiver = Receiver::opens();
        receiver.answers_always(Answer::status(500));
        let (mut world, endpoint) = one_event(&receiver).await;
        assert_eq!(world.dispatcher().tick().await, 1);
        for (seconds, shift_ms) in RETRY_DELAYS_SECONDS.into_iter().zip([0, 1, 0, 2_000, 0, 1, 0, 60_000, 0]) {
            world.clock.advance_ms(seconds * 1000 - 1 - shift_ms);
            assert_eq!(world.dispatcher().tick().await, 0, "before {seconds} s");
            // A little time passes while it is down.
            world = world.restarts_by(shift_ms).await;
            assert_eq!(world.dispatcher().tick().await, 0, "a millisecond before {seconds} s, after a restart");
            world.clock.advance_ms(1);
            assert_eq!(world.dispatcher().tick().await, 1, "after {seconds} s");
        }
        assert_eq!(world.the_delivery(endpoint).await.delivery.state, DeliveryState::Failed);
    });
}

#[test]
fn a_clock_that_was_set_while_it_was_down_loses_no_attempt_and_makes_none_wait_for_a_day() {
    on_one_thread(async {
        for (shift_ms, at_once) in [(DAY_MS, true), (-DAY_MS, false), (-365 * DAY_MS, false), (-6 * 3_600_000, false)] {
            let receiver = Receiver::opens();
            receiver.answers_always(Answer::status(500));
            let (world, endpoint) = one_event(&receiver).await;
            world.dispatcher().tick().await;
            let world = world.restarts_by(shift_ms).await;
            let dispatcher = world.dispatcher();
            assert_eq!(dispatcher.tick().await, usize::from(at_once), "set by {shift_ms}");
            if !at_once {
                world.clock.advance_ms(5_000);
                assert_eq!(dispatcher.tick().await, 1, "its own delay after the start, set by {shift_ms}");
            }
            assert_eq!(world.the_delivery(endpoint).await.delivery.attempts, 2);
        }
    });
}

#[test]
fn what_was_asked_for_by_retry_after_outlasts_a_restart() {
    on_one_thread(async {
        let receiver = Receiver::opens();
        receiver.answers_next([Answer::with(503, &[("retry-after", "7200")], "")]);
        let (world, endpoint) = one_event(&receiver).await;
        world.dispatcher().tick().await;
        let world = world.restarts_by(1_000).await;
        world.clock.advance_ms(7_198_999);
        assert_eq!(world.dispatcher().tick().await, 0);
        world.clock.advance_ms(1);
        assert_eq!(world.dispatcher().tick().await, 1);
        assert_eq!(world.states(endpoint).await, [DeliveryState::Delivered]);
    });
}

#[test]
fn jitter_is_added_within_its_bounds_and_never_taken_away() {
    on_one_thread(async {
        let receiver = Receiver::opens();
        receiver.answers_always(Answer::status(500));
        let (world, _) = one_event(&receiver).await;
        // The largest number there is: all but a tenth of each delay, two seconds at least, fifteen minutes at most.
        let dispatcher = world.dispatcher_with(super::single::open(), papo::webhooks::client::Limits::default(), u32::MAX);
        assert_eq!(dispatcher.tick().await, 1);
        for seconds in RETRY_DELAYS_SECONDS {
            let most_ms = (seconds * 100).clamp(2_000, 900_000);
            world.clock.advance_ms(seconds * 1000 + most_ms - 2);
            assert_eq!(dispatcher.tick().await, 0, "before {seconds} s and its jitter");
            world.clock.advance_ms(1);
            assert_eq!(dispatcher.tick().await, 1, "after {seconds} s and its jitter");
        }
    });
}
