//! The register as the log's rules see it: what [`sync_core::commune`] gets and puts. It decides nothing. A body is kept
//! as the JSON it is sent as, so that a page is put together without parsing it where nothing of it moved away.

use std::collections::BTreeSet;

use domain::ids::{DeviceId, HamletUnitId, UserId};
use serde_json::value::RawValue;
use sync_core::commune::{Commit, CommuneStore, Head, Sent, Stream, Waiting, Which, seen_part};
use sync_core::digest::{Buckets, bucket_of};
use sync_core::erasure::Listed;
use sync_core::ingest::Quarantine;
use sync_core::ledger::{Entry, Line, Mark};
use sync_core::offer::HistoryView;
use sync_core::op::{GroupId, OpId, Scope};
use sync_core::position::{ChainHash, Cursor, Epoch, Position};
use sync_core::receipt::Receipt;
use sync_core::rights::{Held, Reach, Sight};
use sync_core::row::Row;
use sync_core::stamp::Stamp;
use sync_core::wire::{Exit, Numbered, PageGroup, PageRow};
use uuid::Uuid;

use super::log::{Log, Used, json, to_json};
use super::sql::{Row as SqlRow, params};
use crate::error::ServerError;

/// A group as it lies in the stream.
#[derive(Debug)]
pub(crate) struct Body {
    json: Box<RawValue>,
    scope: Scope,
    /// Some of its records lie elsewhere by now, or others came whole with it.
    moved: bool,
}

/// One statement for each way to ask: with conditions that may not apply no index would be used. Nor with an order that
/// another index has; the plus hides it.
macro_rules! waiting_where {
    ($condition:literal) => {
        concat!(
            "SELECT body, content, reason, stamps, receipts, received_at_ms, entered_at, lacks_kind, lacks_id
             FROM quarantine WHERE commune_id = ?1 ",
            $condition,
            " ORDER BY +entered_at"
        )
    };
}
const WAITING: &str = waiting_where!("");
const WAITING_OF: &str = waiting_where!("AND group_id = ?2");
const WAITING_FOR: &str = waiting_where!("AND reason = ?2");
const WAITING_LACKING: &str = waiting_where!("AND reason = ?2 AND lacks_id = ?3 AND lacks_kind = ?4");
const WAITING_UNSAID: &str = waiting_where!("AND reason = ?2 AND lacks_id IS NULL");
const UNDER: &str = "SELECT kind, record_id FROM records WHERE commune_id = ?1 AND above_id = ?2
     UNION ALL SELECT kind, record_id FROM records WHERE commune_id = ?1 AND also_above_id = ?2";

/// What a test looks at the plans of.
#[cfg(test)]
pub(crate) const ASKED_AT_EVERY_PUSH: [&str; 5] =
    [WAITING_OF, WAITING_FOR, WAITING_LACKING, WAITING_UNSAID, UNDER];

fn number(row: &SqlRow<'_>, at: usize) -> Result<u64, ServerError> {
    Ok(row.get::<i64>(at)?.cast_unsigned())
}

fn lacking(row: &SqlRow<'_>, at: usize) -> Result<Option<(u16, Uuid)>, ServerError> {
    Ok(row.get::<Option<u16>>(at)?.zip(row.get(at + 1)?))
}

fn waiting(row: &SqlRow<'_>) -> Result<Waiting, ServerError> {
    Ok(Waiting {
        numbered: serde_json::from_slice(row.bytes(0)?).map_err(|_| ServerError::Damaged)?,
        content: row.get(1)?,
        reason: Quarantine::from(row.get::<String>(2)?),
        stamps: json(row, 3)?,
        receipts: json(row, 4)?,
        received_at_ms: row.get(5)?,
        entered_at: number(row, 6)?,
        lacks: lacking(row, 7)?,
    })
}

fn record(row: &SqlRow<'_>, at: usize) -> Result<Row, ServerError> {
    Row::from_bytes(row.bytes(at)?).map_err(|_| ServerError::Damaged)
}

fn group_of(body: &[u8]) -> Result<PageGroup, ServerError> {
    serde_json::from_slice(body).map_err(|_| ServerError::Damaged)
}

impl Log<'_> {
    fn exits_at(&self, position: Position) -> Result<Vec<Exit>, ServerError> {
        let sql = "SELECT kind, record_id, from_scope, to_scope FROM exits
                   WHERE commune_id = ?1 AND position = ?2 ORDER BY kind, record_id";
        self.all(sql, params![self.commune.0, position.position.cast_signed()], |row| {
            let (from, to) = (HamletUnitId(row.get(2)?), HamletUnitId(row.get(3)?));
            Ok(Exit { position, kind: row.get(0)?, record: row.get(1)?, from, to })
        })
    }

    fn whole_rows_at(&self, position: Position) -> Result<Vec<PageRow>, ServerError> {
        let sql =
            "SELECT body FROM whole_rows WHERE commune_id = ?1 AND position = ?2 ORDER BY kind, record_id";
        self.all(sql, params![self.commune.0, position.position.cast_signed()], |row| {
            Ok(PageRow { position, row: record(row, 0)? })
        })
    }

    /// Where records of another scope are touched, the stream is read with care from then on.
    fn note_moved(&self, kind: u16, record: Uuid) -> Result<(), ServerError> {
        self.run(
            "UPDATE commits SET moved = 1 WHERE commune_id = ?1 AND position IN (
               SELECT position FROM record_ops WHERE commune_id = ?1 AND record_id = ?2 AND kind = ?3)",
            params![self.commune.0, record, kind],
        )
    }

    fn put_body(&self, position: u64, group: &PageGroup) -> Result<(), ServerError> {
        self.run(
            "INSERT INTO bodies VALUES (?1, ?2, ?3) ON CONFLICT (commune_id, position) DO UPDATE SET body = ?3",
            params![self.commune.0, position.cast_signed(), to_json(group)?.into_bytes()],
        )
    }

    /// When a laptop was revoked, if it was.
    pub(crate) fn revoked_at(&self, device: DeviceId) -> Result<Option<i64>, ServerError> {
        let sql = "SELECT revoked_at_ms FROM revocations WHERE commune_id = ?1 AND device_id = ?2";
        self.one(sql, params![self.commune.0, device.0], |row| row.get(0))
    }

    /// True if a laptop was revoked.
    pub(crate) fn is_revoked(&self, device: DeviceId) -> Result<bool, ServerError> {
        Ok(self.revoked_at(device)?.is_some())
    }

    /// What a laptop may see now; a revoked one nothing.
    pub(crate) fn sight_of(&self, device: DeviceId) -> Result<Sight, ServerError> {
        Ok(if self.is_revoked(device)? { Sight::NOTHING } else { Sight::of(&self.held_by(device)?) })
    }
}

impl HistoryView for Log<'_> {
    fn groups_of(&self, kind: u16, record: Uuid) -> Result<Vec<PageGroup>, ServerError> {
        let sql = "SELECT body FROM record_ops JOIN bodies USING (commune_id, position)
                   WHERE commune_id = ?1 AND record_id = ?2 AND kind = ?3 ORDER BY position";
        self.all(sql, params![self.commune.0, record, kind], |row| group_of(row.bytes(0)?))
    }

    fn committed_at(&self, op: OpId) -> Result<Option<Position>, ServerError> {
        let sql = "SELECT position, (SELECT epoch_number FROM communes WHERE commune_id = ?1) FROM ops
                   WHERE commune_id = ?1 AND group_id = ?2 AND op_index = ?3";
        self.one(sql, params![self.commune.0, op.group.0, op.index], |row| {
            Ok(Position { epoch: row.get(1)?, position: number(row, 0)? })
        })
    }

    fn under(&self, id: Uuid) -> Result<Vec<(u16, Uuid)>, ServerError> {
        // Sorted here: asked to sort, SQLite would walk the primary key instead of either index.
        let mut under = self.all(UNDER, params![self.commune.0, id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        under.sort_unstable();
        under.dedup();
        Ok(under)
    }
}

impl CommuneStore for Log<'_> {
    fn head(&self) -> Result<Head, ServerError> {
        let sql =
            "SELECT store_id, epoch_number, epoch_nonce, position, chain, received_at_ms, ledger, ledger_code
                   FROM communes WHERE commune_id = ?1";
        let head = self.one(sql, params![self.commune.0], |row| {
            let epoch = Epoch { number: row.get(1)?, nonce: number(row, 2)? };
            Ok(Head {
                commune: self.commune,
                store: row.get(0)?,
                cursor: Cursor { epoch, position: number(row, 3)?, hash: ChainHash(row.get(4)?) },
                received_at_ms: row.get(5)?,
                ledger: Mark { number: number(row, 6)?, code: row.get(7)? },
            })
        })?;
        head.ok_or(ServerError::Damaged)
    }

    fn put_head(&mut self, head: &Head) -> Result<(), ServerError> {
        self.put_used()?;
        self.run(
            "UPDATE communes SET epoch_number = ?2, epoch_nonce = ?3, position = ?4, chain = ?5,
               received_at_ms = ?6, ledger = ?7, ledger_code = ?8 WHERE commune_id = ?1",
            params![
                self.commune.0,
                head.cursor.epoch.number,
                head.cursor.epoch.nonce.cast_signed(),
                head.cursor.position.cast_signed(),
                head.cursor.hash.0,
                head.received_at_ms,
                head.ledger.number.cast_signed(),
                head.ledger.code,
            ],
        )
    }

    fn chain_at(&self, position: u64) -> Result<Option<ChainHash>, ServerError> {
        if position == 0 {
            return Ok(Some(ChainHash::default()));
        }
        let sql = "SELECT chain FROM commits WHERE commune_id = ?1 AND position = ?2";
        self.one(sql, params![self.commune.0, position.cast_signed()], |row| Ok(ChainHash(row.get(0)?)))
    }

    fn append(&mut self, commit: &Commit) -> Result<(), ServerError> {
        let position = commit.sent.position.position;
        let mut moved = !commit.sent.exits.is_empty() || !commit.sent.rows.is_empty();
        if let Some(group) = &commit.sent.group {
            self.put_body(position, group)?;
            for op in &group.group.ops {
                let (kind, record) = (op.header.kind, op.header.record);
                self.run(
                    "INSERT INTO record_ops VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
                    params![self.commune.0, record, kind, position.cast_signed()],
                )?;
                let there = self.see_row(kind, record, |row| row.map(|row| row.scope))?;
                moved |= there != Some(commit.scope);
            }
        }
        self.run(
            "INSERT INTO commits VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                self.commune.0,
                position.cast_signed(),
                commit.scope.0,
                commit.group.0,
                commit.code,
                commit.chain.0,
                moved,
            ],
        )?;
        for exit in &commit.sent.exits {
            self.run(
                "INSERT INTO exits VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    self.commune.0,
                    position.cast_signed(),
                    exit.kind,
                    exit.record,
                    exit.from.0,
                    exit.to.0
                ],
            )?;
            self.note_moved(exit.kind, exit.record)?;
        }
        for PageRow { row, .. } in &commit.sent.rows {
            self.run(
                "INSERT INTO whole_rows VALUES (?1, ?2, ?3, ?4, ?5)",
                params![self.commune.0, position.cast_signed(), row.kind, row.record, row.to_bytes()],
            )?;
        }
        Ok(())
    }

    fn sent_after(&self, position: u64, most: usize) -> Result<Vec<Sent>, ServerError> {
        let mut all = Vec::new();
        for Sent { position, group, exits, rows } in Stream::<Body>::after(self, position, most)? {
            let group = group.map(|body: Body| group_of(body.json.get().as_bytes())).transpose()?;
            all.push(Sent { position, group, exits, rows });
        }
        Ok(all)
    }

    fn put_group(&mut self, position: Position, group: Option<&PageGroup>) -> Result<(), ServerError> {
        let at = position.position.cast_signed();
        let sql = "SELECT body FROM bodies WHERE commune_id = ?1 AND position = ?2";
        let old = self.one(sql, params![self.commune.0, at], |row| group_of(row.bytes(0)?))?;
        for op in old.iter().flat_map(|old| &old.group.ops) {
            self.run(
                "DELETE FROM record_ops
                 WHERE commune_id = ?1 AND record_id = ?2 AND kind = ?3 AND position = ?4",
                params![self.commune.0, op.header.record, op.header.kind, at],
            )?;
        }
        self.run("DELETE FROM bodies WHERE commune_id = ?1 AND position = ?2", params![self.commune.0, at])?;
        let Some(group) = group else { return Ok(()) };
        self.put_body(position.position, group)?;
        for op in &group.group.ops {
            self.run(
                "INSERT INTO record_ops VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
                params![self.commune.0, op.header.record, op.header.kind, at],
            )?;
        }
        Ok(())
    }

    fn put_receipt(&mut self, receipt: &Receipt, at: Position) -> Result<(), ServerError> {
        let found = if receipt.found.is_empty() { String::new() } else { to_json(&receipt.found)? };
        self.run(
            "INSERT INTO ops VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (commune_id, group_id, op_index) DO UPDATE SET
               op_hash = ?4, stamp = ?5, first_epoch = ?6, first_position = ?7, found = ?8, mac = ?9,
               position = ?10",
            params![
                self.commune.0,
                receipt.op.group.0,
                receipt.op.index,
                receipt.op_hash.0,
                receipt.stamp.0,
                receipt.first.epoch,
                receipt.first.position.cast_signed(),
                found,
                receipt.mac,
                at.position.cast_signed(),
            ],
        )
    }

    fn put_row(&mut self, row: &Row) -> Result<(), ServerError> {
        self.put_record(row)
    }

    fn remove_row(&mut self, kind: u16, record: Uuid) -> Result<(), ServerError> {
        self.touch(kind, record)?;
        for sql in [
            "DELETE FROM records WHERE commune_id = ?1 AND kind = ?2 AND record_id = ?3",
            "DELETE FROM whole_rows WHERE commune_id = ?1 AND kind = ?2 AND record_id = ?3",
        ] {
            self.run(sql, params![self.commune.0, kind, record])?;
        }
        self.note_row(kind, record, None);
        Ok(())
    }

    fn rows_in(&self, scope: Scope, buckets: &[u8]) -> Result<Vec<Row>, ServerError> {
        let sql = "SELECT body FROM records WHERE commune_id = ?1 AND scope_id = ?2 ORDER BY kind, record_id";
        let mut rows = self.all(sql, params![self.commune.0, scope.0], |row| record(row, 0))?;
        rows.retain(|row| buckets.contains(&bucket_of(row.record)));
        Ok(rows)
    }

    fn scopes(&self) -> Result<Vec<Scope>, ServerError> {
        let sql = "SELECT DISTINCT scope_id FROM records WHERE commune_id = ?1 ORDER BY scope_id";
        self.all(sql, params![self.commune.0], |row| Ok(Scope(row.get(0)?)))
    }

    /// Counted anew each time: it is asked for after a restore only, and what is counted cannot have drifted.
    fn buckets(&self, scope: Scope) -> Result<Buckets, ServerError> {
        let mut buckets = Buckets::default();
        let sql = "SELECT record_id, body FROM records WHERE commune_id = ?1 AND scope_id = ?2";
        self.all(sql, params![self.commune.0, scope.0], |row| {
            buckets.add(row.get(0)?, row.bytes(1)?);
            Ok(())
        })?;
        Ok(buckets)
    }

    fn use_number(
        &mut self,
        device: DeviceId,
        numbered: &Numbered,
        stamp: Option<Stamp>,
    ) -> Result<(), ServerError> {
        let (commune, incarnation) = (self.commune.0, numbered.incarnation.cast_signed());
        let dseq = numbered.dseq.cast_signed();
        self.run(
            "INSERT INTO numbers VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            params![commune, device.0, incarnation, dseq, numbered.group.id.0],
        )?;
        let now = Used { dseq: numbered.dseq, stamp };
        self.note_used(device, numbered.incarnation, now)
    }

    fn waiting(&self, which: Which) -> Result<Vec<Waiting>, ServerError> {
        let commune = self.commune.0;
        let waits = Quarantine::NoParent;
        match which {
            Which::All => self.all(WAITING, params![commune], waiting),
            Which::Of(group) => self.all(WAITING_OF, params![commune, group.0], waiting),
            Which::For(reason) => self.all(WAITING_FOR, params![commune, reason.code()], waiting),
            Which::Lacking(Some((kind, record))) => {
                self.all(WAITING_LACKING, params![commune, waits.code(), record, kind], waiting)
            }
            Which::Lacking(None) => self.all(WAITING_UNSAID, params![commune, waits.code()], waiting),
        }
    }

    fn lacked(&self) -> Result<BTreeSet<Option<(u16, Uuid)>>, ServerError> {
        let sql =
            "SELECT DISTINCT lacks_kind, lacks_id FROM quarantine WHERE commune_id = ?1 AND reason = ?2";
        let code = Quarantine::NoParent;
        let all = self.all(sql, params![self.commune.0, code.code()], |row| lacking(row, 0))?;
        Ok(all.into_iter().collect())
    }

    fn put_waiting(&mut self, waiting: &Waiting) -> Result<(), ServerError> {
        // A group that breaks a rule may have no canonical bytes; as JSON it can always be shown.
        let numbered = &waiting.numbered;
        let body = serde_json::to_vec(numbered).map_err(|_| ServerError::Internal("quarantine"))?;
        let device = waiting.device().map_or(Uuid::nil(), |device| device.0);
        let (lacks_kind, lacks_id) = waiting.lacks.unzip();
        self.run(
            "INSERT INTO quarantine VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
             ON CONFLICT (commune_id, group_id, content) DO UPDATE SET
               reason = ?4, stamps = ?10, body = ?11, receipts = ?12, lacks_kind = ?13, lacks_id = ?14",
            params![
                self.commune.0,
                numbered.group.id.0,
                waiting.content,
                waiting.reason.code(),
                device,
                numbered.incarnation.cast_signed(),
                numbered.dseq.cast_signed(),
                waiting.received_at_ms,
                waiting.entered_at.cast_signed(),
                to_json(&waiting.stamps)?,
                body,
                to_json(&waiting.receipts)?,
                lacks_kind,
                lacks_id,
            ],
        )
    }

    fn remove_waiting(&mut self, group: GroupId, content: [u8; 32]) -> Result<(), ServerError> {
        self.run(
            "DELETE FROM quarantine WHERE commune_id = ?1 AND group_id = ?2 AND content = ?3",
            params![self.commune.0, group.0, content],
        )
    }

    fn users_of(&self, device: DeviceId) -> Result<Vec<UserId>, ServerError> {
        let sql =
            "SELECT user_id FROM device_users WHERE commune_id = ?1 AND device_id = ?2 ORDER BY user_id";
        self.all(sql, params![self.commune.0, device.0], |row| Ok(UserId(row.get(0)?)))
    }

    fn held_by(&self, device: DeviceId) -> Result<Vec<Held>, ServerError> {
        if self.is_revoked(device)? {
            return Ok(Vec::new());
        }
        self.assignments_of(device)
    }

    fn put_line(&mut self, line: &Line) -> Result<(), ServerError> {
        let (commune, number) = (self.commune.0, line.number.cast_signed());
        self.run("INSERT INTO ledger VALUES (?1, ?2, ?3)", params![commune, number, to_json(line)?])?;
        match &line.entry {
            Entry::Enrolled { device, user } => self.run(
                "INSERT INTO device_users VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                params![commune, device.0, user.0],
            ),
            Entry::Assigned { user, reach } => {
                let scope = if let Reach::Scope(scope) = reach { Some(scope.0) } else { None };
                self.run(
                    "INSERT INTO assignments VALUES (?1, ?2, ?3, ?4, ?5, NULL, NULL, NULL)",
                    params![commune, number, user.0, scope, line.at_ms],
                )
            }
            Entry::Ended { assignment, position } => self.run(
                "UPDATE assignments SET ended_epoch = ?3, ended_position = ?4, ended_at_ms = ?5
                 WHERE commune_id = ?1 AND number = ?2 AND ended_at_ms IS NULL",
                params![
                    commune,
                    assignment.cast_signed(),
                    position.epoch,
                    position.position.cast_signed(),
                    line.at_ms,
                ],
            ),
            Entry::Revoked { device } => self.run(
                "INSERT INTO revocations VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                params![commune, device.0, line.at_ms],
            ),
            Entry::Erased { subject } => {
                self.run("INSERT INTO erasures VALUES (?1, ?2, ?3)", params![commune, number, subject])
            }
        }
    }

    fn line_code(&self, number: u64) -> Result<Option<[u8; 16]>, ServerError> {
        let sql = "SELECT line FROM ledger WHERE commune_id = ?1 AND number = ?2";
        let line =
            self.one(sql, params![self.commune.0, number.cast_signed()], |row| json::<Line>(row, 0))?;
        Ok(line.map(|line| line.mac))
    }

    fn erased_after(&self, number: u64) -> Result<Vec<Uuid>, ServerError> {
        let sql = "SELECT subject_id FROM erasures WHERE commune_id = ?1 AND number > ?2 ORDER BY number";
        self.all(sql, params![self.commune.0, number.cast_signed()], |row| row.get(0))
    }

    fn put_erased(&mut self, records: &[Listed]) -> Result<(), ServerError> {
        for (kind, record) in records {
            self.run(
                "INSERT INTO erased VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                params![self.commune.0, record, kind],
            )?;
        }
        Ok(())
    }

    fn remove_erased(&mut self, kind: u16, record: Uuid) -> Result<(), ServerError> {
        self.run(
            "DELETE FROM erased WHERE commune_id = ?1 AND record_id = ?2 AND kind = ?3",
            params![self.commune.0, record, kind],
        )
    }

    fn put_left(&mut self, kind: u16, record: Uuid, scope: Scope, at: Position) -> Result<(), ServerError> {
        self.run(
            "INSERT INTO strays VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (commune_id, record_id, kind, scope_id) DO UPDATE SET position = ?5",
            params![self.commune.0, record, kind, scope.0, at.position.cast_signed()],
        )
    }

    fn kinds_of(&self, record: Uuid) -> Result<Vec<u16>, ServerError> {
        let sql = "SELECT DISTINCT kind FROM record_ops WHERE commune_id = ?1 AND record_id = ?2
                     AND EXISTS (SELECT 1 FROM records
                       WHERE commune_id = ?1 AND kind = record_ops.kind AND record_id = ?2)
                   ORDER BY kind";
        self.all(sql, params![self.commune.0, record], |row| row.get(0))
    }
}

impl Stream<Body> for Log<'_> {
    type Error = ServerError;

    fn after(&self, position: u64, most: usize) -> Result<Vec<Sent<Body>>, ServerError> {
        let sql = "SELECT commits.position, scope_id, moved, body,
                     (SELECT epoch_number FROM communes WHERE commune_id = ?1)
                   FROM commits LEFT JOIN bodies USING (commune_id, position)
                   WHERE commune_id = ?1 AND commits.position > ?2 AND (body IS NOT NULL
                     OR EXISTS (SELECT 1 FROM exits WHERE commune_id = ?1 AND position = commits.position)
                     OR EXISTS (SELECT 1 FROM whole_rows WHERE commune_id = ?1 AND position = commits.position))
                   ORDER BY commits.position LIMIT ?3";
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.all(sql, params![self.commune.0, position.cast_signed(), most], |row| {
            let position = Position { epoch: row.get(4)?, position: number(row, 0)? };
            let moved: bool = row.get(2)?;
            let group = match row.get::<Option<Vec<u8>>>(3)? {
                Some(body) => {
                    let json = String::from_utf8(body).map_err(|_| ServerError::Damaged)?;
                    let json = RawValue::from_string(json).map_err(|_| ServerError::Damaged)?;
                    Some(Body { json, scope: Scope(row.get(1)?), moved })
                }
                None => None,
            };
            let (mut exits, mut rows) = (Vec::new(), Vec::new());
            if moved {
                (exits, rows) = (self.exits_at(position)?, self.whole_rows_at(position)?);
            }
            Ok(Sent { position, group, exits, rows })
        })
    }

    fn seen(&self, body: Body, sight: &Sight) -> Result<Option<(Body, usize)>, ServerError> {
        if !body.moved {
            let bytes = body.json.get().len() + 1;
            return Ok(sight.covers(body.scope).then_some((body, bytes)));
        }
        let Some(part) = seen_part(self, group_of(body.json.get().as_bytes())?, sight)? else {
            return Ok(None);
        };
        let json = RawValue::from_string(to_json(&part)?).map_err(|_| ServerError::Damaged)?;
        let bytes = json.get().len() + 1;
        Ok(Some((Body { json, ..body }, bytes)))
    }
}

impl serde::Serialize for Body {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use database::Durability;
    use domain::consent::Basis;

    use super::super::records;
    use super::super::sql::Value;
    use super::*;
    use crate::{NewCommune, Options, Register};

    /// What is asked for at every push is found by an index that tells more than the commune apart.
    #[test]
    fn nothing_on_the_way_of_a_push_is_searched_through() {
        let dir = tempfile::tempdir().unwrap();
        let commune =
            NewCommune { name: "Xã Đồng Sen".into(), code: String::new(), basis: Basis::Consent };
        let options = Options { durability: Durability::Off, ..Options::default() };
        let register = Register::create(dir.path(), &commune, options).unwrap();
        let check = |log: &Log<'_>| {
            for sql in ASKED_AT_EVERY_PUSH {
                let plan = format!("EXPLAIN QUERY PLAN {sql}");
                let nothing = vec![Value::Null; (1..9).filter(|n| sql.contains(&format!("?{n}"))).count()];
                let steps = log.all(&plan, &nothing, |row| row.get::<String>(3))?;
                assert!(!steps.iter().any(|step| step.starts_with("SCAN")), "{sql}: {steps:?}");
                let mut searches = steps.iter().filter(|step| step.starts_with("SEARCH")).peekable();
                assert!(searches.peek().is_some(), "{sql}: {steps:?}");
                assert!(searches.all(|step| step.contains(" AND ")), "{sql}: {steps:?}");
            }
            for sql in [records::UNDER, records::ALL_UNDER] {
                let nothing = vec![Value::Null; sql.matches('?').count()];
                let plan = format!("EXPLAIN QUERY PLAN {sql}");
                let steps = log.all(&plan, &nothing, |row| row.get::<String>(3))?;
                assert!(steps.iter().all(|step| step.contains("records_under")), "{sql}: {steps:?}");
            }
            Ok(())
        };
        register.read(check).unwrap();
    }
}
