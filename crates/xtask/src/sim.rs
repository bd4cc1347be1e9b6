//! `cargo xtask sim`: random histories with faults over the real stores. They are the program `sim` of the package
//! `tests`; this builds it with optimisation and assertions, without anything of the window, and starts it.

use anyhow::Result;

use crate::{cargo, must_succeed};

/// As the simulator calls them.
const STORES: [&str; 3] = ["files", "memory", "postgres"];

/// Which histories.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// So many
    #[arg(long, default_value_t = 100)]
    pub(crate) seeds: u64,
    /// The seed of the first; the others count on from it
    #[arg(long, default_value_t = 1)]
    pub(crate) start: u64,
    /// What they run on: databases as in the product, the same rules in memory, or the server's register in PostgreSQL
    #[arg(long, value_parser = STORES, default_value = STORES[0])]
    pub(crate) store: String,
    /// Steps of each
    #[arg(long)]
    pub(crate) steps: Option<u32>,
    /// Print every step: for one seed that went wrong
    #[arg(long)]
    pub(crate) tell: bool,
}

pub(crate) fn sim(options: &Options) -> Result<()> {
    let Options { seeds, start, store, steps, tell } = options;
    let mut command = cargo();
    command.args(["run", "--quiet", "--profile", "sim", "--package", "tests", "--bin", "sim", "--"]);
    command.arg("--seeds").arg(seeds.to_string()).arg("--start").arg(start.to_string());
    command.args(["--store", store]);
    if let Some(steps) = steps {
        command.arg("--steps").arg(steps.to_string());
    }
    if *tell {
        command.arg("--tell");
    }
    must_succeed(&mut command)
}
