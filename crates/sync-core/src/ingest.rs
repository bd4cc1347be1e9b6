//! The server's policy for an arriving group, as a pure function over a small read trait: SQLite,
//! PostgreSQL and memory only get and put. Called inside the commune's serial transaction (§4), after
//! signature and inflation were checked outside it.
//!
//! Idempotent per op by `(group id, index)` and hash. A group that cannot be taken goes to quarantine
//! whole, acknowledged, visible, and takes a position; it never blocks the device.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use domain::ids::{CommuneId, DeviceId, UserId};
use domain::registry::{self, FieldRule, RecordKind};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::erasure::{Listed, gone};
use crate::group::{Group, GroupLimits};
use crate::op::{GroupId, Op, OpHash, OpId, Scope};
use crate::parents::{begun, missing, scopes_fit};
use crate::position::Position;
use crate::receipt::{Found, Receipt, ReceiptKey};
use crate::rights::{Held, may_write};
use crate::row::Row;
use crate::stamp::{OrderKey, Stamp, StampInputs, effective_stamp};
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
    /// What is kept apart under the name of this group. Another content under its name is kept beside it, not taken
    /// for it.
    fn apart(&self, group: GroupId) -> Result<Vec<Apart>, Self::Error>;
    /// True if an op of the group was taken.
    fn took(&self, group: GroupId) -> Result<bool, Self::Error>;
    /// Where the record last left that scope in the present history, if it ever lay there, or was meant to (§7).
    fn left(&self, kind: u16, record: Uuid, scope: Scope) -> Result<Option<Position>, Self::Error>;
    /// True if the record is one that the ledger of erasures lists, or was found under one (§9).
    fn erased(&self, kind: u16, record: Uuid) -> Result<bool, Self::Error>;
}

/// A group in quarantine, as far as another of its name has to be told from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apart {
    /// Why.
    pub reason: Quarantine,
    /// Where it was written; `None` of a group without ops.
    pub scope: Option<Scope>,
    /// Of the ops that are kept of it.
    pub hashes: Vec<OpHash>,
}

impl Apart {
    /// The reason of the one that has all these ops: a Save of which a part was erased since is the same one.
    pub(crate) fn with(apart: Vec<Self>, ops: &[OpHash]) -> Option<Quarantine> {
        let has_all = |one: &Self| !ops.is_empty() && ops.iter().all(|hash| one.hashes.contains(hash));
        apart.into_iter().find(has_all).map(|one| one.reason)
    }
}

/// The rows that a group stands on or changes: each is read once, however many of its ops, parents and
/// checks ask for it.
pub(crate) struct Rows<'v, V> {
    view: &'v V,
    read: HashMap<(u16, Uuid), Option<Row>>,
    /// In the order in which they were first changed.
    changed: Vec<(u16, Uuid)>,
    begun: Vec<Begun>,
}

/// A record that a group begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Its kind's number.
    pub kind: u16,
    /// Its id.
    pub record: Uuid,
    /// Where it was written. What it lies under may have moved, and it lies there now: who has not heard of that may
    /// go on writing to it from here (§7).
    pub from: Scope,
    /// Where it lies.
    pub to: Scope,
}

impl<'v, V: LogView> Rows<'v, V> {
    pub(crate) fn new(view: &'v V) -> Self {
        Self { view, read: HashMap::new(), changed: Vec::new(), begun: Vec::new() }
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
            self.begun.push(Begun { kind, record, from: op.header.scope, to: row.scope });
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

    /// The log as it is read.
    pub(crate) fn view(&self) -> &'v V {
        self.view
    }

    /// The rows that merging changed, in the order in which it first did, and the records that it began.
    pub(crate) fn into_changed(mut self) -> (Vec<Row>, Vec<Begun>) {
        let rows = self.changed.iter().filter_map(|key| self.read.remove(key).flatten()).collect();
        (rows, self.begun)
    }
}

/// Why a group waits in quarantine. As text, so that a reason of a newer version is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Quarantine {
    /// It breaks a rule of groups, or an op of that name with another content is known.
    Invalid,
    /// The device had no assignment to the scope, or reached into another. Tried again when assignments change.
    Rights,
    /// A record or the parent of one is not known yet. Tried again when it comes.
    NoParent,
    /// A person decided what becomes of it: it was written anew, or given up. Nothing tries it again.
    Mended,
    /// It writes anew what was taken meanwhile, or what somebody else wrote anew. Nothing tries it again.
    Overtaken,
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
            Self::Overtaken => "overtaken",
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
            "overtaken" => Self::Overtaken,
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
    /// Why it is kept apart, if it is.
    pub fn reason(&self) -> Option<&Quarantine> {
        if let Self::Quarantined(reason) = self { Some(reason) } else { None }
    }

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
    /// Ops of it that are about somebody erased: nothing of them is kept.
    pub dropped: Vec<u16>,
    /// Records that it begins under a listed one: from now on they are listed too.
    pub erased: Vec<Listed>,
    /// Records that it begins.
    pub begun: Vec<Begun>,
    /// The record for want of which it waits.
    pub lacks: Option<(u16, Uuid)>,
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
            dropped: vec![],
            erased: vec![],
            begun: vec![],
            lacks: None,
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
    let mut rows = Rows::new(view);
    let gone = gone(&mut rows, &group.ops, false)?;
    let mut ops = Vec::with_capacity(group.ops.len());
    let mut invalid = !is_sound(group, context);
    for (op, hash) in group.ops.iter().zip(&hashes) {
        let known = match view.known(op.id())? {
            Some((known, receipt)) if known == *hash => Some(receipt),
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
        ops.push(Judged { op, hash: *hash, known, stamp: Stamp::default(), erased: gone.has(op) });
    }
    let all_known = ops.iter().all(|one| one.known.is_some());
    if context.arrival == Arrival::Pushed && (invalid || !all_known) {
        let kept: Vec<OpHash> = ops.iter().filter(|one| !one.erased).map(|one| one.hash).collect();
        if let Some(reason) = Apart::with(view.apart(group.id)?, &kept) {
            // It waits already, with the stamps of its first arrival; a repeated push tells nothing new. What of it is
            // known has its receipts again: the answer that carried them may have been lost.
            let dropped = gone.ops.iter().copied().collect();
            let receipts = ops.into_iter().filter_map(|one| one.known).collect();
            return Ok(Ingested {
                receipts,
                dropped,
                ..Ingested::nothing(GroupOutcome::Quarantined(reason))
            });
        }
    }
    give_stamps(view, numbered, context, &mut ops)?;
    let judged = Ingested {
        receipts: ops.iter().filter_map(|one| one.known.clone()).collect(),
        stamps: ops.iter().map(|one| one.stamp).collect(),
        part: group.part(|op| !gone.has(op)),
        dropped: gone.ops.iter().copied().collect(),
        ..Ingested::nothing(GroupOutcome::Known)
    };
    let reason = if invalid {
        Some(Why { reason: Quarantine::Invalid, lacks: None })
    } else if all_known {
        return Ok(judged);
    } else {
        keeps_apart(&mut rows, &ops, context)?
    };
    let Some(Why { reason, lacks }) = reason else {
        return take(rows, ops, context, Ingested { erased: gone.begun, ..judged });
    };
    // Of what is only about the erased there is nothing left that anybody could look at, and nothing to be missed.
    let erased = if reason == Quarantine::NoParent { gone.begun } else { vec![] };
    let (commits, outcome) = (judged.part.is_some(), GroupOutcome::Quarantined(reason));
    Ok(Ingested { erased, lacks, outcome, commits, ..judged })
}

/// Why a group cannot be taken, and the record for want of which.
struct Why {
    reason: Quarantine,
    lacks: Option<(u16, Uuid)>,
}

/// Why a group cannot be taken, if it cannot.
fn keeps_apart<V: LogView>(
    rows: &mut Rows<'_, V>,
    ops: &[Judged<'_>],
    context: &IngestContext<'_>,
) -> Result<Option<Why>, V::Error> {
    let fresh: Vec<&Op> =
        ops.iter().filter(|one| one.known.is_none() && !one.erased).map(|one| one.op).collect();
    // What is about the erased only is judged by rights alone.
    let Some(first) = fresh.first().copied().or(ops.first().map(|one| one.op)) else { return Ok(None) };
    if let Some(reason) = decided(rows, &fresh)? {
        return Ok(Some(Why { reason, lacks: None }));
    }
    for op in fresh.iter().filter(|op| op.header.kind == RecordKind::Mending.no()) {
        let decides = |one: &Apart| one.scope.is_none_or(|scope| mends(op.header.scope, scope));
        if !rows.view().apart(GroupId(op.header.record))?.iter().all(decides) {
            return Ok(Some(Why { reason: Quarantine::Rights, lacks: None }));
        }
    }
    let base = context.base_known.then_some(first.header.base);
    let may = may_write(context.held, first.header.scope, base, context.received_at_ms);
    if !may || !scopes_fit(rows, &fresh, base)? {
        return Ok(Some(Why { reason: Quarantine::Rights, lacks: None }));
    }
    let missing = missing(rows, &fresh, false)?;
    Ok(missing.map(|record| Why { reason: Quarantine::NoParent, lacks: Some(record) }))
}

/// Of a group and the one that writes it anew the log takes one, whichever comes first, also after a restore that forgot
/// that the old one waited: the other is kept apart, where somebody can see it. `fresh` are ops of one group that the log
/// does not know.
pub(crate) fn decided<V: LogView>(
    rows: &mut Rows<'_, V>,
    fresh: &[&Op],
) -> Result<Option<Quarantine>, V::Error> {
    let Some(first) = fresh.first() else { return Ok(None) };
    let kind = RecordKind::Mending.no();
    if rows.get(kind, first.header.id.group.0)?.is_some_and(|row| mends(row.scope, first.header.scope)) {
        return Ok(Some(Quarantine::Mended));
    }
    for op in fresh.iter().filter(|op| op.header.kind == kind) {
        let group = GroupId(op.header.record);
        // Who saw the decision that stands may take another one; one of elsewhere decides nothing.
        let saw = |no: u16, key: OrderKey| op.field(no).is_some_and(|edit| edit.replaced == Some(key.op));
        let stands = |row: &Row| {
            let mut cells = row.cells.iter();
            mends(row.scope, op.header.scope) && !cells.any(|(no, cell)| saw(*no, cell.key))
        };
        let decided_before = rows.get(kind, group.0)?.is_some_and(stands);
        // Of what was taken in part the rest may still wait, decided about or not, or another content under its name.
        let waits = |one: &Apart| one.reason != Quarantine::Overtaken;
        let open = rows.view().apart(group)?.iter().any(waits);
        if decided_before || (!open && rows.view().took(group)?) {
            return Ok(Some(Quarantine::Overtaken));
        }
    }
    Ok(None)
}

/// True if somebody who may write in `by` may decide about a group of the scope `of`.
pub(crate) fn mends(by: Scope, of: Scope) -> bool {
    by == of || by == Scope::COMMUNE
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
    // What the log has already, because somebody gave it back, is not carried a second time.
    let known: HashSet<u16> =
        ops.iter().filter(|one| one.known.is_some()).map(|one| one.op.header.id.index).collect();
    let part = match judged.part {
        Some(part) if !known.is_empty() => part.part(|op| !known.contains(&op.header.id.index)),
        part => part,
    };
    let judged = Ingested { part: None, ..judged };
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
    let (rows, begun) = rows.into_changed();
    let outcome = if rows.is_empty() { GroupOutcome::Superseded } else { GroupOutcome::Applied };
    Ok(Ingested { receipts, rows, part, begun, outcome, commits: true, ..judged })
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
