//! A newer list against a register that somebody has worked in: what is the same, what changed, what is
//! new, what nobody can say.

use domain::ids::{HouseholdId, MemberId};
use roster::{
    Counts, DifferenceKind, Field, HouseholdOutcome, Limits, MemberOutcome, Register, RosterList, match_list,
    open, read,
};
use uuid::Uuid;

use crate::fixtures::today;
use crate::generated::{Dice, Home, homes};

const TITLES: &str = "Thôn;Ngõ;Số nhà;Họ và tên;Năm sinh;Giới tính;Quan hệ;SĐT";

fn list(rows: &[&str]) -> RosterList {
    let text = format!("{TITLES}\n{}\n", rows.join("\n"));
    read(&open(text.as_bytes(), &Limits::default()).unwrap(), today()).unwrap()
}

fn counts(added: usize, matched: usize, changed: usize, ambiguous: usize) -> Counts {
    Counts { added, matched, changed, ambiguous }
}

/// Households, then people, of a newer list against an older one.
fn check(older: &[&str], newer: &[&str], households: Counts, persons: Counts) {
    let matches = match_list(&list(newer), &Register::from(&list(older)));
    assert_eq!((matches.household_counts, matches.person_counts), (households, persons), "{newer:?}");
}

const FAMILY: [&str; 3] = [
    "Thôn Sen;Ngõ 1;3;Lê Văn An;12/03/1960;Nam;Chủ hộ;0912345678",
    "Thôn Sen;Ngõ 1;3;Trần Thị Hoà;1962;Nữ;Vợ;",
    "Thôn Sen;Ngõ 1;3;Lê Thị Mỹ;05/06/1990;Nữ;Con;",
];

#[test]
fn one_family_in_two_lists() {
    // Another spelling, less known, no telephone: nothing changes.
    check(
        &FAMILY,
        &[
            "THÔN SEN;ngõ 1;3;LÊ VĂN AN;1960;Nam;Chủ hộ;",
            ";;;Trần Thị Hòa;1962;Nữ;Vợ;",
            ";;;Lê Thị Mỹ;06/1990;Nữ;Con;",
        ],
        counts(0, 1, 0, 0),
        counts(0, 3, 0, 0),
    );
    // A birth said exactly, another telephone, a new child.
    check(
        &FAMILY,
        &[
            "Thôn Sen;Ngõ 1;3;Lê Văn An;12/03/1960;Nam;Chủ hộ;0987654321",
            ";;;Trần Thị Hoà;08/09/1962;Nữ;Vợ;",
            ";;;Lê Thị Mỹ;05/06/1990;Nữ;Con;",
            ";;;Lê Gia Bảo;2024;Nam;Cháu;",
        ],
        counts(0, 1, 0, 0),
        counts(1, 3, 2, 0),
    );
    // They moved to another door.
    check(
        &FAMILY,
        &[
            "Thôn Sen;Ngõ 5;40;Lê Văn An;12/03/1960;Nam;Chủ hộ;",
            ";;;Trần Thị Hoà;1962;Nữ;Vợ;",
            ";;;Lê Thị Mỹ;05/06/1990;Nữ;Con;",
        ],
        counts(0, 1, 1, 0),
        counts(0, 3, 0, 0),
    );
    // The head died; the wife is head now.
    check(
        &FAMILY,
        &["Thôn Sen;Ngõ 1;3;Trần Thị Hoà;1962;Nữ;Chủ hộ;", ";;;Lê Thị Mỹ;05/06/1990;Nữ;Con;"],
        counts(0, 1, 0, 0),
        counts(0, 2, 1, 0),
    );
    // The same names in another hamlet unit are other people.
    check(
        &FAMILY,
        &["Thôn Lúa;Ngõ 1;3;Lê Văn An;12/03/1960;Nam;Chủ hộ;", ";;;Trần Thị Hoà;1962;Nữ;Vợ;"],
        counts(1, 0, 0, 0),
        counts(2, 0, 0, 0),
    );
    // Somebody else lives behind the same door.
    check(
        &FAMILY,
        &["Thôn Sen;Ngõ 1;3;Ngô Quang Vinh;1985;Nam;Chủ hộ;", ";;;Đỗ Thu Hà;1987;Nữ;Vợ;"],
        counts(1, 0, 0, 0),
        counts(2, 0, 0, 0),
    );
    // The daughter has a household of her own: known, in another household.
    check(
        &FAMILY,
        &[
            "Thôn Sen;Ngõ 1;3;Lê Văn An;12/03/1960;Nam;Chủ hộ;0912345678",
            ";;;Trần Thị Hoà;1962;Nữ;Vợ;",
            "Thôn Sen;Ngõ 2;8;Phạm Minh Đức;01/01/1988;Nam;Chủ hộ;",
            ";;;Lê Thị Mỹ;05/06/1990;Nữ;Vợ;",
        ],
        counts(1, 1, 0, 0),
        counts(1, 3, 1, 0),
    );
}

#[test]
fn near_equals_are_left_open() {
    let two_of_a_name = [
        "Thôn Sen;Ngõ 1;3;Nguyễn Văn Bảo;1981;Nam;Chủ hộ;",
        "Thôn Sen;Ngõ 2;5;Nguyễn Văn Bảo;1981;Nam;Chủ hộ;",
    ];
    check(
        &two_of_a_name,
        &["Thôn Sen;;;Nguyễn Văn Bảo;1981;Nam;Chủ hộ;"],
        counts(0, 0, 0, 1),
        counts(0, 0, 0, 1),
    );
    // The door tells them apart.
    check(
        &two_of_a_name,
        &["Thôn Sen;Ngõ 2;5;Nguyễn Văn Bảo;1981;Nam;Chủ hộ;"],
        counts(0, 1, 0, 0),
        counts(0, 1, 0, 0),
    );
    // So does the day of birth.
    let by_birth = [
        "Thôn Sen;;;Nguyễn Văn Bảo;12/03/1981;Nam;Chủ hộ;",
        "Thôn Sen;;;Nguyễn Văn Bảo;09/04/1978;Nam;Chủ hộ;",
    ];
    check(
        &by_birth,
        &["Thôn Sen;Ngõ 9;1;Nguyễn Văn Bảo;09/04/1978;Nam;Chủ hộ;"],
        counts(0, 1, 1, 0),
        counts(0, 1, 0, 0),
    );
}

#[test]
fn differences_say_what_fills_and_what_contradicts() {
    let newer = list(&[
        "Thôn Sen;Ngõ 1;3;Lê Văn An;12/03/1960;Nam;Chủ hộ;0987654321",
        ";;;Trần Thị Hoà;08/09/1962;Nữ;Vợ;",
    ]);
    let matches = match_list(&newer, &Register::from(&list(&FAMILY)));
    let HouseholdOutcome::Matched { members, not_listed, .. } = &matches.households[0] else { panic!() };
    assert_eq!(not_listed.len(), 1);
    let found: Vec<_> = members
        .iter()
        .flat_map(|member| match member {
            MemberOutcome::Matched { differences, .. } => differences.clone(),
            other => panic!("{other:?}"),
        })
        .map(|difference| (difference.field, difference.kind, difference.kept, difference.listed))
        .collect();
    assert_eq!(
        found,
        [
            (Field::Phone, DifferenceKind::Contradicts, "0912345678".to_owned(), "0987654321".to_owned()),
            (Field::Birth, DifferenceKind::Fills, "1962".to_owned(), "1962-09-08".to_owned())
        ]
    );
}

/// Typed in anew by somebody else: no telephones, births less exact, slips in names.
#[test]
fn a_list_typed_in_anew_doubles_hardly_anybody() {
    let mut dice = Dice(2026);
    let older = homes(&mut dice, "Thôn Sen", 600);
    let lines = |homes: &[Home], worn: bool, dice: &mut Dice| -> Vec<String> {
        let mut lines = Vec::new();
        for home in homes {
            for (place, person) in home.people.iter().enumerate() {
                let birth = if worn && dice.one_in(4) {
                    person.birth.year().to_string()
                } else {
                    person.birth.shown()
                };
                let name = if worn && dice.one_in(20) {
                    person.name.replace("Minh", "Mình")
                } else {
                    person.name.clone()
                };
                let door = if place == 0 {
                    format!("Thôn Sen;{};{}", home.alley, home.house_no)
                } else {
                    ";;".into()
                };
                let relation = match person.relation.code() {
                    "head" => "Chủ hộ",
                    "spouse" => "Vợ/chồng",
                    "child" => "Con",
                    "grandchild" => "Cháu",
                    "sibling" => "Em",
                    _ => "Bố/mẹ",
                };
                lines.push(format!("{door};{name};{birth};;{relation};"));
            }
        }
        lines
    };
    let read = |lines: &[String]| list(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    let mut register = Register::from(&read(&lines(&older, false, &mut dice)));
    for (number, household) in (0u128..).zip(&mut register.households) {
        household.id = HouseholdId(Uuid::from_u128(number));
        for (person, member) in (0u128..).zip(&mut household.members) {
            member.id = MemberId(Uuid::from_u128(number * 100 + person));
        }
    }
    let newer = read(&lines(&older, true, &mut dice));
    let matches = match_list(&newer, &register);
    let persons = newer.persons();
    assert_eq!(matches.household_counts.matched, 600, "{:?}", matches.household_counts);
    assert!(matches.person_counts.added * 100 < persons, "{:?} of {persons}", matches.person_counts);
    // And each to its own: the doors agree.
    for (outcome, number) in matches.households.iter().zip(0u128..) {
        assert!(matches!(outcome, HouseholdOutcome::Matched { id, .. } if id.0 == Uuid::from_u128(number)));
    }
}
