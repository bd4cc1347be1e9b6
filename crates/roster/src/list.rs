//! A household list as read: what stands in it, row by row, and what could not be read.

use domain::calendar::{Day, PartialDate};
use domain::ids::{ContentHash, HouseholdId, MemberId};
use domain::people::{Dwelling, Relation, Residence, Sex};
use domain::phone::Phone;
use serde::{Deserialize, Serialize};

use crate::encoding::Encoding;
use crate::mapping::Mapping;

/// Everything that was read out of one file.
#[derive(Clone, Debug)]
pub struct RosterList {
    /// Of the tidied cells, not of the file: saving the same list again keeps it.
    pub content_hash: ContentHash,
    /// The line that says what the list is, if one does.
    pub title: Option<String>,
    /// "Tính đến ngày …"
    pub list_day: Option<Day>,
    /// How its texts were written.
    pub encoding: Encoding,
    /// Of the first sheet that was read.
    pub mapping: Mapping,
    /// In the order of the file.
    pub households: Vec<ListedHousehold>,
    /// Rows with content that gave nobody.
    pub rejected: Vec<RowTrouble>,
    /// Rows that were read, but which a person should look at.
    pub warnings: Vec<RowTrouble>,
}

impl RosterList {
    /// People of all households.
    pub fn persons(&self) -> usize {
        self.households.iter().map(|household| household.members.len()).sum()
    }

    /// The list with every household that names no hamlet unit in this one. Ids stay: they are made of the
    /// content and the row.
    #[must_use]
    pub fn in_unit(mut self, unit: &str) -> Self {
        let without = self.households.iter_mut().filter(|household| household.hamlet_unit.is_empty());
        without.for_each(|household| unit.clone_into(&mut household.hamlet_unit));
        self
    }

    /// The id of a household of this list, the same on every machine.
    pub fn household_id(&self, household: &ListedHousehold) -> HouseholdId {
        HouseholdId::from_list(self.content_hash, household.at.list_row())
    }

    /// The id of a person of this list, the same on every machine.
    pub fn member_id(&self, member: &ListedMember) -> MemberId {
        MemberId::from_list(self.content_hash, member.at.list_row())
    }
}

/// Where in the file something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Which of the workbook's visible sheets with cells, from 0.
    pub sheet: u16,
    /// As the spreadsheet shows it, from 1.
    pub row: u32,
}

/// Rows of one sheet, from 1: 1,048,576 in Excel. One more bit keeps the last one apart.
const ROW_BITS: u32 = 21;

impl Position {
    /// One number for sheet and row; of the first sheet it is the row. Made into ids.
    pub fn list_row(self) -> u32 {
        (u32::from(self.sheet) << ROW_BITS) | (self.row & ((1 << ROW_BITS) - 1))
    }
}

/// A household (hộ) of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedHousehold {
    /// Its first row.
    pub at: Position,
    /// "Thôn Sen Hạ"; empty where the list does not say it (warned of once per sheet).
    pub hamlet_unit: String,
    /// "Ngõ 12", or empty.
    pub alley: String,
    /// Số nhà, or empty.
    pub house_no: String,
    /// "sau đình", "Khu trọ bà Năm, phòng 8", or empty.
    pub place_note: String,
    /// Mã hộ or the number within the list, as written, or empty.
    pub code: String,
    /// House or rented room.
    pub dwelling: Dwelling,
    /// At least one, in the order of the list.
    pub members: Vec<ListedMember>,
}

impl ListedHousehold {
    /// The row of its first line, as the spreadsheet shows it.
    pub fn row(&self) -> u32 {
        self.at.row
    }
}

/// A person of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedMember {
    /// The row.
    pub at: Position,
    /// As written, NFC; names all in capitals are lowered.
    pub full_name: String,
    /// As far as the list knows.
    pub birth: Option<PartialDate>,
    /// By column, mark, or the word of the relation.
    pub sex: Option<Sex>,
    /// To the head. Without a word for it: head for the first of a household without one, else other.
    pub relation: Relation,
    /// With its leading 0 again.
    pub phone: Option<Phone>,
    /// Present unless the list says otherwise.
    pub residence: Residence,
    /// As written.
    pub note: String,
}

/// What is wrong with a row. No content of the row is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowTrouble {
    /// The sheet's name; empty for a CSV.
    pub sheet: String,
    /// As the spreadsheet shows it, from 1; 0 for the sheet as a whole.
    pub row: u32,
    /// The column it is in, if one: `H`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// What it is.
    pub reason: Trouble,
}

/// Why a row was rejected or is to be looked at. The screen has a sentence for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// Rejected: content, but no name.
    NameMissing,
    /// Rejected: a name longer than any name.
    NameTooLong,
    /// Birth left unknown: no date.
    BirthUnreadable,
    /// Birth left unknown: which century?
    BirthTwoDigitYear,
    /// Birth left unknown: 30/02.
    BirthNoSuchDay,
    /// Birth left unknown: before 1900.
    BirthOutOfRange,
    /// Birth left unknown: after today.
    BirthInFuture,
    /// Phone left out: not a Vietnamese number.
    PhoneUnreadable,
    /// Sex left unknown: both columns filled, or a word that is neither.
    SexUnclear,
    /// Relation taken as other: a word that is not known.
    RelationUnrecognised,
    /// A second head within one household.
    TwoHeads,
    /// A household code given to two households.
    CodeRepeated,
    /// A head without a household number where others have one: taken as a new household.
    HouseholdNumberMissing,
    /// The sheet does not say who lives with whom: each person is a household.
    HouseholdsUnclear,
    /// The sheet does not say its hamlet unit.
    HamletUnitMissing,
    /// The sheet is hidden and was not read.
    HiddenSheet,
    /// The sheet has cells, but no titles of a household list, and was not read.
    SheetWithoutHeader,
    /// "Tổng cộng: …" says other numbers than were read.
    StatedTotalDiffers,
}

impl Trouble {
    /// Every kind, for the test that each has a sentence.
    pub const ALL: [Self; 18] = [
        Self::NameMissing,
        Self::NameTooLong,
        Self::BirthUnreadable,
        Self::BirthTwoDigitYear,
        Self::BirthNoSuchDay,
        Self::BirthOutOfRange,
        Self::BirthInFuture,
        Self::PhoneUnreadable,
        Self::SexUnclear,
        Self::RelationUnrecognised,
        Self::TwoHeads,
        Self::CodeRepeated,
        Self::HouseholdNumberMissing,
        Self::HouseholdsUnclear,
        Self::HamletUnitMissing,
        Self::HiddenSheet,
        Self::SheetWithoutHeader,
        Self::StatedTotalDiffers,
    ];

    /// The stable code that screens and the command line translate.
    pub fn code(self) -> &'static str {
        match self {
            Self::NameMissing => "name_missing",
            Self::NameTooLong => "name_too_long",
            Self::BirthUnreadable => "birth_unreadable",
            Self::BirthTwoDigitYear => "birth_two_digit_year",
            Self::BirthNoSuchDay => "birth_no_such_day",
            Self::BirthOutOfRange => "birth_out_of_range",
            Self::BirthInFuture => "birth_in_future",
            Self::PhoneUnreadable => "phone_unreadable",
            Self::SexUnclear => "sex_unclear",
            Self::RelationUnrecognised => "relation_unrecognised",
            Self::TwoHeads => "two_heads",
            Self::CodeRepeated => "code_repeated",
            Self::HouseholdNumberMissing => "household_number_missing",
            Self::HouseholdsUnclear => "households_unclear",
            Self::HamletUnitMissing => "hamlet_unit_missing",
            Self::HiddenSheet => "hidden_sheet",
            Self::SheetWithoutHeader => "sheet_without_header",
            Self::StatedTotalDiffers => "stated_total_differs",
        }
    }
}
