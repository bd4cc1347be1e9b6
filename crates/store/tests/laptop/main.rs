//! The laptop's store as the rest of the program uses it: a real encrypted file in a temporary folder.
// The lints spare tests only inside #[test] functions; what they share panics as they do.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]

mod faults;
mod full_disk;
mod kit;
mod leaving;
mod saving;
mod syncing;
mod twin;
