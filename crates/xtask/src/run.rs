//! `cargo xtask run`: what `./run` starts once the machine is set up.

use anyhow::{Result, bail};

/// The options of `./run`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Drive the main job without a person and write pictures and tour.json
    #[arg(long)]
    tour: bool,
    /// Seed of every random choice of the tour
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    bail!("nothing to start yet (tour: {}, seed: {})", options.tour, options.seed)
}
