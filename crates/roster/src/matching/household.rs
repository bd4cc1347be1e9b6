//! Households of a list made ready for comparing, and what is said of them in the end.

use std::collections::HashSet;

use domain::ids::MemberId;

use super::assignment::Assigned;
use super::difference::{self, Difference};
use super::index::{Index, NameForms, UnitIndex, door};
use super::member::{self, Named, Pairing, SURE};
use super::{Evidence, HouseholdOutcome, MemberOutcome, Register, RegisteredMember};
use crate::list::{ListedHousehold, ListedMember, RosterList};

/// A household of the list in the forms it is compared by.
pub(super) struct Listed {
    /// `None` if the register has no such unit.
    pub(super) unit: Option<UnitIndex>,
    pub(super) door: Option<String>,
    pub(super) names: Vec<NameForms>,
}

pub(super) fn prepare(list: &RosterList, index: &Index) -> Vec<Listed> {
    let prepared = |household: &ListedHousehold| Listed {
        unit: index.unit(&household.hamlet_unit),
        door: door(&household.alley, &household.house_no, &household.place_note),
        names: household.members.iter().map(|member| NameForms::of(&member.full_name)).collect(),
    };
    list.households.iter().map(prepared).collect()
}

pub(super) fn named_listed<'a>(
    list: &'a RosterList,
    listed: &'a [Listed],
    at: usize,
) -> Vec<Named<'a, ListedMember>> {
    let names = listed.get(at).map(|listed| listed.names.as_slice()).unwrap_or_default();
    list.households.get(at).map(|household| household.members.iter().zip(names).collect()).unwrap_or_default()
}

pub(super) fn named_kept<'a>(
    register: &'a Register,
    index: &'a Index,
    at: usize,
) -> Vec<Named<'a, RegisteredMember>> {
    let names = index.names.get(at).map(Vec::as_slice).unwrap_or_default();
    register
        .households
        .get(at)
        .map(|household| household.members.iter().zip(names).collect())
        .unwrap_or_default()
}

/// Says what became of each household and of its people.
pub(super) fn outcomes(
    list: &RosterList,
    listed: &[Listed],
    register: &Register,
    index: &Index,
    assigned: &[Assigned],
) -> Vec<HouseholdOutcome> {
    let outcome = |(at, assigned): (usize, &Assigned)| match assigned {
        Assigned::New => {
            HouseholdOutcome::New { members: vec![MemberOutcome::New; named_listed(list, listed, at).len()] }
        }
        Assigned::Deleted => HouseholdOutcome::Deleted {
            members: vec![MemberOutcome::Deleted; named_listed(list, listed, at).len()],
        },
        Assigned::Open(kept) => HouseholdOutcome::Ambiguous {
            candidates: kept
                .iter()
                .filter_map(|kept| register.households.get(*kept))
                .map(|kept| kept.id)
                .collect(),
        },
        Assigned::To(kept, evidence, pairing) => {
            let people = named_kept(register, index, *kept);
            let (members, not_listed) = members(&named_listed(list, listed, at), &people, pairing);
            let both = list.households.get(at).zip(register.households.get(*kept));
            match both {
                Some((listed, kept)) => HouseholdOutcome::Matched {
                    id: kept.id,
                    evidence: evidence.clone(),
                    differences: difference::of_household(listed, kept),
                    members,
                    not_listed,
                },
                None => HouseholdOutcome::New { members },
            }
        }
    };
    assigned.iter().enumerate().map(outcome).collect()
}

fn members(
    listed: &[Named<'_, ListedMember>],
    kept: &[Named<'_, RegisteredMember>],
    pairing: &Pairing,
) -> (Vec<MemberOutcome>, Vec<MemberId>) {
    let mut outcomes = vec![MemberOutcome::New; listed.len()];
    let mut named = HashSet::new();
    for pair in &pairing.pairs {
        let (Some(one), Some(other)) = (listed.get(pair.listed), kept.get(pair.kept)) else { continue };
        named.insert(other.0.id);
        let outcome = matched(*one, *other, pair.weight == i32::MAX);
        outcomes.iter_mut().skip(pair.listed).take(1).for_each(|place| *place = outcome.clone());
    }
    for (at, places) in &pairing.ambiguous {
        let open: Vec<MemberId> = places
            .iter()
            .filter_map(|place| kept.get(*place))
            .map(|(member, _)| member.id)
            .filter(|id| !named.contains(id))
            .collect();
        // What is left of the choice may be nobody, once surer pairs are made.
        if !open.is_empty() {
            let outcome = MemberOutcome::Ambiguous { candidates: open };
            outcomes.iter_mut().skip(*at).take(1).for_each(|place| *place = outcome.clone());
        }
    }
    let not_listed = kept.iter().map(|(member, _)| member.id).filter(|id| !named.contains(id)).collect();
    (outcomes, not_listed)
}

fn matched(
    listed: Named<'_, ListedMember>,
    kept: Named<'_, RegisteredMember>,
    same_row: bool,
) -> MemberOutcome {
    let mut evidence = member::evidence(listed, kept);
    if same_row {
        evidence.insert(0, Evidence::SameRecord);
    }
    MemberOutcome::Matched { id: kept.0.id, evidence, differences: difference::of_member(listed.0, kept.0) }
}

/// A row of this very list that was taken in before is its person, wherever that person is now: in another
/// household, or deleted.
pub(super) fn find_own_rows(
    list: &RosterList,
    listed: &[Listed],
    register: &Register,
    index: &Index,
    outcomes: &mut [HouseholdOutcome],
) {
    for (at, outcome) in outcomes.iter_mut().enumerate() {
        let (HouseholdOutcome::Matched { members, .. }
        | HouseholdOutcome::New { members }
        | HouseholdOutcome::Deleted { members }) = outcome
        else {
            continue;
        };
        for (one, outcome) in named_listed(list, listed, at).into_iter().zip(members.iter_mut()) {
            if !matches!(outcome, MemberOutcome::New | MemberOutcome::Deleted) {
                continue;
            }
            let id = list.member_id(one.0);
            let place = index.member_by_id.get(&id);
            let kept = place.and_then(|(household, place)| {
                let member = register.households.get(*household)?.members.get(*place)?;
                Some((member, index.names.get(*household)?.get(*place)?))
            });
            if let Some(kept) = kept {
                *outcome = matched(one, kept, true);
                if let MemberOutcome::Matched { evidence, differences, .. } = outcome {
                    evidence.push(Evidence::OtherHousehold);
                    differences.push(Difference::other_household());
                }
            } else if register.deleted_members.contains(&id) {
                *outcome = MemberOutcome::Deleted;
            }
        }
    }
}

/// Somebody who is new in a household may be known from another one of the unit: a daughter who married,
/// a household that split. Needs the same name and the same day of birth, and only one such person.
pub(super) fn find_in_other_households(
    list: &RosterList,
    listed: &[Listed],
    register: &Register,
    index: &Index,
    outcomes: &mut [HouseholdOutcome],
) {
    let mut taken: HashSet<MemberId> = HashSet::new();
    for outcome in outcomes.iter() {
        if let HouseholdOutcome::Matched { members, .. }
        | HouseholdOutcome::New { members }
        | HouseholdOutcome::Deleted { members } = outcome
        {
            taken.extend(members.iter().filter_map(|member| match member {
                MemberOutcome::Matched { id, .. } => Some(*id),
                _ => None,
            }));
        }
    }
    for (at, outcome) in outcomes.iter_mut().enumerate() {
        let (HouseholdOutcome::Matched { members, .. } | HouseholdOutcome::New { members }) = outcome else {
            continue;
        };
        let Some(unit) = listed.get(at).and_then(|listed| listed.unit) else { continue };
        for (one, outcome) in named_listed(list, listed, at).into_iter().zip(members.iter_mut()) {
            if *outcome != MemberOutcome::New || !one.0.birth.is_some_and(|birth| birth.is_complete()) {
                continue;
            }
            let places = index.by_name.get(&(unit, one.1.sound.clone())).into_iter().flatten();
            let same: Vec<Named<'_, RegisteredMember>> = places
                .filter_map(|(household, place)| {
                    let member = register.households.get(*household)?.members.get(*place)?;
                    let name = index.names.get(*household)?.get(*place)?;
                    let same_day =
                        member.birth == one.0.birth && member::weight(one, (member, name))? >= SURE;
                    (same_day && !taken.contains(&member.id)).then_some((member, name))
                })
                .collect();
            match same.as_slice() {
                [] => {}
                [kept] => {
                    taken.insert(kept.0.id);
                    *outcome = matched(one, *kept, false);
                    if let MemberOutcome::Matched { evidence, differences, .. } = outcome {
                        evidence.push(Evidence::OtherHousehold);
                        differences.push(Difference::other_household());
                    }
                }
                several => {
                    let candidates = several.iter().map(|(member, _)| member.id).collect();
                    *outcome = MemberOutcome::Ambiguous { candidates };
                }
            }
        }
    }
}
