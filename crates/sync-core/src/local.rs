//! What the sync loop needs of a laptop's store. `store` implements it, `sync-client` drives it. What an exchange does to
//! a laptop is said in [`crate::laptop`]; here is how a call of it becomes one transaction.

use crate::laptop::{Compared, Giving, Laptop, LaptopStore, Round};
use crate::rights::Sight;
use crate::wire::{
    BatchLimits, DigestsReply, Hello, HelloReply, Numbered, OfferReply, Page, PushReply, RowsReply,
    SessionOffset,
};

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
    /// Why its tables failed, within a transaction.
    type Fault;
    /// The store within a transaction.
    type Tables<'t>: LaptopStore<Error = Self::Fault>;

    /// Runs one step of an exchange as one transaction: all of it is kept, or nothing.
    fn exchange<T>(
        &mut self,
        step: impl for<'t> FnOnce(&mut Laptop<Self::Tables<'t>>) -> Result<T, Self::Fault>,
    ) -> Result<T, Self::Error>;

    /// A page that does not begin where this laptop stands.
    fn not_at_cursor(&self) -> Self::Error;

    /// A group that cannot be written as it goes over the wire.
    fn unwritable(&self) -> Self::Error;

    /// Offsets of the sessions that wrote these groups, as far as they were learned.
    fn offsets(&self, groups: &[Numbered]) -> Result<Vec<SessionOffset>, Self::Error>;

    /// The present session, and the wall clock in milliseconds since 1970.
    fn session(&mut self) -> Result<(u64, i64), Self::Error>;

    /// Keeps what a handshake taught about a session's clock: server minus laptop.
    fn learn_offset(&mut self, session: u64, offset_ms: i64) -> Result<(), Self::Error>;

    /// Who this laptop is and how far it has come.
    fn hello(&mut self) -> Result<Hello, Self::Error> {
        self.exchange(|laptop| Ok(laptop.hello()))
    }

    /// [`Laptop::meet`]
    fn meet(&mut self, reply: &HelloReply, random: u64) -> Result<(), Self::Error> {
        self.exchange(|laptop| laptop.meet(reply, random))
    }

    /// [`Laptop::turned_away`]
    fn turned_away(&mut self) -> Result<(), Self::Error> {
        self.exchange(|laptop| laptop.turned_away())
    }

    /// [`Laptop::next_batch`]
    fn next_batch(&mut self, limits: &BatchLimits) -> Result<Vec<Numbered>, Self::Error> {
        self.exchange(|laptop| laptop.next_batch(limits))?.ok_or_else(|| self.unwritable())
    }

    /// [`Laptop::next_apart`]
    fn next_apart(&mut self, after: u64, limits: &BatchLimits) -> Result<Vec<Numbered>, Self::Error> {
        self.exchange(|laptop| laptop.next_apart(after, limits))?.ok_or_else(|| self.unwritable())
    }

    /// [`Laptop::acknowledge`]
    fn acknowledge(&mut self, reply: &PushReply) -> Result<u64, Self::Error> {
        self.exchange(|laptop| laptop.acknowledge(reply))
    }

    /// [`Laptop::to_offer`]
    fn to_offer(&mut self, round: &mut Round, limits: &BatchLimits) -> Result<Option<Giving>, Self::Error> {
        self.exchange(|laptop| laptop.to_offer(round, limits))
    }

    /// [`Laptop::offered`]
    fn offered(&mut self, giving: &Giving, reply: &OfferReply) -> Result<(), Self::Error> {
        self.exchange(|laptop| laptop.offered(giving, reply))
    }

    /// [`Laptop::apply_page`]; a page that does not begin at the cursor is refused.
    fn apply_page(&mut self, page: Page) -> Result<(), Self::Error> {
        let applied = self.exchange(|laptop| laptop.apply_page(page))?;
        if applied { Ok(()) } else { Err(self.not_at_cursor()) }
    }

    /// [`Laptop::compare`]
    fn compare(&mut self, theirs: &DigestsReply) -> Result<Compared, Self::Error> {
        self.exchange(|laptop| laptop.compare(theirs))
    }

    /// [`Laptop::take_rows`]
    fn take_rows(&mut self, reply: &RowsReply) -> Result<bool, Self::Error> {
        self.exchange(|laptop| laptop.take_rows(reply))
    }

    /// [`Laptop::look_round`]. True if rows are to be compared now.
    fn look_round(&mut self, sight: &Sight) -> Result<bool, Self::Error> {
        self.exchange(|laptop| {
            laptop.look_round(sight)?;
            Ok(laptop.state.compares)
        })
    }

    /// True if rows are to be compared before the stream goes on.
    fn compares(&mut self) -> Result<bool, Self::Error> {
        self.exchange(|laptop| Ok(laptop.state.compares))
    }

    /// What the laptop believes to be in its sight.
    fn sight(&mut self) -> Result<Option<Sight>, Self::Error> {
        self.exchange(|laptop| Ok(laptop.state.sight.clone()))
    }

    /// [`Laptop::new_incarnation`]
    fn new_incarnation(&mut self, random: u64) -> Result<(), Self::Error> {
        self.exchange(|laptop| laptop.new_incarnation(random))
    }

    /// [`Laptop::forget_what_is_safe`]
    fn forget_what_is_safe(&mut self) -> Result<(), Self::Error> {
        self.exchange(|laptop| laptop.forget_what_is_safe())
    }

    /// How much waits.
    fn counts(&mut self) -> Result<LocalCounts, Self::Error> {
        self.exchange(|laptop| laptop.store.counts())
    }
}
