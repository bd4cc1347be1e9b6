//! The one error that reaches a screen or a command line: a code of a closed list, numbers, and whether
//! trying again helps. The sentence stands in `assets/messages/`. Nothing personal is ever in it.

use std::collections::BTreeMap;

use domain::door::Refusal;
use roster::ReadError;
use serde::Serialize;
use store::StoreError;
use sync_client::{SyncError, TransportError};
use ts_rs::TS;

/// What went wrong, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error, TS)]
#[error("{code}")]
pub struct AppError {
    /// Key of the sentence.
    pub code: String,
    /// Numbers that belong to the sentence.
    pub params: BTreeMap<String, i64>,
    /// The same may work later without anybody changing anything.
    pub retryable: bool,
}

/// Codes of this crate; each has a sentence. `Refusal` has its own.
pub const CODES: &[&str] = &[
    BAD_CODE,
    NO_ADDRESS,
    ENROL_UNREACHABLE,
    NO_SUCH_HOUSEHOLD,
    NO_SUCH_MEMBER,
    RESPONDENT_MISSING,
    ANSWERS_WITHOUT_MEETING,
    NO_CONSENT,
    FOREIGN_ANSWER,
    LINK_DAMAGED,
    ORDERED_AWAY,
    OTHER_COMMUNE,
    NUMBERING,
    NOT_OPEN,
    FAULT,
    BAD_REQUEST,
    NO_SUCH_COMMAND,
    RULES_UNREADABLE,
    SYNC_RUNNING,
    TRAINING_STAYS,
    NO_LIST_CHOSEN,
    LIST_UNREADABLE,
    SAMPLE_NOT_SAVED,
    REGISTER_CHANGED,
    NOTHING_TO_TAKE_BACK,
    NO_PROGRESS,
    UNKNOWN_WORD,
    DAY_OUT_OF_RANGE,
    FACT_TWICE,
];

pub(crate) const BAD_CODE: &str = "enrol.bad_code";
pub(crate) const NO_ADDRESS: &str = "enrol.no_address";
pub(crate) const ENROL_UNREACHABLE: &str = "enrol.unreachable";
pub(crate) const NO_SUCH_HOUSEHOLD: &str = "visit.no_such_household";
pub(crate) const NO_SUCH_MEMBER: &str = "visit.no_such_member";
pub(crate) const RESPONDENT_MISSING: &str = "visit.respondent_missing";
pub(crate) const ANSWERS_WITHOUT_MEETING: &str = "visit.answers_without_meeting";
pub(crate) const NO_CONSENT: &str = "visit.no_consent";
pub(crate) const FOREIGN_ANSWER: &str = "visit.foreign_answer";
pub(crate) const LINK_DAMAGED: &str = "setup.link_damaged";
pub(crate) const ORDERED_AWAY: &str = "setup.ordered_away";
pub(crate) const OTHER_COMMUNE: &str = "sync.other_commune_answers";
pub(crate) const NUMBERING: &str = "sync.numbering";
pub(crate) const NOT_OPEN: &str = "app.not_open";
pub(crate) const FAULT: &str = "app.fault";
pub(crate) const BAD_REQUEST: &str = "app.bad_request";
pub(crate) const NO_SUCH_COMMAND: &str = "app.no_such_command";
pub(crate) const RULES_UNREADABLE: &str = "app.rules_unreadable";
pub(crate) const SYNC_RUNNING: &str = "sync.running";
pub(crate) const TRAINING_STAYS: &str = "sync.training_stays";
pub(crate) const NO_LIST_CHOSEN: &str = "roster.no_list_chosen";
pub(crate) const LIST_UNREADABLE: &str = "roster.unreadable_file";
pub(crate) const SAMPLE_NOT_SAVED: &str = "roster.sample_not_saved";
pub(crate) const REGISTER_CHANGED: &str = "roster.register_changed";
pub(crate) const NOTHING_TO_TAKE_BACK: &str = "visit.nothing_to_take_back";
pub(crate) const NO_PROGRESS: &str = "sync.no_progress";
pub(crate) const UNKNOWN_WORD: &str = "visit.unknown_word";
pub(crate) const DAY_OUT_OF_RANGE: &str = "visit.day_out_of_range";
pub(crate) const FACT_TWICE: &str = "visit.fact_twice";

impl AppError {
    /// A fault of the program itself.
    pub fn fault() -> Self {
        Self::new(FAULT)
    }

    pub(crate) fn new(code: &str) -> Self {
        Self { code: code.to_owned(), params: BTreeMap::new(), retryable: false }
    }

    /// Of a line that broke while a laptop was enrolled. Nothing tries again by itself there: a person does,
    /// and must know that the code is not lost.
    pub(crate) fn of_enrolment(error: TransportError) -> Self {
        match error {
            TransportError::Unreachable | TransportError::Stalled => Self::retryable(ENROL_UNREACHABLE, true),
            other => other.into(),
        }
    }

    fn retryable(code: &str, retryable: bool) -> Self {
        Self { retryable, ..Self::new(code) }
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        use StoreError as E;
        let retryable = matches!(error, E::InUse | E::Busy | E::DiskFull | E::ReadOnly);
        Self::retryable(error.code(), retryable)
    }
}

impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code())
    }
}

impl From<ReadError> for AppError {
    fn from(error: ReadError) -> Self {
        Self::new(error.code())
    }
}

impl From<TransportError> for AppError {
    fn from(error: TransportError) -> Self {
        let mut shown = Self::retryable(error.code(), error.is_retryable());
        match error {
            TransportError::Refused(refusal) => shown.params = refusal.params,
            TransportError::Busy { after_s } => {
                shown.params.insert("retry_after_s".into(), i64::try_from(after_s).unwrap_or(i64::MAX));
            }
            _ => {}
        }
        shown
    }
}

impl<E: Into<Self>> From<SyncError<E>> for AppError {
    fn from(error: SyncError<E>) -> Self {
        match error {
            SyncError::Transport(error) => error.into(),
            SyncError::Store(error) => error.into(),
            SyncError::OtherCommune => Self::new(OTHER_COMMUNE),
            SyncError::NoProgress => Self::new(NO_PROGRESS),
            SyncError::Numbering | SyncError::Batch => Self::new(NUMBERING),
        }
    }
}

#[cfg(test)]
mod tests {
    use store::StoreError;

    use super::*;

    const CATALOGUE: &str = include_str!("../../../assets/messages/vi.json");

    /// Whatever can reach a screen has a sentence that says what happened and what to do.
    #[test]
    fn every_code_has_a_sentence() {
        let catalogue: BTreeMap<String, String> = serde_json::from_str(CATALOGUE).unwrap();
        let refused = sync_core::api::ApiCode::ALL.iter().map(|code| code.code().to_owned());
        let lines = [
            TransportError::Unreachable,
            TransportError::Stalled,
            TransportError::OtherIdentity,
            TransportError::Busy { after_s: 9 },
            TransportError::Unreadable,
        ];
        let mut codes: Vec<String> = CODES.iter().map(|&code| code.to_owned()).chain(refused).collect();
        codes.extend(Refusal::ALL.iter().map(|refusal| refusal.code().to_owned()));
        codes.extend(lines.iter().map(|error| error.code().to_owned()));
        codes.extend(sync_core::api::AddressError::ALL.map(|error| error.code().to_owned()));
        codes.extend(StoreError::CODES.iter().map(|&code| code.to_owned()));
        for code in codes {
            let sentence = catalogue.get(&code).unwrap_or_else(|| panic!("{code} has no sentence"));
            assert!(sentence.contains(' ') && sentence.ends_with('.'), "{code}: {sentence}");
        }
    }

    #[test]
    fn what_may_work_later_is_said() {
        assert!(AppError::from(TransportError::Unreachable).retryable);
        assert!(!AppError::from(TransportError::OtherIdentity).retryable);
        assert!(AppError::from(StoreError::DiskFull).retryable);
        assert!(!AppError::from(StoreError::WrongPassphrase).retryable);
        let busy = AppError::from(TransportError::Busy { after_s: 9 });
        assert_eq!(busy.params["retry_after_s"], 9);
    }
}
