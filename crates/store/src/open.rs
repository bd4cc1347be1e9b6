//! The one way to open the database: key, settings, check, upgrade. A file of a newer version is refused
//! untouched; a damaged one is set aside, never deleted; before an upgrade a copy is made and checked.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::error::StoreError;
use crate::folder::{DataFolder, sync_parent};
use crate::keys::DatabaseKey;

#[allow(missing_docs, clippy::all, unreachable_pub)]
mod embedded {
    refinery::embed_migrations!("src/migrations");
}

/// How much a commit waits for the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// `synchronous=FULL`: a save that was confirmed survives a power cut. What every laptop uses.
    #[default]
    Full,
    /// Left to the operating system: benchmarks that measure the processor.
    Off,
}

/// Opens with the key and the settings that every connection of this project uses.
pub fn connect(path: &Path, key: &DatabaseKey, durability: Durability) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(path, flags)?;
    let hex = zeroize::Zeroizing::new(key.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    // What SQLCipher would print on standard error is reported by its error code.
    connection.pragma_update(None, "cipher_log_level", "NONE")?;
    // A raw key: a passphrase here would be stretched again at every connection.
    connection.pragma_update(None, "key", format!("x'{}'", hex.as_str()))?;
    // A wrong key or a damaged file fails at the first read, not before.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    let synchronous = if durability == Durability::Full { "FULL" } else { "OFF" };
    connection.pragma_update(None, "synchronous", synchronous)?;
    // Sorting and temporary tables stay in memory: no file in clear, ever.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(96);
    Ok(connection)
}

/// Opens and brings the schema up to this version.
pub(crate) fn open(
    folder: &DataFolder,
    key: &DatabaseKey,
    durability: Durability,
) -> Result<Connection, StoreError> {
    let path = folder.database();
    let mut connection = connect(&path, key, durability)?;
    let found = schema_version(&connection)?;
    let known = newest_version();
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    if found > 0 && found < known {
        keep_verified_copy(&connection, &path, key, found)?;
    }
    if found < known {
        migrate(&mut connection)?;
    }
    Ok(connection)
}

/// The version this program brings a file to.
pub fn newest_version() -> u32 {
    let versions = embedded::migrations::runner();
    let newest = versions.get_migrations().iter().map(|one| one.version()).max();
    newest.and_then(|version| u32::try_from(version).ok()).unwrap_or(0)
}

/// The version of a file; 0 for an empty one.
pub fn schema_version(connection: &Connection) -> Result<u32, StoreError> {
    let has_history: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'refinery_schema_history')",
        [],
        |row| row.get(0),
    )?;
    if !has_history {
        return Ok(0);
    }
    let newest = "SELECT coalesce(max(version), 0) FROM refinery_schema_history";
    Ok(connection.query_row(newest, [], |row| row.get(0))?)
}

/// All missing migrations in one transaction.
fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let runner = embedded::migrations::runner().set_grouped(true);
    runner.run(connection).map(drop).map_err(|error| StoreError::Upgrade(error.to_string()))
}

/// Copies the file beside itself and reads the copy through before anything is changed.
fn keep_verified_copy(
    connection: &Connection,
    path: &Path,
    key: &DatabaseKey,
    version: u32,
) -> Result<(), StoreError> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    let copy = path.with_extension(format!("before-upgrade-from-{version}"));
    std::fs::copy(path, &copy)?;
    std::fs::File::open(&copy)?.sync_all()?;
    sync_parent(&copy)?;
    check(&connect(&copy, key, Durability::Full)?)
}

/// Reads every page and every index.
pub fn check(connection: &Connection) -> Result<(), StoreError> {
    let verdict: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(StoreError::Damaged) }
}

/// Moves a damaged database and its log into a folder of their own. The key slots and the sealed outbox
/// stay: with them the store is made anew and filled from the commune, and nothing saved here is lost.
pub fn set_aside(folder: &DataFolder) -> Result<std::path::PathBuf, StoreError> {
    let aside = folder.new_set_aside()?;
    let database = folder.database();
    for suffix in ["", "-wal", "-shm"] {
        let mut name = database.clone().into_os_string();
        name.push(suffix);
        let from = std::path::PathBuf::from(name);
        if let (true, Some(name)) = (from.exists(), from.file_name()) {
            std::fs::rename(&from, aside.join(name))?;
        }
    }
    sync_parent(&database)?;
    Ok(aside)
}
