//! Frames of any shape on real sockets, of strangers and of people: the socket answers or closes, and the server stays.

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use serde_json::json;

use super::frame;
use crate::support::demo::Demo;
use crate::support::socket::Socket;

#[tokio::test]
async fn no_frame_makes_the_server_fail() {
    let demo = Demo::starts();
    let mut runner = TestRunner::default();
    // One address may open 300 sockets a minute.
    let cases = runner.config().cases.min(480);
    let mut next = || frame().new_tree(&mut runner).expect("a case").current();
    let (mut visitor, mut agent) = (demo.visitor().await, demo.agent_online(0).await);
    let chat = visitor.asks("oi").await;
    for case in 0..cases {
        let text = next().replace("0192f0c1-2345-7abc-8def-0123456789ab", &chat);
        // Ten malformed frames close a socket: then another one goes on.
        if case % 8 == 0 {
            visitor = visitor.opens_second_tab().await;
            agent = agent.opens_second_tab().await;
        }
        if text.contains("\"hello\"") {
            continue;
        }
        visitor.socket.send_text(&text).await;
        agent.socket.send_text(&text).await;
    }
    for url in ["ws_visitor_url", "ws_agent_url"] {
        for _ in 0..(cases / 8).max(16) {
            let mut stranger = Socket::connect(demo.fact(url), &[]).await;
            stranger.send_text(&next()).await;
            stranger.send(&json!({"type": "ping"})).await;
            stranger.first_or_end("an answer or a close", |frame| frame["type"] == "pong" || frame["type"] == "error").await.ok();
        }
    }
    let mut last = demo.visitor().await;
    last.asks("ainda funciona?").await;
    assert!(!demo.log().contains("panicked"), "{}", demo.log());
    assert!(!demo.log().contains(" ERROR "), "{}", demo.log());
}
