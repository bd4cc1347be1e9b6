//! What can go wrong with the server and its commands. Each has a code; sentences for people are looked up
//! by it in the catalogue ([`crate::messages`]).

use std::collections::BTreeMap;

use sync_core::api::{ApiCode, ApiError};

use crate::address::{AddressError, Undecided};
use crate::register::devices::DAYS_AT_MOST;

/// Nothing personal is ever in here: codes, numbers and names of tables only.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Another server serves this data folder.
    #[error("the data folder is served by another process")]
    InUse,
    /// No commune was made in this folder yet.
    #[error("no commune here")]
    NotSetUp,
    /// A commune's keys are here and its register is not.
    #[error("keys without a register")]
    RegisterMissing,
    /// A commune without a name.
    #[error("a commune needs a name")]
    CommuneNameNeeded,
    /// A commune is there already; making a new one would lose its keys.
    #[error("a commune exists here")]
    AlreadySetUp,
    /// Written by a newer version; left untouched.
    #[error("database version {found} is newer than {known}")]
    Newer {
        /// Of the file.
        found: u32,
        /// Of this program.
        known: u32,
    },
    /// The file is not what it should be, or the key is not its key.
    #[error("the register is damaged")]
    Damaged,
    /// The ledger beside the register is not as it was written. It is left as it is.
    #[error("the ledger is damaged")]
    LedgerDamaged,
    /// The ledger beside the register says something else than the register was told.
    #[error("the ledger is of another life of the register")]
    LedgerDiffers,
    /// A key file is missing or unreadable.
    #[error("a key file is damaged")]
    KeysDamaged,
    /// No space left. Nothing of the action was kept.
    #[error("the disk is full")]
    DiskFull,
    /// The disk takes nothing.
    #[error("the disk is read-only")]
    ReadOnly,
    /// Another process writes to the register for longer than we wait.
    #[error("the register is busy")]
    Busy,
    /// PostgreSQL does not answer, or does not let us in. Asked again later it may.
    #[error("the database is not reached")]
    DatabaseUnreachable,
    /// No address of a PostgreSQL database. What was given is not repeated: it may hold a password.
    #[error("not the address of a PostgreSQL database")]
    PostgresUnreadable,
    /// Beyond this machine the register would cross a network in clear.
    #[error("PostgreSQL beyond this machine")]
    PostgresBeyond,
    /// A database that does not keep every letter.
    #[error("the PostgreSQL database is not UTF-8")]
    PostgresEncoding,
    /// A role of hamlet units needs at least one of them.
    #[error("this role needs a hamlet unit")]
    HamletNeeded,
    /// A role that sees the whole commune is not of a hamlet unit.
    #[error("this role sees the whole commune")]
    HamletNotNeeded,
    /// The commune has no hamlet unit of that name.
    #[error("no such hamlet unit")]
    UnknownHamlet,
    /// A list would make a hamlet unit, and nobody said that there is a new one.
    #[error("no such hamlet unit to take a list into")]
    UnannouncedHamlet,
    /// A code that is over before it is handed over.
    #[error("a code needs at least a minute")]
    NoMinutes,
    /// A code that would lie about for too long.
    #[error("a code lasts a month at most")]
    TooManyMinutes,
    /// No such role.
    #[error("no such role")]
    UnknownRole,
    /// No such legal basis.
    #[error("no such basis")]
    UnknownBasis,
    /// Codes cannot name this address.
    #[error(transparent)]
    Address(#[from] Undecided),
    /// The port is taken, or the address is not this machine's.
    #[error("cannot listen: {0}")]
    CannotListen(std::io::Error),
    /// A copy beside the register is lost with it.
    #[error("a backup within the data folder")]
    BackupInside,
    /// Outside loopback only with TLS, or where a proxy ends it.
    #[error("no TLS outside loopback")]
    TlsNeeded,
    /// The certificate could not be made.
    #[error("certificate: {0}")]
    Certificate(String),
    /// The copy is not what it was copied from.
    #[error("the backup differs from the register")]
    BackupDiffers,
    /// Another backup is being written into that folder.
    #[error("a backup is being taken into this folder")]
    BackupRunning,
    /// Not a whole copy of this commune's register, or not under its key.
    #[error("not a backup of this register")]
    NotOurBackup,
    /// The clock is further beyond the last commit than a day: stamps would be wrong for ever (§6).
    #[error("the clock is {days} days ahead")]
    ClockAhead {
        /// So many days.
        days: i64,
    },
    /// Laptops no longer keep everything since that backup.
    #[error("an older backup than those that may be put back")]
    BackupTooOld,
    /// No space left where the copy goes. The register is sound.
    #[error("the disk of the backup is full")]
    BackupDiskFull,
    /// The copy could not be written, or did not read as it was written. The register is sound.
    #[error("the backup was not written: {0}")]
    BackupNotWritten(String),
    /// Refused, as the device will be told.
    #[error(transparent)]
    Refused(#[from] ApiError),
    /// A list that cannot be read.
    #[error(transparent)]
    List(#[from] roster::ReadError),
    /// An upgrade failed; the verified copy of the file before it is kept.
    #[error("upgrade: {0}")]
    Upgrade(String),
    /// A file or socket cannot be read or written.
    #[error("file: {0}")]
    Io(std::io::Error),
    /// The database refused.
    #[error("database: {0}")]
    Sqlite(rusqlite::Error),
    /// PostgreSQL refused; only its code is kept: its sentences may show what stood in a row.
    #[error("database: SQLSTATE {0}")]
    Postgres(String),
    /// A rule of this program was broken; nothing was kept.
    #[error("internal: {0}")]
    Internal(&'static str),
}

impl ServerError {
    /// For the catalogue of sentences and for other programs; never changes.
    pub fn code(&self) -> &str {
        match self {
            Self::InUse => "server.in_use",
            Self::NotSetUp => "server.not_set_up",
            Self::RegisterMissing => "server.register_missing",
            Self::CommuneNameNeeded => "server.commune_name_needed",
            Self::AlreadySetUp => "server.already_set_up",
            Self::Newer { .. } => "server.newer",
            Self::Damaged => "server.damaged",
            Self::LedgerDamaged => "server.ledger_damaged",
            Self::LedgerDiffers => "server.ledger_differs",
            Self::KeysDamaged => "server.keys_damaged",
            Self::DiskFull => "server.disk_full",
            Self::ReadOnly => "server.read_only",
            Self::Busy => "server.busy",
            Self::DatabaseUnreachable => "server.database_unreachable",
            Self::PostgresUnreadable => "server.postgres_unreadable",
            Self::PostgresBeyond => "server.postgres_beyond",
            Self::PostgresEncoding => "server.postgres_encoding",
            Self::HamletNeeded => "enrol.hamlet_needed",
            Self::HamletNotNeeded => "enrol.hamlet_not_needed",
            Self::UnknownHamlet => "enrol.unknown_hamlet",
            Self::UnannouncedHamlet => "list.unknown_hamlet",
            Self::NoMinutes => "enrol.no_minutes",
            Self::TooManyMinutes => "enrol.too_many_minutes",
            Self::UnknownRole => "enrol.unknown_role",
            Self::UnknownBasis => "server.unknown_basis",
            Self::Address(error) => error.code(),
            Self::CannotListen(_) => "server.cannot_listen",
            Self::BackupInside => "backup.inside",
            Self::TlsNeeded => "server.tls_needed",
            Self::Certificate(_) => "server.certificate",
            Self::BackupDiffers => "backup.differs",
            Self::BackupRunning => "backup.running",
            Self::NotOurBackup => "backup.not_ours",
            Self::ClockAhead { .. } => "server.clock_ahead",
            Self::BackupTooOld => "backup.too_old",
            Self::BackupDiskFull => "backup.disk_full",
            Self::BackupNotWritten(_) => "backup.not_written",
            Self::Refused(error) => error.code.code(),
            Self::List(error) => error.code(),
            Self::Upgrade(_) => "server.upgrade",
            Self::Io(_) => "server.io",
            Self::Sqlite(_) | Self::Postgres(_) => "server.database",
            Self::Internal(_) => "server.fault",
        }
    }

    /// Numbers that belong to the sentence.
    pub fn params(&self) -> BTreeMap<String, i64> {
        match self {
            Self::Refused(error) => error.params.clone(),
            Self::Busy => BTreeMap::from([("retry_after_s".to_owned(), 10)]),
            Self::ClockAhead { days } => BTreeMap::from([("days".to_owned(), *days)]),
            Self::TooManyMinutes => BTreeMap::from([("days".to_owned(), DAYS_AT_MOST.into())]),
            _ => BTreeMap::new(),
        }
    }

    /// One of every kind, for the test that each has a sentence.
    #[cfg(test)]
    pub(crate) fn samples() -> Vec<Self> {
        let io = || std::io::Error::other("x");
        let mut all = vec![
            Self::InUse,
            Self::NotSetUp,
            Self::RegisterMissing,
            Self::CommuneNameNeeded,
            Self::AlreadySetUp,
            Self::Newer { found: 2, known: 1 },
            Self::Damaged,
            Self::LedgerDamaged,
            Self::LedgerDiffers,
            Self::KeysDamaged,
            Self::DiskFull,
            Self::ReadOnly,
            Self::Busy,
            Self::DatabaseUnreachable,
            Self::PostgresUnreadable,
            Self::PostgresBeyond,
            Self::PostgresEncoding,
            Self::HamletNeeded,
            Self::HamletNotNeeded,
            Self::UnknownHamlet,
            Self::UnannouncedHamlet,
            Self::NoMinutes,
            Self::TooManyMinutes,
            Self::UnknownRole,
            Self::UnknownBasis,
            Self::CannotListen(io()),
            Self::BackupInside,
            Self::TlsNeeded,
            Self::Certificate(String::new()),
            Self::BackupDiffers,
            Self::BackupRunning,
            Self::NotOurBackup,
            Self::ClockAhead { days: 2 },
            Self::BackupTooOld,
            Self::BackupDiskFull,
            Self::BackupNotWritten(String::new()),
            Self::Upgrade(String::new()),
            Self::Io(io()),
            Self::Sqlite(rusqlite::Error::QueryReturnedNoRows),
            Self::Postgres("42P01".into()),
            Self::Internal("x"),
        ];
        use roster::ReadError as R;
        let lists = [
            R::Empty,
            R::TooLarge { size_bytes: 2, limit_bytes: 1 },
            R::ZipBomb { what: roster::BombKind::Ratio },
            R::Encrypted,
            R::UnsupportedFormat,
            R::UnreadableFile,
            R::NoSheet,
            R::NoHeader,
            R::TooManyCells { limit_cells: 1 },
        ];
        all.extend(AddressError::ALL.map(Self::from));
        all.extend([Undecided::NoNetwork, Undecided::BehindProxy].map(Self::Address));
        all.extend(lists.into_iter().map(Self::List));
        all.extend(ApiCode::ALL.iter().map(|code| Self::Refused(ApiError::new(code.clone()))));
        all
    }
}

/// What a device is told about a fault that is not its own: nothing but that there was one.
impl From<ServerError> for ApiError {
    fn from(error: ServerError) -> Self {
        match error {
            ServerError::Refused(refusal) => refusal,
            ServerError::Busy | ServerError::DatabaseUnreachable => {
                Self::new(ApiCode::ServerBusy).with("retry_after_s", 5)
            }
            ServerError::DiskFull => Self::new(ApiCode::ServerDiskFull),
            _ => Self::new(ApiCode::ServerFault),
        }
    }
}

impl From<AddressError> for ServerError {
    fn from(error: AddressError) -> Self {
        Self::Address(error.into())
    }
}

database::reported_as!(ServerError);

/// A refusal as this crate's error.
pub(crate) fn refused(code: ApiCode) -> ServerError {
    ServerError::Refused(ApiError::new(code))
}
