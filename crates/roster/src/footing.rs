//! Rows of a list that are neither people nor mistakes: totals, signatures, section lines, the line of
//! column numbers.

use domain::text::fold;

use crate::place::{read_alley, unit_name};
use crate::sheet::Cell;

/// What a row without a person is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Footing {
    /// "Tổng cộng: 84 hộ, 409 nhân khẩu", with what it says.
    Total {
        /// Households, if it says them.
        households: Option<usize>,
        /// People, if it says them.
        persons: Option<usize>,
    },
    /// "NGƯỜI LẬP BIỂU", "Ngày … tháng … năm …"
    Signature,
    /// "Thôn Sen Hạ" as a line of its own.
    HamletUnit(String),
    /// "Ngõ 3" as a line of its own.
    Alley(String),
    /// "Hộ số 5" as a line of its own.
    Household,
    /// "(1) (2) (3)" below the titles.
    ColumnNumbers,
}

/// Compared in lower case with marks, because "Tống Công Minh" is a person; the second of each pair is
/// for lists without marks, and then a number has to stand in the row.
const TOTALS: [&str; 6] = ["tổng cộng", "tổng số", "tổng:", "cộng:", "cộng trang", "tổng toàn"];
const TOTALS_UNMARKED: [&str; 3] = ["tong cong", "tong so", "cong trang"];
const SIGNATURES: [&str; 17] = [
    "người lập",
    "nguoi lap",
    "trưởng thôn",
    "truong thon",
    "tổ trưởng",
    "chủ tịch",
    "phó chủ tịch",
    "xác nhận",
    "tm.",
    "kt.",
    "(ký",
    "ký tên",
    "ký, ghi",
    "công an xã",
    "cán bộ",
    "người tổng hợp",
    "trưởng công an",
];

/// Whether cells beside the name say something that only a person has: a number, a birth, a sex, a known
/// relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// They do.
    OfPerson,
    /// They do not.
    None,
}

fn is_label(lower: &str) -> bool {
    TOTALS.iter().chain(&TOTALS_UNMARKED).chain(&SIGNATURES).any(|word| lower.starts_with(word))
        || matches!(lower, "cộng" | "tổng")
}

/// Judges a row by its cells and the whole name in it. `None` for a row that may be a person or a mistake.
pub(crate) fn of(
    cells: &[(u16, Cell)],
    name: &str,
    name_column: Option<u16>,
    evidence: Evidence,
) -> Option<Footing> {
    if is_column_numbers(cells) {
        return Some(Footing::ColumnNumbers);
    }
    // Somebody whose note is "Tổ trưởng", or whose given name is Tổng, must not be lost.
    if evidence == Evidence::OfPerson && !name.is_empty() && !is_label(&name.to_lowercase()) {
        return None;
    }
    let texts = cells.iter().filter_map(|(column, cell)| match cell {
        Cell::Text(text) => Some((*column, text.as_str())),
        _ => None,
    });
    let has_number = cells.iter().any(|(_, cell)| cell.shown().contains(|c: char| c.is_ascii_digit()));
    for (_, text) in texts.clone() {
        let lower = text.to_lowercase();
        let marked =
            TOTALS.iter().any(|word| lower.starts_with(word)) || matches!(lower.as_str(), "cộng" | "tổng");
        if marked || (has_number && TOTALS_UNMARKED.iter().any(|word| lower.starts_with(word))) {
            let (households, persons) = stated(cells);
            return Some(Footing::Total { households, persons });
        }
        let dated = lower.contains("ngày") && lower.contains("tháng") && lower.contains("năm");
        if cells.len() <= 4 && (dated || SIGNATURES.iter().any(|word| lower.starts_with(word))) {
            return Some(Footing::Signature);
        }
    }
    match texts.collect::<Vec<_>>().as_slice() {
        [(column, text)] if cells.len() == 1 => section(text, Some(*column) == name_column),
        _ => None,
    }
}

fn section(text: &str, in_names: bool) -> Option<Footing> {
    // "I. Thôn Sen Hạ", "2) Ngõ 3"
    let numeral =
        |word: &str| word.trim_end_matches(['.', ')', '/', ':']).chars().all(|c| "IVX0123456789".contains(c));
    let bare = match text.split_once(' ') {
        Some((first, rest)) if first.ends_with(['.', ')', '/']) && numeral(first) => rest.trim(),
        _ => text,
    };
    if let Some(unit) = unit_name(bare) {
        return Some(Footing::HamletUnit(unit));
    }
    let lower = bare.to_lowercase();
    let mut words = lower.split(' ');
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let numbered = second.starts_with(|c: char| c.is_ascii_digit());
    match first.trim_end_matches(':') {
        "ngõ" | "xóm" | "ngách" | "hẻm" | "ngo" | "xom"
            if numbered || (!in_names && first.contains(['õ', 'ó', 'á', 'ẻ'])) =>
        {
            Some(Footing::Alley(read_alley(bare)))
        }
        "hộ" if numbered || matches!(second.trim_end_matches(':'), "số" | "thứ" | "ông" | "bà" | "gia") => {
            Some(Footing::Household)
        }
        _ => None,
    }
}

fn is_column_numbers(cells: &[(u16, Cell)]) -> bool {
    let token = |cell: &Cell| {
        let shown = cell.shown();
        let bare = shown.trim_matches(['(', ')', '[', ']']).to_owned();
        let letter = bare.len() == 1 && bare.chars().all(|c| c.is_ascii_alphabetic());
        (letter || (bare.len() <= 2 && !bare.is_empty() && bare.chars().all(|c| c.is_ascii_digit())))
            .then_some(bare)
    };
    let tokens: Option<Vec<String>> = cells.iter().map(|(_, cell)| token(cell)).collect();
    let rises = |tokens: &[String]| {
        let numbers: Vec<u32> = tokens.iter().filter_map(|token| token.parse().ok()).collect();
        numbers.len() >= 2
            && numbers.windows(2).all(|pair| matches!(pair, [a, b] if b.checked_sub(*a) == Some(1)))
    };
    cells.len() >= 4 && tokens.is_some_and(|tokens| rises(&tokens))
}

/// The numbers in front of "hộ" and of "nhân khẩu", "khẩu", "người".
fn stated(cells: &[(u16, Cell)]) -> (Option<usize>, Option<usize>) {
    let line = cells.iter().map(|(_, cell)| cell.shown()).collect::<Vec<_>>().join(" ");
    // A dot between digits parts thousands.
    let words: Vec<String> = line.split_whitespace().map(|word| word.replace('.', "")).collect();
    let mut found = (None, None);
    for pair in words.windows(2) {
        let [number, what] = pair else { continue };
        let number: Option<usize> = number.trim_matches(|c: char| !c.is_alphanumeric()).parse().ok();
        match fold(what).as_str() {
            "ho" if found.0.is_none() => found.0 = number,
            "nhan" | "khau" | "nguoi" | "nk" if found.1.is_none() => found.1 = number,
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_nobody() {
        let check = |texts: &[&str], expect: Option<Footing>| {
            let cells: Vec<(u16, Cell)> =
                (0..).zip(texts).filter_map(|(at, text)| Some((at, Cell::text(text, 200)?))).collect();
            let evidence =
                if texts.len() > 3 && !texts[3].is_empty() { Evidence::OfPerson } else { Evidence::None };
            assert_eq!(of(&cells, texts.get(2).unwrap_or(&""), Some(2), evidence), expect, "{texts:?}");
        };
        let total = |households, persons| Some(Footing::Total { households, persons });
        check(&["Tổng cộng: 84 hộ, 409 nhân khẩu"], total(Some(84), Some(409)));
        check(&["Tổng số", "5.741 hộ", "27.765 khẩu"], total(Some(5741), Some(27765)));
        check(&["", "", "Cộng", "12"], total(None, None));
        check(&["TONG CONG: 3 ho, 9 nguoi"], total(Some(3), Some(9)));
        check(&["1", "1", "Tống Công Minh", "1985"], None);
        check(&["", "NGƯỜI LẬP BIỂU", "", "TRƯỞNG THÔN"], Some(Footing::Signature));
        check(&["", "", "", "Đồng Sen, ngày 01 tháng 7 năm 2026"], Some(Footing::Signature));
        check(&["I. THÔN SEN HẠ"], Some(Footing::HamletUnit("Thôn Sen Hạ".into())));
        check(&["Ngõ 3"], Some(Footing::Alley("Ngõ 3".into())));
        check(&["", "", "Ngô Văn An"], None);
        check(&["Hộ số 5: "], Some(Footing::Household));
        check(&["(1)", "(2)", "(3)", "(4)"], Some(Footing::ColumnNumbers));
        check(&["A", "B", "1", "2"], Some(Footing::ColumnNumbers));
        check(&["Lê Thị Hoa"], None);
    }
}
