//! The people and machines of the tests: drivers whose methods read like speech.
//!
//! Every wait is for a condition and has a ceiling so generous that only a fault reaches it; nothing sleeps for a time it hopes is enough.

pub mod agent;
pub mod browser;
pub mod cut;
pub mod demo;
pub mod founding;
pub mod house;
pub mod http;
pub mod raw_socket;
pub mod routes;
pub mod socket;
pub mod stubborn;
pub mod visitor;

use std::time::Duration;

/// How long a condition may take before the test is called failed: a busy disk needs a third of a second for one fsync, so this is far beyond.
pub const CEILING: Duration = Duration::from_secs(30);

/// Asks again and again until the answer is there; for conditions that nobody announces.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asked = tokio::time::timeout(CEILING, async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    asked.await.unwrap_or_else(|_| panic!("never: {what}"))
}
