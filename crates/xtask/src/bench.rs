//! `cargo xtask bench NAME`: the product against a reference, in release. The benchmarks are
//! the program `bench` of the package `tests`; this builds and starts it.

use anyhow::Result;

use crate::{cargo, must_succeed, root, ui};

/// Which benchmark.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// spine: saving, importing, searching and opening the figures on one laptop; sync: a server taking what laptops send; start: the window's start
    name: String,
    /// So many people of the sample commune; without it what the benchmark itself takes
    #[arg(long)]
    people: Option<usize>,
    /// sync: the same once more into this PostgreSQL database
    #[arg(long)]
    postgres: Option<String>,
}

pub(crate) fn bench(options: &Options) -> Result<()> {
    if options.name == "start" {
        // One build for both windows, so that what they share is the same.
        ui::build()?;
        let windows = ["--package", "desktop", "--bin", "tung-nha", "--example", "empty"];
        must_succeed(cargo().args(["build", "--quiet", "--release"]).args(windows))?;
    }
    let mut command = cargo();
    command.args(["run", "--quiet", "--release", "--package", "tests", "--bin", "bench", "--"]);
    command.arg(&options.name).arg("--out").arg(root().join("target/bench"));
    if let Some(people) = options.people {
        command.arg("--people").arg(people.to_string());
    }
    if let Some(url) = &options.postgres {
        command.arg("--postgres").arg(url);
    }
    must_succeed(&mut command)
}
