//! Where the registers of this suite are kept: in their folders' own files.

use std::path::Path;

use server::{NewCommune, Options, Register};

pub(crate) fn create(data: &Path, commune: &NewCommune, options: Options) -> Register {
    Register::create(data, commune, options).unwrap()
}

/// The database becomes a copy of an earlier time, and nobody says so.
pub(crate) fn put_back(data: &Path, copy: &Path) {
    for beside in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(data.join(format!("register.db{beside}")));
    }
    std::fs::copy(copy, data.join("register.db")).unwrap();
}
