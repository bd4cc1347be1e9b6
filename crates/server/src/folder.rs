//! The commune's data folder: what lies where, and the lock that lets one server at a time serve it.
//! Commands (enrol, import, figures, backup) work beside a running server: the database keeps them apart.

use std::fs::TryLockError;
use std::path::{Path, PathBuf};

use database::{FileLock, LockFile};

use crate::address::Running;
use crate::error::ServerError;

/// Where one commune's files are.
#[derive(Clone, Debug)]
pub struct DataFolder(PathBuf);

/// Held while a server serves; the operating system opens it when the process dies, however it dies.
#[derive(Debug)]
pub struct ServeLock {
    _held: FileLock,
}

impl DataFolder {
    /// Names the folder; nothing is looked at.
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        &self.0
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

    /// Where the register is, if it is in PostgreSQL and not here.
    pub(crate) fn postgres(&self) -> PathBuf {
        self.0.join("postgres.json")
    }

    /// True if a register belongs to this folder, wherever it is.
    pub(crate) fn has_register(&self) -> bool {
        self.database().exists() || self.postgres().exists()
    }

    /// What no copy of the register takes back.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Keys, one file each, readable by the server's user only.
    pub fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }

    /// Where the running server listens, for commands beside it.
    pub fn listening(&self) -> PathBuf {
        self.0.join("listening.json")
    }

    /// The address that laptops are told.
    pub(crate) fn address(&self) -> PathBuf {
        self.0.join("address.txt")
    }

    /// Says beside the register that a server runs.
    pub fn say_running(&self, running: &Running) -> Result<(), ServerError> {
        let json = serde_json::to_vec(running).map_err(|_| ServerError::Internal("listening.json"))?;
        Ok(database::write_atomically(&self.listening(), &json)?)
    }

    /// Takes back what the server of this lock said; only who still holds it may, or it were the next one's word.
    pub fn say_ended(&self) -> Result<(), ServerError> {
        Ok(remove_if_there(&self.listening())?)
    }

    /// What a server said; it may be dead since.
    pub(crate) fn said_to_run(&self) -> Option<Running> {
        serde_json::from_slice(&std::fs::read(self.listening()).ok()?).ok()
    }

    /// Takes the lock of serving; a second server gets [`ServerError::InUse`].
    pub fn lock_for_serving(&self) -> Result<ServeLock, ServerError> {
        if !self.has_register() {
            return Err(ServerError::NotSetUp);
        }
        Ok(ServeLock { _held: self.lock("serve.lock", ServerError::InUse)? })
    }

    /// Takes the same lock, also where the register is gone, and one that nobody holds who has the register open.
    pub(crate) fn lock_for_restoring(&self) -> Result<[FileLock; 2], ServerError> {
        let serving = self.lock("serve.lock", ServerError::InUse)?;
        Ok([serving, self.lock("open.lock", ServerError::InUse)?])
    }

    /// Held by whoever has the register open, so that it is not exchanged under them. A folder that takes no file has no
    /// such lock, and nothing can be exchanged there.
    pub(crate) fn lock_open(&self) -> Result<Option<FileLock>, ServerError> {
        let path = self.0.join("open.lock");
        match LockFile::open(&path) {
            Ok(file) => held(file.share(), ServerError::Busy).map(Some),
            Err(_) if !path.exists() => Ok(None),
            Err(refused) => Err(refused.into()),
        }
    }

    /// There while a commune is being made, and after a making that was cut off.
    pub(crate) fn making(&self) -> PathBuf {
        self.0.join("making.lock")
    }

    /// Marks that a commune is being made, by one at a time.
    pub(crate) fn lock_for_making(&self) -> Result<FileLock, ServerError> {
        self.lock("making.lock", ServerError::Busy)
    }

    /// Takes the lock of backing up; whoever comes meanwhile gets [`ServerError::BackupRunning`].
    pub(crate) fn lock_for_backup(&self) -> Result<FileLock, ServerError> {
        self.lock("backup.lock", ServerError::BackupRunning)
    }

    fn lock(&self, name: &str, taken: ServerError) -> Result<FileLock, ServerError> {
        held(LockFile::open(&self.0.join(name))?.take(), taken)
    }
}

/// A lock, or who it is that has it.
fn held(lock: Result<FileLock, TryLockError>, taken: ServerError) -> Result<FileLock, ServerError> {
    lock.map_err(|error| match error {
        TryLockError::WouldBlock => taken,
        TryLockError::Error(error) => error.into(),
    })
}

/// A database and what SQLite puts beside it, its log first of the two.
pub(crate) fn with_logs(file: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|suffix| {
        let mut name = file.as_os_str().to_owned();
        name.push(suffix);
        name.into()
    })
}

pub(crate) fn remove_if_there(file: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn create_private_dir(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Writes a new file that only its owner may read; one that exists is never overwritten. Cut off, it is not
/// there; what was written of it goes at the next try.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    if path.exists() {
        return Err(std::io::ErrorKind::AlreadyExists.into());
    }
    database::write_private(path, content)
}
