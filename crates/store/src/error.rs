//! What can go wrong with a store. Each has a code; the sentence for people is looked up by it.

/// Nothing personal is ever in here: codes, numbers and names of tables only.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process holds the data folder.
    #[error("the data folder is in use")]
    InUse,
    /// No slot opens with this passphrase. Failed tries never wipe anything.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// No store was made in this folder yet.
    #[error("no store here")]
    NotSetUp,
    /// A store is there already; making a new one would lose its key.
    #[error("a store exists here")]
    AlreadySetUp,
    /// Written by a newer version; left untouched.
    #[error("database version {found} is newer than {known}")]
    Newer {
        /// Of the file.
        found: u32,
        /// Of this program.
        known: u32,
    },
    /// The file is not what it should be. It stays where it is until a new enrolment sets it
    /// aside.
    #[error("the database is damaged")]
    Damaged,
    /// No space left. Nothing of the action was kept; the form still holds it.
    #[error("the disk is full")]
    DiskFull,
    /// The data folder can be read but not written. What was saved is still there.
    #[error("the disk is read-only")]
    ReadOnly,
    /// Another program holds the database file for longer than we wait.
    #[error("the database is busy")]
    Busy,
    /// The key file is unreadable.
    #[error("the key file is damaged")]
    KeysDamaged,
    /// More than 64 KiB in one save; a longer action is a job of several groups.
    #[error("one save of {bytes} bytes is too large")]
    GroupTooLarge {
        /// Of the group.
        bytes: usize,
    },
    /// A record cannot be kept as it is.
    #[error("invalid record: {0}")]
    Invalid(&'static str),
    /// A record lies in another hamlet unit than the Save: the commune would keep it apart for ever.
    #[error("a record of another scope")]
    Elsewhere,
    /// A file of the data folder cannot be read or written.
    #[error("data folder: {0}")]
    Io(std::io::Error),
    /// The database refused.
    #[error("database: {0}")]
    Sqlite(rusqlite::Error),
    /// An upgrade failed; the verified copy of the file before it is kept.
    #[error("upgrade: {0}")]
    Upgrade(String),
    /// Sealing for the commune failed.
    #[error("sealing failed")]
    Seal,
}

impl StoreError {
    /// Every code, for the catalogue of sentences.
    pub const CODES: &[&str] = &[
        "store.already_set_up",
        "store.busy",
        "store.damaged",
        "store.database",
        "store.disk_full",
        "store.elsewhere",
        "store.group_too_large",
        "store.in_use",
        "store.invalid",
        "store.io",
        "store.keys_damaged",
        "store.newer",
        "store.not_set_up",
        "store.read_only",
        "store.seal",
        "store.upgrade",
        "store.wrong_passphrase",
    ];

    /// For the screen's message catalogue and for other programs; never changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InUse => "store.in_use",
            Self::WrongPassphrase => "store.wrong_passphrase",
            Self::NotSetUp => "store.not_set_up",
            Self::AlreadySetUp => "store.already_set_up",
            Self::Newer { .. } => "store.newer",
            Self::Damaged => "store.damaged",
            Self::DiskFull => "store.disk_full",
            Self::ReadOnly => "store.read_only",
            Self::Busy => "store.busy",
            Self::KeysDamaged => "store.keys_damaged",
            Self::GroupTooLarge { .. } => "store.group_too_large",
            Self::Invalid(_) => "store.invalid",
            Self::Elsewhere => "store.elsewhere",
            Self::Io(_) => "store.io",
            Self::Sqlite(_) => "store.database",
            Self::Upgrade(_) => "store.upgrade",
            Self::Seal => "store.seal",
        }
    }
}

database::reported_as!(StoreError);
