//! The figures people quote, made of a tally by one function, so that a laptop and the server can only
//! differ where their registers do. The JSON keys are relied on from outside: add, never change.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fact::Fact;
use crate::rules::DoorRules;
use crate::tally::{HouseholdCounts, Tally, ThreeWay};

/// Gia đình số over some households. The three add up to the occupied ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct FamilyFigures {
    /// Đạt
    pub met: i64,
    /// Chưa đạt
    pub not_met: i64,
    /// Chưa đủ thông tin
    pub insufficient: i64,
}

/// What `tungnha-server figures --json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Figures {
    /// Every household of the register, rented rooms included.
    pub households: i64,
    /// Everybody registered: living there, away for work, in vacant houses.
    pub persons: i64,
    /// Đã đến
    pub reached: i64,
    /// Đã gặp
    pub met_in_person: i64,
    /// Đủ thông tin
    pub complete: i64,
    /// Không muốn cung cấp
    pub declined: i64,
    /// Over occupied houses.
    pub digital_family: FamilyFigures,
    /// Rented rooms, on a line of their own; included in the counts above but not in `digital_family`.
    pub rented_rooms: RentedRooms,
    /// Over people living there now and old enough to be asked.
    pub facts: BTreeMap<Fact, ThreeWay>,
    /// Registered people who do not live there now; not in `facts`.
    pub away: i64,
    /// Which rules and criteria counted: id and version.
    pub counted_by: Vec<String>,
}

/// The line of rented rooms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct RentedRooms {
    /// How many.
    pub households: i64,
    /// Over occupied ones.
    pub digital_family: FamilyFigures,
}

fn family(counts: &HouseholdCounts) -> FamilyFigures {
    FamilyFigures {
        met: counts.family_met,
        not_met: counts.family_not_met,
        insufficient: counts.family_insufficient,
    }
}

impl Figures {
    /// The figures of a tally.
    pub fn of(tally: &Tally, rules: &DoorRules, counted_by: Vec<String>) -> Self {
        let all = tally.households();
        let facts =
            rules.asked_from_age.keys().map(|fact| (fact.clone(), tally.present.three_way(fact, rules)));
        Self {
            households: all.listed,
            persons: tally.present.persons + tally.away.persons,
            reached: all.reached,
            met_in_person: all.met,
            complete: all.complete,
            declined: all.declined,
            digital_family: family(&tally.houses),
            rented_rooms: RentedRooms {
                households: tally.rented_rooms.listed,
                digital_family: family(&tally.rented_rooms),
            },
            facts: facts.collect(),
            away: tally.away.persons,
            counted_by,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rules;

    #[test]
    fn the_keys_that_others_rely_on() {
        let figures = Figures::of(&Tally::default(), &rules(), vec![]);
        let json = serde_json::to_value(figures).unwrap();
        for key in ["households", "persons", "reached", "met_in_person", "complete"] {
            assert_eq!(json[key], 0, "{key}");
        }
        for key in ["met", "not_met", "insufficient"] {
            assert_eq!(json["digital_family"][key], 0, "{key}");
        }
        for key in ["yes", "no", "unknown"] {
            assert_eq!(json["facts"]["smartphone"][key], 0, "{key}");
        }
    }
}
