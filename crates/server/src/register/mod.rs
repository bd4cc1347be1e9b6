//! The commune's register: one encrypted SQLite file, or its rows in PostgreSQL. Everything that reads or writes it is
//! here; nothing here knows HTTP.
//!
//! - [`Register::create`], [`Register::open`]: keys, schema, one writer and a few readers. `making`: how a
//!   commune begins, and what a making that was cut off leaves.
//! - `sql`: both databases as one; every statement goes through it. `place`: which of them a folder's register is in.
//! - `copying`: a register from one database into another.
//! - `intake`: a writing transaction: the rules of `sync_core::commune` over `stored`, and the tallies.
//! - `push`, `page`, `returns`: what a device sends and gets. `own`: what the server itself writes.
//! - `assigning`: who works where. `erasing`: who is to be forgotten. `whereabouts`: where a Save is.
//! - `beside`: the files that no copy of the database takes back.
//! - `devices`: codes, devices, assignments. `counts`: tallies; no counting happens in SQL.
//!
//! Several processes may have it open: `BEGIN IMMEDIATE`, or the lock of the commune's row, makes writing serial, so
//! nothing is kept in memory between transactions that another process could change.

mod assigning;
pub(crate) mod beside;
#[cfg(test)]
mod conformance;
pub(crate) mod copying;
pub(crate) mod counts;
pub(crate) mod devices;
mod erasing;
pub(crate) mod hello;
#[cfg(test)]
mod in_postgres;
pub(crate) mod intake;
pub(crate) mod log;
mod making;
pub(crate) mod office;
#[cfg(test)]
mod oracle;
pub(crate) mod own;
pub(crate) mod page;
pub(crate) mod place;
pub(crate) mod push;
pub(crate) mod records;
mod returns;
pub(crate) mod sql;
mod stored;
#[cfg(test)]
mod upgrading;
mod whereabouts;

use std::path::Path;
use std::sync::Arc;

use database::{DatabaseKey, Durability, FileLock};
use domain::consent::Basis;
use domain::criteria::CriteriaSet;
use domain::ids::CommuneId;
use domain::rules::DoorRules;
use rusqlite::Connection;
use sync_core::commune::CommuneStore;
use sync_core::household::CountedBy;
use sync_core::position::Epoch;

pub use devices::{EnrolOrder, IssuedCode};
pub use whereabouts::Whereabouts;

use crate::error::ServerError;
use crate::folder::DataFolder;
use crate::keys::CommuneKeys;
use crate::machine::{Machine, SystemMachine, random};
use beside::Beside;
use intake::Intake;
use log::Log;
use place::Note;
use sql::{Database, Purpose, params};

#[allow(missing_docs, clippy::all, unreachable_pub)]
mod embedded {
    refinery::embed_migrations!("src/migrations");
}

/// How a register is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Clock and randomness.
    pub machine: Arc<dyn Machine>,
    /// How much a commit waits for the disk.
    pub durability: Durability,
    /// A person or the network says so, where the clock is days beyond the register's last writing (ADR 0014).
    pub clock_is_right: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { machine: Arc::new(SystemMachine), durability: Durability::Full, clock_is_right: false }
    }
}

/// What a new commune is.
#[derive(Clone, Debug)]
pub struct NewCommune {
    /// "Xã Phù Đổng"
    pub name: String,
    /// Code of the administrative unit, or empty.
    pub code: String,
    /// Its legal basis.
    pub basis: Basis,
}

/// An open register.
#[derive(Debug)]
pub struct Register {
    folder: DataFolder,
    keys: CommuneKeys,
    commune: CommuneId,
    counted_by: CountedBy,
    machine: Arc<dyn Machine>,
    durability: Durability,
    session: u64,
    database: Database,
    beside: Beside,
    _open: Option<FileLock>,
}

/// The rules and criteria that this version counts by, on a commune's basis.
pub fn counted_by(basis: Basis) -> Result<CountedBy, ServerError> {
    const RULES: &str = include_str!("../../../../assets/rules/door-2026.json");
    const CRITERIA: &str = include_str!("../../../../assets/criteria/phu-dong-2025.json");
    let broken = ServerError::Internal("a rule file of this program");
    let (Ok(rules), Ok(criteria)) = (DoorRules::from_json(RULES), CriteriaSet::from_json(CRITERIA)) else {
        return Err(broken);
    };
    Ok(CountedBy { rules, criteria, basis })
}

/// Of which writings the witness speaks: of those that take a position, or of this one whatever it does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bearing {
    OfCommits,
    Always,
}

impl Register {
    /// Makes a commune and opens it. A making that was cut off is ended by the next one.
    pub fn create(path: &Path, commune: &NewCommune, options: Options) -> Result<Self, ServerError> {
        making::make(&DataFolder::new(path), commune, None, &options, &mut || Ok(()))?;
        Self::open(path, options)
    }

    /// The same in a PostgreSQL database. Its address is kept in the folder, for the server alone to read.
    pub fn create_in_postgres(
        path: &Path,
        commune: &NewCommune,
        url: &str,
        options: Options,
    ) -> Result<Self, ServerError> {
        making::make(&DataFolder::new(path), commune, Some(url), &options, &mut || Ok(()))?;
        Self::open(path, options)
    }

    /// Opens the commune of a folder and brings its schema up to this version. [`ServerError::ClockAhead`] before anything
    /// is written by a clock that nobody vouches for.
    pub fn open(path: &Path, options: Options) -> Result<Self, ServerError> {
        let folder = DataFolder::new(path);
        if !folder.has_register() {
            return Err(if making::lost(&folder) {
                ServerError::RegisterMissing
            } else {
                ServerError::NotSetUp
            });
        }
        let keys = CommuneKeys::load(&folder)?;
        let open = folder.lock_open()?;
        let note = Note::of(&folder)?;
        let database = Database::open(place::place(&folder, &keys, note.as_ref(), options.durability)?)?;
        let (commune, basis) = database.read(|sql| {
            let found = |row: &sql::Row<'_>| Ok((row.get(0)?, row.get::<String>(1)?));
            match &note {
                None => sql
                    .one("SELECT commune_id, basis FROM communes", params![], found)?
                    .ok_or(ServerError::Damaged),
                Some(note) => {
                    let select = "SELECT commune_id, basis FROM communes WHERE commune_id = ?1";
                    sql.one(select, params![note.commune.0], found)?.ok_or(ServerError::RegisterMissing)
                }
            }
        })?;
        making::ended(&folder);
        let register = Self {
            commune: CommuneId(commune),
            counted_by: counted_by(Basis::from_code(&basis))?,
            session: u64::from_le_bytes(random(options.machine.as_ref())?),
            machine: options.machine,
            durability: options.durability,
            database,
            beside: Beside::of(&folder, options.durability),
            _open: open,
            folder,
            keys,
        };
        let ahead = register.days_ahead()?;
        if let Some(days) = ahead.filter(|_| !options.clock_is_right) {
            return Err(ServerError::ClockAhead { days });
        }
        register.look_beside()?;
        if ahead.is_some() {
            // The answer holds from here on.
            register.bear_witness()?;
        }
        Ok(register)
    }

    /// Whose register this is.
    pub fn commune(&self) -> CommuneId {
        self.commune
    }

    /// The commune's keys.
    pub fn keys(&self) -> &CommuneKeys {
        &self.keys
    }

    /// Where its files are.
    pub fn folder(&self) -> &DataFolder {
        &self.folder
    }

    /// False if it is in PostgreSQL.
    pub(crate) fn is_a_file(&self) -> bool {
        self.database.is_a_file()
    }

    /// What the counting goes by.
    pub fn counted_by(&self) -> &CountedBy {
        &self.counted_by
    }

    pub(crate) fn machine(&self) -> &dyn Machine {
        self.machine.as_ref()
    }

    pub(crate) fn beside(&self) -> &Beside {
        &self.beside
    }

    pub(crate) fn durability(&self) -> Durability {
        self.durability
    }

    /// The server's clock.
    pub fn now_ms(&self) -> i64 {
        self.machine.wall_ms()
    }

    /// The present life of the log.
    pub fn epoch(&self) -> Result<Epoch, ServerError> {
        self.read(|log| Ok(log.head()?.cursor.epoch))
    }

    /// Where the stream stands.
    pub fn position(&self) -> Result<u64, ServerError> {
        self.read(|log| Ok(log.head()?.cursor.position))
    }

    /// Runs a reading transaction: everything in it sees one moment. Never waits for a writer.
    pub(crate) fn read<T>(
        &self,
        reading: impl FnOnce(&Log<'_>) -> Result<T, ServerError>,
    ) -> Result<T, ServerError> {
        self.database.read(|sql| reading(&Log::new(sql, self.commune)))
    }

    /// Runs a writing transaction: all of it is kept, or nothing. Writers of this and of other processes
    /// come one after the other; the commune's counter row is read first.
    pub(crate) fn write<T>(
        &self,
        writing: impl FnOnce(&mut Intake<'_>) -> Result<T, ServerError>,
    ) -> Result<T, ServerError> {
        self.write_and(Bearing::OfCommits, writing)
    }

    fn write_and<T>(
        &self,
        bearing: Bearing,
        writing: impl FnOnce(&mut Intake<'_>) -> Result<T, ServerError>,
    ) -> Result<T, ServerError> {
        let mut connection = self.database.writer();
        let transaction = connection.begin(Purpose::Writing(self.commune))?;
        let mut intake = Intake::begin(transaction.sql(), self)?;
        let before = intake.rules.head.cursor;
        intake.meet_witness(self)?;
        intake.meet_ledger(&self.beside, &self.keys.receipts)?;
        let value = writing(&mut intake)?;
        let after = intake.finish(&self.beside)?;
        let log = Log::new(transaction.sql(), self.commune);
        let bears = bearing == Bearing::Always || after.cursor != before;
        let witness = bears.then(|| self.beside.testimony(&log, &self.keys.receipts, &after));
        transaction.commit()?;
        // What was committed stays so; a witness that is a step behind says the same.
        let borne = witness.map(|witness| witness.and_then(|witness| self.beside.put_witness(&witness)));
        if let Some(Err(error)) = borne {
            tracing::warn!(code = error.code(), "witness");
        }
        Ok(value)
    }

    /// The next life of the log begins by a person's word.
    pub(crate) fn begin_epoch(&self) -> Result<(), ServerError> {
        let nonce = self.nonce()?;
        self.write(|intake| {
            intake.rules.begin_epoch(None, nonce);
            Ok(())
        })
    }

    /// A random number, for the next life of the log.
    pub(crate) fn nonce(&self) -> Result<u64, ServerError> {
        Ok(u64::from_le_bytes(random(self.machine())?))
    }
}

/// Opens a register's file and brings its schema up to this version.
pub(crate) fn open_file(
    file: &Path,
    key: &DatabaseKey,
    durability: Durability,
) -> Result<Connection, ServerError> {
    Ok(database::open(file, key, durability, embedded::migrations::runner())?)
}
