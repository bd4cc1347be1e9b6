//! The greeting, and what it may bring: another life of the log, to which everything is given back (§6).

use crate::batch::{fill, json_bytes};
use crate::ingest::Quarantine;
use crate::offer::OfferOutcome;
use crate::op::GroupId;
use crate::position::{Position, is_after};
use crate::retained::kept_with;
use crate::wire::{BatchLimits, HelloReply, Offer, OfferReply, PageGroup, SealedPart};

use super::{Laptop, LaptopStore, Standing, Which};

/// Once round all that may have to be given back, a message at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round(Stage);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Own(Option<GroupId>),
    Kept(Option<GroupId>),
    Sealed(u64),
    Bare,
    Done,
}

impl Default for Stage {
    fn default() -> Self {
        Self::Own(None)
    }
}

/// What is given back in one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Giving {
    /// The groups are this laptop's own, out of the overlay.
    own: bool,
    /// The message.
    pub offer: Offer,
}

/// No epoch has this number or one above it: everything is elsewhere.
pub(super) const NOWHERE: u32 = 1 << 31;

impl<S: LaptopStore> Laptop<S> {
    /// The greeting: before anything is sent, both know which life of the log this is, who was erased, and what is in
    /// sight. `random` is for a new incarnation, should one be needed.
    pub fn meet(&mut self, reply: &HelloReply, random: u64) -> Result<(), S::Error> {
        // Whatever happens next, a server that is put back hears that there was this life of the log.
        self.heard(reply.proof);
        self.forget(&reply.erased)?;
        self.state.ledger = reply.ledger;
        self.state.watermark = reply.watermark;
        if self.state.sight.is_none() {
            self.state.sight.clone_from(&reply.sight);
        }
        let another = self.state.epoch().is_some_and(|epoch| epoch != reply.head.epoch);
        #[cfg(feature = "sabotage")]
        let another = another && !domain::fault::is("epoch_forgotten");
        if another {
            self.come_over(random)?;
        } else if reply.highest_known > self.state.highest_dseq {
            // Put back from a copy of its disk: numbers it does not remember are given away.
            self.new_incarnation(random)?;
        }
        self.state.epoch = Some(reply.head.epoch);
        // What was lost meanwhile is not compared, whenever comparing began, and comes as something gained should it be
        // given again.
        if self.state.compares
            && let (Some(mine), Some(theirs)) = (&self.state.sight, &reply.sight)
        {
            self.state.sight = Some(mine.and(theirs));
            self.hide()?;
        }
        self.settle()
    }

    /// Into the present epoch: everything is kept, and the rows become the server's where they differ.
    fn come_over(&mut self, random: u64) -> Result<(), S::Error> {
        self.new_incarnation(random)?;
        self.state.cursor = None;
        self.state.compares = true;
        Ok(())
    }

    /// What has no place in the present history yet, as far as this laptop has heard: everything after a restore, what
    /// still waits for its parent, what a cut left over (§6). `None` at the end of the round.
    pub fn to_offer(&self, round: &mut Round, limits: &BatchLimits) -> Result<Option<Giving>, S::Error> {
        let epoch = self.state.epoch().map_or(NOWHERE, |epoch| epoch.number);
        let most = limits.groups.max(1);
        loop {
            let mut own = false;
            let mut offer = Offer::default();
            match round.0 {
                Stage::Own(after) => {
                    let mut owns = self.store.owns(Which::Elsewhere(epoch), usize::MAX)?;
                    owns.retain(|one| after.is_none_or(|after| one.numbered.group.id > after));
                    owns.sort_by_key(|one| one.numbered.group.id);
                    own = true;
                    offer.groups = within(owns.iter().map(|own| own.as_offered()), limits);
                    let last = offer.groups.last().map(|one| one.group.id);
                    round.0 = last.map_or(Stage::Kept(None), |last| Stage::Own(Some(last)));
                }
                Stage::Kept(after) => {
                    offer.groups = within(self.store.kept_elsewhere(epoch, after, most)?, limits);
                    let last = offer.groups.last().map(|one| one.group.id);
                    round.0 = last.map_or(Stage::Sealed(0), |last| Stage::Kept(Some(last)));
                }
                Stage::Sealed(after) => {
                    let sealed = self.store.sealed_elsewhere(epoch, after, most)?;
                    offer.sealed = within(sealed.into_iter().map(SealedPart::from), limits);
                    round.0 = offer.sealed.last().map_or(Stage::Bare, |last| Stage::Sealed(last.number));
                }
                Stage::Bare => {
                    // What was offered is not asked for again.
                    offer.bare = within(self.store.bare_to_offer(epoch, self.state.ledger, most)?, limits);
                    if offer.bare.is_empty() {
                        round.0 = Stage::Done;
                    }
                }
                Stage::Done => return Ok(None),
            }
            if offer != Offer::default() {
                return Ok(Some(Giving { own, offer }));
            }
        }
    }

    /// The answer to that.
    pub fn offered(&mut self, giving: &Giving, reply: &OfferReply) -> Result<(), S::Error> {
        for (group, outcome) in &reply.groups {
            if giving.own {
                self.own_offered(*group, outcome)?;
            } else if let (OfferOutcome::Held(position), Some(kept)) = (outcome, self.store.kept(*group)?) {
                self.store.put_kept(&PageGroup { position: *position, ..kept })?;
            }
        }
        for (sealed, outcome) in giving.offer.sealed.iter().zip(&reply.sealed) {
            match outcome {
                OfferOutcome::Held(position) => self.store.put_sealed_at(sealed.number, *position)?,
                OfferOutcome::Erased => self.store.remove_sealed(sealed.number)?,
                OfferOutcome::Waits(_) | OfferOutcome::Unproven => {}
            }
        }
        let epoch = self.state.epoch().map_or(NOWHERE, |epoch| epoch.number);
        self.store.put_bare_offered(&giving.offer.bare, epoch, self.state.ledger)?;
        self.heard(Some(reply.proof));
        self.settle()
    }

    fn own_offered(&mut self, group: GroupId, outcome: &OfferOutcome) -> Result<(), S::Error> {
        let Some(mut own) = self.store.own(group)? else { return Ok(()) };
        match outcome {
            OfferOutcome::Held(position) => own.at = Some(*position),
            // No receipt of this commune: it is sent as if it had none.
            OfferOutcome::Unproven => {
                own.standing = Standing::Pending;
                own.receipts.clear();
            }
            OfferOutcome::Waits(reason) => own.mended |= *reason == Quarantine::Mended,
            OfferOutcome::Erased => {}
        }
        self.store.put_own(&own)
    }

    /// The last thing of an exchange: what every backup has need not be given back.
    pub fn forget_what_is_safe(&mut self) -> Result<(), S::Error> {
        self.store.forget_up_to(self.state.watermark)
    }

    /// Keeps what an epoch delivered, so that it can be given back, unless every backup has it.
    pub(super) fn keep(&mut self, delivered: &PageGroup, epoch: u32) -> Result<(), S::Error> {
        let id = delivered.group.id;
        let before = self.store.kept(id)?;
        // Written at its commit, maybe in an earlier life of the log; the page counts by its own.
        let position = Position { epoch, ..delivered.position };
        let safe = position.epoch == self.state.watermark.epoch && !is_after(position, self.state.watermark);
        if before.is_some() || !safe {
            self.store.put_kept(&kept_with(before, delivered, position))?;
        }
        Ok(())
    }

    /// The same of something whose records may not be here.
    pub(super) fn keep_unseen(&mut self, group: &PageGroup, epoch: u32) -> Result<(), S::Error> {
        self.news.insert(group.group.id);
        self.keep(group, epoch)
    }
}

/// As many as one message carries, one at least.
fn within<T: serde::Serialize>(all: impl IntoIterator<Item = T>, limits: &BatchLimits) -> Vec<T> {
    let mut some: Vec<T> = all.into_iter().take(limits.groups.max(1)).collect();
    some.truncate(fill(some.iter().map(json_bytes), limits.groups, limits.bytes));
    some
}
