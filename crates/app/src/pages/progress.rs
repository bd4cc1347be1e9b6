//! *Tiến độ*: the figures of a hamlet unit and the map of its alleys, computed on this laptop.

use domain::calendar::Day;
use domain::figures::Figures;
use domain::ids::HamletUnitId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::start::{Unit, units};
use super::today::{AlleyLine, DoorView, line, view};
use crate::commands::Call;
use crate::desk::held;
use crate::doors;
use crate::error::AppError;
use crate::register;

/// Which hamlet unit; the first where left out.
#[derive(Clone, Debug, Default, Deserialize, TS)]
pub struct ProgressRequest {
    /// Else the first.
    pub unit: Option<HamletUnitId>,
}

/// The page.
#[derive(Clone, Debug, Serialize, TS)]
pub struct ProgressView {
    /// Today in Viet Nam.
    pub today: Day,
    /// When it was computed, milliseconds since 1970.
    pub computed_at_ms: i64,
    /// Those on this laptop.
    pub units: Vec<Unit>,
    /// The one shown; `None` on an empty register.
    pub unit: Option<Unit>,
    /// Its figures, as `tungnha-server figures` counts them.
    pub figures: Figures,
    /// Its alleys, in walking order.
    pub alleys: Vec<AlleyMap>,
}

/// One row of the map.
#[derive(Clone, Debug, Serialize, TS)]
pub struct AlleyMap {
    /// Its name and counts.
    pub line: AlleyLine,
    /// Its doors, from the entrance inwards.
    pub doors: Vec<DoorView>,
}

/// Figures and the map of alleys.
pub fn progress(call: &mut Call<'_>, request: &ProgressRequest) -> Result<ProgressView, AppError> {
    let computed_at_ms = call.desk.machine().wall_ms();
    held(&call.desk.looked_at).figures = true;
    call.desk.with(|laptop| {
        let today = laptop.store.today();
        let by = laptop.store.counted_by().clone();
        let units = units(laptop)?;
        let unit = units.iter().find(|unit| Some(unit.id) == request.unit).or(units.first()).cloned();
        let figures = register::figures(laptop, unit.as_ref().map(|unit| unit.id))?;
        let mut alleys = Vec::new();
        if let Some(unit) = &unit {
            for alley in doors::of_unit(laptop, unit.id)? {
                let doors = alley.doors.iter().map(|door| view(laptop, door, &by, today));
                alleys.push(AlleyMap { line: line(&alley), doors: doors.collect::<Result<_, _>>()? });
            }
        }
        Ok(ProgressView { today, computed_at_ms, units, unit, figures, alleys })
    })
}
