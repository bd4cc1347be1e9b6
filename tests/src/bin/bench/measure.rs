//! Clocks and medians.

use std::time::{Duration, Instant};

/// Wall-clock and processor time of one piece of work.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

impl std::ops::AddAssign for Spent {
    fn add_assign(&mut self, more: Self) {
        self.wall += more.wall;
        self.cpu += more.cpu;
    }
}

/// Runs and times.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Spent) {
    let (wall, cpu) = (Instant::now(), processor_time());
    let value = work();
    let spent = Spent { wall: wall.elapsed(), cpu: processor_time().saturating_sub(cpu) };
    (value, spent)
}

/// Of this process, user and system.
#[cfg(unix)]
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Nothing safe to ask elsewhere: figures of the processor are for Linux and macOS.
#[cfg(not(unix))]
fn processor_time() -> Duration {
    Duration::ZERO
}

/// The value below which so many of a hundred lie; 0 of nothing.
pub(crate) fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    sorted.get((last * percent).div_ceil(100)).copied().unwrap_or(0.0)
}

pub(crate) fn median(values: &[f64]) -> f64 {
    percentile(values, 50)
}

pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

pub(crate) fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles() {
        let check = |values: &[f64], percent, expect: f64| {
            assert!((percentile(values, percent) - expect).abs() < 1e-9, "{values:?} {percent}");
        };
        check(&[], 50, 0.0);
        check(&[3.0, 1.0, 2.0], 50, 2.0);
        check(&[3.0, 1.0, 2.0], 99, 3.0);
        check(&[3.0, 1.0, 2.0], 0, 1.0);
    }
}
