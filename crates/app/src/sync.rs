//! Gửi về xã: one sync, with progress; and what waits.

use sync_client::{HttpTransport, Progress, Report};
use sync_core::local::{LocalCounts, LocalStore};
use sync_core::wire::SigningKey;

use crate::error::AppError;
use crate::setup::Laptop;

/// Sends what waits and takes what is new. On any error nothing is lost and nothing is half done.
pub fn now(laptop: &mut Laptop, progress: &mut dyn FnMut(Progress)) -> Result<Report, AppError> {
    let mut transport = HttpTransport::new(&laptop.commune.server)?;
    let key = SigningKey::from_bytes(&laptop.commune.server.device_key);
    // Drawn before the loop borrows the store; more incarnations than these are a fault of the server.
    let mut numbers = Vec::new();
    for _ in 0..4 {
        numbers.push(u64::from_le_bytes(laptop.store.random()?));
    }
    let mut random = || numbers.pop().unwrap_or_default();
    Ok(sync_client::sync(&mut laptop.store, &mut transport, &key, &mut random, progress)?)
}

/// How much waits here.
pub fn waiting(laptop: &Laptop) -> Result<LocalCounts, AppError> {
    Ok(laptop.store.counts()?)
}
