//! Which record stands under which, and whether an arriving group stands on anything yet (F11).

use std::collections::HashSet;

use domain::registry::{Nature, RecordKind, no, parent_field};
use uuid::Uuid;

use crate::ingest::{LogView, Rows};
use crate::op::{Op, Scope};
use crate::row::Row;

/// What a record's parent is.
pub fn parent_kind(kind: RecordKind) -> Option<RecordKind> {
    match kind {
        RecordKind::Alley => Some(RecordKind::HamletUnit),
        RecordKind::Member | RecordKind::Visit => Some(RecordKind::Household),
        RecordKind::Assessment | RecordKind::Consent | RecordKind::Residence | RecordKind::Attendance => {
            Some(RecordKind::Member)
        }
        RecordKind::HamletUnit
        | RecordKind::Household
        | RecordKind::RosterList
        | RecordKind::Assignment
        | RecordKind::SameAs
        | RecordKind::Mending => None,
    }
}

/// True if the op can begin a record: it names the parent where the kind has one, and the writer of a
/// register saw no earlier value (F11: an edit may arrive before the creation it stands on).
fn begins(op: &Op, kind: RecordKind) -> bool {
    let saw_nothing = op.fields.iter().all(|edit| edit.replaced.is_none() && edit.seen.is_none());
    let anchor = match kind {
        RecordKind::Household => Some(no::HOUSEHOLD_ALIVE),
        kind => parent_field(kind),
    };
    // An event is written once, and what it "replaces" is the event it corrects.
    (saw_nothing || kind.nature() == Nature::Event)
        && anchor.is_none_or(|anchor| op.field(anchor).is_some_and(|edit| !edit.value.is_null()))
}

/// The parent that an op names, where its kind has one.
pub(crate) fn parent_of(op: &Op, kind: RecordKind) -> Option<(RecordKind, Uuid)> {
    let named = parent_field(kind).and_then(|no| op.field(no)).and_then(|edit| edit.value.as_uuid());
    parent_kind(kind).zip(named)
}

/// What a row lies under: it moves and is erased with it. An edge lies under its smaller end.
pub fn parent_of_row(row: &Row) -> Option<Uuid> {
    let field = match RecordKind::from_no(row.kind)? {
        RecordKind::SameAs => Some(no::SAME_AS_A),
        kind => parent_field(kind),
    };
    row.value(field?)?.as_uuid()
}

/// The two records that an edge joins, whichever kind they are.
fn ends_of(op: &Op) -> impl Iterator<Item = (u16, Uuid)> {
    let ends = [no::SAME_AS_A, no::SAME_AS_B].map(|no| op.field(no).and_then(|edit| edit.value.as_uuid()));
    let kinds = [RecordKind::Member, RecordKind::Household].map(RecordKind::no);
    ends.into_iter().flatten().flat_map(move |end| kinds.map(|kind| (kind, end)))
}

/// The record beside its parent that an op puts its own under: the household somebody moves into, the alley a
/// household stands in.
fn also_under(op: &Op, kind: RecordKind) -> Option<(RecordKind, Uuid)> {
    let (field, under) = match kind {
        RecordKind::Residence => (no::RESIDENCE_HOUSEHOLD, RecordKind::Household),
        RecordKind::Household => (no::HOUSEHOLD_ALLEY, RecordKind::Alley),
        _ => return None,
    };
    Some(under).zip(op.field(field).and_then(|edit| edit.value.as_uuid()))
}

/// True if every op's record, or what it begins or is put under, is in the log or earlier in the group.
/// Kinds of a newer version are not judged. `ops` are those that the log does not know yet.
pub(crate) fn parents_known<V: LogView>(rows: &mut Rows<'_, V>, ops: &[&Op]) -> Result<bool, V::Error> {
    let mut begun: HashSet<(u16, Uuid)> = HashSet::new();
    for op in ops {
        let (no, record) = (op.header.kind, op.header.record);
        let Some(kind) = RecordKind::from_no(no) else { continue };
        if !begun.contains(&(no, record)) && !begins(op, kind) && rows.get(no, record)?.is_none() {
            return Ok(false);
        }
        for (kind, above) in [parent_of(op, kind), also_under(op, kind)].into_iter().flatten() {
            if !begun.contains(&(kind.no(), above)) && rows.get(kind.no(), above)?.is_none() {
                return Ok(false);
            }
        }
        begun.insert((no, record));
    }
    Ok(true)
}

/// True if no op reaches into another scope: a record stays where it is, and lies where its parent lies, the
/// household it moves to, its alley; an edge joins what lies in one scope (F20: across scopes, move first, then join). Rights are judged by the op's own scope, which its writer chose; without this,
/// somebody who knows an id could write into another hamlet's records, and that hamlet would never hear of it. What
/// was there and has moved away since may still be written to from there (§7): the writer had not heard of it.
/// `ops` are those that the log does not know yet.
pub(crate) fn scopes_fit<V: LogView>(rows: &mut Rows<'_, V>, ops: &[&Op]) -> Result<bool, V::Error> {
    for op in ops {
        let scope = op.header.scope;
        let mut touched = vec![(op.header.kind, op.header.record, false)];
        if let Some(kind) = RecordKind::from_no(op.header.kind) {
            let above = [parent_of(op, kind), also_under(op, kind)].into_iter().flatten();
            touched.extend(above.map(|(kind, record)| (kind.no(), record, true)));
            if kind == RecordKind::SameAs {
                touched.extend(ends_of(op).map(|(kind, record)| (kind, record, false)));
            }
        }
        for (kind, record, above) in touched {
            let Some(there) = rows.get(kind, record)?.map(|row| row.scope) else { continue };
            let fits = there == scope || (above && there == Scope::COMMUNE);
            if !fits && !rows.left(kind, record, scope)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Where a record begins: with its parent, which may have moved since the op was written, or else in the op's scope.
/// `scope_of` is where a record lies now; server and laptop begin every row here.
pub fn begun<E>(op: &Op, scope_of: impl FnOnce(u16, Uuid) -> Result<Option<Scope>, E>) -> Result<Row, E> {
    let mut row = Row::begun_by(op);
    let parent = RecordKind::from_no(op.header.kind).and_then(|kind| parent_of(op, kind));
    if let Some((kind, parent)) = parent
        && let Some(scope) = scope_of(kind.no(), parent)?.filter(|scope| *scope != Scope::COMMUNE)
    {
        row.scope = scope;
    }
    Ok(row)
}
