//! Backup of a data directory, also of one whose server runs, and its way back.
//!
//! The copy is a plain database file. The key that opens its secrets stays out unless it is asked for: whoever has both reads the secrets. A restore never
//! overwrites: it goes to a directory without a database.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::data_dir::{self, DataDir};
use crate::auth::vault::{Vault, VaultError};
use crate::store::copy::{self, Examined};
use crate::store::error::StoreError;

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{0}")]
    Exists(PathBuf),
    #[error("{0}")]
    NoFolder(PathBuf),
    #[error("{0}")]
    NoDatabase(PathBuf),
    #[error("{0}")]
    NotOurs(PathBuf),
    #[error("{0}")]
    Damaged(String),
    #[error("{0}")]
    Newer(String),
    #[error("the key does not open this backup's secrets")]
    WrongKey,
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl BackupError {
    /// The stable code; its text is `cli.error.<code>`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Exists(_) => "file_exists",
            Self::NoFolder(_) => "folder_missing",
            Self::NoDatabase(_) => "no_database",
            Self::NotOurs(_) => "not_a_backup",
            Self::Damaged(_) => "backup_damaged",
            Self::Newer(_) => "database_newer",
            Self::WrongKey => "key_wrong",
            Self::Vault(VaultError::KeyMissing(_)) => "key_missing",
            Self::Vault(VaultError::KeyFileOpen(_)) => "key_file_open",
            Self::Vault(VaultError::KeyMalformed) => "key_malformed",
            Self::Vault(_) => "key_unreadable",
            Self::Store(StoreError::InUse) => "data_dir_in_use",
            Self::Store(StoreError::Full) => "storage_full",
            Self::Store(StoreError::Unwritable(_) | StoreError::Disk(_)) => "file_unwritable",
            Self::Store(_) => "database_broken",
        }
    }
}

/// Where a backup's key is put beside it, with `--with-key`.
#[must_use]
pub fn key_beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".key");
    PathBuf::from(name)
}

/// Copies the database of `data_dir` to the new file `file`; nobody has to stop. Nothing is at `file` until the copy is whole.
///
/// # Errors
/// `Exists`, `NoFolder`, `NoDatabase`, a key that can't be read, or a fault.
pub fn back_up(data_dir: &Path, file: &Path, with_key: bool) -> Result<(), BackupError> {
    if file.exists() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        return Err(BackupError::NoFolder(folder.to_owned()));
    }
    let key = with_key.then(|| read_key(&data_dir.join(data_dir::KEY_FILE))).transpose()?;
    let mut partial = file.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    // What an interrupted backup left.
    drop(fs::remove_file(&partial));
    copy::copy(&data_dir.join(data_dir::DATABASE_FILE), &partial).map_err(|error| match error {
        StoreError::NotFound => BackupError::NoDatabase(data_dir.to_owned()),
        other => other.into(),
    })?;
    if let Some(key) = key {
        write_key(&key_beside(file), &key)?;
    }
    fs::rename(&partial, file).map_err(|error| StoreError::of_file(file, &error))?;
    copy::sync_folder(file)?;
    Ok(())
}

/// Puts a backup into a data directory that has no database yet, after it was looked through. The key comes from `key`, or from beside the backup.
/// Returns what the backup is, and whether its key is in place.
///
/// # Errors
/// What is wrong with the backup, the key or the directory; nothing was changed then.
pub fn restore(file: &Path, data_dir: &Path, key: Option<&Path>) -> Result<(Examined, bool), BackupError> {
    let found = copy::examine(file).map_err(|error| match error {
        StoreError::NotFound => BackupError::NoDatabase(file.to_owned()),
        StoreError::Database(_) => BackupError::NotOurs(file.to_owned()),
        other => other.into(),
    })?;
    if let Some(fault) = &found.fault {
        return Err(BackupError::Damaged(fault.clone()));
    }
    if let Some(newer) = &found.newer {
        return Err(BackupError::Newer(newer.clone()));
    }
    let beside = key_beside(file);
    let key = match key {
        Some(path) => Some(read_key(path)?),
        None if beside.exists() => Some(read_key(&beside)?),
        None => None,
    };
    if let (Some(key), Some(check)) = (&key, &found.vault_check)
        && super::check_text(&Vault::from_text(key)?) != *check
    {
        return Err(BackupError::WrongKey);
    }
    let target = data_dir.join(data_dir::DATABASE_FILE);
    // Before the directory is taken, which makes an empty database file.
    let mut log = target.clone().into_os_string();
    log.push("-wal");
    // A log that was left alone would be taken for the restored file's.
    if [target.as_os_str(), &log].into_iter().any(|path| fs::metadata(path).is_ok_and(|file| file.len() > 0)) {
        return Err(BackupError::Exists(target));
    }
    let data_dir = DataDir::open(data_dir)?;
    let key_in_place = match key {
        Some(key) if !data_dir.key_file().exists() => write_key(&data_dir.key_file(), &key).map(|()| true)?,
        _ => data_dir.key_file().exists(),
    };
    let mut partial = target.clone().into_os_string();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    drop(fs::remove_file(&partial));
    copy::copy(file, &partial)?;
    fs::rename(&partial, &target).map_err(|error| StoreError::of_file(&target, &error))?;
    copy::sync_folder(&target)?;
    Ok((found, key_in_place))
}

fn read_key(path: &Path) -> Result<String, BackupError> {
    // Read as a vault first, for the checks of mode and form.
    Vault::from_existing_key_file(path)?;
    Ok(fs::read_to_string(path).map_err(|error| VaultError::KeyFile(path.to_owned(), error))?)
}

fn write_key(path: &Path, key: &str) -> Result<(), BackupError> {
    let failed = |error: std::io::Error| match StoreError::of_file(path, &error) {
        StoreError::Full => BackupError::Store(StoreError::Full),
        _ => VaultError::KeyFile(path.to_owned(), error).into(),
    };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(key.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| {
        // Half a key would be taken for the whole one.
        drop(fs::remove_file(path));
        failed(error)
    })
}
