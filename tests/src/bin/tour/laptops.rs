//! Laptops of the tour: real stores in folders, enrolled over HTTPS.

use std::path::Path;

use anyhow::Result;
use app::{Laptop, Place};
use store::{Durability, KeyCost, SystemMachine};

/// A laptop's folder as the product opens it. The key costs little: the tour is not about guessing.
pub(crate) fn place(folder: &Path) -> Result<Place<'_>> {
    Ok(Place {
        folder,
        counted_by: app::shipped_rules()?,
        machine: Box::new(SystemMachine::default()),
        durability: Durability::Full,
        key_cost: KeyCost { memory_kib: 1024, passes: 1 },
    })
}

/// Enrols a laptop; returns it with the passphrase its member writes down.
pub(crate) fn enrol(folder: &Path, code: &str, address: &str, name: &str) -> Result<(Laptop, String)> {
    let (laptop, passphrase) = Laptop::enrol(place(folder)?, code, Some(address), name)?;
    Ok((laptop, passphrase.to_string()))
}
