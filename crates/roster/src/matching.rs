//! A list against what the register already holds: what is new, what is known, what would change, and
//! what nobody but a person can decide.
//!
//! Names alone decide nothing: a third of the people share a surname, and a hamlet has several Nguyễn Văn
//! Bảo. Evidence is weighed per household (people in common with agreeing births, the same door, the
//! same code of one numbering), each household is given to one counterpart at most, and two counterparts
//! of nearly equal weight are reported as ambiguous, never chosen between. Nothing is changed here: what
//! the list says differently comes back as differences for a person to accept.

mod assignment;
mod difference;
mod household;
mod index;
mod member;

use domain::calendar::PartialDate;
use domain::ids::{HouseholdId, MemberId};
use domain::people::{Dwelling, Relation, Residence, Sex};
use domain::phone::Phone;

pub use self::difference::{Difference, DifferenceKind, Field};

use crate::list::RosterList;

/// What is in the register, as far as a list is matched against it. The caller fills it.
#[derive(Clone, Debug, Default)]
pub struct Register {
    /// Living records only.
    pub households: Vec<RegisteredHousehold>,
}

/// A household of the register.
#[derive(Clone, Debug)]
pub struct RegisteredHousehold {
    /// Its id.
    pub id: HouseholdId,
    /// The name of its hamlet unit: "Thôn Sen Hạ".
    pub hamlet_unit: String,
    /// The name of its alley, or empty.
    pub alley: String,
    /// Or empty.
    pub house_no: String,
    /// Or empty.
    pub place_note: String,
    /// Or empty.
    pub code: String,
    /// House or rented room.
    pub dwelling: Dwelling,
    /// Its people.
    pub members: Vec<RegisteredMember>,
}

/// A person of the register.
#[derive(Clone, Debug)]
pub struct RegisteredMember {
    /// The id.
    pub id: MemberId,
    /// As kept.
    pub full_name: String,
    /// As far as known.
    pub birth: Option<PartialDate>,
    /// As far as known.
    pub sex: Option<Sex>,
    /// To the head.
    pub relation: Relation,
    /// If known.
    pub phone: Option<Phone>,
    /// As of today.
    pub residence: Residence,
}

/// Why a record of the list is held to be one of the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// It came from this row of this very list.
    SameRecord,
    /// The same household code of one numbering.
    SameCode,
    /// The same alley and house number, or the same words for the place.
    SamePlace,
    /// The heads are one person.
    SameHead,
    /// This many people in common, births agreeing.
    SharedMembers(u16),
    /// Of a person: the same name, marks included.
    SameName,
    /// Of a person: the same name but for marks or i and y.
    SimilarName,
    /// Of a person: births equal to the day.
    SameBirth,
    /// Of a person: births agree as far as both are known.
    BirthAgrees,
    /// Of a person: the same relation to the head.
    SameRelation,
    /// Of a person: the same telephone.
    SamePhone,
    /// Of a person: found in another household of the unit.
    OtherHousehold,
}

/// What a household of the list is.
#[derive(Clone, Debug, PartialEq)]
pub enum HouseholdOutcome {
    /// Nothing in the register answers to it.
    New {
        /// Its people in the list's order; somebody may be known from another household.
        members: Vec<MemberOutcome>,
    },
    /// In the register.
    Matched {
        /// Which one.
        id: HouseholdId,
        /// Why.
        evidence: Vec<Evidence>,
        /// What the list says differently of the household itself.
        differences: Vec<Difference>,
        /// Its people in the list's order.
        members: Vec<MemberOutcome>,
        /// People of the register's household whom the list does not name. They stay.
        not_listed: Vec<MemberId>,
    },
    /// One of several in the register, or too little to say. A person decides; nothing is added.
    Ambiguous {
        /// Which ones it may be, the likeliest first.
        candidates: Vec<HouseholdId>,
    },
}

/// What a person of the list is.
#[derive(Clone, Debug, PartialEq)]
pub enum MemberOutcome {
    /// Nobody in the register answers to the name and birth.
    New,
    /// In the register.
    Matched {
        /// Who.
        id: MemberId,
        /// Why.
        evidence: Vec<Evidence>,
        /// What the list says differently.
        differences: Vec<Difference>,
    },
    /// One of several. A person decides.
    Ambiguous {
        /// Who it may be.
        candidates: Vec<MemberId>,
    },
}

/// How many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Not in the register.
    pub added: usize,
    /// In the register, differing or not.
    pub matched: usize,
    /// Of the matched: those the list says something else or more of.
    pub changed: usize,
    /// For a person to decide.
    pub ambiguous: usize,
}

/// A whole list against the register.
#[derive(Clone, Debug)]
pub struct Matches {
    /// In the list's order.
    pub households: Vec<HouseholdOutcome>,
    /// Of households.
    pub household_counts: Counts,
    /// Of people. Those of an ambiguous household are ambiguous.
    pub person_counts: Counts,
}

/// Matches a list. Takes time in proportion to both, not to their product. Households of a list that
/// does not say its hamlet unit are matched against those of the register without one.
pub fn match_list(list: &RosterList, register: &Register) -> Matches {
    let index = index::Index::new(register);
    let listed = household::prepare(list, &index);
    let assigned = assignment::assign(list, &listed, register, &index);
    let mut households = household::outcomes(list, &listed, register, &index, &assigned);
    household::find_in_other_households(list, &listed, register, &index, &mut households);
    let (mut household_counts, mut person_counts) = (Counts::default(), Counts::default());
    for (outcome, household) in households.iter().zip(&list.households) {
        match outcome {
            HouseholdOutcome::New { members } => {
                household_counts.added += 1;
                members.iter().for_each(|member| count(member, &mut person_counts));
            }
            HouseholdOutcome::Matched { differences, members, .. } => {
                household_counts.matched += 1;
                household_counts.changed += usize::from(!differences.is_empty());
                members.iter().for_each(|member| count(member, &mut person_counts));
            }
            HouseholdOutcome::Ambiguous { .. } => {
                household_counts.ambiguous += 1;
                person_counts.ambiguous += household.members.len();
            }
        }
    }
    Matches { households, household_counts, person_counts }
}

fn count(member: &MemberOutcome, counts: &mut Counts) {
    match member {
        MemberOutcome::New => counts.added += 1,
        MemberOutcome::Matched { differences, .. } => {
            counts.matched += 1;
            counts.changed += usize::from(!differences.is_empty());
        }
        MemberOutcome::Ambiguous { .. } => counts.ambiguous += 1,
    }
}

impl From<&RosterList> for Register {
    /// The register after a list was taken into an empty one.
    fn from(list: &RosterList) -> Self {
        let households = list.households.iter().map(|household| RegisteredHousehold {
            id: list.household_id(household),
            hamlet_unit: household.hamlet_unit.clone(),
            alley: household.alley.clone(),
            house_no: household.house_no.clone(),
            place_note: household.place_note.clone(),
            code: household.code.clone(),
            dwelling: household.dwelling.clone(),
            members: household
                .members
                .iter()
                .map(|member| RegisteredMember {
                    id: list.member_id(member),
                    full_name: member.full_name.clone(),
                    birth: member.birth,
                    sex: member.sex.clone(),
                    relation: member.relation.clone(),
                    phone: member.phone.clone(),
                    residence: member.residence.clone(),
                })
                .collect(),
        });
        Self { households: households.collect() }
    }
}
