//! Every door of a hamlet unit as it stands today: who lives there, what happened last, and how far it is
//! from Gia đình số. One read of the register serves *Hôm nay* and *Tiến độ*, so that the two never differ.

use std::collections::BTreeMap;

use domain::calendar::Day;
use domain::criteria::{Nearest, Verdict};
use domain::ids::{HamletUnitId, HouseholdId};
use domain::people::{Alley, Household, Member, Relation};
use domain::rules::Truth;
use domain::visit::{Outcome, Progress, Visit, VisitState};
use serde::Serialize;
use store::counts;
use store::tables::{alleys, households, members, visits};
use sync_core::projection::standing;
use ts_rs::TS;

use crate::error::AppError;
use crate::setup::Laptop;

/// One door.
#[derive(Clone, Debug)]
pub struct Door {
    /// The register line.
    pub household: Household,
    /// Who is asked for.
    pub head: Option<Member>,
    /// Who is registered there now.
    pub people: usize,
    /// Đã đến, đã gặp, đủ thông tin.
    pub progress: Progress,
    /// Gia đình số, with person, clause and step.
    pub verdict: Verdict,
    /// From the visits that stand.
    pub visits: VisitState,
    /// The newest of them.
    pub last_visit: Option<Visit>,
}

/// The doors of one alley, in walking order.
#[derive(Clone, Debug)]
pub struct AlleyDoors {
    /// `None`: the register does not say which alley; these come last.
    pub alley: Option<Alley>,
    /// In walking order.
    pub doors: Vec<Door>,
}

/// What a house tile shows: the one state that says most about what to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TileState {
    /// Đạt
    Met,
    /// Còn 1 bước: one thing, known to be missing, and the household meets it; whatever is unknown of others
    OneStep,
    /// Chưa đạt; `steps` says how many steps are left
    NotMet,
    /// Cần hỏi thêm
    Insufficient,
    /// Chưa đến lần nào
    NotReached,
    /// Đã đến, chưa gặp được ai trả lời
    NotMetInPerson,
    /// Không muốn cung cấp
    Declined,
    /// Nhà bỏ không, đã chuyển đi
    Unoccupied,
}

/// The doors of a hamlet unit, alley after alley.
pub fn of_unit(laptop: &mut Laptop, unit: HamletUnitId) -> Result<Vec<AlleyDoors>, AppError> {
    laptop.store.catch_up()?;
    let connection = laptop.store.reading();
    let mut standings = counts::standings_of_unit(connection, unit)?;
    let mut people: BTreeMap<HouseholdId, Vec<Member>> = BTreeMap::new();
    for member in members::of_unit(connection, unit)? {
        people.entry(member.household).or_default().push(member);
    }
    let mut events: BTreeMap<HouseholdId, Vec<_>> = BTreeMap::new();
    for visit in visits::of_unit(connection, unit)? {
        events.entry(visit.1.household).or_default().push(visit);
    }
    let alleys = alleys::of_unit(connection, unit)?.into_iter().map(Some).chain([None]);
    let mut all: Vec<AlleyDoors> = alleys.map(|alley| AlleyDoors { alley, doors: Vec::new() }).collect();
    let last = all.len().saturating_sub(1);
    for household in households::of_unit(connection, unit)? {
        let Some((progress, verdict)) = standings.remove(&household.id) else { continue };
        let people = people.remove(&household.id).unwrap_or_default();
        let events = events.remove(&household.id).unwrap_or_default();
        let stand: Vec<&Visit> = standing(&events)
            .into_iter()
            .map(|(_, visit)| visit)
            .filter(|visit| visit.outcome.is_attempt())
            .collect();
        let registered: Vec<Member> =
            people.into_iter().filter(|member| member.residence.is_registered()).collect();
        let door = Door {
            people: registered.len(),
            head: head(registered),
            progress,
            verdict,
            visits: VisitState::of(stand.iter().copied()),
            last_visit: stand.last().copied().cloned(),
            household,
        };
        let named = all.iter().position(|one| one.alley.as_ref().map(|a| a.id) == door.household.alley);
        // An alley that has not arrived yet: the door stands with those of no alley, never nowhere.
        if let Some(place) = all.get_mut(named.unwrap_or(last)) {
            place.doors.push(door);
        }
    }
    all.retain(|alley| !alley.doors.is_empty());
    Ok(all)
}

/// The head, or whoever stands first where the list names none.
fn head(people: Vec<Member>) -> Option<Member> {
    let at = people.iter().position(|member| member.relation == Relation::Head).unwrap_or(0);
    people.into_iter().nth(at)
}

pub(crate) fn tile_of(visits: &VisitState, verdict: &Verdict) -> TileState {
    match (visits, tile_of_verdict(verdict)) {
        (visits, _) if visits.unoccupied => TileState::Unoccupied,
        (visits, _) if visits.declined => TileState::Declined,
        (_, TileState::Met) => TileState::Met,
        (visits, _) if !visits.reached => TileState::NotReached,
        (visits, _) if !visits.met => TileState::NotMetInPerson,
        (_, tile) => tile,
    }
}

/// Of what is known alone, whoever was met.
pub(crate) fn tile_of_verdict(verdict: &Verdict) -> TileState {
    match verdict {
        Verdict::Met { .. } => TileState::Met,
        Verdict::NotMet { nearest } | Verdict::Insufficient { nearest: Some(nearest), .. }
            if is_one_step(nearest) =>
        {
            TileState::OneStep
        }
        Verdict::NotMet { .. } => TileState::NotMet,
        Verdict::Insufficient { .. } => TileState::Insufficient,
    }
}

/// One thing to do. What is unknown is asked first, so it is not yet known to be a step.
fn is_one_step(nearest: &Nearest) -> bool {
    matches!(nearest.missing.as_slice(), [only] if only.now == Truth::No)
}

impl Door {
    /// What its tile shows.
    pub fn tile(&self) -> TileState {
        tile_of(&self.visits, &self.verdict)
    }

    /// The day somebody promised to come back, if no visit came since.
    pub fn promised(&self) -> Option<Day> {
        self.last_visit.as_ref().and_then(|visit| visit.next_day)
    }

    /// What happened last.
    pub fn last_outcome(&self) -> Option<&Outcome> {
        self.last_visit.as_ref().map(|visit| &visit.outcome)
    }
}

#[cfg(test)]
mod tests {
    use domain::criteria::{Missing, Step};
    use domain::fact::Fact;
    use domain::ids::MemberId;
    use uuid::Uuid;

    use super::*;

    fn nearest(missing: &[Truth]) -> Nearest {
        let missing = missing.iter().map(|now| Missing {
            clause: "c1".into(),
            step: Step::Fact(Fact::Bdhvs),
            now: *now,
        });
        Nearest { member: MemberId(Uuid::from_u128(1)), missing: missing.collect() }
    }

    #[test]
    fn a_house_one_known_step_away_shows_it_whatever_is_unknown_of_others() {
        let visits = VisitState { reached: true, met: true, ..VisitState::default() };
        let check = |missing: &[Truth], not_met, insufficient| {
            let nearest = nearest(missing);
            let verdict = Verdict::NotMet { nearest: nearest.clone() };
            assert_eq!(tile_of(&visits, &verdict), not_met, "{missing:?}");
            let verdict = Verdict::Insufficient { nearest: Some(nearest.clone()), to_ask: Some(nearest) };
            assert_eq!(tile_of(&visits, &verdict), insufficient, "{missing:?}");
        };
        check(&[Truth::No], TileState::OneStep, TileState::OneStep);
        check(&[Truth::No, Truth::No], TileState::NotMet, TileState::Insufficient);
        // Not known to be missing: it is asked, not done.
        check(&[Truth::Unknown], TileState::NotMet, TileState::Insufficient);
    }
}
