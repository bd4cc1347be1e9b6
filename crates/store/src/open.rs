//! The laptop's database file: its migrations, and what happens to a damaged one. How a file is opened
//! is `database`'s.

use std::path::PathBuf;

use database::{DatabaseKey, Durability};
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
    Ok(database::open(&folder.database(), key, durability, embedded::migrations::runner())?)
}

/// Moves a damaged database and its log into a folder of their own. The key slots and the sealed outbox
/// stay: with them the store is made anew and filled from the commune, and nothing saved here is lost.
pub fn set_aside(folder: &DataFolder) -> Result<PathBuf, StoreError> {
    let aside = folder.new_set_aside()?;
    database::move_aside(&folder.database(), &aside)?;
    Ok(aside)
}
