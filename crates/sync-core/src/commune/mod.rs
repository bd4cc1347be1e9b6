//! A commune's log, run by the rules: what comes in, what goes out, what waits, what is forgotten. This is all of the
//! server that is not a socket or a disk. Stores (memory, SQLite, PostgreSQL) stand behind [`CommuneStore`], which only
//! gets and puts; every call here runs within one transaction of theirs, and writing ones come one after the other.
//!
//! - [`Commune::greet`]: which life of the log this is. `intake`: what a laptop pushes, quarantine and its retries.
//! - `given_back`: what laptops return after a restore. `standing`: the ledger, erasures.
//! - [`page()`], [`rows`]: what a laptop gets.
//! - [`memory`]: the store that keeps everything in memory.

use std::collections::BTreeSet;

mod given_back;
mod intake;
pub mod memory;
mod page;
mod standing;

use domain::ids::{CommuneId, DeviceId, UserId};
use uuid::Uuid;

pub use intake::Sender;
pub use page::{Asked, Fetched, Stream, kept_of, page, rows, seen_part};
pub use standing::erased_since;

use crate::digest::Buckets;
use crate::erasure::Listed;
use crate::head::{HeadReceipt, Shown};
use crate::ingest::{Apart, Quarantine};
use crate::ledger::{Line, Mark};
use crate::offer::HistoryView;
use crate::op::{GroupId, Op, OpHash, OpId, Scope};
use crate::position::{ChainHash, Cursor, Epoch, Position};
use crate::receipt::{Receipt, ReceiptKey};
use crate::rights::Held;
use crate::row::Row;
use crate::stamp::Stamp;
use crate::wire::{Exit, Numbered, PageGroup, PageRow};

/// The commune's counter row: locked first in every writing transaction, written last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Whose log this is.
    pub commune: CommuneId,
    /// Which register; a copy that lives on its own is another one.
    pub store: Uuid,
    /// Where the stream stands.
    pub cursor: Cursor,
    /// The server's clock when it last took something; it never goes back.
    pub received_at_ms: i64,
    /// The last line of the ledger that this database has applied.
    pub ledger: Mark,
}

impl Head {
    /// The place of the next commit.
    pub fn next(&self) -> Position {
        Position { epoch: self.cursor.epoch.number, position: self.cursor.position + 1 }
    }
}

/// A group in quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Under the number it came with; of what was given back 0.
    pub numbered: Numbered,
    /// [`crate::group::Group::hash`] as it arrived: with the group's id, the name of what waits.
    pub content: [u8; 32],
    /// Why.
    pub reason: Quarantine,
    /// Given at its arrival, one for each of its ops.
    pub stamps: Vec<Stamp>,
    /// Of what was given back: the receipts that it had.
    pub receipts: Vec<Receipt>,
    /// The record for want of which it waits, where that is why; unknown of what came before this was noted.
    pub lacks: Option<(u16, Uuid)>,
    /// The server's clock at its arrival.
    pub received_at_ms: i64,
    /// Where in the stream it entered, by the present history.
    pub entered_at: u64,
}

impl Waiting {
    /// As a group of its name is told from it.
    pub fn apart(&self) -> Apart {
        let hashes = self.numbered.group.ops.iter().map(Op::hash).collect();
        Apart { reason: self.reason.clone(), scope: self.numbered.group.scope(), hashes }
    }

    /// Who wrote it.
    pub fn device(&self) -> Option<DeviceId> {
        self.numbered.group.ops.first().map(|op| op.header.device)
    }
}

/// What one position of the stream carries. A group that entered quarantine, and what only tells that something
/// happened, carries nothing. `G` is the form in which a store keeps groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent<G = PageGroup> {
    /// Its number in the present history.
    pub position: Position,
    /// Ops, with their receipts.
    pub group: Option<G>,
    /// Records that left a scope.
    pub exits: Vec<Exit>,
    /// Records that came whole.
    pub rows: Vec<PageRow>,
}

impl<G> Default for Sent<G> {
    fn default() -> Self {
        Self { position: Position::default(), group: None, exits: vec![], rows: vec![] }
    }
}

/// One position of the log.
#[derive(Clone, Debug)]
pub struct Commit {
    /// What it carries.
    pub sent: Sent,
    /// The chain up to here.
    pub chain: ChainHash,
    /// The scope of the group that was taken or kept apart.
    pub scope: Scope,
    /// Its name.
    pub group: GroupId,
    /// Why it was kept apart, or empty.
    pub code: String,
}

/// What a commune's store keeps. It decides nothing.
pub trait CommuneStore: HistoryView {
    /// The counter row.
    fn head(&self) -> Result<Head, Self::Error>;
    /// Writes the counter row.
    fn put_head(&mut self, head: &Head) -> Result<(), Self::Error>;
    /// The chain at a position of the present history; `None` beyond the head.
    fn chain_at(&self, position: u64) -> Result<Option<ChainHash>, Self::Error>;
    /// Appends a position.
    fn append(&mut self, commit: &Commit) -> Result<(), Self::Error>;
    /// The next positions after one that carry something, in their order, at most so many.
    fn sent_after(&self, position: u64, most: usize) -> Result<Vec<Sent>, Self::Error>;
    /// Writes anew which ops a position carries; with `None` no longer any.
    fn put_group(&mut self, position: Position, group: Option<&PageGroup>) -> Result<(), Self::Error>;
    /// Keeps an op's receipt, and where the present history has the op.
    fn put_receipt(&mut self, receipt: &Receipt, at: Position) -> Result<(), Self::Error>;
    /// Writes a record as it stands.
    fn put_row(&mut self, row: &Row) -> Result<(), Self::Error>;
    /// Removes a record, also where the stream carries it whole.
    fn remove_row(&mut self, kind: u16, record: Uuid) -> Result<(), Self::Error>;
    /// The records of a scope in these buckets, by kind and id.
    fn rows_in(&self, scope: Scope, buckets: &[u8]) -> Result<Vec<Row>, Self::Error>;
    /// The scopes that hold records.
    fn scopes(&self) -> Result<Vec<Scope>, Self::Error>;
    /// The digests of a scope.
    fn buckets(&self, scope: Scope) -> Result<Buckets, Self::Error>;
    /// Notes that a number was used up, and the highest stamp given under its incarnation.
    fn use_number(
        &mut self,
        device: DeviceId,
        numbered: &Numbered,
        stamp: Option<Stamp>,
    ) -> Result<(), Self::Error>;
    /// What is kept apart, or that part of it, in the order in which it came.
    fn waiting(&self, which: Which) -> Result<Vec<Waiting>, Self::Error>;
    /// For want of which records groups wait.
    fn lacked(&self) -> Result<BTreeSet<Option<(u16, Uuid)>>, Self::Error>;
    /// Keeps a group apart; one of that name and content is written anew.
    fn put_waiting(&mut self, waiting: &Waiting) -> Result<(), Self::Error>;
    /// A group waits no longer.
    fn remove_waiting(&mut self, group: GroupId, content: [u8; 32]) -> Result<(), Self::Error>;
    /// Who works on a device.
    fn users_of(&self, device: DeviceId) -> Result<Vec<UserId>, Self::Error>;
    /// What they may write, ended assignments included; of a revoked device nothing.
    fn held_by(&self, device: DeviceId) -> Result<Vec<Held>, Self::Error>;
    /// Applies a line of the ledger.
    fn put_line(&mut self, line: &Line) -> Result<(), Self::Error>;
    /// The code of a line of the ledger that was applied.
    fn line_code(&self, number: u64) -> Result<Option<[u8; 16]>, Self::Error>;
    /// Whose erasure was ordered after a line.
    fn erased_after(&self, number: u64) -> Result<Vec<Uuid>, Self::Error>;
    /// Lists records that are to be forgotten ([`crate::ingest::LogView::erased`]).
    fn put_erased(&mut self, records: &[Listed]) -> Result<(), Self::Error>;
    /// A record was listed by what was begun, and is none of the erased.
    fn remove_erased(&mut self, kind: u16, record: Uuid) -> Result<(), Self::Error>;
    /// Notes that a record was meant for a scope in which it does not lie ([`crate::ingest::LogView::left`]).
    fn put_left(&mut self, kind: u16, record: Uuid, scope: Scope, at: Position) -> Result<(), Self::Error>;
    /// Of which kinds there are records of this id.
    fn kinds_of(&self, record: Uuid) -> Result<Vec<u16>, Self::Error>;
}

/// Which of the groups that are kept apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// Each.
    All,
    /// Those of this name.
    Of(GroupId),
    /// What waits for this reason.
    For(Quarantine),
    /// What waits for want of this record ([`Waiting::lacks`]).
    Lacking(Option<(u16, Uuid)>),
}

/// A commune's log within one writing transaction.
#[derive(Debug)]
pub struct Commune<'a, S> {
    /// The store.
    pub store: S,
    /// The counter row as it will be written.
    pub head: Head,
    keys: &'a ReceiptKey,
    /// Records that were begun since waiting groups were last tried: one may stand on them.
    news: BTreeSet<(u16, Uuid)>,
    /// Something was listed, and may be named by what waits.
    sweeps: bool,
    /// Something moved, and may be where somebody wrote to it.
    moved: bool,
    /// Lines of the ledger that are in no file yet.
    written: Vec<Line>,
}

impl<'a, S: CommuneStore> Commune<'a, S> {
    /// Begins, by the server's clock.
    pub fn begin(store: S, keys: &'a ReceiptKey, now_ms: i64) -> Result<Self, S::Error> {
        let mut head = store.head()?;
        // Stamps stand on it: the clock of the server's word never goes back.
        head.received_at_ms = head.received_at_ms.max(now_ms);
        Ok(Self { store, head, keys, news: BTreeSet::new(), sweeps: false, moved: false, written: vec![] })
    }

    /// Retries what waits and writes the counter row: the last thing before the commit. The lines that came up are to be
    /// in the ledger's file before the commit is.
    pub fn finish(mut self) -> Result<(S, Vec<Line>), S::Error> {
        self.settle()?;
        let lines = self.put_head()?;
        Ok((self.store, lines))
    }

    /// The end of [`Commune::finish`], for somebody who has settled everything.
    pub fn put_head(&mut self) -> Result<Vec<Line>, S::Error> {
        self.store.put_head(&self.head)?;
        Ok(std::mem::take(&mut self.written))
    }

    /// The server's word where it stands now.
    pub fn proof(&self) -> HeadReceipt {
        self.keys.seal_head(self.head.store, self.head.cursor)
    }

    /// A laptop shows where the log once stood, before it sends anything. If the log was put back since, its next
    /// epoch begins (§6); `nonce` is random.
    pub fn greet(&mut self, shown: &HeadReceipt, nonce: u64) -> Result<Shown, S::Error> {
        let (store, cursor) = (self.head.store, self.head.cursor);
        let verdict = Shown::judge(shown, self.keys, store, &cursor, |at| self.store.chain_at(at))?;
        if verdict == Shown::Rewound {
            self.begin_epoch(Some(shown.at.epoch), nonce);
        }
        Ok(verdict)
    }

    /// The next life of the log begins, after this one and whatever other was heard of.
    pub fn begin_epoch(&mut self, heard: Option<Epoch>, nonce: u64) {
        self.head.cursor.epoch = self.head.cursor.epoch.next(heard, nonce);
    }

    /// Writes a position: the chain goes on over these ops and whole rows.
    fn advance<'o>(
        &mut self,
        scope: Scope,
        group: GroupId,
        code: &str,
        ops: impl IntoIterator<Item = (OpId, &'o OpHash, Stamp)>,
        sent: Sent,
    ) -> Result<(), S::Error> {
        let position = self.head.next();
        let code_of_chain = (!code.is_empty()).then_some(code);
        let chain = self.head.cursor.hash.after(position, code_of_chain, ops);
        self.head.cursor = Cursor { position: position.position, hash: chain, ..self.head.cursor };
        let sent = Sent { position, ..sent };
        self.store.append(&Commit { sent, chain, scope, group, code: code.to_owned() })
    }
}
