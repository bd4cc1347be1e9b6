//! Where in the register a name, a code or a door is found, per hamlet unit.

use std::collections::HashMap;

use domain::ids::{HouseholdId, MemberId};
use domain::text::{fold, fold_placement, fold_sound};

use super::Register;
use crate::units::unit_keys;

/// A hamlet unit of the register, by position.
pub(super) type UnitIndex = usize;

/// A name in the forms it is compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NameForms {
    /// Marks kept, tone placement aside.
    pub(super) marked: String,
    /// Marks, i and y aside.
    pub(super) sound: String,
}

impl NameForms {
    pub(super) fn of(name: &str) -> Self {
        Self { marked: fold_placement(name), sound: fold_sound(name) }
    }
}

/// Look-ups into a [`Register`]. Positions are those in its list of households.
pub(super) struct Index {
    pub(super) by_id: HashMap<HouseholdId, usize>,
    pub(super) member_by_id: HashMap<MemberId, (usize, usize)>,
    pub(super) by_name: HashMap<(UnitIndex, String), Vec<(usize, usize)>>,
    pub(super) by_code: HashMap<(UnitIndex, String), Vec<usize>>,
    pub(super) by_door: HashMap<(UnitIndex, String), Vec<usize>>,
    /// Positions in the register's list of the deleted.
    pub(super) deleted_by_name: HashMap<(UnitIndex, String), Vec<usize>>,
    /// Of each household, of each member.
    pub(super) names: Vec<Vec<NameForms>>,
    units: HashMap<String, UnitIndex>,
    /// Units by the name without thôn or TDP; `None` where two share it.
    units_by_core: HashMap<String, Option<UnitIndex>>,
}

impl Index {
    pub(super) fn new(register: &Register) -> Self {
        let mut index = Self {
            by_id: HashMap::with_capacity(register.households.len()),
            member_by_id: HashMap::new(),
            by_name: HashMap::new(),
            by_code: HashMap::new(),
            by_door: HashMap::new(),
            deleted_by_name: HashMap::new(),
            names: Vec::with_capacity(register.households.len()),
            units: HashMap::new(),
            units_by_core: HashMap::new(),
        };
        for (at, household) in register.households.iter().enumerate() {
            let unit = index.add_unit(&household.hamlet_unit);
            index.by_id.insert(household.id, at);
            let names: Vec<NameForms> =
                household.members.iter().map(|member| NameForms::of(&member.full_name)).collect();
            for (place, (name, member)) in names.iter().zip(&household.members).enumerate() {
                index.by_name.entry((unit, name.sound.clone())).or_default().push((at, place));
                index.member_by_id.insert(member.id, (at, place));
            }
            index.names.push(names);
            if !household.code.is_empty() {
                index.by_code.entry((unit, fold(&household.code))).or_default().push(at);
            }
            if let Some(door) = door(&household.alley, &household.house_no, &household.place_note) {
                index.by_door.entry((unit, door)).or_default().push(at);
            }
        }
        for (at, gone) in register.deleted_people.iter().enumerate() {
            let unit = index.add_unit(&gone.hamlet_unit);
            let name = NameForms::of(&gone.full_name);
            index.deleted_by_name.entry((unit, name.sound)).or_default().push(at);
        }
        index
    }

    fn add_unit(&mut self, name: &str) -> UnitIndex {
        let (whole, core) = unit_keys(name);
        if let Some(unit) = self.units.get(&whole) {
            return *unit;
        }
        let unit = self.units.len();
        self.units.insert(whole, unit);
        self.units_by_core.entry(core).and_modify(|known| *known = None).or_insert(Some(unit));
        unit
    }

    /// The unit that a list means: by its whole name, else by the name alone where only one has it.
    pub(super) fn unit(&self, name: &str) -> Option<UnitIndex> {
        let (whole, core) = unit_keys(name);
        self.units.get(&whole).copied().or_else(|| self.units_by_core.get(&core).copied().flatten())
    }
}

/// Alley and number, or alley and words, folded. `None` where there is neither number nor words.
pub(super) fn door(alley: &str, house_no: &str, place_note: &str) -> Option<String> {
    let alley = fold(alley);
    let number = house_no.to_lowercase().replace(' ', "");
    let words = fold(place_note);
    if !number.is_empty() {
        return Some(format!("{alley}|{number}"));
    }
    (!words.is_empty()).then(|| format!("{alley}|{words}"))
}

/// True if two codes are of one numbering: `01-0001` and `56-0076` are, `1` and `29-0001` are not.
pub(super) fn one_numbering(a: &str, b: &str) -> bool {
    is_ordinal(a) == is_ordinal(b)
}

/// A code that only counts within its list: `1`, `84`.
pub(super) fn is_ordinal(code: &str) -> bool {
    code.len() <= 4 && code.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doors_meet() {
        assert_eq!(door("Ngõ 1", "10a", ""), door("NGÕ 1", "10A", "cạnh đình"));
        assert_ne!(door("Ngõ 1", "10", ""), door("Ngõ 2", "10", ""));
        assert_eq!(door("Ngõ 1", "", ""), None);
    }
}
