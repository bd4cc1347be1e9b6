//! Changes of residence, deaths, joining and leaving a household: events, never changed.

use domain::ids::{HouseholdId, MemberId, ResidenceId};
use domain::people::Residence;
use rusqlite::{Connection, params};
use sync_core::records::ResidenceEvent;
use sync_core::stamp::OrderKey;

use super::{Touched, all, members, order_bytes, order_key, read};
use crate::error::StoreError;

pub(crate) fn put(
    connection: &Connection,
    key: &OrderKey,
    event: &ResidenceEvent,
) -> Result<Touched, StoreError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO residences VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
        .execute(params![
            event.id.0,
            order_bytes(key),
            event.member.0,
            event.day.to_string(),
            event.status.as_ref().map(Residence::code),
            event.household.map(|id| id.0),
            event.voids.map(|id| id.0),
        ])?;
    let mut households: Vec<HouseholdId> = event.household.into_iter().collect();
    households.extend(members::household_of(connection, event.member)?);
    Ok(Touched { households, member_line: Some(event.member) })
}

/// Those of a person, oldest first, voided ones included.
pub fn of_member(
    connection: &Connection,
    member: MemberId,
) -> Result<Vec<(OrderKey, ResidenceEvent)>, StoreError> {
    let sql = "SELECT * FROM residences WHERE member_id = ?1 ORDER BY order_key";
    all(connection, sql, [member.0], |row| {
        let status: Option<String> = row.get(4)?;
        let event = ResidenceEvent {
            id: read::id(row, 0, ResidenceId)?,
            member: read::id(row, 2, MemberId)?,
            day: read::day(row, 3)?,
            status: status.map(|code| Residence::from_code(&code)),
            household: read::optional_id(row, 5, HouseholdId)?,
            voids: read::optional_id(row, 6, ResidenceId)?,
        };
        Ok((order_key(row.get_ref(1)?.as_blob().map_err(|_| StoreError::Damaged)?)?, event))
    })
}
