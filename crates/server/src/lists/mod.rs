//! Taking a household list into the register: `roster` reads, matches and plans, this writes the plan as
//! ops of the server, all or nothing in one transaction. The same list again finds itself and adds nobody.

mod known;
mod written;

use std::path::Path;

use domain::calendar::Day;
use domain::ids::{JobId, RosterListId};
use domain::registry::{RecordKind, no};
use roster::{
    Counts, Destination, HouseholdOutcome, Limits, Matches, MemberOutcome, Plan, Preview, RosterList,
    match_list, plan,
};
use serde::Serialize;
use sync_core::op::Scope;
use sync_core::value::Value;

use crate::error::ServerError;
use crate::machine::random;
use crate::register::Register;
use crate::register::intake::Intake;
use crate::register::own::OwnEdit;
use written::Writing;

/// Reads a list out of a file; nobody in it is born after `today`.
pub fn read_list(file: &Path, today: Day) -> Result<RosterList, ServerError> {
    let limits = Limits::default();
    limits.check_size(std::fs::metadata(file)?.len())?;
    let book = roster::open(&std::fs::read(file)?, &limits)?;
    Ok(roster::read(&book, today)?)
}

/// What a file holds, without touching any register.
pub fn preview_list(file: &Path, today: Day) -> Result<Preview, ServerError> {
    Ok(read_list(file, today)?.preview())
}

/// How a list came.
#[derive(Clone, Debug, Default)]
pub struct ImportOrder {
    /// Who handed it over, or empty.
    pub handed_over_by: String,
    /// The unit of households that name none.
    pub hamlet: Option<String>,
}

/// Places, households and people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Added {
    /// Hamlet units.
    pub hamlet_units: usize,
    /// Households.
    pub households: usize,
    /// People.
    pub persons: usize,
}

/// What the register had already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Matched {
    /// Households.
    pub households: usize,
    /// People.
    pub persons: usize,
    /// Households of which the list says something else or more. What it says else is not written.
    pub households_differing: usize,
    /// People, likewise.
    pub persons_differing: usize,
}

/// What was not taken, for a person to decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NotTaken {
    /// Rows that gave nobody.
    pub rows: usize,
    /// Households that may be one of several in the register.
    pub households: usize,
    /// People, likewise.
    pub persons: usize,
    /// Households that name no hamlet unit, where none was given for them.
    pub without_hamlet: usize,
}

/// What became of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// The list's record.
    pub list: RosterListId,
    /// Of its content; the same for the same list saved again.
    pub content_hash: String,
    /// Not in the register before.
    pub added: Added,
    /// In the register.
    pub matched: Matched,
    /// Not written.
    pub refused: NotTaken,
}

impl Register {
    /// Takes a list in: everything or nothing.
    pub fn import(&self, list: &RosterList, order: &ImportOrder) -> Result<ImportReport, ServerError> {
        self.write(|intake| {
            let units = intake.log.hamlet_units()?;
            let register = intake.log.known(&units)?;
            let matches = match_list(list, &register);
            let hamlet = order.hamlet.as_deref();
            let to = Destination { commune: intake.commune(), units: &units, unit_for_the_rest: hamlet };
            let plan = plan(list, &matches, &register, &to);
            let record = RosterListId::from_list(list.content_hash, 0);
            intake.write_plan(list, record, &plan, order)?;
            Ok(report(list, record, &matches, &plan, hamlet.is_some()))
        })
    }
}

impl Intake<'_> {
    fn write_plan(
        &mut self,
        list: &RosterList,
        record: RosterListId,
        plan: &Plan,
        order: &ImportOrder,
    ) -> Result<(), ServerError> {
        let now_ms = u64::try_from(self.head.received_at_ms).unwrap_or_default();
        let job = JobId::new(now_ms, random(self.machine)?);
        if self.row(RecordKind::RosterList.no(), record.0)?.is_none() {
            let fields = self.list_fields(list, order);
            let edit = OwnEdit { kind: RecordKind::RosterList, record: record.0, fields };
            let mut writing = Writing::new(self, Scope::COMMUNE, job, record);
            writing.edit(edit)?;
            writing.finish()?;
        }
        for unit in &plan.units {
            Writing::new(self, unit.unit.id.into(), job, record).unit(unit)?;
        }
        Ok(())
    }

    fn list_fields(&self, list: &RosterList, order: &ImportOrder) -> Vec<(u16, Value)> {
        let count = |number: usize| Value::from(i64::try_from(number).unwrap_or(i64::MAX));
        let fields = vec![
            (no::LIST_CONTENT_HASH, list.content_hash.to_hex().into()),
            (no::LIST_DAY, list.list_day.into()),
            (no::LIST_HANDED_OVER_BY, Value::text_or_null(&order.handed_over_by)),
            (no::LIST_IMPORTED_ON, self.today().into()),
            (no::LIST_HOUSEHOLDS, count(list.households.len())),
            (no::LIST_PERSONS, count(list.persons())),
            (no::LIST_TITLE, Value::text_or_null(list.title.as_deref().unwrap_or_default())),
            (no::LIST_BASIS, self.head.basis.code().into()),
        ];
        fields.into_iter().filter(|(_, value)| !value.is_null()).collect()
    }
}

/// People and households that were written; those without a unit were not.
fn added(list: &RosterList, matches: &Matches, all_have_a_unit: bool) -> Added {
    let mut added = Added::default();
    for (listed, outcome) in list.households.iter().zip(&matches.households) {
        let members = match outcome {
            HouseholdOutcome::Ambiguous { .. } => continue,
            _ if listed.hamlet_unit.is_empty() && !all_have_a_unit => continue,
            HouseholdOutcome::New { members } => {
                added.households += 1;
                members
            }
            HouseholdOutcome::Matched { members, .. } => members,
        };
        added.persons += members.iter().filter(|member| **member == MemberOutcome::New).count();
    }
    added
}

fn report(
    list: &RosterList,
    record: RosterListId,
    matches: &Matches,
    plan: &Plan,
    all_have_a_unit: bool,
) -> ImportReport {
    let (households, persons): (&Counts, &Counts) = (&matches.household_counts, &matches.person_counts);
    ImportReport {
        list: record,
        content_hash: list.content_hash.to_hex(),
        added: Added {
            hamlet_units: plan.units.iter().filter(|unit| unit.is_new).count(),
            ..added(list, matches, all_have_a_unit)
        },
        matched: Matched {
            households: households.matched,
            persons: persons.matched,
            households_differing: households.changed,
            persons_differing: persons.changed,
        },
        refused: NotTaken {
            rows: list.rejected.len(),
            households: households.ambiguous,
            persons: persons.ambiguous,
            without_hamlet: plan.without_unit,
        },
    }
}
