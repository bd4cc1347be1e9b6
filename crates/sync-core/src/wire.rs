//! What goes over HTTP (§4, §5, §10), as serde types: JSON with grouped arrays. Compression, sockets and
//! status codes are the transport's.
//!
//! Batches and pages end on group boundaries ([`fill`]). The exact bytes of a batch are signed by the
//! device and kept, so that a stolen token alone is useless.

use domain::ids::{CommuneId, DeviceId, HamletUnitId};
use ed25519_dalek::{Signature, Signer};
pub use ed25519_dalek::{SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::group::{Group, GroupError, GroupLimits};
use crate::hex::HexBytes;
use crate::ingest::GroupOutcome;
use crate::op::{GroupId, OpId};
use crate::position::{Cursor, Position};
use crate::receipt::{Found, Receipt};
use crate::stamp::Stamp;

/// The protocol of this version; the server speaks two older ones too.
pub const PROTOCOL: u16 = 1;

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

/// What the next batch may be: begins at 64 KiB, halved on a stall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchLimits {
    /// Groups at most.
    pub groups: usize,
    /// Bytes before compression at most; one group is sent whatever its size.
    pub bytes: usize,
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
}

/// The server's first words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Number of the ledger of erasures; 0 until there is one (§9).
    pub erasure_ledger: u64,
    /// Number of the ledger of assignments; 0 until there is one (§6).
    pub assignment_ledger: u64,
}

/// A group under its number. The number is the batch's, not the op's (F16b).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "(u64, u64, Group)")]
pub struct Numbered {
    /// Which life of the laptop's store.
    pub incarnation: u64,
    /// From 1, contiguous within the incarnation.
    pub dseq: u64,
    /// The ops of one Save.
    pub group: Group,
}

impl Serialize for Numbered {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.incarnation, self.dseq, &self.group).serialize(serializer)
    }
}

impl From<(u64, u64, Group)> for Numbered {
    fn from((incarnation, dseq, group): (u64, u64, Group)) -> Self {
        Self { incarnation, dseq, group }
    }
}

/// How far a session's clock was from the server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u64, i64)", into = "(u64, i64)")]
pub struct SessionOffset {
    /// Which session.
    pub session: u64,
    /// Server minus laptop.
    pub offset_ms: i64,
}

impl From<(u64, i64)> for SessionOffset {
    fn from((session, offset_ms): (u64, i64)) -> Self {
        Self { session, offset_ms }
    }
}

impl From<SessionOffset> for (u64, i64) {
    fn from(offset: SessionOffset) -> Self {
        (offset.session, offset.offset_ms)
    }
}

/// What a laptop pushes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// What it speaks; pushes of any age are taken.
    pub protocol: u16,
    /// Into which register.
    pub commune: CommuneId,
    /// From which laptop.
    pub device: DeviceId,
    /// The epoch it pushes into; one for an old epoch is refused before ingest (§10).
    pub epoch: u32,
    /// Of the sessions that wrote these groups; one that never met a server is left out and counts as 0.
    pub offsets: Vec<SessionOffset>,
    /// In `dseq` order.
    pub groups: Vec<Numbered>,
}

impl Batch {
    /// The offset of a session.
    pub fn offset_ms(&self, session: u64) -> i64 {
        self.offsets.iter().find(|one| one.session == session).map_or(0, |one| one.offset_ms)
    }

    /// Writes and signs.
    pub fn sign(&self, key: &SigningKey) -> Result<SignedBatch, WireError> {
        let bytes = serde_json::to_vec(self).map_err(|error| WireError::Unreadable(error.to_string()))?;
        let signature = key.sign(&signed_text(&bytes)).to_bytes();
        Ok(SignedBatch { bytes, signature })
    }
}

/// A batch as its exact bytes, with the device's signature over them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedBatch {
    /// JSON of [`Batch`].
    pub bytes: Vec<u8>,
    /// Ed25519.
    pub signature: [u8; 64],
}

/// Why a message is refused before anybody looks at its content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Not signed by this device.
    #[error("the signature is not this device's")]
    Signature,
    /// Not the JSON that was expected.
    #[error("unreadable: {0}")]
    Unreadable(String),
    /// A group in it is none.
    #[error(transparent)]
    Group(#[from] GroupError),
}

fn signed_text(bytes: &[u8]) -> Vec<u8> {
    [b"tungnha 2026 sync batch\0", bytes].concat()
}

impl SignedBatch {
    /// Checks the signature and reads the batch.
    pub fn open(&self, key: &VerifyingKey) -> Result<Batch, WireError> {
        key.verify_strict(&signed_text(&self.bytes), &Signature::from_bytes(&self.signature))
            .map_err(|_| WireError::Signature)?;
        serde_json::from_slice(&self.bytes).map_err(|error| WireError::Unreadable(error.to_string()))
    }

    /// Signature and bytes in one body.
    pub fn to_body(&self) -> Vec<u8> {
        [&self.signature[..], &self.bytes].concat()
    }

    /// Parts a body.
    pub fn from_body(body: &[u8]) -> Result<Self, WireError> {
        let (signature, bytes) = body.split_first_chunk().ok_or(WireError::Signature)?;
        Ok(Self { bytes: bytes.to_vec(), signature: *signature })
    }
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
}

/// What a laptop asks for: all its scopes, from its one cursor on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequest {
    /// Last seen; `None` from the beginning.
    pub cursor: Option<Cursor>,
    /// Bytes before compression; one group is sent whatever its size.
    pub max_bytes: usize,
}

/// A group as it was committed, with the receipts of its ops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PageGroupRead", into = "PageGroupRead")]
pub struct PageGroup {
    /// Where in the present stream; a re-offered group has a receipt of another place (F1).
    pub position: Position,
    /// The ops.
    pub group: Group,
    /// One per op at most.
    pub receipts: Vec<Receipt>,
}

/// index, stamp, first, found, mac: the op and its hash stand in the group beside it.
#[derive(Clone, Serialize, Deserialize)]
struct ShortReceipt(u16, Stamp, Position, Vec<Found>, HexBytes<16>);

#[derive(Clone, Serialize, Deserialize)]
struct PageGroupRead(Position, Group, Vec<ShortReceipt>);

impl From<PageGroup> for PageGroupRead {
    fn from(page: PageGroup) -> Self {
        let short = |receipt: Receipt| {
            ShortReceipt(receipt.op.index, receipt.stamp, receipt.first, receipt.found, HexBytes(receipt.mac))
        };
        Self(page.position, page.group, page.receipts.into_iter().map(short).collect())
    }
}

impl TryFrom<PageGroupRead> for PageGroup {
    type Error = WireError;
    fn try_from(PageGroupRead(position, group, short): PageGroupRead) -> Result<Self, WireError> {
        let mut receipts = Vec::with_capacity(short.len());
        for ShortReceipt(index, stamp, first, found, HexBytes(mac)) in short {
            let id = OpId { group: group.id, index };
            let op = group.ops.iter().find(|op| op.id() == id).ok_or(GroupError::Index(index))?;
            receipts.push(Receipt { op: id, op_hash: op.hash(), stamp, first, found, mac });
        }
        Ok(Self { position, group, receipts })
    }
}

/// A record that left a scope of the asker. Written by the machinery of scopes (§7), which comes later.
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

/// A stretch of the stream, in commit order, ending on a group boundary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The cursor it begins after.
    pub from: Option<Cursor>,
    /// The cursor it ends at, with the hash there, not the server's newest.
    pub to: Cursor,
    /// Records that left; taken before the groups (F5).
    pub exits: Vec<Exit>,
    /// In commit order.
    pub groups: Vec<PageGroup>,
    /// True if the stream goes on.
    pub more: bool,
}

/// How many of the things fit: whole ones only, in order, and the first one whatever its size, so that
/// nothing ever gets stuck.
pub fn fill(sizes: impl IntoIterator<Item = usize>, most: usize, bytes: usize) -> usize {
    let mut total = 0_usize;
    let fits = |(place, size): &(usize, usize)| {
        total = total.saturating_add(*size);
        *place == 0 || (*place < most && total <= bytes)
    };
    sizes.into_iter().enumerate().take_while(fits).count()
}

/// The groups of the next batch, out of what is pending in `dseq` order.
pub fn fill_batch(pending: &[Numbered], limits: &BatchLimits) -> Result<Vec<Numbered>, GroupError> {
    let mut sizes = Vec::new();
    let mut total = 0_usize;
    for numbered in pending.iter().take(limits.groups.max(1)) {
        let size = numbered.group.to_bytes()?.len();
        sizes.push(size);
        total = total.saturating_add(size);
        if total > limits.bytes {
            break;
        }
    }
    let count = fill(sizes, limits.groups, limits.bytes);
    Ok(pending.iter().take(count).cloned().collect())
}
