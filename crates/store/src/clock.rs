//! Which time it is on a laptop whose clock may stand in another decade, and which session of that clock.
//!
//! One rule for everything that needs a day: a save, an age, a validity, a count (`docs/adr/0006`). The wall
//! clock itself is never set and never hidden: ops carry it as it is, with the session whose offset to the
//! commune's clock tells what it means.

use domain::calendar::Day;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::machine::{self, Machine};
use crate::{Store, settings};

/// The two clocks may part by so much before the session counts as another one (sync rules §2).
const CLOCKS_APART_AT_MOST_MS: i64 = 2000;

/// Beyond this, a clock that says how long ago the commune was heard is not believed: half of the time for which
/// an answer counts, so that no clock that ran ahead makes a whole hamlet lapse.
const SILENCE_BELIEVED_MS: i64 = 183 * 24 * 3600 * 1000;

/// The last word of the commune's clock, and how far this laptop has come since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heard {
    /// What it said.
    server_ms: i64,
    /// How far the laptop's clock was behind it.
    offset_ms: i64,
    /// The first save of the latest day on which something was saved since: a day on which answers were written
    /// has been, and what corrects them is not earlier.
    #[serde(default)]
    saved_ms: i64,
}

impl Heard {
    /// No time before this one can be now.
    fn earliest_ms(self) -> i64 {
        self.server_ms.max(self.saved_ms)
    }

    /// The offset of a session that has not met the server: the one it had last, or none at all, whichever leads to
    /// the earlier time at which the commune can have been silent since. A clock of which neither is true says
    /// nothing; then it is the latest moment that is certain.
    fn offset_of(self, wall_ms: i64) -> i64 {
        let earliest = self.earliest_ms();
        let latest = earliest.saturating_add(SILENCE_BELIEVED_MS);
        let believed = |offset: &i64| (earliest..=latest).contains(&wall_ms.saturating_add(*offset));
        let said_nothing = earliest.saturating_sub(wall_ms);
        [self.offset_ms, 0].into_iter().filter(believed).min().unwrap_or(said_nothing)
    }

    /// What is remembered after a save at this time; nothing new on the same day.
    pub(crate) fn saved_at(self, ms: i64) -> Option<Self> {
        let later = Day::at(ms) > Day::at(self.earliest_ms());
        later.then_some(Self { saved_ms: ms, ..self })
    }
}

/// A stretch in which wall clock and monotonic clock ran together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Session {
    id: u64,
    /// Wall clock minus monotonic clock when the session began.
    apart_ms: i64,
    /// Commune's clock minus wall clock: learned at a handshake, until then by [`Heard::offset_of`].
    offset_ms: i64,
}

impl Session {
    pub(crate) fn begin(machine: &mut dyn Machine, heard: Option<Heard>) -> Result<Self, StoreError> {
        let id = u64::from_le_bytes(machine::random(machine)?);
        let wall_ms = machine.wall_ms();
        let apart_ms = wall_ms.saturating_sub(machine.monotonic_ms());
        Ok(Self { id, apart_ms, offset_ms: offset_of(heard, wall_ms) })
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// False once the wall clock was set, or the machine slept.
    fn goes_on(&self, wall_ms: i64, monotonic_ms: i64) -> bool {
        let apart_ms = wall_ms.saturating_sub(monotonic_ms);
        apart_ms.saturating_sub(self.apart_ms).saturating_abs() <= CLOCKS_APART_AT_MOST_MS
    }
}

/// A laptop that never heard of any commune has nothing but its clock.
fn offset_of(heard: Option<Heard>, wall_ms: i64) -> i64 {
    heard.map_or(0, |heard| heard.offset_of(wall_ms))
}

/// Clock and session of one save.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// The laptop's clock as it is.
    pub(crate) wall_ms: i64,
    pub(crate) session: u64,
    /// What the commune's clock is taken to say, minus the laptop's.
    pub(crate) offset_ms: i64,
}

impl Moment {
    /// What the commune's clock is taken to say.
    pub(crate) fn ms(self) -> i64 {
        self.wall_ms.saturating_add(self.offset_ms)
    }

    /// The day of the save.
    pub(crate) fn day(self) -> Day {
        Day::at(self.ms())
    }
}

impl Store {
    /// Today in UTC+07:00: by the commune's clock as far as it is known (see the module).
    pub fn today(&mut self) -> Day {
        let (wall_ms, monotonic_ms) = (self.machine.wall_ms(), self.machine.monotonic_ms());
        let offset_ms = match self.session.goes_on(wall_ms, monotonic_ms) {
            true => self.session.offset_ms,
            false => offset_of(self.heard, wall_ms),
        };
        Day::at(wall_ms.saturating_add(offset_ms))
    }

    /// The clock and the session of a save. A jump of the wall clock begins a new session: its offset to
    /// the server's clock is another one.
    pub(crate) fn moment(&mut self) -> Result<Moment, StoreError> {
        let wall_ms = self.machine.wall_ms();
        if !self.session.goes_on(wall_ms, self.machine.monotonic_ms()) {
            self.session = Session::begin(self.machine.as_mut(), self.heard)?;
        }
        Ok(Moment { wall_ms, session: self.session.id, offset_ms: self.session.offset_ms })
    }

    /// The commune's clock was heard. The latest word counts, not the highest: a server that once stood in 2099
    /// itself is believed no longer than until it was put right.
    pub(crate) fn hear(&mut self, session: u64, offset_ms: i64) -> Result<(), StoreError> {
        if session != self.session.id {
            return Ok(());
        }
        let server_ms = self.machine.wall_ms().saturating_add(offset_ms);
        let heard = Heard { server_ms, offset_ms, saved_ms: server_ms };
        settings::put(&self.connection, settings::HEARD, &heard)?;
        (self.heard, self.session.offset_ms) = (Some(heard), offset_ms);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_clock_is_worth_before_the_server_is_met_again() {
        const DAY: i64 = 24 * 3600 * 1000;
        const HEARD: i64 = 1_795_323_600_000;
        const YEARS_84: i64 = 84 * 365 * DAY;
        // Wall clock when the commune was last heard, wall clock now, and the time it is taken for.
        let check = |then: i64, now: i64, expect: i64| {
            let heard = Heard { server_ms: HEARD, offset_ms: HEARD.saturating_sub(then), saved_ms: HEARD };
            assert_eq!(now.saturating_add(heard.offset_of(now)), expect, "{then} {now}");
        };
        check(HEARD, HEARD + 3 * DAY, HEARD + 3 * DAY);
        // A clock that is wrong and runs on.
        check(HEARD + YEARS_84, HEARD + YEARS_84 + 3 * DAY, HEARD + 3 * DAY);
        check(HEARD - YEARS_84, HEARD - YEARS_84 + 3 * DAY, HEARD + 3 * DAY);
        check(HEARD + 30 * DAY, HEARD + 33 * DAY, HEARD + 3 * DAY);
        // A clock that was behind and was put right since.
        check(HEARD - 100 * DAY, HEARD + 3 * DAY, HEARD + 3 * DAY);
        // Put right since.
        check(HEARD + YEARS_84, HEARD + 3 * DAY, HEARD + 3 * DAY);
        check(HEARD - YEARS_84, HEARD + 3 * DAY, HEARD + 3 * DAY);
        // A dead battery: the same first moment at every start.
        check(HEARD - YEARS_84, HEARD - YEARS_84 - DAY, HEARD);
        check(HEARD, HEARD - YEARS_84, HEARD);
        // Gone wrong since, and silent for longer than is believed.
        check(HEARD, HEARD + YEARS_84, HEARD);
        check(HEARD, HEARD + SILENCE_BELIEVED_MS, HEARD + SILENCE_BELIEVED_MS);
        check(HEARD, HEARD + SILENCE_BELIEVED_MS + 1, HEARD);
        // Nothing is earlier than what was saved, and silence is counted from there.
        let heard = Heard { server_ms: HEARD, offset_ms: 0, saved_ms: HEARD };
        let saved = heard.saved_at(HEARD + 20 * DAY).unwrap();
        assert_eq!(saved.saved_at(HEARD + 20 * DAY + 1), None, "once a day is enough");
        for (now, expect) in [
            (HEARD - YEARS_84, HEARD + 20 * DAY),
            (HEARD + 19 * DAY, HEARD + 20 * DAY),
            (HEARD + 21 * DAY, HEARD + 21 * DAY),
            (HEARD + SILENCE_BELIEVED_MS + 9 * DAY, HEARD + SILENCE_BELIEVED_MS + 9 * DAY),
        ] {
            assert_eq!(now + saved.offset_of(now), expect, "{now}");
        }
        check(i64::MAX, i64::MIN, HEARD.saturating_sub(i64::MIN).saturating_add(i64::MIN));
    }
}
