//! The register as a list is matched against it. Laptop and server both make it of their records here.

use std::collections::{HashMap, HashSet};

use domain::calendar::PartialDate;
use domain::ids::{AlleyId, HouseholdId, MemberId};
use domain::people::{Alley, Dwelling, HamletUnit, Household, Member, Relation, Residence, Sex};
use domain::phone::Phone;

use super::index::door;
use crate::list::RosterList;

/// What is in the register, as far as a list is matched against it.
#[derive(Clone, Debug, Default)]
pub struct Register {
    /// Living records only.
    pub households: Vec<RegisteredHousehold>,
    /// Households that were deleted: a list they came from does not bring them back.
    pub deleted_households: HashSet<HouseholdId>,
    /// People who were deleted, and those of deleted households.
    pub deleted_members: HashSet<MemberId>,
    /// The same people as another list would name them.
    pub deleted_people: Vec<DeletedPerson>,
}

/// Somebody who was deleted, or whose household was.
#[derive(Clone, Debug)]
pub struct DeletedPerson {
    /// The id.
    pub id: MemberId,
    /// Where they were last.
    pub household: HouseholdId,
    /// True if the household was deleted too.
    pub with_household: bool,
    /// The name of its hamlet unit.
    pub hamlet_unit: String,
    /// Alley, house number and words for the place, as doors are compared.
    pub door: Option<String>,
    /// As kept.
    pub full_name: String,
    /// As far as known.
    pub birth: Option<PartialDate>,
}

/// A household of the register.
#[derive(Clone, Debug)]
pub struct RegisteredHousehold {
    /// Its id.
    pub id: HouseholdId,
    /// The name of its hamlet unit: "Thôn Sen Hạ".
    pub hamlet_unit: String,
    /// The name of its alley, or empty.
    pub alley: String,
    /// Or empty.
    pub house_no: String,
    /// Or empty.
    pub place_note: String,
    /// Or empty.
    pub code: String,
    /// House or rented room.
    pub dwelling: Dwelling,
    /// Its people.
    pub members: Vec<RegisteredMember>,
}

/// A person of the register.
#[derive(Clone, Debug)]
pub struct RegisteredMember {
    /// The id.
    pub id: MemberId,
    /// As kept.
    pub full_name: String,
    /// As far as known.
    pub birth: Option<PartialDate>,
    /// As far as known.
    pub sex: Option<Sex>,
    /// To the head.
    pub relation: Relation,
    /// If known.
    pub phone: Option<Phone>,
    /// As of today.
    pub residence: Residence,
}

impl Register {
    /// Of the records as they stand, deleted ones included; people in the household they are in now.
    pub fn of(
        units: &[HamletUnit],
        alleys: impl IntoIterator<Item = Alley>,
        households: impl IntoIterator<Item = Household>,
        members: impl IntoIterator<Item = Member>,
    ) -> Self {
        let units: HashMap<_, _> = units.iter().map(|unit| (unit.id, unit.name.as_str())).collect();
        let alleys: HashMap<AlleyId, String> =
            alleys.into_iter().map(|alley| (alley.id, alley.name)).collect();
        let mut register = Self::default();
        let mut places = HashMap::new();
        let mut doors = HashMap::new();
        for household in households {
            let unit = units.get(&household.hamlet_unit).copied().unwrap_or_default();
            let alley = household.alley.and_then(|alley| alleys.get(&alley)).cloned().unwrap_or_default();
            doors.insert(household.id, (unit, door(&alley, &household.house_no, &household.place_note)));
            if !household.alive {
                register.deleted_households.insert(household.id);
                continue;
            }
            places.insert(household.id, register.households.len());
            register.households.push(RegisteredHousehold {
                id: household.id,
                hamlet_unit: unit.to_owned(),
                alley,
                house_no: household.house_no,
                place_note: household.place_note,
                code: household.code,
                dwelling: household.dwelling,
                members: vec![],
            });
        }
        for member in members {
            if !member.alive || register.deleted_households.contains(&member.household) {
                register.deleted_members.insert(member.id);
                let (unit, door) = doors.get(&member.household).cloned().unwrap_or_default();
                register.deleted_people.push(DeletedPerson {
                    id: member.id,
                    household: member.household,
                    with_household: register.deleted_households.contains(&member.household),
                    hamlet_unit: unit.to_owned(),
                    door,
                    full_name: member.full_name,
                    birth: member.birth,
                });
                continue;
            }
            let place = places.get(&member.household);
            if let Some(household) = place.and_then(|at| register.households.get_mut(*at)) {
                household.members.push(RegisteredMember {
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
        register
    }
}

impl From<&RosterList> for Register {
    /// The register after a list was taken into an empty one.
    fn from(list: &RosterList) -> Self {
        let households = list.households.iter().map(|household| RegisteredHousehold {
            id: list.household_id(household),
            hamlet_unit: household.hamlet_unit.clone(),
            alley: household.alley.clone(),
            house_no: household.house_no.clone(),
            place_note: household.place_note.clone(),
            code: household.code.clone(),
            dwelling: household.dwelling.clone(),
            members: household
                .members
                .iter()
                .map(|member| RegisteredMember {
                    id: list.member_id(member),
                    full_name: member.full_name.clone(),
                    birth: member.birth,
                    sex: member.sex.clone(),
                    relation: member.relation.clone(),
                    phone: member.phone.clone(),
                    residence: member.residence.clone(),
                })
                .collect(),
        });
        Self { households: households.collect(), ..Self::default() }
    }
}
