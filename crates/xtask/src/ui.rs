//! The pages: their packages, their checks, and the built files that the window carries in itself.

use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

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

/// Builds the pages into `ui/dist`, which the window carries in itself; not where nothing has changed, since every
/// build of them links the window anew, maybe under somebody who has it open.
pub(crate) fn build() -> Result<()> {
    packages()?;
    let built = std::fs::metadata(root().join("ui/dist/index.html")).and_then(|page| page.modified()).ok();
    let mut newest = None;
    for part in ["ui", "assets"] {
        newest = newest.max(newest_in(&root().join(part))?);
    }
    if built < newest { script("build") } else { Ok(()) }
}

/// When the newest source below a folder was written; what is fetched or made is no source.
fn newest_in(folder: &Path) -> Result<Option<SystemTime>> {
    let mut newest = None;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_file() {
            newest = newest.max(Some(entry.metadata()?.modified()?));
        } else if kind.is_dir()
            && !["node_modules", "dist", "i18n/generated"].iter().any(|made| path.ends_with(made))
        {
            newest = newest.max(newest_in(&path)?);
        }
    }
    Ok(newest)
}

/// Types, house rules, and the tests that need no browser; builds what the window carries.
pub(crate) fn check() -> Result<()> {
    packages()?;
    script("build")?;
    ["check", "lint", "test"].iter().try_for_each(|name| script(name))
}

/// Every component in a real browser: no serious accessibility fault, no request that leaves the machine.
pub(crate) fn in_browser() -> Result<()> {
    packages()?;
    must_succeed(cargo().args(["build", "--quiet", "--package", "app", "--example", "desk"]))?;
    script("e2e")
}
