//! Gia đình số: whether a household meets a set of criteria, why, and what the next step is.
//!
//! A set is a dated file with its citation (`assets/criteria/`). The plan's own (§III.4) asks that **one**
//! person living in the household now meets every clause. Nobody does: *not met* only if every candidate
//! fails some clause for certain, else *insufficient*, naming what is unknown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::calendar::Day;
use crate::codes::codes;
use crate::fact::{Answer, Choice, Current, Evidence, Fact};
use crate::ids::MemberId;
use crate::people::Member;
use crate::rules::{AssetError, DoorRules, Truth, answer_is_in};

codes! {
    /// Something the register itself has seen happen; not asked, so known to be so or not.
    SeenEvent {
        /// A session was attended
        Attended = "attended",
        /// The team guided this person at least once
        Guided = "guided",
    }
}

codes! {
    /// To which households a clause applies.
    AppliesTo {
        /// Every household
        All = "all",
        /// Those of more than one person
        HouseholdsOfSeveral = "households_of_several",
    }
}

/// What a clause asks of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Requirement {
    /// At least one of them.
    Any {
        /// Alternatives.
        any: Vec<Requirement>,
    },
    /// Every one of them.
    All {
        /// Parts.
        all: Vec<Requirement>,
    },
    /// The current answer to a fact is one of these codes.
    FactIn {
        /// Which fact.
        fact: Fact,
        /// Codes that meet it.
        r#in: Vec<String>,
    },
    /// The register has seen it.
    Event {
        /// What.
        event: SeenEvent,
    },
}

/// One clause of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clause {
    /// "c1"
    pub id: String,
    /// The words of the document that it stands for.
    pub citation: String,
    /// What it asks.
    pub requires: Requirement,
    /// To whom it applies.
    #[serde(default = "all_households")]
    pub applies_to: AppliesTo,
    /// A household can be *recognised* only if this clause is known at least so strongly.
    pub recognised_from: Option<Evidence>,
}

fn all_households() -> AppliesTo {
    AppliesTo::All
}

/// Where a set comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// Quoted by title; numbers of plans are often blank.
    pub document: String,
    /// "III.4"
    pub paragraph: String,
    /// Word for word.
    pub text: String,
}

/// A set of criteria for one day onwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CriteriaSet {
    /// Name of the file; printed on reports with the version.
    pub id: String,
    /// Counts up within the id.
    pub version: u32,
    /// Title people know.
    pub name: String,
    /// First day of use.
    pub valid_from: Day,
    /// Where it comes from.
    pub citation: Citation,
    /// All must be met by one person.
    pub clauses: Vec<Clause>,
}

impl CriteriaSet {
    /// Reads a set and refuses words this version does not know.
    pub fn from_json(json: &str) -> Result<Self, AssetError> {
        let set: Self = serde_json::from_str(json)?;
        for clause in &set.clauses {
            if let AppliesTo::Unrecognised(word) = &clause.applies_to {
                return Err(AssetError::Unknown(word.clone()));
            }
            if let Some(word) = clause.requires.unknown_word() {
                return Err(AssetError::Unknown(word));
            }
        }
        Ok(set)
    }
}

impl Requirement {
    fn unknown_word(&self) -> Option<String> {
        match self {
            Self::Any { any: parts } | Self::All { all: parts } => parts.iter().find_map(Self::unknown_word),
            Self::FactIn { fact: Fact::Unrecognised(word), .. } => Some(word.clone()),
            Self::Event { event: SeenEvent::Unrecognised(word) } => Some(word.clone()),
            Self::FactIn { .. } | Self::Event { .. } => None,
        }
    }
}

/// A person as the criteria see one.
#[derive(Clone, Debug)]
pub struct Person<'a> {
    /// The register line.
    pub member: &'a Member,
    /// Current facts as of the day, after consent was taken into account; a fact not there is unknown.
    pub facts: &'a BTreeMap<Fact, Current>,
    /// Attended a session.
    pub attended: bool,
    /// Was guided by the team at least once.
    pub guided: bool,
}

impl Person<'_> {
    /// The current answer; unknown if there is none.
    pub fn answer(&self, fact: &Fact) -> &Answer {
        self.facts.get(fact).map_or(&Answer::Unknown, |current| &current.answer)
    }
}

/// One thing that is missing for one person, and whether it is known to be missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// Of which clause.
    pub clause: String,
    /// What would meet it.
    pub step: Step,
    /// `No`: must be done. `Unknown`: must be asked.
    pub now: Truth,
}

/// What would meet a requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The fact becomes one of the set's answers.
    Fact(Fact),
    /// The event happens.
    Event(SeenEvent),
}

/// The person with the fewest steps to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nearest {
    /// Who.
    pub member: MemberId,
    /// The steps, in the order of the clauses. Their number is the household's distance.
    pub missing: Vec<Missing>,
}

/// How a household stands with a set of criteria.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Đạt, by this person.
    Met {
        /// Who meets every clause.
        by: MemberId,
        /// Known strongly enough to be recognised (công nhận).
        recognisable: bool,
    },
    /// Chưa đạt: every candidate fails some clause for certain.
    NotMet {
        /// Who is nearest, and what is missing.
        nearest: Nearest,
    },
    /// Chưa đủ thông tin: somebody may meet it already, or nobody may be counted (never met, declined).
    Insufficient {
        /// Who is nearest; `None` where there is no candidate.
        nearest: Option<Nearest>,
        /// Of those who fail nothing for certain, who is nearest: here something has to be asked.
        to_ask: Option<Nearest>,
    },
}

/// The verdict from the people alone. Whether the household was met or declined is the caller's to add
/// (see [`crate::tally`]).
///
/// A candidate lives in the household now and is either of the age at which the set's facts are asked or
/// has an answer to one of them: a toddler, of whom nothing is ever asked, must not keep a verdict open.
pub fn judge(set: &CriteriaSet, rules: &DoorRules, people: &[Person<'_>], day: Day) -> Verdict {
    let several =
        people.iter().filter(|person| person.member.alive && person.member.residence.is_registered()).count()
            > 1;
    let applies = |clause: &&Clause| several || clause.applies_to != AppliesTo::HouseholdsOfSeveral;
    let clauses: Vec<&Clause> = set.clauses.iter().filter(applies).collect();

    let (mut nearest, mut to_ask) = (None, None);
    for person in people.iter().filter(|person| is_candidate(set, rules, person, day)) {
        let missing: Vec<Missing> = clauses.iter().flat_map(|clause| missing(clause, person)).collect();
        if missing.is_empty() {
            let recognisable = clauses.iter().all(|clause| is_recognised(clause, person));
            return Verdict::Met { by: person.member.id, recognisable };
        }
        let candidate = Nearest { member: person.member.id, missing };
        if !fails_for_certain(&clauses, person) {
            keep_nearest(&mut to_ask, &candidate);
        }
        keep_nearest(&mut nearest, &candidate);
    }
    match (nearest, to_ask) {
        (Some(nearest), None) => Verdict::NotMet { nearest },
        (nearest, to_ask) => Verdict::Insufficient { nearest, to_ask },
    }
}

/// The first of those with the fewest steps.
fn keep_nearest(best: &mut Option<Nearest>, candidate: &Nearest) {
    if best.as_ref().is_none_or(|best| candidate.missing.len() < best.missing.len()) {
        *best = Some(candidate.clone());
    }
}

fn is_candidate(set: &CriteriaSet, rules: &DoorRules, person: &Person<'_>, day: Day) -> bool {
    if !person.member.alive || !person.member.residence.lives_here() {
        return false;
    }
    let age = rules.age(person.member.birth, day);
    let mut facts = set.clauses.iter().flat_map(|clause| facts_of(&clause.requires));
    facts.any(|fact| rules.is_asked(fact, age) || person.answer(fact).is_known())
}

fn facts_of(requirement: &Requirement) -> Vec<&Fact> {
    match requirement {
        Requirement::Any { any: parts } | Requirement::All { all: parts } => {
            parts.iter().flat_map(facts_of).collect()
        }
        Requirement::FactIn { fact, .. } => vec![fact],
        Requirement::Event { .. } => vec![],
    }
}

fn fails_for_certain(clauses: &[&Clause], person: &Person<'_>) -> bool {
    clauses.iter().any(|clause| truth(&clause.requires, person) == Truth::No)
}

fn truth(requirement: &Requirement, person: &Person<'_>) -> Truth {
    match requirement {
        // Kleene's three-valued logic: one yes decides "any", one no decides "all".
        Requirement::Any { any } => decide(any, person, Truth::Yes, Truth::No),
        Requirement::All { all } => decide(all, person, Truth::No, Truth::Yes),
        #[cfg(feature = "sabotage")]
        Requirement::FactIn { fact, .. }
            if crate::fault::is("criteria") && !person.answer(fact).is_known() =>
        {
            Truth::No
        }
        Requirement::FactIn { fact, r#in } => match person.answer(fact) {
            Answer::Unknown | Answer::One(Choice::Unrecognised(_)) => Truth::Unknown,
            answer if answer_is_in(answer, r#in) => Truth::Yes,
            _ => Truth::No,
        },
        Requirement::Event { event } => {
            let seen = match event {
                SeenEvent::Attended => person.attended,
                SeenEvent::Guided => person.guided,
                SeenEvent::Unrecognised(_) => return Truth::Unknown,
            };
            if seen { Truth::Yes } else { Truth::No }
        }
    }
}

fn decide(parts: &[Requirement], person: &Person<'_>, deciding: Truth, otherwise: Truth) -> Truth {
    let mut result = otherwise;
    for part in parts {
        match truth(part, person) {
            found if found == deciding => return deciding,
            Truth::Unknown => result = Truth::Unknown,
            _ => {}
        }
    }
    result
}

/// The fewest steps that would meet the clause; empty if it is met.
fn missing(clause: &Clause, person: &Person<'_>) -> Vec<Missing> {
    fn steps(requirement: &Requirement, person: &Person<'_>) -> Vec<(Step, Truth)> {
        let now = truth(requirement, person);
        if now == Truth::Yes {
            return Vec::new();
        }
        match requirement {
            Requirement::All { all } => all.iter().flat_map(|part| steps(part, person)).collect(),
            Requirement::Any { any } => {
                any.iter().map(|part| steps(part, person)).min_by_key(Vec::len).unwrap_or_default()
            }
            Requirement::FactIn { fact, .. } => vec![(Step::Fact(fact.clone()), now)],
            Requirement::Event { event } => vec![(Step::Event(event.clone()), now)],
        }
    }
    let of_clause = |(step, now)| Missing { clause: clause.id.clone(), step, now };
    steps(&clause.requires, person).into_iter().map(of_clause).collect()
}

/// True if what meets the clause is known strongly enough. Events the register saw itself always are.
fn is_recognised(clause: &Clause, person: &Person<'_>) -> bool {
    fn strong(requirement: &Requirement, person: &Person<'_>, from: Evidence) -> bool {
        match requirement {
            Requirement::Any { any } => any.iter().any(|part| strong(part, person, from)),
            Requirement::All { all } => all.iter().all(|part| strong(part, person, from)),
            Requirement::FactIn { fact, .. } => {
                truth(requirement, person) == Truth::Yes
                    && person.facts.get(fact).is_some_and(|current| current.evidence >= from)
            }
            Requirement::Event { .. } => truth(requirement, person) == Truth::Yes,
        }
    }
    clause.recognised_from.is_none_or(|from| strong(&clause.requires, person, from))
}

#[cfg(test)]
#[path = "criteria_tests.rs"]
mod tests;
