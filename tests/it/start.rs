//! Starting and stopping the program: what stands in the way is said in a sentence.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::tempdir;

use crate::support::demo::{Demo, papo, run};

fn path(folder: &Path) -> &str {
    folder.to_str().expect("a path in UTF-8")
}

fn run_with(arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let output = papo(arguments).envs(environment.iter().copied()).output().expect("papo can be started");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A refusal to start: a status that is not 0, a sentence, no backtrace.
fn assert_says(run: &(Option<i32>, String, String), words: &[&str]) {
    let (status, _, stderr) = run;
    assert!(status.is_some_and(|status| status != 0), "{run:?}");
    assert!(words.iter().all(|word| stderr.to_lowercase().contains(word)), "{words:?} in {stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[test]
fn a_wrong_flag_ends_with_status_2_and_what_to_do() {
    let outcome = run(&["serve", "--listen", "nowhere"]);
    assert_eq!(outcome.0, Some(2), "{outcome:?}");
    assert_says(&outcome, &["--listen", "127.0.0.1:8080"]);
    assert_eq!(run(&["dance"]).0, Some(2));
}

#[test]
fn a_public_address_without_tls_or_url_is_refused() {
    let folder = tempdir().expect("a folder");
    let outcome = run(&["serve", "--listen", "0.0.0.0:0", "--data-dir", path(folder.path())]);
    assert_eq!(outcome.0, Some(2), "{outcome:?}");
    assert_says(&outcome, &["papo_public_url"]);
}

#[test]
fn a_log_setting_that_is_nonsense_ends_with_status_2_and_what_to_write() {
    for (name, value, word) in [("PAPO_LOG", "=[bogus", "papo::webhooks=debug"), ("PAPO_LOG_FORMAT", "xml", "json")] {
        let outcome = run_with(&["check", "--data-dir", "/nowhere"], &[(name, value)]);
        assert_eq!(outcome.0, Some(2), "{outcome:?}");
        assert_says(&outcome, &[&name.to_lowercase(), value, word]);
    }
}

#[test]
fn an_empty_variable_counts_as_not_given() {
    let folder = tempdir().expect("a folder");
    let named =
        ["LISTEN", "PUBLIC_URL", "CONFIG", "TRUSTED_PROXIES", "WEBHOOK_ALLOW", "WEBHOOK_CA", "SECRET_KEY", "DATA_DIR", "LOG", "LOG_FORMAT"];
    let names = named.map(|name| format!("PAPO_{name}"));
    let empty: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    for command in ["check", "serve", "demo", "backup", "restore"] {
        let help = String::from_utf8_lossy(&papo(&["help", command]).output().expect("it ends").stdout).into_owned();
        let unknown: Vec<&str> = help
            .split("[env: ")
            .skip(1)
            .filter_map(|rest| rest.split(['=', ']']).next())
            .filter(|name| !names.iter().any(|known| known == name))
            .collect();
        assert_eq!(unknown, [""; 0], "{command} reads no variable that isn't tried here");
    }
    // The port of the default is taken, or nobody listens there: both are no misuse, and what a check says is of the defaults.
    let outcome = run_with(&["check", "--data-dir", path(folder.path())], &empty);
    assert!(outcome.0 != Some(2) && outcome.1.contains("127.0.0.1:8080"), "{outcome:?}");
    let outcome = run_with(&["backup", path(&folder.path().join("b"))], &empty);
    assert!(outcome.2.contains("papo-data"), "{outcome:?}");
    assert_eq!(Demo::starts_with(&empty).stops(), Some(0));
}

#[test]
fn a_port_in_use_is_named() {
    let (folder, taken) = (tempdir().expect("a folder"), TcpListener::bind("127.0.0.1:0").expect("a port"));
    let address = taken.local_addr().expect("an address").to_string();
    let outcome = run(&["serve", "--listen", &address, "--data-dir", path(folder.path())]);
    assert_says(&outcome, &[&address, "in use"]);
}

#[test]
fn a_data_directory_that_cannot_be_written_is_named() {
    let folder = tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "no folder").expect("a file");
    let below = file.join("data");
    assert_says(&run(&["serve", "--listen", "127.0.0.1:0", "--data-dir", path(&below)]), &["data directory", "--data-dir"]);
}

#[test]
fn a_second_process_is_refused_the_data_directory() {
    let folder = tempdir().expect("a folder");
    let _demo = Demo::starts_in(folder.path(), &[]);
    let outcome = run(&["demo", "--json", "--listen", "127.0.0.1:0", "--data-dir", path(folder.path())]);
    assert_says(&outcome, &["data directory", "--data-dir"]);
}

#[test]
fn serve_and_demo_refuse_each_others_data() {
    let folder = tempdir().expect("a folder");
    drop(Demo::starts_in(folder.path(), &[]));
    assert_says(&run(&["serve", "--listen", "127.0.0.1:0", "--data-dir", path(folder.path())]), &["demo"]);
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let folder = tempdir().expect("a folder");
    assert_eq!(Demo::starts_in(folder.path(), &[]).stops(), Some(0));
    let database = database_in(folder.path());
    add_migration_from_the_future(&database);
    let before = fs::read(&database).expect("the database");
    let outcome = run(&["demo", "--json", "--listen", "127.0.0.1:0", "--data-dir", path(folder.path())]);
    assert_says(&outcome, &["newer"]);
    assert_eq!(fs::read(&database).expect("the database"), before, "nothing was changed");
}

#[test]
fn a_wrong_key_file_stops_the_start() {
    let folder = tempdir().expect("a folder");
    assert_eq!(Demo::starts_in(folder.path(), &[]).stops(), Some(0));
    let key = folder.path().join("secret.key");
    let mode = fs::metadata(&key).expect("a key file").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "readable by its owner only");
    let mut other = fs::read(&key).expect("the key");
    other[0] = if other[0] == b'A' { b'B' } else { b'A' };
    fs::write(&key, other).expect("another key");
    assert_says(&run(&["demo", "--json", "--listen", "127.0.0.1:0", "--data-dir", path(folder.path())]), &["key"]);
}

fn database_in(folder: &Path) -> std::path::PathBuf {
    let files = fs::read_dir(folder).expect("the data directory").flatten().map(|entry| entry.path());
    files.into_iter().find(|file| fs::read(file).is_ok_and(|bytes| bytes.starts_with(b"SQLite format 3\0"))).expect("a database")
}

fn add_migration_from_the_future(database: &Path) {
    use diesel::{Connection, RunQueryDsl, SqliteConnection, sql_query};
    let mut connection = SqliteConnection::establish(path(database)).expect("the database opens");
    sql_query("INSERT INTO __diesel_schema_migrations (version, run_on) VALUES ('99991231000000', CURRENT_TIMESTAMP)")
        .execute(&mut connection)
        .expect("a row");
    sql_query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).ok();
}
