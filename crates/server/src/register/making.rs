//! How a commune begins. A file marks that it is being made, then come the keys, then the register: a file, built
//! under another name and renamed when it is whole; or rows in PostgreSQL, and then the note that says so. So there is
//! a register or there is none; and keys without either the mark or a register are those of a commune whose register is
//! missing, never of a new one. Rows that a making cut off left without a note are an empty commune that nobody has.

use domain::calendar::Day;
use domain::ids::CommuneId;
use domain::text::clean;

use super::place::Note;
use super::sql::{Connection, Place, Purpose, Server, Sql, params};
use super::{NewCommune, Options, open_file};
use crate::error::ServerError;
use crate::folder::{DataFolder, remove_if_there, with_logs};
use crate::keys::CommuneKeys;
use crate::machine::random;

/// Called before every change of a file; a test dies at each.
pub(crate) type Step<'a> = &'a mut dyn FnMut() -> Result<(), ServerError>;

/// Makes a commune, or ends a making that was cut off. Keys that exist stay as they are.
pub(super) fn make(
    folder: &DataFolder,
    commune: &NewCommune,
    postgres: Option<&str>,
    options: &Options,
    step: Step<'_>,
) -> Result<(), ServerError> {
    if clean(&commune.name).is_empty() {
        return Err(ServerError::CommuneNameNeeded);
    }
    refuse_what_is_there(folder)?;
    // A slip in the address, or a database that cannot be had, must not leave half a commune.
    let server = postgres.map(|url| Server::read(url, options.durability)).transpose()?;
    server.as_ref().map(Server::upgrade).transpose()?;
    step()?;
    folder.create()?;
    step()?;
    let _alone = folder.lock_for_making()?;
    database::sync_parent(&folder.making())?;
    // Another one may have ended meanwhile.
    refuse_what_is_there(folder)?;
    let keys = CommuneKeys::complete(folder, options.machine.as_ref(), step)?;
    match server.zip(postgres) {
        None => make_file(folder, commune, &keys, options, step)?,
        Some((server, url)) => {
            step()?;
            let mut connection = Connection::to(&Place::Postgres(server))?;
            let id = new_id(options)?;
            let transaction = connection.begin(Purpose::Exchanging(id))?;
            put_commune(transaction.sql(), id, commune, options)?;
            step()?;
            transaction.commit()?;
            step()?;
            Note { url: url.to_owned(), commune: id }.keep(folder)?;
        }
    }
    step()?;
    ended(folder);
    Ok(())
}

fn make_file(
    folder: &DataFolder,
    commune: &NewCommune,
    keys: &CommuneKeys,
    options: &Options,
    step: Step<'_>,
) -> Result<(), ServerError> {
    let unfinished = folder.database().with_extension("new");
    for left in with_logs(&unfinished) {
        step()?;
        remove_if_there(&left)?;
    }
    step()?;
    let connection = open_file(&unfinished, &keys.database, options.durability)?;
    step()?;
    put_commune(Sql::Sqlite(&connection), new_id(options)?, commune, options)?;
    step()?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    drop(connection);
    step()?;
    database::sync_file(&unfinished)?;
    step()?;
    std::fs::rename(&unfinished, folder.database())?;
    Ok(database::sync_parent(&folder.database())?)
}

fn new_id(options: &Options) -> Result<CommuneId, ServerError> {
    let machine = options.machine.as_ref();
    Ok(CommuneId::new(u64::try_from(machine.wall_ms()).unwrap_or_default(), random(machine)?))
}

/// The commune's row, at the beginning of its log.
fn put_commune(
    sql: Sql<'_>,
    commune: CommuneId,
    new: &NewCommune,
    options: &Options,
) -> Result<(), ServerError> {
    let machine = options.machine.as_ref();
    let wall_ms = machine.wall_ms();
    let id = || Ok::<_, ServerError>(new_id(options)?.0);
    let number = || Ok::<_, ServerError>(u64::from_le_bytes(random(machine)?).cast_signed());
    sql.run(
        "INSERT INTO communes VALUES (?1, ?2, ?3, ?4, 1, ?5, 0, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 0, ?13, 0)",
        params![
            commune.0,
            clean(&new.name),
            clean(&new.code),
            new.basis.code(),
            number()?,
            [0_u8; 32],
            wall_ms,
            Day::at(wall_ms).to_string(),
            id()?,
            id()?,
            number()?,
            id()?,
            [0_u8; 16],
        ],
    )
}

fn refuse_what_is_there(folder: &DataFolder) -> Result<(), ServerError> {
    if folder.has_register() {
        Err(ServerError::AlreadySetUp)
    } else if lost(folder) {
        Err(ServerError::RegisterMissing)
    } else {
        Ok(())
    }
}

/// True if a commune's keys are here, or the log of its register, and the register is not.
pub(super) fn lost(folder: &DataFolder) -> bool {
    let [_, log, _] = with_logs(&folder.database());
    let left = CommuneKeys::any(folder) || log.exists();
    left && !folder.has_register() && !folder.making().exists()
}

/// Takes the mark away: the commune is there. One that stays is taken away at the next opening.
pub(super) fn ended(folder: &DataFolder) {
    let _ = remove_if_there(&folder.making());
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use database::Durability;
    use domain::consent::Basis;

    use super::*;
    use crate::Register;

    fn options() -> Options {
        Options { durability: Durability::Off, ..Options::default() }
    }

    fn commune(name: &str) -> NewCommune {
        NewCommune { name: name.into(), code: String::new(), basis: Basis::Consent }
    }

    /// Dies before the n-th change of a file; true if it lived to the end.
    fn make_and_die(path: &Path, at: usize) -> bool {
        let mut steps = 0;
        let made = make(&DataFolder::new(path), &commune("Xã Đồng Sen"), None, &options(), &mut || {
            steps += 1;
            if steps > at { Err(ServerError::Internal("killed")) } else { Ok(()) }
        });
        match made {
            Ok(()) => true,
            Err(ServerError::Internal("killed")) => false,
            Err(other) => panic!("{other:?}"),
        }
    }

    fn keys(path: &Path) -> BTreeMap<String, Vec<u8>> {
        let Ok(entries) = std::fs::read_dir(path.join("keys")) else { return BTreeMap::new() };
        let entries = entries.map(|entry| entry.unwrap());
        let key = |entry: std::fs::DirEntry| {
            (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())
        };
        entries.map(key).filter(|(name, _)| name.ends_with(".key")).collect()
    }

    fn opened(path: &Path) -> String {
        Register::open(path, options()).map_or_else(|error| error.code().to_owned(), |_| "open".to_owned())
    }

    #[test]
    fn killed_anywhere_it_is_ended_by_the_next_and_no_key_changes() {
        for at in 0.. {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("data");
            if make_and_die(&path, at) {
                assert!(at > 10, "{at}");
                return;
            }
            let before = keys(&path);
            // Cut off while a key was written: half of it lies there under another name.
            if path.join("keys").exists() && before.len() < 4 {
                for name in ["database", "receipts", "identity", "sealed"] {
                    std::fs::write(path.join("keys").join(name).with_extension("new"), b"00").unwrap();
                }
            }
            let there = path.join("register.db").exists();
            if !there {
                assert_eq!(opened(&path), "server.not_set_up", "{at}");
                Register::create(&path, &commune("Xã Đồng Sen"), options()).unwrap();
            }
            assert_eq!(opened(&path), "open", "{at}");
            let again = Register::create(&path, &commune("Xã Khác"), options()).unwrap_err();
            assert_eq!(again.code(), "server.already_set_up");
            let after = keys(&path);
            assert_eq!(after.len(), 4);
            assert!(before.iter().all(|(name, key)| after.get(name) == Some(key)), "{at}");
            let left: Vec<_> = std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().file_name()).collect();
            assert!(left.iter().all(|name| name != "making.lock" && name != "register.new"), "{left:?}");
        }
    }

    /// After a restore that forgot the register: no new commune is put over the keys of the old one.
    #[test]
    fn keys_without_a_register_are_said_to_be_that() {
        let dir = tempfile::tempdir().unwrap();
        drop(Register::create(dir.path(), &commune("Xã Đồng Sen"), options()).unwrap());
        std::fs::rename(dir.path().join("register.db"), dir.path().join("elsewhere.db")).unwrap();
        assert_eq!(opened(dir.path()), "server.register_missing");
        let again = Register::create(dir.path(), &commune("Xã Khác"), options()).unwrap_err();
        assert_eq!(again.code(), "server.register_missing");
        std::fs::rename(dir.path().join("elsewhere.db"), dir.path().join("register.db")).unwrap();
        assert_eq!(opened(dir.path()), "open");
    }

    #[test]
    fn a_commune_has_a_name() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["", "  \n"] {
            let refused = Register::create(&dir.path().join("data"), &commune(name), options()).unwrap_err();
            assert_eq!(refused.code(), "server.commune_name_needed");
        }
        assert!(!dir.path().join("data").exists());
    }
}
