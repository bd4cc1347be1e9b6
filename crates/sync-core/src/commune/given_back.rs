//! What laptops give back after a restore: [`crate::offer::take_back`] decides, this stores what it decided.

use uuid::Uuid;

use super::intake::receipts_of;
use super::{Commune, CommuneStore, Sent, Waiting, Which};
use crate::ingest::Quarantine;
use crate::offer::{BareOp, OfferContext, OfferOutcome, TakenBack, take_back, take_bare};
use crate::op::{GroupId, OpHash, Scope};
use crate::position::Position;
use crate::receipt::Receipt;
use crate::wire::{Numbered, Offer, OfferReply, PageGroup, PageRow};

impl<S: CommuneStore> Commune<'_, S> {
    /// Takes back what a laptop offers, in its order. `open` reads what only the commune can.
    pub fn offer(
        &mut self,
        offered: &Offer,
        open: impl Fn(&[u8]) -> Option<PageGroup>,
    ) -> Result<OfferReply, S::Error> {
        let mut groups = Vec::with_capacity(offered.groups.len());
        for one in &offered.groups {
            groups.push((one.group.id, self.take_one_back(one)?));
        }
        let mut sealed = Vec::with_capacity(offered.sealed.len());
        for one in &offered.sealed {
            sealed.push(match open(&one.payload) {
                Some(group) => self.take_one_back(&group)?,
                None => OfferOutcome::Unproven,
            });
        }
        self.settle()?;
        let bare = offered.bare.iter().map(|one| self.take_bare(one)).collect::<Result<_, _>>()?;
        Ok(OfferReply { groups, bare, sealed, proof: self.proof() })
    }

    fn take_one_back(&mut self, one: &PageGroup) -> Result<OfferOutcome, S::Error> {
        let taken = take_back(&self.store, one, self.offer_context(false))?;
        let outcome = taken.outcome.clone();
        self.store_taken_back(one, taken)?;
        Ok(outcome)
    }

    fn offer_context(&self, released: bool) -> OfferContext<'_> {
        OfferContext { commune: self.head.commune, position: self.head.next(), key: self.keys, released }
    }

    fn store_taken_back(&mut self, offered: &PageGroup, taken: TakenBack) -> Result<(), S::Error> {
        let erased = taken.erased.clone();
        if taken.waits.is_some() {
            self.keep_waiting(offered, &taken)?;
            if !taken.lowered.is_empty() {
                self.take_in(offered, TakenBack { waits: None, ..taken })?;
            }
        } else if taken.commits {
            self.take_in(offered, taken)?;
        }
        self.list(&erased)
    }

    /// What cannot be taken waits with its receipts.
    fn keep_waiting(&mut self, offered: &PageGroup, taken: &TakenBack) -> Result<(), S::Error> {
        let (Some(waits), OfferOutcome::Waits(reason)) = (&taken.waits, &taken.outcome) else {
            return Ok(());
        };
        if !taken.commits {
            return self.learn_receipts(waits, reason, taken.lacks);
        }
        let position = self.head.next();
        let scope = offered.group.scope().unwrap_or(Scope::COMMUNE);
        self.advance(scope, offered.group.id, reason.code(), chained(&waits.receipts), Sent::default())?;
        self.store.put_waiting(&Waiting {
            content: waits.group.hash(),
            stamps: waits.receipts.iter().map(|receipt| receipt.stamp).collect(),
            numbered: Numbered { incarnation: 0, dseq: 0, group: waits.group.clone() },
            reason: reason.clone(),
            lacks: taken.lacks,
            receipts: waits.receipts.clone(),
            received_at_ms: self.head.received_at_ms,
            entered_at: position.position,
        })
    }

    /// Ops and stamps as they were proven.
    fn take_in(&mut self, offered: &PageGroup, taken: TakenBack) -> Result<(), S::Error> {
        let position = self.head.next();
        let scope = offered.group.scope().unwrap_or(Scope::COMMUNE);
        let mut sent = Sent::default();
        let rows: Vec<_> = taken.rows.into_iter().chain(taken.again.iter().cloned()).collect();
        sent.rows.extend(taken.again.into_iter().map(|row| PageRow { position, row }));
        self.write_rows(&rows, &taken.begun, None, &mut sent)?;
        let part = taken.part.as_ref().map_or(&[][..], |part| &part.receipts);
        let stored: Vec<Receipt> = part.iter().chain(&taken.lowered).cloned().collect();
        sent.group = taken.part;
        self.advance(scope, offered.group.id, "", chained(&stored), sent)?;
        for receipt in &stored {
            let known = taken.lowered.iter().any(|one| one.op == receipt.op);
            let at = if known { self.store.committed_at(receipt.op)? } else { None };
            self.store.put_receipt(receipt, at.unwrap_or(position))?;
        }
        self.lower(&taken.lowered)?;
        for begun in &taken.begun {
            // They lived, whatever somebody who had not heard said of them since.
            self.store.remove_erased(begun.kind, begun.record)?;
        }
        self.no_longer_waits(offered.group.id)?;
        self.close_mended(&offered.group)
    }

    /// What was pushed and waits already, for whatever reason, waits under its receipts from now on: what has one is not
    /// judged again.
    fn learn_receipts(
        &mut self,
        waits: &PageGroup,
        reason: &Quarantine,
        lacks: Option<(u16, Uuid)>,
    ) -> Result<(), S::Error> {
        for waiting in self.store.waiting(Which::Of(waits.group.id))? {
            if waiting.receipts.is_empty() && waiting.numbered.group.ops == waits.group.ops {
                self.store.put_waiting(&Waiting {
                    reason: reason.clone(),
                    lacks,
                    stamps: waits.receipts.iter().map(|receipt| receipt.stamp).collect(),
                    receipts: waits.receipts.clone(),
                    ..waiting
                })?;
            }
        }
        Ok(())
    }

    /// What was pushed and waits is taken too, where somebody who has the receipts gives it back.
    fn no_longer_waits(&mut self, group: GroupId) -> Result<(), S::Error> {
        for waiting in self.store.waiting(Which::Of(group))? {
            let mut taken = true;
            for op in &waiting.numbered.group.ops {
                taken &= self.store.known(op.id())?.is_some_and(|(hash, _)| hash == op.hash());
            }
            if taken {
                self.store.remove_waiting(group, waiting.content)?;
            }
        }
        Ok(())
    }

    /// Where the stream carries an op whose stamp fell, it carries it under the lower one from now on.
    fn lower(&mut self, lowered: &[Receipt]) -> Result<(), S::Error> {
        for receipt in lowered {
            let Some(mut group) = self.group_with(receipt)? else { continue };
            group
                .receipts
                .iter_mut()
                .filter(|one| one.op == receipt.op)
                .for_each(|one| *one = receipt.clone());
            self.store.put_group(group.position, Some(&group))?;
        }
        Ok(())
    }

    fn group_with(&self, receipt: &Receipt) -> Result<Option<PageGroup>, S::Error> {
        let Some(at) = self.store.committed_at(receipt.op)? else { return Ok(None) };
        let before = at.position.saturating_sub(1);
        let sent =
            self.store.sent_after(before, 1)?.pop().filter(|sent| sent.position.position == at.position);
        Ok(sent.and_then(|sent| sent.group))
    }

    /// Looks at what was given back and waited, once more.
    pub(super) fn take_back_released(&mut self, waiting: &Waiting) -> Result<(), S::Error> {
        let group = waiting.numbered.group.clone();
        let receipts = receipts_of(&group, &waiting.receipts);
        let position = Position { position: waiting.entered_at, ..self.head.cursor.position() };
        let offered = PageGroup { position, group, receipts };
        let taken = take_back(&self.store, &offered, self.offer_context(true))?;
        if let OfferOutcome::Waits(reason) = taken.outcome {
            self.waits_on(waiting, reason, taken.lacks)?;
            return self.list(&taken.erased);
        }
        if taken.outcome == OfferOutcome::Unproven {
            // Another content was taken under its name. It stays where somebody can see it.
            return self.waits_on(waiting, Quarantine::Invalid, None);
        }
        self.store.remove_waiting(waiting.numbered.group.id, waiting.content)?;
        self.store_taken_back(&offered, taken)
    }

    /// True if the log has the name now.
    fn take_bare(&mut self, bare: &BareOp) -> Result<bool, S::Error> {
        if self.store.known(bare.receipt.op)?.is_some() {
            return Ok(true);
        }
        if !take_bare(&self.store, bare, self.offer_context(false))? {
            return Ok(false);
        }
        let position = self.head.next();
        let ops = [(bare.receipt.op, &bare.receipt.op_hash, bare.receipt.stamp)];
        self.advance(bare.header.scope, bare.header.id.group, "", ops, Sent::default())?;
        self.store.put_receipt(&bare.receipt, position)?;
        Ok(true)
    }
}

fn chained(receipts: &[Receipt]) -> impl Iterator<Item = (crate::op::OpId, &OpHash, crate::stamp::Stamp)> {
    receipts.iter().map(|receipt| (receipt.op, &receipt.op_hash, receipt.stamp))
}
