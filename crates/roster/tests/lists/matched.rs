//! A newer list against a register that somebody has worked in: what is the same, what changed, what is
//! new, what nobody can say.

use domain::ids::{HouseholdId, MemberId};
use domain::people::{Alley, HamletUnit, Household, Member};
use roster::{
    Counts, Destination, DifferenceKind, Field, HouseholdOutcome, Limits, MemberOutcome, Register,
    RosterList, match_list, open, plan, read,
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
    Counts { added, matched, changed, ambiguous, deleted: 0 }
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

/// What a list brought and somebody deleted stays deleted when the list comes again; who moved is found
/// where they are now, also without an exact birth; nobody's row is taken for somebody else.
#[test]
fn the_same_list_after_deletions_and_moves() {
    let rows = [FAMILY.as_slice(), &["Thôn Sen;Ngõ 9;1;Phạm Minh Đức;1988;Nam;Chủ hộ;"]].concat();
    let list = list(&rows);
    let member = |household: usize, at: usize| list.member_id(&list.households[household].members[at]);
    let check = |register: &Register, households: Counts, persons: Counts| {
        let matches = match_list(&list, register);
        assert_eq!((matches.household_counts, matches.person_counts), (households, persons), "{register:?}");
    };
    let deleted = |counts: Counts, deleted| Counts { deleted, ..counts };

    let mut register = Register::from(&list);
    register.households[0].members.remove(0);
    register.deleted_members.insert(member(0, 0));
    // The name was corrected at the door: the row still says who it is.
    register.households[0].members[0].full_name = "Trần Thị Hoàn".into();
    check(&register, counts(0, 2, 0, 0), deleted(counts(0, 3, 1, 0), 1));

    let mut register = Register::from(&list);
    let gone = register.households.remove(0);
    register.deleted_households.insert(gone.id);
    register.deleted_members.extend(gone.members.iter().map(|member| member.id));
    check(&register, deleted(counts(0, 1, 0, 0), 1), deleted(counts(0, 1, 0, 0), 3));

    let mut register = Register::from(&list);
    let moved = register.households[0].members.remove(1);
    assert_eq!(moved.birth.unwrap().to_string(), "1962");
    register.households[1].members.push(moved);
    check(&register, counts(0, 2, 0, 0), counts(0, 4, 1, 0));
}

/// A ledger whose title does not say its hamlet unit is matched in the unit it is taken into.
#[test]
fn a_list_without_a_unit_is_matched_in_the_one_it_is_given() {
    let nameless: Vec<String> = FAMILY.iter().map(|row| row.replacen("Thôn Sen", "", 1)).collect();
    let nameless = list(&nameless.iter().map(String::as_str).collect::<Vec<_>>());
    let register = Register::from(&list(&FAMILY));
    assert_eq!(match_list(&nameless, &register).household_counts, counts(1, 0, 0, 0));
    let hash = nameless.content_hash;
    let matches = match_list(&nameless.in_unit("Thôn Sen"), &register);
    assert_eq!((matches.household_counts, matches.person_counts), (counts(0, 1, 0, 0), counts(0, 3, 0, 0)));
    assert_ne!(hash, list(&FAMILY).content_hash);
}

/// Somebody who was deleted comes again in a list of another source: no id gives them away.
#[test]
fn who_was_deleted_is_not_added_by_another_list() {
    let older = list(&[
        FAMILY[0],
        ";;;Trần Thị Hoà;1962;Nữ;Vợ;",
        ";;;Lê Thị Mỹ;05/06/1990;Nữ;Con;",
        "Thôn Sen;Ngõ 2;7;Phạm Văn Hậu;03/04/1970;Nam;Chủ hộ;",
        ";;;Đỗ Thị Nụ;;Nữ;Vợ;",
    ]);
    let (units, alleys, mut households, mut members) = records(&older);
    members[2].alive = false;
    households[1].alive = false;
    let register = Register::of(&units, alleys, households, members);
    let check = |newer: &[&str], households: Counts, persons: Counts| {
        let matches = match_list(&list(newer), &register);
        assert_eq!((matches.household_counts, matches.person_counts), (households, persons), "{newer:?}");
    };
    let others = ["Thôn Sen;Ngõ 1;3;Lê Văn An;12/03/1960;Nam;Chủ hộ;", ";;;Trần Thị Hòa;1962;Nữ;Vợ;"];
    // One person of a household that stands; as far as the births are known.
    for birth in ["05/06/1990", "1990", ""] {
        let again = format!(";;;Lê Thị Mỹ;{birth};Nữ;Con;");
        check(&[others[0], others[1], &again], counts(0, 1, 0, 0), counts(0, 2, 0, 1));
    }
    // A namesake of another age is somebody else.
    check(&[others[0], others[1], ";;;Lê Thị Mỹ;1975;Nữ;Con;"], counts(0, 1, 0, 0), counts(1, 2, 0, 0));
    // A whole household, at its door or at another; with somebody new in it too.
    for door in ["Ngõ 2;7", "Ngõ 9;1"] {
        let head = format!("Thôn Sen;{door};Phạm Văn Hậu;1970;Nam;Chủ hộ;");
        check(&[&head, ";;;Phạm Gia Bảo;2020;Nam;Con;"], counts(0, 0, 0, 1), counts(0, 0, 0, 2));
    }
    // A name alone is somebody only at the same door.
    let wife = |door: &str| format!("Thôn Sen;{door};Đỗ Thị Nụ;;Nữ;Chủ hộ;");
    check(&[&wife("Ngõ 2;7")], counts(0, 0, 0, 1), counts(0, 0, 0, 1));
    check(&[&wife("Ngõ 9;1")], counts(1, 0, 0, 0), counts(1, 0, 0, 0));
    // Somebody who was deleted, living alone in the other list.
    let alone = "Thôn Sen;Ngõ 9;1;Lê Thị Mỹ;05/06/1990;Nữ;Chủ hộ;";
    check(&[alone], counts(0, 0, 0, 1), counts(0, 0, 0, 1));
    // In another hamlet unit it is somebody else.
    check(&[&alone.replace("Sen", "Mai")], counts(1, 0, 0, 0), counts(1, 0, 0, 0));
}

/// A unit in two spellings stays one, for the households that nothing in the register answers to as well.
#[test]
fn a_unit_in_another_spelling_is_the_same_unit() {
    let unit = |name: &str| HamletUnit {
        id: domain::ids::HamletUnitId::from_name(Uuid::nil(), name),
        name: name.to_owned(),
        kind: domain::people::HamletUnitKind::of_name(name),
        urban: false,
        valid_from: None,
        valid_to: None,
    };
    let check = |known: &[&str], listed: &[&str], expect: &[(&str, bool)], without: usize| {
        let units: Vec<HamletUnit> = known.iter().map(|name| unit(name)).collect();
        let rows: Vec<String> = listed
            .iter()
            .enumerate()
            .map(|(at, name)| format!("{name};Ngõ {at};{at};Lê Văn {at};19{}0;Nam;Chủ hộ;", at + 5))
            .collect();
        let list = list(&rows.iter().map(String::as_str).collect::<Vec<_>>());
        let empty = Register::default();
        let to = Destination { commune: domain::ids::CommuneId(Uuid::nil()), units: &units };
        let plan = plan(&list, &match_list(&list, &empty), &empty, &to);
        let planned: Vec<_> = plan.units.iter().map(|one| (one.unit.name.as_str(), one.is_new)).collect();
        assert_eq!((planned.as_slice(), plan.without_unit), (expect, without), "{listed:?} into {known:?}");
        let taken: usize = plan.units.iter().map(|one| one.households.len()).sum();
        assert_eq!(taken + without, listed.len());
    };
    check(&["Tổ dân phố số 5"], &["TDP 5", "tổ dân phố 5"], &[("Tổ dân phố số 5", false)], 0);
    check(&["Thôn Sen Hạ", "Thôn Lúa"], &["Sen Hạ"], &[("Thôn Sen Hạ", false)], 0);
    // Within one list too, before any unit is known.
    check(&[], &["TDP 5", "Tổ dân phố số 5", "TDP 6"], &[("TDP 5", true), ("TDP 6", true)], 0);
    check(&["Thôn 5"], &["TDP 5"], &[("TDP 5", true)], 0);
    // Two units of that name: nobody but a person can say.
    check(&["Thôn Sen Hạ", "TDP Sen Hạ"], &["Sen Hạ", "Thôn Sen Hạ"], &[("Thôn Sen Hạ", false)], 1);
}

type Records = (Vec<HamletUnit>, Vec<Alley>, Vec<Household>, Vec<Member>);

/// The records of a list taken into an empty register.
fn records(list: &RosterList) -> Records {
    let empty = Register::default();
    let to = Destination { commune: domain::ids::CommuneId(Uuid::nil()), units: &[] };
    let plan = plan(list, &match_list(list, &empty), &empty, &to);
    let mut records = Records::default();
    for unit in plan.units {
        records.0.push(unit.unit);
        records.1.extend(unit.alleys);
        for household in unit.households {
            records.2.extend(household.household.map(|(record, _)| record));
            records.3.extend(household.members.into_iter().map(|(record, _)| record));
        }
    }
    records
}
