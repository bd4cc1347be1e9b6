//! Đưa danh sách Excel vào: look at a list, then take it in as one job of many saves. The job's progress
//! is told group by group; cut off in the middle it is run again and goes on where it stopped, because a
//! list's records have the same ids every time and what stands already is not written again.

use std::collections::BTreeMap;

use domain::ids::{AlleyId, HamletUnitId, HouseholdId, JobId, RosterListId};
use domain::registry::RecordKind;
use roster::{
    Counts, Destination, HouseholdPlan, Limits, Plan, Preview, Register, RegisteredHousehold,
    RegisteredMember, RosterList, UnitPlan, match_list,
};
use serde::Serialize;
use store::tables::{alleys, hamlet_units, households, members};
use store::{Change, Operation, StoreError};
use sync_core::op::Scope;
use sync_core::records;

use crate::error::AppError;
use crate::setup::Laptop;

/// So many records fit into one save of 64 KiB with room to spare; a save that does not fit is halved.
const RECORDS_IN_A_SAVE: usize = 90;

/// A list that was looked at, ready to be taken in.
#[derive(Clone, Debug)]
pub struct Looked {
    list: RosterList,
    plan: Plan,
    /// What the page shows.
    pub view: ListView,
}

/// What the page shows before anything is written.
#[derive(Clone, Debug, Serialize)]
pub struct ListView {
    /// Counts, mapping, rows that could not be read.
    pub preview: Preview,
    /// What taking it in would do.
    pub result: ListResult,
}

/// What taking a list in did, or would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ListResult {
    /// Households not in the register.
    pub households_added: usize,
    /// Households known already.
    pub households_matched: usize,
    /// Households for a person to decide; nothing is written of them.
    pub households_ambiguous: usize,
    /// People not in the register.
    pub persons_added: usize,
    /// People known already.
    pub persons_matched: usize,
    /// People for a person to decide.
    pub persons_ambiguous: usize,
    /// Households that name no hamlet unit; nothing is written of them.
    pub without_unit: usize,
    /// Hamlet units that this laptop does not work in; nothing is written of them.
    pub other_units: usize,
}

/// Who handed a list over; kept with it.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// "Ông Tư, trưởng thôn"
    pub handed_over_by: String,
    /// The legal basis, with its citation.
    pub basis: String,
}

/// Reads a list and matches it against the register. Writes nothing.
pub fn look(laptop: &mut Laptop, bytes: &[u8]) -> Result<Looked, AppError> {
    let today = laptop.store.today();
    let list = roster::read(&roster::open(bytes, &Limits::default())?, today)?;
    let register = register(laptop)?;
    let matches = match_list(&list, &register);
    let units = hamlet_units::list(laptop.store.reading())?;
    let to = Destination {
        commune: laptop.store.identity().commune,
        units: &units,
        // A laptop of one hamlet unit knows where a list without a unit belongs.
        unit_for_the_rest: match laptop.commune.hamlet_unit_names.as_slice() {
            [only] => Some(only.as_str()),
            _ => None,
        },
    };
    let mut plan = roster::plan(&list, &matches, &register, &to);
    let planned = plan.units.len();
    let identity = laptop.store.identity();
    if !identity.role.sees_whole_commune() {
        // What the commune would not take from this laptop is not written here either.
        plan.units.retain(|unit| identity.hamlet_units.contains(&unit.unit.id));
    }
    let mut result = result(&matches.household_counts, &matches.person_counts, plan.without_unit);
    result.other_units = planned - plan.units.len();
    let view = ListView { preview: list.preview(), result };
    Ok(Looked { list, plan, view })
}

fn result(households: &Counts, persons: &Counts, without_unit: usize) -> ListResult {
    ListResult {
        households_added: households.added,
        households_matched: households.matched,
        households_ambiguous: households.ambiguous,
        persons_added: persons.added,
        persons_matched: persons.matched,
        persons_ambiguous: persons.ambiguous,
        without_unit,
        other_units: 0,
    }
}

/// Takes the list in. `progress` is told how many of how many households are kept.
pub fn take_in(
    laptop: &mut Laptop,
    looked: &Looked,
    source: &Source,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<ListResult, AppError> {
    let Looked { list, plan, view } = looked;
    let total = plan.units.iter().map(|unit| unit.households.len()).sum();
    let list_id = RosterListId::from_list(list.content_hash, 0);
    let job = JobId::new(0, laptop.store.random()?);
    let mut kept = 0;
    for unit in &plan.units {
        let operation = Operation { name: "roster.commit", scope: Scope::from(unit.unit.id), job: Some(job) };
        laptop.store.transact(operation, |change| places(change, unit))?;
        for stretch in unit.stretches(RECORDS_IN_A_SAVE) {
            households_of(laptop, operation, stretch, list_id)?;
            kept += stretch.len();
            progress(kept, total);
        }
    }
    // Last: a list that has its own record was taken in whole. The commune may have taken it in before:
    // who handed it over first stays written.
    if let [unit] = plan.units.as_slice() {
        let operation = Operation { name: "roster.commit", scope: Scope::from(unit.unit.id), job: Some(job) };
        laptop.store.transact(operation, |change| {
            match change.knows(RecordKind::RosterList, list_id.0)? {
                true => Ok(()),
                false => change.put(&record(list, list_id, source, change.today())),
            }
        })?;
    }
    Ok(view.result)
}

fn places(change: &mut Change<'_>, unit: &UnitPlan) -> Result<(), StoreError> {
    if unit.is_new {
        change.put(&unit.unit)?;
    }
    unit.alleys.iter().try_for_each(|alley| change.put(alley))
}

/// One save; in two where it does not fit.
fn households_of(
    laptop: &mut Laptop,
    operation: Operation,
    stretch: &[HouseholdPlan],
    list: RosterListId,
) -> Result<(), StoreError> {
    let saved = laptop.store.transact(operation, |change| {
        for household in stretch {
            if let Some((record, row)) = &household.household {
                change.put_with(record, records::origin(RecordKind::Household, list, *row))?;
            }
            for (record, row) in &household.members {
                change.put_with(record, records::origin(RecordKind::Member, list, *row))?;
            }
        }
        Ok(())
    });
    match saved {
        Err(StoreError::GroupTooLarge { .. }) if stretch.len() > 1 => {
            let (first, second) = stretch.split_at(stretch.len() / 2);
            households_of(laptop, operation, first, list)?;
            households_of(laptop, operation, second, list)
        }
        saved => saved.map(drop),
    }
}

fn record(
    list: &RosterList,
    id: RosterListId,
    source: &Source,
    today: domain::calendar::Day,
) -> records::RosterList {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    records::RosterList {
        id,
        content_hash: list.content_hash.to_hex(),
        list_day: list.list_day,
        handed_over_by: source.handed_over_by.clone(),
        imported_on: Some(today),
        households: count(list.households.len()),
        persons: count(list.persons()),
        title: list.title.clone().unwrap_or_default(),
        basis: source.basis.clone(),
    }
}

/// The living records of this laptop, as matching sees them.
fn register(laptop: &Laptop) -> Result<Register, StoreError> {
    let connection = laptop.store.reading();
    let units = hamlet_units::list(connection)?;
    let unit_names: BTreeMap<HamletUnitId, &str> =
        units.iter().map(|unit| (unit.id, unit.name.as_str())).collect();
    let mut alley_names: BTreeMap<AlleyId, String> = BTreeMap::new();
    for unit in &units {
        alley_names
            .extend(alleys::of_unit(connection, unit.id)?.into_iter().map(|alley| (alley.id, alley.name)));
    }
    let mut people: BTreeMap<HouseholdId, Vec<RegisteredMember>> = BTreeMap::new();
    for member in members::list(connection)?.into_iter().filter(|member| member.alive) {
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
    let living = households::list(connection)?.into_iter().filter(|household| household.alive);
    let households = living.map(|household| RegisteredHousehold {
        id: household.id,
        hamlet_unit: unit_names.get(&household.hamlet_unit).copied().unwrap_or_default().to_owned(),
        alley: household.alley.and_then(|alley| alley_names.get(&alley).cloned()).unwrap_or_default(),
        house_no: household.house_no,
        place_note: household.place_note,
        code: household.code,
        dwelling: household.dwelling,
        members: people.remove(&household.id).unwrap_or_default(),
    });
    Ok(Register { households: households.collect() })
}
