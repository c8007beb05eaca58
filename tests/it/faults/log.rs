//! The log before the database file: moved beside the writer, and bounded, however much is written.

use std::fs;

use diesel::{RunQueryDsl as _, sql_query};
use futures_util::StreamExt as _;
use futures_util::stream;

use crate::api::server::Server;

const MIB: u64 = 1024 * 1024;

#[actix_web::test]
async fn the_log_stays_bounded_however_much_is_written_without_a_pause() {
    let server = Server::starts().await;
    let store = server.store().clone();
    let log = server.data().join("papo.db-wal");
    // Each job writes 17 pages of 4 KiB, of which the next 64 jobs write none.
    let write = |number: i32| {
        let text = format!("replace into meta (key, value) values ('weight {}', hex(randomblob(32768)))", number % 64);
        store.write(move |tx| Ok(sql_query(&text).execute(tx.conn)?))
    };
    let mut largest = 0;
    let mut written = stream::iter(0..6_000).map(write).buffer_unordered(32);
    while let Some(done) = written.next().await {
        done.expect("it is written");
        largest = largest.max(fs::metadata(&log).expect("the log").len());
    }
    assert!(largest < 128 * MIB, "of some 390 MiB that went through it: {} MiB", largest / MIB);
}
