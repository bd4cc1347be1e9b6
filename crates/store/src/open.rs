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
