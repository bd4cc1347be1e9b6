//! Who works where from now on (sync rules §7). Every change is a line of the ledger, dated by the server's clock; an
//! assignment that ended still counts for what was written under it (§4).

use domain::ids::{DeviceId, HamletUnitId};
use sync_core::commune::CommuneStore;
use sync_core::ledger::Entry;
use sync_core::op::Scope;
use sync_core::rights::Reach;

use super::Register;
use super::sql::params;
use crate::error::ServerError;

impl Register {
    /// Whoever works on a device works in these hamlet units from now on, and nowhere else. Where nothing changes, nothing
    /// is written.
    pub fn assign(&self, device: DeviceId, units: &[HamletUnitId]) -> Result<(), ServerError> {
        self.write(|intake| {
            let position = intake.position();
            for user in intake.log.users_of(device)? {
                let sql = "SELECT number, scope_id FROM assignments
                           WHERE commune_id = ?1 AND user_id = ?2 AND ended_at_ms IS NULL ORDER BY number";
                let present = intake.log.all(sql, params![intake.commune().0, user.0], |row| {
                    Ok((row.get::<i64>(0)?, row.get::<Option<uuid::Uuid>>(1)?.map(HamletUnitId)))
                })?;
                let stays = |unit: &Option<HamletUnitId>| unit.is_some_and(|unit| units.contains(&unit));
                for (number, _) in present.iter().filter(|(_, unit)| !stays(unit)) {
                    intake.note(Entry::Ended { assignment: number.cast_unsigned(), position })?;
                }
                for unit in units.iter().filter(|unit| !present.iter().any(|(_, had)| *had == Some(**unit))) {
                    let reach = Reach::Scope(Scope::from(*unit));
                    intake.note(Entry::Assigned { user, reach })?;
                }
            }
            Ok(())
        })
    }
}
