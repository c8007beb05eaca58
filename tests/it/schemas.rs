//! Data directories of every schema that landed: each opens with this version and has lost nothing.
//!
//! `tests/fixtures/schemas/VERSION/` is a demo's data directory as it was when the migration of that version was the last: the same four chats in each (rated, active,
//! abandoned, waiting). Who adds a migration adds the directory of the schema before it, made before the change by
//! `PAPO_TEST_KEEP_SCHEMA=tests/fixtures/schemas/VERSION cargo test --test it what_this_version_writes`.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use diesel::sql_types::{BigInt, Binary, Text};
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};
use flate2::Compression;
use papo::clock::Clock;
use papo::domain::chat::command::{Actor, Command};
use papo::domain::chat::refusal::Refusal;
use papo::domain::ids::{AgentId, ChatId, VisitorId};
use papo::store::Store;
use papo::store::commands::Receipt;
use papo::store::error::StoreError;
use tempfile::tempdir;
use uuid::Uuid;

use crate::support::demo::Demo;
use crate::support::eventually;

/// Unpacks a fixture into a data directory.
fn unpack(from: &Path, to: &Path) {
    let packed = fs::File::open(from.join("papo.db.gz")).expect("the fixture's database");
    let mut database = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut database).expect("gzip");
    fs::write(to.join("papo.db"), database).expect("a database");
    let key = to.join("secret.key");
    fs::copy(from.join("secret.key"), &key).expect("the fixture's key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("a mode");
}

/// Makes a fixture of a data directory.
fn pack(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    let packed = fs::File::create(to.join("papo.db.gz")).expect("a file");
    let mut packed = flate2::write::GzEncoder::new(packed, Compression::best());
    packed.write_all(&fs::read(from.join("papo.db")).expect("a database")).expect("written");
    packed.finish().expect("written");
    fs::copy(from.join("secret.key"), to.join("secret.key")).expect("the key");
}

async fn plays_the_four_chats(demo: &Demo) {
    let (mut rated, mut active, mut abandoned, mut waiting) =
        (demo.visitor().await, demo.visitor().await, demo.visitor().await, demo.visitor().await);
    let mut agent = demo.agent_online(0).await;
    let chat = rated.asks("meu pedido não chegou").await;
    agent.accepts(&chat).await;
    agent.says(&chat, "vou ver").await;
    agent.notes(&chat, "pedido 4711").await;
    rated.shares_location().await;
    rated.says("obrigada").await;
    let known = agent.welcome["tags"].as_array().cloned().unwrap_or_default();
    let names: Vec<&str> = known.iter().filter_map(|tag| tag["name"].as_str()).take(2).collect();
    agent.tags(&chat, &names).await;
    agent.finishes(&chat).await;
    rated.rates(5, "ótimo").await;
    let chat = active.asks("posso trocar?").await;
    agent.accepts(&chat).await;
    active.says("é uma camisa").await;
    agent.says(&chat, "pode sim").await;
    abandoned.asks("tem estoque?").await;
    abandoned.leaves().await;
    waiting.asks("quanto custa o frete?").await;
    waiting.says("para o Recife").await;
}

/// The four chats are all there, and life goes on.
async fn is_whole(demo: &Demo) {
    let chats = demo.asks_api("/chats").await["data"].as_array().cloned().expect("chats");
    let of = |subject: &str| chats.iter().find(|chat| chat["subject"] == subject).unwrap_or_else(|| panic!("{subject} in {chats:?}"));
    let rated = of("meu pedido não chegou");
    assert_eq!((rated["state"].as_str(), rated["rating"]["score"].as_i64()), (Some("finished"), Some(5)), "{rated}");
    assert_eq!(rated["tags"].as_array().map(Vec::len), Some(2), "{rated}");
    assert_eq!(of("tem estoque?")["state"], "abandoned");
    let entries = demo.timeline_of(rated["id"].as_str().expect("an id")).await;
    let words: Vec<&str> = entries.iter().filter_map(|entry| entry["type"].as_str()).collect();
    for word in ["requested", "message", "started", "note", "tagged", "located", "finished", "rated"] {
        assert!(words.contains(&word), "{word} in {words:?}");
    }
    assert!(demo.asks_api("/deliveries").await["data"].as_array().is_some_and(|list| list.len() >= 17), "the log of deliveries");
    // The secrets open: what happens now is signed and taken by the demo's own inspector.
    let mut visitor = demo.visitor().await;
    let chat = visitor.asks("depois").await;
    eventually("its delivery has arrived", async || {
        let log = demo.asks_api(&format!("/deliveries?chat_id={chat}")).await;
        log["data"].as_array()?.iter().find(|delivery| delivery["state"] == "delivered").cloned()
    })
    .await;
}

#[tokio::test]
async fn what_this_version_writes_it_reads_after_a_restart() {
    let folder = tempdir().expect("a folder");
    let demo = Demo::starts_in(folder.path(), &[]);
    plays_the_four_chats(&demo).await;
    eventually("everything was delivered", async || {
        let open = demo.asks_api("/deliveries?state=due").await;
        open["data"].as_array()?.is_empty().then_some(())
    })
    .await;
    demo.stops();
    if let Some(kept) = std::env::var_os("PAPO_TEST_KEEP_SCHEMA") {
        pack(folder.path(), Path::new(&kept));
    }
    is_whole(&Demo::starts_in(folder.path(), &[])).await;
}

#[tokio::test]
async fn a_data_directory_of_every_landed_schema_is_migrated_and_whole() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schemas");
    let found: Vec<_> = fs::read_dir(fixtures).expect("fixtures").flatten().map(|entry| entry.path()).collect();
    assert!(!found.is_empty(), "there are fixtures");
    for fixture in found {
        let folder = tempdir().expect("a folder");
        unpack(&fixture, folder.path());
        sends_everything_again(&folder.path().join("papo.db")).await;
        is_whole(&Demo::starts_in(folder.path(), &[])).await;
    }
}

#[derive(QueryableByName)]
struct Carried {
    #[diesel(sql_type = Binary)]
    chat: Vec<u8>,
    #[diesel(sql_type = Text)]
    by: String,
    #[diesel(sql_type = Binary)]
    author: Vec<u8>,
    #[diesel(sql_type = Text)]
    client_id: String,
    #[diesel(sql_type = Binary)]
    fingerprint: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

/// Commands that were carried out before a migration act no second time after it.
async fn sends_everything_again(database: &Path) {
    let store = Store::open(database, Clock::system()).expect("it opens");
    let carried_out = "select t.chat_id as chat, actor_kind as by, actor_id as author, t.client_id, coalesce(t.fingerprint, r.fingerprint) as fingerprint, t.seq
        from timeline t left join receipts r on r.scope = t.chat_id and r.author = t.actor_id and r.client_id = t.client_id
        where actor_id is not null and coalesce(t.fingerprint, r.fingerprint) is not null";
    let before: Vec<Carried> = store.read(move |conn| Ok(sql_query(carried_out).load(conn)?)).await.expect("receipts");
    assert!(before.len() >= 9, "the fixture has commands: {}", before.len());
    for one in before {
        let author = Uuid::from_slice(&one.author).expect("an id");
        let by = if one.by == "visitor" { Actor::Visitor(VisitorId(author)) } else { Actor::Agent(AgentId(author)) };
        let chat = ChatId(Uuid::from_slice(&one.chat).expect("an id"));
        let receipt = Receipt { client_id: one.client_id, fingerprint: one.fingerprint.try_into().expect("16 bytes") };
        let again = store.execute(chat, by, Command::Stay, Some(receipt.clone())).await.expect("the same answer");
        assert!(again.repeated && again.seq == Some(one.seq), "{again:?}");
        let other = Receipt { fingerprint: [0; 16], ..receipt };
        let refused = store.execute(chat, by, Command::Stay, Some(other)).await;
        assert!(matches!(refused, Err(StoreError::Refused(Refusal::ClientIdReused))), "{refused:?}");
    }
    store.close().await;
}
