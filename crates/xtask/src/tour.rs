//! `cargo xtask tour`: builds what the tour needs and runs it for a range of seeds. Without a window it is
//! `tests/src/bin/tour`, in the real one `tests/src/bin/window`.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::{cargo, must_succeed, root, run};

/// The ledger one hamlet keeps.
pub(crate) const LEDGER: &str = "tests/fixtures/roster/so-ho-thon-sen-ha.xlsx";
/// The flat list of a whole commune.
pub(crate) const COMMUNE: &str = "tests/fixtures/roster/danh-sach-xa-mau.xlsx";

/// Which tours to run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Without a window
    #[arg(long)]
    headless: bool,
    /// A seed, or a range: `7`, `1..20`
    #[arg(long, default_value = "1")]
    seed: String,
    /// With the list of the whole commune instead of one hamlet's ledger
    #[arg(long)]
    commune: bool,
    /// A build that writes databases without a key: the search for readable names must find them
    #[arg(long)]
    control: bool,
    /// Where tour.json goes
    #[arg(long)]
    out: Option<PathBuf>,
}

/// One tour.
pub(crate) struct Tour<'a> {
    pub(crate) seed: u64,
    pub(crate) list: &'a str,
    pub(crate) plain: bool,
    pub(crate) out: Option<&'a Path>,
}

pub(crate) fn tour(options: &Options) -> Result<()> {
    let list = if options.commune { COMMUNE } else { LEDGER };
    let out = options.out.clone().unwrap_or_else(|| root().join("target/tour"));
    for seed in seeds(&options.seed)? {
        let tour = Tour { seed, list, plain: options.control, out: Some(&out) };
        if options.headless { once(&tour)? } else { in_the_window(&tour)? }
    }
    Ok(())
}

/// Builds what is needed and runs one tour.
pub(crate) fn once(tour: &Tour<'_>) -> Result<()> {
    // A control build would throw away the normal one if it shared its folder.
    let target = root().join(if tour.plain { "target/control" } else { "target" });
    let mut build = cargo();
    build.args(["build", "--quiet", "--package", "server", "--package", "tests", "--bins"]);
    if tour.plain {
        build.args(["--features", "tests/plain"]);
    }
    must_succeed(build.env("CARGO_TARGET_DIR", &target))?;
    let program = target.join("debug").join(format!("tour{}", std::env::consts::EXE_SUFFIX));
    let mut command = std::process::Command::new(program);
    command.current_dir(root()).arg("--seed").arg(tour.seed.to_string()).arg("--list").arg(tour.list);
    if let Some(out) = tour.out {
        command.arg("--out").arg(out);
    }
    if tour.plain {
        command.arg("--plain");
    }
    if tour.out.is_none() {
        // Who wants the JSON names a folder or calls the command itself; a log of checks is for people.
        command.stdout(std::process::Stdio::null());
    }
    must_succeed(&mut command)
}

/// Builds the window too, and does the main job in it.
pub(crate) fn in_the_window(tour: &Tour<'_>) -> Result<()> {
    run::build()?;
    must_succeed(cargo().args(["build", "--quiet", "--package", "tests", "--bin", "window"]))?;
    let mut command = std::process::Command::new(run::built("window"));
    command.current_dir(root()).arg("--seed").arg(tour.seed.to_string()).arg("--list").arg(tour.list);
    command.arg("--out").arg(tour.out.map_or_else(|| root().join("target/tour"), Path::to_path_buf));
    if tour.out.is_none() {
        command.stdout(std::process::Stdio::null());
    }
    must_succeed(&mut command)
}

fn seeds(text: &str) -> Result<std::ops::RangeInclusive<u64>> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let (from, to) = (from.parse()?, to.trim_start_matches('=').parse()?);
    if from > to {
        bail!("no seed in {text}");
    }
    Ok(from..=to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_or_a_range() {
        assert_eq!(seeds("7").unwrap(), 7..=7);
        assert_eq!(seeds("1..20").unwrap(), 1..=20);
        assert!(seeds("3..1").is_err() && seeds("x").is_err());
    }
}
