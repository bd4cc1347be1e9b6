//! `sim`: histories out of a seed (sync rules §11). One thread, one seed, one history: the same seed twice leaves the same
//! trace. On files the real rules run over the real database of the laptops and the real register of the server, and
//! between the two lies a line that loses, repeats and cuts messages; laptops crash, are put back from copies of their
//! disks and copied; the server is put back to backups; clocks are wrong by decades. In memory the same rules run without
//! a disk, for a thousand times as many histories (`sync_core::convergence`).
//!
//! - `world`: what happens, drawn from the dice. `faults`: what befalls it. `verdict`: what must hold. `report`: the sums of many histories.
//! - `laptop`, `office`: the two sides. `line`: what lies between them. `edits`: what people save.

// A tool: it speaks on its standard output, and says on the other how far it is.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[cfg(unix)]
#[path = "../../../../crates/server/tests/cluster/mod.rs"]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod cluster;
mod edits;
mod faults;
mod laptop;
mod line;
mod office;
mod report;
mod verdict;
mod world;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};

use report::Report;
use verdict::Verdict;

#[derive(Parser)]
#[command(about = "Tries sync on random histories with faults")]
struct Options {
    /// So many histories
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The seed of the first
    #[arg(long, default_value_t = 1)]
    start: u64,
    /// What they run on
    #[arg(long, value_enum, default_value = "files")]
    store: Store,
    /// Steps of each on files; in memory a seed says how many
    #[arg(long, default_value_t = 60)]
    steps: u32,
    /// Print every step on files; in memory, the fewest steps that still go wrong
    #[arg(long)]
    tell: bool,
    /// Leave out the seeds that went wrong once
    #[arg(long)]
    without_kept: bool,
}

/// What a history runs on.
#[derive(Clone, Copy, ValueEnum)]
enum Store {
    Files,
    Memory,
    /// Laptops' files, and the server's register in a PostgreSQL that is started for it.
    Postgres,
}

/// So many of the first are run once more.
const RUN_TWICE: u64 = 5;
/// A few histories need not meet each fault; so many must.
const MEET_ALL: u64 = 100;

impl Store {
    /// As it is called on the command line.
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Everything that can go wrong there. Each is counted when it did something.
    fn faults(self) -> Vec<&'static str> {
        match self {
            Self::Files => [world::FAULTS, world::FAULTS_OF_A_FILE].concat(),
            Self::Postgres => world::FAULTS.to_vec(),
            Self::Memory => sync_core::convergence::EFFECTS.to_vec(),
        }
    }

    /// One history; a panic in it is one more thing that went wrong.
    fn run(self, seed: u64, steps: u32, tell: bool) -> Verdict {
        let run = || match self {
            Self::Files => world::run(seed, steps, tell, None),
            Self::Postgres => in_postgres(seed, steps, tell),
            Self::Memory => Ok(sync_core::convergence::history(seed, tell).into()),
        };
        let ended = match std::panic::catch_unwind(run) {
            Ok(Ok(verdict)) => return verdict,
            Ok(Err(error)) => format!("it ended: {error:#}"),
            Err(_) => "it panicked, as told above".to_owned(),
        };
        Verdict { complaints: vec![ended], ..Verdict::default() }
    }

    /// Seeds that went wrong once, with their steps. They keep their meaning as long as nobody changes what is drawn.
    fn kept(self) -> Result<Vec<(u64, u32)>> {
        let file = format!("{}/fixtures/seeds/{}.txt", env!("CARGO_MANIFEST_DIR"), self.name());
        let text = std::fs::read_to_string(Path::new(&file)).with_context(|| file.clone())?;
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let read = |line: &str| {
            let mut words = line.split_whitespace();
            Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
        };
        lines.map(|line| read(line).with_context(|| format!("{file}: {line}"))).collect()
    }
}

/// In a database of its own: the same seed twice makes the same commune.
#[cfg(unix)]
fn in_postgres(seed: u64, steps: u32, tell: bool) -> Result<Verdict> {
    let database = cluster::database();
    let verdict = world::run(seed, steps, tell, Some(&database));
    cluster::remove(&database);
    verdict
}

#[cfg(not(unix))]
fn in_postgres(_: u64, _: u32, _: bool) -> Result<Verdict> {
    bail!("no PostgreSQL is started here")
}

fn main() -> Result<()> {
    let options = Options::parse();
    let Options { seeds, start, store, steps, tell, .. } = options;
    let mut report = Report::begin(seeds, &store.faults());
    if !options.without_kept {
        for (seed, steps) in store.kept()? {
            report.judge(seed, &store.run(seed, steps, false));
        }
    }
    let next = AtomicU64::new(0);
    let report = Mutex::new(report);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if nth >= seeds {
                        return;
                    }
                    let seed = start.wrapping_add(nth);
                    let verdict = store.run(seed, steps, tell);
                    // Whoever looks for what went wrong in a seed must find the same history again.
                    let same = nth >= RUN_TWICE || store.run(seed, steps, false).trace == verdict.trace;
                    let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
                    report.add(nth, seed, verdict, same);
                }
            });
        }
    });
    let mut report = report.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("{}", report.json()?);
    if !report.failed.is_empty() {
        let file = store.name();
        println!("keep them: one line each in tests/fixtures/seeds/{file}.txt, \"seed steps  what it was\"");
        bail!("{} of {seeds} histories went wrong", report.failed.len());
    }
    // A fault that never did anything proves nothing.
    let never = report.never();
    if !never.is_empty() && seeds >= MEET_ALL {
        bail!("never happened: {never:?}");
    }
    Ok(())
}
