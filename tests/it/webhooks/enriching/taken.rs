//! What is taken of an answer, and the events that follow from it.

use papo::domain::chat::command::{Actor, Command};
use papo::domain::chat::event::Event;
use papo::domain::chat::{Coordinates, LocationSource};
use papo::domain::delivery::DeliveryState;
use papo::domain::enrichment::{Field, Reason};
use papo::domain::event_type::EventType;
use serde_json::{Value, json};

use super::office::{Office, REQUESTED, allowed, by_webhook, chat, department, last_outcome, ok, tag, visitor};
use crate::webhooks::receiver::{Answer, Receiver};
use crate::webhooks::world::{World, on_one_thread};

#[test]
fn blanks_are_filled_and_the_record_says_what_was_taken() {
    on_one_thread(async {
        let office = Office::opens().await;
        let answer = json!({
            "visitor": {"name": "Outra", "email": "ana@example.com", "phone": "(81) 99876-0142", "custom": {"plano": "ouro", "pedidos": 12}},
            "card": [{"title": "Último pedido", "content": "10482, entregue", "url": "https://loja.example/10482"}],
            "crm_id": 7,
        });
        let (_, id) = office.answers(&answer).await;
        let known = visitor(&office.world, id).await;
        assert_eq!((known.name.as_deref(), known.email.as_deref()), (Some("Ana"), Some("ana@example.com")), "what was typed stays");
        assert_eq!((known.phone.as_deref(), known.phone_raw.as_deref()), (Some("+5581998760142"), Some("(81) 99876-0142")));
        assert_eq!(known.custom, r#"{"plano":"ouro","pedidos":12}"#);
        assert_eq!((known.cards.len(), known.cards[0].url.as_deref()), (1, Some("https://loja.example/10482")));
        assert_eq!(known.filled.keys().collect::<Vec<_>>(), ["custom.pedidos", "custom.plano", "email", "phone"]);
        assert!(known.filled.values().all(|by| by.endpoint == office.endpoint));
        let outcome = office.outcome().await.expect("a record");
        assert_eq!(outcome.taken.len(), 5, "{outcome:?}");
        assert_eq!(office.reasons().await, ["already_known"], "{outcome:?}");
    });
}

#[test]
fn what_the_visitor_types_later_is_their_own_word_again() {
    on_one_thread(async {
        let office = Office::opens().await;
        let (world, token) = (&office.world, [7; 32]);
        office.receiver.answers_next([ok(&json!({"visitor": {"email": "crm@example.com"}}))]);
        let (first, id) = world.asks_with(token, None, None).await;
        world.dispatcher().tick().await;
        assert_eq!(visitor(world, id).await.email.as_deref(), Some("crm@example.com"));
        world.does(first, Actor::Visitor(id), Command::Leave).await;
        let (_, again) = world.asks_with(token, None, Some("ana@example.com")).await;
        let known = visitor(world, again).await;
        assert_eq!((again, known.email.as_deref(), known.filled.len()), (id, Some("ana@example.com"), 0));
    });
}

#[test]
fn tag_note_and_department_enter_as_commands_and_fire_their_events_without_an_end_in_themselves() {
    on_one_thread(async {
        let office = Office::opens().await;
        let world = &office.world;
        let (vip, exchanges) = (tag(world, "VIP").await, department(world, "Trocas").await);
        let hears = Receiver::opens();
        // It answers everything with the same: what is caused by an answer is not answered.
        hears.answers_always(ok(&json!({"tags": ["VIP"], "note": "de novo", "visitor": {"custom": {"eco": true}}})));
        let events = [EventType::ChatTagged, EventType::ChatTransferred, EventType::VisitorUpdated];
        let echo = allowed(world, &hears, &events, Field::ALL).await;
        let answer = json!({"visitor": {"email": "ana@example.com"}, "tags": ["vip"], "department": "Trocas", "note": "cliente antigo"});
        let (id, visitor_id) = office.answers(&answer).await;
        let after = chat(world, id).await;
        assert_eq!((after.tags.iter().copied().collect::<Vec<_>>(), after.department), (vec![vip], exchanges));
        let entries = by_webhook(world, id, office.endpoint).await;
        let kinds: Vec<&str> = entries.iter().map(|entry| entry.event.as_str()).collect();
        assert_eq!(kinds, ["tagged", "note", "transferred"]);
        assert!(matches!(&entries[1].event, Event::Noted(body) if body.as_str() == "cliente antigo"));
        let mut bodies: Vec<Value> = hears.posts().iter().map(crate::webhooks::receiver::Post::json).collect();
        bodies.sort_by_key(|body| body["type"].as_str().map(str::to_owned));
        let types: Vec<&str> = bodies.iter().filter_map(|body| body["type"].as_str()).collect();
        assert_eq!(types, ["chat.tagged", "chat.transferred", "visitor.updated"], "each once");
        bodies.iter().for_each(crate::webhooks::bodies::assert_valid);
        let by = json!({"kind": "webhook", "id": office.endpoint.to_string(), "name": "CRM"});
        assert!(bodies.iter().all(|body| body["data"]["by"] == by), "{bodies:?}");
        let updated = &bodies[2];
        assert_eq!((&updated["data"]["changed"], &updated["data"]["chat"]), (&json!(["email"]), &Value::Null));
        assert_eq!((&updated["data"]["visitor"]["email"], &updated["sequence"]), (&json!("ana@example.com"), &Value::Null));
        assert_eq!(bodies[0]["data"]["visitor"]["email"], "ana@example.com", "what follows tells of the visitor as known now");
        assert!(by_webhook(world, id, echo).await.is_empty() && last_outcome(world, echo).await.is_none());
        assert_eq!(visitor(world, visitor_id).await.custom, "{}");
    });
}

#[test]
fn of_two_endpoints_the_first_that_is_recorded_wins_each_field() {
    on_one_thread(async {
        let (world, one, other) = (World::opens().await, Receiver::opens(), Receiver::opens());
        let mut endpoints = Vec::new();
        for (receiver, phone, custom) in [(&one, "81 3333-1111", "a"), (&other, "81 3333-2222", "b")] {
            receiver.answers_always(ok(&json!({"visitor": {"phone": phone, "custom": {"plano": custom, (custom): 1}}})));
            endpoints.push(allowed(&world, receiver, REQUESTED, Field::ALL).await);
        }
        let (_, id) = world.asks_as(None, None).await;
        world.dispatcher().tick().await;
        let known = visitor(&world, id).await;
        let winner = known.filled["phone"].endpoint;
        let (phone, plan) = if winner == endpoints[0] { ("81 3333-1111", "a") } else { ("81 3333-2222", "b") };
        assert_eq!(known.phone_raw.as_deref(), Some(phone), "one of them, whole");
        let custom: Value = serde_json::from_str(&known.custom).expect("JSON");
        assert_eq!(custom, json!({"plano": plan, "a": 1, "b": 1}), "fields that differ come from both");
        let loser = endpoints.into_iter().find(|endpoint| *endpoint != winner).expect("two");
        let reasons: Vec<Reason> =
            last_outcome(&world, loser).await.expect("a record").ignored.into_iter().map(|(_, reason)| reason).collect();
        assert_eq!(reasons, [Reason::AlreadyKnown, Reason::AlreadyKnown]);
    });
}

#[test]
fn every_answered_event_of_a_chat_is_read_and_a_card_is_renewed() {
    on_one_thread(async {
        let office = Office::opens().await;
        let world = &office.world;
        let answered = [EventType::ChatRequested, EventType::VisitorLocated, EventType::ChatStarted, EventType::ChatFinished];
        world.changes(office.endpoint, |draft| draft.filter.events = answered.into()).await;
        let told = |content: &str| ok(&json!({"card": [{"title": "Pedido", "content": content}], "note": "igual"}));
        office.receiver.answers_next(["um", "dois", "três", "quatro"].map(told));
        let (id, visitor_id) = world.asks_as(Some("Ana"), None).await;
        let dispatcher = world.dispatcher();
        dispatcher.tick().await;
        let coordinates = Coordinates { latitude: -8.05, longitude: -34.9, accuracy_m: 20.0 };
        world.does(id, Actor::Visitor(visitor_id), Command::Locate { coordinates, source: LocationSource::Queue }).await;
        dispatcher.tick().await;
        world.does(id, Actor::Agent(world.agent), Command::Start).await;
        dispatcher.tick().await;
        world.does(id, Actor::Agent(world.agent), Command::Finish).await;
        dispatcher.tick().await;
        let cards: Vec<String> = visitor(world, visitor_id).await.cards.into_iter().map(|card| card.content).collect();
        assert_eq!(cards, ["três"], "the last event is not answered");
        assert_eq!(by_webhook(world, id, office.endpoint).await.len(), 1, "the same note is written once");
    });
}

#[test]
fn a_receiver_that_hangs_delays_neither_the_visitor_nor_another_ones_answer() {
    on_one_thread(async {
        let (world, hung, quick) = (World::opens().await, Receiver::opens(), Receiver::opens());
        hung.answers_always(Answer::Hang);
        quick.answers_always(ok(&json!({"visitor": {"email": "ana@example.com"}})));
        let slow = allowed(&world, &hung, REQUESTED, Field::ALL).await;
        allowed(&world, &quick, REQUESTED, Field::ALL).await;
        let (id, visitor_id) = world.asks_as(Some("Ana"), None).await;
        let dispatcher = world.dispatcher();
        let running = tokio::task::spawn_local(async move { dispatcher.tick().await });
        while visitor(&world, visitor_id).await.email.is_none() {
            tokio::task::yield_now().await;
        }
        world.writes(id, Actor::Visitor(visitor_id), "tem alguém aí?").await;
        assert_eq!(world.states(slow).await, [DeliveryState::Due], "it still hangs");
        running.abort();
    });
}
