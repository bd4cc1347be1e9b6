//! Short words for building people, households and visits in tests.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::calendar::{Day, PartialDate};
use crate::criteria::{CriteriaSet, Person};
use crate::fact::{Answer, Current, Evidence, Fact};
use crate::ids::{AssessmentId, HamletUnitId, HouseholdId, MemberId, VisitId};
use crate::people::{Dwelling, Household, Member, Relation, Residence};
use crate::rules::DoorRules;
use crate::visit::{Outcome, Visit};

pub(crate) const TODAY: &str = "2026-11-22";

pub(crate) fn today() -> Day {
    Day::parse(TODAY).unwrap()
}

pub(crate) fn plan() -> CriteriaSet {
    CriteriaSet::from_json(include_str!("../../../assets/criteria/phu-dong-2025.json")).unwrap()
}

pub(crate) fn rules() -> DoorRules {
    DoorRules::from_json(include_str!("../../../assets/rules/door-2026.json")).unwrap()
}

pub(crate) fn household(number: u128) -> Household {
    Household {
        id: HouseholdId(Uuid::from_u128(number)),
        hamlet_unit: HamletUnitId(Uuid::from_u128(1)),
        alley: None,
        house_no: number.to_string(),
        place_note: String::new(),
        code: format!("T1-{number:04}"),
        dwelling: Dwelling::House,
        alive: true,
    }
}

pub(crate) fn visit(day: u32, outcome: Outcome) -> Visit {
    let id = VisitId(Uuid::from_u128(u128::from(day)));
    Visit::at_home(id, HouseholdId(Uuid::nil()), Day::new(2026, 11, day).unwrap(), outcome)
}

/// A person with facts, owned; [`Somebody::seen`] lends it to the functions under test.
#[derive(Debug)]
pub(crate) struct Somebody {
    pub(crate) member: Member,
    facts: BTreeMap<Fact, Current>,
    attended: bool,
    guided: bool,
}

/// `facts`: `"bdhvs=learning knows=yes uses=yes:proxy"`; evidence is self_reported unless said.
/// The words `guided`, `attended` and a residence code may stand among them.
pub(crate) fn somebody(number: u128, birth: &str, facts: &str) -> Somebody {
    let mut somebody = Somebody {
        member: Member {
            id: MemberId(Uuid::from_u128(number)),
            household: HouseholdId(Uuid::nil()),
            full_name: format!("Người {number}"),
            birth: PartialDate::parse(birth).ok(),
            sex: None,
            relation: Relation::Other,
            phone: None,
            residence: Residence::Present,
            alive: true,
        },
        facts: BTreeMap::new(),
        attended: false,
        guided: false,
    };
    for word in facts.split_whitespace() {
        match word.split_once('=') {
            None if word == "guided" => somebody.guided = true,
            None if word == "attended" => somebody.attended = true,
            None => somebody.member.residence = Residence::from_code(word),
            Some((fact, said)) => {
                let (answer, evidence) = said.split_once(':').unwrap_or((said, "self_reported"));
                somebody.facts.insert(Fact::from_code(fact), known(answer, evidence));
            }
        }
    }
    somebody
}

fn known(answer: &str, evidence: &str) -> Current {
    let day = Day::new(2026, 11, 1).unwrap();
    Current {
        answer: Answer::from(answer.to_owned()),
        evidence: Evidence::from_code(evidence),
        day,
        source: AssessmentId(Uuid::nil()),
        lapsed: false,
        valid_until: day.plus_months(12),
    }
}

impl Somebody {
    pub(crate) fn seen(&self) -> Person<'_> {
        Person { member: &self.member, facts: &self.facts, attended: self.attended, guided: self.guided }
    }
}
