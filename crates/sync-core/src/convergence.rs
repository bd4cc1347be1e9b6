//! Random histories of one server and three laptops: whatever is lost, repeated, late or renumbered, every
//! save ends on the server once and all replicas hold the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use domain::calendar::Day;
use domain::registry::{RecordKind, no};
use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

use crate::commune::{CommuneStore, Waiting};
use crate::group::Group;
use crate::ingest::Quarantine;
use crate::laptop::{Own, Standing};
use crate::ledger::Entry;
use crate::local::LocalStore;
use crate::model::{Laptop, Rows, Server};
use crate::offer::HistoryView;
use crate::op::{FieldEdit, Op, OpId, Scope};
use crate::rights::Reach;
use crate::row::Row;
use crate::samples::{group, id};
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
    /// Laptop, what is changed in one Save, its clock.
    Save(usize, Vec<Change>, i64),
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
    /// A laptop no longer belongs here.
    Revoke(usize),
    /// A backup is taken; the two newest may be put back.
    Backup,
    /// One of them is put back, with the witness file or without.
    Restore(usize, bool),
    /// Somebody is to be forgotten: a household with its visits, or what one save began.
    Erase(u128),
    /// Something of what is kept apart is written off, by this laptop.
    Mend(usize, usize),
    /// A laptop's disk is copied.
    Image(usize),
    /// It is put back.
    PutBack(usize),
    /// Everything is exchanged, then a save by somebody who knows everything must win.
    Informed(usize, i64),
}

/// Of one record: which of its kind, which field, to what.
#[derive(Clone, Copy, Debug)]
struct Change {
    of: Kind,
    nth: u128,
    field: u16,
    value: i64,
}

/// No id is used by two kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Household,
    Member,
    Visit,
    Assessment,
    Edge,
    Newer,
}

fn any_change() -> impl Strategy<Value = Change> {
    let kinds = [
        Kind::Household,
        Kind::Household,
        Kind::Member,
        Kind::Member,
        Kind::Visit,
        Kind::Assessment,
        Kind::Edge,
        Kind::Newer,
    ];
    (prop::sample::select(kinds.to_vec()), 1_u128..4, 0_u16..3, 0_i64..9)
        .prop_map(|(of, nth, field, value)| Change { of, nth, field, value })
}

fn any_step() -> impl Strategy<Value = Step> {
    let laptop = || 0_usize..3;
    prop_oneof![
        5 => (laptop(), vec(any_change(), 1..4), CLOCKS_MS)
            .prop_map(|(l, changes, clock)| Step::Save(l, changes, clock)),
        3 => (laptop(), 1_usize..4, any::<bool>(), any::<bool>()).prop_map(|(l, n, r, t)| Step::Push(l, n, r, t)),
        3 => (laptop(), 1_usize..4).prop_map(|(l, n)| Step::Pull(l, n)),
        1 => (laptop(), 100_u64..999).prop_map(|(l, random)| Step::Incarnation(l, random)),
        1 => (laptop(), CLOCKS_MS).prop_map(|(l, clock)| Step::Informed(l, clock)),
        1 => (laptop(), 1_u128..4, 0_u128..2, CLOCKS_MS).prop_map(|(l, record, to, clock)| Step::Move(l, record, to, clock)),
        1 => (laptop(), vec(0_u128..2, 0..3)).prop_map(|(l, units)| Step::Reassign(l, units)),
        1 => prop::bool::weighted(0.2).prop_flat_map(move |really| {
            laptop().prop_map(move |l| if really { Step::Revoke(l) } else { Step::Backup })
        }),
        1 => Just(Step::Backup),
        1 => prop_oneof![2 => 1_u128..4, 2 => (0_u128..3, 1_u128..4).prop_map(|(author, nth)| person(author, nth)), 1 => 1004_u128..1100].prop_map(Step::Erase),
        1 => (laptop(), 0_usize..3).prop_map(|(l, nth)| Step::Mend(l, nth)),
        1 => laptop().prop_map(Step::Image),
        1 => laptop().prop_map(Step::PutBack),
        1 => (0_usize..2, any::<bool>()).prop_map(|(which, witness)| Step::Restore(which, witness)),
    ]
}

/// One of the two hamlet units.
fn unit(n: u128) -> Scope {
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
        Kind::Edge => (RecordKind::SameAs, 30 + nth, see(RecordKind::SameAs, 30 + nth)),
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
fn person(author: u128, household: u128) -> u128 {
    100 + 10 * author + household
}

/// The people whom an edge joins.
fn ends_of(edge: u128) -> [u128; 2] {
    [0, 1].map(|author| person(author, edge - 30))
}

/// One Save of these changes, those of another scope than the first left out.
fn saved(laptop: &Laptop, by: u128, number: u128, changes: &[Change], clock: i64) -> Option<Group> {
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

/// Who still has what was saved, told apart from what the code under test says of it: which disks it reached.
#[derive(Clone, Default)]
struct Reached(BTreeMap<OpId, (Op, BTreeSet<usize>)>);

impl Reached {
    fn saved(&mut self, by: usize, group: &Group) {
        for op in &group.ops {
            self.0.entry(op.id()).or_insert_with(|| (op.clone(), BTreeSet::new())).1.insert(by);
        }
    }

    /// After a laptop received something.
    fn look(&mut self, laptops: &[Laptop]) {
        for (op, (_, disks)) in &mut self.0 {
            disks.extend(laptops.iter().enumerate().filter(|(_, laptop)| laptop.holds(*op)).map(|(l, _)| l));
        }
    }

    /// A disk is gone; what was on its image is on the one that is put in its place.
    fn disk_put_back(&mut self, l: usize, image: &Self, server: &Server) {
        for (op, (_, disks)) in &mut self.0 {
            let was_there = image.0.get(op).is_some_and(|(_, disks)| disks.contains(&l));
            if !was_there {
                disks.remove(&l);
            }
        }
        self.0.retain(|op, (_, disks)| !disks.is_empty() || has(server, *op));
    }

    /// A backup was put back: what is neither in it nor on a disk is gone.
    fn server_put_back(&mut self, server: &Server) {
        self.0.retain(|op, (_, disks)| !disks.is_empty() || has(server, *op));
    }
}

/// In the log, or kept apart where somebody sees it.
fn has(server: &Server, op: OpId) -> bool {
    let apart = || server.waiting.iter().any(|one| one.numbered.group.ops.iter().any(|one| one.id() == op));
    server.known.contains_key(&op) || apart()
}

/// By the ledger: its record, or whom it lies under. A person who never came to be, because they were begun in an erased
/// household, may have no line.
fn is_erased(server: &Server, op: &Op) -> bool {
    let listed = |record: Uuid| server.standing.erased_after(0).contains(&record);
    let household_of = |member: Uuid| id((member.as_u128() - 100) % 10);
    let gone = |member: Uuid| {
        let lives = || server.rows.contains_key(&(RecordKind::Member.no(), member));
        listed(member) || (listed(household_of(member)) && !lives())
    };
    let named = |no| op.field(no).and_then(|edit| edit.value.as_uuid());
    listed(op.header.record)
        || match RecordKind::from_no(op.header.kind) {
            Some(RecordKind::Member) => gone(op.header.record),
            Some(RecordKind::Visit) => named(no::VISIT_HOUSEHOLD).is_some_and(listed),
            Some(RecordKind::Assessment) => named(no::ASSESSMENT_MEMBER).is_some_and(gone),
            Some(RecordKind::SameAs) => ends_of(op.header.record.as_u128()).iter().any(|end| gone(id(*end))),
            _ => false,
        }
}

/// Of what is erased, what nobody may find anywhere. Of a person who never came to be others may have said something, and
/// that waits where somebody sees it.
fn is_readable_nowhere(server: &Server, op: &Op) -> bool {
    let listed = |record: Uuid| server.standing.erased_after(0).contains(&record);
    let named = |no| op.field(no).and_then(|edit| edit.value.as_uuid()).is_some_and(listed);
    let begins = op.field(no::MEMBER_HOUSEHOLD).is_some_and(|edit| edit.replaced.is_none());
    let waits = RecordKind::from_no(op.header.kind) == Some(RecordKind::Member) && !begins;
    let of_kind = match RecordKind::from_no(op.header.kind) {
        Some(RecordKind::Assessment) => named(no::ASSESSMENT_MEMBER),
        Some(RecordKind::SameAs) => ends_of(op.header.record.as_u128()).iter().any(|end| listed(id(*end))),
        _ => !waits && is_erased(server, op),
    };
    listed(op.header.record) || of_kind
}

/// For whom a group may wait for ever: a person decided, the right was taken away, or what it needs waits itself, or was
/// erased.
fn may_wait(server: &Server, one: &Waiting) -> bool {
    let Some((kind, record)) = one.lacks else { return one.reason != Quarantine::NoParent };
    let of_it = |op: &Op| (op.header.kind, op.header.record) == (kind, record);
    let mut others = server.waiting.iter().filter(|other| other.numbered.group.id != one.numbered.group.id);
    let listed = |record: Uuid| server.standing.erased_after(0).contains(&record);
    // A log that was put back may have forgotten who was begun in an erased household, and nobody brings them again.
    let began_nowhere =
        kind == RecordKind::Member.no() && listed(id((record.as_u128().saturating_sub(100)) % 10));
    listed(record) || began_nowhere || others.any(|other| other.numbered.group.ops.iter().any(of_it))
}

fn run(steps: &[Step], seed: u64) {
    let mut server = Server::new();
    let mut laptops: Vec<Laptop> = (0..3).map(Laptop::new).collect();
    let mut images: Vec<Option<(Laptop, Reached)>> = vec![None, None, None];
    let mut confirmed = Reached::default();
    let mut erased: BTreeSet<Uuid> = BTreeSet::new();
    let mut backups: Vec<Server> = vec![];
    for (number, step) in (1_u128..).zip(steps) {
        server.now_ms += 1000;
        server.watermark = backups.first().map_or(0, |oldest| oldest.head().position);
        match step {
            Step::Save(l, changes, clock) => {
                if let Some(group) = saved(&laptops[*l], *l as u128, number, changes, *clock) {
                    confirmed.saved(*l, &group);
                    laptops[*l].save(group);
                }
            }
            Step::Erase(record) => {
                erased.insert(id(*record));
                server.erase(id(*record));
            }
            Step::Mend(l, nth) => {
                let Some(apart) = server.waiting.get(*nth).map(|one| one.numbered.group.clone()) else {
                    continue;
                };
                let decision = vec![FieldEdit::first(no::MENDING_DECISION, "dismissed")];
                let kind = RecordKind::Mending.no();
                let clock = server.now_ms;
                let mut group = group(number, *l as u128, kind, apart.id.0.as_u128(), clock, decision);
                group.ops[0].header.scope = apart.ops[0].header.scope;
                confirmed.saved(*l, &group);
                laptops[*l].save(group);
            }
            Step::Image(l) => images[*l] = Some((laptops[*l].clone(), confirmed.clone())),
            Step::PutBack(l) => {
                if let Some((image, reached)) = images[*l].clone() {
                    laptops[*l] = image;
                    confirmed.disk_put_back(*l, &reached, &server);
                }
            }
            Step::Move(l, record, to, clock) => {
                let Some(visible) = laptops[*l].visible(3, id(*record)) else { continue };
                let base = laptops[*l].base.get(&(3, id(*record)));
                let no = no::HOUSEHOLD_MOVED_TO;
                let edit = FieldEdit::replacing(no, unit(*to).0, Some(&visible), base);
                let mut group = group(number, *l as u128, 3, *record, *clock, vec![edit]);
                group.ops[0].header.scope = visible.scope;
                confirmed.saved(*l, &group);
                laptops[*l].save(group);
            }
            Step::Reassign(l, units) => {
                let reaches: Vec<Reach> = units.iter().map(|n| Reach::Scope(unit(*n))).collect();
                server.assign(laptops[*l].device, &reaches);
            }
            Step::Revoke(l) => server.note(Entry::Revoked { device: laptops[*l].device }),
            Step::Push(l, most, arrives, twice) => {
                laptops[*l].line = cut_after(seed, number);
                laptops[*l].meet(&mut server);
                if laptops[*l].line == 0 {
                    continue;
                }
                let batch = laptops[*l].batch(*most);
                let first = server.push(&batch);
                let reply = if *twice { server.push(&batch) } else { first.clone() };
                // Given once, repeated word for word; only of what waited more may be said, where what came with it let it in.
                let waited = |op: &OpId| {
                    let answer = first.groups.iter().find(|answer| answer.group == op.group);
                    answer.is_some_and(|answer| answer.outcome.reason().is_some())
                };
                let mut repeated = reply.receipts.clone();
                repeated.retain(|receipt| first.receipts.contains(receipt) || !waited(&receipt.op));
                assert_eq!(first.receipts, repeated);
                if *arrives {
                    laptops[*l].acknowledge(&reply).unwrap();
                }
            }
            Step::Pull(l, most) => {
                laptops[*l].line = cut_after(seed, number);
                if laptops[*l].meet(&mut server) {
                    laptops[*l].pull(&server, *most);
                }
                confirmed.look(&laptops);
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
                    confirmed.server_put_back(&server);
                }
            }
            Step::Informed(l, clock) => {
                for _ in 0..2 {
                    laptops.iter_mut().for_each(|laptop| laptop.sync(&mut server));
                }
                laptops[*l].line = u32::MAX;
                if laptops[*l].meet(&mut server) {
                    laptops[*l].pull(&server, usize::MAX);
                }
                let value = i64::try_from(number).unwrap();
                let edit = Change { of: Kind::Newer, nth: 1, field: 0, value };
                let knows = laptops[*l].base.contains_key(&(777, id(7001)))
                    || !server.rows.contains_key(&(777, id(7001)));
                let group_of = saved(&laptops[*l], *l as u128, number, &[edit], *clock).unwrap();
                confirmed.saved(*l, &group_of);
                laptops[*l].save(group_of.clone());
                laptops[*l].sync(&mut server);
                confirmed.look(&laptops);
                // Unless nobody of that laptop works where the record is any more, and so nobody saw it.
                if knows
                    && server.rows.contains_key(&(777, id(7001)))
                    && server.known.contains_key(&group_of.ops[0].id())
                {
                    let row = &server.rows[&(777, id(7001))];
                    assert_eq!(row.value(7700), Some(&Value::from(number.to_string())), "who knew, wins");
                }
            }
        }
    }
    server.watermark = backups.first().map_or(0, |oldest| oldest.head().position);
    for _ in 0..3 {
        laptops.iter_mut().for_each(|laptop| laptop.sync(&mut server));
    }
    let revoked: Vec<bool> = laptops.iter().map(|one| server.standing.is_revoked(one.device)).collect();
    for (laptop, _) in laptops.iter().zip(&revoked).filter(|(_, revoked)| **revoked) {
        assert!(laptop.base.is_empty() && laptop.retained.is_empty(), "readable on a revoked laptop");
        assert!(laptop.own.iter().all(|own| own.standing != Standing::Taken), "it is the commune's by now");
    }
    for _ in 0..2 {
        laptops.iter_mut().for_each(|laptop| laptop.sync(&mut server));
    }
    let bytes = |rows: &Rows| rows.values().map(Row::to_bytes).collect::<Vec<_>>();
    let keys = |rows: &Rows| rows.keys().copied().collect::<Vec<_>>();
    for (laptop, _) in laptops.iter().zip(&revoked).filter(|(_, revoked)| !**revoked) {
        // What is kept apart with its receipts, and may stay there, is not delivered.
        let apart =
            |own: &&Own| server.waiting.iter().any(|one| one.numbered.group.id == own.numbered.group.id);
        let undelivered: Vec<_> =
            laptop.own.iter().filter(|own| !own.receipts.is_empty() && !apart(own)).collect();
        assert!(undelivered.is_empty(), "groups that nobody delivers: {undelivered:?}");
        assert_eq!(laptop.state.cursor, Some(server.head()));
        let seen = server.seen(&server.sight(laptop.device));
        assert_eq!(keys(&laptop.base), keys(&seen));
        assert!(bytes(&laptop.base) == bytes(&seen), "rows differ");
        let here = |op: &Op| laptop.base.contains_key(&(op.header.kind, op.header.record));
        assert!(
            laptop.retained.values().all(|group| group.group.ops.iter().all(here)),
            "readable out of sight"
        );
    }
    for (op, _) in confirmed.0.values() {
        assert!(has(&server, op.id()) || is_erased(&server, op), "a save is lost: {:?}", op.header.id);
        let known = server.known.get(&op.id()).map(|(receipt, _)| receipt.op_hash);
        assert!(known.is_none_or(|hash| hash == op.hash()), "another content under its name");
    }
    for one in &server.waiting {
        assert!(one.reason != Quarantine::Invalid, "a Save of ours is invalid: {one:?}");
        assert!(may_wait(&server, one), "waits for nobody: {one:?}");
    }
    // Nobody erased is anywhere, readable.
    let stream = server.groups().map(|group| &group.group);
    let waiting = server.waiting.iter().map(|one| &one.numbered.group);
    let kept = laptops.iter().flat_map(|laptop| laptop.retained.values()).map(|kept| &kept.group);
    let belongs = laptops.iter().zip(&revoked).filter(|(_, revoked)| !**revoked).map(|(laptop, _)| laptop);
    let own = belongs.flat_map(|laptop| &laptop.own).map(|own| &own.numbered.group);
    let mut left = stream.chain(waiting).chain(kept).chain(own).flat_map(|group| &group.ops);
    assert!(!left.any(|op| is_readable_nowhere(&server, op)), "the erased is still there");
    assert!(!server.rows.keys().any(|(_, record)| erased.contains(record)), "a row of the erased");
    let positions: Vec<u64> = server.groups().map(|group| group.position.position).collect();
    assert!(
        positions.iter().zip(positions.iter().skip(1)).all(|(one, next)| one < next),
        "order of the stream"
    );
    for sent in server.store.sent_after(0, usize::MAX).unwrap() {
        let whole: BTreeSet<_> = sent.rows.iter().map(|whole| (whole.row.kind, whole.row.record)).collect();
        assert_eq!(whole.len(), sent.rows.len(), "a record comes whole twice at one position");
    }
    let stored: Vec<OpId> = server.groups().flat_map(|group| &group.group.ops).map(Op::id).collect();
    let once: BTreeSet<OpId> = stored.iter().copied().collect();
    assert_eq!(stored.len(), once.len(), "an op was stored twice");
    assert!(once.iter().all(|op| server.known.contains_key(op)));
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

/// After how many messages of a greeting, of rows and of what is given back the line is cut; mostly it holds.
fn cut_after(seed: u64, number: u128) -> u32 {
    let mixed = blake3::hash(&[seed.to_le_bytes(), u64::try_from(number).unwrap().to_le_bytes()].concat());
    let [cuts, after, ..] = *mixed.as_bytes();
    if cuts.is_multiple_of(2) { u32::from(after % 4) } else { u32::MAX }
}
