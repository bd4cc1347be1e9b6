//! The real server over real sockets on port 0: enrolment, push, pull, scopes, figures, backup.

mod enrolling;
mod office;
mod pulling;
mod pushing;
