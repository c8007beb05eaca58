//! Answers that enrich: what a receiver tells is taken once, in the transaction that records its attempt, and fires what anybody's change fires.

use papo::domain::chat::command::{Actor, Command};
use papo::domain::chat::event::{Event, Recorded};
use papo::domain::chat::{Chat, Coordinates, LocationSource};
use papo::domain::delivery::{AttemptCode, DeliveryState};
use papo::domain::enrichment::{Enrichment, Field, Reason};
use papo::domain::event_type::EventType;
use papo::domain::ids::{ChatId, DepartmentId, EndpointId, TagId, VisitorId};
use papo::domain::visitor::Visitor;
use papo::store::audit::Author;
use serde_json::{Value, json};

use super::receiver::{Answer, Receiver};
use super::world::{World, on_one_thread};

const REQUESTED: &[EventType] = &[EventType::ChatRequested];

/// A world with one receiver whose endpoint may fill everything.
struct Office {
    world: World,
    receiver: Receiver,
    endpoint: EndpointId,
}

impl Office {
    async fn opens() -> Self {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let endpoint = allowed(&world, &receiver, REQUESTED, Field::ALL).await;
        Self { world, receiver, endpoint }
    }

    /// Somebody of whom only the name is known asks, and the receiver answers so.
    async fn answers(&self, answer: &Value) -> (ChatId, VisitorId) {
        self.receiver.answers_next([ok(answer)]);
        let asked = self.world.asks_as(Some("Ana"), None).await;
        self.world.dispatcher().tick().await;
        asked
    }

    /// What became of the answer to the last delivery.
    async fn outcome(&self) -> Option<Enrichment> {
        last_outcome(&self.world, self.endpoint).await
    }

    async fn reasons(&self) -> Vec<&'static str> {
        self.outcome().await.map(|outcome| outcome.ignored.iter().map(|(_, reason)| reason.as_str()).collect()).unwrap_or_default()
    }
}

async fn allowed(world: &World, receiver: &Receiver, events: &[EventType], fields: &[Field]) -> EndpointId {
    let (endpoint, _) = world.endpoint(&receiver.url(), events).await;
    world.changes(endpoint, |draft| draft.enrich = fields.iter().copied().collect()).await;
    endpoint
}

async fn last_outcome(world: &World, endpoint: EndpointId) -> Option<Enrichment> {
    let last = world.deliveries(endpoint).await.last().expect("a delivery").id;
    world.store.delivery(last).await.expect("a delivery").enrichment
}

fn ok(answer: &Value) -> Answer {
    Answer::with(200, &[("content-type", "application/json")], &answer.to_string())
}

async fn visitor(world: &World, id: VisitorId) -> Visitor {
    world.store.visitor(id).await.expect("a visitor")
}

async fn chat(world: &World, id: ChatId) -> Chat {
    world.store.chat(id).await.expect("a chat")
}

async fn by_webhook(world: &World, chat: ChatId, endpoint: EndpointId) -> Vec<Recorded> {
    let all = world.store.whole_timeline(chat).await.expect("a timeline");
    all.into_iter().filter(|entry| entry.by == Actor::Webhook(endpoint)).collect()
}

async fn tag(world: &World, name: &str) -> TagId {
    world.store.create_tag(name.to_owned(), author(world)).await.expect("a tag")
}

async fn department(world: &World, name: &str) -> DepartmentId {
    let like = world.store.directory().departments[&world.department].clone();
    let id = DepartmentId::new();
    let new = papo::domain::department::Department { id, name: name.to_owned(), ..like };
    world.store.create_department(new, author(world)).await.expect("a department");
    id
}

fn author(world: &World) -> Author {
    Author { agent: world.agent, address: None }
}

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
        let mut bodies: Vec<Value> = hears.posts().iter().map(super::receiver::Post::json).collect();
        bodies.sort_by_key(|body| body["type"].as_str().map(str::to_owned));
        let types: Vec<&str> = bodies.iter().filter_map(|body| body["type"].as_str()).collect();
        assert_eq!(types, ["chat.tagged", "chat.transferred", "visitor.updated"], "each once");
        bodies.iter().for_each(super::bodies::assert_valid);
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
        world.store.recover(office.endpoint, papo::domain::time::Timestamp::from_ms(0)).await.expect("recovered");
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
