//! What was said at a door and not saved yet. It belongs to this laptop alone: no op, no stream, no outbox. A power
//! cut, a closed window or a locked laptop finds it again; the save that makes a visit of it deletes it in the same
//! commit, so that no evening is written twice.

use domain::calendar::Day;
use domain::ids::HouseholdId;
use rusqlite::{Connection, params};

use crate::error::StoreError;
use crate::tables::read;
use crate::{Change, Store};

/// A draft is a few kilobytes; a page that keeps more than this is at fault.
pub const LIMIT_BYTES: usize = 256 * 1024;
/// An evening is twenty-odd doors.
pub const LIMIT_DRAFTS: usize = 100;

/// As the page wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The page's own text.
    pub body: String,
    /// The day on which it was last changed.
    pub day: Day,
}

impl Store {
    /// Keeps it in the place of an earlier one of this household.
    pub fn keep_draft(&mut self, household: HouseholdId, body: &str) -> Result<(), StoreError> {
        let day = self.today();
        let others: u32 = self
            .connection
            .prepare_cached("SELECT count(*) FROM drafts WHERE household_id <> ?1")?
            .query_row([household.0], |row| row.get(0))?;
        if body.len() > LIMIT_BYTES || usize::try_from(others).unwrap_or(usize::MAX) >= LIMIT_DRAFTS {
            return Err(StoreError::Invalid("draft"));
        }
        self.connection
            .prepare_cached(
                "INSERT INTO drafts VALUES (?1, ?2, ?3)
                 ON CONFLICT (household_id) DO UPDATE SET body = ?2, day = ?3",
            )?
            .execute(params![household.0, body, day.to_string()])?;
        Ok(())
    }

    /// What was kept of a household.
    pub fn draft(&self, household: HouseholdId) -> Result<Option<Draft>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT body, day FROM drafts WHERE household_id = ?1")?;
        let mut rows = statement.query([household.0])?;
        let read = |row: &rusqlite::Row<'_>| Ok(Draft { body: row.get(0)?, day: read::day(row, 1)? });
        rows.next()?.map(read).transpose()
    }

    /// Somebody dropped it.
    pub fn forget_draft(&mut self, household: HouseholdId) -> Result<(), StoreError> {
        forget(&self.connection, household)
    }
}

impl Change<'_> {
    /// This save makes a visit of it.
    pub fn forget_draft(&self, household: HouseholdId) -> Result<(), StoreError> {
        forget(self.connection(), household)
    }
}

fn forget(connection: &Connection, household: HouseholdId) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM drafts WHERE household_id = ?1")?.execute([household.0])?;
    Ok(())
}
