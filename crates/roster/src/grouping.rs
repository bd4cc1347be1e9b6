//! Who lives with whom: the people of one sheet, in households.
//!
//! A list says it in one of several ways, and the whole sheet is read in the one it uses: a household
//! number (on each row or on first lines only), the word "Chủ hộ", the head's name beside each person,
//! an address. What contradicts is kept and warned of, never guessed away.

use std::collections::HashMap;

use domain::people::Relation;
use domain::text::fold;

use crate::body::PersonRow;
use crate::list::{ListedHousehold, ListedMember, Position, Trouble};
use crate::place::{self, Place};

/// How a sheet parts its households.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parting {
    /// Every row has a household's number.
    NumberOnEachRow,
    /// The first line of a household has its number.
    NumberOnFirstLine,
    /// The first line of a household has a serial, the others have none.
    SerialOnFirstLine,
    /// A household begins with its head.
    Head,
    /// The head's name stands beside each person, or on the first line.
    HeadName,
    /// The address stands on the first line, or changes.
    Address,
    /// Nothing parts them: each row is a household, as in a list of heads.
    EachRow,
}

/// Households of a sheet, and rows (from 1) whose household is doubtful.
pub(crate) struct Grouped {
    pub(crate) households: Vec<ListedHousehold>,
    pub(crate) doubts: Vec<(u32, Trouble)>,
}

/// Groups the people of a sheet. `unit_of_sheet` is the hamlet unit of its title or name.
pub(crate) fn group(persons: Vec<PersonRow>, sheet: u16, unit_of_sheet: &str) -> Grouped {
    let parting = parting_of(&persons);
    let mut doubts = Vec::new();
    let mut groups: Vec<Vec<PersonRow>> = Vec::new();
    // Where the household of a number is, for lists that are sorted by something else.
    let mut by_number: HashMap<(String, String), usize> = HashMap::new();
    if parting == Parting::EachRow && persons.iter().any(|person| person.head_name.is_empty()) {
        doubts.push((0, Trouble::HouseholdsUnclear));
    }
    for person in persons {
        let key = (person.hamlet_unit.clone(), person.code.clone());
        let last = groups.len().checked_sub(1);
        let at = match parting {
            Parting::NumberOnEachRow => by_number.get(&key).copied(),
            _ => last,
        };
        let group = at.and_then(|at| groups.get_mut(at).map(|group| (at, group)));
        match group {
            Some((at, group)) if belongs(parting, group, &person, last == Some(at), &mut doubts) => {
                group.push(person)
            }
            _ => {
                by_number.insert(key, groups.len());
                groups.push(vec![person]);
            }
        }
    }
    let households = groups.into_iter().map(|group| household(group, sheet, unit_of_sheet)).collect();
    Grouped { households, doubts }
}

fn parting_of(persons: &[PersonRow]) -> Parting {
    let count = |has: &dyn Fn(&PersonRow) -> bool| persons.iter().filter(|person| has(person)).count();
    let is_head = |person: &PersonRow| person.relation == Some(Relation::Head);
    let numbered = count(&|person| !person.code.is_empty());
    let serials = count(&|person| !person.serial.is_empty());
    let heads = count(&is_head);
    let heads_with_serial = count(&|person| is_head(person) && !person.serial.is_empty());
    // A forgotten number here and there does not change how the list is made.
    let on_most_rows = |rows: usize| rows * 20 >= persons.len() * 19;
    if numbered > 0 && on_most_rows(numbered) {
        Parting::NumberOnEachRow
    } else if numbered > 0 {
        Parting::NumberOnFirstLine
    } else if heads > 0 && !(serials > 0 && !on_most_rows(serials) && heads_with_serial * 2 > serials) {
        Parting::Head
    } else if serials > 0 && !on_most_rows(serials) {
        Parting::SerialOnFirstLine
    } else if count(&|person| !person.head_name.is_empty() && person.head_name != person.full_name) > 0 {
        Parting::HeadName
    } else if count(&|person| person.head_name.is_empty()) == 0 && !persons.is_empty() {
        Parting::EachRow
    } else if count(&|person| person.address.is_empty() && person.house_no.is_empty()) * 4 < persons.len() * 3
    {
        Parting::Address
    } else {
        Parting::EachRow
    }
}

/// True if the person is of the household that the group is so far.
fn belongs(
    parting: Parting,
    group: &[PersonRow],
    person: &PersonRow,
    is_last: bool,
    doubts: &mut Vec<(u32, Trouble)>,
) -> bool {
    let Some(first) = group.first() else { return true };
    let is_head = |person: &PersonRow| person.relation == Some(Relation::Head);
    let second_head = is_head(person) && group.iter().any(is_head);
    let moved_on = |before: &str, now: &str| !now.is_empty() && fold(before) != fold(now);
    if parting != Parting::NumberOnEachRow && group.last().is_some_and(|last| last.section != person.section)
    {
        return false;
    }
    match parting {
        Parting::NumberOnEachRow => {
            let elsewhere = !same_place(first, person);
            match (person.code.is_empty(), second_head) {
                (true, true) => {
                    doubts.push((person.row, Trouble::HouseholdNumberMissing));
                    false
                }
                (false, true) if elsewhere || !is_last => {
                    doubts.push((person.row, Trouble::CodeRepeated));
                    false
                }
                (false, true) => {
                    doubts.push((person.row, Trouble::TwoHeads));
                    true
                }
                _ => true,
            }
        }
        Parting::NumberOnFirstLine | Parting::SerialOnFirstLine => {
            let number = |person: &PersonRow| match parting {
                Parting::SerialOnFirstLine => person.serial.clone(),
                _ => person.code.clone(),
            };
            let new_number = !number(person).is_empty() && number(person) != number(first);
            if second_head && number(person).is_empty() {
                doubts.push((person.row, Trouble::HouseholdNumberMissing));
            }
            !new_number && !second_head
        }
        Parting::Head => !second_head && (group.iter().any(is_head) || !is_head(person)),
        Parting::HeadName => !moved_on(&first.head_name, &person.head_name),
        Parting::Address => {
            !moved_on(&first.address, &person.address) && !moved_on(&first.house_no, &person.house_no)
        }
        Parting::EachRow => false,
    }
}

fn same_place(one: &PersonRow, other: &PersonRow) -> bool {
    let same = |a: &str, b: &str| a.is_empty() || b.is_empty() || fold(a) == fold(b);
    same(&one.alley, &other.alley)
        && same(&one.house_no, &other.house_no)
        && same(&one.address, &other.address)
}

fn household(group: Vec<PersonRow>, sheet: u16, unit_of_sheet: &str) -> ListedHousehold {
    let place = place_of(&group);
    let said = |text: fn(&PersonRow) -> &str| {
        group.iter().map(text).find(|text| !text.is_empty()).map(str::to_owned).unwrap_or_default()
    };
    let unit = said(|person| &person.hamlet_unit);
    let unit_by_address = if unit.is_empty() { place.hamlet_unit.clone() } else { unit };
    let code = said(|person| &person.code);
    let row = group.first().map_or(0, |first| first.row);
    let has_head = group.iter().any(|person| person.relation == Some(Relation::Head));
    let head_name = fold(&said(|person| &person.head_name));
    let head_by_name =
        group.iter().position(|person| !head_name.is_empty() && fold(&person.full_name) == head_name);
    let members = group.into_iter().enumerate().map(|(at, person)| {
        let is_head = !has_head && at == head_by_name.unwrap_or(0);
        let relation = match person.relation {
            Some(Relation::Other) | None if is_head => Relation::Head,
            Some(relation) => relation,
            None => Relation::Other,
        };
        ListedMember {
            at: Position { sheet, row: person.row },
            full_name: person.full_name,
            birth: person.birth,
            sex: person.sex,
            relation,
            phone: person.phone,
            residence: person.residence,
            note: person.note,
        }
    });
    ListedHousehold {
        at: Position { sheet, row },
        hamlet_unit: if unit_by_address.is_empty() { unit_of_sheet.to_owned() } else { unit_by_address },
        dwelling: place.dwelling(),
        alley: place.alley,
        house_no: place.house_no,
        place_note: place.place_note,
        code,
        members: members.collect(),
    }
}

/// Of the first rows that say it: columns before the address in one text.
fn place_of(group: &[PersonRow]) -> Place {
    let first =
        |text: fn(&PersonRow) -> &str| group.iter().map(text).find(|text| !text.is_empty()).unwrap_or("");
    let mut place = place::read(first(|person| &person.address));
    let alley = place::read_alley(first(|person| &person.alley));
    if !alley.is_empty() {
        // "28/15" of an address was cut by itself; with a column for alleys it is a number.
        if place.alley != alley && !place.alley.is_empty() && fold(&place.alley) != fold(&alley) {
            place = place::read(&format!("{}, {alley}", first(|person| &person.address)));
        }
        place.alley = alley;
    }
    let number = first(|person| &person.house_no);
    if !number.is_empty() {
        let by_column = place::read_house_no(number);
        place.house_no = by_column.house_no;
        place.rented_room |= by_column.rented_room;
        if place.alley.is_empty() {
            place.alley = by_column.alley;
        }
        if place.place_note.is_empty() {
            place.place_note = by_column.place_note;
        }
    }
    place
}
