//! What becomes of deliveries when their endpoint changes, refuses, is disabled or goes.

use papo::domain::delivery::{AttemptCode, DeliveryState};
use papo::domain::endpoint::health::DisabledReason;
use papo::domain::endpoint::secret::Signing;
use papo::domain::endpoint::url::WebhookUrl;
use papo::domain::event_type::EventType;
use papo::domain::time::Timestamp;
use papo::webhooks::signature;

use super::receiver::{Answer, Receiver};
use super::world::{World, on_one_thread};

const REQUESTED: [EventType; 1] = [EventType::ChatRequested];

#[test]
fn a_410_disables_the_endpoint_holds_what_follows_and_can_be_recovered_in_order() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, _) = world.endpoint(&receiver.url(), &[EventType::ChatRequested, EventType::MessageCreated]).await;
        receiver.answers_next([Answer::status(410)]);
        world.asks().await;
        let dispatcher = world.dispatcher();
        dispatcher.tick().await;
        world.asks().await;
        assert_eq!(dispatcher.tick().await, 0);
        let found = world.store.endpoint(endpoint).await.expect("an endpoint");
        assert_eq!(found.health.disabled.map(|(_, reason)| reason), Some(DisabledReason::Gone));
        use DeliveryState::{Delivered, Failed, Held};
        assert_eq!(world.states(endpoint).await, [Failed, Held, Held, Held]);
        receiver.takes();
        world.changes(endpoint, |draft| draft.enabled = true).await;
        assert_eq!(dispatcher.tick().await, 0, "held until somebody recovers them");
        assert_eq!(world.recovers(endpoint, Timestamp::from_ms(0)).await.expect("recovered"), 4);
        dispatcher.tick().await;
        let events: Vec<(String, String)> =
            receiver.takes().iter().map(|post| (post.json()["data"]["chat"]["id"].to_string(), post.event())).collect();
        assert_eq!(events.len(), 4);
        for chat in [&events[0].0, &events[3].0] {
            let of_chat: Vec<&str> = events.iter().filter(|(id, _)| id == chat).map(|(_, event)| event.as_str()).collect();
            assert_eq!(of_chat, ["chat.requested", "message.created"]);
        }
        assert_eq!(world.states(endpoint).await, [Failed, Delivered, Delivered, Delivered, Delivered]);
        assert_eq!(world.recovers(endpoint, Timestamp::from_ms(0)).await.expect("nothing more"), 0, "twice does it once");
    });
}

#[test]
fn a_receiver_may_abort_one_message_or_disable_itself_but_not_with_a_2xx() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, _) = world.endpoint(&receiver.url(), &REQUESTED).await;
        let control = |status, word| Answer::with(status, &[("webhook-delivery", word)], "");
        receiver.answers_next([control(200, "disable"), control(400, "abort-message"), control(503, "disable")]);
        let dispatcher = world.dispatcher();
        for _ in 0..3 {
            world.asks().await;
            dispatcher.tick().await;
        }
        use DeliveryState::{Aborted, Delivered, Failed};
        assert_eq!(world.states(endpoint).await, [Delivered, Aborted, Failed]);
        let found = world.store.endpoint(endpoint).await.expect("an endpoint");
        assert_eq!(found.health.disabled.map(|(_, reason)| reason), Some(DisabledReason::Asked));
    });
}

#[test]
fn five_days_of_failures_disable_an_endpoint_and_a_success_between_does_not() {
    on_one_thread(async {
        let (world, bad, fair) = (World::opens().await, Receiver::opens(), Receiver::opens());
        let (dead, _) = world.endpoint(&bad.url(), &REQUESTED).await;
        let (flaky, _) = world.endpoint(&fair.url(), &REQUESTED).await;
        bad.answers_always(Answer::status(500));
        fair.answers_always(Answer::status(500));
        let dispatcher = world.dispatcher();
        for day in 0..6 {
            if day == 3 {
                fair.answers_next([Answer::status(200)]);
            }
            world.asks().await;
            dispatcher.tick().await;
            for _ in 0..24 {
                world.clock.advance_ms(3_600_000);
                dispatcher.tick().await;
            }
        }
        let disabled = async |id| world.store.endpoint(id).await.expect("an endpoint").health.disabled.map(|(_, reason)| reason);
        assert_eq!(disabled(dead).await, Some(DisabledReason::Failing));
        assert_eq!(disabled(flaky).await, None);
    });
}

#[test]
fn url_and_headers_are_those_of_the_attempt_and_the_body_that_of_the_event() {
    on_one_thread(async {
        let (world, old, new) = (World::opens().await, Receiver::opens(), Receiver::opens());
        let (endpoint, _) = world.endpoint(&old.url(), &REQUESTED).await;
        old.answers_next([Answer::status(500)]);
        world.asks().await;
        let dispatcher = world.dispatcher();
        dispatcher.tick().await;
        world.changes(endpoint, |draft| draft.url = WebhookUrl::parse(&new.url()).expect("a URL")).await;
        world.sends_header(endpoint, "x-loja", "recife").await;
        world.clock.advance_ms(5_000);
        dispatcher.tick().await;
        assert_eq!((old.posts().len(), new.posts().len()), (1, 1));
        assert_eq!(new.posts()[0].header("x-loja"), "recife");
        assert_eq!(new.posts()[0].body, old.posts()[0].body);
    });
}

#[test]
fn an_archived_endpoints_open_deliveries_end_visibly() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, _) = world.endpoint(&receiver.url(), &REQUESTED).await;
        receiver.answers_next([Answer::status(500)]);
        world.asks().await;
        let dispatcher = world.dispatcher();
        dispatcher.tick().await;
        world.asks().await;
        world.store.archive_endpoint(endpoint).await.expect("archived");
        world.asks().await;
        world.clock.advance_ms(5_000);
        assert_eq!(dispatcher.tick().await, 0);
        assert_eq!(world.states(endpoint).await, [DeliveryState::EndpointRemoved, DeliveryState::EndpointRemoved]);
    });
}

#[test]
fn a_single_resend_goes_once_with_the_same_id_and_outside_the_order() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, _) = world.endpoint(&receiver.url(), &REQUESTED).await;
        world.asks().await;
        let dispatcher = world.dispatcher();
        dispatcher.tick().await;
        let first = world.deliveries(endpoint).await[0].id;
        receiver.answers_next([Answer::status(500)]);
        world.store.resend(first).await.expect("a resend");
        dispatcher.tick().await;
        world.clock.advance_ms(48 * 3_600_000);
        assert_eq!(dispatcher.tick().await, 0, "it starts no chain of retries");
        let posts = receiver.posts();
        assert_eq!((posts.len(), posts[0].header("webhook-id")), (2, posts[1].header("webhook-id")));
        assert_eq!(world.states(endpoint).await, [DeliveryState::Delivered, DeliveryState::Failed]);
    });
}

#[test]
fn a_test_reaches_even_a_disabled_endpoint_and_says_so_in_its_body() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, secret) = world.endpoint(&receiver.url(), &REQUESTED).await;
        world.changes(endpoint, |draft| draft.enabled = false).await;
        for event in EventType::ALL {
            world.store.send_test(endpoint, *event).await.expect("a test");
        }
        world.dispatcher().tick().await;
        let posts = receiver.posts();
        assert_eq!(posts.len(), EventType::ALL.len());
        for post in posts {
            assert!(post.is_signed_with(&secret));
            assert!(post.json()["test"] == true && post.header("webhook-id").starts_with("test_"));
            assert!(papo::wire::catalogue::of(post.event().parse().expect("a type")).is_some());
        }
    });
}

#[test]
fn the_quick_set_up_makes_one_endpoint_of_equal_urls_and_clears_one_event_alone() {
    on_one_thread(async {
        let world = World::opens().await;
        let crm = WebhookUrl::parse("https://crm.example.com/").ok();
        let secrets = || (0..7).map(|_| signature::generate(Signing::Hmac)).collect();
        let wish = |requested, rated| vec![(EventType::ChatRequested, requested), (EventType::ChatRated, rated)];
        world.store.quick_setup(&world.vault, wish(crm.clone(), crm.clone()), secrets()).await.expect("set up");
        let endpoints = world.store.endpoints().await.expect("endpoints");
        assert_eq!((endpoints.len(), endpoints[0].draft.filter.events.len()), (1, 2));
        world
            .changes(endpoints[0].id, |draft| {
                draft.filter.events.insert(EventType::ChatTagged);
            })
            .await;
        world.store.quick_setup(&world.vault, wish(None, crm), secrets()).await.expect("set up");
        let events = world.store.endpoints().await.expect("endpoints")[0].draft.filter.events.clone();
        assert_eq!(events, [EventType::ChatRated, EventType::ChatTagged].into());
    });
}

#[test]
fn a_blocked_address_fails_at_once_with_its_reason_and_without_the_address() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, _) = world.endpoint(&receiver.url(), &REQUESTED).await;
        world.asks().await;
        world.closed_dispatcher().tick().await;
        let kept = world.the_delivery(endpoint).await;
        assert_eq!((kept.delivery.state, kept.delivery.last_code), (DeliveryState::Failed, Some(AttemptCode::BlockedAddress)));
        assert_eq!(kept.attempts[0].1.remote_address, None);
        assert_eq!(receiver.connections(), 0);
    });
}
