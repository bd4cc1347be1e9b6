//! Rows as merging sees them: the base row (what the stream delivered), the overlay (own ops that it has
//! not delivered yet), and the visible row made of both (sync rules §3).

use rusqlite::{Connection, OptionalExtension, params};
use sync_core::group::Group;
use sync_core::op::{Op, Scope};
use sync_core::parents::begun;
use sync_core::row::Row;
use sync_core::stamp::Stamp;
use uuid::Uuid;

use crate::error::StoreError;

/// Ops of one save share this many stand-in stamps.
const OPS_PER_SAVE_AT_MOST: i64 = 4096;

/// The stand-in stamp of a pending op: after everything acknowledged, in the order of saving, and within
/// one save in the order of the ops. It orders ops of different records too.
pub(crate) fn pending_stamp(seq: i64, index: u16) -> Stamp {
    let nth = seq.saturating_mul(OPS_PER_SAVE_AT_MOST).saturating_add(i64::from(index));
    Stamp::pending(usize::try_from(nth).unwrap_or(usize::MAX))
}

pub(crate) fn base(connection: &Connection, kind: u16, record: Uuid) -> Result<Option<Row>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT body FROM base_rows WHERE record_id = ?1 AND kind = ?2")?;
    let body: Option<Vec<u8>> = statement.query_row(params![record, kind], |row| row.get(0)).optional()?;
    body.map(|body| Row::from_bytes(&body).map_err(|_| StoreError::Damaged)).transpose()
}

pub(crate) fn put_base(connection: &Connection, row: &Row) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO base_rows (record_id, kind, body, scope_id) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (record_id, kind) DO UPDATE SET body = ?3, scope_id = ?4",
        )?
        .execute(params![row.record, row.kind, row.to_bytes(), row.scope.0])?;
    Ok(())
}

/// The record's own ops that the stream has not delivered, in the order of saving.
fn pending(connection: &Connection, record: Uuid) -> Result<Vec<(i64, Op)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT overlay.seq, overlay.op_index, saves.body FROM overlay JOIN saves USING (seq)
         WHERE overlay.record_id = ?1 ORDER BY overlay.seq, overlay.op_index",
    )?;
    let mut found = statement.query([record])?;
    let mut ops = Vec::new();
    while let Some(row) = found.next()? {
        let (seq, index): (i64, u16) = (row.get(0)?, row.get(1)?);
        let body = row.get_ref(2)?.as_blob().map_err(|_| StoreError::Damaged)?;
        let group: Group = serde_json::from_slice(body).map_err(|_| StoreError::Damaged)?;
        let op = group.ops.into_iter().find(|op| op.header.id.index == index);
        ops.push((seq, op.ok_or(StoreError::Damaged)?));
    }
    Ok(ops)
}

/// What a person sees: base row and overlay. `None` where nothing is known of the record.
pub(crate) fn visible(connection: &Connection, kind: u16, record: Uuid) -> Result<Visible, StoreError> {
    visible_over(connection, base(connection, kind, record)?, kind, record)
}

/// The same of a base row that is at hand.
pub(crate) fn visible_over(
    connection: &Connection,
    base: Option<Row>,
    kind: u16,
    record: Uuid,
) -> Result<Visible, StoreError> {
    let mut shown = base.clone();
    for (seq, op) in pending(connection, record)? {
        if op.header.kind == kind {
            // What it lies under may have moved since.
            let lies = |kind, above| Ok(visible(connection, kind, above)?.shown.map(|row| row.scope));
            let mut row = shown.map_or_else(|| begun::<StoreError>(&op, lies), Ok)?;
            row.merge(&op, pending_stamp(seq, op.header.id.index));
            shown = Some(row);
        }
    }
    Ok(Visible { base, shown })
}

/// A record as the stream knows it and as it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Visible {
    pub(crate) base: Option<Row>,
    pub(crate) shown: Option<Row>,
}

impl Visible {
    /// The scope the record is in; `otherwise` for one that is not there yet.
    pub(crate) fn scope_or(&self, otherwise: Scope) -> Scope {
        self.shown.as_ref().map_or(otherwise, |row| row.scope)
    }
}
