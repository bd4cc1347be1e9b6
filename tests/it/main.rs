//! Tests that span crates and processes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout
)]

#[cfg(unix)]
#[path = "../../crates/server/tests/cluster/mod.rs"]
mod cluster;
mod enrolment;
mod faults;
mod kill;
mod lists;
mod lying;
mod office;
mod restored;
