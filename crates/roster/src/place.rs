//! Where a household lives, out of an address in one text or of columns: hamlet unit, alley, house
//! number, and what there is instead of a number ("sau đình", a room of a rented block).

use domain::people::Dwelling;
use domain::text::{clean, clean_name, fold};

/// What an address says. Empty where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) hamlet_unit: String,
    pub(crate) alley: String,
    pub(crate) house_no: String,
    pub(crate) place_note: String,
    /// True if the words are of a room of a rented block.
    pub(crate) rented_room: bool,
}

/// Words that begin the name of a hamlet unit. Compared with their marks: `bản` is not `ban`.
const UNIT_WORDS: [&str; 14] = [
    "thôn",
    "thon",
    "tdp",
    "tổ dân phố",
    "to dan pho",
    "khu phố",
    "khu pho",
    "khu dân cư",
    "khu dan cu",
    "ấp",
    "bản",
    "làng",
    "tổ",
    "buôn",
];
const ALLEY_WORDS: [&str; 8] = ["ngo", "hem", "kiet", "xom", "duong", "pho", "khu", "cum"];
const WIDER_WORDS: [&str; 14] = [
    "xa",
    "phuong",
    "thi tran",
    "huyen",
    "quan",
    "thi xa",
    "thanh pho",
    "tp",
    "tinh",
    "viet nam",
    "ha noi",
    "ubnd",
    "uy ban",
    "dac khu",
];

/// Reads an address or a cell of house numbers.
pub(crate) fn read(text: &str) -> Place {
    let mut place = Place::default();
    for part in parts(text) {
        place.take(&part);
    }
    // "28/15" is ngõ 28, số 15, unless the alley is said otherwise.
    if place.alley.is_empty()
        && let Some((alley, house_no)) = place.house_no.split_once('/')
    {
        (place.alley, place.house_no) = (format!("Ngõ {alley}"), house_no.to_owned());
    }
    place
}

/// The cell of a column of alleys: `Ngõ 1`, `1`, `NGÕ 1`.
pub(crate) fn read_alley(text: &str) -> String {
    let name = sentence_case(text);
    if is_number(&name) { format!("Ngõ {name}") } else { name }
}

/// The cell of a column of house numbers, which has no alley in it: `28/15` stays.
pub(crate) fn read_house_no(text: &str) -> Place {
    let stripped = after_any(text, &["so nha", "nha so", "so"]).unwrap_or_else(|| clean(text));
    if is_number(&stripped) { Place { house_no: stripped, ..Place::default() } } else { read(text) }
}

impl Place {
    fn take(&mut self, part: &str) {
        let folded = fold(part);
        let number = after_any(part, &["so nha", "nha so", "so"]).unwrap_or_else(|| part.to_owned());
        if folded.is_empty() {
            self.note(part);
        } else if starts_with_word(
            &folded,
            &["khu tro", "nha tro", "phong tro", "day tro", "xom tro", "phong"],
        ) {
            self.rented_room = true;
            self.note(part);
        } else if let Some(unit) = unit_name(part).filter(|_| self.hamlet_unit.is_empty()) {
            self.hamlet_unit = unit;
        } else if starts_with_word(&folded, &ALLEY_WORDS) && self.alley.is_empty() {
            self.alley = sentence_case(part);
        } else if is_number(&number) && self.house_no.is_empty() {
            self.house_no = number;
        } else if starts_with_word(&folded, &WIDER_WORDS) {
        } else {
            self.note(part);
        }
    }

    fn note(&mut self, part: &str) {
        if !self.place_note.is_empty() {
            self.place_note.push_str(", ");
        }
        self.place_note.push_str(part);
    }
}

/// Cuts at commas, and before "ngõ 3" where only a number stands in front of it.
fn parts(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for piece in text.split([',', ';', '\n']) {
        let mut part = String::new();
        let words: Vec<&str> = piece.split_whitespace().collect();
        for (at, word) in words.iter().enumerate() {
            let next_is_number = words.get(at + 1).is_some_and(|next| is_number(next));
            let new_part = match fold(word).as_str() {
                "ngo" | "hem" | "kiet" | "ngach" | "xom" => next_is_number && ends_in_number(&part),
                "thon" | "tdp" | "xa" | "phuong" | "to" => ends_in_number(&part) && at + 1 < words.len(),
                "-" => true,
                _ => false,
            };
            if new_part {
                parts.push(std::mem::take(&mut part));
            }
            if !part.is_empty() {
                part.push(' ');
            }
            if *word != "-" {
                part.push_str(word);
            }
        }
        parts.push(part);
    }
    parts.retain(|part| !part.trim().is_empty());
    parts.iter().map(|part| clean(part)).collect()
}

fn ends_in_number(part: &str) -> bool {
    part.split(' ').next_back().is_some_and(is_number)
}

/// `10`, `3A`, `28/15`, `12B/3`, `12bis`.
pub(crate) fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.len() <= 16
        && text.split('/').all(|part| {
            let letters = part.trim_start_matches(|c: char| c.is_ascii_digit());
            letters.len() < part.len()
                && letters.len() <= 3
                && letters.chars().all(|c| c.is_ascii_alphabetic())
        })
}

/// The rest of a text after one of these folded beginnings.
fn after_any(text: &str, beginnings: &[&str]) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let folded: Vec<String> = words.iter().map(|word| fold(word)).collect();
    beginnings.iter().find_map(|beginning| {
        let wanted: Vec<&str> = beginning.split(' ').collect();
        let same = folded.len() > wanted.len() && folded.iter().zip(&wanted).all(|(have, want)| have == want);
        same.then(|| words.iter().skip(wanted.len()).copied().collect::<Vec<_>>().join(" "))
    })
}

fn starts_with_word(folded: &str, words: &[&str]) -> bool {
    words
        .iter()
        .any(|word| folded.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')))
}

/// The name of a hamlet unit that begins the text: "THÔN SEN HẠ, XÃ …" gives "Thôn Sen Hạ".
pub(crate) fn unit_name(text: &str) -> Option<String> {
    let lower = clean(text).to_lowercase();
    let word = UNIT_WORDS
        .iter()
        .find(|word| lower.strip_prefix(*word).is_some_and(|rest| rest.starts_with([' ', ':', '.'])))?;
    let cleaned = clean(text);
    let after: String = cleaned.chars().skip(word.chars().count()).collect();
    let after = after.trim_start_matches([' ', ':', '.']);
    let mut name = String::new();
    for piece in after.split_inclusive([' ', ',', ';', '(', '-', '–', '/', '\n', '.', '…']) {
        let bare = piece.trim_matches(|c: char| !c.is_alphanumeric());
        let is_wider =
            matches!(bare.to_lowercase().as_str(), "xã" | "xa" | "phường" | "phuong" | "huyện" | "đến");
        if is_wider && !name.is_empty() {
            break;
        }
        if !bare.is_empty() {
            name.push(' ');
            name.push_str(bare);
        }
        if piece.ends_with([',', ';', '(', '-', '–', '\n']) && !name.is_empty() {
            break;
        }
    }
    // "Tổ 5" is a unit; "tổ trưởng" and "tổ chức" are not.
    let numbered = name.trim_start().starts_with(|c: char| c.is_ascii_digit());
    if name.trim().is_empty() || (*word == "tổ" && !numbered) || name.split(' ').count() > 7 {
        return None;
    }
    let written: String = cleaned.chars().take(word.chars().count()).collect();
    Some(sentence_case(&format!("{written}{name}")))
}

/// A unit named anywhere in a title line: "DANH SÁCH HỘ THÔN SEN HẠ", "Đơn vị: TDP số 5".
pub(crate) fn unit_within(line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    // "trưởng thôn", "tổ trưởng", "các thôn": of people and of all units.
    let refers = |at: usize| {
        let before =
            at.checked_sub(1).and_then(|at| words.get(at)).map(|word| fold(word)).unwrap_or_default();
        matches!(before.as_str(), "truong" | "cac" | "pho" | "can" | "doi" | "chi" | "moi" | "tung")
    };
    (0..words.len()).filter(|at| !refers(*at)).find_map(|at| {
        let rest = words.get(at..).unwrap_or_default().join(" ");
        unit_name(rest.trim_start_matches(|c: char| !c.is_alphanumeric()))
    })
}

/// [`clean_name`], but TDP stays in capitals.
pub(crate) fn sentence_case(text: &str) -> String {
    let name = clean_name(text);
    match name.strip_prefix("Tdp") {
        Some(rest) if rest.is_empty() || rest.starts_with(' ') => format!("TDP{rest}"),
        _ if name.starts_with("Tổ Dân Phố") => name.replacen("Tổ Dân Phố", "Tổ dân phố", 1),
        _ => name,
    }
}

impl Place {
    /// A room of a rented block, or a house.
    pub(crate) fn dwelling(&self) -> Dwelling {
        if self.rented_room { Dwelling::RentedRoom } else { Dwelling::House }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        // unit | alley | house number | note | rented room
        let check = |text: &str, expect: &str| {
            let Place { hamlet_unit, alley, house_no, place_note, rented_room } = read(text);
            let room = if rented_room { "room" } else { "" };
            assert_eq!(format!("{hamlet_unit}|{alley}|{house_no}|{place_note}|{room}"), expect, "{text}");
        };
        check("Số 10, Ngõ 1", "|Ngõ 1|10||");
        check("Số 120B, Ngõ 1", "|Ngõ 1|120B||");
        check("số nhà 5 ngõ 12", "|ngõ 12|5||");
        check("28/15", "|Ngõ 28|15||");
        check("Số 28/15, Ngõ 3", "|Ngõ 3|28/15||");
        check("sau đình, Ngõ 9", "|Ngõ 9||sau đình|");
        check("Khu trọ bà Năm, phòng 8, Ngõ 7", "|Ngõ 7||Khu trọ bà Năm, phòng 8|room");
        check("cuối ngõ", "|||cuối ngõ|");
        check("cạnh nhà văn hóa thôn, ngõ 3", "|ngõ 3||cạnh nhà văn hóa thôn|");
        check("Số 5, Ngõ 2, Thôn Sen Hạ, xã Đồng Sen, TP Hà Nội", "Thôn Sen Hạ|Ngõ 2|5||");
        check("12 ngõ 3 thôn Sen Hạ", "thôn Sen Hạ|ngõ 3|12||");
        check("", "||||");
        check("'; DROP TABLE households;--", "|||', DROP TABLE households, --|");
    }

    #[test]
    fn units_in_title_lines() {
        let check =
            |line: &str, expect: Option<&str>| assert_eq!(unit_within(line).as_deref(), expect, "{line}");
        check("THÔN SEN HẠ", Some("Thôn Sen Hạ"));
        check("DANH SÁCH HỘ GIA ĐÌNH THÔN SEN HẠ - XÃ ĐỒNG SEN", Some("Thôn Sen Hạ"));
        check("Đơn vị: TDP số 5", Some("TDP số 5"));
        check("TDP TRE HẠ", Some("TDP Tre Hạ"));
        check("Thôn: Đình Hoà, xã Đồng Sen", Some("Thôn Đình Hoà"));
        check("TỔ DÂN PHỐ DỐC LÃ", Some("Tổ dân phố Dốc Lã"));
        check("ỦY BAN NHÂN DÂN XÃ ĐỒNG SEN", None);
        check("TRƯỞNG THÔN", None);
        check("Danh sách các thôn", None);
        check("Tổ trưởng tổ công nghệ số", None);
    }

    #[test]
    fn columns_of_alleys_and_numbers() {
        assert_eq!(read_alley("NGÕ 1"), "Ngõ 1");
        assert_eq!(read_alley("12"), "Ngõ 12");
        assert_eq!(read_house_no("28/15").house_no, "28/15");
        assert_eq!(read_house_no("số 3A").house_no, "3A");
        assert_eq!(read_house_no("sau đình").place_note, "sau đình");
        assert!(read_house_no("Khu trọ bà Năm, phòng 8").rented_room);
    }
}
