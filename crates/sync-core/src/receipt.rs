//! The receipt: given once by the server, stored, repeated, never recomputed (§2). It is per op, so that
//! any part of a group can be given back after a restore (F6).

use serde::{Deserialize, Serialize};

use crate::op::{OpHash, OpId};
use crate::position::Position;
use crate::stamp::Stamp;

/// A rival met at ingest: another op holds the field, which the writer had not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "(u16, OpId)", into = "(u16, OpId)")]
pub struct Found {
    /// Which field.
    pub field: u16,
    /// Who held it.
    pub rival: OpId,
}

impl From<(u16, OpId)> for Found {
    fn from((field, rival): (u16, OpId)) -> Self {
        Self { field, rival }
    }
}

impl From<Found> for (u16, OpId) {
    fn from(found: Found) -> Self {
        (found.field, found.rival)
    }
}

/// The server's word about one op.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Which op.
    pub op: OpId,
    /// Which content; an answer counts only for a hash that is mine.
    pub op_hash: OpHash,
    /// Its place in the order, for ever.
    pub stamp: Stamp,
    /// Where it was first committed. Never a position of the present stream (F1).
    pub first: Position,
    /// Rivals of reviewed fields.
    pub found: Vec<Found>,
    /// Keyed BLAKE3 over all of the above.
    #[serde(with = "crate::hex")]
    pub mac: [u8; 16],
}

/// A commune's receipt key. Only the server holds it.
#[derive(Clone)]
pub struct ReceiptKey(pub [u8; 32]);

impl std::fmt::Debug for ReceiptKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReceiptKey")
    }
}

impl ReceiptKey {
    /// Writes the code over what the receipt says.
    pub fn seal(&self, mut receipt: Receipt) -> Receipt {
        receipt.mac = self.code(&receipt);
        receipt
    }

    /// True if this commune's server gave the receipt and nobody changed it.
    pub fn verify(&self, receipt: &Receipt) -> bool {
        // Compared as BLAKE3 hashes: in constant time.
        blake3::hash(&self.code(receipt)) == blake3::hash(&receipt.mac)
    }

    fn code(&self, receipt: &Receipt) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(b"tungnha 2026 sync receipt");
        hasher.update(receipt.op.group.0.as_bytes());
        hasher.update(&receipt.op.index.to_le_bytes());
        hasher.update(&receipt.op_hash.0);
        hasher.update(&receipt.stamp.0.to_le_bytes());
        hasher.update(&receipt.first.epoch.to_le_bytes());
        hasher.update(&receipt.first.position.to_le_bytes());
        for found in &receipt.found {
            hasher.update(&found.field.to_le_bytes());
            hasher.update(found.rival.group.0.as_bytes());
            hasher.update(&found.rival.index.to_le_bytes());
        }
        let mut code = [0; 16];
        hasher.finalize_xof().fill(&mut code);
        code
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::op::GroupId;

    fn op(n: u128, index: u16) -> OpId {
        OpId { group: GroupId(Uuid::from_u128(n)), index }
    }

    /// §2, §6: nobody but the server makes or changes a receipt.
    #[test]
    fn any_flipped_bit_is_refused() {
        let key = ReceiptKey([7; 32]);
        let receipt = key.seal(Receipt {
            op: op(5, 2),
            op_hash: OpHash([9; 32]),
            stamp: Stamp(1_800_000_000_000),
            first: Position { epoch: 1, position: 44 },
            found: vec![Found { field: 402, rival: op(6, 0) }],
            mac: [0; 16],
        });
        assert!(key.verify(&receipt));
        assert!(!ReceiptKey([8; 32]).verify(&receipt));
        let json = serde_json::to_vec(&receipt).unwrap();
        let mut read = 0;
        for at in 0..json.len() {
            for bit in 0..8 {
                let mut changed = json.clone();
                changed[at] ^= 1 << bit;
                let Ok(other) = serde_json::from_slice::<Receipt>(&changed) else { continue };
                read += 1;
                assert!(other == receipt || !key.verify(&other), "byte {at} bit {bit}");
            }
        }
        assert!(read > 300, "{read} changed receipts could be read");
        let mut without = receipt;
        without.found.clear();
        assert!(!key.verify(&without));
    }
}
