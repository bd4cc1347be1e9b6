//! Random histories of one server and three laptops: whatever is lost, repeated, late or renumbered, every
//! save ends on the server once and all replicas hold the same bytes.

use domain::calendar::Day;
use domain::registry::{RecordKind, no};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::group::Group;
use crate::ingest::Quarantine;
use crate::local::LocalStore;
use crate::model::{Laptop, Rows, Server};
use crate::offer::HistoryView;
use crate::op::{FieldEdit, Op, Scope};
use crate::rights::{Ended, Held, Reach};
use crate::row::Row;
use crate::samples::{group, household, id};
use crate::value::Value;

/// Years 1970 to 2200.
const CLOCKS_MS: std::ops::Range<i64> = 0..7_258_118_400_000;

proptest! {
    #[test]
    fn one_server_and_three_laptops_converge(steps in vec(any_step(), 1..60), seed in any::<u64>()) {
        run(&steps, seed);
    }
}

/// What happens in the model.
#[derive(Clone, Debug)]
enum Step {
    /// Laptop, kind, record, field, value, its clock.
    Save(usize, u16, u128, u16, i64, i64),
    /// Laptop, groups, whether the reply arrives, whether it is sent twice.
    Push(usize, usize, bool, bool),
    /// Laptop, groups of the page.
    Pull(usize, usize),
    /// A laptop finds its numbers taken, or was restored from a copy.
    Incarnation(usize, u64),
    /// Laptop, household, the unit it moves to.
    Move(usize, u128, u128, i64),
    /// Laptop, the units its people work in from now on.
    Reassign(usize, Vec<u128>),
    /// A backup is taken; the two newest may be put back.
    Backup,
    /// One of them is put back, with the witness file or without.
    Restore(usize, bool),
    /// Everything is exchanged, then a save by somebody who knows everything must win.
    Informed(usize, i64),
}

fn any_step() -> impl Strategy<Value = Step> {
    let laptop = || 0_usize..3;
    let kind = prop::sample::select(vec![3_u16, 3, 5, 777]);
    prop_oneof![
        4 => (laptop(), kind, 1_u128..4, 0_u16..3, 0_i64..9, CLOCKS_MS)
            .prop_map(|(l, kind, record, field, value, clock)| Step::Save(l, kind, record, field, value, clock)),
        3 => (laptop(), 1_usize..4, any::<bool>(), any::<bool>()).prop_map(|(l, n, r, t)| Step::Push(l, n, r, t)),
        3 => (laptop(), 1_usize..4).prop_map(|(l, n)| Step::Pull(l, n)),
        1 => (laptop(), 100_u64..999).prop_map(|(l, random)| Step::Incarnation(l, random)),
        1 => (laptop(), CLOCKS_MS).prop_map(|(l, clock)| Step::Informed(l, clock)),
        1 => (laptop(), 1_u128..4, 0_u128..2, CLOCKS_MS).prop_map(|(l, record, to, clock)| Step::Move(l, record, to, clock)),
        1 => (laptop(), vec(0_u128..2, 0..3)).prop_map(|(l, units)| Step::Reassign(l, units)),
        1 => Just(Step::Backup),
        1 => (0_usize..2, any::<bool>()).prop_map(|(which, witness)| Step::Restore(which, witness)),
    ]
}

/// One of the two hamlet units.
fn unit(n: u128) -> Scope {
    Scope(id(0x5c + n))
}

/// In the scope in which the laptop has the record, or would begin it.
fn placed(laptop: &Laptop, mut group: Group) -> Group {
    let header = &group.ops[0].header;
    let parent = laptop.visible(3, id(header.record.as_u128() % 1000));
    let scope = laptop.visible(header.kind, header.record).or(parent).map(|row| row.scope);
    group.ops.iter_mut().for_each(|op| op.header.scope = scope.unwrap_or(unit(0)));
    group
}

/// A save of a household, a visit to it or a record of a newer version, as the write gate would make it.
fn saved(laptop: &Laptop, by: u128, number: u128, step: &Step) -> Option<Group> {
    let Step::Save(_, kind, record, field, value, clock) = *step else { return None };
    let base_of = |kind, record| laptop.base.get(&(kind, id(record)));
    let visible = laptop.visible(kind, id(record));
    let text = format!("{value}");
    let fields = match RecordKind::from_no(kind) {
        Some(RecordKind::Household) if visible.is_none() => {
            return Some(household(number, by, record, clock));
        }
        Some(RecordKind::Household) => {
            let no = no::HOUSEHOLD_HOUSE_NO + field;
            vec![FieldEdit::replacing(no, text, visible.as_ref(), base_of(kind, record))]
        }
        Some(_) => {
            laptop.visible(3, id(record))?;
            let day = Day::at(clock);
            let fields =
                vec![FieldEdit::first(no::VISIT_HOUSEHOLD, id(record)), FieldEdit::first(no::VISIT_DAY, day)];
            return Some(group(number, by, kind, 1000 + number, clock, fields));
        }
        None => vec![FieldEdit::replacing(7700 + field, text, visible.as_ref(), base_of(kind, record))],
    };
    Some(group(number, by, kind, record, clock, fields))
}

/// What ended is kept in the ledger: work begun before may still arrive.
fn reassign(server: &mut Server, laptop: &Laptop, units: &[u128]) {
    let ended = Some(Ended { position: server.head().position(), at_ms: server.now_ms });
    let held = server.held.get_mut(&laptop.device).unwrap();
    held.iter_mut().filter(|held| held.ended.is_none()).for_each(|held| held.ended = ended);
    held.extend(units.iter().map(|n| Held { reach: Reach::Scope(unit(*n)), ended: None }));
}

fn run(steps: &[Step], seed: u64) {
    let mut server = Server::new();
    let mut laptops: Vec<Laptop> = (0..3).map(Laptop::new).collect();
    let mut confirmed: Vec<Group> = vec![];
    let mut backups: Vec<Server> = vec![];
    for (number, step) in (1_u128..).zip(steps) {
        server.now_ms += 1000;
        server.watermark = backups.first().map_or(0, |oldest| oldest.head().position);
        match step {
            Step::Save(l, ..) => {
                if let Some(group) = saved(&laptops[*l], *l as u128, number, step) {
                    let group = placed(&laptops[*l], group);
                    confirmed.push(group.clone());
                    laptops[*l].save(group);
                }
            }
            Step::Move(l, record, to, clock) => {
                let Some(visible) = laptops[*l].visible(3, id(*record)) else { continue };
                let base = laptops[*l].base.get(&(3, id(*record)));
                let no = no::HOUSEHOLD_MOVED_TO;
                let edit = FieldEdit::replacing(no, unit(*to).0, Some(&visible), base);
                let group = placed(&laptops[*l], group(number, *l as u128, 3, *record, *clock, vec![edit]));
                confirmed.push(group.clone());
                laptops[*l].save(group);
            }
            Step::Reassign(l, units) => reassign(&mut server, &laptops[*l], units),
            Step::Push(l, most, arrives, twice) => {
                laptops[*l].meet(&mut server);
                let batch = laptops[*l].batch(*most);
                let first = server.push(&batch);
                let reply = if *twice { server.push(&batch) } else { first.clone() };
                // Given once, repeated word for word.
                assert_eq!(first.receipts, reply.receipts);
                if *arrives {
                    laptops[*l].acknowledge(&reply).unwrap();
                }
            }
            Step::Pull(l, most) => {
                laptops[*l].meet(&mut server);
                laptops[*l].pull(&server, *most);
            }
            Step::Incarnation(l, random) => {
                let random = random ^ seed ^ u64::try_from(number).unwrap();
                laptops[*l].new_incarnation(random).unwrap();
            }
            Step::Backup => {
                backups.push(server.clone());
                let newest = backups.len().saturating_sub(2);
                backups.drain(..newest);
            }
            Step::Restore(which, witness) => {
                if let Some(backup) = backups.get(*which) {
                    let stood = server.proof(server.head());
                    server.restore(backup);
                    if *witness {
                        server.greet(&stood);
                    }
                    // What was taken of the life that ended is of another history.
                    backups.truncate(which + 1);
                }
            }
            Step::Informed(l, clock) => {
                for _ in 0..2 {
                    laptops.iter_mut().for_each(|laptop| laptop.sync(&mut server));
                }
                laptops[*l].pull(&server, usize::MAX);
                let edit = Step::Save(*l, 777, 1, 0, i64::try_from(number).unwrap(), *clock);
                let knows =
                    laptops[*l].base.contains_key(&(777, id(1))) || !server.rows.contains_key(&(777, id(1)));
                let group_of = placed(&laptops[*l], saved(&laptops[*l], *l as u128, number, &edit).unwrap());
                confirmed.push(group_of.clone());
                laptops[*l].save(group_of.clone());
                laptops[*l].sync(&mut server);
                // Unless nobody of that laptop works where the record is any more, and so nobody saw it.
                if knows && server.known.contains_key(&group_of.ops[0].id()) {
                    let row = &server.rows[&(777, id(1))];
                    assert_eq!(row.value(7700), Some(&Value::from(number.to_string())), "who knew, wins");
                }
            }
        }
    }
    server.watermark = backups.first().map_or(0, |oldest| oldest.head().position);
    for _ in 0..3 {
        laptops.iter_mut().for_each(|laptop| laptop.sync(&mut server));
    }
    let bytes = |rows: &Rows| rows.values().map(Row::to_bytes).collect::<Vec<_>>();
    for laptop in &laptops {
        let undelivered = laptop.own.iter().filter(|own| !own.receipts.is_empty()).count();
        assert_eq!(undelivered, 0, "groups that nobody delivers");
        assert_eq!(laptop.cursor, Some(server.head()));
        assert_eq!(bytes(&laptop.base), bytes(&server.snapshot(&server.sight(laptop.device))));
        let here = |op: &Op| laptop.base.contains_key(&(op.header.kind, op.header.record));
        assert!(
            laptop.retained.groups().all(|group| group.group.ops.iter().all(here)),
            "readable out of sight"
        );
    }
    // In the log, or kept apart where somebody sees it.
    let apart = |op: &Op| server.waiting.iter().any(|one| one.numbered.group.ops.contains(op));
    for op in confirmed.iter().flat_map(|group| &group.ops).filter(|op| !apart(op)) {
        assert_eq!(server.known.get(&op.id()).map(|(hash, _)| *hash), Some(op.hash()), "a save is lost");
    }
    assert!(server.waiting.iter().all(|one| one.reason == Quarantine::Rights), "waits for nobody");
    let positions = server.log.iter().map(|group| group.position.position);
    assert!(positions.clone().zip(positions.skip(1)).all(|(one, next)| one < next), "order of the stream");
    let stored = server.log.iter().map(|group| group.group.ops.len()).sum::<usize>();
    assert_eq!(stored, server.known.len(), "an op was stored twice");
    // Made by merging in the order of the log, and by merging in any other, the rows are the same.
    for (key, row) in &server.rows {
        let moved_to = row.value(no::HOUSEHOLD_MOVED_TO).and_then(Value::as_uuid);
        assert!(
            moved_to.is_none_or(|to| Scope(to) == row.scope),
            "a household that is not where it moved to"
        );
        let mut anew = Row::new(row.kind, row.record, row.scope);
        server.ops_of(key.0, key.1).unwrap().iter().for_each(|(op, stamp)| drop(anew.merge(op, *stamp)));
        assert_eq!(&anew, row, "a row that is not its ops");
    }
}
