//! Alleys (ngõ) of a hamlet unit.

use domain::ids::{AlleyId, HamletUnitId};
use domain::people::Alley;
use domain::text::natural_key;
use rusqlite::{Connection, params};

use super::{Touched, all, read};
use crate::error::StoreError;

pub(crate) fn put(connection: &Connection, alley: &Alley) -> Result<Touched, StoreError> {
    connection.prepare_cached("INSERT OR REPLACE INTO alleys VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        alley.id.0,
        alley.hamlet_unit.0,
        alley.name,
        natural_key(&alley.name)
    ])?;
    Ok(Touched::default())
}

/// Those of a unit, in walking order: "Ngõ 2" before "Ngõ 10".
pub fn of_unit(connection: &Connection, unit: HamletUnitId) -> Result<Vec<Alley>, StoreError> {
    let sql = "SELECT id, hamlet_unit_id, name FROM alleys WHERE hamlet_unit_id = ?1 ORDER BY walk_key, name";
    all(connection, sql, [unit.0], |row| {
        Ok(Alley {
            id: read::id(row, 0, AlleyId)?,
            hamlet_unit: read::id(row, 1, HamletUnitId)?,
            name: row.get(2)?,
        })
    })
}
