//! Visits (lượt đến nhà): events, never changed.

use domain::ids::{HamletUnitId, HouseholdId, MemberId, VisitId};
use domain::visit::{Channel, Outcome, Visit};
use rusqlite::{Connection, Row, params};
use sync_core::stamp::OrderKey;

use super::{Touched, all, order_bytes, order_key, read, to_json};
use crate::error::StoreError;

pub(crate) fn put(connection: &Connection, key: &OrderKey, visit: &Visit) -> Result<Touched, StoreError> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO visits VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            visit.id.0,
            order_bytes(key),
            visit.household.0,
            visit.day.to_string(),
            visit.outcome.code(),
            visit.channel.code(),
            visit.respondent.map(|id| id.0),
            visit.members_unchanged,
            visit.next_day.map(|day| day.to_string()),
            to_json(&visit.topics)?,
            to_json(&visit.guided)?,
            visit.voids.map(|id| id.0),
        ])?;
    Ok(Touched::household(visit.household))
}

/// Those of a household, oldest first, voided ones included.
pub fn of_household(
    connection: &Connection,
    household: HouseholdId,
) -> Result<Vec<(OrderKey, Visit)>, StoreError> {
    let sql = "SELECT * FROM visits WHERE household_id = ?1 ORDER BY order_key";
    all(connection, sql, [household.0], map)
}

/// Those of a hamlet unit's households, oldest first, voided ones included.
pub fn of_unit(connection: &Connection, unit: HamletUnitId) -> Result<Vec<(OrderKey, Visit)>, StoreError> {
    let sql = "SELECT * FROM visits WHERE household_id IN
               (SELECT id FROM households WHERE hamlet_unit_id = ?1) ORDER BY order_key";
    all(connection, sql, [unit.0], map)
}

fn map(row: &Row<'_>) -> Result<(OrderKey, Visit), StoreError> {
    let code = |at: usize| -> Result<String, StoreError> { Ok(row.get(at)?) };
    let visit = Visit {
        id: read::id(row, 0, VisitId)?,
        household: read::id(row, 2, HouseholdId)?,
        day: read::day(row, 3)?,
        outcome: Outcome::from_code(&code(4)?),
        channel: Channel::from_code(&code(5)?),
        respondent: read::optional_id(row, 6, MemberId)?,
        members_unchanged: row.get(7)?,
        next_day: read::optional_day(row, 8)?,
        topics: read::json(row, 9)?,
        guided: read::json(row, 10)?,
        voids: read::optional_id(row, 11, VisitId)?,
    };
    Ok((order_key(row.get_ref(1)?.as_blob().map_err(|_| StoreError::Damaged)?)?, visit))
}
