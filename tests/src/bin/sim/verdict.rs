//! What must hold when a history is over (sync rules §11).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use anyhow::{Result, anyhow};
use domain::calendar::Day;
use domain::figures::Figures;
use domain::people::{Household, Member};
use domain::registry::RecordKind;
use server::Whereabouts;
use store::Store;
use store::tables::{households, members};
use sync_core::convergence::{Outcome, Wrong};
use sync_core::ingest::Quarantine;
use sync_core::laptop::{Compared, LaptopStore, Standing, Which};
use sync_core::local::{LocalCounts, LocalStore};
use sync_core::op::{GroupId, OpId};
use sync_core::rights::Sight;
use sync_core::wire::{DigestsReply, Hello, HelloReply};
use sync_core::{Op, Row, Stamp, api};
use uuid::Uuid;

use crate::laptop::Laptop;
use crate::office::UNITS;
use crate::world::{Confirmed, World};

/// What came of a history.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) saves: u64,
    pub(crate) ops: u64,
    pub(crate) lost: u64,
    pub(crate) duplicated: u64,
    pub(crate) diverged: u64,
    pub(crate) out_of_scope: u64,
    pub(crate) faults: BTreeMap<&'static str, u64>,
    pub(crate) trace: String,
    pub(crate) complaints: Vec<String>,
}

impl From<Outcome> for Verdict {
    fn from(outcome: Outcome) -> Self {
        let mut verdict = Self {
            saves: outcome.saves,
            ops: outcome.ops,
            faults: outcome.effects,
            trace: blake3::Hash::from(outcome.trace).to_hex().to_string(),
            ..Self::default()
        };
        outcome.complaints.into_iter().for_each(|(wrong, what)| verdict.complain(wrong, what));
        verdict.complaints.extend(outcome.shortest);
        verdict
    }
}

impl Verdict {
    fn complain(&mut self, wrong: Wrong, what: String) {
        self.complain_of(1, wrong, what);
    }

    /// So many are wrong in the same way.
    fn complain_of(&mut self, number: u64, wrong: Wrong, what: String) {
        let sum = match wrong {
            Wrong::Lost => &mut self.lost,
            Wrong::Duplicated => &mut self.duplicated,
            Wrong::Diverged => &mut self.diverged,
            Wrong::OutOfScope => &mut self.out_of_scope,
        };
        *sum += number;
        self.complaints.push(what);
    }
}

/// When nothing goes wrong any more and everything was exchanged.
pub(crate) fn of(world: &mut World, mut verdict: Verdict) -> Result<Verdict> {
    lost(world, &mut verdict)?;
    let carried = carried(world, &mut verdict)?;
    in_order(world, &carried, &mut verdict)?;
    none_is_higher(world, &carried, &mut verdict)?;
    count_effects(world)?;
    for l in 0..world.laptops.len() {
        laptop(world, l, &mut verdict)?;
    }
    if !world.office.register()?.figures_hold()? {
        verdict.complain(Wrong::Diverged, "the server's kept figures are not those of its records".into());
    }
    Ok(verdict)
}

/// Once nobody lacks a right: nothing is kept apart without a reason that stays.
pub(crate) fn of_what_waits(world: &mut World, mut verdict: Verdict) -> Result<Verdict> {
    lost(world, &mut verdict)?;
    let mut apart: BTreeMap<GroupId, (Quarantine, Vec<&Op>)> = BTreeMap::new();
    for (id, confirmed) in &world.confirmed {
        if let Whereabouts::Apart(reason) = world.office.register()?.whereabouts(&confirmed.op)? {
            apart.entry(id.group).or_insert((reason, vec![])).1.push(&confirmed.op);
        }
    }
    let revoked = |device| world.laptops.iter().any(|one| one.revoked && one.device() == device);
    let of_it = |op: &Op| {
        let named = op.fields.iter().filter_map(|edit| edit.value.as_uuid());
        named.chain([op.header.record]).collect::<Vec<_>>()
    };
    // Of what waits with reason, and so keeps others waiting.
    let mut waits: BTreeSet<Uuid> = BTreeSet::new();
    loop {
        let lacks =
            |one: Uuid| [&world.erased, &world.forgotten, &waits].iter().any(|all| all.contains(&one));
        let may_wait = |group: &GroupId, (reason, ops): &(Quarantine, Vec<&Op>)| match reason {
            Quarantine::Rights => ops.iter().any(|op| revoked(op.header.device)),
            Quarantine::NoParent => {
                ops.iter().flat_map(|op| of_it(op)).any(|record| world.reaches(record, &lacks))
            }
            Quarantine::Mended => world.decided.contains(group),
            Quarantine::Overtaken => ops.iter().all(|op| op.header.kind == RecordKind::Mending.no()),
            Quarantine::Invalid | Quarantine::Unknown(_) => false,
        };
        let (with, without): (BTreeMap<_, _>, _) =
            apart.into_iter().partition(|(group, one)| may_wait(group, one));
        apart = without;
        if with.is_empty() {
            break;
        }
        waits.extend(with.values().flat_map(|(_, ops)| ops).map(|op| op.header.record));
    }
    for (group, (reason, ops)) in &apart {
        for op in ops {
            let kind = op.header.kind;
            let what = format!("{group:?} of kind {kind} is kept apart for ever: {reason:?}");
            verdict.complain(Wrong::Lost, what);
        }
    }
    for l in 0..world.laptops.len() {
        laptop(world, l, &mut verdict)?;
        same_figures(world, l, &mut verdict)?;
    }
    Ok(verdict)
}

/// Whoever sees a hamlet unit and has nothing that waits counts there what the server counts.
fn same_figures(world: &mut World, l: usize, verdict: &mut Verdict) -> Result<()> {
    let World { office, laptops, .. } = world;
    let Some(laptop) = laptops.get_mut(l).filter(|laptop| !laptop.revoked) else { return Ok(()) };
    let store = laptop.store()?;
    if store.waiting()? != LocalCounts::default() || store.today() != Day::at(office.register()?.now_ms()) {
        return Ok(());
    }
    for (name, unit) in UNITS {
        let theirs = office.register()?.figures(Some(name))?;
        let tally = store::counts::tally(store.reading(), Some(unit), None)?;
        let ours = Figures::of(&tally, &store.counted_by().rules, theirs.counted_by.clone());
        if ours != theirs {
            let what = format!("{l} counts in {name} what the server does not: {ours:?} {theirs:?}");
            verdict.complain(Wrong::Diverged, what);
        }
    }
    Ok(())
}

/// What was saved did something once the log has it.
fn count_effects(world: &mut World) -> Result<()> {
    let World { office, confirmed, effects, .. } = world;
    for one in confirmed.values() {
        if let Some(does) = one.does
            && office.register()?.whereabouts(&one.op)? == Whereabouts::Log
        {
            *effects.entry(does).or_default() += 1;
        }
    }
    Ok(())
}

/// After every step: what the server does not have is on a laptop, nobody reads beyond their sight, the stream has no
/// holes, and whoever stands at its head holds what it led to.
pub(crate) fn between(world: &mut World, verdict: &mut Verdict) -> Result<()> {
    for wrong in std::mem::take(&mut world.complaints) {
        verdict.complain(Wrong::Diverged, wrong);
    }
    if !world.office.register()?.is_without_holes()? {
        verdict.complain(Wrong::Diverged, "the stream has holes".into());
    }
    alike(world, verdict)?;
    let mut missing = missing(world)?;
    let World { office, laptops, .. } = world;
    for (l, laptop) in laptops.iter_mut().enumerate() {
        if !missing.is_empty() {
            let held = laptop.holds()?;
            missing.retain(|id| !held.contains(id));
        }
        let strangers = laptop.strangers()?;
        if strangers > 0 {
            let what = format!("{l} can read {strangers} records out of its sight");
            verdict.complain_of(strangers as u64, Wrong::OutOfScope, what);
        }
    }
    // Few histories come here: opening takes long.
    for laptop in laptops.iter_mut() {
        if missing.is_empty() {
            break;
        }
        let sealed = laptop.holds_sealed(&office.register()?.keys().sealed)?;
        missing.retain(|id| !sealed.contains(id));
    }
    missing.iter().for_each(|id| verdict.complain(Wrong::Lost, format!("{id:?} is nowhere")));
    Ok(())
}

/// What the server lacks of what it should have; what it has is noted. What it says it erased counts as much as what it
/// never had: whether it should have, the history knows.
fn missing(world: &mut World) -> Result<BTreeSet<OpId>> {
    let World { office, confirmed, .. } = world;
    let mut missing = BTreeSet::new();
    for (id, confirmed) in confirmed.iter_mut() {
        match office.register()?.whereabouts(&confirmed.op)? {
            Whereabouts::Log => confirmed.taken = true,
            Whereabouts::Apart(_) => {}
            Whereabouts::Nowhere | Whereabouts::Erased => drop(missing.insert(*id)),
        }
    }
    let erased = |id: &OpId| world.confirmed.get(id).is_some_and(|one| world.is_erased(one.op.header.record));
    missing.retain(|id| !erased(id));
    Ok(missing)
}

/// Equal head and equal ledger: equal rows, by the digests.
fn alike(world: &mut World, verdict: &mut Verdict) -> Result<()> {
    let World { office, laptops, .. } = world;
    let theirs = office.digests()?;
    if !office.is_witnessed(theirs.at)? {
        verdict.complain(Wrong::Diverged, "something was committed, and the witness does not say it".into());
    }
    for (l, laptop) in laptops.iter_mut().enumerate().filter(|(_, laptop)| !laptop.revoked) {
        let differs = laptop.store()?.exchange(|laptop| {
            let state = &laptop.state;
            let stands_there =
                state.cursor == Some(theirs.at) && state.ledger == theirs.ledger && !state.compares;
            let Some(sight) = state.sight.clone().filter(|_| stands_there) else { return Ok(false) };
            for (scope, buckets) in theirs.of.iter().filter(|(scope, _)| sight.covers(*scope)) {
                if !laptop.store.buckets(*scope)?.differing(buckets).is_empty() {
                    return Ok(true);
                }
            }
            Ok(false)
        })?;
        if differs {
            verdict.complain(Wrong::Diverged, format!("{l} stands at the head and holds something else"));
        }
    }
    Ok(())
}

/// Each confirmed Save is in the log, kept apart where somebody sees it, or erased by the ledger.
fn lost(world: &mut World, verdict: &mut Verdict) -> Result<()> {
    for id in missing(world)? {
        let Some(Confirmed { op, disks, .. }) = world.confirmed.get(&id) else { continue };
        verdict.complain(Wrong::Lost, format!("{id:?} of kind {} on {disks:?} is lost", op.header.kind));
    }
    Ok(())
}

/// What the stream carries, read by somebody who sees all of it: each op with its stamp.
type Carried = BTreeMap<OpId, (Op, Stamp)>;

/// No op is twice in the stream.
fn carried(world: &World, verdict: &mut Verdict) -> Result<Carried> {
    let mut all = Carried::new();
    for (op, stamp) in world.office.stream()? {
        let id = op.id();
        let Some(stamp) = stamp else {
            verdict.complain(Wrong::Diverged, format!("{id:?} is in the stream without a receipt"));
            continue;
        };
        if all.insert(id, (op, stamp)).is_some() {
            verdict.complain(Wrong::Duplicated, format!("{id:?} is twice in the stream"));
        }
    }
    Ok(all)
}

/// What a stamp may be ahead of the server's clock.
const AHEAD_MS: i64 = 7 * 60 * 1000;

/// What is in the log is in the stream, as it was saved; what saw another op beats it; nothing lies in a time to come;
/// nobody erased is there, and nothing that a revoked laptop wrote afterwards.
fn in_order(world: &World, all: &Carried, verdict: &mut Verdict) -> Result<()> {
    let mut wrong = |id: &OpId, what: &str| {
        verdict.complain(Wrong::Diverged, format!("{id:?} {what}"));
    };
    let end = world.office.now.load(Ordering::Relaxed) + AHEAD_MS;
    for (id, (op, stamp)) in all {
        if world.must_be_gone(op.header.record) {
            wrong(id, &format!("of kind {} is in the stream, and is about somebody erased", op.header.kind));
        }
        let replaced = op.fields.iter().filter_map(|field| all.get(field.replaced.as_ref()?));
        if replaced.into_iter().any(|(_, before)| before >= stamp) {
            wrong(id, "does not beat what it replaced");
        }
        if stamp.0 > end {
            wrong(id, "has a stamp of a time to come");
        }
    }
    for (id, confirmed) in &world.confirmed {
        let in_log = world.office.register()?.whereabouts(&confirmed.op)? == Whereabouts::Log;
        if !in_log || world.is_erased(confirmed.op.header.record) {
            continue;
        }
        if confirmed.revoked {
            wrong(id, "was written after the revocation, and nobody looked at it");
        }
        match all.get(id) {
            None => wrong(id, "has its name in the log, and the stream does not carry it"),
            Some((op, _)) if op.hash() != confirmed.op.hash() => wrong(id, "is not what was saved"),
            Some(_) => {}
        }
    }
    Ok(())
}

/// No stamp is higher than the one that a laptop was told, before or after a restore.
fn none_is_higher(world: &mut World, all: &Carried, verdict: &mut Verdict) -> Result<()> {
    for laptop in world.laptops.iter_mut().filter(|laptop| !laptop.revoked) {
        for receipt in laptop.kept()?.into_iter().flat_map(|kept| kept.receipts) {
            if all.get(&receipt.op).is_some_and(|(_, stamp)| *stamp > receipt.stamp) {
                verdict.complain(Wrong::Diverged, format!("{:?} has a higher stamp now", receipt.op));
            }
        }
    }
    Ok(())
}

fn laptop(world: &mut World, l: usize, verdict: &mut Verdict) -> Result<()> {
    let readable = readable(world.laptop(l)?)?;
    let erased: BTreeSet<_> =
        readable.into_iter().filter(|(_, record)| world.must_be_gone(*record)).collect();
    let World { office, laptops, .. } = world;
    let laptop = laptops.get_mut(l).ok_or_else(|| anyhow!("no such laptop"))?;
    let (token, revoked) = (laptop.token.clone(), laptop.revoked);
    let (strangers, kept) = (laptop.strangers()? as u64, laptop.kept()?);
    let store = laptop.store()?;
    // Nothing readable lies outside of what is in sight, and nothing is kept readable of records that are not here.
    let stray = store.exchange(|laptop| {
        let mut stray = strangers;
        for op in kept.iter().flat_map(|kept| &kept.group.ops) {
            stray += u64::from(laptop.store.row(op.header.kind, op.header.record)?.is_none());
        }
        Ok(stray)
    })?;
    if stray > 0 {
        let what = format!("{l} can read {stray} records that are out of its sight");
        verdict.complain_of(stray, Wrong::OutOfScope, what);
    }
    // Of one that was revoked nobody says who is erased: it destroys its keys.
    if !(revoked || erased.is_empty()) {
        verdict.complain(Wrong::OutOfScope, format!("{l} can read of somebody who was erased {erased:?}"));
    }
    let by = store.counted_by().clone();
    let today = store.today();
    store.catch_up()?;
    if !store::counts::hold(store.reading(), &by, today)? {
        verdict.complain(Wrong::Diverged, format!("{l}'s kept figures are not those of its records"));
    }
    if revoked {
        let base = store.exchange(|laptop| Ok(laptop.store.scopes()?.len()))?;
        if base > 0 {
            verdict.complain(Wrong::OutOfScope, format!("{l} was revoked and can read {base} scopes"));
        }
        return Ok(());
    }
    let waiting = store.waiting()?;
    // What came back under a receipt and is kept apart is not delivered (F11).
    let taken = store.exchange(|laptop| {
        let mut own = laptop.store.owns(Which::All, usize::MAX)?;
        own.retain(|own| own.standing == Standing::Taken);
        Ok(own.into_iter().flat_map(|own| own.numbered.group.ops).collect::<Vec<_>>())
    })?;
    let mut undelivered = 0;
    for op in &taken {
        let apart = matches!(office.register()?.whereabouts(op)?, Whereabouts::Apart(_));
        undelivered += u32::from(!apart);
    }
    if waiting.pending_groups > 0 || undelivered > 0 {
        verdict.complain(Wrong::Diverged, format!("{l} still waits: {waiting:?}"));
    }
    let sight = store.sight()?.unwrap_or(Sight::All);
    // What is shown of a hamlet unit that is out of sight can only be one's own that is kept apart.
    let apart = store.exchange(|laptop| laptop.store.owns(Which::Apart, usize::MAX))?;
    let own: BTreeSet<Uuid> =
        apart.iter().flat_map(|own| &own.numbered.group.ops).map(|op| op.header.record).collect();
    let strange = |one: &Household| !sight.covers(one.hamlet_unit.into()) && !own.contains(&one.id.0);
    let strangers = households::list(store.reading())?.into_iter().filter(strange).count() as u64;
    if strangers > 0 {
        let what = format!("{l} shows {strangers} households that are out of its sight");
        verdict.complain_of(strangers, Wrong::OutOfScope, what);
    }
    if waiting == LocalCounts::default() {
        let (held, shown) = (held(store)?, shown(store)?);
        if held != shown {
            verdict.complain(Wrong::Diverged, format!("{l} holds {held:?} and shows {shown:?}"));
        }
    }
    // Where it stands and what it sees, before it is asked to compare: comparing may set both right.
    let hello = Hello { proof: None, ..store.hello()? };
    let told = office.answer(api::HELLO, &token, &serde_json::to_vec(&hello)?);
    let told: HelloReply = serde_json::from_slice(&told.map_err(|error| anyhow!("{error}"))?)?;
    let mine = (hello.cursor, hello.ledger, store.sight()?);
    if mine != (Some(told.head), told.ledger, told.sight) {
        verdict.complain(Wrong::Diverged, format!("{l} does not stand where the server stands: {mine:?}"));
    }
    let digests = office.answer(api::DIGESTS, &token, b"").map_err(|error| anyhow!("{error}"))?;
    let digests: DigestsReply = serde_json::from_slice(&digests)?;
    let compared = store.compare(&digests)?;
    if compared != Compared::Same {
        verdict.complain(Wrong::Diverged, format!("{l} does not hold what the server holds: {compared:?}"));
    }
    Ok(())
}

/// All records of which something can be read on a laptop, with their kinds; but for what it wrote itself and the office
/// keeps apart (ADR 0010).
fn readable(laptop: &mut Laptop) -> Result<Vec<(u16, Uuid)>> {
    let kept = laptop.kept()?;
    let (rows, mut own) = laptop
        .store()?
        .exchange(|laptop| Ok((laptop.store.rows()?, laptop.store.owns(Which::All, usize::MAX)?)))?;
    own.retain(|own| !matches!(own.standing, Standing::Apart(_)));
    let groups = kept.iter().map(|kept| &kept.group).chain(own.iter().map(|own| &own.numbered.group));
    let written = groups.flat_map(|group| &group.ops).map(|op| (op.header.kind, op.header.record));
    Ok(rows.iter().map(|row| (row.kind, row.record)).chain(written).collect())
}

/// The houses and people that a laptop holds, with what they are called.
fn held(store: &mut Store) -> Result<BTreeMap<Uuid, String>> {
    let rows = store.exchange(|laptop| laptop.store.rows())?;
    let of_household = |row: &Row| Household::try_from(row).ok().map(|one| (one.id.0, one.house_no));
    let of_member = |row: &Row| Member::try_from(row).ok().map(|one| (one.id.0, one.full_name));
    Ok(rows.iter().filter_map(|row| of_household(row).or_else(|| of_member(row))).collect())
}

/// Those that its pages show.
fn shown(store: &Store) -> Result<BTreeMap<Uuid, String>> {
    let houses = households::list(store.reading())?.into_iter().map(|one| (one.id.0, one.house_no));
    let people = members::list(store.reading())?.into_iter().map(|one| (one.id.0, one.full_name));
    Ok(houses.chain(people).collect())
}
