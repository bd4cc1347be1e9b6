//! Records that change their scope (§7). A household moves by one op in its old scope; what belongs to it follows in
//! the same commit: for those who have only the old scope each record makes an exit, for those who have the new one it
//! comes whole. What is written later under something that moved begins where that is now (`parents::begun`).

use std::collections::BTreeMap;

use domain::registry::{RecordKind, no};
use uuid::Uuid;

use crate::offer::HistoryView;
use crate::op::Scope;
use crate::parents::above_row;
use crate::position::Position;
use crate::row::Row;
use crate::wire::Exit;

/// What moved in one commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// One for each record.
    pub exits: Vec<Exit>,
    /// The records in their new scope.
    pub rows: Vec<Row>,
}

/// Where a record says that it lies: a household that moved, an alley whose hamlet unit was merged or split.
fn destination(row: &Row) -> Option<Scope> {
    let field = match RecordKind::from_no(row.kind)? {
        RecordKind::Household => no::HOUSEHOLD_MOVED_TO,
        RecordKind::Alley => no::ALLEY_UNIT,
        _ => return None,
    };
    // A record of everybody's stays everybody's.
    let unit = row.value(field).and_then(|value| value.as_uuid()).map(Scope)?;
    (row.scope != Scope::COMMUNE && unit != row.scope).then_some(unit)
}

/// Moves what the changed rows of a commit say. `changed` are rows as they stand after it, not stored yet.
pub fn follow<V: HistoryView>(view: &V, changed: &[Row], position: Position) -> Result<Moved, V::Error> {
    let changed: BTreeMap<(u16, Uuid), &Row> =
        changed.iter().map(|row| ((row.kind, row.record), row)).collect();
    let mut moved = Moved::default();
    for mover in changed.values() {
        let Some(to) = destination(mover) else { continue };
        let Some((from, unit)) = mover.scope.unit().zip(to.unit()) else { continue };
        let mut open = vec![(mover.kind, mover.record)];
        while let Some((kind, record)) = open.pop() {
            let row = match changed.get(&(kind, record)) {
                Some(row) => Some((*row).clone()),
                None => view.row(kind, record)?,
            };
            let Some(row) = row.filter(|row| row.scope == mover.scope) else { continue };
            open.extend(view.children(record)?);
            // Begun in this very commit, so that no look-up finds it yet.
            let new = changed.values().filter(|row| above_row(row).any(|above| above == record));
            open.extend(new.map(|row| (row.kind, row.record)));
            if !moved.rows.iter().any(|one| (one.kind, one.record) == (kind, record)) {
                moved.exits.push(Exit { position, kind, record, from, to: unit });
                moved.rows.push(Row { scope: to, ..row });
            }
        }
    }
    Ok(moved)
}
