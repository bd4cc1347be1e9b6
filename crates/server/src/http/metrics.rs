//! A handful of counters, in the Prometheus text format. Nothing in them is about a person or a place.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use sync_core::ingest::GroupOutcome;
use sync_core::wire::GroupAnswer;

/// Since the process started.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: AtomicU64,
    refusals: AtomicU64,
    faults: AtomicU64,
    pushes: AtomicU64,
    groups: AtomicU64,
    quarantined: AtomicU64,
    enrolments: AtomicU64,
    enrolments_refused: AtomicU64,
}

fn count(counter: &AtomicU64, by: usize) {
    counter.fetch_add(by as u64, Ordering::Relaxed);
}

impl Metrics {
    /// A request was answered with this status.
    pub(crate) fn answered(&self, status: u16) {
        count(&self.requests, 1);
        count(&self.refusals, usize::from((400..500).contains(&status)));
        count(&self.faults, usize::from(status >= 500));
    }

    /// A batch was taken.
    pub(crate) fn pushed(&self, groups: &[GroupAnswer]) {
        let quarantined = |answer: &&GroupAnswer| matches!(answer.outcome, GroupOutcome::Quarantined(_));
        count(&self.pushes, 1);
        count(&self.groups, groups.len());
        count(&self.quarantined, groups.iter().filter(quarantined).count());
    }

    /// Somebody showed an enrolment code. Many refused ones are somebody who tries codes.
    pub(crate) fn enrolled(&self, taken: bool) {
        count(if taken { &self.enrolments } else { &self.enrolments_refused }, 1);
    }

    /// The text of `/metrics`.
    pub(crate) fn text(&self, head: u64, devices: u64) -> String {
        let mut text = String::new();
        let counters = [
            ("requests", &self.requests),
            ("refusals", &self.refusals),
            ("faults", &self.faults),
            ("pushes", &self.pushes),
            ("groups", &self.groups),
            ("quarantined", &self.quarantined),
            ("enrolments", &self.enrolments),
            ("enrolments_refused", &self.enrolments_refused),
        ];
        for (name, counter) in counters {
            let value = counter.load(Ordering::Relaxed);
            // Writing into a string cannot fail.
            let _ = writeln!(text, "# TYPE tungnha_{name}_total counter\ntungnha_{name}_total {value}");
        }
        for (name, value) in [("head_position", head), ("devices", devices)] {
            let _ = writeln!(text, "# TYPE tungnha_{name} gauge\ntungnha_{name} {value}");
        }
        text
    }
}
