//! Nobody waits for a stranger: shown by the order of events, not by a clock.

use std::time::Duration;

use papo::domain::delivery::DeliveryState;
use papo::domain::event_type::EventType;

use super::receiver::{Answer, Receiver};
use super::world::{World, on_one_thread};

async fn a_hundred_arrive_beside(stuck: Answer) {
    let (world, hanging, healthy) = (World::opens().await, Receiver::opens(), Receiver::opens());
    let (a, _) = world.endpoint(&hanging.url(), &[EventType::ChatRequested]).await;
    let (b, _) = world.endpoint(&healthy.url(), &[EventType::ChatRequested]).await;
    hanging.answers_always(stuck);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let dispatcher = world.dispatcher();
    let running = dispatcher.clone();
    let run = tokio::task::spawn_local(async move { running.run(stopped, Duration::from_millis(1)).await });
    for _ in 0..100 {
        world.asks().await;
    }
    while world.states(b).await.iter().filter(|state| **state == DeliveryState::Delivered).count() < 100 {
        tokio::task::yield_now().await;
    }
    assert!(dispatcher.in_flight() > 0, "the other one still hangs");
    assert!(world.states(a).await.iter().all(|state| *state == DeliveryState::Due));
    assert!(hanging.posts().len() <= 8, "and is asked eight times at once at most");
    stop.send_replace(true);
    run.await.expect("an end");
}

#[test]
fn a_hundred_deliveries_end_while_another_endpoint_hangs() {
    on_one_thread(a_hundred_arrive_beside(Answer::Hang));
}

#[test]
fn a_hundred_deliveries_end_while_another_endpoint_drips() {
    on_one_thread(a_hundred_arrive_beside(Answer::Drip(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n".to_vec())));
}

#[test]
fn twenty_endpoints_that_hang_change_nothing_for_the_one_that_does_not() {
    on_one_thread(async {
        let (world, hanging, healthy) = (World::opens().await, Receiver::opens(), Receiver::opens());
        hanging.answers_always(Answer::Hang);
        let mut stuck = Vec::new();
        for number in 0..20 {
            stuck.push(world.endpoint(&format!("{}/{number}", hanging.url()), &[EventType::ChatRequested]).await.0);
        }
        let (good, _) = world.endpoint(&healthy.url(), &[EventType::ChatRequested]).await;
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let dispatcher = world.dispatcher();
        let running = dispatcher.clone();
        let run = tokio::task::spawn_local(async move { running.run(stopped, Duration::from_millis(1)).await });
        for _ in 0..30 {
            world.asks().await;
        }
        while world.states(good).await.iter().filter(|state| **state == DeliveryState::Delivered).count() < 30 {
            tokio::task::yield_now().await;
        }
        assert_eq!(dispatcher.in_flight(), 20 * 8, "each of the others is asked eight times at once and no more");
        for endpoint in stuck {
            assert!(world.states(endpoint).await.iter().all(|state| *state == DeliveryState::Due));
        }
        stop.send_replace(true);
        run.await.expect("an end");
    });
}
