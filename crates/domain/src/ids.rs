//! Identities of records: newtypes over UUIDs, so that a household's id never passes for a member's.
//!
//! A record born on a device has a UUIDv7 (time and randomness are arguments: this crate reads no
//! clock). A record that comes from a list, and a place known by its name, has a UUIDv8 made of what it
//! comes from: the same list read on two laptops gives the same ids, and the two meet.

use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

/// BLAKE3 of a household list's content (its cells, not its file), 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash(pub [u8; 32]);

impl ContentHash {
    /// 64 lower-case hexadecimal digits.
    pub fn to_hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// UUIDv8 of a purpose and the parts that identify the thing within it. Each part is hashed with its
/// length, so that ("ab", "c") and ("a", "bc") differ.
fn derived(purpose: &str, parts: &[&[u8]]) -> Uuid {
    let mut hasher = blake3::Hasher::new_derive_key(purpose);
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut bytes = [0; 16];
    hasher.finalize_xof().fill(&mut bytes);
    Builder::from_custom_bytes(bytes).into_uuid()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "types", derive(ts_rs::TS))]
        pub struct $name(#[cfg_attr(feature = "types", ts(type = "string"))] pub Uuid);

        impl $name {
            /// UUIDv7 of a wall clock in milliseconds and ten random bytes.
            pub fn new(unix_ms: u64, random: [u8; 10]) -> Self {
                Self(Builder::from_unix_timestamp_millis(unix_ms, &random).into_uuid())
            }

            /// UUIDv8 of a row of a household list.
            pub fn from_list(list: ContentHash, row: u32) -> Self {
                Self(derived(concat!("tungnha 2026 list ", stringify!($name)), &[&list.0, &row.to_le_bytes()]))
            }

            /// UUIDv8 of a thing known by its name within something larger. The name is folded first
            /// (see [`crate::text::fold`]), so that two spellings of one place meet.
            pub fn from_name(within: Uuid, name: &str) -> Self {
                let folded = crate::text::fold(name);
                Self(derived(concat!("tungnha 2026 name ", stringify!($name)), &[within.as_bytes(), folded.as_bytes()]))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// A commune (xã) or ward (phường).
    CommuneId
    /// A hamlet or residential group; also the scope that a device is given.
    HamletUnitId
    /// An alley (ngõ) of a hamlet unit.
    AlleyId
    /// A household (hộ).
    HouseholdId
    /// A person of a household (người trong hộ).
    MemberId
    /// One visit to a household.
    VisitId
    /// What was learned about one person on one day.
    AssessmentId
    /// One recorded answer to the consent question.
    ConsentId
    /// A change of residence, a death, joining or leaving a household.
    ResidenceId
    /// One person's attendance at one session.
    AttendanceId
    /// A household list that was handed over.
    RosterListId
    /// An assignment of a user to a hamlet unit.
    AssignmentId
    /// A user: who acts.
    UserId
    /// A laptop, or the server itself where it edits.
    DeviceId
    /// A long action made of many groups.
    JobId
}

impl RosterListId {
    /// The record of a list in one of the hamlet units it speaks of: who works in the unit reads and writes
    /// it, and nobody else (docs/adr/0004-one-list-record-per-hamlet-unit.md).
    pub fn in_unit(list: ContentHash, unit: HamletUnitId) -> Self {
        Self(derived("tungnha 2026 list RosterListId in unit", &[&list.0, unit.0.as_bytes()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_row_has_one_id_everywhere_and_another_for_each_kind_and_row() {
        let list = ContentHash([7; 32]);
        assert_eq!(MemberId::from_list(list, 3), MemberId::from_list(list, 3));
        assert_ne!(MemberId::from_list(list, 3), MemberId::from_list(list, 4));
        assert_ne!(MemberId::from_list(list, 3).0, HouseholdId::from_list(list, 3).0);
        assert_ne!(MemberId::from_list(ContentHash([8; 32]), 3), MemberId::from_list(list, 3));
        assert_eq!(MemberId::from_list(list, 3).0.get_version_num(), 8);
        let unit = |number| RosterListId::in_unit(list, HamletUnitId(Uuid::from_u128(number)));
        assert_eq!(unit(1), unit(1));
        assert_ne!(unit(1), unit(2));
    }

    #[test]
    fn two_spellings_of_one_place_meet() {
        let commune = Uuid::from_u128(1);
        let id = |name| HamletUnitId::from_name(commune, name);
        assert_eq!(id("Thôn Đình Hoà"), id("THÔN  Ðình Hòa"));
        assert_ne!(id("Thôn Đình Hoà"), id("TDP Đình Hoà"));
        assert_ne!(id("Thôn Đình"), HamletUnitId::from_name(Uuid::from_u128(2), "Thôn Đình"));
    }

    #[test]
    fn a_new_id_is_its_time_and_its_randomness() {
        let id = VisitId::new(1_763_800_000_000, [9; 10]);
        assert_eq!(id.0.get_version_num(), 7);
        assert_eq!(id, VisitId::new(1_763_800_000_000, [9; 10]));
        assert_eq!(id.to_string().parse(), Ok(id));
    }
}
