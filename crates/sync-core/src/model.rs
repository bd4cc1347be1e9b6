//! One server and laptops in memory, running the real ingest, merge and wire types. Random saves, pushes
//! with lost replies, repeated pushes, pulls of any size, clocks of any year and new incarnations must
//! end with every save on the server and the same bytes everywhere. The product's own simulator, with
//! real stores, restores and cut files, stands beside this.

use std::cell::Cell;
use std::collections::BTreeMap;

use domain::ids::{DeviceId, UserId};
use uuid::Uuid;

use crate::group::{Group, GroupLimits};
use crate::ingest::{Arrival, GroupOutcome, IngestContext, LogView, Quarantine, ingest};
use crate::local::{LocalCounts, LocalStore};
use crate::op::{GroupId, Op, OpHash, OpId};
use crate::position::{ChainHash, Cursor, Epoch, Position, is_after};
use crate::receipt::{Receipt, ReceiptKey};
use crate::rights::{Held, Reach};
use crate::row::Row;
use crate::samples::{COMMUNE, NOW_MS, device, user};
use crate::stamp::Stamp;
use crate::wire::*;

pub(crate) type Rows = BTreeMap<(u16, Uuid), Row>;

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
    chain: Vec<ChainHash>,
    key: ReceiptKey,
    /// How often ingest asked for a row.
    pub(crate) rows_read: Cell<usize>,
}

pub(crate) struct Waiting {
    pub(crate) numbered: Numbered,
    pub(crate) reason: Quarantine,
    stamps: Vec<Stamp>,
    received_at_ms: i64,
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
            chain: vec![ChainHash::default()],
            key: ReceiptKey([7; 32]),
            rows_read: Cell::new(0),
        }
    }

    pub(crate) fn cursor(&self, position: u64) -> Cursor {
        let hash = self.chain[usize::try_from(position).unwrap()];
        Cursor { epoch: Epoch { number: 1, nonce: 0 }, position, hash }
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
        let position = Position { epoch: 1, position: self.chain.len() as u64 };
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
        let mut reply = PushReply { receipts: vec![], groups: vec![], expect: None, head: self.head() };
        for numbered in &batch.groups {
            let session = numbered.group.ops[0].header.session;
            let (outcome, receipts) = self.take(batch.device, numbered, batch.offset_ms(session), None);
            let stop = !outcome.uses_number();
            if let GroupOutcome::Gap { expect } = outcome {
                reply.expect = Some(expect);
            }
            reply.receipts.extend(receipts);
            reply.groups.push(GroupAnswer { dseq: numbered.dseq, group: numbered.group.id, outcome });
            if stop {
                break;
            }
            self.retry();
        }
        reply.head = self.head();
        reply
    }

    /// `no_parent` is retried at each commit.
    fn retry(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        for one in waiting {
            let retried = one.reason == Quarantine::NoParent;
            let by = one.numbered.group.ops[0].header.device;
            let taken = retried && self.take(by, &one.numbered, 0, Some(&one)).0.uses_number() && {
                self.known.contains_key(&one.numbered.group.ops[0].id())
            };
            if !taken {
                self.waiting.push(one);
            }
        }
    }

    pub(crate) fn page(&self, from: Option<Cursor>, most: usize) -> Page {
        let after = from.map_or(Position { epoch: 1, position: 0 }, |cursor| cursor.position());
        let rest: Vec<_> = self.log.iter().filter(|g| is_after(g.position, after)).collect();
        let groups: Vec<_> = rest.iter().take(most).map(|group| (*group).clone()).collect();
        let more = groups.len() < rest.len();
        let to = if more { self.cursor(groups.last().unwrap().position.position) } else { self.head() };
        Page { from, to, exits: vec![], groups, more }
    }
}

pub(crate) struct Laptop {
    pub(crate) device: DeviceId,
    pub(crate) incarnation: u64,
    pub(crate) cursor: Option<Cursor>,
    pub(crate) base: Rows,
    pub(crate) own: Vec<Own>,
    next_dseq: u64,
}

/// An own group the stream has not delivered yet.
#[derive(Clone)]
pub(crate) struct Own {
    pub(crate) numbered: Numbered,
    pub(crate) acknowledged: bool,
}

impl Laptop {
    pub(crate) fn new(n: u128) -> Self {
        let (base, own) = (Rows::new(), vec![]);
        Self { device: device(n), incarnation: 1, cursor: None, base, own, next_dseq: 1 }
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
        self.own.push(Own { numbered, acknowledged: false });
    }

    pub(crate) fn batch(&self, most: usize) -> Batch {
        let groups = self.next_batch(&BatchLimits { groups: most, bytes: 1 << 20 }).unwrap();
        Batch { protocol: PROTOCOL, commune: COMMUNE, device: self.device, epoch: 1, offsets: vec![], groups }
    }

    /// One exchange: push all, then pull all, taking a new incarnation when the numbers do not fit.
    pub(crate) fn sync(&mut self, server: &mut Server) {
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
            own.acknowledged |= settles;
        }
        Ok(settled)
    }

    fn apply_page(&mut self, page: Page) -> Result<(), Self::Error> {
        if page.from != self.cursor {
            return Err("the page does not begin at the cursor");
        }
        for delivered in page.groups {
            for (op, receipt) in delivered.group.ops.iter().zip(&delivered.receipts) {
                let row = self.base.entry((op.header.kind, op.header.record));
                row.or_insert_with(|| Row::begun_by(op)).merge(op, receipt.stamp);
            }
            self.own.retain(|own| own.numbered.group.id != delivered.group.id);
        }
        self.cursor = Some(page.to);
        Ok(())
    }

    fn new_incarnation(&mut self, random: u64) -> Result<(), Self::Error> {
        self.incarnation = random;
        self.next_dseq = 1;
        for own in self.own.iter_mut().filter(|own| !own.acknowledged) {
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
