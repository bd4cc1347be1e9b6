//! Where a commune's log stands, said so that only its server can say it (§6). A laptop carries the head receipt of
//! the last page it took, and shows it first thing: that is how a server learns that it was put back to an older
//! backup, without anybody pressing anything.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::position::{ChainHash, Cursor, Epoch};
use crate::receipt::ReceiptKey;

/// The server's word that its log stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadReceipt {
    /// Which register; a copy of it that lives on its own is another one.
    pub store: Uuid,
    /// Where, and all that was before it.
    pub at: Cursor,
    /// Keyed BLAKE3 over both.
    #[serde(with = "crate::hex")]
    pub mac: [u8; 16],
}

impl HeadReceipt {
    /// The one to show: the farthest of the latest epoch. What came before it is proven with it.
    pub fn farthest(mine: Option<Self>, heard: Option<Self>) -> Option<Self> {
        let place = |receipt: &Self| (receipt.at.epoch.number, receipt.at.position);
        mine.into_iter().chain(heard).max_by_key(place)
    }
}

impl ReceiptKey {
    /// Says where the log stands.
    pub fn seal_head(&self, store: Uuid, at: Cursor) -> HeadReceipt {
        HeadReceipt { store, at, mac: self.head_code(store, &at) }
    }

    /// True if this commune's server said so.
    pub fn verify_head(&self, receipt: &HeadReceipt) -> bool {
        blake3::hash(&self.head_code(receipt.store, &receipt.at)) == blake3::hash(&receipt.mac)
    }

    fn head_code(&self, store: Uuid, at: &Cursor) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(b"tungnha 2026 sync head");
        hasher.update(store.as_bytes());
        hasher.update(&at.epoch.number.to_le_bytes());
        hasher.update(&at.epoch.nonce.to_le_bytes());
        hasher.update(&at.position.to_le_bytes());
        hasher.update(&at.hash.0);
        let mut code = [0; 16];
        hasher.finalize_xof().fill(&mut code);
        code
    }
}

/// What a head receipt shown by a laptop, or found in the witness file, says about this log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The log goes on from there.
    Present,
    /// It is of an epoch before this one: the laptop comes over into the present one.
    EarlierEpoch,
    /// The log once stood where it does not stand now: it was put back, and its next epoch begins.
    Rewound,
    /// Not this server's word: a laptop that shows it comes over as one that has nothing to show.
    NotOurs,
}

impl Shown {
    /// Judges a receipt by a log that stands at `head`; `chain_at` is the hash at a position of the present history.
    pub fn judge<E>(
        receipt: &HeadReceipt,
        key: &ReceiptKey,
        store: Uuid,
        head: &Cursor,
        chain_at: impl FnOnce(u64) -> Result<Option<ChainHash>, E>,
    ) -> Result<Self, E> {
        if receipt.store != store || !key.verify_head(receipt) {
            return Ok(Self::NotOurs);
        }
        if receipt.at.epoch.number < head.epoch.number {
            return Ok(Self::EarlierEpoch);
        }
        // Of a later epoch, or of one of the same number that another restore began.
        if receipt.at.epoch != head.epoch || receipt.at.position > head.position {
            return Ok(Self::Rewound);
        }
        // Equal numbers are not enough: the groups may have been pushed again with other stamps (F16).
        let same = chain_at(receipt.at.position)? == Some(receipt.at.hash);
        Ok(if same { Self::Present } else { Self::Rewound })
    }
}

impl Epoch {
    /// The epoch after this one and after whatever epoch was heard of: two laptops may carry word of lives of the log
    /// that this server does not know.
    pub fn next(self, heard: Option<Self>, nonce: u64) -> Self {
        let number = self.number.max(heard.map_or(0, |heard| heard.number)).saturating_add(1);
        Self { number, nonce }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: Uuid = Uuid::from_u128(5);

    fn at(epoch: u32, nonce: u64, position: u64, hash: u8) -> Cursor {
        Cursor { epoch: Epoch { number: epoch, nonce }, position, hash: ChainHash([hash; 32]) }
    }

    #[test]
    fn what_a_receipt_says_about_a_log() {
        let key = ReceiptKey([7; 32]);
        let head = at(2, 9, 50, 50);
        // The chain at each position is its number.
        let chain = |position: u64| Ok::<_, ()>(u8::try_from(position).ok().map(|n| ChainHash([n; 32])));
        let check = |shown: Cursor, expect| {
            let receipt = key.seal_head(STORE, shown);
            assert_eq!(Shown::judge(&receipt, &key, STORE, &head, chain), Ok(expect), "{shown:?}");
        };
        check(head, Shown::Present);
        check(at(2, 9, 7, 7), Shown::Present);
        check(at(2, 9, 51, 51), Shown::Rewound);
        check(at(2, 9, 7, 8), Shown::Rewound);
        check(at(1, 4, 90, 90), Shown::EarlierEpoch);
        check(at(3, 1, 3, 3), Shown::Rewound);
        check(at(2, 8, 7, 7), Shown::Rewound);
    }

    #[test]
    fn nobody_else_says_where_a_log_stands() {
        let key = ReceiptKey([7; 32]);
        let head = at(2, 9, 50, 50);
        let judge = |receipt: &HeadReceipt| {
            Shown::judge(receipt, &key, STORE, &head, |_| Ok::<_, ()>(Some(head.hash))).unwrap()
        };
        let mine = key.seal_head(STORE, head);
        assert_eq!(judge(&mine), Shown::Present);
        assert_eq!(judge(&ReceiptKey([8; 32]).seal_head(STORE, head)), Shown::NotOurs);
        assert_eq!(judge(&key.seal_head(Uuid::from_u128(6), head)), Shown::NotOurs);
        // A bare number a client made up begins no epoch.
        let mut ahead = mine;
        ahead.at.position = 9999;
        assert_eq!(judge(&ahead), Shown::NotOurs);
        let json = serde_json::to_string(&mine).unwrap();
        assert_eq!(serde_json::from_str::<HeadReceipt>(&json).unwrap(), mine);
    }

    #[test]
    fn an_epoch_comes_after_every_one_that_was_heard_of() {
        let epoch = |number| Epoch { number, nonce: 1 };
        let check = |mine, heard: Option<u32>, expect| {
            assert_eq!(epoch(mine).next(heard.map(epoch), 4), Epoch { number: expect, nonce: 4 });
        };
        check(1, None, 2);
        check(1, Some(1), 2);
        check(1, Some(3), 4);
        check(5, Some(3), 6);
    }
}
