//! The effective stamp: what the server makes of a laptop's clock, once and for ever (§2).
//!
//! An edit is never refused because of a clock. A laptop in 2099 does not win for ever nor pull others
//! along, and an edit made knowing the present winner beats it, also from a laptop in 2010 and also when
//! the op it replaced is not known to the server (F13).

use domain::calendar::Day;
use domain::ids::DeviceId;
use serde::{Deserialize, Serialize};

use crate::op::OpId;

/// An effective time in milliseconds since 1970. An order first, a time second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stamp(pub i64);

impl Stamp {
    /// Where the stand-in stamps of pending ops begin: after every stamp a server can give.
    const PENDING_FROM: i64 = i64::MAX - (1 << 40);

    /// The stand-in stamp of the `nth` op of an overlay. Never stored, never sent.
    pub fn pending(nth: usize) -> Self {
        Self(Self::PENDING_FROM.saturating_add(i64::try_from(nth).unwrap_or(i64::MAX)))
    }

    /// True for the stand-in of an op that has no receipt yet.
    pub fn is_pending(self) -> bool {
        self.0 >= Self::PENDING_FROM
    }

    /// The day in UTC+07:00; an event is dated no later (§1).
    pub fn day(self) -> Day {
        Day::at(self.0)
    }

    fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// The one order of ops, everywhere: effective stamp, device, group id, index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrderKey {
    /// First by stamp,
    pub stamp: Stamp,
    /// then by device,
    pub device: DeviceId,
    /// then by group and index.
    pub op: OpId,
}

/// What a stamp is made of.
#[derive(Clone, Copy, Debug)]
pub struct StampInputs<'a> {
    /// The laptop's wall clock at Save.
    pub wall_ms: i64,
    /// Server clock minus laptop clock in that session; 0 for a session that never met a server.
    pub session_offset_ms: i64,
    /// The server's clock at arrival; it never goes back.
    pub received_at_ms: i64,
    /// The stamp of the op before it in the same incarnation.
    pub previous_in_incarnation: Option<Stamp>,
    /// Of each replaced op the server knows.
    pub replaced: &'a [Stamp],
    /// Of each field, the highest acknowledged stamp the laptop knew.
    pub seen: &'a [Stamp],
}

/// How far a laptop's clock may run ahead of the server's.
const AHEAD_AT_MOST_MS: i64 = 5 * 60 * 1000;
/// A minute more, so that one who saw a winner from the edge of the first limit still beats it.
const SEEN_AHEAD_AT_MOST_MS: i64 = 6 * 60 * 1000;

/// `max(min(wall + offset, received + 5 min), 1 + previous, 1 + each replaced, 1 + min(seen, received +
/// 6 min))`, saturating.
pub fn effective_stamp(inputs: StampInputs<'_>) -> Stamp {
    let wall = inputs.wall_ms.saturating_add(inputs.session_offset_ms);
    let own = Stamp(wall.min(inputs.received_at_ms.saturating_add(AHEAD_AT_MOST_MS)));
    let stamp = inputs.previous_in_incarnation.map_or(own, |previous| own.max(previous.next()));
    #[cfg(feature = "sabotage")]
    if domain::fault::is("skip_replaces") {
        return stamp;
    }
    let seen_at_most = Stamp(inputs.received_at_ms.saturating_add(SEEN_AHEAD_AT_MOST_MS));
    let replaced = inputs.replaced.iter().map(|stamp| stamp.next());
    let seen = inputs.seen.iter().map(|stamp| (*stamp).min(seen_at_most).next());
    replaced.chain(seen).fold(stamp, Stamp::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formula_term_by_term() {
        const NOW: i64 = 1_800_000_000_000;
        const MIN: i64 = 60_000;
        let check =
            |wall: i64, offset: i64, previous: Option<i64>, replaced: &[i64], seen: &[i64], expect| {
                let stamps = |values: &[i64]| values.iter().map(|v| Stamp(*v)).collect::<Vec<_>>();
                let stamp = effective_stamp(StampInputs {
                    wall_ms: wall,
                    session_offset_ms: offset,
                    received_at_ms: NOW,
                    previous_in_incarnation: previous.map(Stamp),
                    replaced: &stamps(replaced),
                    seen: &stamps(seen),
                });
                assert_eq!(stamp, Stamp(expect), "{wall} {offset} {previous:?} {replaced:?} {seen:?}");
            };
        check(NOW - 7, 0, None, &[], &[], NOW - 7);
        check(NOW - 7, 3, None, &[], &[], NOW - 4);
        check(NOW + 5 * MIN, 0, None, &[], &[], NOW + 5 * MIN);
        check(NOW + 5 * MIN + 1, 0, None, &[], &[], NOW + 5 * MIN);
        check(0, 0, Some(NOW), &[], &[], NOW + 1);
        check(0, 0, None, &[NOW + 9, 4], &[], NOW + 10);
        check(0, 0, None, &[], &[NOW + 9], NOW + 10);
        check(0, 0, None, &[], &[NOW + 6 * MIN], NOW + 6 * MIN + 1);
        check(0, 0, None, &[], &[i64::MAX], NOW + 6 * MIN + 1);
        check(i64::MAX, i64::MAX, None, &[], &[], NOW + 5 * MIN);
        check(i64::MIN, i64::MIN, None, &[], &[], i64::MIN);
    }

    #[test]
    fn pending_comes_after_everything_in_its_order() {
        assert!(Stamp::pending(0) > Stamp(i64::MAX / 2) && Stamp::pending(1) > Stamp::pending(0));
        assert!(Stamp::pending(0).is_pending() && !Stamp(i64::MAX / 2).is_pending());
    }
}
