//! `cargo xtask codegen`: the TypeScript that the pages are compiled against, out of the commands of
//! `crates/app`. A test there fails when the file is stale.

use anyhow::{Context, Result, bail};

use crate::{cargo, root};

const TYPES: &str = "ui/src/api/generated/commands.ts";

pub(crate) fn codegen() -> Result<()> {
    let output = cargo().args(["run", "--quiet", "--package", "app", "--example", "typescript"]).output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let path = root().join(TYPES);
    std::fs::create_dir_all(path.parent().context("a folder")?)?;
    std::fs::write(&path, &output.stdout)?;
    println!("{TYPES}");
    Ok(())
}
