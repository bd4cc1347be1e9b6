//! How a commune begins. A file marks that it is being made, then come the keys, then the register, built
//! under another name and renamed when it is whole. So there is a register or there is none; and keys without
//! either the mark or a register are those of a commune whose register is missing, never of a new one.

use domain::calendar::Day;
use domain::ids::CommuneId;
use domain::text::clean;
use rusqlite::params;

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
    options: &Options,
    step: Step<'_>,
) -> Result<(), ServerError> {
    let name = clean(&commune.name);
    if name.is_empty() {
        return Err(ServerError::CommuneNameNeeded);
    }
    refuse_what_is_there(folder)?;
    step()?;
    folder.create()?;
    step()?;
    let _alone = folder.lock_for_making()?;
    database::sync_parent(&folder.making())?;
    // Another one may have ended meanwhile.
    refuse_what_is_there(folder)?;
    let keys = CommuneKeys::complete(folder, options.machine.as_ref(), step)?;
    let unfinished = folder.database().with_extension("new");
    for left in with_logs(&unfinished) {
        step()?;
        remove_if_there(&left)?;
    }
    step()?;
    let connection = open_file(&unfinished, &keys, options.durability)?;
    step()?;
    let machine = options.machine.as_ref();
    let wall_ms = machine.wall_ms();
    let now_ms = u64::try_from(wall_ms).unwrap_or_default();
    let id = || Ok::<_, ServerError>(CommuneId::new(now_ms, random(machine)?).0);
    let number = || Ok::<_, ServerError>(u64::from_le_bytes(random(machine)?).cast_signed());
    connection.execute(
        "INSERT INTO communes VALUES (?1, ?2, ?3, ?4, 1, ?5, 0, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 0, zeroblob(16), 0)",
        params![
            id()?,
            name,
            clean(&commune.code),
            commune.basis.code(),
            number()?,
            [0_u8; 32],
            wall_ms,
            Day::at(wall_ms).to_string(),
            id()?,
            id()?,
            number()?,
            id()?,
        ],
    )?;
    step()?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    drop(connection);
    step()?;
    database::sync_file(&unfinished)?;
    step()?;
    std::fs::rename(&unfinished, folder.database())?;
    database::sync_parent(&folder.database())?;
    step()?;
    ended(folder);
    Ok(())
}

fn refuse_what_is_there(folder: &DataFolder) -> Result<(), ServerError> {
    if folder.database().exists() {
        Err(ServerError::AlreadySetUp)
    } else if lost(folder) {
        Err(ServerError::RegisterMissing)
    } else {
        Ok(())
    }
}

/// True if a commune's keys are here, or the log of its register, and the register is not.
pub(super) fn lost(folder: &DataFolder) -> bool {
    let register = folder.database();
    let [_, log, _] = with_logs(&register);
    let left = CommuneKeys::any(folder) || log.exists();
    left && !register.exists() && !folder.making().exists()
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
        let made = make(&DataFolder::new(path), &commune("Xã Đồng Sen"), &options(), &mut || {
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
