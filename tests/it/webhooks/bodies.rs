//! What the events of a chat tell: every body against the schema of its type, the sequence without a gap, nothing that was not asked for.

use papo::domain::agent::Availability;
use papo::domain::chat::command::{Actor, Command};
use papo::domain::chat::{Coordinates, LocationSource};
use papo::domain::delivery::DeliveryState;
use papo::domain::event_type::EventType;
use papo::domain::ids::ChatId;
use papo::domain::text::Body;
use papo::wire::catalogue;
use serde_json::Value;

use super::receiver::{Answer, Receiver};
use super::world::{World, on_one_thread};

pub fn assert_valid(body: &Value) {
    let event: EventType = body["type"].as_str().and_then(|name| name.parse().ok()).expect("a type");
    let validator = jsonschema::validator_for(&catalogue::schema(event)).expect("a schema");
    let errors: Vec<String> = validator.iter_errors(body).map(|error| format!("{error} at {}", error.instance_path)).collect();
    assert!(errors.is_empty(), "{event}: {errors:?}");
}

/// One chat from the request to the rating.
async fn lives(world: &World) -> ChatId {
    let (chat, visitor) = world.asks().await;
    let (visitor, agent) = (Actor::Visitor(visitor), Actor::Agent(world.agent));
    let coordinates = Coordinates { latitude: -8.05, longitude: -34.9, accuracy_m: 20.0 };
    world.does(chat, visitor, Command::Locate { coordinates, source: LocationSource::Queue }).await;
    world.clock.advance_ms(12_000);
    world.does(chat, agent, Command::Start).await;
    world.writes(chat, agent, "Aguenta sim.").await;
    world.does(chat, agent, Command::Note(Body::parse("cliente antigo").expect("a note"))).await;
    world.clock.advance_ms(60_000);
    world.does(chat, visitor, Command::Finish).await;
    world.does(chat, visitor, Command::Rate { score: 5, comment: Some("ótimo".to_owned()) }).await;
    world.does(chat, visitor, Command::RevokeLocation).await;
    chat
}

#[test]
fn every_body_of_a_chats_life_is_valid_and_their_sequence_has_no_gap() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        world.endpoint(&receiver.url(), EventType::ALL).await;
        let first = lives(&world).await.to_string();
        world.store.set_availability(world.agent, Availability::Paused, None).await.expect("a pause");
        let (left, visitor) = world.asks().await;
        world.does(left, Actor::Visitor(visitor), Command::Leave).await;
        world.dispatcher().tick().await;
        let bodies: Vec<Value> = receiver.posts().iter().map(super::receiver::Post::json).collect();
        bodies.iter().for_each(assert_valid);
        // Chats overtake each other: only within one is there an order.
        let of_first: Vec<&Value> = bodies.iter().filter(|body| body["data"]["chat"]["id"] == first.as_str()).collect();
        let events: Vec<&str> = of_first.iter().filter_map(|body| body["type"].as_str()).collect();
        assert_eq!(
            events,
            [
                "chat.requested",
                "message.created",
                "chat.started",
                "message.created",
                "chat.finished",
                "chat.rated",
                "visitor.location_revoked"
            ],
            "the location was taken back before it was delivered; a note is never told"
        );
        let sequence: Vec<i64> = of_first.iter().filter_map(|body| body["sequence"].as_i64()).collect();
        assert_eq!(sequence, [1, 3, 4, 5, 6], "2 was the location");
        let finished = of_first.iter().find(|body| body["type"] == "chat.finished").expect("an end");
        let data = &finished["data"];
        assert_eq!((&data["waited_seconds"], &data["duration_seconds"], &data["by"]["kind"]), (&12.into(), &60.into(), &"visitor".into()));
        assert_eq!((&data["agent"]["name"], &data["agents"][0]["name"]), (&"Dora".into(), &"Dora".into()));
        assert!(bodies.iter().any(|body| body["type"] == "chat.abandoned"));
        assert!(bodies.iter().any(|body| body["type"] == "agent.availability_changed"));
    });
}

#[test]
fn a_jump_of_the_clock_lengthens_no_stretch_of_a_chat() {
    on_one_thread(async {
        for jump_ms in [0, 86_400_000, -86_400_000] {
            let (world, receiver) = (World::opens().await, Receiver::opens());
            world.endpoint(&receiver.url(), &[EventType::ChatStarted, EventType::ChatFinished]).await;
            let (chat, visitor) = world.asks().await;
            let passes = |seconds: i64| {
                world.clock.jump_ms(jump_ms);
                world.clock.advance_ms(seconds * 1000);
            };
            passes(12);
            world.does(chat, Actor::Agent(world.agent), Command::Start).await;
            passes(7);
            world.writes(chat, Actor::Agent(world.agent), "Aguenta sim.").await;
            passes(53);
            world.does(chat, Actor::Visitor(visitor), Command::Finish).await;
            world.dispatcher().tick().await;
            let [started, finished] = &receiver.takes()[..] else { panic!("two events") };
            let (started, finished) = (&started.json()["data"], &finished.json()["data"]);
            assert_eq!(started["waited_seconds"], 12, "by {jump_ms}");
            let told = ["waited_seconds", "duration_seconds", "first_response_seconds"].map(|name| finished[name].as_i64());
            assert_eq!(told, [Some(12), Some(60), Some(7)], "by {jump_ms}");
        }
    });
}

#[test]
fn address_and_transcript_come_only_where_they_are_asked_for() {
    on_one_thread(async {
        let (world, plain, curious) = (World::opens().await, Receiver::opens(), Receiver::opens());
        world.endpoint(&plain.url(), &[EventType::ChatFinished]).await;
        let (endpoint, _) = world.endpoint(&curious.url(), &[EventType::ChatFinished]).await;
        world.changes(endpoint, |draft| (draft.extras.address, draft.extras.transcript) = (true, true)).await;
        lives(&world).await;
        world.dispatcher().tick().await;
        let (little, much) = (plain.posts()[0].json(), curious.posts()[0].json());
        [&little, &much].into_iter().for_each(assert_valid);
        assert_eq!(little["id"], much["id"], "one event");
        assert!(little["data"]["visitor"].get("ip").is_none() && little["data"].get("transcript").is_none());
        assert_eq!(much["data"]["visitor"]["ip"], "203.0.113.7");
        let texts: Vec<&str> = much["data"]["transcript"]["messages"]
            .as_array()
            .expect("messages")
            .iter()
            .filter_map(|message| message["body"].as_str())
            .collect();
        assert_eq!(texts, ["A rede aguenta duas pessoas?", "Aguenta sim."], "without the note");
    });
}

#[test]
fn a_revoked_location_leaves_no_stored_body_and_is_not_sent_again() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, _) = world.endpoint(&receiver.url(), &[EventType::VisitorLocated]).await;
        receiver.answers_next([Answer::status(200), Answer::status(500)]);
        let dispatcher = world.dispatcher();
        let mut chats = Vec::new();
        for _ in 0..2 {
            let (chat, visitor) = world.asks().await;
            let coordinates = Coordinates { latitude: -8.05, longitude: -34.9, accuracy_m: 20.0 };
            world.does(chat, Actor::Visitor(visitor), Command::Locate { coordinates, source: LocationSource::Queue }).await;
            dispatcher.tick().await;
            chats.push((chat, visitor));
        }
        for (chat, visitor) in chats {
            world.does(chat, Actor::Visitor(visitor), Command::RevokeLocation).await;
        }
        world.clock.advance_ms(5_000);
        assert_eq!(dispatcher.tick().await, 0);
        assert_eq!(world.states(endpoint).await, [DeliveryState::Delivered, DeliveryState::Revoked]);
        for delivery in world.deliveries(endpoint).await {
            assert_eq!(world.store.delivery(delivery.id).await.expect("a delivery").body, None);
            assert!(world.store.resend(delivery.id).await.is_err(), "there is nothing to send again");
        }
    });
}

#[test]
fn a_change_that_is_refused_leaves_nothing_in_the_outbox() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, _) = world.endpoint(&receiver.url(), EventType::ALL).await;
        let (chat, visitor) = world.asks().await;
        let before = world.deliveries(endpoint).await.len();
        let refused = world.store.execute(chat, Actor::Visitor(visitor), Command::Rate { score: 5, comment: None }, None).await;
        assert!(refused.is_err(), "a chat that was never started can't be rated");
        assert_eq!(world.deliveries(endpoint).await.len(), before);
    });
}
