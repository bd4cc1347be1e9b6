//! What the sync loop needs of the laptop's store: each step of an exchange is one transaction over [`Tables`].

use rusqlite::{TransactionBehavior, params};
use sync_core::laptop::{Laptop, LaptopStore};
use sync_core::local::{LocalCounts, LocalStore};
use sync_core::wire::{Numbered, SessionOffset};

use crate::Store;
use crate::error::StoreError;
use crate::held::Tables;
use crate::outbox;
use crate::tables::all;

impl Store {
    /// How much waits.
    pub fn waiting(&self) -> Result<LocalCounts, StoreError> {
        Tables::new(&self.connection, &self.identity, self.outbox.recipient()).counts()
    }
}

impl LocalStore for Store {
    type Error = StoreError;
    type Fault = StoreError;
    type Tables<'t> = Tables<'t>;

    fn exchange<T>(
        &mut self,
        step: impl for<'t> FnOnce(&mut Laptop<Tables<'t>>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let today = self.today();
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let tables = Tables::new(&transaction, &self.identity, self.outbox.recipient());
        let mut laptop = Laptop::begin(tables)?;
        let incarnation = laptop.state.incarnation;
        let done = step(&mut laptop);
        #[cfg(feature = "sabotage")]
        if done.is_err() && domain::fault::is("cursor_first") {
            let state = laptop.state.clone();
            drop(laptop);
            transaction.rollback()?;
            crate::settings::put(&self.connection, crate::settings::SYNC, &state)?;
            return done;
        }
        let value = done?;
        let renumbered = laptop.state.incarnation != incarnation;
        let tables = laptop.finish()?;
        tables.show(&self.counted_by, today)?;
        let scrubs = tables.scrubs;
        if renumbered {
            outbox::forget(&transaction)?;
        }
        transaction.commit()?;
        if renumbered {
            self.outbox.catch_up(&self.connection);
        }
        if scrubs {
            crate::open::scrub(&self.connection);
        }
        Ok(value)
    }

    fn not_at_cursor(&self) -> StoreError {
        StoreError::Invalid("a page that does not begin at the cursor")
    }

    fn unwritable(&self) -> StoreError {
        StoreError::Damaged
    }

    fn offsets(&self, groups: &[Numbered]) -> Result<Vec<SessionOffset>, StoreError> {
        let mut sessions: Vec<u64> =
            groups.iter().filter_map(|one| one.group.ops.first()).map(|op| op.header.session).collect();
        sessions.sort_unstable();
        sessions.dedup();
        let mut offsets = Vec::new();
        for session in sessions {
            let sql = "SELECT offset_ms FROM session_offsets WHERE session = ?1";
            let known = all(&self.connection, sql, [session.cast_signed()], |row| Ok(row.get(0)?))?;
            offsets.extend(known.into_iter().map(|offset_ms| SessionOffset { session, offset_ms }));
        }
        Ok(offsets)
    }

    fn session(&mut self) -> Result<(u64, i64), StoreError> {
        let moment = self.moment()?;
        Ok((moment.session, moment.wall_ms))
    }

    fn learn_offset(&mut self, session: u64, offset_ms: i64) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO session_offsets VALUES (?1, ?2)")?
            .execute(params![session.cast_signed(), offset_ms])?;
        self.hear(session, offset_ms)
    }
}
