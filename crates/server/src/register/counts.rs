//! The tallies, one per alley. A household's contribution is kept beside it; counting it again takes the
//! old one out and puts the new one in. All arithmetic is `domain::Tally`'s; what a household contributes
//! is put together by `sync_core::household`, the same code as on a laptop.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use domain::calendar::Day;
use domain::consent::Consent;
use domain::fact::Assessment;
use domain::ids::{HamletUnitId, HouseholdId};
use domain::people::{Household, Member};
use domain::registry::RecordKind;
use domain::tally::Tally;
use domain::visit::Visit;
use sync_core::household::{CountedBy, HouseholdState, PersonRecords};
use sync_core::ingest::LogView;
use sync_core::records::ResidenceEvent;
use uuid::Uuid;

use super::log::{Log, json, to_json};
use super::records::{Dated, as_of_now, event};
use super::sql::{Row, params};
use crate::error::ServerError;

/// Tallies by hamlet unit and alley.
pub(crate) type Places = BTreeMap<(Uuid, Uuid), Tally>;

/// Households whose records are read together.
const COUNTED_TOGETHER: usize = 128;

/// Where a household was counted, what, and until which day.
#[derive(PartialEq)]
struct Counted {
    place: (Uuid, Uuid),
    tally: Tally,
    valid_until: Option<String>,
}

impl Counted {
    fn of(state: &HouseholdState, by: &CountedBy, today: Day) -> Self {
        let now = state.contribution(by, today);
        let valid_until = now.valid_until.map(|day| day.to_string());
        Self { place: state.place(), tally: now.tally, valid_until }
    }
}

impl Log<'_> {
    /// A household with its people, visits, facts and consents.
    pub(crate) fn household_state(
        &self,
        id: HouseholdId,
        by: &CountedBy,
        today: Day,
    ) -> Result<Option<HouseholdState>, ServerError> {
        let Some(row) = self.row(RecordKind::Household.no(), id.0)? else { return Ok(None) };
        let Ok(household) = Household::try_from(&row) else { return Ok(None) };
        let visits = self.rows_under(RecordKind::Visit, id.0)?;
        let visits: Vec<Dated<Visit>> = visits.iter().filter_map(event).collect();
        let mut people = Vec::new();
        for row in self.rows_under(RecordKind::Member, id.0)? {
            if let Ok(listed) = Member::try_from(&row) {
                people.push(self.person(listed)?);
            }
        }
        Ok(Some(HouseholdState::of(household, &visits, people, by, today)))
    }

    fn person(&self, listed: Member) -> Result<PersonRecords, ServerError> {
        let id = listed.id.0;
        let residences = self.rows_under(RecordKind::Residence, id)?;
        let residences: Vec<Dated<ResidenceEvent>> = residences.iter().filter_map(event).collect();
        let assessments = self.rows_under(RecordKind::Assessment, id)?;
        let consents = self.rows_under(RecordKind::Consent, id)?;
        Ok(PersonRecords {
            member: as_of_now(listed, &residences),
            assessments: assessments.iter().filter_map(event::<Assessment>).collect(),
            consents: consents.iter().filter_map(event::<Consent>).collect(),
        })
    }

    /// Counts some households against what they counted before.
    pub(crate) fn recount(
        &self,
        households: &BTreeSet<HouseholdId>,
        by: &CountedBy,
        today: Day,
    ) -> Result<(), ServerError> {
        let mut differences = Places::new();
        let households: Vec<Uuid> = households.iter().map(|household| household.0).collect();
        for some in households.chunks(COUNTED_TOGETHER) {
            let before = self.foresee(some)?;
            for (id, before) in some.iter().zip(before) {
                let household = HouseholdId(*id);
                let state = self.household_state(household, by, today)?;
                let now = state.map(|state| Counted::of(&state, by, today));
                if now == before {
                    continue;
                }
                if let Some(before) = before {
                    differences.entry(before.place).or_default().remove(&before.tally);
                }
                match now {
                    Some(now) => {
                        differences.entry(now.place).or_default().add(&now.tally);
                        self.put_counted(household, &now)?;
                    }
                    None => self.count_no_more(household)?,
                }
            }
            // Of somebody who is listed twice, or in no household that stands.
            self.under.borrow_mut().clear();
        }
        for (place, difference) in differences {
            self.add_to_tally(place, &difference)?;
        }
        Ok(())
    }

    /// Reads together what counting these households asks for. Returns what each of them counted before.
    fn foresee(&self, households: &[Uuid]) -> Result<Vec<Option<Counted>>, ServerError> {
        self.foresee_rows(households.iter().map(|id| (RecordKind::Household.no(), *id)))?;
        use RecordKind::{Assessment, Consent, Member, Residence, Visit};
        let under = self.foresee_under([Visit, Member, Member], households)?;
        let people = under.into_iter().filter(|(kind, _)| *kind == Member.no());
        let people: Vec<Uuid> = people.map(|(_, person)| person).collect();
        self.foresee_under([Residence, Assessment, Consent], &people)?;
        let sql = "SELECT hamlet_unit_id, alley_id, tally, valid_until FROM household_counts
                   WHERE commune_id = ?1 AND household_id = ?2";
        let commune = self.commune.0;
        let asked: Vec<_> = households.iter().map(|id| params![commune, *id].to_vec()).collect();
        let counted = self.sql.each_of(sql, &asked, |row| {
            let place = (row.get(0)?, row.get(1)?);
            Ok(Counted { place, tally: json(row, 2)?, valid_until: row.get(3)? })
        })?;
        Ok(counted.into_iter().map(|mut one| one.pop()).collect())
    }

    /// It was erased.
    fn count_no_more(&self, household: HouseholdId) -> Result<(), ServerError> {
        let sql = "DELETE FROM household_counts WHERE commune_id = ?1 AND household_id = ?2";
        self.run(sql, params![self.commune.0, household.0])
    }

    fn put_counted(&self, household: HouseholdId, now: &Counted) -> Result<(), ServerError> {
        let Counted { place: (unit, alley), tally, valid_until } = now;
        self.run(
            "INSERT INTO household_counts VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (commune_id, household_id)
               DO UPDATE SET hamlet_unit_id = ?3, alley_id = ?4, tally = ?5, valid_until = ?6",
            params![self.commune.0, household.0, *unit, *alley, to_json(tally)?, valid_until.clone()],
        )
    }

    fn add_to_tally(&self, (unit, alley): (Uuid, Uuid), difference: &Tally) -> Result<(), ServerError> {
        if *difference == Tally::default() {
            return Ok(());
        }
        let sql = "SELECT tally FROM tallies WHERE commune_id = ?1 AND hamlet_unit_id = ?2 AND alley_id = ?3";
        let kept = self.one(sql, params![self.commune.0, unit, alley], |row| json::<Tally>(row, 0))?;
        let mut tally = kept.unwrap_or_default();
        tally.add(difference);
        self.run(
            "INSERT INTO tallies VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (commune_id, hamlet_unit_id, alley_id) DO UPDATE SET tally = ?4",
            params![self.commune.0, unit, alley, to_json(&tally)?],
        )
    }

    /// The households whose contribution differs on `today` though nobody wrote anything: answers lapse,
    /// people come of age. After a step back of the clock nothing tells which, so it is all of them.
    pub(crate) fn lapsed(&self, counted_on: Day, today: Day) -> Result<BTreeSet<HouseholdId>, ServerError> {
        let lapsed = "SELECT household_id FROM household_counts WHERE commune_id = ?1 AND valid_until <= ?2";
        let all = "SELECT household_id FROM household_counts WHERE commune_id = ?1";
        let id = |row: &Row<'_>| Ok(HouseholdId(row.get(0)?));
        let ended = match counted_on.cmp(&today) {
            Ordering::Equal => return Ok(BTreeSet::new()),
            Ordering::Less => self.all(lapsed, params![self.commune.0, today.to_string()], id)?,
            Ordering::Greater => self.all(all, params![self.commune.0], id)?,
        };
        Ok(ended.into_iter().collect())
    }

    /// The tally of the commune, or of one hamlet unit.
    pub(crate) fn tally(&self, unit: Option<HamletUnitId>) -> Result<Tally, ServerError> {
        let mut sum = Tally::default();
        for ((of, _), tally) in self.tallies()? {
            if unit.is_none_or(|unit| unit.0 == of) {
                sum.add(&tally);
            }
        }
        Ok(sum)
    }

    /// Counts everything afresh, by hamlet unit and alley, without the kept tallies.
    pub(crate) fn full_recount(&self, by: &CountedBy, today: Day) -> Result<Places, ServerError> {
        let mut places = Places::new();
        for row in self.rows_of(RecordKind::Household)? {
            if let Some(state) = self.household_state(HouseholdId(row.record), by, today)? {
                places.entry(state.place()).or_default().add(&state.contribution(by, today).tally);
            }
        }
        Ok(places)
    }

    /// The kept tallies.
    pub(crate) fn tallies(&self) -> Result<Places, ServerError> {
        let sql = "SELECT hamlet_unit_id, alley_id, tally FROM tallies WHERE commune_id = ?1";
        let place = |row: &Row<'_>| Ok(((row.get(0)?, row.get(1)?), json(row, 2)?));
        Ok(self.all(sql, params![self.commune.0], place)?.into_iter().collect())
    }
}
