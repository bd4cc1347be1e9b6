//! What a laptop gets: the next stretch of the stream, as far as it may see it, and records as they stand.

use std::collections::BTreeSet;

use super::{CommuneStore, Sent};
use crate::batch::json_bytes;
use crate::digest::bucket_of;
use crate::ingest::LogView;
use crate::op::{Op, Scope};
use crate::position::{Cursor, Position, is_after};
use crate::receipt::ReceiptKey;
use crate::rights::Sight;
use crate::row::Row;
use crate::wire::{Page, PageGroup};

/// What a laptop asks a page by.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The cursor that the page begins after; it was checked to be of this log.
    pub from: Option<Cursor>,
    /// What the asker believes to be in sight.
    pub believed: &'a Sight,
    /// What is in sight by the ledger.
    pub present: &'a Sight,
    /// Position of the oldest backup that may still be restored.
    pub watermark: u64,
    /// Groups at most.
    pub groups: usize,
    /// Bytes at most; one group goes whatever its size, so that nothing ever gets stuck.
    pub bytes: usize,
}

/// The stream in the form in which a store keeps groups: parsed, or as the JSON they are sent as.
pub trait Stream<G> {
    /// Why reading failed.
    type Error;
    /// The next positions after one that carry something, in their order, at most so many.
    fn after(&self, position: u64, most: usize) -> Result<Vec<Sent<G>>, Self::Error>;
    /// What of a group is in sight now, and its bytes on the wire.
    fn seen(&self, group: G, sight: &Sight) -> Result<Option<(G, usize)>, Self::Error>;
}

impl<S: CommuneStore> Stream<PageGroup> for S {
    type Error = S::Error;

    fn after(&self, position: u64, most: usize) -> Result<Vec<Sent>, S::Error> {
        self.sent_after(position, most)
    }

    fn seen(&self, group: PageGroup, sight: &Sight) -> Result<Option<(PageGroup, usize)>, S::Error> {
        let seen = seen_part(self, group, sight)?;
        Ok(seen.map(|part| {
            // And a comma.
            let bytes = json_bytes(&part) + 1;
            (part, bytes)
        }))
    }
}

/// How many positions are read at once.
const READ_AT_ONCE: usize = 128;

/// The page after a cursor: ops whose record is in sight, exits of what is not any more, and what came whole (F5, F15).
///
/// A laptop says what it believes to be in its sight. What it lost since is left out, and the page says so; what it
/// gained since is fetched when all else stands at the head, and joins it at that one cursor. Positions count by the
/// present history, whatever life of the log wrote them.
pub fn page<S: CommuneStore, G>(
    store: &S,
    stream: &impl Stream<G, Error = S::Error>,
    keys: &ReceiptKey,
    asked: &Asked<'_>,
) -> Result<Page<G>, S::Error> {
    let head = store.head()?;
    let sight = asked.believed.and(asked.present);
    let mut page = Page {
        from: asked.from,
        to: head.cursor,
        exits: vec![],
        groups: vec![],
        rows: vec![],
        kept: vec![],
        more: false,
        sight: None,
        proof: None,
    };
    let mut after = asked.from.map_or(0, |cursor| cursor.position);
    let (mut bytes, mut last) = (0_usize, None);
    'reading: loop {
        let read = stream.after(after, READ_AT_ONCE)?;
        let ends = read.len() < READ_AT_ONCE;
        for sent in read {
            let at = sent.position.position;
            let here = |position| Position { epoch: head.cursor.epoch.number, position };
            if !is_after(here(at), here(after)) {
                continue;
            }
            let (seen, kept, size) = seen_of(store, stream, sent, &sight, asked.watermark)?;
            let full = page.groups.len() >= asked.groups || bytes.saturating_add(size) > asked.bytes;
            if last.is_some() && size > 0 && full {
                page.more = true;
                break 'reading;
            }
            bytes = bytes.saturating_add(size);
            page.exits.extend(seen.exits);
            page.groups.extend(seen.group);
            page.rows.extend(seen.rows);
            page.kept.extend(kept);
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

/// What of a position is in sight now, what the oldest backup lacks of what comes whole, and their bytes on the wire.
fn seen_of<S: CommuneStore, G>(
    store: &S,
    stream: &impl Stream<G, Error = S::Error>,
    sent: Sent<G>,
    sight: &Sight,
    watermark: u64,
) -> Result<(Sent<G>, Vec<PageGroup>, usize), S::Error> {
    const EXIT_BYTES: usize = 160;
    let scope_of = |kind, record| Ok(store.row(kind, record)?.map(|row| row.scope));
    let (mut group, mut size) = (None, 0);
    if let Some(whole) = sent.group
        && let Some((seen, bytes)) = stream.seen(whole, sight)?
    {
        (group, size) = (Some(seen), bytes);
    }
    let (mut exits, mut rows) = (Vec::new(), Vec::new());
    for exit in sent.exits {
        let gone = scope_of(exit.kind, exit.record)?.is_none_or(|scope| !sight.covers(scope));
        if gone && sight.covers(exit.from.into()) {
            size += EXIT_BYTES;
            exits.push(exit);
        }
    }
    for whole in sent.rows {
        let now = scope_of(whole.row.kind, whole.row.record)?;
        if now.is_some_and(|scope| sight.covers(scope)) && sight.covers(whole.row.scope) {
            size += json_bytes(&whole);
            rows.push(whole);
        }
    }
    let kept = kept_of(store, watermark, rows.iter().map(|whole| &whole.row))?;
    size += kept.iter().map(json_bytes).sum::<usize>();
    Ok((Sent { position: sent.position, group, exits, rows }, kept, size))
}

/// The ops of a group whose record is in sight now, with their receipts.
pub fn seen_part<V: LogView>(
    store: &V,
    whole: PageGroup,
    sight: &Sight,
) -> Result<Option<PageGroup>, V::Error> {
    let mut passes = BTreeSet::new();
    for op in &whole.group.ops {
        let row = store.row(op.header.kind, op.header.record)?;
        if row.is_some_and(|row| sight.covers(row.scope)) {
            passes.insert(op.header.id.index);
        }
    }
    if passes.len() == whole.group.ops.len() {
        return Ok(Some(whole));
    }
    let part = whole.group.part(|op| passes.contains(&op.header.id.index));
    Ok(part.map(|group| {
        let receipts = super::intake::receipts_of(&group, &whole.receipts);
        PageGroup { position: whole.position, group, receipts }
    }))
}

/// What the oldest backup lacks of these records. Whoever gets a record whole gets this with it: after a restore it may
/// be the last who has it.
pub fn kept_of<'r, S: CommuneStore>(
    store: &S,
    watermark: u64,
    rows: impl IntoIterator<Item = &'r Row>,
) -> Result<Vec<PageGroup>, S::Error> {
    let mut kept = Vec::new();
    for row in rows {
        for whole in store.groups_of(row.kind, row.record)? {
            if whole.position.position <= watermark {
                continue;
            }
            let of_it = |op: &Op| (op.header.kind, op.header.record) == (row.kind, row.record);
            kept.extend(whole.group.part(of_it).map(|group| {
                let receipts = super::intake::receipts_of(&group, &whole.receipts);
                PageGroup { position: whole.position, group, receipts }
            }));
        }
    }
    Ok(kept)
}

/// Records as they stand at the head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// The buckets that are answered.
    pub of: Vec<(Scope, Vec<u8>)>,
    /// What is in them, by scope and bucket.
    pub rows: Vec<Row>,
    /// What the oldest backup lacks of them ([`kept_of`]).
    pub kept: Vec<PageGroup>,
}

/// The records of these scopes as they stand at the head, those in these buckets only: what a laptop fetches when a
/// scope came into its sight, or when digests differ. What is not in sight is left out. Whole buckets, in their order, up
/// to so many bytes of JSON; one is answered whatever its size.
pub fn rows<S: CommuneStore>(
    store: &S,
    present: &Sight,
    asked: &[(Scope, Vec<u8>)],
    watermark: u64,
    bytes: usize,
) -> Result<Fetched, S::Error> {
    let mut fetched = Fetched::default();
    let mut total = 0_usize;
    for (scope, buckets) in asked {
        let seen = present.covers(*scope);
        let mut rows = if seen { store.rows_in(*scope, buckets)? } else { vec![] };
        let mut answered = Vec::new();
        for bucket in buckets {
            let of_it: Vec<Row> = rows.extract_if(.., |row| bucket_of(row.record) == *bucket).collect();
            let kept = kept_of(store, watermark, &of_it)?;
            let size = of_it.iter().map(json_bytes).chain(kept.iter().map(json_bytes)).sum();
            total = total.saturating_add(size);
            if total > bytes && !(fetched.of.is_empty() && answered.is_empty()) {
                fetched.of.extend((!answered.is_empty()).then_some((*scope, answered)));
                return Ok(fetched);
            }
            fetched.rows.extend(of_it);
            fetched.kept.extend(kept);
            answered.push(*bucket);
        }
        fetched.of.push((*scope, answered));
    }
    Ok(fetched)
}
