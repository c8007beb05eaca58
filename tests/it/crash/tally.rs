//! What must hold in the end: what arrived against what is kept, what was acknowledged against what is told.

use std::collections::{BTreeMap, HashMap};

use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use papo::clock::Clock;
use papo::domain::ids::{ChatId, EndpointId, EventId};
use papo::domain::webhook_id::WebhookId;
use papo::store::Store;
use serde_json::Value;

use super::house::House;
use super::people::Played;
use crate::support::house::assert_timeline_rebuilds_row;
use crate::webhooks::receiver::Post;

/// Attempts of an endpoint at a time, and answers on their way to the disk: those may be repeated after a kill.
const REPEATED_PER_KILL_MAX: usize = 8 + 256;

#[derive(QueryableByName)]
struct Told {
    #[diesel(sql_type = Binary)]
    id: EventId,
    #[diesel(sql_type = Nullable<Binary>)]
    body: Option<Vec<u8>>,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    attempts: i64,
}

#[derive(QueryableByName)]
struct Kind {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Every event arrived with its bytes, in the order of its chat; what came twice could be under way at a kill. `ends` are the numbers of POSTs at each.
pub fn assert_arrived(house: &House, endpoint: EndpointId, posts: &[Post], ends: &[usize]) {
    let mut conn = house.reads();
    let told: Vec<Told> = sql_query(
        "select e.id, b.body, d.state, d.attempts from deliveries d join events e on e.position = d.event_position \
         join event_bodies b on b.event_position = e.position and b.variant = d.variant where d.endpoint_id = ? order by d.position",
    )
    .bind::<Binary, _>(endpoint)
    .load(&mut conn)
    .expect("deliveries");
    let mut arrivals: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, post) in posts.iter().enumerate() {
        arrivals.entry(post.header("webhook-id")).or_default().push(place);
    }
    assert_eq!(told.len(), arrivals.len(), "as many events arrived as were committed");
    let generation = |place: usize| ends.iter().filter(|end| **end <= place).count();
    let mut repeated: HashMap<usize, usize> = HashMap::new();
    for event in &told {
        let id = WebhookId { event: event.id, test: false }.to_string();
        let places = arrivals.get(id.as_str()).unwrap_or_else(|| panic!("{id} never arrived"));
        assert_eq!((event.state.as_str(), event.attempts), ("delivered", 1), "{id}");
        assert!(places.iter().all(|place| Some(&posts[*place].body) == event.body.as_ref()), "{id} has the same bytes each time");
        for pair in places.windows(2) {
            assert!(generation(pair[0]) < generation(pair[1]), "{id} came again although nobody was killed");
            *repeated.entry(generation(pair[1])).or_default() += 1;
        }
    }
    assert!(repeated.values().all(|count| *count <= REPEATED_PER_KILL_MAX), "{repeated:?}");
    println!("{} events, {} came twice", told.len(), posts.len() - told.len());
    assert_in_order(posts);
}

/// Of each chat, first arrivals alone: the sequence has no gap, and each names the one before.
fn assert_in_order(posts: &[Post]) {
    let mut seen: HashMap<&str, ()> = HashMap::new();
    let mut chats: BTreeMap<String, Vec<&Post>> = BTreeMap::new();
    for post in posts {
        let is_first = seen.insert(post.header("webhook-id"), ()).is_none();
        let chat = post.json()["data"]["chat"]["id"].as_str().map(str::to_owned);
        if let (true, Some(chat)) = (is_first, chat) {
            chats.entry(chat).or_default().push(post);
        }
    }
    for (chat, posts) in &chats {
        let mut previous = "";
        let mut sequence = 0;
        for post in posts {
            assert_eq!(post.header("webhook-previous"), previous, "{} of {chat}", post.event());
            previous = post.header("webhook-id");
            if let Some(number) = post.json()["sequence"].as_i64() {
                sequence += 1;
                assert_eq!(number, sequence, "{} of {chat}", post.event());
            }
        }
    }
}

/// What was acknowledged is in every timeline once and in its order; timeline, row and outbox agree.
pub async fn assert_agrees(house: &House, played: &[Played]) {
    let store = Store::open(&house.database(), Clock::system()).expect("the same store");
    for chat in played {
        for (whose, entries) in [("the visitor's", &chat.seen), ("the agent's", &chat.stored)] {
            let messages: Vec<&str> = of(entries, "message").map(|entry| entry["data"]["body"].as_str().unwrap_or_default()).collect();
            assert_eq!(messages, chat.said, "{whose} messages of {}", chat.chat);
            for kind in ["requested", "started", "finished", "rated"] {
                assert_eq!(of(entries, kind).count(), 1, "{whose} timeline of {}: {kind} in {:?}", chat.chat, kinds(entries));
            }
        }
        assert_eq!(of(&chat.stored, "note").count(), 1);
        assert_eq!(of(&chat.stored, "tagged").count(), 1);
        let id: ChatId = chat.chat.parse().expect("an id");
        assert_timeline_rebuilds_row(&store, id, true).await;
        assert_told(house, id, &chat.stored);
    }
    store.close().await;
}

/// The outbox has one event for each entry that is told.
fn assert_told(house: &House, chat: ChatId, stored: &[Value]) {
    let counted: Vec<Kind> = sql_query("select type as kind, count(*) as count from events where chat_id = ? group by type")
        .bind::<Binary, _>(chat)
        .load(&mut house.reads())
        .expect("events");
    let told: BTreeMap<&str, i64> = counted.iter().map(|row| (row.kind.as_str(), row.count)).collect();
    let pairs = [
        ("requested", "chat.requested"),
        ("started", "chat.started"),
        ("message", "message.created"),
        ("tagged", "chat.tagged"),
        ("finished", "chat.finished"),
        ("rated", "chat.rated"),
    ];
    let expected: BTreeMap<&str, i64> =
        pairs.iter().map(|(entry, event)| (*event, i64::try_from(of(stored, entry).count()).expect("few"))).collect();
    assert_eq!(told, expected, "the events of {chat}");
}

fn kinds(entries: &[Value]) -> Vec<String> {
    entries.iter().map(|entry| format!("{} {}", entry["seq"], entry["type"])).collect()
}

fn of<'a>(entries: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    entries.iter().filter(move |entry| entry["type"] == kind)
}
