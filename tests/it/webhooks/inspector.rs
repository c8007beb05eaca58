//! The receiver of our own.

use papo::domain::address::AllowList;
use papo::domain::delivery::DeliveryState;
use papo::domain::event_type::EventType;
use papo::webhooks::guard::Policy;
use papo::webhooks::inspector::{Manner, SEEN_MAX};

use super::world::{World, on_one_thread};

#[test]
fn its_address_is_handed_over_signed_recorded_and_never_dialled() {
    on_one_thread(async {
        let world = World::opens().await;
        let (endpoint, _) = world.endpoint(&format!("{}/inspector/inspector", world.store.public_url()), &[EventType::ChatRequested]).await;
        let dispatcher = world.dispatcher_by(Policy::new(AllowList::default(), Vec::new()));
        world.asks().await;
        dispatcher.tick().await;
        let seen = world.inspector.seen();
        assert_eq!(seen.len(), 1);
        assert!(seen[0].verified && seen[0].status == 200);
        assert_eq!(world.the_delivery(endpoint).await.attempts.len(), 1);
        world.inspector.set_manner(Manner::Broken);
        world.asks().await;
        dispatcher.tick().await;
        assert_eq!(world.states(endpoint).await, [DeliveryState::Delivered, DeliveryState::Due]);
        world.inspector.set_manner(Manner::Well);
        world.clock.advance_ms(5_000);
        dispatcher.tick().await;
        assert_eq!(world.states(endpoint).await, [DeliveryState::Delivered, DeliveryState::Delivered]);
        for _ in 0..SEEN_MAX + 5 {
            world.asks().await;
        }
        dispatcher.tick().await;
        assert_eq!(world.inspector.seen().len(), SEEN_MAX);
    });
}

#[test]
fn another_path_of_ours_is_not_the_inspector() {
    on_one_thread(async {
        let world = World::opens().await;
        let (endpoint, _) = world.endpoint(&format!("{}/inspector/other", world.store.public_url()), &[EventType::ChatRequested]).await;
        world.asks().await;
        world.closed_dispatcher().tick().await;
        assert_eq!(world.states(endpoint).await, [DeliveryState::Failed]);
        assert!(world.inspector.seen().is_empty());
    });
}
