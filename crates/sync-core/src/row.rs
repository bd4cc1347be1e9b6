//! A record as it stands, and **the one merge**: laptop, server, simulator and bundle import call
//! [`Row::merge`] and nothing else.
//!
//! Merging is commutative, associative and idempotent, because each field keeps the op with the highest
//! (register, edge, unknown kind) or lowest (event) key of one total order.

use std::collections::BTreeMap;

use domain::registry::{Nature, RecordKind};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::op::{Op, Scope};
use crate::stamp::{OrderKey, Stamp};
use crate::value::Value;

/// One field of a row, with the op that wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// What it holds.
    pub value: Value,
    /// Who wrote it.
    pub key: OrderKey,
}

/// A record as it stands on one replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its kind's number.
    pub kind: u16,
    /// Its id.
    pub record: Uuid,
    /// Where it is now. Set by its first op; moves are the server's (§7).
    pub scope: Scope,
    /// By field number.
    pub cells: BTreeMap<u16, Cell>,
}

/// What an op did to a row, by field number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MergeOutcome {
    /// Fields that hold its value now.
    pub changed: Vec<u16>,
    /// Fields in which another op stands.
    pub lost: Vec<u16>,
}

impl Row {
    /// A record nothing is known about yet.
    pub fn new(kind: u16, record: Uuid, scope: Scope) -> Self {
        Self { kind, record, scope, cells: BTreeMap::new() }
    }

    /// The empty row an op begins.
    pub fn begun_by(op: &Op) -> Self {
        Self::new(op.header.kind, op.header.record, op.header.scope)
    }

    /// A field's value, if it has one.
    pub fn value(&self, no: u16) -> Option<&Value> {
        self.cells.get(&no).map(|cell| &cell.value)
    }

    /// The key of an event: of the one op that stands. For a register, of its last writer.
    pub fn key(&self) -> Option<OrderKey> {
        self.cells.values().map(|cell| cell.key).max()
    }

    /// Takes an op in at its effective stamp. An op met again changes nothing.
    pub fn merge(&mut self, op: &Op, stamp: Stamp) -> MergeOutcome {
        let key = OrderKey { stamp, device: op.header.device, op: op.header.id };
        match RecordKind::from_no(self.kind).map(RecordKind::nature) {
            Some(Nature::Event) => self.merge_event(op, key),
            // A kind of a newer version that is an event has one op only, so that this is right for it too.
            Some(Nature::Register | Nature::Edge) | None => self.merge_fields(op, key),
        }
    }

    /// Field by field, the last writer wins.
    fn merge_fields(&mut self, op: &Op, key: OrderKey) -> MergeOutcome {
        let mut outcome = MergeOutcome::default();
        for edit in &op.fields {
            let standing = self.cells.get(&edit.no).map(|cell| cell.key);
            if standing == Some(key) {
                continue;
            }
            if standing.is_none_or(|standing| wins(key, standing)) {
                self.cells.insert(edit.no, Cell { value: edit.value.clone(), key });
                outcome.changed.push(edit.no);
            } else {
                outcome.lost.push(edit.no);
            }
        }
        outcome
    }

    /// Written once: of several ops that write one event the first of the order stands, as a whole.
    fn merge_event(&mut self, op: &Op, key: OrderKey) -> MergeOutcome {
        let numbers = op.fields.iter().map(|edit| edit.no);
        match self.key() {
            Some(standing) if standing == key => MergeOutcome::default(),
            Some(standing) if standing < key => MergeOutcome { changed: vec![], lost: numbers.collect() },
            _ => {
                let mut changed: Vec<u16> = self.cells.keys().copied().chain(numbers).collect();
                changed.sort_unstable();
                changed.dedup();
                let cell = |value: &Value| Cell { value: value.clone(), key };
                self.cells = op.fields.iter().map(|edit| (edit.no, cell(&edit.value))).collect();
                MergeOutcome { changed, lost: vec![] }
            }
        }
    }

    /// The visible row: this base row with the laptop's own ops that the stream has not delivered yet, in
    /// `dseq` order, after everything acknowledged (§2, §3, F4). Ops of other records are left out.
    pub fn overlay(&self, pending: &[&Op]) -> Self {
        let mut visible = self.clone();
        for (nth, op) in pending.iter().enumerate() {
            if (op.header.kind, op.header.record) == (self.kind, self.record) {
                visible.merge(op, Stamp::pending(nth));
            }
        }
        visible
    }

    /// The digest's summand: BLAKE3 of the canonical bytes (§8).
    pub fn hash(&self) -> [u8; 32] {
        hash_of(&self.to_bytes())
    }
}

/// Of canonical bytes.
pub(crate) fn hash_of(bytes: &[u8]) -> [u8; 32] {
    blake3::derive_key("tungnha 2026 sync row", bytes)
}

fn wins(key: OrderKey, standing: OrderKey) -> bool {
    #[cfg(feature = "sabotage")]
    if domain::fault::is("merge") {
        return key < standing;
    }
    key > standing
}
