//! The laptop's store: one encrypted SQLite file, a sealed outbox beside it, and the rules of writing.
//!
//! - [`Store::create`], [`Store::open`]: key, schema, lock; a damaged file is set aside, never deleted.
//! - `clock`: which day it is, whatever the laptop's clock says.
//! - [`gate`]: the one way to change a synced record.
//! - [`tables`]: visible records, one module per table, reads included.
//! - [`counts`]: the tallies; no counting happens in SQL.
//! - [`drafts`]: what was said at a door and not saved yet.
//! - [`search`]: people by name.
//! - `outbox`: what belongs in the sealed outbox; `sealed`: its files.
//! - `sync`: what the sync loop needs (`sync_core::LocalStore`); `held`: what its rules get and put.
//!
//! It never talks to a network and never makes a sentence for people. `docs/schema.sql` explains the
//! tables; a test keeps it true.

mod clock;
pub mod counts;
pub mod drafts;
pub mod enrolling;
mod error;
mod folder;
pub mod gate;
mod held;
pub mod keys;
pub mod machine;
pub mod open;
mod outbox;
mod rows;
mod sealed;
pub mod search;
pub mod settings;
mod sync;
pub mod tables;

use domain::calendar::Day;
use rusqlite::Connection;

pub use database::{DatabaseKey, Durability};

use crate::clock::{Heard, Session};
pub use crate::error::StoreError;
pub use crate::folder::DataFolder;
pub use crate::gate::{Change, Operation, Saved};
pub use crate::held::Tables;
pub use crate::keys::KeyCost;
pub use crate::machine::{Machine, SystemMachine};
use crate::outbox::{Outbox, Place, SEGMENT_BYTES};
pub use crate::sealed::{SealedGroup, SealedNumber, read_sealed};
pub use crate::settings::{Identity, SyncState};
pub use sync_core::household::CountedBy;
use sync_core::membership::EraseOrder;

/// How a store is opened.
#[derive(Debug)]
pub struct Options {
    /// What the counting goes by; the basis is the identity's.
    pub counted_by: CountedBy,
    /// Clock and randomness.
    pub machine: Box<dyn Machine>,
    /// How much a commit waits for the disk.
    pub durability: Durability,
    /// What opening a new key slot shall cost.
    pub key_cost: KeyCost,
}

/// An open store. One process, one thread that writes.
#[derive(Debug)]
pub struct Store {
    key: DatabaseKey,
    connection: Connection,
    identity: Identity,
    counted_by: CountedBy,
    machine: Box<dyn Machine>,
    outbox: Outbox,
    heard: Option<Heard>,
    session: Session,
    // Its lock goes last: nobody opens the folder while the database is still being closed.
    folder: DataFolder,
}

impl Store {
    /// Makes a store for a newly enrolled laptop. Keys first, then the database, so that a crash in
    /// between leaves something that can be made again with the same passphrase.
    pub fn create(
        folder: DataFolder,
        identity: &Identity,
        passphrase: &str,
        mut options: Options,
    ) -> Result<Self, StoreError> {
        let found = folder.database().exists();
        let key = if keys::exist(&folder) {
            // A database that was set aside or never finished: the same key serves the next one.
            match keys::unlock(&folder, passphrase) {
                Err(StoreError::WrongPassphrase) if found => return Err(StoreError::AlreadySetUp),
                unlocked => unlocked?,
            }
        } else if found {
            return Err(StoreError::AlreadySetUp);
        } else {
            let key = DatabaseKey::new(machine::random(options.machine.as_mut())?);
            let salt = machine::random(options.machine.as_mut())?;
            keys::create(&folder, &key, passphrase, salt, options.key_cost)?;
            key
        };
        let connection = open::open(&folder, &key, options.durability)?;
        // The identity is written last: a file without one is a making that died, and is finished here.
        if settings::get::<Identity>(&connection, settings::IDENTITY)?.is_some() {
            return Err(StoreError::AlreadySetUp);
        }
        let incarnation = u64::from_le_bytes(machine::random(options.machine.as_mut())?);
        let today = Day::at(options.machine.wall_ms());
        settings::put(&connection, settings::COUNTED_ON, &today)?;
        settings::put(&connection, settings::SYNC, &SyncState { incarnation, ..SyncState::default() })?;
        settings::put(&connection, settings::IDENTITY, identity)?;
        Self::assemble(folder, key, connection, options)
    }

    /// Opens with any member's passphrase.
    pub fn open(folder: DataFolder, passphrase: &str, options: Options) -> Result<Self, StoreError> {
        let key = keys::unlock(&folder, passphrase)?;
        Self::open_with_key(folder, key, options)
    }

    /// Opens with the key itself: a running program that was locked, and benchmarks.
    pub fn open_with_key(folder: DataFolder, key: DatabaseKey, options: Options) -> Result<Self, StoreError> {
        if !folder.database().exists() {
            return Err(StoreError::NotSetUp);
        }
        let connection = open::open(&folder, &key, options.durability)?;
        Self::assemble(folder, key, connection, options)
    }

    fn assemble(
        folder: DataFolder,
        key: DatabaseKey,
        connection: Connection,
        mut options: Options,
    ) -> Result<Self, StoreError> {
        let identity: Identity =
            settings::get(&connection, settings::IDENTITY)?.ok_or(StoreError::NotSetUp)?;
        let heard = settings::get(&connection, settings::HEARD)?;
        let session = Session::begin(options.machine.as_mut(), heard)?;
        let place = Place {
            path: folder.sealed_outbox(),
            recipient: identity.seal_to.parse().map_err(|_| StoreError::Seal)?,
            durable: options.durability == Durability::Full,
            segment_bytes: SEGMENT_BYTES,
        };
        let outbox = Outbox::open(place, &connection, session.id())?;
        // A kill may have come between a commit and this.
        open::scrub(&connection);
        Ok(Self {
            folder,
            key,
            connection,
            counted_by: CountedBy { basis: identity.basis.clone(), ..options.counted_by },
            identity,
            machine: options.machine,
            outbox,
            heard,
            session,
        })
    }

    /// Who this laptop is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Keeps what the transport needs from now on.
    pub fn link_anew(&mut self, link: String) -> Result<(), StoreError> {
        let identity = Identity { link, ..self.identity.clone() };
        settings::put(&self.connection, settings::IDENTITY, &identity)?;
        self.identity = identity;
        Ok(())
    }

    /// The commune ordered this laptop to destroy its keys; whoever calls this has checked that the order is for it. It is
    /// carried out when the store is closed: [`Self::unless_ordered_away`].
    pub fn keep_erase_order(&mut self, order: &EraseOrder) -> Result<(), StoreError> {
        settings::put(&self.connection, settings::ERASE_ORDER, order)
    }

    /// Destroys the keys if the commune ordered it to this life of the store and every Save was answered: before that they
    /// are the only way to what somebody wrote. `None`: nothing is left to be opened.
    pub fn unless_ordered_away(self) -> Result<Option<Self>, StoreError> {
        let order: Option<EraseOrder> = settings::get(&self.connection, settings::ERASE_ORDER)?;
        let state: Option<SyncState> = settings::get(&self.connection, settings::SYNC)?;
        let is_this_life = order.zip(state).is_some_and(|(order, now)| order.incarnation == now.incarnation);
        if !is_this_life || !EraseOrder::may_be_carried_out(self.waiting()?) {
            return Ok(Some(self));
        }
        let Self { folder, connection, .. } = self;
        drop(connection);
        open::destroy(&folder)?;
        Ok(None)
    }

    /// For adding another member's passphrase.
    pub fn key(&self) -> (&DataFolder, &DatabaseKey) {
        (&self.folder, &self.key)
    }

    /// The connection, for the read functions of [`tables`], [`counts`] and [`search`].
    pub fn reading(&self) -> &Connection {
        &self.connection
    }

    /// What the counting goes by.
    pub fn counted_by(&self) -> &CountedBy {
        &self.counted_by
    }

    /// Random bytes of the machine.
    pub fn random<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        Ok(machine::random(self.machine.as_mut())?)
    }

    /// Brings the tallies to today; cheap if they are. Call it before showing figures.
    pub fn catch_up(&mut self) -> Result<(), StoreError> {
        let today = self.today();
        let transaction = self.connection.transaction()?;
        counts::catch_up(&transaction, &self.counted_by, today)?;
        Ok(transaction.commit()?)
    }
}
