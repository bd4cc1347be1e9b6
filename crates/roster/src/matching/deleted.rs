//! Who was deleted does not come back unasked by a list of another source. The list they came from knows them
//! by their rows; another one says the same name and birth, and perhaps it is somebody else: a person decides.

use domain::ids::HouseholdId;

use super::household::{Listed, named_listed};
use super::index::{Index, NameForms};
use super::{DeletedPerson, HouseholdOutcome, MemberOutcome, Register};
use crate::list::{ListedMember, RosterList};

/// Leaves open whoever would be added and may have been deleted. A household that would be added is left open
/// as a whole if somebody in it was deleted with a household, or if nobody else is left in it.
pub(super) fn hold_back(
    list: &RosterList,
    listed: &[Listed],
    register: &Register,
    index: &Index,
    outcomes: &mut [HouseholdOutcome],
) {
    if register.deleted_people.is_empty() {
        return;
    }
    for (at, outcome) in outcomes.iter_mut().enumerate() {
        let known = match outcome {
            HouseholdOutcome::Matched { id, .. } => Some(*id),
            HouseholdOutcome::New { .. } => None,
            HouseholdOutcome::Ambiguous { .. } | HouseholdOutcome::Deleted { .. } => continue,
        };
        let (HouseholdOutcome::Matched { members, .. } | HouseholdOutcome::New { members }) = outcome else {
            continue;
        };
        let Some(place) = listed.get(at) else { continue };
        let mut of_households: Vec<HouseholdId> = Vec::new();
        let mut with_household = false;
        for ((member, name), outcome) in named_listed(list, listed, at).into_iter().zip(members.iter_mut()) {
            if *outcome != MemberOutcome::New {
                continue;
            }
            let may_be = may_be(member, name, known, place, register, index);
            if may_be.is_empty() {
                continue;
            }
            with_household |= may_be.iter().any(|gone| gone.with_household);
            of_households.extend(may_be.iter().map(|gone| gone.household));
            *outcome = MemberOutcome::Ambiguous { candidates: may_be.iter().map(|gone| gone.id).collect() };
        }
        let nobody_else = members.iter().all(|member| matches!(member, MemberOutcome::Ambiguous { .. }));
        if known.is_none() && !of_households.is_empty() && (with_household || nobody_else) {
            of_households.sort_unstable();
            of_households.dedup();
            *outcome = HouseholdOutcome::Ambiguous { candidates: of_households };
        }
    }
}

/// Deleted people of that name, marks aside, whose birth agrees; where one of the births is not known, those
/// of the same household or door.
fn may_be<'a>(
    member: &ListedMember,
    name: &NameForms,
    household: Option<HouseholdId>,
    place: &Listed,
    register: &'a Register,
    index: &Index,
) -> Vec<&'a DeletedPerson> {
    let Some(unit) = place.unit else { return Vec::new() };
    let namesakes = index.deleted_by_name.get(&(unit, name.sound.clone())).into_iter().flatten();
    let namesakes = namesakes.filter_map(|at| register.deleted_people.get(*at));
    let is_one = |gone: &&DeletedPerson| match member.birth.zip(gone.birth) {
        Some((listed, kept)) => listed.agrees_with(kept),
        None => household == Some(gone.household) || (gone.door.is_some() && gone.door == place.door),
    };
    namesakes.filter(is_one).collect()
}
