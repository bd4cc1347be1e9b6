//! May this device write into this scope, and what may it read? Writing is judged by the assignment in force at the
//! op's `base` or later, ended at most 30 days ago, so that work done before a reassignment can still be uploaded (§4).
//! Reading goes by the present assignments only.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::op::Scope;
use crate::position::{Position, is_after};

/// What an assignment reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reach {
    /// One scope.
    Scope(Scope),
    /// Every hamlet unit and the commune-wide stream: commune officers, the server itself.
    WholeCommune,
}

/// An assignment of the device's user, as the ledger has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// What it reaches.
    pub reach: Reach,
    /// Where and when it ended, if it did.
    pub ended: Option<Ended>,
}

/// The end of an assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Position of the end in the stream.
    pub position: Position,
    /// When, by the server's clock.
    pub at_ms: i64,
}

/// What somebody may read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sight {
    /// Every hamlet unit and what is everybody's.
    All,
    /// These scopes.
    Only(BTreeSet<Scope>),
}

impl Sight {
    /// Of somebody who does not belong here.
    pub const NOTHING: Self = Self::Only(BTreeSet::new());

    /// By the assignments that have not ended. Somebody without any sees what is everybody's.
    pub fn of(held: &[Held]) -> Self {
        let mut scopes = BTreeSet::from([Scope::COMMUNE]);
        for one in held.iter().filter(|one| one.ended.is_none()) {
            match one.reach {
                Reach::WholeCommune => return Self::All,
                Reach::Scope(scope) => scopes.insert(scope),
            };
        }
        Self::Only(scopes)
    }

    /// What both cover.
    pub fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, both) | (both, Self::All) => both.clone(),
            (Self::Only(one), Self::Only(other)) => Self::Only(one & other),
        }
    }

    /// True if what lies in the scope may be read.
    pub fn covers(&self, scope: Scope) -> bool {
        match self {
            Self::All => true,
            Self::Only(scopes) => scopes.contains(&scope),
        }
    }
}

const GRACE_MS: i64 = 30 * 24 * 3600 * 1000;

/// True if one of the assignments reaches the scope. `base` is `None` where the server does not know the
/// position (another epoch, a restored log): then every assignment in the ledger counts (F18).
pub fn may_write(held: &[Held], scope: Scope, base: Option<Position>, received_at_ms: i64) -> bool {
    held.iter().any(|one| {
        let reaches = match one.reach {
            Reach::Scope(own) => own == scope,
            Reach::WholeCommune => true,
        };
        let in_time = one.ended.is_none_or(|ended| {
            let held_at_base = base.is_none_or(|base| is_after(ended.position, base));
            held_at_base && received_at_ms.saturating_sub(ended.at_ms) <= GRACE_MS
        });
        reaches && in_time
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn only_present_assignments_give_sight() {
        let (mine, other) = (Scope(Uuid::from_u128(1)), Scope(Uuid::from_u128(2)));
        let ended = Some(Ended { position: Position::default(), at_ms: 0 });
        let held = |reach, ended| Held { reach, ended };
        let check = |all: &[Held], expect: [bool; 3]| {
            let sight = Sight::of(all);
            assert_eq!([mine, other, Scope::COMMUNE].map(|scope| sight.covers(scope)), expect, "{all:?}");
            assert_eq!((sight.and(&Sight::All), Sight::All.and(&sight)), (sight.clone(), sight));
        };
        check(&[], [false, false, true]);
        check(&[held(Reach::Scope(mine), None)], [true, false, true]);
        check(&[held(Reach::Scope(mine), ended)], [false, false, true]);
        check(&[held(Reach::WholeCommune, ended)], [false, false, true]);
        check(&[held(Reach::Scope(mine), None), held(Reach::WholeCommune, None)], [true; 3]);
        assert!(![mine, Scope::COMMUNE].iter().any(|scope| Sight::NOTHING.covers(*scope)));
    }

    #[test]
    fn work_done_before_a_reassignment_still_arrives() {
        const DAY: i64 = 24 * 3600 * 1000;
        let (mine, other) = (Scope(Uuid::from_u128(1)), Scope(Uuid::from_u128(2)));
        let at = |position| Position { epoch: 1, position };
        let ended = |position, at_ms| Some(Ended { position: at(position), at_ms });
        let check = |held: Held, scope, base: Option<u64>, received_at_ms, expect| {
            assert_eq!(may_write(&[held], scope, base.map(at), received_at_ms), expect, "{held:?} {base:?}");
        };
        let holds = |ended| Held { reach: Reach::Scope(mine), ended };
        check(holds(None), mine, Some(5), 0, true);
        check(holds(None), other, Some(5), 0, false);
        check(holds(ended(9, 0)), mine, Some(5), DAY, true);
        check(holds(ended(9, 0)), mine, Some(5), 30 * DAY, true);
        check(holds(ended(9, 0)), mine, Some(5), 30 * DAY + 1, false);
        check(holds(ended(9, 0)), mine, Some(9), DAY, false);
        check(holds(ended(9, 0)), mine, None, DAY, true);
        check(Held { reach: Reach::WholeCommune, ended: None }, other, Some(5), 0, true);
        assert!(!may_write(&[], mine, None, 0));
    }
}
