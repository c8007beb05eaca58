//! Answers across crashes, broken connections, recovery and erasure: taken once or not at all.

use papo::domain::delivery::{AttemptCode, DeliveryState};
use papo::domain::enrichment::{Enrichment, Reason};
use serde_json::json;

use super::office::{Office, by_webhook, ok, visitor};
use crate::webhooks::receiver::Answer;
use crate::webhooks::world::on_one_thread;

#[test]
fn an_answer_that_breaks_off_is_not_taken_though_it_could_be_read_and_the_next_one_is() {
    on_one_thread(async {
        let office = Office::opens().await;
        let body = r#"{"visitor": {"email": "metade@example.com"}}"#;
        let broken = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len() + 100);
        office.receiver.answers_next([Answer::RawThenClose(broken.into_bytes())]);
        let (_, id) = office.world.asks_as(Some("Ana"), None).await;
        let dispatcher = office.world.dispatcher();
        dispatcher.tick().await;
        let detail = office.world.the_delivery(office.endpoint).await;
        assert_eq!(detail.attempts[0].1.code, AttemptCode::ResponseBroken);
        assert_eq!(detail.enrichment, Some(Enrichment::none(Reason::Incomplete)));
        assert_eq!(visitor(&office.world, id).await.email, None);
        office.receiver.answers_next([ok(&json!({"visitor": {"email": "ana@example.com"}}))]);
        office.world.clock.advance_ms(10_000);
        dispatcher.tick().await;
        assert_eq!(visitor(&office.world, id).await.email.as_deref(), Some("ana@example.com"));
        assert!(office.reasons().await.is_empty(), "the record is that of the answer that was taken");
    });
}

#[test]
fn after_a_crash_an_answer_was_taken_with_its_record_or_comes_again() {
    on_one_thread(async {
        let office = Office::opens().await;
        office.receiver.answers_always(ok(&json!({"visitor": {"email": "ana@example.com"}, "note": "cliente antigo"})));
        let (id, visitor_id) = office.world.asks_as(Some("Ana"), None).await;
        let Office { world, receiver, endpoint } = office;
        world.dispatcher().tick().await;
        assert_eq!(receiver.takes().len(), 1);
        let world = world.reopens();
        assert_eq!(world.states(endpoint).await, [DeliveryState::Delivered]);
        assert_eq!(visitor(&world, visitor_id).await.email.as_deref(), Some("ana@example.com"));
        assert_eq!(world.dispatcher().tick().await, 0, "it is not sent again");
        assert_eq!(by_webhook(&world, id, endpoint).await.len(), 1);
        drop(receiver);
    });
}

#[test]
fn an_attempt_that_a_crash_forgot_is_made_again_and_its_answer_taken_once() {
    on_one_thread(async {
        let office = Office::opens().await;
        office.receiver.answers_always(ok(&json!({"visitor": {"email": "ana@example.com"}, "note": "cliente antigo"})));
        let (id, visitor_id) = office.world.asks_as(Some("Ana"), None).await;
        let Office { world, receiver, endpoint } = office;
        // The receiver has answered and the process dies before it could record that.
        let before = world.copies_disk();
        world.dispatcher().tick().await;
        let world = world.reopens_from(before);
        assert_eq!((world.states(endpoint).await, visitor(&world, visitor_id).await.email), (vec![DeliveryState::Due], None));
        world.dispatcher().tick().await;
        assert_eq!(receiver.posts().len(), 2, "the receiver hears it twice");
        assert_eq!(visitor(&world, visitor_id).await.email.as_deref(), Some("ana@example.com"));
        assert_eq!(by_webhook(&world, id, endpoint).await.len(), 1);
    });
}

#[test]
fn what_was_recovered_is_answered_like_the_first_time() {
    on_one_thread(async {
        let office = Office::opens().await;
        let world = &office.world;
        world.changes(office.endpoint, |draft| draft.enabled = false).await;
        let (_, visitor_id) = world.asks_as(Some("Ana"), None).await;
        world.changes(office.endpoint, |draft| draft.enabled = true).await;
        world.recovers(office.endpoint, papo::domain::time::Timestamp::from_ms(0)).await.expect("recovered");
        office.receiver.answers_next([ok(&json!({"visitor": {"email": "ana@example.com"}}))]);
        world.dispatcher().tick().await;
        assert_eq!(visitor(world, visitor_id).await.email.as_deref(), Some("ana@example.com"));
    });
}

#[test]
fn what_was_told_of_an_erased_visitor_is_forgotten() {
    on_one_thread(async {
        let office = Office::opens().await;
        let (_, visitor_id) = office.answers(&json!({"visitor": {"custom": {"nome da mãe": "x"}}})).await;
        assert!(office.outcome().await.is_some());
        office.world.store.write(move |tx| papo::store::deliveries::erase_visitor(tx, visitor_id)).await.expect("erased");
        assert_eq!(office.outcome().await, None);
    });
}
