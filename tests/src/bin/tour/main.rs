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

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Result, bail, ensure};
use clap::{Args, Parser, Subcommand};
use tests::home;

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
    /// The folder that is searched in the end, made by the tour for itself
    #[arg(long, hide = true)]
    within: Option<PathBuf>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.role {
        Some(Role::Visits { folder }) => visits::save_until_killed(&folder),
        None => match &cli.tour.within {
            Some(folder) => tour(&cli.tour, folder),
            None => at_home(),
        },
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs this tour once more in a folder of its own, with everything that laptops and server may write without
/// being told inside it: the folder is searched in the end. It is removed afterwards.
fn at_home() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut tour = Command::new(std::env::current_exe()?);
    tour.args(std::env::args_os().skip(1)).arg("--within").arg(folder.path());
    let ended = tour.envs(home::within(folder.path())?).status()?;
    ensure!(ended.success(), "the tour failed");
    Ok(())
}

fn tour(options: &Tour, folder: &Path) -> Result<()> {
    let report = steps::run(options, folder)?;
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
