//! What a laptop keeps of the stream so that it can be given back (§6): own groups and those of others, with their
//! receipts, until a backup that may still be restored has them.

use std::collections::BTreeMap;

use crate::group::Group;
use crate::op::{GroupId, Op};
use crate::position::{Epoch, Position, is_after};
use crate::receipt::Receipt;
use crate::wire::PageGroup;

/// Groups by name, each with the position at which the present history has it, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retained(BTreeMap<GroupId, PageGroup>);

impl Retained {
    /// Keeps what a page of an epoch delivered. Of a Save that comes in parts each part adds to what is there: a
    /// smaller one never takes the place of a fuller one (F6).
    pub fn keep(&mut self, delivered: &PageGroup, epoch: Epoch) {
        // Written at its commit, maybe in an earlier life of the log; the page counts by its own.
        let position = Position { epoch: epoch.number, ..delivered.position };
        let Some(kept) = self.0.get_mut(&delivered.group.id) else {
            self.0.insert(delivered.group.id, PageGroup { position, ..delivered.clone() });
            return;
        };
        // The present history has all of it, under these very receipts; or else it is still to be given back.
        let covered = kept.receipts.iter().all(|one| {
            delivered.receipts.iter().any(|receipt| receipt.op == one.op && receipt.stamp <= one.stamp)
        });
        if position.epoch == kept.position.epoch {
            kept.position = kept.position.max(position);
        } else if covered {
            kept.position = position;
        }
        for op in &delivered.group.ops {
            if !kept.group.ops.iter().any(|one| one.id() == op.id()) {
                kept.group.ops.push(op.clone());
            }
        }
        kept.group.ops.sort_by_key(|op| op.id());
        for receipt in &delivered.receipts {
            match kept.receipts.iter_mut().find(|one| one.op == receipt.op) {
                // Of two receipts for one op the lower stamp stands (F8).
                Some(one) if receipt.stamp < one.stamp => *one = receipt.clone(),
                Some(_) => {}
                None => kept.receipts.push(receipt.clone()),
            }
        }
        kept.receipts.sort_by_key(|receipt| receipt.op);
    }

    /// The present history has the group there.
    pub fn held_at(&mut self, group: GroupId, position: Position) {
        if let Some(kept) = self.0.get_mut(&group) {
            kept.position = position;
        }
    }

    /// Forgets what the oldest backup that may still be restored has. A position of another epoch says nothing: its
    /// number names another commit (F2).
    pub fn forget_up_to(&mut self, watermark: Position) {
        self.0.retain(|_, kept| kept.position.epoch != watermark.epoch || is_after(kept.position, watermark));
    }

    /// Everything, to be offered.
    pub fn groups(&self) -> impl Iterator<Item = &PageGroup> {
        self.0.values()
    }

    /// Takes the ops out that `leaves` says, each with its receipt.
    pub fn extract(&mut self, leaves: impl Fn(&Op) -> bool) -> Vec<PageGroup> {
        let mut out = Vec::new();
        self.0.retain(|_, kept| {
            let gone: Vec<Op> = kept.group.ops.extract_if(.., |op| leaves(op)).collect();
            if gone.is_empty() {
                return true;
            }
            let of_it = |receipt: &Receipt| gone.iter().any(|op| op.id() == receipt.op);
            let receipts = kept.receipts.extract_if(.., |receipt| of_it(receipt)).collect();
            // The salts of the ops that stay are not given away with the seed of those that go, nor the other way.
            if !kept.group.ops.is_empty() {
                kept.group.seed = None;
            }
            let seed = kept.group.seed;
            let group = Group { id: kept.group.id, seed, ops: gone };
            out.push(PageGroup { position: kept.position, group, receipts });
            !kept.group.ops.is_empty()
        });
        out
    }

    /// How many groups.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if there is nothing to give back.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
