//! The sealed outbox as it lies on disk: every group saved here, `age`-encrypted to the commune's key, in a
//! row of files beside the database. Nobody on this laptop can read it. It can be carried or pushed without
//! anybody's passphrase, and it outlives a damaged database (sync rules §3). Which groups belong in it is
//! `outbox`'s.
//!
//! The files are segments: `outbox.sealed`, `outbox.sealed.2`, `outbox.sealed.3`, … A segment is a row of
//! frames: magic, payload length, incarnation, number, checksum, payload. What follows the last whole frame
//! is a torn tail (power cut while appending).

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use age::x25519::Recipient;

use crate::error::StoreError;

const MAGIC: [u8; 4] = *b"TNS1";
/// magic 4, length 4, incarnation 8, number 8, checksum 8
const HEADER_BYTES: usize = 32;
/// A group is at most 64 KiB; sealing adds a few hundred bytes.
const PAYLOAD_BYTES_AT_MOST: u32 = 128 * 1024;

/// The number under which a group was saved: incarnation, then contiguous within it.
pub type SealedNumber = (u64, u64);

/// One sealed group, as it lies in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedGroup {
    /// Under which number it was saved.
    pub number: SealedNumber,
    /// An age file.
    pub payload: Vec<u8>,
}

/// Reads every whole frame of a sealed outbox, of all its segments in their order, for the courier and the
/// server's hand-over. Needs no key. `path` is the first segment's.
pub fn read_sealed(path: &Path) -> Result<Vec<SealedGroup>, StoreError> {
    let mut groups = Vec::new();
    for segment in segments(path)? {
        groups.extend(look_into(&segment_path(path, segment))?.groups);
    }
    Ok(groups)
}

/// Where a segment lies; they count from 1.
pub(crate) fn segment_path(first: &Path, segment: usize) -> PathBuf {
    if segment <= 1 {
        return first.to_owned();
    }
    let mut path = first.as_os_str().to_owned();
    path.push(format!(".{segment}"));
    PathBuf::from(path)
}

/// The segments that are there, in their order.
pub(crate) fn segments(first: &Path) -> Result<Vec<usize>, StoreError> {
    let (Some(folder), Some(name)) = (first.parent(), first.file_name().and_then(|name| name.to_str()))
    else {
        return Ok(vec![]);
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let file = entry?.file_name();
        let Some(rest) = file.to_str().and_then(|file| file.strip_prefix(name)) else { continue };
        let number = rest.strip_prefix('.').and_then(|number| number.parse().ok());
        // Names that are not spelled as ours are somebody else's files.
        let number =
            if rest.is_empty() { Some(1) } else { number.filter(|n| *n > 1 && rest == format!(".{n}")) };
        found.extend(number);
    }
    found.sort_unstable();
    Ok(found)
}

/// Length of a file; 0 if it is missing.
pub(crate) fn length(path: &Path) -> Result<u64, StoreError> {
    match std::fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        found => Ok(found?.len()),
    }
}

/// What a segment holds.
#[derive(Debug)]
pub(crate) struct Inside {
    /// Every whole frame.
    pub(crate) groups: Vec<SealedGroup>,
    /// Where the last one ends.
    pub(crate) end_bytes: u64,
}

/// Reads a segment.
pub(crate) fn look_into(path: &Path) -> Result<Inside, StoreError> {
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    Ok(scan(&bytes))
}

/// The segment that is appended to.
#[derive(Debug)]
pub(crate) struct OpenSegment {
    file: File,
    pub(crate) end_bytes: u64,
}

impl OpenSegment {
    /// Opens or creates the file and cuts off what lies behind its end.
    pub(crate) fn open(path: &Path, end_bytes: u64, durable: bool) -> Result<Self, StoreError> {
        let is_new = !path.exists();
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        if file.metadata()?.len() > end_bytes {
            file.set_len(end_bytes)?;
        }
        if is_new && durable {
            database::sync_parent(path)?;
        }
        Ok(Self { file, end_bytes })
    }

    /// Seals a group and makes it durable if asked to. On an error the file is as long as before.
    pub(crate) fn append(
        &mut self,
        recipient: &Recipient,
        number: SealedNumber,
        group: &[u8],
        durable: bool,
    ) -> Result<(), StoreError> {
        let payload = age::encrypt(recipient, group).map_err(|_| StoreError::Seal)?;
        let frame = frame(number, &payload)?;
        self.file.seek(SeekFrom::Start(self.end_bytes))?;
        let written =
            self.file.write_all(&frame).and_then(|()| if durable { self.file.sync_data() } else { Ok(()) });
        if let Err(error) = written {
            self.file.set_len(self.end_bytes)?;
            return Err(error.into());
        }
        self.end_bytes += frame.len() as u64;
        Ok(())
    }
}

fn frame(number: SealedNumber, payload: &[u8]) -> Result<Vec<u8>, StoreError> {
    let length = u32::try_from(payload.len()).ok().filter(|length| *length <= PAYLOAD_BYTES_AT_MOST);
    let length = length.ok_or(StoreError::GroupTooLarge { bytes: payload.len() })?;
    let mut frame = Vec::with_capacity(HEADER_BYTES + payload.len());
    frame.extend_from_slice(&MAGIC);
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(&number.0.to_le_bytes());
    frame.extend_from_slice(&number.1.to_le_bytes());
    frame.extend_from_slice(&checksum(&frame, payload));
    frame.extend_from_slice(payload);
    Ok(frame)
}

fn checksum(head: &[u8], payload: &[u8]) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(head).update(payload);
    let mut sum = [0; 8];
    hasher.finalize_xof().fill(&mut sum);
    sum
}

/// Every whole frame, and where the last one ends. What lies between two whole frames is damage, not the
/// end: a bad sector must not take the groups behind it along. Only what follows the last one is a torn tail.
fn scan(bytes: &[u8]) -> Inside {
    let (mut groups, mut at, mut end) = (Vec::new(), 0, 0);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(group) = whole_frame(rest) {
            at += HEADER_BYTES + group.payload.len();
            end = at;
            groups.push(group);
        } else {
            let next = rest.windows(MAGIC.len()).skip(1).position(|window| window == MAGIC);
            at += next.map_or(rest.len(), |skipped| skipped + 1);
        }
    }
    Inside { groups, end_bytes: end as u64 }
}

/// The frame that begins here; `None` if none does, or not a whole one.
fn whole_frame(bytes: &[u8]) -> Option<SealedGroup> {
    let (header, rest) = bytes.split_at_checked(HEADER_BYTES)?;
    let (head, sum) = header.split_at_checked(24)?;
    let number = |from: usize| Some(u64::from_le_bytes(head.get(from..from + 8)?.try_into().ok()?));
    let length = u32::from_le_bytes(head.get(4..8)?.try_into().ok()?);
    if !head.starts_with(&MAGIC) || length > PAYLOAD_BYTES_AT_MOST {
        return None;
    }
    let payload = rest.get(..length as usize)?;
    let whole = checksum(head, payload) == sum;
    whole.then_some(SealedGroup { number: (number(8)?, number(16)?), payload: payload.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_found_in_their_order_and_nothing_else_is_taken_for_one() {
        let dir = tempfile::tempdir().unwrap();
        let first = dir.path().join("outbox.sealed");
        assert_eq!(segments(&first).unwrap(), [0_usize; 0]);
        for name in ["", ".2", ".10", ".9", ".1", ".02", ".x", ".", "2", ".3.bak"] {
            std::fs::write(dir.path().join(format!("outbox.sealed{name}")), b"").unwrap();
        }
        assert_eq!(segments(&first).unwrap(), [1, 2, 9, 10]);
        for segment in [1, 2, 9, 10] {
            assert!(segment_path(&first, segment).exists(), "{segment}");
        }
        assert!(read_sealed(&first).unwrap().is_empty());
    }

    #[test]
    fn a_bad_byte_anywhere_loses_its_own_group_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("outbox");
        let commune = age::x25519::Identity::generate();
        let mut segment = OpenSegment::open(&path, 0, false).unwrap();
        let mut ends = vec![];
        for number in 1..=3 {
            let body = format!("group {number}");
            segment.append(&commune.to_public(), (7, number), body.as_bytes(), false).unwrap();
            ends.push(usize::try_from(segment.end_bytes).unwrap());
        }
        let all = std::fs::read(&path).unwrap();
        for at in 0..all.len() {
            let mut damaged = all.clone();
            damaged[at] ^= 0x41;
            std::fs::write(&path, &damaged).unwrap();
            let lost = ends.iter().position(|end| at < *end).unwrap() as u64 + 1;
            let held: Vec<_> = read_sealed(&path).unwrap().iter().map(|group| group.number).collect();
            let expect: Vec<_> = (1..=3).filter(|number| *number != lost).map(|number| (7, number)).collect();
            assert_eq!(held, expect, "byte {at}");
        }
    }
}
