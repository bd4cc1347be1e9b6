//! The tallies. A household's contribution is kept beside it; writing it again takes the old one out of
//! its alley's tally and puts the new one in. All arithmetic is `domain::Tally`'s.
//!
//! Answers lapse and people come of age without anybody writing: [`catch_up`] recounts the households
//! whose contribution ends by a day.

use std::collections::BTreeMap;

use domain::calendar::Day;
use domain::criteria::Verdict;
use domain::ids::{AlleyId, HamletUnitId, HouseholdId};
use domain::tally::{Tally, count_the_same};
use domain::visit::Progress;
use rusqlite::{Connection, OptionalExtension, params};
use sync_core::household::{CountedBy, HouseholdState, NO_ALLEY, PersonRecords};
use uuid::Uuid;

use crate::error::StoreError;
use crate::settings;
use crate::tables::{all, assessments, consents, households, members, read, to_json, visits};

/// Reads a household with its people, visits, facts and consents.
pub fn household_state(
    connection: &Connection,
    id: HouseholdId,
    by: &CountedBy,
    today: Day,
) -> Result<Option<HouseholdState>, StoreError> {
    let Some(household) = households::get(connection, id)? else { return Ok(None) };
    let mut people = Vec::new();
    for member in members::of_household(connection, id)? {
        people.push(PersonRecords {
            assessments: assessments::of_member(connection, member.id)?,
            consents: consents::of_member(connection, member.id)?,
            member,
        });
    }
    let visits = visits::of_household(connection, id)?;
    Ok(Some(HouseholdState::of(household, &visits, people, by, today)))
}

/// Where a household counts, its tally, verdict and progress as they are kept, and until which day.
#[derive(Debug, PartialEq, Eq)]
struct Counted {
    place: (Uuid, Uuid),
    said: [String; 3],
    valid_until: Option<String>,
}

impl Counted {
    fn of(state: &HouseholdState, by: &CountedBy, today: Day) -> Result<(Self, Tally), StoreError> {
        let now = state.contribution(by, today);
        let counted = Self {
            place: state.place(),
            said: [to_json(&now.tally)?, to_json(&now.verdict)?, to_json(&now.progress)?],
            valid_until: now.valid_until.map(|day| day.to_string()),
        };
        Ok((counted, now.tally))
    }
}

/// Differences to the tallies of alleys, collected and written once per transaction.
#[derive(Debug, Default)]
pub(crate) struct Differences(BTreeMap<(Uuid, Uuid), Tally>);

impl Differences {
    /// Recounts one household against what it counted before.
    pub(crate) fn recount(
        &mut self,
        connection: &Connection,
        id: HouseholdId,
        by: &CountedBy,
        today: Day,
    ) -> Result<(), StoreError> {
        let before: Option<Counted> = connection
            .prepare_cached(
                "SELECT hamlet_unit_id, alley_id, tally, verdict, progress, valid_until
                 FROM household_counts WHERE household_id = ?1",
            )?
            .query_row([id.0], |row| {
                let said = [row.get(2)?, row.get(3)?, row.get(4)?];
                Ok(Counted { place: (row.get(0)?, row.get(1)?), said, valid_until: row.get(5)? })
            })
            .optional()?;
        let state = household_state(connection, id, by, today)?;
        let now = state.map(|state| Counted::of(&state, by, today)).transpose()?;
        let now_counted = now.as_ref().map(|(counted, _)| counted);
        if now_counted == before.as_ref() {
            return Ok(());
        }
        if let Some(Counted { place, said: [tally, ..], .. }) = before {
            let tally: Tally = serde_json::from_str(&tally).map_err(|_| StoreError::Damaged)?;
            self.0.entry(place).or_default().remove(&tally);
        }
        let Some((Counted { place, said: [tally, verdict, progress], valid_until }, counts)) = now else {
            connection
                .prepare_cached("DELETE FROM household_counts WHERE household_id = ?1")?
                .execute([id.0])?;
            return Ok(());
        };
        self.0.entry(place).or_default().add(&counts);
        connection
            .prepare_cached("INSERT OR REPLACE INTO household_counts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
            .execute(params![id.0, place.0, place.1, tally, verdict, progress, valid_until])?;
        Ok(())
    }

    /// Adds the differences to the tallies.
    pub(crate) fn write(self, connection: &Connection) -> Result<(), StoreError> {
        for ((unit, alley), difference) in self.0 {
            if difference == Tally::default() {
                continue;
            }
            let kept: Option<String> = connection
                .prepare_cached("SELECT tally FROM tallies WHERE hamlet_unit_id = ?1 AND alley_id = ?2")?
                .query_row(params![unit, alley], |row| row.get(0))
                .optional()?;
            let mut tally: Tally = match kept {
                Some(json) => serde_json::from_str(&json).map_err(|_| StoreError::Damaged)?,
                None => Tally::default(),
            };
            tally.add(&difference);
            connection
                .prepare_cached("INSERT OR REPLACE INTO tallies VALUES (?1, ?2, ?3)")?
                .execute(params![unit, alley, to_json(&tally)?])?;
        }
        Ok(())
    }
}

/// Brings the tallies to a day: recounts what lapses or comes of age by then. Each household once.
pub(crate) fn catch_up(connection: &Connection, by: &CountedBy, today: Day) -> Result<(), StoreError> {
    // After a step back of the clock nothing tells which contributions changed.
    let sql = match settings::counted_on(connection)? {
        Some(day) if day == today => return Ok(()),
        Some(day) if day < today => "SELECT household_id FROM household_counts WHERE valid_until <= ?1",
        _ => "SELECT household_id FROM household_counts WHERE ?1 IS NOT NULL",
    };
    let ended = all(connection, sql, [today.to_string()], |row| read::id(row, 0, HouseholdId))?;
    let mut differences = Differences::default();
    for household in ended {
        differences.recount(connection, household, by, today)?;
    }
    differences.write(connection)?;
    settings::put(connection, settings::COUNTED_ON, &today)
}

/// The tally of everything on this laptop, of one hamlet unit, or of one alley.
pub fn tally(
    connection: &Connection,
    unit: Option<HamletUnitId>,
    alley: Option<AlleyId>,
) -> Result<Tally, StoreError> {
    let mut sum = Tally::default();
    for part in by_alley(connection)? {
        let wanted = unit.is_none_or(|unit| unit == part.hamlet_unit)
            && alley.is_none_or(|alley| Some(alley) == part.alley);
        if wanted {
            sum.add(&part.tally);
        }
    }
    Ok(sum)
}

/// One alley's tally.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlleyTally {
    /// Of which unit.
    pub hamlet_unit: HamletUnitId,
    /// `None`: households whose alley is not known.
    pub alley: Option<AlleyId>,
    /// Its counts.
    pub tally: Tally,
}

/// Every alley's tally.
pub fn by_alley(connection: &Connection) -> Result<Vec<AlleyTally>, StoreError> {
    all(connection, "SELECT hamlet_unit_id, alley_id, tally FROM tallies", [], |row| {
        let alley: Uuid = row.get(1)?;
        Ok(AlleyTally {
            hamlet_unit: read::id(row, 0, HamletUnitId)?,
            alley: (alley != NO_ALLEY).then_some(AlleyId(alley)),
            tally: read::json(row, 2)?,
        })
    })
}

/// How one household stands, as last counted.
pub fn standing_of(
    connection: &Connection,
    household: HouseholdId,
) -> Result<Option<(Progress, Verdict)>, StoreError> {
    let sql = "SELECT progress, verdict FROM household_counts WHERE household_id = ?1";
    let found = all(connection, sql, [household.0], |row| Ok((read::json(row, 0)?, read::json(row, 1)?)))?;
    Ok(found.into_iter().next())
}

/// How every household of a hamlet unit stands, as last counted.
pub fn standings_of_unit(
    connection: &Connection,
    unit: HamletUnitId,
) -> Result<BTreeMap<HouseholdId, (Progress, Verdict)>, StoreError> {
    let sql = "SELECT household_id, progress, verdict FROM household_counts WHERE hamlet_unit_id = ?1";
    let found = all(connection, sql, [unit.0], |row| {
        Ok((read::id(row, 0, HouseholdId)?, (read::json(row, 1)?, read::json(row, 2)?)))
    })?;
    Ok(found.into_iter().collect())
}

/// True if in every hamlet unit and alley the kept tallies are those of its records, counted afresh.
pub fn hold(connection: &Connection, by: &CountedBy, today: Day) -> Result<bool, StoreError> {
    let mut counted: BTreeMap<(Uuid, Uuid), Tally> = BTreeMap::new();
    for household in households::list(connection)? {
        if let Some(state) = household_state(connection, household.id, by, today)? {
            counted.entry(state.place()).or_default().add(&state.contribution(by, today).tally);
        }
    }
    let place =
        |part: AlleyTally| ((part.hamlet_unit.0, part.alley.map_or(NO_ALLEY, |alley| alley.0)), part.tally);
    let kept = by_alley(connection)?.into_iter().map(place).collect();
    Ok(count_the_same(&kept, &counted))
}
