//! *Hôm nay*: one alley in walking order, each door with its state and the one strongest reason.

use domain::calendar::Day;
use domain::ids::{HamletUnitId, HouseholdId};
use domain::visit::{Outcome, Progress};
use serde::{Deserialize, Serialize};
use store::CountedBy;
use ts_rs::TS;

use super::Named;
use super::start::{Unit, units};
use super::verdict::{StepView, VerdictView};
use crate::commands::Call;
use crate::doors::{self, AlleyDoors, Door, TileState};
use crate::error::AppError;

/// Which alley; what is left out is chosen.
#[derive(Clone, Debug, Default, Deserialize, TS)]
pub struct TodayRequest {
    /// Else the first.
    pub unit: Option<HamletUnitId>,
    /// [`AlleyLine::key`]; else the first with a door that was not reached.
    pub alley: Option<String>,
}

/// The page.
#[derive(Clone, Debug, Serialize, TS)]
pub struct TodayView {
    /// Today in Viet Nam.
    pub today: Day,
    /// Those on this laptop.
    pub units: Vec<Unit>,
    /// The one shown; `None` on an empty register.
    pub unit: Option<Unit>,
    /// Its alleys, in walking order.
    pub alleys: Vec<AlleyLine>,
    /// [`AlleyLine::key`] of the one shown.
    pub alley: Option<String>,
    /// Its doors, in walking order.
    pub doors: Vec<DoorView>,
}

/// One alley.
#[derive(Clone, Debug, Serialize, TS)]
pub struct AlleyLine {
    /// Its id, or nothing for doors whose alley is not known.
    pub key: String,
    /// "Ngõ 12"; empty for doors whose alley is not known.
    pub name: String,
    /// All doors.
    pub doors: u32,
    /// Đã đến.
    pub reached: u32,
    /// Đã gặp.
    pub met: u32,
    /// Gia đình số đạt.
    pub digital: u32,
}

/// One door.
#[derive(Clone, Debug, Serialize, TS)]
pub struct DoorView {
    /// Its household.
    pub household: HouseholdId,
    /// "14", or empty.
    pub house_no: String,
    /// "sau đình"
    pub place_note: String,
    /// Who is asked for.
    pub head: Option<Named>,
    /// Registered people.
    pub people: u32,
    /// What the tile shows.
    pub tile: TileState,
    /// Steps to Gia đình số, where somebody could be counted.
    pub steps: Option<u32>,
    /// Đã đến, đã gặp, đủ thông tin.
    pub progress: Progress,
    /// Why this door, in one line.
    pub reason: Reason,
    /// The last attempt.
    pub last_day: Option<Day>,
    /// What it was.
    pub last_outcome: Option<Outcome>,
}

/// The strongest reason to knock, or not to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case", tag = "code")]
pub enum Reason {
    /// Hẹn lại ngày …
    Promised {
        /// When.
        day: Day,
    },
    /// Còn 1 bước: …
    OneStep {
        /// Whose.
        person: Option<Named>,
        /// Which.
        step: StepView,
    },
    /// Chưa đến lần nào
    NeverReached,
    /// Đã đến, chưa gặp
    NotMetYet,
    /// Không muốn cung cấp trong đợt này
    Declined,
    /// Nhà bỏ không, đã chuyển đi
    Unoccupied,
    /// Đã đạt
    Digital,
    /// Còn thiếu thông tin
    InformationMissing,
    /// Chưa đạt, còn nhiều bước
    StepsLeft {
        /// How many.
        steps: u32,
    },
}

/// One alley in walking order.
pub fn today(call: &mut Call<'_>, request: &TodayRequest) -> Result<TodayView, AppError> {
    call.desk.with(|laptop| {
        let today = laptop.store.today();
        let by = laptop.store.counted_by().clone();
        let units = units(laptop)?;
        let wanted = units.iter().find(|unit| Some(unit.id) == request.unit).or(units.first()).cloned();
        let Some(unit) = wanted else {
            return Ok(TodayView { today, units, unit: None, alleys: vec![], alley: None, doors: vec![] });
        };
        let alleys = doors::of_unit(laptop, unit.id)?;
        let lines: Vec<AlleyLine> = alleys.iter().map(line).collect();
        let key = request.alley.clone().filter(|key| lines.iter().any(|line| line.key == *key));
        let key = key.or_else(|| next_alley(&lines));
        let shown = alleys.iter().zip(&lines).find(|(_, line)| Some(&line.key) == key.as_ref());
        let mut views = Vec::new();
        for door in shown.iter().flat_map(|(alley, _)| &alley.doors) {
            views.push(view(laptop, door, &by, today)?);
        }
        Ok(TodayView { today, units, unit: Some(unit), alleys: lines, alley: key, doors: views })
    })
}

fn next_alley(lines: &[AlleyLine]) -> Option<String> {
    let open = lines.iter().find(|line| line.reached < line.doors);
    open.or(lines.first()).map(|line| line.key.clone())
}

pub(crate) fn line(alley: &AlleyDoors) -> AlleyLine {
    let count = |what: &dyn Fn(&Door) -> bool| {
        u32::try_from(alley.doors.iter().filter(|door| what(door)).count()).unwrap_or(u32::MAX)
    };
    AlleyLine {
        key: alley.alley.as_ref().map(|alley| alley.id.to_string()).unwrap_or_default(),
        name: alley.alley.as_ref().map(|alley| alley.name.clone()).unwrap_or_default(),
        doors: count(&|_| true),
        reached: count(&|door| door.visits.reached),
        met: count(&|door| door.visits.met),
        digital: count(&|door| door.tile() == TileState::Met),
    }
}

pub(crate) fn view(
    laptop: &crate::Laptop,
    door: &Door,
    by: &CountedBy,
    today: Day,
) -> Result<DoorView, AppError> {
    let verdict = VerdictView::of(&door.verdict, &by.criteria);
    let person = match verdict.person {
        Some(id) => store::tables::members::get(laptop.store.reading(), id)?,
        None => None,
    };
    let person = person.map(|member| Named::of(&member, &by.rules, today));
    Ok(DoorView {
        household: door.household.id,
        house_no: door.household.house_no.clone(),
        place_note: door.household.place_note.clone(),
        head: door.head.as_ref().map(|member| Named::of(member, &by.rules, today)),
        people: u32::try_from(door.people).unwrap_or(u32::MAX),
        tile: door.tile(),
        steps: verdict.distance(),
        progress: door.progress,
        reason: reason(door, &verdict, person),
        last_day: door.visits.last_day,
        last_outcome: door.last_outcome().cloned(),
    })
}

fn reason(door: &Door, verdict: &VerdictView, person: Option<Named>) -> Reason {
    match door.tile() {
        TileState::Unoccupied => Reason::Unoccupied,
        TileState::Declined => Reason::Declined,
        tile => match (door.promised(), verdict.steps.as_slice(), tile) {
            (Some(day), _, _) => Reason::Promised { day },
            (None, _, TileState::Met) => Reason::Digital,
            (None, _, TileState::NotReached) => Reason::NeverReached,
            (None, _, TileState::NotMetInPerson) => Reason::NotMetYet,
            (None, [step], _) => Reason::OneStep { person, step: step.clone() },
            (None, _, TileState::Insufficient) => Reason::InformationMissing,
            (None, steps, _) => Reason::StepsLeft { steps: u32::try_from(steps.len()).unwrap_or(u32::MAX) },
        },
    }
}
