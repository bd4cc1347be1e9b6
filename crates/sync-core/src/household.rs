//! A household as it stands on a day, out of its records and events: the one place where laptop and server
//! put visits, facts, consent and residence together before they count or show anything.

use std::collections::{BTreeMap, BTreeSet};

use domain::calendar::Day;
use domain::consent::{Backing, Basis, Consent, Decision, Purpose, Standing};
use domain::criteria::{CriteriaSet, Person};
use domain::fact::{Assessment, Current, Fact};
use domain::ids::MemberId;
use domain::people::{Household, Member};
use domain::registry::RecordKind;
use domain::rules::DoorRules;
use domain::tally::{Contribution, HouseholdView};
use domain::visit::{Visit, VisitState};
use uuid::Uuid;

use crate::projection::{current_facts, day_of, standing};
use crate::row::Row;
use crate::stamp::OrderKey;

/// The alley of households whose alley is not known.
pub const NO_ALLEY: Uuid = Uuid::nil();

/// What the counting goes by.
#[derive(Clone, Debug)]
pub struct CountedBy {
    /// Ages, validity, what counts as yes.
    pub rules: DoorRules,
    /// What makes a Gia đình số.
    pub criteria: CriteriaSet,
    /// The commune's legal basis: how long a relative's word counts.
    pub basis: Basis,
}

impl CountedBy {
    /// Which files counted: printed beside every figure.
    pub fn names(&self) -> Vec<String> {
        vec![
            format!("{} v{}", self.criteria.id, self.criteria.version),
            format!("{} v{}", self.rules.id, self.rules.version),
        ]
    }
}

/// A person's line, already as of the day (household and residence), and events in any order.
#[derive(Clone, Debug)]
pub struct PersonRecords {
    /// The register line.
    pub member: Member,
    /// What was learned, voided events included.
    pub assessments: Vec<(OrderKey, Assessment)>,
    /// Answers to the consent question, voided events included.
    pub consents: Vec<(OrderKey, Consent)>,
}

/// Everything that is known about one person, as of a day.
#[derive(Clone, Debug)]
pub struct PersonState {
    /// The register line; the phone only where the person agreed to be called (P3). For showing, never for
    /// writing back.
    pub member: Member,
    /// Current facts; empty where the person refused to have them kept. What was learned before a refusal does
    /// not come back when the person agrees again.
    pub facts: BTreeMap<Fact, Current>,
    /// Where the person stands with being counted (P2).
    pub consent: Standing,
    /// Guided by the team at least once.
    pub guided: bool,
}

/// True if a line of the register counts as it did: what differs is names and addresses, which no figure looks at.
pub fn counts_alike(before: &Row, after: &Row) -> bool {
    let household = |row: &Row| {
        let line = Household::try_from(row).ok()?;
        Some(Household { house_no: String::new(), place_note: String::new(), code: String::new(), ..line })
    };
    let member = |row: &Row| {
        let line = Member::try_from(row).ok()?;
        Some(Member { full_name: String::new(), phone: None, ..line })
    };
    match RecordKind::from_no(after.kind) {
        Some(RecordKind::Household) => household(before) == household(after),
        Some(RecordKind::Member) => member(before) == member(after),
        _ => false,
    }
}

/// Everything that is known about one household, as of a day.
#[derive(Clone, Debug)]
pub struct HouseholdState {
    /// The register line.
    pub household: Household,
    /// From the visits that stand.
    pub visits: VisitState,
    /// The newest visit that stands.
    pub last_visit: Option<Visit>,
    /// In the household's order.
    pub people: Vec<PersonState>,
    /// The first later day that an answer is dated: written under a clock that ran ahead, it counts then.
    pub next_answer: Option<Day>,
}

impl HouseholdState {
    /// Puts the records together. `visits` in any order, voided ones included.
    pub fn of(
        household: Household,
        visits: &[(OrderKey, Visit)],
        people: Vec<PersonRecords>,
        by: &CountedBy,
        today: Day,
    ) -> Self {
        let stand = standing(visits).into_iter().map(|(_, visit)| visit);
        let stand: Vec<&Visit> = stand.filter(|visit| visit.outcome.is_attempt()).collect();
        let guided: BTreeSet<MemberId> =
            stand.iter().flat_map(|visit| visit.guided.iter().copied()).collect();
        let answers = people.iter().flat_map(|records| &records.assessments);
        let days = answers.map(|(key, assessment)| day_of(key, assessment.day));
        let next_answer = days.filter(|day| *day > today).min();
        Self {
            next_answer,
            household,
            visits: VisitState::of(stand.iter().copied()),
            last_visit: stand.last().copied().cloned(),
            people: people.into_iter().map(|records| person(records, &guided, by, today)).collect(),
        }
    }

    /// The hamlet unit and the alley under which it counts.
    pub fn place(&self) -> (Uuid, Uuid) {
        (self.household.hamlet_unit.0, self.household.alley.map_or(NO_ALLEY, |alley| alley.0))
    }

    /// What it adds to the tallies, and why.
    pub fn contribution(&self, by: &CountedBy, today: Day) -> Contribution {
        let view = HouseholdView {
            household: &self.household,
            visits: self.visits.clone(),
            people: self.people.iter().map(PersonState::seen).collect(),
        };
        let counted = Contribution::of(&view, &by.criteria, &by.rules, today);
        let valid_until = counted.valid_until.into_iter().chain(self.next_answer).min();
        Contribution { valid_until, ..counted }
    }
}

impl PersonState {
    fn seen(&self) -> Person<'_> {
        // Sessions come with their screens; until then nobody has attended one.
        Person { member: &self.member, facts: &self.facts, attended: false, guided: self.guided }
    }
}

fn person(records: PersonRecords, guided: &BTreeSet<MemberId>, by: &CountedBy, today: Day) -> PersonState {
    let PersonRecords { mut member, assessments, consents } = records;
    let stand = standing(&consents);
    // A refusal empties facts and phone (door rules §5): whatever was said or learned before it is over.
    let refused = stand.iter().rev().find(|(_, consent)| consent.refuses(&Purpose::Figures));
    let refused = refused.map(|(key, _)| *key);
    let since = |key: &OrderKey| refused.is_none_or(|refused| refused < *key);
    let consent = Standing::of(&Purpose::Figures, stand.iter().map(|(_, consent)| consent));
    let said = || stand.iter().filter(|(key, _)| since(key)).map(|(_, consent)| consent);
    if Standing::of(&Purpose::Phone, said()) != Standing::Agreed {
        member.phone = None;
    }
    let agreed = stand.iter().filter(|(key, consent)| {
        since(key) && consent.decision == Decision::Agreed && consent.purposes.contains(&Purpose::Figures)
    });
    let agreed_on = agreed.map(|(key, consent)| day_of(key, consent.day)).min();
    let backing = Backing { basis: &by.basis, agreed_on };
    let assessments: Vec<_> = assessments
        .into_iter()
        .filter(|(key, _)| since(key))
        .map(|(key, one)| (key, Assessment { answers: by.rules.with_certified(one.answers), ..one }))
        .collect();
    let facts = if consent == Standing::Refused {
        BTreeMap::new()
    } else {
        current_facts(&assessments, today, |_, evidence, day| by.rules.counts_until(evidence, day, &backing))
    };
    PersonState { guided: guided.contains(&member.id), member, facts, consent }
}
