//! The laptop's store as a sync sees it: locked for one step at a time, so that people save visits while
//! the sync waits for its network.

use domain::ids::DeviceId;
use store::{StoreError, Tables};
use sync_core::laptop::Laptop;
use sync_core::local::LocalStore;
use sync_core::membership::EraseOrder;
use sync_core::wire::{Numbered, SessionOffset};

use crate::desk::Desk;
use crate::error::{AppError, NOT_OPEN};

/// The store of the laptop that lay on the desk when the sync began.
pub(crate) struct SharedStore<'d> {
    pub(crate) desk: &'d Desk,
    pub(crate) device: DeviceId,
}

impl SharedStore<'_> {
    pub(crate) fn keep_erase_order(&self, order: &EraseOrder) -> Result<(), AppError> {
        self.step(|store| store.keep_erase_order(order))
    }

    fn step<T>(&self, step: impl FnOnce(&mut store::Store) -> Result<T, StoreError>) -> Result<T, AppError> {
        self.desk.with(|laptop| {
            // Locked meanwhile, and another one opened: a page must never be written into that one.
            if laptop.store.identity().device != self.device {
                return Err(AppError::new(NOT_OPEN));
            }
            Ok(step(&mut laptop.store)?)
        })
    }
}

impl LocalStore for SharedStore<'_> {
    type Error = AppError;

    type Fault = StoreError;
    type Tables<'t> = Tables<'t>;

    fn exchange<T>(
        &mut self,
        step: impl for<'t> FnOnce(&mut Laptop<Tables<'t>>) -> Result<T, StoreError>,
    ) -> Result<T, AppError> {
        self.step(|store| store.exchange(step))
    }

    fn not_at_cursor(&self) -> AppError {
        AppError::fault()
    }

    fn unwritable(&self) -> AppError {
        StoreError::Damaged.into()
    }

    fn offsets(&self, groups: &[Numbered]) -> Result<Vec<SessionOffset>, AppError> {
        self.step(|store| store.offsets(groups))
    }

    fn session(&mut self) -> Result<(u64, i64), AppError> {
        self.step(LocalStore::session)
    }

    fn learn_offset(&mut self, session: u64, offset_ms: i64) -> Result<(), AppError> {
        self.step(|store| store.learn_offset(session, offset_ms))
    }
}
