//! The one way to open an encrypted SQLite file: key, settings, check, upgrade. Laptop and server both
//! come through here, so that neither can forget the key, the durability or the temporary files.
//!
//! A file of a newer version is refused untouched; a damaged one is set aside, never deleted; before an
//! upgrade a copy is made and read through. Nothing here knows a table.

mod lock;

use std::path::{Path, PathBuf};
use std::time::Duration;

use refinery::Runner;
use rusqlite::{Connection, OpenFlags};
use zeroize::Zeroizing;

pub use lock::{FileLock, LockFile};

/// Raw key of a file: 32 random bytes. A passphrase as a key would be stretched at every connection.
pub type DatabaseKey = Zeroizing<[u8; 32]>;

/// How much a commit waits for the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// `synchronous=FULL`: what was committed survives a power cut. What everybody uses.
    #[default]
    Full,
    /// Left to the operating system: tests of thousands of saves, benchmarks of the processor.
    Off,
}

/// Why a file cannot be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Written by a newer version; left untouched.
    #[error("database version {found} is newer than {known}")]
    Newer {
        /// Of the file.
        found: u32,
        /// Of this program.
        known: u32,
    },
    /// The file is not what it should be, or the key is not its key.
    #[error("the database is damaged")]
    Damaged,
    /// No space left.
    #[error("the disk is full")]
    DiskFull,
    /// The disk takes nothing: locked against writing, or set so by the system because it is failing.
    #[error("the disk is read-only")]
    ReadOnly,
    /// Somebody else has it and did not let go for longer than we wait.
    #[error("the database is busy")]
    Busy,
    /// An upgrade failed; the copy of the file before it is kept.
    #[error("upgrade: {0}")]
    Upgrade(String),
    /// A file cannot be read or written.
    #[error("file: {0}")]
    Io(std::io::Error),
    /// The database refused.
    #[error("database: {0}")]
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        // The file through which connections share memory could not be made as large as it must be.
        let no_room =
            error.sqlite_error().is_some_and(|of| of.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE);
        match error.sqlite_error_code() {
            _ if no_room => Self::DiskFull,
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Damaged,
            // SQLCipher gives SQLite no page when its seal is broken, and SQLite takes that for a lack of
            // memory. Where there is memory it was not that.
            Some(ErrorCode::OutOfMemory) if there_is_memory() => Self::Damaged,
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            _ => Self::Sqlite(error),
        }
    }
}

/// Many times what reading a page takes.
fn there_is_memory() -> bool {
    const AMPLE: usize = 16 << 20;
    // Looked at, or the compiler would leave the asking out.
    std::hint::black_box(&mut Vec::<u8>::new()).try_reserve_exact(AMPLE).is_ok()
}

impl From<std::io::Error> for DatabaseError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::DiskFull,
            std::io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            _ => Self::Io(error),
        }
    }
}

/// Lets a crate's error say what a database, a file or SQLite reports, by the kinds of the same names: the
/// laptop and the server tell a full disk from a damaged file by one table.
#[macro_export]
macro_rules! reported_as {
    ($error:ident) => {
        impl From<$crate::DatabaseError> for $error {
            fn from(error: $crate::DatabaseError) -> Self {
                use $crate::DatabaseError as E;
                match error {
                    E::Newer { found, known } => Self::Newer { found, known },
                    E::Damaged => Self::Damaged,
                    E::DiskFull => Self::DiskFull,
                    E::ReadOnly => Self::ReadOnly,
                    E::Busy => Self::Busy,
                    E::Upgrade(why) => Self::Upgrade(why),
                    E::Io(error) => Self::Io(error),
                    E::Sqlite(error) => Self::Sqlite(error),
                }
            }
        }

        impl From<std::io::Error> for $error {
            fn from(error: std::io::Error) -> Self {
                $crate::DatabaseError::from(error).into()
            }
        }

        impl From<rusqlite::Error> for $error {
            fn from(error: rusqlite::Error) -> Self {
                $crate::DatabaseError::from(error).into()
            }
        }
    };
}

/// Of a connection's pages in memory. Each that is not there is read, checked and decrypted again; SQLite by itself keeps
/// 2 MiB, which a hamlet's register outgrows.
const PAGES_KIB: i32 = 8 * 1024;

/// Opens with the key and the settings that every connection of this project uses.
pub fn connect(path: &Path, key: &DatabaseKey, durability: Durability) -> Result<Connection, DatabaseError> {
    connect_as(Sharing::Shared, path, key, durability)
}

/// Who else may have the file open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sharing {
    /// Other connections, through memory that lies in a file beside it.
    Shared,
    /// Nobody, and no file beside it is needed for that.
    Alone,
}

fn connect_as(
    sharing: Sharing,
    path: &Path,
    key: &DatabaseKey,
    durability: Durability,
) -> Result<Connection, DatabaseError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(path, flags)?;
    // What SQLCipher would print on standard error is reported by its error code.
    connection.pragma_update(None, "cipher_log_level", "NONE")?;
    let hex = Zeroizing::new(key.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    if !cfg!(feature = "plain") {
        connection.pragma_update(None, "key", format!("x'{}'", hex.as_str()))?;
    }
    if sharing == Sharing::Alone {
        // Only before the first read does it spare the file.
        connection.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(()))?;
    }
    // A wrong key or a damaged file fails at the first read, not before.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    let synchronous = if durability == Durability::Full { "FULL" } else { "OFF" };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "cache_size", -PAGES_KIB)?;
    // Sorting and temporary tables stay in memory: no file in clear, ever.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(96);
    Ok(connection)
}

/// Opens and brings the schema to the newest of the migrations.
pub fn open(
    path: &Path,
    key: &DatabaseKey,
    durability: Durability,
    migrations: Runner,
) -> Result<Connection, DatabaseError> {
    upgraded(connect(path, key, durability)?, path, key, migrations)
}

/// [`open`] where a lock of the caller's own keeps everybody else out. On a full disk it opens a file that
/// `open` cannot, which needs room beside it: what was saved can be looked at and sent.
pub fn open_alone(
    path: &Path,
    key: &DatabaseKey,
    durability: Durability,
    migrations: Runner,
) -> Result<Connection, DatabaseError> {
    upgraded(connect_as(Sharing::Alone, path, key, durability)?, path, key, migrations)
}

fn upgraded(
    mut connection: Connection,
    path: &Path,
    key: &DatabaseKey,
    migrations: Runner,
) -> Result<Connection, DatabaseError> {
    let found = schema_version(&connection)?;
    let known = newest_version(&migrations);
    if found > known {
        return Err(DatabaseError::Newer { found, known });
    }
    if found > 0 && found < known {
        keep_verified_copy(&connection, path, key, found)?;
    }
    if found < known {
        // All missing ones in one transaction.
        let run = migrations.set_grouped(true).run(&mut connection);
        run.map_err(|error| DatabaseError::Upgrade(error.to_string()))?;
    }
    Ok(connection)
}

/// The version that the newest of them brings.
pub fn newest_version(migrations: &Runner) -> u32 {
    let newest = migrations.get_migrations().iter().map(|one| one.version()).max();
    newest.and_then(|version| u32::try_from(version).ok()).unwrap_or(0)
}

/// The version of a file; 0 for an empty one.
pub fn schema_version(connection: &Connection) -> Result<u32, DatabaseError> {
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

/// Copies the file beside itself and reads the copy through before anything is changed.
fn keep_verified_copy(
    connection: &Connection,
    path: &Path,
    key: &DatabaseKey,
    version: u32,
) -> Result<(), DatabaseError> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    let copy = path.with_extension(format!("before-upgrade-from-{version}"));
    std::fs::copy(path, &copy)?;
    sync_file(&copy)?;
    sync_parent(&copy)?;
    check(&connect(&copy, key, Durability::Full)?)
}

/// Reads every page and every index.
pub fn check(connection: &Connection) -> Result<(), DatabaseError> {
    let verdict: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(DatabaseError::Damaged) }
}

/// Moves a database and its log into another folder.
pub fn move_aside(database: &Path, aside: &Path) -> Result<(), DatabaseError> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        let from = PathBuf::from(name);
        if let (true, Some(name)) = (from.exists(), from.file_name()) {
            std::fs::rename(&from, aside.join(name))?;
        }
    }
    Ok(sync_parent(database)?)
}

/// Makes the content of a file durable that another has written. Opened for writing: Windows syncs no other.
pub fn sync_file(path: &Path) -> std::io::Result<()> {
    std::fs::OpenOptions::new().write(true).open(path)?.sync_all()
}

/// Makes a rename or a new file durable. On Windows directories cannot be synced and need not be.
pub fn sync_parent(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(parent) if cfg!(unix) => std::fs::File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

/// Writes a small file so that after a crash either the old or the new content is there.
pub fn write_atomically(path: &Path, content: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    let beside = path.with_extension("new");
    let mut file = std::fs::File::create(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    sync_parent(path)
}

/// [`write_atomically`], readable by its owner only from its first byte on: secrets.
pub fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    let beside = path.with_extension("new");
    // What an earlier try left may have been made with other rights.
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    sync_parent(path)
}

#[cfg(test)]
mod tests {
    use refinery::Migration;

    use super::*;

    fn migrations(newest: i32) -> Runner {
        let one = |n: i32| {
            let sql = format!("CREATE TABLE t{n} (x TEXT) STRICT; INSERT INTO t{n} VALUES ('Lê An')");
            Migration::unapplied(&format!("V{n}__t{n}"), &sql).unwrap()
        };
        Runner::new(&(1..=newest).map(one).collect::<Vec<_>>())
    }

    fn key(byte: u8) -> DatabaseKey {
        Zeroizing::new([byte; 32])
    }

    #[test]
    fn an_old_file_with_data_is_upgraded_and_a_verified_copy_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        drop(open(&path, &key(1), Durability::Full, migrations(1)).unwrap());
        let upgraded = open(&path, &key(1), Durability::Full, migrations(2)).unwrap();
        assert_eq!(schema_version(&upgraded).unwrap(), 2);
        let kept: String = upgraded.query_row("SELECT x FROM t1", [], |row| row.get(0)).unwrap();
        assert_eq!(kept, "Lê An");
        let copy = connect(&dir.path().join("a.before-upgrade-from-1"), &key(1), Durability::Full).unwrap();
        assert_eq!(schema_version(&copy).unwrap(), 1);
    }

    #[test]
    fn a_failed_upgrade_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        drop(open(&path, &key(1), Durability::Full, migrations(1)).unwrap());
        let broken = [
            Migration::unapplied(
                "V1__t1",
                "CREATE TABLE t1 (x TEXT) STRICT; INSERT INTO t1 VALUES ('Lê An')",
            )
            .unwrap(),
            Migration::unapplied("V2__good", "CREATE TABLE good (x TEXT)").unwrap(),
            Migration::unapplied("V3__bad", "CREATE TABLE nonsense (").unwrap(),
        ];
        let failed = open(&path, &key(1), Durability::Full, Runner::new(&broken));
        assert!(matches!(failed, Err(DatabaseError::Upgrade(_))), "{failed:?}");
        assert_eq!(schema_version(&connect(&path, &key(1), Durability::Full).unwrap()).unwrap(), 1);
    }

    #[test]
    fn whoever_waits_too_long_for_another_is_told_so() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let writes = open(&path, &key(1), Durability::Full, migrations(1)).unwrap();
        writes.execute_batch("BEGIN IMMEDIATE").unwrap();
        let waits = connect(&path, &key(1), Durability::Full).unwrap();
        waits.busy_timeout(Duration::ZERO).unwrap();
        let refused = waits.execute_batch("BEGIN IMMEDIATE").map_err(DatabaseError::from);
        assert!(matches!(refused, Err(DatabaseError::Busy)), "{refused:?}");
    }

    /// What a full disk has no room for is not made, and what is there is read and written all the same.
    #[test]
    fn alone_it_opens_without_a_file_of_shared_memory() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let shared = open(&path, &key(1), Durability::Full, migrations(1)).unwrap();
        assert!(dir.path().join("a.db-shm").exists());
        drop(shared);
        let alone = open_alone(&path, &key(1), Durability::Full, migrations(2)).unwrap();
        alone.execute("INSERT INTO t2 VALUES ('Lê Bình')", []).unwrap();
        assert!(!dir.path().join("a.db-shm").exists());
        drop(alone);
        let shared = open(&path, &key(1), Durability::Full, migrations(2)).unwrap();
        assert_eq!(shared.query_row("SELECT count(*) FROM t2", [], |row| row.get::<_, i64>(0)).unwrap(), 2);
    }

    #[test]
    fn a_disk_that_is_full_or_read_only_is_told_from_a_failing_one() {
        use rusqlite::ffi;
        let sqlite = |code| {
            let error = ffi::Error::new(code);
            DatabaseError::from(rusqlite::Error::SqliteFailure(error, None))
        };
        let io = |kind: std::io::ErrorKind| DatabaseError::from(std::io::Error::from(kind));
        assert!(matches!(sqlite(ffi::SQLITE_FULL), DatabaseError::DiskFull));
        assert!(matches!(sqlite(ffi::SQLITE_IOERR_SHMSIZE), DatabaseError::DiskFull));
        assert!(matches!(sqlite(ffi::SQLITE_READONLY), DatabaseError::ReadOnly));
        assert!(matches!(sqlite(ffi::SQLITE_IOERR_READ), DatabaseError::Sqlite(_)));
        assert!(matches!(io(std::io::ErrorKind::StorageFull), DatabaseError::DiskFull));
        assert!(matches!(io(std::io::ErrorKind::ReadOnlyFilesystem), DatabaseError::ReadOnly));
        assert!(matches!(io(std::io::ErrorKind::PermissionDenied), DatabaseError::Io(_)));
    }

    /// Page by page: what lies in the middle is found out when it is read, not when the file is opened.
    #[test]
    fn a_page_damaged_inside_is_damage() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let filled = open(&path, &key(1), Durability::Full, migrations(1)).unwrap();
        let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
                    INSERT INTO t1 SELECT hex(randomblob(100)) FROM n";
        filled.execute_batch(many).unwrap();
        filled.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        drop(filled);
        let whole = std::fs::read(&path).unwrap();
        let flip = |at: usize| {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            let opened = connect(&path, &key(1), Durability::Full).unwrap();
            let sql = "SELECT sum(length(x)) FROM t1";
            let read = opened.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(DatabaseError::from);
            assert!(matches!(read, Err(DatabaseError::Damaged)), "byte {at}: {read:?}");
            let checked = check(&opened);
            assert!(matches!(checked, Err(DatabaseError::Damaged)), "byte {at}: {checked:?}");
        };
        let middle = whole.len() / 2 / 4096 * 4096;
        flip(middle + 100);
        flip(middle + 4095);
        std::fs::write(&path, &whole[..middle + 1000]).unwrap();
        let short = connect(&path, &key(1), Durability::Full).and_then(|opened| check(&opened));
        assert!(matches!(short, Err(DatabaseError::Damaged)), "{short:?}");
    }

    #[test]
    fn newer_files_wrong_keys_and_garbage_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        drop(open(&path, &key(1), Durability::Full, migrations(2)).unwrap());
        let newer = open(&path, &key(1), Durability::Full, migrations(1));
        assert!(matches!(newer, Err(DatabaseError::Newer { found: 2, known: 1 })), "{newer:?}");
        assert!(matches!(connect(&path, &key(2), Durability::Full), Err(DatabaseError::Damaged)));
        std::fs::write(&path, b"not a database at all, but long enough to be looked at ".repeat(99)).unwrap();
        assert!(matches!(connect(&path, &key(1), Durability::Full), Err(DatabaseError::Damaged)));
    }
}
