//! One module per table of visible records: its SQL, its row mapping, what reads it and what writes it.
//! Only [`put`] writes, and only the gate and the pull call it, with a row that merging made.

pub mod alleys;
pub mod assessments;
pub mod consents;
pub mod hamlet_units;
pub mod households;
pub mod members;
pub mod residences;
pub mod visits;

use domain::ids::{HouseholdId, MemberId};
use domain::registry::RecordKind;
use rusqlite::{Connection, OptionalExtension};
use sync_core::row::Row;
use sync_core::stamp::OrderKey;
use uuid::Uuid;

use crate::error::StoreError;

/// Writes a record's visible row into its table and says whose counts it touches. A row that is not (yet)
/// the record it should be, and kinds of a newer version, stay in base and overlay only.
pub(crate) fn put(connection: &Connection, row: &Row) -> Result<Touched, StoreError> {
    let Some(kind) = RecordKind::from_no(row.kind) else { return Ok(Touched::default()) };
    match kind {
        RecordKind::HamletUnit => written(row, |unit| hamlet_units::put(connection, &unit)),
        RecordKind::Alley => written(row, |alley| alleys::put(connection, &alley)),
        RecordKind::Household => written(row, |household| households::put(connection, &household)),
        RecordKind::Member => written(row, |member| members::put(connection, member)),
        RecordKind::Visit => written_event(row, |key, visit| visits::put(connection, key, &visit)),
        RecordKind::Assessment => {
            written_event(row, |key, assessment| assessments::put(connection, key, &assessment))
        }
        RecordKind::Consent => written_event(row, |key, consent| consents::put(connection, key, &consent)),
        RecordKind::Residence => written_event(row, |key, event| residences::put(connection, key, &event)),
        // Kept in base and overlay; their tables come with the screens that show them.
        RecordKind::Attendance
        | RecordKind::RosterList
        | RecordKind::Assignment
        | RecordKind::SameAs
        | RecordKind::Mending => Ok(Touched::default()),
    }
}

/// Takes a record out of its table that is not on this laptop any more, and says whose counts that touches.
pub(crate) fn remove(connection: &Connection, kind: u16, record: Uuid) -> Result<Touched, StoreError> {
    let delete = |sql: &str| -> Result<(), StoreError> {
        connection.prepare_cached(sql)?.execute([record])?;
        Ok(())
    };
    let named = |sql: &str| -> Result<Option<Uuid>, StoreError> {
        Ok(connection.prepare_cached(sql)?.query_row([record], |row| row.get(0)).optional()?)
    };
    // Of what is said of a person, whose household it touches is the household they are in.
    let of_member = |member: Option<Uuid>, line: bool| -> Result<Touched, StoreError> {
        let Some(member) = member.map(MemberId) else { return Ok(Touched::default()) };
        let households = members::household_of(connection, member)?.into_iter().collect();
        Ok(Touched { households, member_line: line.then_some(member) })
    };
    match RecordKind::from_no(kind) {
        Some(RecordKind::HamletUnit) => delete("DELETE FROM hamlet_units WHERE id = ?1")?,
        Some(RecordKind::Alley) => delete("DELETE FROM alleys WHERE id = ?1")?,
        Some(RecordKind::Household) => {
            delete("DELETE FROM households WHERE id = ?1")?;
            return Ok(Touched::household(HouseholdId(record)));
        }
        Some(RecordKind::Member) => {
            let touched = of_member(Some(record), false)?;
            delete("DELETE FROM member_search WHERE rowid = (SELECT place FROM members WHERE id = ?1)")?;
            delete("DELETE FROM members WHERE id = ?1")?;
            return Ok(touched);
        }
        Some(RecordKind::Visit) => {
            let household = named("SELECT household_id FROM visits WHERE id = ?1")?;
            delete("DELETE FROM visits WHERE id = ?1")?;
            return Ok(household.map_or_else(Touched::default, |id| Touched::household(HouseholdId(id))));
        }
        Some(RecordKind::Assessment) => {
            let member = named("SELECT member_id FROM assessments WHERE id = ?1")?;
            delete("DELETE FROM assessments WHERE id = ?1")?;
            return of_member(member, false);
        }
        Some(RecordKind::Consent) => {
            let member = named("SELECT member_id FROM consents WHERE id = ?1")?;
            delete("DELETE FROM consents WHERE id = ?1")?;
            return of_member(member, false);
        }
        Some(RecordKind::Residence) => {
            let member = named("SELECT member_id FROM residences WHERE id = ?1")?;
            delete("DELETE FROM residences WHERE id = ?1")?;
            return of_member(member, true);
        }
        _ => {}
    }
    Ok(Touched::default())
}

fn written<'a, T: TryFrom<&'a Row>>(
    row: &'a Row,
    write: impl FnOnce(T) -> Result<Touched, StoreError>,
) -> Result<Touched, StoreError> {
    T::try_from(row).map_or_else(|_| Ok(Touched::default()), write)
}

fn written_event<'a, T: TryFrom<&'a Row>>(
    row: &'a Row,
    write: impl FnOnce(&OrderKey, T) -> Result<Touched, StoreError>,
) -> Result<Touched, StoreError> {
    match (row.key(), T::try_from(row)) {
        (Some(key), Ok(event)) => write(&key, event),
        _ => Ok(Touched::default()),
    }
}

/// Whose counts and lines a written record touches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Touched {
    pub(crate) households: Vec<HouseholdId>,
    /// The member's line depends on its residence events and must be written again.
    pub(crate) member_line: Option<MemberId>,
}

impl Touched {
    pub(crate) fn household(id: HouseholdId) -> Self {
        Self { households: vec![id], member_line: None }
    }
}

/// Bytes whose order is the order of ops: stamp, device, group, index.
pub(crate) fn order_bytes(key: &OrderKey) -> [u8; 42] {
    let mut bytes = [0; 42];
    let (stamp, rest) = bytes.split_at_mut(8);
    let (device, rest) = rest.split_at_mut(16);
    let (group, index) = rest.split_at_mut(16);
    // Flipping the sign bit puts years before 1970 first.
    stamp.copy_from_slice(&(key.stamp.0 ^ i64::MIN).to_be_bytes());
    device.copy_from_slice(key.device.0.as_bytes());
    group.copy_from_slice(key.op.group.0.as_bytes());
    index.copy_from_slice(&key.op.index.to_be_bytes());
    bytes
}

/// The other way.
pub(crate) fn order_key(bytes: &[u8]) -> Result<OrderKey, StoreError> {
    use domain::ids::DeviceId;
    use sync_core::op::{GroupId, OpId};
    use sync_core::stamp::Stamp;
    fn part<const N: usize>(bytes: &[u8], from: usize) -> Result<[u8; N], StoreError> {
        let slice = bytes.get(from..from + N).ok_or(StoreError::Damaged)?;
        slice.try_into().map_err(|_| StoreError::Damaged)
    }
    Ok(OrderKey {
        stamp: Stamp(i64::from_be_bytes(part(bytes, 0)?) ^ i64::MIN),
        device: DeviceId(Uuid::from_bytes(part(bytes, 8)?)),
        op: OpId {
            group: GroupId(Uuid::from_bytes(part(bytes, 24)?)),
            index: u16::from_be_bytes(part(bytes, 40)?),
        },
    })
}

/// Columns to values, with an unreadable one reported as damage.
pub(crate) mod read {
    use domain::calendar::Day;
    use rusqlite::Row;
    use uuid::Uuid;

    use crate::error::StoreError;

    pub(crate) fn day(row: &Row<'_>, at: usize) -> Result<Day, StoreError> {
        optional_day(row, at)?.ok_or(StoreError::Damaged)
    }

    pub(crate) fn optional_day(row: &Row<'_>, at: usize) -> Result<Option<Day>, StoreError> {
        let text: Option<String> = row.get(at)?;
        text.map(|text| Day::parse(&text).ok_or(StoreError::Damaged)).transpose()
    }

    pub(crate) fn optional_id<T>(
        row: &Row<'_>,
        at: usize,
        id: impl Fn(Uuid) -> T,
    ) -> Result<Option<T>, StoreError> {
        Ok(row.get::<_, Option<Uuid>>(at)?.map(id))
    }

    pub(crate) fn id<T>(row: &Row<'_>, at: usize, id: impl Fn(Uuid) -> T) -> Result<T, StoreError> {
        Ok(id(row.get(at)?))
    }

    pub(crate) fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, at: usize) -> Result<T, StoreError> {
        let text = row.get_ref(at)?.as_str().map_err(|_| StoreError::Damaged)?;
        serde_json::from_str(text).map_err(|_| StoreError::Damaged)
    }
}

/// Runs a query and maps every row.
pub(crate) fn all<T>(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
    map: impl Fn(&rusqlite::Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(map(row)?);
    }
    Ok(found)
}

/// A value as JSON text.
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Invalid("json"))
}

#[cfg(test)]
mod tests {
    use domain::ids::DeviceId;
    use proptest::prelude::*;
    use sync_core::op::{GroupId, OpId};
    use sync_core::stamp::Stamp;
    use uuid::Uuid;

    use super::*;

    fn any_key() -> impl Strategy<Value = OrderKey> {
        (any::<i64>(), any::<u128>(), any::<u128>(), any::<u16>()).prop_map(
            |(stamp, device, group, index)| OrderKey {
                stamp: Stamp(stamp),
                device: DeviceId(Uuid::from_u128(device)),
                op: OpId { group: GroupId(Uuid::from_u128(group)), index },
            },
        )
    }

    proptest! {
        #[test]
        fn the_bytes_sort_like_the_keys(a in any_key(), b in any_key()) {
            prop_assert_eq!(order_bytes(&a).cmp(&order_bytes(&b)), a.cmp(&b));
            prop_assert_eq!(order_key(&order_bytes(&a)).unwrap(), a);
        }
    }
}
