//! What crosses on the way: an erasure and what names the erased, a mending and the arrival of what it mends, a move and
//! work under what moved, giving back and what waits. Each rule here was once broken without any other test noticing.

mod arrivals;
mod coming_over;
mod erasures;
mod found;
mod found_again;
mod mending;
mod moves;
mod returns;

use domain::calendar::Day;
use domain::registry::{RecordKind, no};

use crate::group::Group;
use crate::ingest::{GroupOutcome, Quarantine};
use crate::model::{Laptop, Server};
use crate::offer::BareOp;
use crate::op::{FieldEdit, GroupId, OpId, Scope};
use crate::samples::{NOW_MS, group, id, op_id};
use crate::wire::PageGroup;

pub(super) const HOUSEHOLD: u16 = 3;
pub(super) const MEMBER: u16 = 4;
pub(super) const OTHER: Scope = Scope(uuid::Uuid::from_u128(0x5d));
pub(super) const DAY_MS: i64 = 24 * 3600 * 1000;

pub(super) fn all_sync(server: &mut Server, laptops: &mut [Laptop]) {
    for _ in 0..2 {
        laptops.iter_mut().for_each(|laptop| laptop.sync(server));
    }
}

pub(super) fn outcome(server: &mut Server, laptop: &Laptop) -> GroupOutcome {
    server.push(&laptop.batch(9)).groups.remove(0).outcome
}

pub(super) fn reasons(server: &Server) -> Vec<&Quarantine> {
    server.waiting.iter().map(|one| &one.reason).collect()
}

pub(super) fn kept_apart(reason: Quarantine) -> GroupOutcome {
    GroupOutcome::Quarantined(reason)
}

pub(super) fn assessment(number: u128, by: u128, record: u128, of: u128) -> Group {
    let fields = vec![
        FieldEdit::first(no::ASSESSMENT_MEMBER, id(of)),
        FieldEdit::first(no::ASSESSMENT_DAY, Day::at(0)),
    ];
    group(number, by, RecordKind::Assessment.no(), record, NOW_MS, fields)
}

pub(super) fn visit(number: u128, by: u128, record: u128, of: u128) -> Group {
    let fields =
        vec![FieldEdit::first(no::VISIT_HOUSEHOLD, id(of)), FieldEdit::first(no::VISIT_DAY, Day::at(0))];
    group(number, by, RecordKind::Visit.no(), record, NOW_MS, fields)
}

pub(super) fn same(number: u128, by: u128, record: u128, ends: [u128; 2]) -> Group {
    let [a, b] = ends.map(id);
    let fields = vec![
        FieldEdit::first(no::SAME_AS_A, a),
        FieldEdit::first(no::SAME_AS_B, b),
        FieldEdit::first(no::SAME_AS_ALIVE, true),
    ];
    group(number, by, RecordKind::SameAs.no(), record, NOW_MS, fields)
}

/// Member 2 in another household, by somebody who saw where they were.
pub(super) fn puts_into(number: u128, by: u128, household: u128) -> Group {
    let edit = FieldEdit {
        no: no::MEMBER_HOUSEHOLD,
        value: id(household).into(),
        replaced: Some(op_id(2, 0)),
        seen: None,
    };
    group(number, by, MEMBER, 2, NOW_MS, vec![edit])
}

pub(super) fn moves(number: u128, by: u128, to: Scope) -> Group {
    let edit = FieldEdit { no: no::HOUSEHOLD_MOVED_TO, value: to.0.into(), replaced: None, seen: None };
    group(number, by, HOUSEHOLD, 1, NOW_MS, vec![edit])
}

pub(super) fn in_scope(scope: Scope, mut group: Group) -> Group {
    group.ops.iter_mut().for_each(|op| op.header.scope = scope);
    group
}

/// The ops of both, under the name of the first.
pub(super) fn with(mut one: Group, more: &Group) -> Group {
    for op in &more.ops {
        let mut op = op.clone();
        op.header.id = OpId { group: one.id, index: u16::try_from(one.ops.len()).unwrap() };
        one.ops.push(op);
    }
    one
}

/// The decision about a group that waits.
pub(super) fn decides(number: u128, by: u128, about: u128, decision: &str) -> Group {
    let fields = vec![FieldEdit::first(no::MENDING_DECISION, decision)];
    group(number, by, RecordKind::Mending.no(), about, NOW_MS, fields)
}

/// What a laptop would give back of a group.
pub(super) fn kept(laptop: &Laptop, number: u128) -> PageGroup {
    laptop.retained.values().find(|one| one.group.id == GroupId(id(number))).unwrap().clone()
}

/// Its first op alone.
pub(super) fn first_of(whole: &PageGroup) -> PageGroup {
    let mut first = whole.clone();
    first.group.ops.truncate(1);
    first.receipts.truncate(1);
    first
}

/// What is left of it without its first op.
pub(super) fn rest_of(whole: &PageGroup) -> PageGroup {
    let mut rest = whole.clone();
    rest.group.ops.remove(0);
    rest.receipts.remove(0);
    rest
}

pub(super) fn bare(of: &PageGroup) -> Vec<BareOp> {
    let ops = of.group.ops.iter().zip(&of.receipts);
    ops.map(|(op, receipt)| BareOp {
        header: op.header.clone(),
        payload_hash: op.payload_hash(),
        receipt: receipt.clone(),
    })
    .collect()
}
