//! Which column says what. Found by [`crate::header`], shown to a person, who may change it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sheet::{column_letters, column_number};

/// What a column of a household list can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Thôn, TDP
    HamletUnit,
    /// Ngõ, xóm
    Alley,
    /// Số nhà
    HouseNo,
    /// Địa chỉ: alley, number and place in one text
    Address,
    /// Mã hộ, số hộ: on each row, or on the first line of each household
    HouseholdCode,
    /// STT: of people, or of households where only first lines have one
    Serial,
    /// Họ tên chủ hộ
    HeadName,
    /// Quan hệ với chủ hộ
    Relation,
    /// Họ và tên
    FullName,
    /// Họ (và đệm), where the given name has a column of its own
    Surname,
    /// Tên
    GivenName,
    /// Giới tính
    Sex,
    /// Nam: a mark, or the birth of a man
    Male,
    /// Nữ: a mark, or the birth of a woman
    Female,
    /// Ngày sinh, năm sinh
    Birth,
    /// Ngày of a birth in three columns
    BirthDay,
    /// Tháng of a birth in three columns
    BirthMonth,
    /// Năm of a birth in three columns
    BirthYear,
    /// Điện thoại
    Phone,
    /// Cư trú
    Residence,
    /// Ghi chú
    Note,
}

/// A column and the title above it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappedColumn {
    /// `A`, `B`, … as the spreadsheet names it.
    pub column: String,
    /// As written; of two levels both: "Ngày sinh: Nam". May be empty in a mapping made by a person.
    #[serde(default)]
    pub title: String,
}

/// Which column has which role. JSON: `{"full_name": {"column": "D", "title": "Họ và tên"}}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mapping(pub BTreeMap<Role, MappedColumn>);

impl Mapping {
    pub(crate) fn set(&mut self, role: Role, column: u16, title: &str) {
        self.0.insert(role, MappedColumn { column: column_letters(column), title: title.to_owned() });
    }

    /// The column of a role, from 0.
    pub(crate) fn column(&self, role: Role) -> Option<u16> {
        self.0.get(&role).and_then(|mapped| column_number(&mapped.column))
    }

    /// True if a person's name can be read with it.
    pub fn has_names(&self) -> bool {
        [Role::FullName, Role::GivenName, Role::HeadName].iter().any(|role| self.0.contains_key(role))
    }
}
