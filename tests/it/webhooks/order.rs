//! In order per chat and endpoint, and nobody else waits for it.

use papo::domain::chat::command::Actor;
use papo::domain::delivery::DeliveryState;
use papo::domain::event_type::EventType;

use super::receiver::{Answer, Receiver};
use super::world::{World, on_one_thread};

const BOTH: [EventType; 2] = [EventType::ChatRequested, EventType::MessageCreated];

#[test]
fn a_failing_event_holds_back_its_own_chat_until_its_third_attempt_has_ended() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        world.endpoint(&receiver.url(), &BOTH).await;
        receiver.answers_next([Answer::status(500)]);
        let (held, _) = world.asks().await;
        let dispatcher = world.dispatcher();
        dispatcher.tick().await;
        assert_eq!(receiver.takes().len(), 1, "the chat's first message waits for its request");
        let (other, _) = world.asks().await;
        dispatcher.tick().await;
        let chats: Vec<String> =
            receiver.takes().iter().map(|post| post.json()["data"]["chat"]["id"].as_str().unwrap_or("").to_owned()).collect();
        assert_eq!(chats, [other.to_string(), other.to_string()], "another chat passes");
        receiver.answers_next([Answer::status(500), Answer::status(500)]);
        world.clock.advance_ms(5_000);
        dispatcher.tick().await;
        assert_eq!(receiver.takes().len(), 1);
        world.clock.advance_ms(300_000);
        dispatcher.tick().await;
        let events: Vec<(String, String)> =
            receiver.takes().iter().map(|post| (post.event(), post.header("webhook-attempt").to_owned())).collect();
        let pair = |event: &str, attempt: &str| (event.to_owned(), attempt.to_owned());
        assert_eq!(events, [pair("chat.requested", "3"), pair("message.created", "1")], "after the third attempt later events pass");
        world.clock.advance_ms(1_800_000);
        dispatcher.tick().await;
        assert_eq!(receiver.takes().iter().map(super::receiver::Post::event).collect::<Vec<_>>(), ["chat.requested"]);
        let _ = held;
    });
}

#[test]
fn with_strict_order_nothing_passes_until_the_event_has_ended() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, _) = world.endpoint(&receiver.url(), &BOTH).await;
        world.changes(endpoint, |draft| draft.strict_order = true).await;
        receiver.answers_next((0..4).map(|_| Answer::status(500)));
        world.asks().await;
        let dispatcher = world.dispatcher();
        for wait in [0, 5_000, 300_000, 1_800_000] {
            world.clock.advance_ms(wait);
            dispatcher.tick().await;
            assert_eq!(receiver.takes().len(), 1);
        }
        world.clock.advance_ms(7_200_000);
        dispatcher.tick().await;
        let events: Vec<String> = receiver.takes().iter().map(super::receiver::Post::event).collect();
        assert_eq!(events, ["chat.requested", "message.created"]);
    });
}

#[test]
fn the_order_is_held_through_a_restart_before_each_attempt() {
    on_one_thread(async {
        for (strict_order, waits) in [(false, &[0, 5_000, 300_000][..]), (true, &[0, 5_000, 300_000, 1_800_000, 7_200_000])] {
            let receiver = Receiver::opens();
            receiver.answers_next((1..waits.len()).map(|_| Answer::status(500)));
            if !strict_order {
                receiver.answers_next([Answer::status(500)]);
            }
            let mut world = World::opens().await;
            let (endpoint, _) = world.endpoint(&receiver.url(), &BOTH).await;
            world.changes(endpoint, |draft| draft.strict_order = strict_order).await;
            world.asks().await;
            let mut events = Vec::new();
            for wait in waits {
                world = world.restarts_by(*wait).await;
                world.dispatcher().tick().await;
                events.extend(receiver.takes().iter().map(super::receiver::Post::event));
            }
            let mut expected = vec!["chat.requested"; waits.len()];
            expected.push("message.created");
            assert_eq!(events, expected, "strict: {strict_order}");
        }
    });
}

#[test]
fn a_chats_messages_arrive_in_their_order_and_each_names_the_one_before() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        world.endpoint(&receiver.url(), &BOTH).await;
        let (chat, visitor) = world.asks().await;
        for number in 0..20 {
            world.writes(chat, Actor::Visitor(visitor), &format!("mensagem {number}")).await;
        }
        world.dispatcher().tick().await;
        let posts = receiver.posts();
        assert_eq!(posts.len(), 22);
        for pair in posts.windows(2) {
            assert_eq!(pair[1].header("webhook-previous"), pair[0].header("webhook-id"));
        }
        let seqs: Vec<i64> = posts.iter().filter_map(|post| post.json()["data"]["message"]["seq"].as_i64()).collect();
        assert!(seqs.is_sorted(), "{seqs:?}");
    });
}

#[test]
fn what_was_under_way_when_the_process_died_is_sent_again_with_the_same_id() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, _) = world.endpoint(&receiver.url(), &BOTH).await;
        receiver.answers_next([Answer::Hang]);
        world.asks().await;
        let dispatcher = world.dispatcher();
        let dying = tokio::task::spawn_local(async move { dispatcher.tick().await });
        while receiver.posts().is_empty() {
            tokio::task::yield_now().await;
        }
        dying.abort();
        let first = receiver.takes();
        // A hanging attempt keeps a handle to the store; a process that dies does not.
        let world = world.reopens();
        world.dispatcher().tick().await;
        let again = receiver.takes();
        assert_eq!(again.iter().map(super::receiver::Post::event).collect::<Vec<_>>(), ["chat.requested", "message.created"]);
        assert_eq!(again[0].header("webhook-id"), first[0].header("webhook-id"));
        assert_eq!(world.states(endpoint).await, [DeliveryState::Delivered, DeliveryState::Delivered]);
    });
}

#[test]
fn a_backlog_far_beyond_what_is_held_in_memory_goes_out_whole_once_and_in_order() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        world.endpoint(&receiver.url(), &[EventType::MessageCreated]).await;
        let mut chats = Vec::new();
        for _ in 0..100 {
            chats.push(world.asks().await);
        }
        // The request's own message was the first. Half of it is there before the dispatcher, half comes while it works.
        let writes = async |numbers: std::ops::Range<u32>| {
            for number in numbers {
                for (chat, visitor) in &chats {
                    world.writes(*chat, Actor::Visitor(*visitor), &format!("recado {number}")).await;
                }
            }
        };
        writes(1..3).await;
        let dispatcher = world.dispatcher();
        let (attempts, ()) = tokio::join!(dispatcher.tick(), writes(3..5));
        let attempts = attempts + dispatcher.tick().await;
        let posts = receiver.takes();
        assert_eq!((attempts, posts.len()), (500, 500));
        for (chat, _) in &chats {
            let seqs: Vec<i64> = posts
                .iter()
                .map(super::receiver::Post::json)
                .filter(|body| body["data"]["chat"]["id"] == chat.to_string())
                .map(|body| body["data"]["message"]["seq"].as_i64().unwrap_or_default())
                .collect();
            assert_eq!(seqs.len(), 5, "each once");
            assert!(seqs.is_sorted(), "{seqs:?}");
        }
    });
}
