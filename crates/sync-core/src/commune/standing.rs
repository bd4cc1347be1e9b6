//! The ledger as the log lives by it: each line is applied once, after a restore all that the database lacks; what was
//! kept apart for want of rights is tried again, and who was erased is forgotten everywhere at once.

use std::collections::BTreeSet;

use domain::registry::RecordKind;
use uuid::Uuid;

use super::{Commune, CommuneStore, Waiting, Which};
use crate::erasure::{ANY_KIND, Listed, gone};
use crate::ingest::{Quarantine, Rows};
use crate::ledger::{Entry, Line, Mark};
use crate::op::Op;
use crate::wire::{Numbered, PageGroup};

impl<S: CommuneStore> Commune<'_, S> {
    /// Applies the lines that this database does not know yet.
    pub fn apply<'l>(&mut self, lines: impl IntoIterator<Item = &'l Line>) -> Result<(), S::Error> {
        let mut given = false;
        for line in lines {
            #[cfg(feature = "sabotage")]
            if domain::fault::is("assignments_forgotten")
                && matches!(line.entry, Entry::Assigned { .. } | Entry::Ended { .. })
            {
                self.head.ledger = line.mark();
                continue;
            }
            if line.number > self.head.ledger.number {
                given |= self.read(line)?;
            }
        }
        self.retry_rights(given)
    }

    /// Writes the next line of the ledger and applies it. It is in no file yet: [`Commune::finish`] hands it over.
    pub fn note(&mut self, entry: Entry) -> Result<(), S::Error> {
        let line = self.keys.next_line(self.head.ledger, self.head.received_at_ms, entry);
        let given = self.read(&line)?;
        self.written.push(line);
        self.retry_rights(given)
    }

    /// True if somebody may do more by it.
    fn read(&mut self, line: &Line) -> Result<bool, S::Error> {
        self.store.put_line(line)?;
        self.head.ledger = line.mark();
        match &line.entry {
            Entry::Erased { subject } => {
                self.erase(*subject)?;
                Ok(false)
            }
            Entry::Enrolled { .. } | Entry::Assigned { .. } => Ok(true),
            Entry::Ended { .. } | Entry::Revoked { .. } => Ok(false),
        }
    }

    fn retry_rights(&mut self, given: bool) -> Result<(), S::Error> {
        if given { self.retry(Which::For(Quarantine::Rights)) } else { Ok(()) }
    }

    /// Forgets what is known of a record and of all that lies under it, but for people.
    fn erase(&mut self, subject: Uuid) -> Result<(), S::Error> {
        let records = self.under(subject)?;
        let listed: Vec<Listed> = records.into_iter().chain([(ANY_KIND, subject)]).collect();
        self.list(&listed)
    }

    /// Forgets these records: rows, what the stream carries, and, once for the whole request, what waits. Names of ops,
    /// their receipts and the chain stay.
    pub(super) fn list(&mut self, listed: &[Listed]) -> Result<(), S::Error> {
        if listed.is_empty() {
            return Ok(());
        }
        self.store.put_erased(listed)?;
        for (kind, record) in listed {
            for group in self.store.groups_of(*kind, *record)? {
                let gone = |op: &Op| listed.contains(&(op.header.kind, op.header.record));
                let part = part_without(&group, gone);
                self.store.put_group(group.position, part.as_ref())?;
            }
            self.store.remove_row(*kind, *record)?;
            // What waits for it under a receipt waits in vain: it is taken without it.
            self.news.extend([(*kind, *record), (ANY_KIND, *record)]);
            if *kind == ANY_KIND {
                self.news.extend(RecordKind::ALL.iter().map(|kind| (kind.no(), *record)));
            }
        }
        self.sweeps = true;
        Ok(())
    }

    /// Drops what of all that waits is about somebody listed. What waits for a parent under them is listed too, so that
    /// what waits elsewhere and names only that goes with it, in the next round.
    pub(super) fn sweep(&mut self) -> Result<(), S::Error> {
        let mut listed = Vec::new();
        for waiting in self.store.waiting(Which::All)? {
            listed.extend(self.erase_in(waiting)?);
        }
        self.list(&listed)
    }

    /// A record, whatever its kind, and all that lies under it, but for people: each has a line of their own.
    fn under(&self, subject: Uuid) -> Result<BTreeSet<Listed>, S::Error> {
        let kinds = self.store.kinds_of(subject)?;
        let mut all: BTreeSet<Listed> = kinds.into_iter().map(|kind| (kind, subject)).collect();
        let mut open: Vec<Listed> = all.iter().copied().collect();
        while let Some((kind, record)) = open.pop() {
            for child in self.store.children(kind, record)? {
                if child.0 != RecordKind::Member.no() && all.insert(child) {
                    open.push(child);
                }
            }
        }
        Ok(all)
    }

    /// Drops what of a group that waits is about somebody listed; returns what it would begin under them, if nothing but
    /// a record to come keeps it apart.
    fn erase_in(&mut self, waiting: Waiting) -> Result<Vec<Listed>, S::Error> {
        let gone =
            gone(&mut Rows::new(&self.store), &waiting.numbered.group.ops, !waiting.receipts.is_empty())?;
        if gone.ops.is_empty() {
            return Ok(vec![]);
        }
        let may_list = waiting.reason == Quarantine::NoParent;
        let group = &waiting.numbered.group;
        let stamps = group.ops.iter().zip(&waiting.stamps).filter(|(op, _)| !gone.has(op));
        let stamps = stamps.map(|(_, stamp)| *stamp).collect();
        match group.part(|op| !gone.has(op)) {
            Some(part) => {
                let receipts = super::intake::receipts_of(&part, &waiting.receipts);
                let numbered = Numbered { group: part, ..waiting.numbered };
                self.store.put_waiting(&Waiting { numbered, stamps, receipts, ..waiting })?;
            }
            None => self.store.remove_waiting(group.id, waiting.content)?,
        }
        Ok(if may_list { gone.begun } else { vec![] })
    }
}

/// What is left of a group of the stream.
fn part_without(group: &PageGroup, gone: impl Fn(&Op) -> bool) -> Option<PageGroup> {
    let part = group.group.part(|op| !gone(op))?;
    let receipts = super::intake::receipts_of(&part, &group.receipts);
    Some(PageGroup { position: group.position, group: part, receipts })
}

/// Whom a laptop that has heard up to that line still has to forget. If the line is not of this ledger, which was put back
/// since and has gone on, then everybody whom it names.
pub fn erased_since<S: CommuneStore>(store: &S, heard: Mark) -> Result<Vec<Uuid>, S::Error> {
    let ours = store.line_code(heard.number)? == Some(heard.code);
    store.erased_after(if ours { heard.number } else { 0 })
}
