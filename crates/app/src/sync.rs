//! Gửi về xã: one sync, with progress; and what waits.

use domain::ids::DeviceId;
use sync_client::{HttpTransport, Progress, Report, ServerLink, SyncError};
use sync_core::local::{LocalCounts, LocalStore};
use sync_core::wire::SigningKey;

use crate::desk::Desk;
use crate::error::AppError;
use crate::setup::Laptop;
use crate::shared::SharedStore;

/// What a sync needs besides the store; taken before it begins.
struct Line {
    server: ServerLink,
    device: DeviceId,
    /// More incarnations than these are a fault of the server.
    incarnations: Vec<u64>,
}

impl Line {
    fn of(laptop: &mut Laptop) -> Result<Self, AppError> {
        let mut incarnations = Vec::new();
        for _ in 0..4 {
            incarnations.push(u64::from_le_bytes(laptop.store.random()?));
        }
        let server = laptop.commune.server.clone();
        Ok(Self { server, device: laptop.store.identity().device, incarnations })
    }

    fn run<S: LocalStore>(
        mut self,
        store: &mut S,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Report, AppError>
    where
        AppError: From<SyncError<S::Error>>,
    {
        let mut transport = HttpTransport::new(&self.server)?;
        let key = SigningKey::from_bytes(&self.server.device_key);
        let mut random = || self.incarnations.pop().unwrap_or_default();
        Ok(sync_client::sync(store, &mut transport, &key, &mut random, progress)?)
    }
}

/// Sends what waits and takes what is new. On any error nothing is lost and nothing is half done.
pub fn now(laptop: &mut Laptop, progress: &mut dyn FnMut(Progress)) -> Result<Report, AppError> {
    Line::of(laptop)?.run(&mut laptop.store, progress)
}

/// The same while people go on working at the desk.
pub(crate) fn shared(desk: &Desk, progress: &mut dyn FnMut(Progress)) -> Result<Report, AppError> {
    let line = desk.with(Line::of)?;
    let device = line.device;
    line.run(&mut SharedStore { desk, device }, progress)
}

/// How much waits here.
pub fn waiting(laptop: &Laptop) -> Result<LocalCounts, AppError> {
    Ok(laptop.store.counts()?)
}
