//! What can go wrong in the store.

use std::io;
use std::path::Path;

use crate::domain::chat::refusal::Refusal;
use crate::wire::stored::StoredError;

const CORRUPT: &str = "stored data can't be read: ";

/// A failed read or write. Nothing was changed, whatever the variant.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// A rule of the domain refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A rule of the settings refused; the code is stable, the fields name what is wrong.
    #[error("refused: {0:?}")]
    Invalid(Invalid),
    /// No such record.
    #[error("not found")]
    NotFound,
    /// The writer's queue is full.
    #[error("the store is overloaded")]
    Overloaded,
    /// No room on the disk.
    #[error("the disk is full")]
    Full,
    /// The disk fails or is read-only.
    #[error("the disk does not take what is written: {0}")]
    Disk(String),
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
    /// A fault of the database or of stored data.
    #[error("{0}")]
    Database(String),
    /// The database was written by a newer version of this program.
    #[error("the database has migrations that this version does not know: {0}")]
    Newer(String),
    /// Another process has the data directory.
    #[error("the data directory is in use by another process")]
    InUse,
    /// A file or directory, named with the reason, can't be made or written.
    #[error("{0}")]
    Unwritable(String),
}

/// Which rule of the settings refused what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// Stable code.
    pub code: &'static str,
    /// The field it is about, if one.
    pub field: Option<&'static str>,
    /// What stands in the way, by name.
    pub names: Vec<String>,
}

impl Invalid {
    /// A refusal without names.
    #[must_use]
    pub const fn field(field: &'static str, code: &'static str) -> Self {
        Self { code, field: Some(field), names: Vec::new() }
    }
}

impl From<Invalid> for StoreError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<StoredError> for StoreError {
    fn from(error: StoredError) -> Self {
        Self::corrupt(&error.to_string())
    }
}

impl From<diesel::result::Error> for StoreError {
    fn from(error: diesel::result::Error) -> Self {
        if error == diesel::result::Error::NotFound {
            return Self::NotFound;
        }
        Self::said(error.to_string())
    }
}

/// Whether a write failed because there is no room.
#[must_use]
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl StoreError {
    /// What SQLite says for SQLITE_FULL; for SQLITE_IOERR, SQLITE_READONLY and SQLITE_CANTOPEN. Diesel keeps the text alone.
    pub(super) fn said(text: String) -> Self {
        let of_disk = ["disk I/O error", "attempt to write a readonly database", "unable to open database file"];
        match text {
            full if full.contains("database or disk is full") => Self::Full,
            disk if of_disk.iter().any(|words| disk.contains(words)) => Self::Disk(disk),
            other => Self::Database(other),
        }
    }

    /// A file or directory that can't be made or written.
    #[must_use]
    pub fn of_file(path: &Path, error: &io::Error) -> Self {
        if is_full(error) { Self::Full } else { Self::Unwritable(format!("{}: {error}", path.display())) }
    }

    /// Stored data that this version can't read.
    #[must_use]
    pub fn corrupt(what: &str) -> Self {
        Self::Database(format!("{CORRUPT}{what}"))
    }

    /// Whether stored data alone are at fault: the database is sound, and undoing a savepoint undoes all.
    #[must_use]
    pub fn is_of_data(&self) -> bool {
        match self {
            Self::Database(text) => text.starts_with(CORRUPT) || text.contains("constraint failed"),
            Self::Refused(_) | Self::Invalid(_) | Self::NotFound => true,
            Self::Overloaded | Self::Full | Self::Disk(_) | Self::Closed | Self::Newer(_) | Self::InUse | Self::Unwritable(_) => false,
        }
    }

    /// Whether the transaction may have been left half done by the database.
    #[must_use]
    pub const fn is_fault(&self) -> bool {
        matches!(self, Self::Database(_) | Self::Full | Self::Disk(_))
    }
}
