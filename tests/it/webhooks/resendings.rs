//! Many deliveries sent again: once, in the order of each chat, through restarts, and never two at the same endpoint.

use papo::domain::chat::command::Actor;
use papo::domain::delivery::{Cause, DeliveryState};
use papo::domain::event_type::EventType;
use papo::domain::ids::EndpointId;
use papo::domain::resending::{Kind, State, Wanted};
use papo::domain::time::Timestamp;
use papo::store::deliveries::DeliveryFilter;
use papo::store::error::StoreError;
use papo::sweeper::resending::Resender;

use super::receiver::{Answer, Receiver};
use super::world::{World, on_one_thread};

const REQUESTED: [EventType; 1] = [EventType::ChatRequested];
const BOTH: [EventType; 2] = [EventType::ChatRequested, EventType::MessageCreated];

fn everything_to(endpoint: EndpointId) -> Wanted {
    let filter = DeliveryFilter { endpoint: Some(endpoint), ..DeliveryFilter::default() };
    Wanted { kind: Kind::Filtered, filter, upto: None }
}

fn code(error: &StoreError) -> &'static str {
    match error {
        StoreError::Invalid(invalid) => invalid.code,
        _ => "another error",
    }
}

async fn to_the_end(world: &World) {
    let resender = Resender::new(world.store.clone());
    while resender.tick().await.expect("a batch") {}
}

#[test]
fn what_fits_a_filter_is_sent_again_once_in_the_order_of_its_chat() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, _) = world.endpoint(&receiver.url(), &BOTH).await;
        let (first, visitor) = world.asks().await;
        let (second, _) = world.asks().await;
        world.writes(first, Actor::Visitor(visitor), "E a três?").await;
        let dispatcher = world.dispatcher();
        dispatcher.tick().await;
        let before = receiver.takes();
        assert_eq!(before.len(), 5);
        let filter = DeliveryFilter { chat: Some(first), ..everything_to(endpoint).filter };
        let id = world.store.begin_resending(Wanted { filter, ..everything_to(endpoint) }, None).await.expect("begun");
        to_the_end(&world).await;
        dispatcher.tick().await;
        let again = receiver.takes();
        let of_first = |posts: &[super::receiver::Post]| -> Vec<String> {
            let own = posts.iter().filter(|post| post.json()["data"]["chat"]["id"] == first.to_string());
            own.map(|post| post.header("webhook-id").to_owned()).collect()
        };
        assert_eq!((again.len(), of_first(&again)), (3, of_first(&before)), "the same events in the same order, of this chat alone");
        let done = world.store.resending(id).await.expect("a resending");
        assert_eq!((done.state, done.sent, done.skipped, done.expected.n, done.percent()), (State::Done, 3, 0, 3, 100));
        assert!(!again.iter().any(|post| post.json()["data"]["chat"]["id"] == second.to_string()));
        let causes: Vec<Cause> = world.deliveries(endpoint).await.iter().skip(5).map(|delivery| delivery.cause).collect();
        assert_eq!(causes, [Cause::Recover; 3]);
    });
}

#[test]
fn what_was_recovered_before_and_failed_again_does_not_fall_behind_what_came_later() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, _) = world.endpoint(&receiver.url(), &BOTH).await;
        let abort = || Answer::with(400, &[("webhook-delivery", "abort-message")], "");
        let (chat, visitor) = world.asks().await;
        receiver.answers_next((0..5).map(|_| abort()));
        let dispatcher = world.dispatcher();
        dispatcher.tick().await;
        world.writes(chat, Actor::Visitor(visitor), "Alguém aí?").await;
        // The first two go again before the third was ever tried, and fail like it.
        let wanted = Wanted { upto: Some(2), ..Wanted::recovery(endpoint, Timestamp::from_ms(0)) };
        world.store.begin_resending(wanted, None).await.expect("begun");
        to_the_end(&world).await;
        dispatcher.tick().await;
        assert!(world.states(endpoint).await.iter().all(|state| *state == DeliveryState::Aborted));
        let events: Vec<String> = receiver.takes().iter().take(2).map(|post| post.header("webhook-id").to_owned()).collect();
        assert_eq!(world.recovers(endpoint, Timestamp::from_ms(0)).await.expect("recovered"), 3);
        dispatcher.tick().await;
        let again: Vec<String> = receiver.takes().iter().map(|post| post.header("webhook-id").to_owned()).collect();
        assert_eq!((again.len(), &again[..2]), (3, &events[..]), "by event, not by delivery");
        assert_eq!(world.recovers(endpoint, Timestamp::from_ms(0)).await.expect("nothing"), 0);
    });
}

#[test]
fn a_resending_goes_on_after_a_crash_exactly_where_it_was() {
    on_one_thread(async {
        let world = World::opens().await;
        let (endpoint, _) = world.endpoint("http://127.0.0.1:9/", &REQUESTED).await;
        for _ in 0..230 {
            world.asks().await;
        }
        world.changes(endpoint, |draft| draft.enabled = false).await;
        world.changes(endpoint, |draft| draft.enabled = true).await;
        let held = world.deliveries(endpoint).await;
        assert!(held.iter().all(|delivery| delivery.state == DeliveryState::Held));
        let id = world.store.begin_resending(Wanted::recovery(endpoint, Timestamp::from_ms(0)), None).await.expect("begun");
        assert!(world.store.continue_resending(id).await.expect("a batch"), "there is more");
        let half = world.store.resending(id).await.expect("a resending");
        assert_eq!((half.sent, half.state), (200, State::Running));
        assert!((1..100).contains(&half.percent()));
        let world = world.reopens();
        // Two who drive it do no harm.
        let (one, other) = (Resender::new(world.store.clone()), Resender::new(world.store.clone()));
        let (first, second) = tokio::join!(one.tick(), other.tick());
        assert!(first.expect("a batch") && second.expect("a batch"));
        to_the_end(&world).await;
        let done = world.store.resending(id).await.expect("a resending");
        assert_eq!((done.sent, done.skipped, done.state), (230, 0, State::Done));
        let mut events: Vec<_> = Vec::new();
        let mut before = None;
        loop {
            let filter = DeliveryFilter { states: vec![DeliveryState::Due], ..everything_to(endpoint).filter };
            let page = world.store.deliveries(filter, before, 200).await.expect("deliveries");
            before = page.last().map(|delivery| delivery.position);
            if page.is_empty() {
                break;
            }
            events.extend(page.into_iter().map(|delivery| delivery.event));
        }
        let all = events.len();
        events.sort_unstable();
        events.dedup();
        assert_eq!((all, events.len()), (230, 230), "each event once");
    });
}

#[test]
fn one_runs_at_a_time_of_an_endpoint_and_an_ended_one_makes_room() {
    on_one_thread(async {
        let world = World::opens().await;
        let (crm, _) = world.endpoint("http://127.0.0.1:9/", &REQUESTED).await;
        let (notes, _) = world.endpoint("http://127.0.0.1:9/notas", &REQUESTED).await;
        world.asks().await;
        let begin = async |wanted| world.store.begin_resending(wanted, None).await;
        let of_all =
            Wanted { filter: DeliveryFilter { since: Some(Timestamp::from_ms(0)), ..DeliveryFilter::default() }, ..everything_to(crm) };
        let id = begin(everything_to(crm)).await.expect("begun");
        for wanted in [everything_to(crm), Wanted::recovery(crm, Timestamp::from_ms(0)), of_all.clone()] {
            assert_eq!(code(&begin(wanted).await.expect_err("one runs")), "resending_running");
        }
        begin(everything_to(notes)).await.expect("another endpoint waits for nobody");
        let by = papo::store::audit::Author { agent: world.agent, address: None };
        let ended = world.store.cancel_resending(id, by.clone()).await.expect("cancelled");
        assert_eq!(ended.state, State::Cancelled);
        assert!(!world.store.continue_resending(id).await.expect("nothing"));
        assert_eq!(world.store.cancel_resending(id, by).await.expect("again").ended_at, ended.ended_at);
        to_the_end(&world).await;
        begin(of_all).await.expect("there is room");
        assert_eq!(
            code(&begin(Wanted { filter: DeliveryFilter::default(), ..everything_to(crm) }).await.expect_err("too much")),
            "filter_open"
        );
        to_the_end(&world).await;
        world.changes(crm, |draft| draft.enabled = false).await;
        assert_eq!(code(&begin(everything_to(crm)).await.expect_err("disabled")), "endpoint_disabled");
    });
}

#[test]
fn tests_what_is_on_its_way_and_what_has_come_meanwhile_stay_out() {
    on_one_thread(async {
        let (world, receiver) = (World::opens().await, Receiver::opens());
        let (endpoint, _) = world.endpoint(&receiver.url(), &REQUESTED).await;
        receiver.answers_next([Answer::with(400, &[("webhook-delivery", "abort-message")], "")]);
        world.asks().await;
        let dispatcher = world.dispatcher();
        dispatcher.tick().await;
        let aborted = world.the_delivery(endpoint).await.delivery.id;
        world.store.send_test(endpoint, EventType::ChatRated).await.expect("a test");
        world.store.resend(aborted).await.expect("sent again");
        dispatcher.tick().await;
        receiver.takes();
        assert_eq!(world.recovers(endpoint, Timestamp::from_ms(0)).await.expect("recovered"), 0, "it has come by the single resend");
        receiver.answers_next([Answer::status(500)]);
        world.asks().await;
        dispatcher.tick().await;
        receiver.takes();
        let id = world.store.begin_resending(everything_to(endpoint), None).await.expect("begun");
        to_the_end(&world).await;
        let done = world.store.resending(id).await.expect("a resending");
        assert_eq!((done.sent, done.skipped), (1, 3), "the one that came goes; not the aborted before it, the test, the one that is due");
        let _ = dispatcher;
    });
}
