//! The server's side of the model.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use domain::ids::{DeviceId, UserId};
use uuid::Uuid;

use super::Rows;
use crate::group::{Group, GroupLimits};
use crate::head::{HeadReceipt, Shown};
use crate::ingest::{Arrival, GroupOutcome, IngestContext, LogView, Quarantine, ingest};
use crate::moves::follow;
use crate::offer::{HistoryView, OfferContext, OfferOutcome, take_back};
use crate::op::{GroupId, Op, OpHash, OpId, Scope};
use crate::parents::parent_of_row;
use crate::position::{ChainHash, Cursor, Epoch, Position, is_after};
use crate::receipt::{Receipt, ReceiptKey};
use crate::rights::{Held, Reach};
use crate::row::Row;
use crate::samples::{COMMUNE, NOW_MS, device, user};
use crate::stamp::Stamp;
use crate::wire::*;

#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) now_ms: i64,
    /// The ledger of assignments: it is not the database's, and no restore takes it back (F9).
    pub(crate) held: BTreeMap<DeviceId, Vec<Held>>,
    /// Who works on which device.
    pub(crate) users: BTreeMap<DeviceId, Vec<UserId>>,
    pub(crate) log: Vec<PageGroup>,
    pub(crate) rows: Rows,
    pub(crate) known: BTreeMap<OpId, (OpHash, Receipt)>,
    pub(crate) waiting: Vec<Waiting>,
    numbers: BTreeMap<(DeviceId, u64), Vec<GroupId>>,
    last_stamps: BTreeMap<(DeviceId, u64), Stamp>,
    pub(crate) epoch: Epoch,
    chain: Vec<ChainHash>,
    /// Rows that the stream carries whole.
    whole: Vec<PageRow>,
    exits: Vec<Exit>,
    /// Of the oldest backup that may be restored.
    pub(crate) watermark: u64,
    pub(crate) key: ReceiptKey,
    /// How often ingest asked for a row.
    pub(crate) rows_read: Cell<usize>,
}

#[derive(Clone)]
pub(crate) struct Waiting {
    pub(crate) numbered: Numbered,
    pub(crate) reason: Quarantine,
    stamps: Vec<Stamp>,
    /// Given back, with the receipts it had.
    receipts: Vec<Receipt>,
    received_at_ms: i64,
}

impl Waiting {
    fn offered(&self) -> Option<PageGroup> {
        let (group, receipts) = (self.numbered.group.clone(), self.receipts.clone());
        (!receipts.is_empty()).then_some(PageGroup { position: Position::default(), group, receipts })
    }
}

impl LogView for Server {
    type Error = std::convert::Infallible;
    fn known(&self, op: OpId) -> Result<Option<(OpHash, Receipt)>, Self::Error> {
        Ok(self.known.get(&op).cloned())
    }
    fn row(&self, kind: u16, record: Uuid) -> Result<Option<Row>, Self::Error> {
        self.rows_read.update(|count| count + 1);
        Ok(self.rows.get(&(kind, record)).cloned())
    }
    fn stamp_of(&self, op: OpId) -> Result<Option<Stamp>, Self::Error> {
        Ok(self.known.get(&op).map(|(_, receipt)| receipt.stamp))
    }
    fn last_stamp(&self, device: DeviceId, incarnation: u64) -> Result<Option<Stamp>, Self::Error> {
        Ok(self.last_stamps.get(&(device, incarnation)).copied())
    }
    fn last_number(&self, device: DeviceId, incarnation: u64) -> Result<u64, Self::Error> {
        Ok(self.numbers.get(&(device, incarnation)).map_or(0, |used| used.len() as u64))
    }
    fn group_at(
        &self,
        device: DeviceId,
        incarnation: u64,
        dseq: u64,
    ) -> Result<Option<GroupId>, Self::Error> {
        let place = usize::try_from(dseq - 1).unwrap();
        Ok(self.numbers.get(&(device, incarnation)).and_then(|used| used.get(place)).copied())
    }
    fn quarantined(&self, group: GroupId, content: [u8; 32]) -> Result<Option<Quarantine>, Self::Error> {
        let same = |w: &&Waiting| w.numbered.group.id == group && w.numbered.group.hash() == content;
        Ok(self.waiting.iter().find(same).map(|w| w.reason.clone()))
    }
    fn left(&self, kind: u16, record: Uuid, scope: Scope) -> Result<bool, Self::Error> {
        let same = |exit: &&Exit| (exit.kind, exit.record, exit.from.into()) == (kind, record, scope);
        Ok(self.exits.iter().any(|exit| same(&exit)))
    }
}

impl HistoryView for Server {
    fn children(&self, kind: u16, record: Uuid) -> Result<Vec<(u16, Uuid)>, Self::Error> {
        let under = self.rows.values().filter(|row| parent_of_row(row) == Some((kind, record)));
        Ok(under.map(|row| (row.kind, row.record)).collect())
    }
    fn ops_of(&self, kind: u16, record: Uuid) -> Result<Vec<(Op, Stamp)>, Self::Error> {
        let ops = self.log.iter().flat_map(|group| &group.group.ops);
        let of_it = ops.filter(|op| (op.header.kind, op.header.record) == (kind, record));
        Ok(of_it.map(|op| (op.clone(), self.known[&op.id()].1.stamp)).collect())
    }
    fn committed_at(&self, op: OpId) -> Result<Option<Position>, Self::Error> {
        let holds = |group: &&PageGroup| group.group.ops.iter().any(|one| one.id() == op);
        let at = self.log.iter().rev().find(holds).map(|group| group.position.position);
        Ok(at.map(|position| Position { epoch: self.epoch.number, position }))
    }
}

const STORE: Uuid = Uuid::from_u128(0x570);

impl Server {
    pub(crate) fn new() -> Self {
        Self {
            now_ms: NOW_MS,
            held: (0..9)
                .map(|n| (device(n), vec![Held { reach: Reach::WholeCommune, ended: None }]))
                .collect(),
            users: (0..9).map(|n| (device(n), vec![user(n)])).collect(),
            log: vec![],
            rows: Rows::new(),
            known: BTreeMap::new(),
            waiting: vec![],
            numbers: BTreeMap::new(),
            last_stamps: BTreeMap::new(),
            epoch: Epoch { number: 1, nonce: 0 },
            chain: vec![ChainHash::default()],
            whole: vec![],
            exits: vec![],
            watermark: 0,
            key: ReceiptKey([7; 32]),
            rows_read: Cell::new(0),
        }
    }

    pub(crate) fn cursor(&self, position: u64) -> Cursor {
        let hash = self.chain[usize::try_from(position).unwrap()];
        Cursor { epoch: self.epoch, position, hash }
    }

    fn next_position(&self) -> Position {
        Position { epoch: self.epoch.number, position: self.chain.len() as u64 }
    }

    pub(crate) fn proof(&self, at: Cursor) -> HeadReceipt {
        self.key.seal_head(STORE, at)
    }

    /// A laptop, or the witness, shows where the log once stood.
    pub(crate) fn greet(&mut self, shown: &HeadReceipt) -> Shown {
        let chain_at =
            |position: u64| Ok::<_, ()>(self.chain.get(usize::try_from(position).unwrap()).copied());
        let verdict = Shown::judge(shown, &self.key, STORE, &self.head(), chain_at).unwrap();
        if verdict == Shown::Rewound {
            self.epoch = self.epoch.next(Some(shown.at.epoch), self.now_ms.cast_unsigned());
        }
        verdict
    }

    /// Puts a backup back. Clock, rights and the oldest backup's position are not the database's.
    pub(crate) fn restore(&mut self, backup: &Self) {
        let now = (self.now_ms, self.held.clone(), self.users.clone());
        *self = backup.clone();
        (self.now_ms, self.held, self.users) = now;
    }

    pub(crate) fn offer(&mut self, offered: &[PageGroup]) -> OfferReply {
        let mut groups = Vec::new();
        for one in offered {
            groups.push((one.group.id, self.take_back(one, false)));
            self.retry();
        }
        OfferReply { groups, proof: self.proof(self.head()) }
    }

    fn take_back(&mut self, offered: &PageGroup, released: bool) -> OfferOutcome {
        let position = self.next_position();
        let context = OfferContext { commune: COMMUNE, position, key: &self.key, released };
        let taken = take_back(self, offered, context).unwrap();
        if !taken.commits {
            return taken.outcome;
        }
        let waits = taken.outcome == OfferOutcome::Waits;
        let part = taken.part.as_ref().map_or(&[][..], |part| &part.receipts);
        let stored: Vec<&Receipt> = if waits {
            offered.receipts.iter().collect()
        } else {
            part.iter().chain(&taken.lowered).collect()
        };
        let ops = stored.iter().map(|receipt| (receipt.op, &receipt.op_hash, receipt.stamp));
        let next = self.head().hash.after(position, waits.then_some("no_parent"), ops);
        self.chain.push(next);
        if waits {
            let numbered = Numbered { incarnation: 0, dseq: 0, group: offered.group.clone() };
            self.waiting.push(Waiting {
                numbered,
                reason: Quarantine::NoParent,
                stamps: offered.receipts.iter().map(|receipt| receipt.stamp).collect(),
                receipts: offered.receipts.clone(),
                received_at_ms: self.now_ms,
            });
            return taken.outcome;
        }
        for receipt in part.iter().chain(&taken.lowered) {
            self.known.insert(receipt.op, (receipt.op_hash, receipt.clone()));
        }
        self.whole.extend(taken.again.iter().map(|row| PageRow { position, row: row.clone() }));
        self.store(taken.rows.into_iter().chain(taken.again).collect(), position);
        self.log.extend(taken.part);
        taken.outcome
    }

    /// Rows as a commit left them, and what moved by it.
    fn store(&mut self, rows: Vec<Row>, position: Position) {
        let moved = follow(self, &rows, position).unwrap();
        for row in rows.into_iter().chain(moved.rows.iter().cloned()) {
            self.rows.insert((row.kind, row.record), row);
        }
        self.exits.extend(moved.exits);
        self.whole.extend(moved.rows.into_iter().map(|row| PageRow { position, row }));
    }

    /// The scopes that a device may see now.
    pub(crate) fn sight(&self, device: DeviceId) -> Sight {
        let present = |held: &&Held| held.ended.is_none();
        let reaches: Vec<Reach> = self.held[&device].iter().filter(present).map(|held| held.reach).collect();
        if reaches.contains(&Reach::WholeCommune) {
            return Sight::All;
        }
        let scope = |reach| if let Reach::Scope(scope) = reach { Some(scope) } else { None };
        Sight::Only(reaches.into_iter().filter_map(scope).chain([Scope::COMMUNE]).collect())
    }

    /// The rows of these scopes, at the head.
    pub(crate) fn snapshot(&self, sight: &Sight) -> Rows {
        let seen = self.rows.iter().filter(|(_, row)| sight.covers(row.scope));
        seen.map(|(key, row)| (*key, row.clone())).collect()
    }

    pub(crate) fn head(&self) -> Cursor {
        self.cursor(self.chain.len() as u64 - 1)
    }

    fn take(
        &mut self,
        device: DeviceId,
        numbered: &Numbered,
        offset_ms: i64,
        again: Option<&Waiting>,
    ) -> (GroupOutcome, Vec<Receipt>) {
        let position = self.next_position();
        let context = IngestContext {
            commune: COMMUNE,
            device,
            users: &self.users[&device],
            received_at_ms: again.map_or(self.now_ms, |w| w.received_at_ms),
            session_offset_ms: offset_ms,
            position,
            held: self.held.get(&device).map_or(&[], Vec::as_slice),
            base_known: true,
            limits: GroupLimits::default(),
            key: &self.key,
            arrival: again.map_or(Arrival::Pushed, |w| Arrival::Released(w.stamps.clone())),
        };
        let taken = ingest(self, numbered, &context).unwrap();
        let still_waits = again.is_some() && matches!(taken.outcome, GroupOutcome::Quarantined(_));
        if taken.outcome.uses_number() && again.is_none() {
            let used = self.numbers.entry((device, numbered.incarnation)).or_default();
            if numbered.dseq > used.len() as u64 {
                used.push(numbered.group.id);
            }
            let last = self.last_stamps.entry((device, numbered.incarnation)).or_insert(Stamp(i64::MIN));
            *last = taken.stamps.iter().copied().fold(*last, Stamp::max);
        }
        if taken.commits && !still_waits {
            let hashes: Vec<OpHash> = numbered.group.ops.iter().map(Op::hash).collect();
            let ops = numbered.group.ops.iter().zip(&hashes).zip(&taken.stamps);
            let ops = ops.map(|((op, hash), stamp)| (op.id(), hash, *stamp));
            let reason =
                if let GroupOutcome::Quarantined(reason) = &taken.outcome { Some(reason) } else { None };
            let next = self.head().hash.after(position, reason.map(Quarantine::code), ops);
            self.chain.push(next);
            match reason {
                Some(reason) => self.waiting.push(Waiting {
                    numbered: numbered.clone(),
                    reason: reason.clone(),
                    stamps: taken.stamps,
                    receipts: vec![],
                    received_at_ms: self.now_ms,
                }),
                None => {
                    let receipts = taken.receipts.clone();
                    self.log.push(PageGroup { position, group: numbered.group.clone(), receipts });
                }
            }
        }
        for receipt in &taken.receipts {
            self.known.insert(receipt.op, (receipt.op_hash, receipt.clone()));
        }
        self.store(taken.rows, position);
        (taken.outcome, taken.receipts)
    }

    pub(crate) fn push(&mut self, batch: &Batch) -> PushReply {
        let mut reply =
            PushReply { receipts: vec![], groups: vec![], expect: None, head: self.head(), proof: None };
        for numbered in &batch.groups {
            let session = numbered.group.ops[0].header.session;
            let (outcome, receipts) = self.take(batch.device, numbered, batch.offset_ms(session), None);
            let stop = !outcome.uses_number();
            if let GroupOutcome::Gap { expect } = outcome {
                reply.expect = Some(expect);
            }
            reply.receipts.extend(receipts);
            let apart = matches!(outcome, GroupOutcome::Quarantined(_));
            let at = numbered.group.ops.iter().filter_map(|op| self.committed_at(op.id()).unwrap()).max();
            let (dseq, group) = (numbered.dseq, numbered.group.id);
            reply.groups.push(GroupAnswer { dseq, group, outcome, at: at.filter(|_| !apart) });
            if stop {
                break;
            }
            self.retry();
        }
        reply.head = self.head();
        reply.proof = Some(self.proof(reply.head));
        reply
    }

    /// `no_parent` is retried at each commit.
    fn retry(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        for one in waiting {
            let retried = one.reason == Quarantine::NoParent;
            if let Some(offered) = one.offered() {
                if self.take_back(&offered, true) == OfferOutcome::Waits {
                    self.waiting.push(one);
                }
                continue;
            }
            let by = one.numbered.group.ops[0].header.device;
            let taken = retried && self.take(by, &one.numbered, 0, Some(&one)).0.uses_number() && {
                self.known.contains_key(&one.numbered.group.ops[0].id())
            };
            if !taken {
                self.waiting.push(one);
            }
        }
    }

    /// What follows a cursor of what a device sees now: ops whose record is in its sight, exits of what is not any
    /// more, and what came whole (F15). A laptop says what it believes to be in its sight: what it lost since is left
    /// out and it is told, what it gained since comes later, at the cursor that all else stands at. Positions count by the present history, whatever life of the log wrote them.
    pub(crate) fn page(
        &self,
        device: DeviceId,
        believed: &Sight,
        from: Option<Cursor>,
        most: usize,
    ) -> (Page, Sight) {
        let sight = believed.and(&self.sight(device));
        let after = from.map_or(0, |cursor| cursor.position);
        let present = |position: u64| Position { epoch: self.epoch.number, position };
        let follows = |at: Position| is_after(present(at.position), present(after));
        let rest: Vec<_> = self.log.iter().filter(|group| follows(group.position)).collect();
        let taken = &rest[..most.min(rest.len())];
        let more = taken.len() < rest.len();
        let to = if more { self.cursor(taken.last().unwrap().position.position) } else { self.head() };
        let within = |at: Position| follows(at) && at.position <= to.position;
        let seen = |kind, record| self.rows.get(&(kind, record)).is_some_and(|row| sight.covers(row.scope));
        let groups =
            taken.iter().filter_map(|group| part(group, |op| seen(op.header.kind, op.header.record)));
        let groups = groups.collect();
        let whole =
            self.whole.iter().filter(|one| within(one.position) && seen(one.row.kind, one.row.record));
        let rows = whole.filter(|one| sight.covers(one.row.scope)).cloned().collect();
        let leaves = |exit: &&Exit| within(exit.position) && sight.covers(exit.from.into());
        let exits = self.exits.iter().filter(leaves).filter(|exit| !seen(exit.kind, exit.record));
        let (exits, proof) = (exits.copied().collect(), Some(self.proof(to)));
        (Page { from, to, exits, groups, rows, more, proof }, sight)
    }
}

/// The ops of a group that pass, with their receipts.
fn part(group: &PageGroup, passes: impl Fn(&Op) -> bool) -> Option<PageGroup> {
    let ops: Vec<Op> = group.group.ops.iter().filter(|op| passes(op)).cloned().collect();
    let of_it = |receipt: &&Receipt| ops.iter().any(|op| op.id() == receipt.op);
    let receipts = group.receipts.iter().filter(of_it).cloned().collect();
    let seed = group.group.seed.filter(|_| ops.len() == group.group.ops.len());
    let id = group.group.id;
    (!ops.is_empty()).then_some(PageGroup {
        position: group.position,
        group: Group { id, seed, ops },
        receipts,
    })
}

/// What a device may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    All,
    Only(BTreeSet<Scope>),
}

impl Sight {
    /// What both cover.
    pub(crate) fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, both) | (both, Self::All) => both.clone(),
            (Self::Only(one), Self::Only(other)) => Self::Only(one & other),
        }
    }

    pub(crate) fn covers(&self, scope: Scope) -> bool {
        match self {
            Self::All => true,
            Self::Only(scopes) => scopes.contains(&scope),
        }
    }
}
