//! Who may see what and write where: the one place that decides it.
//!
//! - A device is known by its token and works for one user; a revoked one is refused.
//! - A user sees the commune-wide stream and the hamlet units of their present assignments; commune
//!   officers, admins and leaders see every unit. Nothing else ever leaves the server for them.
//! - Writing is judged per group by `sync_core::rights`: the assignment in force when the work was done,
//!   ended at most 30 days ago. What may not be written goes to quarantine, seen by author and commune.

use std::collections::BTreeSet;

use sync_core::op::Scope;
use sync_core::rights::{Held, Reach};

/// What somebody may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Every hamlet unit and the commune-wide stream.
    WholeCommune,
    /// These hamlet units and the commune-wide stream.
    Units(BTreeSet<Scope>),
}

impl Sight {
    /// By the assignments that have not ended. Somebody without any sees the commune-wide stream.
    pub fn of(held: &[Held]) -> Self {
        let mut units = BTreeSet::new();
        for one in held.iter().filter(|one| one.ended.is_none()) {
            match one.reach {
                Reach::WholeCommune => return Self::WholeCommune,
                Reach::Scope(scope) => units.insert(scope),
            };
        }
        Self::Units(units)
    }

    /// True if groups of this scope may be read.
    pub fn covers(&self, scope: Scope) -> bool {
        match self {
            Self::WholeCommune => true,
            Self::Units(units) => scope == Scope::COMMUNE || units.contains(&scope),
        }
    }
}

#[cfg(test)]
mod tests {
    use sync_core::position::Position;
    use sync_core::rights::Ended;
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
        };
        check(&[], [false, false, true]);
        check(&[held(Reach::Scope(mine), None)], [true, false, true]);
        check(&[held(Reach::Scope(mine), ended)], [false, false, true]);
        check(&[held(Reach::WholeCommune, ended)], [false, false, true]);
        check(&[held(Reach::Scope(mine), None), held(Reach::WholeCommune, None)], [true; 3]);
    }
}
