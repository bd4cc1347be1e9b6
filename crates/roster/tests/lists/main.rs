//! Whole lists, from bytes to matches.

// What holds in unit tests by itself (clippy.toml) has to be said for a test of its own crate.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod common;
mod given;
