//! Thôn and tổ dân phố.

use domain::ids::HamletUnitId;
use domain::people::{HamletUnit, HamletUnitKind};
use rusqlite::{Connection, params};

use super::{Touched, all, read};
use crate::error::StoreError;

pub(crate) fn put(connection: &Connection, unit: &HamletUnit) -> Result<Touched, StoreError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO hamlet_units VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![
            unit.id.0,
            unit.name,
            unit.kind.code(),
            unit.urban,
            unit.valid_from.map(|day| day.to_string()),
            unit.valid_to.map(|day| day.to_string()),
        ])?;
    Ok(Touched::default())
}

/// All of them, by name in natural order.
pub fn list(connection: &Connection) -> Result<Vec<HamletUnit>, StoreError> {
    let mut units = all(connection, "SELECT * FROM hamlet_units", [], |row| {
        Ok(HamletUnit {
            id: read::id(row, 0, HamletUnitId)?,
            name: row.get(1)?,
            kind: HamletUnitKind::from_code(row.get_ref(2)?.as_str().map_err(|_| StoreError::Damaged)?),
            urban: row.get(3)?,
            valid_from: read::optional_day(row, 4)?,
            valid_to: read::optional_day(row, 5)?,
        })
    })?;
    units.sort_by_cached_key(|unit| domain::text::natural_key(&unit.name));
    Ok(units)
}
