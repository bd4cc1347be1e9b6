//! Taking groups in: `sync_core::ingest` decides, this stores what it decided, within one transaction of
//! the commune. Pushed batches, retried quarantine and the server's own edits all come through
//! [`Intake::take`]; there is no second way to change a record.

use std::collections::BTreeSet;

use domain::calendar::Day;
use domain::ids::{CommuneId, DeviceId, HouseholdId, UserId};
use rusqlite::{Connection, params};
use sync_core::group::{Group, GroupLimits};
use sync_core::household::CountedBy;
use sync_core::ingest::{Arrival, GroupOutcome, IngestContext, Ingested, LogView, Quarantine, ingest};
use sync_core::op::{Op, OpHash, Scope};
use sync_core::position::Position;
use sync_core::receipt::{Receipt, ReceiptKey};
use sync_core::rights::Held;
use sync_core::stamp::Stamp;
use sync_core::wire::{Numbered, PageGroup};

use super::Register;
use super::head::Head;
use super::log::{Log, json, to_json};
use crate::error::ServerError;
use crate::machine::Machine;

/// An open writing transaction.
#[derive(Debug)]
pub(crate) struct Intake<'t> {
    pub(crate) log: Log<'t>,
    pub(crate) head: Head,
    pub(crate) machine: &'t dyn Machine,
    pub(crate) session: u64,
    keys: &'t ReceiptKey,
    counted_by: &'t CountedBy,
    touched: BTreeSet<HouseholdId>,
    /// Something was committed on which a waiting group may stand.
    news: bool,
}

/// What came of a group.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) outcome: GroupOutcome,
    pub(crate) receipts: Vec<Receipt>,
}

/// From whom a group comes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sender<'a> {
    pub(crate) device: DeviceId,
    pub(crate) users: &'a [UserId],
    pub(crate) held: &'a [Held],
}

/// A group in quarantine.
#[derive(Debug)]
struct Waiting {
    numbered: Numbered,
    device: DeviceId,
    content: [u8; 32],
    stamps: Vec<Stamp>,
    received_at_ms: i64,
}

impl<'t> Intake<'t> {
    pub(crate) fn begin(connection: &'t Connection, register: &'t Register) -> Result<Self, ServerError> {
        let log = Log::new(connection, register.commune());
        let mut head = log.head()?;
        // Stamps stand on it: the clock of the server's word never goes back.
        head.received_at_ms = head.received_at_ms.max(register.now_ms());
        Ok(Self {
            log,
            head,
            machine: register.machine(),
            session: register.session,
            keys: &register.keys().receipts,
            counted_by: register.counted_by(),
            touched: BTreeSet::new(),
            news: false,
        })
    }

    pub(crate) fn commune(&self) -> CommuneId {
        self.log.commune
    }

    pub(crate) fn today(&self) -> Day {
        Day::at(self.head.received_at_ms)
    }

    /// Takes one group that came in a batch.
    pub(crate) fn take(
        &mut self,
        sender: Sender<'_>,
        numbered: &Numbered,
        session_offset_ms: i64,
    ) -> Result<Taken, ServerError> {
        let received_at_ms = self.head.received_at_ms;
        let ingested = self.judge(sender, numbered, session_offset_ms, received_at_ms, Arrival::Pushed)?;
        if ingested.outcome.uses_number() {
            self.use_number(sender.device, numbered, &ingested.stamps)?;
        }
        if ingested.commits {
            self.commit(sender.device, numbered, &ingested)?;
        }
        Ok(Taken { outcome: ingested.outcome, receipts: ingested.receipts })
    }

    fn judge(
        &self,
        sender: Sender<'_>,
        numbered: &Numbered,
        session_offset_ms: i64,
        received_at_ms: i64,
        arrival: Arrival,
    ) -> Result<Ingested, ServerError> {
        let base = numbered.group.ops.first().map(|op| op.header.base).unwrap_or_default();
        let context = IngestContext {
            commune: self.commune(),
            device: sender.device,
            users: sender.users,
            received_at_ms,
            session_offset_ms,
            position: self.head.next(),
            held: sender.held,
            base_known: base.epoch == self.head.epoch.number && base.position <= self.head.position,
            limits: GroupLimits::default(),
            key: self.keys,
            arrival,
        };
        ingest(&self.log, numbered, &context)
    }

    fn use_number(&self, device: DeviceId, numbered: &Numbered, stamps: &[Stamp]) -> Result<(), ServerError> {
        let (commune, incarnation) = (self.commune().0, numbered.incarnation.cast_signed());
        let dseq = numbered.dseq.cast_signed();
        self.log.run(
            "INSERT OR IGNORE INTO numbers VALUES (?1, ?2, ?3, ?4, ?5)",
            params![commune, device.0, incarnation, dseq, numbered.group.id.0],
        )?;
        let stamp = stamps.iter().max().map(|stamp| stamp.0);
        self.log.run(
            "INSERT INTO incarnations VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (commune_id, device_id, incarnation) DO UPDATE SET
               last_dseq = max(last_dseq, ?4),
               last_stamp = coalesce(max(last_stamp, ?5), last_stamp, ?5)",
            params![commune, device.0, incarnation, dseq, stamp],
        )
    }

    /// Writes what was decided at the next position.
    fn commit(
        &mut self,
        device: DeviceId,
        numbered: &Numbered,
        ingested: &Ingested,
    ) -> Result<(), ServerError> {
        let group = &numbered.group;
        let position = self.head.next();
        if let GroupOutcome::Quarantined(reason) = &ingested.outcome {
            self.write_position(group, position, Some(reason), &ingested.stamps)?;
            return self.put_aside(device, numbered, reason, &ingested.stamps);
        }
        self.write_position(group, position, None, &ingested.stamps)?;
        for receipt in ingested.receipts.iter().filter(|receipt| receipt.first == position) {
            self.keep_receipt(receipt)?;
        }
        for row in &ingested.rows {
            self.log.put_record(row, &mut self.touched)?;
        }
        self.news = true;
        let page_group = PageGroup { position, group: group.clone(), receipts: ingested.receipts.clone() };
        let body = to_json(&page_group)?.into_bytes();
        self.log.run(
            "INSERT INTO bodies VALUES (?1, ?2, ?3)",
            params![self.commune().0, position.position.cast_signed(), body],
        )
    }

    /// One more position and link of the chain. Quarantine takes a header only.
    fn write_position(
        &mut self,
        group: &Group,
        position: Position,
        quarantine: Option<&Quarantine>,
        stamps: &[Stamp],
    ) -> Result<(), ServerError> {
        let hashes: Vec<OpHash> = group.ops.iter().map(Op::hash).collect();
        let ops = group.ops.iter().zip(&hashes).zip(stamps);
        let ops = ops.map(|((op, hash), stamp)| (op.id(), hash, *stamp));
        let code = quarantine.map(Quarantine::code);
        self.head.chain = self.head.chain.after(position, code, ops);
        self.head.position = position.position;
        let scope = group.scope().unwrap_or(Scope::COMMUNE);
        self.log.run(
            "INSERT INTO commits VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                self.commune().0,
                position.position.cast_signed(),
                scope.0,
                group.id.0,
                code.unwrap_or_default(),
                self.head.chain.0,
            ],
        )
    }

    fn keep_receipt(&self, receipt: &Receipt) -> Result<(), ServerError> {
        let found = if receipt.found.is_empty() { String::new() } else { to_json(&receipt.found)? };
        self.log.run(
            "INSERT OR REPLACE INTO ops VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                self.commune().0,
                receipt.op.group.0,
                receipt.op.index,
                receipt.op_hash.0,
                receipt.stamp.0,
                receipt.first.epoch,
                receipt.first.position.cast_signed(),
                found,
                receipt.mac,
            ],
        )
    }

    fn put_aside(
        &self,
        device: DeviceId,
        numbered: &Numbered,
        reason: &Quarantine,
        stamps: &[Stamp],
    ) -> Result<(), ServerError> {
        // A group that breaks a rule may have no canonical bytes; as JSON it can always be shown.
        let body = serde_json::to_vec(numbered).map_err(|_| ServerError::Internal("quarantine"))?;
        self.log.run(
            "INSERT INTO quarantine VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                self.commune().0,
                numbered.group.id.0,
                numbered.group.hash(),
                reason.code(),
                device.0,
                numbered.incarnation.cast_signed(),
                numbered.dseq.cast_signed(),
                self.head.received_at_ms,
                self.head.position.cast_signed(),
                to_json(&stamps)?,
                body,
            ],
        )
    }

    /// Tries groups again that wait for a parent, until none finds one.
    pub(crate) fn settle(&mut self) -> Result<(), ServerError> {
        while std::mem::take(&mut self.news) {
            for waiting in self.waiting_for_a_parent()? {
                self.release(&waiting)?;
            }
        }
        Ok(())
    }

    fn waiting_for_a_parent(&self) -> Result<Vec<Waiting>, ServerError> {
        let sql = "SELECT body, device_id, content, stamps, received_at_ms FROM quarantine
                   WHERE commune_id = ?1 AND reason = 'no_parent' ORDER BY entered_at";
        self.log.all(sql, [self.commune().0], |row| {
            let body = row.get_ref(0)?.as_blob().map_err(|_| ServerError::Damaged)?;
            Ok(Waiting {
                numbered: serde_json::from_slice(body).map_err(|_| ServerError::Damaged)?,
                device: DeviceId(row.get(1)?),
                content: row.get(2)?,
                stamps: json(row, 3)?,
                received_at_ms: row.get(4)?,
            })
        })
    }

    /// An arrival keeps its stamps. What still cannot be taken stays as it is.
    fn release(&mut self, waiting: &Waiting) -> Result<(), ServerError> {
        let held = self.log.held_by(waiting.device)?;
        let users = self.log.users_of(waiting.device)?;
        let sender = Sender { device: waiting.device, users: &users, held: &held };
        let arrival = Arrival::Released(waiting.stamps.clone());
        let ingested = self.judge(sender, &waiting.numbered, 0, waiting.received_at_ms, arrival)?;
        if matches!(ingested.outcome, GroupOutcome::Quarantined(_)) {
            return Ok(());
        }
        self.log.run(
            "DELETE FROM quarantine WHERE commune_id = ?1 AND group_id = ?2 AND content = ?3",
            params![self.commune().0, waiting.numbered.group.id.0, waiting.content],
        )?;
        if ingested.commits {
            self.commit(waiting.device, &waiting.numbered, &ingested)?;
        }
        Ok(())
    }

    /// The row of a record as it stands in this transaction.
    pub(crate) fn row(
        &self,
        kind: u16,
        record: uuid::Uuid,
    ) -> Result<Option<sync_core::row::Row>, ServerError> {
        self.log.row(kind, record)
    }

    /// Retries, counts and writes the counter row: the last thing before the commit.
    pub(crate) fn finish(mut self) -> Result<(), ServerError> {
        self.settle()?;
        self.catch_up()?;
        self.log.put_head(&self.head)
    }

    /// Brings the tallies to this moment: what was touched, and what lapsed since they were last counted.
    pub(crate) fn catch_up(&mut self) -> Result<(), ServerError> {
        let today = self.today();
        let mut households = self.log.lapsed(self.head.counted_on, today)?;
        households.append(&mut self.touched);
        self.log.recount(&households, self.counted_by, today)?;
        self.head.counted_on = today;
        Ok(())
    }
}
