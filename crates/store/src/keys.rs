//! The database key and the slots that wrap it (docs/ARCHITECTURE.md, "Keys"). The key is 32 random bytes
//! and never lies on the disk in clear. Each member has a slot: argon2id of a passphrase of four words
//! that the program picks (44 bits), and the key sealed by it. Wrong tries cost time and nothing else.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use database::DatabaseKey;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::StoreError;
use crate::folder::DataFolder;

const SYLLABLES: &str = include_str!("../../../assets/passphrase/syllables.txt");
const WORDS_IN_A_PASSPHRASE: usize = 4;
/// 64 first syllables × 32 second ones.
const WORDS: usize = 2048;

/// What opening a slot costs: RFC 9106 names 64 MiB and three passes for machines with little memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes.
    pub passes: u32,
}

impl Default for KeyCost {
    fn default() -> Self {
        Self { memory_kib: 64 * 1024, passes: 3 }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct SlotFile {
    version: u32,
    slots: Vec<Slot>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Slot {
    kdf: String,
    cost: KeyCost,
    salt: [u8; 16],
    sealed_key: Vec<u8>,
}

/// Four words of two syllables from eight random bytes: `ao-vang cua-do …`, so that they can be read out. Typed
/// back in any case, with any blanks and dashes.
pub fn passphrase(random: [u8; 8]) -> Zeroizing<String> {
    let (first, second): (Vec<&str>, Vec<&str>) = match SYLLABLES.split_once("\n\n") {
        Some((first, second)) => (first.lines().collect(), second.lines().collect()),
        None => (Vec::new(), Vec::new()),
    };
    let words: Vec<String> = random
        .chunks_exact(2)
        .take(WORDS_IN_A_PASSPHRASE)
        .filter_map(|pair| {
            let number = usize::from(u16::from_le_bytes(pair.try_into().ok()?)) % WORDS;
            Some(format!("{}-{}", first.get(number / second.len())?, second.get(number % second.len())?))
        })
        .collect();
    Zeroizing::new(words.join(" "))
}

/// What is hashed: letters and digits in lower case, so that a blank or a dash too many opens the store as well.
fn canonical(passphrase: &str) -> Zeroizing<String> {
    Zeroizing::new(passphrase.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect())
}

fn cipher(passphrase: &str, salt: [u8; 16], cost: KeyCost) -> Result<ChaCha20Poly1305, StoreError> {
    let params =
        Params::new(cost.memory_kib, cost.passes, 1, Some(32)).map_err(|_| StoreError::KeysDamaged)?;
    let mut wrapping = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(canonical(passphrase).as_bytes(), &salt, wrapping.as_mut_slice())
        .map_err(|_| StoreError::KeysDamaged)?;
    Ok(ChaCha20Poly1305::new(Key::from_slice(wrapping.as_slice())))
}

/// A salt is used for one key only, so the nonce may be constant.
const NONCE: [u8; 12] = *b"tungnha slot";

impl Slot {
    fn new(key: &DatabaseKey, passphrase: &str, salt: [u8; 16], cost: KeyCost) -> Result<Self, StoreError> {
        let sealed_key = cipher(passphrase, salt, cost)?
            .encrypt(Nonce::from_slice(&NONCE), key.as_slice())
            .map_err(|_| StoreError::Seal)?;
        Ok(Self { kdf: "argon2id".into(), cost, salt, sealed_key })
    }

    fn open(&self, passphrase: &str) -> Result<Option<DatabaseKey>, StoreError> {
        let opened = cipher(passphrase, self.salt, self.cost)?
            .decrypt(Nonce::from_slice(&NONCE), self.sealed_key.as_slice());
        let Ok(opened) = opened.map(Zeroizing::new) else { return Ok(None) };
        let key: [u8; 32] = opened.as_slice().try_into().map_err(|_| StoreError::KeysDamaged)?;
        Ok(Some(Zeroizing::new(key)))
    }
}

/// True if a store was made in this folder.
pub fn exist(folder: &DataFolder) -> bool {
    folder.key_slots().exists()
}

/// Writes the first slot. Refuses where slots exist: overwriting them would lose a key.
pub(crate) fn create(
    folder: &DataFolder,
    key: &DatabaseKey,
    passphrase: &str,
    salt: [u8; 16],
    cost: KeyCost,
) -> Result<(), StoreError> {
    if exist(folder) {
        return Err(StoreError::AlreadySetUp);
    }
    write(folder, &SlotFile { version: 1, slots: vec![Slot::new(key, passphrase, salt, cost)?] })
}

/// Adds another member's passphrase; the caller has opened the store with one of the others.
pub fn add(
    folder: &DataFolder,
    key: &DatabaseKey,
    passphrase: &str,
    salt: [u8; 16],
    cost: KeyCost,
) -> Result<(), StoreError> {
    let mut file = read(folder)?;
    file.slots.push(Slot::new(key, passphrase, salt, cost)?);
    write(folder, &file)
}

/// Tries the passphrase on every slot.
pub fn unlock(folder: &DataFolder, passphrase: &str) -> Result<DatabaseKey, StoreError> {
    for slot in read(folder)?.slots {
        if let Some(key) = slot.open(passphrase)? {
            return Ok(key);
        }
    }
    Err(StoreError::WrongPassphrase)
}

fn read(folder: &DataFolder) -> Result<SlotFile, StoreError> {
    if !exist(folder) {
        return Err(StoreError::NotSetUp);
    }
    let file: SlotFile =
        serde_json::from_slice(&std::fs::read(folder.key_slots())?).map_err(|_| StoreError::KeysDamaged)?;
    if file.version != 1 {
        return Err(StoreError::Newer { found: file.version, known: 1 });
    }
    Ok(file)
}

fn write(folder: &DataFolder, file: &SlotFile) -> Result<(), StoreError> {
    let json = serde_json::to_vec_pretty(file).map_err(|_| StoreError::KeysDamaged)?;
    Ok(database::write_atomically(&folder.key_slots(), &json)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: KeyCost = KeyCost { memory_kib: 64, passes: 1 };

    fn folder() -> (tempfile::TempDir, DataFolder) {
        let dir = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(dir.path()).unwrap();
        (dir, folder)
    }

    #[test]
    fn two_thousand_and_forty_eight_different_words() {
        let mut words: Vec<String> = (0..2048_u16)
            .map(|number| {
                let [a, b] = number.to_le_bytes();
                canonical(passphrase([a, b, 0, 0, 0, 0, 0, 0]).split(' ').next().unwrap()).to_string()
            })
            .collect();
        words.sort();
        words.dedup();
        assert_eq!(words.len(), WORDS);
        assert!(words.iter().all(|word| word.bytes().all(|b| b.is_ascii_lowercase())));
        let (read_out, typed) = (passphrase([9; 8]), passphrase([9; 8]).replace([' ', '-'], ""));
        assert_eq!(read_out.split(' ').count(), WORDS_IN_A_PASSPHRASE);
        assert_eq!(read_out.matches('-').count(), WORDS_IN_A_PASSPHRASE);
        assert_eq!(canonical(&read_out), canonical(&typed));
    }

    #[test]
    fn any_member_s_passphrase_opens_and_others_do_not() {
        let (_dir, folder) = folder();
        let key = Zeroizing::new([5; 32]);
        assert!(matches!(unlock(&folder, "x"), Err(StoreError::NotSetUp)));
        create(&folder, &key, "aovang cuado nangtho", [1; 16], QUICK).unwrap();
        add(&folder, &key, "muaxanh", [2; 16], QUICK).unwrap();
        assert_eq!(unlock(&folder, " Aovang  CUADO nang-tho ").unwrap(), key);
        assert_eq!(unlock(&folder, "muaxanh").unwrap(), key);
        assert!(matches!(unlock(&folder, "muavang"), Err(StoreError::WrongPassphrase)));
        assert!(matches!(create(&folder, &key, "x", [3; 16], QUICK), Err(StoreError::AlreadySetUp)));
    }

    #[test]
    fn a_damaged_or_newer_key_file_is_said_and_left_alone() {
        let (_dir, folder) = folder();
        std::fs::write(folder.key_slots(), b"{").unwrap();
        assert!(matches!(unlock(&folder, "x"), Err(StoreError::KeysDamaged)));
        std::fs::write(folder.key_slots(), b"{\"version\":2,\"slots\":[]}").unwrap();
        assert!(matches!(unlock(&folder, "x"), Err(StoreError::Newer { found: 2, known: 1 })));
    }
}
