//! What ingest reads of the register, and small words for queries.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use domain::ids::{CommuneId, DeviceId, HouseholdId};
use sync_core::commune::{CommuneStore, Waiting, Which};
use sync_core::erasure::ANY_KIND;
use sync_core::ingest::{Apart, LogView};
use sync_core::ledger::Line;
use sync_core::op::{GroupId, OpHash, OpId, Scope};
use sync_core::position::Position;
use sync_core::receipt::{Found, Receipt};
use sync_core::row::Row;
use sync_core::stamp::Stamp;
use sync_core::wire::Numbered;
use uuid::Uuid;

use super::sql::{Row as SqlRow, Sql, Value, params};
use crate::error::ServerError;

/// One commune's register within one transaction.
#[derive(Clone, Debug)]
pub(crate) struct Log<'t> {
    pub(crate) sql: Sql<'t>,
    pub(crate) commune: CommuneId,
    /// Households whose counts a written row touches, until the transaction counts them.
    pub(crate) touched: Rc<RefCell<BTreeSet<HouseholdId>>>,
    /// How far devices came in this transaction. Written once, at its end: of a row that a transaction writes thousands
    /// of times PostgreSQL keeps every version until then, and walks through them at each.
    using: Rc<RefCell<BTreeMap<(DeviceId, u64), Used>>>,
    /// Records as they stand in this transaction, as far as they were read or written in it: one Save asks several times.
    rows: Rc<RefCell<Rows>>,
    /// Of some parents what lies under them, read together with that of others. Whoever asks takes it, and nothing is
    /// written while some is here.
    pub(super) under: Rc<RefCell<Under>>,
}

/// By kind and parent.
type Under = BTreeMap<(u16, Uuid), Vec<Row>>;
/// By kind and id; `None` where there is none.
type Rows = BTreeMap<(u16, Uuid), Option<Row>>;

const ROW: &str = "SELECT body FROM records WHERE commune_id = ?1 AND kind = ?2 AND record_id = ?3";

/// A record out of its bytes.
pub(super) fn row_of(row: &SqlRow<'_>) -> Result<Row, ServerError> {
    Row::from_bytes(row.bytes(0)?).map_err(|_| ServerError::Damaged)
}

/// So many records are remembered; beyond that all are forgotten, and read again.
const ROWS_AT_MOST: usize = 4096;

/// How far an incarnation of a device has come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Used {
    pub(super) dseq: u64,
    pub(super) stamp: Option<Stamp>,
}

impl<'t> Log<'t> {
    pub(crate) fn new(sql: Sql<'t>, commune: CommuneId) -> Self {
        Self {
            sql,
            commune,
            touched: Rc::default(),
            using: Rc::default(),
            rows: Rc::default(),
            under: Rc::default(),
        }
    }

    /// The first row, mapped.
    pub(crate) fn one<T>(
        &self,
        sql: &str,
        parameters: &[Value<'_>],
        map: impl FnOnce(&SqlRow<'_>) -> Result<T, ServerError>,
    ) -> Result<Option<T>, ServerError> {
        self.sql.one(sql, parameters, map)
    }

    /// Every row, mapped.
    pub(crate) fn all<T>(
        &self,
        sql: &str,
        parameters: &[Value<'_>],
        map: impl FnMut(&SqlRow<'_>) -> Result<T, ServerError>,
    ) -> Result<Vec<T>, ServerError> {
        self.sql.all(sql, parameters, map)
    }

    /// How long the ledger's file is, as far as this database was told; below 0 if it never was.
    pub(super) fn ledger_bytes(&self) -> Result<i64, ServerError> {
        let sql = "SELECT ledger_bytes FROM communes WHERE commune_id = ?1";
        self.one(sql, params![self.commune.0], |row| row.get(0))?.ok_or(ServerError::Damaged)
    }

    pub(super) fn put_ledger_bytes(&self, bytes: i64) -> Result<(), ServerError> {
        self.run(
            "UPDATE communes SET ledger_bytes = ?2 WHERE commune_id = ?1",
            params![self.commune.0, bytes],
        )
    }

    /// The ledger's lines after one, as they stand in the file.
    pub(super) fn lines_after(&self, number: u64) -> Result<Vec<Line>, ServerError> {
        let sql = "SELECT line FROM ledger WHERE commune_id = ?1 AND number > ?2 ORDER BY number";
        self.all(sql, params![self.commune.0, number.cast_signed()], |row| json(row, 0))
    }

    /// Looks at a record as it stands in this transaction.
    pub(super) fn see_row<T>(
        &self,
        kind: u16,
        record: Uuid,
        see: impl FnOnce(Option<&Row>) -> T,
    ) -> Result<T, ServerError> {
        if let Some(row) = self.rows.borrow().get(&(kind, record)) {
            return Ok(see(row.as_ref()));
        }
        let row = self.one(ROW, params![self.commune.0, kind, record], row_of)?;
        let seen = see(row.as_ref());
        self.note_row(kind, record, row);
        Ok(seen)
    }

    /// Reads records that will be asked for, together.
    pub(super) fn foresee_rows(
        &self,
        records: impl IntoIterator<Item = (u16, Uuid)>,
    ) -> Result<(), ServerError> {
        let unread = |id: &(u16, Uuid)| !self.rows.borrow().contains_key(id);
        let ids: Vec<(u16, Uuid)> =
            records.into_iter().filter(unread).collect::<BTreeSet<_>>().into_iter().collect();
        let commune = self.commune.0;
        let asked: Vec<Vec<Value<'_>>> =
            ids.iter().map(|(kind, record)| params![commune, *kind, *record].to_vec()).collect();
        let found = self.sql.each_of(ROW, &asked, row_of)?;
        for ((kind, record), mut rows) in ids.into_iter().zip(found) {
            self.note_row(kind, record, rows.pop());
        }
        Ok(())
    }

    /// A record stands so, or is gone.
    pub(super) fn note_row(&self, kind: u16, record: Uuid, row: Option<Row>) {
        let mut rows = self.rows.borrow_mut();
        if rows.len() >= ROWS_AT_MOST {
            rows.clear();
        }
        rows.insert((kind, record), row);
    }

    /// How far an incarnation has come, this transaction included.
    fn used(&self, device: DeviceId, incarnation: u64) -> Result<Used, ServerError> {
        if let Some(used) = self.using.borrow().get(&(device, incarnation)) {
            return Ok(*used);
        }
        let sql = "SELECT last_dseq, last_stamp FROM incarnations
                   WHERE commune_id = ?1 AND device_id = ?2 AND incarnation = ?3";
        let used = self.one(sql, params![self.commune.0, device.0, incarnation.cast_signed()], |row| {
            let stamp = row.get::<Option<i64>>(1)?.map(Stamp);
            Ok(Used { dseq: row.get::<i64>(0)?.cast_unsigned(), stamp })
        })?;
        Ok(used.unwrap_or_default())
    }

    /// It has come so far; it never goes back.
    pub(super) fn note_used(&self, device: DeviceId, incarnation: u64, now: Used) -> Result<(), ServerError> {
        let before = self.used(device, incarnation)?;
        let used = Used { dseq: before.dseq.max(now.dseq), stamp: before.stamp.max(now.stamp) };
        self.using.borrow_mut().insert((device, incarnation), used);
        Ok(())
    }

    /// Before the end of the transaction.
    pub(super) fn put_used(&self) -> Result<(), ServerError> {
        for ((device, incarnation), Used { dseq, stamp }) in self.using.take() {
            self.run(
                "INSERT INTO incarnations VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (commune_id, device_id, incarnation) DO UPDATE SET last_dseq = ?4, last_stamp = ?5",
                params![
                    self.commune.0,
                    device.0,
                    incarnation.cast_signed(),
                    dseq.cast_signed(),
                    stamp.map(|stamp| stamp.0)
                ],
            )?;
        }
        Ok(())
    }

    /// Runs a statement.
    pub(crate) fn run(&self, sql: &str, parameters: &[Value<'_>]) -> Result<(), ServerError> {
        self.sql.run(sql, parameters)
    }
}

/// JSON out of a column.
pub(crate) fn json<T: serde::de::DeserializeOwned>(row: &SqlRow<'_>, at: usize) -> Result<T, ServerError> {
    serde_json::from_str(row.text(at)?).map_err(|_| ServerError::Damaged)
}

/// A value as JSON text.
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> Result<String, ServerError> {
    serde_json::to_string(value).map_err(|_| ServerError::Internal("json"))
}

impl LogView for Log<'_> {
    type Error = ServerError;

    fn known(&self, op: OpId) -> Result<Option<(OpHash, Receipt)>, ServerError> {
        let sql = "SELECT op_hash, stamp, first_epoch, first_position, found, mac FROM ops
                   WHERE commune_id = ?1 AND group_id = ?2 AND op_index = ?3";
        self.one(sql, params![self.commune.0, op.group.0, op.index], |row| {
            let op_hash = OpHash(row.get(0)?);
            let found: Vec<Found> = match row.text(4)? {
                "" => Vec::new(),
                _ => json(row, 4)?,
            };
            let first = Position { epoch: row.get(2)?, position: row.get::<i64>(3)?.cast_unsigned() };
            let stamp = Stamp(row.get(1)?);
            Ok((op_hash, Receipt { op, op_hash, stamp, first, found, mac: row.get(5)? }))
        })
    }

    fn row(&self, kind: u16, record: Uuid) -> Result<Option<Row>, ServerError> {
        self.see_row(kind, record, |row| row.cloned())
    }

    fn stamp_of(&self, op: OpId) -> Result<Option<Stamp>, ServerError> {
        let sql = "SELECT stamp FROM ops WHERE commune_id = ?1 AND group_id = ?2 AND op_index = ?3";
        let taken =
            self.one(sql, params![self.commune.0, op.group.0, op.index], |row| Ok(Stamp(row.get(0)?)))?;
        if taken.is_some() {
            return Ok(taken);
        }
        let sql = "SELECT stamps, body FROM quarantine WHERE commune_id = ?1 AND group_id = ?2";
        let mut highest = None;
        self.all(sql, params![self.commune.0, op.group.0], |row| {
            let body = row.bytes(1)?;
            let numbered: Numbered = serde_json::from_slice(body).map_err(|_| ServerError::Damaged)?;
            let stamps = json::<Vec<Stamp>>(row, 0)?;
            let of_it = numbered.group.ops.iter().zip(stamps).find(|(one, _)| one.id() == op);
            highest = highest.max(of_it.map(|(_, stamp)| stamp));
            Ok(())
        })?;
        Ok(highest)
    }

    fn last_stamp(&self, device: DeviceId, incarnation: u64) -> Result<Option<Stamp>, ServerError> {
        Ok(self.used(device, incarnation)?.stamp)
    }

    fn last_number(&self, device: DeviceId, incarnation: u64) -> Result<u64, ServerError> {
        Ok(self.used(device, incarnation)?.dseq)
    }

    fn group_at(
        &self,
        device: DeviceId,
        incarnation: u64,
        dseq: u64,
    ) -> Result<Option<GroupId>, ServerError> {
        let sql = "SELECT group_id FROM numbers
                   WHERE commune_id = ?1 AND device_id = ?2 AND incarnation = ?3 AND dseq = ?4";
        let (incarnation, dseq) = (incarnation.cast_signed(), dseq.cast_signed());
        let parameters = params![self.commune.0, device.0, incarnation, dseq];
        self.one(sql, parameters, |row| Ok(GroupId(row.get(0)?)))
    }

    fn apart(&self, group: GroupId) -> Result<Vec<Apart>, ServerError> {
        Ok(self.waiting(Which::Of(group))?.iter().map(Waiting::apart).collect())
    }

    fn took(&self, group: GroupId) -> Result<bool, ServerError> {
        let sql = "SELECT 1 FROM ops WHERE commune_id = ?1 AND group_id = ?2 LIMIT 1";
        Ok(self.one(sql, params![self.commune.0, group.0], |_| Ok(()))?.is_some())
    }

    fn left(&self, kind: u16, record: Uuid, scope: Scope) -> Result<Option<Position>, ServerError> {
        let sql = "SELECT gone.position, epoch_number FROM (
                     SELECT position, commune_id FROM exits
                     WHERE commune_id = ?1 AND record_id = ?2 AND kind = ?3 AND from_scope = ?4
                     UNION ALL
                     SELECT position, commune_id FROM strays
                     WHERE commune_id = ?1 AND record_id = ?2 AND kind = ?3 AND scope_id = ?4
                   ) AS gone JOIN communes USING (commune_id) ORDER BY gone.position DESC LIMIT 1";
        self.one(sql, params![self.commune.0, record, kind, scope.0], |row| {
            Ok(Position { epoch: row.get(1)?, position: row.get::<i64>(0)?.cast_unsigned() })
        })
    }

    fn erased(&self, kind: u16, record: Uuid) -> Result<bool, ServerError> {
        let sql = "SELECT 1 FROM erased WHERE commune_id = ?1 AND record_id = ?2 AND kind IN (?3, ?4)";
        Ok(self.one(sql, params![self.commune.0, record, kind, ANY_KIND], |_| Ok(()))?.is_some())
    }
}
