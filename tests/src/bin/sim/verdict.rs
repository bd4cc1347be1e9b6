//! What must hold when a history is over (sync rules §11).

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, anyhow};
use server::Whereabouts;
use store::tables::households;
use sync_core::api;
use sync_core::laptop::{Compared, LaptopStore};
use sync_core::local::LocalStore;
use sync_core::op::OpId;
use sync_core::rights::Sight;
use sync_core::wire::{DigestsReply, Page, PullRequest};

use crate::world::World;

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

pub(crate) fn of(world: &mut World) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    lost(world, &mut verdict)?;
    duplicated(world, &mut verdict)?;
    for l in 0..world.laptops.len() {
        laptop(world, l, &mut verdict)?;
    }
    let register = world.office.register()?;
    if register.figures(None)? != register.figures_recounted()? {
        verdict.diverged += 1;
        verdict.complaints.push("the server's kept figures are not those of its records".into());
    }
    Ok(verdict)
}

/// Each confirmed Save is in the log, kept apart where somebody sees it, or erased by the ledger.
fn lost(world: &World, verdict: &mut Verdict) -> Result<()> {
    for (id, confirmed) in &world.confirmed {
        let there = world.office.register()?.whereabouts(&confirmed.op)?;
        if there == Whereabouts::Nowhere && !world.is_erased(confirmed.op.header.record) {
            verdict.lost += 1;
            let header = &confirmed.op.header;
            verdict
                .complaints
                .push(format!("{id:?} of kind {} on {:?} is lost", header.kind, confirmed.disks));
        }
    }
    Ok(())
}

/// No op is twice in the stream.
fn duplicated(world: &World, verdict: &mut Verdict) -> Result<()> {
    let mut once: BTreeSet<OpId> = BTreeSet::new();
    let mut cursor = None;
    loop {
        let request = PullRequest { cursor, sight: Some(Sight::All), max_bytes: 1 << 20 };
        let page =
            world.office.answer(api::PULL, world.office.officer_token(), &serde_json::to_vec(&request)?);
        let Ok(page) = page else {
            // The officer was enrolled after every backup that could be put back.
            return Ok(());
        };
        let page: Page = serde_json::from_slice(&page)?;
        for op in page.groups.iter().flat_map(|group| &group.group.ops) {
            if !once.insert(op.id()) {
                verdict.duplicated += 1;
                verdict.complaints.push(format!("{:?} is twice in the stream", op.id()));
            }
        }
        cursor = Some(page.to);
        if !page.more {
            return Ok(());
        }
    }
}

fn laptop(world: &mut World, l: usize, verdict: &mut Verdict) -> Result<()> {
    let World { office, laptops, .. } = world;
    let laptop = laptops.get_mut(l).ok_or_else(|| anyhow!("no such laptop"))?;
    let (token, revoked) = (laptop.token.clone(), laptop.revoked);
    let store = laptop.store()?;
    // Nothing readable lies outside of what is in sight, and nothing is kept readable of records that are not here.
    let stray = store.exchange(|laptop| {
        let mut stray = 0_u64;
        let sight = laptop.state.sight.clone().unwrap_or(Sight::All);
        for scope in laptop.store.scopes()?.into_iter().filter(|scope| !sight.covers(*scope)) {
            stray += laptop.store.rows_in(scope, None)?.len() as u64;
        }
        for name in laptop.store.kept_names()? {
            for op in laptop.store.kept(name)?.iter().flat_map(|kept| &kept.group.ops) {
                stray += u64::from(laptop.store.row(op.header.kind, op.header.record)?.is_none());
            }
        }
        Ok(stray)
    })?;
    if stray > 0 {
        verdict.out_of_scope += stray;
        verdict.complaints.push(format!("{l} can read {stray} records that are out of its sight"));
    }
    let by = store.counted_by().clone();
    let today = store.today();
    store.catch_up()?;
    let recounted = store::counts::full_recount(store.reading(), &by, today)?;
    if store::counts::tally(store.reading(), None, None)? != recounted {
        verdict.diverged += 1;
        verdict.complaints.push(format!("{l}'s kept figures are not those of its records"));
    }
    if revoked {
        let base = store.exchange(|laptop| Ok(laptop.store.scopes()?.len()))?;
        if base > 0 {
            verdict.out_of_scope += 1;
            verdict.complaints.push(format!("{l} was revoked and can read {base} scopes"));
        }
        return Ok(());
    }
    // What is shown in a hamlet unit that is out of sight can only be one's own, on its way.
    let waiting = store.waiting()?;
    if waiting.pending_groups > 0 || waiting.acknowledged_groups > 0 {
        verdict.diverged += 1;
        verdict.complaints.push(format!("{l} still waits: {waiting:?}"));
    }
    let sight = store.sight()?.unwrap_or(Sight::All);
    let strangers = households::list(store.reading())?
        .into_iter()
        .filter(|household| !sight.covers(household.hamlet_unit.into()))
        .count() as u64;
    if strangers > waiting.quarantined_groups {
        verdict.out_of_scope += 1;
        verdict.complaints.push(format!("{l} shows {strangers} households that are out of its sight"));
    }
    let digests = office.answer(api::DIGESTS, &token, b"").map_err(|error| anyhow!("{error}"))?;
    let digests: DigestsReply = serde_json::from_slice(&digests)?;
    let compared = store.compare(&digests)?;
    if compared != Compared::Same {
        verdict.diverged += 1;
        verdict.complaints.push(format!("{l} does not hold what the server holds: {compared:?}"));
    }
    let cursor = store.hello()?.cursor;
    if cursor != Some(digests.at) {
        verdict.diverged += 1;
        verdict.complaints.push(format!("{l} stands at {cursor:?}"));
    }
    Ok(())
}
