//! What the tour says: one entry per step, with what was shown and what another process expected.

use std::time::Instant;

use serde::Serialize;
use serde_json::Value;

/// The whole tour.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) seed: u64,
    pub(crate) steps: Vec<Step>,
    pub(crate) households: i64,
    pub(crate) persons: i64,
    pub(crate) met_before: i64,
    pub(crate) met_after: i64,
    pub(crate) pushed_ops: u64,
    pub(crate) pulled_ops: u64,
}

/// One step; `ok` only if `shown` equals `expected`.
#[derive(Debug, Serialize)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) ok: bool,
    pub(crate) seconds: f64,
    pub(crate) shown: Value,
    pub(crate) expected: Value,
}

impl Report {
    /// Notes a step that began at `started`, and says it to people.
    pub(crate) fn step(&mut self, name: &str, started: Instant, shown: Value, expected: Value) {
        let ok = shown == expected;
        let seconds = started.elapsed().as_secs_f64();
        eprintln!("{} {name} ({seconds:.1} s)", if ok { "ok  " } else { "FAIL" });
        if !ok {
            eprintln!("     shown    {shown}\n     expected {expected}");
        }
        self.steps.push(Step { name: name.to_owned(), ok, seconds, shown, expected });
    }
}
