//! A laptop of a history: the real store in a folder, which can be copied, cut and put back as a disk can.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context, Result};
use database::DatabaseKey;
use domain::ids::HamletUnitId;
use domain::people::Role;
use store::{DataFolder, Durability, Identity, KeyCost, Machine, Options, Store};
use sync_core::api::ReadmitRequest;
use sync_core::laptop::{LaptopStore, Which};
use sync_core::local::LocalStore;
use sync_core::op::OpId;
use sync_core::rights::Sight;
use sync_core::wire::{PageGroup, SigningKey};
use tests::dice::Dice;
use tests::disk;
use tests::laptop::{PASSPHRASE, counted_by};

use crate::office::{Now, Office, UNITS};

/// A clock that is off by some time, and dice.
#[derive(Debug)]
struct LaptopMachine {
    now: Now,
    off_ms: Arc<AtomicI64>,
    dice: Dice,
}

impl Machine for LaptopMachine {
    fn wall_ms(&mut self) -> i64 {
        self.now.load(Ordering::Relaxed).saturating_add(self.off_ms.load(Ordering::Relaxed))
    }

    fn monotonic_ms(&mut self) -> i64 {
        self.now.load(Ordering::Relaxed)
    }

    fn fill_random(&mut self, bytes: &mut [u8]) -> Result<(), std::io::Error> {
        bytes.fill_with(|| self.dice.roll().to_le_bytes().first().copied().unwrap_or_default());
        Ok(())
    }
}

/// A copy of a disk, and what had reached it.
#[derive(Clone)]
pub(crate) struct Image {
    folder: PathBuf,
    pub(crate) reached: BTreeSet<OpId>,
}

pub(crate) struct Laptop {
    home: PathBuf,
    /// Disks it has had; each is a folder.
    disks: u32,
    store: Option<Store>,
    now: Now,
    pub(crate) off_ms: Arc<AtomicI64>,
    pub(crate) dice: Dice,
    pub(crate) key: SigningKey,
    pub(crate) token: String,
    identity: Identity,
    pub(crate) revoked: bool,
    pub(crate) image: Option<Image>,
}

impl Laptop {
    /// A new one, of somebody who works in these hamlet units.
    pub(crate) fn enrol(office: &Office, name: &str, units: &[HamletUnitId], seed: u64) -> Result<Self> {
        let mut dice = Dice::new(seed);
        let key = SigningKey::from_bytes(&std::array::from_fn(|_| dice.roll().to_le_bytes()[0]));
        let names: Vec<&str> =
            UNITS.iter().filter(|(_, unit)| units.contains(unit)).map(|(name, _)| *name).collect();
        let reply = office.enrol(Role::TeamMember, &names, &key)?;
        let mut laptop = Self {
            home: office.folder().join(name),
            disks: 1,
            store: None,
            now: Arc::clone(&office.now),
            off_ms: Arc::default(),
            dice,
            key,
            token: reply.token.clone(),
            identity: Identity::enrolled(&reply, String::new()),
            revoked: false,
            image: None,
        };
        let folder = DataFolder::open(&laptop.disk())?;
        let options = laptop.options()?;
        laptop.store = Some(Store::create(folder, &laptop.identity, PASSPHRASE, options)?);
        Ok(laptop)
    }

    fn options(&mut self) -> Result<Options> {
        let machine = LaptopMachine {
            now: Arc::clone(&self.now),
            off_ms: Arc::clone(&self.off_ms),
            dice: Dice::new(self.dice.roll()),
        };
        Ok(Options {
            counted_by: counted_by()?,
            machine: Box::new(machine),
            durability: Durability::Off,
            key_cost: KeyCost { memory_kib: 64, passes: 1 },
        })
    }

    fn disk(&self) -> PathBuf {
        self.home.join(format!("disk-{}", self.disks))
    }

    pub(crate) fn store(&mut self) -> Result<&mut Store> {
        self.store.as_mut().context("the store is closed")
    }

    pub(crate) fn device(&self) -> domain::ids::DeviceId {
        self.identity.device
    }

    /// The request by which a server that forgot this laptop lets it in again.
    pub(crate) fn asks_to_be_let_in(&self) -> Option<ReadmitRequest> {
        let certificate = self.identity.certificate.clone()?;
        Some(ReadmitRequest::signed(certificate, &self.key, "Máy"))
    }

    /// The files that grow.
    pub(crate) fn files(&self) -> Files {
        Files(self.disk())
    }

    pub(crate) fn lengths(&self) -> Lengths {
        self.files().lengths()
    }

    /// The power goes: of what was written since `before` a part is on the disk. Returns whether anything was cut off.
    pub(crate) fn crash(&mut self, before: &Lengths) -> Result<bool> {
        let after = self.lengths();
        let mut cut = |from: u64, to: u64| if from < to { from + self.dice.part_of(to - from) } else { to };
        let kept = Lengths { log: cut(before.log, after.log), outbox: cut(before.outbox, after.outbox) };
        let cut_off = kept.log < after.log || kept.outbox < after.outbox;
        let key = self.copy_disk(&self.home.join(format!("disk-{}", self.disks + 1)))?;
        self.disks += 1;
        self.store = None;
        for (name, length) in [("register.db-wal", kept.log), ("outbox.sealed", kept.outbox)] {
            let path = self.disk().join(name);
            if path.exists() {
                std::fs::OpenOptions::new().write(true).open(path)?.set_len(length)?;
            }
        }
        self.open(key)?;
        Ok(cut_off)
    }

    fn open(&mut self, key: DatabaseKey) -> Result<()> {
        let folder = DataFolder::open(&self.disk())?;
        let options = self.options()?;
        self.store = Some(Store::open_with_key(folder, key, options)?);
        Ok(())
    }

    /// Copies the files as they are, and returns the key that opens the copy.
    fn copy_disk(&mut self, to: &Path) -> Result<DatabaseKey> {
        disk::copy(&self.disk(), to)?;
        Ok(self.store()?.key().1.clone())
    }

    /// Somebody copies the disk.
    pub(crate) fn copied(&mut self, number: u128, reached: BTreeSet<OpId>) -> Result<()> {
        let folder = self.home.join(format!("image-{number}"));
        self.copy_disk(&folder)?;
        self.image = Some(Image { folder, reached });
        Ok(())
    }

    /// And puts the copy back.
    pub(crate) fn put_back(&mut self, image: &Image) -> Result<()> {
        let key = self.store()?.key().1.clone();
        self.store = None;
        self.disks += 1;
        disk::copy(&image.folder, &self.disk())?;
        self.open(key)
    }

    /// A second laptop out of the first one's disk.
    pub(crate) fn cloned(&mut self, name: &str) -> Result<Self> {
        let home = self.home.with_file_name(name);
        let key = self.copy_disk(&home.join("disk-1"))?;
        let mut twin = Self {
            home,
            disks: 1,
            store: None,
            now: Arc::clone(&self.now),
            off_ms: Arc::default(),
            dice: Dice::new(self.dice.roll()),
            key: self.key.clone(),
            token: self.token.clone(),
            identity: self.identity.clone(),
            revoked: self.revoked,
            image: None,
        };
        twin.open(key)?;
        Ok(twin)
    }

    /// The ops that are readable here.
    pub(crate) fn holds(&mut self) -> Result<BTreeSet<OpId>> {
        let (own, kept) =
            (self.store()?.exchange(|laptop| laptop.store.owns(Which::All, usize::MAX))?, self.kept()?);
        let groups = own.iter().map(|own| &own.numbered.group).chain(kept.iter().map(|kept| &kept.group));
        Ok(groups.flat_map(|group| &group.ops).map(sync_core::Op::id).collect())
    }

    /// What is kept readable of the stream, so that it can be given back.
    pub(crate) fn kept(&mut self) -> Result<Vec<PageGroup>> {
        Ok(self.store()?.exchange(|laptop| {
            let mut all = Vec::new();
            for name in laptop.store.kept_names()? {
                all.extend(laptop.store.kept(name)?);
            }
            Ok(all)
        })?)
    }

    /// The ops that are here, readable by the commune only.
    pub(crate) fn holds_sealed(&mut self, key: &age::x25519::Identity) -> Result<BTreeSet<OpId>> {
        let no_epoch = u32::MAX;
        let sealed =
            self.store()?.exchange(|laptop| laptop.store.sealed_elsewhere(no_epoch, 0, usize::MAX))?;
        let mut ops = BTreeSet::new();
        for (_, payload) in sealed {
            let group: PageGroup = serde_json::from_slice(&age::decrypt(key, &payload)?)?;
            ops.extend(group.group.ops.iter().map(sync_core::Op::id));
        }
        Ok(ops)
    }

    /// The records that are readable here and lie beyond what is in sight.
    pub(crate) fn strangers(&mut self) -> Result<usize> {
        Ok(self.store()?.exchange(|laptop| {
            let sight = laptop.state.sight.clone().unwrap_or(Sight::All);
            Ok(laptop.store.rows()?.iter().filter(|row| !sight.covers(row.scope)).count())
        })?)
    }
}

/// The database's log and the first segment of the outbox.
pub(crate) struct Files(PathBuf);

impl Files {
    pub(crate) fn lengths(&self) -> Lengths {
        let length = |name: &str| std::fs::metadata(self.0.join(name)).map_or(0, |file| file.len());
        Lengths { log: length("register.db-wal"), outbox: length("outbox.sealed") }
    }
}

/// Of files that grow.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lengths {
    log: u64,
    outbox: u64,
}
