//! What happens in a history, drawn from its dice, and the history's own list of what was saved: told apart from what
//! the program under test says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use anyhow::Result;
use domain::ids::HamletUnitId;
use server::Whereabouts;
use store::Saved;
use sync_client::{SyncError, TransportError};
use sync_core::Op;
use sync_core::api::{self, ApiCode, ReadmitReply};
use sync_core::laptop::{LaptopStore, Which};
use sync_core::local::LocalStore;
use sync_core::op::OpId;
use tests::dice::Dice;
use uuid::Uuid;

use crate::edits;
use crate::laptop::{Laptop, Lengths};
use crate::line::{Effects, Late, Line};
use crate::office::{Office, UNITS};
use crate::verdict::{self, Verdict};

/// Everything that can go wrong. Each is counted when it did something.
pub(crate) const FAULTS: &[&str] = &[
    "request_lost",
    "request_cut",
    "repeated",
    "answer_lost",
    "answer_cut",
    "late",
    "crash_in_save",
    "crash_in_sync",
    "laptop_put_back",
    "laptop_cloned",
    "server_put_back_with_witness",
    "server_put_back_without_witness",
    "server_put_back_by_hand",
    "clock_wrong",
    "clock_jumped",
    "moved",
    "reassigned",
    "same_as",
    "erased",
    "quarantined",
    "mended",
    "revoked",
    "readmitted",
    "newer_kind",
];

const DAY_MS: i64 = 24 * 3600 * 1000;
/// So often somebody looks for something to save.
const TRIES: u32 = 8;
/// Once nothing goes wrong any more, everything is everywhere after so many rounds (§11).
const QUIET_ROUNDS: u32 = 8;

/// An op that somebody was told is saved.
pub(crate) struct Confirmed {
    pub(crate) op: Op,
    /// The laptops whose disk it has reached.
    pub(crate) disks: BTreeSet<usize>,
    /// It was saved on a laptop that had been revoked: a person looks at it before anybody else sees it.
    pub(crate) revoked: bool,
}

pub(crate) struct World {
    pub(crate) office: Office,
    pub(crate) laptops: Vec<Laptop>,
    pub(crate) confirmed: BTreeMap<OpId, Confirmed>,
    /// What was begun under what.
    under: BTreeMap<Uuid, BTreeSet<Uuid>>,
    /// Who was ordered to be forgotten.
    pub(crate) erased: BTreeSet<Uuid>,
    pub(crate) effects: Effects,
    late: Vec<Late>,
    dice: Dice,
    trace: blake3::Hasher,
    saves: u64,
    steps: u128,
    tell: bool,
}

/// One history.
pub(crate) fn run(seed: u64, steps: u32, tell: bool) -> Result<Verdict> {
    let folder = tempfile::tempdir()?;
    let mut dice = Dice::new(seed);
    let office = Office::open(folder.path().join("office"), dice.roll())?;
    let mut world = World {
        office,
        laptops: vec![],
        confirmed: BTreeMap::new(),
        under: BTreeMap::new(),
        erased: BTreeSet::new(),
        effects: Effects::new(),
        late: vec![],
        dice,
        trace: blake3::Hasher::new(),
        saves: 0,
        steps: 0,
        tell,
    };
    for _ in 0..2 + world.dice.below(3) {
        world.enrol()?;
    }
    let mut verdict = Verdict::default();
    for step in 1..=steps {
        world.step()?;
        verdict::between(&mut world, &mut verdict)?;
        if !verdict.complaints.is_empty() {
            verdict.complaints.push(format!("that was after step {step} of {steps}"));
            break;
        }
    }
    if verdict.complaints.is_empty() {
        for _ in 0..QUIET_ROUNDS {
            for l in 0..world.laptops.len() {
                world.sync(l, true)?;
            }
        }
        verdict = verdict::of(&mut world, verdict)?;
    }
    verdict.saves = world.saves;
    verdict.ops = world.confirmed.len() as u64;
    verdict.faults = world.effects;
    verdict.trace = world.trace.finalize().to_hex().to_string();
    Ok(verdict)
}

impl World {
    fn happens(&mut self, fault: &'static str) {
        *self.effects.entry(fault).or_default() += 1;
    }

    fn note(&mut self, what: &str) {
        if self.tell {
            println!("{:>4} {what}", self.steps);
        }
        self.trace.update(what.as_bytes());
        self.trace.update(b"\n");
    }

    fn some_units(&mut self) -> Vec<HamletUnitId> {
        let mask = 1 + self.dice.below(3);
        let units = UNITS.iter().enumerate().filter(|(nth, _)| mask >> nth & 1 == 1);
        units.map(|(_, (_, unit))| *unit).collect()
    }

    fn enrol(&mut self) -> Result<()> {
        let units = self.some_units();
        let name = format!("laptop-{}", self.laptops.len());
        let laptop = Laptop::enrol(&self.office, &name, &units, self.dice.roll())?;
        self.laptops.push(laptop);
        self.note(&format!("{name} works in {}", units.len()));
        Ok(())
    }

    fn some_laptop(&mut self) -> usize {
        usize::try_from(self.dice.below(self.laptops.len() as u64)).unwrap_or(0)
    }

    fn step(&mut self) -> Result<()> {
        self.steps += 1;
        let ahead = 1000 * (1 + i64::try_from(self.dice.below(600))?);
        self.office.now.fetch_add(ahead, Ordering::Relaxed);
        let l = self.some_laptop();
        match self.dice.below(100) {
            0..=39 => self.save(l, false),
            40..=58 => self.sync(l, false),
            59 | 60 => self.image(l),
            61..=64 => self.put_laptop_back(l),
            65..=68 => self.save(l, true),
            69..=72 => self.sync_and_crash(l),
            73 | 74 => self.turn_clock(l),
            75..=78 => {
                self.office.back_up()?;
                self.note("backup");
                Ok(())
            }
            79 | 80 => self.put_server_back(),
            81 => self.clone_laptop(l),
            82..=86 => self.reassign(l),
            87 | 88 => self.erase(l),
            89 => self.revoke(l),
            90 if self.laptops.len() < 6 => self.enrol(),
            91 | 92 => self.mend(l),
            93 | 94 => {
                self.happens("newer_kind");
                self.note("the officer writes what is new");
                self.office.writes_what_is_new()
            }
            _ => self.bring_late(),
        }
    }

    fn laptop(&mut self, l: usize) -> Result<&mut Laptop> {
        self.laptops.get_mut(l).ok_or_else(|| anyhow::anyhow!("no such laptop"))
    }

    /// Somebody saves. With `crash` the power goes while the disk is at it, and nobody was told that it is saved.
    fn save(&mut self, l: usize, crash: bool) -> Result<()> {
        let wrong_clock = self.laptop(l)?.off_ms.load(Ordering::Relaxed).abs() > DAY_MS;
        let units: Vec<HamletUnitId> = UNITS.iter().map(|(_, unit)| *unit).collect();
        let units = if self.laptop(l)?.revoked { vec![] } else { units };
        let before = self.laptop(l)?.lengths();
        let mut dice = Dice::new(self.dice.roll());
        let mut found = None;
        // What somebody means to do there may be nothing to do it with.
        for _ in 0..TRIES {
            found = edits::save(self.laptop(l)?.store()?, &units, &mut dice)?;
            if found.is_some() {
                break;
            }
        }
        let Some((edit, saved, under)) = found else {
            self.note(&format!("{l} finds nothing to save"));
            return Ok(());
        };
        for (record, above) in under {
            self.under.entry(record).or_default().insert(above);
        }
        if crash {
            if self.laptop(l)?.crash(&before)? {
                self.happens("crash_in_save");
            }
            self.note(&format!("{l} crashes while it saves {edit:?}"));
            return Ok(());
        }
        match edit {
            edits::Edit::Move => self.happens("moved"),
            edits::Edit::Same => self.happens("same_as"),
            _ => {}
        }
        if wrong_clock {
            self.happens("clock_wrong");
        }
        self.confirm(l, saved)?;
        self.note(&format!("{l} saves {edit:?}"));
        Ok(())
    }

    fn confirm(&mut self, l: usize, saved: Saved) -> Result<()> {
        let Some(group) = saved.group else { return Ok(()) };
        self.saves += 1;
        let revoked = self.laptop(l)?.revoked;
        let own = self.laptop(l)?.store()?.exchange(|laptop| laptop.store.own(group))?;
        for op in own.into_iter().flat_map(|own| own.numbered.group.ops) {
            self.confirmed.insert(op.id(), Confirmed { op, disks: BTreeSet::from([l]), revoked });
        }
        Ok(())
    }

    /// One exchange, over a line that is good or bad.
    fn sync(&mut self, l: usize, good: bool) -> Result<()> {
        let told = self.exchange(l, good, None)?.0;
        self.look(l)?;
        self.note(&format!("{l} syncs: {told}"));
        Ok(())
    }

    /// The power goes after some message of an exchange.
    fn sync_and_crash(&mut self, l: usize) -> Result<()> {
        let dies_after = self.dice.below(6);
        let (told, before) = self.exchange(l, true, Some(dies_after))?;
        if self.laptop(l)?.crash(&before)? {
            self.happens("crash_in_sync");
        }
        // Only now: of what it received the end may be cut off.
        self.look(l)?;
        self.note(&format!("{l} crashes in a sync: {told}"));
        Ok(())
    }

    fn exchange(&mut self, l: usize, good: bool, dies_after: Option<u64>) -> Result<(String, Lengths)> {
        let mut lengths = self.laptop(l)?.lengths();
        let (mut told, letting_in) = self.exchange_once(l, good, dies_after, &mut lengths)?;
        if letting_in && self.let_in(l)? {
            self.happens("readmitted");
            told = self.exchange_once(l, good, dies_after, &mut lengths)?.0;
        }
        Ok((told, lengths))
    }

    /// What came of it, and whether the server does not know the laptop any more.
    fn exchange_once(
        &mut self,
        l: usize,
        good: bool,
        dies_after: Option<u64>,
        lengths: &mut Lengths,
    ) -> Result<(String, bool)> {
        let mut dice = Dice::new(self.dice.roll());
        let Self { office, laptops, effects, late, .. } = self;
        let Some(laptop) = laptops.get_mut(l) else { return Ok((String::new(), false)) };
        let (token, key) = (laptop.token.clone(), laptop.key.clone());
        let files = laptop.files();
        let mut watch = || *lengths = files.lengths();
        let mut line = Line {
            office: &*office,
            token,
            dice: &mut dice,
            effects,
            late,
            good,
            dies_after,
            watch: &mut watch,
        };
        let mut random = Dice::new(laptop.dice.roll());
        let before = laptop.store()?.waiting()?.quarantined_groups;
        let done = sync_client::sync(laptop.store()?, &mut line, &key, &mut || random.roll(), &mut |_| {});
        if laptop.store()?.waiting()?.quarantined_groups > before {
            *effects.entry("quarantined").or_default() += 1;
        }
        match done {
            Ok(report) => Ok((format!("{report:?}"), false)),
            Err(SyncError::Transport(TransportError::Refused(refusal))) => {
                let unknown = refusal.code == ApiCode::AuthUnknownToken;
                Ok((refusal.code.code().to_owned(), unknown))
            }
            Err(SyncError::Transport(error)) => Ok((error.code().to_owned(), false)),
            Err(SyncError::Store(error)) => Err(error.into()),
            // An end that a good line never leads to.
            Err(error) if good && dies_after.is_none() => anyhow::bail!("{l}: {error}"),
            Err(error) => Ok((error.to_string(), false)),
        }
    }

    fn let_in(&mut self, l: usize) -> Result<bool> {
        let Some(request) = self.laptop(l)?.asks_to_be_let_in() else { return Ok(false) };
        match self.office.answer(api::READMIT, "", &serde_json::to_vec(&request)?) {
            Ok(reply) => {
                let reply: ReadmitReply = serde_json::from_slice(&reply)?;
                // Two laptops out of one disk are one device to the server.
                let device = self.laptop(l)?.device();
                for one in self.laptops.iter_mut().filter(|one| one.device() == device) {
                    one.token.clone_from(&reply.token);
                }
                Ok(true)
            }
            Err(_) => Ok(false),
        }
    }

    /// What has reached a laptop's disk by now.
    fn look(&mut self, l: usize) -> Result<()> {
        for op in self.laptop(l)?.holds()? {
            if let Some(confirmed) = self.confirmed.get_mut(&op) {
                confirmed.disks.insert(l);
            }
        }
        Ok(())
    }

    fn turn_clock(&mut self, l: usize) -> Result<()> {
        let years = i64::try_from(self.dice.below(101))? - 20;
        let off_ms = if self.dice.below(3) == 0 { 0 } else { years * 365 * DAY_MS };
        let before = self.laptop(l)?.off_ms.swap(off_ms, Ordering::Relaxed);
        if before != off_ms {
            self.happens("clock_jumped");
        }
        self.note(&format!("{l}'s clock is off by {} days", off_ms / DAY_MS));
        Ok(())
    }

    fn put_server_back(&mut self) -> Result<()> {
        let (nth, witness, by_hand) = (self.dice.below(3), self.dice.below(2) == 0, self.dice.below(2) == 0);
        let Some(forgotten) = self.office.put_back(nth, witness, by_hand)? else { return Ok(()) };
        if by_hand && forgotten > 0 {
            self.happens("server_put_back_by_hand");
        }
        if forgotten > 0 {
            self.happens(if witness {
                "server_put_back_with_witness"
            } else {
                "server_put_back_without_witness"
            });
        }
        self.note(&format!("the server forgets {forgotten} positions, witness {witness}"));
        // What is neither in the backup nor on a disk is gone.
        self.forget_what_is_nowhere()
    }

    fn forget_what_is_nowhere(&mut self) -> Result<()> {
        let mut gone = Vec::new();
        for (id, confirmed) in self.confirmed.iter().filter(|(_, confirmed)| confirmed.disks.is_empty()) {
            if self.office.register()?.whereabouts(&confirmed.op)? == Whereabouts::Nowhere {
                gone.push(*id);
            }
        }
        for id in gone {
            self.confirmed.remove(&id);
        }
        Ok(())
    }

    fn image(&mut self, l: usize) -> Result<()> {
        let reached = self.confirmed.iter().filter(|(_, one)| one.disks.contains(&l)).map(|(id, _)| *id);
        let (reached, number) = (reached.collect(), self.steps);
        self.laptop(l)?.copied(number, reached)?;
        self.note(&format!("{l}'s disk is copied"));
        Ok(())
    }

    fn put_laptop_back(&mut self, l: usize) -> Result<()> {
        let Some(image) = self.laptop(l)?.image.clone() else { return Ok(()) };
        self.laptop(l)?.put_back(&image)?;
        let mut forgotten = 0;
        for (id, confirmed) in &mut self.confirmed {
            if !image.reached.contains(id) {
                forgotten += u64::from(confirmed.disks.remove(&l));
            }
        }
        if forgotten > 0 {
            self.happens("laptop_put_back");
        }
        self.note(&format!("{l}'s disk is put back: {forgotten} ops forgotten"));
        self.forget_what_is_nowhere()
    }

    fn clone_laptop(&mut self, l: usize) -> Result<()> {
        let twin = self.laptops.len();
        if twin >= 6 {
            return Ok(());
        }
        let cloned = self.laptop(l)?.cloned(&format!("laptop-{twin}"))?;
        self.laptops.push(cloned);
        for confirmed in self.confirmed.values_mut().filter(|one| one.disks.contains(&l)) {
            confirmed.disks.insert(twin);
        }
        self.happens("laptop_cloned");
        self.note(&format!("{twin} is a copy of {l}"));
        Ok(())
    }

    fn reassign(&mut self, l: usize) -> Result<()> {
        let units = if self.dice.below(4) == 0 { vec![] } else { self.some_units() };
        let device = self.laptop(l)?.device();
        self.office.register()?.assign(device, &units)?;
        self.happens("reassigned");
        self.note(&format!("{l} works in {} units now", units.len()));
        Ok(())
    }

    fn erase(&mut self, l: usize) -> Result<()> {
        let all = store::tables::households::list(self.laptop(l)?.store()?.reading())?;
        let mut dice = Dice::new(self.dice.roll());
        let Some(household) = dice.choose(&all) else { return Ok(()) };
        let people = store::tables::members::of_household(self.laptop(l)?.store()?.reading(), household.id)?;
        let subject = match dice.choose(&people).filter(|_| dice.clone().below(2) == 0) {
            Some(person) => person.id.0,
            None => household.id.0,
        };
        let gone = self.office.register()?.erase(subject)?;
        self.happens("erased");
        self.note(&format!("{} are to be forgotten", gone.len()));
        self.erased.extend(gone);
        Ok(())
    }

    fn revoke(&mut self, l: usize) -> Result<()> {
        let device = self.laptop(l)?.device();
        let others = self.laptops.iter().filter(|one| !one.revoked && one.device() != device).count();
        if others < 2 {
            return Ok(());
        }
        self.office.register()?.revoke(device)?;
        self.laptops.iter_mut().filter(|one| one.device() == device).for_each(|one| one.revoked = true);
        self.happens("revoked");
        self.note(&format!("{l} is revoked"));
        Ok(())
    }

    fn mend(&mut self, l: usize) -> Result<()> {
        let apart = self.laptop(l)?.store()?.exchange(|laptop| laptop.store.owns(Which::Apart, 1))?;
        let Some(group) = apart.into_iter().next().map(|own| own.numbered.group) else { return Ok(()) };
        let Some(scope) = group.scope() else { return Ok(()) };
        if let Some(saved) = edits::dismiss(self.laptop(l)?.store()?, group.id, scope)? {
            self.confirm(l, saved)?;
            self.happens("mended");
            self.note(&format!("{l} decides about what is kept apart"));
        }
        Ok(())
    }

    fn bring_late(&mut self) -> Result<()> {
        let nth = usize::try_from(self.dice.below(self.late.len().max(1) as u64))?;
        if nth >= self.late.len() {
            return Ok(());
        }
        let arrived = self.late.remove(nth).arrive(&self.office);
        if arrived {
            self.happens("late");
        }
        self.note(&format!("a message comes late: {arrived}"));
        Ok(())
    }

    /// By the order that was given: its record, or whom that lies under (§9).
    pub(crate) fn is_erased(&self, record: Uuid) -> bool {
        self.erased.contains(&record)
            || self.under.get(&record).is_some_and(|above| above.iter().any(|above| self.is_erased(*above)))
    }
}
