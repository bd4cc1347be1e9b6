//! An erasure that somebody asked for by law (sync rules §9, ADR 0010). Who lives in a household is decided here, once:
//! each of them has a line of the ledger, and so has the household.

use domain::registry::RecordKind;
use sync_core::ledger::Entry;
use uuid::Uuid;

use super::Register;
use crate::error::ServerError;

impl Register {
    /// Forgets a person, or a household with everybody who lives there now, by the list and by what was learned at doors.
    /// Returns who has a line. What laptops hold of them goes at their next greeting.
    pub fn erase(&self, subject: Uuid) -> Result<Vec<Uuid>, ServerError> {
        self.write(|intake| {
            let people = intake.log.rows_under(RecordKind::Member, subject)?;
            let all: Vec<Uuid> = people.iter().map(|row| row.record).chain([subject]).collect();
            for subject in &all {
                intake.note(Entry::Erased { subject: *subject })?;
            }
            Ok(all)
        })
    }
}
