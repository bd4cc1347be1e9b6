//! The server's policy for an arriving group, as a pure function over a small read trait: SQLite,
//! PostgreSQL and memory only get and put. Called inside the commune's serial transaction (§4), after
//! signature and inflation were checked outside it.
//!
//! Idempotent per op by `(group id, index)` and hash. A group that cannot be taken goes to quarantine
//! whole, acknowledged, visible, and takes a position; it never blocks the device.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use domain::ids::{CommuneId, DeviceId, UserId};
use domain::registry::{self, FieldRule, RecordKind};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::group::{Group, GroupLimits};
use crate::op::{GroupId, Op, OpHash, OpId, Scope};
use crate::parents::{begun, parent_of, parents_known, scopes_fit};
use crate::position::Position;
use crate::receipt::{Found, Receipt, ReceiptKey};
use crate::rights::{Held, may_write};
use crate::row::Row;
use crate::stamp::{Stamp, StampInputs, effective_stamp};
use crate::wire::Numbered;

/// What ingest reads of a commune's log.
pub trait LogView {
    /// Why reading failed.
    type Error;
    /// The hash and receipt of an op that was taken.
    fn known(&self, op: OpId) -> Result<Option<(OpHash, Receipt)>, Self::Error>;
    /// The record's row.
    fn row(&self, kind: u16, record: Uuid) -> Result<Option<Row>, Self::Error>;
    /// The stamp of an op that was taken, or that arrived and waits in quarantine.
    fn stamp_of(&self, op: OpId) -> Result<Option<Stamp>, Self::Error>;
    /// The highest stamp given to an op that arrived under this incarnation, quarantined ones included.
    fn last_stamp(&self, device: DeviceId, incarnation: u64) -> Result<Option<Stamp>, Self::Error>;
    /// The highest number used up by this incarnation; 0 if none. Numbers begin at 1.
    fn last_number(&self, device: DeviceId, incarnation: u64) -> Result<u64, Self::Error>;
    /// Which group used that number up.
    fn group_at(&self, device: DeviceId, incarnation: u64, dseq: u64)
    -> Result<Option<GroupId>, Self::Error>;
    /// The reason, if the group waits in quarantine with this content ([`Group::hash`]): another content
    /// under the name of a waiting group is kept beside it, not taken for it.
    fn quarantined(&self, group: GroupId, content: [u8; 32]) -> Result<Option<Quarantine>, Self::Error>;
    /// True if the record once lay in that scope and moved out of it (§7).
    fn left(&self, kind: u16, record: Uuid, scope: Scope) -> Result<bool, Self::Error>;
    /// True if the record is one that the ledger of erasures lists, or was found under one (§9).
    fn erased(&self, record: Uuid) -> Result<bool, Self::Error>;
}

/// The rows that a group stands on or changes: each is read once, however many of its ops, parents and
/// checks ask for it.
pub(crate) struct Rows<'v, V> {
    view: &'v V,
    read: HashMap<(u16, Uuid), Option<Row>>,
    /// In the order in which they were first changed.
    changed: Vec<(u16, Uuid)>,
}

impl<'v, V: LogView> Rows<'v, V> {
    pub(crate) fn new(view: &'v V) -> Self {
        Self { view, read: HashMap::new(), changed: Vec::new() }
    }

    pub(crate) fn place(&mut self, kind: u16, record: Uuid) -> Result<&mut Option<Row>, V::Error> {
        Ok(match self.read.entry((kind, record)) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(self.view.row(kind, record)?),
        })
    }

    /// The record's row as the log has it.
    pub(crate) fn get(&mut self, kind: u16, record: Uuid) -> Result<Option<&Row>, V::Error> {
        Ok(self.place(kind, record)?.as_ref())
    }

    /// The row that an op changes, begun where there is none.
    pub(crate) fn of(&mut self, op: &Op) -> Result<&mut Row, V::Error> {
        let (kind, record) = (op.header.kind, op.header.record);
        if self.get(kind, record)?.is_none() {
            let row = begun(op, |kind, parent| Ok(self.get(kind, parent)?.map(|row| row.scope)))?;
            self.read.insert((kind, record), Some(row));
        }
        Ok(self.place(kind, record)?.get_or_insert_with(|| Row::begun_by(op)))
    }

    /// Merges an op, and notes its row if that changed it.
    pub(crate) fn merge(&mut self, op: &Op, stamp: Stamp) -> Result<(), V::Error> {
        let key = (op.header.kind, op.header.record);
        if !self.of(op)?.merge(op, stamp).changed.is_empty() && !self.changed.contains(&key) {
            self.changed.push(key);
        }
        Ok(())
    }

    /// Whether a record moved out of a scope.
    pub(crate) fn left(&self, kind: u16, record: Uuid, scope: Scope) -> Result<bool, V::Error> {
        self.view.left(kind, record, scope)
    }

    /// The rows that merging changed, in the order in which it first did.
    pub(crate) fn into_changed(mut self) -> Vec<Row> {
        self.changed.iter().filter_map(|key| self.read.remove(key).flatten()).collect()
    }
}

/// Why a group waits in quarantine. As text, so that a reason of a newer version is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Quarantine {
    /// It breaks a rule of groups, or an op of that name with another content is known.
    Invalid,
    /// The device had no assignment to the scope. Tried again when assignments change.
    Rights,
    /// A record or the parent of one is not known yet. Tried again at each commit.
    NoParent,
    /// A person decided what becomes of it: it was written anew, or given up. Nothing tries it again.
    Mended,
    /// A reason of a newer version.
    Unknown(String),
}

impl Quarantine {
    /// The word on the wire and in tables.
    pub fn code(&self) -> &str {
        match self {
            Self::Invalid => "invalid",
            Self::Rights => "rights",
            Self::NoParent => "no_parent",
            Self::Mended => "mended",
            Self::Unknown(code) => code,
        }
    }
}

impl From<String> for Quarantine {
    fn from(code: String) -> Self {
        match code.as_str() {
            "invalid" => Self::Invalid,
            "rights" => Self::Rights,
            "no_parent" => Self::NoParent,
            "mended" => Self::Mended,
            _ => Self::Unknown(code),
        }
    }
}

impl From<Quarantine> for String {
    fn from(reason: Quarantine) -> Self {
        reason.code().to_owned()
    }
}

/// What became of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupOutcome {
    /// Taken; at least one field holds its value.
    Applied,
    /// Taken; other ops stand in every field.
    Superseded,
    /// All its ops were known: receipts repeated, nothing committed. A new number is used up.
    Known,
    /// Kept apart.
    Quarantined(Quarantine),
    /// Not looked at: a number before it is missing.
    Gap {
        /// The number to go on with.
        expect: u64,
    },
    /// Not looked at: the number belongs to another group. The laptop takes a new incarnation (F17).
    NumberTaken,
}

impl GroupOutcome {
    /// True if the number is used up and the laptop need not send it again.
    pub fn uses_number(&self) -> bool {
        !matches!(self, Self::Gap { .. } | Self::NumberTaken)
    }
}

/// How a group came to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// In a batch, under a number.
    Pushed,
    /// Out of quarantine, with the stamps it was given at its arrival: an arrival keeps its stamp.
    Released(Vec<Stamp>),
}

/// What ingest is told about the moment, the place and the device.
#[derive(Clone, Debug)]
pub struct IngestContext<'a> {
    /// The commune whose log this is.
    pub commune: CommuneId,
    /// The device that wrote and numbered the groups; the batch is signed by it.
    pub device: DeviceId,
    /// Who works on the device: nobody else's work is taken from it, or a laptop could sign for a colleague.
    pub users: &'a [UserId],
    /// The server's clock; never goes back. For a group out of quarantine: that of its arrival.
    pub received_at_ms: i64,
    /// Of the group's session, as the batch says it; 0 where it says nothing.
    pub session_offset_ms: i64,
    /// The next free position.
    pub position: Position,
    /// The device's assignments in the ledger.
    pub held: &'a [Held],
    /// True if the server's log has the group's base position in its present history.
    pub base_known: bool,
    /// What a group may be at most.
    pub limits: GroupLimits,
    /// Seals the receipts.
    pub key: &'a ReceiptKey,
    /// How the group came.
    pub arrival: Arrival,
}

/// What is to be stored, in the transaction that `outcome` is committed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ingested {
    /// One for each op that is known or was taken, in order of index; of a quarantined group the ones
    /// known before.
    pub receipts: Vec<Receipt>,
    /// Rows that changed, after the merge.
    pub rows: Vec<Row>,
    /// Effective stamps of all ops, in their order; kept with a quarantined group. Empty if the group
    /// was not looked at.
    pub stamps: Vec<Stamp>,
    /// What of the group may be kept; `None` if every op is about somebody who was erased (§9).
    pub part: Option<Group>,
    /// Records that lie under an erased one: from now on they are listed too.
    pub erased: Vec<Uuid>,
    /// What became of the group.
    pub outcome: GroupOutcome,
    /// True if the outcome is committed at the position handed in. Entering quarantine is, so that a
    /// rewind shows (F3); what was known or waits already is not.
    pub commits: bool,
}

impl Ingested {
    fn nothing(outcome: GroupOutcome) -> Self {
        Self {
            receipts: vec![],
            rows: vec![],
            stamps: vec![],
            part: None,
            erased: vec![],
            outcome,
            commits: false,
        }
    }
}

/// An op as it is looked at.
struct Judged<'g> {
    op: &'g Op,
    hash: OpHash,
    known: Option<Receipt>,
    stamp: Stamp,
    /// About somebody who was erased: it gets its receipt, and nothing of it is kept.
    erased: bool,
}

/// Takes a numbered group in. Nothing is written: the caller stores what comes back.
pub fn ingest<V: LogView>(
    view: &V,
    numbered: &Numbered,
    context: &IngestContext<'_>,
) -> Result<Ingested, V::Error> {
    let group = &numbered.group;
    if context.arrival == Arrival::Pushed
        && let Some(refused) = judge_number(view, numbered, context.device)?
    {
        return Ok(Ingested::nothing(refused));
    }
    let hashes: Vec<OpHash> = group.ops.iter().map(Op::hash).collect();
    if context.arrival == Arrival::Pushed
        && let Some(reason) = view.quarantined(group.id, group.content(&hashes))?
    {
        // It waits already, with the stamps of its first arrival; a repeated push tells nothing new.
        return Ok(Ingested::nothing(GroupOutcome::Quarantined(reason)));
    }
    let gone = erased_ops(view, &group.ops)?;
    let mut ops = Vec::with_capacity(group.ops.len());
    let mut invalid = !is_sound(group, context);
    for (op, hash) in group.ops.iter().zip(hashes) {
        let known = match view.known(op.id())? {
            Some((known, receipt)) if known == hash => Some(receipt),
            Some(_) => {
                invalid = true;
                None
            }
            None => {
                // What has a receipt is not judged again: its writer may have left since.
                invalid |= !context.users.contains(&op.header.actor);
                None
            }
        };
        let erased = gone.contains(&op.header.id.index);
        ops.push(Judged { op, hash, known, stamp: Stamp::default(), erased });
    }
    give_stamps(view, numbered, context, &mut ops)?;
    let erased = ops.iter().filter(|one| one.erased).map(|one| one.op.header.record).collect();
    let mut judged = Ingested {
        receipts: ops.iter().filter_map(|one| one.known.clone()).collect(),
        stamps: ops.iter().map(|one| one.stamp).collect(),
        part: group.part(|op| !gone.contains(&op.header.id.index)),
        erased,
        ..Ingested::nothing(GroupOutcome::Known)
    };
    let reason = if invalid {
        Some(Quarantine::Invalid)
    } else if ops.iter().all(|one| one.known.is_some()) {
        return Ok(judged);
    } else {
        let mut rows = Rows::new(view);
        let reason = keeps_apart(&mut rows, &ops, context)?;
        if reason.is_none() {
            return take(rows, ops, context, judged);
        }
        reason
    };
    // Of what is only about the erased there is nothing left that anybody could look at.
    judged.outcome = match reason {
        Some(reason) if judged.part.is_some() => GroupOutcome::Quarantined(reason),
        _ => GroupOutcome::Superseded,
    };
    judged.commits = true;
    Ok(judged)
}

/// Which ops are about somebody who was erased: their record is listed, or something it lies under, be it in the same
/// group (F12: the id of an event that was pending elsewhere stands in no ledger).
pub(crate) fn erased_ops<V: LogView>(view: &V, ops: &[Op]) -> Result<BTreeSet<u16>, V::Error> {
    let (mut gone, mut records) = (BTreeSet::new(), BTreeSet::new());
    for op in ops {
        let above = RecordKind::from_no(op.header.kind).and_then(|kind| parent_of(op, kind));
        for record in above.map(|(_, record)| record).into_iter().chain([op.header.record]) {
            if records.contains(&record) || view.erased(record)? {
                gone.insert(op.header.id.index);
                records.insert(op.header.record);
            }
        }
    }
    Ok(gone)
}

/// Why a group cannot be taken, if it cannot.
fn keeps_apart<V: LogView>(
    rows: &mut Rows<'_, V>,
    ops: &[Judged<'_>],
    context: &IngestContext<'_>,
) -> Result<Option<Quarantine>, V::Error> {
    let fresh: Vec<&Op> =
        ops.iter().filter(|one| one.known.is_none() && !one.erased).map(|one| one.op).collect();
    let Some(first) = fresh.first() else { return Ok(None) };
    // Also after a restore that forgot that it waited: what was written anew is not taken a second time.
    if rows.get(RecordKind::Mending.no(), first.header.id.group.0)?.is_some() {
        return Ok(Some(Quarantine::Mended));
    }
    let base = context.base_known.then_some(first.header.base);
    let may = may_write(context.held, first.header.scope, base, context.received_at_ms);
    if !may || !scopes_fit(rows, &fresh)? {
        return Ok(Some(Quarantine::Rights));
    }
    Ok((!parents_known(rows, &fresh)?).then_some(Quarantine::NoParent))
}

/// `None` if the group is next, or uses its number for the second time.
fn judge_number<V: LogView>(
    view: &V,
    numbered: &Numbered,
    device: DeviceId,
) -> Result<Option<GroupOutcome>, V::Error> {
    let last = view.last_number(device, numbered.incarnation)?;
    if numbered.dseq > last {
        let expect = last.saturating_add(1);
        return Ok((numbered.dseq != expect).then_some(GroupOutcome::Gap { expect }));
    }
    let owner = view.group_at(device, numbered.incarnation, numbered.dseq)?;
    Ok((owner != Some(numbered.group.id)).then_some(GroupOutcome::NumberTaken))
}

fn is_sound(group: &Group, context: &IngestContext<'_>) -> bool {
    let here = |op: &Op| (op.header.commune, op.header.device) == (context.commune, context.device);
    group.check_arrived(&context.limits).is_ok() && group.ops.iter().all(here)
}

/// Each op's effective stamp: the receipt's for a known one, the arrival's for one out of quarantine.
fn give_stamps<V: LogView>(
    view: &V,
    numbered: &Numbered,
    context: &IngestContext<'_>,
    ops: &mut [Judged<'_>],
) -> Result<(), V::Error> {
    let arrived: &[Stamp] = match &context.arrival {
        Arrival::Released(stamps) => stamps,
        Arrival::Pushed => &[],
    };
    let mut previous = view.last_stamp(context.device, numbered.incarnation)?;
    let mut given: HashMap<OpId, Stamp> = HashMap::new();
    for (place, one) in ops.iter_mut().enumerate() {
        let op = one.op;
        one.stamp = match (&one.known, arrived.get(place)) {
            (Some(receipt), _) => receipt.stamp,
            (None, Some(arrived)) => *arrived,
            (None, None) => {
                let mut replaced = Vec::new();
                for id in op.fields.iter().filter_map(|edit| edit.replaced) {
                    replaced.extend(match given.get(&id) {
                        Some(stamp) => Some(*stamp),
                        None => view.stamp_of(id)?,
                    });
                }
                let seen: Vec<Stamp> = op.fields.iter().filter_map(|edit| edit.seen).collect();
                effective_stamp(StampInputs {
                    wall_ms: op.header.wall_ms,
                    session_offset_ms: context.session_offset_ms,
                    received_at_ms: context.received_at_ms,
                    previous_in_incarnation: previous,
                    replaced: &replaced,
                    seen: &seen,
                })
            }
        };
        previous = previous.max(Some(one.stamp));
        given.insert(op.id(), one.stamp);
    }
    Ok(())
}

/// Merges the ops that are not known yet and writes their receipts.
fn take<V: LogView>(
    mut rows: Rows<'_, V>,
    ops: Vec<Judged<'_>>,
    context: &IngestContext<'_>,
    judged: Ingested,
) -> Result<Ingested, V::Error> {
    let mut receipts = Vec::with_capacity(ops.len());
    for Judged { op, hash, known, stamp, erased } in ops {
        if let Some(receipt) = known {
            receipts.push(receipt);
            continue;
        }
        let mut found = Vec::new();
        if !erased {
            found = rivals(rows.of(op)?, op);
            rows.merge(op, stamp)?;
        }
        let first = context.position;
        let receipt = Receipt { op: op.id(), op_hash: hash, stamp, first, found, mac: [0; 16] };
        receipts.push(context.key.seal(receipt));
    }
    let rows = rows.into_changed();
    let outcome = if rows.is_empty() { GroupOutcome::Superseded } else { GroupOutcome::Applied };
    Ok(Ingested { receipts, rows, outcome, commits: true, ..judged })
}

/// §2: concurrent ⇔ the replaced op is not the winner at ingest. Equal values are no conflict (F14).
fn rivals(row: &Row, op: &Op) -> Vec<Found> {
    let reviewed = |no| registry::field(no).is_some_and(|field| field.rule == FieldRule::Reviewed);
    let rival = |edit: &crate::op::FieldEdit| {
        let winner = row.cells.get(&edit.no)?;
        let unseen = edit.replaced != Some(winner.key.op) && winner.value != edit.value;
        (unseen && reviewed(edit.no)).then_some(Found { field: edit.no, rival: winner.key.op })
    };
    op.fields.iter().filter_map(rival).collect()
}
