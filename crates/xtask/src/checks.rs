//! `cargo xtask test`: the steps of `./test`, in order, each timed, all run even if one fails. What a failed one said
//! is said again at the end: of a long log people read the last page.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::stopwatch::Stopwatch;
use crate::tour::{self, COMMUNE, LEDGER, Tour};
use crate::{cargo, must_succeed, root, sabotage, sim, tidy, ui};

/// Which steps to run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Names of steps; none means all of them
    steps: Vec<String>,
    /// Make this one step and nothing else; each step is a process of its own
    #[arg(long, hide = true, conflicts_with = "steps")]
    only: Option<String>,
}

/// Lines of a failed step that are said again at the end.
const LAST_LINES: usize = 80;

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
    ("simulator", || {
        let histories = |seeds, store: &str| {
            let (start, store) = (1, store.to_owned());
            sim::Options { seeds, start, store, steps: None, tell: false }
        };
        sim::sim(&histories(50_000, "memory"))?;
        sim::sim(&histories(500, "files"))?;
        sim::sim(&histories(100, "postgres"))
    }),
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
    let step_of = |wanted: &str| STEPS.iter().find(|(name, _)| *name == wanted);
    if let Some(unknown) = options.only.iter().chain(&options.steps).find(|name| step_of(name).is_none()) {
        let known: Vec<_> = STEPS.iter().map(|(name, _)| *name).collect();
        bail!("no step is called {unknown}; there are {}", known.join(", "));
    }
    if let Some((_, step)) = options.only.as_deref().and_then(step_of) {
        return step();
    }
    let mut watch = Stopwatch::default();
    let mut failed = Vec::new();
    for (name, _) in STEPS {
        if options.steps.is_empty() || options.steps.iter().any(|wanted| wanted == name) {
            // Told and counted; the next one runs all the same.
            failed.extend(watch.time(name, || in_a_process(name)).err().map(|_| *name));
        }
    }
    for name in &failed {
        let log = log_of(name);
        let said = last_lines(&log).unwrap_or_else(|error| format!("{error:#}"));
        println!("\n── {name} FAILED; its last lines (all: {})\n{said}", log.display());
    }
    let (made, failed) = watch.counts();
    println!("{}\nsteps: {} passed, {failed} failed", watch.table(), made - failed);
    if failed > 0 {
        bail!("{failed} of {made} steps failed");
    }
    Ok(())
}

fn log_of(name: &str) -> PathBuf {
    root().join("target/test").join(format!("{}.log", name.replace(' ', "-")))
}

/// One step, its words kept in its log and shown as they come. Its end is the end of its process: something that it
/// started and left behind cannot hold up the next.
fn in_a_process(name: &str) -> Result<()> {
    let path = log_of(name);
    std::fs::create_dir_all(path.parent().context("a log has a folder")?)?;
    let log = File::create(&path)?;
    let mut written = File::open(&path)?;
    let mut child = Command::new(std::env::current_exe()?)
        .args(["test", "--only", name])
        .env("NO_COLOR", "1")
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    let status = loop {
        let ended = child.try_wait()?;
        io::copy(&mut written, &mut io::stdout())?;
        match ended {
            Some(status) => break status,
            None => std::thread::park_timeout(Duration::from_millis(100)),
        }
    };
    if !status.success() {
        bail!("{status}");
    }
    Ok(())
}

fn last_lines(log: &Path) -> Result<String> {
    let said = std::fs::read(log)?;
    let said = String::from_utf8_lossy(&said);
    let before = said.lines().count().saturating_sub(LAST_LINES);
    Ok(said.lines().skip(before).collect::<Vec<_>>().join("\n"))
}
