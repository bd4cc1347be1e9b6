//! The real server over real sockets on port 0: enrolment, push, pull, scopes, figures, backup.

#![cfg(test)]

mod enrolling;
mod kept;
mod lists;
mod office;
mod pulling;
mod pushing;
mod returning;
mod transport;
