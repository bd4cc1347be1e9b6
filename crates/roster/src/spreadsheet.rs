//! A workbook of Excel as sheets: XLSX cell by cell, XLS through calamine's tables.
//!
//! Nothing is laid out densely for XLSX: one cell at the far corner of a sheet would ask for gigabytes.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Data, DataRef, Dimensions, Reader, SheetType, SheetVisible, Xls, XlsError, Xlsx, XlsxError};
use domain::calendar::PartialDate;

use crate::encoding::Encoding;
use crate::error::ReadError;
use crate::limits::Limits;
use crate::sheet::{Cell, Merge, Sheet, Workbook};

/// Opens an archive that has been checked.
pub(crate) fn open_xlsx(bytes: &[u8], limits: &Limits) -> Result<Workbook, ReadError> {
    guarded(|| {
        let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|why| match why {
            XlsxError::Password => ReadError::Encrypted,
            _ => ReadError::UnreadableFile,
        })?;
        let mut sheets = Vec::new();
        let mut left = limits.cells;
        let listed = book.sheets_metadata().to_vec();
        for sheet in listed.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet) {
            let cells = xlsx_cells(&mut book, &sheet.name, limits, &mut left)?;
            let merges = book.merge_cells_by_sheet_name(&sheet.name).unwrap_or_default();
            sheets.push((sheet.visible, Sheet::from_cells(&sheet.name, cells, regions(&merges, limits))));
        }
        workbook(sheets)
    })
}

/// Opens a compound file: the format before 2007.
pub(crate) fn open_xls(bytes: &[u8], limits: &Limits) -> Result<Workbook, ReadError> {
    guarded(|| {
        let mut book = Xls::new(Cursor::new(bytes)).map_err(|why| match why {
            XlsError::Password => ReadError::Encrypted,
            _ => ReadError::UnreadableFile,
        })?;
        let mut sheets = Vec::new();
        let mut left = limits.cells;
        let listed = book.sheets_metadata().to_vec();
        for sheet in listed.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet) {
            let range = book.worksheet_range(&sheet.name).map_err(|_| ReadError::UnreadableFile)?;
            let (top, first) = range.start().unwrap_or_default();
            let mut cells = Vec::new();
            for (row, column, value) in range.used_cells() {
                let place =
                    place(top.saturating_add(to_u32(row)), first.saturating_add(to_u32(column)), limits);
                let cell = from_data(value, limits);
                cells.extend(place.zip(cell).map(|((row, column), cell)| (row, column, cell)));
                left = left.checked_sub(1).ok_or_else(|| ReadError::too_many_cells(limits))?;
            }
            let merges = book.merge_cells_by_sheet_name(&sheet.name).unwrap_or_default();
            sheets.push((sheet.visible, Sheet::from_cells(&sheet.name, cells, regions(&merges, limits))));
        }
        workbook(sheets)
    })
}

/// A damaged file must never end the program. Calamine checks what it reads, but the old formats are
/// full of offsets; whatever slips through is a file that cannot be read.
fn guarded(read: impl FnOnce() -> Result<Workbook, ReadError>) -> Result<Workbook, ReadError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or(Err(ReadError::UnreadableFile))
}

fn workbook(sheets: Vec<(SheetVisible, Sheet)>) -> Result<Workbook, ReadError> {
    let mut book =
        Workbook { encoding: Encoding::Unicode, sheets: Vec::new(), hidden: Vec::new(), as_sent: None };
    for (visible, sheet) in sheets.into_iter().filter(|(_, sheet)| !sheet.rows.is_empty()) {
        match visible {
            SheetVisible::Visible => book.sheets.push(sheet),
            SheetVisible::Hidden | SheetVisible::VeryHidden => book.hidden.push(sheet.name),
        }
    }
    if book.sheets.is_empty() { Err(ReadError::NoSheet) } else { Ok(book) }
}

fn xlsx_cells(
    book: &mut Xlsx<Cursor<&[u8]>>,
    name: &str,
    limits: &Limits,
    left: &mut usize,
) -> Result<Vec<(u32, u16, Cell)>, ReadError> {
    let mut reader = book.worksheet_cells_reader(name).map_err(|_| ReadError::UnreadableFile)?;
    let mut cells = Vec::new();
    while let Some(found) = reader.next_cell().map_err(|_| ReadError::UnreadableFile)? {
        let (row, column) = found.get_position();
        let Some((row, column)) = place(row, column, limits) else { continue };
        let cell = match found.get_value() {
            DataRef::SharedString(text) => Cell::text(text, limits.cell_bytes),
            other => from_data(&Data::from(other.clone()), limits),
        };
        if let Some(cell) = cell {
            *left = left.checked_sub(1).ok_or_else(|| ReadError::too_many_cells(limits))?;
            cells.push((row, column, cell));
        }
    }
    Ok(cells)
}

fn from_data(value: &Data, limits: &Limits) -> Option<Cell> {
    match value {
        Data::Int(number) => Some(Cell::Number(*number as f64)),
        Data::Float(number) => number.is_finite().then_some(Cell::Number(*number)),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => {
            Cell::text(text, limits.cell_bytes)
        }
        Data::DateTime(moment) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            let date = PartialDate::new(i32::from(year), Some(u32::from(month)), Some(u32::from(day)));
            // A year typed into a column formatted as dates: 1958 would be a day in May 1905.
            let year_itself = (1906.0..2100.0).contains(&moment.as_f64()) && moment.as_f64().fract() == 0.0;
            match date {
                Ok(date) if !year_itself => Some(Cell::Date(date)),
                _ => Some(Cell::Number(moment.as_f64())),
            }
        }
        Data::Bool(_) | Data::Error(_) | Data::Empty => None,
    }
}

fn place(row: u32, column: u32, limits: &Limits) -> Option<(u32, u16)> {
    let column = u16::try_from(column).ok()?;
    (column < limits.columns).then_some((row, column))
}

fn regions(merges: &[Dimensions], limits: &Limits) -> Vec<Merge> {
    let region = |area: &Dimensions| {
        let (top, left) = place(area.start.0, area.start.1, limits)?;
        let right = u16::try_from(area.end.1).unwrap_or(u16::MAX).min(limits.columns);
        (area.end.0 >= top && right >= left).then_some(Merge { top, left, bottom: area.end.0, right })
    };
    merges.iter().take(limits.merged_regions).filter_map(region).collect()
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
