//! A laptop's side of the log, told once: what an answer, a page or a new life of the log does to what it holds (§3 to
//! §9). The laptop's database, the memory of the tests and the simulator are stores behind [`LaptopStore`], which gets
//! and puts; the rules are here.
//!
//! - `pushing`: numbers, batches, answers.
//! - `pulling`: pages, and rows that are compared and fetched.
//! - `returning`: the greeting, and what is given back. `leaving`: what goes out of sight, and is sealed.
//! - `forgetting`: who was erased.
//! - `memory`: the store that the histories run on.
//!
//! One call is one transaction of the store: what a call changes is kept together or not at all (F5).

mod forgetting;
mod leaving;
pub mod memory;
mod pulling;
mod pushing;
mod returning;

use std::collections::BTreeSet;

use domain::ids::{CommuneId, DeviceId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::digest::Buckets;
use crate::erasure::Listed;
use crate::head::HeadReceipt;
use crate::ingest::Quarantine;
use crate::ledger::Mark;
use crate::local::LocalCounts;
use crate::offer::BareOp;
use crate::op::{GroupId, Op, Scope};
use crate::position::{Cursor, Epoch, Position};
use crate::receipt::Receipt;
use crate::rights::Sight;
use crate::row::Row;
use crate::wire::{Hello, Numbered, PROTOCOL, PageGroup};

pub use pulling::Compared;
pub use returning::{Giving, Round};

/// How far a laptop has come. What is not written yet is as in a new one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// Which life of this store; random.
    pub incarnation: u64,
    /// The highest number given in it.
    pub highest_dseq: u64,
    /// Last seen of the commune's stream; `None` before the first page, and in a new epoch.
    pub cursor: Option<Cursor>,
    /// In which life of the log it is at home; `None` if it never heard of one.
    pub epoch: Option<Epoch>,
    /// The rows are not those of the cursor: digests are compared before the stream goes on.
    pub compares: bool,
    /// The farthest that the server ever said it stands.
    pub proof: Option<HeadReceipt>,
    /// What it may see, as far as it has heard.
    pub sight: Option<Sight>,
    /// The last line of the ledger that was applied here.
    pub ledger: Mark,
    /// Up to here nothing need be kept to be given back (F2).
    pub watermark: Position,
    /// The line of the ledger at which what somebody decided about was last asked for.
    pub asked: Mark,
}

impl State {
    /// In which life of the log it is at home.
    pub fn epoch(&self) -> Option<Epoch> {
        self.epoch.or(self.cursor.map(|cursor| cursor.epoch))
    }
}

/// What the commune said of an own group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing yet.
    Pending,
    /// It has it. The group stays in the overlay until the stream delivers it (F4).
    Taken,
    /// It is kept apart, where a person sees it.
    Apart(Quarantine),
}

/// An own group that is not in the base yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// The group under its present number.
    pub numbered: Numbered,
    /// What the commune said of it.
    pub standing: Standing,
    /// Of its ops, once they have one; of a group in quarantine none.
    pub receipts: Vec<Receipt>,
    /// Where the present history has it.
    pub at: Option<Position>,
    /// A person decided about it: it is kept and no longer shown.
    pub mended: bool,
}

impl Own {
    /// A Save that nobody has heard of.
    pub fn new(numbered: Numbered) -> Self {
        Self { numbered, standing: Standing::Pending, receipts: vec![], at: None, mended: false }
    }

    /// As it is given back.
    pub fn as_offered(&self) -> PageGroup {
        let (group, receipts) = (self.numbered.group.clone(), self.receipts.clone());
        PageGroup { position: self.at.unwrap_or_default(), group, receipts }
    }
}

/// Which own groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Each.
    All,
    /// Those the commune has said nothing of.
    Pending,
    /// Those the commune has.
    Taken,
    /// Those that are kept apart without a receipt.
    Apart,
    /// What the present history has at this position or before.
    UpTo(Position),
    /// What has a receipt and no place in this epoch, as far as is known.
    Elsewhere(u32),
}

/// What the rules get and put. Within a call of the rules it is one transaction.
pub trait LaptopStore {
    /// Why the store failed.
    type Error;

    /// Whose register, and which laptop.
    fn identity(&self) -> (CommuneId, DeviceId);
    /// How far it has come.
    fn state(&self) -> Result<State, Self::Error>;
    /// Writes that.
    fn put_state(&mut self, state: &State) -> Result<(), Self::Error>;

    /// A base row.
    fn row(&self, kind: u16, record: Uuid) -> Result<Option<Row>, Self::Error>;
    /// Writes a base row.
    fn put_row(&mut self, row: &Row) -> Result<(), Self::Error>;
    /// The record is not here any more.
    fn remove_row(&mut self, kind: u16, record: Uuid) -> Result<(), Self::Error>;
    /// The scopes that hold base rows.
    fn scopes(&self) -> Result<Vec<Scope>, Self::Error>;
    /// The base rows of a scope in these buckets, or in all.
    fn rows_in(&self, scope: Scope, buckets: Option<&[u8]>) -> Result<Vec<Row>, Self::Error>;
    /// All base rows.
    fn rows(&self) -> Result<Vec<Row>, Self::Error> {
        let mut all = Vec::new();
        for scope in self.scopes()? {
            all.extend(self.rows_in(scope, None)?);
        }
        Ok(all)
    }
    /// The digests of a scope.
    fn buckets(&self, scope: Scope) -> Result<Buckets, Self::Error> {
        Ok(Buckets::of(&self.rows_in(scope, None)?))
    }

    /// An own group that is not in the base yet.
    fn own(&self, group: GroupId) -> Result<Option<Own>, Self::Error>;
    /// Own groups in the order of saving, at most so many.
    fn owns(&self, which: Which, most: usize) -> Result<Vec<Own>, Self::Error>;
    /// Writes an own group anew, the ops in it excepted.
    fn put_own(&mut self, own: &Own) -> Result<(), Self::Error>;
    /// Writes an own group anew that has fewer ops now.
    fn put_part_of_own(&mut self, own: &Own) -> Result<(), Self::Error>;
    /// It is in the base, or nothing of it is left.
    fn remove_own(&mut self, group: GroupId) -> Result<(), Self::Error>;
    /// How much waits.
    fn counts(&self) -> Result<LocalCounts, Self::Error>;

    /// A group that is kept to be given back.
    fn kept(&self, group: GroupId) -> Result<Option<PageGroup>, Self::Error>;
    /// The names of all that is kept.
    fn kept_names(&self) -> Result<Vec<GroupId>, Self::Error>;
    /// The names of what is kept that has an op of this record.
    fn kept_about(&self, kind: u16, record: Uuid) -> Result<Vec<GroupId>, Self::Error>;
    /// What is kept and has no place in this epoch, by name, after this one, at most so many.
    fn kept_elsewhere(
        &self,
        epoch: u32,
        after: Option<GroupId>,
        most: usize,
    ) -> Result<Vec<PageGroup>, Self::Error>;
    /// Keeps a group.
    fn put_kept(&mut self, group: &PageGroup) -> Result<(), Self::Error>;
    /// Keeps it no longer.
    fn remove_kept(&mut self, group: GroupId) -> Result<(), Self::Error>;

    /// Keeps a group, or part of one, that only the commune can read from now on.
    fn seal(&mut self, group: &PageGroup) -> Result<(), Self::Error>;
    /// What is sealed and has no place in this epoch, by its number here, after this one, at most so many.
    fn sealed_elsewhere(
        &self,
        epoch: u32,
        after: u64,
        most: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, Self::Error>;
    /// Nothing of it is to be given back any more.
    fn remove_sealed(&mut self, number: u64) -> Result<(), Self::Error>;
    /// The present history has it there.
    fn put_sealed_at(&mut self, number: u64, position: Position) -> Result<(), Self::Error>;

    /// The end of an exchange: forgets what is kept or sealed and has a place in the watermark's epoch that is not after it,
    /// and what was begun at doors of households that are not here.
    fn forget_up_to(&mut self, watermark: Position) -> Result<(), Self::Error>;

    /// The name of an op of which nothing else is left.
    fn put_bare(&mut self, bare: &BareOp) -> Result<(), Self::Error>;
    /// Names that were not offered in this epoch since that line of the ledger, at most so many.
    fn bare_to_offer(&self, epoch: u32, ledger: Mark, most: usize) -> Result<Vec<BareOp>, Self::Error>;
    /// They were.
    fn put_bare_offered(&mut self, bare: &[BareOp], epoch: u32, ledger: Mark) -> Result<(), Self::Error>;

    /// Who is listed, by the ledger or by lying under somebody listed.
    fn erased(&self) -> Result<BTreeSet<Listed>, Self::Error>;
    /// Lists more.
    fn put_erased(&mut self, listed: &BTreeSet<Listed>) -> Result<(), Self::Error>;
    /// What was just taken away must not stay readable where the store wrote it either.
    fn scrub(&mut self);
}

/// A laptop's store within one transaction.
#[derive(Debug)]
pub struct Laptop<S> {
    /// The store.
    pub store: S,
    /// How far it has come, as it will be written.
    pub state: State,
    /// What is not here any more, and may be spoken of in what is kept.
    lost: BTreeSet<(u16, Uuid)>,
    /// The state as it stands in the store.
    before: State,
    /// What came to be kept in this transaction of records that may not be here.
    news: BTreeSet<GroupId>,
}

impl<S: LaptopStore> Laptop<S> {
    /// Begins.
    pub fn begin(store: S) -> Result<Self, S::Error> {
        let state = store.state()?;
        Ok(Self { store, before: state.clone(), state, lost: BTreeSet::new(), news: BTreeSet::new() })
    }

    /// Seals what left, and writes how far it has come: the last thing before the commit.
    pub fn finish(mut self) -> Result<S, S::Error> {
        self.seal_what_left()?;
        if self.state != self.before {
            self.store.put_state(&self.state)?;
        }
        Ok(self.store)
    }

    /// Who this laptop is and how far it has come.
    pub fn hello(&self) -> Hello {
        let (commune, device) = self.store.identity();
        let State { incarnation, highest_dseq, cursor, proof, ledger, .. } = self.state;
        Hello { protocol: PROTOCOL, commune, device, incarnation, cursor, highest_dseq, proof, ledger }
    }

    fn heard(&mut self, proof: Option<HeadReceipt>) {
        self.state.proof = HeadReceipt::farthest(self.state.proof, proof);
    }

    fn take_away(&mut self, kind: u16, record: Uuid) -> Result<(), S::Error> {
        self.lost.insert((kind, record));
        self.store.scrub();
        self.store.remove_row(kind, record)
    }

    fn has_row(&self, op: &Op) -> Result<bool, S::Error> {
        Ok(self.store.row(op.header.kind, op.header.record)?.is_some())
    }
}
