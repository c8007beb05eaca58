//! The delivery log with a million deliveries: how long a page takes, whatever is asked for.
//!
//! `cargo test --bench log` fills a store in the system's folder for temporary files (1.5 GB and its log, a few minutes) and prints a table. Another
//! number of deliveries: `PAPO_LOG_ROWS`.

use std::path::Path;
use std::time::Instant;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use papo::clock::Clock;
use papo::domain::delivery::DeliveryState;
use papo::domain::delivery_filter::{DeliveryFilter, Turn};
use papo::domain::event_type::EventType;
use papo::domain::ids::{ChatId, EndpointId};
use papo::domain::time::Timestamp;
use papo::store::Store;
use uuid::Uuid;

/// 2026-11-22T12:00:00Z; deliveries come five a second before it.
const NOW: i64 = 1_795_348_800_000;
const EVERY_MS: i64 = 200;
const ROUNDS: usize = 15;
const PAGE: usize = 30;

fn main() {
    let rows: i64 = std::env::var("PAPO_LOG_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("papo.sqlite3");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let began = Instant::now();
        Store::open(&path, Clock::fixed(Timestamp::from_ms(NOW))).expect("a store").close().await;
        fill(&path, rows);
        println!("{rows} deliveries with their attempts in {:.0?}, {} MB", began.elapsed(), size(&path) / 1_000_000);
        let store = Store::open(&path, Clock::fixed(Timestamp::from_ms(NOW))).expect("the same store");
        println!("{:44} {:>10} {:>10} {:>10} {:>10}", "filter", "median", "worst", "page 100", "count");
        for (name, filter) in filters(rows) {
            measure(&store, name, &filter).await;
        }
        store.close().await;
    });
}

async fn measure(store: &Store, name: &str, filter: &DeliveryFilter) {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        store.delivery_log(filter.clone(), None, PAGE).await.expect("a page");
        times.push(began.elapsed());
    }
    times.sort();
    let (median, worst) = (times.get(ROUNDS / 2).copied().unwrap_or_default(), times.last().copied().unwrap_or_default());
    let mut turn = None;
    for _ in 0..99 {
        let page = store.delivery_log(filter.clone(), turn, PAGE).await.expect("a page");
        turn = page.older.map(Turn::Before);
        if turn.is_none() {
            break;
        }
    }
    let began = Instant::now();
    let deep = match turn {
        Some(turn) => {
            store.delivery_log(filter.clone(), Some(turn), PAGE).await.expect("a page");
            format!("{:.1?}", began.elapsed())
        }
        None => "-".to_owned(),
    };
    let began = Instant::now();
    store.count_deliveries(filter.clone()).await.expect("a count");
    let counted = began.elapsed();
    println!("{name:44} {:>10} {:>10} {deep:>10} {:>10}", format!("{:.1?}", median), format!("{:.1?}", worst), format!("{counted:.1?}"));
}

fn endpoint(n: u128) -> EndpointId {
    EndpointId(Uuid::from_u128(n))
}

fn filters(rows: i64) -> Vec<(&'static str, DeliveryFilter)> {
    let none = DeliveryFilter::default;
    let busy = Some(endpoint(1));
    let rare = vec![DeliveryState::Failed];
    let kind = Some(EventType::ChatRated);
    let (from, to) = (Some(Timestamp::from_ms(NOW - rows * EVERY_MS / 2)), Some(Timestamp::from_ms(NOW - rows * EVERY_MS / 4)));
    let chat = Some(ChatId(Uuid::from_u128(777)));
    let text = |text: &str| Some(text.to_owned());
    vec![
        ("nothing", none()),
        ("endpoint", DeliveryFilter { endpoint: busy, ..none() }),
        ("endpoint without any", DeliveryFilter { endpoint: Some(endpoint(10)), ..none() }),
        ("type", DeliveryFilter { event_type: kind, ..none() }),
        ("state failed (1 %)", DeliveryFilter { states: rare.clone(), ..none() }),
        ("state aborted (none)", DeliveryFilter { states: vec![DeliveryState::Aborted], ..none() }),
        ("state delivered", DeliveryFilter { states: vec![DeliveryState::Delivered], ..none() }),
        ("time", DeliveryFilter { since: from, until: to, ..none() }),
        ("chat", DeliveryFilter { chat, ..none() }),
        ("endpoint, state", DeliveryFilter { endpoint: busy, states: rare.clone(), ..none() }),
        ("endpoint, type", DeliveryFilter { endpoint: busy, event_type: kind, ..none() }),
        ("type, state", DeliveryFilter { event_type: kind, states: rare.clone(), ..none() }),
        ("endpoint, type, state", DeliveryFilter { endpoint: busy, event_type: kind, states: rare.clone(), ..none() }),
        (
            "endpoint, type, state, time",
            DeliveryFilter { endpoint: busy, event_type: kind, states: rare.clone(), since: from, until: to, ..none() },
        ),
        ("type, state, time", DeliveryFilter { event_type: kind, states: rare, since: from, until: to, ..none() }),
        ("chat, type", DeliveryFilter { chat, event_type: kind, ..none() }),
        ("text: a protocol that nobody has", DeliveryFilter { text: text("20261122-000042"), ..none() }),
        ("text: status 503 (1 %)", DeliveryFilter { text: text("503"), ..none() }),
        ("text: in every body", DeliveryFilter { text: text("ana@example.com"), in_bodies: true, ..none() }),
        ("text: in no body (5,000 looked at)", DeliveryFilter { text: text("zzz nothing"), in_bodies: true, ..none() }),
    ]
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len())
}

/// Ten endpoints, of which one gets half and one nothing, all types, five deliveries of each chat, one in a hundred failed after three attempts.
fn fill(path: &Path, rows: i64) {
    let mut conn = SqliteConnection::establish(&path.to_string_lossy()).expect("a database");
    let types: Vec<String> = EventType::ALL.iter().enumerate().map(|(n, kind)| format!("({n}, '{}')", kind.as_str())).collect();
    let n = types.len();
    conn.batch_execute(&format!(
        "pragma foreign_keys = off; pragma synchronous = off; pragma cache_size = -200000; begin;
         create temp table kinds (n integer primary key, type text); insert into kinds values {};
         create temp table numbers (i integer primary key);
         with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows}) insert into numbers select i from n;
         with recursive n(i) as (select 1 union all select i + 1 from n where i < 10)
         insert into endpoints (id, name, url, secrets, headers, events, created_at)
         select unhex(printf('%032x', i)), 'CRM ' || i, 'https://crm' || i || '.example.com/papo', x'', x'', '[]', 0 from n;
         insert into events (position, id, type, chat_id, at) select i, randomblob(16), k.type, unhex(printf('%032x', i / 5)), {NOW} - ({rows} - i) * {EVERY_MS}
         from numbers join kinds k on k.n = i % {n};
         insert into event_bodies select i, 0, cast(printf('{{\"id\":\"evt_%d\",\"email\":\"ana@example.com\",\"data\":\"%s\"}}', i, hex(randomblob(250))) as blob) from numbers;
         insert into deliveries (position, id, event_position, endpoint_id, chat_id, type, state, attempts, last_code, last_status, created_at, ended_at)
         select i, randomblob(16), i, unhex(printf('%032x', case when i % 2 then 1 else 1 + (i / 2) % 9 end)), unhex(printf('%032x', i / 5)), k.type,
         case when i % 100 = 7 then 'failed' else 'delivered' end, case when i % 100 = 7 then 3 else 1 end,
         case when i % 100 = 7 then 'status' else 'delivered' end, case when i % 100 = 7 then 503 else 200 end,
         {NOW} - ({rows} - i) * {EVERY_MS}, {NOW} - ({rows} - i) * {EVERY_MS} from numbers join kinds k on k.n = i % {n};
         insert into attempts (delivery_position, number, at, duration_ms, url, request_headers, status, code, response_headers, response_body)
         select d.position, a.n, d.created_at, 90, 'https://crm.example.com/papo', printf('[[\"webhook-id\",\"evt_%d\"],[\"webhook-signature\",\"v1,%s\"]]', d.position, hex(randomblob(40))),
         d.last_status, d.last_code, '[[\"content-type\",\"text/html\"]]', cast(hex(randomblob(60)) as blob)
         from deliveries d join (select 1 as n union all select 2 union all select 3) a on a.n <= d.attempts;
         commit; pragma wal_checkpoint(truncate);",
        types.join(", ")
    ))
    .expect("rows");
}
