//! `cargo xtask test`: the steps of `./test`, in order, each timed, all run even if one fails.

use anyhow::{Result, bail};

use crate::stopwatch::Stopwatch;
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
    let mut watch = Stopwatch::default();
    for (name, step) in STEPS {
        if options.steps.is_empty() || options.steps.iter().any(|wanted| wanted == name) {
            // Told and counted; the next one runs all the same.
            let _ = watch.time(name, step);
        }
    }
    let (made, failed) = watch.counts();
    println!("{}\nsteps: {} passed, {failed} failed", watch.table(), made - failed);
    if failed > 0 {
        bail!("{failed} of {made} steps failed");
    }
    Ok(())
}
