//! `cargo xtask test`: the steps of `./test`, in order, each timed, all run even if one fails.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::tour::{self, COMMUNE, LEDGER, Tour};
use crate::{cargo, must_succeed, sabotage, tidy, ui};

/// Which steps to run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Names of steps; none means all of them
    steps: Vec<String>,
}

type Step = (&'static str, fn() -> Result<()>);

/// Quick ones first, so that a slip shows within seconds.
const STEPS: &[Step] = &[
    ("format", || must_succeed(cargo().args(["fmt", "--all", "--check"]))),
    ("tidy", tidy::tidy),
    // Before anything of Rust: the window carries the built pages in itself.
    ("pages", ui::check),
    ("lints", || {
        must_succeed(cargo().args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ]))
    }),
    ("tests", || must_succeed(cargo().args(["test", "--workspace", "--quiet"]))),
    ("browser", ui::in_browser),
    ("tour", || {
        (1..=2).try_for_each(|seed| tour::once(&Tour { seed, list: LEDGER, plain: false, out: None }))
    }),
    ("tour of a commune", || tour::once(&Tour { seed: 3, list: COMMUNE, plain: false, out: None })),
    ("window", || tour::in_the_window(&Tour { seed: 1, list: LEDGER, plain: false, out: None })),
    // Without keys the search for readable names must find them: a search that finds nothing proves nothing.
    ("control", || tour::once(&Tour { seed: 4, list: LEDGER, plain: true, out: None })),
    ("sabotage", || sabotage::sabotage(&sabotage::Options::default())),
];

pub(crate) fn test(options: &Options) -> Result<()> {
    if let Some(unknown) = options.steps.iter().find(|name| STEPS.iter().all(|(step, _)| step != name)) {
        let known: Vec<_> = STEPS.iter().map(|(name, _)| *name).collect();
        bail!("no step is called {unknown}; there are {}", known.join(", "));
    }
    let mut report = Vec::new();
    for (name, step) in STEPS {
        if !options.steps.is_empty() && !options.steps.iter().any(|wanted| wanted == name) {
            continue;
        }
        println!("── {name}");
        let started = Instant::now();
        let outcome = step();
        if let Err(error) = &outcome {
            eprintln!("{name}: {error:#}");
        }
        report.push((name, outcome.is_ok(), started.elapsed().as_secs_f64() / 60.0));
    }
    println!("\nstep                minutes");
    for (name, passed, minutes) in &report {
        println!("{name:<18} {minutes:>8.2}  {}", if *passed { "passed" } else { "FAILED" });
    }
    let failed = report.iter().filter(|(_, passed, _)| !passed).count();
    println!("\nsteps: {} passed, {failed} failed", report.len() - failed);
    if failed > 0 {
        bail!("{failed} of {} steps failed", report.len());
    }
    Ok(())
}
