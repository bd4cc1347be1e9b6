//! What taking a list into the register writes: new places, households and people, and gaps that the list
//! fills. What the list says differently is never written, only counted: a list knows less than a visit.
//!
//! Laptop and server make the same plan of the same list, with the same ids, so that both may take it in.

use std::collections::BTreeMap;

use domain::ids::{AlleyId, CommuneId, HamletUnitId, HouseholdId, MemberId, RosterListId};
use domain::people::{Alley, HamletUnit, HamletUnitKind, Household, Member};

use crate::list::{ListedHousehold, ListedMember, RosterList};
use crate::matching::{
    Counts, Difference, DifferenceKind, Field, HouseholdOutcome, Matches, MemberOutcome, Register,
    RegisteredHousehold, RegisteredMember,
};
use crate::units::{Meant, UnitNames};

/// Everything a list adds, by hamlet unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In the list's order.
    pub units: Vec<UnitPlan>,
    /// Households that name no unit, or a name that two of them have: nothing is written of them.
    pub without_unit: usize,
}

/// What is written in one hamlet unit, which is one scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitPlan {
    /// The unit itself; written where the register does not have it.
    pub unit: HamletUnit,
    /// True if the register does not have it.
    pub is_new: bool,
    /// Alleys of the households below.
    pub alleys: Vec<Alley>,
    /// Households with something to write.
    pub households: Vec<HouseholdPlan>,
    /// The list's record in this unit.
    pub list: RosterListId,
    /// Households of the list in this unit, by what becomes of them.
    pub household_counts: Counts,
    /// Their people.
    pub person_counts: Counts,
}

/// What is written of one household.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HouseholdPlan {
    /// A new household, or a known one with gaps filled; `None` where only people are written.
    pub household: Option<(Household, u32)>,
    /// New people, and known ones with gaps filled, each with its row of the list.
    pub members: Vec<(Member, u32)>,
}

impl Plan {
    /// Households and people of the planned units, by what becomes of them.
    pub fn counts(&self) -> (Counts, Counts) {
        let (mut households, mut persons) = (Counts::default(), Counts::default());
        for unit in &self.units {
            households.add(&unit.household_counts);
            persons.add(&unit.person_counts);
        }
        (households, persons)
    }
}

impl UnitPlan {
    /// Households in stretches of about so many records: what fits into one save.
    pub fn stretches(&self, records: usize) -> Vec<&[HouseholdPlan]> {
        let (mut stretches, mut from, mut count) = (Vec::new(), 0, 0);
        for (at, household) in self.households.iter().enumerate() {
            let size = 1 + household.members.len();
            if count > 0 && count + size > records {
                stretches.extend(self.households.get(from..at));
                (from, count) = (at, 0);
            }
            count += size;
        }
        stretches.extend(self.households.get(from..).filter(|rest| !rest.is_empty()));
        stretches
    }
}

/// Where a list is taken in.
#[derive(Clone, Debug)]
pub struct Destination<'a> {
    /// Ids of places are made of it.
    pub commune: CommuneId,
    /// Units the register has; a unit of the list is one of them in whatever spelling ([`UnitNames`]).
    pub units: &'a [HamletUnit],
}

/// Makes the plan of a list that was matched against this register.
pub fn plan(list: &RosterList, matches: &Matches, register: &Register, to: &Destination<'_>) -> Plan {
    let known = Known::of(register);
    let mut plan = Plan::default();
    let mut names: UnitNames = to.units.iter().map(|unit| unit.name.as_str()).collect();
    let mut meant: BTreeMap<&str, Option<usize>> = BTreeMap::new();
    let mut places: BTreeMap<usize, usize> = BTreeMap::new();
    for (listed, outcome) in list.households.iter().zip(&matches.households) {
        let name = match outcome {
            // A known household stays where it is, whatever the list calls the place.
            HouseholdOutcome::Matched { id, .. } => known.unit_of(*id),
            _ => &listed.hamlet_unit,
        };
        let at = *meant.entry(name).or_insert_with(|| match names.find(name) {
            _ if name.is_empty() => None,
            Meant::One(at) => Some(at),
            Meant::Several => None,
            Meant::None => Some(names.add(name)),
        });
        let Some(at) = at else {
            plan.without_unit += 1;
            continue;
        };
        let place = *places.entry(at).or_insert_with(|| {
            plan.units.push(unit(list, name, to.units.get(at), to.commune));
            plan.units.len() - 1
        });
        if let Some(unit) = plan.units.get_mut(place) {
            let (counted, people) = outcome.counts(listed.members.len());
            unit.household_counts.add(&counted);
            unit.person_counts.add(&people);
            household(list, listed, outcome, &known, unit);
        }
    }
    plan
}

/// A unit of which nothing but the name is known.
pub fn unit_called(id: HamletUnitId, name: &str) -> HamletUnit {
    let kind = HamletUnitKind::of_name(name);
    HamletUnit {
        id,
        name: name.to_owned(),
        // The plan does not say what "đô thị" is within a xã: TDP until the commune says otherwise.
        urban: kind == HamletUnitKind::ResidentialGroup,
        kind,
        valid_from: None,
        valid_to: None,
    }
}

fn unit(list: &RosterList, name: &str, known: Option<&HamletUnit>, commune: CommuneId) -> UnitPlan {
    let unit = known.cloned().unwrap_or_else(|| unit_called(HamletUnitId::from_name(commune.0, name), name));
    UnitPlan {
        is_new: known.is_none(),
        alleys: vec![],
        households: vec![],
        list: RosterListId::in_unit(list.content_hash, unit.id),
        household_counts: Counts::default(),
        person_counts: Counts::default(),
        unit,
    }
}

struct Known<'a> {
    households: BTreeMap<HouseholdId, &'a RegisteredHousehold>,
    members: BTreeMap<MemberId, (HouseholdId, &'a RegisteredMember)>,
}

impl<'a> Known<'a> {
    fn of(register: &'a Register) -> Self {
        let households = register.households.iter().map(|household| (household.id, household)).collect();
        let people = register
            .households
            .iter()
            .flat_map(|household| household.members.iter().map(|member| (member.id, (household.id, member))));
        Self { households, members: people.collect() }
    }

    fn unit_of(&self, id: HouseholdId) -> &'a str {
        self.households.get(&id).map(|household| household.hamlet_unit.as_str()).unwrap_or_default()
    }
}

fn household(
    list: &RosterList,
    listed: &ListedHousehold,
    outcome: &HouseholdOutcome,
    known: &Known<'_>,
    unit: &mut UnitPlan,
) {
    let row = listed.at.list_row();
    let (id, record, members) = match outcome {
        HouseholdOutcome::Ambiguous { .. } | HouseholdOutcome::Deleted { .. } => return,
        HouseholdOutcome::New { members } => {
            let id = list.household_id(listed);
            (id, Some(new_household(id, listed, unit)), members)
        }
        HouseholdOutcome::Matched { id, differences, members, .. } => {
            let filled =
                known.households.get(id).and_then(|kept| filled_household(kept, listed, differences, unit));
            (*id, filled, members)
        }
    };
    let members: Vec<_> = listed
        .members
        .iter()
        .zip(members)
        .filter_map(|(listed, outcome)| {
            Some((member(list, id, listed, outcome, known)?, listed.at.list_row()))
        })
        .collect();
    if record.is_some() || !members.is_empty() {
        unit.households.push(HouseholdPlan { household: record.map(|record| (record, row)), members });
    }
}

fn alley(name: &str, unit: &mut UnitPlan) -> Option<AlleyId> {
    if name.is_empty() {
        return None;
    }
    let id = AlleyId::from_name(unit.unit.id.0, name);
    if unit.alleys.iter().all(|alley| alley.id != id) {
        unit.alleys.push(Alley { id, hamlet_unit: unit.unit.id, name: name.to_owned() });
    }
    Some(id)
}

fn new_household(id: HouseholdId, listed: &ListedHousehold, unit: &mut UnitPlan) -> Household {
    Household {
        id,
        hamlet_unit: unit.unit.id,
        alley: alley(&listed.alley, unit),
        house_no: listed.house_no.clone(),
        place_note: listed.place_note.clone(),
        code: listed.code.clone(),
        dwelling: listed.dwelling.clone(),
        alive: true,
    }
}

fn fills(differences: &[Difference], field: Field) -> bool {
    differences.iter().any(|one| one.field == field && one.kind == DifferenceKind::Fills)
}

/// The known household with what the list adds; `None` if it adds nothing.
fn filled_household(
    kept: &RegisteredHousehold,
    listed: &ListedHousehold,
    differences: &[Difference],
    unit: &mut UnitPlan,
) -> Option<Household> {
    let text = |field: Field, kept: &str, listed: &str| {
        if fills(differences, field) { listed.to_owned() } else { kept.to_owned() }
    };
    let filled = differences.iter().any(|one| one.kind == DifferenceKind::Fills);
    filled.then(|| Household {
        id: kept.id,
        hamlet_unit: unit.unit.id,
        alley: alley(&text(Field::Alley, &kept.alley, &listed.alley), unit),
        house_no: text(Field::HouseNo, &kept.house_no, &listed.house_no),
        place_note: text(Field::PlaceNote, &kept.place_note, &listed.place_note),
        code: text(Field::Code, &kept.code, &listed.code),
        dwelling: kept.dwelling.clone(),
        alive: true,
    })
}

/// A new person, or a known one with what the list adds; `None` if there is nothing to write. Somebody
/// known from another household stays there: a move is told at the door.
fn member(
    list: &RosterList,
    household: HouseholdId,
    listed: &ListedMember,
    outcome: &MemberOutcome,
    known: &Known<'_>,
) -> Option<Member> {
    match outcome {
        MemberOutcome::Ambiguous { .. } | MemberOutcome::Deleted => None,
        MemberOutcome::New => Some(Member {
            id: list.member_id(listed),
            household,
            full_name: listed.full_name.clone(),
            birth: listed.birth,
            sex: listed.sex.clone(),
            relation: listed.relation.clone(),
            phone: listed.phone.clone(),
            residence: listed.residence.clone(),
            alive: true,
        }),
        MemberOutcome::Matched { id, differences, .. } => {
            let (household, kept) = known.members.get(id)?;
            let fill = |field| fills(differences, field);
            let fillable = [Field::Birth, Field::Sex, Field::Phone];
            fillable.into_iter().any(fill).then(|| Member {
                id: *id,
                household: *household,
                full_name: kept.full_name.clone(),
                birth: if fill(Field::Birth) { listed.birth } else { kept.birth },
                sex: if fill(Field::Sex) { listed.sex.clone() } else { kept.sex.clone() },
                relation: kept.relation.clone(),
                phone: if fill(Field::Phone) { listed.phone.clone() } else { kept.phone.clone() },
                residence: kept.residence.clone(),
                alive: true,
            })
        }
    }
}
