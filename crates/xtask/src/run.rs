//! `cargo xtask run`: what `./run` starts once the machine is set up. There is no window yet: until there
//! is one, the main job is done without it, said step by step.

use std::path::PathBuf;

use anyhow::Result;

use crate::{root, tour};

/// The options of `./run`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Do the main job without a person; until there is a window, `./run` always does
    #[arg(long)]
    tour: bool,
    /// Seed of every choice
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where tour.json goes
    #[arg(long)]
    out: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if !options.tour {
        eprintln!("Chưa có cửa sổ: chạy thử trọn việc chính không cần cửa sổ.");
        eprintln!(
            "There is no window yet. Doing the main job without one: a commune server on this machine,"
        );
        eprintln!("a hamlet's list taken in, three visits without a network, the program killed and opened");
        eprintln!("again, the work sent, and a second laptop that shows it. All people are invented.\n");
    }
    let out = options.out.clone().unwrap_or_else(|| root().join("target/tour"));
    for list in [tour::LEDGER, tour::COMMUNE] {
        eprintln!("{list}");
        tour::once(&tour::Tour { seed: options.seed, list, plain: false, out: Some(&out) })?;
    }
    Ok(())
}
