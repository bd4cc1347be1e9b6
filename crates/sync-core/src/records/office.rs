//! What the commune office keeps beside households and people: lists that were handed over, assignments,
//! attendance. The domain has no rules about them yet; their shapes stand here.

use domain::calendar::Day;
use domain::ids::{AssignmentId, AttendanceId, HamletUnitId, MemberId, RosterListId, UserId};
use domain::people::Role;
use domain::registry::{RecordKind, no};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Look, RecordError, Recorded, id_or_null};
use crate::row::Row;
use crate::value::Value;

/// Who may work in which hamlet unit, from when to when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The key.
    pub id: AssignmentId,
    /// Who.
    pub user: UserId,
    /// As what.
    pub role: Role,
    /// Where; `None` for the whole commune.
    pub hamlet_unit: Option<HamletUnitId>,
    /// First day.
    pub valid_from: Option<Day>,
    /// First day on which it no longer holds.
    pub valid_to: Option<Day>,
}

impl TryFrom<&Row> for Assignment {
    type Error = RecordError;
    fn try_from(row: &Row) -> Result<Self, RecordError> {
        let look = Look::at(row, RecordKind::Assignment)?;
        Ok(Self {
            id: AssignmentId(row.record),
            user: look.parent(no::ASSIGNMENT_USER, UserId)?,
            // A role that cannot be read must open nothing.
            role: look.code(no::ASSIGNMENT_ROLE, Role::from_code).unwrap_or_else(|| Role::from_code("")),
            hamlet_unit: look.id(no::ASSIGNMENT_UNIT, HamletUnitId),
            valid_from: look.value(no::ASSIGNMENT_FROM).as_day(),
            valid_to: look.value(no::ASSIGNMENT_TO).as_day(),
        })
    }
}

impl Recorded for Assignment {
    const KIND: RecordKind = RecordKind::Assignment;
    fn record(&self) -> Uuid {
        self.id.0
    }
    fn fields(&self) -> Vec<(u16, Value)> {
        vec![
            (no::ASSIGNMENT_USER, self.user.0.into()),
            (no::ASSIGNMENT_ROLE, self.role.code().into()),
            (no::ASSIGNMENT_UNIT, id_or_null(self.hamlet_unit.map(|id| id.0))),
            (no::ASSIGNMENT_FROM, self.valid_from.into()),
            (no::ASSIGNMENT_TO, self.valid_to.into()),
        ]
    }
}

/// A household list that was handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterList {
    /// Made of the content.
    pub id: RosterListId,
    /// [`domain::ids::ContentHash`] in hexadecimal.
    pub content_hash: String,
    /// As of which day the list speaks.
    pub list_day: Option<Day>,
    /// Who gave it.
    pub handed_over_by: String,
    /// When it was read in.
    pub imported_on: Option<Day>,
    /// How many households it has.
    pub households: u32,
    /// How many people.
    pub persons: u32,
    /// What it is called.
    pub title: String,
    /// On what legal basis it was handed over.
    pub basis: String,
}

impl TryFrom<&Row> for RosterList {
    type Error = RecordError;
    fn try_from(row: &Row) -> Result<Self, RecordError> {
        let look = Look::at(row, RecordKind::RosterList)?;
        let count = |no| look.value(no).as_int().and_then(|count| u32::try_from(count).ok()).unwrap_or(0);
        let hash = look.value(no::LIST_CONTENT_HASH).as_text();
        Ok(Self {
            id: RosterListId(row.record),
            content_hash: look.must(no::LIST_CONTENT_HASH, hash)?.to_owned(),
            list_day: look.value(no::LIST_DAY).as_day(),
            handed_over_by: look.text(no::LIST_HANDED_OVER_BY),
            imported_on: look.value(no::LIST_IMPORTED_ON).as_day(),
            households: count(no::LIST_HOUSEHOLDS),
            persons: count(no::LIST_PERSONS),
            title: look.text(no::LIST_TITLE),
            basis: look.text(no::LIST_BASIS),
        })
    }
}

impl Recorded for RosterList {
    const KIND: RecordKind = RecordKind::RosterList;
    fn record(&self) -> Uuid {
        self.id.0
    }
    fn fields(&self) -> Vec<(u16, Value)> {
        vec![
            (no::LIST_CONTENT_HASH, self.content_hash.as_str().into()),
            (no::LIST_DAY, self.list_day.into()),
            (no::LIST_HANDED_OVER_BY, Value::text_or_null(&self.handed_over_by)),
            (no::LIST_IMPORTED_ON, self.imported_on.into()),
            (no::LIST_HOUSEHOLDS, self.households.into()),
            (no::LIST_PERSONS, self.persons.into()),
            (no::LIST_TITLE, Value::text_or_null(&self.title)),
            (no::LIST_BASIS, Value::text_or_null(&self.basis)),
        ]
    }
}

/// Somebody came to a session. An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendance {
    /// The event's own id.
    pub id: AttendanceId,
    /// Who.
    pub member: MemberId,
    /// When.
    pub day: Day,
    /// To which session.
    pub session: Option<Uuid>,
    /// The event that this one corrects or undoes.
    pub voids: Option<AttendanceId>,
}

impl TryFrom<&Row> for Attendance {
    type Error = RecordError;
    fn try_from(row: &Row) -> Result<Self, RecordError> {
        let look = Look::at(row, RecordKind::Attendance)?;
        Ok(Self {
            id: AttendanceId(row.record),
            member: look.parent(no::ATTENDANCE_MEMBER, MemberId)?,
            day: look.day(no::ATTENDANCE_DAY)?,
            session: look.value(no::ATTENDANCE_SESSION).as_uuid(),
            voids: look.id(no::ATTENDANCE_VOIDS, AttendanceId),
        })
    }
}

impl Recorded for Attendance {
    const KIND: RecordKind = RecordKind::Attendance;
    fn record(&self) -> Uuid {
        self.id.0
    }
    fn fields(&self) -> Vec<(u16, Value)> {
        vec![
            (no::ATTENDANCE_MEMBER, self.member.0.into()),
            (no::ATTENDANCE_DAY, self.day.into()),
            (no::ATTENDANCE_SESSION, id_or_null(self.session)),
            (no::ATTENDANCE_VOIDS, id_or_null(self.voids.map(|id| id.0))),
        ]
    }
}
