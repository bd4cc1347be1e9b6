//! The history's own book: what was saved and which disks it reached, told apart from what the code under test says of
//! it; and what may be erased, or wait for ever.

use std::collections::{BTreeMap, BTreeSet};

use domain::registry::{RecordKind, no};
use uuid::Uuid;

use super::World;
use super::edits::ends_of;
use crate::commune::Waiting;
use crate::group::Group;
use crate::ingest::{LogView, Quarantine};
use crate::model::{Laptop, Server};
use crate::op::{Op, OpHeader, OpId};
use crate::parents::above;
use crate::samples::id;

/// Who still has what was saved, told apart from what the code under test says of it: which disks it reached.
#[derive(Clone, Default)]
pub(super) struct Reached(pub(super) BTreeMap<OpId, (Op, BTreeSet<usize>)>);

impl Reached {
    pub(super) fn saved(&mut self, by: usize, group: &Group) {
        for op in &group.ops {
            self.0.entry(op.id()).or_insert_with(|| (op.clone(), BTreeSet::new())).1.insert(by);
        }
    }

    /// After a laptop received something.
    pub(super) fn look(&mut self, laptops: &[Laptop]) {
        for (op, (_, disks)) in &mut self.0 {
            disks.extend(laptops.iter().enumerate().filter(|(_, laptop)| laptop.holds(*op)).map(|(l, _)| l));
        }
    }

    /// A disk is gone; what was on its image is on the one that is put in its place.
    pub(super) fn disk_put_back(&mut self, l: usize, image: &Self, server: &Server) {
        for (op, (_, disks)) in &mut self.0 {
            let was_there = image.0.get(op).is_some_and(|(_, disks)| disks.contains(&l));
            if !was_there {
                disks.remove(&l);
            }
        }
        self.0.retain(|op, (_, disks)| !disks.is_empty() || has(server, *op));
    }

    /// A backup was put back: what is neither in it nor on a disk is gone.
    pub(super) fn server_put_back(&mut self, server: &Server) {
        self.0.retain(|op, (_, disks)| !disks.is_empty() || has(server, *op));
    }
}

/// In the log, or kept apart where somebody sees it.
pub(super) fn has(server: &Server, op: OpId) -> bool {
    let apart = || server.waiting.iter().any(|one| one.numbered.group.ops.iter().any(|one| one.id() == op));
    server.known.contains_key(&op) || apart()
}

/// By the ledger: its record, or whom it lies under. A person who never came to be, because they were begun in an erased
/// household, may have no line.
pub(super) fn is_erased(server: &Server, op: &Op) -> bool {
    let listed = |record: Uuid| server.standing.erased_after(0).contains(&record);
    let household_of = |member: Uuid| id((member.as_u128() - 100) % 10);
    let gone = |member: Uuid| {
        let lives = || server.rows.contains_key(&(RecordKind::Member.no(), member));
        listed(member) || (listed(household_of(member)) && !lives())
    };
    let named = |no| op.field(no).and_then(|edit| edit.value.as_uuid());
    listed(op.header.record)
        || match RecordKind::from_no(op.header.kind) {
            Some(RecordKind::Member) => gone(op.header.record),
            Some(RecordKind::Visit) => named(no::VISIT_HOUSEHOLD).is_some_and(listed),
            Some(RecordKind::Assessment) => named(no::ASSESSMENT_MEMBER).is_some_and(gone),
            Some(RecordKind::SameAs) => ends_of(op.header.record.as_u128()).iter().any(|end| gone(id(*end))),
            _ => false,
        }
}

/// Of what is erased, what nobody may find anywhere: the record is listed, or begins under one that is. What else is said
/// of a record that never came to be waits where somebody sees it, and somebody who moved on before lives.
pub(super) fn is_readable_nowhere(server: &Server, op: &Op) -> bool {
    let OpHeader { kind, record, .. } = op.header;
    let listed = |record: Uuid| server.standing.erased_after(0).contains(&record);
    let named = |no| op.field(no).and_then(|edit| edit.value.as_uuid()).is_some_and(listed);
    let begins = || op.field(no::MEMBER_HOUSEHOLD).is_some_and(|edit| edit.replaced.is_none());
    let lives = || server.rows.contains_key(&(kind, record));
    let begun_under = match RecordKind::from_no(kind) {
        Some(RecordKind::Member) => named(no::MEMBER_HOUSEHOLD) && begins() && !lives(),
        Some(RecordKind::Visit) => named(no::VISIT_HOUSEHOLD),
        Some(RecordKind::Assessment) => named(no::ASSESSMENT_MEMBER),
        Some(RecordKind::SameAs) => named(no::SAME_AS_A) || named(no::SAME_AS_B),
        _ => false,
    };
    let Ok(listed_here) = server.erased(kind, record);
    listed_here || begun_under
}

/// True if a group writes in one unit of what lies in another: somebody who had lost it from sight began it anew.
pub(super) fn is_of_elsewhere(server: &Server, group: &Group) -> bool {
    let mut records = group.ops.iter().flat_map(|op| {
        let kind = RecordKind::from_no(op.header.kind);
        let above =
            kind.into_iter().flat_map(|kind| above(op, kind)).map(|(kind, record)| (kind.no(), record));
        let of_it = (op.header.kind, op.header.record);
        above.chain([of_it]).map(|key| (key, op.header.scope)).collect::<Vec<_>>()
    });
    records.any(|(key, scope)| server.rows.get(&key).is_some_and(|row| row.scope != scope))
}

/// For whom a group may wait for ever: a person decided, the right was taken away, or what it needs waits itself, or was
/// erased.
pub(super) fn may_wait(world: &World, one: &Waiting) -> bool {
    let World { server, decided, .. } = world;
    let mends = |op: &Op| op.header.kind == RecordKind::Mending.no();
    let Some((kind, record)) = one.lacks else {
        return match one.reason {
            Quarantine::Rights => true,
            Quarantine::Mended => decided.contains(&one.numbered.group.id),
            Quarantine::Overtaken => one.numbered.group.ops.iter().any(mends),
            _ => false,
        };
    };
    let of_it = |op: &Op| (op.header.kind, op.header.record) == (kind, record);
    let mut others = server.waiting.iter().filter(|other| other.numbered.group.id != one.numbered.group.id);
    let listed = |record: Uuid| server.standing.erased_after(0).contains(&record);
    // A log that was put back may have forgotten who was begun in an erased household, and nobody brings them again.
    let began_nowhere =
        kind == RecordKind::Member.no() && listed(id((record.as_u128().saturating_sub(100)) % 10));
    // Nor an edge between two of whom one is erased, which was kept apart and went with them.
    let joined = |end: &u128| listed(id(*end)) || listed(id((end - 100) % 10));
    let of_the_erased = kind == RecordKind::SameAs.no() && ends_of(record.as_u128()).iter().any(joined);
    listed(record)
        || began_nowhere
        || of_the_erased
        || others.any(|other| other.numbered.group.ops.iter().any(of_it))
}
