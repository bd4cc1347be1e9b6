//! The two lists a commune hands over, counted exactly.

mod common;

use common::{fixture, today};
use domain::calendar::Day;
use roster::{Limits, RosterList, Trouble, open, read};

fn list(name: &str) -> RosterList {
    read(&open(&fixture(name), &Limits::default()).unwrap(), today()).unwrap()
}

#[test]
fn the_flat_list_of_the_commune() {
    let list = list("danh-sach-xa-mau.xlsx");
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
