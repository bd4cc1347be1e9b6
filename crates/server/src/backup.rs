//! A backup: SQLite's own copying, encrypted to encrypted under the same key, then opened and read
//! through. It is taken beside a running server. Keys are not in it: they are kept elsewhere, once.

use std::path::{Path, PathBuf};
use std::time::Duration;

use database::Durability;
use rusqlite::backup::{Backup, StepResult};
use serde::Serialize;

use crate::error::ServerError;
use crate::register::Register;
use crate::register::log::Log;

/// A verified copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BackupReport {
    /// The copy.
    pub file: PathBuf,
    /// Which life of the log.
    pub epoch: u32,
    /// Where the stream stood.
    pub position: u64,
    /// Of the file.
    pub bytes: u64,
    /// BLAKE3 of the file, in hexadecimal digits.
    pub hash: String,
    /// Opened with the key, every page and index read.
    pub verified: bool,
    /// Never: a backup without its keys is no use to a thief.
    pub keys_included: bool,
}

/// All pages in one step: the copy is of one moment, and writers wait for it at most that long.
const ALL_PAGES: i32 = -1;
const TRIES: u32 = 100;

impl Register {
    /// Copies the register into a folder, under a name that says how far it goes.
    pub fn backup(&self, to: &Path) -> Result<BackupReport, ServerError> {
        std::fs::create_dir_all(to)?;
        let unfinished = to.join("register.unfinished");
        remove_if_there(&unfinished)?;
        self.copy_to(&unfinished)?;
        let (epoch, position) = self.verify(&unfinished)?;
        for beside in ["register.unfinished-wal", "register.unfinished-shm"] {
            remove_if_there(&to.join(beside))?;
        }
        std::fs::File::open(&unfinished)?.sync_all()?;
        let content = std::fs::read(&unfinished)?;
        let file = to.join(format!("register-{epoch}-{position:012}.db"));
        std::fs::rename(&unfinished, &file)?;
        database::sync_parent(&file)?;
        let hash = blake3::hash(&content).to_hex().to_string();
        let bytes = content.len() as u64;
        Ok(BackupReport { file, epoch, position, bytes, hash, verified: true, keys_included: false })
    }

    fn copy_to(&self, file: &Path) -> Result<(), ServerError> {
        let source = database::connect(&self.folder().database(), &self.keys().database, self.durability())?;
        let mut target = database::connect(file, &self.keys().database, Durability::Full)?;
        let backup = Backup::new(&source, &mut target)?;
        for _ in 0..TRIES {
            match backup.step(ALL_PAGES)? {
                StepResult::Done => return Ok(()),
                // A writer is at work; SQLite says so at once.
                _ => std::thread::park_timeout(Duration::from_millis(50)),
            }
        }
        Err(ServerError::Busy)
    }

    /// The copy opens, is whole, and its head is a place of this log.
    fn verify(&self, file: &Path) -> Result<(u32, u64), ServerError> {
        let copy = database::connect(file, &self.keys().database, Durability::Full)?;
        database::check(&copy)?;
        let head = Log::new(&copy, self.commune()).head()?;
        let here = self.read(|log| Ok((log.head()?.epoch, log.chain_at(head.position)?)))?;
        copy.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        if here == (head.epoch, Some(head.chain)) {
            Ok((head.epoch.number, head.position))
        } else {
            Err(ServerError::BackupDiffers)
        }
    }
}

fn remove_if_there(file: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
