//! The content hash of a list: BLAKE3 over its tidied cells and their places, not over the file, which
//! differs each time somebody saves it.

use domain::ids::ContentHash;

use crate::sheet::{Cell, Workbook};

const PURPOSE: &str = "tungnha 2026 household list content";

/// Hash of everything that is read of a workbook: visible sheets, their names, cells and merged regions'
/// effect aside. Numbers and the same digits as a text differ: a phone number that lost its 0 is another.
pub(crate) fn content_hash(book: &Workbook) -> ContentHash {
    let mut hasher = blake3::Hasher::new_derive_key(PURPOSE);
    let mut put = |kind: u8, bytes: &[u8]| {
        hasher.update(&[kind]);
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    for sheet in &book.sheets {
        put(b's', sheet.name.as_bytes());
        for (row, cells) in &sheet.rows {
            put(b'r', &row.to_le_bytes());
            for (column, cell) in cells {
                put(b'c', &column.to_le_bytes());
                match cell {
                    Cell::Text(text) => put(b't', text.as_bytes()),
                    Cell::Number(number) => put(b'n', number.to_string().as_bytes()),
                    Cell::Date(date) => put(b'd', date.to_string().as_bytes()),
                }
            }
        }
    }
    ContentHash(*hasher.finalize().as_bytes())
}
