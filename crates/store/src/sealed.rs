//! The sealed outbox: every group saved here, `age`-encrypted to the commune's key, in one file beside the
//! database. Nobody on this laptop can read it. It can be carried or pushed without anybody's passphrase,
//! and it outlives a damaged database (sync rules §3).
//!
//! The file is a row of frames: magic, payload length, incarnation, number, checksum, payload. A torn tail
//! (power cut while appending) is cut off at opening and sealed again from the database.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

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

/// The file, open for appending.
#[derive(Debug)]
pub(crate) struct SealedOutbox {
    file: File,
    recipient: Recipient,
    end_bytes: u64,
}

impl SealedOutbox {
    /// Opens or creates the file, cuts a torn tail off, and returns the numbers it holds.
    pub(crate) fn open(path: &Path, recipient: Recipient) -> Result<(Self, Vec<SealedNumber>), StoreError> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let (groups, end_bytes) = scan(&file)?;
        if file.metadata()?.len() > end_bytes {
            file.set_len(end_bytes)?;
        }
        let numbers = groups.into_iter().map(|group| group.number).collect();
        Ok((Self { file, recipient, end_bytes }, numbers))
    }

    /// Seals a group and makes it durable if asked to. On an error the file is as long as before.
    pub(crate) fn append(
        &mut self,
        number: SealedNumber,
        group: &[u8],
        durable: bool,
    ) -> Result<(), StoreError> {
        let payload = age::encrypt(&self.recipient, group).map_err(|_| StoreError::Seal)?;
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

/// Reads every whole frame of a sealed outbox, for the courier and the server's hand-over. Needs no key.
pub fn read_sealed(path: &Path) -> Result<Vec<SealedGroup>, StoreError> {
    Ok(scan(&File::open(path)?)?.0)
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
fn scan(mut file: &File) -> Result<(Vec<SealedGroup>, u64), StoreError> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut bytes)?;
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
    Ok((groups, end as u64))
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

    fn opened(identity: &age::x25519::Identity, groups: &[SealedGroup]) -> Vec<Vec<u8>> {
        groups.iter().map(|group| age::decrypt(identity, &group.payload).unwrap()).collect()
    }

    #[test]
    fn what_was_sealed_can_be_opened_by_the_commune() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("outbox");
        let commune = age::x25519::Identity::generate();
        let (mut outbox, held) = SealedOutbox::open(&path, commune.to_public()).unwrap();
        assert_eq!(held, []);
        outbox.append((7, 1), b"Nguyen Van A", true).unwrap();
        outbox.append((7, 2), b"two", false).unwrap();
        drop(outbox);
        let (_, held) = SealedOutbox::open(&path, commune.to_public()).unwrap();
        assert_eq!(held, [(7, 1), (7, 2)]);
        let groups = read_sealed(&path).unwrap();
        assert_eq!(opened(&commune, &groups), [b"Nguyen Van A".to_vec(), b"two".to_vec()]);
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"Nguyen"));
    }

    #[test]
    fn a_tail_torn_at_any_byte_loses_only_the_torn_group() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("outbox");
        let commune = age::x25519::Identity::generate();
        let (mut outbox, _) = SealedOutbox::open(&path, commune.to_public()).unwrap();
        outbox.append((7, 1), b"one", false).unwrap();
        let whole = outbox.end_bytes;
        outbox.append((7, 2), b"two", false).unwrap();
        let all = std::fs::read(&path).unwrap();
        for cut in usize::try_from(whole).unwrap()..all.len() {
            std::fs::write(&path, &all[..cut]).unwrap();
            let (mut outbox, held) = SealedOutbox::open(&path, commune.to_public()).unwrap();
            assert_eq!(held, [(7, 1)], "cut at {cut}");
            outbox.append((7, 2), b"two", false).unwrap();
            assert_eq!(opened(&commune, &read_sealed(&path).unwrap()), [b"one".to_vec(), b"two".to_vec()]);
        }
    }

    #[test]
    fn a_bad_byte_anywhere_loses_its_own_group_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("outbox");
        let commune = age::x25519::Identity::generate();
        let (mut outbox, _) = SealedOutbox::open(&path, commune.to_public()).unwrap();
        let mut ends = vec![];
        for number in 1..=3 {
            outbox.append((7, number), format!("group {number}").as_bytes(), false).unwrap();
            ends.push(usize::try_from(outbox.end_bytes).unwrap());
        }
        let all = std::fs::read(&path).unwrap();
        for at in 0..all.len() {
            let mut damaged = all.clone();
            damaged[at] ^= 0x41;
            std::fs::write(&path, &damaged).unwrap();
            let lost = ends.iter().position(|end| at < *end).unwrap() as u64 + 1;
            let (_, held) = SealedOutbox::open(&path, commune.to_public()).unwrap();
            let expect: Vec<_> = (1..=3).filter(|number| *number != lost).map(|number| (7, number)).collect();
            assert_eq!(held, expect, "byte {at}");
        }
    }
}
