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
use crate::op::{FieldEdit, GroupId, Op, OpHash, OpHeader, OpId, Scope};
use crate::position::Position;

/// The ops of one Save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Random at Save.
    pub id: GroupId,
    /// Random at Save, where the ops' salts are derived from it: 16 bytes on the wire for the whole group
    /// instead of 16 per op. An erasure of one of the ops drops it and keeps the others' salts.
    pub seed: Option<[u8; 16]>,
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
    /// The group has a seed and the op a salt that is not of it.
    #[error("op {0} has a salt of its own")]
    Salt(u16),
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

/// One-way: who knows the salts of some ops of a group knows neither the seed nor the others' salts.
fn salt_of(seed: &[u8; 16], index: u16) -> [u8; 16] {
    let mut salt = [0; 16];
    let mut hasher = blake3::Hasher::new_derive_key("tungnha 2026 sync op salt");
    hasher.update(seed).update(&index.to_le_bytes()).finalize_xof().fill(&mut salt);
    salt
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
    /// A group whose ops get their salts from a random seed.
    pub fn seeded(id: GroupId, seed: [u8; 16], mut ops: Vec<Op>) -> Self {
        ops.iter_mut().for_each(|op| op.salt = salt_of(&seed, op.header.id.index));
        Self { id, seed: Some(seed), ops }
    }

    /// Says what is wrong with a group before it is stored. The laptop's write gate asks.
    pub fn check(&self, limits: &GroupLimits) -> Result<(), GroupError> {
        self.check_save()?;
        let out_of_place =
            self.ops.iter().zip(0_usize..).find(|(op, at)| usize::from(op.header.id.index) != *at);
        match out_of_place {
            Some((op, _)) => Err(GroupError::Index(op.header.id.index)),
            None => self.check_arrived(limits),
        }
    }

    /// What the server asks of a group that arrives: the same, but that ops may be missing. Those were erased before
    /// the group was sent (§9), and the others keep their names.
    pub fn check_arrived(&self, limits: &GroupLimits) -> Result<(), GroupError> {
        self.check_save()?;
        for op in &self.ops {
            check_fields(op, limits)?;
        }
        let indexes = self.ops.iter().map(|op| op.header.id.index);
        if let Some((_, index)) = indexes.clone().zip(indexes.skip(1)).find(|(one, next)| one >= next) {
            return Err(GroupError::Index(index));
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
        let hashes: Vec<OpHash> = self.ops.iter().map(Op::hash).collect();
        self.content(&hashes)
    }

    /// [`Group::hash`] where the hashes of its ops are at hand.
    pub(crate) fn content(&self, hashes: &[OpHash]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("tungnha 2026 sync group");
        hasher.update(self.id.0.as_bytes());
        for hash in hashes {
            hasher.update(&hash.0);
        }
        *hasher.finalize().as_bytes()
    }

    fn check_save(&self) -> Result<&OpHeader, GroupError> {
        let first = self.ops.first().map(|op| &op.header).ok_or(GroupError::Empty)?;
        for op in &self.ops {
            if op.header.id.group != self.id || !same_save(first, &op.header) {
                return Err(GroupError::Mixed(op.header.id.index));
            }
            if self.seed.is_some_and(|seed| op.salt != salt_of(&seed, op.header.id.index)) {
                return Err(GroupError::Salt(op.header.id.index));
            }
        }
        Ok(first)
    }

    /// The canonical bytes. Fails only for ops that are not of one Save.
    pub fn to_bytes(&self) -> Result<Vec<u8>, GroupError> {
        self.check_save()?;
        serde_json::to_vec(self).map_err(|error| GroupError::Unreadable(error.to_string()))
    }

    /// The ops that pass, as a part of this group; `None` if none does. The seed goes with the first op that is left
    /// out: it gives away every salt.
    pub fn part(&self, mut passes: impl FnMut(&Op) -> bool) -> Option<Self> {
        let ops: Vec<Op> = self.ops.iter().filter(|op| passes(op)).cloned().collect();
        let seed = self.seed.filter(|_| ops.len() == self.ops.len());
        (!ops.is_empty()).then_some(Self { id: self.id, seed, ops })
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

/// kind, record, salt unless it is of the seed, fields
#[derive(Deserialize)]
struct OpRead(u16, HexId, Option<HexBytes<16>>, Vec<FieldEdit>);

#[derive(Serialize)]
struct OpWritten<'a>(u16, HexId, Option<HexBytes<16>>, &'a [FieldEdit]);

impl<'a> OpWritten<'a> {
    fn of(op: &'a Op, seeded: bool) -> Self {
        let salt = (!seeded).then_some(HexBytes(op.salt));
        Self(op.header.kind, HexId(op.header.record), salt, &op.fields)
    }
}

/// id, shared, seed, ops, and their indexes where they do not count 0, 1, 2… (a part of a group that is given
/// back, F6)
#[derive(Deserialize)]
struct GroupRead(GroupId, Shared, Option<HexBytes<16>>, Vec<OpRead>, #[serde(default)] Option<Vec<u16>>);

impl Serialize for Group {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let first = self.check_save().map_err(serde::ser::Error::custom)?;
        let seed = self.seed.map(HexBytes);
        let ops: Vec<_> = self.ops.iter().map(|op| OpWritten::of(op, seed.is_some())).collect();
        let indexes: Vec<u16> = self.ops.iter().map(|op| op.header.id.index).collect();
        if indexes.iter().zip(0_usize..).all(|(index, place)| usize::from(*index) == place) {
            (self.id, shared(first), seed, ops).serialize(serializer)
        } else {
            (self.id, shared(first), seed, ops, indexes).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Group {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let GroupRead(id, shared, seed, ops, indexes) = GroupRead::deserialize(deserializer)?;
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
            let derived = || seed.map(|seed| salt_of(&seed.0, index));
            let salt = salt.map(|salt| salt.0).or_else(derived);
            let salt = salt.ok_or_else(|| D::Error::custom("an op without a salt"))?;
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
            read.push(Op { header, salt, fields });
        }
        if read.is_empty() {
            return Err(D::Error::custom("a group needs an op"));
        }
        Ok(Self { id, seed: seed.map(|seed| seed.0), ops: read })
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

#[cfg(test)]
mod tests {
    use domain::registry::no;

    use super::*;
    use crate::samples::{group, household, id, member, op_id};
    use crate::value::Value;

    #[test]
    fn what_is_no_group() {
        let check = |change: fn(&mut Group), expect: Result<(), GroupError>| {
            let mut group = member(1, 1, 9, 8, "Lê Thị Hoa", 0);
            let mut second = group.ops[0].clone();
            second.header.id.index = 1;
            group.ops.push(second);
            change(&mut group);
            assert_eq!(group.check(&GroupLimits::default()), expect);
        };
        check(|_| (), Ok(()));
        check(|g| g.ops.clear(), Err(GroupError::Empty));
        check(|g| g.ops[1].header.scope.0 = id(3), Err(GroupError::Mixed(1)));
        check(|g| g.ops[1].header.id = op_id(2, 1), Err(GroupError::Mixed(1)));
        check(|g| g.ops[1].header.wall_ms = 1, Err(GroupError::Mixed(1)));
        check(|g| g.ops[1].header.commune.0 = id(3), Err(GroupError::Mixed(1)));
        check(|g| g.ops[1].header.device.0 = id(3), Err(GroupError::Mixed(1)));
        check(|g| g.ops[1].header.actor.0 = id(3), Err(GroupError::Mixed(1)));
        check(|g| g.ops[1].header.job = Some(JobId(id(3))), Err(GroupError::Mixed(1)));
        check(|g| g.ops[1].header.schema = 2, Err(GroupError::Mixed(1)));
        check(|g| g.ops[1].header.session = 2, Err(GroupError::Mixed(1)));
        check(|g| g.ops[1].header.base = (1, 1).into(), Err(GroupError::Mixed(1)));
        check(|g| g.ops[1].header.id.index = 2, Err(GroupError::Index(2)));
        check(|g| g.ops[1].fields.clear(), Err(GroupError::Fields(1)));
        check(|g| g.ops[0].fields.reverse(), Err(GroupError::Fields(0)));
        check(|g| g.ops[0].fields[1].no = no::MEMBER_HOUSEHOLD, Err(GroupError::Fields(0)));
        check(|g| g.ops[0].fields[0].no = no::VISIT_HOUSEHOLD, Err(GroupError::Fields(0)));
        check(|g| g.ops[0].header.kind = 3, Err(GroupError::Value(no::MEMBER_HOUSEHOLD)));
        check(|g| g.ops[0].fields[1].value = Value::Int(3), Err(GroupError::Value(no::MEMBER_FULL_NAME)));
        check(|g| g.ops[0].fields[1].value = "ơ".repeat(200).into(), Ok(()));
        check(
            |g| g.ops[0].fields[1].value = "ơ".repeat(201).into(),
            Err(GroupError::TextTooLong(no::MEMBER_FULL_NAME)),
        );
        check(|g| g.seed = Some([1; 16]), Err(GroupError::Salt(0)));
        // Of a newer version: kept, not judged.
        check(|g| g.ops[0].fields.push(FieldEdit::first(4999, "x".repeat(300))), Ok(()));
        check(|g| g.ops[0].fields.insert(0, FieldEdit::first(1, true)), Ok(()));
    }

    #[test]
    fn what_arrives_may_lack_ops_and_has_each_once() {
        let check = |indexes: [u16; 3], expect| {
            let mut group = household(1, 1, 9, 5);
            let op = group.ops.remove(0);
            group.ops.extend(indexes.map(|index| {
                let header = OpHeader { id: op_id(1, index), ..op.header.clone() };
                Op { header, ..op.clone() }
            }));
            assert_eq!(group.check_arrived(&GroupLimits::default()), expect, "{indexes:?}");
        };
        check([0, 1, 2], Ok(()));
        check([1, 4, 9], Ok(()));
        check([0, 2, 2], Err(GroupError::Index(2)));
        check([0, 2, 1], Err(GroupError::Index(1)));
    }

    #[test]
    fn a_group_ends_at_its_limit() {
        let of = |length: usize| group(1, 1, 777, 9, 0, vec![FieldEdit::first(7700, "x".repeat(length))]);
        let rest = of(0).to_bytes().unwrap().len();
        let check = |bytes: usize, expect| {
            assert_eq!(of(bytes - rest).check(&GroupLimits::default()), expect, "{bytes}");
        };
        check(64 * 1024 - 1, Ok(()));
        check(64 * 1024, Ok(()));
        check(64 * 1024 + 1, Err(GroupError::TooLarge(64 * 1024 + 1)));
    }

    #[test]
    fn one_group_has_one_spelling() {
        let group = household(1, 1, 9, 5);
        let text = String::from_utf8(group.to_bytes().unwrap()).unwrap();
        let check = |from: &str, to: &str, expect: bool| {
            assert!(text.contains(from), "{text}");
            let read = Group::from_bytes(text.replacen(from, to, 1).as_bytes());
            assert_eq!(read.is_ok(), expect, "{to}: {read:?}");
        };
        check("[308,true]", "[308,true]", true);
        check("[308,true]", "[308, true]", false);
        check("[308,true]", "[308,true,null]", false);
        check("[308,true]", "[308,true,null,null]", false);
        check("[308,true]", "[308,1.0]", false);
        check("[308,true]", "[9308,{\"a\":1}]", true);
        check("[308,true]", "[9308,{\"b\":1,\"a\":1}]", false);
        check("[308,true]", "[9308,\"\\u0061\"]", false);
        check("[308,true]]]]]", "[308,true]]]],[0]]", false);
        check("[308,true]]]]]", "[308,true]]]],[4]]", true);
        check("0000d1", "0000D1", false);
        check("\"000000000000000000000000000000d1\"", "\"00000000-0000-0000-0000-0000000000d1\"", false);
    }

    #[test]
    fn salts_of_a_seed_travel_as_the_seed() {
        let mut ops = vec![];
        for index in 0..3 {
            let mut op = household(1, 1, 9, 5).ops.remove(0);
            op.header.id.index = index;
            ops.push(op);
        }
        let seeded = Group::seeded(GroupId(id(1)), [7; 16], ops);
        assert_ne!(seeded.ops[0].salt, seeded.ops[1].salt);
        assert_eq!(seeded.check(&GroupLimits::default()), Ok(()));
        let bytes = seeded.to_bytes().unwrap();
        assert_eq!(Group::from_bytes(&bytes).as_ref(), Ok(&seeded));
        // The seed goes with an erasure; no op's hash changes by that.
        let unseeded = Group { seed: None, ..seeded.clone() };
        assert!(bytes.len() + 50 < unseeded.to_bytes().unwrap().len());
        assert_eq!(unseeded.hash(), seeded.hash());
        assert_eq!(seeded.part(|_| true).as_ref(), Some(&seeded));
        let part = seeded.part(|op| op.header.id.index != 1).unwrap();
        assert_eq!((part.seed, part.ops.len(), part.ops[1].salt), (None, 2, seeded.ops[2].salt));
    }
}
