//! Numbers, batches and answers (§2, §4).

use std::collections::HashMap;

use crate::ingest::{GroupOutcome, Quarantine};
use crate::op::{Op, OpId};
use crate::receipt::Receipt;
use crate::rights::Sight;
use crate::wire::{BatchLimits, GroupAnswer, Numbered, PageGroup, PushReply, fill_batch};

use super::{Laptop, LaptopStore, Own, Standing, Which};

impl<S: LaptopStore> Laptop<S> {
    /// The next pending groups in `dseq` order, contiguous, whole groups only. `None` if one is too large to be written.
    pub fn next_batch(&self, limits: &BatchLimits) -> Result<Option<Vec<Numbered>>, S::Error> {
        let pending = self.store.owns(Which::Pending, limits.groups.max(1))?;
        let pending: Vec<Numbered> = pending.into_iter().map(|own| own.numbered).collect();
        Ok(fill_batch(&pending, limits).ok())
    }

    /// What is kept apart, to be sent again under its numbers once an exchange: it may have been taken since, where no
    /// page brings it. Its scope may not be in sight, or its record has moved on. Begins after the number `after`.
    pub fn next_apart(
        &mut self,
        after: u64,
        limits: &BatchLimits,
    ) -> Result<Option<Vec<Numbered>>, S::Error> {
        // What somebody decided about need not be, unless somebody was erased since; but who is told nothing of a restore
        // is not told of what that forgot.
        let all = self.state.sight == Some(Sight::NOTHING) || self.state.asked != self.state.ledger;
        let asks = |own: &Own| (all || !own.mended) && own.numbered.dseq > after;
        let apart = self.store.owns(Which::Apart, usize::MAX)?.into_iter().filter(asks);
        let apart: Vec<Numbered> = apart.map(|own| own.numbered).take(limits.groups.max(1)).collect();
        if apart.is_empty() {
            self.state.asked = self.state.ledger;
        }
        Ok(fill_batch(&apart, limits).ok())
    }

    /// Keeps the receipts whose op hash is one of this laptop's, and what is kept apart. Writes no row (F4). Returns how
    /// many groups were pending and are no longer.
    pub fn acknowledge(&mut self, reply: &PushReply) -> Result<u64, S::Error> {
        self.heard(reply.proof);
        let receipts: HashMap<OpId, &Receipt> =
            reply.receipts.iter().map(|receipt| (receipt.op, receipt)).collect();
        let mut settled = 0;
        for answer in &reply.groups {
            let Some(mut own) = self.store.own(answer.group)? else { continue };
            settled += u64::from(self.take_answer(&mut own, answer, &receipts)?);
        }
        self.settle()?;
        Ok(settled)
    }

    /// True if it waited and does no longer.
    fn take_answer(
        &mut self,
        own: &mut Own,
        answer: &GroupAnswer,
        receipts: &HashMap<OpId, &Receipt>,
    ) -> Result<bool, S::Error> {
        // An answer counts only for op hashes that are mine; a number alone is no acknowledgement.
        let mine = |op: &Op| {
            let of_it = receipts.get(&op.id()).filter(|receipt| receipt.op_hash == op.hash());
            of_it.map(|receipt| Receipt::clone(receipt))
        };
        let found: Vec<Receipt> = own.numbered.group.ops.iter().filter_map(mine).collect();
        let standing = match &answer.outcome {
            GroupOutcome::Quarantined(reason) => Standing::Apart(reason.clone()),
            outcome if outcome.uses_number() && found.len() == own.numbered.group.ops.len() => {
                Standing::Taken
            }
            _ => return Ok(false),
        };
        let waited = own.standing == Standing::Pending;
        own.mended |= standing == Standing::Apart(Quarantine::Mended);
        if own.receipts.is_empty() {
            own.at = answer.at;
            if standing == Standing::Taken {
                own.receipts = found;
            }
        }
        own.standing = standing;
        if answer.dropped.is_empty() {
            self.store.put_own(own)?;
        } else {
            self.let_go(own, answer)?;
        }
        Ok(waited)
    }

    /// Of own ops about somebody erased the server kept nothing; nor does their laptop, but for the header.
    fn let_go(&mut self, own: &Own, answer: &GroupAnswer) -> Result<(), S::Error> {
        let left = self.cut(own.as_offered(), |op| answer.dropped.contains(&op.header.id.index))?;
        self.put_what_is_left(own, left)
    }

    /// An own group, or what is left of it.
    pub(super) fn put_what_is_left(&mut self, own: &Own, left: Option<PageGroup>) -> Result<(), S::Error> {
        match left {
            Some(PageGroup { group, receipts, .. }) => {
                let numbered = Numbered { group, ..own.numbered.clone() };
                self.store.put_part_of_own(&Own { numbered, receipts, ..own.clone() })
            }
            None => self.store.remove_own(own.numbered.group.id),
        }
    }

    /// Own groups that the base has by now leave the overlay: the cursor has passed them.
    pub(super) fn settle(&mut self) -> Result<(), S::Error> {
        let Some(cursor) = self.state.cursor else { return Ok(()) };
        for own in self.store.owns(Which::UpTo(cursor.position()), usize::MAX)? {
            self.keep_unseen(&own.as_offered(), cursor.epoch.number)?;
            self.store.remove_own(own.numbered.group.id)?;
        }
        Ok(())
    }

    /// Takes this incarnation and numbers everything pending anew from 1, in the order of saving. No op changes a byte
    /// (F10, F16b, F17).
    pub fn new_incarnation(&mut self, random: u64) -> Result<(), S::Error> {
        self.state.incarnation = random;
        self.state.highest_dseq = 0;
        for mut own in self.store.owns(Which::All, usize::MAX)? {
            // A group in quarantine has no receipt: should the server have forgotten it, it comes again.
            if own.standing == Standing::Pending || own.receipts.is_empty() {
                self.state.highest_dseq += 1;
                own.standing = Standing::Pending;
                own.numbered.incarnation = random;
                own.numbered.dseq = self.state.highest_dseq;
                self.store.put_own(&own)?;
            }
        }
        Ok(())
    }
}
