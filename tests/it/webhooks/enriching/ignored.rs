//! Answers that change nothing, each with its reason.

use papo::domain::chat::command::{Actor, Command};
use papo::domain::delivery::DeliveryState;
use papo::domain::event_type::EventType;
use serde_json::json;

use super::office::{Office, by_webhook, ok, visitor};
use crate::webhooks::receiver::Answer;
use crate::webhooks::world::on_one_thread;

#[test]
fn an_answer_that_comes_after_the_end_changes_nothing() {
    on_one_thread(async {
        let office = Office::opens().await;
        let (id, visitor_id) = office.world.asks_as(Some("Ana"), None).await;
        office.world.does(id, Actor::Visitor(visitor_id), Command::Leave).await;
        office.receiver.answers_next([ok(&json!({"visitor": {"email": "ana@example.com"}, "note": "tarde"}))]);
        office.world.dispatcher().tick().await;
        assert_eq!(office.reasons().await, ["chat_ended"]);
        assert_eq!(visitor(&office.world, visitor_id).await.email, None);
        assert!(by_webhook(&office.world, id, office.endpoint).await.is_empty());
    });
}

#[test]
fn answers_to_tests_and_resends_change_nothing() {
    on_one_thread(async {
        let office = Office::opens().await;
        let (id, visitor_id) = office.answers(&json!({})).await;
        assert_eq!(office.outcome().await, None, "nothing was told");
        let world = &office.world;
        office.receiver.answers_always(ok(&json!({"visitor": {"email": "ana@example.com"}, "note": "de novo"})));
        let delivery = world.deliveries(office.endpoint).await[0].id;
        world.store.resend(delivery).await.expect("a resend");
        world.dispatcher().tick().await;
        assert_eq!(office.reasons().await, ["resend"]);
        world.store.send_test(office.endpoint, EventType::ChatRequested).await.expect("a test");
        world.dispatcher().tick().await;
        assert_eq!(office.reasons().await, ["test"]);
        assert_eq!(visitor(world, visitor_id).await.email, None);
        assert!(by_webhook(world, id, office.endpoint).await.is_empty());
    });
}

#[test]
fn malformed_and_oversized_answers_change_nothing_and_count_as_received() {
    on_one_thread(async {
        let office = Office::opens().await;
        let large = json!({"visitor": {"email": "ana@example.com"}, "more": "a".repeat(17 * 1024)}).to_string();
        let exact = |length: usize| {
            let frame = json!({"visitor": {"email": "ana@example.com"}, "more": ""}).to_string().len();
            json!({"visitor": {"email": "ana@example.com"}, "more": "a".repeat(length - frame)}).to_string()
        };
        for (body, reason) in [
            ("thanks".to_owned(), "malformed"),
            (r#"{"visitor": {"email": "ana@example.com"}"#.to_owned(), "malformed"),
            (r#"{"visitor": {"email": ["ana@example.com"]}}"#.to_owned(), "malformed"),
            (large, "too_large"),
            (exact(16 * 1024 + 1), "too_large"),
        ] {
            office.receiver.answers_next([Answer::with(200, &[], &body)]);
            let (_, id) = office.world.asks_as(Some("Ana"), None).await;
            office.world.dispatcher().tick().await;
            assert_eq!(office.reasons().await, [reason], "{}", body.get(..60).unwrap_or(&body));
            assert_eq!(visitor(&office.world, id).await.email, None);
            assert_eq!(office.world.states(office.endpoint).await.last(), Some(&DeliveryState::Delivered));
        }
        office.receiver.answers_next([Answer::with(200, &[], &exact(16 * 1024))]);
        let (_, id) = office.world.asks_as(Some("Ana"), None).await;
        office.world.dispatcher().tick().await;
        assert_eq!(visitor(&office.world, id).await.email.as_deref(), Some("ana@example.com"), "16 KiB are read");
    });
}

#[test]
fn a_failure_tells_nothing_whatever_its_body_says() {
    on_one_thread(async {
        let office = Office::opens().await;
        office.receiver.answers_next([Answer::with(500, &[], r#"{"visitor": {"email": "ana@example.com"}}"#)]);
        let (_, id) = office.world.asks_as(Some("Ana"), None).await;
        office.world.dispatcher().tick().await;
        assert_eq!((visitor(&office.world, id).await.email, office.outcome().await), (None, None));
    });
}

#[test]
fn nothing_is_taken_from_an_endpoint_that_may_fill_nothing() {
    on_one_thread(async {
        let office = Office::opens().await;
        office.world.changes(office.endpoint, |draft| draft.enrich.clear()).await;
        let (id, visitor_id) = office.answers(&json!({"visitor": {"email": "ana@example.com"}, "note": "oi"})).await;
        assert_eq!(office.reasons().await, ["not_allowed", "not_allowed"], "so that its admin sees what to tick");
        assert_eq!(visitor(&office.world, visitor_id).await.email, None);
        assert!(by_webhook(&office.world, id, office.endpoint).await.is_empty());
        office.receiver.answers_next([Answer::with(200, &[], "thanks")]);
        office.world.asks_as(None, None).await;
        office.world.dispatcher().tick().await;
        assert_eq!(office.outcome().await, None, "nobody asked for more than some words");
    });
}
