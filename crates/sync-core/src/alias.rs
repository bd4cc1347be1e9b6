//! Two records of one person or household: `same_as` edges within one scope (§1, F20). Nothing is
//! rewritten: reads resolve the alias, and removing the edge parts the two again. Classes are recomputed
//! from the alive edges, never kept: an incremental union cannot forget an edge.

use std::collections::{BTreeMap, BTreeSet};

use domain::registry::{RecordKind, no};
use uuid::Uuid;

use crate::records::{RecordError, Recorded};
use crate::row::Row;
use crate::value::Value;

/// An edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SameAs {
    /// Made of both ends: two people who find the same pair draw one edge.
    pub id: Uuid,
    /// The smaller id.
    pub a: Uuid,
    /// The other one.
    pub b: Uuid,
    /// False once the two were parted.
    pub alive: bool,
}

impl SameAs {
    /// The edge between two records, in either order.
    pub fn between(one: Uuid, other: Uuid) -> Self {
        let (a, b) = (one.min(other), one.max(other));
        let mut hasher = blake3::Hasher::new_derive_key("tungnha 2026 same_as");
        hasher.update(a.as_bytes()).update(b.as_bytes());
        let mut bytes = [0; 16];
        hasher.finalize_xof().fill(&mut bytes);
        Self { id: uuid::Builder::from_custom_bytes(bytes).into_uuid(), a, b, alive: true }
    }
}

impl TryFrom<&Row> for SameAs {
    type Error = RecordError;
    fn try_from(row: &Row) -> Result<Self, RecordError> {
        if row.kind != RecordKind::SameAs.no() {
            return Err(RecordError::Kind(row.kind));
        }
        let end = |no| row.value(no).and_then(Value::as_uuid).ok_or(RecordError::Missing(no));
        let alive = row.value(no::SAME_AS_ALIVE).and_then(Value::as_bool).unwrap_or(true);
        Ok(Self { id: row.record, a: end(no::SAME_AS_A)?, b: end(no::SAME_AS_B)?, alive })
    }
}

impl Recorded for SameAs {
    const KIND: RecordKind = RecordKind::SameAs;
    fn record(&self) -> Uuid {
        self.id
    }
    fn fields(&self) -> Vec<(u16, Value)> {
        vec![
            (no::SAME_AS_A, self.a.into()),
            (no::SAME_AS_B, self.b.into()),
            (no::SAME_AS_ALIVE, self.alive.into()),
        ]
    }
}

/// For every record held here that an edge touches: the record that stands for its class. That is the
/// smallest id among the alive ones held here, or among all held if none is alive. `alive` tells whether
/// a record lives, and `None` of one that is not held. `edges`: the alive ones.
pub fn canonical(
    edges: impl IntoIterator<Item = (Uuid, Uuid)>,
    alive: impl Fn(Uuid) -> Option<bool>,
) -> BTreeMap<Uuid, Uuid> {
    let mut neighbours: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    for (a, b) in edges {
        neighbours.entry(a).or_default().push(b);
        neighbours.entry(b).or_default().push(a);
    }
    let mut stands = BTreeMap::new();
    let mut visited = BTreeSet::new();
    for start in neighbours.keys() {
        let mut class = vec![];
        let mut next = vec![*start];
        while let Some(one) = next.pop() {
            if visited.insert(one) {
                class.push(one);
                next.extend(neighbours.get(&one).into_iter().flatten());
            }
        }
        let held = || class.iter().copied().filter(|one| alive(*one).is_some());
        let living = held().filter(|one| alive(*one) == Some(true)).min();
        if let Some(canonical) = living.or_else(|| held().min()) {
            stands.extend(held().map(|one| (one, canonical)));
        }
    }
    stands
}
