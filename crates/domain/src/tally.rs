//! Counting. A household's contribution is computed from what is known about it; a tally is a sum of
//! contributions. The laptop's gate and the server's ingest keep one tally per alley and criteria set by
//! taking a household's old contribution out and putting the new one in; a full recount must equal it.
//!
//! There is no coverage arithmetic anywhere else, SQL included. People are counted by their answer, so
//! that every figure can be taken apart again (*dùng chung* beside *máy riêng*, mức 1 beside mức 2).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::calendar::{Age, Day};
use crate::criteria::{CriteriaSet, Person, Verdict, judge};
use crate::fact::{Answer, Fact};
use crate::people::{Dwelling, Household};
use crate::rules::{DoorRules, Truth};
use crate::visit::{Progress, VisitState};

/// What is kept of each household is mostly zeros; they are left out.
fn nothing<T: Default + PartialEq>(counted: &T) -> bool {
    *counted == T::default()
}

/// Households of one kind of dwelling. Each household is one person's case: counts, never rates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HouseholdCounts {
    /// In the register.
    #[serde(skip_serializing_if = "nothing")]
    pub listed: i64,
    /// Of these, somebody lives there as far as is known: the denominator of Gia đình số.
    #[serde(skip_serializing_if = "nothing")]
    pub occupied: i64,
    /// Đã đến.
    #[serde(skip_serializing_if = "nothing")]
    pub reached: i64,
    /// Đã gặp: the headline.
    #[serde(skip_serializing_if = "nothing")]
    pub met: i64,
    /// Đủ thông tin.
    #[serde(skip_serializing_if = "nothing")]
    pub complete: i64,
    /// Không muốn cung cấp, in their latest word.
    #[serde(skip_serializing_if = "nothing")]
    pub declined: i64,
    /// Gia đình số: đạt.
    #[serde(skip_serializing_if = "nothing")]
    pub family_met: i64,
    /// Of these, known strongly enough to be recognised.
    #[serde(skip_serializing_if = "nothing")]
    pub family_recognisable: i64,
    /// Chưa đạt.
    #[serde(skip_serializing_if = "nothing")]
    pub family_not_met: i64,
    /// Chưa đủ thông tin.
    #[serde(skip_serializing_if = "nothing")]
    pub family_insufficient: i64,
    /// Còn 1 bước.
    #[serde(skip_serializing_if = "nothing")]
    pub one_step: i64,
}

/// People of one base (present, or away for work).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PeopleCounts {
    /// Everybody.
    #[serde(skip_serializing_if = "nothing")]
    pub persons: i64,
    /// Of an age to count as adults.
    #[serde(skip_serializing_if = "nothing")]
    pub adults: i64,
    /// Whose age is estimated or unknown: lists show "ước tính".
    #[serde(skip_serializing_if = "nothing")]
    pub age_estimated: i64,
    /// For each fact, over the people of whom it is asked: how many gave each answer (as text; several
    /// means of payment are one answer, a helping member counts as `member`).
    #[serde(skip_serializing_if = "nothing")]
    pub answers: BTreeMap<Fact, BTreeMap<String, i64>>,
}

/// The counts of any number of households.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Houses.
    #[serde(skip_serializing_if = "nothing")]
    pub houses: HouseholdCounts,
    /// Rented rooms, on a line of their own (door rules §2).
    #[serde(skip_serializing_if = "nothing")]
    pub rented_rooms: HouseholdCounts,
    /// People living there now.
    #[serde(skip_serializing_if = "nothing")]
    pub present: PeopleCounts,
    /// People registered but not living there now (away for work, house vacant): in the registered base,
    /// not in the present one.
    #[serde(skip_serializing_if = "nothing")]
    pub away: PeopleCounts,
}

/// True if tallies by place count the same: a place of which nothing is counted is as none.
pub fn count_the_same<P: Ord>(one: &BTreeMap<P, Tally>, other: &BTreeMap<P, Tally>) -> bool {
    let counts = |(_, tally): &(&P, &Tally)| !nothing(*tally);
    one.iter().filter(counts).eq(other.iter().filter(counts))
}

/// A fact over a population.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct ThreeWay {
    /// Có
    pub yes: i64,
    /// Không
    pub no: i64,
    /// Chưa rõ
    pub unknown: i64,
}

/// All that is known about a household on a day, as the count needs it.
#[derive(Clone, Debug)]
pub struct HouseholdView<'a> {
    /// The register line.
    pub household: &'a Household,
    /// From its visits.
    pub visits: VisitState,
    /// Its people, facts after consent was taken into account.
    pub people: Vec<Person<'a>>,
}

/// What one household adds, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// To be added to the tallies of its alley, its hamlet unit and the commune.
    pub tally: Tally,
    /// With its reasons.
    pub verdict: Verdict,
    /// Đã đến, đã gặp, đủ thông tin.
    pub progress: Progress,
    /// The first later day on which this contribution may differ though nobody writes anything: an
    /// answer lapses, somebody comes of age.
    pub valid_until: Option<Day>,
}

impl Contribution {
    /// Counts one household on one day.
    pub fn of(view: &HouseholdView<'_>, set: &CriteriaSet, rules: &DoorRules, day: Day) -> Self {
        let silent = Self::nobody(view);
        if !view.household.alive {
            return silent;
        }
        let mut tally = Tally::default();
        let mut complete = true;
        for person in view.people.iter().filter(|person| person.member.alive) {
            let age = rules.age(person.member.birth, day);
            // Nobody lives in a vacant house; its people stay registered until somebody records a move.
            if person.member.residence.lives_here() && !view.visits.unoccupied {
                tally.present.count(person, age, rules);
                complete &= !rules.is_adult(age) || knows_core(person, rules);
            } else if person.member.residence.is_registered() {
                tally.away.count(person, age, rules);
            }
        }
        let verdict = if view.visits.met && !view.visits.declined {
            judge(set, rules, &view.people, day)
        } else {
            Verdict::Insufficient { nearest: None, to_ask: None }
        };
        let progress = view.visits.progress(complete);
        let counts = match view.household.dwelling {
            Dwelling::RentedRoom => &mut tally.rented_rooms,
            Dwelling::House | Dwelling::Unrecognised(_) => &mut tally.houses,
        };
        *counts = household_counts(&view.visits, progress, &verdict);
        Self { tally, verdict, progress, valid_until: next_change(view, rules, day) }
    }

    fn nobody(view: &HouseholdView<'_>) -> Self {
        Self {
            tally: Tally::default(),
            verdict: Verdict::Insufficient { nearest: None, to_ask: None },
            progress: view.visits.progress(false),
            valid_until: None,
        }
    }
}

fn knows_core(person: &Person<'_>, rules: &DoorRules) -> bool {
    rules.core_facts_of(person.answer(&Fact::Smartphone)).iter().all(|fact| person.answer(fact).is_known())
}

fn household_counts(visits: &VisitState, progress: Progress, verdict: &Verdict) -> HouseholdCounts {
    let occupied = !visits.unoccupied;
    let one_if = |condition: bool| i64::from(condition);
    let missing = match verdict {
        Verdict::NotMet { nearest } | Verdict::Insufficient { nearest: Some(nearest), .. } => {
            nearest.missing.len()
        }
        Verdict::Met { .. } | Verdict::Insufficient { nearest: None, .. } => 0,
    };
    HouseholdCounts {
        listed: 1,
        occupied: one_if(occupied),
        reached: one_if(progress >= Progress::Reached),
        met: one_if(progress >= Progress::Met),
        complete: one_if(progress >= Progress::Complete),
        declined: one_if(visits.declined),
        family_met: one_if(occupied && matches!(verdict, Verdict::Met { .. })),
        family_recognisable: one_if(occupied && matches!(verdict, Verdict::Met { recognisable: true, .. })),
        family_not_met: one_if(occupied && matches!(verdict, Verdict::NotMet { .. })),
        family_insufficient: one_if(occupied && matches!(verdict, Verdict::Insufficient { .. })),
        one_step: one_if(occupied && missing == 1),
    }
}

/// The earliest day after `day` on which an answer lapses or an age limit is reached.
fn next_change(view: &HouseholdView<'_>, rules: &DoorRules, day: Day) -> Option<Day> {
    let limits = || rules.asked_from_age.values().chain([&rules.adult_age]);
    let people = || view.people.iter().filter(|person| person.member.alive);
    let lapses = people().flat_map(|person| person.facts.values()).map(|current| current.valid_until);
    let birthdays = people()
        .filter_map(|person| person.member.birth)
        .flat_map(|birth| limits().map(move |years| Age::reached_on(*years, birth, rules.assumed_birth)));
    lapses.chain(birthdays).filter(|change| *change > day).min()
}

impl PeopleCounts {
    fn count(&mut self, person: &Person<'_>, age: Option<Age>, rules: &DoorRules) {
        self.persons += 1;
        self.adults += i64::from(rules.is_adult(age));
        self.age_estimated += i64::from(age.is_none_or(|age| age.estimated));
        for fact in rules.asked_from_age.keys().filter(|fact| rules.is_asked(fact, age)) {
            let answer = match person.answer(fact) {
                Answer::Member(_) => "member".to_owned(),
                answer => answer.clone().into(),
            };
            *self.answers.entry(fact.clone()).or_default().entry(answer).or_default() += 1;
        }
    }

    fn add(&mut self, other: &Self, sign: i64) {
        self.persons += sign * other.persons;
        self.adults += sign * other.adults;
        self.age_estimated += sign * other.age_estimated;
        for (fact, answers) in &other.answers {
            let mine = self.answers.entry(fact.clone()).or_default();
            for (answer, count) in answers {
                *mine.entry(answer.clone()).or_default() += sign * count;
            }
            mine.retain(|_, count| *count != 0);
        }
        self.answers.retain(|_, answers| !answers.is_empty());
    }

    /// Yes, no and unknown of a fact, by what counts as yes in the rule file.
    pub fn three_way(&self, fact: &Fact, rules: &DoorRules) -> ThreeWay {
        let mut counts = ThreeWay::default();
        for (answer, count) in self.answers.get(fact).into_iter().flatten() {
            match rules.truth(fact, &Answer::from(answer.clone())) {
                Truth::Yes => counts.yes += count,
                Truth::No => counts.no += count,
                Truth::Unknown => counts.unknown += count,
            }
        }
        counts
    }
}

impl HouseholdCounts {
    fn add(&mut self, other: &Self, sign: i64) {
        let Self {
            listed,
            occupied,
            reached,
            met,
            complete,
            declined,
            family_met,
            family_recognisable,
            family_not_met,
            family_insufficient,
            one_step,
        } = other;
        self.listed += sign * listed;
        self.occupied += sign * occupied;
        self.reached += sign * reached;
        self.met += sign * met;
        self.complete += sign * complete;
        self.declined += sign * declined;
        self.family_met += sign * family_met;
        self.family_recognisable += sign * family_recognisable;
        self.family_not_met += sign * family_not_met;
        self.family_insufficient += sign * family_insufficient;
        self.one_step += sign * one_step;
    }
}

impl Tally {
    /// Puts a household (or another tally) in.
    pub fn add(&mut self, other: &Self) {
        self.combine(other, 1);
    }

    /// Takes a household (or another tally) out again.
    pub fn remove(&mut self, other: &Self) {
        self.combine(other, -1);
    }

    fn combine(&mut self, other: &Self, sign: i64) {
        self.houses.add(&other.houses, sign);
        self.rented_rooms.add(&other.rented_rooms, sign);
        self.present.add(&other.present, sign);
        self.away.add(&other.away, sign);
    }

    /// Houses and rented rooms together.
    pub fn households(&self) -> HouseholdCounts {
        let mut all = self.houses;
        all.add(&self.rented_rooms, 1);
        all
    }

    /// Everybody registered: present and away.
    pub fn registered(&self) -> PeopleCounts {
        let mut all = self.present.clone();
        all.add(&self.away, 1);
        all
    }
}

#[cfg(test)]
#[path = "tally_tests.rs"]
mod tests;
