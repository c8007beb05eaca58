//! A disk that is full, fails, is read-only or slow: callers are told, nothing acknowledged is lost, and the process goes on by itself.
//!
//! The disk of a child process is made to fail between SQLite and the kernel (`disk.c`, compiled here and preloaded), so that no right of root is needed.

use std::fs;
use std::path::{Path, PathBuf};

use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use tempfile::tempdir;

use super::crowd::figure;
use super::preload;
use crate::support::demo::{Demo, papo};
use crate::support::eventually;

/// A demo on a disk that can be told to fail.
pub struct Fragile {
    pub demo: Demo,
    control: PathBuf,
    folder: tempfile::TempDir,
}

impl Fragile {
    pub fn starts() -> Self {
        let folder = tempdir().expect("a folder");
        let control = folder.path().join("disk");
        let demo = Self::on(&folder.path().join("data"), &control);
        Self { demo, control, folder }
    }

    fn on(data: &Path, control: &Path) -> Demo {
        let text = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
        Demo::starts_in(data, &[("LD_PRELOAD", &text(&preload::library("disk"))), ("PAPO_TEST_DISK", &text(control))])
    }

    pub fn disk_is(&self, mode: &str) {
        let next = self.control.with_extension("next");
        fs::write(&next, mode).expect("a file");
        fs::rename(next, &self.control).expect("a file");
    }

    /// `kill -9` and a start on a sound disk.
    fn dies_and_returns(self) -> (Demo, tempfile::TempDir) {
        self.disk_is("-");
        self.demo.dies();
        (Self::on(&self.folder.path().join("data"), &self.control), self.folder)
    }
}

async fn a_disk_that_fails(mode: &str, code: &str, status: u16) {
    let fragile = Fragile::starts();
    let (mut visitor, mut agent, chat) = fragile.demo.chat("oi").await;
    visitor.says("antes").await;
    agent.sees("antes").await;

    fragile.disk_is(mode);
    let message = json!({"type": "message", "body": "no meio", "client_id": "meio"});
    let refused = visitor.tries(message.clone()).await;
    assert_eq!(refused["code"], code, "{mode}: {refused}");
    assert!(refused["message"].as_str().is_some_and(|text| text.len() > 20) && refused["retry_after_ms"].is_u64(), "{refused}");
    let of_agent = agent.tries(json!({"type": "message", "chat_id": chat, "body": "resposta", "client_id": "resposta"})).await;
    assert_eq!(of_agent["code"], code, "{mode}: {of_agent}");
    let ready = fragile.demo.http().get("/readyz", &[("accept", "application/json")]).await;
    assert_eq!((ready.status, ready.json()["error"]["code"].as_str()), (status, Some(code)), "{mode}");
    assert_eq!(fragile.demo.http().get("/healthz", &[]).await.status, 200, "the process stays up");
    assert_eq!(fragile.demo.said_in(&chat).await, ["oi", "antes"], "reading goes on, and the refused one is not there");

    fragile.disk_is("-");
    let taken = visitor.tries(message).await;
    assert_eq!(taken["type"], "ack", "by itself, when there is room: {taken}");
    agent.sees("no meio").await;
    agent.says(&chat, "resposta").await;
    visitor.sees("resposta").await;
    let (demo, _folder) = fragile.dies_and_returns();
    assert_eq!(demo.said_in(&chat).await, ["oi", "antes", "no meio", "resposta"], "everything acknowledged, once");
}

#[tokio::test]
async fn a_full_disk_is_told_and_loses_nothing_acknowledged() {
    a_disk_that_fails("f", "storage_full", 507).await;
}

#[test]
fn a_start_on_a_full_disk_is_told_and_hurts_nothing() {
    let folder = tempdir().expect("a folder");
    let (old, new, control) = (folder.path().join("old"), folder.path().join("new"), folder.path().join("disk"));
    assert_eq!(Fragile::on(&old, &control).stops(), Some(0));
    fs::write(&control, "f").expect("a file");
    for (command, data) in [("demo", &old), ("serve", &new)] {
        let mut starts = papo(&[command, "--listen", "127.0.0.1:0", "--data-dir", data.to_str().expect("a path in UTF-8")]);
        let outcome = starts.env("LD_PRELOAD", preload::library("disk")).env("PAPO_TEST_DISK", &control).output().expect("it ends");
        let told = String::from_utf8_lossy(&outcome.stderr);
        assert!(outcome.status.code() == Some(1) && told.contains("[storage_full]"), "{command}: {told}");
    }
    fs::write(&control, "-").expect("a file");
    assert_eq!(Fragile::on(&old, &control).stops(), Some(0));
    assert_eq!(Fragile::on(&new, &control).stops(), Some(0), "nothing half is left of the new one");
}

#[tokio::test]
async fn a_failing_disk_is_told_and_loses_nothing_acknowledged() {
    a_disk_that_fails("e", "storage_failed", 503).await;
}

#[tokio::test]
async fn a_read_only_disk_is_told_and_loses_nothing_acknowledged() {
    a_disk_that_fails("r", "storage_failed", 503).await;
}

#[tokio::test]
async fn an_error_in_the_middle_of_a_batch_hurts_nobody_elses_message() {
    let fragile = Fragile::starts();
    let mut visitors = Vec::new();
    for number in 0..12 {
        let mut visitor = fragile.demo.visitor().await;
        let chat = visitor.asks(&format!("conversa {number}")).await;
        visitors.push((visitor, chat, Vec::new()));
    }
    for round in 0..6 {
        fragile.disk_is(if round % 2 == 0 { "h" } else { "-" });
        let said = visitors.iter_mut().map(|(visitor, _, kept)| async move {
            let body = format!("rodada {round}");
            let answer = visitor.tries(json!({"type": "message", "body": body})).await;
            match answer["type"].as_str() {
                Some("ack") => kept.push(body),
                _ => assert!(["storage_failed", "storage_full"].contains(&answer["code"].as_str().unwrap_or_default()), "{answer}"),
            }
        });
        futures_util::future::join_all(said).await;
    }
    let kept: usize = visitors.iter().map(|(_, _, kept)| kept.len()).sum();
    assert!(kept >= 36, "what is said on a sound disk is taken: {kept}");
    let expected: Vec<(String, Vec<String>)> = visitors.into_iter().map(|(_, chat, kept)| (chat, kept)).collect();
    let (demo, _folder) = fragile.dies_and_returns();
    for (chat, kept) in expected {
        let found = demo.said_in(&chat).await;
        assert_eq!(found.get(1..).unwrap_or_default(), kept, "exactly what was acknowledged, in order");
    }
}

#[tokio::test]
async fn a_slow_disk_makes_batches_and_not_a_queue() {
    let fragile = Fragile::starts();
    let mut visitors = Vec::new();
    for _ in 0..24 {
        let mut visitor = fragile.demo.visitor().await;
        visitor.asks("oi").await;
        visitors.push(visitor);
    }
    let commits = async || figure(&fragile.demo, "papo_commit_seconds_count").await;
    let before = commits().await;
    fragile.disk_is("s");
    let said = visitors.iter_mut().map(|visitor| visitor.tries(json!({"type": "message", "body": "ao mesmo tempo"})));
    let answers: Vec<Value> = futures_util::future::join_all(said).await;
    fragile.disk_is("-");
    assert!(answers.iter().all(|answer| answer["type"] == "ack"), "{answers:?}");
    let took = commits().await - before;
    assert!(took < 24.0, "24 messages at once share their syncs: {took} transactions");
}

#[tokio::test]
async fn nobody_waits_while_the_log_is_moved_into_the_database_file() {
    let fragile = Fragile::starts();
    let (mut visitor, mut agent, chat) = fragile.demo.chat("oi").await;
    let (held, http) = (fragile.control.with_extension("held"), fragile.demo.http());
    fragile.disk_is("g");
    // Each writes; so many that the log is long.
    let mut written = stream::iter(0..5_000).map(|_| http.get("/readyz", &[])).buffer_unordered(16);
    while let Some(answer) = written.next().await {
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    eventually("the log is being moved", async || held.exists().then_some(())).await;
    for round in 0..20 {
        visitor.talks_with(&mut agent, round).await;
    }
    fragile.disk_is("-");
    let said: Vec<String> = (0..20).flat_map(|round| [format!("pergunta {round}"), format!("resposta {round}")]).collect();
    let (demo, _folder) = fragile.dies_and_returns();
    assert_eq!(demo.said_in(&chat).await.get(1..).unwrap_or_default(), said, "and nothing of it is lost");
}
