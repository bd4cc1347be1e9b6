//! Which household of the list is which of the register: the heaviest pairs first, each household once,
//! near equals left open.

use std::collections::BTreeSet;

use domain::people::Relation;

use super::household::{Listed, named_kept, named_listed};
use super::index::{Index, is_ordinal, one_numbering};
use super::member::{self, Pairing, SURE};
use super::{Evidence, Register};
use crate::list::RosterList;
use domain::text::fold;

const SURE_PERSON: i32 = 30;
const SURE_HEAD: i32 = 45;
const LIKELY_PERSON: i32 = 12;
/// Ten people in common say no more than four.
const PEOPLE_AT_MOST: i32 = 120;
const SAME_DOOR: i32 = 25;
const OTHER_DOOR: i32 = -5;
const SAME_CODE: i32 = 40;
const SAME_ORDINAL: i32 = 10;
const OTHER_CODE: i32 = -15;

/// From here on two households are held to be one.
const ONE_HOUSEHOLD: i32 = 40;
/// From here on a person has to look.
const DOUBTFUL: i32 = 20;
/// Two counterparts closer than this are not chosen between.
const MARGIN: i32 = 10;

/// A name borne by more people of one unit tells nobody apart; code and door still do. The commonest real
/// ones have some dozens. Without this bound a list of one name would take a time that grows as a square.
const NAMESAKES_AT_MOST: usize = 500;

/// What became of a household of the list.
#[derive(Clone, Debug)]
pub(super) enum Assigned {
    /// The register has none.
    New,
    /// Position in the register, why, and who is who.
    To(usize, Vec<Evidence>, Pairing),
    /// Positions in the register.
    Open(Vec<usize>),
    /// Of this very list, and deleted since.
    Deleted,
}

struct Candidate {
    listed: usize,
    kept: usize,
    weight: i32,
    evidence: Vec<Evidence>,
    pairing: Pairing,
}

/// Gives each household of the list at most one of the register.
pub(super) fn assign(
    list: &RosterList,
    listed: &[Listed],
    register: &Register,
    index: &Index,
) -> Vec<Assigned> {
    let mut assigned = vec![Assigned::New; listed.len()];
    let mut settled = vec![false; listed.len()];
    let mut taken = vec![false; register.households.len()];
    // Records of this very list come first: nothing is surer.
    for (at, household) in list.households.iter().enumerate() {
        if let Some(kept) = index.by_id.get(&list.household_id(household)).copied() {
            let pairing = same_list_pairing(list, at, kept, register, index, listed);
            set(&mut assigned, at, Assigned::To(kept, vec![Evidence::SameRecord], pairing));
            set(&mut settled, at, true);
            set(&mut taken, kept, true);
        } else if register.deleted_households.contains(&list.household_id(household)) {
            set(&mut assigned, at, Assigned::Deleted);
            set(&mut settled, at, true);
        }
    }
    let mut candidates = Vec::new();
    for at in (0..listed.len()).filter(|at| !is(&settled, *at)) {
        candidates.extend(candidates_of(list, at, listed, register, index, &taken));
    }
    candidates.sort_by_key(|candidate| (-candidate.weight, candidate.listed, candidate.kept));
    let mut of_listed: Vec<Vec<usize>> = vec![Vec::new(); listed.len()];
    let mut of_kept: Vec<Vec<usize>> = vec![Vec::new(); register.households.len()];
    for (number, candidate) in candidates.iter().enumerate() {
        of_listed.iter_mut().skip(candidate.listed).take(1).for_each(|of| of.push(number));
        of_kept.iter_mut().skip(candidate.kept).take(1).for_each(|of| of.push(number));
    }
    for candidate in &candidates {
        if is(&settled, candidate.listed) || is(&taken, candidate.kept) {
            continue;
        }
        let near = |number: &&usize| {
            candidates.get(**number).filter(|other| {
                other.weight + MARGIN >= candidate.weight
                    && !is(&settled, other.listed)
                    && !is(&taken, other.kept)
            })
        };
        // A rival counts only if nothing better waits for it.
        let best_of_kept = |kept: usize| {
            let open = of_kept.get(kept).into_iter().flatten().filter_map(|number| candidates.get(*number));
            open.filter(|other| !is(&settled, other.listed)).map(|other| (other.weight, other.listed)).next()
        };
        let best_of_listed = |at: usize| {
            let open = of_listed.get(at).into_iter().flatten().filter_map(|number| candidates.get(*number));
            open.filter(|other| !is(&taken, other.kept)).map(|other| (other.weight, other.kept)).next()
        };
        let other_kept: Vec<usize> = of_listed
            .get(candidate.listed)
            .into_iter()
            .flatten()
            .filter_map(|number| near(&number))
            .filter(|other| other.kept != candidate.kept)
            .filter(|other| best_of_kept(other.kept).is_none_or(|(weight, _)| weight <= other.weight))
            .map(|other| other.kept)
            .collect();
        let other_listed: Vec<usize> = of_kept
            .get(candidate.kept)
            .into_iter()
            .flatten()
            .filter_map(|number| near(&number))
            .filter(|other| other.listed != candidate.listed)
            .filter(|other| best_of_listed(other.listed).is_none_or(|(weight, _)| weight <= other.weight))
            .map(|other| other.listed)
            .collect();
        let one = candidate.weight >= ONE_HOUSEHOLD && other_kept.is_empty() && other_listed.is_empty();
        set(&mut taken, candidate.kept, true);
        for at in std::iter::once(candidate.listed).chain(other_listed) {
            set(&mut settled, at, true);
            let open = std::iter::once(candidate.kept).chain(other_kept.iter().copied()).collect();
            let outcome = if one {
                Assigned::To(candidate.kept, candidate.evidence.clone(), candidate.pairing.clone())
            } else {
                Assigned::Open(open)
            };
            set(&mut assigned, at, outcome);
        }
        other_kept.iter().for_each(|kept| set(&mut taken, *kept, true));
    }
    assigned
}

fn is(flags: &[bool], at: usize) -> bool {
    flags.get(at).copied().unwrap_or(true)
}

fn set<T>(all: &mut [T], at: usize, value: T) {
    if let Some(place) = all.get_mut(at) {
        *place = value;
    }
}

/// People of one list and its import by their rows; whoever was added since by name and birth. A row whose
/// person is somewhere else now, or deleted, is nobody's to be guessed ([`super::household::find_own_rows`]).
fn same_list_pairing(
    list: &RosterList,
    at: usize,
    kept: usize,
    register: &Register,
    index: &Index,
    listed: &[Listed],
) -> Pairing {
    let members = list.households.get(at).map(|household| household.members.as_slice()).unwrap_or_default();
    let (mut pairs, mut rest) = (Vec::new(), Vec::new());
    for (listed, member) in members.iter().enumerate() {
        let id = list.member_id(member);
        match index.member_by_id.get(&id) {
            Some((household, place)) if *household == kept => {
                pairs.push(member::Pair { listed, kept: *place, weight: i32::MAX });
            }
            None if !register.deleted_members.contains(&id) => rest.push(listed),
            _ => {}
        }
    }
    if rest.is_empty() {
        return Pairing { pairs, ambiguous: Vec::new() };
    }
    let (people, known) = (named_listed(list, listed, at), named_kept(register, index, kept));
    let free: Vec<usize> = (0..known.len()).filter(|at| pairs.iter().all(|pair| pair.kept != *at)).collect();
    let some =
        |places: &[usize]| -> Vec<_> { places.iter().filter_map(|at| known.get(*at)).copied().collect() };
    let named: Vec<_> = rest.iter().filter_map(|at| people.get(*at)).copied().collect();
    let mut pairing = member::pair(&named, &some(&free));
    let back = |places: &[usize], at: usize| places.get(at).copied().unwrap_or(usize::MAX);
    for pair in &mut pairing.pairs {
        (pair.listed, pair.kept) = (back(&rest, pair.listed), back(&free, pair.kept));
    }
    for (listed, places) in &mut pairing.ambiguous {
        *listed = back(&rest, *listed);
        places.iter_mut().for_each(|place| *place = back(&free, *place));
    }
    pairing.pairs.extend(pairs);
    pairing
}

fn candidates_of(
    list: &RosterList,
    at: usize,
    listed: &[Listed],
    register: &Register,
    index: &Index,
    taken: &[bool],
) -> Vec<Candidate> {
    let (Some(household), Some(prepared)) = (list.households.get(at), listed.get(at)) else {
        return Vec::new();
    };
    let Some(unit) = prepared.unit else { return Vec::new() };
    let mut found: BTreeSet<usize> = BTreeSet::new();
    for name in &prepared.names {
        let same =
            index.by_name.get(&(unit, name.sound.clone())).filter(|same| same.len() <= NAMESAKES_AT_MOST);
        found.extend(same.into_iter().flatten().map(|(household, _)| *household));
    }
    if !household.code.is_empty() && !is_ordinal(&household.code) {
        found.extend(index.by_code.get(&(unit, fold(&household.code))).into_iter().flatten());
    }
    if let Some(door) = &prepared.door {
        found.extend(index.by_door.get(&(unit, door.clone())).into_iter().flatten());
    }
    let people = named_listed(list, listed, at);
    let mut candidates = Vec::new();
    for kept in found.into_iter().filter(|kept| !is(taken, *kept)) {
        let Some(registered) = register.households.get(kept) else { continue };
        let pairing = member::pair(&people, &named_kept(register, index, kept));
        let mut evidence = Vec::new();
        let mut weight = 0;
        let (mut sure, mut same_head) = (0u16, false);
        for pair in &pairing.pairs {
            let is_head = |relation: Option<&Relation>| relation == Some(&Relation::Head);
            let heads = is_head(household.members.get(pair.listed).map(|member| &member.relation))
                && is_head(registered.members.get(pair.kept).map(|member| &member.relation));
            same_head |= heads;
            sure += u16::from(pair.weight >= SURE);
            weight += match (pair.weight >= SURE, heads) {
                (true, true) => SURE_HEAD,
                (true, false) => SURE_PERSON,
                (false, _) => LIKELY_PERSON,
            };
        }
        weight = weight.min(PEOPLE_AT_MOST);
        let nobody = pairing.pairs.is_empty() && pairing.ambiguous.is_empty();
        if same_head {
            evidence.push(Evidence::SameHead);
        }
        if sure > 0 {
            evidence.push(Evidence::SharedMembers(sure));
        }
        let door = super::index::door(&registered.alley, &registered.house_no, &registered.place_note);
        match (&prepared.door, door) {
            (Some(one), Some(other)) if *one == other => {
                weight += SAME_DOOR;
                evidence.push(Evidence::SamePlace);
            }
            (Some(_), Some(_)) => weight += OTHER_DOOR,
            _ => {}
        }
        let codes = !household.code.is_empty() && !registered.code.is_empty();
        if codes && one_numbering(&household.code, &registered.code) {
            let same = fold(&household.code) == fold(&registered.code);
            weight += match (same, is_ordinal(&household.code)) {
                (true, true) => SAME_ORDINAL,
                (true, false) => SAME_CODE,
                (false, false) => OTHER_CODE,
                (false, true) => 0,
            };
            if same && !is_ordinal(&household.code) {
                evidence.push(Evidence::SameCode);
            }
        }
        // The same door and code with nobody in common: somebody else lives there now, or the list is wrong.
        if nobody {
            weight = if evidence.contains(&Evidence::SameCode) { DOUBTFUL } else { 0 };
        }
        if weight >= DOUBTFUL {
            candidates.push(Candidate { listed: at, kept, weight, evidence, pairing });
        }
    }
    candidates
}
