//! The laptop's store as a sync sees it: locked for one step at a time, so that people save visits while
//! the sync waits for its network.

use domain::ids::DeviceId;
use store::StoreError;
use sync_core::local::{LocalCounts, LocalStore};
use sync_core::wire::{BatchLimits, Hello, Numbered, Page, PushReply, SessionOffset};

use crate::desk::Desk;
use crate::error::{AppError, NOT_OPEN};

/// The store of the laptop that lay on the desk when the sync began.
pub(crate) struct SharedStore<'d> {
    pub(crate) desk: &'d Desk,
    pub(crate) device: DeviceId,
}

impl SharedStore<'_> {
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

    fn hello(&self) -> Result<Hello, AppError> {
        self.step(|store| store.hello())
    }

    fn next_batch(&self, limits: &BatchLimits) -> Result<Vec<Numbered>, AppError> {
        self.step(|store| store.next_batch(limits))
    }

    fn offsets(&self, groups: &[Numbered]) -> Result<Vec<SessionOffset>, AppError> {
        self.step(|store| store.offsets(groups))
    }

    fn acknowledge(&mut self, reply: &PushReply) -> Result<u64, AppError> {
        self.step(|store| store.acknowledge(reply))
    }

    fn apply_page(&mut self, page: Page) -> Result<(), AppError> {
        self.step(|store| store.apply_page(page))
    }

    fn new_incarnation(&mut self, random: u64) -> Result<(), AppError> {
        self.step(|store| store.new_incarnation(random))
    }

    fn session(&mut self) -> Result<(u64, i64), AppError> {
        self.step(LocalStore::session)
    }

    fn learn_offset(&mut self, session: u64, offset_ms: i64) -> Result<(), AppError> {
        self.step(|store| store.learn_offset(session, offset_ms))
    }

    fn counts(&self) -> Result<LocalCounts, AppError> {
        self.step(|store| store.counts())
    }
}
