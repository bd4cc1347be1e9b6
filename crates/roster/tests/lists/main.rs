//! Whole lists, from bytes to matches.

// What holds in unit tests by itself (clippy.toml) has to be said for a test of its own crate.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod fixtures;
mod generated;
mod given;
mod hostile;
mod layouts;
mod matched;
mod written;
