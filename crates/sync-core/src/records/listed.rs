//! What a household list writes of one record: **the one rule** for the laptop's import and the server's.
//!
//! A list knows less than a visit. It makes records that are not there, each with the list and row it came
//! from, and fills what nobody ever wrote. It never changes what stands, never takes a record over from the
//! list it came from first, never brings a deleted one back, and never reaches into another scope.

use domain::people::TEXT_AT_MOST;
use domain::registry::{FieldType, field, no};

use super::{Recorded, alive};
use crate::op::Scope;
use crate::row::Row;
use crate::value::Value;

/// The fields that a list writes, given the record's row as it stands; none where it has nothing to add.
/// `origin`: [`super::origin`], written with a new record only.
pub fn written_by_list<R: Recorded>(
    record: &R,
    origin: Vec<(u16, Value)>,
    scope: Scope,
    standing: Option<&Row>,
) -> Vec<(u16, Value)> {
    let mut fields = record.creation();
    match standing {
        None => fields.extend(origin),
        Some(row) if row.scope != scope || is_deleted::<R>(row) => fields.clear(),
        Some(row) => fields.retain(|(no, listed)| fills(row, *no, listed)),
    }
    for (no, value) in &mut fields {
        cut_text(*no, value);
    }
    fields
}

/// The field that a deletion of this kind writes says so.
fn is_deleted<R: Recorded>(row: &Row) -> bool {
    alive(R::KIND, false, None).first().is_some_and(|(no, dead)| row.value(*no) == Some(dead))
}

/// A field that was never written is a gap; one that somebody emptied is not. A birth becomes exacter.
fn fills(row: &Row, no: u16, listed: &Value) -> bool {
    #[cfg(feature = "sabotage")]
    if domain::fault::is("import_overwrites") {
        return row.value(no) != Some(listed);
    }
    match row.value(no) {
        None => true,
        Some(standing) if no == no::MEMBER_BIRTH => is_exacter(standing, listed),
        Some(_) => false,
    }
}

fn is_exacter(standing: &Value, listed: &Value) -> bool {
    let parts = |date: domain::calendar::PartialDate| (date.month().is_some(), date.day().is_some());
    let births = standing.as_partial_date().zip(listed.as_partial_date());
    births.is_some_and(|(standing, listed)| standing.agrees_with(listed) && parts(standing) < parts(listed))
}

/// A cell of a sheet may hold more than a field does.
fn cut_text(no: u16, value: &mut Value) {
    let is_text = field(no).is_some_and(|field| field.ty == FieldType::Text);
    if let (true, Value::Text(text)) = (is_text, value)
        && let Some((end, _)) = text.char_indices().nth(TEXT_AT_MOST)
    {
        text.truncate(end);
    }
}

#[cfg(test)]
mod tests {
    use domain::calendar::PartialDate;
    use domain::ids::{HouseholdId, MemberId, RosterListId};
    use domain::people::{Member, Relation, Residence, Sex};
    use domain::phone::Phone;
    use domain::registry::RecordKind;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::super::origin;
    use super::*;
    use crate::row::Cell;
    use crate::samples::{device, op_id};
    use crate::stamp::{OrderKey, Stamp};

    const SCOPE: Scope = Scope(Uuid::from_u128(0x11));

    fn cell(value: Value, at: i64) -> Cell {
        Cell { value, key: OrderKey { stamp: Stamp(at), device: device(1), op: op_id(1, 0) } }
    }

    fn listed() -> Member {
        Member {
            id: MemberId(Uuid::from_u128(1)),
            household: HouseholdId(Uuid::from_u128(2)),
            full_name: "Lê Văn An".into(),
            birth: PartialDate::parse("05/03/1956").ok(),
            sex: Some(Sex::Male),
            relation: Relation::Head,
            phone: Phone::parse("0912345678").ok(),
            residence: Residence::Present,
            alive: true,
        }
    }

    fn row(cells: &[(u16, Value)]) -> Row {
        let mut row = Row::new(RecordKind::Member.no(), listed().id.0, SCOPE);
        row.cells.extend(cells.iter().cloned().map(|(no, value)| (no, cell(value, 1))));
        row
    }

    fn written(standing: Option<&Row>) -> Vec<(u16, Value)> {
        let origin = origin(RecordKind::Member, RosterListId(Uuid::from_u128(9)), 3);
        written_by_list(&listed(), origin, SCOPE, standing)
    }

    fn whole(changed: &[(u16, Value)]) -> Row {
        let mut row = row(&written(None));
        for (no, value) in changed {
            row.cells.insert(*no, cell(value.clone(), 2));
        }
        row
    }

    #[test]
    fn a_list_fills_gaps_and_overwrites_nothing() {
        let check = |row: &Row, expect: &[(u16, Value)]| assert_eq!(written(Some(row)), expect, "{row:?}");
        let new = written(None);
        assert!(new.contains(&(no::MEMBER_LIST_ROW, 3_u32.into())) && new.len() == 10, "{new:?}");
        check(&whole(&[]), &[]);
        // Corrected at a door, moved by hand, from another list first, emptied when consent was withdrawn.
        check(&whole(&[(no::MEMBER_FULL_NAME, "Lê Văn Ân".into())]), &[]);
        check(&whole(&[(no::MEMBER_HOUSEHOLD, Uuid::from_u128(7).into())]), &[]);
        check(&whole(&[(no::MEMBER_LIST, Uuid::from_u128(8).into())]), &[]);
        check(&whole(&[(no::MEMBER_PHONE, Value::Null)]), &[]);
        check(&whole(&[(no::MEMBER_BIRTH, "1957".into())]), &[]);
        check(&whole(&[(no::MEMBER_BIRTH, "1956".into())]), &[(no::MEMBER_BIRTH, "1956-03-05".into())]);
        let mut without_sex = whole(&[]);
        without_sex.cells.remove(&no::MEMBER_SEX);
        check(&without_sex, &[(no::MEMBER_SEX, "male".into())]);
    }

    #[test]
    fn a_deleted_record_and_one_of_another_scope_stay_as_they_are() {
        let mut deleted = whole(&[(no::MEMBER_ALIVE, false.into())]);
        deleted.cells.remove(&no::MEMBER_SEX);
        assert_eq!(written(Some(&deleted)), []);
        let elsewhere = Row { scope: Scope(Uuid::from_u128(0x12)), ..row(&[]) };
        assert_eq!(written(Some(&elsewhere)), []);
    }

    #[test]
    fn a_cell_longer_than_a_field_is_cut() {
        let long = Member { full_name: "ơ".repeat(TEXT_AT_MOST + 9), ..listed() };
        let fields = written_by_list(&long, vec![], SCOPE, None);
        let name = fields.iter().find(|(no, _)| *no == no::MEMBER_FULL_NAME).unwrap();
        assert_eq!(name.1.as_text().unwrap().chars().count(), TEXT_AT_MOST);
    }

    proptest! {
        /// Whatever stands: the same list again has nothing more to say.
        #[test]
        fn once_is_enough(kept in prop::collection::vec(any::<bool>(), 10), dead in any::<bool>()) {
            let fields = written(None);
            let some: Vec<_> = fields.into_iter().zip(kept).filter(|(_, kept)| *kept).map(|(one, _)| one).collect();
            let mut row = row(&some);
            if dead {
                row.cells.insert(no::MEMBER_ALIVE, cell(false.into(), 2));
            }
            for (no, value) in written(Some(&row)) {
                prop_assert!(!row.cells.contains_key(&no));
                row.cells.insert(no, cell(value, 3));
            }
            prop_assert_eq!(written(Some(&row)), vec![]);
        }
    }
}
