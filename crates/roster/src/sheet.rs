//! A file as cells: what is left of any format once it is open. Sparse, in rows, within the limits;
//! texts tidied (NFC, single blanks, Đ for Ð), merged regions kept beside the cells.

use domain::calendar::PartialDate;
use domain::ids::ContentHash;
use domain::text::clean;

use crate::encoding::Encoding;

/// Sheets with cells, in the order of the file.
#[derive(Clone, Debug)]
pub struct Workbook {
    /// How its texts were written.
    pub encoding: Encoding,
    pub(crate) sheets: Vec<Sheet>,
    /// Names of hidden sheets with cells, which are not read.
    pub(crate) hidden: Vec<String>,
    /// The content hash before anybody repaired a cell; nothing where nobody has.
    pub(crate) as_sent: Option<ContentHash>,
}

/// One sheet. Row and column numbers start at 0 here and at 1 and A wherever a person sees them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sheet {
    pub(crate) name: String,
    /// Sorted by row; each row sorted by column; no empty cell.
    pub(crate) rows: Vec<(u32, Vec<(u16, Cell)>)>,
    pub(crate) merges: Vec<Merge>,
}

/// The content of a cell that has any.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    /// Tidied, not empty.
    Text(String),
    /// As the spreadsheet holds it.
    Number(f64),
    /// A date cell whose date can be a birth.
    Date(PartialDate),
}

/// A merged region, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Merge {
    pub(crate) top: u32,
    pub(crate) left: u16,
    pub(crate) bottom: u32,
    pub(crate) right: u16,
}

impl Cell {
    /// `None` for a text of blanks. What is longer than the limit is cut at a character.
    pub(crate) fn text(raw: &str, limit_bytes: usize) -> Option<Self> {
        let mut end = raw.len().min(limit_bytes);
        while !raw.is_char_boundary(end) {
            end -= 1;
        }
        let tidied = clean(raw.get(..end).unwrap_or_default());
        (!tidied.is_empty()).then_some(Self::Text(tidied))
    }

    /// As a person would read it: `787290035`, `2025`, `05/03/1985`.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Date(date) => date.shown(),
        }
    }
}

impl Sheet {
    /// Builds the rows from cells in any order; of two cells at one place the later one stays.
    pub(crate) fn from_cells(name: &str, mut cells: Vec<(u32, u16, Cell)>, merges: Vec<Merge>) -> Self {
        if !cells.is_sorted_by_key(|(row, column, _)| (*row, *column)) {
            cells.sort_by_key(|(row, column, _)| (*row, *column));
        }
        let mut rows: Vec<(u32, Vec<(u16, Cell)>)> = Vec::new();
        for (row, column, cell) in cells {
            match rows.last_mut() {
                Some((last, cells)) if *last == row => match cells.last_mut() {
                    Some(same) if same.0 == column => same.1 = cell,
                    _ => cells.push((column, cell)),
                },
                _ => rows.push((row, vec![(column, cell)])),
            }
        }
        Self { name: clean(name), rows, merges }
    }

    /// The cell itself, merged regions aside.
    pub(crate) fn cell(&self, row: u32, column: u16) -> Option<&Cell> {
        let at = self.rows.binary_search_by_key(&row, |(row, _)| *row).ok()?;
        in_row(&self.rows.get(at)?.1, column)
    }
}

/// The cell of a row at a column.
pub(crate) fn in_row(cells: &[(u16, Cell)], column: u16) -> Option<&Cell> {
    let at = cells.binary_search_by_key(&column, |(column, _)| *column).ok()?;
    cells.get(at).map(|(_, cell)| cell)
}

/// `A`, `B`, … `Z`, `AA`, as spreadsheets name columns.
pub fn column_letters(column: u16) -> String {
    let mut rest = u32::from(column) + 1;
    let mut letters = Vec::new();
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

/// The column that such letters name, from 0; `None` if they name none.
pub fn column_number(letters: &str) -> Option<u16> {
    let mut number: u32 = 0;
    for c in letters.chars() {
        let digit = c.to_ascii_uppercase();
        if !digit.is_ascii_uppercase() {
            return None;
        }
        number = number.checked_mul(26)?.checked_add(u32::from(digit) - u32::from('A') + 1)?;
    }
    number.checked_sub(1).and_then(|number| u16::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_letters() {
        let check = |number: u16, letters: &str| {
            assert_eq!(column_letters(number), letters);
            assert_eq!(column_number(letters), Some(number));
        };
        check(0, "A");
        check(25, "Z");
        check(26, "AA");
        check(255, "IV");
        check(16_383, "XFD");
        for no_column in ["", "1", "Ă", "ZZZZZZZZZZ"] {
            assert_eq!(column_number(no_column), None, "{no_column}");
        }
    }

    #[test]
    fn cells_in_any_order_make_rows() {
        let cell = |text| Cell::text(text, 100).unwrap();
        let sheet =
            Sheet::from_cells("s", vec![(2, 1, cell("b")), (0, 3, cell("a")), (2, 1, cell("c"))], vec![]);
        assert_eq!(sheet.rows, [(0, vec![(3, cell("a"))]), (2, vec![(1, cell("c"))])]);
        assert_eq!(sheet.cell(2, 1), Some(&cell("c")));
        assert_eq!(sheet.cell(1, 1), None);
    }

    #[test]
    fn long_cells_are_cut_between_characters() {
        assert_eq!(Cell::text("ơơơ", 3), Some(Cell::Text("ơ".into())));
        assert_eq!(Cell::text(" \u{200b} ", 100), None);
    }
}
