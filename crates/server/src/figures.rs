//! The figures people quote, out of the kept tallies.

use domain::figures::Figures;
use domain::tally::{Tally, count_the_same};

use crate::error::ServerError;
use crate::register::Register;

impl Register {
    /// The figures as of today, of the commune or of one hamlet unit.
    pub fn figures(&self, hamlet: Option<&str>) -> Result<Figures, ServerError> {
        let tally = self.write(|intake| {
            let unit = hamlet.map(|name| intake.log.hamlet_unit_named(name)).transpose()?;
            intake.catch_up()?;
            intake.log.tally(unit.map(|unit| unit.id))
        })?;
        Ok(self.figures_of(&tally))
    }

    fn figures_of(&self, tally: &Tally) -> Figures {
        Figures::of(tally, &self.counted_by().rules, self.counted_by().names())
    }

    /// True if in every hamlet unit and alley the kept figures are those of its records, counted afresh.
    pub fn figures_hold(&self) -> Result<bool, ServerError> {
        let by = self.counted_by();
        let today = self.write(|intake| {
            intake.catch_up()?;
            Ok(intake.today())
        })?;
        self.read(|log| {
            let (kept, counted) = (log.tallies()?, log.full_recount(by, today)?);
            Ok(count_the_same(&kept, &counted))
        })
    }
}
