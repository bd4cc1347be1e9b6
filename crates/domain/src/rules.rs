//! The numbers of the door rules (ages, validity, what counts as yes) as a dated file with its citation.
//! `assets/rules/` holds them; no such number stands in code.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::calendar::{Age, AssumedBirth, Day, PartialDate};
use crate::consent::{Backing, Basis};
use crate::fact::{Answer, Choice, Evidence, Fact};

/// Yes, no, or not known. The third is never turned into the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
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
    /// People agree for themselves from this many full years; for younger ones a representative does.
    pub own_consent_age: u32,
    /// A fact is asked of, and counted over, people of at least this age; a fact not named is asked of
    /// nobody by default.
    pub asked_from_age: BTreeMap<Fact, u32>,
    /// Facts that are not asked of everybody and not counted over everybody, but kept of people of at least
    /// this age: who helps somebody without a phone, and what a pupil can do who guides the family.
    pub also_taken_from_age: BTreeMap<Fact, u32>,
    /// What a relative may answer of somebody who has not agreed, where the commune's basis lets them.
    pub proxy_facts: Vec<Fact>,
    /// So many days such an answer counts, unless the person agrees by then.
    pub unconfirmed_proxy_days: u32,
    /// A household is told to expect the team again within so many months.
    pub next_visit_within_months: u32,
    /// Nobody looks at these: they are known by what people say, never by what the team saw.
    pub never_seen: Vec<Fact>,
    /// A certificate can say these.
    pub certifiable: Vec<Fact>,
    /// What a certificate of one fact says of others.
    pub certificates: BTreeMap<Fact, Certificate>,
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

/// Whoever finished a course was examined in more than one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The answers that a certificate is given for.
    pub answers: Vec<String>,
    /// It says yes to these too.
    pub also_yes: Vec<Fact>,
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
        let facts = facts.chain(rules.also_taken_from_age.keys()).chain(&rules.proxy_facts);
        let facts = facts.chain(&rules.never_seen).chain(&rules.certifiable).chain(rules.certificates.keys());
        let facts = facts.chain(rules.certificates.values().flat_map(|one| &one.also_yes));
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

    /// [`Self::valid_until`], and for what is known of somebody who did not agree in time the day on which it
    /// is dropped (door rules §5, basis B). There it goes by consent alone: whatever something is said to be
    /// known by, it does not outlast the missing consent. Under basis A such an answer is not saved at all, and a
    /// relative's word that was saved under another basis does not count.
    pub fn counts_until(&self, evidence: Evidence, assessed_on: Day, backing: &Backing<'_>) -> Day {
        let valid_until = self.valid_until(evidence, assessed_on);
        let (confirmed_by, dropped_on) = match backing.basis {
            Basis::StateTask => return valid_until,
            Basis::ConsentAndProxy => {
                let days = u64::from(self.unconfirmed_proxy_days);
                (assessed_on.plus_days(days), assessed_on.plus_days(days + 1))
            }
            Basis::Consent | Basis::Unrecognised(_) if evidence == Evidence::Proxy => {
                (assessed_on, assessed_on)
            }
            Basis::Consent | Basis::Unrecognised(_) => return valid_until,
        };
        match backing.agreed_on {
            Some(agreed) if agreed <= confirmed_by => valid_until,
            _ => valid_until.min(dropped_on),
        }
    }

    /// What was learned, with what a certificate among it says besides. By strength it stands beside what the
    /// person said of the same thing; nothing is replaced.
    pub fn with_certified(
        &self,
        mut answers: Vec<(Fact, Answer, Evidence)>,
    ) -> Vec<(Fact, Answer, Evidence)> {
        let shown = answers.iter().filter(|(.., evidence)| *evidence == Evidence::Certified);
        let shown = shown.filter_map(|(fact, answer, _)| {
            self.certificates.get(fact).filter(|one| answer_is_in(answer, &one.answers))
        });
        let yes = |fact: &Fact| (fact.clone(), Answer::One(Choice::Yes), Evidence::Certified);
        let also: Vec<(Fact, Answer, Evidence)> = shown.flat_map(|one| &one.also_yes).map(yes).collect();
        answers.extend(also);
        answers
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
    fn a_certificate_says_all_four_parts() {
        let check = |said: &str, evidence, expect: &[Fact]| {
            let with = rules().with_certified(vec![(Fact::Bdhvs, answer(said), evidence)]);
            let also: Vec<_> = with.into_iter().skip(1).collect();
            let yes = |fact: &Fact| (fact.clone(), answer("yes"), Evidence::Certified);
            assert_eq!(also, expect.iter().map(yes).collect::<Vec<_>>(), "{said} {evidence:?}");
        };
        check("completed", Evidence::Certified, &[Fact::Knows, Fact::Skill, Fact::Uses, Fact::Safe]);
        check("completed", Evidence::SelfReported, &[]);
        check("learning", Evidence::Certified, &[]);
        check("unknown", Evidence::Certified, &[]);
        // What the person said of a part stays beside it.
        let said = vec![
            (Fact::Bdhvs, answer("completed"), Evidence::Certified),
            (Fact::Uses, answer("no"), Evidence::SelfReported),
        ];
        assert_eq!(rules().with_certified(said.clone())[..2], said);
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
    fn a_relative_s_word_is_dropped_unless_the_person_agrees_in_time() {
        let day = |month, day| Day::new(2026, month, day).unwrap();
        let said = day(1, 1);
        let (last, dropped) = (said.plus_days(90), said.plus_days(91));
        let year = Day::new(2027, 1, 1).unwrap();
        let check = |basis: Basis, evidence, agreed_on: Option<Day>, expect: Day| {
            let backing = Backing { basis: &basis, agreed_on };
            let until = rules().counts_until(evidence, said, &backing);
            assert_eq!(until, expect, "{basis:?} {evidence:?} {agreed_on:?}");
        };
        use Basis::*;
        check(ConsentAndProxy, Evidence::Proxy, None, dropped);
        check(ConsentAndProxy, Evidence::Proxy, Some(day(1, 1)), year);
        check(ConsentAndProxy, Evidence::Proxy, Some(Day::new(2025, 3, 1).unwrap()), year);
        check(ConsentAndProxy, Evidence::Proxy, Some(last), year);
        // What was dropped does not come back.
        check(ConsentAndProxy, Evidence::Proxy, Some(dropped), dropped);
        // However strongly it was said to be known: what the person did not agree to is dropped.
        for evidence in Evidence::ALL {
            check(ConsentAndProxy, evidence, None, dropped);
            check(ConsentAndProxy, evidence, Some(last), year);
            check(StateTask, evidence, None, year);
        }
        check(StateTask, Evidence::Proxy, None, year);
        check(Consent, Evidence::Proxy, None, said);
        check(Consent, Evidence::SelfReported, None, year);
        check(Consent, Evidence::Proxy, Some(said), year);
        check(Unrecognised("treaty".into()), Evidence::Proxy, None, said);
    }

    #[test]
    fn validity_ends_on_the_same_day_a_year_later() {
        let day = Day::new(2026, 3, 31).unwrap();
        assert_eq!(rules().valid_until(Evidence::Observed, day), Day::new(2027, 3, 31).unwrap());
    }
}
