//! `./run --tour`: the main job of the product in the real window, by keyboard, against a real server. What
//! each step shows is read from the page and compared with what another process says. The last line of the
//! output is JSON; pictures and `tour.json` go to the folder named.
// A command-line tool speaks on its standard output.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod album;
mod disk;
mod enlarged;
mod faults;
mod page;
mod patience;
mod starts;
mod steps;
mod visits;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Parser;
use serde_json::Value;
use tests::report::Report;

/// What the tour is told.
#[derive(Parser, Clone, Debug)]
struct Tour {
    /// Seed of every choice
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The household list
    #[arg(long)]
    list: PathBuf,
    /// Where pictures and tour.json go
    #[arg(long)]
    out: PathBuf,
}

fn main() -> ExitCode {
    let options = Tour::parse();
    match disk::tour_that_may_mount().and_then(|run| match run {
        Some(status) => Ok(status.success()),
        None => tour(&options).map(|()| true),
    }) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn tour(options: &Tour) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut report = Report { seed: options.seed, ..Report::default() };
    // Where it could not go on, what it had seen until then is told all the same.
    let began = Instant::now();
    let ended = runtime.block_on(steps::run(options, &mut report));
    if let Err(error) = &ended {
        report.step("goes-on-to-the-end", began, format!("{error:#}").into(), Value::Null);
    }
    std::fs::create_dir_all(&options.out)?;
    std::fs::write(options.out.join("tour.json"), serde_json::to_vec_pretty(&report)?)?;
    let failed: Vec<_> = report.steps.iter().filter(|step| !step.ok).map(|step| step.name.as_str()).collect();
    let (steps, passed) = (report.steps.len(), report.steps.len() - failed.len());
    eprintln!("{passed} of {steps} steps passed; pictures and tour.json: {}", options.out.display());
    println!("{}", serde_json::to_string(&report)?);
    ended?;
    if !failed.is_empty() {
        bail!("seed {}: {}", options.seed, failed.join(", "));
    }
    Ok(())
}
