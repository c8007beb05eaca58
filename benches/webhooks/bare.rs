//! The floors in the same run: an awc loop that records nothing, and a loop that commits rows of an attempt's size and delivers nothing. Their
//! sum is what delivering durably costs at least with these two libraries.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, ExpressionMethods as _, RunQueryDsl as _, SqliteConnection};

use crate::machine::Cpu;
use crate::receiver::{MARK, Receiver};

/// Requests at a time, as an endpoint has.
const AT_ONCE: usize = 8;
/// Rows in a transaction, as the dispatcher records.
const ROWS_IN_BATCH: usize = 256;
/// Bytes of a body that the loops move.
const BODY_BYTES: usize = 1_500;

diesel::table! {
    attempts (position) {
        position -> BigInt,
        at -> BigInt,
        code -> Text,
        url -> Text,
        request_headers -> Text,
        response_headers -> Text,
        response_body -> Binary,
    }
}

/// What a loop did.
#[derive(Clone, Copy, Debug)]
pub struct Floor {
    pub per_second: f64,
    /// Microseconds of processor time for each.
    pub cpu_us: f64,
}

impl Floor {
    fn of(count: usize, took: Duration, cpu: Duration) -> Self {
        let count = f64::from(u32::try_from(count).expect("a count"));
        Self { per_second: count / took.as_secs_f64(), cpu_us: cpu.as_secs_f64() * 1e6 / count }
    }
}

/// POSTs by a plain awc client, eight at a time on one thread.
pub async fn posts(receiver: &Receiver, count: usize) -> Floor {
    let url = format!("http://127.0.0.1:{}/", receiver.port);
    let client = awc::Client::builder().disable_redirects().disable_timeout().no_default_headers().finish();
    let body = Bytes::from(format!("{:BODY_BYTES$}{MARK}00000000", ""));
    let left = Rc::new(Cell::new(count));
    let (began, before) = (Instant::now(), Cpu::now());
    let worker = || async {
        while left.get() > 0 {
            left.set(left.get() - 1);
            let mut request = client.post(url.as_str()).insert_header(("content-type", "application/json"));
            for name in ["user-agent", "webhook-id", "webhook-timestamp", "webhook-signature", "webhook-attempt", "webhook-previous"] {
                request = request.insert_header((name, "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="));
            }
            let mut response = request.send_body(body.clone()).await.expect("an answer");
            response.body().await.expect("a body");
        }
    };
    futures_util::future::join_all((0..AT_ONCE).map(|_| worker())).await;
    Floor::of(count, began.elapsed(), Cpu::now().since(&before).total)
}

/// Commits rows of an attempt's size, 256 in a transaction, each transaction synced to the disk.
pub fn commits(count: usize) -> Floor {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk");
    let mut conn = SqliteConnection::establish(&folder.path().join("bare.db").to_string_lossy()).expect("a database");
    conn.batch_execute(
        "pragma journal_mode = wal; pragma synchronous = full; create table attempts (position integer primary key not null, at bigint not null, \
         code text not null, url text not null, request_headers text not null, response_headers text not null, response_body blob not null)",
    )
    .expect("a table");
    let headers = "x".repeat(500);
    let (began, before) = (Instant::now(), Cpu::now());
    let mut position = 0_i64;
    for batch in 0..count.div_ceil(ROWS_IN_BATCH) {
        let rows = ROWS_IN_BATCH.min(count - batch * ROWS_IN_BATCH);
        conn.immediate_transaction(|conn| {
            for _ in 0..rows {
                position += 1;
                diesel::insert_into(attempts::table)
                    .values((
                        attempts::position.eq(position),
                        attempts::at.eq(1_795_000_000_000_i64),
                        attempts::code.eq("delivered"),
                        attempts::url.eq("http://127.0.0.1:9000/receber.php"),
                        attempts::request_headers.eq(&headers),
                        attempts::response_headers.eq(r#"[["content-length","2"]]"#),
                        attempts::response_body.eq(b"{}".as_slice()),
                    ))
                    .execute(conn)?;
            }
            diesel::QueryResult::Ok(())
        })
        .expect("a commit");
    }
    Floor::of(count, began.elapsed(), Cpu::now().since(&before).total)
}
