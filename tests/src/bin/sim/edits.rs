//! What people save, drawn from what their laptop shows them.

use anyhow::Result;
use domain::calendar::{Day, PartialDate};
use domain::consent::{Basis, Consent, Decision, Purpose};
use domain::fact::{Answer, Assessment, Evidence, Fact};
use domain::ids::{
    AssessmentId, ConsentId, HamletUnitId, HouseholdId, JobId, MemberId, ResidenceId, VisitId,
};
use domain::people::{Dwelling, Household, Member, Relation, Residence, Sex};
use domain::registry::{RecordKind, no, parent_field};
use domain::visit::{Outcome, Visit};
use store::tables::{assessments, households, members, visits};
use store::{Operation, Saved, Store, StoreError};
use sync_core::Value;
use sync_core::op::{GroupId, Scope};
use sync_core::records::{Recorded, ResidenceEvent};
use tests::dice::Dice;
use uuid::Uuid;

use crate::office::{ALLEYS, UNITS};

/// What one Save does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    Household,
    Member,
    Visit,
    Assessment,
    Consent,
    Residence,
    /// Into another household; of another unit the gate says no.
    Joins,
    Person,
    House,
    Move,
    Same,
    /// Several groups of one job.
    Job,
}

const EDITS: [Edit; 18] = [
    Edit::Household,
    Edit::Household,
    Edit::Member,
    Edit::Member,
    Edit::Visit,
    Edit::Visit,
    Edit::Assessment,
    Edit::Assessment,
    Edit::Consent,
    Edit::Residence,
    Edit::Joins,
    Edit::Person,
    Edit::Person,
    Edit::Person,
    Edit::House,
    Edit::Move,
    Edit::Same,
    Edit::Job,
];

/// A record and what it was written under.
pub(crate) type Under = (Uuid, Uuid);

/// What was done, what came of it, and what was written under what.
pub(crate) type Done = (Edit, Vec<Saved>, Vec<Under>);

/// What a Save writes of one record.
type Write = (RecordKind, Uuid, Vec<(u16, Value)>);

/// Something that somebody does at a door of these units; `None` where the laptop shows nothing to do it with.
pub(crate) fn save(store: &mut Store, units: &[HamletUnitId], dice: &mut Dice) -> Result<Option<Done>> {
    let Some(edit) = dice.choose(&EDITS).copied() else { return Ok(None) };
    let all = households::list(store.reading())?;
    let household = dice.choose(&all);
    let shown = household.map(|one| one.hamlet_unit).filter(|_| edit != Edit::Household);
    let Some(unit) = shown.or_else(|| dice.choose(units).copied()) else { return Ok(None) };
    let groups = match (edit, household) {
        (Edit::Household, _) => vec![begins(unit, dice)],
        (Edit::Job, _) => (0..2 + dice.below(3)).map(|_| begins(unit, dice)).collect(),
        (_, Some(household)) => at_door(store, edit, household, &all, dice)?.into_iter().collect(),
        (_, None) => vec![],
    };
    let job = (edit == Edit::Job).then(|| JobId(id(dice)));
    let (mut saves, mut under) = (Vec::new(), Vec::new());
    for writes in groups {
        let above: Vec<Under> = writes.iter().flat_map(written_under).collect();
        let operation = Operation { name: "sim", scope: Scope::from(unit), job };
        let saved = store.transact(operation, |change| {
            writes.into_iter().try_for_each(|(kind, record, fields)| change.write(kind, record, fields))
        });
        match saved {
            Ok(((), saved)) => saves.push(saved),
            // Of another unit: the gate says no, and the page shows it.
            Err(StoreError::Elsewhere) if edit == Edit::Joins => continue,
            Err(error) => return Err(error.into()),
        }
        under.extend(above);
    }
    Ok(Some((edit, saves, under)).filter(|(_, saves, _)| !saves.is_empty()))
}

/// What a household's page offers to change; `None` where nobody lives there to whom it could be done.
fn at_door(
    store: &mut Store,
    edit: Edit,
    household: &Household,
    all: &[Household],
    dice: &mut Dice,
) -> Result<Option<Vec<Write>>> {
    let people = members::of_household(store.reading(), household.id)?;
    let person = dice.choose(&people).cloned();
    let day = store.today();
    Ok(match (edit, person) {
        (Edit::Member, _) => Some(vec![all_of(&new_member(household.id, dice))]),
        (Edit::Visit, _) => Some(vec![all_of(&visit(store, household.id, day, dice)?)]),
        (Edit::House, _) => Some(vec![all_of(&house(household.clone(), dice))]),
        (Edit::Move, _) => UNITS.iter().find(|(_, unit)| *unit != household.hamlet_unit).map(|(_, to)| {
            let moved = vec![(no::HOUSEHOLD_MOVED_TO, Value::from(to.0))];
            vec![(RecordKind::Household, household.id.0, moved)]
        }),
        (Edit::Same, Some(person)) => people.iter().find(|other| other.id != person.id).map(|other| {
            let ends = vec![
                (no::SAME_AS_A, Value::from(person.id.0)),
                (no::SAME_AS_B, Value::from(other.id.0)),
                (no::SAME_AS_ALIVE, Value::from(true)),
            ];
            vec![(RecordKind::SameAs, id(dice), ends)]
        }),
        (Edit::Person, Some(person)) => Some(vec![all_of(&line(person, dice))]),
        (Edit::Assessment, Some(person)) => Some(vec![all_of(&learned(store, person.id, day, dice)?)]),
        (Edit::Consent, Some(person)) => Some(vec![all_of(&said(person.id, day, dice))]),
        (Edit::Residence, Some(person)) => Some(vec![all_of(&lives(person.id, None, day, dice))]),
        (Edit::Joins, Some(person)) => dice.choose(all).cloned().map(|joined| {
            let event = lives(person.id, Some(joined.id), day, dice);
            vec![all_of(&Member { household: joined.id, ..person }), all_of(&event)]
        }),
        (_, _) => None,
    })
}

fn all_of<R: Recorded>(record: &R) -> Write {
    (R::KIND, record.record(), record.fields())
}

/// What a write names its record under.
fn written_under((kind, record, fields): &Write) -> Vec<Under> {
    let above = [parent_field(*kind), Some(no::SAME_AS_A), Some(no::SAME_AS_B)];
    let named = fields.iter().filter(|(no, _)| above.contains(&Some(*no)));
    named.filter_map(|(_, value)| value.as_uuid()).map(|above| (*record, above)).collect()
}

fn id(dice: &mut Dice) -> Uuid {
    Uuid::from_u64_pair(dice.roll(), dice.roll())
}

fn name(dice: &mut Dice) -> String {
    format!("Lê {}", dice.below(1000))
}

/// A household with one person.
fn begins(unit: HamletUnitId, dice: &mut Dice) -> Vec<Write> {
    let household = new_household(unit, dice);
    vec![all_of(&household), all_of(&new_member(household.id, dice))]
}

fn visit(store: &Store, household: HouseholdId, day: Day, dice: &mut Dice) -> Result<Visit> {
    let before = visits::of_household(store.reading(), household)?;
    let undone = dice.choose(&before).map(|(_, visit)| visit.id).filter(|_| dice.below(4) == 0);
    let outcomes = [Outcome::Met, Outcome::Absent, Outcome::Declined, Outcome::Vacant];
    let outcome = dice.choose(&outcomes).cloned().filter(|_| undone.is_none());
    Ok(Visit {
        voids: undone,
        ..Visit::at_home(VisitId(id(dice)), household, day, outcome.unwrap_or(Outcome::TakenBack))
    })
}

/// Something that was learned of a person, or that corrects what was.
fn learned(store: &Store, member: MemberId, day: Day, dice: &mut Dice) -> Result<Assessment> {
    let before = assessments::of_member(store.reading(), member)?;
    let voids = dice.choose(&before).map(|(_, one)| one.id).filter(|_| dice.below(3) == 0);
    let answers = vec![answer(dice)];
    let id = AssessmentId(id(dice));
    Ok(Assessment { id, member, day, visit: None, respondent: None, answers, voids })
}

fn said(member: MemberId, day: Day, dice: &mut Dice) -> Consent {
    let decisions = [Decision::Agreed, Decision::Agreed, Decision::Declined, Decision::Withdrawn];
    Consent {
        id: ConsentId(id(dice)),
        member,
        day,
        visit: None,
        purposes: vec![Purpose::GuideFamily, Purpose::Figures],
        decision: dice.choose(&decisions).cloned().unwrap_or(Decision::Later),
        basis: Basis::Consent,
        text_version: String::new(),
        voids: None,
    }
}

fn lives(member: MemberId, household: Option<HouseholdId>, day: Day, dice: &mut Dice) -> ResidenceEvent {
    let status = dice.choose(&LIVES).cloned();
    ResidenceEvent { id: ResidenceId(id(dice)), member, day, status, household, voids: None }
}

const LIVES: [Residence; 4] =
    [Residence::Present, Residence::Away, Residence::MovedOut, Residence::Temporary];

/// A person's line with one thing in it that is otherwise.
fn line(person: Member, dice: &mut Dice) -> Member {
    match dice.below(8) {
        0 => {
            let births = ["1946", "1980-03", "2015", "2010-11-30"];
            let birth = dice.choose(&births).and_then(|birth| PartialDate::parse(birth).ok());
            Member { birth, ..person }
        }
        1 => Member { sex: Some(Sex::Female).filter(|sex| person.sex.as_ref() != Some(sex)), ..person },
        2 => Member { relation: Relation::Head, ..person },
        3 => Member { residence: dice.choose(&LIVES).cloned().unwrap_or(Residence::Unclear), ..person },
        4 => Member { alive: !person.alive, ..person },
        _ => Member { full_name: name(dice), ..person },
    }
}

fn house(household: Household, dice: &mut Dice) -> Household {
    match dice.below(6) {
        0 => Household { dwelling: Dwelling::RentedRoom, ..household },
        1 => Household { dwelling: Dwelling::House, ..household },
        2 => Household { alive: !household.alive, ..household },
        3 => {
            let of_unit = ALLEYS.iter().filter(|(unit, _)| *unit == household.hamlet_unit);
            let alleys: Vec<_> = of_unit.map(|(_, alley)| *alley).collect();
            Household { alley: dice.choose(&alleys).copied(), ..household }
        }
        _ => Household { house_no: name(dice), ..household },
    }
}

fn answer(dice: &mut Dice) -> (Fact, Answer, Evidence) {
    let fact =
        dice.choose(&[Fact::Smartphone, Fact::Vneid, Fact::Payment, Fact::Skill, Fact::Bdhvs]).cloned();
    let fact = fact.unwrap_or(Fact::Smartphone);
    let said = dice.choose(fact.choices()).cloned().map_or(Answer::Unknown, Answer::One);
    let evidence = dice.choose(&[Evidence::SelfReported, Evidence::Proxy, Evidence::Observed]).copied();
    (fact, said, evidence.unwrap_or(Evidence::SelfReported))
}

/// Somebody decides that a group that is kept apart is not wanted.
pub(crate) fn dismiss(store: &mut Store, group: GroupId, scope: Scope) -> Result<Option<Saved>> {
    let operation = Operation { name: "sim", scope, job: None };
    let saved = store.transact(operation, |change| {
        change.write(RecordKind::Mending, group.0, vec![(no::MENDING_DECISION, Value::from("dismissed"))])
    });
    match saved {
        Ok(((), saved)) => Ok(Some(saved)),
        Err(StoreError::Invalid(_) | StoreError::Elsewhere) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn new_household(unit: HamletUnitId, dice: &mut Dice) -> Household {
    Household {
        id: HouseholdId(id(dice)),
        hamlet_unit: unit,
        alley: None,
        house_no: String::new(),
        place_note: "sau đình".into(),
        code: String::new(),
        dwelling: Dwelling::House,
        alive: true,
    }
}

fn new_member(household: HouseholdId, dice: &mut Dice) -> Member {
    Member {
        id: MemberId(id(dice)),
        household,
        full_name: name(dice),
        birth: PartialDate::parse("1980").ok(),
        sex: None,
        relation: Relation::Other,
        phone: None,
        residence: Residence::Present,
        alive: true,
    }
}
