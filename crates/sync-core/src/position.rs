//! Where somebody stands in a commune's stream. §5: number order is commit order, without holes.

use serde::{Deserialize, Serialize};

use crate::op::{OpHash, OpId};
use crate::stamp::Stamp;

/// One life of a commune's log. A restore from a backup begins the next one (§6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "(u32, u64)", into = "(u32, u64)")]
pub struct Epoch {
    /// Counts up.
    pub number: u32,
    /// 64 random bits: two restores of one backup are two epochs.
    pub nonce: u64,
}

impl From<(u32, u64)> for Epoch {
    fn from((number, nonce): (u32, u64)) -> Self {
        Self { number, nonce }
    }
}

impl From<Epoch> for (u32, u64) {
    fn from(epoch: Epoch) -> Self {
        (epoch.number, epoch.nonce)
    }
}

/// A place in the stream. Numbers of two epochs name different commits: they are never compared as if
/// they were one (F2, F18). Position 0 is before everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "(u32, u64)", into = "(u32, u64)")]
pub struct Position {
    /// [`Epoch::number`]
    pub epoch: u32,
    /// The commune's counter within the epoch.
    pub position: u64,
}

impl From<(u32, u64)> for Position {
    fn from((epoch, position): (u32, u64)) -> Self {
        Self { epoch, position }
    }
}

impl From<Position> for (u32, u64) {
    fn from(position: Position) -> Self {
        (position.epoch, position.position)
    }
}

/// True if `a` comes after `b`, the last one seen. The one place that compares a cursor: with `>=` the
/// last record arrives for ever, with "next expected" semantics one is lost (§5).
pub fn is_after(a: Position, b: Position) -> bool {
    #[cfg(feature = "sabotage")]
    if domain::fault::is("at_least") {
        return a >= b;
    }
    a > b
}

/// A laptop's one cursor, or a server's head: the last position seen and what the stream was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Which life of the log.
    pub epoch: Epoch,
    /// Last seen; 0 if nothing was.
    pub position: u64,
    /// The chain at that position.
    pub hash: ChainHash,
}

impl Cursor {
    /// Epoch number and counter.
    pub fn position(&self) -> Position {
        Position { epoch: self.epoch.number, position: self.position }
    }
}

/// Chain over all that was committed, kept for every position (§6): equal hash, equal history. It covers
/// the effective stamps and the quarantine, since the same groups can be committed with others (F16).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChainHash(#[serde(with = "crate::hex")] pub [u8; 32]);

impl ChainHash {
    /// The chain after a commit at `position` of these ops. A group that entered, left or was mended in
    /// quarantine is committed with `quarantine` = its code, and its ops with the stamps of its arrival.
    pub fn after<'a>(
        self,
        position: Position,
        quarantine: Option<&str>,
        ops: impl IntoIterator<Item = (OpId, &'a OpHash, Stamp)>,
    ) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("tungnha 2026 sync chain");
        hasher.update(&self.0);
        hasher.update(&position.epoch.to_le_bytes());
        hasher.update(&position.position.to_le_bytes());
        let code = quarantine.unwrap_or_default();
        hasher.update(&(code.len() as u64).to_le_bytes());
        hasher.update(code.as_bytes());
        for (id, hash, stamp) in ops {
            hasher.update(id.group.0.as_bytes());
            hasher.update(&id.index.to_le_bytes());
            hasher.update(&hash.0);
            hasher.update(&stamp.0.to_le_bytes());
        }
        Self(*hasher.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_seen_is_not_after_itself() {
        let check = |a: (u32, u64), b: (u32, u64), expect: bool| {
            assert_eq!(is_after(a.into(), b.into()), expect, "{a:?} {b:?}");
        };
        check((1, 5), (1, 5), false);
        check((1, 6), (1, 5), true);
        check((1, 4), (1, 5), false);
        check((2, 1), (1, 5), true);
        check((1, 9), (2, 1), false);
    }

    #[test]
    fn the_chain_covers_what_was_before_the_epoch_and_each_op() {
        let group = |n| crate::op::GroupId(uuid::Uuid::from_u128(n));
        let after = |before: u8, epoch, of: (u128, u16), hash: u8| {
            let id = OpId { group: group(of.0), index: of.1 };
            let ops = [(id, &OpHash([hash; 32]), Stamp(5))];
            ChainHash([before; 32]).after(Position { epoch, position: 1 }, None, ops)
        };
        let base = after(0, 1, (1, 0), 3);
        for other in [
            after(1, 1, (1, 0), 3),
            after(0, 2, (1, 0), 3),
            after(0, 1, (2, 0), 3),
            after(0, 1, (1, 1), 3),
            after(0, 1, (1, 0), 4),
        ] {
            assert_ne!(other, base);
        }
    }

    #[test]
    fn the_chain_covers_position_stamp_and_quarantine() {
        let id = OpId { group: crate::op::GroupId(uuid::Uuid::from_u128(1)), index: 0 };
        let after = |position: u64, quarantine, stamp| {
            let position = Position { epoch: 1, position };
            ChainHash::default().after(position, quarantine, [(id, &OpHash([3; 32]), Stamp(stamp))])
        };
        let base = after(1, None, 5);
        assert_eq!(base, after(1, None, 5));
        assert_ne!(base, after(2, None, 5));
        assert_ne!(base, after(1, Some("invalid"), 5));
        assert_ne!(base, after(1, None, 6));
    }
}
