//! What a list says differently from the register. What it leaves out is no difference: a ledger without
//! a telephone number takes none away.

use domain::people::{Dwelling, Relation, Residence};
use domain::text::fold_placement;
use serde::Serialize;

use super::index::{is_ordinal, one_numbering};
use super::{RegisteredHousehold, RegisteredMember};
use crate::list::{ListedHousehold, ListedMember};

/// A field of a household or a person that a list can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Ngõ
    Alley,
    /// Số nhà
    HouseNo,
    /// Where there is no number
    PlaceNote,
    /// Mã hộ
    Code,
    /// House or rented room
    Dwelling,
    /// Họ và tên
    FullName,
    /// Ngày sinh
    Birth,
    /// Giới tính
    Sex,
    /// Quan hệ với chủ hộ
    Relation,
    /// Điện thoại
    Phone,
    /// Cư trú
    Residence,
    /// Which household a person is of; the texts are empty.
    Household,
}

/// How the list differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// The register does not know it, or less exactly.
    Fills,
    /// The register says something else.
    Contradicts,
}

/// One field in which the list differs. Both texts are personal: for the screen that asks, not for a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Which field.
    pub field: Field,
    /// How.
    pub kind: DifferenceKind,
    /// As the register has it.
    pub kept: String,
    /// As the list has it.
    pub listed: String,
}

impl Difference {
    fn new(field: Field, kind: DifferenceKind, kept: &str, listed: &str) -> Self {
        Self { field, kind, kept: kept.to_owned(), listed: listed.to_owned() }
    }

    /// A person whom the register has in another household.
    pub(super) fn other_household() -> Self {
        Self::new(Field::Household, DifferenceKind::Contradicts, "", "")
    }
}

/// Of the household itself.
pub(super) fn of_household(listed: &ListedHousehold, kept: &RegisteredHousehold) -> Vec<Difference> {
    let mut differences = Vec::new();
    differences.extend(text(Field::Alley, &kept.alley, &listed.alley));
    differences.extend(text(Field::HouseNo, &kept.house_no, &listed.house_no));
    differences.extend(text(Field::PlaceNote, &kept.place_note, &listed.place_note));
    // A ledger's own counting is not a code to keep.
    let of_use = if kept.code.is_empty() {
        !is_ordinal(&listed.code)
    } else {
        one_numbering(&kept.code, &listed.code)
    };
    if of_use && !is_ordinal(&listed.code) {
        differences.extend(text(Field::Code, &kept.code, &listed.code));
    }
    // A list without a word of a room does not say that it is a house.
    if listed.dwelling == Dwelling::RentedRoom && kept.dwelling != Dwelling::RentedRoom {
        let (kept, listed) = (kept.dwelling.code(), listed.dwelling.code());
        differences.push(Difference::new(Field::Dwelling, DifferenceKind::Contradicts, kept, listed));
    }
    differences
}

/// Of a person.
pub(super) fn of_member(listed: &ListedMember, kept: &RegisteredMember) -> Vec<Difference> {
    let mut differences = Vec::new();
    differences.extend(text(Field::FullName, &kept.full_name, &listed.full_name));
    if let Some(birth) = listed.birth {
        let kind = match kept.birth {
            None => Some(DifferenceKind::Fills),
            Some(kept) if !kept.agrees_with(birth) => Some(DifferenceKind::Contradicts),
            Some(kept) => (kept.to_string().len() < birth.to_string().len()).then_some(DifferenceKind::Fills),
        };
        let shown = kept.birth.map(|birth| birth.to_string()).unwrap_or_default();
        differences.extend(kind.map(|kind| Difference::new(Field::Birth, kind, &shown, &birth.to_string())));
    }
    let code = |code: Option<&str>| code.unwrap_or_default().to_owned();
    let (kept_sex, listed_sex) =
        (kept.sex.as_ref().map(|sex| sex.code()), listed.sex.as_ref().map(|sex| sex.code()));
    differences.extend(text(Field::Sex, &code(kept_sex), &code(listed_sex)));
    // Other, and present, are also what a list without a word gives.
    if listed.relation != Relation::Other {
        differences.extend(text(Field::Relation, kept.relation.code(), listed.relation.code()));
    }
    if listed.residence != Residence::Present {
        differences.extend(text(Field::Residence, kept.residence.code(), listed.residence.code()));
    }
    let phone = |phone: &Option<domain::phone::Phone>| phone.as_ref().map(|phone| phone.digits().to_owned());
    let (kept_phone, listed_phone) = (phone(&kept.phone), phone(&listed.phone));
    differences.extend(text(
        Field::Phone,
        &kept_phone.unwrap_or_default(),
        &listed_phone.unwrap_or_default(),
    ));
    differences
}

/// Texts that differ in capitals, blanks or the place of a tone are the same.
fn text(field: Field, kept: &str, listed: &str) -> Option<Difference> {
    if listed.is_empty() || kept == listed {
        None
    } else if kept.is_empty() {
        Some(Difference::new(field, DifferenceKind::Fills, kept, listed))
    } else {
        let same = fold_placement(kept) == fold_placement(listed);
        (!same).then(|| Difference::new(field, DifferenceKind::Contradicts, kept, listed))
    }
}
