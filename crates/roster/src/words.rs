//! Words of a list that stand for codes: relation, sex, residence, marks.

use domain::people::{Relation, Residence, Sex};
use domain::text::fold;

use crate::titles::contains_words;

/// A relation, and the sex where the word itself says it. `None` for a word that is not known.
pub(crate) fn relation(text: &str) -> Option<(Relation, Option<Sex>)> {
    use Relation::{
        Child, ChildInLaw, DomesticWorker, Grandchild, Grandparent, Head, Lodger, Other, Parent, Sibling,
        Spouse,
    };
    const MAN: Option<Sex> = Some(Sex::Male);
    const WOMAN: Option<Sex> = Some(Sex::Female);
    // "01. Chủ hộ"
    let lower = text.trim_start_matches(|c: char| !c.is_alphabetic()).to_lowercase();
    let folded = fold(&lower);
    // Words that only marks tell apart; a list without marks means the first of each.
    let marked = match lower.trim() {
        "chú" => Some((Other, MAN)),
        "bà" => Some((Grandparent, WOMAN)),
        "bá" => Some((Other, None)),
        "cụ" => Some((Grandparent, None)),
        "dì" | "cô" | "mợ" | "thím" => Some((Other, WOMAN)),
        _ => None,
    };
    if marked.is_some() {
        return marked;
    }
    let found = match folded.as_str() {
        "chu ho" | "ch" | "chu" | "ban than" => (Head, None),
        "vo" => (Spouse, WOMAN),
        "chong" => (Spouse, MAN),
        "vo chong" => (Spouse, None),
        "con" | "con de" | "con nuoi" | "con ruot" | "con rieng" | "con chung" | "con ca" | "con ut" => {
            (Child, None)
        }
        "con trai" => (Child, MAN),
        "con gai" => (Child, WOMAN),
        "con dau" | "dau" => (ChildInLaw, WOMAN),
        "con re" | "re" => (ChildInLaw, MAN),
        "bo" | "cha" | "bo de" | "cha de" | "bo vo" | "bo chong" | "cha vo" | "cha chong" | "ba" | "thay"
        | "bo nuoi" | "bo duong" => (Parent, MAN),
        "me" | "me de" | "me vo" | "me chong" | "ma" | "me nuoi" | "me ke" => (Parent, WOMAN),
        "bo me" | "cha me" => (Parent, None),
        "ong" | "ong noi" | "ong ngoai" => (Grandparent, MAN),
        "ba noi" | "ba ngoai" => (Grandparent, WOMAN),
        "ong ba" | "cu" => (Grandparent, None),
        "chau" | "chau noi" | "chau ngoai" | "chau ruot" | "chat" => (Grandchild, None),
        "chau trai" => (Grandchild, MAN),
        "chau gai" => (Grandchild, WOMAN),
        "anh" | "anh trai" | "em trai" | "anh ruot" | "anh re" | "em re" => (Sibling, MAN),
        "chi" | "chi gai" | "em gai" | "chi ruot" | "chi dau" | "em dau" => (Sibling, WOMAN),
        "em" | "em ruot" | "anh em" | "chi em" | "anh chi em" => (Sibling, None),
        "giup viec" | "nguoi giup viec" => (DomesticWorker, None),
        "o nho" | "thue tro" | "nguoi thue" | "nguoi o nho" | "thue nha" | "tro" | "o tro" | "luu tru" => {
            (Lodger, None)
        }
        "khac" | "chau dau" | "chau re" | "co" | "di" | "bac" | "cau" | "mo" | "thim" | "duong"
        | "ho hang" | "nguoi quen" | "quan he khac" => (Other, None),
        _ => return None,
    };
    Some(found)
}

/// Sex as a cell says it; `None` for a text that does not.
pub(crate) fn sex(text: &str) -> Option<Sex> {
    match fold(text).as_str() {
        "nam" | "trai" | "m" | "male" | "ong" => Some(Sex::Male),
        "nu" | "gai" | "f" | "female" | "ba" => Some(Sex::Female),
        _ => None,
    }
}

/// True for what people put into a column to say "this one": x, ×, v, ✓, 1.
pub(crate) fn is_mark(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    matches!(text.as_str(), "x" | "×" | "v" | "✓" | "✔" | "√" | "1" | "+" | "*" | "có" | "х")
}

/// Residence as a note or a column of its own says it.
pub(crate) fn residence(text: &str) -> Option<Residence> {
    const SAYINGS: &[(&str, Residence)] = &[
        ("da mat", Residence::Deceased),
        ("da chet", Residence::Deceased),
        ("qua doi", Residence::Deceased),
        ("tu tran", Residence::Deceased),
        ("chuyen di", Residence::MovedOut),
        ("da chuyen", Residence::MovedOut),
        ("cat khau", Residence::MovedOut),
        ("lam an xa", Residence::Away),
        ("di lam xa", Residence::Away),
        ("lam xa", Residence::Away),
        ("di hoc", Residence::Away),
        ("di vang", Residence::Away),
        ("tam vang", Residence::Away),
        ("vang mat", Residence::Away),
        ("nuoc ngoai", Residence::Away),
        ("xuat khau lao dong", Residence::Away),
        ("xkld", Residence::Away),
        ("di bo doi", Residence::Away),
        ("nghia vu quan su", Residence::Away),
        ("tam tru", Residence::Temporary),
        ("thue tro", Residence::Temporary),
        ("o tro", Residence::Temporary),
    ];
    let folded = fold(text);
    match folded.as_str() {
        "mat" | "chet" => return Some(Residence::Deceased),
        "vang" | "di xa" => return Some(Residence::Away),
        "co mat" | "thuong tru" => return Some(Residence::Present),
        _ => {}
    }
    // "Tạm trú" of somebody who has left again is a move: the first saying of the table wins.
    SAYINGS.iter().find(|(words, _)| contains_words(&folded, words)).map(|(_, residence)| residence.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations() {
        let check = |text: &str, expect: Option<(Relation, Option<Sex>)>| {
            assert_eq!(relation(text), expect, "{text}")
        };
        check("Chủ hộ", Some((Relation::Head, None)));
        check("CHỦ HỘ", Some((Relation::Head, None)));
        check("01. Chủ hộ", Some((Relation::Head, None)));
        check("chú", Some((Relation::Other, Some(Sex::Male))));
        check("Vợ", Some((Relation::Spouse, Some(Sex::Female))));
        check("Vợ/chồng", Some((Relation::Spouse, None)));
        check("Con dâu", Some((Relation::ChildInLaw, Some(Sex::Female))));
        check("Bà", Some((Relation::Grandparent, Some(Sex::Female))));
        check("Ba", Some((Relation::Parent, Some(Sex::Male))));
        check("Cháu", Some((Relation::Grandchild, None)));
        check("Em", Some((Relation::Sibling, None)));
        check("Khác", Some((Relation::Other, None)));
        check("Phi hành gia", None);
        check("", None);
    }

    #[test]
    fn residences() {
        let check = |text: &str, expect: Option<Residence>| assert_eq!(residence(text), expect, "{text}");
        check("Đi làm ăn xa", Some(Residence::Away));
        check("đi học ĐH ở Hà Nội", Some(Residence::Away));
        check("Tạm trú", Some(Residence::Temporary));
        check("Đã chuyển đi 2025", Some(Residence::MovedOut));
        check("mất CCCD", None);
        check("Đã mất", Some(Residence::Deceased));
        check("Hộ nghèo", None);
    }

    #[test]
    fn sexes_and_marks() {
        let check = |text: &str, expect: Option<Sex>| assert_eq!(sex(text), expect, "{text}");
        check("Nam", Some(Sex::Male));
        check("NỮ", Some(Sex::Female));
        check("x", None);
        assert!(is_mark("X") && is_mark("✓") && !is_mark("1985") && !is_mark(""));
    }
}
