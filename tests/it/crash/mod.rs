//! `kill -9` at random moments under load, again and again, from outside the process: nothing that was acknowledged is lost, nothing is doubled,
//! every event of every committed change arrives, in order.
//!
//! `PAPO_TEST_KILLS` says how often (20 unless it does), `PAPO_TEST_SEED` repeats a run: the seed is printed.

mod house;
mod people;
mod tally;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::webhooks::receiver::{Answer, Receiver};
use house::House;
use people::{Played, Table};

/// Chats at a time.
const TABLES: usize = 8;
/// A process lives at most this long after it is ready.
const LIFE_MS_MAX: u64 = 300;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[tokio::test]
async fn killed_at_random_moments_under_load_it_loses_and_doubles_nothing() {
    let (kills, seed) = (number("PAPO_TEST_KILLS", 20), number("PAPO_TEST_SEED", rand::random()));
    println!("{kills} kills, PAPO_TEST_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let receivers = [Receiver::opens(), Receiver::opens()];
    // One is quick, one takes its time, so that a kill finds attempts under way.
    receivers[1].answers_always(Answer::Later(Duration::from_millis(3), b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_vec()));
    let house = House::is_built(TABLES, &receivers).await;

    let (mut server, mut slowest) = house.starts().await;
    let is_over = Arc::new(AtomicBool::new(false));
    let mut tables = Vec::new();
    for number in 0..TABLES {
        tables.push(tokio::spawn(Table::opens(&house, number).await.plays(Arc::clone(&is_over))));
    }
    let mut generations: Vec<[usize; 2]> = Vec::new();
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(random.random_range(0..=LIFE_MS_MAX))).await;
        server.dies();
        for receiver in &receivers {
            receiver.settles();
        }
        generations.push([receivers[0].posts().len(), receivers[1].posts().len()]);
        let (next, started) = house.starts().await;
        (server, slowest) = (next, slowest.max(started));
    }
    is_over.store(true, Ordering::SeqCst);
    let mut played: Vec<Played> = Vec::new();
    for table in tables {
        played.extend(table.await.expect("nobody at the table met anything odd"));
    }
    house.everything_has_ended().await;
    assert_eq!(server.stops(), Some(0));

    let arrived: usize = receivers.iter().map(|receiver| receiver.posts().len()).sum();
    println!("{} chats, {arrived} POSTs, the slowest of {} starts took {slowest:?}", played.len(), kills + 1);
    for (place, receiver) in receivers.iter().enumerate() {
        let ends: Vec<usize> = generations.iter().map(|ends| ends[place]).collect();
        tally::assert_arrived(&house, house.endpoints[place], &receiver.posts(), &ends);
    }
    tally::assert_agrees(&house, &played).await;
}
