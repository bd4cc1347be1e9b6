//! The laptop's side of the wire: how the server is reached and trusted ([`http`]), what a sync does and
//! in which order ([`session`]), and the seam between them ([`transport`]).
//!
//! It is generic over `sync_core::local::LocalStore` and never sees a database. Nothing personal is in
//! its errors.

pub mod http;
pub mod session;
pub mod transport;
mod trust;

pub use http::{HttpTransport, ServerLink, enrol, erase_order, readmit};
pub use session::{Progress, Report, SyncError, sync, wait_ms};
pub use transport::{Transport, TransportError};
