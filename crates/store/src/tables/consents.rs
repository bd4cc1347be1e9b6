//! Answers to the consent question: events, never changed.

use domain::consent::{Basis, Consent, Decision};
use domain::ids::{ConsentId, MemberId, VisitId};
use rusqlite::{Connection, params};
use sync_core::stamp::OrderKey;

use super::{Touched, all, members, order_bytes, order_key, read, to_json};
use crate::error::StoreError;

pub(crate) fn put(connection: &Connection, key: &OrderKey, event: &Consent) -> Result<Touched, StoreError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO consents VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?
        .execute(params![
            event.id.0,
            order_bytes(key),
            event.member.0,
            event.day.to_string(),
            event.visit.map(|id| id.0),
            to_json(&event.purposes)?,
            event.decision.code(),
            event.basis.code(),
            event.text_version,
            event.voids.map(|id| id.0),
        ])?;
    let household = members::household_of(connection, event.member)?;
    Ok(household.map(Touched::household).unwrap_or_default())
}

/// Those of a person, oldest first, voided ones included.
pub fn of_member(connection: &Connection, member: MemberId) -> Result<Vec<(OrderKey, Consent)>, StoreError> {
    let sql = "SELECT * FROM consents WHERE member_id = ?1 ORDER BY order_key";
    all(connection, sql, [member.0], |row| {
        let code = |at: usize| -> Result<String, StoreError> { Ok(row.get(at)?) };
        let event = Consent {
            id: read::id(row, 0, ConsentId)?,
            member: read::id(row, 2, MemberId)?,
            day: read::day(row, 3)?,
            visit: read::optional_id(row, 4, VisitId)?,
            purposes: read::json(row, 5)?,
            decision: Decision::from_code(&code(6)?),
            basis: Basis::from_code(&code(7)?),
            text_version: row.get(8)?,
            voids: read::optional_id(row, 9, ConsentId)?,
        };
        Ok((order_key(row.get_ref(1)?.as_blob().map_err(|_| StoreError::Damaged)?)?, event))
    })
}

/// Whom a visit has one of, wherever they are now.
pub fn members_of_visit(connection: &Connection, visit: VisitId) -> Result<Vec<MemberId>, StoreError> {
    let sql = "SELECT DISTINCT member_id FROM consents WHERE visit_id = ?1 ORDER BY member_id";
    all(connection, sql, [visit.0], |row| read::id(row, 0, MemberId))
}
