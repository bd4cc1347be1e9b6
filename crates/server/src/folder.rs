//! The commune's data folder: what lies where, and the lock that lets one server at a time serve it.
//! Commands (enrol, import, figures, backup) work beside a running server: SQLite keeps them apart.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::ServerError;

/// Where one commune's files are.
#[derive(Clone, Debug)]
pub struct DataFolder(PathBuf);

/// Held while a server serves; the operating system opens it when the process dies, however it dies.
#[derive(Debug)]
pub struct ServeLock {
    _file: File,
}

impl DataFolder {
    /// Names the folder; nothing is looked at.
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Makes the folder where it is missing, for nobody else to look into.
    pub(crate) fn create(&self) -> Result<(), ServerError> {
        create_private_dir(&self.0)?;
        Ok(create_private_dir(&self.keys())?)
    }

    /// The encrypted register.
    pub fn database(&self) -> PathBuf {
        self.0.join("register.db")
    }

    /// Keys, one file each, readable by the server's user only.
    pub fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }

    /// Where the running server listens, for commands beside it.
    pub fn listening(&self) -> PathBuf {
        self.0.join("listening.json")
    }

    /// Takes the lock of serving; a second server gets [`ServerError::InUse`].
    pub fn lock_for_serving(&self) -> Result<ServeLock, ServerError> {
        if !self.database().exists() {
            return Err(ServerError::NotSetUp);
        }
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).open(self.0.join("serve.lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(ServeLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(ServerError::InUse),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

fn create_private_dir(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Writes a new file that only its owner may read; one that exists is never overwritten.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()?;
    database::sync_parent(path)
}
