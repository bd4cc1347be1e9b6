//! Files that are damaged, hostile or no lists at all: refused with a code, quickly, without a panic.

use std::io::Write;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use roster::{BombKind, Limits, Mapping, ReadError, open, read, read_with};
use rust_xlsxwriter::Workbook;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::fixtures::{fixture, today};
use crate::generated::{Dice, written};

fn refusal(bytes: &[u8]) -> ReadError {
    open(bytes, &Limits::default()).and_then(|book| read(&book, today())).unwrap_err()
}

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, content) in entries {
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn what_is_no_list_is_refused_with_a_code() {
    let check = |bytes: &[u8], code: &str| assert_eq!(refusal(bytes).code(), code);
    check(b"", "roster.empty");
    check(b"  \r\n \n", "roster.empty");
    check(b"\xef\xbb\xbf", "roster.empty");
    check(b"%PDF-1.7 ...", "roster.unsupported_format");
    check(&[0, 1, 2, 3, 200, 7, 0, 9], "roster.unreadable_file");
    check(b"PK\x03\x04 and nothing more", "roster.unreadable_file");
    check(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and nothing more", "roster.unreadable_file");
    check(&archive(&[("word/document.xml", b"<a/>")]), "roster.unsupported_format");
    check(&archive(&[("xl/workbook.xml", b"<workbook")]), "roster.unreadable_file");
    check(b"a;b;c\n1;2;3\n", "roster.no_header");
    let encrypted: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(&[b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), encrypted].concat(), "roster.encrypted");
    let mut empty = Workbook::new();
    empty.add_worksheet();
    check(&empty.save_to_buffer().unwrap(), "roster.no_sheet");
    let mut no_header = Workbook::new();
    no_header.add_worksheet().write_string(3, 3, "Kế hoạch công tác").unwrap();
    check(&no_header.save_to_buffer().unwrap(), "roster.no_header");
}

#[test]
fn a_file_cut_short_or_scratched_is_refused_or_read() {
    let whole = fixture("so-ho-thon-sen-ha.xlsx");
    for part in 1..20 {
        let cut = &whole[..whole.len() * part / 20];
        assert_eq!(refusal(cut).code(), "roster.unreadable_file");
    }
    let mut dice = Dice(7);
    for file in ["so-ho-thon-sen-ha.xlsx", "danh-sach-mau.xls"] {
        let whole = fixture(file);
        for _ in 0..200 {
            let mut scratched = whole.clone();
            for _ in 0..3 {
                let at = dice.below(scratched.len());
                scratched[at] ^= 1 << dice.below(8);
            }
            scratched.truncate(whole.len() - dice.below(2) * dice.below(whole.len()));
            // Whatever comes of it, it comes without a panic.
            let _ = open(&scratched, &Limits::default()).and_then(|book| read(&book, today()));
        }
    }
}

#[test]
fn bombs_are_refused_before_they_grow() {
    let bomb = |bytes: &[u8], what: BombKind, limits: &Limits| {
        let start = Instant::now();
        assert_eq!(open(bytes, limits).unwrap_err(), ReadError::ZipBomb { what });
        assert!(start.elapsed() < Duration::from_secs(5));
    };
    let zeros = vec![b'0'; 40 << 20];
    let packed = archive(&[("xl/workbook.xml", b"<a/>"), ("xl/worksheets/sheet1.xml", &zeros)]);
    assert!(packed.len() < 100_000);
    bomb(&packed, BombKind::Ratio, &Limits::default());
    bomb(&packed, BombKind::DeclaredSize, &Limits { inflated_bytes: 1 << 20, ..Limits::default() });
    // The archive lies about its sizes: the central directory says ten bytes.
    let mut lying = packed;
    let declared = u32::try_from(zeros.len()).unwrap().to_le_bytes();
    let places: Vec<usize> = (0..lying.len() - 4).filter(|at| lying[*at..at + 4] == declared).collect();
    assert!(!places.is_empty());
    for at in places {
        lying[at..at + 4].copy_from_slice(&10u32.to_le_bytes());
    }
    assert!(open(&lying, &Limits { inflated_bytes: 1 << 20, ..Limits::default() }).is_err());
    let names: Vec<String> = (0..3_000).map(|number| format!("xl/{number}.xml")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"<a/>".as_slice())).collect();
    bomb(&archive(&many), BombKind::Entries, &Limits::default());
}

#[test]
fn two_hundred_megabytes_are_refused_at_once() {
    let huge = vec![b'a'; 200 << 20];
    let start = Instant::now();
    let limit_bytes = Limits::default().file_bytes;
    assert_eq!(refusal(&huge), ReadError::TooLarge { size_bytes: 200 << 20, limit_bytes });
    assert!(start.elapsed() < Duration::from_millis(100));
    assert_eq!(Limits::default().check_size(200 << 20).unwrap_err().code(), "roster.too_large");
}

#[test]
fn a_cell_in_the_far_corner_costs_nothing() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, title) in (0..).zip(["Thôn", "Họ và tên", "Năm sinh", "Quan hệ"]) {
        sheet.write_string(0, column, title).unwrap();
    }
    for (column, value) in (0..).zip(["Thôn Sen Hạ", "Lê Thị Hoa", "1956", "Chủ hộ"]) {
        sheet.write_string(1, column, value).unwrap();
    }
    sheet.write_string(1_048_575, 16_383, "x").unwrap();
    let list = read(&open(&book.save_to_buffer().unwrap(), &Limits::default()).unwrap(), today()).unwrap();
    assert_eq!((list.households.len(), list.rejected.len()), (1, 0));
}

#[test]
fn more_cells_than_allowed_are_refused() {
    let limits = Limits { cells: 100, ..Limits::default() };
    assert_eq!(
        open(&fixture("so-ho-thon-sen-ha.xlsx"), &limits).unwrap_err().code(),
        "roster.too_many_cells"
    );
    assert_eq!(open("a;b\n".repeat(60).as_bytes(), &limits).unwrap_err().code(), "roster.too_many_cells");
}

#[test]
fn a_mapping_without_names_is_refused() {
    let book = open(&written(1).bytes, &Limits::default()).unwrap();
    assert_eq!(read_with(&book, &Mapping::default(), today()).unwrap_err(), ReadError::NoHeader);
}

const TITLES: [&str; 12] = [
    "STT",
    "Số hộ",
    "Họ và tên",
    "Nam",
    "Nữ",
    "Năm sinh",
    "Quan hệ với chủ hộ",
    "Địa chỉ",
    "Số nhà",
    "SĐT",
    "Thôn",
    "Ghi chú",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = open(&bytes, &Limits::default()).and_then(|book| read(&book, today()));
    }

    #[test]
    fn random_cells_never_panic_and_nobody_is_lost(
        titles in proptest::sample::subsequence(TITLES.to_vec(), 2..12),
        cells in proptest::collection::vec(proptest::collection::vec(r"[0-9/x \-.,ÐđNamữ😀(]{0,12}|\PC{0,20}", 0..12), 0..30),
    ) {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for (column, title) in (0..).zip(&titles) {
            sheet.write_string(0, column, *title).unwrap();
        }
        for (row, cells) in (1..).zip(&cells) {
            for (column, cell) in (0..).zip(cells) {
                match cell.trim().parse::<f64>() {
                    Ok(number) if number.is_finite() => { sheet.write_number(row, column, number).unwrap(); }
                    _ => { sheet.write_string(row, column, cell).unwrap(); }
                }
            }
        }
        let bytes = book.save_to_buffer().unwrap();
        let list = open(&bytes, &Limits::default()).and_then(|book| read(&book, today()));
        if let Ok(list) = list {
            let rows: std::collections::BTreeSet<u32> = list.households.iter().flat_map(|household| &household.members).map(|member| member.at.row).collect();
            prop_assert_eq!(rows.len(), list.persons());
            prop_assert!(list.households.iter().all(|household| !household.members.is_empty()));
        }
    }
}
