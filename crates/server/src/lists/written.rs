//! A plan as groups of the server: one scope, one job, each at most what a group may be, a household cut
//! only where it alone would not fit.

use domain::ids::{JobId, RosterListId};
use domain::people::TEXT_AT_MOST;
use domain::registry::{FieldType, RecordKind, field, no};
use roster::{HouseholdPlan, UnitPlan};
use sync_core::op::Scope;
use sync_core::records::{Recorded, origin};
use sync_core::value::Value;
use uuid::Uuid;

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

/// What a list may write into a record that exists: what it fills, never what somebody decided.
const FILLABLE: [u16; 7] = [
    no::HOUSEHOLD_ALLEY,
    no::HOUSEHOLD_HOUSE_NO,
    no::HOUSEHOLD_PLACE_NOTE,
    no::HOUSEHOLD_CODE,
    no::MEMBER_BIRTH,
    no::MEMBER_SEX,
    no::MEMBER_PHONE,
];

/// Groups of one scope, as they fill.
#[derive(Debug)]
pub(crate) struct Writing<'w, 't> {
    intake: &'w mut Intake<'t>,
    scope: Scope,
    job: JobId,
    list: RosterListId,
    edits: Vec<OwnEdit>,
    bytes: usize,
}

impl<'w, 't> Writing<'w, 't> {
    pub(crate) fn new(intake: &'w mut Intake<'t>, scope: Scope, job: JobId, list: RosterListId) -> Self {
        Self { intake, scope, job, list, edits: Vec::new(), bytes: 0 }
    }

    /// Everything of one hamlet unit, parents first.
    pub(crate) fn unit(mut self, plan: &UnitPlan) -> Result<(), ServerError> {
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
        self.finish()
    }

    fn household(&mut self, plan: &HouseholdPlan) -> Result<(), ServerError> {
        let list = self.list;
        if let Some((household, row)) = &plan.household {
            self.record(household, origin(RecordKind::Household, list, *row))?;
        }
        for (member, row) in &plan.members {
            self.record(member, origin(RecordKind::Member, list, *row))?;
        }
        Ok(())
    }

    /// A new record with its origin; of one that exists only what the list fills.
    fn record<R: Recorded>(&mut self, record: &R, origin: Vec<(u16, Value)>) -> Result<(), ServerError> {
        let (kind, id) = (R::KIND, record.record());
        let mut fields = record.creation();
        if self.intake.log.has(kind, id)? {
            fields.retain(|(no, _)| FILLABLE.contains(no));
        } else {
            fields.extend(origin);
        }
        self.edit(OwnEdit { kind, record: id, fields })
    }

    pub(crate) fn edit(&mut self, mut edit: OwnEdit) -> Result<(), ServerError> {
        for (no, value) in &mut edit.fields {
            cut_text(*no, value);
        }
        let bytes = edit.fields.iter().map(|(_, value)| FIELD_BYTES + value.canonical().len()).sum::<usize>();
        if self.bytes + OP_BYTES + bytes > BYTES_AT_MOST {
            self.flush()?;
        }
        self.bytes += OP_BYTES + bytes;
        self.edits.push(edit);
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<(), ServerError> {
        self.flush()
    }

    fn flush(&mut self) -> Result<(), ServerError> {
        self.bytes = 0;
        let edits = std::mem::take(&mut self.edits);
        self.intake.write_own(OwnGroup { scope: self.scope, job: Some(self.job), edits })
    }
}

/// A cell may hold more than a field does.
fn cut_text(no: u16, value: &mut Value) {
    let is_text = field(no).is_some_and(|field| field.ty == FieldType::Text);
    if let (true, Value::Text(text)) = (is_text, value)
        && let Some((end, _)) = text.char_indices().nth(TEXT_AT_MOST)
    {
        text.truncate(end);
    }
}

impl crate::register::log::Log<'_> {
    fn has(&self, kind: RecordKind, record: Uuid) -> Result<bool, ServerError> {
        sync_core::ingest::LogView::exists(self, kind.no(), record)
    }
}
