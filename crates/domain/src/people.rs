//! Places, households and the people in them, as everybody reads them. How they are stored and merged is
//! said by [`crate::registry`]; how they came to be so, by the events.

use serde::{Deserialize, Serialize};

use crate::calendar::{Day, PartialDate};
use crate::codes::codes;
use crate::ids::{AlleyId, HamletUnitId, HouseholdId, MemberId};
use crate::phone::Phone;
use crate::text::{clean, fold};

codes! {
    /// What a hamlet unit is. A thôn or tổ dân phố is no level of government (Hiến pháp, Luật 72/2025):
    /// it merges and splits, so it has validity dates.
    HamletUnitKind {
        /// Thôn
        Hamlet = "hamlet",
        /// Tổ dân phố (TDP)
        ResidentialGroup = "residential_group",
    }
}

codes! {
    /// Sex as the list or the person says it.
    Sex {
        /// Nam
        Male = "male",
        /// Nữ
        Female = "female",
    }
}

codes! {
    /// Quan hệ với chủ hộ.
    Relation {
        /// Chủ hộ
        Head = "head",
        /// Vợ, chồng
        Spouse = "spouse",
        /// Con đẻ, con nuôi
        Child = "child",
        /// Con dâu, con rể
        ChildInLaw = "child_in_law",
        /// Cha, mẹ (đẻ, vợ, chồng)
        Parent = "parent",
        /// Ông, bà
        Grandparent = "grandparent",
        /// Cháu (nội, ngoại)
        Grandchild = "grandchild",
        /// Anh, chị, em
        Sibling = "sibling",
        /// Người giúp việc
        DomesticWorker = "domestic_worker",
        /// Ở nhờ, thuê trọ
        Lodger = "lodger",
        /// Khác
        Other = "other",
    }
}

codes! {
    /// Where a person lives as of a day.
    Residence {
        /// Thường trú, có mặt
        Present = "present",
        /// Thường trú, đi vắng (làm ăn xa, đi học): in the registered base, not in the present one
        Away = "away",
        /// Tạm trú
        Temporary = "temporary",
        /// Đã chuyển đi
        MovedOut = "moved_out",
        /// Đã mất
        Deceased = "deceased",
        /// Chưa rõ
        Unclear = "unclear",
    }
}

impl Residence {
    /// Counts among those who live here now. Somebody whose residence is unclear stays: unknown is not no.
    pub fn lives_here(&self) -> bool {
        !matches!(self, Self::Away | Self::MovedOut | Self::Deceased)
    }

    /// Counts in the registered base: everybody who has neither moved out nor died.
    pub fn is_registered(&self) -> bool {
        !matches!(self, Self::MovedOut | Self::Deceased)
    }
}

codes! {
    /// What stands at the address.
    Dwelling {
        /// A house of its own
        House = "house",
        /// A room of a rented block: a light household, counted on a line of its own (door rules §2)
        RentedRoom = "rented_room",
    }
}

codes! {
    /// Who somebody is to the commune. Decides what may be seen and done.
    Role {
        /// Tổ viên
        TeamMember = "team_member",
        /// Tổ trưởng Tổ CĐS
        TeamLead = "team_lead",
        /// Trưởng thôn, Tổ trưởng TDP
        HamletHead = "hamlet_head",
        /// Cán bộ xã
        CommuneOfficer = "commune_officer",
        /// Quản trị
        Admin = "admin",
        /// Lãnh đạo
        Leader = "leader",
    }
}

impl Role {
    /// True for roles whose scope is the whole commune, not some hamlet units.
    pub fn sees_whole_commune(&self) -> bool {
        matches!(self, Self::CommuneOfficer | Self::Admin | Self::Leader)
    }
}

/// A thôn or tổ dân phố, with its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HamletUnit {
    /// Also the scope of everything in it.
    pub id: HamletUnitId,
    /// As the commune writes it: "Thôn Sen Hạ".
    pub name: String,
    /// Thôn or TDP.
    pub kind: HamletUnitKind,
    /// Counts as đô thị. The plan does not say what that means within a xã: TDP by default, editable.
    pub urban: bool,
    /// First day of this unit, where known.
    pub valid_from: Option<Day>,
    /// First day on which it no longer exists, where it was merged or split.
    pub valid_to: Option<Day>,
}

impl HamletUnitKind {
    /// "TDP 5", "Tổ dân phố Dốc Lã" are residential groups; any other name is a hamlet's.
    pub fn of_name(name: &str) -> Self {
        let folded = fold(name);
        let starts = |word: &str| folded == word || folded.starts_with(&format!("{word} "));
        if starts("tdp") || starts("to dan pho") || starts("khu pho") {
            Self::ResidentialGroup
        } else {
            Self::Hamlet
        }
    }
}

/// An alley of a hamlet unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alley {
    /// Made of the unit and the name.
    pub id: AlleyId,
    /// Where it lies.
    pub hamlet_unit: HamletUnitId,
    /// "Ngõ 12"
    pub name: String,
}

/// A household (hộ): people living and eating together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Household {
    /// The key; the code is for people.
    pub id: HouseholdId,
    /// Its hamlet unit, which is its scope.
    pub hamlet_unit: HamletUnitId,
    /// Its alley, where the list or the visit said so.
    pub alley: Option<AlleyId>,
    /// Số nhà, or empty.
    pub house_no: String,
    /// "sau đình": where there is no number.
    pub place_note: String,
    /// Mã hộ of the commune's list.
    pub code: String,
    /// House or rented room.
    pub dwelling: Dwelling,
    /// False once deleted; the record stays.
    pub alive: bool,
}

/// A person of a household (người trong hộ; in reports: nhân khẩu).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The key.
    pub id: MemberId,
    /// Whose household.
    pub household: HouseholdId,
    /// As written, NFC.
    pub full_name: String,
    /// As far as known.
    pub birth: Option<PartialDate>,
    /// As far as known.
    pub sex: Option<Sex>,
    /// To the head of the household.
    pub relation: Relation,
    /// Hidden until purpose P3 is agreed (door rules §5).
    pub phone: Option<Phone>,
    /// As of today: what the list said, or the latest change recorded since.
    pub residence: Residence,
    /// False once deleted; the record stays.
    pub alive: bool,
}

/// Longest text kept in a name or an address, in characters. Real ones are under 60.
pub const TEXT_AT_MOST: usize = 200;

/// Why a record cannot be kept as it is; the screen has a sentence for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PersonError {
    /// No name at all. "Chưa rõ tên" is typed as such.
    #[error("a person needs a name")]
    NameMissing,
    /// Longer than [`TEXT_AT_MOST`].
    #[error("text too long")]
    TooLong,
    /// Born after today.
    #[error("born in the future")]
    BornInTheFuture,
}

impl Member {
    /// Tidies the name and says what cannot be kept, as of a day.
    pub fn checked(mut self, today: Day) -> Result<Self, PersonError> {
        self.full_name = clean(&self.full_name);
        if self.full_name.is_empty() {
            return Err(PersonError::NameMissing);
        }
        if self.full_name.chars().count() > TEXT_AT_MOST {
            return Err(PersonError::TooLong);
        }
        if self.birth.is_some_and(|birth| birth.is_after(today)) {
            return Err(PersonError::BornInTheFuture);
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn member(name: &str, birth: Option<&str>) -> Member {
        Member {
            id: MemberId(Uuid::nil()),
            household: HouseholdId(Uuid::nil()),
            full_name: name.into(),
            birth: birth.map(|b| PartialDate::parse(b).unwrap()),
            sex: None,
            relation: Relation::Head,
            phone: None,
            residence: Residence::Present,
            alive: true,
        }
    }

    #[test]
    fn what_cannot_be_kept_is_said() {
        let today = Day::new(2026, 11, 22).unwrap();
        let check = |name: &str, birth, expect: Result<&str, PersonError>| {
            let checked = member(name, birth).checked(today).map(|m| m.full_name);
            assert_eq!(checked, expect.map(str::to_owned), "{name} {birth:?}");
        };
        check("  Lê   Thị  Hoa ", Some("1956"), Ok("Lê Thị Hoa"));
        check("Robert'; DROP TABLE members;-- 😀", None, Ok("Robert'; DROP TABLE members;-- 😀"));
        check(" \u{200b} ", None, Err(PersonError::NameMissing));
        check(&"ơ".repeat(201), None, Err(PersonError::TooLong));
        check(&"ơ".repeat(200), None, Ok(&"ơ".repeat(200)));
        check("Lê Thị Hoa", Some("23/11/2026"), Err(PersonError::BornInTheFuture));
    }

    #[test]
    fn kind_of_a_unit_by_its_name() {
        let check = |name: &str, kind| assert_eq!(HamletUnitKind::of_name(name), kind, "{name}");
        check("Thôn Sen Hạ", HamletUnitKind::Hamlet);
        check("TDP Tre Hạ", HamletUnitKind::ResidentialGroup);
        check("Tổ dân phố Dốc Lã", HamletUnitKind::ResidentialGroup);
        check("Tdphương", HamletUnitKind::Hamlet);
    }

    #[test]
    fn away_is_registered_but_not_present() {
        assert!(!Residence::Away.lives_here() && Residence::Away.is_registered());
        assert!(Residence::Unclear.lives_here() && Residence::Temporary.lives_here());
        assert!(!Residence::Deceased.is_registered() && !Residence::MovedOut.is_registered());
    }
}
