//! How long the steps of a command took, and which of them failed.

use std::fmt::Write;
use std::time::Instant;

use anyhow::Result;
use serde_json::Value;

/// Steps in the order they were made.
#[derive(Debug, Default)]
pub(crate) struct Stopwatch(Vec<Step>);

#[derive(Debug)]
struct Step {
    name: &'static str,
    passed: bool,
    minutes: f64,
}

impl Stopwatch {
    /// Makes one step.
    pub(crate) fn time<T>(&mut self, name: &'static str, step: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("── {name}");
        let started = Instant::now();
        let outcome = step();
        if let Err(error) = &outcome {
            eprintln!("{name}: {error:#}");
        }
        let minutes = started.elapsed().as_secs_f64() / 60.0;
        self.0.push(Step { name, passed: outcome.is_ok(), minutes });
        outcome
    }

    /// Steps made, and how many of them failed.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.0.len(), self.0.iter().filter(|step| !step.passed).count())
    }

    /// For people.
    pub(crate) fn table(&self) -> String {
        let mut table = String::from("\nstep                minutes\n");
        for Step { name, passed, minutes } in &self.0 {
            let passed = if *passed { "passed" } else { "FAILED" };
            let _ = writeln!(table, "{name:<18} {minutes:>8.2}  {passed}");
        }
        table
    }

    /// For programs: minutes by the name of the step.
    pub(crate) fn minutes(&self) -> Value {
        let rounded = |minutes: f64| (minutes * 100.0).round() / 100.0;
        self.0.iter().map(|step| (step.name.to_owned(), Value::from(rounded(step.minutes)))).collect()
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn a_failed_step_is_counted_and_named() {
        let mut watch = Stopwatch::default();
        assert_eq!(watch.time("one", || Ok(1)).ok(), Some(1));
        assert!(watch.time("two", || -> Result<()> { bail!("no") }).is_err());
        assert_eq!(watch.counts(), (2, 1));
        let table = watch.table();
        let line = |name| table.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        assert!(line("one").ends_with("passed") && line("two").ends_with("FAILED"));
        assert!(watch.minutes().get("two").is_some());
    }
}
