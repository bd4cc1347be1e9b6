//! What a laptop gets: the next stretch of the stream, as far as it may see it, and records as they stand.

use super::{CommuneStore, Sent};
use crate::group::Group;
use crate::op::{Op, Scope};
use crate::position::{Cursor, Position, is_after};
use crate::receipt::ReceiptKey;
use crate::rights::Sight;
use crate::row::Row;
use crate::wire::{Page, PageGroup, PageRow};

/// What a laptop asks a page by.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The cursor that the page begins after; it was checked to be of this log.
    pub from: Option<Cursor>,
    /// What the asker believes to be in sight.
    pub believed: &'a Sight,
    /// What is in sight by the ledger.
    pub present: &'a Sight,
    /// Groups at most.
    pub groups: usize,
    /// Bytes at most; one group goes whatever its size, so that nothing ever gets stuck.
    pub bytes: usize,
}

/// How many positions are read at once.
const READ_AT_ONCE: usize = 128;

/// The page after a cursor: ops whose record is in sight, exits of what is not any more, and what came whole (F5, F15).
///
/// A laptop says what it believes to be in its sight. What it lost since is left out, and the page says so; what it
/// gained since is fetched when all else stands at the head, and joins it at that one cursor. Positions count by the
/// present history, whatever life of the log wrote them.
pub fn page<S: CommuneStore>(store: &S, keys: &ReceiptKey, asked: &Asked<'_>) -> Result<Page, S::Error> {
    let head = store.head()?;
    let sight = asked.believed.and(asked.present);
    let mut page = Page {
        from: asked.from,
        to: head.cursor,
        exits: vec![],
        groups: vec![],
        rows: vec![],
        more: false,
        sight: None,
        proof: None,
    };
    let mut after = asked.from.map_or(0, |cursor| cursor.position);
    let (mut bytes, mut last) = (0_usize, None);
    'reading: loop {
        let read = store.sent_after(after, READ_AT_ONCE)?;
        let ends = read.len() < READ_AT_ONCE;
        for sent in read {
            let at = sent.position.position;
            let follows = |position: u64| {
                let here = |position| Position { epoch: head.cursor.epoch.number, position };
                is_after(here(position), here(after))
            };
            if !follows(at) {
                continue;
            }
            let seen = seen_of(store, sent, &sight)?;
            let size = size_of(&seen);
            let full = page.groups.len() >= asked.groups || bytes.saturating_add(size) > asked.bytes;
            if last.is_some() && size > 0 && full {
                page.more = true;
                break 'reading;
            }
            bytes = bytes.saturating_add(size);
            page.exits.extend(seen.exits);
            page.groups.extend(seen.group);
            page.rows.extend(seen.rows);
            (after, last) = (at, Some(at));
        }
        if ends {
            break;
        }
    }
    if page.more
        && let Some(position) = last
        && let Some(hash) = store.chain_at(position)?
    {
        page.to = Cursor { position, hash, ..head.cursor };
    }
    page.proof = Some(keys.seal_head(head.store, page.to));
    page.sight = (sight != *asked.believed).then_some(sight);
    Ok(page)
}

/// What of a position is in sight now.
fn seen_of<S: CommuneStore>(store: &S, sent: Sent, sight: &Sight) -> Result<Sent, S::Error> {
    let scope_of = |kind, record| Ok(store.row(kind, record)?.map(|row| row.scope));
    let mut group = None;
    if let Some(whole) = sent.group {
        let mut passes = Vec::with_capacity(whole.group.ops.len());
        for op in &whole.group.ops {
            passes.push(scope_of(op.header.kind, op.header.record)?.is_some_and(|scope| sight.covers(scope)));
        }
        group = part(whole, &passes);
    }
    let (mut exits, mut rows) = (Vec::new(), Vec::new());
    for exit in sent.exits {
        let gone = scope_of(exit.kind, exit.record)?.is_none_or(|scope| !sight.covers(scope));
        if gone && sight.covers(exit.from.into()) {
            exits.push(exit);
        }
    }
    for whole in sent.rows {
        let now = scope_of(whole.row.kind, whole.row.record)?;
        if now.is_some_and(|scope| sight.covers(scope)) && sight.covers(whole.row.scope) {
            rows.push(whole);
        }
    }
    Ok(Sent { position: sent.position, group, exits, rows })
}

/// The ops of a group that pass, with their receipts.
fn part(whole: PageGroup, passes: &[bool]) -> Option<PageGroup> {
    if passes.iter().all(|passes| *passes) {
        return Some(whole);
    }
    let passing: Vec<&Op> =
        whole.group.ops.iter().zip(passes).filter(|(_, yes)| **yes).map(|(op, _)| op).collect();
    let group: Group = whole.group.part(|op| passing.iter().any(|one| one.id() == op.id()))?;
    let receipts = super::intake::receipts_of(&group, &whole.receipts);
    Some(PageGroup { position: whole.position, group, receipts })
}

fn size_of(seen: &Sent) -> usize {
    let group =
        seen.group.as_ref().and_then(|group| serde_json::to_vec(group).ok()).map_or(0, |json| json.len());
    let rows = |rows: &[PageRow]| {
        rows.iter().filter_map(|one| serde_json::to_vec(one).ok()).map(|json| json.len()).sum::<usize>()
    };
    const EXIT_BYTES: usize = 160;
    group + rows(&seen.rows) + seen.exits.len() * EXIT_BYTES
}

/// The records of these scopes as they stand at the head, those in these buckets only: what a laptop fetches when a
/// scope came into its sight, or when digests differ. What is not in sight is left out.
pub fn rows<S: CommuneStore>(
    store: &S,
    present: &Sight,
    asked: &[(Scope, Vec<u8>)],
) -> Result<Vec<Row>, S::Error> {
    let mut all = Vec::new();
    for (scope, buckets) in asked.iter().filter(|(scope, _)| present.covers(*scope)) {
        all.extend(store.rows_in(*scope, buckets)?);
    }
    Ok(all)
}
