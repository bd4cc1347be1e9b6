//! Household lists as communes keep them, read into households and matched against the register.
//!
//! It is handed the bytes of an XLSX, XLS or CSV file and gives back households, each row that it could
//! not read with its reason, and what is new, known or doubtful against a register it is given. It reads
//! no file, no clock and no database, writes nothing, and puts nobody's name into an error. A stranger's
//! file is bounded before anything inflates it ([`Limits`]) and never makes it panic.
//!
//! [`open`] → [`read`] (or [`read_with`] a changed [`Mapping`]) → [`RosterList::preview`] →
//! [`match_list`] → [`plan()`], which says what taking it in writes; laptop and server both take lists in by
//! that plan. Tests: beside each module, and whole lists in `crates/roster/tests`.

mod birth;
mod body;
mod delimited;
mod encoding;
mod error;
mod fingerprint;
mod footing;
mod grouping;
mod header;
mod limits;
mod list;
mod mapping;
mod matching;
mod place;
mod plan;
mod preview;
mod read;
mod repair;
mod sheet;
mod spreadsheet;
mod titles;
mod units;
mod words;

pub use encoding::Encoding;
pub use error::{BombKind, ReadError};
pub use limits::Limits;
pub use list::{ListedHousehold, ListedMember, Position, RosterList, RowTrouble, Trouble};
pub use mapping::{MappedColumn, Mapping, Role};
pub use matching::{
    Counts, DeletedPerson, Difference, DifferenceKind, Evidence, Field, HouseholdOutcome, Matches,
    MemberOutcome, Register, RegisteredHousehold, RegisteredMember, match_list,
};
pub use plan::{Destination, HouseholdPlan, Plan, UnitPlan, plan, unit_called};
pub use preview::{Preview, UnitCount};
pub use read::{open, read, read_with};
pub use repair::Repair;
pub use sheet::{Workbook, column_letters, column_number};
pub use units::{Meant, UnitNames};
