//! What laptops push, and what waits: [`crate::ingest::ingest`] decides, this stores what it decided. Pushed batches,
//! what leaves quarantine and the server's own edits all come through [`Commune::take`]; there is no second way to
//! change a record.

use domain::ids::{DeviceId, UserId};
use domain::registry::RecordKind;
use uuid::Uuid;

use super::{Commune, CommuneStore, Sent, Waiting, Which};
use crate::erasure::ANY_KIND;
use crate::group::{Group, GroupLimits};
use crate::ingest::{Arrival, Begun, GroupOutcome, IngestContext, Ingested, Quarantine, ingest, mends};
use crate::moves::follow;
use crate::op::{GroupId, Op, OpHash, Scope};
use crate::position::Position;
use crate::receipt::Receipt;
use crate::rights::Held;
use crate::row::Row;
use crate::wire::{Batch, GroupAnswer, Numbered, PageGroup, PageRow, PushReply};

/// From whom a group comes.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'s> {
    /// The device that wrote and numbered it.
    pub device: DeviceId,
    /// Who works on it.
    pub users: &'s [UserId],
    /// What they may write.
    pub held: &'s [Held],
}

impl<S: CommuneStore> Commune<'_, S> {
    /// Takes the groups of a batch, in order, up to the first that cannot be looked at. Its signature was checked, and
    /// it is for the present epoch.
    pub fn push(&mut self, batch: &Batch) -> Result<PushReply, S::Error> {
        let users = self.store.users_of(batch.device)?;
        let held = self.store.held_by(batch.device)?;
        let sender = Sender { device: batch.device, users: &users, held: &held };
        let (mut receipts, mut groups, mut expect) = (Vec::new(), Vec::new(), None);
        for numbered in &batch.groups {
            let session = numbered.group.ops.first().map_or(0, |op| op.header.session);
            let taken = self.take(sender, numbered, batch.offset_ms(session))?;
            if let GroupOutcome::Gap { expect: number } = taken.outcome {
                expect = Some(number);
            }
            let at = self.committed_at(&taken)?;
            let looked_at = taken.outcome.uses_number();
            let (dseq, group, outcome) = (numbered.dseq, numbered.group.id, taken.outcome);
            receipts.extend(taken.receipts);
            groups.push(GroupAnswer { dseq, group, outcome, at, dropped: taken.dropped });
            if !looked_at {
                break;
            }
        }
        self.settle()?;
        Ok(PushReply { receipts, groups, expect, head: self.head.cursor, proof: Some(self.proof()) })
    }

    /// Where the present history has the last op of a group that was taken. The stream alone cannot say it: a record
    /// that moved away is delivered to nobody there, and what somebody else gave back first is in the rows already.
    fn committed_at(&self, taken: &Ingested) -> Result<Option<Position>, S::Error> {
        if taken.outcome.reason().is_some() {
            return Ok(None);
        }
        if taken.commits {
            return Ok(Some(self.head.cursor.position()));
        }
        let mut last = None;
        for receipt in &taken.receipts {
            last = last.max(self.store.committed_at(receipt.op)?);
        }
        Ok(last)
    }

    /// Takes one numbered group.
    pub fn take(
        &mut self,
        sender: Sender<'_>,
        numbered: &Numbered,
        session_offset_ms: i64,
    ) -> Result<Ingested, S::Error> {
        let received_at_ms = self.head.received_at_ms;
        let ingested = self.judge(sender, numbered, session_offset_ms, received_at_ms, Arrival::Pushed)?;
        if ingested.outcome.uses_number() {
            let stamp = ingested.stamps.iter().max().copied();
            self.store.use_number(sender.device, numbered, stamp)?;
        }
        if ingested.commits {
            self.commit(numbered, &ingested)?;
        }
        self.list(&ingested.erased)?;
        Ok(ingested)
    }

    fn judge(
        &self,
        sender: Sender<'_>,
        numbered: &Numbered,
        session_offset_ms: i64,
        received_at_ms: i64,
        arrival: Arrival,
    ) -> Result<Ingested, S::Error> {
        let base = numbered.group.ops.first().map(|op| op.header.base).unwrap_or_default();
        let cursor = self.head.cursor;
        let context = IngestContext {
            commune: self.head.commune,
            device: sender.device,
            users: sender.users,
            received_at_ms,
            session_offset_ms,
            position: self.head.next(),
            held: sender.held,
            base_known: base.epoch == cursor.epoch.number && base.position <= cursor.position,
            limits: GroupLimits::default(),
            key: self.keys,
            arrival,
        };
        ingest(&self.store, numbered, &context)
    }

    /// Writes what was decided at the next position.
    fn commit(&mut self, numbered: &Numbered, ingested: &Ingested) -> Result<(), S::Error> {
        let group = &numbered.group;
        let position = self.head.next();
        let hashes: Vec<OpHash> = group.ops.iter().map(Op::hash).collect();
        let ops = group.ops.iter().zip(&hashes).zip(&ingested.stamps);
        let ops = ops.map(|((op, hash), stamp)| (op.id(), hash, *stamp));
        let scope = group.scope().unwrap_or(Scope::COMMUNE);
        if let Some(reason) = ingested.outcome.reason() {
            self.advance(scope, group.id, reason.code(), ops, Sent::default())?;
            return self.keep_apart(numbered, reason, ingested, position.position);
        }
        let mut sent = Sent::default();
        self.write_rows(&ingested.rows, &ingested.begun, Some(group.id), &mut sent)?;
        sent.group = ingested.part.as_ref().map(|part| PageGroup {
            position,
            group: part.clone(),
            receipts: receipts_of(part, &ingested.receipts),
        });
        self.advance(scope, group.id, "", ops, sent)?;
        for receipt in ingested.receipts.iter().filter(|receipt| receipt.first == position) {
            self.store.put_receipt(receipt, position)?;
        }
        self.close_mended(group)
    }

    /// Rows as a commit leaves them at the next position, with those that it began, and what moves by it.
    pub(super) fn write_rows(
        &mut self,
        rows: &[Row],
        begun: &[Begun],
        by: Option<GroupId>,
        sent: &mut Sent,
    ) -> Result<(), S::Error> {
        let position = self.head.next();
        let moved = follow(&self.store, rows, by, position)?;
        for row in rows.iter().chain(&moved.rows) {
            self.store.put_row(row)?;
        }
        self.moved |= !moved.rows.is_empty();
        // A row that was made anew and moves by it comes as it is where it is now.
        let moves = |row: &Row| moved.rows.iter().any(|one| (one.kind, one.record) == (row.kind, row.record));
        sent.rows.retain(|whole| !moves(&whole.row));
        sent.exits.extend(moved.exits);
        sent.rows.extend(moved.rows.into_iter().map(|row| PageRow { position, row }));
        for Begun { kind, record, from, to } in begun {
            // Something may have waited for it; what waits for an end of an edge does not know its kind.
            self.news.extend([(*kind, *record), (ANY_KIND, *record)]);
            if from == to {
                continue;
            }
            // What it lies under has moved, and it lies there. It comes whole: to somebody who never heard of what it
            // lies under it would begin where it was written.
            self.store.put_left(*kind, *record, *from, position)?;
            let of_it = |row: &&Row| (row.kind, row.record) == (*kind, *record);
            if !sent.rows.iter().any(|whole| of_it(&&whole.row)) {
                sent.rows.extend(rows.iter().find(of_it).map(|row| PageRow { position, row: row.clone() }));
            }
        }
        Ok(())
    }

    fn keep_apart(
        &mut self,
        numbered: &Numbered,
        reason: &Quarantine,
        ingested: &Ingested,
        entered_at: u64,
    ) -> Result<(), S::Error> {
        let Some(part) = ingested.part.clone() else { return Ok(()) };
        let stamps = numbered.group.ops.iter().zip(&ingested.stamps);
        let stamps = stamps.filter(|(op, _)| part.ops.iter().any(|kept| kept.id() == op.id()));
        self.store.put_waiting(&Waiting {
            content: numbered.group.hash(),
            reason: reason.clone(),
            stamps: stamps.map(|(_, stamp)| *stamp).collect(),
            receipts: vec![],
            lacks: ingested.lacks,
            received_at_ms: self.head.received_at_ms,
            entered_at,
            numbered: Numbered { group: part, ..*numbered },
        })
    }

    /// Tries groups again that wait for a record that has come, until none finds one. Once for all that a request
    /// brings: trying costs as much as there is to read of what waits.
    pub fn settle(&mut self) -> Result<(), S::Error> {
        while self.moved || self.sweeps || !self.news.is_empty() {
            if std::mem::take(&mut self.sweeps) {
                self.sweep()?;
            }
            if std::mem::take(&mut self.moved) {
                self.retry(Which::For(Quarantine::Rights))?;
            }
            let news = std::mem::take(&mut self.news);
            let mut lacked = self.store.lacked()?;
            lacked.retain(|one| one.is_none_or(|record| news.contains(&record)));
            for record in lacked {
                self.retry(Which::Lacking(record))?;
            }
        }
        Ok(())
    }

    /// Tries again what waits.
    pub(super) fn retry(&mut self, which: Which) -> Result<(), S::Error> {
        for waiting in self.store.waiting(which)? {
            if waiting.receipts.is_empty() {
                self.release(&waiting)?;
            } else {
                self.take_back_released(&waiting)?;
            }
        }
        Ok(())
    }

    /// An arrival keeps its stamps. What still cannot be taken stays as it is, or waits for another reason from now on.
    fn release(&mut self, waiting: &Waiting) -> Result<(), S::Error> {
        let Some(device) = waiting.device() else { return Ok(()) };
        let (users, held) = (self.store.users_of(device)?, self.store.held_by(device)?);
        let sender = Sender { device, users: &users, held: &held };
        let arrival = Arrival::Released(waiting.stamps.clone());
        let ingested = self.judge(sender, &waiting.numbered, 0, waiting.received_at_ms, arrival)?;
        if let Some(reason) = ingested.outcome.reason() {
            self.waits_on(waiting, reason.clone(), ingested.lacks)?;
        } else {
            self.store.remove_waiting(waiting.numbered.group.id, waiting.content)?;
            if ingested.commits {
                self.commit(&waiting.numbered, &ingested)?;
            }
        }
        self.list(&ingested.erased)
    }

    /// It still cannot be taken, maybe for another reason than before.
    pub(super) fn waits_on(
        &mut self,
        waiting: &Waiting,
        reason: Quarantine,
        lacks: Option<(u16, Uuid)>,
    ) -> Result<(), S::Error> {
        if (&reason, lacks) == (&waiting.reason, waiting.lacks) {
            return Ok(());
        }
        self.store.put_waiting(&Waiting { reason, lacks, ..waiting.clone() })
    }

    /// A group that names one in quarantine closes it: what stands in it was written anew, or given up (§4). It stays
    /// where it is, so that whoever asks can see both.
    pub(super) fn close_mended(&mut self, group: &Group) -> Result<(), S::Error> {
        for op in group.ops.iter().filter(|op| op.header.kind == RecordKind::Mending.no()) {
            for waiting in self.store.waiting(Which::Of(GroupId(op.header.record)))? {
                if waiting.numbered.group.scope().is_some_and(|scope| mends(op.header.scope, scope)) {
                    self.waits_on(&waiting, Quarantine::Mended, None)?;
                }
            }
        }
        Ok(())
    }
}

/// The receipts of a part.
pub(super) fn receipts_of(part: &Group, receipts: &[Receipt]) -> Vec<Receipt> {
    let of_it = |receipt: &&Receipt| part.ops.iter().any(|op| op.id() == receipt.op);
    receipts.iter().filter(of_it).cloned().collect()
}
