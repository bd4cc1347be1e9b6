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
    /// Server clock minus laptop clock in that session: learned at a handshake, else what the laptop took its
    /// clock for, else 0.
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
///
/// `1 + previous` has no cap: order within an incarnation is strict. So a rush of ops can run further ahead
/// than 6 min, by one millisecond for each op, and falls back by each millisecond in which none comes: a
/// laptop whose clock runs ahead and that sends 100,000 ops in 10 s is 6½ min ahead at the end of them.
/// Nobody can save it up, and who knew such an op still beats it, since the server knows it too; only on a
/// server that was restored within those minutes to a moment before it does the cap on what was seen count.
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
    use proptest::prelude::*;

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

    /// An op as it arrives: how long after the one before, in which incarnation, by which clock, and what
    /// its writer knew of: an earlier op, or a stamp out of nowhere.
    type Arriving = (i64, usize, i64, Option<usize>, Option<i64>);

    fn rush() -> impl Strategy<Value = Vec<Arriving>> {
        let clock = prop_oneof![-9_000_000_i64..9_000_000, Just(i64::MAX), Just(i64::MIN)];
        // Mostly at once, as a batch comes; now and then after a while.
        let gap = prop_oneof![8 => Just(0_i64), 2 => 0_i64..30, 1 => 0_i64..400_000];
        let knew = (prop::option::of(0_usize..400), prop::option::of(any::<i64>()));
        prop::collection::vec((gap, 0_usize..3, clock, knew), 1..400).prop_map(|all| {
            all.into_iter().map(|(gap, who, clock, (op, seen))| (gap, who, clock, op, seen)).collect()
        })
    }

    proptest! {
        /// The cap on a clock that runs ahead is a bucket that leaks one op each millisecond: however many
        /// laptops push whatever they like, no stamp is beyond it, and every order that is promised holds.
        #[test]
        fn a_rush_runs_ahead_by_its_own_length_and_no_more(arriving in rush()) {
            const START: i64 = 1_800_000_000_000;
            let (mut now, mut rushing) = (START, 0_i64);
            let mut previous = [None; 3];
            let mut given: Vec<Stamp> = vec![];
            for (gap, who, clock, knew, seen) in arriving {
                now += gap;
                rushing = (rushing - gap).max(0) + 1;
                let replaced: Vec<Stamp> = knew.and_then(|place| given.get(place)).copied().into_iter().collect();
                let seen: Vec<Stamp> = seen.map(Stamp).into_iter().collect();
                let stamp = effective_stamp(StampInputs {
                    wall_ms: clock.saturating_add(START),
                    session_offset_ms: 0,
                    received_at_ms: now,
                    previous_in_incarnation: previous[who],
                    replaced: &replaced,
                    seen: &seen,
                });
                prop_assert!(previous[who].is_none_or(|before| stamp > before), "order within an incarnation");
                prop_assert!(replaced.iter().all(|known| stamp > *known), "who knew it, beats it");
                prop_assert!(stamp.0 <= now + SEEN_AHEAD_AT_MOST_MS + rushing, "{} ahead", stamp.0 - now);
                previous[who] = Some(stamp);
                given.push(stamp);
            }
        }
    }

    /// The bound is reached, so it is no looser than need be: a clock that runs ahead, 100,000 ops in 10 s.
    #[test]
    fn the_figure_in_the_comment() {
        let mut previous = None;
        let mut ahead_ms = 0;
        for op in 0..100_000_i64 {
            let received_at_ms = 1_800_000_000_000 + op / 10;
            let stamp = effective_stamp(StampInputs {
                wall_ms: i64::MAX,
                session_offset_ms: 0,
                received_at_ms,
                previous_in_incarnation: previous,
                replaced: &[],
                seen: &[],
            });
            ahead_ms = stamp.0 - received_at_ms;
            previous = Some(stamp);
        }
        assert_eq!(ahead_ms, AHEAD_AT_MOST_MS + 90_000);
    }

    #[test]
    fn pending_comes_after_everything_in_its_order() {
        assert!(Stamp::pending(0) > Stamp(i64::MAX / 2) && Stamp::pending(1) > Stamp::pending(0));
        assert!(Stamp::pending(0).is_pending() && !Stamp(i64::MAX / 2).is_pending());
    }
}
