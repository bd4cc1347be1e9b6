//! The laptop's side of the model.

use domain::ids::DeviceId;
use uuid::Uuid;

use super::Rows;
use super::server::{Server, Sight};
use crate::digest::{Buckets, bucket_of};
use crate::group::{Group, GroupLimits};
use crate::head::{HeadReceipt, Shown};
use crate::ingest::GroupOutcome;
use crate::local::{LocalCounts, LocalStore};
use crate::offer::OfferOutcome;
use crate::op::Op;
use crate::parents::begun;
use crate::position::{Cursor, Epoch, Position, is_after};
use crate::receipt::Receipt;
use crate::retained::Retained;
use crate::row::Row;
use crate::samples::{COMMUNE, device};
use crate::wire::*;

#[derive(Clone)]
pub(crate) struct Laptop {
    pub(crate) device: DeviceId,
    pub(crate) incarnation: u64,
    pub(crate) cursor: Option<Cursor>,
    /// Shown to the server first thing.
    pub(crate) proof: Option<HeadReceipt>,
    /// What it may see, as far as it has heard.
    pub(crate) sight: Sight,
    /// To be given back, and readable here.
    pub(crate) retained: Retained,
    /// To be given back, and readable by the commune only: what is not in sight any more (F7).
    pub(crate) sealed: Retained,
    pub(crate) base: Rows,
    pub(crate) own: Vec<Own>,
    next_dseq: u64,
}

/// An own group that is not in the base yet.
#[derive(Clone)]
pub(crate) struct Own {
    pub(crate) numbered: Numbered,
    pub(crate) answered: bool,
    /// Of its ops, once they have one; of a group in quarantine none.
    pub(crate) receipts: Vec<Receipt>,
    /// Where the present history has it.
    at: Option<Position>,
}

impl Own {
    fn as_offered(&self) -> PageGroup {
        let (group, receipts) = (self.numbered.group.clone(), self.receipts.clone());
        PageGroup { position: self.at.unwrap_or_default(), group, receipts }
    }
}

impl Laptop {
    pub(crate) fn new(n: u128) -> Self {
        Self {
            device: device(n),
            incarnation: 1,
            cursor: None,
            proof: None,
            sight: Sight::All,
            retained: Retained::default(),
            sealed: Retained::default(),
            base: Rows::new(),
            own: vec![],
            next_dseq: 1,
        }
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
        self.own.push(Own { numbered, answered: false, receipts: vec![], at: None });
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
        let theirs = server.snapshot(&self.sight);
        let differing = Buckets::of(self.base.values()).differing(&Buckets::of(theirs.values()));
        let in_them = |(_, record): &(u16, Uuid)| differing.contains(&bucket_of(*record));
        self.base.retain(|key, _| !in_them(key));
        self.base.extend(theirs.into_iter().filter(|(key, _)| in_them(key)));
        let head = server.head();
        (self.cursor, self.proof) = (Some(head), Some(server.proof(head)));
        for kept in [&mut self.retained, &mut self.sealed] {
            let groups: Vec<_> = kept.groups().cloned().collect();
            let reply = server.offer(&groups);
            for (group, outcome) in reply.groups {
                if let OfferOutcome::Held(position) = outcome {
                    kept.held_at(group, position);
                }
            }
            self.proof = HeadReceipt::farthest(self.proof, Some(reply.proof));
        }
        for own in &mut self.own {
            own.at = None;
            if own.receipts.is_empty() {
                continue;
            }
            let reply = server.offer(&[own.as_offered()]);
            match reply.groups[..] {
                [(_, OfferOutcome::Held(position))] => own.at = Some(position),
                [(_, OfferOutcome::Unproven)] => own.answered = false,
                _ => {}
            }
            self.proof = HeadReceipt::farthest(self.proof, Some(reply.proof));
        }
    }

    /// The greeting: before anything is sent, both know which life of the log this is, and what is in sight.
    pub(crate) fn meet(&mut self, server: &mut Server) {
        if let Some(proof) = self.proof
            && server.greet(&proof) != Shown::Present
        {
            self.come_over(server);
        }
    }

    /// After what waited was pushed: what is not in sight any more is sealed and goes; what came into sight is
    /// fetched at the cursor that everything else stands at, and joins it (§5, §7).
    fn look_round(&mut self, server: &Server) {
        let sight = server.sight(self.device);
        if sight != self.sight {
            let gained = server.snapshot(&sight).into_iter().filter(|(_, row)| !self.sight.covers(row.scope));
            self.base.extend(gained);
            self.sight = sight;
        }
        self.hide_what_left();
    }

    /// Rows out of sight go. Whatever may have to be given back of them is sealed first (F7); so is what was kept of
    /// a record whose row never came, or is gone already.
    fn hide_what_left(&mut self) {
        self.base.retain(|_, row| self.sight.covers(row.scope));
        let here = |op: &Op| self.base.contains_key(&(op.header.kind, op.header.record));
        for group in self.retained.extract(|op| !here(op)) {
            let epoch = Epoch { number: group.position.epoch, nonce: 0 };
            self.sealed.keep(&group, epoch);
        }
    }

    /// Own groups that the base has by now leave the overlay: the cursor has passed them.
    fn settle(&mut self) {
        let Some(cursor) = self.cursor else { return };
        let passed = |own: &mut Own| {
            own.at.is_some_and(|at| at.epoch == cursor.epoch.number && !is_after(at, cursor.position()))
        };
        for own in self.own.extract_if(.., passed) {
            self.retained.keep(&own.as_offered(), cursor.epoch);
        }
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
        self.look_round(server);
        let position = server.watermark;
        let watermark = Position { epoch: server.epoch.number, position };
        self.retained.forget_up_to(watermark);
        self.sealed.forget_up_to(watermark);
    }

    pub(crate) fn pull(&mut self, server: &Server, most: usize) {
        let (page, sight) = server.page(self.device, &self.sight, self.cursor, most);
        // What is lost goes with this page; what came into sight is fetched when all else stands at the head.
        self.sight = sight;
        let bytes = serde_json::to_vec(&page).unwrap();
        self.apply_page(serde_json::from_slice(&bytes).unwrap()).unwrap();
    }

    fn deliver(&mut self, delivered: &PageGroup, epoch: Epoch) {
        for (op, receipt) in delivered.group.ops.iter().zip(&delivered.receipts) {
            let scope_of = |kind, record| Ok::<_, ()>(self.base.get(&(kind, record)).map(|row| row.scope));
            let new = begun(op, scope_of).unwrap();
            self.base.entry((op.header.kind, op.header.record)).or_insert(new).merge(op, receipt.stamp);
        }
        self.retained.keep(delivered, epoch);
        // The reply may have been lost: what the stream delivers whole is known to be there.
        let came = |op: &Op| delivered.receipts.iter().any(|receipt| receipt.op == op.id());
        self.own.retain(|own| !own.numbered.group.ops.iter().all(came));
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
            self.own.iter().filter(|own| !own.answered).map(|own| own.numbered.clone()).collect();
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
            settled += u64::from(settles && !own.answered);
            if settles && !own.answered {
                let of_it = |receipt: &&Receipt| receipt.op.group == group.id && !kept_apart;
                own.receipts = reply.receipts.iter().filter(of_it).cloned().collect();
                let answers = reply.groups.iter().filter(|answer| answer.group == group.id);
                own.at = answers.filter_map(|answer| answer.at).max();
            }
            own.answered |= settles;
        }
        self.settle();
        Ok(settled)
    }

    fn apply_page(&mut self, page: Page) -> Result<(), Self::Error> {
        if page.from != self.cursor {
            return Err("the page does not begin at the cursor");
        }
        for delivered in in_order(page.exits, page.groups, page.rows) {
            match delivered {
                Delivered::Exit(exit) => {
                    let leaves = |row: &Row| row.scope == exit.from.into();
                    if self.base.get(&(exit.kind, exit.record)).is_some_and(leaves) {
                        self.base.remove(&(exit.kind, exit.record));
                    }
                }
                Delivered::Group(group) => self.deliver(&group, page.to.epoch),
                Delivered::Row(whole) => {
                    self.base.insert((whole.row.kind, whole.row.record), whole.row);
                }
            }
        }
        self.cursor = Some(page.to);
        self.proof = HeadReceipt::farthest(self.proof, page.proof);
        self.settle();
        self.hide_what_left();
        Ok(())
    }

    fn new_incarnation(&mut self, random: u64) -> Result<(), Self::Error> {
        self.incarnation = random;
        self.next_dseq = 1;
        // A group in quarantine has no receipt: should the server have forgotten it, it comes again.
        let unproven = |own: &&mut Own| !own.answered || own.receipts.is_empty();
        for own in self.own.iter_mut().filter(unproven) {
            own.answered = false;
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
        let acknowledged = self.own.iter().filter(|own| own.answered).count() as u64;
        let pending_groups = self.own.len() as u64 - acknowledged;
        Ok(LocalCounts { pending_groups, acknowledged_groups: acknowledged, quarantined_groups: 0 })
    }
}
