//! Alleys (ngõ) of a hamlet unit.

use domain::ids::{AlleyId, HamletUnitId};
use domain::people::Alley;
use domain::text::natural_key;
use rusqlite::{Connection, Row, params};

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

/// One of them.
pub fn get(connection: &Connection, id: AlleyId) -> Result<Option<Alley>, StoreError> {
    let sql = "SELECT id, hamlet_unit_id, name FROM alleys WHERE id = ?1";
    Ok(all(connection, sql, [id.0], alley)?.pop())
}

/// Those of a unit, in walking order: "Ngõ 2" before "Ngõ 10".
pub fn of_unit(connection: &Connection, unit: HamletUnitId) -> Result<Vec<Alley>, StoreError> {
    let sql = "SELECT id, hamlet_unit_id, name FROM alleys WHERE hamlet_unit_id = ?1 ORDER BY walk_key, name";
    all(connection, sql, [unit.0], alley)
}

fn alley(row: &Row<'_>) -> Result<Alley, StoreError> {
    Ok(Alley {
        id: read::id(row, 0, AlleyId)?,
        hamlet_unit: read::id(row, 1, HamletUnitId)?,
        name: row.get(2)?,
    })
}
