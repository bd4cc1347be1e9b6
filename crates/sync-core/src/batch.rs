//! What a laptop pushes: numbered groups, signed. The exact bytes are signed by the device and kept, so
//! that a stolen token alone is useless (§4). A batch ends on a group boundary.

use domain::ids::{CommuneId, DeviceId};
use ed25519_dalek::{Signature, Signer};
pub use ed25519_dalek::{SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::group::{Group, GroupError};

/// What the next batch may be: begins at 64 KiB, halved on a stall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchLimits {
    /// Groups at most.
    pub groups: usize,
    /// Bytes before compression at most; one group is sent whatever its size.
    pub bytes: usize,
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
    /// Of the sessions that wrote these groups; learned at a handshake, else what the
    /// laptop took its clock for; one left out counts as 0.
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

/// How long it is as JSON.
pub(crate) fn json_bytes<T: Serialize>(one: &T) -> usize {
    // Writing into memory has no way to fail.
    serde_json::to_vec(one).map_or(0, |json| json.len())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{COMMUNE, device, household};
    use crate::wire::PROTOCOL;

    #[test]
    fn whole_things_only_and_always_one() {
        let check = |sizes: &[usize], most: usize, bytes: usize, expect: usize| {
            assert_eq!(fill(sizes.iter().copied(), most, bytes), expect, "{sizes:?} {most} {bytes}");
        };
        // Nothing; one; one too large for the limit.
        check(&[], 3, 30, 0);
        check(&[10], 3, 30, 1);
        check(&[40], 3, 30, 1);
        check(&[40, 1], 3, 30, 1);
        // n − 1, n, n + 1 things.
        check(&[1; 2], 3, 30, 2);
        check(&[1; 3], 3, 30, 3);
        check(&[1; 4], 3, 30, 3);
        check(&[1; 6], 3, 30, 3);
        // n − 1, n, n + 1 bytes.
        check(&[10, 19], 3, 30, 2);
        check(&[10, 20], 3, 30, 2);
        check(&[10, 21], 3, 30, 1);
        check(&[10, 10], 0, 0, 1);
    }

    fn pending(count: u64) -> Vec<Numbered> {
        let one = |dseq: u64| Numbered { incarnation: 5, dseq, group: household(dseq.into(), 1, 1, 0) };
        (1..=count).map(one).collect()
    }

    #[test]
    fn batches_follow_each_other_without_a_gap_or_a_repeat() {
        for (count, most) in [(0, 3), (1, 3), (2, 3), (3, 3), (4, 3), (6, 3), (7, 1)] {
            let mut rest = pending(count);
            let mut sent = vec![];
            while !rest.is_empty() {
                let batch = fill_batch(&rest, &BatchLimits { groups: most, bytes: 1 << 20 }).unwrap();
                assert!((1..=most).contains(&batch.len()));
                rest.drain(..batch.len());
                sent.extend(batch);
            }
            assert_eq!(sent, pending(count), "{count} by {most}");
        }
        let size = pending(1)[0].group.to_bytes().unwrap().len();
        let by_bytes = |bytes| fill_batch(&pending(5), &BatchLimits { groups: 9, bytes }).unwrap().len();
        assert_eq!([by_bytes(0), by_bytes(2 * size - 1), by_bytes(2 * size)], [1, 1, 2]);
    }

    #[test]
    fn each_session_has_its_own_offset_and_what_is_not_said_is_none() {
        let offset = |(session, offset_ms)| SessionOffset { session, offset_ms };
        let offsets = [(3, 300), (1, 100), (7, -700)].map(offset).to_vec();
        let batch = Batch {
            protocol: PROTOCOL,
            commune: COMMUNE,
            device: device(1),
            epoch: 1,
            offsets,
            groups: vec![],
        };
        assert_eq!([1, 2, 3, 7, 9].map(|session| batch.offset_ms(session)), [100, 0, 300, -700, 0]);
    }

    #[test]
    fn a_batch_counts_only_as_its_device_signed_it() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let batch = Batch {
            protocol: PROTOCOL,
            commune: COMMUNE,
            device: device(1),
            epoch: 1,
            offsets: vec![SessionOffset { session: 1, offset_ms: -5 }],
            groups: pending(2),
        };
        let signed = batch.sign(&key).unwrap();
        let body = signed.to_body();
        assert_eq!(SignedBatch::from_body(&body).unwrap().open(&key.verifying_key()), Ok(batch));
        let other = SigningKey::from_bytes(&[8; 32]).verifying_key();
        assert_eq!(signed.open(&other), Err(WireError::Signature));
        for at in (0..body.len()).step_by(7) {
            let mut changed = body.clone();
            changed[at] ^= 1;
            let opened = SignedBatch::from_body(&changed).unwrap().open(&key.verifying_key());
            assert_eq!(opened, Err(WireError::Signature), "byte {at}");
        }
        assert!(SignedBatch::from_body(&body[..40]).is_err());
    }
}
