//! What titles of columns mean: a table of phrases with weights, matched by folded words.
//!
//! A title scores for a role by its best phrase; a whole title counts more than a phrase within a longer
//! one. Where marks decide (Năm is a year and Nam a man, Hộ a household and Họ a surname), the phrase
//! says so.

use domain::text::fold;

use crate::mapping::Role;

/// How a phrase has to be met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    /// The whole title.
    Whole,
    /// Some words of the title, one after the other.
    Words,
}

/// Folded phrase, how it is met, its role (`None`: a column that is known and never read).
type Phrase = (&'static str, Within, Option<Role>);

use Within::{Whole, Words};

/// Longer phrases win over shorter ones, so the order does not matter.
const PHRASES: &[Phrase] = &[
    ("thon", Words, Some(Role::HamletUnit)),
    ("tdp", Words, Some(Role::HamletUnit)),
    ("to dan pho", Words, Some(Role::HamletUnit)),
    ("khu pho", Words, Some(Role::HamletUnit)),
    ("khu dan cu", Words, Some(Role::HamletUnit)),
    ("dia ban", Words, Some(Role::HamletUnit)),
    ("to", Whole, Some(Role::HamletUnit)),
    ("ap", Whole, Some(Role::HamletUnit)),
    ("lang", Whole, Some(Role::HamletUnit)),
    ("ban", Whole, Some(Role::HamletUnit)),
    ("don vi", Whole, Some(Role::HamletUnit)),
    ("hamlet", Words, Some(Role::HamletUnit)),
    ("ngo", Whole, Some(Role::Alley)),
    ("ten ngo", Words, Some(Role::Alley)),
    ("ngo pho", Words, Some(Role::Alley)),
    ("ngo to", Words, Some(Role::Alley)),
    ("ngo hem", Words, Some(Role::Alley)),
    ("duong ngo", Words, Some(Role::Alley)),
    ("ngo xom", Words, Some(Role::Alley)),
    ("xom", Words, Some(Role::Alley)),
    ("ngo ngach", Words, Some(Role::Alley)),
    ("hem", Words, Some(Role::Alley)),
    ("duong", Whole, Some(Role::Alley)),
    ("pho", Whole, Some(Role::Alley)),
    ("alley", Words, Some(Role::Alley)),
    ("so nha", Words, Some(Role::HouseNo)),
    ("nha so", Words, Some(Role::HouseNo)),
    ("sn", Whole, Some(Role::HouseNo)),
    ("dia chi", Words, Some(Role::Address)),
    ("noi o", Words, Some(Role::Address)),
    ("cho o", Words, Some(Role::Address)),
    ("noi o hien tai", Words, Some(Role::Address)),
    ("noi thuong tru", Words, Some(Role::Address)),
    ("noi cu tru", Words, Some(Role::Address)),
    ("thuong tru", Whole, Some(Role::Address)),
    ("address", Words, Some(Role::Address)),
    ("ma ho", Words, Some(Role::HouseholdCode)),
    ("ma so ho", Words, Some(Role::HouseholdCode)),
    ("ma ho gia dinh", Words, Some(Role::HouseholdCode)),
    ("ho so", Whole, Some(Role::HouseholdCode)),
    ("so ho", Whole, Some(Role::HouseholdCode)),
    ("so thu tu ho", Words, Some(Role::HouseholdCode)),
    ("stt ho", Words, Some(Role::HouseholdCode)),
    ("tt ho", Words, Some(Role::HouseholdCode)),
    ("so tt ho", Words, Some(Role::HouseholdCode)),
    ("so ho khau", Words, Some(Role::HouseholdCode)),
    ("ho khau so", Words, Some(Role::HouseholdCode)),
    ("household code", Words, Some(Role::HouseholdCode)),
    ("stt", Whole, Some(Role::Serial)),
    ("tt", Whole, Some(Role::Serial)),
    ("so tt", Whole, Some(Role::Serial)),
    ("so thu tu", Whole, Some(Role::Serial)),
    ("no", Whole, Some(Role::Serial)),
    ("chu ho", Whole, Some(Role::HeadName)),
    ("ho ten chu ho", Words, Some(Role::HeadName)),
    ("ho va ten chu ho", Words, Some(Role::HeadName)),
    ("ten chu ho", Words, Some(Role::HeadName)),
    ("quan he", Words, Some(Role::Relation)),
    ("quan he voi chu ho", Words, Some(Role::Relation)),
    ("quan he trong gia dinh", Words, Some(Role::Relation)),
    ("qh voi chu ho", Words, Some(Role::Relation)),
    ("moi quan he", Words, Some(Role::Relation)),
    ("la gi voi chu ho", Words, Some(Role::Relation)),
    ("qh", Words, Some(Role::Relation)),
    ("qhch", Words, Some(Role::Relation)),
    ("relation", Words, Some(Role::Relation)),
    ("ho va ten", Words, Some(Role::FullName)),
    ("ho ten", Words, Some(Role::FullName)),
    ("ho va ten thanh vien", Words, Some(Role::FullName)),
    ("ho ten nhan khau", Words, Some(Role::FullName)),
    ("ho chu dem va ten", Words, Some(Role::FullName)),
    ("ho dem va ten", Words, Some(Role::FullName)),
    ("ho ten dem va ten", Words, Some(Role::FullName)),
    ("ten day du", Words, Some(Role::FullName)),
    ("ten nhan khau", Words, Some(Role::FullName)),
    ("thanh vien", Whole, Some(Role::FullName)),
    ("nhan khau", Whole, Some(Role::FullName)),
    ("full name", Words, Some(Role::FullName)),
    ("ho dem", Words, Some(Role::Surname)),
    ("ho va dem", Words, Some(Role::Surname)),
    ("ho va ten dem", Words, Some(Role::Surname)),
    ("ho ten dem", Words, Some(Role::Surname)),
    ("ho chu dem", Words, Some(Role::Surname)),
    ("ho va chu dem", Words, Some(Role::Surname)),
    ("ho lot", Words, Some(Role::Surname)),
    ("ten", Whole, Some(Role::GivenName)),
    ("ten goi", Whole, Some(Role::GivenName)),
    ("ten rieng", Whole, Some(Role::GivenName)),
    ("gioi tinh", Words, Some(Role::Sex)),
    ("gioi", Whole, Some(Role::Sex)),
    ("phai", Whole, Some(Role::Sex)),
    ("gt", Whole, Some(Role::Sex)),
    ("nam nu", Whole, Some(Role::Sex)),
    ("nam hay nu", Words, Some(Role::Sex)),
    ("sex", Whole, Some(Role::Sex)),
    ("gender", Whole, Some(Role::Sex)),
    ("nu", Whole, Some(Role::Female)),
    ("nu gioi", Whole, Some(Role::Female)),
    ("nam gioi", Whole, Some(Role::Male)),
    ("ngay sinh", Words, Some(Role::Birth)),
    ("nam sinh", Words, Some(Role::Birth)),
    ("sinh nam", Words, Some(Role::Birth)),
    ("sinh ngay", Words, Some(Role::Birth)),
    ("ngay thang nam sinh", Words, Some(Role::Birth)),
    ("ngay thang sinh", Words, Some(Role::Birth)),
    ("ntns", Words, Some(Role::Birth)),
    ("ns", Whole, Some(Role::Birth)),
    ("date of birth", Words, Some(Role::Birth)),
    ("ngay", Whole, Some(Role::BirthDay)),
    ("thang", Whole, Some(Role::BirthMonth)),
    ("thang sinh", Whole, Some(Role::BirthMonth)),
    ("dien thoai", Words, Some(Role::Phone)),
    ("so dien thoai", Words, Some(Role::Phone)),
    ("sdt", Words, Some(Role::Phone)),
    ("so dt", Words, Some(Role::Phone)),
    ("dt", Whole, Some(Role::Phone)),
    ("dt di dong", Words, Some(Role::Phone)),
    ("di dong", Words, Some(Role::Phone)),
    ("lien he", Whole, Some(Role::Phone)),
    ("phone", Words, Some(Role::Phone)),
    ("cu tru", Whole, Some(Role::Residence)),
    ("tinh trang cu tru", Words, Some(Role::Residence)),
    ("hien trang cu tru", Words, Some(Role::Residence)),
    ("loai cu tru", Words, Some(Role::Residence)),
    ("tinh trang", Whole, Some(Role::Residence)),
    ("ghi chu", Words, Some(Role::Note)),
    ("chu thich", Words, Some(Role::Note)),
    ("note", Words, Some(Role::Note)),
    // Known and never read: not needed, or not to be kept.
    ("cccd", Words, None),
    ("cmnd", Words, None),
    ("can cuoc", Words, None),
    ("can cuoc cong dan", Words, None),
    ("so dinh danh", Words, None),
    ("so dinh danh ca nhan", Words, None),
    ("so giay to", Words, None),
    ("ngay cap", Words, None),
    ("noi cap", Words, None),
    ("ngay cap can cuoc cong dan", Words, None),
    ("dan toc", Words, None),
    ("ton giao", Words, None),
    ("quoc tich", Words, None),
    ("que quan", Words, None),
    ("nguyen quan", Words, None),
    ("noi sinh", Words, None),
    ("nghe nghiep", Words, None),
    ("noi lam viec", Words, None),
    ("trinh do", Words, None),
    ("so nhan khau", Words, None),
    ("so khau", Words, None),
    ("so nguoi", Words, None),
    ("tuoi", Words, None),
    ("so cccd chu ho", Words, None),
    ("ngay dang ky", Words, None),
    ("ngay thang dang ky", Words, None),
    ("tien", Words, None),
    ("email", Words, None),
    ("ky nhan", Words, None),
];

/// Titles that only marks tell apart, by folded form: what the marked form means, and the unmarked.
const MARKED: &[(&str, &str, Role)] = &[
    ("nam", "năm", Role::BirthYear),
    ("nam", "nam", Role::Male),
    ("ho", "hộ", Role::HouseholdCode),
    ("ho", "họ", Role::Surname),
    ("ho", "ho", Role::Surname),
];

/// How much a whole title counts over a phrase within one.
const WHOLE_TITLE: u32 = 10;

/// What a title says about its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// It has a role, the surer the higher the score.
    Role(Role, u32),
    /// It is a title of a column that is not read.
    NotRead,
    /// It is no title that is known.
    Unknown,
}

/// The meaning of one title, with line breaks and brackets in it or not.
pub(crate) fn meaning(title: &str) -> Meaning {
    // A title is short; a paragraph that mentions a phone number is none.
    if title.len() > 120 {
        return Meaning::Unknown;
    }
    let lower = title.to_lowercase();
    let bare = lower.trim_matches(|c: char| !c.is_alphanumeric());
    let whole = fold(title);
    if let Some((_, _, role)) = MARKED.iter().find(|(folded, marked, _)| *folded == whole && *marked == bare)
    {
        return Meaning::Role(*role, WHOLE_TITLE);
    }
    // "Ngày sinh (dd/mm/yyyy)": what stands in brackets only explains.
    let before_brackets = fold(title.split('(').next().unwrap_or_default());
    let score = |phrase: &Phrase| {
        let (words, within, _) = phrase;
        let length = u32::try_from(words.len()).unwrap_or(0);
        if *words == whole || *words == before_brackets {
            Some(length + WHOLE_TITLE)
        } else if *within == Words && contains_words(&whole, words) {
            Some(length)
        } else {
            None
        }
    };
    let best =
        PHRASES.iter().filter_map(|phrase| Some((score(phrase)?, phrase.2))).max_by_key(|found| found.0);
    match best {
        Some((score, Some(role))) => Meaning::Role(role, score),
        Some((_, None)) => Meaning::NotRead,
        None => Meaning::Unknown,
    }
}

/// True if the words stand one after the other in the text, both folded.
pub(crate) fn contains_words(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let before = text.get(..at).is_none_or(|before| before.is_empty() || before.ends_with(' '));
        let after =
            text.get(at + words.len()..).is_none_or(|after| after.is_empty() || after.starts_with(' '));
        before && after
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_have_roles() {
        let check = |title: &str, expect: Option<Role>| {
            let role = match meaning(title) {
                Meaning::Role(role, _) => Some(role),
                _ => None,
            };
            assert_eq!(role, expect, "{title}");
        };
        check("Thôn/TDP", Some(Role::HamletUnit));
        check("TỔ DÂN PHỐ", Some(Role::HamletUnit));
        check("Địa bàn", Some(Role::HamletUnit));
        check("Ngõ/Xóm", Some(Role::Alley));
        check("Số nhà", Some(Role::HouseNo));
        check("Địa chỉ\n(số nhà, ngõ)", Some(Role::Address));
        check("Mã hộ", Some(Role::HouseholdCode));
        check("Số hộ", Some(Role::HouseholdCode));
        check("Hộ số", Some(Role::HouseholdCode));
        check("Hộ", Some(Role::HouseholdCode));
        check("Họ", Some(Role::Surname));
        check("STT", Some(Role::Serial));
        check("STT hộ", Some(Role::HouseholdCode));
        check("Quan hệ với\nchủ hộ", Some(Role::Relation));
        check("QH với chủ hộ", Some(Role::Relation));
        check("Họ và tên", Some(Role::FullName));
        check("HỌ TÊN", Some(Role::FullName));
        check("Họ, chữ đệm và tên", Some(Role::FullName));
        check("Họ và tên đệm", Some(Role::Surname));
        check("Họ và tên chủ hộ", Some(Role::HeadName));
        check("Tên", Some(Role::GivenName));
        check("Giới tính (Nam/Nữ)", Some(Role::Sex));
        check("Nam/Nữ", Some(Role::Sex));
        check("Nam", Some(Role::Male));
        check("Nữ", Some(Role::Female));
        check("Năm", Some(Role::BirthYear));
        check("NĂM", Some(Role::BirthYear));
        check("Ngày, tháng, năm sinh", Some(Role::Birth));
        check("Năm sinh", Some(Role::Birth));
        check("SĐT liên hệ", Some(Role::Phone));
        check("Số ĐT", Some(Role::Phone));
        check("Tình trạng cư trú", Some(Role::Residence));
        check("Ghi chú", Some(Role::Note));
        check("Số CCCD", None);
        check("Ngày cấp", None);
        check("Số nhân khẩu", None);
        check("Trần Thế Duyệt", None);
        check("28/15", None);
    }
}
