//! From bytes to a list: open, find the titles of each sheet, read its rows, group them.

use domain::calendar::Day;
use domain::text::{clean, fold};

use crate::error::ReadError;
use crate::header::{self, Header};
use crate::limits::{ArchiveKind, Limits, check_archive};
use crate::list::{RosterList, RowTrouble, Trouble};
use crate::mapping::Mapping;
use crate::sheet::{Sheet, Workbook};
use crate::{body, delimited, fingerprint, grouping, place, spreadsheet};

const ZIP: &[u8] = b"PK";
const COMPOUND_FILE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
/// Beginnings of files that people take for lists: PDF, PNG, JPEG, GIF, RTF, RAR, 7z, HTML.
const NOT_LISTS: [&[u8]; 9] = [
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"{\\rtf",
    b"Rar!",
    b"7z\xbc\xaf",
    b"<html",
    b"<!DOCTYPE",
];

/// Opens the bytes of an XLSX, XLS or CSV file, within the limits.
///
/// # Errors
/// Every way in which a file cannot be read, as a closed list of codes; never a panic.
pub fn open(bytes: &[u8], limits: &Limits) -> Result<Workbook, ReadError> {
    limits.check_size(bytes.len() as u64)?;
    if bytes.starts_with(ZIP) {
        return match check_archive(bytes, limits)? {
            ArchiveKind::Xlsx => spreadsheet::open_xlsx(bytes, limits),
            ArchiveKind::Other => Err(ReadError::UnsupportedFormat),
        };
    }
    if bytes.starts_with(COMPOUND_FILE) {
        // A workbook with a password is a compound file around its ciphertext.
        let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let encrypted = bytes.windows(name.len()).any(|window| window == name);
        return if encrypted { Err(ReadError::Encrypted) } else { spreadsheet::open_xls(bytes, limits) };
    }
    if NOT_LISTS.iter().any(|beginning| bytes.starts_with(beginning)) {
        return Err(ReadError::UnsupportedFormat);
    }
    delimited::open(bytes, limits)
}

/// Reads the list with the columns found by their titles. Nobody is born after `today`.
///
/// # Errors
/// [`ReadError::NoHeader`] if no sheet has titles of a household list.
pub fn read(book: &Workbook, today: Day) -> Result<RosterList, ReadError> {
    read_sheets(book, None, today)
}

/// Reads the list with a mapping that a person has changed. It holds for every sheet.
///
/// # Errors
/// [`ReadError::NoHeader`] if the mapping has no column for names.
pub fn read_with(book: &Workbook, mapping: &Mapping, today: Day) -> Result<RosterList, ReadError> {
    if mapping.has_names() { read_sheets(book, Some(mapping), today) } else { Err(ReadError::NoHeader) }
}

fn read_sheets(book: &Workbook, given: Option<&Mapping>, today: Day) -> Result<RosterList, ReadError> {
    let mut list = RosterList {
        content_hash: book.as_sent.unwrap_or_else(|| fingerprint::content_hash(book)),
        title: None,
        list_day: None,
        encoding: book.encoding,
        mapping: Mapping::default(),
        households: Vec::new(),
        rejected: Vec::new(),
        warnings: book.hidden.iter().map(|name| of_sheet(name, Trouble::HiddenSheet)).collect(),
    };
    let mut sheets_read = 0;
    for (index, sheet) in (0..).zip(&book.sheets) {
        let header = match (header::find(sheet), given) {
            (Some(found), Some(given)) => Header { mapping: given.clone(), ..found },
            (None, Some(given)) => Header::above_all(given.clone()),
            (Some(found), None) => found,
            (None, None) => {
                list.warnings.push(of_sheet(&sheet.name, Trouble::SheetWithoutHeader));
                continue;
            }
        };
        sheets_read += 1;
        if sheets_read == 1 {
            list.mapping.clone_from(&header.mapping);
        }
        read_sheet(sheet, index, &header, today, &mut list);
    }
    if sheets_read == 0 { Err(ReadError::NoHeader) } else { Ok(list) }
}

fn read_sheet(sheet: &Sheet, index: u16, header: &Header, today: Day, list: &mut RosterList) {
    let above = TitleBlock::read(sheet, header);
    let body = body::read(sheet, header, today);
    let persons = body.persons.len();
    let grouped = grouping::group(body.persons, index, &above.hamlet_unit);
    list.rejected.extend(body.rejected);
    list.warnings.extend(body.warnings);
    let doubt = |(row, reason)| RowTrouble { sheet: sheet.name.clone(), row, column: None, reason };
    list.warnings.extend(grouped.doubts.into_iter().map(doubt));
    if grouped.households.iter().any(|household| household.hamlet_unit.is_empty()) {
        list.warnings.push(of_sheet(&sheet.name, Trouble::HamletUnitMissing));
    }
    if let Some((row, households, people)) = body.stated {
        let differs = |stated: Option<usize>, read: usize| stated.is_some_and(|stated| stated != read);
        if differs(households, grouped.households.len()) || differs(people, persons) {
            list.warnings.push(doubt((row, Trouble::StatedTotalDiffers)));
        }
    }
    list.households.extend(grouped.households);
    list.title = list.title.take().or(above.title);
    list.list_day = list.list_day.or(above.list_day);
}

fn of_sheet(name: &str, reason: Trouble) -> RowTrouble {
    RowTrouble { sheet: name.to_owned(), row: 0, column: None, reason }
}

/// What the lines above the titles say about the whole sheet.
#[derive(Debug, Default)]
struct TitleBlock {
    title: Option<String>,
    list_day: Option<Day>,
    /// Empty if neither a line nor the sheet's name says it.
    hamlet_unit: String,
}

impl TitleBlock {
    fn read(sheet: &Sheet, header: &Header) -> Self {
        let mut block = Self::default();
        let above = sheet.rows.iter().take_while(|(row, _)| *row < header.top);
        for (_, cells) in above {
            for (_, cell) in cells {
                let line = cell.shown();
                block.list_day = block.list_day.or_else(|| list_day(&line));
                if block.hamlet_unit.is_empty() {
                    block.hamlet_unit = place::unit_within(&line).unwrap_or_default();
                }
                let folded = fold(&line);
                let titled = ["danh sach", "so ho", "so theo doi", "bang ", "bieu ", "so quan ly"];
                if block.title.is_none() && titled.iter().any(|start| folded.starts_with(start)) {
                    block.title = Some(line);
                }
            }
        }
        let by_name = place::unit_within(&sheet.name).unwrap_or_default();
        // Of two spellings the sheet's name, which is seldom in capitals only.
        if block.hamlet_unit.is_empty() || fold(&block.hamlet_unit) == fold(&by_name) {
            block.hamlet_unit = by_name;
        }
        if block.hamlet_unit.is_empty() && !is_generic(&sheet.name) {
            block.hamlet_unit = place::sentence_case(&sheet.name);
        }
        block
    }
}

/// Names that say nothing about a place.
fn is_generic(sheet_name: &str) -> bool {
    let folded = fold(sheet_name);
    let generic = [
        "sheet",
        "trang",
        "danh sach",
        "ds",
        "data",
        "bang",
        "so ho",
        "tong",
        "table",
        "so nhan",
        "nhan khau",
    ];
    folded.chars().all(|c| !c.is_alphabetic()) || generic.iter().any(|start| folded.starts_with(start))
}

/// "(Tính đến ngày 01/7/2026)", "thời điểm ngày 1 tháng 7 năm 2026".
fn list_day(line: &str) -> Option<Day> {
    let folded = fold(line);
    if !["tinh den", "den ngay", "thoi diem", "den het ngay"].iter().any(|words| folded.contains(words)) {
        return None;
    }
    let text = clean(line);
    let numbers: Vec<u32> =
        text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect();
    numbers.windows(3).find_map(|window| match window {
        [day, month, year] if (1990..2200).contains(year) => {
            Day::new(i32::try_from(*year).ok()?, *month, *day)
        }
        _ => None,
    })
}
