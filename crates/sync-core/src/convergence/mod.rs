//! Random histories of one server and three laptops in memory: whatever is lost, repeated, late or renumbered, every
//! save ends on the server once and all replicas hold the same bytes. A test of a few hundred; `cargo xtask sim --store
//! memory` runs as many as it is asked for.
//!
//! - `steps`: what happens, drawn and shortened by proptest. `edits`: what people save.
//! - `book`: what was saved, by the history's own account. `verdict`: what must hold.

// A test that can be asked for more: what it finds wrong it tells, and what cannot be it may panic at.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod book;
mod edits;
mod steps;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};

use domain::registry::{RecordKind, no};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use uuid::Uuid;

use crate::local::LocalStore;
use crate::model::{Laptop, Server};
use crate::op::{FieldEdit, GroupId, Op, OpId};
use crate::rights::Reach;
use crate::row::Row;
use crate::samples::{group, household, id, member};
use crate::value::Value;

use book::Reached;
use edits::{saved, unit};
use steps::{Change, Kind, Step, any_step};
pub use verdict::Wrong;

/// What came of a history.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Groups that people saved.
    pub saves: u64,
    /// Their ops.
    pub ops: u64,
    /// Of each thing that can happen how often it did something.
    pub effects: BTreeMap<&'static str, u64>,
    /// What does not hold; nothing after the first step at which something did not.
    pub complaints: Vec<(Wrong, String)>,
    /// Where it was asked for: the fewest steps that still go wrong, and what does not hold after them.
    pub shortest: Vec<String>,
    /// BLAKE3 of the steps and of where they led: the same seed leads to the same.
    pub trace: [u8; 32],
}

/// Everything that a history may do; each is counted when it had an effect.
pub const EFFECTS: &[&str] = &[
    "line_cut",
    "answer_lost",
    "repeated",
    "renumbered",
    "clock_wrong",
    "moved",
    "reassigned",
    "revoked",
    "erased",
    "quarantined",
    "mended",
    "same_as",
    "newer_kind",
    "laptop_put_back",
    "server_put_back_with_witness",
    "server_put_back_without_witness",
];

/// From here on count the groups that were there before the first step.
const SETTLED: u128 = 500;
/// Steps of the longest.
const STEPS_AT_MOST: usize = 60;

fn any_history() -> impl Strategy<Value = (Vec<Step>, u64)> {
    (vec(any_step(), 1..STEPS_AT_MOST), any::<u64>())
}

/// The history of a seed. With `shorten`, one that goes wrong is told with the fewest steps that still do.
pub fn history(seed: u64, shorten: bool) -> Outcome {
    let config = Config { failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let seed = blake3::hash(&seed.to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, seed.as_bytes());
    let mut runner = TestRunner::new_with_rng(config, random);
    let drawn = match any_history().new_tree(&mut runner) {
        Ok(drawn) => drawn,
        Err(reason) => panic!("no history can be drawn: {reason}"),
    };
    let (steps, salt) = drawn.current();
    let mut outcome = run(&steps, salt);
    if shorten && !outcome.complaints.is_empty() {
        let holds = |(steps, salt): (Vec<Step>, u64)| {
            prop_assert_eq!(run(&steps, salt).complaints, []);
            Ok(())
        };
        if let Err(TestError::Fail(_, (steps, salt))) = runner.run_one(drawn, holds) {
            let told = steps.iter().map(|step| format!("  {step:?}"));
            let then = run(&steps, salt).complaints.into_iter().map(|(_, what)| what);
            outcome.shortest = told.chain(then).collect();
        }
    }
    outcome
}

proptest! {
    #[test]
    #[cfg(test)]
    fn one_server_and_three_laptops_converge((steps, seed) in any_history()) {
        prop_assert_eq!(run(&steps, seed).complaints, []);
    }
}

/// A history under way.
struct World {
    server: Server,
    laptops: Vec<Laptop>,
    images: Vec<Option<(Laptop, Reached)>>,
    confirmed: Reached,
    /// Who was ordered to be forgotten, and who lived in a household then.
    erased: BTreeSet<Uuid>,
    /// The groups about which somebody decided.
    decided: BTreeSet<GroupId>,
    /// What was ever kept apart.
    apart: BTreeSet<OpId>,
    /// The two newest may be put back.
    backups: Vec<Server>,
    seed: u64,
    outcome: Outcome,
}

fn run(steps: &[Step], seed: u64) -> Outcome {
    let mut world = World {
        server: Server::new(),
        laptops: (0..3).map(Laptop::new).collect(),
        images: vec![None, None, None],
        confirmed: Reached::default(),
        erased: BTreeSet::new(),
        decided: BTreeSet::new(),
        apart: BTreeSet::new(),
        backups: vec![],
        seed,
        outcome: Outcome::default(),
    };
    if seed.is_multiple_of(2) {
        world.has_people();
    }
    for (number, step) in (1_u128..).zip(steps) {
        world.server.now_ms += 1000;
        world.keep_watermark();
        let waited = world.server.waiting.len();
        world.step(number, step);
        let apart = world.server.waiting.iter().flat_map(|one| &one.numbered.group.ops).map(Op::id);
        world.apart.extend(apart);
        if world.server.waiting.len() > waited {
            world.happened("quarantined");
        }
        let wrong = verdict::between(&world);
        if !wrong.is_empty() {
            let told = wrong.into_iter().map(|(wrong, what)| (wrong, format!("after step {number}, {what}")));
            world.outcome.complaints.extend(told);
            break;
        }
    }
    world.keep_watermark();
    if world.outcome.complaints.is_empty() {
        for _ in 0..5 {
            world.all_sync();
        }
        world.outcome.complaints.extend(verdict::at_the_end(&world));
    }
    if world.outcome.complaints.is_empty() {
        world.everybody_works_everywhere();
        for _ in 0..2 {
            world.all_sync();
        }
        world.outcome.complaints.extend(verdict::nothing_lacks_a_right(&world));
    }
    let World { server, mut outcome, .. } = world;
    let mut trace = blake3::Hasher::new();
    trace.update(format!("{steps:?}{seed}{:?}", server.head()).as_bytes());
    for row in server.rows.values() {
        trace.update(&row.to_bytes());
    }
    outcome.trace = trace.finalize().into();
    outcome
}

impl World {
    fn happened(&mut self, effect: &'static str) {
        *self.outcome.effects.entry(effect).or_default() += 1;
    }

    /// Every household is there, with somebody whom each laptop began in it; everybody has all of it.
    fn has_people(&mut self) {
        let mut number = SETTLED;
        let clock = self.server.now_ms;
        for nth in 1..4 {
            self.save(0, household(number, 0, nth, clock));
            self.all_sync();
            for by in 0..3_u128 {
                number += 1;
                let l = usize::try_from(by).unwrap();
                self.save(l, member(number, by, edits::person(by, nth), nth, "Hoa", clock));
            }
            number += 1;
        }
        self.all_sync();
        self.all_sync();
        self.confirmed.look(&self.laptops);
    }

    fn keep_watermark(&mut self) {
        self.server.watermark = self.backups.first().map_or(0, |oldest| oldest.head().position);
    }

    fn all_sync(&mut self) {
        self.laptops.iter_mut().for_each(|laptop| laptop.sync(&mut self.server));
    }

    fn save(&mut self, l: usize, group: crate::Group) {
        let far = |clock: i64| (clock - self.server.now_ms).abs() > 24 * 3600 * 1000;
        if far(group.ops[0].header.wall_ms) {
            self.happened("clock_wrong");
        }
        for op in &group.ops {
            match RecordKind::from_no(op.header.kind) {
                Some(RecordKind::SameAs) => self.happened("same_as"),
                None => self.happened("newer_kind"),
                _ => {}
            }
        }
        self.outcome.saves += 1;
        self.outcome.ops += group.ops.len() as u64;
        self.confirmed.saved(l, &group);
        self.laptops[l].save(group);
    }

    fn step(&mut self, number: u128, step: &Step) {
        match step {
            Step::Save(l, changes, clock) => {
                if let Some(group) = saved(&self.laptops[*l], *l as u128, number, changes, *clock) {
                    self.save(*l, group);
                }
            }
            Step::Erase(record) => {
                let (lines, rows) = (self.server.ledger.len(), self.server.rows.len());
                let lives_there = |row: &Row| {
                    let lives_in = row.value(no::MEMBER_HOUSEHOLD).and_then(Value::as_uuid);
                    row.kind == RecordKind::Member.no() && lives_in == Some(id(*record))
                };
                let people = self.server.rows.values().filter(|row| lives_there(row)).map(|row| row.record);
                self.erased.extend(people.chain([id(*record)]));
                self.server.erase(id(*record));
                if self.server.ledger.len() > lines && self.server.rows.len() < rows {
                    self.happened("erased");
                }
            }
            Step::Mend(l, nth) => self.mend(*l, *nth, number),
            Step::Image(l) => self.images[*l] = Some((self.laptops[*l].clone(), self.confirmed.clone())),
            Step::PutBack(l) => self.put_laptop_back(*l),
            Step::Move(l, record, to, clock) => {
                let kind = RecordKind::Household.no();
                let Some(visible) = self.laptops[*l].visible(kind, id(*record)) else { return };
                let base = self.laptops[*l].base.get(&(kind, id(*record)));
                let edit = FieldEdit::replacing(no::HOUSEHOLD_MOVED_TO, unit(*to).0, Some(&visible), base);
                let mut group = group(number, *l as u128, kind, *record, *clock, vec![edit]);
                group.ops[0].header.scope = visible.scope;
                if visible.scope != unit(*to) {
                    self.happened("moved");
                }
                self.save(*l, group);
            }
            Step::Reassign(l, units) => {
                let reaches: Vec<Reach> = units.iter().map(|n| Reach::Scope(unit(*n))).collect();
                let device = self.laptops[*l].device;
                let before = self.server.sight(device);
                self.server.assign(device, &reaches);
                if self.server.sight(device) != before {
                    self.happened("reassigned");
                }
            }
            Step::Revoke(l) => {
                self.server.note(crate::ledger::Entry::Revoked { device: self.laptops[*l].device });
                self.happened("revoked");
            }
            Step::Push(l, most, arrives, twice) => self.push(*l, *most, *arrives, *twice, number),
            Step::Pull(l, most) => {
                self.laptops[*l].line = self.cut_after(number);
                if self.laptops[*l].meet(&mut self.server) {
                    self.laptops[*l].pull(&self.server, *most);
                }
                if self.laptops[*l].line == 0 {
                    self.happened("line_cut");
                }
                self.confirmed.look(&self.laptops);
            }
            Step::Incarnation(l, random) => {
                let random = random ^ self.seed ^ u64::try_from(number).unwrap();
                self.laptops[*l].new_incarnation(random).unwrap();
                self.happened("renumbered");
            }
            Step::Backup => {
                self.backups.push(self.server.clone());
                let newest = self.backups.len().saturating_sub(2);
                self.backups.drain(..newest);
            }
            Step::Restore(which, witness) => self.put_server_back(*which, *witness),
            Step::Informed(l, clock) => self.saves_knowing_all(*l, *clock, number),
        }
    }

    /// At the end, so that nothing waits for want of a right but what a revoked laptop wrote.
    fn everybody_works_everywhere(&mut self) {
        for laptop in &self.laptops {
            if !self.server.standing.is_revoked(laptop.device) {
                self.server.assign(laptop.device, &[Reach::WholeCommune]);
            }
        }
    }

    fn mend(&mut self, l: usize, nth: usize, number: u128) {
        let Some(apart) = self.server.waiting.get(nth).map(|one| one.numbered.group.clone()) else { return };
        let decision = vec![FieldEdit::first(no::MENDING_DECISION, "dismissed")];
        let kind = RecordKind::Mending.no();
        let clock = self.server.now_ms;
        let mut group = group(number, l as u128, kind, apart.id.0.as_u128(), clock, decision);
        group.ops[0].header.scope = apart.ops[0].header.scope;
        self.save(l, group);
        self.decided.insert(apart.id);
        self.happened("mended");
    }

    fn put_laptop_back(&mut self, l: usize) {
        let Some((image, reached)) = self.images[l].clone() else { return };
        let on_disk = |book: &Reached| book.0.values().filter(|(_, disks)| disks.contains(&l)).count();
        let before = on_disk(&self.confirmed);
        self.laptops[l] = image;
        self.confirmed.disk_put_back(l, &reached, &self.server);
        if on_disk(&self.confirmed) < before {
            self.happened("laptop_put_back");
        }
    }

    fn push(&mut self, l: usize, most: usize, arrives: bool, twice: bool, number: u128) {
        self.laptops[l].line = self.cut_after(number);
        self.laptops[l].meet(&mut self.server);
        if self.laptops[l].line == 0 {
            return self.happened("line_cut");
        }
        let batch = self.laptops[l].batch(most);
        let first = self.server.push(&batch);
        let mut reply = first.clone();
        if twice {
            reply = self.server.push(&batch);
            // Given once, repeated word for word; only of what waited more may be said, where what came with it let it in.
            let waited = |op: &OpId| {
                let answer = first.groups.iter().find(|answer| answer.group == op.group);
                answer.is_some_and(|answer| answer.outcome.reason().is_some())
            };
            let mut repeated = reply.receipts.clone();
            repeated.retain(|receipt| first.receipts.contains(receipt) || !waited(&receipt.op));
            if first.receipts != repeated {
                self.outcome.complaints.push((Wrong::Diverged, "a receipt was given twice".into()));
            }
            if !batch.groups.is_empty() {
                self.happened("repeated");
            }
        }
        if arrives {
            self.laptops[l].acknowledge(&reply).unwrap();
        } else if !batch.groups.is_empty() {
            self.happened("answer_lost");
        }
    }

    fn put_server_back(&mut self, which: usize, witness: bool) {
        let Some(backup) = self.backups.get(which) else { return };
        let stood = self.server.proof(self.server.head());
        let forgotten = self.server.known.len() > backup.known.len();
        self.server.restore(backup);
        if witness {
            self.server.greet(&stood);
        }
        // What was taken of the life that ended is of another history.
        self.backups.truncate(which + 1);
        self.confirmed.server_put_back(&self.server);
        if forgotten {
            let how = ["server_put_back_without_witness", "server_put_back_with_witness"];
            self.happened(how[usize::from(witness)]);
        }
    }

    /// Everything is exchanged, then a save by somebody who knows everything must win.
    fn saves_knowing_all(&mut self, l: usize, clock: i64, number: u128) {
        const NEWER: u16 = 777;
        for _ in 0..2 {
            self.all_sync();
        }
        self.laptops[l].line = u32::MAX;
        if self.laptops[l].meet(&mut self.server) {
            self.laptops[l].pull(&self.server, usize::MAX);
        }
        let value = i64::try_from(number).unwrap();
        let edit = Change { of: Kind::Newer, nth: 1, field: 0, value };
        let key = (NEWER, id(7001));
        let knows = self.laptops[l].base.contains_key(&key) || !self.server.rows.contains_key(&key);
        let group = saved(&self.laptops[l], l as u128, number, &[edit], clock).unwrap();
        let op = group.ops[0].id();
        self.save(l, group);
        self.laptops[l].sync(&mut self.server);
        self.confirmed.look(&self.laptops);
        // Unless nobody of that laptop works where the record is any more, and so nobody saw it.
        let Some(row) = self.server.rows.get(&key).filter(|_| knows && self.server.known.contains_key(&op))
        else {
            return;
        };
        if row.value(7700) != Some(&Value::from(number.to_string())) {
            self.outcome.complaints.push((Wrong::Diverged, format!("{op:?} knew all, and did not win")));
        }
    }

    /// After how many messages of a greeting, of rows and of what is given back the line is cut; mostly it holds.
    fn cut_after(&self, number: u128) -> u32 {
        let number = u64::try_from(number).unwrap();
        let mixed = blake3::hash(&[self.seed.to_le_bytes(), number.to_le_bytes()].concat());
        let [cuts, after, ..] = *mixed.as_bytes();
        if cuts.is_multiple_of(2) { u32::from(after % 4) } else { u32::MAX }
    }
}
