//! *Đưa danh sách Excel vào*: choose, look, take in. Nothing is written before the last step.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use roster::{Limits, MappedColumn, Mapping, Repair, RowTrouble};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::StoreError;
use ts_rs::TS;

use crate::commands::Call;
use crate::desk::{Desk, JobPhase, JobProgress, held};
use crate::error::{AppError, BAD_REQUEST, LIST_UNREADABLE, NO_LIST_CHOSEN, SAMPLE_NOT_SAVED};
use crate::lists::{self, ListResult, ListView, Reading, Source};
use crate::register;
use crate::sample;

/// How a chosen list is read. What is left out is as it was at the last look at this file; at the first: as
/// found.
#[derive(Clone, Debug, Default, Deserialize, TS)]
pub struct LookRequest {
    /// Role → column: `{"full_name": "D"}`.
    #[serde(default)]
    #[ts(optional)]
    pub mapping: Option<BTreeMap<String, String>>,
    /// All cells repaired so far.
    #[serde(default)]
    #[ts(optional)]
    pub repairs: Option<Vec<CellRepair>>,
}

/// A text in place of what stands in a cell.
#[derive(Clone, Debug, Deserialize, Serialize, TS)]
pub struct CellRepair {
    /// The sheet's name; empty for a CSV.
    pub sheet: String,
    /// As the spreadsheet shows it.
    pub row: u32,
    /// `H`
    pub column: String,
    /// Empty: nothing stands there.
    pub text: String,
}

/// An evening's repairs; a page with more is at fault.
const REPAIRS_AT_MOST: usize = 5_000;

/// Who handed the list over; kept with it.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct SourceForm {
    /// "Ông Tư, trưởng thôn"
    pub handed_over_by: String,
    /// The legal basis of the list.
    pub basis: String,
}

/// The page before anything is written.
#[derive(Clone, Debug, Serialize, TS)]
pub struct ListPage {
    /// Of the file, without its folder.
    pub file_name: String,
    /// `unicode`, `tcvn3`, `vni`, `cp1258`.
    pub encoding: String,
    /// "Danh sách hộ gia đình thôn …"
    pub title: Option<String>,
    /// The day the list speaks of: `2026-07-01`.
    pub list_day: Option<String>,
    /// Households that could be read.
    pub households: u32,
    /// People that could be read.
    pub persons: u32,
    /// Per hamlet unit.
    pub units: Vec<UnitCount>,
    /// Which column was read as what.
    pub mapping: Vec<MappedRole>,
    /// The columns that can be chosen among.
    pub columns: Vec<TitledColumn>,
    /// Cells that were repaired.
    pub repairs: Vec<CellRepair>,
    /// Rows with content that gave nobody.
    pub rejected: Vec<RowLine>,
    /// Rows to look at.
    pub warnings: Vec<RowLine>,
    /// What taking it in would do.
    pub result: ListResult,
}

/// How many of a list live in one hamlet unit.
#[derive(Clone, Debug, Serialize, TS)]
pub struct UnitCount {
    /// As first written in the list.
    pub name: String,
    /// Households.
    pub households: u32,
    /// People.
    pub persons: u32,
}

/// One column and what it was read as.
#[derive(Clone, Debug, Serialize, TS)]
pub struct MappedRole {
    /// `full_name`, `birth`, …
    pub role: String,
    /// `D`
    pub column: String,
    /// "Họ và tên"
    pub title: String,
}

/// A column of the file.
#[derive(Clone, Debug, Serialize, TS)]
pub struct TitledColumn {
    /// `D`
    pub column: String,
    /// "Họ và tên"
    pub title: String,
}

/// One row and what is the matter with it.
#[derive(Clone, Debug, Serialize, TS)]
pub struct RowLine {
    /// The sheet's name.
    pub sheet: String,
    /// As the spreadsheet shows it.
    pub row: u32,
    /// `H`
    pub column: Option<String>,
    /// Code of the reason.
    pub reason: String,
    /// What stands in the cell.
    pub text: String,
}

/// What taking a list in did.
#[derive(Clone, Copy, Debug, Serialize, TS)]
pub struct TakenIn {
    /// Counts.
    pub result: ListResult,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
}

/// Where the list to fill in lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct SampleSaved {
    /// Of the file, without its folder.
    pub file_name: String,
}

/// Asks where to save a list to fill in, and writes it there: whole, or not at all.
pub fn save_sample(call: &mut Call<'_>, (): &()) -> Result<Option<SampleSaved>, AppError> {
    let unit = call.desk.with(|laptop| register::units(laptop))?.into_iter().next();
    let unit = unit.map(|unit| unit.name).unwrap_or_default();
    let Some(mut path) = call.desk.choose_place(sample::FILE_NAME) else { return Ok(None) };
    if path.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("xlsx")) {
        path.as_mut_os_string().push(".xlsx");
    }
    let bytes = sample::bytes(&unit).map_err(|_| AppError::new(SAMPLE_NOT_SAVED))?;
    let beside = path.with_extension("xlsx.new");
    let written = std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, &path));
    written.map_err(|error| {
        // Half a file helps nobody; where it cannot even be removed there is nothing left to do.
        let _ = std::fs::remove_file(&beside);
        match StoreError::from(error) {
            full @ StoreError::DiskFull => full.into(),
            _ => AppError::new(SAMPLE_NOT_SAVED),
        }
    })?;
    Ok(Some(SampleSaved { file_name: file_name(&path) }))
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Asks for a file, and reads it.
pub fn choose(call: &mut Call<'_>, (): &()) -> Result<Option<ListPage>, AppError> {
    match call.desk.choose_file() {
        Some(path) => {
            *held(&call.desk.reading) = Reading::default();
            *held(&call.desk.chosen) = Some(path);
            page(call.desk).map(Some)
        }
        None => Ok(None),
    }
}

/// Reads the chosen file, if one is chosen.
pub fn look(call: &mut Call<'_>, request: &LookRequest) -> Result<Option<ListPage>, AppError> {
    let desk = call.desk;
    if held(&desk.chosen).is_none() {
        return Ok(None);
    }
    let before = held(&desk.reading).clone();
    let mut reading = before.clone();
    if let Some(mapping) = &request.mapping {
        reading.mapping = Some(mapping_of(mapping)?);
    }
    if let Some(repairs) = &request.repairs {
        if repairs.len() > REPAIRS_AT_MOST {
            return Err(AppError::new(BAD_REQUEST));
        }
        reading.repairs = repairs.iter().map(repair_of).collect();
    }
    *held(&desk.reading) = reading;
    // What could not be read is not what the next look goes on from.
    page(desk).map(Some).inspect_err(|_| *held(&desk.reading) = before)
}

fn mapping_of(chosen: &BTreeMap<String, String>) -> Result<Mapping, AppError> {
    let role = |code: &String| {
        serde_json::from_value(Value::String(code.clone())).map_err(|_| AppError::new(BAD_REQUEST))
    };
    let columns = chosen.iter().map(|(code, column)| {
        Ok((role(code)?, MappedColumn { column: column.clone(), title: String::new() }))
    });
    columns.collect::<Result<_, _>>().map(Mapping)
}

fn repair_of(cell: &CellRepair) -> Repair {
    let CellRepair { sheet, row, column, text } = cell.clone();
    Repair { sheet, row, column, text }
}

fn page(desk: &Desk) -> Result<ListPage, AppError> {
    *held(&desk.offered) = false;
    let path = held(&desk.chosen).clone().ok_or_else(|| AppError::new(NO_LIST_CHOSEN))?;
    let unreadable = |_| AppError::new(LIST_UNREADABLE);
    // One byte more than any list may have: enough for the reader to refuse it by size.
    let at_most = Limits::default().file_bytes.saturating_add(1);
    let mut bytes = Vec::new();
    File::open(&path).and_then(|file| file.take(at_most).read_to_end(&mut bytes)).map_err(unreadable)?;
    let reading = held(&desk.reading).clone();
    desk.with(|laptop| {
        let looked = lists::look_as(laptop, &bytes, &reading)?;
        let page = view(&path, &looked.view, &reading);
        // While nobody can put another laptop on the desk.
        *held(&desk.looked) = Some(looked);
        Ok(page)
    })
}

fn view(path: &Path, view: &ListView, reading: &Reading) -> ListPage {
    let repair = |Repair { sheet, row, column, text }: Repair| CellRepair { sheet, row, column, text };
    ListPage {
        file_name: file_name(path),
        encoding: view.preview.encoding.to_owned(),
        title: view.preview.title.clone(),
        list_day: view.preview.list_day.clone(),
        households: count(view.preview.households),
        persons: count(view.preview.persons),
        units: view
            .preview
            .hamlet_units
            .iter()
            .map(|unit| UnitCount {
                name: unit.name.clone(),
                households: count(unit.households),
                persons: count(unit.persons),
            })
            .collect(),
        mapping: view
            .preview
            .mapping
            .0
            .iter()
            .map(|(role, mapped)| MappedRole {
                role: code(role),
                column: mapped.column.clone(),
                title: mapped.title.clone(),
            })
            .collect(),
        columns: view
            .columns
            .iter()
            .map(|one| TitledColumn { column: one.column.clone(), title: one.title.clone() })
            .collect(),
        repairs: reading.repairs.iter().cloned().map(repair).collect(),
        rejected: view.preview.rejected.iter().zip(&view.rejected).map(line).collect(),
        warnings: view.preview.warnings.iter().zip(&view.warned).map(line).collect(),
        result: view.result,
    }
}

/// Takes in the list that was looked at. Where the register has changed since, the page looks again.
pub fn take_in(call: &mut Call<'_>, form: &SourceForm) -> Result<TakenIn, AppError> {
    let desk = call.desk;
    let looked = held(&desk.looked).clone().ok_or_else(|| AppError::new(NO_LIST_CHOSEN))?;
    let source = Source { handed_over_by: form.handed_over_by.clone(), basis: form.basis.clone() };
    let tell = &mut *call.tell;
    let result = desk.with(|laptop| {
        lists::take_in(laptop, &looked, &source, &mut |kept, of| {
            tell(JobProgress { phase: JobPhase::Writing, done: kept as u64, of: Some(of as u64) });
        })
    })?;
    *held(&desk.looked) = None;
    desk.forget_list();
    Ok(TakenIn { result, at_ms: desk.machine().wall_ms() })
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The serde name of a unit variant.
fn code(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(code)) => code,
        _ => String::new(),
    }
}

fn line((trouble, text): (&RowTrouble, &String)) -> RowLine {
    RowLine {
        sheet: trouble.sheet.clone(),
        row: trouble.row,
        column: trouble.column.clone(),
        reason: code(&trouble.reason),
        text: text.clone(),
    }
}
