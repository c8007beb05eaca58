//! The official libraries of Standard Webhooks take every request as it comes, and refuse the forged ones.

use std::path::PathBuf;
use std::process::Command;

use papo::domain::endpoint::secret::Signing;
use serde_json::json;
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderName, HeaderValue};

use super::forged::Forge;
use super::live::{EVENTS, Live};
use super::process::{Language, Process, free_port, url};
use crate::webhooks::receiver::{Post, Receiver};

/// Where `tests/receivers/install` puts the libraries; nothing is fetched twice.
fn installed() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("receivers");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/receivers/install");
    let output = Command::new(script).arg(&folder).output().expect("a shell");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

async fn takes_real_chats(language: Language, file: &str) {
    let libraries = installed();
    let environment = [("LIBRARIES", libraries.to_str().expect("a path in UTF-8"))];
    let live = Live::starts();
    let port = free_port();
    let endpoint = live.subscribes(&url(port), &EVENTS, json!({})).await;
    let process = Process::starts(language, file, port, &endpoint.secret, &environment).await;
    live.chat(2).await;
    live.delivered(&endpoint, EVENTS.len()).await;
    live.rotates(&endpoint).await;
    live.chat(5).await;
    live.delivered(&endpoint, 2 * EVENTS.len()).await;
    drop(process);
    let forge = Forge::new(Signing::Hmac);
    let process = Process::starts(language, file, free_port(), &forge.verifier(), &environment).await;
    forge.tries(&process).await;
}

#[tokio::test]
async fn the_official_library_for_python_takes_what_papo_sends() {
    takes_real_chats(Language::Python, "tests/receivers/official.py").await;
}

#[tokio::test]
async fn the_official_library_for_javascript_takes_what_papo_sends() {
    takes_real_chats(Language::Node, "tests/receivers/official.mjs").await;
}

#[tokio::test]
async fn the_official_library_for_rust_takes_what_papo_sends() {
    let (live, receiver) = (Live::starts(), Receiver::opens());
    let endpoint = live.subscribes(&receiver.url(), &EVENTS, json!({})).await;
    live.chat(2).await;
    live.delivered(&endpoint, EVENTS.len()).await;
    let next = live.rotates(&endpoint).await;
    live.chat(5).await;
    live.delivered(&endpoint, 2 * EVENTS.len()).await;
    let verifies = |secret: &str, post: &Post| {
        let library = standardwebhooks::Webhook::new(secret).expect("a secret");
        library.verify(&post.body, &headers(post)).is_ok()
    };
    let posts = receiver.posts();
    assert_eq!(posts.len(), 2 * EVENTS.len());
    for (number, post) in posts.iter().enumerate() {
        let by_both = (verifies(&endpoint.secret, post), verifies(&next, post));
        assert_eq!(by_both, (true, number >= EVENTS.len()), "{number}");
        let tampered = Post { body: [post.body.as_slice(), b" "].concat(), ..post.clone() };
        assert!(!verifies(&endpoint.secret, &tampered));
    }
}

fn headers(post: &Post) -> HeaderMap {
    let lines = post.headers.iter();
    let parsed = lines.map(|(name, value)| {
        let name: HeaderName = name.parse().expect("a header's name");
        (name, HeaderValue::from_str(value).expect("a header's value"))
    });
    parsed.collect()
}
