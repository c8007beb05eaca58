//! Opening connections and bringing the schema up to date.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::{Connection, RunQueryDsl, SqliteConnection, sql_query};
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
/// `Unwritable`, `Newer`, or a fault of the database.
pub(super) fn open_writer(path: &Path) -> Result<SqliteConnection, StoreError> {
    let mut conn = SqliteConnection::establish(&path.to_string_lossy()).map_err(|error| StoreError::Unwritable(error.to_string()))?;
    conn.batch_execute(WRITER_PRAGMAS).map_err(|error| match error.to_string() {
        text if text.contains("not a database") || text.contains("malformed") => StoreError::Database(text),
        text => StoreError::Unwritable(text),
    })?;
    Ok(conn)
}

/// Runs the migrations that are missing.
///
/// # Errors
/// `Newer` where the database knows migrations that this program doesn't.
pub(super) fn migrate(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    let fault = |error: Box<dyn std::error::Error + Send + Sync>| StoreError::Database(error.to_string());
    let applied = conn.applied_migrations().map_err(fault)?;
    let source: &dyn diesel::migration::MigrationSource<diesel::sqlite::Sqlite> = &MIGRATIONS;
    let known: Vec<String> = source.migrations().map_err(fault)?.iter().map(|migration| migration.name().version().to_string()).collect();
    if let Some(newer) = applied.iter().map(ToString::to_string).find(|version| !known.contains(version)) {
        return Err(StoreError::Newer(newer));
    }
    conn.run_pending_migrations(MIGRATIONS).map_err(fault)?;
    Ok(())
}

/// Moves the log into the database file; `truncate` also shrinks the log.
///
/// # Errors
/// A fault of the database; being busy is none.
pub(super) fn checkpoint(conn: &mut SqliteConnection, truncate: bool) -> Result<(), StoreError> {
    let mode = if truncate { "truncate" } else { "passive" };
    sql_query(format!("pragma wal_checkpoint({mode})")).execute(conn).map(|_| ()).or_else(|error| match StoreError::from(error) {
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
