//! Data directories of every schema that landed: each opens with this version and has lost nothing.
//!
//! `tests/fixtures/schemas/MIGRATION/` is a demo's data directory as it was when that migration was the last: the same four chats in each (rated, active,
//! abandoned, waiting). Who adds a migration adds the directory of the schema before it.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::tempdir;

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

#[tokio::test]
async fn a_data_directory_of_every_landed_schema_is_migrated_and_whole() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schemas");
    let found: Vec<_> = fs::read_dir(fixtures).expect("fixtures").flatten().map(|entry| entry.path()).collect();
    assert!(!found.is_empty(), "there are fixtures");
    for fixture in found {
        let folder = tempdir().expect("a folder");
        unpack(&fixture, folder.path());
        let demo = Demo::starts_in(folder.path(), &[]);
        let bearer = format!("Bearer {}", demo.fact("api_token"));
        let ask = async |path: &str| demo.http().get(path, &[("authorization", &bearer)]).await.json();
        let chats = ask("/api/v1/chats").await["data"].as_array().cloned().expect("chats");
        let of = |subject: &str| chats.iter().find(|chat| chat["subject"] == subject).unwrap_or_else(|| panic!("{subject} in {chats:?}"));
        let rated = of("meu pedido não chegou");
        assert_eq!((rated["state"].as_str(), rated["rating"]["score"].as_i64()), (Some("finished"), Some(5)), "{rated}");
        assert_eq!(rated["tags"].as_array().map(Vec::len), Some(2), "{rated}");
        assert_eq!(of("tem estoque?")["state"], "abandoned");
        let timeline = ask(&format!("/api/v1/chats/{}/timeline", rated["id"].as_str().expect("an id"))).await;
        let entries = timeline["data"].as_array().expect("entries");
        let words: Vec<&str> = entries.iter().filter_map(|entry| entry["type"].as_str()).collect();
        for word in ["requested", "message", "started", "note", "tagged", "located", "finished", "rated"] {
            assert!(words.contains(&word), "{word} in {words:?}");
        }
        assert!(ask("/api/v1/deliveries").await["data"].as_array().is_some_and(|list| list.len() >= 17), "the log of deliveries");
        // The old secrets open: what happens now is signed and taken by the demo's own inspector.
        let mut visitor = demo.visitor().await;
        let chat = visitor.asks("depois da migração").await;
        eventually("its delivery has arrived", async || {
            let log = ask(&format!("/api/v1/deliveries?chat_id={chat}")).await;
            log["data"].as_array()?.iter().find(|delivery| delivery["state"] == "delivered").cloned()
        })
        .await;
    }
}
