//! A writing transaction of the register: the rules of [`sync_core::commune`] over this store, and the counting of what
//! they changed. Pushed batches, retried quarantine and the server's own edits all come through it; there is no second
//! way to change a record.

use domain::calendar::Day;
use domain::ids::CommuneId;
use sync_core::commune::{Commune, Head};
use sync_core::household::CountedBy;
use sync_core::ingest::LogView;
use sync_core::ledger::Entry;
use sync_core::position::Position;
use sync_core::row::Row;

use super::Register;
use super::beside::Beside;
use super::log::Log;
use super::office::Office;
use super::sql::Sql;
use crate::error::ServerError;
use crate::machine::Machine;

/// An open writing transaction.
#[derive(Debug)]
pub(crate) struct Intake<'t> {
    pub(crate) log: Log<'t>,
    pub(crate) rules: Commune<'t, Log<'t>>,
    pub(crate) office: Office,
    pub(crate) machine: &'t dyn Machine,
    pub(crate) session: u64,
    /// Of the ledger's file, as the database was left; below 0 where that was before there was a file.
    pub(super) ledger_bytes: i64,
    counted_by: &'t CountedBy,
}

impl<'t> Intake<'t> {
    pub(crate) fn begin(sql: Sql<'t>, register: &'t Register) -> Result<Self, ServerError> {
        let log = Log::new(sql, register.commune());
        Ok(Self {
            rules: Commune::begin(log.clone(), &register.keys().receipts, register.now_ms())?,
            office: log.office()?,
            log,
            machine: register.machine(),
            session: register.session,
            ledger_bytes: 0,
            counted_by: register.counted_by(),
        })
    }

    pub(crate) fn commune(&self) -> CommuneId {
        self.log.commune
    }

    /// The server's clock; it never goes back.
    pub(crate) fn now_ms(&self) -> i64 {
        self.rules.head.received_at_ms
    }

    pub(crate) fn today(&self) -> Day {
        Day::at(self.now_ms())
    }

    /// Where the stream stands.
    pub(crate) fn position(&self) -> Position {
        self.rules.head.cursor.position()
    }

    /// One more line of the ledger, and what follows from it.
    pub(crate) fn note(&mut self, entry: Entry) -> Result<(), ServerError> {
        self.rules.note(entry)
    }

    /// The row of a record as it stands in this transaction.
    pub(crate) fn row(&self, kind: u16, record: uuid::Uuid) -> Result<Option<Row>, ServerError> {
        self.log.row(kind, record)
    }

    /// Retries, counts and writes the counter row and the ledger: the last thing before the commit. Returns where the
    /// log stands then.
    pub(super) fn finish(mut self, beside: &Beside) -> Result<Head, ServerError> {
        self.rules.settle()?;
        self.catch_up()?;
        let (head, lines) = (self.rules.head, self.rules.put_head()?);
        self.write_ledger(beside, &lines)?;
        Ok(head)
    }

    /// Brings the tallies to this moment: what was touched, and what lapsed since they were last counted.
    pub(crate) fn catch_up(&mut self) -> Result<(), ServerError> {
        let today = self.today();
        let mut households = self.log.lapsed(self.office.counted_on, today)?;
        households.append(&mut self.log.touched.take());
        self.log.recount(&households, self.counted_by, today)?;
        self.office.counted_on = today;
        self.log.put_counted_on(today)
    }
}
