//! Single ways of writing a list, each from a few lines of CSV or a small workbook.

use domain::people::{Residence, Sex};
use encoding_rs::WINDOWS_1258;
use roster::{Encoding, Limits, MappedColumn, Mapping, Role, RosterList, open, read, read_with};
use rust_xlsxwriter::{Format, Workbook};
use unicode_normalization::UnicodeNormalization;

use crate::fixtures::today;

fn csv(text: &str) -> RosterList {
    read(&open(text.as_bytes(), &Limits::default()).unwrap(), today()).unwrap()
}

/// Households as "unit|alley|number: name year, name year".
fn shown(list: &RosterList) -> Vec<String> {
    let person = |member: &roster::ListedMember| {
        format!("{} {}", member.full_name, member.birth.map(|birth| birth.to_string()).unwrap_or_default())
    };
    let home = |household: &roster::ListedHousehold| {
        let people: Vec<String> = household.members.iter().map(person).collect();
        format!("{}|{}|{}: {}", household.hamlet_unit, household.alley, household.house_no, people.join(", "))
    };
    list.households.iter().map(home).collect()
}

/// "row column reason" of rejections, then of warnings.
fn troubles(list: &RosterList) -> (Vec<String>, Vec<String>) {
    let line = |trouble: &roster::RowTrouble| {
        format!("{} {} {}", trouble.row, trouble.column.as_deref().unwrap_or("-"), trouble.reason.code())
    };
    (list.rejected.iter().map(line).collect(), list.warnings.iter().map(line).collect())
}

#[test]
fn ways_of_parting_households() {
    let check = |text: &str, expect: &[&str]| assert_eq!(shown(&csv(text)), expect, "{text}");
    // By the head's name beside each person.
    check(
        "Thôn;Họ tên chủ hộ;Họ và tên;Năm sinh\nThôn Sen;Lê Văn An;Lê Văn An;1960\n;Lê Văn An;Lê Thị Hoa;1962\n;Ngô Bình;Ngô Bình;1970\n",
        &["Thôn Sen||: Lê Văn An 1960, Lê Thị Hoa 1962", "Thôn Sen||: Ngô Bình 1970"],
    );
    // A list of heads.
    check(
        "Thôn;Họ và tên chủ hộ;Năm sinh;Địa chỉ\nThôn Sen;Lê Văn An;1960;Số 3, Ngõ 1\nThôn Sen;Ngô Bình;1970;28/15\n",
        &["Thôn Sen|Ngõ 1|3: Lê Văn An 1960", "Thôn Sen|Ngõ 28|15: Ngô Bình 1970"],
    );
    // Sorted by name: a code brings them together again.
    check(
        "Mã hộ,Họ và tên,Năm sinh,Quan hệ,Thôn\nA-1,Lê Văn An,1960,Chủ hộ,Thôn Sen\nA-2,Ngô Bình,1970,Chủ hộ,Thôn Sen\nA-1,Lê Thị Hoa,1962,Vợ,Thôn Sen\n",
        &["Thôn Sen||: Lê Văn An 1960, Lê Thị Hoa 1962", "Thôn Sen||: Ngô Bình 1970"],
    );
    // By address alone, on first lines.
    check(
        "Họ và tên\tNăm sinh\tĐịa chỉ\nLê Văn An\t1960\tSố 3, Ngõ 1, Thôn Sen\nLê Thị Hoa\t1962\t\nNgô Bình\t1970\tSố 5, Ngõ 1, Thôn Sen\n",
        &["Thôn Sen|Ngõ 1|3: Lê Văn An 1960, Lê Thị Hoa 1962", "Thôn Sen|Ngõ 1|5: Ngô Bình 1970"],
    );
    // Lines of their own for unit, alley and household.
    check(
        "STT,Họ và tên,Năm sinh,Quan hệ\nTHÔN SEN,,,\nNgõ 3,,,\n1,Lê Văn An,1960,Chủ hộ\n2,Lê Thị Hoa,1962,Vợ\nNgõ 4,,,\n3,Ngô Bình,1970,Chủ hộ\n",
        &["Thôn Sen|Ngõ 3|: Lê Văn An 1960, Lê Thị Hoa 1962", "Thôn Sen|Ngõ 4|: Ngô Bình 1970"],
    );
}

#[test]
fn rows_to_look_at_are_named() {
    let list = csv(concat!(
        "Thôn;Số hộ;Họ và tên;Năm sinh;Quan hệ;SĐT;Ghi chú\n",
        "Thôn Sen;1;Lê Văn An;30/02/1960;Chủ hộ;0912345678;Đi làm ăn xa\n",
        ";;Lê Thị Hoa;23/11/2026;Vợ;12345;\n",
        ";;;12/05/1990;Con;;\n",
        ";;Ngô Thị Ẩm;85;Phi hành gia;;Tổ trưởng\n",
        ";2;Ngô Bình;1970;Chủ hộ;không có;\n",
        "Tổng cộng: 3 hộ, 4 người;;;;;;\n",
    ));
    let (rejected, warned) = troubles(&list);
    assert_eq!(rejected, ["4 C name_missing"]);
    assert_eq!(
        warned,
        [
            "2 D birth_no_such_day",
            "3 D birth_in_future",
            "3 F phone_unreadable",
            "5 D birth_two_digit_year",
            "5 E relation_unrecognised",
            "7 - stated_total_differs"
        ]
    );
    assert_eq!(list.persons(), 4);
    let first = &list.households[0].members;
    assert_eq!((first[0].birth, &first[0].residence), (None, &Residence::Away));
    assert_eq!(first[1].sex, Some(Sex::Female));
}

#[test]
fn a_name_is_text_whatever_it_says() {
    let list = csv("Thôn,Họ và tên,Năm sinh\nThôn Sen,\"Robert'; DROP TABLE members;-- 😀\",1990\n");
    assert_eq!(list.households[0].members[0].full_name, "Robert'; DROP TABLE members;-- 😀");
}

#[test]
fn encodings() {
    let text = "Thôn;Họ và tên;Năm sinh;Quan hệ\nThôn Sen;Nguyễn Thị Ẩm;1960;Chủ hộ\nThôn Sen;Đỗ Hữu Quý;1962;Chồng\n";
    let expect = ["Thôn Sen||: Nguyễn Thị Ẩm 1960, Đỗ Hữu Quý 1962"];
    let check = |bytes: &[u8], encoding: Encoding| {
        let list = read(&open(bytes, &Limits::default()).unwrap(), today()).unwrap();
        assert_eq!((shown(&list).as_slice(), list.encoding), (expect.map(String::from).as_slice(), encoding));
    };
    check(text.as_bytes(), Encoding::Unicode);
    check(text.nfd().collect::<String>().as_bytes(), Encoding::Unicode);
    check(&[b"\xef\xbb\xbf", text.as_bytes()].concat(), Encoding::Unicode);
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    check(&utf16, Encoding::Unicode);
    check(&windows_1258(text), Encoding::Cp1258);
}

/// As Vietnamese Windows writes it: base letters with their tones behind them.
fn windows_1258(text: &str) -> Vec<u8> {
    let is_tone = |c: &char| ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'].contains(c);
    let mut parted = String::new();
    for c in text.nfc() {
        let (tones, letter): (String, String) = c.nfd().partition(|c| is_tone(c));
        parted.extend(letter.nfc().chain(tones.chars()));
    }
    let (bytes, _, lossy) = WINDOWS_1258.encode(&parted);
    assert!(!lossy);
    bytes.into_owned()
}

#[test]
fn cells_merged_over_several_households() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("Thôn Sen Hạ").unwrap();
    for (column, title) in (0..).zip(["Ngõ", "Số nhà", "Họ và tên", "Quan hệ", "Năm sinh"]) {
        sheet.write_string(0, column, title).unwrap();
    }
    let rows = [("3", "An", "Chủ hộ"), ("3", "Hoa", "Vợ"), ("5", "Bình", "Chủ hộ"), ("7", "Chi", "Chủ hộ")];
    for (row, (number, name, relation)) in (1..).zip(rows) {
        sheet.write_string(row, 1, number).unwrap();
        sheet.write_string(row, 2, format!("Lê {name}")).unwrap();
        sheet.write_string(row, 3, relation).unwrap();
        sheet.write_number(row, 4, 1_960 + row).unwrap();
    }
    sheet.merge_range(1, 0, 3, 0, "Ngõ 1", &Format::new()).unwrap();
    sheet.write_string(4, 0, "Ngõ 2").unwrap();
    let bytes = book.save_to_buffer().unwrap();
    let list = read(&open(&bytes, &Limits::default()).unwrap(), today()).unwrap();
    assert_eq!(
        shown(&list),
        [
            "Thôn Sen Hạ|Ngõ 1|3: Lê An 1961, Lê Hoa 1962",
            "Thôn Sen Hạ|Ngõ 1|5: Lê Bình 1963",
            "Thôn Sen Hạ|Ngõ 2|7: Lê Chi 1964"
        ]
    );
}

#[test]
fn a_person_may_change_the_mapping() {
    let book =
        open("X,Y,Z\nLê An,1960,Thôn Sen\nLê Hoa,1962,Thôn Sen\n".as_bytes(), &Limits::default()).unwrap();
    assert!(read(&book, today()).is_err());
    let column = |letter: &str| MappedColumn { column: letter.into(), title: String::new() };
    let mapping: Mapping = serde_json::from_value(serde_json::json!({
        "full_name": { "column": "A" }, "birth": { "column": "B", "title": "Y" }
    }))
    .unwrap();
    assert_eq!(mapping.0[&Role::FullName], column("A"));
    let list = read_with(&book, &mapping, today()).unwrap();
    assert!(shown(&list).contains(&"||: Lê An 1960".to_owned()), "{:?}", shown(&list));
}

#[test]
fn the_same_cells_in_another_file_have_the_same_ids() {
    let list = |text: &str| csv(text);
    let one = list("Thôn;Họ và tên;Năm sinh\nThôn Sen;Lê An;1960\n");
    let other = list("Thôn,Họ và tên,\"Năm sinh\"\r\nThôn  Sen,Lê An,1960\r\n");
    let changed = list("Thôn;Họ và tên;Năm sinh\nThôn Sen;Lê An;1961\n");
    assert_eq!(one.content_hash, other.content_hash);
    assert_eq!(one.household_id(&one.households[0]), other.household_id(&other.households[0]));
    assert_ne!(one.content_hash, changed.content_hash);
}

#[test]
fn the_preview_keeps_its_keys() {
    let list = csv("Thôn;Họ và tên;Năm sinh;Quan hệ\nThôn Sen;Lê An;1960;Chủ hộ\n;;1999;Con\n");
    let json = serde_json::to_value(list.preview()).unwrap();
    assert_eq!(json["encoding"], "unicode");
    assert_eq!((&json["households"], &json["persons"]), (&1.into(), &1.into()));
    assert_eq!(
        json["hamlet_units"],
        serde_json::json!([{ "name": "Thôn Sen", "households": 1, "persons": 1 }])
    );
    assert_eq!(json["mapping"]["full_name"], serde_json::json!({ "column": "B", "title": "Họ và tên" }));
    let rejected = serde_json::json!([{ "sheet": "", "row": 3, "column": "B", "reason": "name_missing" }]);
    assert_eq!(json["rejected"], rejected);
}
