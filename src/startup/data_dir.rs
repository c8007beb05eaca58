//! The data directory: made with the owner's rights alone, and held by one process at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::store::error::StoreError;

/// The database's name in a data directory.
pub const DATABASE_FILE: &str = "papo.db";
/// The name of the key's file.
pub const KEY_FILE: &str = "secret.key";

/// A data directory that is ours until this value is dropped.
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the directory where it is missing and locks it.
    ///
    /// # Errors
    /// `Unwritable`, or `InUse` where another process has it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let unwritable = |error: std::io::Error| StoreError::Unwritable(error.to_string());
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unwritable)?;
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path.join("papo.lock")).map_err(unwritable)?;
        match lock.try_lock() {
            Ok(()) => {
                let data_dir = Self { path: path.to_owned(), _lock: lock };
                // Made here, since SQLite would let everybody read it; its log gets the same rights.
                let database = OpenOptions::new().create(true).append(true).mode(0o600).open(data_dir.database());
                database.map_err(unwritable)?;
                Ok(data_dir)
            }
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
            Err(TryLockError::Error(error)) => Err(unwritable(error)),
        }
    }

    /// The database file.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.path.join(DATABASE_FILE)
    }

    /// The key that seals secrets.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.path.join(KEY_FILE)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::DataDir;

    #[test]
    fn the_database_is_its_owners_alone_even_in_an_open_directory() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("rights");
        let data_dir = DataDir::open(folder.path()).expect("a data directory");
        let mode = std::fs::metadata(data_dir.database()).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
