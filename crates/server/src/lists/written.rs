//! A plan as groups of the server: one scope, one job, each at most what a group may be, a household cut
//! only where it alone would not fit.

use domain::ids::JobId;
use domain::registry::RecordKind;
use roster::{HouseholdPlan, UnitPlan};
use sync_core::op::Scope;
use sync_core::records::{Recorded, RosterList, origin, written_by_list};
use sync_core::value::Value;

use crate::error::ServerError;
use crate::register::intake::Intake;
use crate::register::own::{OwnEdit, OwnGroup};

/// A group is at most 64 KiB; its own words and replaced ops take the rest.
const BYTES_AT_MOST: usize = 52 * 1024;
/// After a household, the group is closed from here on.
const BYTES_ENOUGH: usize = 44 * 1024;
/// Kind, id and punctuation of an op; number, replaced op and stamp of a field.
const OP_BYTES: usize = 48;
const FIELD_BYTES: usize = 64;

/// Groups of one hamlet unit, as they fill.
#[derive(Debug)]
pub(crate) struct Writing<'w, 't> {
    intake: &'w mut Intake<'t>,
    scope: Scope,
    job: JobId,
    plan: &'w UnitPlan,
    edits: Vec<OwnEdit>,
    bytes: usize,
}

impl<'w, 't> Writing<'w, 't> {
    pub(crate) fn new(intake: &'w mut Intake<'t>, plan: &'w UnitPlan, job: JobId) -> Self {
        Self { intake, scope: plan.unit.id.into(), job, plan, edits: Vec::new(), bytes: 0 }
    }

    /// Everything of the unit, parents first and the list's own record last.
    pub(crate) fn unit(mut self, list: &RosterList) -> Result<(), ServerError> {
        let plan = self.plan;
        if plan.is_new {
            self.record(&plan.unit, vec![])?;
        }
        for alley in &plan.alleys {
            self.record(alley, vec![])?;
        }
        for household in &plan.households {
            self.household(household)?;
            if self.bytes >= BYTES_ENOUGH {
                self.flush()?;
            }
        }
        self.record(list, vec![])?;
        self.flush()
    }

    fn household(&mut self, plan: &HouseholdPlan) -> Result<(), ServerError> {
        let list = self.plan.list;
        if let Some((household, row)) = &plan.household {
            self.record(household, origin(RecordKind::Household, list, *row))?;
        }
        for (member, row) in &plan.members {
            self.record(member, origin(RecordKind::Member, list, *row))?;
        }
        Ok(())
    }

    /// What the list adds to a record as it stands. Each record stands in a plan once, so that what waits
    /// to be written need not be looked at.
    fn record<R: Recorded>(&mut self, record: &R, origin: Vec<(u16, Value)>) -> Result<(), ServerError> {
        let (kind, id) = (R::KIND, record.record());
        let standing = self.intake.row(kind.no(), id)?;
        let fields = written_by_list(record, origin, self.scope, standing.as_ref());
        if fields.is_empty() {
            return Ok(());
        }
        let bytes = fields.iter().map(|(_, value)| FIELD_BYTES + value.canonical().len()).sum::<usize>();
        if self.bytes + OP_BYTES + bytes > BYTES_AT_MOST {
            self.flush()?;
        }
        self.bytes += OP_BYTES + bytes;
        self.edits.push(OwnEdit { kind, record: id, fields });
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ServerError> {
        self.bytes = 0;
        let edits = std::mem::take(&mut self.edits);
        self.intake.write_own(OwnGroup { scope: self.scope, job: Some(self.job), edits })
    }
}
