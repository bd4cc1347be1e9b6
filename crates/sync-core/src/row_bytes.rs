//! The canonical bytes of a base row: its values and its packed clock. Devices, groups and keys stand
//! once each, in order, and cells point at them; one row has one form, so that replicas can be compared
//! by hash (§8).

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::DeviceId;
use uuid::Uuid;

use crate::op::{GroupId, OpId, Scope};
use crate::row::{Cell, Row};
use crate::stamp::{OrderKey, Stamp};
use crate::value::Value;

const VERSION: u8 = 1;

/// The bytes are no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowBytesError {
    /// Cut short, or something that no version wrote.
    #[error("these bytes are no row")]
    Unreadable,
    /// A row in another spelling.
    #[error("not in canonical form")]
    NotCanonical,
    /// Written by a newer version of the format.
    #[error("a row of format {0}")]
    Newer(u8),
}

impl Row {
    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let keys: BTreeSet<OrderKey> = self.cells.values().map(|cell| cell.key).collect();
        let devices: BTreeSet<Uuid> = keys.iter().map(|key| key.device.0).collect();
        let groups: BTreeSet<Uuid> = keys.iter().map(|key| key.op.group.0).collect();
        let mut out = Vec::with_capacity(64 + 32 * keys.len() + 24 * self.cells.len());
        out.push(VERSION);
        put_number(&mut out, self.kind.into());
        out.extend_from_slice(self.record.as_bytes());
        out.extend_from_slice(self.scope.0.as_bytes());
        for table in [&devices, &groups] {
            put_number(&mut out, table.len() as u64);
            table.iter().for_each(|id| out.extend_from_slice(id.as_bytes()));
        }
        put_number(&mut out, keys.len() as u64);
        for key in &keys {
            put_signed(&mut out, key.stamp.0);
            put_number(&mut out, place(&devices, &key.device.0));
            put_number(&mut out, place(&groups, &key.op.group.0));
            put_number(&mut out, key.op.index.into());
        }
        put_number(&mut out, self.cells.len() as u64);
        for (no, cell) in &self.cells {
            put_number(&mut out, (*no).into());
            put_number(&mut out, place(&keys, &cell.key));
            put_value(&mut out, &cell.value);
        }
        out
    }

    /// Reads canonical bytes and refuses any other spelling.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RowBytesError> {
        match bytes.first() {
            Some(&VERSION) => {}
            Some(&newer) if newer > VERSION => return Err(RowBytesError::Newer(newer)),
            _ => return Err(RowBytesError::Unreadable),
        }
        let row = read_row(&mut Reader(bytes)).ok_or(RowBytesError::Unreadable)?;
        if row.to_bytes() == bytes { Ok(row) } else { Err(RowBytesError::NotCanonical) }
    }
}

/// A row has a handful of writers: counting is quicker than a table of places.
fn place<T: Ord>(table: &BTreeSet<T>, wanted: &T) -> u64 {
    table.iter().take_while(|one| *one < wanted).count() as u64
}

fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push((number & 0x7f) as u8);
}

fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_number(out, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(0),
        Value::Bool(false) => out.push(1),
        Value::Bool(true) => out.push(2),
        Value::Int(number) => {
            out.push(3);
            put_signed(out, *number);
        }
        Value::Text(text) => match crate::hex::parse::<16>(text) {
            Some(id) => {
                out.push(5);
                out.extend_from_slice(&id);
            }
            None => {
                out.push(4);
                put_text(out, text);
            }
        },
        Value::List(values) => {
            out.push(6);
            put_number(out, values.len() as u64);
            values.iter().for_each(|value| put_value(out, value));
        }
        Value::Map(values) => {
            out.push(7);
            put_number(out, values.len() as u64);
            for (name, value) in values {
                put_text(out, name);
                put_value(out, value);
            }
        }
    }
}

struct Reader<'a>(&'a [u8]);

/// JSON readers stop at this depth too.
const DEPTH_AT_MOST: u8 = 127;

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn small(&mut self) -> Option<u16> {
        self.number().and_then(|number| u16::try_from(number).ok())
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// A count of things of at least one byte each: a lie about it reserves no memory.
    fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= self.0.len()).then_some(count)
    }

    fn id(&mut self) -> Option<Uuid> {
        self.take(16).and_then(|bytes| Uuid::from_slice(bytes).ok())
    }

    fn ids(&mut self) -> Option<Vec<Uuid>> {
        let count = self.count()?;
        (0..count).map(|_| self.id()).collect()
    }

    fn text(&mut self) -> Option<String> {
        let length = self.count()?;
        self.take(length).and_then(|bytes| str::from_utf8(bytes).ok()).map(str::to_owned)
    }

    fn value(&mut self, depth: u8) -> Option<Value> {
        if depth > DEPTH_AT_MOST {
            return None;
        }
        Some(match self.byte()? {
            0 => Value::Null,
            1 => Value::Bool(false),
            2 => Value::Bool(true),
            3 => Value::Int(self.signed()?),
            4 => Value::Text(self.text()?),
            5 => Value::from(self.id()?),
            6 => {
                let count = self.count()?;
                Value::List((0..count).map(|_| self.value(depth + 1)).collect::<Option<_>>()?)
            }
            7 => {
                let count = self.count()?;
                let mut one = || Some((self.text()?, self.value(depth + 1)?));
                Value::Map((0..count).map(|_| one()).collect::<Option<_>>()?)
            }
            _ => return None,
        })
    }
}

fn read_row(reader: &mut Reader<'_>) -> Option<Row> {
    reader.byte()?;
    let kind = reader.small()?;
    let record = reader.id()?;
    let scope = Scope(reader.id()?);
    let devices = reader.ids()?;
    let groups = reader.ids()?;
    let mut keys = Vec::new();
    for _ in 0..reader.count()? {
        let stamp = Stamp(reader.signed()?);
        let device = DeviceId(*devices.get(usize::from(reader.small()?))?);
        let group = GroupId(*groups.get(usize::from(reader.small()?))?);
        keys.push(OrderKey { stamp, device, op: OpId { group, index: reader.small()? } });
    }
    let mut cells = BTreeMap::new();
    for _ in 0..reader.count()? {
        let no = reader.small()?;
        let key = *keys.get(usize::from(reader.small()?))?;
        cells.insert(no, Cell { value: reader.value(0)?, key });
    }
    reader.0.is_empty().then_some(Row { kind, record, scope, cells })
}
