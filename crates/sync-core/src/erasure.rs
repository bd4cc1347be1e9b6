//! What is about somebody whom the ledger lists (§9): on the server what a group says of them, on a laptop what it holds
//! of them. A record is listed by kind and id. It is listed because the ledger names it, because it lay under something
//! listed when that was forgotten, or because it was begun under something listed afterwards (F12). A record that lives
//! elsewhere is never listed by an op that merely names somebody listed.
//!
//! Who lived in an erased household is decided once, when that is ordered: each of them has a line of the ledger. No walk
//! leads from a household to people, in a log that was put back it would find those who lived there before. Somebody who
//! is begun in an erased household afterwards is listed in the log that finds it, until a receipt says that they lived.

use std::collections::BTreeSet;

use domain::registry::RecordKind;
use uuid::Uuid;

use crate::ingest::{LogView, Rows};
use crate::op::Op;
use crate::parents::{above, above_row, begins};
use crate::row::Row;

/// A record by its kind's number and its id; with [`ANY_KIND`] as the ledger names it.
pub type Listed = (u16, Uuid);

/// The ledger knows people and households by their ids alone.
pub const ANY_KIND: u16 = 0;

/// What of a group is about somebody listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gone {
    /// Indexes of ops of which nothing is kept.
    pub(crate) ops: BTreeSet<u16>,
    /// Records that these ops begin: from now on they are listed too, if the group is taken, or would be but for a record
    /// that is still to come. What may not be written lists nobody, or whoever knows an id could make it disappear.
    pub(crate) begun: Vec<Listed>,
}

impl Gone {
    pub(crate) fn has(&self, op: &Op) -> bool {
        self.ops.contains(&op.header.id.index)
    }
}

/// Which ops are about somebody listed: their record is, or they begin it under something that is, be it in the same
/// group. Of people who come back with a receipt (`receipted`) the ledger alone says it: they were in the log once, and may
/// have moved on before their household was erased.
pub(crate) fn gone<'o, V: LogView>(
    rows: &mut Rows<'_, V>,
    ops: impl IntoIterator<Item = &'o Op>,
    receipted: bool,
) -> Result<Gone, V::Error> {
    let mut gone = Gone::default();
    let mut living: BTreeSet<Listed> = BTreeSet::new();
    for op in ops {
        let of_it = (op.header.kind, op.header.record);
        let kind = RecordKind::from_no(op.header.kind);
        let begins = kind.filter(|kind| begins(op, *kind));
        let lived = receipted && kind == Some(RecordKind::Member);
        // Of what begins under a receipt its own place says it: what the log alone listed may have lived.
        let mut listed = if lived || (receipted && begins.is_some()) {
            rows.view().erased(ANY_KIND, of_it.1)?
        } else {
            is_listed(rows, &gone, of_it)?
        };
        if let Some(kind) = begins.filter(|_| !lived && !listed && !living.contains(&of_it))
            && rows.get(of_it.0, of_it.1)?.is_none()
        {
            for (kind, record) in above(op, kind) {
                #[cfg(feature = "sabotage")]
                if domain::fault::is("erased_by_record") {
                    break;
                }
                listed |= is_listed(rows, &gone, (kind.no(), record))?;
            }
            if listed {
                gone.begun.push(of_it);
            } else {
                living.insert(of_it);
            }
        }
        if listed {
            gone.ops.insert(op.header.id.index);
        }
    }
    Ok(gone)
}

fn is_listed<V: LogView>(rows: &Rows<'_, V>, gone: &Gone, record: Listed) -> Result<bool, V::Error> {
    Ok(gone.begun.contains(&record) || rows.view().erased(record.0, record.1)?)
}

/// What a laptop has to forget of what it holds: the listed records, what lies under one of them by its row, and what
/// its ops begin under one; but for people, whom the ledger lists. `rows` and `ops` are everything that is held.
pub fn forget<'r>(
    listed: &BTreeSet<Listed>,
    rows: impl IntoIterator<Item = &'r Row>,
    ops: impl IntoIterator<Item = &'r Op>,
) -> BTreeSet<Listed> {
    let mut held = BTreeSet::new();
    let mut under: Vec<(Listed, Listed)> = Vec::new();
    for row in rows {
        held.insert((row.kind, row.record));
        under.extend(above_row(row).map(|above| ((row.kind, row.record), above)));
    }
    for op in ops {
        let of_it = (op.header.kind, op.header.record);
        let Some(kind) = RecordKind::from_no(op.header.kind) else { continue };
        if !held.contains(&of_it) && begins(op, kind) {
            under.extend(above(op, kind).map(|(kind, above)| (of_it, (kind.no(), above))));
        }
    }
    under.retain(|((kind, _), _)| *kind != RecordKind::Member.no());
    let mut gone = listed.clone();
    loop {
        let before = gone.len();
        for (record, (kind, above)) in &under {
            if lists(&gone, *kind, *above) {
                gone.insert(*record);
            }
        }
        if gone.len() == before {
            return gone;
        }
    }
}

/// True if the record is listed, by its kind or by the ledger.
pub fn lists(listed: &BTreeSet<Listed>, kind: u16, record: Uuid) -> bool {
    listed.contains(&(kind, record)) || listed.contains(&(ANY_KIND, record))
}
