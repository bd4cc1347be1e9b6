//! A CSV as a sheet. The delimiter is found by content: the one that cuts the most lines alike.

use crate::encoding::decode;
use crate::error::ReadError;
use crate::limits::Limits;
use crate::sheet::{Cell, Sheet, Workbook};

const DELIMITERS: [u8; 4] = [b';', b'\t', b',', b'|'];

/// Reads bytes that are no workbook.
pub(crate) fn open(bytes: &[u8], limits: &Limits) -> Result<Workbook, ReadError> {
    let (text, encoding) = decode(bytes).ok_or(ReadError::UnreadableFile)?;
    if text.trim().is_empty() {
        return Err(ReadError::Empty);
    }
    // Excel writes the delimiter itself as a first line of some exports.
    let (text, delimiter) = match text.strip_prefix("sep=").map(str::as_bytes) {
        Some([delimiter, ..]) if delimiter.is_ascii() => (text.get(5..).unwrap_or(""), *delimiter),
        _ => (text.as_str(), delimiter_of(&text)),
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut cells = Vec::new();
    let mut next_row: u32 = 0;
    for record in reader.records() {
        let record = record.map_err(|_| ReadError::UnreadableFile)?;
        // As a spreadsheet shows it: a blank line is a row, a quoted text of several lines is not several.
        let row = next_row.saturating_add(blank_lines(text, record.position()));
        next_row = row.saturating_add(1);
        for (column, field) in (0..limits.columns).zip(record.iter()) {
            cells.extend(Cell::text(field, limits.cell_bytes).map(|cell| (row, column, cell)));
        }
        if cells.len() > limits.cells {
            return Err(ReadError::too_many_cells(limits));
        }
    }
    if cells.is_empty() {
        return Err(ReadError::Empty);
    }
    Ok(Workbook {
        encoding,
        sheets: vec![Sheet::from_cells("", cells, Vec::new())],
        hidden: Vec::new(),
        as_sent: None,
    })
}

/// Blank lines that the reader passed over in front of a record.
fn blank_lines(text: &str, position: Option<&csv::Position>) -> u32 {
    let start = position.and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(0);
    let (before, from) = text.as_bytes().split_at_checked(start).unwrap_or_default();
    // The reader ends a record at the \r of \r\n.
    let from = if before.ends_with(b"\r") { from.strip_prefix(b"\n").unwrap_or(from) } else { from };
    let breaks = from.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    u32::try_from(breaks.filter(|byte| **byte == b'\n').count()).unwrap_or(0)
}

/// Counts each delimiter outside quotes in the first lines; a line without any says nothing.
fn delimiter_of(text: &str) -> u8 {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(60).collect();
    let score = |delimiter: u8| {
        let mut counts: Vec<usize> = lines.iter().map(|line| count_outside_quotes(line, delimiter)).collect();
        counts.retain(|count| *count > 0);
        counts.sort_unstable();
        // Lines that agree with the middle one, times how many columns that makes.
        let middle = counts.get(counts.len() / 2).copied().unwrap_or(0);
        counts.iter().filter(|count| **count == middle).count() * middle.min(20)
    };
    DELIMITERS.into_iter().rev().max_by_key(|delimiter| score(*delimiter)).unwrap_or(b',')
}

fn count_outside_quotes(line: &str, delimiter: u8) -> usize {
    let mut quoted = false;
    let mut count = 0;
    for byte in line.bytes() {
        quoted ^= byte == b'"';
        count += usize::from(!quoted && byte == delimiter);
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_found_by_content() {
        let check = |text: &str, expect: u8| assert_eq!(delimiter_of(text), expect, "{text}");
        check("STT;Họ tên;Địa chỉ\n1;Lê Thị Hoa;Số 1, Ngõ 2\n2;Lê Văn An;Số 3, Ngõ 2", b';');
        check("STT,Họ tên,Địa chỉ\n1,Lê Thị Hoa,\"Số 1; Ngõ 2\"", b',');
        check("STT\tHọ tên\tĐịa chỉ\n1\tLê Thị Hoa\tSố 1, Ngõ 2", b'\t');
        check("một cột", b';');
    }

    #[test]
    fn rows_are_those_of_a_spreadsheet() {
        let book = open("a;b\n\n\"c\nd\";e\nf;g\n".as_bytes(), &Limits::default()).unwrap();
        let rows: Vec<u32> = book.sheets[0].rows.iter().map(|(row, _)| *row).collect();
        assert_eq!(rows, [0, 2, 3]);
        let book = open("a;b\r\nc;d\r\n\r\ne;f\r\n".as_bytes(), &Limits::default()).unwrap();
        let rows: Vec<u32> = book.sheets[0].rows.iter().map(|(row, _)| *row).collect();
        assert_eq!(rows, [0, 1, 3]);
    }
}
