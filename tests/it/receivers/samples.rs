//! The receivers of `docs/webhooks/`, one for each language.

use std::collections::BTreeSet;

use papo::domain::endpoint::secret::Signing;
use serde_json::json;

use super::forged::Forge;
use super::kept::{Chat, Shape};
use super::live::{EVENTS, Live};
use super::process::{Language, Process, free_port, url};

const PHP: (Language, &str, Shape) = (Language::Php, "docs/webhooks/receber.php", Shape::Tabelas);
const BARE_PHP: (Language, &str, Shape) = (Language::BarePhp, "docs/webhooks/receber.php", Shape::Csv);
const PYTHON: (Language, &str, Shape) = (Language::Python, "docs/webhooks/receive.py", Shape::Tables);
const NODE: (Language, &str, Shape) = (Language::Node, "docs/webhooks/receive.mjs", Shape::Lines);
const RUST: (Language, &str, Shape) = (Language::Rust, "docs/webhooks/receive.rs", Shape::Lines);

/// Real chats arrive, are kept as they ended, and a repeated event changes nothing; an old secret does while a new one comes.
async fn takes_real_chats((language, file, shape): (Language, &str, Shape), signing: &str) {
    let live = Live::starts();
    let port = free_port();
    let endpoint = live.subscribes(&url(port), &EVENTS, json!({ "signing": signing })).await;
    let process = Process::starts(language, file, port, &endpoint.secret, &[]).await;
    let first = live.chat(2).await;
    let deliveries = live.delivered(&endpoint, EVENTS.len()).await;
    let kinds: BTreeSet<_> = deliveries.iter().filter_map(|delivery| delivery["type"].as_str()).collect();
    assert_eq!(kinds, BTreeSet::from(EVENTS));
    let ids: BTreeSet<_> = deliveries.iter().filter_map(|delivery| delivery["event_id"].as_str()).map(str::to_owned).collect();
    assert_eq!(shape.events(&process.data()), ids);
    let kept = |protocol: &str, rating| Chat {
        protocol: protocol.to_owned(),
        state: "finished".to_owned(),
        name: "Ana".to_owned(),
        rating: Some(rating),
    };
    assert_eq!(shape.chats(&process.data()), [kept(&first, 2)]);
    live.resends(&deliveries[0]).await;
    live.delivered(&endpoint, EVENTS.len() + 1).await;
    assert_eq!((shape.events(&process.data()), shape.chats(&process.data())), (ids, vec![kept(&first, 2)]), "a repetition is dropped");
    assert_ne!(live.rotates(&endpoint).await, endpoint.secret);
    let second = live.chat(5).await;
    live.delivered(&endpoint, 2 * EVENTS.len() + 1).await;
    assert_eq!(shape.chats(&process.data()), [kept(&first, 2), kept(&second, 5)], "{}", process.log());
}

/// What wasn't sent by Papo is refused and leaves no trace.
async fn refuses_forgeries((language, file, shape): (Language, &str, Shape), signing: Signing) {
    let forge = Forge::new(signing);
    let process = Process::starts(language, file, free_port(), &forge.verifier(), &[]).await;
    let taken = forge.tries(&process).await;
    let kept = shape.events(&process.data());
    let taken: BTreeSet<_> = taken.into_iter().map(str::to_owned).collect();
    assert_eq!(kept, taken);
}

#[tokio::test]
async fn php_keeps_the_chats_of_a_live_papo() {
    takes_real_chats(PHP, "hmac").await;
}

#[tokio::test]
async fn php_without_extensions_keeps_them_in_a_spreadsheet() {
    takes_real_chats(BARE_PHP, "hmac").await;
}

#[tokio::test]
async fn python_keeps_the_chats_of_a_live_papo() {
    takes_real_chats(PYTHON, "hmac").await;
}

#[tokio::test]
async fn node_keeps_the_chats_of_a_live_papo() {
    takes_real_chats(NODE, "hmac").await;
}

#[tokio::test]
async fn rust_keeps_the_chats_of_a_live_papo() {
    takes_real_chats(RUST, "hmac").await;
}

#[tokio::test]
async fn php_verifies_public_keys() {
    takes_real_chats(PHP, "ed25519").await;
}

#[tokio::test]
async fn node_verifies_public_keys() {
    takes_real_chats(NODE, "ed25519").await;
}

#[tokio::test]
async fn rust_verifies_public_keys() {
    takes_real_chats(RUST, "ed25519").await;
}

#[tokio::test]
async fn every_receiver_refuses_what_is_forged() {
    for sample in [PHP, BARE_PHP, PYTHON, NODE, RUST] {
        refuses_forgeries(sample, Signing::Hmac).await;
    }
    for sample in [PHP, NODE, RUST] {
        refuses_forgeries(sample, Signing::Ed25519).await;
    }
}

#[tokio::test]
async fn python_says_that_it_verifies_no_public_keys() {
    let secret = Forge::new(Signing::Ed25519).verifier();
    let mut command = std::process::Command::new("python3");
    command.args(["-B", "docs/webhooks/receive.py"]).env("PAPO_SECRET", secret).current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.output().expect("python3 is installed: ./tests/run does it");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("signs with HMAC"));
}
