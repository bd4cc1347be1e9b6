//! A backup: an encrypted file, opened and read through once it is written. Of a register in a file it is SQLite's own
//! copying, under the same key; of one in PostgreSQL, its rows of one moment put into such a file. It is taken beside a
//! running server. Keys are not in it: they are kept elsewhere, once.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use database::Durability;
use rusqlite::backup::{Backup, StepResult};
use serde::Serialize;
use sync_core::commune::CommuneStore;
use sync_core::position::Cursor;

use crate::error::ServerError;
use crate::folder::{remove_if_there, with_logs};
use crate::keys::hex;
use crate::machine::random;
use crate::register::Register;
use crate::register::beside::KeptBackup;
use crate::register::copying;
use crate::register::log::Log;
use crate::register::sql::Sql;

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
    /// It lies in the register's own file system (on Windows: drive or share), so surely on its disk. Two of them can
    /// be on one disk all the same.
    pub same_disk: bool,
    /// Never: a backup without its keys is no use to a thief.
    pub keys_included: bool,
}

/// All pages in one step: the copy is of one moment, and writers wait for it at most that long.
const ALL_PAGES: i32 = -1;
const TRIES: u32 = 100;

impl Register {
    /// Copies the register into a folder, under a name that says how far it goes. Not into the data folder:
    /// what lies beside the register is lost with it. One at a time.
    pub fn backup(&self, to: &Path) -> Result<BackupReport, ServerError> {
        // Before anything is made, as far as the path exists; and once more when all of it does.
        self.refuse_beside_the_register(to)?;
        std::fs::create_dir_all(to)?;
        self.refuse_beside_the_register(to)?;
        let _alone = self.folder().lock_for_backup()?;
        // Whoever left these is dead: it would hold the lock. Other communes' may be at work.
        let ours = format!("unfinished-{}-", self.commune().0.simple());
        remove_all(to, &ours)?;
        // A name nobody knows beforehand: what was read through is what is renamed.
        let unfinished = to.join(format!("{ours}{}", hex(&random::<8>(self.machine())?)));
        let made = self.write_backup(to, &unfinished);
        if made.is_err() {
            // What went wrong is the news; the next backup clears up what stays.
            let _ = remove_all(to, &ours);
        }
        made.map_err(|error| self.of_the_copy(error))
    }

    fn write_backup(&self, to: &Path, unfinished: &Path) -> Result<BackupReport, ServerError> {
        self.copy_to(unfinished)?;
        let head = self.verify(unfinished)?;
        let (epoch, position) = (head.epoch.number, head.position);
        for log in &with_logs(unfinished)[1..] {
            remove_if_there(log)?;
        }
        database::sync_file(unfinished)?;
        let content = std::fs::read(unfinished)?;
        let file = to.join(format!("register-{epoch}-{position:012}.db"));
        std::fs::rename(unfinished, &file)?;
        database::sync_parent(&file)?;
        // From now on it may be put back.
        let kept = KeptBackup { position, chain: head.hash, at_ms: self.now_ms() };
        self.read(|log| self.beside().keep_backup(log, kept))?;
        let hash = blake3::hash(&content).to_hex().to_string();
        let bytes = content.len() as u64;
        // The copy is made; where it lies is advice.
        let same_disk = on_one_disk(self.folder().path(), to).unwrap_or(false);
        Ok(BackupReport {
            file,
            epoch,
            position,
            bytes,
            hash,
            verified: true,
            same_disk,
            keys_included: false,
        })
    }

    /// Whose error it is. A stick that fails must not sound as if the register had: somebody would restore an
    /// old copy over a sound one. So the register is read through before it is blamed.
    fn of_the_copy(&self, error: ServerError) -> ServerError {
        match error {
            ServerError::Busy | ServerError::BackupDiffers | ServerError::Refused(_) => error,
            error => match self.read_through() {
                Ok(()) if matches!(error, ServerError::DiskFull) => ServerError::BackupDiskFull,
                Ok(()) => ServerError::BackupNotWritten(error.to_string()),
                Err(of_the_register) => of_the_register,
            },
        }
    }

    fn read_through(&self) -> Result<(), ServerError> {
        if !self.is_a_file() {
            return self.read(|log| log.head().map(drop));
        }
        let source = database::connect(&self.folder().database(), &self.keys().database, self.durability())?;
        Ok(database::check(&source)?)
    }

    fn refuse_beside_the_register(&self, to: &Path) -> Result<(), ServerError> {
        let data = self.folder().path().canonicalize()?;
        if leads_to(to)?.starts_with(&data) { Err(ServerError::BackupInside) } else { Ok(()) }
    }

    fn copy_to(&self, file: &Path) -> Result<(), ServerError> {
        if !self.is_a_file() {
            let key = &self.keys().database;
            return self.read(|log| copying::to_file(log.sql, self.commune(), file, key));
        }
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
    fn verify(&self, file: &Path) -> Result<Cursor, ServerError> {
        let copy = database::connect(file, &self.keys().database, Durability::Full)?;
        database::check(&copy)?;
        let head = Log::new(Sql::Sqlite(&copy), self.commune()).head()?.cursor;
        let here = self.read(|log| Ok((log.head()?.cursor.epoch, log.chain_at(head.position)?)))?;
        copy.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        if here == (head.epoch, Some(head.hash)) { Ok(head) } else { Err(ServerError::BackupDiffers) }
    }
}

/// Where a path leads, links followed, also if its end is still to be made.
fn leads_to(path: &Path) -> std::io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let there = path.ancestors().find_map(|part| Some((part, part.canonicalize().ok()?)));
    let Some((part, mut real)) = there else { return Ok(path) };
    let missing = path.strip_prefix(part).unwrap_or(Path::new(""));
    let mut went_up = false;
    for component in missing.components() {
        match component {
            Component::ParentDir => went_up |= real.pop(),
            other => real.push(other),
        }
    }
    // Up out of what is still to be made, and perhaps into another link: that path has no way up any more.
    if went_up { leads_to(&real) } else { Ok(real) }
}

#[cfg(unix)]
fn on_one_disk(one: &Path, other: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(std::fs::metadata(one)?.dev() == std::fs::metadata(other)?.dev())
}

/// A drive's letter, or the machine of a share, begins the real path.
#[cfg(not(unix))]
fn on_one_disk(one: &Path, other: &Path) -> std::io::Result<bool> {
    Ok(one.canonicalize()?.components().next() == other.canonicalize()?.components().next())
}

/// A copy that is not done, and what SQLite puts beside it.
fn remove_all(folder: &Path, beginning: &str) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(beginning)) {
            remove_if_there(&folder.join(&name))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::consent::Basis;

    use super::*;
    use crate::{NewCommune, Options};

    fn register(dir: &Path) -> Register {
        let commune =
            NewCommune { name: "Xã Đồng Sen".into(), code: String::new(), basis: Basis::Consent };
        let options = Options { durability: Durability::Off, ..Options::default() };
        Register::create(&dir.join("data"), &commune, options).unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let names = std::fs::read_dir(folder).unwrap();
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// Each either made a whole copy or says that another is at it; none calls the register damaged.
    #[test]
    fn two_at_once_do_not_meet() {
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("backups");
        let first = register(dir.path());
        let second = Register::open(&dir.path().join("data"), Options::default()).unwrap();
        let both = [&first, &second];
        std::thread::scope(|scope| {
            let runs = both.map(|register| {
                let run = || (0..12).map(|_| register.backup(&to)).collect::<Vec<_>>();
                scope.spawn(run)
            });
            for run in runs {
                for made in run.join().unwrap() {
                    match made {
                        Ok(report) => {
                            let content = std::fs::read(&report.file).unwrap();
                            assert_eq!(content.len() as u64, report.bytes);
                        }
                        Err(error) => assert_eq!(error.code(), "backup.running"),
                    }
                }
            }
        });
        assert_eq!(names(&to), ["register-1-000000000000.db"]);
    }

    #[test]
    fn what_a_killed_backup_left_goes_and_what_is_not_ours_stays() {
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("backups");
        std::fs::create_dir(&to).unwrap();
        let register = register(dir.path());
        let ours = format!("unfinished-{}-0011", register.commune().0.simple());
        for name in [ours.as_str(), &format!("{ours}-wal"), "unfinished-other-0011", "register-1-7.db"] {
            std::fs::write(to.join(name), b"x").unwrap();
        }
        register.backup(&to).unwrap();
        let mut left = names(&to);
        left.sort();
        assert_eq!(left, ["register-1-000000000000.db", "register-1-7.db", "unfinished-other-0011"]);
    }

    /// Nobody restores over a sound register because a stick fails.
    #[test]
    fn the_register_is_blamed_only_when_it_is_damaged_itself() {
        let dir = tempfile::tempdir().unwrap();
        let register = register(dir.path());
        let told = |error| register.of_the_copy(error).code().to_owned();
        assert_eq!(told(ServerError::Damaged), "backup.not_written");
        assert_eq!(told(std::io::Error::other("x").into()), "backup.not_written");
        assert_eq!(told(ServerError::DiskFull), "backup.disk_full");
        assert_eq!(told(ServerError::Busy), "server.busy");

        let database = register.folder().database();
        let connection = database::connect(&database, &register.keys().database, Durability::Full).unwrap();
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        drop(connection);
        let mut bytes = std::fs::read(&database).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&database, bytes).unwrap();
        let refused = register.backup(&dir.path().join("backups")).unwrap_err();
        assert_eq!(refused.code(), "server.damaged");
        assert_eq!(names(&dir.path().join("backups")), Vec::<String>::new());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn another_disk_is_told_from_the_register_s_own() {
        let dir = tempfile::tempdir().unwrap();
        assert!(on_one_disk(dir.path(), dir.path()).unwrap());
        // Never on a disk.
        assert!(!on_one_disk(dir.path(), Path::new("/proc")).unwrap());
    }
}
