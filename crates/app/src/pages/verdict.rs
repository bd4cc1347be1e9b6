//! Gia đình số as a page shows it: the state, each clause with yes, no or not known, the person it hangs
//! on, and the steps that are left. A rule that is unknown is listed as unknown.

use domain::criteria::{CriteriaSet, Missing, Nearest, Step, Verdict};
use domain::ids::MemberId;
use domain::rules::Truth;
use serde::Serialize;
use ts_rs::TS;

use crate::doors::{self, TileState};

/// How a household stands with the set of criteria.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct VerdictView {
    /// Đạt, chưa đạt, chưa đủ thông tin.
    pub state: VerdictState,
    /// What a tile shows of it; of a door it may show something else, see `HouseholdView`.
    pub tile: TileState,
    /// Met strongly enough to be recognised (công nhận).
    pub recognisable: bool,
    /// The person who meets it, or who is nearest.
    pub person: Option<MemberId>,
    /// Each clause that applies, for that person.
    pub clauses: Vec<ClauseView>,
    /// What is left for that person; their number is the household's distance.
    pub steps: Vec<StepView>,
    /// Who should be asked what, where somebody may meet it already.
    pub to_ask: Option<ToAsk>,
}

/// The three verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum VerdictState {
    /// Đạt
    Met,
    /// Chưa đạt
    NotMet,
    /// Chưa đủ thông tin
    Insufficient,
}

/// One clause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct ClauseView {
    /// "c1"
    pub id: String,
    /// The words of the document.
    pub citation: String,
    /// Met, failed, or not known.
    pub state: Truth,
}

/// One thing that is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct StepView {
    /// Of which clause.
    pub clause: String,
    /// Something to be so, or to happen.
    pub kind: StepKind,
    /// Code of the fact or of the event.
    pub code: String,
    /// `no`: must be done. `unknown`: must be asked.
    pub now: Truth,
}

/// What kind of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// A fact becomes one of the set's answers.
    Fact,
    /// The register sees something happen.
    Event,
}

/// Somebody to ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct ToAsk {
    /// Whom.
    pub person: MemberId,
    /// About what.
    pub steps: Vec<StepView>,
}

impl VerdictView {
    pub(crate) fn of(verdict: &Verdict, set: &CriteriaSet) -> Self {
        let (state, recognisable, nearest, to_ask) = match verdict {
            Verdict::Met { by, recognisable } => {
                let met = Nearest { member: *by, missing: Vec::new() };
                (VerdictState::Met, *recognisable, Some(met), None)
            }
            Verdict::NotMet { nearest } => (VerdictState::NotMet, false, Some(nearest.clone()), None),
            Verdict::Insufficient { nearest, to_ask } => {
                (VerdictState::Insufficient, false, nearest.clone(), to_ask.clone())
            }
        };
        let missing = nearest.as_ref().map(|nearest| nearest.missing.as_slice()).unwrap_or_default();
        let clauses = set.clauses.iter().map(|clause| ClauseView {
            id: clause.id.clone(),
            citation: clause.citation.clone(),
            state: match &nearest {
                None => Truth::Unknown,
                Some(_) => state_of(&clause.id, missing),
            },
        });
        Self {
            state,
            tile: doors::tile_of_verdict(verdict),
            recognisable,
            clauses: clauses.collect(),
            steps: steps(missing),
            person: nearest.as_ref().map(|nearest| nearest.member),
            to_ask: to_ask.map(|ask| ToAsk { person: ask.member, steps: steps(&ask.missing) }),
        }
    }

    /// Steps left for the nearest person, where somebody could be counted.
    pub(crate) fn distance(&self) -> Option<u32> {
        self.person.map(|_| u32::try_from(self.steps.len()).unwrap_or(u32::MAX))
    }
}

/// One certain failure decides a clause; else one unknown keeps it open.
fn state_of(clause: &str, missing: &[Missing]) -> Truth {
    let mut of_clause = missing.iter().filter(|one| one.clause == clause).peekable();
    if of_clause.peek().is_none() {
        return Truth::Yes;
    }
    if of_clause.any(|one| one.now == Truth::No) { Truth::No } else { Truth::Unknown }
}

fn steps(missing: &[Missing]) -> Vec<StepView> {
    let view = |one: &Missing| {
        let (kind, code) = match &one.step {
            Step::Fact(fact) => (StepKind::Fact, fact.code()),
            Step::Event(event) => (StepKind::Event, event.code()),
        };
        StepView { clause: one.clause.clone(), kind, code: code.to_owned(), now: one.now }
    };
    missing.iter().map(view).collect()
}
