//! What must hold: after every step, and when a history is over (§11).

use std::collections::{BTreeMap, BTreeSet};

use domain::registry::no;
use uuid::Uuid;

use super::World;
use super::book::{has, is_erased, is_of_elsewhere, is_readable_nowhere, may_wait};
use crate::commune::CommuneStore;
use crate::ingest::Quarantine;
use crate::laptop::{Own, Standing};
use crate::model::{Laptop, Rows};
use crate::offer::HistoryView;
use crate::op::{Op, OpId, Scope};
use crate::row::Row;
use crate::stamp::Stamp;
use crate::value::Value;

/// What is wrong with a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    /// A Save is nowhere.
    Lost,
    /// Something is there twice.
    Duplicated,
    /// Two that should hold the same do not.
    Diverged,
    /// Somebody can read what is not theirs, or what was erased.
    OutOfScope,
}

type Complaints = Vec<(Wrong, String)>;

fn must(complaints: &mut Complaints, holds: bool, wrong: Wrong, what: impl FnOnce() -> String) {
    if !holds {
        complaints.push((wrong, what()));
    }
}

/// After every step: each Save is in the log, kept apart, on a laptop, or erased; nobody reads beyond their sight.
pub(super) fn between(world: &World) -> Complaints {
    let World { server, laptops, confirmed, .. } = world;
    let mut complaints = Vec::new();
    let held: BTreeSet<OpId> = laptops.iter().flat_map(Laptop::held).collect();
    for (id, (op, _)) in &confirmed.0 {
        let somewhere = held.contains(id) || has(server, *id) || is_erased(server, op);
        must(&mut complaints, somewhere, Wrong::Lost, || format!("{id:?} is nowhere"));
    }
    let listed: BTreeSet<Uuid> = server.standing.erased_after(0).into_iter().collect();
    must(&mut complaints, listed == world.erased, Wrong::Lost, || {
        format!("{listed:?} are to be forgotten, and should be {:?}", world.erased)
    });
    for laptop in laptops {
        let sight = laptop.state.sight.as_ref();
        let stranger = laptop.base.values().find(|row| sight.is_some_and(|sight| !sight.covers(row.scope)));
        must(&mut complaints, stranger.is_none(), Wrong::OutOfScope, || {
            format!("{:?} reads {:?}", laptop.device, stranger.map(|row| (row.kind, row.record)))
        });
    }
    complaints
}

/// When nothing goes wrong any more and everything was exchanged.
pub(super) fn at_the_end(world: &World) -> Complaints {
    let mut complaints = Vec::new();
    replicas(world, &mut complaints);
    saves(world, &mut complaints);
    the_erased(world, &mut complaints);
    stream(world, &mut complaints);
    stamps(world, &mut complaints);
    complaints
}

/// Whoever belongs to the commune holds what the server holds, of what is in sight; whoever was revoked holds nothing.
fn replicas(world: &World, complaints: &mut Complaints) {
    let World { server, laptops, .. } = world;
    let bytes = |rows: &Rows| rows.values().map(Row::to_bytes).collect::<Vec<_>>();
    let keys = |rows: &Rows| rows.keys().copied().collect::<Vec<_>>();
    for laptop in laptops {
        let device = laptop.device;
        if server.standing.is_revoked(device) {
            let nothing = laptop.base.is_empty() && laptop.retained.is_empty();
            must(complaints, nothing, Wrong::OutOfScope, || format!("readable on {device:?}, revoked"));
            let taken = laptop.own.iter().any(|own| own.standing == Standing::Taken);
            must(complaints, !taken, Wrong::OutOfScope, || format!("{device:?} keeps what is the commune's"));
            continue;
        }
        // What is kept apart with its receipts, and may stay there, is not delivered.
        let apart =
            |own: &&Own| server.waiting.iter().any(|one| one.numbered.group.id == own.numbered.group.id);
        let undelivered: Vec<_> =
            laptop.own.iter().filter(|own| !own.receipts.is_empty() && !apart(own)).collect();
        must(complaints, undelivered.is_empty(), Wrong::Diverged, || {
            format!("groups that nobody delivers: {undelivered:?}")
        });
        let there = laptop.state.cursor == Some(server.head());
        must(complaints, there, Wrong::Diverged, || format!("{device:?} is not at the head"));
        let seen = server.seen(&server.sight(device));
        must(complaints, keys(&laptop.base) == keys(&seen), Wrong::Diverged, || {
            format!("{device:?} has other records: {:?}, {:?}", keys(&laptop.base), keys(&seen))
        });
        must(complaints, bytes(&laptop.base) == bytes(&seen), Wrong::Diverged, || {
            format!("{device:?} has other rows")
        });
        let here = |op: &Op| laptop.base.contains_key(&(op.header.kind, op.header.record));
        let in_sight = laptop.retained.values().all(|group| group.group.ops.iter().all(here));
        must(complaints, in_sight, Wrong::OutOfScope, || format!("{device:?} reads out of sight"));
    }
}

/// Once everybody works everywhere: replicas and Saves as ever, and for want of a right waits only what somebody wrote who
/// does not belong here any more, or who writes to where a thing no longer is.
pub(super) fn nothing_lacks_a_right(world: &World) -> Complaints {
    let mut complaints = Vec::new();
    replicas(world, &mut complaints);
    saves(world, &mut complaints);
    let World { server, .. } = world;
    for one in server.waiting.iter().filter(|one| one.reason == Quarantine::Rights) {
        let revoked = one.device().is_some_and(|device| server.standing.is_revoked(device));
        let stays = revoked || is_of_elsewhere(server, &one.numbered.group);
        must(&mut complaints, stays, Wrong::Lost, || format!("kept apart for ever: {one:?}"));
    }
    complaints
}

/// Each is in the log or waits where somebody sees it, as it was saved.
fn saves(world: &World, complaints: &mut Complaints) {
    let World { server, confirmed, .. } = world;
    for (op, _) in confirmed.0.values() {
        let there = has(server, op.id()) || is_erased(server, op);
        must(complaints, there, Wrong::Lost, || format!("a save is lost: {:?}", op.header.id));
        let known = server.known.get(&op.id()).map(|(receipt, _)| receipt.op_hash);
        must(complaints, known.is_none_or(|hash| hash == op.hash()), Wrong::Diverged, || {
            format!("another content under the name of {:?}", op.header.id)
        });
    }
    for one in &server.waiting {
        let ours = one.reason != Quarantine::Invalid;
        must(complaints, ours, Wrong::Diverged, || format!("a Save of ours is invalid: {one:?}"));
        must(complaints, may_wait(world, one), Wrong::Diverged, || format!("waits for nobody: {one:?}"));
    }
}

/// Nobody erased is anywhere, readable.
fn the_erased(world: &World, complaints: &mut Complaints) {
    let World { server, laptops, erased, .. } = world;
    let stream = server.groups().map(|group| &group.group);
    let waiting = server.waiting.iter().map(|one| &one.numbered.group);
    let kept = laptops.iter().flat_map(|laptop| laptop.retained.values()).map(|kept| &kept.group);
    let belongs = laptops.iter().filter(|laptop| !server.standing.is_revoked(laptop.device));
    let own = belongs.flat_map(|laptop| &laptop.own).map(|own| &own.numbered.group);
    let mut left = stream.chain(waiting).chain(kept).chain(own).flat_map(|group| &group.ops);
    let readable = left.any(|op| is_readable_nowhere(server, op));
    must(complaints, !readable, Wrong::OutOfScope, || "the erased is still there".into());
    let row = server.rows.keys().any(|(_, record)| erased.contains(record));
    must(complaints, !row, Wrong::OutOfScope, || "a row of the erased".into());
}

/// One order, nothing twice; and a row is its ops, merged in whatever order.
fn stream(world: &World, complaints: &mut Complaints) {
    let server = &world.server;
    let positions: Vec<u64> = server.groups().map(|group| group.position.position).collect();
    let ordered = positions.iter().zip(positions.iter().skip(1)).all(|(one, next)| one < next);
    must(complaints, ordered, Wrong::Diverged, || "order of the stream".into());
    for sent in server.store.sent_after(0, usize::MAX).unwrap() {
        let whole: BTreeSet<_> = sent.rows.iter().map(|whole| (whole.row.kind, whole.row.record)).collect();
        must(complaints, whole.len() == sent.rows.len(), Wrong::Duplicated, || {
            "a record comes whole twice at one position".into()
        });
    }
    let stored: Vec<OpId> = server.groups().flat_map(|group| &group.group.ops).map(Op::id).collect();
    let once: BTreeSet<OpId> = stored.iter().copied().collect();
    must(complaints, stored.len() == once.len(), Wrong::Duplicated, || "an op was stored twice".into());
    let known = once.iter().all(|op| server.known.contains_key(op));
    must(complaints, known, Wrong::Diverged, || "an op of the stream has no name".into());
    for (key, row) in &server.rows {
        let moved_to = row.value(no::HOUSEHOLD_MOVED_TO).and_then(Value::as_uuid);
        must(complaints, moved_to.is_none_or(|to: Uuid| Scope(to) == row.scope), Wrong::Diverged, || {
            "a household that is not where it moved to".into()
        });
        let mut anew = Row::new(row.kind, row.record, row.scope);
        server.ops_of(key.0, key.1).unwrap().iter().for_each(|(op, stamp)| drop(anew.merge(op, *stamp)));
        must(complaints, &anew == row, Wrong::Diverged, || "a row that is not its ops".into());
    }
}

/// What saw another op beats it; and no stamp is higher than one that a laptop was told. Nobody but its writer saw what
/// was kept apart, and a log that was put back stamps it anew.
fn stamps(world: &World, complaints: &mut Complaints) {
    let World { server, laptops, apart, .. } = world;
    let of: BTreeMap<OpId, Stamp> =
        server.known.iter().map(|(id, (receipt, _))| (*id, receipt.stamp)).collect();
    for op in server.groups().flat_map(|group| &group.group.ops) {
        let seen = op.fields.iter().filter_map(|field| field.replaced.as_ref());
        let replaced = seen.filter(|op| !apart.contains(op)).filter_map(|op| of.get(op));
        let beats = replaced.max().is_none_or(|before| of.get(&op.id()).is_none_or(|mine| before < mine));
        must(complaints, beats, Wrong::Diverged, || format!("{:?} does not beat what it saw", op.id()));
    }
    let belongs = laptops.iter().filter(|laptop| !server.standing.is_revoked(laptop.device));
    for receipt in belongs.flat_map(|laptop| laptop.retained.values()).flat_map(|kept| &kept.receipts) {
        let higher = of.get(&receipt.op).is_some_and(|stamp| *stamp > receipt.stamp);
        must(complaints, !higher, Wrong::Diverged, || format!("{:?} has a higher stamp now", receipt.op));
    }
}
