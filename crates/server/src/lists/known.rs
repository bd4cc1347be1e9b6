//! The register as a list is matched against it: every record as it stands, people where they live now.

use std::collections::HashMap;

use domain::people::{Alley, HamletUnit, Household, Member};
use domain::registry::RecordKind;
use roster::Register as Known;
use sync_core::records::ResidenceEvent;
use uuid::Uuid;

use crate::error::ServerError;
use crate::register::log::Log;
use crate::register::records::{Dated, as_of_now, event};

impl Log<'_> {
    /// Every household with its people.
    pub(crate) fn known(&self, units: &[HamletUnit]) -> Result<Known, ServerError> {
        let (alleys, households) = (self.rows_of(RecordKind::Alley)?, self.rows_of(RecordKind::Household)?);
        let alleys = alleys.iter().filter_map(|row| Alley::try_from(row).ok());
        let households = households.iter().filter_map(|row| Household::try_from(row).ok());
        Ok(Known::of(units, alleys, households, self.known_people()?))
    }

    fn known_people(&self) -> Result<Vec<Member>, ServerError> {
        let mut moves: HashMap<Uuid, Vec<Dated<ResidenceEvent>>> = HashMap::new();
        for row in self.rows_of(RecordKind::Residence)? {
            if let Some(dated) = event::<ResidenceEvent>(&row) {
                moves.entry(dated.1.member.0).or_default().push(dated);
            }
        }
        let rows = self.rows_of(RecordKind::Member)?;
        let people = rows.iter().filter_map(|row| {
            let moves = moves.get(&row.record).map_or(&[][..], Vec::as_slice);
            Some(as_of_now(Member::try_from(row).ok()?, moves))
        });
        Ok(people.collect())
    }
}
