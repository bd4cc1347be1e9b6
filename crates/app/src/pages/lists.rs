//! *Đưa danh sách Excel vào*: choose, look, take in. Nothing is written before the last step.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use roster::{Limits, RowTrouble};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::commands::Call;
use crate::desk::{Desk, JobPhase, JobProgress, held};
use crate::error::{AppError, LIST_UNREADABLE, NO_LIST_CHOSEN};
use crate::lists::{self, ListResult, ListView, Source};

/// How a chosen list is read; empty: as found.
#[derive(Clone, Debug, Default, Deserialize, TS)]
pub struct LookRequest {}

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
}

/// What taking a list in did.
#[derive(Clone, Copy, Debug, Serialize, TS)]
pub struct TakenIn {
    /// Counts.
    pub result: ListResult,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
}

/// Asks for a file, and reads it.
pub fn choose(call: &mut Call<'_>, (): &()) -> Result<Option<ListPage>, AppError> {
    match call.desk.choose_file() {
        Some(path) => {
            *held(&call.desk.chosen) = Some(path);
            page(call.desk).map(Some)
        }
        None => Ok(None),
    }
}

/// Reads the chosen file, if one is chosen.
pub fn look(call: &mut Call<'_>, _: &LookRequest) -> Result<Option<ListPage>, AppError> {
    let chosen = held(&call.desk.chosen).is_some();
    if chosen { page(call.desk).map(Some) } else { Ok(None) }
}

fn page(desk: &Desk) -> Result<ListPage, AppError> {
    *held(&desk.offered) = false;
    let path = held(&desk.chosen).clone().ok_or_else(|| AppError::new(NO_LIST_CHOSEN))?;
    let unreadable = |_| AppError::new(LIST_UNREADABLE);
    // One byte more than any list may have: enough for the reader to refuse it by size.
    let at_most = Limits::default().file_bytes.saturating_add(1);
    let mut bytes = Vec::new();
    File::open(&path).and_then(|file| file.take(at_most).read_to_end(&mut bytes)).map_err(unreadable)?;
    desk.with(|laptop| {
        let looked = lists::look(laptop, &bytes)?;
        let page = view(&path, &looked.view);
        // While nobody can put another laptop on the desk.
        *held(&desk.looked) = Some(looked);
        Ok(page)
    })
}

fn view(path: &Path, view: &ListView) -> ListPage {
    ListPage {
        file_name: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
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
        rejected: view.preview.rejected.iter().map(line).collect(),
        warnings: view.preview.warnings.iter().map(line).collect(),
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
    *held(&desk.chosen) = None;
    Ok(TakenIn { result, at_ms: desk.machine().wall_ms() })
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The serde name of a unit variant.
fn code(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(code)) => code,
        _ => String::new(),
    }
}

fn line(trouble: &RowTrouble) -> RowLine {
    RowLine {
        sheet: trouble.sheet.clone(),
        row: trouble.row,
        column: trouble.column.clone(),
        reason: code(&trouble.reason),
    }
}
