//! `sim`: histories out of a seed, over the real rules, the real database of the laptops and the real register of the
//! server (sync rules §11). One thread, one seed, one history: the same seed twice leaves the same trace. Between the
//! two lies a line that loses, repeats and cuts messages; laptops crash, are put back from copies of their disks and
//! copied; the server is put back to backups; clocks are wrong by decades.
//!
//! - `world`: what happens, drawn from the dice. `verdict`: what must hold when it is over.
//! - `laptop`, `office`: the two sides. `line`: what lies between them. `edits`: what people save.

// A tool: it speaks on its standard output.
#![allow(clippy::print_stdout)]

mod edits;
mod laptop;
mod line;
mod office;
mod verdict;
mod world;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail};
use clap::Parser;
use serde::Serialize;

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
    /// Steps of each
    #[arg(long, default_value_t = 60)]
    steps: u32,
    /// Print every step of the history
    #[arg(long)]
    tell: bool,
}

/// What `--json` readers get: the sums of all histories.
#[derive(Debug, Default, Serialize)]
struct Report {
    histories: u64,
    saves: u64,
    ops: u64,
    lost: u64,
    duplicated: u64,
    diverged: u64,
    out_of_scope: u64,
    /// Of each fault how often it did something.
    faults: BTreeMap<&'static str, u64>,
    /// Of all histories together.
    trace: String,
    /// Seeds in which something was wrong.
    failed: Vec<u64>,
}

/// So many of the first are run once more.
const RUN_TWICE: u64 = 5;

fn main() -> Result<()> {
    let options = Options::parse();
    let next = AtomicU64::new(0);
    let told: Mutex<BTreeMap<u64, Result<Verdict>>> = Mutex::default();
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if nth >= options.seeds {
                        return;
                    }
                    let seed = options.start.wrapping_add(nth);
                    let verdict = world::run(seed, options.steps, options.tell);
                    told.lock().unwrap_or_else(PoisonError::into_inner).insert(nth, verdict);
                }
            });
        }
    });
    let told = told.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut report = Report::default();
    let mut trace = blake3::Hasher::new();
    for (nth, verdict) in told {
        let seed = options.start.wrapping_add(nth);
        let verdict = verdict.unwrap_or_else(|error| Verdict {
            complaints: vec![format!("it ended: {error:#}")],
            ..Verdict::default()
        });
        trace.update(verdict.trace.as_bytes());
        // Whoever looks for what went wrong in a seed must find the same history again.
        let again = (nth < RUN_TWICE).then(|| world::run(seed, options.steps, false));
        if again.is_some_and(|again| again.map_or(String::new(), |again| again.trace) != verdict.trace) {
            println!("seed {seed}: the second time it was another history");
            report.failed.push(seed);
        }
        for complaint in &verdict.complaints {
            println!("seed {seed}: {complaint}");
        }
        if !verdict.complaints.is_empty() {
            report.failed.push(seed);
        }
        report.histories += 1;
        report.saves += verdict.saves;
        report.ops += verdict.ops;
        report.lost += verdict.lost;
        report.duplicated += verdict.duplicated;
        report.diverged += verdict.diverged;
        report.out_of_scope += verdict.out_of_scope;
        for (fault, effects) in verdict.faults {
            *report.faults.entry(fault).or_default() += effects;
        }
    }
    report.trace = trace.finalize().to_hex().to_string();
    println!("{}", serde_json::to_string(&report)?);
    if !report.failed.is_empty() {
        bail!("{} of {} histories went wrong", report.failed.len(), report.histories);
    }
    // A fault that never did anything proves nothing. A few histories need not meet each.
    let never: Vec<_> = world::FAULTS.iter().filter(|fault| !report.faults.contains_key(*fault)).collect();
    if !never.is_empty() && report.histories >= 100 {
        bail!("never happened: {never:?}");
    }
    Ok(())
}
