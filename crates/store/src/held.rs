//! What this laptop holds of the commune's log, as the rules of [`sync_core::laptop`] see it: they decide, this gets and
//! puts. The records that a step touched are written into the visible tables at its end.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap, HashSet};

use age::x25519::Recipient;
use domain::calendar::Day;
use domain::ids::{CommuneId, DeviceId};
use rusqlite::{Connection, OptionalExtension, Params, Row as SqlRow, params};
use sync_core::digest::{Buckets, bucket_of};
use sync_core::erasure::Listed;
use sync_core::household::CountedBy;
use sync_core::ingest::Quarantine;
use sync_core::laptop::{LaptopStore, Own, Standing, State, Which};
use sync_core::ledger::Mark;
use sync_core::local::LocalCounts;
use sync_core::offer::BareOp;
use sync_core::op::{GroupId, Op, OpId, Scope};
use sync_core::position::Position;
use sync_core::receipt::Receipt;
use sync_core::row::Row;
use sync_core::stamp::Stamp;
use sync_core::wire::{Numbered, PageGroup};
use uuid::Uuid;

use crate::counts::catch_up;
use crate::error::StoreError;
use crate::gate::{Written, write_visible};
use crate::rows::{base, put_base, visible_over};
use crate::settings::{self, Identity};
use crate::tables::{all, read, to_json};

const OWN: &str =
    "SELECT incarnation, dseq, state, reason, body, at_epoch, at_position, mended FROM saves WHERE ";
const PENDING: &str = "pending";
const TAKEN: &str = "acknowledged";
const APART: &str = "quarantined";

/// The database within one transaction.
#[derive(Debug)]
pub struct Tables<'t> {
    connection: &'t Connection,
    identity: &'t Identity,
    seal_to: &'t Recipient,
    /// Records whose visible row may not be right any more, in the order in which they were touched.
    touched: Vec<(u16, Uuid)>,
    touched_once: HashSet<(u16, Uuid)>,
    /// Own groups that were not delivered when the first was asked for; within a step none comes.
    undelivered: OnceCell<HashSet<GroupId>>,
    /// Something went that must not stay readable in the log of the database either.
    pub(crate) scrubs: bool,
    /// Base rows as they are now, and whether the table has them so: a page writes each once.
    rows: RefCell<HashMap<(u16, Uuid), (Row, bool)>>,
}

impl<'t> Tables<'t> {
    pub(crate) fn new(connection: &'t Connection, identity: &'t Identity, seal_to: &'t Recipient) -> Self {
        Self {
            connection,
            identity,
            seal_to,
            touched: Vec::new(),
            touched_once: HashSet::new(),
            undelivered: OnceCell::new(),
            scrubs: false,
            rows: RefCell::default(),
        }
    }

    /// Brings the visible tables and the counts to what the records are now.
    pub(crate) fn show(&self, by: &CountedBy, today: Day) -> Result<(), StoreError> {
        self.write_rows()?;
        if self.touched.is_empty() {
            return Ok(());
        }
        catch_up(self.connection, by, today)?;
        let mut written = Vec::with_capacity(self.touched.len());
        for (kind, record) in &self.touched {
            let row = visible_over(self.connection, self.row(*kind, *record)?, *kind, *record)?;
            // An own edit of what is not here any more is no record.
            written.extend(row.base.is_none().then_some(Written::Not(*kind, *record)));
            written.extend(row.shown.map(Written::As));
        }
        write_visible(self.connection, written, by, today)
    }

    /// Before anything is read that is not asked for by its record.
    fn write_rows(&self) -> Result<(), StoreError> {
        for (row, written) in self.rows.borrow_mut().values_mut().filter(|(_, written)| !*written) {
            put_base(self.connection, row)?;
            *written = true;
        }
        Ok(())
    }

    fn touch(&mut self, kind: u16, record: Uuid) {
        if self.touched_once.insert((kind, record)) {
            self.touched.push((kind, record));
        }
    }

    fn touch_ops(&mut self, ops: &[Op]) {
        for op in ops {
            self.touch(op.header.kind, op.header.record);
        }
    }

    /// A page delivers thousands of groups, and few of them are one's own.
    fn is_undelivered(&self, group: GroupId) -> Result<bool, StoreError> {
        if let Some(undelivered) = self.undelivered.get() {
            return Ok(undelivered.contains(&group));
        }
        let sql = "SELECT group_id FROM saves WHERE state IN (?1, ?2, ?3)";
        let of = |row: &rusqlite::Row<'_>| read::id(row, 0, GroupId);
        let found: HashSet<_> = all(self.connection, sql, [PENDING, TAKEN, APART], of)?.into_iter().collect();
        Ok(self.undelivered.get_or_init(|| found).contains(&group))
    }

    fn run(&self, sql: &str, parameters: impl Params) -> Result<(), StoreError> {
        self.connection.prepare_cached(sql)?.execute(parameters)?;
        Ok(())
    }

    fn groups(&self, sql: &str, parameters: impl Params) -> Result<Vec<PageGroup>, StoreError> {
        all(self.connection, sql, parameters, |row| parsed(row, 0))
    }

    fn read_owns(&self, condition: &str, parameters: impl Params) -> Result<Vec<Own>, StoreError> {
        let mut owns = all(self.connection, &format!("{OWN}{condition}"), parameters, own_of)?;
        for own in owns.iter_mut().filter(|own| own.standing != Standing::Pending) {
            let sql = "SELECT body FROM receipts WHERE group_id = ?1 ORDER BY op_index";
            own.receipts = all(self.connection, sql, [own.numbered.group.id.0], |row| parsed(row, 0))?;
        }
        Ok(owns)
    }

    fn seq_of(&self, group: GroupId) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT seq FROM saves WHERE group_id = ?1 AND state <> 'delivered'";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row([group.0], |row| row.get(0)).optional()?)
    }

    fn forget_receipts(&self, group: GroupId) -> Result<(), StoreError> {
        self.run("DELETE FROM receipts WHERE group_id = ?1", [group.0])
    }
}

fn parsed<T: serde::de::DeserializeOwned>(row: &SqlRow<'_>, at: usize) -> Result<T, StoreError> {
    let body = row.get_ref(at)?.as_bytes().map_err(|_| StoreError::Damaged)?;
    serde_json::from_slice(body).map_err(|_| StoreError::Damaged)
}

fn number(row: &SqlRow<'_>, at: usize) -> Result<u64, StoreError> {
    Ok(row.get::<_, i64>(at)?.cast_unsigned())
}

/// Without its receipts.
fn own_of(row: &SqlRow<'_>) -> Result<Own, StoreError> {
    let standing = match row.get_ref(2)?.as_str().map_err(|_| StoreError::Damaged)? {
        PENDING => Standing::Pending,
        TAKEN => Standing::Taken,
        _ => Standing::Apart(Quarantine::from(row.get::<_, String>(3)?)),
    };
    let at = match (row.get(5)?, row.get::<_, Option<i64>>(6)?) {
        (Some(epoch), Some(position)) => Some(Position { epoch, position: position.cast_unsigned() }),
        _ => None,
    };
    let numbered = Numbered { incarnation: number(row, 0)?, dseq: number(row, 1)?, group: parsed(row, 4)? };
    Ok(Own { numbered, standing, receipts: vec![], at, mended: row.get(7)? })
}

fn most_of(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

/// The stamp of an own op that was acknowledged and not delivered yet.
pub(crate) fn acknowledged_stamp(connection: &Connection, op: OpId) -> Result<Option<Stamp>, StoreError> {
    let sql = "SELECT body FROM receipts WHERE group_id = ?1 AND op_index = ?2";
    let found = all(connection, sql, params![op.group.0, op.index], |row| parsed::<Receipt>(row, 0))?;
    Ok(found.into_iter().next().map(|receipt| receipt.stamp))
}

impl LaptopStore for Tables<'_> {
    type Error = StoreError;

    fn identity(&self) -> (CommuneId, DeviceId) {
        (self.identity.commune, self.identity.device)
    }

    fn state(&self) -> Result<State, StoreError> {
        settings::get(self.connection, settings::SYNC)?.ok_or(StoreError::NotSetUp)
    }

    fn put_state(&mut self, state: &State) -> Result<(), StoreError> {
        settings::put(self.connection, settings::SYNC, state)
    }

    fn row(&self, kind: u16, record: Uuid) -> Result<Option<Row>, StoreError> {
        if let Some((row, _)) = self.rows.borrow().get(&(kind, record)) {
            return Ok(Some(row.clone()));
        }
        base(self.connection, kind, record)
    }

    fn put_row(&mut self, row: &Row) -> Result<(), StoreError> {
        self.touch(row.kind, row.record);
        self.rows.get_mut().insert((row.kind, row.record), (row.clone(), false));
        Ok(())
    }

    fn remove_row(&mut self, kind: u16, record: Uuid) -> Result<(), StoreError> {
        self.touch(kind, record);
        self.rows.get_mut().remove(&(kind, record));
        self.run("DELETE FROM base_rows WHERE record_id = ?1 AND kind = ?2", params![record, kind])
    }

    fn scopes(&self) -> Result<Vec<Scope>, StoreError> {
        self.write_rows()?;
        // From one to the next: asked for what is distinct, SQLite would walk through every row.
        let sql = "WITH RECURSIVE one (scope) AS (
                     SELECT min(scope_id) FROM base_rows
                     UNION ALL SELECT (SELECT min(scope_id) FROM base_rows WHERE scope_id > scope) FROM one
                     WHERE scope IS NOT NULL)
                   SELECT scope FROM one WHERE scope IS NOT NULL";
        all(self.connection, sql, [], |row| Ok(Scope(row.get(0)?)))
    }

    fn rows_in(&self, scope: Scope, buckets: Option<&[u8]>) -> Result<Vec<Row>, StoreError> {
        self.write_rows()?;
        let asked = |record| buckets.is_none_or(|buckets| buckets.contains(&bucket_of(record)));
        let sql = "SELECT record_id, body FROM base_rows WHERE scope_id = ?1 ORDER BY kind, record_id";
        let rows = all(self.connection, sql, [scope.0], |row| {
            let body = row.get_ref(1)?.as_blob().map_err(|_| StoreError::Damaged)?;
            let asked = asked(row.get(0)?);
            asked.then(|| Row::from_bytes(body).map_err(|_| StoreError::Damaged)).transpose()
        })?;
        Ok(rows.into_iter().flatten().collect())
    }

    fn buckets(&self, scope: Scope) -> Result<Buckets, StoreError> {
        self.write_rows()?;
        let mut buckets = Buckets::default();
        let sql = "SELECT record_id, body FROM base_rows WHERE scope_id = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([scope.0])?;
        while let Some(row) = rows.next()? {
            buckets.add(row.get(0)?, row.get_ref(1)?.as_blob().map_err(|_| StoreError::Damaged)?);
        }
        Ok(buckets)
    }

    fn own(&self, group: GroupId) -> Result<Option<Own>, StoreError> {
        if !self.is_undelivered(group)? {
            return Ok(None);
        }
        let owns = self.read_owns("group_id = ?1 AND state <> 'delivered'", [group.0])?;
        Ok(owns.into_iter().next())
    }

    fn owns(&self, which: Which, most: usize) -> Result<Vec<Own>, StoreError> {
        let most = most_of(most);
        match which {
            Which::All => self.read_owns("state <> 'delivered' ORDER BY seq LIMIT ?1", [most]),
            Which::Pending => self.read_owns("state = 'pending' ORDER BY dseq LIMIT ?1", [most]),
            Which::Taken => self.read_owns("state = 'acknowledged' ORDER BY seq LIMIT ?1", [most]),
            Which::Apart => self.read_owns(
                "state = 'quarantined' AND NOT EXISTS
                   (SELECT 1 FROM receipts WHERE receipts.group_id = saves.group_id)
                 ORDER BY dseq LIMIT ?1",
                [most],
            ),
            Which::UpTo(end) => self.read_owns(
                "at_epoch = ?1 AND at_position <= ?2 ORDER BY seq LIMIT ?3",
                params![end.epoch, end.position.cast_signed(), most],
            ),
            Which::Elsewhere(epoch) => self.read_owns(
                "state IN ('acknowledged', 'quarantined') AND at_epoch IS NOT ?1 AND EXISTS
                   (SELECT 1 FROM receipts WHERE receipts.group_id = saves.group_id)
                 ORDER BY seq LIMIT ?2",
                params![epoch, most],
            ),
        }
    }

    fn put_own(&mut self, own: &Own) -> Result<(), StoreError> {
        let group = &own.numbered.group;
        let (state, reason) = match &own.standing {
            Standing::Pending => (PENDING, ""),
            Standing::Taken => (TAKEN, ""),
            Standing::Apart(reason) => (APART, reason.code()),
        };
        let Some(seq) = self.seq_of(group.id)? else { return Ok(()) };
        self.run(
            "UPDATE saves SET incarnation = ?2, dseq = ?3, state = ?4, reason = ?5, at_epoch = ?6,
               at_position = ?7, mended = ?8 WHERE seq = ?1",
            params![
                seq,
                own.numbered.incarnation.cast_signed(),
                own.numbered.dseq.cast_signed(),
                state,
                reason,
                own.at.map(|at| at.epoch),
                own.at.map(|at| at.position.cast_signed()),
                own.mended,
            ],
        )?;
        if own.receipts.is_empty() {
            self.forget_receipts(group.id)?;
        }
        for receipt in &own.receipts {
            self.run(
                "INSERT OR REPLACE INTO receipts VALUES (?1, ?2, ?3)",
                params![receipt.op.group.0, receipt.op.index, to_json(receipt)?.into_bytes()],
            )?;
        }
        let shown = !own.mended;
        #[cfg(feature = "sabotage")]
        let shown =
            shown && !(own.standing == Standing::Taken && domain::fault::is("acknowledged_is_delivered"));
        if !shown {
            self.touch_ops(&group.ops);
            self.run("DELETE FROM overlay WHERE seq = ?1", [seq])?;
        }
        Ok(())
    }

    fn put_part_of_own(&mut self, own: &Own) -> Result<(), StoreError> {
        let group = &own.numbered.group;
        let Some(seq) = self.seq_of(group.id)? else { return Ok(()) };
        if let Some(before) = self.own(group.id)? {
            self.touch_ops(&before.numbered.group.ops);
            for op in before.numbered.group.ops.iter().filter(|op| !group.ops.contains(op)) {
                self.run(
                    "DELETE FROM overlay WHERE seq = ?1 AND op_index = ?2",
                    params![seq, op.header.id.index],
                )?;
            }
        }
        let body = group.to_bytes().map_err(|_| StoreError::Invalid("group"))?;
        self.run("UPDATE saves SET body = ?2 WHERE seq = ?1", params![seq, body])?;
        self.forget_receipts(group.id)?;
        self.put_own(own)
    }

    /// Its line stays without what it said: the order of saving goes on from it.
    fn remove_own(&mut self, group: GroupId) -> Result<(), StoreError> {
        let Some(own) = self.own(group)? else { return Ok(()) };
        self.touch_ops(&own.numbered.group.ops);
        self.run("DELETE FROM overlay WHERE seq = (SELECT seq FROM saves WHERE group_id = ?1)", [group.0])?;
        self.forget_receipts(group)?;
        self.run(
            "UPDATE saves SET state = 'delivered', reason = '', body = X'', at_epoch = NULL, at_position = NULL
             WHERE group_id = ?1",
            [group.0],
        )
    }

    fn counts(&self) -> Result<LocalCounts, StoreError> {
        let count = |state: &str| -> Result<u64, StoreError> {
            let mut statement =
                self.connection.prepare_cached("SELECT count(*) FROM saves WHERE state = ?1")?;
            Ok(statement.query_row([state], |row| row.get::<_, i64>(0))?.cast_unsigned())
        };
        let sql = "SELECT count(*) FROM saves WHERE state = 'quarantined' AND mended";
        let mended: i64 = self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        let mended = mended.cast_unsigned();
        Ok(LocalCounts {
            pending_groups: count(PENDING)?,
            acknowledged_groups: count(TAKEN)?,
            quarantined_groups: count(APART)? - mended,
        })
    }

    fn kept(&self, group: GroupId) -> Result<Option<PageGroup>, StoreError> {
        Ok(self.groups("SELECT body FROM kept WHERE group_id = ?1", [group.0])?.into_iter().next())
    }

    fn kept_names(&self) -> Result<Vec<GroupId>, StoreError> {
        all(self.connection, "SELECT group_id FROM kept", [], |row| read::id(row, 0, GroupId))
    }

    fn kept_about(&self, kind: u16, record: Uuid) -> Result<Vec<GroupId>, StoreError> {
        let sql = "SELECT group_id FROM kept_ops WHERE record_id = ?1 AND kind = ?2";
        all(self.connection, sql, params![record, kind], |row| read::id(row, 0, GroupId))
    }

    fn kept_elsewhere(
        &self,
        epoch: u32,
        after: Option<GroupId>,
        most: usize,
    ) -> Result<Vec<PageGroup>, StoreError> {
        let after = after.map_or(vec![], |after| after.0.as_bytes().to_vec());
        self.groups(
            "SELECT body FROM kept WHERE group_id > ?2 AND epoch <> ?1 ORDER BY group_id LIMIT ?3",
            params![epoch, after, most_of(most)],
        )
    }

    fn put_kept(&mut self, group: &PageGroup) -> Result<(), StoreError> {
        self.run(
            "INSERT OR REPLACE INTO kept VALUES (?1, ?2, ?3, ?4)",
            params![
                group.group.id.0,
                group.position.epoch,
                group.position.position.cast_signed(),
                to_json(group)?.into_bytes()
            ],
        )?;
        for op in &group.group.ops {
            self.run(
                "INSERT OR IGNORE INTO kept_ops VALUES (?1, ?2, ?3)",
                params![op.header.record, op.header.kind, group.group.id.0],
            )?;
        }
        Ok(())
    }

    fn remove_kept(&mut self, group: GroupId) -> Result<(), StoreError> {
        self.run("DELETE FROM kept WHERE group_id = ?1", [group.0])
    }

    fn seal(&mut self, group: &PageGroup) -> Result<(), StoreError> {
        let body = to_json(group)?;
        let payload = age::encrypt(self.seal_to, body.as_bytes()).map_err(|_| StoreError::Seal)?;
        let Position { epoch, position } = group.position;
        self.run(
            "INSERT INTO sealed (epoch, position, payload) VALUES (?1, ?2, ?3)",
            params![epoch, position.cast_signed(), payload],
        )
    }

    fn sealed_elsewhere(
        &self,
        epoch: u32,
        after: u64,
        most: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let sql =
            "SELECT number, payload FROM sealed WHERE number > ?2 AND epoch <> ?1 ORDER BY number LIMIT ?3";
        all(self.connection, sql, params![epoch, after.cast_signed(), most_of(most)], |row| {
            Ok((number(row, 0)?, row.get(1)?))
        })
    }

    fn remove_sealed(&mut self, number: u64) -> Result<(), StoreError> {
        self.run("DELETE FROM sealed WHERE number = ?1", [number.cast_signed()])
    }

    fn put_sealed_at(&mut self, number: u64, position: Position) -> Result<(), StoreError> {
        let Position { epoch, position } = position;
        self.run(
            "UPDATE sealed SET epoch = ?2, position = ?3 WHERE number = ?1",
            params![number.cast_signed(), epoch, position.cast_signed()],
        )
    }

    fn forget_up_to(&mut self, watermark: Position) -> Result<(), StoreError> {
        let end = params![watermark.epoch, watermark.position.cast_signed()];
        self.run("DELETE FROM sealed WHERE epoch = ?1 AND position <= ?2", end)?;
        let sql = "DELETE FROM kept WHERE epoch = ?1 AND position <= ?2";
        if self.connection.prepare_cached(sql)?.execute(end)? > 0 {
            self.run("DELETE FROM kept_ops WHERE group_id NOT IN (SELECT group_id FROM kept)", [])?;
        }
        self.run("DELETE FROM drafts WHERE household_id NOT IN (SELECT id FROM households)", [])
    }

    fn put_bare(&mut self, bare: &BareOp) -> Result<(), StoreError> {
        self.run(
            "INSERT OR REPLACE INTO bare_ops VALUES (?1, ?2, ?3, '')",
            params![bare.header.id.group.0, bare.header.id.index, to_json(bare)?],
        )
    }

    fn bare_to_offer(&self, epoch: u32, ledger: Mark, most: usize) -> Result<Vec<BareOp>, StoreError> {
        let sql = "SELECT body FROM bare_ops WHERE offered <> ?1 ORDER BY group_id, op_index LIMIT ?2";
        all(self.connection, sql, params![to_json(&(epoch, ledger))?, most_of(most)], |row| parsed(row, 0))
    }

    fn put_bare_offered(&mut self, bare: &[BareOp], epoch: u32, ledger: Mark) -> Result<(), StoreError> {
        let now = to_json(&(epoch, ledger))?;
        for one in bare {
            self.run(
                "UPDATE bare_ops SET offered = ?3 WHERE group_id = ?1 AND op_index = ?2",
                params![one.header.id.group.0, one.header.id.index, now],
            )?;
        }
        Ok(())
    }

    fn erased(&self) -> Result<BTreeSet<Listed>, StoreError> {
        let listed = all(self.connection, "SELECT kind, record_id FROM erased", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        Ok(listed.into_iter().collect())
    }

    fn put_erased(&mut self, listed: &BTreeSet<Listed>) -> Result<(), StoreError> {
        for (kind, record) in listed {
            self.run("INSERT OR IGNORE INTO erased VALUES (?2, ?1)", params![kind, record])?;
            // What was begun at their door may speak of them.
            self.run(
                "DELETE FROM drafts WHERE household_id IN
                   (SELECT household_id FROM members WHERE id = ?1 UNION SELECT ?1)",
                [record],
            )?;
        }
        Ok(())
    }

    fn scrub(&mut self) {
        self.scrubs = true;
    }
}
