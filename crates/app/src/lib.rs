//! Use cases: one function per thing a person does. A request comes in, a view goes out; there is no
//! window here, no HTTP, and no sentence for people. Tested with a real store in a temporary folder.

pub mod error;
pub mod lists;
pub mod register;
pub mod setup;
pub mod sync;
pub mod visit;

pub use error::AppError;
pub use setup::{Commune, Laptop, Place, shipped_rules};
