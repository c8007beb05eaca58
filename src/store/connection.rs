//! Opening connections and bringing the schema up to date.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::error::StoreError;

/// Every migration, in the binary.
const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// The writing connection: a COMMIT means on disk. Checkpoints are the writer's, when it has time.
const WRITER_PRAGMAS: &str = "pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000; pragma cache_size = -32768;
    pragma temp_store = memory; pragma foreign_keys = on; pragma wal_autocheckpoint = 0; pragma journal_size_limit = 67108864; pragma secure_delete = on;";
/// A reading connection.
pub(super) const READER_PRAGMAS: &str = "pragma busy_timeout = 5000; pragma query_only = on; pragma cache_size = -2048; pragma mmap_size = 268435456; pragma temp_store = memory;";

/// Opens the writing connection and migrates.
///
/// # Errors
/// `Unwritable`, `Full`, or a fault of the database.
pub(super) fn open_writer(path: &Path) -> Result<SqliteConnection, StoreError> {
    let mut conn = SqliteConnection::establish(&path.to_string_lossy()).map_err(|error| StoreError::Unwritable(error.to_string()))?;
    conn.batch_execute(WRITER_PRAGMAS).map_err(|error| match StoreError::from(error) {
        StoreError::Database(text) if !is_damage(&text) => StoreError::Unwritable(text),
        other => other,
    })?;
    Ok(conn)
}

/// Whether SQLite says of a file that it is broken, or none of its own.
pub(super) fn is_damage(text: &str) -> bool {
    text.contains("not a database") || text.contains("malformed")
}

/// Runs the migrations that are missing.
///
/// # Errors
/// `Newer` where the database knows migrations that this program doesn't.
pub(super) fn migrate(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    if let (Some(newer), _) = standing(conn)? {
        return Err(StoreError::Newer(newer));
    }
    conn.run_pending_migrations(MIGRATIONS).map_err(fault)?;
    Ok(())
}

/// A migration that the database knows and this program doesn't, and how many are yet to run.
///
/// # Errors
/// A fault of the database.
pub(super) fn standing(conn: &mut SqliteConnection) -> Result<(Option<String>, usize), StoreError> {
    let applied: Vec<String> = conn.applied_migrations().map_err(fault)?.iter().map(ToString::to_string).collect();
    let source: &dyn diesel::migration::MigrationSource<diesel::sqlite::Sqlite> = &MIGRATIONS;
    let known: Vec<String> = source.migrations().map_err(fault)?.iter().map(|migration| migration.name().version().to_string()).collect();
    let pending = known.iter().filter(|version| !applied.contains(version)).count();
    Ok((applied.into_iter().find(|version| !known.contains(version)), pending))
}

#[expect(clippy::needless_pass_by_value, reason = "a function for map_err")]
fn fault(error: Box<dyn std::error::Error + Send + Sync>) -> StoreError {
    StoreError::said(error.to_string())
}

/// How far the log has been moved into the database file, in pages.
#[derive(QueryableByName)]
pub(super) struct Progress {
    /// Pages in the log.
    #[diesel(sql_type = BigInt)]
    pub log: i64,
    /// Those of them that are in the database file too.
    #[diesel(sql_type = BigInt, column_name = checkpointed)]
    pub moved: i64,
}

/// Moves of the log what no reader and no writer needs, without waiting for anybody. Source: <https://www.sqlite.org/pragma.html#pragma_wal_checkpoint>.
///
/// # Errors
/// A fault of the database.
pub(super) fn move_log(conn: &mut SqliteConnection) -> Result<Progress, StoreError> {
    Ok(sql_query("pragma wal_checkpoint(passive)").get_result(conn)?)
}

/// Moves all of the log and cuts its file, unless a reader holds an old state: then that is left to the next start.
///
/// # Errors
/// A fault of the database.
pub(super) fn empty_log(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    conn.batch_execute("pragma busy_timeout = 0; pragma wal_checkpoint(truncate);").or_else(|error| match StoreError::from(error) {
        StoreError::Database(text) if text.contains("locked") => Ok(()),
        other => Err(other),
    })
}

#[cfg(test)]
mod tests {
    use super::{StoreError, open_writer};

    #[test]
    fn a_file_that_is_no_database_is_not_called_a_missing_right() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("papo.db");
        std::fs::write(&path, "not a database at all".repeat(100)).expect("a file");
        assert!(matches!(open_writer(&path), Err(StoreError::Database(_))));
    }
}
