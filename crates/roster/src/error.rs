//! Why a file cannot be read at all. What is wrong with single rows is in [`crate::list`].

use crate::limits::Limits;

/// A refusal of a whole file. The screen has a sentence for each code; `Display` is for developers.
/// Nothing of the file's content is ever in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No bytes, or only blanks.
    #[error("the file is empty")]
    Empty,
    /// More bytes than [`Limits::file_bytes`].
    #[error("the file has {size_bytes} bytes, more than {limit_bytes}")]
    TooLarge {
        /// What it has.
        size_bytes: u64,
        /// What is allowed.
        limit_bytes: u64,
    },
    /// The archive would grow beyond [`Limits`] when it is inflated.
    #[error("the archive grows beyond its limit: {what:?}")]
    ZipBomb {
        /// Which limit.
        what: BombKind,
    },
    /// Opens only with a password.
    #[error("the workbook is encrypted")]
    Encrypted,
    /// Known, but not read: an OpenDocument or a binary workbook, a document, a picture.
    #[error("not a kind of file that is read")]
    UnsupportedFormat,
    /// Damaged, cut short or no list at all.
    #[error("the file cannot be read")]
    UnreadableFile,
    /// A workbook without a visible sheet that has cells.
    #[error("no sheet with cells")]
    NoSheet,
    /// No row looks like the titles of a household list.
    #[error("no header row found")]
    NoHeader,
    /// More cells, or longer ones, than [`Limits`] allow.
    #[error("more cells than {limit_cells}")]
    TooManyCells {
        /// What is allowed.
        limit_cells: usize,
    },
}

/// Which limit an archive broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BombKind {
    /// Too many entries.
    Entries,
    /// The sizes it declares.
    DeclaredSize,
    /// What comes out of it.
    InflatedSize,
    /// Far more comes out than goes in.
    Ratio,
    /// Entries share bytes, so that a small file holds one large entry many times.
    Overlap,
}

impl ReadError {
    /// The stable code that screens and the command line translate.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "roster.empty",
            Self::TooLarge { .. } => "roster.too_large",
            Self::ZipBomb { .. } => "roster.zip_bomb",
            Self::Encrypted => "roster.encrypted",
            Self::UnsupportedFormat => "roster.unsupported_format",
            Self::UnreadableFile => "roster.unreadable_file",
            Self::NoSheet => "roster.no_sheet",
            Self::NoHeader => "roster.no_header",
            Self::TooManyCells { .. } => "roster.too_many_cells",
        }
    }

    pub(crate) fn too_many_cells(limits: &Limits) -> Self {
        Self::TooManyCells { limit_cells: limits.cells }
    }
}
