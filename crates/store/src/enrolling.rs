//! An enrolment that has begun and not ended: one small file in the data folder. It keeps what the laptop's
//! signing key is derived from, so that a second try with the same code is the same laptop to the commune,
//! also when only the answer was lost. It is removed when somebody has shown that they have the passphrase: by
//! typing it back, or by opening with it. Until then the power may have gone before anybody read it. A
//! database beside it is moved aside, not deleted, if nothing was saved in it; one with work in it only where
//! somebody says so. Nothing is moved before the commune has taken the code.
//!
//! The file is in clear, readable by its owner only: there is no passphrase yet that could seal it. Without
//! the code's secret it yields no key, and without the token, which is only in the encrypted database, the
//! key opens nothing.

use std::io::ErrorKind;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::error::StoreError;
use crate::folder::DataFolder;
use crate::machine::{self, Machine};
use crate::{keys, open, sealed};

/// What a laptop signs with: an Ed25519 seed.
pub type DeviceKey = Zeroizing<[u8; 32]>;

/// A begun enrolment.
#[derive(Serialize, Deserialize)]
pub struct Enrolling {
    version: u32,
    seed: [u8; 32],
    /// Groups in the sealed outbox when it began: of an earlier life of this laptop.
    sealed_groups: usize,
    /// A register with work in it stands here, and is to be set aside: somebody said so. That holds for this
    /// try only, the file alone never moves such a register.
    #[serde(default)]
    instead: bool,
}

impl std::fmt::Debug for Enrolling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Enrolling")
    }
}

impl Drop for Enrolling {
    fn drop(&mut self) {
        self.seed.zeroize();
    }
}

/// Begins an enrolment, or goes on with one that was cut off. Where somebody works already it is
/// [`StoreError::AlreadySetUp`], unless they say that the new register comes `instead` of theirs. Moves
/// nothing: see [`Enrolling::make_room`].
pub fn begin(folder: &DataFolder, machine: &mut dyn Machine, instead: bool) -> Result<Enrolling, StoreError> {
    let begun = read(folder)?;
    let in_use = folder.database().exists() && !never_used(folder, begun.as_ref())?;
    if in_use && !instead {
        return Err(StoreError::AlreadySetUp);
    }
    let seed = match &begun {
        Some(begun) => begun.seed,
        None => machine::random(machine)?,
    };
    // What lies sealed now is no work of the register that is being made.
    let begun = Enrolling { version: 1, seed, sealed_groups: sealed_groups(folder)?, instead: in_use };
    begun.keep(folder)?;
    Ok(begun)
}

fn never_used(folder: &DataFolder, begun: Option<&Enrolling>) -> Result<bool, StoreError> {
    match begun {
        Some(begun) if !begun.instead => Ok(sealed_groups(folder)? == begun.sealed_groups),
        _ => Ok(false),
    }
}

impl Enrolling {
    /// The key for one code: the same at every try, another one for another code.
    pub fn device_key(&self, secret: &str) -> DeviceKey {
        let mut hasher = blake3::Hasher::new_derive_key("tungnha 2026 device signing key");
        hasher.update(&self.seed).update(secret.as_bytes());
        Zeroizing::new(*hasher.finalize().as_bytes())
    }

    /// Once the commune has taken the code: moves aside what stands in the place of the new register. Where it
    /// lies now, if there was work in it; the sealed outbox stays where it is.
    pub fn make_room(mut self, folder: &DataFolder) -> Result<Option<PathBuf>, StoreError> {
        let mut aside = None;
        if folder.database().exists() || keys::exist(folder) {
            aside = Some(open::set_aside(folder)?);
        }
        if self.instead {
            self.instead = false;
            self.sealed_groups = sealed_groups(folder)?;
            self.keep(folder)?;
            return Ok(aside);
        }
        Ok(None)
    }

    fn keep(&self, folder: &DataFolder) -> Result<(), StoreError> {
        let json = Zeroizing::new(serde_json::to_vec(self).map_err(|_| StoreError::Invalid("enrolling"))?);
        Ok(database::write_private(&folder.enrolling(), &json)?)
    }
}

/// One has begun here and not ended: a code works again, with or without a register beside it.
pub fn has_begun(folder: &DataFolder) -> bool {
    folder.enrolling().exists()
}

/// Ends it: the laptop is enrolled, and somebody has the passphrase.
pub fn end(folder: &DataFolder) -> Result<(), StoreError> {
    match std::fs::remove_file(folder.enrolling()) {
        Ok(()) => Ok(database::sync_parent(&folder.enrolling())?),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// `None` if none has begun. A file that cannot be understood is no reason to refuse: it is replaced.
fn read(folder: &DataFolder) -> Result<Option<Enrolling>, StoreError> {
    match std::fs::read(folder.enrolling()).map(Zeroizing::new) {
        Ok(json) => {
            let begun: Option<Enrolling> = serde_json::from_slice(&json).ok();
            Ok(begun.filter(|begun| begun.version == 1))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn sealed_groups(folder: &DataFolder) -> Result<usize, StoreError> {
    if folder.sealed_outbox().exists() {
        Ok(sealed::read_sealed(&folder.sealed_outbox())?.len())
    } else {
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::SystemMachine;

    fn folder() -> (tempfile::TempDir, DataFolder) {
        let dir = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(dir.path()).unwrap();
        (dir, folder)
    }

    fn begin_here(folder: &DataFolder) -> Result<Enrolling, StoreError> {
        begin(folder, &mut SystemMachine::default(), false)
    }

    #[test]
    fn one_key_per_code_at_every_try_until_it_ends() {
        let (_dir, folder) = folder();
        let first = begin_here(&folder).unwrap();
        let again = begin_here(&folder).unwrap();
        assert!(has_begun(&folder));
        assert_eq!(first.device_key("code"), again.device_key("code"));
        assert_ne!(first.device_key("code"), first.device_key("other code"));
        end(&folder).unwrap();
        end(&folder).unwrap();
        assert!(!has_begun(&folder));
        assert_ne!(begin_here(&folder).unwrap().device_key("code"), first.device_key("code"));
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let (_dir, folder) = folder();
        let _begun = begin_here(&folder).unwrap();
        let mode = std::fs::metadata(folder.enrolling()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    /// What was saved meanwhile, and earlier lives of the laptop: `tests/it/enrolment.rs`.
    #[test]
    fn a_register_is_moved_aside_only_while_an_enrolment_has_not_ended() {
        let (dir, folder) = folder();
        let at = |name: &str| dir.path().join(name);
        let _begun = begin_here(&folder).unwrap();
        std::fs::write(folder.database(), b"half made").unwrap();
        std::fs::write(folder.key_slots(), b"{}").unwrap();
        let begun = begin_here(&folder).unwrap();
        assert!(folder.database().exists(), "nothing is moved before the code is taken");
        assert_eq!(begun.make_room(&folder).unwrap(), None);
        assert!(!folder.database().exists() && !keys::exist(&folder));
        assert_eq!(std::fs::read(at("set-aside-1/register.db")).unwrap(), b"half made");
        assert!(at("set-aside-1/keys.json").exists());

        std::fs::write(folder.database(), b"in use").unwrap();
        end(&folder).unwrap();
        assert!(matches!(begin_here(&folder), Err(StoreError::AlreadySetUp)));
        std::fs::write(folder.enrolling(), b"{").unwrap();
        assert!(matches!(begin_here(&folder), Err(StoreError::AlreadySetUp)));
        assert_eq!(std::fs::read(folder.database()).unwrap(), b"in use");
    }

    #[test]
    fn a_register_in_use_is_moved_aside_only_by_the_try_that_says_so() {
        let (dir, folder) = folder();
        std::fs::write(folder.database(), b"in use").unwrap();
        let instead = || begin(&folder, &mut SystemMachine::default(), true);
        let key = instead().unwrap().device_key("code");
        assert!(matches!(begin_here(&folder), Err(StoreError::AlreadySetUp)), "cut off before the answer");
        assert_eq!(instead().unwrap().device_key("code"), key);
        let aside = instead().unwrap().make_room(&folder).unwrap();
        assert_eq!(aside, Some(dir.path().join("set-aside-1")));
        // Cut off after it: what is made now is nobody's yet.
        std::fs::write(folder.database(), b"half made").unwrap();
        assert_eq!(begin_here(&folder).unwrap().device_key("code"), key);
        assert_eq!(std::fs::read(dir.path().join("set-aside-1/register.db")).unwrap(), b"in use");
    }
}
