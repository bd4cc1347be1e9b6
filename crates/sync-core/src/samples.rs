//! Ops and groups for tests, with as little to say as possible.

#![cfg_attr(not(test), allow(dead_code))]

use domain::ids::{CommuneId, DeviceId, UserId};
use domain::registry::{RecordKind, no};
use uuid::Uuid;

use crate::group::Group;
use crate::op::{FieldEdit, GroupId, Op, OpHeader, OpId, Scope};
use crate::position::Position;
use crate::value::Value;

pub(crate) const COMMUNE: CommuneId = CommuneId(Uuid::from_u128(0xc0));
pub(crate) const SCOPE: Scope = Scope(Uuid::from_u128(0x5c));
/// 2027-01-15, the server's clock of most tests.
pub(crate) const NOW_MS: i64 = 1_800_000_000_000;

pub(crate) fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

pub(crate) fn device(n: u128) -> DeviceId {
    DeviceId(id(0xd0 + n))
}

/// Who works on the device of that number.
pub(crate) fn user(n: u128) -> UserId {
    UserId(id(0xa0 + n))
}

pub(crate) fn op_id(group: u128, index: u16) -> OpId {
    OpId { group: GroupId(id(group)), index }
}

pub(crate) fn header(group: u128, index: u16, by: u128, kind: u16, record: u128, wall_ms: i64) -> OpHeader {
    OpHeader {
        id: op_id(group, index),
        job: None,
        commune: COMMUNE,
        scope: SCOPE,
        kind,
        record: id(record),
        device: device(by),
        actor: user(by),
        schema: 1,
        wall_ms,
        session: 1,
        base: Position::default(),
    }
}

/// A group of one op on one record.
pub(crate) fn group(
    group: u128,
    by: u128,
    kind: u16,
    record: u128,
    wall_ms: i64,
    fields: Vec<FieldEdit>,
) -> Group {
    let header = header(group, 0, by, kind, record, wall_ms);
    Group { id: header.id.group, seed: None, ops: vec![Op { header, salt: group.to_le_bytes(), fields }] }
}

/// The creation of a household.
pub(crate) fn household(number: u128, by: u128, record: u128, wall_ms: i64) -> Group {
    let fields = vec![FieldEdit::first(no::HOUSEHOLD_ALIVE, true)];
    group(number, by, RecordKind::Household.no(), record, wall_ms, fields)
}

/// The creation of a member with a name.
pub(crate) fn member(number: u128, by: u128, record: u128, of: u128, name: &str, wall_ms: i64) -> Group {
    let fields = vec![
        FieldEdit::first(no::MEMBER_HOUSEHOLD, id(of)),
        FieldEdit::first(no::MEMBER_FULL_NAME, name),
        FieldEdit::first(no::MEMBER_ALIVE, true),
    ];
    group(number, by, RecordKind::Member.no(), record, wall_ms, fields)
}

/// A new name, by somebody who saw `replaced`.
pub(crate) fn rename(
    number: u128,
    by: u128,
    record: u128,
    name: &str,
    wall_ms: i64,
    replaced: Option<OpId>,
) -> Group {
    let value = Value::from(name);
    let edit = FieldEdit { no: no::MEMBER_FULL_NAME, value, replaced, seen: None };
    group(number, by, RecordKind::Member.no(), record, wall_ms, vec![edit])
}
