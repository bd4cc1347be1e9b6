//! The op: one person's change of one record, immutable from Save on (§2).
//!
//! It is known by `(group id, index)`, random at Save and kept for ever. Its number `(device,
//! incarnation, dseq)` stands in the signed batch and never here: renumbering changes no byte (F10,
//! F16b).

use std::fmt;
use std::str::FromStr;

use domain::ids::{CommuneId, DeviceId, HamletUnitId, JobId, UserId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::position::Position;
use crate::row::Row;
use crate::stamp::Stamp;
use crate::value::Value;

/// The ops of one Save; random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub Uuid);

impl Serialize for GroupId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::hex::HexId(self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for GroupId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::hex::HexId::deserialize(deserializer).map(|id| Self(id.0))
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

/// An op's name for ever. As text: 32 hexadecimal digits, a dot, the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId {
    /// Of which Save.
    pub group: GroupId,
    /// Which op of it, from 0.
    pub index: u16,
}

impl fmt::Display for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.group, self.index)
    }
}

/// The text is no op id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an op id")]
pub struct OpIdError;

impl FromStr for OpId {
    type Err = OpIdError;
    fn from_str(text: &str) -> Result<Self, OpIdError> {
        let (group, index) = text.split_once('.').ok_or(OpIdError)?;
        let group = crate::hex::parse(group).map(Uuid::from_bytes).ok_or(OpIdError)?;
        Ok(Self { group: GroupId(group), index: index.parse().map_err(|_| OpIdError)? })
    }
}

impl Serialize for OpId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OpId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Who receives an op: one hamlet unit, or everybody of the commune (the nil id).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scope(pub Uuid);

impl Scope {
    /// Everybody of the commune.
    pub const COMMUNE: Self = Self(Uuid::nil());

    /// The hamlet unit, unless it is commune-wide.
    pub fn unit(self) -> Option<HamletUnitId> {
        (self != Self::COMMUNE).then_some(HamletUnitId(self.0))
    }
}

impl From<HamletUnitId> for Scope {
    fn from(unit: HamletUnitId) -> Self {
        Self(unit.0)
    }
}

/// All that is known about an op without its content. It outlives an erasure (§9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpHeader {
    /// Its name.
    pub id: OpId,
    /// The long action it is a part of, if any.
    pub job: Option<JobId>,
    /// Of which commune.
    pub commune: CommuneId,
    /// Who receives it.
    pub scope: Scope,
    /// [`domain::registry::RecordKind::no`], or a number of a newer version.
    pub kind: u16,
    /// Which record.
    pub record: Uuid,
    /// Written where.
    pub device: DeviceId,
    /// Written by whom.
    pub actor: UserId,
    /// Version of the writer's field registry.
    pub schema: u16,
    /// The laptop's wall clock at Save.
    pub wall_ms: i64,
    /// New at each start and whenever wall and monotonic clock part by more than 2 s.
    pub session: u64,
    /// How far the laptop had pulled at Save: rights are judged by it (§4).
    pub base: Position,
}

/// One field of an op.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldEdit {
    /// [`domain::registry::Field::no`], or a number of a newer version.
    pub no: u16,
    /// The new value.
    pub value: Value,
    /// The op whose value the person saw.
    pub replaced: Option<OpId>,
    /// The highest acknowledged stamp of the field on this laptop.
    pub seen: Option<Stamp>,
}

impl FieldEdit {
    /// A field that had no value.
    pub fn first(no: u16, value: impl Into<Value>) -> Self {
        Self { no, value: value.into(), replaced: None, seen: None }
    }

    /// A change of what the person saw (`visible`: base and overlay), by somebody whose laptop knew
    /// `base`.
    pub fn replacing(no: u16, value: impl Into<Value>, visible: Option<&Row>, base: Option<&Row>) -> Self {
        let key = |row: Option<&Row>| row.and_then(|row| row.cells.get(&no)).map(|cell| cell.key);
        Self {
            no,
            value: value.into(),
            replaced: key(visible).map(|key| key.op),
            seen: key(base).map(|key| key.stamp),
        }
    }
}

impl FieldEdit {
    /// The `voids` field of an event that corrects or undoes another one. It counts as replacing it, so
    /// that the correction comes after it whatever the laptop's clock says: an event that names a later
    /// one is invalid (§1).
    pub fn naming(no: u16, event: &Row) -> Self {
        let key = event.key();
        Self {
            no,
            value: event.record.into(),
            replaced: key.map(|key| key.op),
            seen: key.map(|key| key.stamp).filter(|stamp| !stamp.is_pending()),
        }
    }

    /// Raises the stamp seen, where a receipt of an own op that still stands in the overlay is higher than
    /// the base row's.
    pub fn having_seen(mut self, acknowledged: Option<Stamp>) -> Self {
        self.seen = self.seen.max(acknowledged);
        self
    }
}

// On the wire: [no, value], [no, value, replaced | null] or [no, value, replaced | null, seen].
impl Serialize for FieldEdit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.replaced, self.seen) {
            (None, None) => (self.no, &self.value).serialize(serializer),
            (Some(replaced), None) => (self.no, &self.value, replaced).serialize(serializer),
            (replaced, Some(seen)) => (self.no, &self.value, replaced, seen).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for FieldEdit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Parts(u16, Value, #[serde(default)] Option<OpId>, #[serde(default)] Option<Stamp>);
        let Parts(no, value, replaced, seen) = Parts::deserialize(deserializer)?;
        Ok(Self { no, value, replaced, seen })
    }
}

/// A change, immutable from Save on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Op {
    /// Who, what, when.
    pub header: OpHeader,
    /// Random, erased with the payload: without it nobody can try out what the payload was.
    pub salt: [u8; 16],
    /// Sorted by number, each number once, at least one.
    pub fields: Vec<FieldEdit>,
}

/// `H(header ‖ H(salt ‖ payload))`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OpHash(#[serde(with = "crate::hex")] pub [u8; 32]);

impl Op {
    /// Its name.
    pub fn id(&self) -> OpId {
        self.header.id
    }

    /// The field of that number.
    pub fn field(&self, no: u16) -> Option<&FieldEdit> {
        self.fields.binary_search_by_key(&no, |field| field.no).ok().and_then(|at| self.fields.get(at))
    }

    /// The hash of salt and payload: all that stays of them after an erasure.
    pub fn payload_hash(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("tungnha 2026 sync op payload");
        hasher.update(&self.salt);
        // Writing into memory has no way to fail.
        hasher.update(&serde_json::to_vec(&self.fields).unwrap_or_default());
        *hasher.finalize().as_bytes()
    }

    /// The op's hash.
    pub fn hash(&self) -> OpHash {
        self.header.hash(&self.payload_hash())
    }
}

impl OpHeader {
    /// The op's hash, from the header and what stays of the payload.
    pub fn hash(&self, payload_hash: &[u8; 32]) -> OpHash {
        // Every part has a fixed length, so that no two headers share their bytes.
        let mut hasher = blake3::Hasher::new_derive_key("tungnha 2026 sync op");
        hasher.update(self.id.group.0.as_bytes());
        hasher.update(&self.id.index.to_le_bytes());
        hasher.update(&[u8::from(self.job.is_some())]);
        hasher.update(self.job.map_or(Uuid::nil(), |job| job.0).as_bytes());
        for id in [self.commune.0, self.scope.0, self.record, self.device.0, self.actor.0] {
            hasher.update(id.as_bytes());
        }
        hasher.update(&self.kind.to_le_bytes());
        hasher.update(&self.schema.to_le_bytes());
        hasher.update(&self.wall_ms.to_le_bytes());
        hasher.update(&self.session.to_le_bytes());
        hasher.update(&self.base.epoch.to_le_bytes());
        hasher.update(&self.base.position.to_le_bytes());
        hasher.update(payload_hash);
        OpHash(*hasher.finalize().as_bytes())
    }
}
