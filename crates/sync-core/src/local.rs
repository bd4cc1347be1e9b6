//! What the sync loop needs of a laptop's store. `store` implements it, `sync-client` drives it, and the
//! laws hold for whoever does:
//!
//! - rows and cursor change in one transaction (F5);
//! - base rows are written by [`LocalStore::apply_page`] only, never at acknowledgement: an op leaves the
//!   overlay when the stream delivers it (F4);
//! - a number known to the server is no acknowledgement; an answer counts only for an op hash that is
//!   mine (§4).

use crate::wire::{BatchLimits, Hello, Numbered, Page, PushReply, SessionOffset};

/// How much waits, for the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LocalCounts {
    /// Groups not acknowledged yet.
    pub pending_groups: u64,
    /// Groups acknowledged, not yet delivered by the stream.
    pub acknowledged_groups: u64,
    /// Own groups the server keeps apart.
    pub quarantined_groups: u64,
}

/// A laptop's store, seen by the sync loop.
pub trait LocalStore {
    /// Why the store failed.
    type Error;

    /// Who this laptop is and how far it has come.
    fn hello(&self) -> Result<Hello, Self::Error>;

    /// The next pending groups in `dseq` order, contiguous, whole groups only; empty if nothing waits.
    fn next_batch(&self, limits: &BatchLimits) -> Result<Vec<Numbered>, Self::Error>;

    /// Offsets of the sessions that wrote these groups, as far as they were learned.
    fn offsets(&self, groups: &[Numbered]) -> Result<Vec<SessionOffset>, Self::Error>;

    /// Stores the receipts whose op hash is one of this laptop's, and the quarantines. Writes no row.
    /// Returns how many groups were pending and are no longer: 0 says that the same batch would go again.
    fn acknowledge(&mut self, reply: &PushReply) -> Result<u64, Self::Error>;

    /// Merges a page into base rows, drops from the overlay what it delivers, and moves the cursor to its
    /// end: one transaction. A page that does not begin at the cursor is refused.
    fn apply_page(&mut self, page: Page) -> Result<(), Self::Error>;

    /// Takes this incarnation and numbers everything pending anew from 1, in its order. No op changes a
    /// byte (F10, F16b, F17).
    fn new_incarnation(&mut self, random: u64) -> Result<(), Self::Error>;

    /// The present session, and the wall clock in milliseconds since 1970.
    fn session(&mut self) -> Result<(u64, i64), Self::Error>;

    /// Keeps what a handshake taught about a session's clock: server minus laptop.
    fn learn_offset(&mut self, session: u64, offset_ms: i64) -> Result<(), Self::Error>;

    /// How much waits.
    fn counts(&self) -> Result<LocalCounts, Self::Error>;
}
