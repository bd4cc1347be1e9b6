//! A scope as it stood at one place of the stream, so that a laptop need not read the stream from its beginning (§5).
//! What came after it follows as tail, with receipts, so that it can be given back: a snapshot is cut at the watermark
//! or below. It is named by its content, so that a team's laptops can share it and a cut transfer goes on.
//!
//! Law: the snapshot at `c`, then the tail up to the head, is what the scope is at the head.

use serde::{Deserialize, Serialize};

use crate::ledger::Mark;
use crate::op::Scope;
use crate::position::Cursor;
use crate::row::Row;
use crate::row_bytes::RowBytesError;

/// Rows of one scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Of which scope.
    pub scope: Scope,
    /// Where it was cut.
    pub at: Cursor,
    /// Which erasures it knows of: a snapshot that is older than somebody's erasure is never given out (§9).
    pub ledger: Mark,
    /// By kind and id.
    pub rows: Vec<Row>,
}

/// BLAKE3 of a snapshot's bytes: its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SnapshotHash(#[serde(with = "crate::hex")] pub [u8; 32]);

/// The bytes are no snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// They are not the ones that were named: cut short, or changed.
    #[error("not the snapshot that was named")]
    OtherContent,
    /// Their beginning is none.
    #[error("these bytes are no snapshot")]
    Unreadable,
    /// A row in them is none.
    #[error(transparent)]
    Row(#[from] RowBytesError),
    /// A row of another scope, or out of order.
    #[error("a row that does not belong there")]
    Stranger,
}

#[derive(Serialize, Deserialize)]
struct Beginning(Scope, Cursor, Mark, u64);

impl Snapshot {
    /// Of these rows; those of other scopes are left out.
    pub fn of(scope: Scope, at: Cursor, ledger: Mark, rows: impl IntoIterator<Item = Row>) -> Self {
        let mut rows: Vec<Row> = rows.into_iter().filter(|row| row.scope == scope).collect();
        rows.sort_by_key(|row| (row.kind, row.record));
        Self { scope, at, ledger, rows }
    }

    /// As it is stored and sent, before compression: a line of JSON, then each row with its length.
    pub fn to_bytes(&self) -> Vec<u8> {
        let beginning = Beginning(self.scope, self.at, self.ledger, self.rows.len() as u64);
        // Writing into memory has no way to fail.
        let mut out = serde_json::to_vec(&beginning).unwrap_or_default();
        out.push(b'\n');
        for row in &self.rows {
            let bytes = row.to_bytes();
            // A row is made of groups of at most 64 KiB.
            out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
            out.extend_from_slice(&bytes);
        }
        out
    }

    /// Its name.
    pub fn name(bytes: &[u8]) -> SnapshotHash {
        SnapshotHash(blake3::derive_key("tungnha 2026 sync snapshot", bytes))
    }

    /// Reads the one that was named.
    pub fn from_bytes(bytes: &[u8], named: SnapshotHash) -> Result<Self, SnapshotError> {
        if Self::name(bytes) != named {
            return Err(SnapshotError::OtherContent);
        }
        let end = bytes.iter().position(|byte| *byte == b'\n').ok_or(SnapshotError::Unreadable)?;
        let (beginning, rest) = bytes.split_at(end);
        let Beginning(scope, at, ledger, count) =
            serde_json::from_slice(beginning).map_err(|_| SnapshotError::Unreadable)?;
        let mut rest = rest.get(1..).unwrap_or_default();
        let mut rows: Vec<Row> = Vec::new();
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
            let (body, after) = after.split_at_checked(length).ok_or(SnapshotError::Unreadable)?;
            let row = Row::from_bytes(body)?;
            let in_order = rows.last().is_none_or(|last| (last.kind, last.record) < (row.kind, row.record));
            if row.scope != scope || !in_order {
                return Err(SnapshotError::Stranger);
            }
            rows.push(row);
            rest = after;
        }
        let whole = rest.is_empty() && rows.len() as u64 == count;
        if whole { Ok(Self { scope, at, ledger, rows }) } else { Err(SnapshotError::Unreadable) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{SCOPE, id, rename};
    use crate::stamp::Stamp;

    fn rows(count: u128) -> Vec<Row> {
        let row = |record: u128| {
            let mut row = Row::new(4, id(record), SCOPE);
            row.merge(&rename(record, 0, record, "Hoà", 0, None).ops[0], Stamp(5));
            row
        };
        (1..=count).rev().map(row).collect()
    }

    #[test]
    fn a_snapshot_is_the_one_that_was_named_or_none() {
        for count in [0, 1, 3] {
            let snapshot = Snapshot::of(SCOPE, Cursor::default(), Mark::default(), rows(count));
            let bytes = snapshot.to_bytes();
            let name = Snapshot::name(&bytes);
            assert_eq!(Snapshot::from_bytes(&bytes, name).as_ref(), Ok(&snapshot));
            for cut in 0..bytes.len() {
                assert_eq!(Snapshot::from_bytes(&bytes[..cut], name), Err(SnapshotError::OtherContent));
                // Somebody who can name it can still not make half of one pass for a whole.
                let half = &bytes[..cut];
                assert!(Snapshot::from_bytes(half, Snapshot::name(half)).is_err(), "{count} rows, {cut}");
            }
        }
    }

    #[test]
    fn rows_of_other_scopes_are_in_no_snapshot() {
        let mut all = rows(2);
        all[0].scope = Scope(id(9));
        let snapshot = Snapshot::of(SCOPE, Cursor::default(), Mark::default(), all.clone());
        assert_eq!(snapshot.rows, all[1..]);
        let smuggled = Snapshot { rows: all, ..snapshot }.to_bytes();
        assert_eq!(Snapshot::from_bytes(&smuggled, Snapshot::name(&smuggled)), Err(SnapshotError::Stranger));
    }
}
