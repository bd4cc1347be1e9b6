//! What waits for a person: two writers of one reviewed field who did not know of each other. Derived
//! from receipts, never stored as a state of its own, so that a restore cannot reopen what was settled
//! (F14).

use crate::op::OpId;
use crate::stamp::OrderKey;

/// One acknowledged write of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldWrite {
    /// Its place in the order.
    pub key: OrderKey,
    /// What its writer saw.
    pub replaced: Option<OpId>,
    /// What its receipt found for this field.
    pub rival: Option<OpId>,
}

/// Two values of one field; the first is shown, the second is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// The op that stands.
    pub winner: OpId,
    /// The op beside it.
    pub loser: OpId,
}

/// The open conflicts of one field, from all its writes in any order. Closed by any later op that
/// replaces the winner; two unsettled edits by one person against one rival are one conflict, about the
/// later of them.
pub fn open_conflicts(writes: &[FieldWrite]) -> Vec<Conflict> {
    let mut sorted: Vec<&FieldWrite> = writes.iter().collect();
    sorted.sort_by_key(|write| write.key);
    sorted.dedup_by_key(|write| write.key);
    let mut open = Vec::new();
    for write in &sorted {
        let rival = write.rival.and_then(|rival| sorted.iter().find(|other| other.key.op == rival));
        let Some(rival) = rival else { continue };
        let (winner, loser) =
            if rival.key > write.key { (rival.key, write.key) } else { (write.key, rival.key) };
        let settled = sorted.iter().any(|later| later.key > winner && later.replaced == Some(winner.op));
        let repeated = sorted.iter().any(|later| {
            later.rival == Some(rival.key.op)
                && later.replaced == Some(write.key.op)
                && later.key.device == write.key.device
        });
        if !settled && !repeated {
            open.push(Conflict { winner: winner.op, loser: loser.op });
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use domain::ids::DeviceId;
    use uuid::Uuid;

    use super::*;
    use crate::op::GroupId;
    use crate::stamp::Stamp;

    fn op(n: u128) -> OpId {
        OpId { group: GroupId(Uuid::from_u128(n)), index: 0 }
    }

    /// op number, stamp, device, replaced, rival
    fn write(n: u128, stamp: i64, device: u128, replaced: u128, rival: u128) -> FieldWrite {
        let some = |n: u128| (n > 0).then(|| op(n));
        FieldWrite {
            key: OrderKey { stamp: Stamp(stamp), device: DeviceId(Uuid::from_u128(device)), op: op(n) },
            replaced: some(replaced),
            rival: some(rival),
        }
    }

    #[test]
    fn f14_a_conflict_is_closed_by_a_later_op_and_stays_closed() {
        let check = |writes: &[FieldWrite], expect: &[(u128, u128)]| {
            let expect: Vec<_> =
                expect.iter().map(|(w, l)| Conflict { winner: op(*w), loser: op(*l) }).collect();
            assert_eq!(open_conflicts(writes), expect, "{writes:?}");
            let backwards: Vec<_> = writes.iter().rev().chain(writes).copied().collect();
            assert_eq!(open_conflicts(&backwards), expect, "backwards and twice");
        };
        let (first, lan, minh) = (write(1, 10, 1, 0, 0), write(2, 20, 1, 1, 0), write(3, 30, 2, 1, 2));
        check(&[first, lan], &[]);
        check(&[first, lan, minh], &[(3, 2)]);
        // Minh's op came with an older clock: Lan's stands, the conflict is the same.
        check(&[first, lan, write(3, 15, 2, 1, 2)], &[(2, 3)]);
        check(&[first, lan, minh, write(4, 40, 1, 3, 0)], &[]);
        // Somebody who saw the loser only does not settle it.
        check(&[first, lan, write(3, 15, 2, 1, 2), write(4, 18, 2, 3, 2)], &[(2, 4)]);
        // A rival this replica does not hold cannot be shown.
        check(&[write(3, 30, 2, 1, 9)], &[]);
    }
}
