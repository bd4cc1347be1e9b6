//! The commune's keys (docs/ARCHITECTURE.md, "Keys, in one place"): of the database, of receipts, the
//! identity that certificates and enrolment stand on, and the age identity that outboxes are sealed to.
//! Each is one file under `keys/`, mode 0600, made once and never overwritten.

use std::path::Path;

use age::secrecy::ExposeSecret;
use database::DatabaseKey;
use ed25519_dalek::SigningKey;
use sync_core::receipt::ReceiptKey;
use zeroize::Zeroizing;

use crate::error::ServerError;
use crate::folder::{DataFolder, write_private};
use crate::machine::{Machine, random};

/// Everything secret of one commune.
pub struct CommuneKeys {
    /// Of `register.db` and its backups.
    pub database: DatabaseKey,
    /// Seals receipts.
    pub receipts: ReceiptKey,
    /// Signs the TLS leaf; its public half stands in every enrolment code.
    pub identity: SigningKey,
    /// Opens what laptops sealed.
    pub sealed: age::x25519::Identity,
}

impl std::fmt::Debug for CommuneKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CommuneKeys")
    }
}

const DATABASE: &str = "database.key";
const RECEIPTS: &str = "receipts.key";
const IDENTITY: &str = "identity.key";
const SEALED: &str = "sealed.key";

impl CommuneKeys {
    /// Makes the keys that are missing; those that exist stay.
    pub(crate) fn complete(
        folder: &DataFolder,
        machine: &dyn Machine,
        step: &mut dyn FnMut() -> Result<(), ServerError>,
    ) -> Result<Self, ServerError> {
        let dir = folder.keys();
        for name in [DATABASE, RECEIPTS, IDENTITY].iter().filter(|name| !dir.join(name).exists()) {
            step()?;
            let bytes = Zeroizing::new(random::<32>(machine)?);
            write_private(&dir.join(name), hex(bytes.as_slice()).as_bytes())?;
        }
        if !dir.join(SEALED).exists() {
            step()?;
            let sealed = age::x25519::Identity::generate();
            write_private(&dir.join(SEALED), sealed.to_string().expose_secret().as_bytes())?;
        }
        Self::load(folder)
    }

    /// True if any key is there.
    pub(crate) fn any(folder: &DataFolder) -> bool {
        [DATABASE, RECEIPTS, IDENTITY, SEALED].iter().any(|name| folder.keys().join(name).exists())
    }

    /// Reads the keys.
    pub fn load(folder: &DataFolder) -> Result<Self, ServerError> {
        let dir = folder.keys();
        let sealed = Zeroizing::new(std::fs::read_to_string(dir.join(SEALED)).map_err(damaged)?);
        Ok(Self {
            database: read(&dir.join(DATABASE))?,
            receipts: ReceiptKey(*read(&dir.join(RECEIPTS))?),
            identity: SigningKey::from_bytes(&*read(&dir.join(IDENTITY))?),
            sealed: sealed.trim().parse().map_err(|_| ServerError::KeysDamaged)?,
        })
    }

    /// What laptops seal to.
    pub fn seal_to(&self) -> String {
        self.sealed.to_public().to_string()
    }

    /// What the commune is known by.
    pub fn identity_public(&self) -> [u8; 32] {
        self.identity.verifying_key().to_bytes()
    }
}

fn damaged(_: std::io::Error) -> ServerError {
    ServerError::KeysDamaged
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 32 bytes out of 64 hexadecimal digits.
pub(crate) fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

fn read(path: &Path) -> Result<DatabaseKey, ServerError> {
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(damaged)?);
    from_hex(text.trim()).map(Zeroizing::new).ok_or(ServerError::KeysDamaged)
}
