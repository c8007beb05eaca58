//! Every combination of filters is led along an index and finds what a plain look at each row finds.

use diesel::sql_types::Text;
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use proptest::prelude::*;
use uuid::Uuid;

use super::{Path, Walk};
use crate::domain::delivery::DeliveryState;
use crate::domain::delivery_filter::DeliveryFilter;
use crate::domain::directory::Directory;
use crate::domain::event_type::EventType;
use crate::domain::ids::{ChatId, EndpointId};
use crate::domain::time::Timestamp;
use crate::store::connection;

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

fn endpoint(n: u128) -> EndpointId {
    EndpointId(Uuid::from_u128(n + 1))
}

fn chat(n: u128) -> ChatId {
    ChatId(Uuid::from_u128(n + 100))
}

/// A store with three endpoints and `rows` deliveries of all kinds.
fn house(folder: &std::path::Path, rows: i64) -> (SqliteConnection, Directory) {
    let mut conn = connection::open_writer(&folder.join("papo.sqlite3")).expect("a database");
    connection::migrate(&mut conn).expect("migrations");
    for n in 0..3 {
        let id = endpoint(n);
        let row = "insert into endpoints (id, name, url, secrets, headers, events, created_at) values (?, 'CRM', 'https://crm.example.com/papo', x'', x'', '[]', 0)";
        sql_query(row).bind::<diesel::sql_types::Binary, _>(id).execute(&mut conn).expect("an endpoint");
    }
    let directory = crate::store::directory::load(&mut conn).expect("the settings");
    conn.transaction(|conn| {
        for n in 0..rows {
            let (state, kind) = kinds(n);
            let event = "insert into events (position, id, type, at) values (?, randomblob(16), ?, ?)";
            sql_query(event)
                .bind::<diesel::sql_types::BigInt, _>(n + 1)
                .bind::<Text, _>(kind.as_str())
                .bind::<diesel::sql_types::BigInt, _>(n * 10)
                .execute(conn)?;
            let delivery = "insert into deliveries (position, id, event_position, endpoint_id, chat_id, type, state, created_at) \
                            values (?, randomblob(16), ?, ?, ?, ?, ?, ?)";
            sql_query(delivery)
                .bind::<diesel::sql_types::BigInt, _>(n + 1)
                .bind::<diesel::sql_types::BigInt, _>(n + 1)
                .bind::<diesel::sql_types::Binary, _>(endpoint(whose(n)))
                .bind::<diesel::sql_types::Nullable<diesel::sql_types::Binary>, _>((n % 4 != 0).then(|| chat(of_chat(n))))
                .bind::<Text, _>(kind.as_str())
                .bind::<Text, _>(state.as_str())
                .bind::<diesel::sql_types::BigInt, _>(n * 10)
                .execute(conn)?;
        }
        Ok::<_, diesel::result::Error>(())
    })
    .expect("rows");
    (conn, directory)
}

fn kinds(n: i64) -> (DeliveryState, EventType) {
    let place = |n: i64, of: usize| usize::try_from(n).unwrap_or(0) % of;
    let state = if n % 3 == 0 { pick(DeliveryState::ALL, place(n / 3, DeliveryState::ALL.len())) } else { DeliveryState::Delivered };
    (state, pick(EventType::ALL, place(n / 2, 5)))
}

fn pick<T: Copy>(all: &[T], n: usize) -> T {
    all.iter().copied().nth(n).expect("one of them")
}

fn whose(n: i64) -> u128 {
    u128::try_from(n * n % 3).unwrap_or(0)
}

fn of_chat(n: i64) -> u128 {
    u128::try_from(n % 7).unwrap_or(0)
}

fn fits(filter: &DeliveryFilter, n: i64) -> bool {
    let (state, kind) = kinds(n);
    let at = Timestamp::from_ms(n * 10);
    filter.endpoint.is_none_or(|id| id == endpoint(whose(n)))
        && filter.event_type.is_none_or(|wanted| wanted == kind)
        && (filter.states.is_empty() || filter.states.contains(&state))
        && filter.chat.is_none_or(|id| n % 4 != 0 && id == chat(of_chat(n)))
        && filter.since.is_none_or(|since| at >= since)
        && filter.until.is_none_or(|until| at < until)
}

fn filters() -> impl Strategy<Value = DeliveryFilter> {
    let times = || proptest::option::of((0_i64..3_200).prop_map(Timestamp::from_ms));
    let parts = (
        proptest::option::of((0_u128..3).prop_map(endpoint)),
        proptest::option::of((0_usize..6).prop_map(|n| pick(EventType::ALL, n))),
        proptest::collection::vec((0_usize..DeliveryState::ALL.len()).prop_map(|n| pick(DeliveryState::ALL, n)), 0..3),
        proptest::option::of((0_u128..7).prop_map(chat)),
        times(),
        times(),
    );
    parts.prop_map(|(endpoint, event_type, mut states, chat, since, until)| {
        states.dedup();
        DeliveryFilter { endpoint, event_type, states, chat, since, until, text: None, in_bodies: false }
    })
}

#[test]
fn a_walk_finds_page_by_page_what_a_look_at_every_row_finds() {
    let folder = tempfile::tempdir().expect("a folder");
    let (conn, directory) = house(folder.path(), 300);
    let conn = std::cell::RefCell::new(conn);
    proptest!(ProptestConfig { cases: 200, ..ProptestConfig::default() }, |(filter in filters(), newest_first: bool, limit in 1_usize..40)| {
        let mut conn = conn.borrow_mut();
        let mut expected: Vec<i64> = (0..300).filter(|n| fits(&filter, *n)).map(|n| n + 1).collect();
        if newest_first {
            expected.reverse();
        }
        let walk = Walk::of(&mut conn, &filter, &directory).expect("a walk");
        let (mut found, mut from) = (Vec::new(), None);
        loop {
            let page = walk.find(&mut conn, from, newest_first, limit).expect("a page");
            prop_assert!(page.positions.len() <= limit);
            found.extend(page.positions);
            from = page.edge;
            if page.ended {
                break;
            }
        }
        prop_assert_eq!(found, expected, "{:?}", filter);
    });
}

#[test]
fn no_filter_scans_the_deliveries_or_the_attempts() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut conn, directory) = house(folder.path(), 20);
    let times = (Some(Timestamp::from_ms(10)), Some(Timestamp::from_ms(150)));
    let mut looked_at = 0;
    for choice in 0_u32..32 {
        let asks = |bit: u32| choice & (1 << bit) != 0;
        let filter = DeliveryFilter {
            endpoint: asks(0).then(|| endpoint(1)),
            event_type: asks(1).then_some(EventType::ChatStarted),
            states: if asks(2) { vec![DeliveryState::Failed, DeliveryState::Held] } else { Vec::new() },
            chat: asks(3).then(|| chat(1)),
            since: times.0.filter(|_| asks(4)),
            until: times.1.filter(|_| asks(4)),
            ..DeliveryFilter::default()
        };
        for text in [None, Some("503"), Some("20261122-000042"), Some("01935e0c-0000-7000-8000-000000000000")] {
            let filter = DeliveryFilter { text: text.map(str::to_owned), in_bodies: true, ..filter.clone() };
            let walk = Walk::of(&mut conn, &filter, &directory).expect("a walk");
            for newest_first in [true, false] {
                let plan: Vec<Step> =
                    walk.bound(format!("explain query plan {}", walk.text(newest_first)), 0, 100, 31).load(&mut conn).expect("a plan");
                for step in &plan {
                    // The key in its order with a limit is the page itself.
                    let is_page = matches!(walk.path, Path::Everything) && step.detail.starts_with("SEARCH i USING INTEGER PRIMARY KEY");
                    let is_led = !["SCAN i", "SCAN d", "SCAN deliveries", "SCAN attempts"].iter().any(|scan| step.detail.starts_with(scan));
                    assert!(is_led || is_page, "{filter:?}: {}", step.detail);
                    // Inside, an index gives the order: nothing but the merged pages is sorted.
                    looked_at += 1;
                }
                let sorts = plan.iter().filter(|step| step.detail.contains("TEMP B-TREE")).count();
                assert!(sorts <= 1, "{filter:?}: {:?}", plan.iter().map(|step| &step.detail).collect::<Vec<_>>());
            }
        }
    }
    assert!(looked_at > 500);
}
