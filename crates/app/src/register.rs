//! What the screens read: hamlet units, one household, people by name, the hamlet's figures.

use domain::figures::Figures;
use domain::ids::{HamletUnitId, HouseholdId};
use domain::people::{HamletUnit, Member};
use store::tables::hamlet_units;
use store::{counts, search};
use sync_core::household::HouseholdState;

use crate::error::{AppError, NO_SUCH_HOUSEHOLD};
use crate::setup::Laptop;

/// The hamlet units on this laptop, in natural order.
pub fn units(laptop: &Laptop) -> Result<Vec<HamletUnit>, AppError> {
    Ok(hamlet_units::list(laptop.store.reading())?)
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
