//! Records as the domain knows them, out of rows and into fields. Nobody else writes a field number by
//! hand. Reading is tolerant: a missing, unknown or unreadable field is read as "not known"; what stands
//! in the row is not touched by that.

mod events;
mod listed;
mod office;
#[cfg(test)]
mod tests;

use domain::calendar::Day;
use domain::ids::{AlleyId, HamletUnitId, HouseholdId, MemberId, RosterListId};
use domain::people::{
    Alley, Dwelling, HamletUnit, HamletUnitKind, Household, Member, Relation, Residence, Sex,
};
use domain::phone::Phone;
use domain::registry::{RecordKind, no};
use uuid::Uuid;

pub use events::ResidenceEvent;
pub use listed::written_by_list;
pub use office::{Assignment, Attendance, RosterList};

use crate::row::Row;
use crate::value::Value;

/// Why a row is not the record it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A row of this kind instead.
    #[error("a row of kind {0}")]
    Kind(u16),
    /// Without this field there is no such record: it was never created, or erased.
    #[error("field {0} is missing")]
    Missing(u16),
}

/// A record that can be written as fields.
pub trait Recorded {
    /// Its kind.
    const KIND: RecordKind;
    /// Its id.
    fn record(&self) -> Uuid;
    /// Every field, in order of number; [`Value::Null`] where there is nothing.
    fn fields(&self) -> Vec<(u16, Value)>;

    /// The fields of a new record: those that hold something.
    fn creation(&self) -> Vec<(u16, Value)> {
        self.fields().into_iter().filter(|(_, value)| !value.is_null()).collect()
    }

    /// The fields that differ, with their new values.
    fn changes(&self, before: &Self) -> Vec<(u16, Value)> {
        let (before, after) = (before.fields(), self.fields());
        after
            .into_iter()
            .zip(before)
            .filter(|(after, before)| after != before)
            .map(|(after, _)| after)
            .collect()
    }
}

/// Typed look into a row.
struct Look<'a>(&'a Row);

impl<'a> Look<'a> {
    fn at(row: &'a Row, kind: RecordKind) -> Result<Self, RecordError> {
        if row.kind == kind.no() { Ok(Self(row)) } else { Err(RecordError::Kind(row.kind)) }
    }

    fn value(&self, no: u16) -> &'a Value {
        const NULL: &Value = &Value::Null;
        self.0.value(no).unwrap_or(NULL)
    }

    fn text(&self, no: u16) -> String {
        self.value(no).as_text().unwrap_or_default().to_owned()
    }

    fn id<T>(&self, no: u16, id: impl Fn(Uuid) -> T) -> Option<T> {
        self.value(no).as_uuid().map(id)
    }

    fn must<T>(&self, no: u16, value: Option<T>) -> Result<T, RecordError> {
        value.ok_or(RecordError::Missing(no))
    }

    fn parent<T>(&self, no: u16, id: impl Fn(Uuid) -> T) -> Result<T, RecordError> {
        self.must(no, self.id(no, id))
    }

    fn day(&self, no: u16) -> Result<Day, RecordError> {
        self.must(no, self.value(no).as_day())
    }

    fn code<T>(&self, no: u16, from: impl Fn(&str) -> T) -> Option<T> {
        self.value(no).as_text().map(from)
    }

    fn codes<T>(&self, no: u16, from: impl Fn(&str) -> T) -> Vec<T> {
        self.value(no).as_list().iter().filter_map(Value::as_text).map(from).collect()
    }

    /// Alive unless somebody said otherwise.
    fn alive(&self, no: u16) -> bool {
        self.value(no).as_bool().unwrap_or(true)
    }
}

fn id_or_null(id: Option<Uuid>) -> Value {
    id.into()
}

fn codes<'a>(codes: impl Iterator<Item = &'a str>) -> Value {
    let value: Value = codes.collect();
    if value.as_list().is_empty() { Value::Null } else { value }
}

impl TryFrom<&Row> for HamletUnit {
    type Error = RecordError;
    fn try_from(row: &Row) -> Result<Self, RecordError> {
        let look = Look::at(row, RecordKind::HamletUnit)?;
        Ok(Self {
            id: HamletUnitId(row.record),
            name: look.must(no::UNIT_NAME, look.value(no::UNIT_NAME).as_text())?.to_owned(),
            kind: look.code(no::UNIT_KIND, HamletUnitKind::from_code).unwrap_or(HamletUnitKind::Hamlet),
            urban: look.value(no::UNIT_URBAN).as_bool().unwrap_or(false),
            valid_from: look.value(no::UNIT_VALID_FROM).as_day(),
            valid_to: look.value(no::UNIT_VALID_TO).as_day(),
        })
    }
}

impl Recorded for HamletUnit {
    const KIND: RecordKind = RecordKind::HamletUnit;
    fn record(&self) -> Uuid {
        self.id.0
    }
    fn fields(&self) -> Vec<(u16, Value)> {
        vec![
            (no::UNIT_NAME, self.name.as_str().into()),
            (no::UNIT_KIND, self.kind.code().into()),
            (no::UNIT_URBAN, self.urban.into()),
            (no::UNIT_VALID_FROM, self.valid_from.into()),
            (no::UNIT_VALID_TO, self.valid_to.into()),
        ]
    }
}

impl TryFrom<&Row> for Alley {
    type Error = RecordError;
    fn try_from(row: &Row) -> Result<Self, RecordError> {
        let look = Look::at(row, RecordKind::Alley)?;
        Ok(Self {
            id: AlleyId(row.record),
            hamlet_unit: look.parent(no::ALLEY_UNIT, HamletUnitId)?,
            name: look.text(no::ALLEY_NAME),
        })
    }
}

impl Recorded for Alley {
    const KIND: RecordKind = RecordKind::Alley;
    fn record(&self) -> Uuid {
        self.id.0
    }
    fn fields(&self) -> Vec<(u16, Value)> {
        vec![(no::ALLEY_UNIT, self.hamlet_unit.0.into()), (no::ALLEY_NAME, Value::text_or_null(&self.name))]
    }
}

impl TryFrom<&Row> for Household {
    type Error = RecordError;
    fn try_from(row: &Row) -> Result<Self, RecordError> {
        let look = Look::at(row, RecordKind::Household)?;
        // The anchor of a creation: a row without it holds edits of a household never seen.
        look.must(no::HOUSEHOLD_ALIVE, look.value(no::HOUSEHOLD_ALIVE).as_bool())?;
        Ok(Self {
            id: HouseholdId(row.record),
            hamlet_unit: HamletUnitId(row.scope.0),
            alley: look.id(no::HOUSEHOLD_ALLEY, AlleyId),
            house_no: look.text(no::HOUSEHOLD_HOUSE_NO),
            place_note: look.text(no::HOUSEHOLD_PLACE_NOTE),
            code: look.text(no::HOUSEHOLD_CODE),
            dwelling: look.code(no::HOUSEHOLD_DWELLING, Dwelling::from_code).unwrap_or(Dwelling::House),
            alive: look.alive(no::HOUSEHOLD_ALIVE),
        })
    }
}

/// The hamlet unit is the scope, not a field: it changes by a move.
impl Recorded for Household {
    const KIND: RecordKind = RecordKind::Household;
    fn record(&self) -> Uuid {
        self.id.0
    }
    fn fields(&self) -> Vec<(u16, Value)> {
        vec![
            (no::HOUSEHOLD_ALLEY, id_or_null(self.alley.map(|id| id.0))),
            (no::HOUSEHOLD_HOUSE_NO, Value::text_or_null(&self.house_no)),
            (no::HOUSEHOLD_PLACE_NOTE, Value::text_or_null(&self.place_note)),
            (no::HOUSEHOLD_CODE, Value::text_or_null(&self.code)),
            (no::HOUSEHOLD_DWELLING, self.dwelling.code().into()),
            (no::HOUSEHOLD_ALIVE, self.alive.into()),
        ]
    }
}

impl TryFrom<&Row> for Member {
    type Error = RecordError;
    /// `residence` is what the list said; [`crate::projection::residence_as_of`] goes on from there.
    fn try_from(row: &Row) -> Result<Self, RecordError> {
        let look = Look::at(row, RecordKind::Member)?;
        let phone = look.value(no::MEMBER_PHONE).as_text();
        Ok(Self {
            id: MemberId(row.record),
            household: look.parent(no::MEMBER_HOUSEHOLD, HouseholdId)?,
            full_name: look.text(no::MEMBER_FULL_NAME),
            birth: look.value(no::MEMBER_BIRTH).as_partial_date(),
            sex: look.code(no::MEMBER_SEX, Sex::from_code),
            relation: look.code(no::MEMBER_RELATION, Relation::from_code).unwrap_or(Relation::Other),
            phone: phone.and_then(|text| Phone::parse(text).ok()),
            residence: look
                .code(no::MEMBER_LISTED_RESIDENCE, Residence::from_code)
                .unwrap_or(Residence::Unclear),
            alive: look.alive(no::MEMBER_ALIVE),
        })
    }
}

impl Recorded for Member {
    const KIND: RecordKind = RecordKind::Member;
    fn record(&self) -> Uuid {
        self.id.0
    }
    /// `residence` is written as what the list said; a later change is a [`ResidenceEvent`].
    fn fields(&self) -> Vec<(u16, Value)> {
        vec![
            (no::MEMBER_HOUSEHOLD, self.household.0.into()),
            (no::MEMBER_FULL_NAME, self.full_name.as_str().into()),
            (no::MEMBER_BIRTH, self.birth.into()),
            (no::MEMBER_SEX, self.sex.as_ref().map(Sex::code).into()),
            (no::MEMBER_RELATION, self.relation.code().into()),
            (no::MEMBER_PHONE, self.phone.as_ref().map(Phone::digits).into()),
            (no::MEMBER_LISTED_RESIDENCE, self.residence.code().into()),
            (no::MEMBER_ALIVE, self.alive.into()),
        ]
    }
}

/// From which list and row a household or member came; nothing for other kinds.
pub fn origin(kind: RecordKind, list: RosterListId, row: u32) -> Vec<(u16, Value)> {
    match kind {
        RecordKind::Household => {
            vec![(no::HOUSEHOLD_LIST, list.0.into()), (no::HOUSEHOLD_LIST_ROW, row.into())]
        }
        RecordKind::Member => vec![(no::MEMBER_LIST, list.0.into()), (no::MEMBER_LIST_ROW, row.into())],
        _ => vec![],
    }
}

/// The fields of a deletion or, with `alive`, of a restoring; nothing for kinds that cannot be deleted.
/// Later edits of a deleted record are kept and shown, and never bring it back (§1).
pub fn alive(kind: RecordKind, alive: bool, reason: Option<&str>) -> Vec<(u16, Value)> {
    match kind {
        RecordKind::Household => {
            vec![(no::HOUSEHOLD_ALIVE, alive.into()), (no::HOUSEHOLD_ALIVE_REASON, reason.into())]
        }
        RecordKind::Member => {
            vec![(no::MEMBER_ALIVE, alive.into()), (no::MEMBER_ALIVE_REASON, reason.into())]
        }
        RecordKind::SameAs => vec![(no::SAME_AS_ALIVE, alive.into())],
        _ => vec![],
    }
}
