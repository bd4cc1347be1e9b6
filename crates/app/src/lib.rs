//! Use cases: one function per thing a person does. A request comes in, a view goes out; there is no
//! window here, no HTTP, and no sentence for people. Tested with a real store in a temporary folder.

pub mod commands;
pub mod desk;
pub mod doors;
mod drafts;
pub mod error;
pub mod lists;
pub mod look;
pub mod pages;
pub mod register;
mod sample;
pub mod script;
pub mod setup;
mod shared;
pub mod sync;
mod training;
pub mod undo;
pub mod visit;

pub use error::AppError;
pub use setup::{Commune, Laptop, Place, shipped_rules};
pub use store::{Durability, KeyCost, SystemMachine};
