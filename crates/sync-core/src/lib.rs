//! The rules that keep every edit: op, group, receipt, order, merge, projection, base rows, and what
//! goes over the wire. Laptop, server, simulator and bundle import run this one code.
//!
//! It does no I/O and reads no clock and no source of randomness: times, random numbers and keys are
//! arguments, and stores stand behind the small traits [`ingest::LogView`] and [`local::LocalStore`].
//! Numbers such as §2 and F13 point into `docs/SYNC.md`. Laws of merge and projection are in `laws.rs`,
//! the named short histories in `histories.rs`, `rewind.rs` and
//! `moving.rs`, a model of one server and its laptops in `model`.

mod address;
pub mod alias;
pub mod api;
mod batch;
pub mod commune;
pub mod conflict;
pub mod digest;
pub mod erasure;
pub mod group;
pub mod head;
mod hex;
pub mod household;
pub mod ingest;
pub mod jobs;
pub mod laptop;
pub mod ledger;
pub mod local;
pub mod membership;
pub mod moves;
pub mod offer;
pub mod op;
pub mod parents;
pub mod position;
pub mod projection;
pub mod receipt;
pub mod records;
pub mod retained;
pub mod rights;
pub mod row;
pub mod row_bytes;
pub mod snapshot;
pub mod stamp;
pub mod value;
pub mod wire;
pub mod witness;

pub use group::{Group, GroupError, GroupLimits};
pub use ingest::{GroupOutcome, IngestContext, Ingested, LogView, Quarantine, ingest};
pub use local::LocalStore;
pub use op::{FieldEdit, GroupId, Op, OpHash, OpHeader, OpId, Scope};
pub use position::{ChainHash, Cursor, Epoch, Position};
pub use receipt::{Found, Receipt, ReceiptKey};
pub use row::{Cell, MergeOutcome, Row};
pub use stamp::{OrderKey, Stamp, StampInputs, effective_stamp};
pub use value::Value;

#[cfg(any(test, feature = "histories"))]
pub mod convergence;
#[cfg(test)]
mod crossing;
#[cfg(test)]
mod erasing;
#[cfg(test)]
mod histories;
#[cfg(test)]
mod household_tests;
#[cfg(test)]
mod laws;
#[cfg(any(test, feature = "histories"))]
mod model;
#[cfg(test)]
mod moving;
#[cfg(test)]
mod rewind;
#[cfg(any(test, feature = "histories"))]
mod samples;
