//! What is known of an endpoint's last day, and of what holds it back.

use std::sync::Arc;

use papo::domain::delivery::DeliveryState;
use papo::domain::event_type::EventType;
use papo::domain::ids::EndpointId;
use papo::store::deliveries::health::Day;
use papo::webhooks::board::{Board, Restraint};

use super::receiver::{Answer, Receiver};
use super::world::{World, on_one_thread};

async fn day_of(world: &World, endpoint: EndpointId) -> Day {
    world.store.endpoint_days(vec![endpoint], world.clock.now().wall).await.expect("a day").remove(&endpoint).expect("its day")
}

#[test]
fn attempts_are_counted_in_their_hour_and_leave_the_day_after_24() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, _) = world.endpoint(&receiver.url(), &[EventType::ChatRequested]).await;
        let dispatcher = world.dispatcher();
        world.asks().await;
        dispatcher.tick().await;
        receiver.answers_next([Answer::status(500)]);
        world.asks().await;
        dispatcher.tick().await;
        world.store.send_test(endpoint, EventType::ChatRequested).await.expect("a test");
        dispatcher.tick().await;
        let day = day_of(&world, endpoint).await;
        assert_eq!((day.hours.len(), day.hours[23], day.sum()), (24, (1, 1), (1, 1)), "a test is no delivery");
        assert!(day.p50_ms.is_some() && day.p50_ms <= day.p95_ms);
        let next = day.waiting.next.expect("a retry");
        assert_eq!((day.waiting.due, next.number), (1, 2));
        world.clock.advance_ms(23 * 3_600_000);
        assert_eq!(day_of(&world, endpoint).await.hours[0], (1, 1));
        world.clock.advance_ms(3_600_000);
        let later = day_of(&world, endpoint).await;
        assert_eq!((later.sum(), later.p50_ms), ((0, 0), None));
    });
}

#[test]
fn what_is_held_is_counted_with_the_time_of_the_oldest() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, _) = world.endpoint(&receiver.url(), &[EventType::ChatRequested]).await;
        receiver.answers_next([Answer::status(410)]);
        let dispatcher = world.dispatcher();
        world.asks().await;
        dispatcher.tick().await;
        world.clock.advance_ms(60_000);
        let oldest = world.clock.now().wall;
        for _ in 0..3 {
            world.asks().await;
            world.clock.advance_ms(1_000);
        }
        dispatcher.tick().await;
        let waiting = day_of(&world, endpoint).await.waiting;
        assert_eq!((waiting.held, waiting.held_since, waiting.due), (3, Some(oldest), 0));
    });
}

#[test]
fn the_board_shows_an_open_breaker_and_a_pause_and_forgets_them() {
    on_one_thread(async {
        let (world, gone, busy) = (World::opens().await, Receiver::opens(), Receiver::opens());
        let address = gone.url();
        drop(gone);
        let (unreachable, _) = world.endpoint(&address, &[EventType::ChatRequested]).await;
        let (paused, _) = world.endpoint(&busy.url(), &[EventType::ChatRequested]).await;
        busy.answers_next([Answer::with(429, &[("Retry-After", "90")], "")]);
        let board = Arc::new(Board::default());
        let dispatcher = world.dispatcher().shown_on(Arc::clone(&board));
        let pause_ends = world.clock.now().steady.plus_seconds(90);
        for _ in 0..6 {
            world.asks().await;
        }
        dispatcher.tick().await;
        assert!(matches!(board.of(unreachable), Some(Restraint::Unreachable(Some(until))) if until > world.clock.now().steady));
        assert!(matches!(board.of(paused), Some(Restraint::Paused(until)) if until >= pause_ends));
        world.clock.advance_ms(120_000);
        dispatcher.tick().await;
        assert_eq!(board.of(paused), None);
        assert!(world.states(paused).await.iter().all(|state| *state == DeliveryState::Delivered));
    });
}
