//! The write gate: the one way to change a synced record. [`Store::transact`] changes rows, tallies, op,
//! overlay and outbox in one SQLite transaction, and seals the group for the commune right after the
//! commit. There is no second way (docs/ARCHITECTURE.md, "Save a visit offline").

use std::collections::{BTreeSet, HashMap};

use domain::calendar::Day;
use domain::ids::{HouseholdId, JobId};
use domain::registry::{Nature, RecordKind, voids_field};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use sync_core::group::{Group, GroupError, GroupLimits};
use sync_core::household::CountedBy;
use sync_core::op::{FieldEdit, GroupId, Op, OpHeader, OpId, Scope};
use sync_core::parents::touched;
use sync_core::position::Position;
use sync_core::records::Recorded;
use sync_core::row::Row;
use sync_core::value::Value;
use uuid::Uuid;

use crate::Store;
use crate::clock::Moment;
use crate::counts::Differences;
use crate::error::StoreError;
use crate::held::acknowledged_stamp;
use crate::machine::{Machine, random};
use crate::outbox::SavedGroup;
use crate::rows::{Visible, pending_stamp, visible};
use crate::settings::{self, Identity, SyncState};
use crate::tables::{self, members};

/// Version of the field registry that ops are written by.
pub const SCHEMA: u16 = 1;

/// What a save is: its name for the log and for undo, its scope, and the long action it belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// "visit.save"
    pub name: &'static str,
    /// Who receives it.
    pub scope: Scope,
    /// The job that it is a part of, if any.
    pub job: Option<JobId>,
}

/// What was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saved {
    /// `None` if nothing differed from what was there.
    pub group: Option<GroupId>,
    /// The laptop's wall clock: "Đã lưu trên máy lúc …".
    pub at_ms: i64,
}

/// The open save: what the use case writes into.
#[derive(Debug)]
pub struct Change<'t> {
    transaction: &'t Connection,
    header: OpHeader,
    today: Day,
    seq: i64,
    machine: &'t mut dyn Machine,
    ops: Vec<Op>,
    /// Records that this save looked at or wrote.
    records: HashMap<(u16, Uuid), Visible>,
}

impl<'t> Change<'t> {
    fn begin(
        transaction: &'t Connection,
        identity: &Identity,
        machine: &'t mut dyn Machine,
        operation: Operation,
        moment: Moment,
        sync: &SyncState,
    ) -> Result<Self, StoreError> {
        let seq: i64 = transaction
            .prepare_cached("SELECT coalesce(max(seq), 0) + 1 FROM saves")?
            .query_row([], |row| row.get(0))?;
        let header = OpHeader {
            id: OpId { group: GroupId::random(random(machine)?), index: 0 },
            job: operation.job,
            commune: identity.commune,
            scope: operation.scope,
            kind: 0,
            record: Uuid::nil(),
            device: identity.device,
            actor: identity.user,
            schema: SCHEMA,
            wall_ms: moment.wall_ms,
            session: moment.session,
            base: sync.cursor.map_or(Position::default(), |cursor| cursor.position()),
        };
        let today = moment.day();
        Ok(Self { transaction, header, today, seq, machine, ops: Vec::new(), records: HashMap::new() })
    }
}

impl Change<'_> {
    /// The day of this save in UTC+07:00: [`Store::today`].
    pub fn today(&self) -> Day {
        self.today
    }

    /// The laptop's wall clock at the save.
    pub fn wall_ms(&self) -> i64 {
        self.header.wall_ms
    }

    /// Reads what the save stands on, itself not included.
    pub fn connection(&self) -> &Connection {
        self.transaction
    }

    /// Random bytes, for ids of new records.
    pub fn random<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        Ok(random(self.machine)?)
    }

    /// The scope of this save.
    pub fn scope(&self) -> Scope {
        self.header.scope
    }

    /// The record as it stands, in whatever scope, this save included; `None` if nothing is known of it.
    pub fn standing(&mut self, kind: RecordKind, record: Uuid) -> Result<Option<&Row>, StoreError> {
        Ok(self.known((kind.no(), record))?.shown.as_ref())
    }

    /// Writes a new record, or on one that exists the fields that differ.
    pub fn put<R: Recorded>(&mut self, record: &R) -> Result<(), StoreError> {
        self.write(R::KIND, record.record(), record.fields())
    }

    fn known(&mut self, key: (u16, Uuid)) -> Result<&mut Visible, StoreError> {
        if !self.records.contains_key(&key) {
            self.records.insert(key, visible(self.transaction, key.0, key.1)?);
        }
        self.records.get_mut(&key).ok_or(StoreError::Invalid("record"))
    }

    /// Writes fields of one record. Values that stand already are left out; so is an op without fields.
    pub fn write(
        &mut self,
        kind: RecordKind,
        record: Uuid,
        fields: Vec<(u16, Value)>,
    ) -> Result<(), StoreError> {
        let key = (kind.no(), record);
        self.known(key)?;
        let index = u16::try_from(self.ops.len()).map_err(|_| StoreError::Invalid("too many ops"))?;
        let Some(known) = self.records.get_mut(&key) else { return Err(StoreError::Invalid("record")) };
        if kind.nature() == Nature::Event && known.shown.is_some() {
            return Err(StoreError::Invalid("an event is written once"));
        }
        let standing = |no| known.shown.as_ref().and_then(|row| row.value(no)).unwrap_or(&Value::Null);
        let changed: Vec<_> = fields.into_iter().filter(|(no, value)| standing(*no) != value).collect();
        let mut edits = Vec::with_capacity(changed.len());
        for (no, value) in changed {
            edits.push(edit(self.transaction, kind, no, value, known)?);
        }
        if edits.is_empty() {
            return Ok(());
        }
        edits.sort_by_key(|edit| edit.no);
        let id = OpId { group: self.header.id.group, index };
        let header = OpHeader { id, kind: kind.no(), record, ..self.header.clone() };
        // The salt is the group's to give, from its seed.
        let op = Op { header, salt: [0; 16], fields: edits };
        self.lies_together(&op)?;
        let Some(known) = self.records.get_mut(&key) else { return Err(StoreError::Invalid("record")) };
        known.shown.get_or_insert_with(|| Row::begun_by(&op)).merge(&op, pending_stamp(self.seq, index));
        self.ops.push(op);
        Ok(())
    }

    /// What the server would keep apart for ever is refused here: across scopes, move first (§7).
    fn lies_together(&mut self, op: &Op) -> Result<(), StoreError> {
        let scope = self.header.scope;
        for (kind, record, or_everybody_s) in touched(op) {
            let lies = self.known((kind, record))?.scope_or(scope);
            if lies != scope && !(or_everybody_s && lies == Scope::COMMUNE) {
                return Err(StoreError::Elsewhere);
            }
        }
        Ok(())
    }
}

impl Store {
    /// Runs one save. What the closure wrote becomes one group: kept whole, or not at all if anything
    /// fails. When this returns, the save survives a power cut.
    pub fn transact<T>(
        &mut self,
        operation: Operation,
        write: impl FnOnce(&mut Change<'_>) -> Result<T, StoreError>,
    ) -> Result<(T, Saved), StoreError> {
        let moment = self.moment()?;
        let today = moment.day();
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        crate::counts::catch_up(&transaction, &self.counted_by, today)?;
        let mut sync: SyncState = settings::get(&transaction, settings::SYNC)?.ok_or(StoreError::NotSetUp)?;
        let mut change =
            Change::begin(&transaction, &self.identity, self.machine.as_mut(), operation, moment, &sync)?;
        let value = write(&mut change)?;
        let Change { header, seq, ops, records, .. } = change;
        if ops.is_empty() {
            return Ok((value, Saved { group: None, at_ms: moment.wall_ms }));
        }
        let group_id = header.id.group;
        let group = Group::seeded(group_id, random(self.machine.as_mut())?, ops);
        group.check(&GroupLimits::default()).map_err(|error| refused(&error))?;
        let body = group.to_bytes().map_err(|error| refused(&error))?;
        sync.highest_dseq += 1;
        keep_group(&transaction, &group, &body, operation.name, seq, &sync)?;
        keep_offset(&transaction, moment)?;
        let heard = self.heard.and_then(|heard| heard.saved_at(moment.ms()));
        if let Some(heard) = &heard {
            settings::put(&transaction, settings::HEARD, heard)?;
        }
        settings::put(&transaction, settings::SYNC, &sync)?;
        write_visible(&transaction, shown(&group.ops, records), &self.counted_by, today)?;
        transaction.commit()?;
        self.heard = heard.or(self.heard);
        let number = (sync.incarnation, sync.highest_dseq);
        self.outbox.seal(&self.connection, SavedGroup { seq, number, body: &body });
        Ok((value, Saved { group: Some(group_id), at_ms: moment.wall_ms }))
    }

    /// What a save would lead to: writes the rows, looks at the register as it would then be, and takes
    /// everything back. Nothing is kept, numbered or sealed.
    pub fn rehearse<T>(
        &mut self,
        operation: Operation,
        write: impl FnOnce(&mut Change<'_>) -> Result<(), StoreError>,
        look: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let moment = self.moment()?;
        let transaction = self.connection.transaction()?;
        let sync: SyncState = settings::get(&transaction, settings::SYNC)?.ok_or(StoreError::NotSetUp)?;
        let mut change =
            Change::begin(&transaction, &self.identity, self.machine.as_mut(), operation, moment, &sync)?;
        write(&mut change)?;
        let rows = shown(&change.ops, change.records);
        write_visible(&transaction, rows, &self.counted_by, moment.day())?;
        let seen = look(&transaction)?;
        transaction.rollback()?;
        Ok(seen)
    }
}

/// The records that a save wrote, each once, in the order in which they were first written.
fn shown(ops: &[Op], mut records: HashMap<(u16, Uuid), Visible>) -> Vec<Written> {
    let keys = ops.iter().map(|op| (op.header.kind, op.header.record));
    keys.filter_map(|key| records.remove(&key)?.shown).map(Written::As).collect()
}

/// One field with what its writer saw: the op that it replaces and the highest acknowledged stamp.
fn edit(
    connection: &Connection,
    kind: RecordKind,
    no: u16,
    value: Value,
    known: &Visible,
) -> Result<FieldEdit, StoreError> {
    if voids_field(kind) == Some(no) {
        let named = value.as_uuid().ok_or(StoreError::Invalid("voids"))?;
        let named = visible(connection, kind.no(), named)?.shown;
        // A correction comes after the event it names, whatever the laptop's clock says.
        return Ok(FieldEdit::naming(no, &named.ok_or(StoreError::Invalid("voids an unknown event"))?));
    }
    let edit = FieldEdit::replacing(no, value, known.shown.as_ref(), known.base.as_ref());
    // Acknowledged and not delivered yet: its stamp is known from the receipt, not from the base row.
    let acknowledged = match edit.replaced {
        Some(op) => acknowledged_stamp(connection, op)?,
        None => None,
    };
    Ok(edit.having_seen(acknowledged))
}

fn refused(error: &GroupError) -> StoreError {
    match error {
        GroupError::TooLarge(bytes) => StoreError::GroupTooLarge { bytes: *bytes },
        GroupError::TextTooLong(_) => StoreError::Invalid("text too long"),
        _ => StoreError::Invalid("group"),
    }
}

fn keep_group(
    transaction: &Transaction<'_>,
    group: &Group,
    body: &[u8],
    operation: &str,
    seq: i64,
    sync: &SyncState,
) -> Result<(), StoreError> {
    let header = group.ops.first().map(|op| &op.header).ok_or(StoreError::Invalid("group"))?;
    #[cfg(feature = "sabotage")]
    if domain::fault::is("gate") {
        return Ok(());
    }
    transaction
        .prepare_cached("INSERT INTO saves (seq, group_id, operation, session, saved_at_ms, incarnation, dseq, state, reason, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'pending', '', ?8)")?
        .execute(params![
        seq,
        group.id.0,
        operation,
        header.session.cast_signed(),
        header.wall_ms,
        sync.incarnation.cast_signed(),
        sync.highest_dseq.cast_signed(),
        body,
    ])?;
    let mut insert = transaction.prepare_cached("INSERT INTO overlay VALUES (?1, ?2, ?3)")?;
    for op in &group.ops {
        insert.execute(params![op.header.record, seq, op.header.id.index])?;
    }
    Ok(())
}

/// What a session's clock is taken for goes with its ops: a laptop whose session ended before it met the server
/// again would otherwise have its evening stamped in the decade of its clock.
fn keep_offset(transaction: &Transaction<'_>, moment: Moment) -> Result<(), StoreError> {
    if moment.offset_ms != 0 {
        transaction
            .prepare_cached("INSERT OR IGNORE INTO session_offsets VALUES (?1, ?2)")?
            .execute(params![moment.session.cast_signed(), moment.offset_ms])?;
    }
    Ok(())
}

/// What became of a record.
#[derive(Debug)]
pub(crate) enum Written {
    /// It stands so.
    As(Row),
    /// It is not on this laptop any more.
    Not(u16, Uuid),
}

/// Writes visible rows into their tables, lines that depend on them, and the counts they touch. Saving
/// and pulling both end here.
pub(crate) fn write_visible(
    connection: &Connection,
    records: Vec<Written>,
    by: &CountedBy,
    today: Day,
) -> Result<(), StoreError> {
    let mut households: BTreeSet<HouseholdId> = BTreeSet::new();
    for record in records {
        let touched = match &record {
            Written::As(row) => tables::put(connection, row)?,
            Written::Not(kind, record) => tables::remove(connection, *kind, *record)?,
        };
        households.extend(touched.households);
        let Some(member) = touched.member_line else { continue };
        if let Some(line) = visible(connection, RecordKind::Member.no(), member.0)?.shown {
            households.extend(tables::put(connection, &line)?.households);
            households.extend(members::household_of(connection, member)?);
        }
    }
    #[cfg(feature = "sabotage")]
    if domain::fault::is("tallies") {
        return Ok(());
    }
    let mut differences = Differences::default();
    for household in households {
        differences.recount(connection, household, by, today)?;
    }
    differences.write(connection)
}
