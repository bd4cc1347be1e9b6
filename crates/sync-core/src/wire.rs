//! What goes over HTTP (§4, §5, §10), as serde types: JSON with grouped arrays. Compression, sockets and
//! status codes are the transport's.
//!
//! Batches and pages end on group boundaries ([`fill`]).

use domain::ids::{CommuneId, DeviceId, HamletUnitId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use crate::batch::*;
use crate::digest::Buckets;
use crate::group::{Group, GroupError, GroupLimits};
use crate::head::HeadReceipt;
use crate::hex::HexBytes;
use crate::ingest::GroupOutcome;
use crate::ledger::Mark;
use crate::offer::{BareOp, OfferOutcome};
use crate::op::{GroupId, OpId, Scope};
use crate::position::{Cursor, Position};
use crate::receipt::{Found, Receipt};
use crate::rights::Sight;
use crate::row::Row;
use crate::stamp::Stamp;

/// The protocol of this version; the server speaks two older ones too.
pub const PROTOCOL: u16 = 1;

/// What a server of protocol `ours` speaks with a laptop of protocol `theirs`: the older of both, as long as it is one
/// of the server's three. `None`: the laptop is too old to read a page; what it pushes is stored all the same (§10).
pub fn spoken(theirs: u16, ours: u16) -> Option<u16> {
    let oldest = ours.saturating_sub(2).max(1);
    (theirs >= oldest).then_some(theirs.min(ours))
}

/// What one request may carry. Announced by the server, enforced before and after inflation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Groups of a batch.
    pub batch_groups: usize,
    /// Compressed bytes of a batch.
    pub compressed_bytes: usize,
    /// Bytes of a batch or page after inflation.
    pub inflated_bytes: usize,
    /// Of one group.
    pub group: GroupLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            batch_groups: 500,
            compressed_bytes: 256 * 1024,
            inflated_bytes: 4 * 1024 * 1024,
            group: GroupLimits::default(),
        }
    }
}

/// A laptop's first words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// What it speaks.
    pub protocol: u16,
    /// Which commune's register it holds.
    pub commune: CommuneId,
    /// Which laptop.
    pub device: DeviceId,
    /// Which life of its store; random.
    pub incarnation: u64,
    /// How far it has pulled; `None` before the first pull and in a new epoch.
    pub cursor: Option<Cursor>,
    /// The highest number it ever gave in this incarnation; 0 if none.
    pub highest_dseq: u64,
    /// The farthest that the server ever said it stands: shown first thing, so that a server that was put back hears of
    /// it before anything is sent (§6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<HeadReceipt>,
    /// The last line of the ledger that it has applied (§9).
    #[serde(default)]
    pub ledger: Mark,
}

/// The server's first words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelloReply {
    /// What it will speak.
    pub protocol: u16,
    /// Whose register this is.
    pub commune: CommuneId,
    /// The highest number it knows of this device and incarnation. Higher than the laptop's own: the
    /// laptop was restored from a copy. Never an acknowledgement (§4).
    pub highest_known: u64,
    /// Where its stream stands.
    pub head: Cursor,
    /// What a request may carry.
    pub limits: Limits,
    /// Its clock.
    pub server_time_ms: i64,
    /// The last line of the ledger of assignments, revocations and erasures; 0 until there is one (§6, §9).
    #[serde(default)]
    pub ledger: Mark,
    /// Who was erased since the laptop's line, or ever, if that line is not of this ledger: applied before anything else
    /// (F12).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub erased: Vec<Uuid>,
    /// What is in the laptop's sight now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sight: Option<Sight>,
    /// Where the oldest backup stands that may still be restored; nothing beyond it is forgotten (F2).
    #[serde(default)]
    pub watermark: Position,
    /// The server's word for its head. Whoever was greeted shows it from then on: no later life of the log takes this one's
    /// number again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<HeadReceipt>,
}

/// What became of one group of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupAnswer {
    /// Its number.
    pub dseq: u64,
    /// Which group.
    pub group: GroupId,
    /// What became of it.
    pub outcome: GroupOutcome,
    /// Of a group that was taken: where the present history has the last of its ops. A laptop whose cursor is there already
    /// has them in its rows, and no page will deliver them again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Position>,
    /// Indexes of ops about somebody erased, of which nothing was kept: the laptop lets go of them too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<u16>,
}

/// The answer to a push.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushReply {
    /// Of every op that is known now.
    pub receipts: Vec<Receipt>,
    /// One per group that was looked at, in the batch's order.
    pub groups: Vec<GroupAnswer>,
    /// Set if the batch does not go on where the last one ended: the number to go on with (F17).
    pub expect: Option<u64>,
    /// Where the stream stands after the push.
    pub head: Cursor,
    /// The server's word for it: a laptop that never pulled can show it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<HeadReceipt>,
}

/// What a laptop gives back after a restore (§6).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Ops with their receipts, its own and others'.
    pub groups: Vec<PageGroup>,
    /// Headers of ops whose subject was erased (§9).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bare: Vec<BareOp>,
    /// What left the laptop's sight: only the commune can read it (F7).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sealed: Vec<SealedPart>,
}

impl From<Vec<PageGroup>> for Offer {
    fn from(groups: Vec<PageGroup>) -> Self {
        Self { groups, ..Self::default() }
    }
}

/// A group with its receipts, or part of one, encrypted to the commune's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedPart {
    /// By which the laptop knows it.
    pub number: u64,
    /// An age file; in it the JSON of a [`PageGroup`].
    #[serde(with = "crate::hex::many")]
    pub payload: Vec<u8>,
}

impl From<(u64, Vec<u8>)> for SealedPart {
    fn from((number, payload): (u64, Vec<u8>)) -> Self {
        Self { number, payload }
    }
}

/// Asks for records as they stand at the head: of a scope that came into sight, or of buckets that differ (§8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsRequest {
    /// Which buckets of which scopes.
    pub of: Vec<(Scope, Vec<u8>)>,
}

/// Records as they stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsReply {
    /// The buckets that are answered here, the first ones of those that were asked for; the rest is asked for again.
    pub of: Vec<(Scope, Vec<u8>)>,
    /// By scope, kind and id.
    pub rows: Vec<Row>,
    /// What the oldest backup lacks of them: to be kept, so that it can be given back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<PageGroup>,
    /// Where the stream stood. It may have gone on since the digests were compared: the next comparison says it.
    pub at: Cursor,
    /// The ledger then.
    pub ledger: Mark,
}

/// Asks for the order to erase itself: of a laptop that was told that it was revoked, once its last Save was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EraseOrderRequest {
    /// Which life of its store.
    pub incarnation: u64,
}

/// The digests of scopes, to be compared at equal head and equal ledger only (§8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestsReply {
    /// Of every scope in sight, bucket by bucket; of an empty scope nothing.
    pub of: Vec<(Scope, Buckets)>,
    /// Where the stream stood.
    pub at: Cursor,
    /// The ledger then.
    pub ledger: Mark,
}

/// The answer to what was given back after a restore.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferReply {
    /// In the order in which they were offered.
    pub groups: Vec<(GroupId, OfferOutcome)>,
    /// Of each header, in their order, whether the log has its name now. What it lies under may not be known there yet:
    /// a laptop offers it again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bare: Vec<bool>,
    /// Of what was sealed, in the order in which it was offered; what cannot be read is unproven.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sealed: Vec<OfferOutcome>,
    /// The server's word where it stands now. Whatever says that the log holds something comes with it: without it a
    /// second restore would go unnoticed by the laptop that was first with it.
    pub proof: HeadReceipt,
}

/// What a laptop asks for: all its scopes, from its one cursor on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequest {
    /// Last seen; `None` from the beginning.
    pub cursor: Option<Cursor>,
    /// What it believes to be in its sight; `None` of one that says nothing: all that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sight: Option<Sight>,
    /// Bytes before compression; one group is sent whatever its size.
    pub max_bytes: usize,
}

/// A group as it was committed, with the receipts of its ops.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "PageGroupRead")]
pub struct PageGroup {
    /// Where in the present stream; a re-offered group has a receipt of another place (F1).
    pub position: Position,
    /// The ops.
    pub group: Group,
    /// One per op at most.
    pub receipts: Vec<Receipt>,
}

/// index, stamp, first, found, mac: the op and its hash stand in the group beside it.
#[derive(Serialize, Deserialize)]
struct ShortReceipt(u16, Stamp, Position, Vec<Found>, HexBytes<16>);

#[derive(Deserialize)]
struct PageGroupRead(Position, Group, Vec<ShortReceipt>);

impl Serialize for PageGroup {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let short = |receipt: &Receipt| {
            let Receipt { op, stamp, first, found, mac, .. } = receipt;
            ShortReceipt(op.index, *stamp, *first, found.clone(), HexBytes(*mac))
        };
        let receipts: Vec<_> = self.receipts.iter().map(short).collect();
        (self.position, &self.group, receipts).serialize(serializer)
    }
}

impl TryFrom<PageGroupRead> for PageGroup {
    type Error = WireError;
    fn try_from(PageGroupRead(position, group, short): PageGroupRead) -> Result<Self, WireError> {
        let mut receipts = Vec::with_capacity(short.len());
        for ShortReceipt(index, stamp, first, found, HexBytes(mac)) in short {
            let id = OpId { group: group.id, index };
            // Where it stands in a whole group; in a part of one it is looked for.
            let op = group.ops.get(usize::from(index)).filter(|op| op.id() == id);
            let op = op.or_else(|| group.ops.iter().find(|op| op.id() == id));
            let op = op.ok_or(GroupError::Index(index))?;
            receipts.push(Receipt { op: id, op_hash: op.hash(), stamp, first, found, mac });
        }
        Ok(Self { position, group, receipts })
    }
}

/// A record that left a scope of the asker (§7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// Where in the stream.
    pub position: Position,
    /// Its kind's number.
    pub kind: u16,
    /// Which record.
    pub record: Uuid,
    /// The scope it leaves; only what is in that scope is removed.
    pub from: HamletUnitId,
    /// Where it is now.
    pub to: HamletUnitId,
}

/// A record as it stands, delivered whole: it came into a scope of the asker (§7), or was made anew because a stamp in
/// it fell (F8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRow {
    /// Where in the stream; after the group of the same position.
    pub position: Position,
    /// Takes the place of the base row.
    pub row: Row,
}

/// A stretch of the stream, in commit order, ending on a group boundary. `G` is the form in which a store keeps groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<G = PageGroup> {
    /// The cursor it begins after.
    pub from: Option<Cursor>,
    /// The cursor it ends at, with the hash there, not the server's newest.
    pub to: Cursor,
    /// Records that left; taken before the groups (F5).
    pub exits: Vec<Exit>,
    /// In commit order.
    pub groups: Vec<G>,
    /// In commit order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<PageRow>,
    /// Of the records that come whole: what the oldest backup lacks of them. Not to be merged, only to be kept, so that
    /// it can be given back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<PageGroup>,
    /// True if the stream goes on.
    pub more: bool,
    /// What is in sight, where that is less than the asker believed: what it lost goes with this page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sight: Option<Sight>,
    /// The server's word that it stood at `to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<HeadReceipt>,
}

/// One thing that a page delivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// To be removed from the scope it leaves.
    Exit(Exit),
    /// To be merged.
    Group(PageGroup),
    /// To take the place of the base row.
    Row(PageRow),
}

/// What a page delivers, in commit order. Of one position first the group, then the exits that it caused, then what
/// came whole: a record that leaves and comes back within a page is there at its end (F5).
pub fn in_order(exits: Vec<Exit>, groups: Vec<PageGroup>, rows: Vec<PageRow>) -> Vec<Delivered> {
    let groups = groups.into_iter().map(|group| (group.position.position, Delivered::Group(group)));
    let exits = exits.into_iter().map(|exit| (exit.position.position, Delivered::Exit(exit)));
    let rows = rows.into_iter().map(|row| (row.position.position, Delivered::Row(row)));
    let mut all: Vec<_> = groups.chain(exits).chain(rows).collect();
    // Stable: within a position the order above stays.
    all.sort_by_key(|(position, _)| *position);
    all.into_iter().map(|(_, delivered)| delivered).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{household, id};

    #[test]
    fn the_server_is_upgraded_first_and_a_newer_laptop_falls_back() {
        let check = |theirs, ours, expect| assert_eq!(spoken(theirs, ours), expect, "{theirs} with {ours}");
        check(1, 1, Some(1));
        check(2, 1, Some(1));
        check(1, 3, Some(1));
        check(1, 4, None);
        check(3, 5, Some(3));
        check(0, 1, None);
    }
    /// F5: at one place the group comes first, then who leaves by it, then what comes whole.
    #[test]
    fn what_a_page_delivers_is_in_the_order_of_the_log() {
        let household = household(1, 1, 9, 5);
        let row = Row::begun_by(&household.ops[0]);
        let at = |position| Position { epoch: 1, position };
        let unit = HamletUnitId(id(7));
        let exit = |position| Exit {
            position: at(position),
            kind: row.kind,
            record: row.record,
            from: unit,
            to: unit,
        };
        let group =
            |position| PageGroup { position: at(position), group: household.clone(), receipts: vec![] };
        let whole = |position| PageRow { position: at(position), row: row.clone() };
        let order =
            in_order([1, 2].map(exit).to_vec(), [1, 2].map(group).to_vec(), [1, 2].map(whole).to_vec());
        let expect = [1, 2].map(|position| {
            [
                Delivered::Group(group(position)),
                Delivered::Exit(exit(position)),
                Delivered::Row(whole(position)),
            ]
        });
        assert_eq!(order, expect.concat());
    }
}
