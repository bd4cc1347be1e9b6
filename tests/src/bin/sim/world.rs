//! What happens in a history, drawn from its dice, and the history's own list of what was saved: told apart from what
//! the program under test says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use anyhow::{Context, Result};
use domain::ids::{DeviceId, HamletUnitId};
use server::Whereabouts;
use store::Saved;
use sync_client::{SyncError, TransportError};
use sync_core::Op;
use sync_core::api::{self, ApiCode, ReadmitReply};
use sync_core::laptop::LaptopStore;
use sync_core::local::LocalStore;
use sync_core::op::{GroupId, OpId};
use tests::dice::Dice;
use uuid::Uuid;

use crate::edits;
use crate::laptop::{Laptop, Lengths};
use crate::line::{Effects, Late, Line, Power};
use crate::office::{Office, Standing, UNITS};
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
    "clock_wrong",
    "clock_jumped",
    "joined",
    "moved",
    "reassigned",
    "same_as",
    "job",
    "erased",
    "quarantined",
    "mended",
    "revoked",
    "readmitted",
    "newer_kind",
];

/// What befalls a register in a file besides: a database server's files are not ours to cut or to put back.
pub(crate) const FAULTS_OF_A_FILE: &[&str] =
    &["server_put_back_by_hand", "server_crash", "server_crash_in_an_order"];

pub(super) const DAY_MS: i64 = 24 * 3600 * 1000;
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
    /// What it does, where that is a fault to be counted once it is in the log.
    pub(crate) does: Option<&'static str>,
    /// The log had it, once.
    pub(crate) taken: bool,
}

pub(crate) struct World {
    pub(crate) office: Office,
    pub(crate) laptops: Vec<Laptop>,
    pub(crate) confirmed: BTreeMap<OpId, Confirmed>,
    /// What was begun under what.
    begun: BTreeMap<Uuid, BTreeSet<Uuid>>,
    /// What was ever written under what.
    under: BTreeMap<Uuid, BTreeSet<Uuid>>,
    /// Who was ordered to be forgotten: households, with the people of each who were in the log then.
    pub(super) erased: BTreeSet<Uuid>,
    /// Of their people those whom the log had forgotten then: they live until one more order (ADR 0010).
    pub(super) spared: BTreeSet<Uuid>,
    /// Of which records something was lost with the disks that had it, or never confirmed.
    pub(super) forgotten: BTreeSet<Uuid>,
    /// The groups about which somebody decided.
    pub(super) decided: BTreeSet<GroupId>,
    /// Where the people of a device work.
    pub(super) works_in: BTreeMap<DeviceId, BTreeSet<HamletUnitId>>,
    /// What went wrong in a step.
    pub(super) complaints: Vec<String>,
    pub(crate) effects: Effects,
    pub(super) late: Vec<Late>,
    pub(super) dice: Dice,
    trace: blake3::Hasher,
    saves: u64,
    pub(super) steps: u128,
    tell: bool,
}

/// What came of an exchange.
pub(super) struct Exchanged {
    pub(super) told: String,
    /// The server does not know the laptop any more.
    unknown: bool,
    /// Where the files of both ended before the last message.
    laptop: Lengths,
    pub(super) server: Standing,
    pub(super) power: Power,
}

/// One history; the server's register in a file, or in a PostgreSQL database.
pub(crate) fn run(seed: u64, steps: u32, tell: bool, postgres: Option<&str>) -> Result<Verdict> {
    let folder = tempfile::tempdir()?;
    let mut dice = Dice::new(seed);
    let office = Office::open(folder.path().join("office"), dice.roll(), postgres)?;
    let mut world = World {
        office,
        laptops: vec![],
        confirmed: BTreeMap::new(),
        begun: BTreeMap::new(),
        under: BTreeMap::new(),
        erased: BTreeSet::new(),
        spared: BTreeSet::new(),
        forgotten: BTreeSet::new(),
        decided: BTreeSet::new(),
        works_in: BTreeMap::new(),
        complaints: vec![],
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
        world.all_sync(QUIET_ROUNDS)?;
        verdict = verdict::of(&mut world, verdict)?;
    }
    if verdict.complaints.is_empty() {
        world.everybody_works_everywhere()?;
        world.ordered_once_more()?;
        world.all_sync(QUIET_ROUNDS)?;
        verdict = verdict::of_what_waits(&mut world, verdict)?;
    }
    // By the hash in it, what the stream carries.
    world.note(&format!("{:?}", world.office.digests()?.at));
    verdict.saves = world.saves;
    verdict.ops = world.confirmed.len() as u64;
    verdict.faults = world.effects;
    verdict.trace = world.trace.finalize().to_hex().to_string();
    Ok(verdict)
}

impl World {
    pub(super) fn happens(&mut self, fault: &'static str) {
        *self.effects.entry(fault).or_default() += 1;
    }

    pub(super) fn note(&mut self, what: &str) {
        if self.tell {
            println!("{:>4} {what}", self.steps);
        }
        self.trace.update(what.as_bytes());
        self.trace.update(b"\n");
    }

    pub(super) fn some_units(&mut self) -> Vec<HamletUnitId> {
        let mask = 1 + self.dice.below(3);
        let units = UNITS.iter().enumerate().filter(|(nth, _)| mask >> nth & 1 == 1);
        units.map(|(_, (_, unit))| *unit).collect()
    }

    fn enrol(&mut self) -> Result<()> {
        let units = self.some_units();
        let name = format!("laptop-{}", self.laptops.len());
        let seed = self.dice.roll();
        let laptop = self.order(|office| Laptop::enrol(office, &name, &units, seed))?;
        self.works_in.insert(laptop.device(), units.iter().copied().collect());
        self.laptops.push(laptop);
        self.note(&format!("{name} works in {}", units.len()));
        Ok(())
    }

    pub(super) fn some_laptop(&mut self) -> usize {
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
            95 | 96 => self.sync_and_server_crashes(l),
            _ => self.bring_late(),
        }
    }

    pub(super) fn laptop(&mut self, l: usize) -> Result<&mut Laptop> {
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
        let Some((edit, saves, under)) = found else {
            self.note(&format!("{l} finds nothing to save"));
            return Ok(());
        };
        let begins_both = matches!(edit, edits::Edit::Household | edits::Edit::Job);
        let begins: BTreeSet<Uuid> = under
            .iter()
            .map(|(record, _)| *record)
            .filter(|record| !self.begun.contains_key(record))
            .collect();
        for (record, above) in under {
            self.under.entry(record).or_default().insert(above);
            if begins.contains(&record) {
                self.begun.entry(record).or_default().insert(above);
            }
            if crash && begins.contains(&record) {
                // Whoever writes about it later may have it from a disk that is gone.
                self.forgotten.insert(record);
                self.forgotten.extend(begins_both.then_some(above));
            }
        }
        if crash {
            if self.laptop(l)?.crash(&before)? {
                self.happens("crash_in_save");
            }
            self.note(&format!("{l} crashes while it saves {edit:?}"));
            return Ok(());
        }
        let does = match edit {
            edits::Edit::Move => Some("moved"),
            edits::Edit::Same => Some("same_as"),
            edits::Edit::Joins => Some("joined"),
            edits::Edit::Job => Some("job"),
            _ if wrong_clock => Some("clock_wrong"),
            _ => None,
        };
        for saved in saves {
            self.confirm(l, saved, does)?;
        }
        self.note(&format!("{l} saves {edit:?}"));
        Ok(())
    }

    pub(super) fn confirm(&mut self, l: usize, saved: Saved, does: Option<&'static str>) -> Result<()> {
        let Some(group) = saved.group else { return Ok(()) };
        self.saves += 1;
        let revoked = self.laptop(l)?.revoked;
        let own = self.laptop(l)?.store()?.exchange(|laptop| laptop.store.own(group))?;
        for op in own.into_iter().flat_map(|own| own.numbered.group.ops) {
            let disks = BTreeSet::from([l]);
            self.confirmed.insert(op.id(), Confirmed { op, disks, revoked, does, taken: false });
        }
        Ok(())
    }

    /// Everybody does, over a good line.
    fn all_sync(&mut self, rounds: u32) -> Result<()> {
        for _ in 0..rounds {
            for l in 0..self.laptops.len() {
                self.sync(l, true)?;
            }
        }
        Ok(())
    }

    /// One exchange, over a line that is good or bad.
    fn sync(&mut self, l: usize, good: bool) -> Result<()> {
        let told = self.exchange(l, good, Power::Stays)?.told;
        self.look(l)?;
        self.note(&format!("{l} syncs: {told}"));
        Ok(())
    }

    /// The power goes after some message of an exchange.
    fn sync_and_crash(&mut self, l: usize) -> Result<()> {
        let after = self.dice.below(6);
        let Exchanged { told, laptop, .. } = self.exchange(l, true, Power::LaptopLosesIt(after))?;
        if self.laptop(l)?.crash(&laptop)? {
            self.happens("crash_in_sync");
        }
        // Only now: of what it received the end may be cut off.
        self.look(l)?;
        self.note(&format!("{l} crashes in a sync: {told}"));
        Ok(())
    }

    pub(super) fn exchange(&mut self, l: usize, good: bool, power: Power) -> Result<Exchanged> {
        let exchanged = self.exchange_once(l, good, power)?;
        if exchanged.unknown && self.let_in(l)? {
            self.happens("readmitted");
            return self.exchange_once(l, good, power);
        }
        Ok(exchanged)
    }

    fn exchange_once(&mut self, l: usize, good: bool, power: Power) -> Result<Exchanged> {
        let mut dice = Dice::new(self.dice.roll());
        let Self { office, laptops, effects, late, complaints, .. } = self;
        let laptop = laptops.get_mut(l).context("no such laptop")?;
        let (token, key) = (laptop.token.clone(), laptop.key.clone());
        let files = laptop.files();
        let mut stood = (files.lengths(), office.stands());
        let mut watch = || stood = (files.lengths(), office.stands());
        let mut line = Line {
            office: &*office,
            token,
            dice: &mut dice,
            effects,
            late,
            complaints,
            good,
            power,
            watch: &mut watch,
        };
        let mut random = Dice::new(laptop.dice.roll());
        let before = laptop.store()?.waiting()?.quarantined_groups;
        let done = sync_client::sync(laptop.store()?, &mut line, &key, &mut || random.roll(), &mut |_| {});
        let left = line.power;
        if laptop.store()?.waiting()?.quarantined_groups > before {
            *effects.entry("quarantined").or_default() += 1;
        }
        let mut unknown = false;
        let told = match done {
            Ok(report) => format!("{report:?}"),
            Err(SyncError::Transport(TransportError::Refused(refusal))) => {
                unknown = refusal.code == ApiCode::AuthUnknownToken;
                refusal.code.code().to_owned()
            }
            Err(SyncError::Transport(error)) => error.code().to_owned(),
            Err(SyncError::Store(error)) => return Err(error.into()),
            // An end that a good line never leads to.
            Err(error) if good && power == Power::Stays => anyhow::bail!("{l}: {error}"),
            Err(error) => error.to_string(),
        };
        let (laptop, server) = stood;
        Ok(Exchanged { told, unknown, laptop, server, power: left })
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
    pub(super) fn look(&mut self, l: usize) -> Result<()> {
        for op in self.laptop(l)?.holds()? {
            if let Some(confirmed) = self.confirmed.get_mut(&op) {
                confirmed.disks.insert(l);
            }
        }
        Ok(())
    }

    /// By the orders that were given nobody has to have it: its record, or whom that was begun under (§9). What the server
    /// says of it is not asked.
    pub(crate) fn is_erased(&self, record: Uuid) -> bool {
        self.reaches(record, &|one| self.erased.contains(&one))
    }

    /// By those orders nobody may have it.
    pub(crate) fn must_be_gone(&self, record: Uuid) -> bool {
        let above = || self.begun.get(&record).into_iter().flatten();
        self.erased.contains(&record)
            || (!self.spared.contains(&record) && above().any(|above| self.must_be_gone(*above)))
    }

    /// Somebody lives elsewhere by the time at which a household is forgotten, and is not forgotten with it.
    pub(super) fn moved_on(&mut self, person: Uuid, household: Uuid) {
        for above in [self.under.get_mut(&person), self.begun.get_mut(&person)].into_iter().flatten() {
            above.remove(&household);
        }
    }

    /// Those who were ever under one.
    pub(super) fn under_it(&self, one: Uuid) -> Vec<Uuid> {
        let under = self.under.iter().filter(|(_, above)| above.contains(&one));
        under.map(|(record, _)| *record).collect()
    }

    /// True if the log has something that was saved about a record.
    pub(super) fn is_in_log(&self, record: Uuid) -> Result<bool> {
        for one in self.confirmed.values().filter(|one| one.op.header.record == record) {
            if self.office.register()?.whereabouts(&one.op)? == Whereabouts::Log {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// True of a record, or of one that it was begun under.
    pub(super) fn reaches(&self, record: Uuid, is: &dyn Fn(Uuid) -> bool) -> bool {
        let above = self.under.get(&record).into_iter().flatten();
        is(record) || above.into_iter().any(|above| self.reaches(*above, is))
    }
}
