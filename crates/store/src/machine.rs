//! The clock and the randomness of the machine, as one argument: what lets a test or the simulator give a
//! laptop a dead clock battery and replay a whole evening from one seed.

use std::fmt::Debug;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A laptop's clocks and randomness.
pub trait Machine: Debug + Send {
    /// Wall clock in milliseconds since 1970. May be wrong by decades and jump.
    fn wall_ms(&mut self) -> i64;
    /// Milliseconds since some start; never goes back.
    fn monotonic_ms(&mut self) -> i64;
    /// Fills the bytes with what nobody can guess.
    fn fill_random(&mut self, bytes: &mut [u8]) -> Result<(), std::io::Error>;
}

/// The real one.
#[derive(Debug)]
pub struct SystemMachine {
    started: Instant,
}

impl Default for SystemMachine {
    fn default() -> Self {
        Self { started: Instant::now() }
    }
}

impl Machine for SystemMachine {
    fn wall_ms(&mut self) -> i64 {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
        }
    }

    fn monotonic_ms(&mut self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    fn fill_random(&mut self, bytes: &mut [u8]) -> Result<(), std::io::Error> {
        getrandom::fill(bytes).map_err(std::io::Error::other)
    }
}

/// Random bytes as an array.
pub(crate) fn random<const N: usize>(machine: &mut dyn Machine) -> Result<[u8; N], std::io::Error> {
    let mut bytes = [0; N];
    machine.fill_random(&mut bytes)?;
    Ok(bytes)
}
