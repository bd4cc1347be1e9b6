//! What the screens read: an alley in walking order, one household, people by name, the hamlet's figures.

use domain::criteria::Verdict;
use domain::figures::Figures;
use domain::ids::{AlleyId, HamletUnitId, HouseholdId};
use domain::people::{Alley, HamletUnit, Household, Member};
use domain::visit::Progress;
use serde::Serialize;
use store::tables::{alleys, hamlet_units, households};
use store::{counts, search};
use sync_core::household::HouseholdState;

use crate::error::{AppError, NO_SUCH_HOUSEHOLD};
use crate::setup::Laptop;

/// One door of an alley.
#[derive(Clone, Debug, Serialize)]
pub struct Door {
    /// The register line.
    pub household: Household,
    /// Đã đến, đã gặp, đủ thông tin.
    pub progress: Progress,
    /// Gia đình số, with person, clause and step.
    pub verdict: Verdict,
}

/// The hamlet units on this laptop, in natural order.
pub fn units(laptop: &Laptop) -> Result<Vec<HamletUnit>, AppError> {
    Ok(hamlet_units::list(laptop.store.reading())?)
}

/// The alleys of a unit, in walking order.
pub fn alleys_of(laptop: &Laptop, unit: HamletUnitId) -> Result<Vec<Alley>, AppError> {
    Ok(alleys::of_unit(laptop.store.reading(), unit)?)
}

/// The doors of an alley, in walking order. `None`: households whose alley is not known.
pub fn doors(laptop: &Laptop, unit: HamletUnitId, alley: Option<AlleyId>) -> Result<Vec<Door>, AppError> {
    let connection = laptop.store.reading();
    let mut doors = Vec::new();
    for household in households::of_alley(connection, unit, alley)? {
        if let Some((progress, verdict)) = counts::standing_of(connection, household.id)? {
            doors.push(Door { household, progress, verdict });
        }
    }
    Ok(doors)
}

/// One household with its people and what is known of them today.
pub fn household(laptop: &mut Laptop, id: HouseholdId) -> Result<HouseholdState, AppError> {
    let today = laptop.store.today();
    let state = counts::household_state(laptop.store.reading(), id, laptop.store.counted_by(), today)?;
    state.ok_or_else(|| AppError::new(NO_SUCH_HOUSEHOLD))
}

/// People by name.
pub fn find(laptop: &Laptop, query: &str) -> Result<Vec<Member>, AppError> {
    const SHOWN: usize = 50;
    Ok(search::members(laptop.store.reading(), query, SHOWN)?)
}

/// The figures of everything on this laptop or of one hamlet unit, as of today.
pub fn figures(laptop: &mut Laptop, unit: Option<HamletUnitId>) -> Result<Figures, AppError> {
    laptop.store.catch_up()?;
    let tally = counts::tally(laptop.store.reading(), unit, None)?;
    let by = laptop.store.counted_by();
    Ok(Figures::of(&tally, &by.rules, by.names()))
}
