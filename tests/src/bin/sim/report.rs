//! The sums of many histories, and how far they are.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Serialize;

use crate::verdict::Verdict;

/// What readers of the last line get.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
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
    pub(crate) failed: Vec<u64>,
    #[serde(skip)]
    progress: Progress,
}

#[derive(Debug)]
struct Progress {
    all: u64,
    begun: Instant,
    told: Instant,
    /// Traces are summed up in the order of the seeds, whichever ends first.
    next: u64,
    early: BTreeMap<u64, String>,
    sum: blake3::Hasher,
}

/// Between two words of how far it is.
const QUIET: Duration = Duration::from_secs(20);

impl Report {
    /// Of so many histories none has ended. What never happens is told as 0.
    pub(crate) fn begin(all: u64, faults: &[&'static str]) -> Self {
        let (begun, sum) = (Instant::now(), blake3::Hasher::new());
        Self {
            histories: 0,
            saves: 0,
            ops: 0,
            lost: 0,
            duplicated: 0,
            diverged: 0,
            out_of_scope: 0,
            faults: faults.iter().map(|fault| (*fault, 0)).collect(),
            trace: String::new(),
            failed: vec![],
            progress: Progress { all, begun, told: begun, next: 0, early: BTreeMap::new(), sum },
        }
    }

    /// Says and sums up what was wrong with a history.
    pub(crate) fn judge(&mut self, seed: u64, verdict: &Verdict) {
        for complaint in &verdict.complaints {
            println!("seed {seed}: {complaint}");
        }
        self.lost += verdict.lost;
        self.duplicated += verdict.duplicated;
        self.diverged += verdict.diverged;
        self.out_of_scope += verdict.out_of_scope;
        if !verdict.complaints.is_empty() && !self.failed.contains(&seed) {
            self.failed.push(seed);
        }
    }

    /// One has ended, the `nth` of them; `same` if its second run was the same.
    pub(crate) fn add(&mut self, nth: u64, seed: u64, mut verdict: Verdict, same: bool) {
        if !same {
            verdict.complaints.push("the second time it was another history".into());
        }
        self.judge(seed, &verdict);
        self.histories += 1;
        self.saves += verdict.saves;
        self.ops += verdict.ops;
        for (fault, effects) in verdict.faults {
            *self.faults.entry(fault).or_default() += effects;
        }
        self.progress.early.insert(nth, verdict.trace);
        while let Some(trace) = self.progress.early.remove(&self.progress.next) {
            self.progress.sum.update(trace.as_bytes());
            self.progress.next += 1;
        }
        self.tell();
    }

    fn tell(&mut self) {
        let Self { histories, failed, progress, .. } = self;
        if progress.told.elapsed() < QUIET {
            return;
        }
        progress.told = Instant::now();
        let (spent, all) = (progress.begun.elapsed(), progress.all);
        let left = spent.mul_f64((all - *histories) as f64 / (*histories).max(1) as f64);
        let minutes = |spent: Duration| spent.as_secs_f64() / 60.0;
        eprintln!(
            "{histories} of {all} histories, {} went wrong; {:.1} minutes, some {:.1} to go",
            failed.len(),
            minutes(spent),
            minutes(left)
        );
    }

    pub(crate) fn json(&mut self) -> Result<String> {
        self.trace = self.progress.sum.finalize().to_hex().to_string();
        Ok(serde_json::to_string(self)?)
    }

    /// Faults that never did anything.
    pub(crate) fn never(&self) -> Vec<&'static str> {
        self.faults.iter().filter(|(_, effects)| **effects == 0).map(|(fault, _)| *fault).collect()
    }
}
