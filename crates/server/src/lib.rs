//! The commune's server: one encrypted register per commune, enrolment, sync over HTTP, figures, backup.
//!
//! - [`register`]: everything that reads or writes the register; no HTTP.
//! - [`access`]: who may see what.
//! - [`address`]: what enrolment codes say about where the server is.
//! - [`http`]: routes, TLS, what a refusal looks like; handlers extract, authorise, call, map.
//! - [`lists`]: household lists, taken in as the server's own ops.
//! - [`messages`]: sentences for codes.
//!
//! Records are merged and counted by `sync_core` and `domain`, the same code as on a laptop; nothing is
//! decided twice here. Nothing personal goes into a log, an error or a URL. Tests with the real server
//! over real sockets are in `crates/server/tests`.

pub mod access;
pub mod address;
mod backup;
#[cfg(test)]
#[path = "../tests/cluster/mod.rs"]
mod cluster;
pub mod direct;
mod error;
mod figures;
mod folder;
pub mod http;
pub mod keys;
pub mod lists;
pub mod machine;
pub mod messages;
pub mod register;
mod restore;

pub use backup::BackupReport;
pub use error::ServerError;
pub use folder::{DataFolder, ServeLock};
pub use http::{Serving, Transport, serve};
pub use lists::{ImportOrder, ImportReport, preview_list, read_list};
pub use machine::Machine;
pub use register::{EnrolOrder, IssuedCode, NewCommune, Options, Register, Whereabouts};
pub use restore::{RestoreReport, restore, restore_into_postgres};
