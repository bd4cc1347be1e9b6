//! Hoàn tác: a visit that was saved by mistake is taken back by events that name it and all that was
//! learned in it. Nothing is deleted; the history shows both.

use domain::consent::{Consent, Decision};
use domain::fact::Assessment;
use domain::ids::{AssessmentId, ConsentId, HouseholdId, VisitId};
use domain::visit::{Outcome, Visit};
use store::tables::{assessments, consents, visits};
use store::{Change, Operation, Saved, StoreError};
use sync_core::op::Scope;
use sync_core::projection::standing;

use crate::error::{AppError, NOTHING_TO_TAKE_BACK};
use crate::setup::Laptop;

/// Takes a visit of a household back, with its consents and assessments: one save.
pub fn take_back(laptop: &mut Laptop, household: HouseholdId, visit: VisitId) -> Result<Saved, AppError> {
    let connection = laptop.store.reading();
    let events = visits::of_household(connection, household)?;
    let stands = standing(&events).into_iter().find(|(_, one)| one.id == visit).map(|(_, one)| one.clone());
    let stands = stands.filter(|one| one.outcome.is_attempt());
    let Some(visit) = stands else { return Err(AppError::new(NOTHING_TO_TAKE_BACK)) };
    let unit = store::tables::households::get(connection, household)?
        .ok_or_else(|| AppError::new(NOTHING_TO_TAKE_BACK))?
        .hamlet_unit;
    let mut said: Vec<Consent> = Vec::new();
    let mut learned: Vec<Assessment> = Vec::new();
    // By the visit, not by who lives here: somebody may have moved since.
    for member in consents::members_of_visit(connection, visit.id)? {
        let consents = consents::of_member(connection, member)?;
        let of_visit = standing(&consents).into_iter().filter(|(_, one)| one.visit == Some(visit.id));
        said.extend(of_visit.map(|(_, one)| one.clone()));
    }
    for member in assessments::members_of_visit(connection, visit.id)? {
        let assessments = assessments::of_member(connection, member)?;
        let of_visit = standing(&assessments).into_iter().filter(|(_, one)| one.visit == Some(visit.id));
        learned.extend(of_visit.map(|(_, one)| one.clone()));
    }
    let operation = Operation { name: "visit.take_back", scope: Scope::from(unit), job: None };
    let ((), saved) = laptop.store.transact(operation, |change| write(change, &visit, &said, &learned))?;
    Ok(saved)
}

fn write(
    change: &mut Change<'_>,
    visit: &Visit,
    said: &[Consent],
    learned: &[Assessment],
) -> Result<(), StoreError> {
    let (day, wall_ms) = (change.today(), change.wall_ms().max(0).cast_unsigned());
    let id = VisitId::new(wall_ms, change.random()?);
    change.put(&Visit {
        channel: visit.channel.clone(),
        voids: Some(visit.id),
        ..Visit::at_home(id, visit.household, day, Outcome::TakenBack)
    })?;
    for consent in said {
        let id = ConsentId::new(wall_ms, change.random()?);
        change.put(&Consent {
            id,
            day,
            visit: None,
            // Says nothing itself: the answer before the one taken back stands again.
            decision: Decision::Later,
            voids: Some(consent.id),
            ..consent.clone()
        })?;
    }
    for assessment in learned {
        let id = AssessmentId::new(wall_ms, change.random()?);
        change.put(&Assessment {
            id,
            day,
            visit: None,
            respondent: None,
            answers: Vec::new(),
            voids: Some(assessment.id),
            ..assessment.clone()
        })?;
    }
    Ok(())
}
