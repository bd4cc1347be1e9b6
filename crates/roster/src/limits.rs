//! How much of a stranger's file is taken in, and the look into an archive before anything inflates it.
//!
//! A workbook is a zip archive. What it declares about itself is not believed: each entry is inflated
//! into nothing and counted, and only an archive that stays within the limits reaches the reader.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::error::{BombKind, ReadError};

/// Bounds on everything that a file could make large. The list of a commune of 112,000 people has about
/// 7 MiB, inflates to about 80 MiB and has 1.1 million cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of the file as handed over.
    pub file_bytes: u64,
    /// Of everything in the archive together, inflated.
    pub inflated_bytes: u64,
    /// Entries of the archive. A workbook has one per sheet and some twenty more.
    pub entries: usize,
    /// Inflated over packed size of one entry. XML of a sheet packs up to about 1:50.
    pub ratio: u64,
    /// Entries below this inflated size may have any ratio.
    pub ratio_from_bytes: u64,
    /// Cells with content, over all sheets.
    pub cells: usize,
    /// Characters' bytes kept of one cell; the rest is cut. Real cells are under 200.
    pub cell_bytes: usize,
    /// Columns looked at; what stands further right is left out.
    pub columns: u16,
    /// Merged regions looked at per sheet.
    pub merged_regions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 64 << 20,
            inflated_bytes: 512 << 20,
            entries: 2_000,
            ratio: 200,
            ratio_from_bytes: 16 << 20,
            cells: 4_000_000,
            cell_bytes: 2_000,
            columns: 256,
            merged_regions: 400_000,
        }
    }
}

impl Limits {
    /// Refuses a file by its size alone, so that a caller can ask before it reads the file.
    pub fn check_size(&self, size_bytes: u64) -> Result<(), ReadError> {
        match size_bytes {
            0 => Err(ReadError::Empty),
            _ if size_bytes > self.file_bytes => {
                Err(ReadError::TooLarge { size_bytes, limit_bytes: self.file_bytes })
            }
            _ => Ok(()),
        }
    }
}

/// What kind of archive it is, by the parts it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArchiveKind {
    /// Has `xl/workbook.xml`.
    Xlsx,
    /// An archive of something else.
    Other,
}

/// Inflates every entry into nothing, within the limits.
pub(crate) fn check_archive(bytes: &[u8], limits: &Limits) -> Result<ArchiveKind, ReadError> {
    let bomb = |what| Err(ReadError::ZipBomb { what });
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| ReadError::UnreadableFile)?;
    if archive.len() > limits.entries {
        return bomb(BombKind::Entries);
    }
    let mut declared_bytes: u64 = 0;
    let mut packed_bytes: u64 = 0;
    let mut kind = ArchiveKind::Other;
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|_| ReadError::UnreadableFile)?;
        declared_bytes = declared_bytes.saturating_add(entry.size());
        packed_bytes = packed_bytes.saturating_add(entry.compressed_size());
    }
    if declared_bytes > limits.inflated_bytes {
        return bomb(BombKind::DeclaredSize);
    }
    // Entries that lie apart cannot be larger together than the file around them.
    if packed_bytes > bytes.len() as u64 {
        return bomb(BombKind::Overlap);
    }
    let mut left_bytes = limits.inflated_bytes;
    let mut buffer = vec![0; 64 << 10];
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|why| match why {
            ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => ReadError::Encrypted,
            _ => ReadError::UnreadableFile,
        })?;
        let name = entry.name().map_err(|_| ReadError::UnreadableFile)?.into_owned();
        if name.replace('\\', "/").trim_start_matches('/').eq_ignore_ascii_case("xl/workbook.xml") {
            kind = ArchiveKind::Xlsx;
        }
        let packed = entry.compressed_size().max(1);
        let mut inflated: u64 = 0;
        loop {
            let read = entry.read(&mut buffer).map_err(|_| ReadError::UnreadableFile)? as u64;
            if read == 0 {
                break;
            }
            inflated += read;
            if read > left_bytes {
                return bomb(BombKind::InflatedSize);
            }
            left_bytes -= read;
            if inflated > limits.ratio_from_bytes && inflated / packed > limits.ratio {
                return bomb(BombKind::Ratio);
            }
        }
    }
    Ok(kind)
}
