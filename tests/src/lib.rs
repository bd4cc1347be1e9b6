//! The harness of tests and benchmarks that span crates: a laptop from a seed, and a register of
//! people who do not exist.
//!
//! - `src/bin/bench`: the product against the same work by hand (`cargo xtask bench`).
//! - `src/bin/tour`: the main job without a window; `src/bin/window`: the same in the real one.
//! - `src/bin/saver.rs`: a program that saves until it is killed; `it/kill.rs` kills it.

pub mod commune;
pub mod dice;
pub mod disk;
pub mod display;
pub mod home;
pub mod laptop;
pub mod process;
pub mod register;
pub mod report;
