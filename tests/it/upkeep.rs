//! What an operator does: backup and restore beside a running server, `papo check`, metrics.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::json;
use tempfile::tempdir;

use crate::support::demo::{Demo, run};

fn path(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// Runs `papo backup` or `papo restore` off this thread, so that sockets go on meanwhile.
async fn runs(arguments: Vec<String>) -> (Option<i32>, String, String) {
    let run = move || run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    tokio::task::spawn_blocking(run).await.expect("it ends")
}

fn words(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|word| (*word).to_owned()).collect()
}

#[tokio::test]
async fn a_backup_under_load_holds_every_message_that_was_acknowledged_before_and_runs() {
    let (folder, copies) = (tempdir().expect("a folder"), tempdir().expect("a folder"));
    let demo = Demo::starts_in(folder.path(), &[]);
    let mut visitor = demo.visitor().await;
    let chat = visitor.asks("antes de tudo").await;
    let before: Vec<String> = (0..20).map(|number| format!("antes {number}")).collect();
    for body in &before {
        visitor.says(body).await;
    }
    let file = copies.path().join("papo.backup");
    let mut backup = tokio::spawn(runs(words(&["backup", path(&file), "--with-key", "--data-dir", path(folder.path())])));
    let mut during = 0;
    let outcome = loop {
        let body = format!("durante {during}");
        tokio::select! {
            outcome = &mut backup => break outcome.expect("no panic"),
            _ = visitor.says(&body) => during += 1,
        }
    };
    assert_eq!(outcome.0, Some(0), "{outcome:?}");
    assert_eq!(fs::metadata(&file).expect("the backup").permissions().mode() & 0o777, 0o600, "its owner's alone");
    let others: Vec<_> = fs::read_dir(copies.path()).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(others.len(), 2, "the copy and its key, nothing half: {others:?}");
    visitor.says("depois").await;

    let restored = copies.path().join("data");
    let outcome = runs(words(&["restore", path(&file), "--data-dir", path(&restored)])).await;
    assert_eq!(outcome.0, Some(0), "{outcome:?}");
    let copy = Demo::starts_in(&restored, &[]);
    let bodies = copy.said_in(&chat).await;
    assert!(before.iter().all(|body| bodies.contains(body)), "{bodies:?}");
    assert!(!bodies.iter().any(|body| body == "depois"), "a copy is one state, that of its time");
    let later: Vec<&String> = bodies.iter().filter(|body| body.starts_with("durante")).collect();
    assert!(later.iter().enumerate().all(|(number, body)| **body == format!("durante {number}")), "no gap: {later:?}");
    let mut another = copy.visitor().await;
    another.asks("a cópia funciona").await;
}

#[tokio::test]
async fn a_backup_without_its_key_is_restored_and_the_missing_key_is_named() {
    let (folder, copies) = (tempdir().expect("a folder"), tempdir().expect("a folder"));
    drop(Demo::starts_in(folder.path(), &[]));
    let (file, restored) = (copies.path().join("b"), copies.path().join("data"));
    assert_eq!(runs(words(&["backup", path(&file), "--data-dir", path(folder.path())])).await.0, Some(0));
    let outcome = runs(words(&["restore", path(&file), "--data-dir", path(&restored)])).await;
    assert!(outcome.0 == Some(0) && outcome.1.contains("secret.key"), "{outcome:?}");
    let key = folder.path().join("secret.key");
    let again = copies.path().join("again");
    assert_eq!(runs(words(&["restore", path(&file), "--data-dir", path(&again), "--key", path(&key)])).await.0, Some(0));
    drop(Demo::starts_in(&again, &[]));
}

#[tokio::test]
async fn nothing_is_overwritten_and_nothing_foreign_restored() {
    let (folder, copies) = (tempdir().expect("a folder"), tempdir().expect("a folder"));
    drop(Demo::starts_in(folder.path(), &[]));
    let file = copies.path().join("b");
    let backup = || runs(words(&["backup", path(&file), "--data-dir", path(folder.path())]));
    assert_eq!(backup().await.0, Some(0));
    let says = |outcome: (Option<i32>, String, String), code: &str| {
        assert!(outcome.0 == Some(1) && outcome.2.contains(&format!("[{code}]")), "{code} in {outcome:?}");
    };
    says(backup().await, "file_exists");
    let restore = |from: &Path, to: &Path| runs(words(&["restore", path(from), "--data-dir", path(to)]));
    says(restore(&file, folder.path()).await, "file_exists");
    says(runs(words(&["backup", path(&copies.path().join("c")), "--data-dir", path(copies.path())])).await, "no_database");
    let (foreign, new) = (copies.path().join("foreign"), copies.path().join("new"));
    fs::write(&foreign, "nothing of ours").expect("a file");
    says(restore(&foreign, &new).await, "not_a_backup");
    let whole = fs::read(&file).expect("the backup");
    let torn = [whole.len() / 2, 9_000, 4_096, 100].map(|length| whole[..length].to_vec());
    let overwritten = [100..4_096, 4_096..20_480, 18..24].map(|range| {
        let mut bytes = whole.clone();
        bytes[range].fill(0xa5);
        bytes
    });
    for damaged in torn.into_iter().chain(overwritten) {
        fs::write(&foreign, damaged).expect("a file");
        says(restore(&foreign, &new).await, "backup_damaged");
    }
    let nowhere = copies.path().join("nowhere");
    let outcome = runs(words(&["backup", path(&nowhere.join("b")), "--data-dir", path(folder.path())])).await;
    assert!(outcome.2.contains(&format!("no folder {}.", path(&nowhere))), "{outcome:?}");
    says(outcome, "folder_missing");
    let other_key = copies.path().join("k");
    fs::write(&other_key, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").expect("a file");
    fs::set_permissions(&other_key, fs::Permissions::from_mode(0o600)).expect("a mode");
    says(runs(words(&["restore", path(&file), "--data-dir", path(&new), "--key", path(&other_key)])).await, "key_wrong");
    assert!(!new.join("papo.db").exists(), "a refused restore leaves no database");
}

#[tokio::test]
async fn check_says_what_stands_in_the_way_and_ends_with_1_only_then() {
    let folder = tempdir().expect("a folder");
    let demo = Demo::starts_in(folder.path(), &[]);
    let listen = demo.fact("base_url").trim_start_matches("http://").to_owned();
    demo.http().get("/healthz", &[("x-forwarded-for", "192.0.2.1")]).await;
    demo.http().get("/readyz", &[]).await;
    let check = |more: &[&str]| {
        let mut all = words(&["check", "--listen", &listen, "--data-dir", path(folder.path())]);
        all.extend(words(more));
        runs(all)
    };
    let (status, told, _) = check(&[]).await;
    for code in ["database", "key", "server_ready", "descriptors", "untrusted_forwarder"] {
        assert!(told.contains(&format!("[{code}]")), "{code} in {told}");
    }
    assert_eq!(status, Some(0), "a warning is no fault: {told}");
    let trusted = check(&["--trusted-proxies", "127.0.0.1"]).await.1;
    assert!(!trusted.contains("untrusted_forwarder"), "{trusted}");
    drop(demo);
    let mut key = OpenOptions::new().write(true).truncate(true).open(folder.path().join("secret.key")).expect("the key");
    key.write_all(b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").expect("another key");
    let (status, told, _) = check(&[]).await;
    assert!(status == Some(1) && told.contains("[key_wrong]") && told.contains("[server_stopped]"), "{told}");
}

#[tokio::test]
async fn metrics_are_for_this_machine_and_for_tokens_with_the_scope() {
    let demo = Demo::starts();
    let (mut visitor, mut agent, chat) = demo.chat("oi").await;
    visitor.says("tudo bem?").await;
    let refused = visitor.tries(json!({"type": "rate", "score": 9, "comment": ""})).await;
    assert_eq!(refused["type"], "error", "{refused}");
    agent.tags(&chat, &["troca"]).await;
    let http = demo.http();
    let text = http.get("/metrics", &[]).await.text();
    for line in [
        "papo_sockets{kind=\"visitor\"} 1",
        "papo_sockets{kind=\"agent\"} 1",
        "papo_chats_open{state=\"active\"} 1",
        "papo_chat_events_total{event=\"tagged\"} 1",
        "papo_queue_wait_seconds_count 1",
        "papo_outbox_deliveries{state=\"held\"} 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
    }
    for name in [
        "papo_commit_seconds_bucket",
        "papo_commit_jobs_sum",
        "papo_database_bytes{file=\"log\"}",
        "papo_webhook_due_overdue_seconds",
        "process_resident_memory_bytes",
    ] {
        assert!(text.contains(name), "{name} in\n{text}");
    }
    assert!(!text.contains("ana@example.com") && !text.contains(&chat), "counts, nothing about people");
    assert_eq!(http.get("/metrics", &[("x-forwarded-for", "192.0.2.1")]).await.status, 401);
    let bearer = format!("Bearer {}", demo.fact("api_token"));
    assert_eq!(http.get("/metrics", &[("x-forwarded-for", "192.0.2.1"), ("authorization", &bearer)]).await.status, 200);
    assert_eq!(http.get("/metrics", &[("authorization", "Bearer papo_guessed")]).await.status, 401);
}
