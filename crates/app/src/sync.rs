//! Gửi về xã: one sync, with progress; and what waits.

use domain::ids::DeviceId;
use sync_client::{HttpTransport, Progress, Report, ServerLink, SyncError, erase_order, readmit};
use sync_core::api::{ApiCode, ReadmitRequest};
use sync_core::local::{LocalCounts, LocalStore};
use sync_core::membership::{Certificate, EraseOrder};
use sync_core::wire::{EraseOrderRequest, SigningKey, VerifyingKey};

use crate::desk::Desk;
use crate::error::AppError;
use crate::setup::Laptop;
use crate::shared::SharedStore;

/// What a sync needs besides the store; taken before it begins.
struct Line {
    server: ServerLink,
    device: DeviceId,
    /// What people call this laptop.
    name: String,
    /// By which a server that forgot this laptop lets it in again.
    certificate: Option<Certificate>,
    /// More incarnations than these are a fault of the server.
    incarnations: Vec<u64>,
}

impl Line {
    fn of(laptop: &mut Laptop) -> Result<Self, AppError> {
        let mut incarnations = Vec::new();
        for _ in 0..16 {
            incarnations.push(u64::from_le_bytes(laptop.store.random()?));
        }
        let server = laptop.commune.server.clone();
        let (device, certificate) =
            (laptop.store.identity().device, laptop.store.identity().certificate.clone());
        let name = laptop.commune.device_name.clone();
        Ok(Self { server, device, name, certificate, incarnations })
    }

    fn run<S: LocalStore>(
        &mut self,
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

    /// The server was put back to before this laptop was enrolled: it is let in by its certificate, and has another token
    /// from then on (sync rules §6). `None` if that is not what happened.
    fn readmitted(&mut self, error: &AppError) -> Result<Option<ServerLink>, AppError> {
        let Some(certificate) = &self.certificate else { return Ok(None) };
        if error.code != ApiCode::AuthUnknownToken.code() {
            return Ok(None);
        }
        let key = SigningKey::from_bytes(&self.server.device_key);
        let request = ReadmitRequest::signed(certificate.clone(), &key, &self.name);
        self.server.token = readmit(&self.server, &request)?.token;
        Ok(Some(self.server.clone()))
    }

    /// This laptop was revoked, and has given back what it could: the commune's order to destroy its keys (§7). `None` if
    /// that is not what happened, or no order for this very laptop comes; then it is asked for at the next sync.
    fn ordered(&self, error: &AppError, incarnation: u64) -> Option<EraseOrder> {
        if error.code != ApiCode::AuthRevoked.code() {
            return None;
        }
        let order = erase_order(&self.server, &EraseOrderRequest { incarnation }).ok()?;
        let identity = VerifyingKey::from_bytes(&self.server.identity).ok()?;
        order.is_for(&identity, self.device, incarnation).then_some(order)
    }
}

/// Sends what waits and takes what is new. On any error nothing is lost and nothing is half done.
pub fn now(laptop: &mut Laptop, progress: &mut dyn FnMut(Progress)) -> Result<Report, AppError> {
    let mut line = Line::of(laptop)?;
    let first = line.run(&mut laptop.store, progress);
    let Err(error) = &first else { return first };
    if let Some(order) = line.ordered(error, laptop.store.hello()?.incarnation) {
        laptop.store.keep_erase_order(&order)?;
    }
    let Some(server) = line.readmitted(error)? else { return first };
    laptop.link_anew(server)?;
    line.run(&mut laptop.store, progress)
}

/// The same while people go on working at the desk.
pub(crate) fn shared(desk: &Desk, progress: &mut dyn FnMut(Progress)) -> Result<Report, AppError> {
    let mut line = desk.with(Line::of)?;
    let device = line.device;
    let mut store = SharedStore { desk, device };
    let first = line.run(&mut store, progress);
    let Err(error) = &first else { return first };
    if let Some(order) = line.ordered(error, store.hello()?.incarnation) {
        store.keep_erase_order(&order)?;
    }
    let Some(server) = line.readmitted(error)? else { return first };
    desk.with(|laptop| {
        let same = laptop.store.identity().device == device;
        if same { laptop.link_anew(server) } else { Ok(()) }
    })?;
    line.run(&mut store, progress)
}

/// How much waits here.
pub fn waiting(laptop: &Laptop) -> Result<LocalCounts, AppError> {
    Ok(laptop.store.waiting()?)
}
