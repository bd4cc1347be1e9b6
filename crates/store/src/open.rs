//! The laptop's database file: its migrations, and what happens to a damaged one. How a file is opened
//! is `database`'s.

use std::path::PathBuf;

use database::{DatabaseError, DatabaseKey, Durability};
use rusqlite::Connection;

use crate::error::StoreError;
use crate::folder::DataFolder;

#[allow(missing_docs, clippy::all, unreachable_pub)]
mod embedded {
    refinery::embed_migrations!("src/migrations");
}

/// Opens and brings the schema up to this version.
pub(crate) fn open(
    folder: &DataFolder,
    key: &DatabaseKey,
    durability: Durability,
) -> Result<Connection, StoreError> {
    let (file, migrations) = (folder.database(), embedded::migrations::runner);
    match database::open(&file, key, durability, migrations()) {
        // The folder's lock has let nobody else in. A full disk must not keep the register closed.
        Err(DatabaseError::DiskFull) => Ok(database::open_alone(&file, key, durability, migrations())?),
        opened => Ok(opened?),
    }
}

/// What was overwritten in the file still stands in its log: takes it out of there. Whoever stands in the way of it only
/// puts that off, until the next opening at the latest.
pub(crate) fn scrub(connection: &Connection) {
    let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
}

/// Moves a damaged database, its log and the key slots that open it into a folder of their own. The sealed
/// outbox stays: it needs no key of this laptop. The laptop is then enrolled again and filled from the commune.
pub fn set_aside(folder: &DataFolder) -> Result<PathBuf, StoreError> {
    let aside = folder.new_set_aside()?;
    database::move_aside(&folder.database(), &aside)?;
    if let (true, Some(name)) = (folder.key_slots().exists(), folder.key_slots().file_name()) {
        std::fs::rename(folder.key_slots(), aside.join(name))?;
    }
    Ok(aside)
}

/// Destroys the keys and what they open, by the commune's order: the keys first, so that a crash leaves nothing that can be
/// read. The sealed outbox stays: only the commune opens it. The store must be closed.
pub fn destroy(folder: &DataFolder) -> Result<(), StoreError> {
    let database = folder.database();
    let mut doomed = vec![folder.key_slots()];
    for suffix in ["", "-wal", "-shm"] {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        doomed.push(PathBuf::from(name));
    }
    for entry in std::fs::read_dir(database.parent().unwrap_or(&database))? {
        let path = entry?.path();
        let of_an_upgrade = path.extension().and_then(|extension| extension.to_str());
        if of_an_upgrade.is_some_and(|extension| extension.starts_with("before-upgrade-from-")) {
            doomed.push(path);
        }
    }
    for path in doomed {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => database::sync_parent(&path)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use refinery::Target;
    use rusqlite::params;
    use sync_core::op::Scope;
    use sync_core::position::Position;
    use sync_core::receipt::Receipt;
    use sync_core::row::Row;
    use uuid::Uuid;

    use super::*;

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    /// A laptop of an earlier version: what it had delivered waits for the next exchange to be kept, and where each row
    /// lies is read out of it, also of a kind that takes more bytes.
    #[test]
    fn what_an_earlier_version_delivered_is_kept_from_now_on() {
        let mut connection = Connection::open_in_memory().unwrap();
        embedded::migrations::runner().set_target(Target::Version(2)).run(&mut connection).unwrap();
        for (seq, state) in [(1, "delivered"), (2, "acknowledged"), (3, "quarantined"), (4, "pending")] {
            let sql = "INSERT INTO saves VALUES (?1, ?2, 'test', 0, 0, 7, ?1, ?3, '', X'00')";
            connection.execute(sql, params![seq, id(seq.try_into().unwrap()), state]).unwrap();
        }
        for (index, position) in [(0_u16, 40), (1, 41)] {
            let op = sync_core::OpId { group: sync_core::GroupId(id(1)), index };
            let first = Position { epoch: 1, position };
            let (op_hash, stamp) = (sync_core::OpHash([1; 32]), sync_core::Stamp(5));
            let receipt = Receipt { op, op_hash, stamp, first, found: vec![], mac: [0; 16] };
            let body = serde_json::to_vec(&receipt).unwrap();
            connection
                .execute("INSERT INTO receipts VALUES (?1, ?2, ?3)", params![id(1), index, body])
                .unwrap();
        }
        for kind in [3, 127, 128, 777, 16_383, 16_384, u16::MAX] {
            let row = Row::new(kind, id(9), Scope(id(0x5c + u128::from(kind))));
            let sql = "INSERT INTO base_rows VALUES (?1, ?2, ?3)";
            connection.execute(sql, params![row.record, row.kind, row.to_bytes()]).unwrap();
        }
        embedded::migrations::runner().run(&mut connection).unwrap();
        let saves: Vec<(String, Option<i64>, Option<i64>)> = connection
            .prepare("SELECT state, at_epoch, at_position FROM saves ORDER BY seq")
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let without = |state: &str| (state.to_owned(), None, None);
        assert_eq!(
            saves,
            [
                ("acknowledged".to_owned(), Some(1), Some(41)),
                without("acknowledged"),
                without("quarantined"),
                without("pending"),
            ]
        );
        let mut rows = connection.prepare("SELECT kind, scope_id FROM base_rows").unwrap();
        let rows = rows.query_map([], |row| Ok((row.get::<_, u16>(0)?, row.get::<_, Uuid>(1)?))).unwrap();
        let rows: Vec<_> = rows.map(Result::unwrap).collect();
        assert_eq!(rows.len(), 7);
        assert!(rows.iter().all(|(kind, scope)| *scope == id(0x5c + u128::from(*kind))), "{rows:?}");
    }
}
