//! What a laptop gives back after the server went back in time (§6): ops under the receipts they once had.
//!
//! A receipt is given once. An op that comes back keeps its stamp, its rivals and its proof, and gets a **new
//! position** (F1): nothing is looked up, ordered or dropped by the number that its receipt says. Each op is proven by
//! itself, so that any part of a Save can be given back, by whoever holds it (F6). Rights are not judged again and no
//! conflict is raised again (F9, F14). An op whose record is unknown waits in quarantine with its receipt (F11).

use std::collections::BTreeSet;

use domain::ids::CommuneId;
use domain::registry::RecordKind;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::erasure::{Listed, gone};
use crate::ingest::{Apart, Begun, LogView, Quarantine, Rows, decided};
use crate::op::{Op, OpHash, OpHeader, OpId};
use crate::parents::{kinds_above, missing};
use crate::position::Position;
use crate::receipt::{Receipt, ReceiptKey};
use crate::row::Row;
use crate::stamp::Stamp;
use crate::wire::PageGroup;

/// What giving back reads of a log, beside what ingest reads.
pub trait HistoryView: LogView {
    /// What the stream carries of a record: every group, or part of one, that has an op of it.
    fn groups_of(&self, kind: u16, record: Uuid) -> Result<Vec<PageGroup>, Self::Error>;
    /// Where an op was committed in the present history.
    fn committed_at(&self, op: OpId) -> Result<Option<Position>, Self::Error>;
    /// Kinds and ids of the records whose rows name this id as what they lie under ([`crate::parents::ids_above`]), in
    /// that order.
    fn under(&self, id: Uuid) -> Result<Vec<(u16, Uuid)>, Self::Error>;

    /// The records right under this one. An id alone does not say it: two kinds may have used it.
    fn children(&self, kind: u16, record: Uuid) -> Result<Vec<(u16, Uuid)>, Self::Error> {
        let above = |kind: u16| RecordKind::from_no(kind).map_or(&[][..], kinds_above);
        let mut under = self.under(record)?;
        under.retain(|(child, _)| above(*child).iter().any(|above| above.no() == kind));
        Ok(under)
    }

    /// Every op of a record that was taken, with its stamp.
    fn ops_of(&self, kind: u16, record: Uuid) -> Result<Vec<(Op, Stamp)>, Self::Error> {
        let mut all = Vec::new();
        for PageGroup { group, receipts, .. } in self.groups_of(kind, record)? {
            let of_it =
                group.ops.into_iter().filter(|op| (op.header.kind, op.header.record) == (kind, record));
            all.extend(of_it.filter_map(|op| {
                let receipt = receipts.iter().find(|receipt| receipt.op == op.id())?;
                Some((op, receipt.stamp))
            }));
        }
        Ok(all)
    }
}

/// What stays of an op whose subject was erased: its header, and what its hash needs of the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BareOp {
    /// Who, what, when.
    pub header: OpHeader,
    /// [`Op::payload_hash`]
    #[serde(with = "crate::hex")]
    pub payload_hash: [u8; 32],
    /// The server's word for it.
    pub receipt: Receipt,
}

/// The server's side of it.
#[derive(Clone, Copy, Debug)]
pub struct OfferContext<'a> {
    /// The commune whose log this is.
    pub commune: CommuneId,
    /// The next free position.
    pub position: Position,
    /// Checks the receipts.
    pub key: &'a ReceiptKey,
    /// It waited, and is looked at once more.
    pub released: bool,
}

/// What became of what was offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferOutcome {
    /// The log has it, at this position of the present history: from here on the watermark is compared with it.
    Held(Position),
    /// It is kept apart with its receipts: a record or the parent of one is not known yet, or it was written anew
    /// meanwhile. The laptop keeps it.
    Waits(Quarantine),
    /// No op of it has a receipt of this commune for its content. The laptop keeps it.
    Unproven,
    /// All of it is about somebody who was erased. The laptop will hear of it.
    Erased,
}

/// What is to be stored, in one transaction at the position handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenBack {
    /// Ops that are taken now, with their receipts: what the stream carries at the position.
    pub part: Option<PageGroup>,
    /// What is kept apart.
    pub waits: Option<PageGroup>,
    /// The record for want of which it waits.
    pub lacks: Option<(u16, Uuid)>,
    /// Records that it begins under a listed one: from now on they are listed too.
    pub erased: Vec<Listed>,
    /// Records that it begins.
    pub begun: Vec<Begun>,
    /// Rows that changed by it.
    pub rows: Vec<Row>,
    /// Receipts of known ops whose offered receipt has the lower stamp: they stand from now on (F8).
    pub lowered: Vec<Receipt>,
    /// Rows made anew because a stamp in them fell; the stream carries them whole, since no merge takes a stamp back.
    pub again: Vec<Row>,
    /// What became of it.
    pub outcome: OfferOutcome,
    /// True if there is something to store at the position; of a group that waits, its header (F3). Stamps that fell
    /// beside it take the next position.
    pub commits: bool,
}

impl TakenBack {
    fn nothing(outcome: OfferOutcome) -> Self {
        Self {
            part: None,
            waits: None,
            lacks: None,
            erased: vec![],
            begun: vec![],
            rows: vec![],
            lowered: vec![],
            again: vec![],
            outcome,
            commits: false,
        }
    }
}

/// Takes ops back under their receipts. Nothing is written: the caller stores what comes back. Called within the
/// commune's serial transaction; also for what waited, once its parent has come.
pub fn take_back<V: HistoryView>(
    view: &V,
    offered: &PageGroup,
    context: OfferContext<'_>,
) -> Result<TakenBack, V::Error> {
    let (mut fresh, mut lowered, mut held) = (Vec::new(), Vec::new(), None);
    let mut rows = Rows::new(view);
    // What is about somebody erased since is neither taken nor kept (§9); of its header see [`take_bare`]. Only what has
    // a receipt says what lies under whom.
    let ours = |op: &&Op| op.header.commune == context.commune;
    let proven: Vec<(&Op, Receipt)> = offered
        .group
        .ops
        .iter()
        .filter(ours)
        .filter_map(|op| Some(op).zip(proof_of(op, &offered.receipts, context.key).cloned()))
        .collect();
    let gone = gone(&mut rows, proven.iter().map(|(op, _)| *op), true)?;
    for (op, receipt) in proven.into_iter().filter(|(op, _)| !gone.has(op)) {
        match view.known(op.id())? {
            None => fresh.push((op, receipt)),
            // Its name is known, and nothing of it was kept: it came without a receipt, as about somebody begun in an erased
            // household. The receipt says that they lived; of the two the lower stamp stands.
            Some((hash, known))
                if hash == receipt.op_hash && view.erased(op.header.kind, op.header.record)? =>
            {
                let lower = if known.stamp < receipt.stamp { known } else { receipt };
                fresh.push((op, lower));
            }
            Some((hash, known)) if hash == receipt.op_hash => {
                held = held.max(view.committed_at(op.id())?);
                if receipt.stamp < known.stamp {
                    lowered.push((op, receipt));
                }
            }
            // Another content under its name was proven first; the log's stays.
            Some(_) => {}
        }
    }
    let erased = gone.begun;
    if fresh.is_empty() && lowered.is_empty() {
        let outcome = match held {
            Some(position) => OfferOutcome::Held(position),
            None if gone.ops.is_empty() => OfferOutcome::Unproven,
            None => OfferOutcome::Erased,
        };
        return Ok(TakenBack { erased, ..TakenBack::nothing(outcome) });
    }
    let group = offered.group.part(|op| fresh.iter().any(|(one, _)| one.id() == op.id()));
    let ops: Vec<&Op> = fresh.iter().map(|(op, _)| *op).collect();
    let lacks = missing(&mut rows, &ops, true)?;
    let reason = decided(&mut rows, &ops)?.or(lacks.map(|_| Quarantine::NoParent));
    if let Some((group, reason)) = group.as_ref().zip(reason) {
        let hashes: Vec<OpHash> = fresh.iter().map(|(_, receipt)| receipt.op_hash).collect();
        let waited = context.released || Apart::with(view.apart(group.id)?, &hashes).is_some();
        // Stamps that fall do so all the same: whoever brought them may never come again (F8).
        let mut again = Vec::new();
        for (kind, record) in fallen(&lowered) {
            again.extend(made_anew(view, rows.get(kind, record)?, &lowered, &[])?);
        }
        return Ok(TakenBack {
            waits: Some(PageGroup {
                position: context.position,
                group: group.clone(),
                receipts: fresh.iter().map(|(_, receipt)| receipt.clone()).collect(),
            }),
            lacks,
            commits: !waited,
            erased,
            lowered: lowered.into_iter().map(|(_, receipt)| receipt).collect(),
            again,
            ..TakenBack::nothing(OfferOutcome::Waits(reason))
        });
    }
    for (op, receipt) in &fresh {
        rows.merge(op, receipt.stamp)?;
    }
    let fallen = fallen(&lowered);
    let mut again = Vec::new();
    for (kind, record) in &fallen {
        again.extend(made_anew(view, rows.get(*kind, *record)?, &lowered, &fresh)?);
    }
    let receipts = |ops: Vec<(&Op, Receipt)>| ops.into_iter().map(|(_, one)| one).collect::<Vec<_>>();
    let position = context.position;
    #[cfg(feature = "sabotage")]
    let position = match offered.receipts.first().filter(|_| domain::fault::is("receipt_position")) {
        Some(receipt) => receipt.first,
        None => position,
    };
    let part = group.map(|group| PageGroup { position, group, receipts: receipts(fresh) });
    let (mut rows, begun) = rows.into_changed();
    rows.retain(|row| !fallen.contains(&(row.kind, row.record)));
    Ok(TakenBack {
        part,
        erased,
        begun,
        rows,
        lowered: receipts(lowered),
        again,
        commits: true,
        ..TakenBack::nothing(OfferOutcome::Held(position))
    })
}

/// The records in which a stamp fell.
fn fallen(lowered: &[(&Op, Receipt)]) -> BTreeSet<(u16, Uuid)> {
    lowered.iter().map(|(op, _)| (op.header.kind, op.header.record)).collect()
}

/// Takes the header of an erased op back: the log never forgets the name of an op that it gave a receipt (§9). Only of
/// what is erased here too, or somebody could make an op unknown by withholding what it says.
pub fn take_bare<V: LogView>(view: &V, bare: &BareOp, context: OfferContext<'_>) -> Result<bool, V::Error> {
    let hash = bare.header.hash(&bare.payload_hash);
    let receipt = &bare.receipt;
    let proven = receipt.op == bare.header.id && receipt.op_hash == hash && context.key.verify(receipt);
    Ok(proven
        && bare.header.commune == context.commune
        && view.known(receipt.op)?.is_none()
        && view.erased(bare.header.kind, bare.header.record)?)
}

/// The receipt of an op among those that came with it, if it is this commune's and of this content.
fn proof_of<'r>(op: &Op, receipts: &'r [Receipt], key: &ReceiptKey) -> Option<&'r Receipt> {
    let hash = op.hash();
    let mut of_it = receipts.iter().filter(|receipt| receipt.op == op.id() && receipt.op_hash == hash);
    of_it.find(|receipt| key.verify(receipt))
}

/// A row out of its ops: those of the log, some of them under a lower stamp, and those that come with it.
fn made_anew<V: HistoryView>(
    view: &V,
    row: Option<&Row>,
    lowered: &[(&Op, Receipt)],
    fresh: &[(&Op, Receipt)],
) -> Result<Option<Row>, V::Error> {
    let Some(row) = row else { return Ok(None) };
    let of_it = |op: &Op| (op.header.kind, op.header.record) == (row.kind, row.record);
    let mut anew = Row::new(row.kind, row.record, row.scope);
    for (op, stamp) in view.ops_of(row.kind, row.record)? {
        let fallen = lowered.iter().find(|(one, _)| one.id() == op.id()).map(|(_, receipt)| receipt.stamp);
        anew.merge(&op, fallen.unwrap_or(stamp));
    }
    for (op, receipt) in fresh.iter().filter(|(op, _)| of_it(op)) {
        anew.merge(op, receipt.stamp);
    }
    Ok(Some(anew))
}
