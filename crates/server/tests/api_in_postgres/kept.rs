//! Where the registers of this suite are kept: in a PostgreSQL database each, for all of them draw the same ids.

use std::path::Path;

use server::{NewCommune, Options, Register};

use crate::cluster::{database, psql};

pub(crate) fn create(data: &Path, commune: &NewCommune, options: Options) -> Register {
    Register::create_in_postgres(data, commune, &database(), options).unwrap()
}

/// The commune's rows become those of an earlier time, and nobody says so: what the command does, without the new life
/// of the log that it begins.
pub(crate) fn put_back(data: &Path, copy: &Path) {
    let witness = data.join("witness.json");
    let note: serde_json::Value =
        serde_json::from_slice(&std::fs::read(data.join("postgres.json")).unwrap()).unwrap();
    let url = note["url"].as_str().unwrap();
    let witnessed = std::fs::read(&witness).unwrap();
    let nonce = psql(url, "SELECT epoch_nonce FROM communes").concat();
    let options = Options { clock_is_right: true, ..Options::default() };
    server::restore(data, copy, true, options).unwrap();
    psql(url, &format!("UPDATE communes SET epoch_number = 1, epoch_nonce = {nonce}"));
    std::fs::write(witness, witnessed).unwrap();
}
