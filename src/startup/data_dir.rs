//! The data directory: made with the owner's rights alone, and held by one process at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::store::error::{StoreError, is_full};

/// The database's name in a data directory.
pub const DATABASE_FILE: &str = "papo.db";
/// The name of the key's file.
pub const KEY_FILE: &str = "secret.key";

/// What SQLite needs at least to open a database: the index of its log has 32 KiB.
const ROOM_BYTES: usize = 64 * 1024;

/// A data directory that is ours until this value is dropped.
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the directory where it is missing and locks it.
    ///
    /// # Errors
    /// `Unwritable`, `Full`, or `InUse` where another process has it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let unwritable = |error: std::io::Error| StoreError::of_file(path, &error);
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

    /// What stands behind an error of the disk: where there is no room, SQLite may call it an I/O error.
    #[must_use]
    pub fn explained(&self, error: StoreError) -> StoreError {
        match error {
            StoreError::Disk(_) | StoreError::Unwritable(_) if self.has_no_room() => StoreError::Full,
            other => other,
        }
    }

    fn has_no_room(&self) -> bool {
        let probe = self.path.join("papo.db.probe");
        let made = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&probe);
        let written = made.and_then(|mut file| file.write_all(&[0; ROOM_BYTES]).and_then(|()| file.sync_all()));
        drop(fs::remove_file(probe));
        written.is_err_and(|error| is_full(&error))
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
