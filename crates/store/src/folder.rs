//! The data folder: what lies where, and the lock that lets one process at a time in. It belongs in the
//! platform's local data directory, never in a roaming or cloud-synced one: two laptops writing one
//! database file through a cloud is how databases are lost.

use std::fs::TryLockError;
use std::path::{Path, PathBuf};

use database::{FileLock, LockFile};

use crate::error::StoreError;

/// An existing, locked data folder. Dropping it opens the lock.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _lock: FileLock,
}

impl DataFolder {
    /// Creates the folder where it is missing and takes the lock. A second process gets
    /// [`StoreError::InUse`]; the operating system opens the lock when a process dies, however it dies.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(path)?;
        match LockFile::open(&path.join("lock"))?.take() {
            Ok(lock) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// The encrypted database.
    pub fn database(&self) -> PathBuf {
        self.path.join("register.db")
    }

    /// The database's key, wrapped once per member.
    pub fn key_slots(&self) -> PathBuf {
        self.path.join("keys.json")
    }

    /// There while an enrolment has begun and not ended.
    pub(crate) fn enrolling(&self) -> PathBuf {
        self.path.join("enrolling.json")
    }

    /// Every group saved here, readable by the commune only. The first of its segments: the others lie
    /// beside it and are called the same with `.2`, `.3`, … behind.
    pub fn sealed_outbox(&self) -> PathBuf {
        self.path.join("outbox.sealed")
    }

    /// A fresh folder for what could not be read: `set-aside-1`, `set-aside-2`, …
    pub(crate) fn new_set_aside(&self) -> Result<PathBuf, StoreError> {
        let mut number = 1_u32;
        loop {
            let path = self.path.join(format!("set-aside-{number}"));
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(path),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let first = DataFolder::open(dir.path()).unwrap();
        assert!(matches!(DataFolder::open(dir.path()), Err(StoreError::InUse)));
        drop(first);
        DataFolder::open(dir.path()).unwrap();
    }

    #[test]
    fn nothing_set_aside_is_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(dir.path()).unwrap();
        assert_ne!(folder.new_set_aside().unwrap(), folder.new_set_aside().unwrap());
    }
}
