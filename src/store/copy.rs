//! Copies of a database file that another process may be writing, and what a file is before anybody trusts it.
//!
//! A copy is one consistent state: `VACUUM INTO` reads a snapshot, so the writer goes on meanwhile. Nothing here needs a [`Store`](super::Store), which would
//! migrate and take over what it opens. Source: <https://www.sqlite.org/lang_vacuum.html>.

use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, OptionalExtension, QueryDsl, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};

use super::connection;
use super::error::StoreError;
use super::schema::meta;

/// What a database file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// What SQLite found broken; none where all is well.
    pub fault: Option<String>,
    /// A migration that this version doesn't know.
    pub newer: Option<String>,
    /// Migrations that the next start will run.
    pub pending: usize,
    pub chats: i64,
    /// What tells whose key sealed its secrets.
    pub vault_check: Option<String>,
    /// The address of a proxy that is not named as one; see `web::client`.
    pub untrusted_forwarder: Option<String>,
}

impl Examined {
    const fn broken(fault: String) -> Self {
        Self { fault: Some(fault), newer: None, pending: 0, chats: 0, vault_check: None, untrusted_forwarder: None }
    }
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Writes a consistent copy of `database` to the new file `to`, readable by its owner alone, and returns when it is on disk.
///
/// # Errors
/// `Unwritable` where `to` exists or can't be made; `Full`; a fault of the database.
pub fn copy(database: &Path, to: &Path) -> Result<(), StoreError> {
    let unwritable = |error: std::io::Error| StoreError::of_file(to, &error);
    let mut conn = open(database)?;
    // Made here for its mode; SQLite takes a file that is empty.
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(unwritable)?;
    let done = sql_query("vacuum into ?").bind::<Text, _>(to.to_string_lossy().into_owned()).execute(&mut conn);
    let done = done.map_err(StoreError::from).and_then(|_| made.sync_all().map_err(unwritable)).and_then(|()| sync_folder(to));
    if done.is_err() {
        drop(std::fs::remove_file(to));
    }
    done
}

/// Lets the name of a new file survive a loss of power.
///
/// # Errors
/// `Unwritable`.
pub fn sync_folder(of: &Path) -> Result<(), StoreError> {
    let folder = of.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| StoreError::of_file(folder, &error))
}

/// Looks a database file through, every page of it. One of SQLite's that can't even be read has its fault, and else nothing.
///
/// # Errors
/// `NotFound` where there is no file; `Database` where it is none of Papo's.
pub fn examine(database: &Path) -> Result<Examined, StoreError> {
    look_through(database).or_else(|error| match error {
        StoreError::Database(text) if connection::is_damage(&text) && is_of_sqlite(database) => Ok(Examined::broken(text)),
        other => Err(other),
    })
}

/// Whether a file begins as each database does. Source: <https://www.sqlite.org/fileformat.html>, 1.3.1.
fn is_of_sqlite(file: &Path) -> bool {
    let mut head = [0; 16];
    File::open(file).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head == *b"SQLite format 3\0"
}

fn look_through(database: &Path) -> Result<Examined, StoreError> {
    let mut conn = open(database)?;
    let tables: Count =
        sql_query("select count(*) as count from sqlite_master where type = 'table' and name in ('chats', 'timeline', 'meta')")
            .get_result(&mut conn)?;
    if tables.count != 3 {
        return Err(StoreError::Database("the file is not a database of Papo".to_owned()));
    }
    let found: Vec<Word> = sql_query("select quick_check as word from pragma_quick_check").load(&mut conn)?;
    let fault = found.into_iter().map(|row| row.word).find(|word| word != "ok");
    let (newer, pending) = connection::standing(&mut conn)?;
    let chats: Count = sql_query("select count(*) as count from chats").get_result(&mut conn)?;
    let mut fact = |key: &str| meta::table.find(key.to_owned()).select(meta::value).first::<String>(&mut conn).optional();
    let (vault_check, untrusted_forwarder) = (fact("vault_check")?, fact("untrusted_forwarder")?);
    Ok(Examined { fault, newer, pending, chats: chats.count, vault_check, untrusted_forwarder })
}

fn open(database: &Path) -> Result<SqliteConnection, StoreError> {
    if !database.is_file() {
        return Err(StoreError::NotFound);
    }
    let mut conn = SqliteConnection::establish(&database.to_string_lossy()).map_err(|error| StoreError::Database(error.to_string()))?;
    conn.batch_execute("pragma busy_timeout = 5000; pragma temp_store = memory;").map_err(StoreError::from)?;
    Ok(conn)
}
