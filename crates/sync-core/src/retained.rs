//! What a laptop keeps of the stream so that it can be given back (§6): own groups and those of others, with their
//! receipts, until a backup that may still be restored has them.

use crate::group::Group;
use crate::op::Op;
use crate::position::Position;
use crate::receipt::Receipt;
use crate::wire::PageGroup;

/// What is kept of a group once this was delivered at a position of the present history. Of a Save that comes in parts
/// each part adds to what is there: a smaller one never takes the place of a fuller one (F6).
pub fn kept_with(before: Option<PageGroup>, delivered: &PageGroup, position: Position) -> PageGroup {
    let Some(mut kept) = before else { return PageGroup { position, ..delivered.clone() } };
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
    kept.group.ops.sort_by_key(Op::id);
    for receipt in &delivered.receipts {
        match kept.receipts.iter_mut().find(|one| one.op == receipt.op) {
            // Of two receipts for one op the lower stamp stands (F8).
            Some(one) if receipt.stamp < one.stamp => *one = receipt.clone(),
            Some(_) => {}
            None => kept.receipts.push(receipt.clone()),
        }
    }
    kept.receipts.sort_by_key(|receipt| receipt.op);
    kept
}

/// Takes the ops out that `leaves` says, each with its receipt; `None` if none does.
pub fn split(kept: &mut PageGroup, leaves: impl Fn(&Op) -> bool) -> Option<PageGroup> {
    let gone: Vec<Op> = kept.group.ops.extract_if(.., |op| leaves(op)).collect();
    if gone.is_empty() {
        return None;
    }
    let of_it = |receipt: &Receipt| gone.iter().any(|op| op.id() == receipt.op);
    let receipts = kept.receipts.extract_if(.., |receipt| of_it(receipt)).collect();
    // The salts of the ops that stay are not given away with the seed of those that go, nor the other way.
    if !kept.group.ops.is_empty() {
        kept.group.seed = None;
    }
    let group = Group { id: kept.group.id, seed: kept.group.seed, ops: gone };
    Some(PageGroup { position: kept.position, group, receipts })
}
