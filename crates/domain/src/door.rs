//! What may be recorded at a door: who may answer, of whom what is asked, who agrees for whom, and how
//! strongly an answer may be said to be known. Door rules §1, §3 and §5; for children Luật 91/2025/QH15
//! Điều 24. The ages and lists stand in the rule file; whether a person agreed is [`crate::consent`]'s.

use crate::calendar::{Age, Day};
use crate::consent::Decision;
use crate::fact::{Evidence, Fact};
use crate::rules::DoorRules;

/// Why something is not recorded. The screen prevents it, and has a sentence for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.code())]
pub enum Refusal {
    /// Somebody so young does not answer for a household.
    RespondentTooYoung,
    /// The fact is not asked of people of that age.
    NotAskedAtThisAge,
    /// Nothing is asked of a child so young, so there is nothing to agree to.
    ConsentNotAsked,
    /// For a child an adult of the household agrees, not the child and not another minor.
    RepresentativeNeeded,
    /// How it is known can be said only where the team saw more than it was told.
    NotStronger,
    /// Nobody looks at this: it is known by what people say.
    NeverSeen,
    /// No certificate says this, or a relative only speaks of one.
    NotCertified,
    /// Of somebody who has not agreed a relative's word is kept, as a relative's word and as nothing else.
    RelativeOnlySays,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::RespondentTooYoung,
        Self::NotAskedAtThisAge,
        Self::ConsentNotAsked,
        Self::RepresentativeNeeded,
        Self::NotStronger,
        Self::NeverSeen,
        Self::NotCertified,
        Self::RelativeOnlySays,
    ];

    /// Key of the sentence.
    pub fn code(self) -> &'static str {
        match self {
            Self::RespondentTooYoung => "visit.respondent_too_young",
            Self::NotAskedAtThisAge => "visit.not_asked_at_this_age",
            Self::ConsentNotAsked => "visit.consent_not_asked",
            Self::RepresentativeNeeded => "visit.representative_needed",
            Self::NotStronger => "visit.evidence_not_stronger",
            Self::NeverSeen => "visit.evidence_never_seen",
            Self::NotCertified => "visit.evidence_not_certified",
            Self::RelativeOnlySays => "visit.relative_only_says",
        }
    }
}

/// An age that is not known refuses nothing: unknown is not young.
fn is_under(age: Option<Age>, years: u32) -> bool {
    age.is_some_and(|age| age.years < years)
}

impl DoorRules {
    /// Who answers for a household is old enough.
    pub fn check_respondent(&self, age: Option<Age>) -> Result<(), Refusal> {
        if is_under(age, self.respondent_age) { Err(Refusal::RespondentTooYoung) } else { Ok(()) }
    }

    /// An answer to the fact is taken of somebody of that age.
    pub fn check_asked(&self, fact: &Fact, age: Option<Age>) -> Result<(), Refusal> {
        let also = self.also_taken_from_age.get(fact);
        let taken = self.is_asked(fact, age) || also.is_some_and(|from| !is_under(age, *from));
        if taken { Ok(()) } else { Err(Refusal::NotAskedAtThisAge) }
    }

    /// What somebody of that age is recorded to have said to the consent question. `represented_by`: the
    /// respondent's age, where the respondent is somebody else.
    pub fn check_consent(
        &self,
        decision: &Decision,
        age: Option<Age>,
        represented_by: Option<Option<Age>>,
    ) -> Result<(), Refusal> {
        if !self.asked_from_age.values().any(|from| !is_under(age, *from)) {
            return Err(Refusal::ConsentNotAsked);
        }
        let needs_representative = *decision == Decision::Agreed && is_under(age, self.own_consent_age);
        // Declining is open to everybody.
        if needs_representative && !represented_by.is_some_and(|age| self.is_adult(age)) {
            return Err(Refusal::RepresentativeNeeded);
        }
        Ok(())
    }

    /// Whether a relative may answer the fact of somebody of that age who has not agreed, where the basis
    /// lets relatives speak. Of children nothing is kept without a representative's consent.
    pub fn relative_may_answer(&self, fact: &Fact, age: Option<Age>) -> bool {
        self.proxy_facts.contains(fact) && !is_under(age, self.own_consent_age)
    }

    /// How a relative's answer about somebody who has not agreed is known: from the relative. Whatever else
    /// the team saw is about a person who did not agree to it.
    pub fn relative_evidence(&self, chosen: Option<Evidence>) -> Result<Evidence, Refusal> {
        match chosen {
            None | Some(Evidence::Proxy) => Ok(Evidence::Proxy),
            Some(_) => Err(Refusal::RelativeOnlySays),
        }
    }

    /// The household may be told to expect the team on that day.
    pub fn may_come_back_on(&self, day: Day, today: Day) -> bool {
        day >= today && day <= today.plus_months(self.next_visit_within_months)
    }

    /// How an answer is known: by who said it, or by more where the team saw more. `spoken` is
    /// [`Evidence::of_respondent`].
    pub fn evidence(
        &self,
        fact: &Fact,
        spoken: Evidence,
        chosen: Option<Evidence>,
    ) -> Result<Evidence, Refusal> {
        match chosen {
            None => Ok(spoken),
            Some(chosen) if chosen == spoken => Ok(spoken),
            Some(Evidence::Imported | Evidence::Proxy | Evidence::SelfReported) => Err(Refusal::NotStronger),
            Some(_) if self.never_seen.contains(fact) => Err(Refusal::NeverSeen),
            Some(Evidence::Certified) if spoken < Evidence::SelfReported => Err(Refusal::NotCertified),
            Some(Evidence::Certified) if !self.certifiable.contains(fact) => Err(Refusal::NotCertified),
            Some(seen) => Ok(seen),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> DoorRules {
        DoorRules::from_json(include_str!("../../../assets/rules/door-2026.json")).unwrap()
    }

    fn years(years: u32) -> Option<Age> {
        Some(Age { years, estimated: false })
    }

    #[test]
    fn who_answers_for_a_household() {
        let check = |age, expect| assert_eq!(rules().check_respondent(age), expect, "{age:?}");
        check(years(15), Err(Refusal::RespondentTooYoung));
        check(years(16), Ok(()));
        check(None, Ok(()));
    }

    #[test]
    fn of_whom_an_answer_is_taken() {
        let check = |fact: Fact, age, taken: bool| {
            let expect = if taken { Ok(()) } else { Err(Refusal::NotAskedAtThisAge) };
            assert_eq!(rules().check_asked(&fact, age), expect, "{fact:?} {age:?}");
        };
        for fact in Fact::ALL {
            check(fact.clone(), years(13), false);
        }
        check(Fact::Vneid, years(14), true);
        check(Fact::Payment, years(15), false);
        check(Fact::Payment, years(16), true);
        for fact in [Fact::Smartphone, Fact::Safe, Fact::AssistedBy] {
            check(fact.clone(), years(17), false);
            check(fact.clone(), years(18), true);
            check(fact, None, true);
        }
        // A pupil who guides the family: not asked of everybody of that age, and taken.
        for fact in [Fact::Bdhvs, Fact::Knows, Fact::Skill, Fact::Uses, Fact::GuidesFamily] {
            assert!(!rules().is_asked(&fact, years(17)));
            check(fact, years(14), true);
        }
        // Off by default.
        check(Fact::DigitalSignature, years(40), false);
        check(Fact::Unrecognised("telepathy".into()), years(40), false);
    }

    #[test]
    fn who_agrees_for_whom() {
        let check = |decision: Decision, age, by, expect| {
            assert_eq!(rules().check_consent(&decision, age, by), expect, "{decision:?} {age:?} {by:?}");
        };
        use Decision::*;
        for decision in [Agreed, Declined, Withdrawn, Later] {
            check(decision, years(13), Some(years(40)), Err(Refusal::ConsentNotAsked));
        }
        check(Agreed, years(14), None, Err(Refusal::RepresentativeNeeded));
        check(Agreed, years(15), Some(years(17)), Err(Refusal::RepresentativeNeeded));
        check(Agreed, years(15), Some(years(18)), Ok(()));
        check(Agreed, years(15), Some(None), Ok(()));
        check(Declined, years(14), None, Ok(()));
        check(Agreed, years(16), None, Ok(()));
        check(Agreed, None, None, Ok(()));
    }

    #[test]
    fn what_a_relative_may_answer_without_consent() {
        let check = |fact: Fact, age, expect| {
            assert_eq!(rules().relative_may_answer(&fact, age), expect, "{fact:?} {age:?}");
        };
        check(Fact::Vneid, years(40), true);
        check(Fact::Vneid, None, true);
        check(Fact::Vneid, years(15), false);
        check(Fact::Payment, years(16), true);
        check(Fact::Skill, years(40), false);
    }

    #[test]
    fn without_consent_a_relative_s_word_is_a_relative_s_word() {
        use Evidence::*;
        for chosen in Evidence::ALL {
            let expect = if chosen == Proxy { Ok(Proxy) } else { Err(Refusal::RelativeOnlySays) };
            assert_eq!(rules().relative_evidence(Some(chosen)), expect, "{chosen:?}");
        }
        assert_eq!(rules().relative_evidence(None), Ok(Proxy));
    }

    #[test]
    fn how_strongly_an_answer_is_known() {
        use Evidence::*;
        let check = |fact: Fact, spoken, chosen: Option<Evidence>, expect: Result<Evidence, Refusal>| {
            assert_eq!(rules().evidence(&fact, spoken, chosen), expect, "{fact:?} {spoken:?} {chosen:?}");
        };
        for fact in Fact::ALL {
            for spoken in [Proxy, SelfReported] {
                check(fact.clone(), spoken, None, Ok(spoken));
                check(fact.clone(), spoken, Some(spoken), Ok(spoken));
                check(fact.clone(), spoken, Some(Imported), Err(Refusal::NotStronger));
            }
            check(fact.clone(), SelfReported, Some(Proxy), Err(Refusal::NotStronger));
            check(fact.clone(), Proxy, Some(SelfReported), Err(Refusal::NotStronger));
            check(
                fact.clone(),
                Proxy,
                Some(Certified),
                Err(match fact {
                    Fact::Payment => Refusal::NeverSeen,
                    _ => Refusal::NotCertified,
                }),
            );
        }
        for seen in [Observed, Demonstrated] {
            check(Fact::Uses, Proxy, Some(seen), Ok(seen));
            check(Fact::Uses, SelfReported, Some(seen), Ok(seen));
            check(Fact::Payment, SelfReported, Some(seen), Err(Refusal::NeverSeen));
            check(Fact::Payment, Proxy, Some(seen), Err(Refusal::NeverSeen));
        }
        for fact in [Fact::Knows, Fact::Skill, Fact::Uses, Fact::Safe, Fact::Bdhvs] {
            check(fact, SelfReported, Some(Certified), Ok(Certified));
        }
        check(Fact::Smartphone, SelfReported, Some(Certified), Err(Refusal::NotCertified));
        check(Fact::Payment, SelfReported, Some(Certified), Err(Refusal::NeverSeen));
    }

    #[test]
    fn each_refusal_has_a_code_of_its_own() {
        let codes: std::collections::BTreeSet<_> = Refusal::ALL.iter().map(|one| one.code()).collect();
        assert_eq!(codes.len(), Refusal::ALL.len());
    }
}
