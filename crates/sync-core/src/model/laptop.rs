//! The laptop's side of the model: the rules of [`crate::laptop`] over a store in memory, and the messages of an exchange
//! with the model's server, one after the other.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::ops::{Deref, DerefMut};

use domain::ids::DeviceId;
use uuid::Uuid;

use super::server::Server;
use crate::group::{Group, GroupLimits};
use crate::laptop::memory::Memory;
use crate::laptop::{Compared, Laptop as Rules, Own, Round, State};
use crate::local::LocalStore;
use crate::op::{Op, OpId};
use crate::rights::Sight;
use crate::row::Row;
use crate::samples::{COMMUNE, device};
use crate::snapshot::{Snapshot, SnapshotHash};
use crate::wire::*;

/// Small enough that rounds and batches are told apart.
const LIMITS: BatchLimits = BatchLimits { groups: 3, bytes: 1 << 20 };

#[derive(Clone)]
pub(crate) struct Laptop {
    pub(crate) device: DeviceId,
    memory: Memory,
    /// So many messages until the line is cut.
    pub(crate) line: u32,
}

impl Deref for Laptop {
    type Target = Memory;
    fn deref(&self) -> &Memory {
        &self.memory
    }
}

impl DerefMut for Laptop {
    fn deref_mut(&mut self) -> &mut Memory {
        &mut self.memory
    }
}

impl Laptop {
    pub(crate) fn new(n: u128) -> Self {
        let state = State { incarnation: 1, sight: Some(Sight::All), ..State::default() };
        Self { device: device(n), memory: Memory::new(COMMUNE, device(n), state), line: u32::MAX }
    }

    /// One that begins with snapshots instead of the stream's beginning; all else comes as tail.
    pub(crate) fn begun_with(n: u128, snapshots: &[(Vec<u8>, SnapshotHash)]) -> Self {
        let mut laptop = Self::new(n);
        let mut scopes = BTreeSet::new();
        for (bytes, name) in snapshots {
            let snapshot = Snapshot::from_bytes(bytes, *name).unwrap();
            assert!(laptop.state.cursor.is_none_or(|cursor| cursor == snapshot.at), "cut at one place");
            laptop.state.cursor = Some(snapshot.at);
            laptop.state.ledger = snapshot.ledger;
            scopes.insert(snapshot.scope);
            laptop.base.extend(snapshot.rows.into_iter().map(|row| ((row.kind, row.record), row)));
        }
        laptop.state.sight = Some(Sight::Only(scopes));
        laptop
    }

    /// The ops that it has, readable or not.
    pub(crate) fn held(&self) -> impl Iterator<Item = OpId> {
        let own = self.own.iter().flat_map(|own| &own.numbered.group.ops);
        let kept = self.retained.values().chain(self.sealed.values()).flat_map(|kept| &kept.group.ops);
        own.chain(kept).map(Op::id)
    }

    /// True if it has the op, readable or not.
    pub(crate) fn holds(&self, op: OpId) -> bool {
        self.held().any(|one| one == op)
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
        self.state.highest_dseq += 1;
        let (incarnation, dseq) = (self.state.incarnation, self.state.highest_dseq);
        self.own.push(Own::new(Numbered { incarnation, dseq, group }));
    }

    pub(crate) fn batch(&self, most: usize) -> Batch {
        let limits = BatchLimits { groups: most, ..LIMITS };
        let groups = self.clone().next_batch(&limits).unwrap();
        self.carrying(groups)
    }

    fn carrying(&self, groups: Vec<Numbered>) -> Batch {
        // The model's server takes a batch of whatever epoch.
        Batch { protocol: PROTOCOL, commune: COMMUNE, device: self.device, epoch: 1, offsets: vec![], groups }
    }

    fn random(&self, salt: u64) -> u64 {
        self.state.incarnation.wrapping_mul(31).wrapping_add(salt)
    }

    /// One message more; false if the line is cut.
    fn carries(&mut self) -> bool {
        let carries = self.line > 0;
        self.line = self.line.saturating_sub(1);
        carries
    }

    /// Compares digests with the server's, and fetches the rows of the buckets that differ (§8). Returns how many
    /// buckets did.
    pub(crate) fn repair(&mut self, server: &Server) -> usize {
        let mut differed = 0;
        for round in 0.. {
            assert!(round < 100, "rows are fetched for ever");
            if !self.carries() {
                break;
            }
            match self.compare(&server.digests(self.device)).unwrap() {
                Compared::Same => break,
                Compared::GreetAgain => panic!("nobody else is at work"),
                Compared::Differ(request) => {
                    // A later round asks for what one answer could not carry.
                    differed = differed.max(request.of.iter().map(|(_, buckets)| buckets.len()).sum());
                    assert!(self.take_rows(&server.rows(self.device, &request)).unwrap());
                }
            }
        }
        differed
    }

    /// Gives back whatever has no place in the present history yet.
    fn give_back(&mut self, server: &mut Server) {
        let mut round = Round::default();
        while let Some(giving) = self.to_offer(&mut round, &LIMITS).unwrap() {
            if !self.carries() {
                return;
            }
            let reply = server.offer(&giving.offer);
            self.offered(&giving, &reply).unwrap();
        }
    }

    /// The greeting, and what the log lacks: after it, both know which life of the log this is, who was erased, and what is
    /// in sight. False if this laptop was revoked, or the line was cut.
    pub(crate) fn meet(&mut self, server: &mut Server) -> bool {
        let hello = self.hello().unwrap();
        let reply = server.hello(&hello);
        let belongs = reply.is_some();
        match reply {
            Some(reply) => LocalStore::meet(self, &reply, self.random(11)).unwrap(),
            None => self.turned_away().unwrap(),
        }
        self.give_back(server);
        belongs && self.line > 0
    }

    /// One exchange: greeting, giving back, push all, then compare rows in another life of the log and pull all, taking a new
    /// incarnation when the numbers do not fit. One that was revoked seals all that it holds and gives it back.
    pub(crate) fn sync(&mut self, server: &mut Server) {
        self.line = u32::MAX;
        let belongs = self.meet(server);
        self.push_all(server);
        self.ask_again(server);
        if !belongs {
            return;
        }
        self.pull(server, usize::MAX);
        if self.look_round(&server.sight(self.device)).unwrap() {
            self.repair(server);
        }
        self.forget_what_is_safe().unwrap();
    }

    /// What is kept apart may have been taken since.
    fn ask_again(&mut self, server: &mut Server) {
        let mut after = 0;
        loop {
            let groups = self.next_apart(after, &LIMITS).unwrap();
            let Some(last) = groups.last() else { return };
            after = last.dseq;
            let reply = server.push(&self.carrying(groups));
            self.acknowledge(&reply).unwrap();
            // A restore forgot their numbers too, and nobody tells one that was revoked.
            if reply.groups.iter().any(|answer| !answer.outcome.uses_number()) {
                self.new_incarnation(self.random(17)).unwrap();
                return self.push_all(server);
            }
        }
    }

    fn push_all(&mut self, server: &mut Server) {
        for round in 0.. {
            assert!(round < 100, "a push never ends");
            let batch = self.batch(LIMITS.groups);
            if batch.groups.is_empty() {
                break;
            }
            let reply = server.push(&batch);
            self.acknowledge(&reply).unwrap();
            if reply.groups.iter().any(|answer| !answer.outcome.uses_number()) {
                self.new_incarnation(self.random(7)).unwrap();
            }
        }
    }

    pub(crate) fn pull(&mut self, server: &Server, most: usize) {
        if self.state.compares {
            self.repair(server);
        }
        if !self.carries() || self.state.compares {
            return;
        }
        let believed = self.state.sight.clone().unwrap();
        let page = server.page(self.device, &believed, self.state.cursor, most);
        let bytes = serde_json::to_vec(&page).unwrap();
        self.apply_page(serde_json::from_slice(&bytes).unwrap()).unwrap();
    }
}

impl LocalStore for Laptop {
    type Error = &'static str;
    type Fault = Infallible;
    type Tables<'t> = Memory;

    fn exchange<T>(
        &mut self,
        step: impl for<'t> FnOnce(&mut Rules<Memory>) -> Result<T, Infallible>,
    ) -> Result<T, &'static str> {
        let empty = Memory::new(COMMUNE, self.device, State::default());
        let Ok(mut rules) = Rules::begin(std::mem::replace(&mut self.memory, empty));
        let Ok(value) = step(&mut rules);
        let Ok(memory) = rules.finish();
        self.memory = memory;
        Ok(value)
    }

    fn not_at_cursor(&self) -> &'static str {
        "the page does not begin at the cursor"
    }

    fn unwritable(&self) -> &'static str {
        "a pending group cannot be written"
    }

    fn offsets(&self, _: &[Numbered]) -> Result<Vec<SessionOffset>, Self::Error> {
        Ok(vec![])
    }

    fn session(&mut self) -> Result<(u64, i64), Self::Error> {
        Ok((self.state.incarnation, 0))
    }

    fn learn_offset(&mut self, _: u64, _: i64) -> Result<(), Self::Error> {
        Ok(())
    }
}
