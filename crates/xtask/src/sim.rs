//! `cargo xtask sim`: random histories with faults over the real stores. They are the program `sim` of the package
//! `tests`; this builds it with optimisation and assertions, without anything of the window, and starts it.

use anyhow::Result;

use crate::{cargo, must_succeed};

/// Which histories.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// So many
    #[arg(long, default_value_t = 100)]
    pub(crate) seeds: u64,
    /// The seed of the first; the others count on from it
    #[arg(long, default_value_t = 1)]
    pub(crate) start: u64,
    /// What they run on
    #[arg(long, value_enum, default_value = "files")]
    pub(crate) store: Store,
    /// Steps of each
    #[arg(long)]
    pub(crate) steps: Option<u32>,
    /// Print every step: for one seed that went wrong
    #[arg(long)]
    pub(crate) tell: bool,
}

/// Which stores.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Store {
    /// The databases of laptops and server, as in the product
    Files,
    /// The same rules without a disk: for hundreds of thousands
    Memory,
    /// Laptops' databases, and the server's register in PostgreSQL
    Postgres,
}

impl Store {
    fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Memory => "memory",
            Self::Postgres => "postgres",
        }
    }
}

pub(crate) fn sim(options: &Options) -> Result<()> {
    let Options { seeds, start, store, steps, tell } = options;
    let mut command = cargo();
    command.args(["run", "--quiet", "--profile", "sim", "--package", "tests", "--bin", "sim", "--"]);
    command.arg("--seeds").arg(seeds.to_string()).arg("--start").arg(start.to_string());
    command.args(["--store", store.name()]);
    if let Some(steps) = steps {
        command.arg("--steps").arg(steps.to_string());
    }
    if *tell {
        command.arg("--tell");
    }
    must_succeed(&mut command)
}
