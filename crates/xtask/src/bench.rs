//! `cargo xtask bench NAME`: the product against the same work by hand, in release. The benchmarks are
//! the program `bench` of the package `tests`; this builds and starts it.

use anyhow::Result;

use crate::{cargo, must_succeed, root};

/// Which benchmark.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// spine: saving, importing, searching and opening the figures on one laptop
    name: String,
    /// So many people of the sample commune; without it all of them
    #[arg(long)]
    people: Option<usize>,
}

pub(crate) fn bench(options: &Options) -> Result<()> {
    let mut command = cargo();
    command.args(["run", "--quiet", "--release", "--package", "tests", "--bin", "bench", "--"]);
    command.arg(&options.name).arg("--out").arg(root().join("target/bench"));
    if let Some(people) = options.people {
        command.arg("--people").arg(people.to_string());
    }
    must_succeed(&mut command)
}
