//! The numbers of the door rules (ages, validity, what counts as yes) as a dated file with its citation.
//! `assets/rules/` holds them; no such number stands in code.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::calendar::{Age, AssumedBirth, Day, PartialDate};
use crate::fact::{Answer, Choice, Evidence, Fact};

/// Yes, no, or not known. The third is never turned into the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// Có
    Yes,
    /// Không
    No,
    /// Chưa rõ
    Unknown,
}

/// A rule file is not readable or contradicts itself.
#[derive(Debug, thiserror::Error)]
pub enum AssetError {
    /// Not JSON of the expected form.
    #[error("rule file: {0}")]
    Form(#[from] serde_json::Error),
    /// A fact, choice or evidence this version does not know: a count by it would be silently wrong.
    #[error("rule file names {0:?}, which this version does not know")]
    Unknown(String),
    /// A strength of evidence without a validity.
    #[error("rule file gives no validity for {0:?}")]
    NoValidity(Evidence),
}

/// Ages, validity and meanings that hold at the door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoorRules {
    /// Name of the set; printed on reports.
    pub id: String,
    /// Counts up within the id.
    pub version: u32,
    /// First day of use.
    pub valid_from: Day,
    /// Where the numbers come from.
    pub citation: String,
    /// Adult from this many full years.
    pub adult_age: u32,
    /// A respondent is at least this old.
    pub respondent_age: u32,
    /// A fact is asked of, and counted over, people of at least this age; a fact not named is asked of
    /// nobody by default.
    pub asked_from_age: BTreeMap<Fact, u32>,
    /// Stands in for unknown parts of a birth.
    pub assumed_birth: AssumedBirth,
    /// How many months an answer counts, by how it is known.
    pub evidence_valid_months: BTreeMap<Evidence, u32>,
    /// None of these may be unknown where information is complete.
    pub core_facts: Vec<Fact>,
    /// The same for people without a phone of their own or to share: nothing more is asked of them.
    pub core_facts_without_phone: Vec<Fact>,
    /// Answers to `smartphone` that mean there is none.
    pub without_phone: Vec<Choice>,
    /// Codes that count as yes; any other known answer counts as no.
    pub counts_as_yes: BTreeMap<Fact, Vec<String>>,
}

/// True if the answer is one of the codes; for payment, if any means is.
pub(crate) fn answer_is_in(answer: &Answer, codes: &[String]) -> bool {
    match answer {
        Answer::Unknown => false,
        Answer::One(choice) => codes.iter().any(|code| code == choice.code()),
        Answer::Payment(means) => means.iter().any(|one| codes.iter().any(|code| code == one.code())),
        Answer::Member(_) => codes.iter().any(|code| code == "member"),
    }
}

impl DoorRules {
    /// Reads a rule file and refuses words this version does not know.
    pub fn from_json(json: &str) -> Result<Self, AssetError> {
        let rules: Self = serde_json::from_str(json)?;
        let facts = rules.asked_from_age.keys().chain(rules.counts_as_yes.keys());
        for fact in facts.chain(&rules.core_facts).chain(&rules.core_facts_without_phone) {
            if let Fact::Unrecognised(word) = fact {
                return Err(AssetError::Unknown(word.clone()));
            }
        }
        if let Some(Choice::Unrecognised(word)) =
            rules.without_phone.iter().find(|c| !Choice::ALL.contains(c))
        {
            return Err(AssetError::Unknown(word.clone()));
        }
        if let Some(missing) = Evidence::ALL.iter().find(|one| !rules.evidence_valid_months.contains_key(one))
        {
            return Err(AssetError::NoValidity(*missing));
        }
        Ok(rules)
    }

    /// Age on a day; `None` where no birth is known.
    pub fn age(&self, birth: Option<PartialDate>, on: Day) -> Option<Age> {
        birth.map(|birth| Age::on(on, birth, self.assumed_birth))
    }

    /// True if somebody of that age is asked the fact. Somebody whose age is unknown is asked: leaving
    /// them out would make the denominator smaller than it may be.
    pub fn is_asked(&self, fact: &Fact, age: Option<Age>) -> bool {
        let from = self.asked_from_age.get(fact);
        from.is_some_and(|from| age.is_none_or(|age| age.years >= *from))
    }

    /// True for adults, and for people whose age is not known.
    pub fn is_adult(&self, age: Option<Age>) -> bool {
        age.is_none_or(|age| age.years >= self.adult_age)
    }

    /// First day on which an answer of that day and strength no longer counts.
    pub fn valid_until(&self, evidence: Evidence, assessed_on: Day) -> Day {
        assessed_on.plus_months(self.evidence_valid_months.get(&evidence).copied().unwrap_or(0))
    }

    /// What an answer means where people are counted.
    pub fn truth(&self, fact: &Fact, answer: &Answer) -> Truth {
        match (answer, self.counts_as_yes.get(fact)) {
            (Answer::Unknown, _) | (_, None) => Truth::Unknown,
            // An answer of a newer version: it was an answer, but what it means is not known here.
            (Answer::One(Choice::Unrecognised(_)), _) => Truth::Unknown,
            (answer, Some(yes)) if answer_is_in(answer, yes) => Truth::Yes,
            _ => Truth::No,
        }
    }

    /// The facts of one adult that must be known before information is complete.
    pub fn core_facts_of(&self, smartphone: &Answer) -> &[Fact] {
        match smartphone {
            Answer::One(choice) if self.without_phone.contains(choice) => &self.core_facts_without_phone,
            _ => &self.core_facts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = include_str!("../../../assets/rules/door-2026.json");

    fn rules() -> DoorRules {
        DoorRules::from_json(FILE).unwrap()
    }

    fn answer(text: &str) -> Answer {
        Answer::from(text.to_owned())
    }

    #[test]
    fn who_is_asked_what() {
        let check = |fact: Fact, years: u32, expect: bool| {
            let age = Some(Age { years, estimated: false });
            assert_eq!(rules().is_asked(&fact, age), expect, "{fact:?} at {years}");
        };
        for fact in [Fact::Vneid, Fact::Payment, Fact::Smartphone, Fact::Knows] {
            check(fact, 13, false);
        }
        check(Fact::Vneid, 14, true);
        check(Fact::Payment, 15, false);
        check(Fact::Payment, 16, true);
        check(Fact::Smartphone, 17, false);
        check(Fact::Smartphone, 18, true);
        check(Fact::DigitalSignature, 40, false);
        assert!(rules().is_asked(&Fact::Smartphone, None));
    }

    #[test]
    fn what_counts_as_yes() {
        let check = |fact: Fact, text: &str, expect| {
            assert_eq!(rules().truth(&fact, &answer(text)), expect, "{text}")
        };
        check(Fact::Smartphone, "own", Truth::Yes);
        check(Fact::Smartphone, "shared", Truth::No);
        check(Fact::Smartphone, "unknown", Truth::Unknown);
        check(Fact::Smartphone, "implanted", Truth::Unknown);
        check(Fact::Payment, "bank+ewallet", Truth::Yes);
        check(Fact::Payment, "none", Truth::No);
        check(Fact::Bdhvs, "learning", Truth::No);
    }

    #[test]
    fn nothing_more_is_asked_of_people_without_a_phone() {
        assert_eq!(rules().core_facts_of(&answer("none")), [Fact::Smartphone]);
        assert_eq!(rules().core_facts_of(&answer("unknown")).len(), 3);
        assert_eq!(rules().core_facts_of(&answer("shared")).len(), 3);
    }

    #[test]
    fn a_file_with_words_of_another_version_is_refused() {
        assert!(DoorRules::from_json(&FILE.replace("\"bdhvs\": 18", "\"telepathy\": 18")).is_err());
        assert!(DoorRules::from_json(&FILE.replace("\"certified\": 12", "\"sworn\": 12")).is_err());
        assert!(DoorRules::from_json("{").is_err());
    }

    #[test]
    fn validity_ends_on_the_same_day_a_year_later() {
        let day = Day::new(2026, 3, 31).unwrap();
        assert_eq!(rules().valid_until(Evidence::Observed, day), Day::new(2027, 3, 31).unwrap());
    }
}
