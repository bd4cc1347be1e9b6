//! Laws of merge, stamp, projection, spelling and convergence, on random input.

use std::collections::BTreeMap;

use domain::calendar::Day;
use domain::fact::{Answer, Assessment, Choice, Evidence, Fact};
use domain::ids::{AssessmentId, MemberId};
use domain::registry::no;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use crate::group::Group;
use crate::op::{FieldEdit, Op, OpHash};
use crate::projection::{current_facts, standing};
use crate::row::Row;
use crate::samples::{NOW_MS, SCOPE, device, group, header, household, id, op_id};
use crate::stamp::{OrderKey, Stamp, StampInputs, effective_stamp};
use crate::value::Value;

const DAY_MS: i64 = 24 * 3600 * 1000;
/// Years 1970 to 2200.
const CLOCKS_MS: std::ops::Range<i64> = 0..7_258_118_400_000;

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        ".{0,12}".prop_map(Value::Text),
        any::<u128>().prop_map(|n| Value::from(id(n))),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::List),
            btree_map(".{0,4}", inner, 0..3).prop_map(Value::Map),
        ]
    })
}

fn any_edits() -> impl Strategy<Value = Vec<FieldEdit>> {
    let replaced = prop::option::of((any::<u128>(), any::<u16>()).prop_map(|(g, i)| op_id(g, i)));
    let rest = (any_value(), replaced, prop::option::of(any::<i64>().prop_map(Stamp)));
    btree_map(any::<u16>(), rest, 1..6).prop_map(|fields| {
        let edit = |(no, (value, replaced, seen))| FieldEdit { no, value, replaced, seen };
        fields.into_iter().map(edit).collect()
    })
}

/// A group of any kinds and fields, known or not.
fn any_group() -> impl Strategy<Value = Group> {
    let ops = vec((any::<u16>(), any::<u128>(), any::<[u8; 16]>(), any_edits()), 1..5);
    (any::<u128>(), any::<i64>(), any::<u64>(), prop::option::of(any::<u128>()), ops).prop_map(
        |(number, wall_ms, session, job, ops)| {
            let op = |(index, (kind, record, salt, fields))| {
                let mut header = header(number, index, 1, kind, record, wall_ms);
                header.session = session;
                header.job = job.map(|job| domain::ids::JobId(id(job)));
                Op { header, salt, fields }
            };
            Group { id: op_id(number, 0).group, seed: None, ops: (0..).zip(ops).map(op).collect() }
        },
    )
}

/// Ops on one record of a kind, few fields and stamps, so that they meet.
fn ops_on_one_record(kind: u16) -> impl Strategy<Value = Vec<(Op, Stamp)>> {
    let fields = btree_map(7700_u16..7705, 0_i64..5, 1..4);
    vec((0_i64..6, 0_u128..3, fields), 1..9).prop_map(move |ops| {
        let op = |(number, (stamp, by, fields)): (u128, (i64, u128, BTreeMap<u16, i64>))| {
            let fields = fields.into_iter().map(|(no, value)| FieldEdit::first(no, value)).collect();
            (group(number, by, kind, 9, 0, fields).ops.remove(0), Stamp(stamp))
        };
        (1..).zip(ops).map(op).collect()
    })
}

fn merged<'a>(ops: impl IntoIterator<Item = &'a (Op, Stamp)>) -> Vec<u8> {
    let mut row: Option<Row> = None;
    for (op, stamp) in ops {
        row.get_or_insert_with(|| Row::begun_by(op)).merge(op, *stamp);
    }
    row.unwrap().to_bytes()
}

const KINDS: [u16; 3] = [4, 5, 777];

/// A plain table beside the property: the sabotage run needs one sure red.
#[test]
fn the_last_writer_wins_and_the_first_event_stands() {
    let op = |number, kind, value: i64| {
        group(number, number, kind, 9, 0, vec![FieldEdit::first(7700, value)]).ops.remove(0)
    };
    let check = |kind: u16, stamps: [i64; 2], expect: i64| {
        let (first, second) = (op(1, kind, 1), op(2, kind, 2));
        let mut row = Row::begun_by(&first);
        row.merge(&first, Stamp(stamps[0]));
        row.merge(&second, Stamp(stamps[1]));
        assert_eq!(row.value(7700), Some(&Value::Int(expect)), "{kind} {stamps:?}");
    };
    check(4, [10, 20], 2);
    check(4, [20, 10], 1);
    // The same stamp: the higher device.
    check(4, [10, 10], 2);
    check(12, [10, 20], 2);
    check(777, [10, 20], 2);
    check(5, [10, 20], 1);
    check(5, [20, 10], 2);
}

proptest! {
    #[test]
    fn merge_knows_no_order_and_no_repetition(
        kind in prop::sample::select(&KINDS[..]),
        (ops, other) in prop::sample::select(&KINDS[..]).prop_flat_map(ops_on_one_record).prop_flat_map(|ops| {
            let twice: Vec<_> = ops.iter().chain(&ops).cloned().collect();
            (Just(ops), Just(twice).prop_shuffle())
        }),
    ) {
        let of_kind = |ops: Vec<(Op, Stamp)>| -> Vec<_> {
            ops.into_iter().map(|(mut op, stamp)| { op.header.kind = kind; (op, stamp) }).collect()
        };
        prop_assert_eq!(merged(&of_kind(ops)), merged(&of_kind(other)));
    }

    #[test]
    fn rows_and_groups_have_one_spelling(group in any_group(), stamp in any::<i64>()) {
        let bytes = group.to_bytes().unwrap();
        let read = Group::from_bytes(&bytes).unwrap();
        prop_assert_eq!(&read, &group);
        prop_assert_eq!(read.to_bytes().unwrap(), bytes);
        for op in &group.ops {
            let mut row = Row::begun_by(op);
            row.merge(op, Stamp(stamp));
            let bytes = row.to_bytes();
            prop_assert_eq!(Row::from_bytes(&bytes).unwrap(), row);
            // A cut row is refused, and nothing panics.
            for cut in 0..bytes.len() {
                prop_assert!(Row::from_bytes(&bytes[..cut]).is_err());
            }
        }
    }

    #[test]
    fn readers_never_panic(bytes in vec(any::<u8>(), 0..200)) {
        let _ = Group::from_bytes(&bytes);
        let versioned: Vec<u8> = std::iter::once(1).chain(bytes).collect();
        if let Ok(row) = Row::from_bytes(&versioned) {
            prop_assert_eq!(row.to_bytes(), versioned);
        }
    }

    /// F13: whatever the two clocks say, and also if the server no longer knows the op that was replaced.
    #[test]
    fn an_edit_that_saw_the_winner_beats_it(
        winner_wall in CLOCKS_MS, winner_offset in -DAY_MS..DAY_MS, winner_at in 0_i64..100_000_000,
        wall_ms in CLOCKS_MS, offset in CLOCKS_MS, later in 0_i64..100_000_000, known in any::<bool>(),
    ) {
        let stamp = |wall_ms, offset, received_at_ms, replaced: &[Stamp], seen: &[Stamp]| {
            effective_stamp(StampInputs {
                wall_ms,
                session_offset_ms: offset,
                received_at_ms,
                previous_in_incarnation: None,
                replaced,
                seen,
            })
        };
        let winner = stamp(winner_wall, winner_offset, NOW_MS + winner_at, &[], &[]);
        let replaced = if known { vec![winner] } else { vec![] };
        let edit = stamp(wall_ms, offset, NOW_MS + winner_at + later, &replaced, &[winner]);
        prop_assert!(edit > winner);
    }

    /// A laptop in 2099 does not win for ever, and one that saw its op is not pulled along.
    #[test]
    fn a_clock_far_ahead_wins_no_longer_than_six_minutes(wall_ms in CLOCKS_MS, seen in any::<i64>()) {
        let stamp = effective_stamp(StampInputs {
            wall_ms,
            session_offset_ms: 0,
            received_at_ms: NOW_MS,
            previous_in_incarnation: None,
            replaced: &[],
            seen: &[Stamp(seen)],
        });
        prop_assert!(stamp <= Stamp(NOW_MS + 6 * 60_000 + 1));
    }

    #[test]
    fn numbering_changes_no_byte_and_content_changes_the_hash(group in any_group(), dseq in any::<u64>()) {
        let op = &group.ops[0];
        let numbered = crate::wire::Numbered { incarnation: dseq, dseq, group: group.clone() };
        let json = serde_json::to_vec(&numbered).unwrap();
        let read: crate::wire::Numbered = serde_json::from_slice(&json).unwrap();
        prop_assert_eq!(read.group.ops[0].hash(), op.hash());
        let mut other = op.clone();
        other.salt[3] ^= 1;
        prop_assert_ne!(other.hash(), op.hash());
        other = op.clone();
        other.fields[0].value = Value::List(vec![other.fields[0].value.clone()]);
        prop_assert_ne!(other.hash(), op.hash());
        other = op.clone();
        other.fields[0].seen = Some(Stamp(other.fields[0].seen.map_or(0, |stamp| !stamp.0)));
        prop_assert_ne!(other.hash(), op.hash());
    }

    #[test]
    fn current_facts_are_a_function_of_the_set(
        (events, shuffled) in assessments().prop_flat_map(|events| {
            let twice: Vec<_> = events.iter().chain(&events).cloned().collect();
            (Just(events), Just(twice).prop_shuffle())
        }),
        as_of in 0_i64..60,
    ) {
        let facts = |events: &[_]| current_facts(events, day(as_of), validity);
        prop_assert_eq!(facts(&events), facts(&shuffled));
        // Each standing event was voided by nobody who stands.
        let stands = standing(&events);
        let named: Vec<_> = stands.iter().filter_map(|(_, event)| event.voids).collect();
        prop_assert!(stands.iter().all(|(_, event)| !named.contains(&event.id)));
    }
}

fn day(n: i64) -> Day {
    Day::at(n * DAY_MS)
}

fn validity(_: &Fact, evidence: Evidence, day: Day) -> Day {
    day.plus_days(if evidence >= Evidence::Observed { 30 } else { 9 })
}

/// Assessments of one person in which anybody may void anybody: earlier, later, themselves, unknown ones.
fn assessments() -> impl Strategy<Value = Vec<(OrderKey, Assessment)>> {
    let answer =
        prop_oneof![Just(Answer::Unknown), Just(Answer::One(Choice::Yes)), Just(Answer::One(Choice::No)),];
    let one = (0_i64..50, 0_i64..50, prop::option::of(0_u128..10), answer, 0_usize..6);
    vec(one, 0..9).prop_map(|events| {
        let event =
            |(n, (dated, stamp, voids, answer, evidence)): (u128, (i64, i64, Option<u128>, _, usize))| {
                let key = OrderKey { stamp: Stamp(stamp * DAY_MS), device: device(n % 3), op: op_id(n, 0) };
                let assessment = Assessment {
                    id: AssessmentId(id(n)),
                    member: MemberId(id(1)),
                    day: day(dated),
                    visit: None,
                    respondent: None,
                    answers: vec![(Fact::Skill, answer, Evidence::ALL[evidence])],
                    voids: voids.map(|n| AssessmentId(id(n))),
                };
                (key, assessment)
            };
        (0..).zip(events).map(event).collect()
    })
}

#[test]
fn every_part_of_a_header_changes_the_hash() {
    let base = household(1, 1, 9, NOW_MS).ops.remove(0);
    let changes: [fn(&mut Op); 14] = [
        |op| op.header.id.group.0 = id(2),
        |op| op.header.id.index = 1,
        |op| op.header.job = Some(domain::ids::JobId(uuid::Uuid::nil())),
        |op| op.header.commune.0 = id(2),
        |op| op.header.scope.0 = id(2),
        |op| op.header.kind = 4,
        |op| op.header.record = id(2),
        |op| op.header.device.0 = id(2),
        |op| op.header.actor.0 = id(2),
        |op| op.header.schema = 2,
        |op| op.header.wall_ms += 1,
        |op| op.header.session = 2,
        |op| op.header.base.epoch = 1,
        |op| op.header.base.position = 1,
    ];
    let mut hashes: Vec<OpHash> = changes
        .iter()
        .map(|change| {
            let mut op = base.clone();
            change(&mut op);
            op.hash()
        })
        .chain([base.hash()])
        .collect();
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), changes.len() + 1);
}

#[test]
fn ops_of_other_records_stay_out_of_an_overlay() {
    let (mine, other) = (household(1, 1, 9, 0).ops.remove(0), household(2, 1, 8, 0).ops.remove(0));
    let row = Row::new(3, id(9), SCOPE);
    assert_eq!(row.overlay(&[&other]), row);
    assert_eq!(row.overlay(&[&mine]).value(no::HOUSEHOLD_ALIVE), Some(&Value::Bool(true)));
}
