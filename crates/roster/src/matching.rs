//! A list against what the register already holds: what is new, what is known, what would change, and
//! what nobody but a person can decide.
//!
//! Names alone decide nothing: a third of the people share a surname, and a hamlet has several Nguyễn Văn
//! Bảo. Evidence is weighed per household (people in common with agreeing births, the same door, the
//! same code of one numbering), each household is given to one counterpart at most, and two counterparts
//! of nearly equal weight are reported as ambiguous, never chosen between. Nothing is changed here: what
//! the list says differently comes back as differences for a person to accept.

mod assignment;
mod deleted;
mod difference;
mod household;
mod index;
mod member;
mod register;

use domain::ids::{HouseholdId, MemberId};

pub use self::difference::{Difference, DifferenceKind, Field};
pub use self::register::{DeletedPerson, Register, RegisteredHousehold, RegisteredMember};

use crate::list::RosterList;

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
    /// One of several in the register, or one that was deleted, or too little to say. A person decides; nothing
    /// is added.
    Ambiguous {
        /// Which ones it may be, the likeliest first.
        candidates: Vec<HouseholdId>,
    },
    /// Taken in from this very list before, and deleted since. It stays deleted.
    Deleted {
        /// Its people in the list's order: deleted with it, or known from another household.
        members: Vec<MemberOutcome>,
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
    /// One of several, or somebody who was deleted. A person decides.
    Ambiguous {
        /// Who it may be.
        candidates: Vec<MemberId>,
    },
    /// Taken in from this row of this very list before, and deleted since.
    Deleted,
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
    /// Taken in from this very list before and deleted since; they stay deleted.
    pub deleted: usize,
}

impl Counts {
    /// All of them.
    pub fn listed(&self) -> usize {
        self.added + self.matched + self.ambiguous + self.deleted
    }

    /// Puts the counts of another part of a list in.
    pub fn add(&mut self, other: &Self) {
        let Self { added, matched, changed, ambiguous, deleted } = other;
        self.added += added;
        self.matched += matched;
        self.changed += changed;
        self.ambiguous += ambiguous;
        self.deleted += deleted;
    }
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
/// does not say its hamlet unit are matched against those of the register without one
/// ([`RosterList::in_unit`] says it for them).
pub fn match_list(list: &RosterList, register: &Register) -> Matches {
    let index = index::Index::new(register);
    let listed = household::prepare(list, &index);
    let assigned = assignment::assign(list, &listed, register, &index);
    let mut households = household::outcomes(list, &listed, register, &index, &assigned);
    household::find_own_rows(list, &listed, register, &index, &mut households);
    household::find_in_other_households(list, &listed, register, &index, &mut households);
    deleted::hold_back(list, &listed, register, &index, &mut households);
    let (mut household_counts, mut person_counts) = (Counts::default(), Counts::default());
    for (outcome, listed) in households.iter().zip(&list.households) {
        let (household, persons) = outcome.counts(listed.members.len());
        household_counts.add(&household);
        person_counts.add(&persons);
    }
    Matches { households, household_counts, person_counts }
}

impl HouseholdOutcome {
    /// The household and its people, so many in the list, as counts.
    pub(crate) fn counts(&self, listed: usize) -> (Counts, Counts) {
        let (mut household, mut persons) = (Counts::default(), Counts::default());
        let members = match self {
            Self::New { members } => {
                household.added = 1;
                members
            }
            Self::Matched { differences, members, .. } => {
                household.matched = 1;
                household.changed = usize::from(!differences.is_empty());
                members
            }
            Self::Deleted { members } => {
                household.deleted = 1;
                members
            }
            Self::Ambiguous { .. } => {
                household.ambiguous = 1;
                persons.ambiguous = listed;
                return (household, persons);
            }
        };
        members.iter().for_each(|member| count(member, &mut persons));
        (household, persons)
    }
}

fn count(member: &MemberOutcome, counts: &mut Counts) {
    match member {
        MemberOutcome::New => counts.added += 1,
        MemberOutcome::Matched { differences, .. } => {
            counts.matched += 1;
            counts.changed += usize::from(!differences.is_empty());
        }
        MemberOutcome::Ambiguous { .. } => counts.ambiguous += 1,
        MemberOutcome::Deleted => counts.deleted += 1,
    }
}
