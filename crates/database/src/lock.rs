//! A file that one process at a time holds, or several together: the system lets go when a process dies, however it dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

/// The file, which nobody holds by it yet.
#[derive(Debug)]
pub struct LockFile(File);

/// Held until it is dropped.
#[derive(Debug)]
pub struct FileLock(File);

impl LockFile {
    /// Opens the file, which is made where it is missing.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        OpenOptions::new().create(true).truncate(false).write(true).open(path).map(Self)
    }

    /// Takes the lock for oneself, at once or not at all.
    pub fn take(self) -> Result<FileLock, TryLockError> {
        self.0.try_lock()?;
        Ok(FileLock(self.0))
    }

    /// Takes it beside others who share it.
    pub fn share(self) -> Result<FileLock, TryLockError> {
        self.0.try_lock_shared()?;
        Ok(FileLock(self.0))
    }
}

impl Drop for FileLock {
    /// A program that is being started has this process's open files until it has become itself. Closing ours would
    /// leave the lock to it for that long.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_alone_or_several_together() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let file = || LockFile::open(&path).unwrap();
        let taken = |held: Result<FileLock, _>| matches!(held, Err(TryLockError::WouldBlock));
        let alone = file().take().unwrap();
        assert!(taken(file().take()) && taken(file().share()));
        drop(alone);
        let together = [file().share().unwrap(), file().share().unwrap()];
        assert!(taken(file().take()));
        drop(together);
        file().take().unwrap();
        LockFile::open(dir.path()).unwrap_err();
    }

    #[test]
    fn what_is_let_go_is_free_while_a_program_is_being_started() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = LockFile::open(&path).unwrap().take().unwrap();
        // What a child has between its beginning and the start of its program.
        let inherited = held.0.try_clone().unwrap();
        drop(held);
        LockFile::open(&path).unwrap().take().unwrap();
        drop(inherited);
    }
}
