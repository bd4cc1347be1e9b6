//! What is tried in the training hamlet, and what of it was done: read from what was saved there, and from what
//! was looked at since it was opened. Nobody ticks a lesson by hand.

use domain::visit::Outcome;
use serde::Serialize;
use store::tables::visits;
use ts_rs::TS;

use crate::commands::Call;
use crate::desk::held;
use crate::error::AppError;
use crate::pages::start;

/// A lesson, in the order they are proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LessonCode {
    /// A house was opened.
    Opened,
    /// Somebody was met, and it was saved.
    Met,
    /// A house was noted as absent.
    Absent,
    /// A visit was taken back.
    TakenBack,
    /// *Tiến độ* was looked at.
    Figures,
}

/// One lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
pub struct LessonView {
    /// Which.
    pub lesson: LessonCode,
    /// It was done.
    pub done: bool,
}

/// What was looked at in the training hamlet, which nothing on the disk tells.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LookedAt {
    pub(crate) house: bool,
    pub(crate) figures: bool,
}

/// The lessons of the training hamlet; none on a laptop that works.
pub fn lessons(call: &mut Call<'_>, (): &()) -> Result<Vec<LessonView>, AppError> {
    let desk = call.desk;
    if !desk.in_training() {
        return Ok(Vec::new());
    }
    let looked_at = *held(&desk.looked_at);
    let outcomes = desk.with(|laptop| {
        let mut outcomes = Vec::new();
        for unit in start::units(laptop)? {
            let visits = visits::of_unit(laptop.store.reading(), unit.id)?;
            outcomes.extend(visits.into_iter().map(|(_, visit)| visit.outcome));
        }
        Ok(outcomes)
    })?;
    let noted = |outcome: Outcome| outcomes.contains(&outcome);
    let all = [
        (LessonCode::Opened, looked_at.house),
        (LessonCode::Met, noted(Outcome::Met)),
        (LessonCode::Absent, noted(Outcome::Absent)),
        (LessonCode::TakenBack, noted(Outcome::TakenBack)),
        (LessonCode::Figures, looked_at.figures),
    ];
    Ok(all.map(|(lesson, done)| LessonView { lesson, done }).to_vec())
}
