//! Lượt đến nhà: what is written when Save is pressed at a door. One visit is one group: the visit, the
//! consents and what was learned about each person stand or fall together.

use std::collections::BTreeSet;

use domain::calendar::{Age, Day};
use domain::consent::{Basis, Consent, Decision, Purpose, Standing};
use domain::criteria::Verdict;
use domain::fact::{Answer, Assessment, Choice, Evidence, Fact, PaymentMeans};
use domain::ids::{AssessmentId, ConsentId, HouseholdId, MemberId, VisitId};
use domain::people::Household;
use domain::rules::DoorRules;
use domain::visit::{Channel, Outcome, Progress, Topic, Visit};
use serde::{Deserialize, Serialize};
use store::{Change, Operation, StoreError, counts};
use sync_core::household::{HouseholdState, PersonState};
use sync_core::op::Scope;
use ts_rs::TS;

use crate::error::{
    ANSWERS_WITHOUT_MEETING, AppError, DAY_OUT_OF_RANGE, FACT_TWICE, FOREIGN_ANSWER, NO_CONSENT,
    NO_SUCH_HOUSEHOLD, NO_SUCH_MEMBER, RESPONDENT_MISSING, UNKNOWN_WORD,
};
use crate::setup::Laptop;

/// What the visit page hands over. Nothing in it has a default: what was not asked is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Learned {
    /// About whom.
    pub member: MemberId,
    /// Fact and answer; with evidence where the team saw more than it was told (`domain::door`).
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

/// Saves a visit. When this returns, it survives a power cut.
pub fn save(laptop: &mut Laptop, request: &VisitRequest) -> Result<VisitSaved, AppError> {
    let today = laptop.store.today();
    let by = laptop.store.counted_by().clone();
    let state = counts::household_state(laptop.store.reading(), request.household, &by, today)?
        .ok_or_else(|| AppError::new(NO_SUCH_HOUSEHOLD))?;
    let door = Door { request, state: &state, basis: &laptop.commune.basis, rules: &by.rules, today };
    let learned = door.check()?;
    let basis = laptop.commune.basis.clone();
    let operation = operation("visit.save", &state.household);
    let (visit, saved) =
        laptop.store.transact(operation, |change| write(change, request, &basis, &state, learned))?;
    let (progress, verdict) = counts::standing_of(laptop.store.reading(), request.household)?
        .ok_or_else(|| AppError::new(NO_SUCH_HOUSEHOLD))?;
    Ok(VisitSaved { visit, saved_at_ms: saved.at_ms, progress, verdict })
}

/// The household as it would stand after [`save`]; nothing is written. What `save` refuses is refused.
pub fn weigh(laptop: &mut Laptop, request: &VisitRequest) -> Result<HouseholdState, AppError> {
    let today = laptop.store.today();
    let by = laptop.store.counted_by().clone();
    let state = counts::household_state(laptop.store.reading(), request.household, &by, today)?
        .ok_or_else(|| AppError::new(NO_SUCH_HOUSEHOLD))?;
    let basis = laptop.commune.basis.clone();
    let learned = Door { request, state: &state, basis: &basis, rules: &by.rules, today }.check()?;
    let seen = laptop.store.rehearse(
        operation("visit.weigh", &state.household),
        |change| write(change, request, &basis, &state, learned).map(drop),
        |connection| counts::household_state(connection, request.household, &by, today),
    )?;
    seen.ok_or_else(|| AppError::new(NO_SUCH_HOUSEHOLD))
}

fn operation(name: &'static str, household: &Household) -> Operation {
    Operation { name, scope: Scope::from(household.hamlet_unit), job: None }
}

/// Facts of one person, each with how it is known.
type Known = (MemberId, Vec<(Fact, Answer, Evidence)>);

/// A request before what it stands on.
struct Door<'a> {
    request: &'a VisitRequest,
    state: &'a HouseholdState,
    basis: &'a Basis,
    rules: &'a DoorRules,
    today: Day,
}

impl Door<'_> {
    /// Everything the screen prevents is refused here once more, before anything is written.
    fn check(&self) -> Result<Vec<Known>, AppError> {
        let request = self.request;
        self.check_words()?;
        let respondent = request.respondent.map(|id| self.person(id)).transpose()?;
        if let Some(respondent) = respondent {
            self.rules.check_respondent(self.age(respondent))?;
        }
        if request.outcome == Outcome::Met {
            respondent.ok_or_else(|| AppError::new(RESPONDENT_MISSING))?;
        } else if !request.learned.is_empty()
            || !request.guided.is_empty()
            || !request.topics.is_empty()
            || request.members_unchanged
            || request.consents.iter().any(|(_, said)| *said == Decision::Agreed)
        {
            // A closed door teaches nothing; only "không" can be said through it.
            return Err(AppError::new(ANSWERS_WITHOUT_MEETING));
        }
        for id in &request.guided {
            self.person(*id)?;
        }
        for (id, decision) in &request.consents {
            let represented_by =
                respondent.filter(|respondent| respondent.member.id != *id).map(|one| self.age(one));
            self.rules.check_consent(decision, self.age(self.person(*id)?), represented_by)?;
        }
        let mut asked = BTreeSet::new();
        for learned in &request.learned {
            for (fact, ..) in &learned.answers {
                if !asked.insert((learned.member, fact)) {
                    return Err(AppError::new(FACT_TWICE));
                }
            }
        }
        request.learned.iter().map(|learned| self.known(learned)).collect()
    }

    /// Words of a newer version are kept where they come from another laptop. A page of this version has none,
    /// and nobody could count or show what it would save.
    fn check_words(&self) -> Result<(), AppError> {
        let request = self.request;
        let answers = request.learned.iter().flat_map(|learned| &learned.answers);
        let known = Outcome::ALL.contains(&request.outcome)
            && request.outcome.is_attempt()
            && Channel::ALL.contains(&request.channel)
            && request.consents.iter().all(|(_, decision)| Decision::ALL.contains(decision))
            && request.topics.iter().all(|topic| Topic::ALL.contains(topic))
            && answers.into_iter().all(|(_, answer, _)| is_word(answer));
        if !known {
            return Err(AppError::new(UNKNOWN_WORD));
        }
        match request.next_day {
            Some(day) if !self.rules.may_come_back_on(day, self.today) => {
                let mut refused = AppError::new(DAY_OUT_OF_RANGE);
                refused.params.insert("months".into(), i64::from(self.rules.next_visit_within_months));
                Err(refused)
            }
            _ => Ok(()),
        }
    }

    fn person(&self, id: MemberId) -> Result<&PersonState, AppError> {
        let mut people = self.state.people.iter();
        let found = people.find(|person| person.member.id == id && person.member.alive);
        found.ok_or_else(|| AppError::new(NO_SUCH_MEMBER))
    }

    fn age(&self, person: &PersonState) -> Option<Age> {
        self.rules.age(person.member.birth, self.today)
    }

    fn known(&self, learned: &Learned) -> Result<Known, AppError> {
        let person = self.person(learned.member)?;
        let age = self.age(person);
        let said = self.request.consents.iter().rev().find(|(member, _)| *member == learned.member);
        let standing = match said {
            Some((_, Decision::Agreed)) => Standing::Agreed,
            Some((_, Decision::Declined | Decision::Withdrawn)) => Standing::Refused,
            Some((_, Decision::Later | Decision::Unrecognised(_))) | None => person.consent,
        };
        let respondent = self.request.respondent.ok_or_else(|| AppError::new(RESPONDENT_MISSING))?;
        if !self.basis.allows_facts(standing, respondent == learned.member) {
            return Err(AppError::new(NO_CONSENT));
        }
        let relative_only = *self.basis == Basis::ConsentAndProxy && standing == Standing::NotAsked;
        let spoken = Evidence::of_respondent(respondent, learned.member);
        let mut answers = Vec::with_capacity(learned.answers.len());
        for (fact, answer, seen) in &learned.answers {
            fact.check(answer).map_err(|_| AppError::new(FOREIGN_ANSWER))?;
            self.rules.check_asked(fact, age)?;
            if relative_only && !self.rules.relative_may_answer(fact, age) {
                return Err(AppError::new(NO_CONSENT));
            }
            if let Answer::Member(helper) = answer {
                self.person(*helper)?;
            }
            let evidence = match relative_only {
                true => self.rules.relative_evidence(*seen)?,
                false => self.rules.evidence(fact, spoken, *seen)?,
            };
            answers.push((fact.clone(), answer.clone(), evidence));
        }
        Ok((learned.member, answers))
    }
}

fn is_word(answer: &Answer) -> bool {
    match answer {
        Answer::One(choice) => Choice::ALL.contains(choice),
        Answer::Payment(means) => means.iter().all(|one| PaymentMeans::ALL.contains(one)),
        Answer::Unknown | Answer::Member(_) => true,
    }
}

fn write(
    change: &mut Change<'_>,
    request: &VisitRequest,
    basis: &Basis,
    state: &HouseholdState,
    learned: Vec<Known>,
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
    change.forget_draft(request.household)?;
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
    for (member, answers) in learned.into_iter().filter(|(_, answers)| !answers.is_empty()) {
        let assessment = Assessment {
            id: AssessmentId::new(wall_ms, change.random()?),
            member,
            day,
            visit: Some(visit.id),
            respondent: request.respondent,
            answers,
            voids: None,
        };
        change.put(&assessment)?;
    }
    Ok(visit.id)
}
