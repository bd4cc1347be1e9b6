//! The laptop's store as the rest of the program uses it: a real encrypted file in a temporary folder.

mod faults;
mod kit;
mod saving;
mod syncing;
