//! The pages: their packages, their checks, and the built files that the window carries in itself.

use std::process::Command;

use anyhow::Result;

use crate::{cargo, must_succeed, root};

/// Packages as the lock file says, fetched only where they are not there yet.
fn packages() -> Result<()> {
    let ui = root().join("ui");
    let changed = |path: &str| std::fs::metadata(ui.join(path)).and_then(|found| found.modified()).ok();
    if changed("node_modules/.package-lock.json") >= changed("package-lock.json") {
        return Ok(());
    }
    must_succeed(npm().args(["ci", "--no-fund", "--no-audit", "--silent"]))
}

fn npm() -> Command {
    let mut command = Command::new("npm");
    command.current_dir(root().join("ui"));
    command
}

fn script(name: &str) -> Result<()> {
    must_succeed(npm().args(["run", "--silent", name]))
}

/// Builds the pages into `ui/dist`, which the window carries in itself.
pub(crate) fn build() -> Result<()> {
    packages()?;
    script("build")
}

/// Types, house rules, and the tests that need no browser; builds what the window carries.
pub(crate) fn check() -> Result<()> {
    build()?;
    ["check", "lint", "test"].iter().try_for_each(|name| script(name))
}

/// Every component in a real browser: no serious accessibility fault, no request that leaves the machine.
pub(crate) fn in_browser() -> Result<()> {
    packages()?;
    must_succeed(cargo().args(["build", "--quiet", "--package", "app", "--example", "desk"]))?;
    script("e2e")
}
