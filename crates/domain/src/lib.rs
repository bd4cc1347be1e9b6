//! The words and rules of the field, as plain values and plain functions.
//!
//! Everybody stands on this crate; it stands on nobody. It does no I/O, reads no clock and no source of
//! randomness: time, ids and rule files are arguments. Each module has its table tests beside it.

pub mod calendar;
mod codes;
pub mod consent;
pub mod criteria;
pub mod door;
pub mod fact;
#[cfg(feature = "sabotage")]
pub mod fault;
pub mod figures;
pub mod ids;
pub mod people;
pub mod phone;
pub mod registry;
pub mod rules;
pub mod tally;
pub mod text;
pub mod visit;

#[cfg(test)]
mod sample;
