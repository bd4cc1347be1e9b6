//! Đưa danh sách Excel vào: look at a list, then take it in as one job of many saves. The job's progress
//! is told group by group; cut off in the middle it is run again and goes on where it stopped, because a
//! list's records have the same ids every time and what stands already is not written again.

use std::collections::BTreeSet;

use domain::ids::{DeviceId, HamletUnitId, JobId, RosterListId};
use domain::registry::RecordKind;
use roster::{
    Counts, Destination, HouseholdPlan, Limits, MappedColumn, Mapping, Plan, Preview, Register, Repair,
    RosterList, RowTrouble, UnitPlan, match_list, unit_called,
};
use serde::Serialize;
use store::tables::{alleys, hamlet_units, households, members};
use store::{Change, Operation, StoreError};
use sync_core::op::Scope;
use sync_core::records::{self, Recorded, origin, written_by_list};
use sync_core::value::Value;
use ts_rs::TS;

use crate::error::{AppError, NO_LIST_CHOSEN, REGISTER_CHANGED};
use crate::setup::Laptop;

/// So many records fit into one save of 64 KiB with room to spare; a save that does not fit is halved.
const RECORDS_IN_A_SAVE: usize = 90;

/// A list that was looked at, ready to be taken in. What it would write is not kept: the register may change
/// before it is taken in.
#[derive(Clone, Debug)]
pub struct Looked {
    list: RosterList,
    /// The laptop whose register it was matched against.
    device: DeviceId,
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
    /// The columns a person can choose among.
    pub columns: Vec<MappedColumn>,
    /// What stands in the cell of each rejected row, in the order of the preview.
    pub rejected: Vec<String>,
    /// The same of each row to look at.
    pub warned: Vec<String>,
}

/// What taking a list in did, or would do, in the hamlet units of this laptop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, TS)]
pub struct ListResult {
    /// Households not in the register.
    pub households_added: usize,
    /// Households known already.
    pub households_matched: usize,
    /// Households for a person to decide; nothing is written of them.
    pub households_ambiguous: usize,
    /// Households of this very list that were deleted since; they stay deleted.
    pub households_deleted: usize,
    /// People not in the register.
    pub persons_added: usize,
    /// People known already.
    pub persons_matched: usize,
    /// People for a person to decide.
    pub persons_ambiguous: usize,
    /// People of this very list who were deleted since; they stay deleted.
    pub persons_deleted: usize,
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

/// How a person wants a list to be read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Which column says what; without it: as the titles say.
    pub mapping: Option<Mapping>,
    /// Cells that were repaired in place.
    pub repairs: Vec<Repair>,
}

/// Reads a list as its titles say and matches it against the register. Writes nothing.
pub fn look(laptop: &mut Laptop, bytes: &[u8]) -> Result<Looked, AppError> {
    look_as(laptop, bytes, &Reading::default())
}

/// The same as a person wants it read.
pub fn look_as(laptop: &mut Laptop, bytes: &[u8], reading: &Reading) -> Result<Looked, AppError> {
    let today = laptop.store.today();
    let limits = Limits::default();
    let book = roster::open(bytes, &limits)?.repaired(&reading.repairs, &limits);
    let columns = book.columns();
    let mut list = match &reading.mapping {
        Some(mapping) => roster::read_with(&book, &titled(mapping, &columns), today)?,
        None => roster::read(&book, today)?,
    };
    let preview = list.preview();
    let shown = |line: &RowTrouble| {
        let column = line.column.as_deref().unwrap_or_default();
        book.shown(&line.sheet, line.row, column)
    };
    let rejected = preview.rejected.iter().map(shown).collect();
    let warned = preview.warnings.iter().map(shown).collect();
    // A laptop of one hamlet unit knows where a list without a unit belongs.
    if let [only] = laptop.commune.hamlet_unit_names.as_slice() {
        list = list.in_unit(only);
    }
    let (_, result) = matched(laptop, &list)?;
    let device = laptop.store.identity().device;
    Ok(Looked { list, device, view: ListView { preview, result, columns, rejected, warned } })
}

/// A person chooses columns by their letters; the titles are those of the file.
fn titled(mapping: &Mapping, columns: &[MappedColumn]) -> Mapping {
    let of = |chosen: &MappedColumn| {
        columns.iter().find(|one| one.column == chosen.column).unwrap_or(chosen).clone()
    };
    Mapping(mapping.0.iter().map(|(role, chosen)| (*role, of(chosen))).collect())
}

/// What a list adds to the register as it stands now.
fn matched(laptop: &Laptop, list: &RosterList) -> Result<(Plan, ListResult), StoreError> {
    let register = register(laptop)?;
    let matches = match_list(list, &register);
    let mut units = hamlet_units::list(laptop.store.reading())?;
    let identity = laptop.store.identity();
    let here: BTreeSet<HamletUnitId> = units.iter().map(|unit| unit.id).collect();
    // Before the first sync the laptop knows its units from the enrolment only, and they are these all the same.
    let enrolled = identity.hamlet_units.iter().zip(&laptop.commune.hamlet_unit_names);
    units.extend(enrolled.filter(|(id, _)| !here.contains(id)).map(|(id, name)| unit_called(*id, name)));
    let to = Destination { commune: identity.commune, units: &units };
    let mut plan = roster::plan(list, &matches, &register, &to);
    plan.units.iter_mut().for_each(|unit| unit.is_new = !here.contains(&unit.unit.id));
    let planned = plan.units.len();
    if !identity.role.sees_whole_commune() {
        // What the commune would not take from this laptop is not written here either.
        plan.units.retain(|unit| identity.hamlet_units.contains(&unit.unit.id));
    }
    let result = ListResult { other_units: planned - plan.units.len(), ..result(&plan) };
    Ok((plan, result))
}

fn result(plan: &Plan) -> ListResult {
    let (households, persons) = plan.counts();
    ListResult {
        households_added: households.added,
        households_matched: households.matched,
        households_ambiguous: households.ambiguous,
        households_deleted: households.deleted,
        persons_added: persons.added,
        persons_matched: persons.matched,
        persons_ambiguous: persons.ambiguous,
        persons_deleted: persons.deleted,
        without_unit: plan.without_unit,
        other_units: 0,
    }
}

/// Takes the list in, if it would do what the page showed. Between looking and taking in a sync or another
/// list may have brought the same people: written by the old match, the whole hamlet would stand twice. Then
/// nothing is written, and the list is looked at again. `progress` is told how many of how many households
/// are kept.
pub fn take_in(
    laptop: &mut Laptop,
    looked: &Looked,
    source: &Source,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<ListResult, AppError> {
    let Looked { list, device, view } = looked;
    if *device != laptop.store.identity().device {
        return Err(AppError::new(NO_LIST_CHOSEN));
    }
    let (plan, result) = matched(laptop, list)?;
    if result != view.result {
        return Err(AppError::new(REGISTER_CHANGED));
    }
    let total = plan.units.iter().map(|unit| unit.households.len()).sum();
    let job = JobId::new(0, laptop.store.random()?);
    let mut kept = 0;
    for unit in &plan.units {
        let operation = Operation { name: "roster.commit", scope: Scope::from(unit.unit.id), job: Some(job) };
        laptop.store.transact(operation, |change| places(change, unit))?;
        for stretch in unit.stretches(RECORDS_IN_A_SAVE) {
            households_of(laptop, operation, stretch, unit.list)?;
            kept += stretch.len();
            progress(kept, total);
        }
        // Last: where a list has its record, it was taken in whole.
        laptop.store.transact(operation, |change| {
            let record = record(list, unit, source, change.today());
            write(change, &record, vec![])
        })?;
    }
    Ok(result)
}

/// What the list adds to one record as it stands.
fn write<R: Recorded>(
    change: &mut Change<'_>,
    record: &R,
    origin: Vec<(u16, Value)>,
) -> Result<(), StoreError> {
    let scope = change.scope();
    let fields = written_by_list(record, origin, scope, change.standing(R::KIND, record.record())?);
    if fields.is_empty() {
        return Ok(());
    }
    change.write(R::KIND, record.record(), fields)
}

fn places(change: &mut Change<'_>, unit: &UnitPlan) -> Result<(), StoreError> {
    if unit.is_new {
        write(change, &unit.unit, vec![])?;
    }
    unit.alleys.iter().try_for_each(|alley| write(change, alley, vec![]))
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
                write(change, record, origin(RecordKind::Household, list, *row))?;
            }
            for (record, row) in &household.members {
                write(change, record, origin(RecordKind::Member, list, *row))?;
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
    unit: &UnitPlan,
    source: &Source,
    today: domain::calendar::Day,
) -> records::RosterList {
    let count = |counts: &Counts| u32::try_from(counts.listed()).unwrap_or(u32::MAX);
    records::RosterList {
        id: unit.list,
        content_hash: list.content_hash.to_hex(),
        list_day: list.list_day,
        handed_over_by: source.handed_over_by.clone(),
        imported_on: Some(today),
        households: count(&unit.household_counts),
        persons: count(&unit.person_counts),
        title: list.title.clone().unwrap_or_default(),
        basis: source.basis.clone(),
    }
}

/// The records of this laptop, as matching sees them.
fn register(laptop: &Laptop) -> Result<Register, StoreError> {
    let connection = laptop.store.reading();
    let units = hamlet_units::list(connection)?;
    let mut alleys_of_units = Vec::new();
    for unit in &units {
        alleys_of_units.extend(alleys::of_unit(connection, unit.id)?);
    }
    let (households, members) = (households::list(connection)?, members::list(connection)?);
    Ok(Register::of(&units, alleys_of_units, households, members))
}
