//! A file that one process at a time holds, or several together: the system lets go when a process dies, however it dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

/// Held until it is dropped.
#[derive(Debug)]
pub struct FileLock(File);

impl FileLock {
    /// Takes the lock for oneself, at once or not at all. The file is made where it is missing.
    pub fn take(path: &Path) -> Result<Self, TryLockError> {
        let file = open(path)?;
        file.try_lock()?;
        Ok(Self(file))
    }

    /// Takes it beside others who share it.
    pub fn share(path: &Path) -> Result<Self, TryLockError> {
        let file = open(path)?;
        file.try_lock_shared()?;
        Ok(Self(file))
    }
}

impl Drop for FileLock {
    /// A program that is being started has this process's open files until it has become itself. Closing ours would
    /// leave the lock to it for that long.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

fn open(path: &Path) -> Result<File, TryLockError> {
    OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(TryLockError::Error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_alone_or_several_together() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let taken = |held: Result<FileLock, _>| matches!(held, Err(TryLockError::WouldBlock));
        let alone = FileLock::take(&path).unwrap();
        assert!(taken(FileLock::take(&path)) && taken(FileLock::share(&path)));
        drop(alone);
        let together = [FileLock::share(&path).unwrap(), FileLock::share(&path).unwrap()];
        assert!(taken(FileLock::take(&path)));
        drop(together);
        FileLock::take(&path).unwrap();
        assert!(matches!(FileLock::take(dir.path()), Err(TryLockError::Error(_))));
    }

    #[test]
    fn what_is_let_go_is_free_while_a_program_is_being_started() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = FileLock::take(&path).unwrap();
        // What a child has between its beginning and the start of its program.
        let inherited = held.0.try_clone().unwrap();
        drop(held);
        FileLock::take(&path).unwrap();
        drop(inherited);
    }
}
