//! A commune's store that keeps everything in memory: for the simulator, and the one that the others are compared with.
//! A clone of it is a backup.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use domain::ids::{CommuneId, DeviceId, UserId};
use uuid::Uuid;

use super::{Commit, CommuneStore, Head, Sent, Waiting, Which};
use crate::digest::{Buckets, bucket_of};
use crate::erasure::{Listed, lists};
use crate::ingest::{Apart, LogView, Quarantine};
use crate::ledger::{Line, Mark, Standing};
use crate::offer::HistoryView;
use crate::op::{GroupId, OpHash, OpId, Scope};
use crate::parents::ids_above;
use crate::position::{ChainHash, Cursor, Epoch, Position};
use crate::receipt::Receipt;
use crate::rights::Held;
use crate::row::Row;
use crate::stamp::Stamp;
use crate::wire::{Numbered, PageGroup};

/// Everything that a commune's database holds.
#[derive(Clone, Debug)]
pub struct Memory {
    head: Head,
    chain: Vec<ChainHash>,
    sent: BTreeMap<u64, Sent>,
    /// By kind and id.
    pub rows: BTreeMap<(u16, Uuid), Row>,
    /// What lies right under a record.
    under: BTreeSet<(Uuid, u16, Uuid)>,
    kinds: BTreeSet<(Uuid, u16)>,
    /// Where the stream has ops of a record.
    at: BTreeSet<(u16, Uuid, u64)>,
    /// Receipts of every op that was taken, and where the present history has it.
    pub known: BTreeMap<OpId, (Receipt, u64)>,
    /// Quarantine, in the order in which it came.
    pub waiting: Vec<Waiting>,
    numbers: BTreeMap<(DeviceId, u64), BTreeMap<u64, GroupId>>,
    last_stamps: BTreeMap<(DeviceId, u64), Stamp>,
    left: BTreeMap<(u16, Uuid, Scope), u64>,
    erased: BTreeSet<Listed>,
    /// What the ledger says, as far as it was applied.
    pub standing: Standing,
    /// How often somebody asked for a row.
    #[cfg(test)]
    pub(crate) rows_read: std::cell::Cell<usize>,
}

impl Memory {
    /// An empty log.
    pub fn new(commune: CommuneId, store: Uuid, epoch: Epoch) -> Self {
        let cursor = Cursor { epoch, ..Cursor::default() };
        Self {
            head: Head { commune, store, cursor, received_at_ms: i64::MIN, ledger: Mark::default() },
            chain: vec![ChainHash::default()],
            sent: BTreeMap::new(),
            rows: BTreeMap::new(),
            under: BTreeSet::new(),
            kinds: BTreeSet::new(),
            at: BTreeSet::new(),
            known: BTreeMap::new(),
            waiting: vec![],
            numbers: BTreeMap::new(),
            last_stamps: BTreeMap::new(),
            left: BTreeMap::new(),
            erased: BTreeSet::new(),
            standing: Standing::default(),
            #[cfg(test)]
            rows_read: std::cell::Cell::default(),
        }
    }

    fn forget_row(&mut self, kind: u16, record: Uuid) -> Option<Row> {
        let row = self.rows.remove(&(kind, record))?;
        for above in ids_above(&row) {
            self.under.remove(&(above, kind, record));
        }
        self.kinds.remove(&(record, kind));
        Some(row)
    }

    fn index(&mut self, position: u64, group: &PageGroup) {
        self.at.extend(group.group.ops.iter().map(|op| (op.header.kind, op.header.record, position)));
    }

    /// What the stream carries.
    pub fn groups(&self) -> impl DoubleEndedIterator<Item = &PageGroup> {
        self.sent.values().filter_map(|sent| sent.group.as_ref())
    }
}

impl LogView for Memory {
    type Error = Infallible;

    fn known(&self, op: OpId) -> Result<Option<(OpHash, Receipt)>, Infallible> {
        Ok(self.known.get(&op).map(|(receipt, _)| (receipt.op_hash, receipt.clone())))
    }

    fn row(&self, kind: u16, record: Uuid) -> Result<Option<Row>, Infallible> {
        #[cfg(test)]
        self.rows_read.update(|count| count + 1);
        Ok(self.rows.get(&(kind, record)).cloned())
    }

    fn stamp_of(&self, op: OpId) -> Result<Option<Stamp>, Infallible> {
        if let Some((receipt, _)) = self.known.get(&op) {
            return Ok(Some(receipt.stamp));
        }
        let of_it = self.waiting.iter().filter_map(|waiting| {
            let ops = waiting.numbered.group.ops.iter().zip(&waiting.stamps);
            ops.filter(|(one, _)| one.id() == op).map(|(_, stamp)| *stamp).next()
        });
        Ok(of_it.max())
    }

    fn last_stamp(&self, device: DeviceId, incarnation: u64) -> Result<Option<Stamp>, Infallible> {
        Ok(self.last_stamps.get(&(device, incarnation)).copied())
    }

    fn last_number(&self, device: DeviceId, incarnation: u64) -> Result<u64, Infallible> {
        let used = self.numbers.get(&(device, incarnation)).and_then(BTreeMap::last_key_value);
        Ok(used.map_or(0, |(number, _)| *number))
    }

    fn group_at(&self, device: DeviceId, incarnation: u64, dseq: u64) -> Result<Option<GroupId>, Infallible> {
        Ok(self.numbers.get(&(device, incarnation)).and_then(|used| used.get(&dseq)).copied())
    }

    fn apart(&self, group: GroupId) -> Result<Vec<Apart>, Infallible> {
        Ok(self.waiting(Which::Of(group))?.iter().map(Waiting::apart).collect())
    }

    fn took(&self, group: GroupId) -> Result<bool, Infallible> {
        let [first, last] = [0, u16::MAX].map(|index| OpId { group, index });
        Ok(self.known.range(first..=last).next().is_some())
    }

    fn left(&self, kind: u16, record: Uuid, scope: Scope) -> Result<Option<Position>, Infallible> {
        let epoch = self.head.cursor.epoch.number;
        Ok(self.left.get(&(kind, record, scope)).map(|position| Position { epoch, position: *position }))
    }

    fn erased(&self, kind: u16, record: Uuid) -> Result<bool, Infallible> {
        Ok(lists(&self.erased, kind, record))
    }
}

impl HistoryView for Memory {
    fn groups_of(&self, kind: u16, record: Uuid) -> Result<Vec<PageGroup>, Infallible> {
        let at = self.at.range((kind, record, 0)..=(kind, record, u64::MAX));
        let groups = at.filter_map(|(.., position)| self.sent.get(position)?.group.clone());
        Ok(groups.collect())
    }

    fn committed_at(&self, op: OpId) -> Result<Option<Position>, Infallible> {
        let epoch = self.head.cursor.epoch.number;
        Ok(self.known.get(&op).map(|(_, position)| Position { epoch, position: *position }))
    }

    fn under(&self, id: Uuid) -> Result<Vec<(u16, Uuid)>, Infallible> {
        let under = self.under.range((id, 0, Uuid::nil())..=(id, u16::MAX, Uuid::max()));
        Ok(under.map(|(_, kind, record)| (*kind, *record)).collect())
    }
}

impl CommuneStore for Memory {
    fn head(&self) -> Result<Head, Infallible> {
        Ok(self.head)
    }

    fn put_head(&mut self, head: &Head) -> Result<(), Infallible> {
        self.head = *head;
        Ok(())
    }

    fn chain_at(&self, position: u64) -> Result<Option<ChainHash>, Infallible> {
        Ok(usize::try_from(position).ok().and_then(|at| self.chain.get(at)).copied())
    }

    fn append(&mut self, commit: &Commit) -> Result<(), Infallible> {
        self.chain.push(commit.chain);
        let position = commit.sent.position.position;
        let left = commit.sent.exits.iter().map(|exit| (exit.kind, exit.record, exit.from.into()));
        self.left.extend(left.map(|left| (left, position)));
        if let Some(group) = &commit.sent.group {
            self.index(position, group);
        }
        self.sent.insert(commit.sent.position.position, commit.sent.clone());
        Ok(())
    }

    fn sent_after(&self, position: u64, most: usize) -> Result<Vec<Sent>, Infallible> {
        let carries = |sent: &&Sent| sent.group.is_some() || !sent.exits.is_empty() || !sent.rows.is_empty();
        let after = self.sent.range(position.saturating_add(1)..).map(|(_, sent)| sent);
        let epoch = self.head.cursor.epoch.number;
        let present = |sent: &Sent| {
            let mut sent = sent.clone();
            sent.position.epoch = epoch;
            sent.exits.iter_mut().for_each(|exit| exit.position.epoch = epoch);
            sent.rows.iter_mut().for_each(|whole| whole.position.epoch = epoch);
            sent
        };
        Ok(after.filter(carries).take(most).map(present).collect())
    }

    fn put_group(&mut self, position: Position, group: Option<&PageGroup>) -> Result<(), Infallible> {
        if let Some(sent) = self.sent.get_mut(&position.position) {
            for op in sent.group.iter().flat_map(|old| &old.group.ops) {
                self.at.remove(&(op.header.kind, op.header.record, position.position));
            }
            sent.group = group.cloned();
        }
        if let Some(group) = group {
            self.index(position.position, group);
        }
        Ok(())
    }

    fn put_receipt(&mut self, receipt: &Receipt, at: Position) -> Result<(), Infallible> {
        self.known.insert(receipt.op, (receipt.clone(), at.position));
        Ok(())
    }

    fn put_row(&mut self, row: &Row) -> Result<(), Infallible> {
        self.forget_row(row.kind, row.record);
        self.under.extend(ids_above(row).map(|above| (above, row.kind, row.record)));
        self.kinds.insert((row.record, row.kind));
        self.rows.insert((row.kind, row.record), row.clone());
        Ok(())
    }

    fn remove_row(&mut self, kind: u16, record: Uuid) -> Result<(), Infallible> {
        self.forget_row(kind, record);
        self.sent.values_mut().for_each(|sent| {
            sent.rows.retain(|whole| (whole.row.kind, whole.row.record) != (kind, record));
        });
        Ok(())
    }

    fn rows_in(&self, scope: Scope, buckets: &[u8]) -> Result<Vec<Row>, Infallible> {
        let asked = |row: &&Row| row.scope == scope && buckets.contains(&bucket_of(row.record));
        Ok(self.rows.values().filter(asked).cloned().collect())
    }

    fn scopes(&self) -> Result<Vec<Scope>, Infallible> {
        let scopes: BTreeSet<Scope> = self.rows.values().map(|row| row.scope).collect();
        Ok(scopes.into_iter().collect())
    }

    fn buckets(&self, scope: Scope) -> Result<Buckets, Infallible> {
        Ok(Buckets::of(self.rows.values().filter(|row| row.scope == scope)))
    }

    fn use_number(
        &mut self,
        device: DeviceId,
        numbered: &Numbered,
        stamp: Option<Stamp>,
    ) -> Result<(), Infallible> {
        let key = (device, numbered.incarnation);
        self.numbers.entry(key).or_default().entry(numbered.dseq).or_insert(numbered.group.id);
        if let Some(stamp) = stamp {
            let last = self.last_stamps.entry(key).or_insert(stamp);
            *last = stamp.max(*last);
        }
        Ok(())
    }

    fn waiting(&self, which: Which) -> Result<Vec<Waiting>, Infallible> {
        let asked = |one: &&Waiting| match &which {
            Which::All => true,
            Which::Of(group) => one.numbered.group.id == *group,
            Which::For(reason) => one.reason == *reason,
            Which::Lacking(record) => one.reason == Quarantine::NoParent && one.lacks == *record,
        };
        Ok(self.waiting.iter().filter(asked).cloned().collect())
    }

    fn lacked(&self) -> Result<BTreeSet<Option<(u16, Uuid)>>, Infallible> {
        let waits = self.waiting.iter().filter(|one| one.reason == Quarantine::NoParent);
        Ok(waits.map(|one| one.lacks).collect())
    }

    fn put_waiting(&mut self, waiting: &Waiting) -> Result<(), Infallible> {
        let same = |one: &&mut Waiting| {
            (one.numbered.group.id, one.content) == (waiting.numbered.group.id, waiting.content)
        };
        match self.waiting.iter_mut().find(same) {
            Some(one) => *one = waiting.clone(),
            None => self.waiting.push(waiting.clone()),
        }
        Ok(())
    }

    fn remove_waiting(&mut self, group: GroupId, content: [u8; 32]) -> Result<(), Infallible> {
        self.waiting.retain(|one| (one.numbered.group.id, one.content) != (group, content));
        Ok(())
    }

    fn users_of(&self, device: DeviceId) -> Result<Vec<UserId>, Infallible> {
        Ok(self.standing.users_of(device))
    }

    fn held_by(&self, device: DeviceId) -> Result<Vec<Held>, Infallible> {
        Ok(self.standing.held_by(device))
    }

    fn put_line(&mut self, line: &Line) -> Result<(), Infallible> {
        self.standing.read(line);
        Ok(())
    }

    fn line_code(&self, number: u64) -> Result<Option<[u8; 16]>, Infallible> {
        Ok(self.standing.code_of(number))
    }

    fn erased_after(&self, number: u64) -> Result<Vec<Uuid>, Infallible> {
        Ok(self.standing.erased_after(number))
    }

    fn put_erased(&mut self, records: &[Listed]) -> Result<(), Infallible> {
        self.erased.extend(records);
        Ok(())
    }

    fn remove_erased(&mut self, kind: u16, record: Uuid) -> Result<(), Infallible> {
        self.erased.remove(&(kind, record));
        Ok(())
    }

    fn put_left(&mut self, kind: u16, record: Uuid, scope: Scope, at: Position) -> Result<(), Infallible> {
        self.left.insert((kind, record, scope), at.position);
        Ok(())
    }

    fn kinds_of(&self, record: Uuid) -> Result<Vec<u16>, Infallible> {
        Ok(self.kinds.range((record, 0)..=(record, u16::MAX)).map(|(_, kind)| *kind).collect())
    }
}
