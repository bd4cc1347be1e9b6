//! The two lists a commune hands over, counted exactly.

use crate::fixtures::{fixture, today};
use std::collections::BTreeSet;
use std::sync::OnceLock;

use domain::calendar::Day;
use domain::ids::{CommuneId, HouseholdId, MemberId};
use roster::{
    Counts, Destination, HouseholdOutcome, HouseholdPlan, Limits, Plan, Register, RosterList, Trouble,
    match_list, open, plan, read,
};
use uuid::Uuid;

/// Read once: the commune's list takes a moment in a debug build.
fn flat() -> &'static RosterList {
    static LIST: OnceLock<RosterList> = OnceLock::new();
    LIST.get_or_init(|| list("danh-sach-xa-mau.xlsx"))
}

fn list(name: &str) -> RosterList {
    read(&open(&fixture(name), &Limits::default()).unwrap(), today()).unwrap()
}

#[test]
fn the_flat_list_of_the_commune() {
    let list = flat();
    let preview = list.preview();
    assert_eq!((preview.households, preview.persons, preview.hamlet_units.len()), (5_741, 27_765, 56));
    assert_eq!(preview.encoding, "unicode");
    assert_eq!((list.rejected.len(), list.warnings.as_slice()), (0, [].as_slice()));
}

#[test]
fn the_ledger_of_a_hamlet() {
    let list = list("so-ho-thon-sen-ha.xlsx");
    let preview = list.preview();
    assert_eq!((preview.households, preview.persons), (84, 409));
    assert_eq!(
        preview.hamlet_units.iter().map(|unit| unit.name.as_str()).collect::<Vec<_>>(),
        ["Thôn Sen Hạ"]
    );
    assert_eq!(list.title.as_deref(), Some("DANH SÁCH HỘ GIA ĐÌNH VÀ NHÂN KHẨU"));
    assert_eq!(list.list_day, Day::new(2026, 7, 1));
    assert_eq!((list.rejected.len(), list.warnings.as_slice()), (0, [].as_slice()));
    let births =
        list.households.iter().flat_map(|household| &household.members).filter(|m| m.birth.is_some());
    assert_eq!(births.count(), 409);
    assert!(
        list.households.iter().flat_map(|household| &household.members).all(|member| member.sex.is_some())
    );
    assert!(list.warnings.iter().all(|warning| warning.reason != Trouble::StatedTotalDiffers));
}

#[test]
fn the_same_list_again_adds_nobody() {
    let list = flat();
    let matches = match_list(list, &Register::from(list));
    assert_eq!(matches.household_counts, Counts { matched: 5_741, ..Counts::default() });
    assert_eq!(matches.person_counts, Counts { matched: 27_765, ..Counts::default() });
}

#[test]
fn a_list_that_came_by_another_file_adds_nobody() {
    let list = flat();
    let mut register = Register::from(list);
    // As if another office had typed it in: no id is that of a row of this list.
    for (number, household) in (0u128..).zip(&mut register.households) {
        household.id = HouseholdId(Uuid::from_u128(number));
        for (person, member) in (0u128..).zip(&mut household.members) {
            member.id = MemberId(Uuid::from_u128(number * 1_000 + person));
        }
    }
    let matches = match_list(list, &register);
    assert_eq!(matches.household_counts, Counts { matched: 5_741, ..Counts::default() });
    // Two people of one household are alike in everything the list says; they are not guessed at.
    assert_eq!(matches.person_counts, Counts { matched: 27_763, ambiguous: 2, ..Counts::default() });
}

#[test]
fn the_ledger_after_the_flat_list_doubles_nobody() {
    let (flat, ledger) = (flat(), list("so-ho-thon-sen-ha.xlsx"));
    let register = Register::from(flat);
    let matches = match_list(&ledger, &register);
    assert_eq!(matches.household_counts, Counts { matched: 84, ..Counts::default() });
    assert_eq!((matches.person_counts.matched, matches.person_counts.added), (409, 0));
    // Each is given to its own: the names agree.
    for (outcome, household) in matches.households.iter().zip(&ledger.households) {
        let HouseholdOutcome::Matched { id, not_listed, .. } = outcome else { panic!("{outcome:?}") };
        let kept = register.households.iter().find(|kept| kept.id == *id).unwrap();
        let names = |names: Vec<&str>| names.into_iter().map(domain::text::fold).collect::<BTreeSet<_>>();
        assert_eq!(
            names(kept.members.iter().map(|member| member.full_name.as_str()).collect()),
            names(household.members.iter().map(|member| member.full_name.as_str()).collect())
        );
        assert_eq!(kept.hamlet_unit, "Thôn Sen Hạ");
        assert!(not_listed.is_empty());
    }
}

#[test]
fn the_sample_that_comes_with_the_program() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/roster");
    let bytes = std::fs::read(folder.join("danh-sach-mau.xlsx")).unwrap();
    let list = read(&open(&bytes, &Limits::default()).unwrap(), today()).unwrap();
    assert_eq!((list.households.len(), list.persons()), (12, 37));
    assert_eq!((list.rejected.len(), list.warnings.as_slice()), (0, [].as_slice()));
    // The format before 2007, with date cells and telephone numbers as numbers, says the same.
    let before_2007 = self::list("danh-sach-mau.xls");
    assert_eq!(before_2007.households, list.households);
    assert_eq!(before_2007.list_day, list.list_day);
}

fn planned(list: &RosterList, register: &Register) -> Plan {
    let destination = Destination { commune: CommuneId(Uuid::from_u128(1)), units: &[] };
    plan(list, &match_list(list, register), register, &destination)
}

fn records(plan: &Plan) -> (usize, usize) {
    let households = || plan.units.iter().flat_map(|unit| &unit.households);
    (
        households().filter(|one| one.household.is_some()).count(),
        households().map(|one| one.members.len()).sum(),
    )
}

#[test]
fn a_plan_writes_everything_once_and_nothing_the_second_time() {
    let list = flat();
    let first = planned(list, &Register::default());
    assert_eq!(records(&first), (5_741, 27_765));
    assert_eq!((first.units.len(), first.without_unit), (56, 0));
    assert!(first.units.iter().all(|unit| unit.is_new && !unit.alleys.is_empty()));
    for unit in &first.units {
        let stretches = unit.stretches(100);
        assert_eq!(stretches.concat(), unit.households);
        let size =
            |one: &[HouseholdPlan]| one.iter().map(|household| 1 + household.members.len()).sum::<usize>();
        assert!(stretches.iter().all(|one| size(one) <= 100 || one.len() == 1));
    }
    assert_eq!(records(&planned(list, &Register::from(list))), (0, 0));
}

#[test]
fn the_ledger_after_the_flat_list_writes_nobody_twice() {
    let ledger = list("so-ho-thon-sen-ha.xlsx");
    let (households, persons) = records(&planned(&ledger, &Register::from(flat())));
    // ≥ 80 of 84 matched, ≤ 3 % false new persons.
    assert!(households <= 4 && persons * 100 <= 409 * 3, "{households} households, {persons} people");
}

#[test]
fn a_list_fills_gaps_and_overwrites_nothing() {
    let list = list("so-ho-thon-sen-ha.xlsx");
    let mut register = Register::from(&list);
    let household = &mut register.households[0];
    household.house_no = String::new();
    household.members[0].birth = None;
    household.members[1].full_name = "Trần Quốc Quảng".into();
    household.members[1].phone = None;
    let plan = planned(&list, &register);
    let written = &plan.units[0].households[0];
    assert_eq!(written.household.as_ref().unwrap().0.house_no, "10");
    assert_eq!(written.members[0].0.birth.unwrap().to_string(), "1962-07-09");
    assert_eq!(written.members[1].0.full_name, "Trần Quốc Quảng", "what somebody corrected stays");
    assert!(written.members[1].0.phone.is_some());
    assert_eq!(records(&plan), (1, 2));
}
