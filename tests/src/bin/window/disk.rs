//! Small disks in memory that a data folder can lie on: filled to the last byte, or turned read-only. They are
//! mounted in a mount namespace of the tour's own, so that nobody else sees them and nothing of them is left
//! behind, however the tour ends. Root may always make one; others may where the system lets them be root among
//! their own processes. On permission bits nothing is built here: they do not hold for root.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result, bail};

use crate::patience::wait_for;

/// Set for the tour that was started again where it may mount.
const MAY_MOUNT: &str = "TUNGNHA_TOUR_MAY_MOUNT";
/// Room for a hamlet's register and its log.
const SIZE: &str = "size=32m";
/// What fills the disk, beside the data.
const FILL: &str = "fill";

/// Whether disks can be mounted here.
pub(crate) fn may_mount() -> bool {
    std::env::var_os(MAY_MOUNT).is_some()
}

/// Runs the tour once more where it may mount, and says how it ended. `None`: it is there already, or nobody
/// may mount on this machine.
pub(crate) fn tour_that_may_mount() -> Result<Option<ExitStatus>> {
    if may_mount() {
        return Ok(None);
    }
    for who in [&[][..], &["--user", "--map-root-user"][..]] {
        let own = || {
            let mut command = Command::new("unshare");
            command.args(["--mount", "--propagation", "private"]).args(who);
            command
        };
        // A try of its own, or a tour that failed could not be told from a machine that refuses.
        let tried = own().args(["mount", "-t", "tmpfs", "none", "/mnt"]).output();
        if tried.is_ok_and(|output| output.status.success()) {
            let again = own()
                .arg(std::env::current_exe()?)
                .args(std::env::args_os().skip(1))
                .env(MAY_MOUNT, "1")
                .status();
            return again.map(Some).context("unshare");
        }
    }
    Ok(None)
}

/// A mounted disk.
#[derive(Debug)]
pub(crate) struct Disk {
    root: PathBuf,
}

impl Disk {
    /// Mounts an empty one on a folder, which is made.
    pub(crate) fn mount(root: &Path) -> Result<Self> {
        std::fs::create_dir_all(root)?;
        mount(&["-t", "tmpfs", "-o", SIZE, "none"], root)?;
        Ok(Self { root: root.to_owned() })
    }

    /// Where a laptop's data lie on it.
    pub(crate) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// Fills it until not one byte more is taken.
    pub(crate) fn fill(&self) -> Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(self.root.join(FILL))?;
        for chunk in [1 << 20, 1 << 12, 1] {
            let bytes = vec![0; chunk];
            while takes(&mut file, &bytes)? {}
        }
        Ok(())
    }

    /// Takes away what filled it.
    pub(crate) fn free(&self) -> Result<()> {
        Ok(std::fs::remove_file(self.root.join(FILL))?)
    }

    /// From here on nothing on it can be written; or it can again. Waits for a program that is just ending to
    /// let its files go.
    pub(crate) async fn read_only(&self, read_only: bool) -> Result<()> {
        let as_now = if read_only { "remount,ro" } else { "remount,rw" };
        wait_for("the disk stays in use", || Ok(mount(&["-o", as_now], &self.root).ok())).await
    }
}

/// Whether there was room for one more.
fn takes(file: &mut File, bytes: &[u8]) -> Result<bool> {
    match file.write_all(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::StorageFull => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn mount(arguments: &[&str], on: &Path) -> Result<()> {
    let output = Command::new("mount").args(arguments).arg(on).output().context("mount")?;
    if !output.status.success() {
        bail!("mount {}: {}", on.display(), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
