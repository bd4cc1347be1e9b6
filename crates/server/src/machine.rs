//! The clock and the randomness of the server, as one argument: a test sets the year and the seed.

use std::fmt::Debug;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::ServerError;

/// The server's clock and randomness.
pub trait Machine: Debug + Send + Sync {
    /// Wall clock in milliseconds since 1970.
    fn wall_ms(&self) -> i64;
    /// Fills the bytes with what nobody can guess.
    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), std::io::Error>;
}

/// The real one.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemMachine;

/// Where systemd says that a server of time has set the clock since this start of the machine.
const SET_BY_NETWORK: &str = "/run/systemd/timesync/synchronized";

/// True if the clock is not this machine's own word. False where nobody says so.
pub fn is_clock_set_by_network() -> bool {
    std::path::Path::new(SET_BY_NETWORK).exists()
}

impl Machine for SystemMachine {
    fn wall_ms(&self) -> i64 {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
        }
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), std::io::Error> {
        getrandom::fill(bytes).map_err(std::io::Error::other)
    }
}

/// Random bytes as an array.
pub(crate) fn random<const N: usize>(machine: &dyn Machine) -> Result<[u8; N], ServerError> {
    let mut bytes = [0; N];
    machine.fill_random(&mut bytes)?;
    Ok(bytes)
}
