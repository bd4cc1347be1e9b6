//! Who may see what and write where: the one place to read it.
//!
//! - A device is known by its token and works for the users that the ledger names; a revoked one is refused.
//! - A user sees the commune-wide stream and the hamlet units of their present assignments; commune
//!   officers, admins and leaders see every unit. Nothing else ever leaves the server for them: [`Sight`] is handed to
//!   every page that is put together.
//! - Writing is judged per group by `sync_core::rights`: the assignment in force when the work was done,
//!   ended at most 30 days ago. What may not be written goes to quarantine, seen by author and commune.

pub use sync_core::rights::Sight;
