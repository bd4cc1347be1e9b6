//! Lượt đến nhà: what is written when Save is pressed at a door. One visit is one group: the visit, the
//! consents and what was learned about each person stand or fall together.

use domain::calendar::Day;
use domain::consent::{Basis, Consent, Decision, Purpose, Standing};
use domain::criteria::Verdict;
use domain::fact::{Answer, Assessment, Evidence, Fact};
use domain::ids::{AssessmentId, ConsentId, HouseholdId, MemberId, VisitId};
use domain::people::Household;
use domain::visit::{Channel, Outcome, Progress, Topic, Visit};
use serde::{Deserialize, Serialize};
use store::{Change, Operation, StoreError, counts};
use sync_core::household::{HouseholdState, PersonState};
use sync_core::op::Scope;

use crate::error::{
    ANSWERS_WITHOUT_MEETING, AppError, FOREIGN_ANSWER, NO_CONSENT, NO_SUCH_HOUSEHOLD, NO_SUCH_MEMBER,
    RESPONDENT_MISSING, RESPONDENT_TOO_YOUNG,
};
use crate::setup::Laptop;

/// What the visit page hands over. Nothing in it has a default: what was not asked is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitRequest {
    /// Whom.
    pub household: HouseholdId,
    /// What happened at the door.
    pub outcome: Outcome,
    /// Where or how.
    pub channel: Channel,
    /// Who answered.
    pub respondent: Option<MemberId>,
    /// "Nhà mình vẫn N người này ạ?" was answered with yes.
    pub members_unchanged: bool,
    /// What each person who was asked said to the consent question.
    pub consents: Vec<(MemberId, Decision)>,
    /// Version of the script that was read aloud.
    pub text_version: String,
    /// What was learned about each person.
    pub learned: Vec<Learned>,
    /// What was shown.
    pub topics: Vec<Topic>,
    /// To whom.
    pub guided: Vec<MemberId>,
    /// Come back on.
    pub next_day: Option<Day>,
}

/// What was learned about one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learned {
    /// About whom.
    pub member: MemberId,
    /// Fact and answer; with evidence where the team saw more than it was told.
    pub answers: Vec<(Fact, Answer, Option<Evidence>)>,
}

/// What the page shows after Save.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VisitSaved {
    /// The new visit.
    pub visit: VisitId,
    /// "Đã lưu trên máy lúc …", milliseconds since 1970.
    pub saved_at_ms: i64,
    /// How far the commune has come with the household.
    pub progress: Progress,
    /// Gia đình số, with person, clause and step.
    pub verdict: Verdict,
}

/// The facts that basis B lets a relative answer for an absent adult (door rules §5).
const PROXY_FACTS: [Fact; 3] = [Fact::Smartphone, Fact::Vneid, Fact::Payment];

/// Saves a visit. When this returns, it survives a power cut.
pub fn save(laptop: &mut Laptop, request: &VisitRequest) -> Result<VisitSaved, AppError> {
    let today = laptop.store.today();
    let by = laptop.store.counted_by().clone();
    let state = counts::household_state(laptop.store.reading(), request.household, &by, today)?
        .ok_or_else(|| AppError::new(NO_SUCH_HOUSEHOLD))?;
    check(request, &state, &laptop.commune.basis, |person| {
        by.rules.age(person.member.birth, today).is_none_or(|age| age.years >= by.rules.respondent_age)
    })?;
    let basis = laptop.commune.basis.clone();
    let operation = operation("visit.save", &state.household);
    let (visit, saved) = laptop.store.transact(operation, |change| write(change, request, &basis, &state))?;
    let (progress, verdict) = counts::standing_of(laptop.store.reading(), request.household)?
        .ok_or_else(|| AppError::new(NO_SUCH_HOUSEHOLD))?;
    Ok(VisitSaved { visit, saved_at_ms: saved.at_ms, progress, verdict })
}

fn operation(name: &'static str, household: &Household) -> Operation {
    Operation { name, scope: Scope::from(household.hamlet_unit), job: None }
}

/// Everything the screen prevents is refused here once more, before anything is written.
fn check(
    request: &VisitRequest,
    state: &HouseholdState,
    basis: &Basis,
    may_answer: impl Fn(&PersonState) -> bool,
) -> Result<(), AppError> {
    let person = |id: MemberId| {
        let found = state.people.iter().find(|person| person.member.id == id && person.member.alive);
        found.ok_or_else(|| AppError::new(NO_SUCH_MEMBER))
    };
    let respondent = request.respondent.map(&person).transpose()?;
    if request.outcome == Outcome::Met {
        let respondent = respondent.ok_or_else(|| AppError::new(RESPONDENT_MISSING))?;
        if !may_answer(respondent) {
            return Err(AppError::new(RESPONDENT_TOO_YOUNG));
        }
    } else if !request.learned.is_empty()
        || !request.guided.is_empty()
        || !request.topics.is_empty()
        || request.members_unchanged
        || request.consents.iter().any(|(_, said)| *said == Decision::Agreed)
    {
        // A closed door teaches nothing; only "không" can be said through it.
        return Err(AppError::new(ANSWERS_WITHOUT_MEETING));
    }
    for id in request.guided.iter().chain(request.consents.iter().map(|(member, _)| member)) {
        person(*id)?;
    }
    for learned in &request.learned {
        check_learned(request, learned, person(learned.member)?, basis)?;
    }
    Ok(())
}

fn check_learned(
    request: &VisitRequest,
    learned: &Learned,
    person: &PersonState,
    basis: &Basis,
) -> Result<(), AppError> {
    let said = request.consents.iter().rev().find(|(member, _)| *member == learned.member);
    let standing = match said {
        Some((_, Decision::Agreed)) => Standing::Agreed,
        Some((_, Decision::Declined | Decision::Withdrawn)) => Standing::Refused,
        Some((_, Decision::Later | Decision::Unrecognised(_))) | None => person.consent,
    };
    let for_self = request.respondent == Some(learned.member);
    if !basis.allows_facts(standing, for_self) {
        return Err(AppError::new(NO_CONSENT));
    }
    let proxy_only = *basis == Basis::ConsentAndProxy && standing == Standing::NotAsked;
    for (fact, answer, _) in &learned.answers {
        fact.check(answer).map_err(|_| AppError::new(FOREIGN_ANSWER))?;
        if proxy_only && !PROXY_FACTS.contains(fact) {
            return Err(AppError::new(NO_CONSENT));
        }
    }
    Ok(())
}

fn write(
    change: &mut Change<'_>,
    request: &VisitRequest,
    basis: &Basis,
    state: &HouseholdState,
) -> Result<VisitId, StoreError> {
    let (day, wall_ms) = (change.today(), change.wall_ms().max(0).cast_unsigned());
    let visit = Visit {
        id: VisitId::new(wall_ms, change.random()?),
        household: state.household.id,
        day,
        outcome: request.outcome.clone(),
        channel: request.channel.clone(),
        respondent: request.respondent,
        members_unchanged: request.members_unchanged,
        next_day: request.next_day,
        topics: request.topics.clone(),
        guided: request.guided.clone(),
        voids: None,
    };
    change.put(&visit)?;
    for (member, decision) in &request.consents {
        let consent = Consent {
            id: ConsentId::new(wall_ms, change.random()?),
            member: *member,
            day,
            visit: Some(visit.id),
            // P1 and P2 are read in one breath and recorded by one key (door rules §5).
            purposes: vec![Purpose::GuideFamily, Purpose::Figures],
            decision: decision.clone(),
            basis: basis.clone(),
            text_version: request.text_version.clone(),
            voids: None,
        };
        change.put(&consent)?;
    }
    for learned in request.learned.iter().filter(|learned| !learned.answers.is_empty()) {
        let spoken = request
            .respondent
            .map_or(Evidence::Observed, |respondent| Evidence::of_respondent(respondent, learned.member));
        let answers = learned.answers.iter();
        let assessment = Assessment {
            id: AssessmentId::new(wall_ms, change.random()?),
            member: learned.member,
            day,
            visit: Some(visit.id),
            respondent: request.respondent,
            answers: answers
                .map(|(fact, answer, seen)| (fact.clone(), answer.clone(), seen.unwrap_or(spoken)))
                .collect(),
            voids: None,
        };
        change.put(&assessment)?;
    }
    Ok(visit.id)
}
