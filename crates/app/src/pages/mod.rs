//! What each page shows and asks, one module per page. Handlers put views together out of the use cases;
//! they decide nothing about the register themselves.

pub mod door;
pub mod lessons;
pub mod lists;
pub mod progress;
pub mod search;
pub mod sending;
pub mod start;
pub mod today;
pub mod verdict;

use domain::calendar::Day;
use domain::people::{Member, Sex};
use domain::rules::DoorRules;
use serde::Serialize;
use ts_rs::TS;

/// A person as a line of text needs one; the page chooses Ông, Bà, Cụ by sex and age.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct Named {
    /// As written.
    pub full_name: String,
    /// Where known.
    pub sex: Option<Sex>,
    /// Full years today, where a birth is known.
    pub age: Option<u32>,
    /// The birth is not complete: "ước tính".
    pub age_estimated: bool,
}

impl Named {
    pub(crate) fn of(member: &Member, rules: &DoorRules, today: Day) -> Self {
        let age = rules.age(member.birth, today);
        Self {
            full_name: member.full_name.clone(),
            sex: member.sex.clone(),
            age: age.map(|age| age.years),
            age_estimated: age.is_some_and(|age| age.estimated),
        }
    }
}
