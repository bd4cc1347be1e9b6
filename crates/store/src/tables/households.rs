//! Households, in walking order within their alley.

use domain::ids::{AlleyId, HamletUnitId, HouseholdId};
use domain::people::{Dwelling, Household};
use domain::text::natural_key;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Touched, all, read};
use crate::error::StoreError;

const COLUMNS: &str = "id, hamlet_unit_id, alley_id, house_no, place_note, code, dwelling, alive";

pub(crate) fn put(connection: &Connection, household: &Household) -> Result<Touched, StoreError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO households VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?
        .execute(params![
            household.id.0,
            household.hamlet_unit.0,
            household.alley.map(|alley| alley.0),
            household.house_no,
            household.place_note,
            household.code,
            household.dwelling.code(),
            household.alive,
            walk_key(connection, household)?,
        ])?;
    Ok(Touched::household(household.id))
}

/// Alley, then house number, then the description of a place without one; each in natural order.
fn walk_key(connection: &Connection, household: &Household) -> Result<String, StoreError> {
    let mut statement = connection.prepare_cached("SELECT walk_key FROM alleys WHERE id = ?1")?;
    let alley: Option<String> =
        statement.query_row([household.alley.map(|alley| alley.0)], |row| row.get(0)).optional()?;
    let house = natural_key(&format!("{} {}", household.house_no, household.place_note));
    Ok(format!("{}\u{1}{house}", alley.unwrap_or_default()))
}

fn map(row: &Row<'_>) -> Result<Household, StoreError> {
    Ok(Household {
        id: read::id(row, 0, HouseholdId)?,
        hamlet_unit: read::id(row, 1, HamletUnitId)?,
        alley: read::optional_id(row, 2, AlleyId)?,
        house_no: row.get(3)?,
        place_note: row.get(4)?,
        code: row.get(5)?,
        dwelling: Dwelling::from_code(row.get_ref(6)?.as_str().map_err(|_| StoreError::Damaged)?),
        alive: row.get(7)?,
    })
}

/// One household.
pub fn get(connection: &Connection, id: HouseholdId) -> Result<Option<Household>, StoreError> {
    let found = all(connection, &format!("SELECT {COLUMNS} FROM households WHERE id = ?1"), [id.0], map)?;
    Ok(found.into_iter().next())
}

/// Those of a hamlet unit that are not deleted, alley after alley in walking order.
pub fn of_unit(connection: &Connection, unit: HamletUnitId) -> Result<Vec<Household>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM households WHERE hamlet_unit_id = ?1 AND alive ORDER BY walk_key, id");
    all(connection, &sql, [unit.0], map)
}

/// Every household, deleted ones included, for matching a list against the register.
pub fn list(connection: &Connection) -> Result<Vec<Household>, StoreError> {
    all(connection, &format!("SELECT {COLUMNS} FROM households"), [], map)
}
