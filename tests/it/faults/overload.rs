//! More than it can do, and clients that do nothing: what waits is bounded, others go on, and what is dead is gone within its limit.

use std::net::SocketAddr;
use std::sync::mpsc;

use futures_util::future::join_all;
use papo::store::error::StoreError;
use serde_json::Value;
use tempfile::tempdir;
use tokio::net::TcpSocket;
use tokio_tungstenite::client_async;

use super::crowd::{answer, asks, figure, greets, hello, says, upgrades};
use crate::api::server::{Server, code};
use crate::support::demo::Demo;
use crate::support::eventually;

#[actix_web::test]
async fn beyond_what_may_wait_callers_are_told_when_to_come_back_and_then_it_goes_on() {
    let server = Server::starts().await;
    let (release, held) = mpsc::channel::<()>();
    let store = server.store().clone();
    let blocker = tokio::task::spawn_local({
        let store = store.clone();
        async move { store.write(move |_| Ok(held.recv().is_ok())).await }
    });
    // The writer has the first job in its hands before the queue is filled.
    eventually("the writer is busy", async || {
        tokio::task::yield_now().await;
        (store.readings().await.expect("readings").jobs_waiting == 0).then_some(())
    })
    .await;
    let wanted = 10_000;
    let jobs = tokio::task::spawn_local({
        let store = store.clone();
        async move { join_all((0..wanted).map(|_| store.check_writable())).await }
    });
    eventually("the queue is full", async || (store.readings().await.expect("readings").jobs_waiting >= 8_192).then_some(())).await;
    let refused = server.http.get("/readyz", &[("accept", "application/json")]).await;
    assert_eq!(code(&refused), (503, "overloaded".to_owned()), "{}", refused.text());
    assert!(refused.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok_and(|seconds| seconds >= 1)));
    assert_eq!(server.http.get("/healthz", &[]).await.status, 200);

    drop(release);
    blocker.await.expect("no panic").expect("its own job is done");
    let outcomes = jobs.await.expect("no panic");
    let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let told = outcomes.iter().filter(|outcome| matches!(outcome, Err(StoreError::Overloaded))).count();
    assert!(done >= 8_192 && done + told == wanted, "every job is done or told: {done} + {told}");
    assert_eq!(server.http.get("/readyz", &[]).await.status, 200, "and it goes on");
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_dropped_and_the_others_hear_everything() {
    let demo = Demo::starts();
    let (mut visitor, mut agent, chat) = demo.chat("oi").await;
    let to: SocketAddr = demo.http().authority().parse().expect("an address");
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a small buffer");
    let (mut stalled, _) =
        client_async(demo.fact("ws_visitor_url"), socket.connect(to).await.expect("a connection")).await.expect("an upgrade");
    says(&mut stalled, &hello(&demo, &visitor.token.clone().into())).await;
    answer(&mut stalled, |frame| frame["type"] == "welcome").await;
    assert_eq!(figure(&demo, "papo_sockets{kind=\"visitor\"}").await, 2.0);
    let long = "𝄞".repeat(9_000);
    for number in 0..200 {
        agent.says(&chat, &format!("{number} {long}")).await;
    }
    visitor.sees(&format!("199 {long}")).await;
    assert_eq!(visitor.messages().len(), 201, "who reads has everything");
    eventually("the stalled one is gone", async || (figure(&demo, "papo_sockets{kind=\"visitor\"}").await == 1.0).then_some(())).await;
}

#[tokio::test]
async fn everybody_comes_back_at_once_after_a_restart_and_finds_everything() {
    let folder = tempdir().expect("a folder");
    let mut demo = Demo::starts_in(folder.path(), &[]);
    let guests = 300_u16;
    let (mut known, mut open): (Vec<(Value, Value)>, Vec<_>) = (Vec::new(), Vec::new());
    for number in 0..guests {
        let mut socket = upgrades(&demo, number).await;
        let welcome = greets(&demo, &mut socket, Value::Null).await;
        let token = welcome["token"].clone();
        if number % 10 == 0 {
            known.push((token, asks(&mut socket, &format!("sou {number}")).await));
        } else {
            known.push((token, Value::Null));
        }
        // Whoever goes gives up a place in the queue after a while.
        open.push(socket);
    }
    demo.dies();
    demo = Demo::starts_in(folder.path(), &[]);
    let back = join_all((0_u16..).zip(&known).map(|(number, (token, _))| returns(&demo, number, token.clone()))).await;
    for ((_, chat), (_, before)) in back.iter().zip(&known) {
        assert_eq!(chat, before, "each finds its own chat, or none");
    }
}

/// Connects and says hello; gives the token and the open chat's id.
async fn returns(demo: &Demo, number: u16, token: Value) -> (Value, Value) {
    let mut socket = upgrades(demo, number).await;
    let welcome = greets(demo, &mut socket, token.clone()).await;
    let token = if welcome["token"].is_string() { welcome["token"].clone() } else { token };
    (token, welcome["chat"]["id"].clone())
}
