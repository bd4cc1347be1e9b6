//! What a person changes before a list is taken in: the text of a cell, in place. The file stays as it is, and
//! so does the list's identity: repaired or not, the same file is the same list, and nobody of it stands twice.

use serde::{Deserialize, Serialize};

use crate::limits::Limits;
use crate::mapping::MappedColumn;
use crate::sheet::{Cell, Sheet, Workbook, column_letters, column_number};
use crate::{fingerprint, header};

/// A text in place of what stands in a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// The sheet's name; empty for a CSV.
    pub sheet: String,
    /// As the spreadsheet shows it, from 1.
    pub row: u32,
    /// `H`
    pub column: String,
    /// Empty: nothing stands there.
    pub text: String,
}

impl Workbook {
    /// The book with these texts in place. A place that is not in the book changes nothing.
    #[must_use]
    pub fn repaired(mut self, repairs: &[Repair], limits: &Limits) -> Self {
        self.as_sent = Some(self.as_sent.unwrap_or_else(|| fingerprint::content_hash(&self)));
        for repair in repairs {
            let column = column_number(&repair.column);
            let sheet = self.sheets.iter_mut().find(|sheet| sheet.name == repair.sheet);
            if let (Some(sheet), Some(column), Some(row)) = (sheet, column, repair.row.checked_sub(1)) {
                sheet.put(row, column, Cell::text(&repair.text, limits.cell_bytes));
            }
        }
        self
    }

    /// A cell as a person would read it; empty where nothing stands.
    pub fn shown(&self, sheet: &str, row: u32, column: &str) -> String {
        let found = || {
            let sheet = self.sheets.iter().find(|one| one.name == sheet)?;
            sheet.cell(row.checked_sub(1)?, column_number(column)?)
        };
        found().map(Cell::shown).unwrap_or_default()
    }

    /// The columns a person can choose among: those with a title in the first sheet that has titles, without
    /// those that are never read (numbers of identity cards).
    pub fn columns(&self) -> Vec<MappedColumn> {
        let found = self.sheets.iter().find_map(|sheet| header::find(sheet).map(|header| (sheet, header)));
        let Some((sheet, header)) = found else { return Vec::new() };
        let titles = header::titles(sheet, &header);
        titles.map(|(column, title)| MappedColumn { column: column_letters(column), title }).collect()
    }
}

impl Sheet {
    /// Only rows with content are in a sheet: a row that is not there is not made.
    fn put(&mut self, row: u32, column: u16, cell: Option<Cell>) {
        let at = self.rows.binary_search_by_key(&row, |(row, _)| *row);
        let Some((_, cells)) = at.ok().and_then(|at| self.rows.get_mut(at)) else { return };
        match (cells.binary_search_by_key(&column, |(column, _)| *column), cell) {
            (Ok(at), Some(cell)) => {
                if let Some(old) = cells.get_mut(at) {
                    old.1 = cell;
                }
            }
            (Ok(at), None) => {
                cells.remove(at);
            }
            (Err(at), Some(cell)) => cells.insert(at, (column, cell)),
            (Err(_), None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::calendar::Day;

    use super::*;
    use crate::{MappedColumn, Mapping, Role, Trouble, open, read, read_with};

    const LIST: &str = "STT;Họ và tên;Năm sinh;Quan hệ;CCCD;Tên gọi khác\n\
        1;Lê Mẫu;19888;Chủ hộ;012345678901;Lê Giả\n\
        2;;1990;Con;;Lê Thử\n";

    fn book() -> Workbook {
        open(LIST.as_bytes(), &Limits::default()).unwrap()
    }

    fn today() -> Day {
        Day::new(2026, 11, 25).unwrap()
    }

    fn repair(row: u32, column: &str, text: &str) -> Repair {
        Repair { sheet: String::new(), row, column: column.into(), text: text.into() }
    }

    #[test]
    fn a_repaired_row_is_read_and_the_list_is_the_same_list() {
        let list = read(&book(), today()).unwrap();
        let reasons = |list: &crate::RosterList| {
            let all = list.rejected.iter().chain(&list.warnings);
            all.filter(|line| line.row > 0)
                .map(|line| (line.row, line.column.clone(), line.reason))
                .collect::<Vec<_>>()
        };
        let place = |row, column: &str, reason| (row, Some(column.to_owned()), reason);
        assert_eq!(
            reasons(&list),
            [place(3, "B", Trouble::NameMissing), place(2, "C", Trouble::BirthUnreadable)]
        );
        let repairs = [repair(3, "B", " Lê  Thị Mẫu "), repair(2, "C", "1988")];
        let repaired = book().repaired(&repairs, &Limits::default());
        assert_eq!(repaired.shown("", 3, "B"), "Lê Thị Mẫu");
        let again = read(&repaired.repaired(&[], &Limits::default()), today()).unwrap();
        assert_eq!((reasons(&again), again.persons()), (Vec::new(), 2));
        assert_eq!(again.content_hash, list.content_hash);
    }

    #[test]
    fn a_place_that_is_not_there_changes_nothing_and_nothing_can_be_taken_out() {
        let elsewhere =
            [repair(0, "B", "x"), repair(99, "B", "x"), repair(2, "?", "x"), repair(2, "B", " \u{200b} ")];
        let repaired = book().repaired(&elsewhere, &Limits::default());
        assert_eq!((repaired.shown("", 2, "B"), repaired.shown("", 2, "C")), (String::new(), "19888".into()));
        assert_eq!((repaired.shown("other", 2, "C"), repaired.shown("", 0, "C")), Default::default());
    }

    #[test]
    fn every_titled_column_is_offered_but_those_never_read() {
        let columns: Vec<String> =
            book().columns().into_iter().map(|one| format!("{} {}", one.column, one.title)).collect();
        assert_eq!(columns, ["A STT", "B Họ và tên", "C Năm sinh", "D Quan hệ", "F Tên gọi khác"]);
        let other =
            Mapping([(Role::FullName, MappedColumn { column: "F".into(), title: String::new() })].into());
        assert_eq!(read_with(&book(), &other, today()).unwrap().persons(), 2);
    }
}
