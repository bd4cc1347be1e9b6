//! A laptop whose clock and randomness come from a seed.

use domain::consent::Basis;
use domain::criteria::CriteriaSet;
use domain::ids::{CommuneId, DeviceId, UserId};
use domain::people::Role;
use domain::rules::{AssetError, DoorRules};
use store::{CountedBy, DataFolder, Durability, Identity, KeyCost, Machine, Options, Store, StoreError};
use uuid::Uuid;

use crate::dice::Dice;
use crate::register::UNIT;

/// Opens the store of every test.
pub const PASSPHRASE: &str = "aovang cuado nangtho muaxanh";
/// 2026-11-22 12:00 in Viet Nam.
pub const NOON_MS: i64 = 1_795_323_600_000;

/// A clock that moves on by a millisecond at each look, and dice.
#[derive(Debug)]
pub struct SeededMachine {
    now_ms: i64,
    dice: Dice,
}

impl SeededMachine {
    /// Starts at noon.
    pub fn new(seed: u64) -> Self {
        Self { now_ms: NOON_MS, dice: Dice::new(seed) }
    }
}

impl Machine for SeededMachine {
    fn wall_ms(&mut self) -> i64 {
        self.now_ms += 1;
        self.now_ms
    }

    fn monotonic_ms(&mut self) -> i64 {
        self.now_ms - NOON_MS
    }

    fn fill_random(&mut self, bytes: &mut [u8]) -> Result<(), std::io::Error> {
        for chunk in bytes.chunks_mut(8) {
            let rolled = self.dice.roll().to_le_bytes();
            chunk.iter_mut().zip(rolled).for_each(|(byte, random)| *byte = random);
        }
        Ok(())
    }
}

/// The rules that the product ships.
pub fn counted_by() -> Result<CountedBy, AssetError> {
    Ok(CountedBy {
        rules: DoorRules::from_json(include_str!("../../assets/rules/door-2026.json"))?,
        criteria: CriteriaSet::from_json(include_str!("../../assets/criteria/phu-dong-2025.json"))?,
        basis: Basis::Consent,
    })
}

/// A team member of [`UNIT`], whose outbox is sealed to this recipient.
pub fn identity(seal_to: String) -> Identity {
    Identity {
        commune: CommuneId(Uuid::from_u128(1)),
        device: DeviceId(Uuid::from_u128(2)),
        user: UserId(Uuid::from_u128(3)),
        role: Role::TeamMember,
        hamlet_units: vec![UNIT],
        basis: Basis::Consent,
        seal_to,
        certificate: None,
        link: String::new(),
    }
}

/// Keys that cost nothing, everything else as in the product.
pub fn options(seed: u64, durability: Durability) -> Result<Options, AssetError> {
    Ok(Options {
        counted_by: counted_by()?,
        machine: Box::new(SeededMachine::new(seed)),
        durability,
        key_cost: KeyCost { memory_kib: 64, passes: 1 },
    })
}

/// Opens the store of a folder, or makes it where none was made yet: what the program does at its start.
pub fn open_or_create(
    folder: &std::path::Path,
    seal_to: &str,
    options: impl Fn() -> Result<Options, AssetError>,
) -> anyhow::Result<Store> {
    match Store::open(DataFolder::open(folder)?, PASSPHRASE, options()?) {
        Err(StoreError::NotSetUp) => {
            let identity = identity(seal_to.to_owned());
            Ok(Store::create(DataFolder::open(folder)?, &identity, PASSPHRASE, options()?)?)
        }
        opened => Ok(opened?),
    }
}
