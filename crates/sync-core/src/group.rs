//! A group: the ops of one Save. It is atomic in transactions, batches, pages and quarantine (§2), so
//! nothing ever cuts it.
//!
//! Its canonical bytes are compact JSON with grouped arrays: what all ops of one Save share stands once.
//! A reader refuses any other spelling of the same group, so one group has one form everywhere.

use domain::ids::{CommuneId, DeviceId, JobId, UserId};
use domain::people::TEXT_AT_MOST;
use domain::registry::{self, FieldType, RecordKind};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::hex::{HexBytes, HexId};
use crate::op::{FieldEdit, GroupId, Op, OpHeader, OpId, Scope};
use crate::position::Position;

/// The ops of one Save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Random at Save.
    pub id: GroupId,
    /// In their order.
    pub ops: Vec<Op>,
}

/// What a group may be at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupLimits {
    /// Canonical bytes.
    pub group_bytes: usize,
    /// Characters of a text whose field this version knows.
    pub text_chars: usize,
}

impl Default for GroupLimits {
    fn default() -> Self {
        Self { group_bytes: 64 * 1024, text_chars: TEXT_AT_MOST }
    }
}

/// Why a group is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    /// No op at all.
    #[error("a group needs an op")]
    Empty,
    /// An op of another Save: commune, scope, device, actor, job, schema, clock, session and base are one.
    #[error("op {0} is of another Save")]
    Mixed(u16),
    /// Indexes count 0, 1, 2…
    #[error("op {0} stands in the wrong place")]
    Index(u16),
    /// An op that changes nothing, or fields out of order, or one twice.
    #[error("op {0}: no fields, or not in order")]
    Fields(u16),
    /// A known field of another kind, or a value that does not fit it.
    #[error("field {0} does not fit")]
    Value(u16),
    /// A text longer than the limit.
    #[error("field {0} is too long")]
    TextTooLong(u16),
    /// More bytes than the limit.
    #[error("a group of {0} bytes is too large")]
    TooLarge(usize),
    /// Not a group's JSON.
    #[error("unreadable: {0}")]
    Unreadable(String),
    /// The right content in another spelling.
    #[error("not in canonical form")]
    NotCanonical,
}

/// What all ops of a Save have in common.
fn shared(header: &OpHeader) -> Shared {
    Shared(
        HexId(header.commune.0),
        HexId(header.scope.0),
        HexId(header.device.0),
        HexId(header.actor.0),
        header.job.map(|job| HexId(job.0)),
        header.schema,
        header.wall_ms,
        header.session,
        header.base,
    )
}

fn same_save(a: &OpHeader, b: &OpHeader) -> bool {
    (a.id.group, a.commune, a.scope, a.device, a.actor) == (b.id.group, b.commune, b.scope, b.device, b.actor)
        && (a.job, a.schema, a.wall_ms, a.session, a.base) == (b.job, b.schema, b.wall_ms, b.session, b.base)
}

impl Group {
    /// Says what is wrong with a group before it is stored, sent or taken. The laptop's write gate and
    /// the server run the same check.
    pub fn check(&self, limits: &GroupLimits) -> Result<(), GroupError> {
        self.check_save()?;
        for (op, expect) in self.ops.iter().zip(0_usize..) {
            let index = op.header.id.index;
            if usize::from(index) != expect {
                return Err(GroupError::Index(index));
            }
            check_fields(op, limits)?;
        }
        let bytes = self.to_bytes()?.len();
        if bytes > limits.group_bytes { Err(GroupError::TooLarge(bytes)) } else { Ok(()) }
    }

    /// Who receives it; `None` for a group without ops.
    pub fn scope(&self) -> Option<Scope> {
        self.ops.first().map(|op| op.header.scope)
    }

    /// BLAKE3 over its op hashes: which content stands under the group's name.
    pub fn hash(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("tungnha 2026 sync group");
        hasher.update(self.id.0.as_bytes());
        self.ops.iter().for_each(|op| {
            hasher.update(&op.hash().0);
        });
        *hasher.finalize().as_bytes()
    }

    fn check_save(&self) -> Result<&OpHeader, GroupError> {
        let first = self.ops.first().map(|op| &op.header).ok_or(GroupError::Empty)?;
        for op in &self.ops {
            if op.header.id.group != self.id || !same_save(first, &op.header) {
                return Err(GroupError::Mixed(op.header.id.index));
            }
        }
        Ok(first)
    }

    /// The canonical bytes. Fails only for ops that are not of one Save.
    pub fn to_bytes(&self) -> Result<Vec<u8>, GroupError> {
        self.check_save()?;
        serde_json::to_vec(self).map_err(|error| GroupError::Unreadable(error.to_string()))
    }

    /// Reads canonical bytes and refuses any other spelling.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, GroupError> {
        let group: Self =
            serde_json::from_slice(bytes).map_err(|error| GroupError::Unreadable(error.to_string()))?;
        if group.to_bytes()? == bytes { Ok(group) } else { Err(GroupError::NotCanonical) }
    }
}

fn check_fields(op: &Op, limits: &GroupLimits) -> Result<(), GroupError> {
    let ascending = op.fields.iter().zip(op.fields.iter().skip(1)).all(|(a, b)| a.no < b.no);
    if op.fields.is_empty() || !ascending {
        return Err(GroupError::Fields(op.header.id.index));
    }
    for edit in &op.fields {
        // What a newer version wrote is not judged, only kept.
        let Some(field) = registry::field(edit.no) else { continue };
        if RecordKind::from_no(op.header.kind) != Some(field.kind) || !edit.value.fits(&field.ty) {
            return Err(GroupError::Value(edit.no));
        }
        let text = if field.ty == FieldType::Text { edit.value.as_text() } else { None };
        if text.is_some_and(|text| text.len() > limits.text_chars && text.chars().count() > limits.text_chars)
        {
            return Err(GroupError::TextTooLong(edit.no));
        }
    }
    Ok(())
}

/// commune, scope, device, actor, job, schema, wall clock, session, base
#[derive(Serialize, Deserialize)]
struct Shared(HexId, HexId, HexId, HexId, Option<HexId>, u16, i64, u64, Position);

/// kind, record, salt, fields
#[derive(Deserialize)]
struct OpRead(u16, HexId, HexBytes<16>, Vec<FieldEdit>);

#[derive(Serialize)]
struct OpWritten<'a>(u16, HexId, HexBytes<16>, &'a [FieldEdit]);

impl<'a> OpWritten<'a> {
    fn of(op: &'a Op) -> Self {
        Self(op.header.kind, HexId(op.header.record), HexBytes(op.salt), &op.fields)
    }
}

/// id, shared, ops, and their indexes where they do not count 0, 1, 2… (a part of a group that is given
/// back, F6)
#[derive(Deserialize)]
struct GroupRead(GroupId, Shared, Vec<OpRead>, #[serde(default)] Option<Vec<u16>>);

impl Serialize for Group {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let first = self.check_save().map_err(serde::ser::Error::custom)?;
        let ops: Vec<_> = self.ops.iter().map(OpWritten::of).collect();
        let indexes: Vec<u16> = self.ops.iter().map(|op| op.header.id.index).collect();
        if indexes.iter().zip(0_usize..).all(|(index, place)| usize::from(*index) == place) {
            (self.id, shared(first), ops).serialize(serializer)
        } else {
            (self.id, shared(first), ops, indexes).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Group {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let GroupRead(id, shared, ops, indexes) = GroupRead::deserialize(deserializer)?;
        let Shared(commune, scope, device, actor, job, schema, wall_ms, session, base) = shared;
        if indexes.as_ref().is_some_and(|indexes| indexes.len() != ops.len()) {
            return Err(D::Error::custom("as many indexes as ops"));
        }
        let index_of = |place: usize| match &indexes {
            Some(indexes) => indexes.get(place).copied(),
            None => u16::try_from(place).ok(),
        };
        let mut read = Vec::with_capacity(ops.len());
        for (place, OpRead(kind, record, salt, fields)) in ops.into_iter().enumerate() {
            let index = index_of(place).ok_or_else(|| D::Error::custom("too many ops"))?;
            let header = OpHeader {
                id: OpId { group: id, index },
                job: job.map(|job| JobId(job.0)),
                commune: CommuneId(commune.0),
                scope: Scope(scope.0),
                kind,
                record: record.0,
                device: DeviceId(device.0),
                actor: UserId(actor.0),
                schema,
                wall_ms,
                session,
                base,
            };
            read.push(Op { header, salt: salt.0, fields });
        }
        if read.is_empty() {
            return Err(D::Error::custom("a group needs an op"));
        }
        Ok(Self { id, ops: read })
    }
}

impl GroupId {
    /// The id of 16 random bytes.
    pub fn random(bytes: [u8; 16]) -> Self {
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }
}

impl From<Uuid> for GroupId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}
