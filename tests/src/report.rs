//! What the tour says: one entry per step, with what was shown and what another process expected.
// The tours speak to people as they go.
#![allow(clippy::print_stderr)]

use std::time::Instant;

use serde::Serialize;
use serde_json::Value;

/// The whole tour.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Seed of every choice.
    pub seed: u64,
    /// In order.
    pub steps: Vec<Step>,
    /// In the hamlet.
    pub households: i64,
    /// In the hamlet.
    pub persons: i64,
    /// Households met before the visits.
    pub met_before: i64,
    /// And after them.
    pub met_after: i64,
    /// Sent by the laptops.
    pub pushed_ops: u64,
    /// Received by them.
    pub pulled_ops: u64,
}

/// One step; `ok` only if `shown` equals `expected`.
#[derive(Debug, Serialize)]
pub struct Step {
    /// What was done.
    pub name: String,
    /// `shown` equals `expected`.
    pub ok: bool,
    /// How long it took.
    pub seconds: f64,
    /// Read from the laptop, or from the page.
    pub shown: Value,
    /// Said by another process.
    pub expected: Value,
}

impl Report {
    /// Notes a step that began at `started`, and says it to people.
    pub fn step(&mut self, name: &str, started: Instant, shown: Value, expected: Value) {
        let ok = shown == expected;
        let seconds = started.elapsed().as_secs_f64();
        eprintln!("{} {name} ({seconds:.1} s)", if ok { "ok  " } else { "FAIL" });
        if !ok {
            eprintln!("     shown    {shown}\n     expected {expected}");
        }
        self.steps.push(Step { name: name.to_owned(), ok, seconds, shown, expected });
    }
}
