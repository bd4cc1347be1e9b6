//! Which record stands under which, and whether an arriving group stands on anything yet (F11).

use std::collections::HashSet;

use domain::registry::{Nature, RecordKind, no, parent_field};
use uuid::Uuid;

use crate::erasure::ANY_KIND;
use crate::ingest::{LogView, Rows};
use crate::op::{Op, Scope};
use crate::position::{Position, is_after};
use crate::row::Row;

/// What a record of this kind may lie under: an edge joins people, or households.
pub fn kinds_above(kind: RecordKind) -> &'static [RecordKind] {
    match kind {
        RecordKind::Alley => &[RecordKind::HamletUnit],
        RecordKind::Member | RecordKind::Visit => &[RecordKind::Household],
        RecordKind::Assessment | RecordKind::Consent | RecordKind::Residence | RecordKind::Attendance => {
            &[RecordKind::Member]
        }
        RecordKind::SameAs => &[RecordKind::Member, RecordKind::Household],
        RecordKind::HamletUnit
        | RecordKind::Household
        | RecordKind::RosterList
        | RecordKind::Assignment
        | RecordKind::Mending => &[],
    }
}

/// True if the op can begin a record: it names the parent where the kind has one, and the writer of a
/// register saw no earlier value (F11: an edit may arrive before the creation it stands on).
pub(crate) fn begins(op: &Op, kind: RecordKind) -> bool {
    let saw_nothing = op.fields.iter().all(|edit| edit.replaced.is_none() && edit.seen.is_none());
    let anchor = match kind {
        RecordKind::Household => Some(no::HOUSEHOLD_ALIVE),
        kind => parent_field(kind),
    };
    // An event is written once, and what it "replaces" is the event it corrects.
    (saw_nothing || kind.nature() == Nature::Event)
        && anchor.is_none_or(|anchor| op.field(anchor).is_some_and(|edit| !edit.value.is_null()))
}

/// The fields that say what a record of this kind lies under. An edge lies under both its ends: it goes with
/// whichever moves, and is erased with either.
fn fields_above(kind: RecordKind) -> impl Iterator<Item = u16> {
    let edge = [no::SAME_AS_A, no::SAME_AS_B].into_iter().filter(move |_| kind == RecordKind::SameAs);
    parent_field(kind).into_iter().chain(edge)
}

/// What a row lies under: it moves and is erased with it. Each id once with each kind that it may be of.
pub fn above_row(row: &Row) -> impl Iterator<Item = (u16, Uuid)> {
    let kind = RecordKind::from_no(row.kind);
    let kinds = kind.map_or(&[][..], kinds_above);
    ids_above(row).flat_map(move |record| kinds.iter().map(move |kind| (kind.no(), record)))
}

/// The ids of what a row lies under, at most two.
pub fn ids_above(row: &Row) -> impl Iterator<Item = Uuid> {
    let fields = RecordKind::from_no(row.kind).into_iter().flat_map(fields_above);
    fields.filter_map(|no| row.value(no)?.as_uuid())
}

/// What an op puts its record under, the smaller end of an edge first; each with the kinds that it may be of.
fn named_above(op: &Op, kind: RecordKind) -> impl Iterator<Item = (&'static [RecordKind], Uuid)> {
    let named = fields_above(kind).filter_map(|no| op.field(no)?.value.as_uuid());
    named.map(move |record| (kinds_above(kind), record))
}

/// The same, each kind by itself.
pub(crate) fn above(op: &Op, kind: RecordKind) -> impl Iterator<Item = (RecordKind, Uuid)> {
    named_above(op, kind).flat_map(|(kinds, record)| kinds.iter().map(move |kind| (*kind, record)))
}

/// The record beside its parent that an op puts its own under: the household somebody moves into, the alley a
/// household stands in.
fn also_under(op: &Op, kind: RecordKind) -> Option<(&'static [RecordKind], Uuid)> {
    let (field, under): (_, &[RecordKind]) = match kind {
        RecordKind::Residence => (no::RESIDENCE_HOUSEHOLD, &[RecordKind::Household]),
        RecordKind::Household => (no::HOUSEHOLD_ALLEY, &[RecordKind::Alley]),
        _ => return None,
    };
    Some(under).zip(op.field(field).and_then(|edit| edit.value.as_uuid()))
}

/// The first record that an op needs and that is neither in the log nor begun earlier in the group: what it changes, or
/// what it begins or is put under. Kinds of a newer version are not judged. `ops` are those that the log does not know
/// yet. What comes back with receipts was judged once (`receipted`): a household erased since is no reason to wait.
pub(crate) fn missing<V: LogView>(
    rows: &mut Rows<'_, V>,
    ops: &[&Op],
    receipted: bool,
) -> Result<Option<(u16, Uuid)>, V::Error> {
    let mut begun: HashSet<(u16, Uuid)> = HashSet::new();
    for op in ops {
        let of_it = (op.header.kind, op.header.record);
        let Some(kind) = RecordKind::from_no(of_it.0) else { continue };
        if !begun.contains(&of_it) && !begins(op, kind) && rows.get(of_it.0, of_it.1)?.is_none() {
            return Ok(Some(of_it));
        }
        for (kinds, above) in named_above(op, kind).chain(also_under(op, kind)) {
            // An end of an edge is there if it is of either kind.
            let mut there = false;
            for kind in kinds.iter().map(|kind| kind.no()) {
                there |= begun.contains(&(kind, above))
                    || rows.get(kind, above)?.is_some()
                    || (receipted && rows.view().erased(kind, above)?);
            }
            if !there {
                let kind = if let [kind] = kinds { kind.no() } else { ANY_KIND };
                return Ok(Some((kind, above)));
            }
        }
        begun.insert(of_it);
    }
    Ok(None)
}

/// The records that an op touches, by kind and id, as they must lie in its scope; with `true` those that may be everybody's
/// instead. An edge's ends must lie in its scope; what lies under a record of everybody's may lie anywhere.
pub fn touched(op: &Op) -> Vec<(u16, Uuid, bool)> {
    let mut touched = vec![(op.header.kind, op.header.record, false)];
    if let Some(kind) = RecordKind::from_no(op.header.kind) {
        let strict = kind == RecordKind::SameAs;
        for (kinds, record) in named_above(op, kind).chain(also_under(op, kind)) {
            touched.extend(kinds.iter().map(|kind| (kind.no(), record, !strict)));
        }
    }
    touched
}

/// True if no op reaches into another scope: a record stays where it is, and lies where its parent lies, the household
/// it moves to, its alley; an edge joins what lies in one scope (F20: across scopes, move first, then join). Rights are
/// judged by the op's own scope, which its writer chose; without this, somebody who knows an id could write into another
/// hamlet's records, and that hamlet would never hear of it.
///
/// What was there and has moved away since may still be written to from there (§7), by a writer who had not heard of it:
/// `base` is how far that was, `None` where the log does not know. `ops` are those that the log does not know yet.
pub(crate) fn scopes_fit<V: LogView>(
    rows: &mut Rows<'_, V>,
    ops: &[&Op],
    base: Option<Position>,
) -> Result<bool, V::Error> {
    for op in ops {
        let scope = op.header.scope;
        for (kind, record, or_everybody_s) in touched(op) {
            let Some(there) = rows.get(kind, record)?.map(|row| row.scope) else { continue };
            if there == scope || (or_everybody_s && there == Scope::COMMUNE) {
                continue;
            }
            let left = rows.view().left(kind, record, scope)?;
            if !left.is_some_and(|left| base.is_none_or(|base| is_after(left, base))) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Where a record begins: with what it lies under, which may have moved since the op was written, or else in the op's
/// scope; an edge with whichever end has moved. `scope_of` is where a record lies now; server and laptop begin every row
/// here.
pub fn begun<E>(op: &Op, mut scope_of: impl FnMut(u16, Uuid) -> Result<Option<Scope>, E>) -> Result<Row, E> {
    let mut row = Row::begun_by(op);
    for (kind, above) in RecordKind::from_no(op.header.kind).into_iter().flat_map(|kind| above(op, kind)) {
        let moved = |scope: &Scope| *scope != Scope::COMMUNE && *scope != op.header.scope;
        if let Some(scope) = scope_of(kind.no(), above)?.filter(moved) {
            row.scope = scope;
            break;
        }
    }
    Ok(row)
}
