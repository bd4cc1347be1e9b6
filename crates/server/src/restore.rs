//! Putting a backup back (§6), as the folder's file or into PostgreSQL. Nothing is deleted: the register that was there
//! is set aside, as a file. What happened since comes back from the laptops, under the receipts that it had; the ledger
//! says who was revoked and erased meanwhile.

use std::path::{Path, PathBuf};

use database::Durability;
use domain::ids::CommuneId;
use rusqlite::Connection;
use serde::Serialize;
use sync_core::ledger::Line;

use crate::error::ServerError;
use crate::folder::{DataFolder, remove_if_there, with_logs};
use crate::keys::CommuneKeys;
use crate::register::beside::Beside;
use crate::register::place::Note;
use crate::register::sql::{Connection as To, Place, Purpose, Server, Sql};
use crate::register::{Options, Register, copying, open_file};

/// What was put back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RestoreReport {
    /// The new life of the log.
    pub epoch: u32,
    /// Where it goes on from.
    pub position: u64,
    /// How many commits the register had beyond it, where the witness still says it: laptops bring them back.
    pub commits_missing: Option<u64>,
    /// The register that was there, if one was.
    pub set_aside: Option<PathBuf>,
}

/// Makes a backup the register of a data folder; no server may serve it meanwhile. A backup that laptops do not keep
/// everything since is put back only with `accept_loss`: [`ServerError::BackupTooOld`].
pub fn restore(
    data: &Path,
    backup: &Path,
    accept_loss: bool,
    options: Options,
) -> Result<RestoreReport, ServerError> {
    put_back(data, backup, None, accept_loss, options)
}

/// The same into a PostgreSQL database: from now on the folder's register is there, wherever it was.
pub fn restore_into_postgres(
    data: &Path,
    backup: &Path,
    url: &str,
    accept_loss: bool,
    options: Options,
) -> Result<RestoreReport, ServerError> {
    put_back(data, backup, Some(url), accept_loss, options)
}

fn put_back(
    data: &Path,
    backup: &Path,
    url: Option<&str>,
    accept_loss: bool,
    options: Options,
) -> Result<RestoreReport, ServerError> {
    let folder = DataFolder::new(data);
    if !folder.keys().exists() {
        return Err(ServerError::NotSetUp);
    }
    let noted = Note::of(&folder)?;
    let url = url.map(str::to_owned).or(noted.as_ref().map(|note| note.url.clone()));
    let server = url.as_deref().map(|url| Server::read(url, options.durability)).transpose()?;
    let keys = CommuneKeys::load(&folder)?;
    let [serving, alone] = folder.lock_for_restoring()?;
    let unfinished = folder.beside("register.restoring");
    for file in with_logs(&unfinished) {
        remove_if_there(&file)?;
    }
    std::fs::copy(backup, &unfinished)?;
    let copy = database::connect(&unfinished, &keys.database, options.durability);
    let copy = copy.map_err(|_| ServerError::NotOurBackup)?;
    let stood = standing(&copy)?;
    let beside = Beside::of(&folder, options.durability);
    let kept = beside.backups();
    let may_be_put_back = kept.iter().any(|one| (one.position, one.chain.0) == (stood.position, stood.chain));
    let now_ms = options.machine.wall_ms();
    let days = beside.days_ahead(&keys.receipts, stood.received_at_ms, now_ms);
    // Where nobody knows any more which may, everything else is lost too.
    let refused = if noted.is_some_and(|note| note.commune != stood.commune) {
        Some(ServerError::NotOurBackup)
    } else if !(accept_loss || kept.is_empty() || may_be_put_back) {
        Some(ServerError::BackupTooOld)
    } else if !beside.fits(&keys.receipts, &lines_of(&copy)?)? {
        Some(ServerError::LedgerDiffers)
    } else {
        days.filter(|_| !options.clock_is_right).map(|days| ServerError::ClockAhead { days })
    };
    if let Some(refused) = refused {
        drop(copy);
        with_logs(&unfinished).iter().try_for_each(|file| remove_if_there(file))?;
        return Err(refused);
    }
    copy.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    drop(copy);
    for log in &with_logs(&unfinished)[1..] {
        remove_if_there(log)?;
    }
    if options.durability == Durability::Full {
        database::sync_file(&unfinished)?;
    }
    let aside = folder.beside(&format!("register-set-aside-{now_ms}.db"));
    let set_aside = match server.zip(url) {
        None => {
            let moved = set_aside(&folder, &keys, &aside)?;
            std::fs::rename(&unfinished, folder.database())?;
            database::sync_parent(&folder.database())?;
            moved
        }
        Some((server, url)) => {
            let rows_aside = folder.beside(&format!("register-set-aside-{now_ms}-postgres.db"));
            let copied = exchange_rows(&unfinished, server, stood.commune, &rows_aside, &keys)?;
            Note { url, commune: stood.commune }.keep(&folder)?;
            remove_if_there(&unfinished)?;
            // Where it was a file until now; rows of a moving that was cut off may have been there too.
            set_aside(&folder, &keys, &aside)?.or(copied)
        }
    };

    let missing = beside.witnessed().and_then(|position| position.checked_sub(stood.position));
    drop(alone);
    let register = Register::open(data, options)?;
    // The witness began the next life of the log, if there was one.
    if register.epoch()?.number == stood.epoch {
        register.begin_epoch()?;
    }
    drop(serving);
    Ok(RestoreReport {
        epoch: register.epoch()?.number,
        position: register.position()?,
        commits_missing: missing,
        set_aside,
    })
}

struct Standing {
    commune: CommuneId,
    epoch: u32,
    position: u64,
    chain: [u8; 32],
    /// When it last took something.
    received_at_ms: i64,
}

/// The copy is whole; readable whatever schema it has. Of which commune it is the key has said.
fn standing(copy: &Connection) -> Result<Standing, ServerError> {
    database::check(copy).map_err(|_| ServerError::NotOurBackup)?;
    let read = copy.query_row(
        "SELECT epoch_number, position, chain, commune_id, received_at_ms FROM communes",
        [],
        |row| {
            let position = row.get::<_, i64>(1)?.cast_unsigned();
            let (epoch, chain, commune) = (row.get(0)?, row.get(2)?, CommuneId(row.get(3)?));
            Ok(Standing { commune, epoch, position, chain, received_at_ms: row.get(4)? })
        },
    );
    read.map_err(|_| ServerError::NotOurBackup)
}

/// What the copy was told of the ledger; nothing before there was one.
fn lines_of(copy: &Connection) -> Result<Vec<Line>, ServerError> {
    let there = copy.prepare("SELECT line FROM ledger ORDER BY number");
    let Ok(mut lines) = there else { return Ok(Vec::new()) };
    let lines = lines.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    lines.iter().map(|line| serde_json::from_str(line).map_err(|_| ServerError::NotOurBackup)).collect()
}

/// The rows of a commune become those of a copy, in one transaction; what was there becomes a file first, if there was
/// anything.
fn exchange_rows(
    copy: &Path,
    server: Server,
    commune: CommuneId,
    aside: &Path,
    keys: &CommuneKeys,
) -> Result<Option<PathBuf>, ServerError> {
    server.upgrade()?;
    let copy = open_file(copy, &keys.database, Durability::Full)?;
    let mut connection = To::to(&Place::Postgres(server))?;
    let transaction = connection.begin(Purpose::Exchanging(commune))?;
    let there = copying::is_there(transaction.sql(), commune)?;
    if there {
        let unfinished = aside.with_extension("unfinished");
        copying::to_file(transaction.sql(), commune, &unfinished, &keys.database)?;
        std::fs::rename(&unfinished, aside)?;
        database::sync_parent(aside)?;
        copying::remove(transaction.sql(), commune)?;
    }
    copying::copy(Sql::Sqlite(&copy), transaction.sql(), commune)?;
    transaction.commit()?;
    Ok(there.then(|| aside.to_owned()))
}

/// Moves the register that is there out of the way, with the log that belongs to it; also what a restoring that was cut
/// off left of them. Nothing of it may lie beside the copy: SQLite would take another database's log for its own.
fn set_aside(folder: &DataFolder, keys: &CommuneKeys, aside: &Path) -> Result<Option<PathBuf>, ServerError> {
    let there = folder.database();
    if there.exists() {
        // As far as it can be opened its log is empty from here on, and the file alone is all of it.
        let old = database::connect(&there, &keys.database, Durability::Full);
        let emptied = old.map(|old| old.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
        drop(emptied);
    }
    // The log first: where this is cut off, the next restoring finds the file, and moves it.
    let mut moved = None;
    for (from, to) in with_logs(&there).iter().zip(with_logs(aside)).rev() {
        if from.exists() {
            std::fs::rename(from, to)?;
            moved = Some(aside.to_owned());
        }
    }
    Ok(moved)
}

#[cfg(test)]
mod tests {
    use domain::consent::Basis;
    use uuid::Uuid;

    use super::*;
    use crate::NewCommune;
    use crate::register::own::OwnGroup;

    fn options() -> Options {
        Options { durability: Durability::Off, ..Options::default() }
    }

    fn make(data: &Path) -> Register {
        let commune =
            NewCommune { name: "Xã Đồng Sen".into(), code: String::new(), basis: Basis::Consent };
        Register::create(data, &commune, options()).unwrap()
    }

    fn commit(register: &Register, n: u128) {
        let group = OwnGroup::unit_named(Uuid::from_u128(n), "Thôn Sen");
        register.write(|intake| intake.write_own(group)).unwrap();
    }

    fn code(result: Result<RestoreReport, ServerError>) -> String {
        result.unwrap_err().code().to_owned()
    }

    #[test]
    fn a_backup_is_put_back_and_what_was_there_is_set_aside() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let register = make(&data);
        commit(&register, 1);
        let backup = register.backup(&dir.path().join("backups")).unwrap().file;
        commit(&register, 2);
        commit(&register, 3);
        drop(register);
        let report = restore(&data, &backup, false, options()).unwrap();
        assert_eq!((report.epoch, report.position, report.commits_missing), (2, 1, Some(2)));
        let aside = report.set_aside.unwrap();
        let keys = CommuneKeys::load(&DataFolder::new(&data)).unwrap();
        let aside = database::connect(&aside, &keys.database, Durability::Off).unwrap();
        assert_eq!(standing(&aside).unwrap().position, 3, "its last commits were in its log");
        // A folder from which the register and everything beside it is gone, but for the keys.
        for name in ["register.db", "witness.json", "ledger.jsonl", "backups.json"] {
            remove_if_there(&data.join(name)).unwrap();
        }
        let report = restore(&data, &backup, false, options()).unwrap();
        assert_eq!((report.epoch, report.position, report.commits_missing), (2, 1, None));
        assert_eq!(report.set_aside, None);
        Register::open(&data, options()).unwrap();
    }

    #[test]
    fn what_is_no_backup_of_this_commune_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (data, other) = (dir.path().join("data"), dir.path().join("other"));
        let register = make(&data);
        commit(&register, 1);
        let foreign = make(&other).backup(&dir.path().join("foreign")).unwrap().file;
        drop(register);
        let nonsense = dir.path().join("nonsense.db");
        std::fs::write(&nonsense, b"not a register at all").unwrap();
        for wrong in [&foreign, &nonsense] {
            assert_eq!(code(restore(&data, wrong, true, options())), "backup.not_ours");
        }
        assert_eq!(code(restore(&data, &dir.path().join("nowhere"), true, options())), "server.io");
        assert_eq!(code(restore(dir.path(), &foreign, true, options())), "server.not_set_up");
        assert_eq!(Register::open(&data, options()).unwrap().position().unwrap(), 1);
    }

    /// Laptops have forgotten what only they had since then.
    #[test]
    fn an_older_backup_is_put_back_only_with_a_person_s_word() {
        let dir = tempfile::tempdir().unwrap();
        let (data, to) = (dir.path().join("data"), dir.path().join("backups"));
        let register = make(&data);
        let first = register.backup(&to).unwrap().file;
        for n in 1..=8 {
            commit(&register, n);
            register.backup(&to).unwrap();
        }
        drop(register);
        assert_eq!(code(restore(&data, &first, false, options())), "backup.too_old");
        let register = Register::open(&data, options()).unwrap();
        assert_eq!((register.position().unwrap(), register.epoch().unwrap().number), (8, 1));
        drop(register);
        assert_eq!(restore(&data, &first, true, options()).unwrap().position, 0);
    }

    /// Laptops forget by what the backups of the present life have; one of a life that ended is older than it looks.
    #[test]
    fn a_backup_of_a_life_that_has_ended_is_an_older_one() {
        let dir = tempfile::tempdir().unwrap();
        let (data, to) = (dir.path().join("data"), dir.path().join("backups"));
        let register = make(&data);
        let mut files = Vec::new();
        for n in 1..=3 {
            commit(&register, n);
            files.push(register.backup(&to).unwrap().file);
        }
        drop(register);
        restore(&data, &files[0], false, options()).unwrap();
        let register = Register::open(&data, options()).unwrap();
        commit(&register, 7);
        register.backup(&to).unwrap();
        drop(register);
        assert_eq!(code(restore(&data, &files[2], false, options())), "backup.too_old");
        assert_eq!(restore(&data, &files[2], true, options()).unwrap().position, 3);
    }

    /// The register is lost and its log is not, or a restoring was cut off between the two.
    #[test]
    fn another_database_s_log_is_not_taken_for_the_copy_s() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let register = make(&data);
        commit(&register, 1);
        let backup = register.backup(&dir.path().join("backups")).unwrap().file;
        commit(&register, 2);
        std::fs::copy(data.join("register.db-wal"), dir.path().join("log")).unwrap();
        drop(register);
        std::fs::remove_file(data.join("register.db")).unwrap();
        std::fs::copy(dir.path().join("log"), data.join("register.db-wal")).unwrap();
        let report = restore(&data, &backup, false, options()).unwrap();
        assert_eq!(report.position, 1);
        assert!(report.set_aside.is_some());
        assert_eq!(Register::open(&data, options()).unwrap().position().unwrap(), 1);
    }

    /// The ledger of another life: said before anything is exchanged.
    #[test]
    fn a_backup_that_the_ledger_does_not_fit_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (data, to) = (dir.path().join("data"), dir.path().join("backups"));
        let register = make(&data);
        let first = register.backup(&to).unwrap().file;
        let enrol = |register: &Register, n: u128| {
            let entry = sync_core::ledger::Entry::Enrolled {
                device: domain::ids::DeviceId(Uuid::from_u128(n)),
                user: domain::ids::UserId(Uuid::from_u128(n)),
            };
            register.write(|intake| intake.note(entry)).unwrap();
        };
        enrol(&register, 1);
        commit(&register, 1);
        let second = register.backup(&to).unwrap().file;
        drop(register);
        std::fs::remove_file(data.join("ledger.jsonl")).unwrap();
        std::fs::remove_file(data.join("backups.json")).unwrap();
        restore(&data, &first, false, options()).unwrap();
        let register = Register::open(&data, options()).unwrap();
        enrol(&register, 2);
        drop(register);
        assert_eq!(code(restore(&data, &second, true, options())), "server.ledger_differs");
        assert_eq!(Register::open(&data, options()).unwrap().position().unwrap(), 0);
    }

    /// Somebody at work in it would go on writing into what was set aside.
    #[test]
    fn a_register_that_is_open_is_not_exchanged() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let register = make(&data);
        let backup = register.backup(&dir.path().join("backups")).unwrap().file;
        assert_eq!(code(restore(&data, &backup, false, options())), "server.in_use");
        drop(register);
        restore(&data, &backup, false, options()).unwrap();
    }

    /// While a server serves the folder its register stays where it is.
    #[test]
    fn a_server_that_serves_is_not_pulled_away_from_under() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let register = make(&data);
        let backup = register.backup(&dir.path().join("backups")).unwrap().file;
        let _serving = register.folder().lock_for_serving().unwrap();
        assert_eq!(code(restore(&data, &backup, false, options())), "server.in_use");
    }
}
