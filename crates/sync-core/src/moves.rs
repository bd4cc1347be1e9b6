//! Records that change their scope (§7). A household moves by one op in its old scope; what belongs to it follows in
//! the same commit: for those who have only the old scope each record makes an exit, for those who have the new one it
//! comes whole. What is written later under something that moved begins where that is now (`parents::begun`).

use std::collections::BTreeMap;

use domain::registry::{RecordKind, no};
use uuid::Uuid;

use crate::offer::HistoryView;
use crate::op::{GroupId, Scope};
use crate::parents::above_row;
use crate::position::Position;
use crate::row::Row;
use crate::wire::Exit;

/// What moved in one commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// One for each record.
    pub exits: Vec<Exit>,
    /// The records in their new scope, in the same order.
    pub rows: Vec<Row>,
}

/// Where a record says that it lies: a household that moved, an alley whose hamlet unit was merged or split.
fn destination(row: &Row) -> Option<Scope> {
    let field = match RecordKind::from_no(row.kind)? {
        RecordKind::Household => no::HOUSEHOLD_MOVED_TO,
        RecordKind::Alley => no::ALLEY_UNIT,
        _ => return None,
    };
    row.value(field).and_then(|value| value.as_uuid()).map(Scope)
}

/// The household that somebody was put into by this commit.
fn put_into(row: &Row, by: Option<GroupId>) -> Option<Uuid> {
    let cell = row.cells.get(&no::MEMBER_HOUSEHOLD).filter(|_| row.kind == RecordKind::Member.no())?;
    let written = by.is_none_or(|group| cell.key.op.group == group);
    cell.value.as_uuid().filter(|_| written)
}

/// Moves what the changed rows of a commit say: records that name another unit, and people who were put into a household
/// that lies elsewhere. `changed` are rows as they stand after it, not stored yet; `by` is the group that wrote them, or
/// `None` where they may be made of several.
pub fn follow<V: HistoryView>(
    view: &V,
    changed: &[Row],
    by: Option<GroupId>,
    position: Position,
) -> Result<Moved, V::Error> {
    let changed: BTreeMap<(u16, Uuid), &Row> =
        changed.iter().map(|row| ((row.kind, row.record), row)).collect();
    let mut moved = Moved::default();
    // Households come before people: their kind's number is the lower one.
    for mover in changed.values() {
        let lies = moved.rows.iter().find(|one| (one.kind, one.record) == (mover.kind, mover.record));
        let scope = lies.map_or(mover.scope, |one| one.scope);
        let to = match put_into(mover, by) {
            Some(household) => {
                scope_of(view, &changed, &moved, household)?.filter(|to| *to != Scope::COMMUNE)
            }
            None => destination(mover),
        };
        // A record of everybody's stays everybody's.
        let Some(to) = to.filter(|to| scope != Scope::COMMUNE && *to != scope) else { continue };
        let Some((from, unit)) = scope.unit().zip(to.unit()) else { continue };
        let mut open = vec![(mover.kind, mover.record)];
        while let Some((kind, record)) = open.pop() {
            let at = moved.rows.iter().position(|one| (one.kind, one.record) == (kind, record));
            let row = match (at.and_then(|at| moved.rows.get(at)), changed.get(&(kind, record))) {
                (Some(row), _) => Some(row.clone()),
                (None, Some(row)) => Some((*row).clone()),
                (None, None) => view.row(kind, record)?,
            };
            let Some(row) = row.filter(|row| row.scope == scope) else { continue };
            open.extend(view.children(kind, record)?);
            // Begun in this very commit, so that no look-up finds it yet.
            let new = changed.values().filter(|row| above_row(row).any(|above| above == (kind, record)));
            open.extend(new.map(|row| (row.kind, row.record)));
            // Moved twice in one commit, it leaves where it was before and comes where it is after.
            match at.and_then(|at| moved.exits.get_mut(at).zip(moved.rows.get_mut(at))) {
                Some((exit, row)) => (exit.to, row.scope) = (unit, to),
                None => {
                    moved.exits.push(Exit { position, kind, record, from, to: unit });
                    moved.rows.push(Row { scope: to, ..row });
                }
            }
        }
    }
    let stays: Vec<bool> = moved.exits.iter().map(|exit| exit.from == exit.to).collect();
    let mut goes = stays.iter().map(|stays| !stays);
    moved.exits.retain(|_| goes.next().unwrap_or(true));
    let mut goes = stays.iter().map(|stays| !stays);
    moved.rows.retain(|_| goes.next().unwrap_or(true));
    Ok(moved)
}

/// Where a household lies at the end of the commit, as far as it is known.
fn scope_of<V: HistoryView>(
    view: &V,
    changed: &BTreeMap<(u16, Uuid), &Row>,
    moved: &Moved,
    household: Uuid,
) -> Result<Option<Scope>, V::Error> {
    let kind = RecordKind::Household.no();
    let of_it = |row: &&Row| (row.kind, row.record) == (kind, household);
    if let Some(row) = moved.rows.iter().find(of_it).or(changed.get(&(kind, household)).copied()) {
        return Ok(Some(row.scope));
    }
    Ok(view.row(kind, household)?.map(|row| row.scope))
}
