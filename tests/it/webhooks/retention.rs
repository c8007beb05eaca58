//! What was kept long enough goes, what is open stays, and no clock that leaps removes anything.

use papo::domain::delivery::DeliveryState;
use papo::domain::event_type::EventType;
use papo::domain::retention::Retention;
use papo::store::audit::Author;
use papo::store::error::StoreError;
use papo::sweeper::retention::Keeper;

use super::receiver::{Answer, Receiver};
use super::world::{World, on_one_thread};

const REQUESTED: [EventType; 1] = [EventType::ChatRequested];
const DAY_MS: i64 = 86_400_000;

async fn sweeps(world: &World, keeper: &mut Keeper) {
    while keeper.tick().await.expect("a batch") {}
    let _ = world;
}

#[test]
fn bodies_go_first_then_deliveries_and_what_is_open_stays_however_old() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (crm, _) = world.endpoint(&receiver.url(), &REQUESTED).await;
        let (off, _) = world.endpoint("https://off.example.com/", &REQUESTED).await;
        world.changes(off, |draft| draft.enabled = false).await;
        world.asks().await;
        world.dispatcher().tick().await;
        let mut keeper = Keeper::new(world.store.clone());
        sweeps(&world, &mut keeper).await;
        let old = world.the_delivery(crm).await;
        assert!(old.body.is_some() && old.delivery.state == DeliveryState::Delivered);
        world.changes(off, |draft| draft.enabled = true).await;
        for _ in 0..31 {
            world.clock.advance_ms(DAY_MS);
            sweeps(&world, &mut keeper).await;
        }
        assert!(world.the_delivery(crm).await.body.is_some(), "the other endpoint has not got it yet");
        world.store.archive_endpoint(off).await.expect("archived");
        sweeps(&world, &mut keeper).await;
        let old = world.the_delivery(crm).await;
        assert!(old.body.is_none() && !old.erased && old.attempts.len() == 1, "the attempts are kept longer");
        match world.store.resend(old.delivery.id).await {
            Err(StoreError::Invalid(invalid)) => assert_eq!(invalid.code, "body_gone"),
            other => panic!("{other:?}"),
        }
        // The last row of all stays, so that no position is given twice.
        world.asks().await;
        let last = world.deliveries(crm).await.last().map(|delivery| delivery.position);
        for _ in 0..95 {
            world.clock.advance_ms(DAY_MS);
            sweeps(&world, &mut keeper).await;
        }
        assert!(world.deliveries(off).await.is_empty());
        let left: Vec<(Option<i64>, DeliveryState)> =
            world.deliveries(crm).await.iter().map(|delivery| (Some(delivery.position), delivery.state)).collect();
        assert_eq!(left, [(last, DeliveryState::Due)], "what was never sent is still due");
        world.dispatcher().tick().await;
        assert_eq!(receiver.takes().len(), 2, "and is sent, body and all");
        sweeps(&world, &mut keeper).await;
        assert_eq!(world.deliveries(crm).await.len(), 1, "one that ended only now is shown as long as any other");
    });
}

#[test]
fn a_clock_that_leaps_removes_nothing_and_one_that_stays_is_believed_after_a_day() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        receiver.answers_next([Answer::status(200)]);
        let (crm, _) = world.endpoint(&receiver.url(), &REQUESTED).await;
        world.asks().await;
        world.dispatcher().tick().await;
        let mut keeper = Keeper::new(world.store.clone());
        sweeps(&world, &mut keeper).await;
        let has_body = async |world: &World| world.the_delivery(crm).await.body.is_some();
        world.clock.jump_ms(400 * DAY_MS);
        sweeps(&world, &mut keeper).await;
        assert!(has_body(&world).await, "a leap while the server runs moves nothing");
        // The server starts again, and the clock is still wrong.
        let world = world.restarts().await;
        let mut keeper = Keeper::new(world.store.clone());
        sweeps(&world, &mut keeper).await;
        world.clock.advance_ms(DAY_MS - 1);
        sweeps(&world, &mut keeper).await;
        assert!(has_body(&world).await, "it is doubted for a day");
        world.clock.advance_ms(1);
        sweeps(&world, &mut keeper).await;
        assert!(!has_body(&world).await || world.deliveries(crm).await.is_empty(), "nobody set it right: it is believed");
    });
}

#[test]
fn the_days_can_be_changed_within_their_bounds() {
    on_one_thread(async {
        let world = World::opens().await;
        let by = Author { agent: world.agent, address: None };
        let change = async |body_days, attempt_days| world.store.change_retention(Retention { body_days, attempt_days }, by.clone()).await;
        assert!(change(7, 14).await.is_ok());
        let kept = world.store.directory().organisation.as_ref().map(|organisation| organisation.retention);
        assert_eq!(kept, Some(Retention { body_days: 7, attempt_days: 14 }));
        for (body_days, attempt_days) in [(0, 10), (20, 10), (10, 4_000)] {
            assert!(change(body_days, attempt_days).await.is_err());
        }
    });
}
