//! `cargo xtask …`: everything a developer, the continuous integration and the two scripts `./run`
//! and `./test` ask of the project. One module per command; no product code lives here.
// A command-line tool speaks on its standard output.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bench;
mod checks;
mod clean_root;
mod codegen;
mod notices;
mod package;
mod run;
mod sabotage;
mod sim;
mod stopwatch;
mod tidy;
mod tour;
mod ui;
mod windows;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use clap::Parser;

#[derive(Parser)]
#[command(name = "xtask", about = "Tools of Từng Nhà; ./run and ./test call them")]
enum Task {
    /// Run every check and print the minutes of each (what ./test does)
    Test(checks::Options),
    /// Do the main job without a person and compare what it shows with what another process says
    Tour(tour::Options),
    /// Start the product (what ./run does)
    Run(run::Options),
    /// Time the product against a reference, in release; writes target/bench/NAME.md and .json
    Bench(bench::Options),
    /// Try sync on random histories with faults, over the real stores; the same seed leaves the same trace
    Sim(sim::Options),
    /// Build each named fault and show the check that goes red
    Sabotage(sabotage::Options),
    /// Build the window and the server in release, and pack them for Debian
    Package(package::Options),
    /// Build them for Windows with an installer; --test runs the tests there under Wine
    Windows(windows::Options),
    /// Write the types that the pages share with the use cases
    Codegen,
    /// Check the house rules: dependency direction, licences, file sizes and names, paths in documents
    Tidy,
}

fn main() -> ExitCode {
    let outcome = match Task::parse() {
        Task::Test(options) => checks::test(&options),
        Task::Run(options) => run::run(&options),
        Task::Bench(options) => bench::bench(&options),
        Task::Sim(options) => sim::sim(&options),
        Task::Sabotage(options) => sabotage::sabotage(&options),
        Task::Tour(options) => tour::tour(&options),
        Task::Package(options) => package::package(&options),
        Task::Windows(options) => windows::windows(&options),
        Task::Codegen => codegen::codegen(),
        Task::Tidy => tidy::tidy(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's folder, wherever the tool is called from.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map(PathBuf::from).unwrap_or_default()
}

/// The cargo that called us, so that a script's choice of toolchain holds for everything below it.
fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Runs to the end; an exit code other than 0 is an error naming the command.
fn must_succeed(command: &mut Command) -> Result<()> {
    let line = format!("{command:?}");
    let status = command.status().with_context(|| format!("cannot start {line}"))?;
    if !status.success() {
        bail!("{status}: {line}");
    }
    Ok(())
}

/// Installs what a command needs, where it is missing: a function of `crates/xtask/setup.sh`.
fn need(function: &str) -> Result<()> {
    let line = format!(". crates/xtask/setup.sh && {function}");
    must_succeed(Command::new("sh").current_dir(root()).args(["-c", &line])).context("setting the machine up")
}
