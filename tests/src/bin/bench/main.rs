//! `bench NAME`: the product against a reference in the same run, mostly the same work done by hand with plain
//! rusqlite. Started by `cargo xtask bench`, which builds it in release. It prints and writes `OUT/NAME.md` and
//! `.json`; no test asserts a time.

// A tool: it speaks on its standard output.
#![allow(clippy::print_stdout)]

mod by_hand;
mod commune;
mod measure;
mod pulling;
mod report;
mod spine;
#[cfg(target_os = "linux")]
mod start;
mod sync;

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;

#[derive(Parser)]
#[command(about = "Times the product against a reference")]
enum Bench {
    /// Saving, importing, searching and opening the figures on one laptop
    Spine(spine::Options),
    /// What a server does with what laptops send, without the wire
    Sync(sync::Options),
    /// From a start to the unlock page and on to Hôm nay, in the real window
    #[cfg(target_os = "linux")]
    Start(start::Options),
}

/// Where the report goes.
#[derive(clap::Args)]
struct Out {
    /// Folder for the report
    #[arg(long)]
    out: PathBuf,
}

fn main() -> Result<()> {
    match Bench::parse() {
        Bench::Spine(options) => spine::run(&options),
        Bench::Sync(options) => sync::run(&options),
        #[cfg(target_os = "linux")]
        Bench::Start(options) => start::run(&options),
    }
}
