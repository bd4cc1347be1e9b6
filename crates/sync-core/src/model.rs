//! One server and laptops in memory, running the real ingest, merge and wire types. Random saves, pushes
//! with lost replies, repeated pushes, pulls of any size, clocks of any year and new incarnations must
//! end with every save on the server and the same bytes everywhere. The product's own simulator, with
//! real stores, restores and cut files, stands beside this.

use std::cell::Cell;
use std::collections::BTreeMap;

use domain::ids::{DeviceId, UserId};
use uuid::Uuid;

use crate::digest::{Buckets, bucket_of};
use crate::group::{Group, GroupLimits};
use crate::head::{HeadReceipt, Shown};
use crate::ingest::{Arrival, GroupOutcome, IngestContext, LogView, Quarantine, ingest};
use crate::local::{LocalCounts, LocalStore};
use crate::offer::{HistoryView, OfferContext, OfferOutcome, take_back};
use crate::op::{GroupId, Op, OpHash, OpId};
use crate::position::{ChainHash, Cursor, Epoch, Position, is_after};
use crate::receipt::{Receipt, ReceiptKey};
use crate::retained::Retained;
use crate::rights::{Held, Reach};
use crate::row::Row;
use crate::samples::{COMMUNE, NOW_MS, device, user};
use crate::stamp::Stamp;
use crate::wire::*;

pub(crate) type Rows = BTreeMap<(u16, Uuid), Row>;

#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) now_ms: i64,
    pub(crate) held: Vec<Held>,
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
    again: Vec<PageRow>,
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
}

impl HistoryView for Server {
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
            held: vec![Held { reach: Reach::WholeCommune, ended: None }],
            users: (0..9).map(|n| (device(n), vec![user(n)])).collect(),
            log: vec![],
            rows: Rows::new(),
            known: BTreeMap::new(),
            waiting: vec![],
            numbers: BTreeMap::new(),
            last_stamps: BTreeMap::new(),
            epoch: Epoch { number: 1, nonce: 0 },
            chain: vec![ChainHash::default()],
            again: vec![],
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

    pub(crate) fn offer(&mut self, offered: &PageGroup) -> OfferOutcome {
        let outcome = self.take_back(offered, false);
        self.retry();
        outcome
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
        for row in taken.rows.into_iter().chain(taken.again.iter().cloned()) {
            self.rows.insert((row.kind, row.record), row);
        }
        self.again.extend(taken.again.into_iter().map(|row| PageRow { position, row }));
        self.log.extend(taken.part);
        taken.outcome
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
            held: &self.held,
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
        self.rows.extend(taken.rows.into_iter().map(|row| ((row.kind, row.record), row)));
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
            let known = outcome == GroupOutcome::Known;
            let at = numbered.group.ops.iter().filter_map(|op| self.committed_at(op.id()).unwrap()).max();
            let (dseq, group) = (numbered.dseq, numbered.group.id);
            reply.groups.push(GroupAnswer { dseq, group, outcome, at: at.filter(|_| known) });
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

    /// What follows a cursor. Positions count by the present history, whatever life of the log wrote them.
    pub(crate) fn page(&self, from: Option<Cursor>, most: usize) -> Page {
        let present = |position: u64| Position { epoch: self.epoch.number, position };
        let after = present(from.map_or(0, |cursor| cursor.position));
        let rest: Vec<_> =
            self.log.iter().filter(|g| is_after(present(g.position.position), after)).collect();
        let groups: Vec<_> = rest.iter().take(most).map(|group| (*group).clone()).collect();
        let more = groups.len() < rest.len();
        let to = if more { self.cursor(groups.last().unwrap().position.position) } else { self.head() };
        let within = |at: Position| is_after(present(at.position), after) && at.position <= to.position;
        let rows = self.again.iter().filter(|one| within(one.position)).cloned().collect();
        Page { from, to, exits: vec![], groups, rows, more, proof: Some(self.proof(to)) }
    }
}

#[derive(Clone)]
pub(crate) struct Laptop {
    pub(crate) device: DeviceId,
    pub(crate) incarnation: u64,
    pub(crate) cursor: Option<Cursor>,
    /// Shown to the server first thing.
    pub(crate) proof: Option<HeadReceipt>,
    pub(crate) retained: Retained,
    pub(crate) base: Rows,
    pub(crate) own: Vec<Own>,
    next_dseq: u64,
}

/// An own group the stream has not delivered yet.
#[derive(Clone)]
pub(crate) struct Own {
    pub(crate) numbered: Numbered,
    pub(crate) acknowledged: bool,
    /// Of its ops, once acknowledged; of a group in quarantine none.
    pub(crate) receipts: Vec<Receipt>,
}

impl Own {
    fn as_offered(&self) -> PageGroup {
        let (group, receipts) = (self.numbered.group.clone(), self.receipts.clone());
        PageGroup { position: Position::default(), group, receipts }
    }
}

impl Laptop {
    pub(crate) fn new(n: u128) -> Self {
        let (base, own, retained) = (Rows::new(), vec![], Retained::default());
        let (cursor, proof) = (None, None);
        Self { device: device(n), incarnation: 1, cursor, proof, retained, base, own, next_dseq: 1 }
    }

    pub(crate) fn visible(&self, kind: u16, record: Uuid) -> Option<Row> {
        let pending: Vec<&Op> = self.own.iter().flat_map(|own| &own.numbered.group.ops).collect();
        let mine = pending.iter().find(|op| (op.header.kind, op.header.record) == (kind, record));
        let base = self.base.get(&(kind, record)).cloned().or_else(|| mine.map(|op| Row::begun_by(op)))?;
        Some(base.overlay(&pending))
    }

    pub(crate) fn save(&mut self, group: Group) {
        group.check(&GroupLimits::default()).unwrap();
        let numbered = Numbered { incarnation: self.incarnation, dseq: self.next_dseq, group };
        self.next_dseq += 1;
        self.own.push(Own { numbered, acknowledged: false, receipts: vec![] });
    }

    pub(crate) fn batch(&self, most: usize) -> Batch {
        let groups = self.next_batch(&BatchLimits { groups: most, bytes: 1 << 20 }).unwrap();
        let epoch = self.cursor.map_or(1, |cursor| cursor.epoch.number);
        Batch { protocol: PROTOCOL, commune: COMMUNE, device: self.device, epoch, offsets: vec![], groups }
    }

    /// Into the present epoch (§6): everything is kept, the rows become the server's where they differ, all that has
    /// receipts is given back, and what waits is pushed after it.
    fn come_over(&mut self, server: &mut Server) {
        self.new_incarnation(self.incarnation.wrapping_mul(31) + 11).unwrap();
        let (mine, theirs) = (Buckets::of(self.base.values()), Buckets::of(server.rows.values()));
        let differing = mine.differing(&theirs);
        let in_them = |(_, record): &(u16, Uuid)| differing.contains(&bucket_of(*record));
        self.base.retain(|key, _| !in_them(key));
        self.base
            .extend(server.rows.iter().filter(|(key, _)| in_them(key)).map(|(k, row)| (*k, row.clone())));
        let head = server.head();
        (self.cursor, self.proof) = (Some(head), Some(server.proof(head)));
        let retained: Vec<_> = self.retained.groups().cloned().collect();
        for group in retained {
            if let OfferOutcome::Held(position) = server.offer(&group) {
                self.retained.held_at(group.group.id, position);
            }
        }
        for own in self.own.iter_mut().filter(|own| !own.receipts.is_empty()) {
            if server.offer(&own.as_offered()) == OfferOutcome::Unproven {
                own.acknowledged = false;
            }
        }
        // What the rows had already is delivered; the rest comes with the stream.
        let epoch = server.epoch;
        let (retained, known) = (&mut self.retained, |own: &Own| {
            let at = server.committed_at(own.numbered.group.ops[0].id()).unwrap();
            at.filter(|at| own.acknowledged && at.position <= head.position)
        });
        self.own.retain(|own| match known(own) {
            Some(position) => {
                retained.keep(&PageGroup { position, ..own.as_offered() }, epoch);
                false
            }
            None => true,
        });
    }

    /// The greeting: before anything is sent, both know which life of the log this is.
    pub(crate) fn meet(&mut self, server: &mut Server) {
        if let Some(proof) = self.proof
            && server.greet(&proof) != Shown::Present
        {
            self.come_over(server);
        }
    }

    fn deliver(&mut self, delivered: &PageGroup, epoch: Epoch) {
        for (op, receipt) in delivered.group.ops.iter().zip(&delivered.receipts) {
            let row = self.base.entry((op.header.kind, op.header.record));
            row.or_insert_with(|| Row::begun_by(op)).merge(op, receipt.stamp);
        }
        self.retained.keep(delivered, epoch);
        // Own ops stay in the overlay until every one of them has come.
        let came = |op: &Op| delivered.receipts.iter().any(|receipt| receipt.op == op.id());
        self.own.retain(|own| !own.numbered.group.ops.iter().all(came));
    }

    /// One exchange: greeting, push all, then pull all, taking a new incarnation when the numbers do not fit.
    pub(crate) fn sync(&mut self, server: &mut Server) {
        self.meet(server);
        for round in 0.. {
            assert!(round < 100, "a push never ends");
            let batch = self.batch(3);
            if batch.groups.is_empty() {
                break;
            }
            let reply = server.push(&batch);
            self.acknowledge(&reply).unwrap();
            let refused = |answer: &GroupAnswer| !answer.outcome.uses_number();
            if reply.groups.iter().any(refused) {
                self.new_incarnation(self.incarnation.wrapping_mul(31) + 7).unwrap();
            }
        }
        self.pull(server, usize::MAX);
        let position = server.watermark;
        self.retained.forget_up_to(Position { epoch: server.epoch.number, position });
    }

    pub(crate) fn pull(&mut self, server: &Server, most: usize) {
        let page = server.page(self.cursor, most);
        let bytes = serde_json::to_vec(&page).unwrap();
        self.apply_page(serde_json::from_slice(&bytes).unwrap()).unwrap();
    }
}

impl LocalStore for Laptop {
    type Error = &'static str;

    fn hello(&self) -> Result<Hello, Self::Error> {
        Ok(Hello {
            protocol: PROTOCOL,
            commune: COMMUNE,
            device: self.device,
            incarnation: self.incarnation,
            cursor: self.cursor,
            highest_dseq: self.next_dseq - 1,
        })
    }

    fn next_batch(&self, limits: &BatchLimits) -> Result<Vec<Numbered>, Self::Error> {
        let pending: Vec<_> =
            self.own.iter().filter(|own| !own.acknowledged).map(|own| own.numbered.clone()).collect();
        fill_batch(&pending, limits).map_err(|_| "a pending group cannot be written")
    }

    fn offsets(&self, _: &[Numbered]) -> Result<Vec<SessionOffset>, Self::Error> {
        Ok(vec![])
    }

    fn acknowledge(&mut self, reply: &PushReply) -> Result<u64, Self::Error> {
        self.proof = HeadReceipt::farthest(self.proof, reply.proof);
        let mut settled = 0;
        for own in &mut self.own {
            let group = &own.numbered.group;
            let receipted = |op: &Op| {
                reply.receipts.iter().any(|receipt| receipt.op == op.id() && receipt.op_hash == op.hash())
            };
            let kept_apart = reply.groups.iter().any(|answer| {
                answer.group == group.id && matches!(answer.outcome, GroupOutcome::Quarantined(_))
            });
            let settles = kept_apart || group.ops.iter().all(receipted);
            settled += u64::from(settles && !own.acknowledged);
            if settles && !own.acknowledged {
                let of_it = |receipt: &&Receipt| receipt.op.group == group.id && !kept_apart;
                own.receipts = reply.receipts.iter().filter(of_it).cloned().collect();
            }
            own.acknowledged |= settles;
        }
        for answer in &reply.groups {
            let Some((at, cursor)) = answer.at.zip(self.cursor) else { continue };
            if at.epoch != cursor.epoch.number || is_after(at, cursor.position()) {
                continue;
            }
            let there = |own: &mut Own| own.acknowledged && own.numbered.group.id == answer.group;
            for own in self.own.extract_if(.., there) {
                self.retained.keep(&PageGroup { position: at, ..own.as_offered() }, cursor.epoch);
            }
        }
        Ok(settled)
    }

    fn apply_page(&mut self, page: Page) -> Result<(), Self::Error> {
        if page.from != self.cursor {
            return Err("the page does not begin at the cursor");
        }
        for delivered in in_order(page.groups, page.rows) {
            match delivered {
                Delivered::Group(group) => self.deliver(&group, page.to.epoch),
                Delivered::Row(whole) => {
                    self.base.insert((whole.row.kind, whole.row.record), whole.row);
                }
            }
        }
        self.cursor = Some(page.to);
        self.proof = HeadReceipt::farthest(self.proof, page.proof);
        Ok(())
    }

    fn new_incarnation(&mut self, random: u64) -> Result<(), Self::Error> {
        self.incarnation = random;
        self.next_dseq = 1;
        // A group in quarantine has no receipt: should the server have forgotten it, it comes again.
        let unproven = |own: &&mut Own| !own.acknowledged || own.receipts.is_empty();
        for own in self.own.iter_mut().filter(unproven) {
            own.acknowledged = false;
            own.numbered.incarnation = random;
            own.numbered.dseq = self.next_dseq;
            self.next_dseq += 1;
        }
        Ok(())
    }

    fn session(&mut self) -> Result<(u64, i64), Self::Error> {
        Ok((self.incarnation, 0))
    }

    fn learn_offset(&mut self, _: u64, _: i64) -> Result<(), Self::Error> {
        Ok(())
    }

    fn counts(&self) -> Result<LocalCounts, Self::Error> {
        let acknowledged = self.own.iter().filter(|own| own.acknowledged).count() as u64;
        let pending_groups = self.own.len() as u64 - acknowledged;
        Ok(LocalCounts { pending_groups, acknowledged_groups: acknowledged, quarantined_groups: 0 })
    }
}
