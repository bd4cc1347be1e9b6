//! What people save, drawn from what their laptop shows them.

use anyhow::Result;
use domain::calendar::PartialDate;
use domain::fact::{Answer, Assessment, Evidence, Fact};
use domain::ids::{AssessmentId, HamletUnitId, HouseholdId, JobId, MemberId, VisitId};
use domain::people::{Dwelling, Household, Member, Relation, Residence};
use domain::registry::{RecordKind, no};
use domain::visit::{Channel, Outcome, Visit};
use store::tables::{households, members};
use store::{Change, Operation, Saved, Store, StoreError};
use sync_core::Value;
use sync_core::op::{GroupId, Scope};
use tests::dice::Dice;
use uuid::Uuid;

/// What one Save does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    Household,
    Member,
    Visit,
    Assessment,
    Rename,
    HouseNumber,
    Move,
    Same,
    /// Several groups of one job.
    Job,
}

const EDITS: [Edit; 13] = [
    Edit::Household,
    Edit::Household,
    Edit::Member,
    Edit::Member,
    Edit::Visit,
    Edit::Visit,
    Edit::Assessment,
    Edit::Rename,
    Edit::Rename,
    Edit::HouseNumber,
    Edit::Move,
    Edit::Same,
    Edit::Job,
];

/// A record and what it was written under.
pub(crate) type Under = (Uuid, Uuid);

/// What was done, what came of it, and what was begun under what.
pub(crate) type Done = (Edit, Vec<Saved>, Vec<Under>);

/// Something that somebody does at a door of these units; `None` where the laptop shows nothing to do it with. Says too
/// what was begun under what.
pub(crate) fn save(store: &mut Store, units: &[HamletUnitId], dice: &mut Dice) -> Result<Option<Done>> {
    let Some(edit) = dice.choose(&EDITS).copied() else { return Ok(None) };
    let all = households::list(store.reading())?;
    let household = dice.choose(&all).cloned();
    let Some(unit) = household.as_ref().map(|one| one.hamlet_unit).or_else(|| dice.choose(units).copied())
    else {
        return Ok(None);
    };
    let mut under = Vec::new();
    if edit == Edit::Job {
        let saves = job(store, unit, dice, &mut under)?;
        return Ok(Some((edit, saves, under)));
    }
    let operation = |unit: HamletUnitId| Operation { name: "sim", scope: Scope::from(unit), job: None };
    let id = |change: &mut Change<'_>| change.random::<16>().map(Uuid::from_bytes);
    let text = format!("Lê {}", dice.below(1000));
    let saved = match (edit, household) {
        (Edit::Household, _) => {
            let Some(unit) = dice.choose(units).copied() else { return Ok(None) };
            store.transact(operation(unit), |change| {
                let household = HouseholdId(id(change)?);
                change.put(&new_household(household, unit))?;
                let person = MemberId(id(change)?);
                under.push((person.0, household.0));
                change.put(&new_member(person, household, &text))
            })
        }
        (Edit::Job, _) | (_, None) => return Ok(None),
        (Edit::Member, Some(household)) => store.transact(operation(unit), |change| {
            let person = MemberId(id(change)?);
            under.push((person.0, household.id.0));
            change.put(&new_member(person, household.id, &text))
        }),
        (Edit::Visit, Some(household)) => store.transact(operation(unit), |change| {
            let visit = VisitId(id(change)?);
            under.push((visit.0, household.id.0));
            let day = change.today();
            change.put(&Visit {
                id: visit,
                household: household.id,
                day,
                outcome: Outcome::Absent,
                channel: Channel::AtHome,
                respondent: None,
                members_unchanged: false,
                next_day: None,
                topics: vec![],
                guided: vec![],
                voids: None,
            })
        }),
        (Edit::HouseNumber, Some(household)) => store.transact(operation(unit), |change| {
            change.put(&Household { house_no: text.clone(), ..household.clone() })
        }),
        (Edit::Move, Some(household)) => {
            let to = crate::office::UNITS.iter().map(|(_, other)| *other).find(|other| *other != unit);
            let Some(to) = to else { return Ok(None) };
            store.transact(operation(unit), |change| {
                let moved = vec![(no::HOUSEHOLD_MOVED_TO, Value::from(to.0))];
                change.write(RecordKind::Household, household.id.0, moved)
            })
        }
        (Edit::Assessment | Edit::Rename | Edit::Same, Some(household)) => {
            let people = members::of_household(store.reading(), household.id)?;
            let Some(person) = dice.choose(&people).cloned() else { return Ok(None) };
            let other = people.iter().find(|other| other.id != person.id).map(|other| other.id);
            match (edit, other) {
                (Edit::Same, None) => return Ok(None),
                (Edit::Same, Some(other)) => store.transact(operation(unit), |change| {
                    let edge = id(change)?;
                    under.extend([(edge, person.id.0), (edge, other.0)]);
                    let ends = vec![
                        (no::SAME_AS_A, Value::from(person.id.0)),
                        (no::SAME_AS_B, Value::from(other.0)),
                        (no::SAME_AS_ALIVE, Value::from(true)),
                    ];
                    change.write(RecordKind::SameAs, edge, ends)
                }),
                (Edit::Rename, _) => store.transact(operation(unit), |change| {
                    change.put(&Member { full_name: text.clone(), ..person.clone() })
                }),
                _ => store.transact(operation(unit), |change| {
                    let assessment = AssessmentId(id(change)?);
                    under.push((assessment.0, person.id.0));
                    let day = change.today();
                    let answer = (Fact::Smartphone, Answer::from("own".to_owned()), Evidence::SelfReported);
                    change.put(&Assessment {
                        id: assessment,
                        member: person.id,
                        day,
                        visit: None,
                        respondent: None,
                        answers: vec![answer],
                        voids: None,
                    })
                }),
            }
        }
    };
    match saved {
        Ok(((), saved)) => Ok(Some((edit, vec![saved], under))),
        // What lies elsewhere by now: the gate says no, and the page shows it.
        Err(StoreError::Invalid(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A list is taken in: households of one unit, a group for each, under one job.
fn job(store: &mut Store, unit: HamletUnitId, dice: &mut Dice, under: &mut Vec<Under>) -> Result<Vec<Saved>> {
    let job = Some(JobId(Uuid::from_u128(dice.roll().into())));
    let mut saves = Vec::new();
    for nth in 0..2 + dice.below(3) {
        let operation = Operation { name: "sim", scope: Scope::from(unit), job };
        let ((), saved) = store.transact(operation, |change| {
            let household = HouseholdId(change.random::<16>().map(Uuid::from_bytes)?);
            change.put(&new_household(household, unit))?;
            let person = MemberId(change.random::<16>().map(Uuid::from_bytes)?);
            under.push((person.0, household.0));
            change.put(&new_member(person, household, &format!("Lê {nth}")))
        })?;
        saves.push(saved);
    }
    Ok(saves)
}

/// Somebody decides that a group that is kept apart is not wanted.
pub(crate) fn dismiss(store: &mut Store, group: GroupId, scope: Scope) -> Result<Option<Saved>> {
    let operation = Operation { name: "sim", scope, job: None };
    let saved = store.transact(operation, |change| {
        change.write(RecordKind::Mending, group.0, vec![(no::MENDING_DECISION, Value::from("dismissed"))])
    });
    match saved {
        Ok(((), saved)) => Ok(Some(saved)),
        Err(StoreError::Invalid(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn new_household(id: HouseholdId, unit: HamletUnitId) -> Household {
    Household {
        id,
        hamlet_unit: unit,
        alley: None,
        house_no: String::new(),
        place_note: "sau đình".into(),
        code: String::new(),
        dwelling: Dwelling::House,
        alive: true,
    }
}

fn new_member(id: MemberId, household: HouseholdId, name: &str) -> Member {
    Member {
        id,
        household,
        full_name: name.to_owned(),
        birth: PartialDate::parse("1980").ok(),
        sex: None,
        relation: Relation::Other,
        phone: None,
        residence: Residence::Present,
        alive: true,
    }
}
