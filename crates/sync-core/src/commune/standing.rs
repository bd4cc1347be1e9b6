//! The ledger as the log lives by it: each line is applied once, after a restore all that the database lacks; what was
//! kept apart for want of rights is tried again, and who was erased is forgotten everywhere at once.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{Commune, CommuneStore, Waiting};
use crate::ingest::Quarantine;
use crate::ledger::{Entry, Line};
use crate::op::Op;
use crate::parents::parent_of_row;
use crate::row::Row;
use crate::wire::{Numbered, PageGroup};

impl<S: CommuneStore> Commune<'_, S> {
    /// Applies the lines that this database does not know yet.
    pub fn apply<'l>(&mut self, lines: impl IntoIterator<Item = &'l Line>) -> Result<(), S::Error> {
        let mut given = false;
        for line in lines {
            if line.number <= self.head.ledger {
                continue;
            }
            self.store.put_line(line)?;
            self.head.ledger = line.number;
            match &line.entry {
                Entry::Erased { subject } => self.erase(*subject)?,
                Entry::Enrolled { .. } | Entry::Assigned { .. } => given = true,
                Entry::Ended { .. } | Entry::Revoked { .. } => {}
            }
        }
        if given {
            self.retry(&Quarantine::Rights)?;
            self.news = true;
            self.settle()?;
        }
        Ok(())
    }

    /// Forgets what is known of a record and of all that lies under it: rows, what the stream carries, what waits.
    /// Names of ops, their receipts and the chain stay.
    fn erase(&mut self, subject: Uuid) -> Result<(), S::Error> {
        let records = self.under(subject)?;
        let listed: Vec<Uuid> = records.iter().map(|(_, record)| *record).chain([subject]).collect();
        self.store.put_erased(&listed)?;
        for (kind, record) in records {
            for group in self.store.groups_of(kind, record)? {
                let part = part_without(&group, |op| listed.contains(&op.header.record));
                self.store.put_group(group.position, part.as_ref())?;
            }
            self.store.remove_row(kind, record)?;
        }
        for waiting in self.store.waiting(None)? {
            self.erase_in(waiting)?;
        }
        Ok(())
    }

    /// A record, whatever its kind, and all that lies under it.
    fn under(&self, subject: Uuid) -> Result<BTreeSet<(u16, Uuid)>, S::Error> {
        let mut all = BTreeSet::new();
        for kind in domain::registry::RecordKind::ALL {
            let there = self.store.row(kind.no(), subject)?;
            all.extend(there.map(|row| (row.kind, row.record)));
        }
        let mut open = vec![subject];
        while let Some(record) = open.pop() {
            for child in self.store.children(record)? {
                if all.insert(child) {
                    open.push(child.1);
                }
            }
        }
        Ok(all)
    }

    fn erase_in(&mut self, waiting: Waiting) -> Result<(), S::Error> {
        let gone = crate::ingest::erased_ops(&self.store, &waiting.numbered.group.ops)?;
        if gone.is_empty() {
            return Ok(());
        }
        let group = &waiting.numbered.group;
        let stamps = group.ops.iter().zip(&waiting.stamps);
        let stamps = stamps.filter(|(op, _)| !gone.contains(&op.header.id.index));
        let stamps = stamps.map(|(_, stamp)| *stamp).collect();
        match group.part(|op| !gone.contains(&op.header.id.index)) {
            Some(part) => {
                let numbered = Numbered { group: part, ..waiting.numbered };
                self.store.put_waiting(&Waiting { numbered, stamps, ..waiting })
            }
            None => self.store.remove_waiting(waiting.numbered.group.id, waiting.content),
        }
    }
}

/// What is left of a group of the stream.
fn part_without(group: &PageGroup, gone: impl Fn(&Op) -> bool) -> Option<PageGroup> {
    let part = group.group.part(|op| !gone(op))?;
    let receipts = super::intake::receipts_of(&part, &group.receipts);
    Some(PageGroup { position: group.position, group: part, receipts })
}

/// What a laptop has to forget of what it holds: the listed records, and all that lies under one of them by its rows
/// and by its ops. `rows` and `ops` are everything that is held.
pub fn forget<'r>(
    subjects: &BTreeSet<Uuid>,
    rows: impl IntoIterator<Item = &'r Row>,
    ops: impl IntoIterator<Item = &'r Op>,
) -> BTreeSet<Uuid> {
    let mut under: Vec<(Uuid, Uuid)> =
        rows.into_iter().filter_map(|row| Some((row.record, parent_of_row(row)?))).collect();
    under.extend(ops.into_iter().filter_map(|op| {
        let kind = domain::registry::RecordKind::from_no(op.header.kind)?;
        let (_, parent) = crate::parents::parent_of(op, kind)?;
        Some((op.header.record, parent))
    }));
    let mut gone = subjects.clone();
    loop {
        let more: Vec<Uuid> = under
            .iter()
            .filter(|(record, parent)| gone.contains(parent) && !gone.contains(record))
            .map(|(record, _)| *record)
            .collect();
        if more.is_empty() {
            return gone;
        }
        gone.extend(more);
    }
}
