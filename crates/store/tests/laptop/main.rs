//! The laptop's store as the rest of the program uses it: a real encrypted file in a temporary folder.

mod common;
mod faults;
mod saving;
mod syncing;
