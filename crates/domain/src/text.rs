//! Vietnamese text: what a name is kept as, what it is compared by, what it is sorted by, and how well
//! it answers a search.
//!
//! A name is kept as it was written, in NFC. Nothing here changes what somebody typed except blanks,
//! invisible characters and the letter Ð (U+00D0, Icelandic), which old lists use for Đ (U+0110).

use std::sync::OnceLock;

use icu_collator::options::CollatorOptions;
use icu_collator::{CollatorBorrowed, CollatorPreferences};
use icu_locale_core::locale;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The five tone marks in decomposed text: huyền, sắc, ngã, hỏi, nặng.
const TONE_MARKS: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];

/// The form that is stored and shown: NFC, Đ for Ð, single blanks, nothing invisible.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfc() {
        match c {
            'Ð' => out.push('Đ'),
            'ð' => out.push('đ'),
            c if c.is_whitespace() || c.is_control() => {
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => {}
            c => out.push(c),
        }
    }
    if out.ends_with(' ') {
        out.pop();
    }
    out
}

/// A name from a list: [`clean`], and `NGUYỄN THỊ ẨM` becomes `Nguyễn Thị Ẩm`. A name with any
/// lower-case letter stays as it was written.
pub fn clean_name(text: &str) -> String {
    let cleaned = clean(text);
    if cleaned.chars().any(char::is_lowercase) {
        return cleaned;
    }
    let mut out = String::with_capacity(cleaned.len());
    let mut at_start = true;
    for c in cleaned.chars() {
        if at_start {
            out.push(c);
        } else {
            out.extend(c.to_lowercase());
        }
        at_start = !c.is_alphabetic();
    }
    out
}

/// The form for searching and for finding the same name: lower case, no marks, d for đ, words parted by
/// one blank, punctuation as blanks. `hoà` and `hòa` both give `hoa`.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfd() {
        match c {
            'Đ' | 'đ' | 'Ð' | 'ð' => out.push('d'),
            c if is_combining_mark(c) => {}
            c if c.is_alphanumeric() => out.extend(c.to_lowercase()),
            _ => {
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
            }
        }
    }
    if out.ends_with(' ') {
        out.pop();
    }
    out
}

/// The form for "the same with its marks": lower case, and each syllable's tone moved behind it, so that
/// the two legal placements (`hoà`, `hòa`; Bộ GD-ĐT QĐ 1989/2018 and the older use) are one.
pub fn fold_placement(text: &str) -> String {
    let mut words = Vec::new();
    for word in clean(text).to_lowercase().split(|c: char| !c.is_alphanumeric()) {
        let (tones, letters): (String, String) = word.nfd().partition(|c| TONE_MARKS.contains(c));
        if !letters.is_empty() {
            words.push(letters + &tones);
        }
    }
    words.join(" ")
}

/// [`fold`] with i for a lone final y: `Mỹ` and `Mĩ`, `Quý` and `Quí` are one name. For matching only;
/// never shown, never used for a prefix search, where `my` would find every `Minh`.
pub fn fold_sound(text: &str) -> String {
    let same_sound = |word: &str| match word.strip_suffix('y') {
        Some(rest) if rest == "qu" || !rest.contains(['a', 'e', 'i', 'o', 'u', 'y']) => format!("{rest}i"),
        _ => word.to_owned(),
    };
    fold(text).split(' ').map(same_sound).collect::<Vec<_>>().join(" ")
}

fn collator() -> Option<&'static CollatorBorrowed<'static>> {
    static COLLATOR: OnceLock<Option<CollatorBorrowed<'static>>> = OnceLock::new();
    let make = || {
        CollatorBorrowed::try_new(CollatorPreferences::from(locale!("vi")), CollatorOptions::default()).ok()
    };
    COLLATOR.get_or_init(make).as_ref()
}

/// Bytes whose order is the order of official lists: given name (tên), then surname (họ), then what
/// stands between (đệm), each by the Vietnamese alphabet and tones.
pub fn sort_key(name: &str) -> Vec<u8> {
    let cleaned = clean(name).to_lowercase();
    let words: Vec<&str> = cleaned.split(' ').collect();
    let (given, surname, middle) = match words.as_slice() {
        [] => ("", "", String::new()),
        [only] => (*only, "", String::new()),
        [surname, middle @ .., given] => (*given, *surname, middle.join(" ")),
    };
    let mut key = Vec::new();
    for part in [given, surname, &middle] {
        match collator() {
            // Writing into a Vec cannot fail.
            Some(collator) => drop(collator.write_sort_key_to(part, &mut key)),
            None => key.extend_from_slice(part.as_bytes()),
        }
        key.push(0);
    }
    key
}

/// A key that puts "Ngõ 2" before "Ngõ 10" and "28/15" before "28/101": folded text in which each run of
/// digits is preceded by its length.
pub fn natural_key(text: &str) -> String {
    let folded = fold(text);
    let mut key = String::with_capacity(folded.len() + 4);
    let mut rest = folded.as_str();
    while let Some(c) = rest.chars().next() {
        let run = rest.find(|x: char| x.is_ascii_digit() != c.is_ascii_digit()).unwrap_or(rest.len());
        let (head, tail) = rest.split_at(run);
        if c.is_ascii_digit() {
            let digits = head.trim_start_matches('0');
            key.push_str(&format!("{:03}{digits}", digits.len()));
        } else {
            key.push_str(head);
        }
        rest = tail;
    }
    key
}

/// How well a name answers a search; the smaller, the better. Compared in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MatchRank {
    /// Every word of the query is a word of the name, marks included.
    MarkedWords,
    /// Every word of the query begins a word of the name, marks included.
    MarkedPrefixes,
    /// Every word of the query is a word of the name, marks aside.
    FoldedWords,
    /// Every word of the query begins a word of the name, marks aside.
    FoldedPrefixes,
    /// The query is the initials: `nvh`.
    Initials,
}

/// Ranks a name against a query typed with or without marks, words in any order, the last word perhaps
/// unfinished. `None` if it does not match. Each word of the name answers one word of the query.
pub fn match_rank(query: &str, name: &str) -> Option<MatchRank> {
    let (marked_query, marked_name) = (fold_placement(query), fold_placement(name));
    let (folded_query, folded_name) = (fold(query), fold(name));
    if folded_query.is_empty() {
        return None;
    }
    let whole = |have: &str, want: &str| have == want;
    // A tone stands behind its syllable, so an unfinished word is compared without one.
    let starts = |have: &str, want: &str| have.starts_with(want);
    if each_answers(&marked_query, &marked_name, whole) {
        Some(MatchRank::MarkedWords)
    } else if marked_query != folded_query && each_answers(&marked_query, &marked_name, starts) {
        Some(MatchRank::MarkedPrefixes)
    } else if each_answers(&folded_query, &folded_name, whole)
        || each_answers(&fold_sound(query), &fold_sound(name), whole)
    {
        Some(MatchRank::FoldedWords)
    } else if each_answers(&folded_query, &folded_name, starts) {
        Some(MatchRank::FoldedPrefixes)
    } else {
        let initials: String = folded_name.split(' ').filter_map(|word| word.chars().next()).collect();
        (folded_query.chars().count() > 1 && initials == folded_query).then_some(MatchRank::Initials)
    }
}

/// True if the words of the query can be dealt out to different words of the name. Longest first, so that
/// `n nguyen` does not spend `Nguyễn` on `n`.
fn each_answers(query: &str, name: &str, answers: impl Fn(&str, &str) -> bool) -> bool {
    let mut wanted: Vec<&str> = query.split(' ').collect();
    wanted.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let mut left: Vec<&str> = name.split(' ').collect();
    wanted.into_iter().all(|want| match left.iter().position(|have| answers(have, want)) {
        Some(at) => {
            left.swap_remove(at);
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn kept_as_written_but_for_blanks_and_the_wrong_d() {
        let check = |written: &str, kept: &str| assert_eq!(clean(written), kept, "{written:?}");
        check("  Nguyễn  Quốc\u{a0}Hùng \n", "Nguyễn Quốc Hùng");
        check("Trần Ðại Thống", "Trần Đại Thống");
        check("Hoa\u{300}", "Hoà");
        check("Lê\u{200b} Thị", "Lê Thị");
        check("😀 '; DROP TABLE members;--", "😀 '; DROP TABLE members;--");
    }

    #[test]
    fn shouted_names_are_lowered() {
        let check = |written: &str, kept: &str| assert_eq!(clean_name(written), kept);
        check("NGUYỄN THỊ ẨM", "Nguyễn Thị Ẩm");
        check("ÐẶNG VĂN ÐÔN", "Đặng Văn Đôn");
        check("H'HEN NIÊ", "H'Hen Niê");
        check("Nguyễn Văn an", "Nguyễn Văn an");
    }

    #[test]
    fn folded() {
        let check = |text: &str, expect: &str| assert_eq!(fold(text), expect, "{text}");
        check("Nguyễn Thị Đào", "nguyen thi dao");
        check("Trần Ðại", "tran dai");
        check("hoà", "hoa");
        check("hòa", "hoa");
        check("Ngõ 28/15", "ngo 28 15");
        check("H'Hen", "h hen");
        check("", "");
    }

    #[test]
    fn placement_and_sound() {
        assert_eq!(fold_placement("Hoà"), fold_placement("Hòa"));
        assert_ne!(fold_placement("Hoà"), fold_placement("Hoá"));
        assert_ne!(fold_placement("Hoa"), fold_placement("Hoà"));
        assert_eq!(fold_placement("Thuỷ"), fold_placement("THỦY"));
        assert_eq!(fold_sound("Mỹ"), fold_sound("Mĩ"));
        assert_eq!(fold_sound("Quý"), fold_sound("Quí"));
        assert_ne!(fold_sound("Thúy"), fold_sound("Thúi"));
        assert_ne!(fold_sound("Hay"), fold_sound("Hai"));
    }

    #[test]
    fn official_order_is_given_name_then_surname_then_middle() {
        let mut names = vec![
            "Trần Văn Đức",
            "Nguyễn Thị Dung",
            "Lê An",
            "Nguyễn Văn Ân",
            "Nguyễn Thị Ánh",
            "Phạm Bình",
            "Nguyễn Anh Dung",
            "Đỗ Dung",
        ];
        names.sort_by_key(|name| sort_key(name));
        assert_eq!(
            names,
            [
                "Lê An",
                "Nguyễn Thị Ánh",
                "Nguyễn Văn Ân",
                "Phạm Bình",
                "Đỗ Dung",
                "Nguyễn Anh Dung",
                "Nguyễn Thị Dung",
                "Trần Văn Đức"
            ]
        );
        let mut tones = vec!["Ma", "Mạ", "Mã", "Mả", "Má", "Mà"];
        tones.sort_by_key(|name| sort_key(name));
        assert_eq!(tones, ["Ma", "Mà", "Mả", "Mã", "Má", "Mạ"]);
    }

    #[test]
    fn house_numbers_in_walking_order() {
        let mut places = vec!["Ngõ 10", "Ngõ 2", "28/101", "28/15", "3A", "3", "12", "sau đình"];
        places.sort_by_key(|place| natural_key(place));
        assert_eq!(places, ["3", "3A", "12", "28/15", "28/101", "Ngõ 2", "Ngõ 10", "sau đình"]);
        assert_eq!(natural_key("Ngõ 02"), natural_key("ngo 2"));
    }

    #[test]
    fn search_ranks() {
        let check =
            |query: &str, name: &str, expect| assert_eq!(match_rank(query, name), expect, "{query} {name}");
        check("Nguyễn Hoà", "Nguyễn Văn Hòa", Some(MatchRank::MarkedWords));
        check("hòa nguyễn", "Nguyễn Văn Hòa", Some(MatchRank::MarkedWords));
        check("nguyen hoa", "Nguyễn Văn Hòa", Some(MatchRank::FoldedWords));
        check("Hoa", "Nguyễn Thị Hoa", Some(MatchRank::MarkedWords));
        check("Hoa", "Nguyễn Văn Hòa", Some(MatchRank::FoldedWords));
        check("hoà", "Nguyễn Thị Hoa", Some(MatchRank::FoldedWords));
        check("ngu ho", "Nguyễn Văn Hòa", Some(MatchRank::FoldedPrefixes));
        check("đà", "Nguyễn Văn Đào", Some(MatchRank::FoldedPrefixes));
        check("ngô", "Ngôn Văn", Some(MatchRank::MarkedPrefixes));
        check("nvh", "Nguyễn Văn Hòa", Some(MatchRank::Initials));
        check("mĩ", "Phan Thị Mỹ", Some(MatchRank::FoldedWords));
        check("nguyen nguyen", "Nguyễn Văn Hòa", None);
        check("n nguyen", "Nguyễn Nga", Some(MatchRank::FoldedPrefixes));
        check("x", "Nguyễn Văn Hòa", None);
        check("", "Nguyễn Văn Hòa", None);
    }

    proptest! {
        #[test]
        fn cleaning_and_folding_are_idempotent(text in "\\PC{0,40}") {
            prop_assert_eq!(clean(&clean(&text)), clean(&text));
            prop_assert_eq!(clean_name(&clean_name(&text)), clean_name(&text));
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
        }

        #[test]
        fn decomposed_text_folds_and_sorts_like_composed(text in "[a-zA-ZàáảãạăằâấđêễôốơờưứĐÐ ]{0,30}") {
            let decomposed: String = text.nfd().collect();
            prop_assert_eq!(clean(&decomposed), clean(&text));
            prop_assert_eq!(fold(&decomposed), fold(&text));
            prop_assert_eq!(sort_key(&decomposed), sort_key(&text));
            prop_assert_eq!(natural_key(&decomposed), natural_key(&text));
        }
    }
}
