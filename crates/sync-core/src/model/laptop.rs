//! The laptop's side of the model.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::DeviceId;
use uuid::Uuid;

use super::Rows;
use super::server::Server;
use crate::commune::{CommuneStore, rows};
use crate::digest::{Buckets, bucket_of};
use crate::erasure::{ANY_KIND, Listed, forget, lists};
use crate::group::{Group, GroupLimits};
use crate::head::HeadReceipt;
use crate::ingest::{GroupOutcome, Quarantine};
use crate::ledger::Mark;
use crate::local::{LocalCounts, LocalStore};
use crate::offer::{BareOp, OfferOutcome};
use crate::op::{Op, OpId, Scope};
use crate::parents::begun;
use crate::position::{Cursor, Epoch, Position, is_after};
use crate::receipt::Receipt;
use crate::retained::Retained;
use crate::rights::Sight;
use crate::row::Row;
use crate::samples::{COMMUNE, device};
use crate::snapshot::{Snapshot, SnapshotHash};
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
    /// Headers of what was erased, and when each was last offered: once in an epoch, and again when more is erased.
    bare: BTreeMap<OpId, (BareOp, Option<(u32, Mark)>)>,
    /// The last line of the ledger that was applied here.
    pub(crate) ledger: Mark,
    /// Listed there, or found under something listed.
    erased: BTreeSet<Listed>,
    pub(crate) base: Rows,
    pub(crate) own: Vec<Own>,
    next_dseq: u64,
}

/// An own group that is not in the base yet.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    pub(crate) numbered: Numbered,
    pub(crate) answered: bool,
    /// Of its ops, once they have one; of a group in quarantine none.
    pub(crate) receipts: Vec<Receipt>,
    /// Where the present history has it.
    at: Option<Position>,
    /// A person decided about it: it is kept and no longer shown.
    mended: bool,
}

impl Own {
    pub(crate) fn as_offered(&self) -> PageGroup {
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
            bare: BTreeMap::new(),
            ledger: Mark::default(),
            erased: BTreeSet::new(),
            base: Rows::new(),
            own: vec![],
            next_dseq: 1,
        }
    }

    /// One that begins with snapshots instead of the stream's beginning; all else comes as tail.
    pub(crate) fn begun_with(n: u128, snapshots: &[(Vec<u8>, SnapshotHash)]) -> Self {
        let mut laptop = Self { sight: Sight::Only(BTreeSet::new()), ..Self::new(n) };
        for (bytes, name) in snapshots {
            let snapshot = Snapshot::from_bytes(bytes, *name).unwrap();
            assert!(laptop.cursor.is_none_or(|cursor| cursor == snapshot.at), "cut at one place");
            laptop.cursor = Some(snapshot.at);
            laptop.ledger = snapshot.ledger;
            let Sight::Only(scopes) = &mut laptop.sight else { unreachable!() };
            scopes.insert(snapshot.scope);
            laptop.base.extend(snapshot.rows.into_iter().map(|row| ((row.kind, row.record), row)));
        }
        laptop
    }

    /// True if it has the op, readable or not.
    pub(crate) fn holds(&self, op: OpId) -> bool {
        let own = self.own.iter().flat_map(|own| &own.numbered.group.ops);
        let kept = self.retained.groups().chain(self.sealed.groups()).flat_map(|kept| &kept.group.ops);
        own.chain(kept).any(|one| one.id() == op)
    }

    pub(crate) fn visible(&self, kind: u16, record: Uuid) -> Option<Row> {
        let shown = self.own.iter().filter(|own| !own.mended);
        let pending: Vec<&Op> = shown.flat_map(|own| &own.numbered.group.ops).collect();
        let mine = pending.iter().find(|op| (op.header.kind, op.header.record) == (kind, record));
        let base = self.base.get(&(kind, record)).cloned().or_else(|| mine.map(|op| Row::begun_by(op)))?;
        Some(base.overlay(&pending))
    }

    pub(crate) fn save(&mut self, group: Group) {
        group.check(&GroupLimits::default()).unwrap();
        let numbered = Numbered { incarnation: self.incarnation, dseq: self.next_dseq, group };
        self.next_dseq += 1;
        self.own.push(Own { numbered, answered: false, receipts: vec![], at: None, mended: false });
    }

    pub(crate) fn batch(&self, most: usize) -> Batch {
        let groups = self.next_batch(&BatchLimits { groups: most, bytes: 1 << 20 }).unwrap();
        let epoch = self.cursor.map_or(1, |cursor| cursor.epoch.number);
        Batch { protocol: PROTOCOL, commune: COMMUNE, device: self.device, epoch, offsets: vec![], groups }
    }

    /// Into the present epoch (§6): everything is kept, and the rows become the server's where they differ.
    fn come_over(&mut self, server: &Server) {
        self.new_incarnation(self.incarnation.wrapping_mul(31) + 11).unwrap();
        let head = server.head();
        (self.cursor, self.proof) = (Some(head), Some(server.proof(head)));
        // What was lost meanwhile is not compared, and comes as something gained should it be given again.
        self.sight = self.sight.and(&server.sight(self.device));
        self.hide_what_left();
        self.repair(server);
    }

    /// Fetches the rows of the buckets that differ; asked at the server's head and by its ledger only, or everything
    /// would differ (§8). Returns how many buckets did.
    pub(crate) fn repair(&mut self, server: &Server) -> usize {
        assert_eq!((self.cursor, self.ledger), (Some(server.head()), server.standing.mark));
        let theirs = server.store.scopes().unwrap().into_iter();
        let mut scopes: BTreeSet<Scope> = theirs.chain(self.base.values().map(|row| row.scope)).collect();
        scopes.retain(|scope| self.sight.covers(*scope));
        let mut differing: Vec<(Scope, Vec<u8>)> = Vec::new();
        for scope in scopes {
            let mine = Buckets::of(self.base.values().filter(|row| row.scope == scope));
            let buckets = mine.differing(&server.store.buckets(scope).unwrap());
            differing.extend((!buckets.is_empty()).then_some((scope, buckets)));
        }
        let in_them = |row: &Row| {
            let bucket = bucket_of(row.record);
            differing.iter().any(|(scope, buckets)| row.scope == *scope && buckets.contains(&bucket))
        };
        self.base.retain(|_, row| !in_them(row));
        let fetched = rows(&server.store, &server.sight(self.device), &differing).unwrap();
        self.keep(&server.kept(&fetched), server.head().epoch);
        self.base.extend(fetched.into_iter().map(|row| ((row.kind, row.record), row)));
        differing.iter().map(|(_, buckets)| buckets.len()).sum()
    }

    /// Gives back whatever has no place in the present history yet, as far as this laptop has heard. That is everything
    /// after a restore, what still waits for its parent, and what a cut left over (§6).
    fn give_back(&mut self, server: &mut Server) {
        let epoch = server.head().epoch.number;
        for kept in [&mut self.retained, &mut self.sealed] {
            let elsewhere = kept.groups().filter(|one| one.position.epoch != epoch);
            let groups: Vec<_> = elsewhere.cloned().collect();
            if groups.is_empty() {
                continue;
            }
            let reply = server.offer(&Offer { groups, bare: vec![] });
            for (group, outcome) in reply.groups {
                if let OfferOutcome::Held(position) = outcome {
                    kept.held_at(group, position);
                }
            }
            self.proof = HeadReceipt::farthest(self.proof, Some(reply.proof));
        }
        let here = |own: &Own| own.at.is_some_and(|at| at.epoch == epoch);
        for own in self.own.iter_mut().filter(|own| !own.receipts.is_empty() && !here(own)) {
            let reply = server.offer(&Offer { groups: vec![own.as_offered()], bare: vec![] });
            match reply.groups[..] {
                [(_, OfferOutcome::Held(position))] => own.at = Some(position),
                [(_, OfferOutcome::Unproven)] => own.answered = false,
                [(_, OfferOutcome::Waits(ref reason))] => own.mended |= *reason == Quarantine::Mended,
                _ => {}
            }
            self.proof = HeadReceipt::farthest(self.proof, Some(reply.proof));
        }
        let now = (epoch, self.ledger);
        let mut bare = Vec::new();
        for (one, offered) in self.bare.values_mut().filter(|(_, offered)| *offered != Some(now)) {
            *offered = Some(now);
            bare.push(one.clone());
        }
        if !bare.is_empty() {
            let reply = server.offer(&Offer { groups: vec![], bare });
            self.proof = HeadReceipt::farthest(self.proof, Some(reply.proof));
        }
    }

    /// What came with records that came whole.
    fn keep(&mut self, kept: &[PageGroup], epoch: Epoch) {
        kept.iter().for_each(|group| self.retained.keep(group, epoch));
    }

    /// The greeting: before anything is sent, both know which life of the log this is, who was erased, and what is in
    /// sight. False if this laptop was revoked.
    pub(crate) fn meet(&mut self, server: &mut Server) -> bool {
        let Some(reply) = server.hello(&self.hello().unwrap()) else { return false };
        self.forget(&reply.erased);
        self.ledger = reply.ledger;
        if self.proof.is_some_and(|proof| proof.at.epoch != reply.head.epoch) {
            self.come_over(server);
        } else if reply.highest_known >= self.next_dseq {
            // Put back from a copy of its disk: numbers it does not remember are given away.
            self.new_incarnation(self.incarnation.wrapping_mul(31) + 13).unwrap();
        }
        self.give_back(server);
        self.settle();
        true
    }

    /// Nothing of the erased stays: rows, what is kept to be given back, what waits (F12). Headers of what has a
    /// receipt stay.
    fn forget(&mut self, subjects: &[Uuid]) {
        if subjects.is_empty() && self.erased.is_empty() {
            return;
        }
        self.erased.extend(subjects.iter().map(|subject| (ANY_KIND, *subject)));
        let own = self.own.iter().flat_map(|own| &own.numbered.group.ops);
        let ops = own.chain(self.retained.groups().flat_map(|kept| &kept.group.ops));
        self.erased = forget(&self.erased, self.base.values(), ops);
        let gone = |op: &Op| lists(&self.erased, op.header.kind, op.header.record);
        self.base.retain(|(kind, record), _| !lists(&self.erased, *kind, *record));
        let mut taken: Vec<PageGroup> = self.retained.extract(gone);
        self.own.retain_mut(|own| {
            taken.push(own.as_offered());
            match own.numbered.group.part(|op| !gone(op)) {
                Some(part) => {
                    own.receipts.retain(|receipt| part.ops.iter().any(|op| op.id() == receipt.op));
                    own.numbered.group = part;
                    true
                }
                None => false,
            }
        });
        for group in &taken {
            for op in group.group.ops.iter().filter(|op| gone(op)) {
                let receipt = group.receipts.iter().find(|receipt| receipt.op == op.id());
                let bare = |receipt: &Receipt| BareOp {
                    header: op.header.clone(),
                    payload_hash: op.payload_hash(),
                    receipt: receipt.clone(),
                };
                self.bare.extend(receipt.map(|receipt| (op.id(), (bare(receipt), None))));
            }
        }
    }

    /// Of own ops about somebody erased the server kept nothing; nor does their laptop, but for the header.
    fn let_go(&mut self, answer: &GroupAnswer) {
        let gone = |op: &Op| answer.dropped.contains(&op.header.id.index);
        self.own.retain_mut(|own| {
            if own.numbered.group.id != answer.group {
                return true;
            }
            for op in own.numbered.group.ops.iter().filter(|op| gone(op)) {
                let receipt = own.receipts.iter().find(|receipt| receipt.op == op.id());
                let bare = |receipt: &Receipt| BareOp {
                    header: op.header.clone(),
                    payload_hash: op.payload_hash(),
                    receipt: receipt.clone(),
                };
                self.bare.extend(receipt.map(|receipt| (op.id(), (bare(receipt), None))));
            }
            let part = own.numbered.group.part(|op| !gone(op));
            own.receipts.retain(|receipt| !answer.dropped.contains(&receipt.op.index));
            own.numbered.group = part.clone().unwrap_or_else(|| own.numbered.group.clone());
            part.is_some()
        });
    }

    /// After what waited was pushed: what is not in sight any more is sealed and goes; what came into sight is
    /// fetched at the cursor that everything else stands at, and joins it (§5, §7).
    fn look_round(&mut self, server: &Server) {
        let sight = server.sight(self.device);
        if sight != self.sight {
            let gained: Rows =
                server.seen(&sight).into_iter().filter(|(_, row)| !self.sight.covers(row.scope)).collect();
            self.keep(&server.kept(gained.values()), server.head().epoch);
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

    /// One exchange: greeting, push all, then pull all, taking a new incarnation when the numbers do not fit. One that
    /// was revoked seals all that it holds and pushes what waits; of its own groups it keeps those without an answer.
    pub(crate) fn sync(&mut self, server: &mut Server) {
        let belongs = self.meet(server);
        self.push_all(server);
        self.ask_again(server);
        if !belongs {
            self.sight = Sight::NOTHING;
            self.hide_what_left();
            return;
        }
        self.pull(server, usize::MAX);
        self.look_round(server);
        self.retained.forget_up_to(server.watermark());
        self.sealed.forget_up_to(server.watermark());
    }

    /// What is kept apart may have been taken since, where no page brings it: its scope may not be in sight, or its
    /// record has moved on. Sent again under its number, it gets its receipt, or the same answer.
    fn ask_again(&mut self, server: &mut Server) {
        let apart = self.own.iter().filter(|own| own.answered && own.receipts.is_empty() && !own.mended);
        let groups: Vec<Numbered> = apart.map(|own| own.numbered.clone()).collect();
        if !groups.is_empty() {
            let reply = server.push(&Batch { groups, ..self.batch(1) });
            self.acknowledge(&reply).unwrap();
            // A restore forgot their numbers too, and nobody tells one that was revoked.
            if reply.groups.iter().any(|answer| !answer.outcome.uses_number()) {
                self.new_incarnation(self.incarnation.wrapping_mul(31) + 17).unwrap();
                self.push_all(server);
            }
        }
    }

    fn push_all(&mut self, server: &mut Server) {
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
    }

    pub(crate) fn pull(&mut self, server: &Server, most: usize) {
        let page = server.page(self.device, &self.sight, self.cursor, most);
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
            proof: self.proof,
            ledger: self.ledger,
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
            if settles && own.receipts.is_empty() {
                let of_it = |receipt: &&Receipt| receipt.op.group == group.id && !kept_apart;
                own.receipts = reply.receipts.iter().filter(of_it).cloned().collect();
                let answers = reply.groups.iter().filter(|answer| answer.group == group.id);
                own.at = answers.filter_map(|answer| answer.at).max();
            }
            own.answered |= settles;
        }
        for answer in reply.groups.iter().filter(|answer| !answer.dropped.is_empty()) {
            self.let_go(answer);
        }
        let mended = |answer: &GroupAnswer| answer.outcome == GroupOutcome::Quarantined(Quarantine::Mended);
        for own in &mut self.own {
            let id = own.numbered.group.id;
            own.mended |= reply.groups.iter().any(|answer| answer.group == id && mended(answer));
        }
        self.settle();
        Ok(settled)
    }

    fn apply_page(&mut self, page: Page) -> Result<(), Self::Error> {
        if page.from != self.cursor {
            return Err("the page does not begin at the cursor");
        }
        // What is lost goes with this page; what came into sight is fetched when all else stands at the head.
        self.sight = page.sight.unwrap_or(self.sight.clone());
        self.keep(&page.kept, page.to.epoch);
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
        self.forget(&[]);
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
