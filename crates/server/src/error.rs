//! What can go wrong with the server and its commands. Each has a code; sentences for people are looked up
//! by it in the catalogue ([`crate::messages`]).

use std::collections::BTreeMap;

use database::DatabaseError;
use sync_core::api::{ApiCode, ApiError};

/// Nothing personal is ever in here: codes, numbers and names of tables only.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Another server serves this data folder.
    #[error("the data folder is served by another process")]
    InUse,
    /// No commune was made in this folder yet.
    #[error("no commune here")]
    NotSetUp,
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
    /// A key file is missing or unreadable.
    #[error("a key file is damaged")]
    KeysDamaged,
    /// No space left. Nothing of the action was kept.
    #[error("the disk is full")]
    DiskFull,
    /// Another process writes to the register for longer than we wait.
    #[error("the register is busy")]
    Busy,
    /// A role of hamlet units needs at least one of them.
    #[error("this role needs a hamlet unit")]
    HamletNeeded,
    /// The commune has no hamlet unit of that name.
    #[error("no such hamlet unit")]
    UnknownHamlet,
    /// No such role.
    #[error("no such role")]
    UnknownRole,
    /// No such legal basis.
    #[error("no such basis")]
    UnknownBasis,
    /// Outside loopback only with TLS, or where a proxy ends it.
    #[error("no TLS outside loopback")]
    TlsNeeded,
    /// The certificate could not be made.
    #[error("certificate: {0}")]
    Certificate(String),
    /// The copy is not what it was copied from.
    #[error("the backup differs from the register")]
    BackupDiffers,
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
            Self::AlreadySetUp => "server.already_set_up",
            Self::Newer { .. } => "server.newer",
            Self::Damaged => "server.damaged",
            Self::KeysDamaged => "server.keys_damaged",
            Self::DiskFull => "server.disk_full",
            Self::Busy => "server.busy",
            Self::HamletNeeded => "enrol.hamlet_needed",
            Self::UnknownHamlet => "enrol.unknown_hamlet",
            Self::UnknownRole => "enrol.unknown_role",
            Self::UnknownBasis => "server.unknown_basis",
            Self::TlsNeeded => "server.tls_needed",
            Self::Certificate(_) => "server.certificate",
            Self::BackupDiffers => "backup.differs",
            Self::Refused(error) => error.code.code(),
            Self::List(error) => error.code(),
            Self::Upgrade(_) => "server.upgrade",
            Self::Io(_) => "server.io",
            Self::Sqlite(_) => "server.database",
            Self::Internal(_) => "server.fault",
        }
    }

    /// Numbers that belong to the sentence.
    pub fn params(&self) -> BTreeMap<String, i64> {
        match self {
            Self::Refused(error) => error.params.clone(),
            Self::Busy => BTreeMap::from([("retry_after_s".to_owned(), 10)]),
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
            Self::AlreadySetUp,
            Self::Newer { found: 2, known: 1 },
            Self::Damaged,
            Self::KeysDamaged,
            Self::DiskFull,
            Self::Busy,
            Self::HamletNeeded,
            Self::UnknownHamlet,
            Self::UnknownRole,
            Self::UnknownBasis,
            Self::TlsNeeded,
            Self::Certificate(String::new()),
            Self::BackupDiffers,
            Self::Upgrade(String::new()),
            Self::Io(io()),
            Self::Sqlite(rusqlite::Error::QueryReturnedNoRows),
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
            ServerError::Busy => Self::new(ApiCode::ServerBusy).with("retry_after_s", 5),
            ServerError::DiskFull => Self::new(ApiCode::ServerDiskFull),
            _ => Self::new(ApiCode::ServerFault),
        }
    }
}

impl From<DatabaseError> for ServerError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Newer { found, known } => Self::Newer { found, known },
            DatabaseError::Damaged => Self::Damaged,
            DatabaseError::DiskFull => Self::DiskFull,
            DatabaseError::Upgrade(why) => Self::Upgrade(why),
            DatabaseError::Io(error) => Self::Io(error),
            DatabaseError::Sqlite(error) => match error.sqlite_error_code() {
                Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => Self::Busy,
                _ => Self::Sqlite(error),
            },
        }
    }
}

impl From<std::io::Error> for ServerError {
    fn from(error: std::io::Error) -> Self {
        DatabaseError::from(error).into()
    }
}

impl From<rusqlite::Error> for ServerError {
    fn from(error: rusqlite::Error) -> Self {
        DatabaseError::from(error).into()
    }
}

/// A refusal as this crate's error.
pub(crate) fn refused(code: ApiCode) -> ServerError {
    ServerError::Refused(ApiError::new(code))
}
