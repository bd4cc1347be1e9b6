//! What was learned about one person on one day: events, never changed.

use domain::fact::Assessment;
use domain::ids::{AssessmentId, MemberId, VisitId};
use rusqlite::{Connection, params};
use sync_core::stamp::OrderKey;

use super::{Touched, all, members, order_bytes, order_key, read, to_json};
use crate::error::StoreError;

pub(crate) fn put(
    connection: &Connection,
    key: &OrderKey,
    event: &Assessment,
) -> Result<Touched, StoreError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO assessments VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
        .execute(params![
            event.id.0,
            order_bytes(key),
            event.member.0,
            event.day.to_string(),
            event.visit.map(|id| id.0),
            event.respondent.map(|id| id.0),
            to_json(&event.answers)?,
            event.voids.map(|id| id.0),
        ])?;
    let household = members::household_of(connection, event.member)?;
    Ok(household.map(Touched::household).unwrap_or_default())
}

/// Those about a person, oldest first, voided ones included.
pub fn of_member(
    connection: &Connection,
    member: MemberId,
) -> Result<Vec<(OrderKey, Assessment)>, StoreError> {
    let sql = "SELECT * FROM assessments WHERE member_id = ?1 ORDER BY order_key";
    all(connection, sql, [member.0], |row| {
        let event = Assessment {
            id: read::id(row, 0, AssessmentId)?,
            member: read::id(row, 2, MemberId)?,
            day: read::day(row, 3)?,
            visit: read::optional_id(row, 4, VisitId)?,
            respondent: read::optional_id(row, 5, MemberId)?,
            answers: read::json(row, 6)?,
            voids: read::optional_id(row, 7, AssessmentId)?,
        };
        Ok((order_key(row.get_ref(1)?.as_blob().map_err(|_| StoreError::Damaged)?)?, event))
    })
}

/// Whom a visit has one of, wherever they are now.
pub fn members_of_visit(connection: &Connection, visit: VisitId) -> Result<Vec<MemberId>, StoreError> {
    let sql = "SELECT DISTINCT member_id FROM assessments WHERE visit_id = ?1 ORDER BY member_id";
    all(connection, sql, [visit.0], |row| read::id(row, 0, MemberId))
}
