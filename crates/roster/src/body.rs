//! The rows below the titles, each as a person, a rejection or nothing.

use std::collections::HashMap;

use domain::calendar::{Day, PartialDate};
use domain::people::{Relation, Residence, Sex, TEXT_AT_MOST};
use domain::phone::Phone;
use domain::text::{clean, clean_name};

use crate::footing::{self, Evidence, Footing};
use crate::header::{Header, repeats};
use crate::list::{RowTrouble, Trouble};
use crate::mapping::Role;
use crate::sheet::{Cell, Sheet, column_letters, in_row};
use crate::{birth, place, words};

/// A row that names somebody, before it is known whose household it is.
#[derive(Clone, Debug)]
pub(crate) struct PersonRow {
    /// From 1.
    pub(crate) row: u32,
    /// Counts the lines of their own above it that part the list: nobody's household goes across one.
    pub(crate) section: u32,
    /// By its column or a line of its own; empty if neither says it.
    pub(crate) hamlet_unit: String,
    /// By its column or a line of its own.
    pub(crate) alley: String,
    pub(crate) house_no: String,
    pub(crate) address: String,
    pub(crate) code: String,
    pub(crate) serial: String,
    pub(crate) head_name: String,
    pub(crate) full_name: String,
    pub(crate) birth: Option<PartialDate>,
    pub(crate) sex: Option<Sex>,
    /// `None` where the list says nothing.
    pub(crate) relation: Option<Relation>,
    pub(crate) phone: Option<Phone>,
    pub(crate) residence: Residence,
    pub(crate) note: String,
}

/// What the rows of one sheet gave.
#[derive(Debug, Default)]
pub(crate) struct Body {
    pub(crate) persons: Vec<PersonRow>,
    pub(crate) rejected: Vec<RowTrouble>,
    pub(crate) warnings: Vec<RowTrouble>,
    /// The last total of the sheet: row, households, people.
    pub(crate) stated: Option<(u32, Option<usize>, Option<usize>)>,
}

/// Reads the rows of a sheet below its titles.
pub(crate) fn read(sheet: &Sheet, header: &Header, today: Day) -> Body {
    Reader::new(sheet, header, today).read()
}

struct Reader<'a> {
    sheet: &'a Sheet,
    header: &'a Header,
    today: Day,
    /// By role, so that no letters are read for each cell.
    columns: HashMap<Role, u16>,
    /// Regions merged downwards, by column: first and last row, sorted.
    merged_down: HashMap<u16, Vec<(u32, u32)>>,
    body: Body,
}

impl<'a> Reader<'a> {
    fn new(sheet: &'a Sheet, header: &'a Header, today: Day) -> Self {
        let columns =
            header.mapping.0.keys().filter_map(|role| Some((*role, header.mapping.column(*role)?))).collect();
        let mut merged_down: HashMap<u16, Vec<(u32, u32)>> = HashMap::new();
        for merge in
            sheet.merges.iter().filter(|merge| merge.left == merge.right && merge.top > header.bottom)
        {
            merged_down.entry(merge.left).or_default().push((merge.top, merge.bottom));
        }
        merged_down.values_mut().for_each(|regions| regions.sort_unstable());
        Self { sheet, header, today, columns, merged_down, body: Body::default() }
    }

    fn read(mut self) -> Body {
        let names = [Role::FullName, Role::GivenName, Role::HeadName];
        let name_column = names.iter().find_map(|role| self.columns.get(role).copied());
        let (mut unit, mut alley, mut section) = (String::new(), String::new(), 0);
        let mut in_footer = false;
        let below =
            self.sheet.rows.iter().filter(|(row, _)| *row > self.header.bottom || self.header.is_above_all());
        for (row, cells) in below {
            if !self.header.is_above_all() && repeats(self.sheet, self.header, cells) {
                continue;
            }
            let (name, _) = name_of(&|role| self.written(cells, role));
            match footing::of(cells, &name, name_column, self.evidence(cells)) {
                Some(Footing::Total { households, persons }) => {
                    self.body.stated = Some((row + 1, households, persons));
                    in_footer = true;
                    continue;
                }
                Some(Footing::Signature) => {
                    in_footer = true;
                    continue;
                }
                Some(Footing::ColumnNumbers) => continue,
                Some(Footing::HamletUnit(name)) => {
                    (unit, alley, section) = (name, String::new(), section + 1);
                    continue;
                }
                Some(Footing::Alley(name)) => {
                    (alley, section) = (name, section + 1);
                    continue;
                }
                Some(Footing::Household) => {
                    section += 1;
                    continue;
                }
                None => {}
            }
            let Some(mut person) = self.person(*row, cells, in_footer) else { continue };
            in_footer = false;
            person.section = section;
            // A column filled only where it changes is carried down; so is a line of its own.
            if person.hamlet_unit.is_empty() {
                person.hamlet_unit.clone_from(&unit);
            } else {
                unit.clone_from(&person.hamlet_unit);
            }
            if person.alley.is_empty() && !self.columns.contains_key(&Role::Alley) {
                person.alley.clone_from(&alley);
            }
            self.body.persons.push(person);
        }
        self.body
    }

    fn written(&self, cells: &[(u16, Cell)], role: Role) -> String {
        let own = self.columns.get(&role).and_then(|column| in_row(cells, *column));
        own.map(Cell::shown).unwrap_or_default()
    }

    fn evidence(&self, cells: &[(u16, Cell)]) -> Evidence {
        let own = |role: &Role| self.columns.get(role).and_then(|column| in_row(cells, *column));
        let digits = |shown: &str| shown.contains(|c: char| c.is_ascii_digit());
        let telling = |role: &Role| {
            let shown = own(role).map(Cell::shown).unwrap_or_default();
            match role {
                Role::Relation => words::relation(&shown).is_some(),
                Role::Sex => words::sex(&shown).is_some(),
                Role::Male | Role::Female => digits(&shown) || words::is_mark(&shown),
                _ => digits(&shown),
            }
        };
        let roles = [
            Role::Serial,
            Role::HouseholdCode,
            Role::Birth,
            Role::BirthYear,
            Role::Male,
            Role::Female,
            Role::Sex,
            Role::Relation,
        ];
        if roles.iter().any(telling) { Evidence::OfPerson } else { Evidence::None }
    }

    fn person(&mut self, row: u32, cells: &[(u16, Cell)], in_footer: bool) -> Option<PersonRow> {
        let own = |role: Role| self.columns.get(&role).and_then(|column| in_row(cells, *column));
        let written = |role: Role| self.written(cells, role);
        let (name, said_in_name) = name_of(&written);
        // Below a total or a signature stand the names of those who signed.
        let numbered = own(Role::Serial).is_some() || own(Role::HouseholdCode).is_some();
        let counts = self.evidence(cells) == Evidence::OfPerson && (numbered || !name.is_empty());
        if in_footer && !counts {
            return None;
        }
        if name.is_empty() {
            // A form's empty line, numbered beforehand, is no loss.
            let only_numbered =
                cells.iter().all(|(column, _)| self.columns.get(&Role::Serial) == Some(column));
            if !only_numbered {
                self.reject(row, Trouble::NameMissing);
            }
            return None;
        }
        if name.chars().count() > TEXT_AT_MOST {
            self.reject(row, Trouble::NameTooLong);
            return None;
        }
        let note = written(Role::Note);
        let relation_text = Some(written(Role::Relation)).filter(|text| !text.is_empty()).or(said_in_name);
        let (serial, residence_text) = (written(Role::Serial), written(Role::Residence));
        let (birth, sex, troubles) = self.birth_and_sex(cells);
        let (phone, phone_trouble) = phone_of(own(Role::Phone));
        for (role, trouble) in troubles.into_iter().chain(phone_trouble.map(|trouble| (Role::Phone, trouble)))
        {
            self.warn(row, role, trouble);
        }
        let relation = relation_text.as_deref().and_then(words::relation);
        if relation.is_none() && relation_text.is_some() {
            self.warn(row, Role::Relation, Trouble::RelationUnrecognised);
        }
        let residence = words::residence(&residence_text).or_else(|| words::residence(&note));
        let lodger = matches!(relation, Some((Relation::Lodger, _)));
        Some(PersonRow {
            row: row + 1,
            section: 0,
            hamlet_unit: place::sentence_case(&self.resolved(row, cells, Role::HamletUnit)),
            alley: self.resolved(row, cells, Role::Alley),
            house_no: self.resolved(row, cells, Role::HouseNo),
            address: self.resolved(row, cells, Role::Address),
            code: self.resolved(row, cells, Role::HouseholdCode),
            head_name: clean_name(&self.resolved(row, cells, Role::HeadName)),
            serial,
            full_name: name,
            birth,
            sex: sex.or_else(|| relation.as_ref().and_then(|(_, sex)| sex.clone())),
            relation: relation.map(|(relation, _)| relation).or(relation_text.map(|_| Relation::Other)),
            phone,
            residence: residence.unwrap_or(if lodger { Residence::Temporary } else { Residence::Present }),
            note,
        })
    }

    /// The cell of a role, or of the region merged downwards that covers it.
    fn resolved(&self, row: u32, cells: &[(u16, Cell)], role: Role) -> String {
        let Some(column) = self.columns.get(&role) else { return String::new() };
        if let Some(cell) = in_row(cells, *column) {
            return short(cell.shown());
        }
        let regions = self.merged_down.get(column).map(Vec::as_slice).unwrap_or_default();
        let after = regions.partition_point(|(top, _)| *top <= row);
        let covering =
            after.checked_sub(1).and_then(|at| regions.get(at)).filter(|(_, bottom)| *bottom >= row);
        covering
            .and_then(|(top, _)| self.sheet.cell(*top, *column))
            .map(|cell| short(cell.shown()))
            .unwrap_or_default()
    }

    fn birth_and_sex(
        &self,
        cells: &[(u16, Cell)],
    ) -> (Option<PartialDate>, Option<Sex>, Vec<(Role, Trouble)>) {
        let own = |role: Role| self.columns.get(&role).and_then(|column| in_row(cells, *column));
        let mut troubles = Vec::new();
        let mut birth = None;
        let mut sex = own(Role::Sex).and_then(|cell| words::sex(&cell.shown()));
        if sex.is_none() && own(Role::Sex).is_some_and(|cell| cell.shown().chars().any(char::is_alphabetic)) {
            troubles.push((Role::Sex, Trouble::SexUnclear));
        }
        let mut take = |role: Role, read: Result<Option<PartialDate>, Trouble>| match read {
            Ok(found) => birth = birth.or(found),
            Err(trouble) => troubles.push((role, trouble)),
        };
        if let Some(cell) = own(Role::Birth) {
            take(Role::Birth, birth::read(cell, self.today));
        }
        let parts = [Role::BirthDay, Role::BirthMonth, Role::BirthYear].map(own);
        if parts.iter().any(Option::is_some) {
            take(Role::BirthYear, birth::read_parts(parts, self.today));
        }
        // A column of men and one of women hold births, marks or the word itself.
        let columns = [(Role::Male, Sex::Male), (Role::Female, Sex::Female)];
        let filled: Vec<_> =
            columns.iter().filter_map(|(role, sex)| Some((*role, sex, own(*role)?))).collect();
        for (role, _, cell) in &filled {
            let shown = cell.shown();
            if !words::is_mark(&shown) && words::sex(&shown).is_none() {
                take(*role, birth::read(cell, self.today));
            }
        }
        match filled.as_slice() {
            [(_, by_column, _)] => sex = sex.or_else(|| Some((*by_column).clone())),
            [_, ..] => troubles.push((Role::Female, Trouble::SexUnclear)),
            [] => {}
        }
        (birth, sex, troubles)
    }

    /// Where the name that a row lacks is to stand.
    fn name_column(&self) -> Option<String> {
        let names = [Role::FullName, Role::GivenName, Role::HeadName];
        names.iter().find_map(|role| self.columns.get(role)).map(|column| column_letters(*column))
    }

    fn reject(&mut self, row: u32, reason: Trouble) {
        self.body.rejected.push(RowTrouble {
            sheet: self.sheet.name.clone(),
            row: row + 1,
            column: self.name_column(),
            reason,
        });
    }

    fn warn(&mut self, row: u32, role: Role, reason: Trouble) {
        let column = self.columns.get(&role).map(|column| column_letters(*column));
        self.body.warnings.push(RowTrouble { sheet: self.sheet.name.clone(), row: row + 1, column, reason });
    }
}

/// The name, and a relation that stands in brackets behind it.
fn name_of(written: &impl Fn(Role) -> String) -> (String, Option<String>) {
    let mut name = written(Role::FullName);
    if name.is_empty() {
        name = clean(&format!("{} {}", written(Role::Surname), written(Role::GivenName)));
    }
    if name.is_empty() {
        name = written(Role::HeadName);
    }
    // "1. Nguyễn Văn An"
    let unnumbered = name.trim_start_matches(|c: char| c.is_ascii_digit());
    if let Some(rest) = unnumbered.strip_prefix(['.', ')', '/']).filter(|_| unnumbered.len() < name.len()) {
        name = rest.trim().to_owned();
    }
    let mut said = None;
    if let Some((before, inside)) = name.strip_suffix(')').and_then(|name| name.rsplit_once('('))
        && words::relation(inside).is_some()
    {
        (said, name) = (Some(inside.to_owned()), before.trim().to_owned());
    }
    // "-", "…", "12": no name.
    if name.chars().all(|c| c.is_ascii_digit() || c.is_ascii_punctuation() || matches!(c, '…' | '–' | ' '))
    {
        name.clear();
    }
    (clean_name(&name), said)
}

/// The first number of a cell; `None` and no trouble where the cell has no digits.
fn phone_of(cell: Option<&Cell>) -> (Option<Phone>, Option<Trouble>) {
    let Some(cell) = cell else { return (None, None) };
    let text = cell.shown();
    if !text.chars().any(|c| c.is_ascii_digit()) {
        return (None, None);
    }
    let several = text.split([',', ';', '/']).chain(text.split(" - "));
    let phone =
        Phone::parse(&text).ok().or_else(|| several.map(str::trim).find_map(|part| Phone::parse(part).ok()));
    let trouble = if phone.is_none() { Some(Trouble::PhoneUnreadable) } else { None };
    (phone, trouble)
}

/// No place or code is longer than the register keeps.
fn short(text: String) -> String {
    match text.char_indices().nth(TEXT_AT_MOST) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned(),
        None => text,
    }
}
