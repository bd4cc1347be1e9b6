//! The headless tour: the main job of the product, done through `app` and the real server over HTTPS, with
//! no window. A household list goes in, three visits are recorded while the server is away, the laptop's
//! process is killed, opened again, meets the server, and a second laptop shows the change. What each step
//! shows is compared with what another process says.
//!
//! `tour --seed S [--list FILE] [--out DIR] [--plain]`; the last line of its output is JSON
//! (`docs/ARCHITECTURE.md` names the other tools). Called with `visits` it is the laptop that gets killed.
// A command-line tool speaks on its standard output.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod laptops;
mod readable;
mod steps;
mod visits;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    role: Option<Role>,
    #[command(flatten)]
    tour: Tour,
}

#[derive(Subcommand)]
enum Role {
    /// The laptop that saves visits and is killed while it saves one more
    Visits {
        /// Its data folder
        folder: PathBuf,
    },
}

/// What the tour is told.
#[derive(Args, Clone, Debug)]
struct Tour {
    /// Seed of every choice
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The household list
    #[arg(long)]
    list: Option<PathBuf>,
    /// Where pictures and tour.json go; a window's tour has pictures, this one has none
    #[arg(long)]
    out: Option<PathBuf>,
    /// This build writes databases without a key: the search for readable names must find them
    #[arg(long)]
    plain: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.role {
        Some(Role::Visits { folder }) => visits::save_until_killed(&folder),
        None => tour(&cli.tour),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn tour(options: &Tour) -> Result<()> {
    let report = steps::run(options)?;
    if let Some(out) = &options.out {
        std::fs::create_dir_all(out)?;
        std::fs::write(out.join("tour.json"), serde_json::to_vec_pretty(&report)?)?;
    }
    let failed: Vec<_> = report.steps.iter().filter(|step| !step.ok).map(|step| step.name.as_str()).collect();
    println!("{}", serde_json::to_string(&report)?);
    if !failed.is_empty() {
        bail!("seed {}: {}", options.seed, failed.join(", "));
    }
    Ok(())
}
