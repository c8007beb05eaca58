//! What a receiver gets: the headers, the signature, the same bytes at each attempt.

use papo::domain::delivery::DeliveryState;
use papo::domain::endpoint::secret::Signing;
use papo::domain::event_type::EventType;
use papo::webhooks::signature;

use super::receiver::{Answer, Receiver};
use super::world::{World, on_one_thread};

#[test]
fn a_committed_request_arrives_signed_as_the_official_library_signs() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, secret) = world.endpoint(&receiver.url(), &[EventType::ChatRequested]).await;
        world.sends_header(endpoint, "X-Api-Key", "segredo-da-loja").await;
        let (chat, _) = world.asks().await;
        assert_eq!(world.dispatcher().tick().await, 1);
        let posts = receiver.posts();
        assert_eq!(posts.len(), 1);
        let post = &posts[0];
        assert!(post.is_signed_with(&secret));
        assert_eq!(post.target, "/hook");
        assert_eq!(post.header("content-type"), "application/json");
        assert!(post.header("user-agent").starts_with("Papo-Webhooks/"));
        assert_eq!(post.header("host"), receiver.address.to_string());
        assert_eq!(post.header("webhook-id"), post.json()["id"]);
        assert_eq!((post.header("webhook-attempt"), post.header("webhook-previous")), ("1", ""));
        assert_eq!(post.header("x-api-key"), "segredo-da-loja");
        assert_eq!(post.header("accept-encoding"), "identity", "nothing asks for a compressed answer");
        assert_eq!(post.json()["data"]["chat"]["id"], chat.to_string());
        let kept = world.the_delivery(endpoint).await;
        assert_eq!(kept.delivery.state, DeliveryState::Delivered);
        assert_eq!(kept.body.as_deref(), Some(post.body.as_slice()));
        let (_, attempt) = &kept.attempts[0];
        assert_eq!((attempt.status, attempt.remote_address.as_deref()), (Some(204), Some(receiver.address.to_string().as_str())));
        assert!(!format!("{:?}", attempt.request_headers).contains("segredo-da-loja"), "an own header is masked in the log");
    });
}

#[test]
fn a_retry_sends_the_same_bytes_and_id_signed_anew() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (_, secret) = world.endpoint(&receiver.url(), &[EventType::ChatRequested]).await;
        receiver.answers_next([Answer::status(500)]);
        world.asks().await;
        let dispatcher = world.dispatcher();
        dispatcher.tick().await;
        world.clock.advance_ms(5_000);
        dispatcher.tick().await;
        let posts = receiver.posts();
        assert_eq!(posts.len(), 2);
        assert_eq!(posts[0].body, posts[1].body);
        assert_eq!(posts[0].header("webhook-id"), posts[1].header("webhook-id"));
        assert_eq!(posts[1].header("webhook-attempt"), "2");
        assert_ne!(posts[0].header("webhook-signature"), posts[1].header("webhook-signature"));
        assert!(posts.iter().all(|post| post.is_signed_with(&secret)));
    });
}

#[test]
fn while_a_secret_is_rotated_both_sign_and_after_a_day_only_the_new_one() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, old) = world.endpoint(&receiver.url(), &[EventType::ChatRequested]).await;
        let new = signature::generate(Signing::Hmac);
        world.store.rotate_secret(&world.vault, endpoint, new.clone()).await.expect("a rotation");
        let dispatcher = world.dispatcher();
        world.asks().await;
        dispatcher.tick().await;
        world.clock.advance_ms(24 * 3_600_000);
        world.asks().await;
        dispatcher.tick().await;
        let posts = receiver.posts();
        let by = |number: usize| (posts[number].is_signed_with(&old), posts[number].is_signed_with(&new.to_text()));
        assert_eq!((by(0), by(1)), ((true, true), (false, true)));
    });
}

#[test]
fn one_connection_serves_many_and_a_stale_one_costs_no_attempt() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, _) = world.endpoint(&receiver.url(), &[EventType::ChatRequested]).await;
        let dispatcher = world.dispatcher();
        for _ in 0..3 {
            world.asks().await;
            dispatcher.tick().await;
        }
        assert_eq!(receiver.connections(), 1);
        receiver.drops_connections();
        world.asks().await;
        dispatcher.tick().await;
        let deliveries = world.deliveries(endpoint).await;
        assert!(deliveries.iter().all(|delivery| delivery.state == DeliveryState::Delivered && delivery.attempts == 1));
    });
}
