//! What a server writes beside its database, so that it notices by itself that the database was put back (§6): where
//! the log stood, up to where the oldest backup reaches that may still be restored, and what its clock said.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::head::{HeadReceipt, Shown};
use crate::position::{ChainHash, Cursor, Position};
use crate::receipt::ReceiptKey;

/// The witness file's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// Where the log stood after the last commit.
    pub head: HeadReceipt,
    /// Where the oldest backup stands that may still be restored: laptops forget nothing beyond it (F2). It never falls
    /// within an epoch.
    pub watermark: Position,
    /// The server's clock then.
    pub wall_ms: i64,
    /// Keyed BLAKE3 over all of the above.
    #[serde(with = "crate::hex")]
    pub mac: [u8; 16],
}

/// What a witness says about the database and the clock at a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The log goes on from there.
    Present,
    /// The database was put back: the next epoch begins.
    Rewound,
    /// Not of this register, or unreadable: as if there were none.
    NotOurs,
}

/// A clock so far ahead of the witness may have been set wrong, and stamps would be wrong for ever.
const CLOCK_AHEAD_AT_MOST_MS: i64 = DAY_MS;
const DAY_MS: i64 = 24 * 3600 * 1000;

impl ReceiptKey {
    /// Writes a witness.
    pub fn witness(&self, store: Uuid, at: Cursor, watermark: Position, wall_ms: i64) -> Witness {
        let head = self.seal_head(store, at);
        let mut witness = Witness { head, watermark, wall_ms, mac: [0; 16] };
        witness.mac = self.witness_code(&witness);
        witness
    }

    /// True if a witness is of this commune, as it was written.
    pub fn wrote(&self, witness: &Witness) -> bool {
        witness.mac == self.witness_code(witness)
    }

    fn witness_code(&self, witness: &Witness) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(b"tungnha 2026 sync witness");
        hasher.update(&witness.head.mac);
        hasher.update(&witness.watermark.epoch.to_le_bytes());
        hasher.update(&witness.watermark.position.to_le_bytes());
        hasher.update(&witness.wall_ms.to_le_bytes());
        let mut code = [0; 16];
        hasher.finalize_xof().fill(&mut code);
        code
    }
}

impl Witness {
    /// Judges a log that stands at `head` by the witness; `chain_at` is the hash at a position of it.
    pub fn judge<E>(
        &self,
        key: &ReceiptKey,
        store: Uuid,
        head: &Cursor,
        chain_at: impl FnOnce(u64) -> Result<Option<ChainHash>, E>,
    ) -> Result<Seen, E> {
        if !key.wrote(self) {
            return Ok(Seen::NotOurs);
        }
        Ok(match Shown::judge(&self.head, key, store, head, chain_at)? {
            // The witness is written after the commit: a crash between the two leaves it a step behind. In a later
            // epoch too, since a begun epoch is committed first.
            Shown::Present | Shown::EarlierEpoch => Seen::Present,
            Shown::Rewound => Seen::Rewound,
            Shown::NotOurs => Seen::NotOurs,
        })
    }

    /// The watermark once a backup is the oldest that may be restored. Within an epoch it never falls, or what a laptop
    /// forgot in the meantime could not be given back.
    pub fn raised(watermark: Position, oldest_backup: Position) -> Position {
        if watermark.epoch == oldest_backup.epoch { watermark.max(oldest_backup) } else { oldest_backup }
    }
}

/// By how many whole days a clock is beyond the last that is known of it, where it is by more than one: the server asks a
/// person before it starts.
pub fn days_ahead(last_ms: i64, wall_ms: i64) -> Option<i64> {
    let ahead = wall_ms.saturating_sub(last_ms);
    (ahead > CLOCK_AHEAD_AT_MOST_MS).then_some(ahead / DAY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::Epoch;

    const KEY: ReceiptKey = ReceiptKey([7; 32]);
    const STORE: Uuid = Uuid::from_u128(5);

    fn at(epoch: u32, position: u64) -> Cursor {
        let hash = ChainHash([u8::try_from(position).unwrap(); 32]);
        Cursor { epoch: Epoch { number: epoch, nonce: 9 }, position, hash }
    }

    #[test]
    fn a_database_that_was_put_back_is_noticed_before_anybody_comes() {
        let chain = |position: u64| Ok::<_, ()>(u8::try_from(position).ok().map(|n| ChainHash([n; 32])));
        let check = |seen: Cursor, head: Cursor, expect| {
            let witness = KEY.witness(STORE, seen, (1, 3).into(), 0);
            assert_eq!(witness.judge(&KEY, STORE, &head, chain), Ok(expect), "{seen:?} {head:?}");
        };
        check(at(1, 50), at(1, 50), Seen::Present);
        check(at(1, 49), at(1, 50), Seen::Present);
        check(at(1, 50), at(2, 40), Seen::Present);
        check(at(1, 51), at(1, 50), Seen::Rewound);
        check(at(2, 7), at(1, 50), Seen::Rewound);
        let witness = KEY.witness(STORE, at(1, 50), (1, 3).into(), 0);
        let judge = |witness: Witness| witness.judge(&KEY, STORE, &at(1, 50), chain).unwrap();
        assert_eq!(judge(Witness { watermark: (1, 9).into(), ..witness }), Seen::NotOurs);
        assert_eq!(judge(ReceiptKey([8; 32]).witness(STORE, at(1, 50), (1, 3).into(), 0)), Seen::NotOurs);
    }

    #[test]
    fn a_clock_of_more_than_a_day_ahead_needs_a_person_s_word() {
        const DAY: i64 = DAY_MS;
        let check = |wall_ms: i64, expect| assert_eq!(days_ahead(1000, wall_ms), expect, "{wall_ms}");
        check(1000 + DAY, None);
        check(1001 + DAY, Some(1));
        check(1000 + 3 * DAY, Some(3));
        check(-5 * DAY, None);
        check(i64::MAX, Some((i64::MAX - 1000) / DAY));
    }

    #[test]
    fn the_watermark_never_falls_within_an_epoch() {
        let check = |was: (u32, u64), backup: (u32, u64), expect: (u32, u64)| {
            assert_eq!(Witness::raised(was.into(), backup.into()), expect.into());
        };
        check((1, 5), (1, 9), (1, 9));
        check((1, 9), (1, 5), (1, 9));
        check((1, 50), (2, 40), (2, 40));
    }
}
