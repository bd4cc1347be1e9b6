//! What belongs in the sealed outbox, and how much of it a start reads. Every save is in it under its
//! number; what is missing is sealed again from the database.
//!
//! It only grows: until the commune says below which position it will never be restored (the watermark of
//! the sync rules, §6), no group may leave, delivered or not. So it is kept in segments, and the database
//! remembers of the closed ones their length, their groups and up to which save they hold everything. A
//! start reads what comes after them, and one of them, which the session's random number chooses: that
//! bounds a start, and a sector that went bad is found in time. Wherever what is remembered does not fit
//! (a file is missing or cut, a group cannot be read, numbers were given anew), it is forgotten, every
//! segment is read, and what is found nowhere is sealed again. A damaged segment stays where it is: what
//! is whole in it is still read.
//!
//! A crash between two steps leaves too much to read at the next start, never too little: what is
//! remembered is written after the groups are on the disk, and forgotten in the transaction that renumbers.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use age::x25519::Recipient;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::sealed::{OpenSegment, SealedNumber, length, look_into, segment_path, segments};
use crate::settings;

/// A start reads two of them; some 200 saves fill one.
pub(crate) const SEGMENT_BYTES: u64 = 256 * 1024;

/// What the database remembers of the closed segments. By default nothing: then all are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Remembered {
    /// In their order.
    closed: Vec<Closed>,
    /// Every save up to this one is sealed in them, under its present number.
    sealed_to: i64,
}

/// Bytes of a segment, and how many groups in it are whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Closed(u64, usize);

/// A save as it is to be sealed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SavedGroup<'a> {
    pub(crate) seq: i64,
    pub(crate) number: SealedNumber,
    pub(crate) body: &'a [u8],
}

/// How an outbox is kept.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Of the first segment.
    pub(crate) path: PathBuf,
    /// The commune.
    pub(crate) recipient: Recipient,
    /// Each group waits for the disk.
    pub(crate) durable: bool,
    /// A segment that has so many gets no more.
    pub(crate) segment_bytes: u64,
}

/// The sealed outbox of an open store.
#[derive(Debug)]
pub(crate) struct Outbox {
    place: Place,
    remembered: Remembered,
    /// The segments after the closed ones, with how many groups in them are whole.
    tail: BTreeMap<usize, usize>,
    /// The numbers in them.
    held: HashSet<SealedNumber>,
    /// The last of them, if it can be appended to.
    open: Option<OpenSegment>,
    /// Groups are kept in the database that could not be sealed (disk full); tried again at the next save
    /// and start.
    behind: bool,
}

/// To be called in a transaction that changes the numbers of saves, with [`Outbox::catch_up`] after it.
pub(crate) fn forget(connection: &Connection) -> Result<(), StoreError> {
    settings::put(connection, settings::OUTBOX, &Remembered::default())
}

impl Outbox {
    /// Reads what a start must and seals what is missing. `pick` chooses the closed segment to look into.
    /// A full disk must not keep the register closed: opening and sending is what saves the work.
    pub(crate) fn open(place: Place, connection: &Connection, pick: u64) -> Result<Self, StoreError> {
        let remembered: Remembered = settings::get(connection, settings::OUTBOX)?.unwrap_or_default();
        let remembered = if fits(&place, &remembered, pick) { remembered } else { Remembered::default() };
        let mut outbox = Self {
            place,
            remembered,
            tail: BTreeMap::new(),
            held: HashSet::new(),
            open: None,
            behind: false,
        };
        outbox.read_tail()?;
        outbox.behind = outbox.seal_missing(connection).is_err();
        Ok(outbox)
    }

    /// To whom it is sealed.
    pub(crate) fn recipient(&self) -> &Recipient {
        &self.place.recipient
    }

    /// Reads every segment again and seals what is missing, after numbers were given anew.
    pub(crate) fn catch_up(&mut self, connection: &Connection) {
        self.remembered = Remembered::default();
        let sealed = self.read_tail().and_then(|()| self.seal_missing(connection));
        self.behind = sealed.is_err();
    }

    /// Seals a committed group. The save stands whatever happens here.
    pub(crate) fn seal(&mut self, connection: &Connection, saved: SavedGroup<'_>) {
        if self.behind {
            self.behind = self.seal_missing(connection).is_err();
            return;
        }
        if self.is_full() {
            // If this fails, the next start reads more than it must, and the next full segment tries again.
            let _ = self.close(connection, saved.seq - 1);
        }
        self.behind = self.append(saved.number, saved.body).is_err();
    }

    fn read_tail(&mut self) -> Result<(), StoreError> {
        (self.tail, self.held, self.open) = (BTreeMap::new(), HashSet::new(), None);
        for segment in segments(&self.place.path)? {
            if segment <= self.remembered.closed.len() {
                continue;
            }
            let path = segment_path(&self.place.path, segment);
            // What cannot be read holds nothing to count on, and nothing is appended to it.
            let (groups, end_bytes) = match look_into(&path) {
                Ok(inside) => (inside.groups, Some(inside.end_bytes)),
                Err(_) => (vec![], None),
            };
            self.open = end_bytes.and_then(|end| OpenSegment::open(&path, end, self.place.durable).ok());
            self.tail.insert(segment, groups.len());
            self.held.extend(groups.into_iter().map(|group| group.number));
        }
        Ok(())
    }

    fn seal_missing(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let mut last = self.remembered.sealed_to;
        let mut statement = connection.prepare_cached(
            "SELECT seq, incarnation, dseq, body FROM saves
                 WHERE seq > ?1 AND state <> 'delivered' ORDER BY seq",
        )?;
        let mut rows = statement.query([last])?;
        while let Some(row) = rows.next()? {
            last = row.get(0)?;
            let number = (row.get::<_, i64>(1)?.cast_unsigned(), row.get::<_, i64>(2)?.cast_unsigned());
            if !self.held.contains(&number) {
                let body = row.get_ref(3)?.as_blob().map_err(|_| StoreError::Damaged)?;
                self.append(number, body)?;
            }
        }
        if self.tail.len() > 1 {
            let _ = self.close(connection, last);
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.end_bytes >= self.place.segment_bytes)
    }

    fn newest(&self) -> usize {
        self.tail.last_key_value().map_or(self.remembered.closed.len(), |(segment, _)| *segment)
    }

    fn append(&mut self, number: SealedNumber, body: &[u8]) -> Result<(), StoreError> {
        let open = match self.open.take().filter(|open| open.end_bytes < self.place.segment_bytes) {
            Some(open) => open,
            None => {
                let segment = self.newest() + 1;
                let path = segment_path(&self.place.path, segment);
                let open = OpenSegment::open(&path, 0, self.place.durable)?;
                self.tail.insert(segment, 0);
                open
            }
        };
        let open = self.open.insert(open);
        open.append(&self.place.recipient, number, body, self.place.durable)?;
        self.held.insert(number);
        if let Some(mut last) = self.tail.last_entry() {
            *last.get_mut() += 1;
        }
        Ok(())
    }

    /// Closes all segments. Every save up to `sealed_to` must be sealed in them.
    fn close(&mut self, connection: &Connection, sealed_to: i64) -> Result<(), StoreError> {
        let mut remembered = Remembered { sealed_to, ..self.remembered.clone() };
        for segment in remembered.closed.len() + 1..=self.newest() {
            let bytes = length(&segment_path(&self.place.path, segment))?;
            remembered.closed.push(Closed(bytes, self.tail.get(&segment).copied().unwrap_or(0)));
        }
        settings::put(connection, settings::OUTBOX, &remembered)?;
        self.remembered = remembered;
        (self.tail, self.held, self.open) = (BTreeMap::new(), HashSet::new(), None);
        Ok(())
    }
}

/// True if the closed segments are as they are remembered, as far as a start looks.
fn fits(place: &Place, remembered: &Remembered, pick: u64) -> bool {
    let mut closed = (1..).zip(&remembered.closed);
    let path = |segment| segment_path(&place.path, segment);
    let whole = closed.all(|(segment, Closed(bytes, _))| length(&path(segment)).is_ok_and(|b| b == *bytes));
    let Some(picked) = pick.checked_rem(remembered.closed.len() as u64) else { return whole };
    let picked = usize::try_from(picked).unwrap_or(0);
    let groups = look_into(&path(picked + 1)).map_or(0, |inside| inside.groups.len());
    whole && remembered.closed.get(picked).is_some_and(|Closed(_, expect)| *expect == groups)
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
