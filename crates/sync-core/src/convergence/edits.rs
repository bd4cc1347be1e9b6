//! What people save: drawn changes, as the write gate would make them of what a laptop shows.

use domain::calendar::Day;
use domain::registry::{RecordKind, no};

use super::steps::{Change, Kind};
use crate::group::Group;
use crate::model::Laptop;
use crate::op::{FieldEdit, Scope};
use crate::row::Row;
use crate::samples::{group, id};
use crate::value::Value;

/// One of the two hamlet units.
pub(super) fn unit(n: u128) -> Scope {
    Scope(id(0x5c + n))
}

/// What a laptop shows of a record, with what stands earlier in the same Save.
fn seen(laptop: &Laptop, so_far: Option<&Group>, kind: RecordKind, record: u128) -> Option<Row> {
    let Some(group) = so_far else { return laptop.visible(kind.no(), id(record)) };
    let mut with_it = laptop.clone();
    with_it.save(group.clone());
    with_it.visible(kind.no(), id(record))
}

/// A change as the write gate would make it: kind, record, scope and fields. `None` where the laptop does not show what
/// it needs.
fn change(
    laptop: &Laptop,
    by: u128,
    so_far: Option<&Group>,
    fresh: u128,
    change: Change,
) -> Option<(u16, u128, Scope, Vec<FieldEdit>)> {
    let Change { of, nth, field, value } = change;
    // Nobody else begins a person under the same id.
    let author = value.cast_unsigned() / 3;
    let (household, member) = (nth, person(author.into(), nth));
    let see = |kind, record| seen(laptop, so_far, kind, record);
    let replacing = |kind: u16, record: u128, visible: Option<&Row>, no, value: Value| {
        vec![FieldEdit::replacing(no, value, visible, laptop.base.get(&(kind, id(record))))]
    };
    let text = Value::from(format!("{value}"));
    let (kind, record, visible) = match of {
        Kind::Household => (RecordKind::Household, household, see(RecordKind::Household, household)),
        Kind::Member => (RecordKind::Member, member, see(RecordKind::Member, member)),
        Kind::Edge => {
            let edge = edge(nth, value.cast_unsigned() % 3);
            (RecordKind::SameAs, edge, see(RecordKind::SameAs, edge))
        }
        Kind::Visit => (RecordKind::Visit, fresh, None),
        Kind::Assessment => (RecordKind::Assessment, fresh, None),
        Kind::Newer => {
            let record = 7000 + nth;
            let visible = laptop.visible(777, id(record));
            let scope = visible.as_ref().map_or(unit(0), |row| row.scope);
            return Some((777, record, scope, replacing(777, record, visible.as_ref(), 7700 + field, text)));
        }
    };
    let no = kind.no();
    let (scope, fields) = match (of, visible) {
        (Kind::Household, None) => (unit(0), vec![FieldEdit::first(no::HOUSEHOLD_ALIVE, true)]),
        (Kind::Household, Some(row)) => {
            (row.scope, replacing(no, record, Some(&row), no::HOUSEHOLD_HOUSE_NO + field, text))
        }
        (Kind::Member, None) if by != u128::from(author) => return None,
        (Kind::Member, None) => (
            see(RecordKind::Household, household)?.scope,
            vec![
                FieldEdit::first(no::MEMBER_HOUSEHOLD, id(household)),
                FieldEdit::first(no::MEMBER_FULL_NAME, text),
            ],
        ),
        // Into another household of the same unit.
        (Kind::Member, Some(row)) if field == 0 => {
            let to = 1 + value.cast_unsigned() % 3;
            see(RecordKind::Household, to.into()).filter(|there| there.scope == row.scope)?;
            let to = Value::from(id(to.into()));
            (row.scope, replacing(no, record, Some(&row), no::MEMBER_HOUSEHOLD, to))
        }
        (Kind::Member, Some(row)) => {
            (row.scope, replacing(no, record, Some(&row), no::MEMBER_FULL_NAME, text))
        }
        (Kind::Edge, None) => {
            let [one, other] = ends_of(record);
            let scope = see(RecordKind::Member, one)?.scope;
            see(RecordKind::Member, other).filter(|there| there.scope == scope)?;
            let fields = vec![
                FieldEdit::first(no::SAME_AS_A, id(one)),
                FieldEdit::first(no::SAME_AS_B, id(other)),
                FieldEdit::first(no::SAME_AS_ALIVE, true),
            ];
            (scope, fields)
        }
        (Kind::Edge, Some(row)) => {
            (row.scope, replacing(no, record, Some(&row), no::SAME_AS_ALIVE, (value % 2 == 0).into()))
        }
        (Kind::Visit, _) => (
            see(RecordKind::Household, household)?.scope,
            vec![
                FieldEdit::first(no::VISIT_HOUSEHOLD, id(household)),
                FieldEdit::first(no::VISIT_DAY, Day::at(0)),
            ],
        ),
        (Kind::Assessment, _) => (
            see(RecordKind::Member, member)?.scope,
            vec![
                FieldEdit::first(no::ASSESSMENT_MEMBER, id(member)),
                FieldEdit::first(no::ASSESSMENT_DAY, Day::at(0)),
            ],
        ),
        (Kind::Newer, _) => return None,
    };
    Some((no, record, scope, fields))
}

/// Somebody who was begun in a household by the laptop of that number.
pub(super) fn person(author: u128, household: u128) -> u128 {
    100 + 10 * author + household
}

/// One of the three edges between those who were begun in a household.
fn edge(household: u128, without: u64) -> u128 {
    20 + 10 * household + u128::from(without)
}

/// The people whom an edge joins: two of the three.
pub(super) fn ends_of(edge: u128) -> [u128; 2] {
    let (household, without) = ((edge - 20) / 10, edge % 10);
    [1, 2].map(|next| person((without + next) % 3, household))
}

/// One Save of these changes, those of another scope than the first left out.
pub(super) fn saved(
    laptop: &Laptop,
    by: u128,
    number: u128,
    changes: &[Change],
    clock: i64,
) -> Option<Group> {
    let mut save: Option<Group> = None;
    for one in changes {
        let index = save.as_ref().map_or(0, |save| save.ops.len());
        let fresh = 1000 + number * 4 + index as u128;
        let Some((kind, record, scope, fields)) = change(laptop, by, save.as_ref(), fresh, *one) else {
            continue;
        };
        let mut op = group(number, by, kind, record, clock, fields).ops.remove(0);
        op.header.scope = scope;
        op.header.id.index = u16::try_from(index).unwrap();
        op.header.base = laptop.state.cursor.map(|cursor| cursor.position()).unwrap_or_default();
        match &mut save {
            None => save = Some(Group { id: op.header.id.group, seed: None, ops: vec![op] }),
            Some(save) if save.ops[0].header.scope == scope => save.ops.push(op),
            Some(_) => {}
        }
    }
    save
}
