//! *Lượt đến nhà*: one household at its door, the live verdict while the page is filled in, Save and undo.

use std::collections::BTreeMap;

use domain::calendar::Day;
use domain::consent::{Basis, Decision, Standing};
use domain::fact::{Answer, Choice, Current, Evidence, Fact};
use domain::ids::{HouseholdId, MemberId, VisitId};
use domain::people::{Relation, Residence};
use domain::visit::{Outcome, Progress};
use serde::{Deserialize, Serialize};
use store::tables::alleys;
use store::{CountedBy, StoreError, counts};
use sync_core::household::{HouseholdState, PersonState};
use ts_rs::TS;

use super::Named;
use super::verdict::VerdictView;
use crate::commands::Call;
use crate::desk::held;
use crate::doors::{self, TileState};
use crate::error::{AppError, BAD_REQUEST, NO_SUCH_HOUSEHOLD};
use crate::script::{self, Script};
use crate::setup::Laptop;
use crate::visit::{self, VisitRequest};
use crate::{register, undo};

/// Which household.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct HouseholdRequest {
    /// Its id.
    pub household: HouseholdId,
}

/// The page before anything is asked.
#[derive(Clone, Debug, Serialize, TS)]
pub struct HouseholdView {
    /// Its id.
    pub household: HouseholdId,
    /// "14", or empty.
    pub house_no: String,
    /// "sau đình"
    pub place_note: String,
    /// "Ngõ 12", or empty.
    pub alley: String,
    /// In the household's order, those registered here.
    pub people: Vec<PersonView>,
    /// Đã đến, đã gặp, đủ thông tin.
    pub progress: Progress,
    /// What its tile shows as it stands.
    pub tile: TileState,
    /// Gia đình số as of today.
    pub verdict: VerdictView,
    /// The newest visit that stands.
    pub last_visit: Option<LastVisit>,
    /// Declined in its latest word: closed for the round.
    pub declined: bool,
    /// The commune's legal basis.
    pub basis: Basis,
    /// What is read aloud before asking.
    pub script: Script,
    /// The answers each fact offers.
    pub offered: BTreeMap<Fact, Vec<Choice>>,
    /// Facts that nobody looks at: known by what people say.
    pub never_seen: Vec<Fact>,
    /// Facts that a certificate can say.
    pub certifiable: Vec<Fact>,
    /// Answers to `smartphone` after which no skill is asked.
    pub without_phone: Vec<Choice>,
    /// What the page kept here before it was saved.
    pub draft: Option<String>,
    /// The day on which it was last changed: a visit counts on the day it is saved.
    pub draft_day: Option<Day>,
}

/// What was said at a door and not saved yet.
#[derive(Clone, Deserialize, TS)]
pub struct DraftForm {
    /// Whose door.
    pub household: HouseholdId,
    /// In the page's own words; nothing: it was saved or dropped.
    pub draft: Option<String>,
}

/// The last time.
#[derive(Clone, Debug, Serialize, TS)]
pub struct LastVisit {
    /// Its id.
    pub visit: VisitId,
    /// When.
    pub day: Day,
    /// What happened.
    pub outcome: Outcome,
    /// Who answered.
    pub respondent: Option<MemberId>,
    /// Promised to come back on.
    pub next_day: Option<Day>,
}

/// One person at the door.
#[derive(Clone, Debug, Serialize, TS)]
pub struct PersonView {
    /// Who.
    pub member: MemberId,
    /// As a line of text.
    pub person: Named,
    /// To the head.
    pub relation: Relation,
    /// Present, away, temporary.
    pub residence: Residence,
    /// Old enough to answer for the household, or of unknown age.
    pub may_answer: bool,
    /// Something is asked at that age, so there is something to agree to.
    pub consent_asked: bool,
    /// An adult of the household agrees for this child.
    pub represented: bool,
    /// Grown up, or of unknown age.
    pub adult: bool,
    /// Where the person stands with being counted.
    pub consent: Standing,
    /// What is asked at that age, in the order of the page.
    pub asked: Vec<Fact>,
    /// What is taken besides, where it comes up.
    pub also_taken: Vec<Fact>,
    /// What a relative may answer in the person's absence; empty where the basis lets nobody.
    pub relative_may_answer: Vec<Fact>,
    /// What is known today, and what has lapsed.
    pub facts: BTreeMap<Fact, FactView>,
    /// Guided by the team at least once.
    pub guided: bool,
}

/// What is known of one fact.
#[derive(Clone, Debug, Serialize, TS)]
pub struct FactView {
    /// `unknown` where it lapsed.
    pub answer: Answer,
    /// How it is known.
    pub evidence: Evidence,
    /// When it was learned.
    pub day: Day,
    /// It was known, and no longer counts.
    pub lapsed: bool,
}

/// What saving would show.
#[derive(Clone, Debug, Serialize, TS)]
pub struct Weighed {
    /// Đã đến, đã gặp, đủ thông tin.
    pub progress: Progress,
    /// Gia đình số.
    pub verdict: VerdictView,
}

/// What Save showed.
#[derive(Clone, Debug, Serialize, TS)]
pub struct Saved {
    /// The visit, to take it back.
    pub visit: VisitId,
    /// "Đã lưu trên máy lúc …", milliseconds since 1970.
    pub at_ms: i64,
    /// As the register stands now.
    pub progress: Progress,
    /// As the register stands now.
    pub verdict: VerdictView,
}

/// What to take back.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct UndoRequest {
    /// Whose.
    pub household: HouseholdId,
    /// Which.
    pub visit: VisitId,
}

/// One household, its people and what is known of them.
pub fn household(call: &mut Call<'_>, request: &HouseholdRequest) -> Result<HouseholdView, AppError> {
    let desk = call.desk;
    desk.with(|laptop| {
        let today = laptop.store.today();
        // What the disk refused is the later word.
        let refused = held(&desk.drafts).of(laptop.store.identity().device, request.household);
        let (draft, draft_day) = match refused {
            Some(draft) => (Some(draft), None),
            None => laptop.store.draft(request.household)?.map(|kept| (kept.body, kept.day)).unzip(),
        };
        let by = laptop.store.counted_by().clone();
        let state = register::household(laptop, request.household)?;
        let (progress, verdict) = standing(laptop, request.household)?;
        let alley = match state.household.alley {
            Some(id) => alleys::get(laptop.store.reading(), id)?,
            None => None,
        };
        let people = state
            .people
            .iter()
            .filter(|person| person.member.alive && person.member.residence.is_registered());
        Ok(HouseholdView {
            household: state.household.id,
            house_no: state.household.house_no.clone(),
            place_note: state.household.place_note.clone(),
            alley: alley.map(|alley| alley.name).unwrap_or_default(),
            people: people.map(|person| person_view(person, &by, today)).collect(),
            progress,
            tile: doors::tile_of(&state.visits, &verdict),
            verdict: VerdictView::of(&verdict, &by.criteria),
            declined: state.visits.declined,
            last_visit: state.last_visit.map(|visit| LastVisit {
                visit: visit.id,
                day: visit.day,
                outcome: visit.outcome,
                respondent: visit.respondent,
                next_day: visit.next_day,
            }),
            basis: laptop.commune.basis.clone(),
            script: script::shipped().map_err(|_| AppError::new(crate::error::RULES_UNREADABLE))?,
            offered: Fact::ALL.iter().map(|fact| (fact.clone(), fact.choices().to_vec())).collect(),
            never_seen: by.rules.never_seen.clone(),
            certifiable: by.rules.certifiable.clone(),
            without_phone: by.rules.without_phone.clone(),
            draft,
            draft_day,
        })
    })
}

fn standing(
    laptop: &mut Laptop,
    household: HouseholdId,
) -> Result<(Progress, domain::criteria::Verdict), AppError> {
    laptop.store.catch_up()?;
    let found = counts::standing_of(laptop.store.reading(), household)?;
    found.ok_or_else(|| AppError::new(NO_SUCH_HOUSEHOLD))
}

fn person_view(person: &PersonState, by: &CountedBy, today: Day) -> PersonView {
    let rules = &by.rules;
    let age = rules.age(person.member.birth, today);
    let of_facts = |wanted: &dyn Fn(&Fact) -> bool| -> Vec<Fact> {
        Fact::ALL.iter().filter(|fact| wanted(fact)).cloned().collect()
    };
    let shown = |(fact, current): (&Fact, &Current)| {
        let Current { answer, evidence, day, lapsed, .. } = current.clone();
        (fact.clone(), FactView { answer, evidence, day, lapsed })
    };
    PersonView {
        member: person.member.id,
        person: Named::of(&person.member, rules, today),
        relation: person.member.relation.clone(),
        residence: person.member.residence.clone(),
        may_answer: rules.check_respondent(age).is_ok(),
        consent_asked: rules.check_consent(&Decision::Declined, age, None).is_ok(),
        represented: rules.check_consent(&Decision::Agreed, age, None).is_err(),
        adult: rules.is_adult(age),
        consent: person.consent,
        asked: of_facts(&|fact| rules.is_asked(fact, age)),
        also_taken: of_facts(&|fact| !rules.is_asked(fact, age) && rules.check_asked(fact, age).is_ok()),
        relative_may_answer: of_facts(&|fact| {
            by.basis == Basis::ConsentAndProxy && rules.relative_may_answer(fact, age)
        }),
        facts: person.facts.iter().map(shown).collect(),
        guided: person.guided,
    }
}

/// What saving this visit would show. Nothing is written.
pub fn weigh(call: &mut Call<'_>, request: &VisitRequest) -> Result<Weighed, AppError> {
    call.desk.with(|laptop| {
        let today = laptop.store.today();
        let by = laptop.store.counted_by().clone();
        let state: HouseholdState = visit::weigh(laptop, request)?;
        let counted = state.contribution(&by, today);
        let verdict = VerdictView::of(&counted.verdict, &by.criteria);
        Ok(Weighed { progress: counted.progress, verdict })
    })
}

/// Saves a visit. When this returns, it survives a power cut.
pub fn save(call: &mut Call<'_>, request: &VisitRequest) -> Result<Saved, AppError> {
    let desk = call.desk;
    desk.with(|laptop| {
        let saved = visit::save(laptop, request)?;
        held(&desk.drafts).forget(laptop.store.identity().device, request.household);
        let set = &laptop.store.counted_by().criteria;
        let verdict = VerdictView::of(&saved.verdict, set);
        Ok(Saved { visit: saved.visit, at_ms: saved.saved_at_ms, progress: saved.progress, verdict })
    })
}

/// Keeps or forgets what was said at a door.
pub fn keep_draft(call: &mut Call<'_>, form: &DraftForm) -> Result<(), AppError> {
    let desk = call.desk;
    // A page at the door tells of a draft, or in leaving that there is none; *Hôm nay* looks at a house without.
    held(&desk.looked_at).house = true;
    desk.with(|laptop| {
        let device = laptop.store.identity().device;
        let mut drafts = held(&desk.drafts);
        let Some(draft) = &form.draft else {
            drafts.forget(device, form.household);
            return Ok(laptop.store.forget_draft(form.household)?);
        };
        match laptop.store.keep_draft(form.household, draft) {
            Ok(()) => drafts.forget(device, form.household),
            Err(StoreError::Invalid(_)) => return Err(AppError::new(BAD_REQUEST)),
            // A disk that takes nothing now takes nothing of the visit either; saving says so.
            Err(_) if drafts.keep(device, form.household, draft) => {}
            Err(_) => return Err(AppError::new(BAD_REQUEST)),
        }
        Ok(())
    })
}

/// Takes a visit back, with all that was learned in it.
pub fn undo(call: &mut Call<'_>, request: &UndoRequest) -> Result<Saved, AppError> {
    call.desk.with(|laptop| {
        let saved = undo::take_back(laptop, request.household, request.visit)?;
        let (progress, verdict) = standing(laptop, request.household)?;
        let verdict = VerdictView::of(&verdict, &laptop.store.counted_by().criteria);
        Ok(Saved { visit: request.visit, at_ms: saved.at_ms, progress, verdict })
    })
}
