//! The register as a list is matched against it: living records, people where they live now.

use std::collections::HashMap;

use domain::ids::HouseholdId;
use domain::people::{Alley, HamletUnit, Household, Member};
use domain::registry::RecordKind;
use roster::{Register as Known, RegisteredHousehold, RegisteredMember};
use sync_core::records::ResidenceEvent;
use uuid::Uuid;

use crate::error::ServerError;
use crate::register::log::Log;
use crate::register::records::{Dated, as_of_now, event};

impl Log<'_> {
    /// Every living household with its living people.
    pub(crate) fn known(&self, units: &[HamletUnit]) -> Result<Known, ServerError> {
        let unit_names: HashMap<_, _> = units.iter().map(|unit| (unit.id, unit.name.clone())).collect();
        let alleys = self.rows_of(RecordKind::Alley)?;
        let alleys = alleys.iter().filter_map(|row| Alley::try_from(row).ok());
        let alley_names: HashMap<_, _> = alleys.map(|alley| (alley.id, alley.name)).collect();
        let mut people = self.known_people()?;
        let mut known = Known::default();
        for row in self.rows_of(RecordKind::Household)? {
            let Ok(household) = Household::try_from(&row) else { continue };
            if household.alive {
                let alley = household.alley.and_then(|alley| alley_names.get(&alley));
                known.households.push(RegisteredHousehold {
                    id: household.id,
                    hamlet_unit: unit_names.get(&household.hamlet_unit).cloned().unwrap_or_default(),
                    alley: alley.cloned().unwrap_or_default(),
                    house_no: household.house_no,
                    place_note: household.place_note,
                    code: household.code,
                    dwelling: household.dwelling,
                    members: people.remove(&household.id).unwrap_or_default(),
                });
            }
        }
        Ok(known)
    }

    fn known_people(&self) -> Result<HashMap<HouseholdId, Vec<RegisteredMember>>, ServerError> {
        let mut moves: HashMap<Uuid, Vec<Dated<ResidenceEvent>>> = HashMap::new();
        for row in self.rows_of(RecordKind::Residence)? {
            if let Some(dated) = event::<ResidenceEvent>(&row) {
                moves.entry(dated.1.member.0).or_default().push(dated);
            }
        }
        let mut people: HashMap<HouseholdId, Vec<RegisteredMember>> = HashMap::new();
        for row in self.rows_of(RecordKind::Member)? {
            let Ok(listed) = Member::try_from(&row) else { continue };
            let member = as_of_now(listed, moves.get(&row.record).map_or(&[], Vec::as_slice));
            if member.alive {
                people.entry(member.household).or_default().push(RegisteredMember {
                    id: member.id,
                    full_name: member.full_name,
                    birth: member.birth,
                    sex: member.sex,
                    relation: member.relation,
                    phone: member.phone,
                    residence: member.residence,
                });
            }
        }
        Ok(people)
    }
}
