//! The suite of `api` over registers in PostgreSQL: not a line of it knows where they are kept. Without the lists: there a
//! whole commune is taken in, for minutes, and what files lie about is looked at; a small list is in `commands`.

#![cfg(test)]
#![cfg(unix)]

#[path = "../cluster/mod.rs"]
mod cluster;
#[path = "../api/enrolling.rs"]
mod enrolling;
mod kept;
#[path = "../api/office.rs"]
mod office;
#[path = "../api/pulling.rs"]
mod pulling;
#[path = "../api/pushing.rs"]
mod pushing;
#[path = "../api/returning.rs"]
mod returning;
#[path = "../api/transport.rs"]
mod transport;
