//! Taking a household list into the register: `roster` reads, matches and plans, this writes the plan as
//! ops of the server, all or nothing in one transaction. The same list again finds itself and adds nobody.

mod known;
mod written;

use std::path::Path;

use domain::calendar::Day;
use domain::ids::JobId;
use roster::{Counts, Destination, Limits, Plan, Preview, RosterList, UnitPlan, match_list, plan};
use serde::Serialize;
use sync_core::records;

use crate::error::ServerError;
use crate::machine::random;
use crate::register::Register;
use crate::register::intake::Intake;
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
    /// The unit of households that name none, as the register has it in any spelling.
    pub hamlet: Option<String>,
    /// That unit is a new one: somebody says so. Without it a slip of the pen would make one.
    pub new_hamlet: bool,
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
    /// Households of this very list that were deleted since; they stay deleted.
    pub households_deleted: usize,
    /// People, likewise.
    pub persons_deleted: usize,
}

/// What became of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportReport {
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
        let in_hamlet = order.hamlet.as_deref().map(|hamlet| list.clone().in_unit(hamlet));
        let list = in_hamlet.as_ref().unwrap_or(list);
        self.write(|intake| {
            let units = intake.log.hamlet_units()?;
            if let Some(hamlet) = order.hamlet.as_deref().filter(|_| !order.new_hamlet && !units.is_empty()) {
                let known = intake.log.hamlet_unit_named(hamlet);
                known.map_err(|error| match error {
                    ServerError::UnknownHamlet => ServerError::UnannouncedHamlet,
                    other => other,
                })?;
            }
            let register = intake.log.known(&units)?;
            let matches = match_list(list, &register);
            let to = Destination { commune: intake.commune(), units: &units };
            let plan = plan(list, &matches, &register, &to);
            intake.write_plan(list, &plan, order)?;
            Ok(report(list, &plan))
        })
    }
}

impl Intake<'_> {
    fn write_plan(&mut self, list: &RosterList, plan: &Plan, order: &ImportOrder) -> Result<(), ServerError> {
        let now_ms = u64::try_from(self.now_ms()).unwrap_or_default();
        let job = JobId::new(now_ms, random(self.machine)?);
        for unit in &plan.units {
            let record = self.list_record(list, unit, order);
            Writing::new(self, unit, job).unit(&record)?;
        }
        Ok(())
    }

    fn list_record(&self, list: &RosterList, unit: &UnitPlan, order: &ImportOrder) -> records::RosterList {
        let count = |counts: &Counts| u32::try_from(counts.listed()).unwrap_or(u32::MAX);
        records::RosterList {
            id: unit.list,
            content_hash: list.content_hash.to_hex(),
            list_day: list.list_day,
            handed_over_by: order.handed_over_by.clone(),
            imported_on: Some(self.today()),
            households: count(&unit.household_counts),
            persons: count(&unit.person_counts),
            title: list.title.clone().unwrap_or_default(),
            basis: self.office.basis.code().to_owned(),
        }
    }
}

fn report(list: &RosterList, plan: &Plan) -> ImportReport {
    let (households, persons) = plan.counts();
    ImportReport {
        content_hash: list.content_hash.to_hex(),
        added: Added {
            hamlet_units: plan.units.iter().filter(|unit| unit.is_new).count(),
            households: households.added,
            persons: persons.added,
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
            households_deleted: households.deleted,
            persons_deleted: persons.deleted,
        },
    }
}
