//! Households, people and what is recorded at their doors. Nobody in here exists.

use domain::calendar::{Day, PartialDate};
use domain::consent::{Basis, Consent, Decision, Purpose};
use domain::fact::{Answer, Assessment, Evidence, Fact};
use domain::ids::{AlleyId, AssessmentId, ConsentId, HamletUnitId, HouseholdId, MemberId, VisitId};
use domain::people::{Alley, Dwelling, HamletUnit, HamletUnitKind, Household, Member, Relation, Residence};
use domain::visit::{Outcome, Visit};
use store::{Change, StoreError};
use uuid::Uuid;

/// The hamlet that everything is in.
pub const UNIT: HamletUnitId = HamletUnitId(Uuid::from_u128(0x11));

const NAMES: &[&str] = &["Nguyễn Văn Hòa", "Trần Thị Mỹ", "Lê Thị Thắm", "Đỗ Minh Quân", "Phạm Thị Út"];

/// "Thôn Sen".
pub fn unit() -> HamletUnit {
    HamletUnit {
        id: UNIT,
        name: "Thôn Sen".into(),
        kind: HamletUnitKind::Hamlet,
        urban: false,
        valid_from: None,
        valid_to: None,
    }
}

/// An alley of it.
pub fn alley(number: u64) -> Alley {
    let name = format!("Ngõ {number}");
    Alley { id: AlleyId::from_name(UNIT.0, &name), hamlet_unit: UNIT, name }
}

/// A household of an alley.
pub fn household(number: u64, alley: &Alley) -> Household {
    Household {
        id: household_id(number),
        hamlet_unit: UNIT,
        alley: Some(alley.id),
        house_no: number.to_string(),
        place_note: String::new(),
        code: format!("T-{number}"),
        dwelling: Dwelling::House,
        alive: true,
    }
}

/// By its number.
pub fn household_id(number: u64) -> HouseholdId {
    HouseholdId(Uuid::from_u128((0x1000_0000 << 64) + u128::from(number)))
}

/// The `nth` person of a household.
pub fn member(household: u64, nth: u64) -> Member {
    let name = NAMES.iter().cycle().nth(usize::try_from(nth).unwrap_or(0)).copied().unwrap_or_default();
    Member {
        id: MemberId(Uuid::from_u128((0x2000_0000 << 64) + u128::from(household * 32 + nth))),
        household: household_id(household),
        full_name: name.to_owned(),
        birth: PartialDate::parse(&format!("{}", 1960 + 7 * nth)).ok(),
        sex: None,
        relation: if nth == 0 { Relation::Head } else { Relation::Other },
        phone: None,
        residence: Residence::Present,
        alive: true,
    }
}

/// A household with so many people.
pub fn put_household(change: &mut Change<'_>, number: u64, people: u64) -> Result<(), StoreError> {
    let alley = alley(number % 4);
    change.put(&unit())?;
    change.put(&alley)?;
    change.put(&household(number, &alley))?;
    (0..people).try_for_each(|nth| change.put(&member(number, nth)))
}

/// What an ordinary visit writes: the visit, and of each person the answers and the consent.
#[derive(Clone, Debug)]
pub struct FullVisit {
    /// The visit.
    pub visit: Visit,
    /// One per person.
    pub assessments: Vec<Assessment>,
    /// One per person.
    pub consents: Vec<Consent>,
}

impl FullVisit {
    /// All answered, ids from random bytes.
    pub fn of(
        household: HouseholdId,
        people: &[MemberId],
        day: Day,
        mut random: impl FnMut() -> Result<[u8; 16], StoreError>,
    ) -> Result<Self, StoreError> {
        let mut id = || random().map(|bytes| uuid::Builder::from_random_bytes(bytes).into_uuid());
        let visit = Visit {
            respondent: people.first().copied(),
            members_unchanged: true,
            ..Visit::at_home(VisitId(id()?), household, day, Outcome::Met)
        };
        let (mut assessments, mut consents) = (Vec::new(), Vec::new());
        for member in people {
            assessments.push(Assessment {
                id: AssessmentId(id()?),
                member: *member,
                day,
                visit: Some(visit.id),
                respondent: None,
                answers: answers(),
                voids: None,
            });
            consents.push(Consent {
                id: ConsentId(id()?),
                member: *member,
                day,
                visit: Some(visit.id),
                purposes: vec![Purpose::GuideFamily, Purpose::Figures],
                decision: Decision::Agreed,
                basis: Basis::Consent,
                text_version: "2026-11".into(),
                voids: None,
            });
        }
        Ok(Self { visit, assessments, consents })
    }

    /// Writes all of it.
    pub fn put(&self, change: &mut Change<'_>) -> Result<(), StoreError> {
        change.put(&self.visit)?;
        self.consents.iter().try_for_each(|consent| change.put(consent))?;
        self.assessments.iter().try_for_each(|assessment| change.put(assessment))
    }
}

fn answers() -> Vec<(Fact, Answer, Evidence)> {
    let answer = |fact: Fact, text: &str| (fact, Answer::from(text.to_owned()), Evidence::SelfReported);
    vec![
        answer(Fact::Smartphone, "own"),
        answer(Fact::Vneid, "level2"),
        answer(Fact::Payment, "bank"),
        answer(Fact::Knows, "yes"),
        answer(Fact::Uses, "no"),
    ]
}
