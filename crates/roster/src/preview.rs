//! What a person sees before a list is taken in, and what `roster preview --json` prints. Its keys are a
//! contract with the outside: none is renamed, more may be added.

use std::collections::HashMap;

use domain::text::fold;
use serde::Serialize;

use crate::list::{RosterList, RowTrouble};
use crate::mapping::Mapping;

/// Counts and troubles of a list, without anybody's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// `unicode`, `tcvn3`, `vni` or `cp1258`.
    pub encoding: &'static str,
    /// Households that would be taken in.
    pub households: usize,
    /// People that would be taken in.
    pub persons: usize,
    /// In the order of the list.
    pub hamlet_units: Vec<UnitCount>,
    /// By role: the column and its title.
    pub mapping: Mapping,
    /// Rows with content that gave nobody.
    pub rejected: Vec<RowTrouble>,
    /// Rows to look at.
    pub warnings: Vec<RowTrouble>,
    /// The line that says what the list is.
    pub title: Option<String>,
    /// `2026-07-01`: the day the list speaks of.
    pub list_day: Option<String>,
    /// 64 hexadecimal digits; the same list has the same.
    pub content_hash: String,
}

/// How many of the list live in one hamlet unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnitCount {
    /// As first written in the list.
    pub name: String,
    /// Households.
    pub households: usize,
    /// People.
    pub persons: usize,
}

impl RosterList {
    /// The list as counts and troubles.
    pub fn preview(&self) -> Preview {
        let mut units: Vec<UnitCount> = Vec::new();
        let mut at: HashMap<String, usize> = HashMap::new();
        for household in &self.households {
            let index = *at.entry(fold(&household.hamlet_unit)).or_insert(units.len());
            if index == units.len() {
                units.push(UnitCount { name: household.hamlet_unit.clone(), households: 0, persons: 0 });
            }
            if let Some(unit) = units.get_mut(index) {
                unit.households += 1;
                unit.persons += household.members.len();
            }
        }
        Preview {
            encoding: self.encoding.code(),
            households: self.households.len(),
            persons: self.persons(),
            hamlet_units: units,
            mapping: self.mapping.clone(),
            rejected: self.rejected.clone(),
            warnings: self.warnings.clone(),
            title: self.title.clone(),
            list_day: self.list_day.map(|day| day.to_string()),
            content_hash: self.content_hash.to_hex(),
        }
    }
}
