//! The people of a household, and the words they are found by.
//!
//! `place` is the register order with gaps: unit, alley, house, place in the household. It is also the
//! row number of the search index, so that the first fifty hits in register order come out without
//! ranking the rest (every third name begins with Nguyễn).

use domain::calendar::{Day, PartialDate};
use domain::ids::{HamletUnitId, HouseholdId, MemberId};
use domain::people::{Member, Relation, Residence, Sex};
use domain::phone::Phone;
use domain::text::{fold, fold_sound};
use rusqlite::{Connection, OptionalExtension, Row, params};
use sync_core::projection::{household_as_of, residence_as_of};

use super::{Touched, all, read, residences};
use crate::error::StoreError;

/// Room for people who join later; a household of more than this is written behind the last one.
const GAP: i64 = 1 << 10;

pub(crate) fn put(connection: &Connection, listed: Member) -> Result<Touched, StoreError> {
    let member = with_changes(connection, listed)?;
    let before: Option<(i64, HouseholdId)> = connection
        .prepare_cached("SELECT place, household_id FROM members WHERE id = ?1")?
        .query_row([member.id.0], |row| Ok((row.get(0)?, HouseholdId(row.get(1)?))))
        .optional()?;
    let place = match before {
        Some((place, household)) if household == member.household => place,
        _ => free_place(connection, member.household)?,
    };
    let mut touched = Touched::household(member.household);
    if let Some((old_place, household)) = before.filter(|(old, _)| *old != place) {
        connection.prepare_cached("DELETE FROM members WHERE place = ?1")?.execute([old_place])?;
        connection.prepare_cached("DELETE FROM member_search WHERE rowid = ?1")?.execute([old_place])?;
        touched.households.push(household);
    }
    connection
        .prepare_cached("INSERT OR REPLACE INTO members VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?
        .execute(params![
            place,
            member.id.0,
            member.household.0,
            member.full_name,
            member.birth.map(|birth| birth.to_string()),
            member.sex.as_ref().map(Sex::code),
            member.relation.code(),
            member.phone.as_ref().map(Phone::digits),
            member.residence.code(),
            member.alive,
        ])?;
    connection
        .prepare_cached("INSERT OR REPLACE INTO member_search (rowid, words) VALUES (?1, ?2)")?
        .execute(params![place, words(&member.full_name)])?;
    Ok(touched)
}

/// The list's word, and every change recorded since. A change dated tomorrow by a wrong clock has been
/// seen by somebody all the same.
fn with_changes(connection: &Connection, listed: Member) -> Result<Member, StoreError> {
    let events = residences::of_member(connection, listed.id)?;
    let end = Day::at(i64::MAX);
    Ok(Member {
        household: household_as_of(listed.household, &events, end),
        residence: residence_as_of(listed.residence.clone(), &events, end),
        ..listed
    })
}

/// What a name is found by: its folded words, the other spelling of a final y or i, its initials.
fn words(name: &str) -> String {
    let (folded, sound) = (fold(name), fold_sound(name));
    let initials: String = folded.split(' ').filter_map(|word| word.chars().next()).collect();
    if sound == folded { format!("{folded} {initials}") } else { format!("{folded} {sound} {initials}") }
}

/// Behind the household's last member; for a new household, behind the one before it in walking order;
/// for the first of a hamlet unit, behind everybody.
fn free_place(connection: &Connection, household: HouseholdId) -> Result<i64, StoreError> {
    let place = |sql: &str, parameters: &dyn rusqlite::ToSql| -> Result<Option<i64>, StoreError> {
        Ok(connection.prepare_cached(sql)?.query_row([parameters], |row| row.get(0)).optional()?.flatten())
    };
    let own = place("SELECT max(place) FROM members WHERE household_id = ?1", &household.0)?;
    let before = match own {
        Some(_) => own,
        None => place(LAST_PLACE_BEFORE_HOUSEHOLD, &household.0)?,
    };
    let next = match before {
        Some(before) => place("SELECT min(place) FROM members WHERE place > ?1", &before)?,
        None => None,
    };
    Ok(match (before, next) {
        (Some(before), None) if own.is_some() => before + 1,
        (Some(before), None) => before + GAP,
        (Some(before), Some(next)) if next - before > 1 && own.is_some() => before + 1,
        (Some(before), Some(next)) if next - before > 1 => before + (next - before) / 2,
        // The first of a unit, or the gap is used up: behind everybody. Found all the same.
        _ => place("SELECT max(place) FROM members WHERE place >= ?1", &0)?.unwrap_or(0) + GAP,
    })
}

/// The last place of the nearest household before this one, in walking order, that has people.
const LAST_PLACE_BEFORE_HOUSEHOLD: &str = "
    SELECT (SELECT max(place) FROM members WHERE household_id = other.id) AS last
    FROM households AS self JOIN households AS other
      ON other.hamlet_unit_id = self.hamlet_unit_id AND other.walk_key < self.walk_key
    WHERE self.id = ?1 AND last IS NOT NULL
    ORDER BY other.walk_key DESC LIMIT 1";

fn map(row: &Row<'_>) -> Result<Member, StoreError> {
    let birth: Option<String> = row.get(3)?;
    let sex: Option<String> = row.get(4)?;
    let phone: Option<String> = row.get(6)?;
    let code = |at: usize| -> Result<String, StoreError> { Ok(row.get(at)?) };
    Ok(Member {
        id: read::id(row, 0, MemberId)?,
        household: read::id(row, 1, HouseholdId)?,
        full_name: row.get(2)?,
        birth: birth.and_then(|text| PartialDate::parse(&text).ok()),
        sex: sex.map(|code| Sex::from_code(&code)),
        relation: Relation::from_code(&code(5)?),
        phone: phone.and_then(|text| Phone::parse(&text).ok()),
        residence: Residence::from_code(&code(7)?),
        alive: row.get(8)?,
    })
}

const COLUMNS: &str = "id, household_id, full_name, birth, sex, relation, phone, residence, alive";

/// One person.
pub fn get(connection: &Connection, id: MemberId) -> Result<Option<Member>, StoreError> {
    let found = all(connection, &format!("SELECT {COLUMNS} FROM members WHERE id = ?1"), [id.0], map)?;
    Ok(found.into_iter().next())
}

/// Those of a household, in its order, deleted ones included.
pub fn of_household(connection: &Connection, household: HouseholdId) -> Result<Vec<Member>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM members WHERE household_id = ?1 ORDER BY place");
    all(connection, &sql, [household.0], map)
}

/// Everybody of a hamlet unit who is not deleted, in register order.
pub fn of_unit(connection: &Connection, unit: HamletUnitId) -> Result<Vec<Member>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM members WHERE alive AND household_id IN
         (SELECT id FROM households WHERE hamlet_unit_id = ?1) ORDER BY place"
    );
    all(connection, &sql, [unit.0], map)
}

/// Everybody, in register order, deleted ones included, for matching a list against the register.
pub fn list(connection: &Connection) -> Result<Vec<Member>, StoreError> {
    all(connection, &format!("SELECT {COLUMNS} FROM members ORDER BY place"), [], map)
}

/// Whose household somebody is in.
pub(crate) fn household_of(
    connection: &Connection,
    member: MemberId,
) -> Result<Option<HouseholdId>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT household_id FROM members WHERE id = ?1")?;
    Ok(statement.query_row([member.0], |row| row.get(0)).optional()?.map(HouseholdId))
}

/// The first people, in register order, who have a word beginning with each of the folded words.
pub(crate) fn with_words(
    connection: &Connection,
    folded: &str,
    limit: u32,
) -> Result<Vec<Member>, StoreError> {
    let query = folded.split(' ').map(|word| format!("\"{word}\"*")).collect::<Vec<_>>().join(" ");
    let sql = format!(
        "SELECT {COLUMNS} FROM members WHERE alive AND place IN
           (SELECT rowid FROM member_search WHERE member_search MATCH ?1 ORDER BY rowid LIMIT ?2)
         ORDER BY place"
    );
    all(connection, &sql, params![query, limit], map)
}
