//! Finds the titles of the columns in a sheet: which row, one level or two, which column says what.
//!
//! Every one of the first rows is tried as the upper level, alone and with the row below it. The try
//! whose titles score highest wins; a list without a column for names has no header.

use std::collections::BTreeMap;

use crate::mapping::{Mapping, Role};
use crate::sheet::{Merge, Sheet, in_row};
use crate::titles::{Meaning, meaning};

/// Rows with content that are tried. Title blocks have under ten.
const ROWS_TRIED: usize = 60;
/// Merged regions looked at for titles: a header of 256 columns has fewer.
const MERGES_TRIED: usize = 2_000;
/// A single word such as "Tên" above something else is no list.
const ROLES_AT_LEAST: usize = 2;

/// Titles found in a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// First row of the titles, from 0.
    pub(crate) top: u32,
    /// Last row of the titles.
    pub(crate) bottom: u32,
    pub(crate) mapping: Mapping,
    pub(crate) score: u32,
}

impl Header {
    /// For a mapping made by a person, on a sheet whose titles were not found: every row is read.
    pub(crate) fn above_all(mapping: Mapping) -> Self {
        Self { top: 0, bottom: 0, mapping, score: 0 }
    }

    /// True if no row holds the titles.
    pub(crate) fn is_above_all(&self) -> bool {
        self.score == 0
    }
}

/// One column of a try.
struct Titled {
    column: u16,
    upper: String,
    lower: String,
}

/// The best header of a sheet.
pub(crate) fn find(sheet: &Sheet) -> Option<Header> {
    let mut best: Option<Header> = None;
    let last = sheet.rows.iter().take(ROWS_TRIED).map(|(row, _)| *row).max().unwrap_or(0);
    let among_first = sheet.merges.iter().filter(|merge| merge.top <= last);
    let merges: Vec<Merge> = among_first.take(MERGES_TRIED).copied().collect();
    for (at, (row, _)) in sheet.rows.iter().take(ROWS_TRIED).enumerate() {
        let below = sheet.rows.get(at + 1).map(|(below, _)| *below).filter(|below| *below == row + 1);
        let tries = [one_level(sheet, *row), below.and_then(|below| two_levels(sheet, &merges, *row, below))];
        for found in tries.into_iter().flatten() {
            // Of equal ones the first: a header is repeated on later pages.
            if best.as_ref().is_none_or(|best| found.score > best.score) {
                best = Some(found);
            }
        }
    }
    best
}

fn one_level(sheet: &Sheet, row: u32) -> Option<Header> {
    let titled = columns(sheet, row)
        .map(|(column, title)| Titled { column, upper: title, lower: String::new() })
        .collect::<Vec<_>>();
    header(row, row, &titled)
}

fn two_levels(sheet: &Sheet, merges: &[Merge], row: u32, below: u32) -> Option<Header> {
    let upper: BTreeMap<u16, String> = columns(sheet, row).collect();
    let lower: BTreeMap<u16, String> = columns(sheet, below).collect();
    if !is_sublevel(&upper, &lower) {
        return None;
    }
    let mut titled = Vec::new();
    let last = upper.keys().chain(lower.keys()).max().copied()?;
    let mut group = String::new();
    for column in 0..=last {
        let above = merged_title(sheet, merges, row, column).or_else(|| upper.get(&column).cloned());
        let under = lower.get(&column).cloned().unwrap_or_default();
        match above {
            Some(above) => {
                group.clone_from(&above);
                titled.push(Titled { column, upper: above, lower: under });
            }
            // "Ngày sinh" over two columns that nobody merged: the second has no title above it.
            None if !under.is_empty() => titled.push(Titled { column, upper: group.clone(), lower: under }),
            None => group.clear(),
        }
    }
    header(row, below, &titled)
}

/// A row below a row of titles is a second level if it names parts of a column, and nobody's name
/// stands where names are to stand.
fn is_sublevel(upper: &BTreeMap<u16, String>, lower: &BTreeMap<u16, String>) -> bool {
    let is_title = |title: &String| meaning(title) != Meaning::Unknown;
    let names = upper.iter().find(|(_, title)| matches!(meaning(title), Meaning::Role(Role::FullName, _)));
    let nobody_named = names.and_then(|(column, _)| lower.get(column)).is_none_or(is_title);
    let titles = lower.values().filter(|title| is_title(title)).count();
    let numbers = lower.values().filter(|title| title.chars().all(|c| !c.is_alphabetic())).count();
    nobody_named && titles >= 1 && numbers == 0 && titles * 2 >= lower.len()
}

/// The columns with a title and what it says, in their order; without those that are never read.
pub(crate) fn titles<'a>(sheet: &'a Sheet, header: &Header) -> impl Iterator<Item = (u16, String)> + use<'a> {
    let mut all: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    for row in header.top..=header.bottom {
        for (column, title) in columns(sheet, row) {
            all.entry(column).or_default().push(title);
        }
    }
    for mapped in header.mapping.0.values() {
        if let Some(column) = crate::sheet::column_number(&mapped.column) {
            all.insert(column, vec![mapped.title.clone()]);
        }
    }
    let read = |titles: &Vec<String>| titles.iter().all(|title| meaning(title) != Meaning::NotRead);
    all.into_iter()
        .filter(move |(_, titles)| read(titles))
        .map(|(column, titles)| (column, titles.join(": ")))
}

/// Titles of a row, in columns' order.
fn columns(sheet: &Sheet, row: u32) -> impl Iterator<Item = (u16, String)> {
    let at = sheet.rows.binary_search_by_key(&row, |(row, _)| *row).ok();
    let cells = at.and_then(|at| sheet.rows.get(at)).map(|(_, cells)| cells.as_slice()).unwrap_or_default();
    cells.iter().map(|(column, cell)| (*column, cell.shown()))
}

/// The title of the merged region that covers the place, if one does.
fn merged_title(sheet: &Sheet, merges: &[Merge], row: u32, column: u16) -> Option<String> {
    let covers = merges.iter().find(|merge| {
        (merge.top..=merge.bottom).contains(&row) && (merge.left..=merge.right).contains(&column)
    })?;
    sheet.cell(covers.top, covers.left).map(crate::sheet::Cell::shown)
}

fn header(top: u32, bottom: u32, titled: &[Titled]) -> Option<Header> {
    // The surest column of each role; the left one of equals.
    let mut best: BTreeMap<Role, (u32, u16, String)> = BTreeMap::new();
    for (title, (role, score)) in titled.iter().filter_map(|title| Some((title, role_of(title, titled)?))) {
        let shown = match (title.upper.as_str(), title.lower.as_str()) {
            (upper, "") => upper.to_owned(),
            ("", lower) => lower.to_owned(),
            (upper, lower) => format!("{upper}: {lower}"),
        };
        if best.get(&role).is_none_or(|(other, ..)| score > *other) {
            best.insert(role, (score, title.column, shown));
        }
    }
    drop_what_does_not_fit(&mut best);
    let mut mapping = Mapping::default();
    let mut total = 0;
    for (role, (score, column, title)) in &best {
        mapping.set(*role, *column, title);
        total += 20 + score.min(&30);
    }
    (mapping.has_names() && best.len() >= ROLES_AT_LEAST).then_some(Header {
        top,
        bottom,
        mapping,
        score: total,
    })
}

/// The lower title says it where it says something; else both together, else the upper one.
fn role_of(title: &Titled, all: &[Titled]) -> Option<(Role, u32)> {
    let role = |text: &str| match meaning(text) {
        Meaning::Role(role, score) => Some((role, score)),
        Meaning::NotRead | Meaning::Unknown => None,
    };
    if title.lower.is_empty() || title.lower == title.upper {
        return role(&title.upper);
    }
    // Nothing below a title of what is not read is read: "Căn cước: Ngày cấp".
    if meaning(&title.upper) == Meaning::NotRead {
        return None;
    }
    let found = role(&title.lower).or_else(|| role(&format!("{} {}", title.upper, title.lower)))?;
    // "NAM" without marks beside "NGAY" and "THANG" is a year.
    let beside = |wanted: Role| {
        all.iter()
            .any(|other| other.upper == title.upper && role(&other.lower).is_some_and(|(is, _)| is == wanted))
    };
    match found {
        (Role::Male, score) if beside(Role::BirthMonth) && !beside(Role::Female) => {
            Some((Role::BirthYear, score))
        }
        found => Some(found),
    }
}

/// Parts without their whole say nothing: a column "Ngày" alone is not of a birth.
fn drop_what_does_not_fit(best: &mut BTreeMap<Role, (u32, u16, String)>) {
    if best.contains_key(&Role::FullName) {
        best.remove(&Role::Surname);
        best.remove(&Role::GivenName);
    }
    if !best.contains_key(&Role::GivenName) {
        best.remove(&Role::Surname);
    }
    // "Ngày", "Tháng", "Năm sinh" are three parts of one birth.
    if best.contains_key(&Role::BirthMonth)
        && !best.contains_key(&Role::BirthYear)
        && let Some(year) = best.remove(&Role::Birth)
    {
        best.insert(Role::BirthYear, year);
    }
    if !best.contains_key(&Role::BirthYear) {
        best.remove(&Role::BirthDay);
        best.remove(&Role::BirthMonth);
    }
}

/// True if the row repeats titles of the header: on later pages it is printed again.
pub(crate) fn repeats(sheet: &Sheet, header: &Header, cells: &[(u16, crate::sheet::Cell)]) -> bool {
    let repeated = |row: u32| {
        let same =
            |column: &u16, shown: &str| sheet.cell(row, *column).is_some_and(|cell| cell.shown() == shown);
        cells.iter().filter(|(column, cell)| same(column, &cell.shown())).count()
    };
    let names = [Role::FullName, Role::GivenName, Role::HeadName];
    let column = names.iter().find_map(|role| header.mapping.column(*role));
    let name = column.and_then(|column| in_row(cells, column)).map(crate::sheet::Cell::shown);
    let titles = (header.top..=header.bottom).map(repeated).max().unwrap_or(0);
    match name {
        Some(name) => titles >= 2 && meaning(&name) != Meaning::Unknown,
        None => titles >= 1 && titles * 2 >= cells.len() && header.bottom > header.top,
    }
}
