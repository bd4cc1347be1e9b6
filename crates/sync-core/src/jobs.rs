//! Actions that are larger than one Save: an import, a merging of hamlet units, a move of many households (§2). Each
//! part is a group of its own under one job id. It is shown as one and undone as one, and after a crash it goes on
//! where it was: the names of its groups come from the job's id, so that the part that was written already is known.

use std::collections::{BTreeMap, BTreeSet};

use domain::calendar::Day;
use domain::ids::{HamletUnitId, JobId};
use domain::registry::{Nature, RecordKind, no};
use uuid::Uuid;

use crate::offer::HistoryView;
use crate::op::{GroupId, Op, OpId, Scope};
use crate::records;
use crate::row::Row;
use crate::value::Value;

/// Fields of one record, to be written by a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// In which scope.
    pub scope: Scope,
    /// Of which kind.
    pub kind: RecordKind,
    /// Which record.
    pub record: Uuid,
    /// By number.
    pub fields: Vec<(u16, Value)>,
}

impl GroupId {
    /// The name of a job's part, counted from 0. Random like every other, since the job's id is.
    pub fn of_job(job: JobId, part: u32) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("tungnha 2026 sync part of a job");
        hasher.update(job.0.as_bytes()).update(&part.to_le_bytes());
        let mut bytes = [0; 16];
        hasher.finalize_xof().fill(&mut bytes);
        Self::random(bytes)
    }
}

/// Cuts a job into parts: in its order, one scope and at most so many edits each.
pub fn parts(edits: Vec<Edit>, most: usize) -> Vec<Vec<Edit>> {
    let mut parts: Vec<Vec<Edit>> = Vec::new();
    for edit in edits {
        match parts.last_mut() {
            Some(last) if last.len() < most.max(1) && last.iter().all(|one| one.scope == edit.scope) => {
                last.push(edit);
            }
            _ => parts.push(vec![edit]),
        }
    }
    parts
}

/// Everything of one hamlet unit comes to another, from a day on: its alleys first, then the households. The old unit
/// stays with its end, since what was counted for it stays counted (§7).
pub fn merge_units(
    from: HamletUnitId,
    into: HamletUnitId,
    last_day: Day,
    alleys: impl IntoIterator<Item = Uuid>,
    households: impl IntoIterator<Item = Uuid>,
) -> Vec<Edit> {
    let ended = Edit {
        scope: Scope::COMMUNE,
        kind: RecordKind::HamletUnit,
        record: from.0,
        fields: vec![(no::UNIT_VALID_TO, last_day.into())],
    };
    moves_to(from, into, alleys, households).chain([ended]).collect()
}

/// Some alleys and households of one hamlet unit come to another: a split, or a border that was drawn anew.
pub fn moves_to(
    from: HamletUnitId,
    into: HamletUnitId,
    alleys: impl IntoIterator<Item = Uuid>,
    households: impl IntoIterator<Item = Uuid>,
) -> impl Iterator<Item = Edit> {
    let moved = move |kind, field, record| Edit {
        scope: from.into(),
        kind,
        record,
        fields: vec![(field, into.0.into())],
    };
    let alleys = alleys.into_iter().map(move |one| moved(RecordKind::Alley, no::ALLEY_UNIT, one));
    let households =
        households.into_iter().map(move |one| moved(RecordKind::Household, no::HOUSEHOLD_MOVED_TO, one));
    alleys.chain(households)
}

/// What takes a job back, as edits of another job. What somebody wrote since stays theirs; a record that the job began
/// is deleted and not forgotten. `ops`: of the whole job, as the log has them. Events are no job's business: whoever
/// recorded one takes it back by another.
pub fn undo<V: HistoryView>(view: &V, ops: &[Op]) -> Result<Vec<Edit>, V::Error> {
    let of_job: BTreeSet<OpId> = ops.iter().map(Op::id).collect();
    let mut records: Vec<(RecordKind, Uuid)> = Vec::new();
    // The last first: children go before what they lie under.
    for op in ops.iter().rev() {
        let kind = RecordKind::from_no(op.header.kind).filter(|kind| kind.nature() != Nature::Event);
        let record = kind.map(|kind| (kind, op.header.record)).filter(|key| !records.contains(key));
        records.extend(record);
    }
    let mut edits = Vec::new();
    for (kind, record) in records {
        let Some(row) = view.row(kind.no(), record)? else { continue };
        let history = view.ops_of(kind.no(), record)?;
        let fields = taken_back(&row, kind, &history, &of_job);
        if !fields.is_empty() {
            edits.push(Edit { scope: row.scope, kind, record, fields });
        }
    }
    Ok(edits)
}

fn taken_back(
    row: &Row,
    kind: RecordKind,
    history: &[(Op, crate::stamp::Stamp)],
    of_job: &BTreeSet<OpId>,
) -> Vec<(u16, Value)> {
    let began = history.iter().all(|(op, _)| of_job.contains(&op.id()));
    let deletion = records::alive(kind, false, Some("taken_back"));
    if began && !deletion.is_empty() {
        return deletion;
    }
    let mut before = Row::new(row.kind, row.record, row.scope);
    for (op, stamp) in history.iter().filter(|(op, _)| !of_job.contains(&op.id())) {
        before.merge(op, *stamp);
    }
    let mut back: BTreeMap<u16, Value> = BTreeMap::new();
    for (no, cell) in row.cells.iter().filter(|(_, cell)| of_job.contains(&cell.key.op)) {
        let was = before.value(*no).cloned().unwrap_or_default();
        // A household that never moved before lay in the scope that the move was written in.
        let lay = history.iter().find(|(op, _)| op.id() == cell.key.op).map(|(op, _)| op.header.scope);
        let was = match lay {
            Some(lay) if *no == no::HOUSEHOLD_MOVED_TO && was.is_null() => lay.0.into(),
            _ => was,
        };
        back.insert(*no, was);
    }
    back.into_iter().filter(|(no, value)| row.value(*no) != Some(value)).collect()
}
