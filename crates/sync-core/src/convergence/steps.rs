//! What happens in a history, as proptest draws and shortens it.

use proptest::collection::vec;
use proptest::prelude::*;

use super::edits::person;

/// Years 1970 to 2200.
const CLOCKS_MS: std::ops::Range<i64> = 0..7_258_118_400_000;

/// What happens in the model.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Laptop, what is changed in one Save, its clock.
    Save(usize, Vec<Change>, i64),
    /// Laptop, groups, whether the reply arrives, whether it is sent twice.
    Push(usize, usize, bool, bool),
    /// Laptop, groups of the page.
    Pull(usize, usize),
    /// A laptop finds its numbers taken, or was restored from a copy.
    Incarnation(usize, u64),
    /// Laptop, household, the unit it moves to.
    Move(usize, u128, u128, i64),
    /// Laptop, the units its people work in from now on.
    Reassign(usize, Vec<u128>),
    /// A laptop no longer belongs here.
    Revoke(usize),
    /// A backup is taken; the two newest may be put back.
    Backup,
    /// One of them is put back, with the witness file or without.
    Restore(usize, bool),
    /// Somebody is to be forgotten: a household with its visits, or what one save began.
    Erase(u128),
    /// Something of what is kept apart is written off, by this laptop.
    Mend(usize, usize),
    /// A laptop's disk is copied.
    Image(usize),
    /// It is put back.
    PutBack(usize),
    /// Everything is exchanged, then a save by somebody who knows everything must win.
    Informed(usize, i64),
}

/// Of one record: which of its kind, which field, to what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    pub(super) of: Kind,
    pub(super) nth: u128,
    pub(super) field: u16,
    pub(super) value: i64,
}

/// No id is used by two kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Household,
    Member,
    Visit,
    Assessment,
    Edge,
    Newer,
}

fn any_change() -> impl Strategy<Value = Change> {
    let kinds = [
        Kind::Household,
        Kind::Household,
        Kind::Member,
        Kind::Member,
        Kind::Visit,
        Kind::Assessment,
        Kind::Edge,
        Kind::Newer,
    ];
    (prop::sample::select(kinds.to_vec()), 1_u128..4, 0_u16..3, 0_i64..9)
        .prop_map(|(of, nth, field, value)| Change { of, nth, field, value })
}

pub(super) fn any_step() -> impl Strategy<Value = Step> {
    let laptop = || 0_usize..3;
    prop_oneof![
        9 => (laptop(), vec(any_change(), 1..4), CLOCKS_MS)
            .prop_map(|(l, changes, clock)| Step::Save(l, changes, clock)),
        3 => (laptop(), 1_usize..4, any::<bool>(), any::<bool>()).prop_map(|(l, n, r, t)| Step::Push(l, n, r, t)),
        3 => (laptop(), 1_usize..4).prop_map(|(l, n)| Step::Pull(l, n)),
        1 => (laptop(), 100_u64..999).prop_map(|(l, random)| Step::Incarnation(l, random)),
        1 => (laptop(), CLOCKS_MS).prop_map(|(l, clock)| Step::Informed(l, clock)),
        1 => (laptop(), 1_u128..4, 0_u128..2, CLOCKS_MS).prop_map(|(l, record, to, clock)| Step::Move(l, record, to, clock)),
        1 => (laptop(), vec(0_u128..2, 0..3)).prop_map(|(l, units)| Step::Reassign(l, units)),
        1 => prop::bool::weighted(0.2).prop_flat_map(move |really| {
            laptop().prop_map(move |l| if really { Step::Revoke(l) } else { Step::Backup })
        }),
        1 => Just(Step::Backup),
        1 => prop_oneof![2 => 1_u128..4, 2 => (0_u128..3, 1_u128..4).prop_map(|(author, nth)| person(author, nth)), 1 => 1004_u128..1100].prop_map(Step::Erase),
        1 => (laptop(), 0_usize..3).prop_map(|(l, nth)| Step::Mend(l, nth)),
        1 => laptop().prop_map(Step::Image),
        1 => laptop().prop_map(Step::PutBack),
        1 => (0_usize..2, any::<bool>()).prop_map(|(which, witness)| Step::Restore(which, witness)),
    ]
}
