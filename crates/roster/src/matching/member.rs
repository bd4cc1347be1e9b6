//! Which person of one household is which of another.

use domain::calendar::PartialDate;
use domain::people::Relation;

use super::index::NameForms;
use super::{Evidence, RegisteredMember};
use crate::list::ListedMember;

/// Weights of what two people have in common. A name with an agreeing birth is a person; a name alone is
/// one only within one household.
const SAME_NAME: i32 = 40;
const SIMILAR_NAME: i32 = 35;
const SAME_BIRTH: i32 = 30;
const SAME_YEAR_OR_MONTH: i32 = 25;
const BIRTH_AGREES: i32 = 20;
const SAME_RELATION: i32 = 8;
const SAME_PHONE: i32 = 20;
const SLIP_IN_BIRTH: i32 = -10;
const OTHER_BIRTH: i32 = -25;
const OTHER_SEX: i32 = -25;

/// From here on two people of households that may be one are held to be one person.
const ONE_PERSON: i32 = 20;
/// From here on without the household's help.
pub(super) const SURE: i32 = 55;

/// Two people, by position in their households.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) listed: usize,
    pub(super) kept: usize,
    pub(super) weight: i32,
}

/// Pairs of one person each, and people of the list who may be several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pairing {
    pub(super) pairs: Vec<Pair>,
    /// Position in the list's household, positions in the register's.
    pub(super) ambiguous: Vec<(usize, Vec<usize>)>,
}

/// A person with the forms of the name.
pub(super) type Named<'a, M> = (&'a M, &'a NameForms);

/// Pairs the people of two households, the surest first; equals that cannot be told apart stay open.
pub(super) fn pair(listed: &[Named<'_, ListedMember>], kept: &[Named<'_, RegisteredMember>]) -> Pairing {
    let mut all: Vec<Pair> = Vec::new();
    for (at, one) in listed.iter().enumerate() {
        for (beside, other) in kept.iter().enumerate() {
            if let Some(weight) = weight(*one, *other).filter(|weight| *weight >= ONE_PERSON) {
                all.push(Pair { listed: at, kept: beside, weight });
            }
        }
    }
    all.sort_by_key(|pair| (-pair.weight, pair.listed, pair.kept));
    let mut pairing = Pairing::default();
    let mut open = all.as_slice();
    let (mut listed_done, mut kept_done) = (vec![false; listed.len()], vec![false; kept.len()]);
    let done = |flags: &[bool], at: usize| flags.get(at).copied().unwrap_or(true);
    let settle =
        |flags: &mut Vec<bool>, at: usize| flags.iter_mut().skip(at).take(1).for_each(|flag| *flag = true);
    while let Some((best, rest)) = open.split_first() {
        open = rest;
        if done(&listed_done, best.listed) || done(&kept_done, best.kept) {
            continue;
        }
        let equals = rest.iter().take_while(|pair| pair.weight == best.weight);
        let rivals: Vec<usize> = equals
            .filter(|pair| pair.listed == best.listed && !done(&kept_done, pair.kept))
            .map(|pair| pair.kept)
            .collect();
        settle(&mut listed_done, best.listed);
        if rivals.is_empty() {
            settle(&mut kept_done, best.kept);
            pairing.pairs.push(best.clone());
        } else {
            let candidates = std::iter::once(best.kept).chain(rivals).collect();
            pairing.ambiguous.push((best.listed, candidates));
        }
    }
    pairing
}

/// `None` if nothing says that the two are one.
pub(super) fn weight(
    (listed, name): Named<'_, ListedMember>,
    (kept, kept_name): Named<'_, RegisteredMember>,
) -> Option<i32> {
    let births = listed.birth.zip(kept.birth);
    let same_relation = listed.relation == kept.relation;
    let other_sex = listed.sex.as_ref().zip(kept.sex.as_ref()).is_some_and(|(a, b)| a != b);
    let by_name = if name.marked == kept_name.marked {
        SAME_NAME
    } else if name.sound == kept_name.sound {
        SIMILAR_NAME
    } else {
        // A name written down wrongly: the same day of birth, the same place in the family, part of the name.
        let same_day = births.is_some_and(|(a, b)| a == b && a.is_complete());
        let part = name
            .sound
            .split(' ')
            .filter(|word| kept_name.sound.split(' ').any(|other| other == *word))
            .count();
        return (same_day && same_relation && part > 0 && !other_sex).then_some(SAME_BIRTH + SAME_RELATION);
    };
    let by_birth = match births {
        None => 0,
        Some((a, b)) if a == b && a.is_complete() => SAME_BIRTH,
        Some((a, b)) if a == b => SAME_YEAR_OR_MONTH,
        Some((a, b)) if a.agrees_with(b) => BIRTH_AGREES,
        Some((a, b)) if is_slip(a, b) => SLIP_IN_BIRTH,
        Some(_) => OTHER_BIRTH,
    };
    let same_phone = listed.phone.is_some() && listed.phone == kept.phone;
    let mut weight = by_name + by_birth;
    weight += if same_relation && listed.relation != Relation::Other { SAME_RELATION } else { 0 };
    weight += if same_phone { SAME_PHONE } else { 0 };
    weight += if other_sex { OTHER_SEX } else { 0 };
    Some(weight)
}

/// Births that differ as a slip of the pen makes them: a year or two off, or only the day or the month.
fn is_slip(a: PartialDate, b: PartialDate) -> bool {
    let same_day_and_month = a.month().is_some() && a.month() == b.month() && a.day() == b.day();
    (a.year() - b.year()).abs() <= 2 || same_day_and_month
}

/// What makes two people one, in words.
pub(super) fn evidence(
    (listed, name): Named<'_, ListedMember>,
    (kept, kept_name): Named<'_, RegisteredMember>,
) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    if name.marked == kept_name.marked {
        evidence.push(Evidence::SameName);
    } else if name.sound == kept_name.sound {
        evidence.push(Evidence::SimilarName);
    }
    match listed.birth.zip(kept.birth) {
        Some((a, b)) if a == b && a.is_complete() => evidence.push(Evidence::SameBirth),
        Some((a, b)) if a.agrees_with(b) => evidence.push(Evidence::BirthAgrees),
        _ => {}
    }
    if listed.relation == kept.relation {
        evidence.push(Evidence::SameRelation);
    }
    if listed.phone.is_some() && listed.phone == kept.phone {
        evidence.push(Evidence::SamePhone);
    }
    evidence
}
