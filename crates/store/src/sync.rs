//! What the sync loop needs of the laptop's store. Base rows are written here and nowhere else, and an
//! op leaves the overlay only when the stream delivers it (sync rules §3, F4).

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rusqlite::{Connection, TransactionBehavior, params};
use sync_core::group::Group;
use sync_core::ingest::GroupOutcome;
use sync_core::ledger::Mark;
use sync_core::local::{LocalCounts, LocalStore};
use sync_core::op::OpId;
use sync_core::receipt::Receipt;
use sync_core::row::Row;
use sync_core::stamp::Stamp;
use sync_core::wire::{
    BatchLimits, Hello, Numbered, PROTOCOL, Page, PageGroup, PushReply, SessionOffset, fill_batch,
};
use uuid::Uuid;

use crate::Store;
use crate::counts::catch_up;
use crate::error::StoreError;
use crate::gate::write_visible;
use crate::outbox;
use crate::rows::{base, put_base, visible};
use crate::settings::{self, SyncState};
use crate::tables::{all, to_json};

impl LocalStore for Store {
    type Error = StoreError;

    fn hello(&self) -> Result<Hello, StoreError> {
        let sync = state(&self.connection)?;
        Ok(Hello {
            protocol: PROTOCOL,
            commune: self.identity.commune,
            device: self.identity.device,
            incarnation: sync.incarnation,
            cursor: sync.cursor,
            highest_dseq: sync.highest_dseq,
            proof: None,
            ledger: Mark::default(),
        })
    }

    fn next_batch(&self, limits: &BatchLimits) -> Result<Vec<Numbered>, StoreError> {
        let most = i64::try_from(limits.groups.max(1)).unwrap_or(i64::MAX);
        let sql = "SELECT incarnation, dseq, body FROM saves WHERE state = 'pending' ORDER BY dseq LIMIT ?1";
        let pending = all(&self.connection, sql, [most], |row| {
            let body = row.get_ref(2)?.as_blob().map_err(|_| StoreError::Damaged)?;
            Ok(Numbered {
                incarnation: row.get::<_, i64>(0)?.cast_unsigned(),
                dseq: row.get::<_, i64>(1)?.cast_unsigned(),
                group: serde_json::from_slice(body).map_err(|_| StoreError::Damaged)?,
            })
        })?;
        fill_batch(&pending, limits).map_err(|_| StoreError::Damaged)
    }

    fn offsets(&self, groups: &[Numbered]) -> Result<Vec<SessionOffset>, StoreError> {
        let mut sessions: Vec<u64> =
            groups.iter().filter_map(|one| one.group.ops.first()).map(|op| op.header.session).collect();
        sessions.sort_unstable();
        sessions.dedup();
        let mut offsets = Vec::new();
        for session in sessions {
            let sql = "SELECT offset_ms FROM session_offsets WHERE session = ?1";
            let known = all(&self.connection, sql, [session.cast_signed()], |row| Ok(row.get(0)?))?;
            offsets.extend(known.into_iter().map(|offset_ms| SessionOffset { session, offset_ms }));
        }
        Ok(offsets)
    }

    fn acknowledge(&mut self, reply: &PushReply) -> Result<u64, StoreError> {
        let mut settled = 0;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let receipts: HashMap<OpId, &Receipt> =
            reply.receipts.iter().map(|receipt| (receipt.op, receipt)).collect();
        for answer in &reply.groups {
            let new_state = match &answer.outcome {
                GroupOutcome::Applied | GroupOutcome::Superseded | GroupOutcome::Known => {
                    ("acknowledged", "")
                }
                GroupOutcome::Quarantined(reason) => ("quarantined", reason.code()),
                GroupOutcome::Gap { .. } | GroupOutcome::NumberTaken => continue,
            };
            let Some(OwnGroup { seq, waits, group }) = own_group(&transaction, answer.group.0)? else {
                continue;
            };
            // An answer counts only for op hashes that are mine; a number alone is no acknowledgement.
            let mine: Vec<&Receipt> = group
                .ops
                .iter()
                .filter_map(|op| {
                    receipts.get(&op.id()).copied().filter(|receipt| receipt.op_hash == op.hash())
                })
                .collect();
            if new_state.0 == "acknowledged" && mine.len() < group.ops.len() {
                continue;
            }
            for receipt in mine {
                keep_receipt(&transaction, receipt)?;
            }
            #[cfg(feature = "sabotage")]
            if domain::fault::is("acknowledged_is_delivered") {
                transaction.execute("DELETE FROM overlay WHERE seq = ?1", [seq])?;
            }
            transaction
                .prepare_cached(
                    "UPDATE saves SET state = ?2, reason = ?3 WHERE seq = ?1 AND state <> 'delivered'",
                )?
                .execute(params![seq, new_state.0, new_state.1])?;
            settled += u64::from(waits);
        }
        transaction.commit()?;
        Ok(settled)
    }

    fn apply_page(&mut self, page: Page) -> Result<(), StoreError> {
        let today = self.today();
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut sync = state(&transaction)?;
        let begins_at_cursor = page.from == sync.cursor;
        #[cfg(feature = "sabotage")]
        let begins_at_cursor = begins_at_cursor || domain::fault::is("cursor");
        if !begins_at_cursor {
            return Err(StoreError::Invalid("a page that does not begin at the cursor"));
        }
        #[cfg(feature = "sabotage")]
        let transaction = if domain::fault::is("cursor_first") {
            sync.cursor = Some(page.to);
            settings::put(&transaction, settings::SYNC, &sync)?;
            transaction.commit()?;
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?
        } else {
            transaction
        };
        catch_up(&transaction, &self.counted_by, today)?;
        let changed = merge_into_base(&transaction, &page.groups)?;
        let mut shown = Vec::new();
        for (kind, record) in changed {
            shown.extend(visible(&transaction, kind, record)?.shown);
        }
        write_visible(&transaction, shown.iter(), &self.counted_by, today)?;
        sync.cursor = Some(page.to);
        settings::put(&transaction, settings::SYNC, &sync)?;
        Ok(transaction.commit()?)
    }

    fn new_incarnation(&mut self, random: u64) -> Result<(), StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let pending =
            all(&transaction, "SELECT seq FROM saves WHERE state = 'pending' ORDER BY seq", [], |row| {
                Ok(row.get::<_, i64>(0)?)
            })?;
        let mut sync = SyncState { incarnation: random, highest_dseq: 0, ..state(&transaction)? };
        for seq in pending {
            sync.highest_dseq += 1;
            transaction
                .prepare_cached("UPDATE saves SET incarnation = ?2, dseq = ?3 WHERE seq = ?1")?
                .execute(params![seq, random.cast_signed(), sync.highest_dseq.cast_signed()])?;
        }
        settings::put(&transaction, settings::SYNC, &sync)?;
        outbox::forget(&transaction)?;
        transaction.commit()?;
        self.outbox.catch_up(&self.connection);
        Ok(())
    }

    fn session(&mut self) -> Result<(u64, i64), StoreError> {
        let moment = self.moment()?;
        Ok((moment.session, moment.wall_ms))
    }

    fn learn_offset(&mut self, session: u64, offset_ms: i64) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO session_offsets VALUES (?1, ?2)")?
            .execute(params![session.cast_signed(), offset_ms])?;
        self.hear(session, offset_ms)
    }

    fn counts(&self) -> Result<LocalCounts, StoreError> {
        let count = |state: &str| -> Result<u64, StoreError> {
            let mut statement =
                self.connection.prepare_cached("SELECT count(*) FROM saves WHERE state = ?1")?;
            Ok(statement.query_row([state], |row| row.get::<_, i64>(0))?.cast_unsigned())
        };
        Ok(LocalCounts {
            pending_groups: count("pending")?,
            acknowledged_groups: count("acknowledged")?,
            quarantined_groups: count("quarantined")?,
        })
    }
}

fn state(connection: &Connection) -> Result<SyncState, StoreError> {
    settings::get(connection, settings::SYNC)?.ok_or(StoreError::NotSetUp)
}

/// A group saved here.
struct OwnGroup {
    seq: i64,
    /// It is pending.
    waits: bool,
    group: Group,
}

fn own_group(connection: &Connection, id: Uuid) -> Result<Option<OwnGroup>, StoreError> {
    let sql = "SELECT seq, state = 'pending', body FROM saves WHERE group_id = ?1";
    let found = all(connection, sql, [id], |row| {
        let body = row.get_ref(2)?.as_blob().map_err(|_| StoreError::Damaged)?;
        let group = serde_json::from_slice(body).map_err(|_| StoreError::Damaged)?;
        Ok(OwnGroup { seq: row.get(0)?, waits: row.get(1)?, group })
    })?;
    Ok(found.into_iter().next())
}

/// The stamp of an op that was acknowledged, delivered or not.
pub(crate) fn acknowledged_stamp(connection: &Connection, op: OpId) -> Result<Option<Stamp>, StoreError> {
    let sql = "SELECT body FROM receipts WHERE group_id = ?1 AND op_index = ?2";
    let found = all(connection, sql, params![op.group.0, op.index], |row| {
        let body = row.get_ref(0)?.as_blob().map_err(|_| StoreError::Damaged)?;
        let receipt: Receipt = serde_json::from_slice(body).map_err(|_| StoreError::Damaged)?;
        Ok(receipt.stamp)
    })?;
    Ok(found.into_iter().next())
}

fn keep_receipt(connection: &Connection, receipt: &Receipt) -> Result<(), StoreError> {
    connection.prepare_cached("INSERT OR REPLACE INTO receipts VALUES (?1, ?2, ?3)")?.execute(params![
        receipt.op.group.0,
        receipt.op.index,
        to_json(receipt)?.into_bytes()
    ])?;
    Ok(())
}

/// Merges what the stream delivers into base rows, once per row, and drops it from the overlay. Returns
/// the records it touched, parents before children as they came.
fn merge_into_base(connection: &Connection, groups: &[PageGroup]) -> Result<Vec<(u16, Uuid)>, StoreError> {
    let mut order: Vec<(u16, Uuid)> = Vec::new();
    let mut rows: HashMap<(u16, Uuid), Row> = HashMap::new();
    for delivered in groups {
        let receipts: HashMap<OpId, &Receipt> =
            delivered.receipts.iter().map(|receipt| (receipt.op, receipt)).collect();
        for op in &delivered.group.ops {
            let Some(receipt) = receipts.get(&op.id()) else { continue };
            let key = (op.header.kind, op.header.record);
            let row = match rows.entry(key) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    order.push(key);
                    entry.insert(base(connection, key.0, key.1)?.unwrap_or_else(|| Row::begun_by(op)))
                }
            };
            row.merge(op, receipt.stamp);
        }
        leave_overlay(connection, &delivered.group, &delivered.receipts)?;
    }
    for key in &order {
        if let Some(row) = rows.get(key) {
            put_base(connection, row)?;
        }
    }
    Ok(order)
}

/// Own ops that were delivered leave the overlay; a save none of whose ops is left is delivered.
fn leave_overlay(connection: &Connection, group: &Group, receipts: &[Receipt]) -> Result<(), StoreError> {
    let sql = "SELECT seq FROM saves WHERE group_id = ?1";
    let own = all(connection, sql, [group.id.0], |row| Ok(row.get::<_, i64>(0)?))?;
    let Some(seq) = own.into_iter().next() else { return Ok(()) };
    for receipt in receipts {
        keep_receipt(connection, receipt)?;
        connection
            .prepare_cached("DELETE FROM overlay WHERE seq = ?1 AND op_index = ?2")?
            .execute(params![seq, receipt.op.index])?;
    }
    connection
        .prepare_cached(
            "UPDATE saves SET state = 'delivered', reason = ''
             WHERE seq = ?1 AND NOT EXISTS (SELECT 1 FROM overlay WHERE seq = ?1)",
        )?
        .execute([seq])?;
    Ok(())
}
