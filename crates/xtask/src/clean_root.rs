//! A bare Debian root in which packages are tried: installed by apt with whatever they depend on, the server made
//! into a commune and asked for its figures, the window opened until its first page is asked for, and
//! everything removed again with the register left where it is.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::must_succeed;
use crate::run::Running;
use crate::tour::LEDGER;

/// Long enough for any machine; a window that never comes must end the trial.
const PATIENCE: Duration = Duration::from_secs(300);
const LOOK_AGAIN: Duration = Duration::from_millis(100);
const DATA: &str = "/var/lib/tungnha";

/// Tries packages in a root; the caller is root and has a DISPLAY.
pub(crate) fn try_out(root: &Path, packages: &[PathBuf]) -> Result<()> {
    let _mounted = Mounted::under(root)?;
    let inside = Inside(root);
    let mut install = inside.command("apt-get", &["install", "--yes", "--quiet", "--no-install-recommends"]);
    install.env("DEBIAN_FRONTEND", "noninteractive");
    for package in packages {
        let name = Path::new(package.file_name().context("a package without a name")?);
        std::fs::copy(package, root.join("tmp").join(name))?;
        install.arg(Path::new("/tmp").join(name));
    }
    must_succeed(&mut install)?;
    server(&inside)?;
    window(&inside)?;
    must_succeed(
        &mut inside.command("apt-get", &["purge", "--yes", "--quiet", "tung-nha", "tungnha-server"]),
    )?;
    for (path, stays) in [
        ("usr/bin/tung-nha", false),
        ("usr/bin/tungnha-server", false),
        ("var/lib/tungnha/register.db", true),
    ] {
        if root.join(path).exists() != stays {
            bail!("after removing both packages, {path} is {}", if stays { "gone" } else { "still there" });
        }
    }
    Ok(())
}

/// A commune is made as the package's user, a list taken in, served, and counted by another process.
fn server(inside: &Inside<'_>) -> Result<()> {
    std::fs::copy(crate::root().join(LEDGER), inside.0.join("tmp/list.xlsx"))?;
    let as_its_user = |words: &[&str]| {
        let user =
            ["--reuid=tungnha", "--regid=tungnha", "--init-groups", "--no-new-privs", "tungnha-server"];
        let mut command = inside.command("setpriv", &user);
        command.args(words).args(["--data", DATA]);
        command
    };
    must_succeed(&mut as_its_user(&[
        "init",
        "--commune-name",
        "Xã Đồng Sen",
        "--address",
        "127.0.0.1:8443",
    ]))?;
    must_succeed(&mut as_its_user(&[
        "roster",
        "import",
        "/tmp/list.xlsx",
        "--handed-over-by",
        "Ông Tư, trưởng thôn",
    ]))?;
    let (_serving, address) =
        Running::serve(&mut as_its_user(&["serve", "--listen", "127.0.0.1:0", "--json"]))?;
    println!("the installed server listens at {address}");
    let figures = as_its_user(&["figures", "--json"]).output()?;
    let figures: Value = serde_json::from_slice(&figures.stdout).context("figures said something else")?;
    if figures.get("households").and_then(Value::as_u64).is_none_or(|households| households == 0) {
        bail!("the installed server counts no household: {figures}");
    }
    Ok(())
}

/// The window is there once its first page is asked for, which makes the data folder. What the page shows is for
/// whoever looks: nothing here reads this screen.
fn window(inside: &Inside<'_>) -> Result<()> {
    let display = std::env::var("DISPLAY").context("the window needs a DISPLAY")?;
    let mut command = inside.command("tung-nha", &["--data", "/tmp/laptop"]);
    command.env("DISPLAY", display).env("HOME", "/root").env("NO_AT_BRIDGE", "1");
    // The screen's cookie lies outside.
    if let Some(cookie) = std::env::var_os("XAUTHORITY").filter(|file| Path::new(file).exists()) {
        std::fs::copy(cookie, inside.0.join("tmp/cookie"))?;
        command.env("XAUTHORITY", "/tmp/cookie");
    }
    let mut running = Running(command.spawn()?);
    let (lock, began) = (inside.0.join("tmp/laptop/lock"), Instant::now());
    while !lock.exists() {
        if let Some(status) = running.0.try_wait()? {
            bail!("the installed window ended by itself: {status}");
        }
        if began.elapsed() > PATIENCE {
            bail!("the installed window showed no page");
        }
        std::thread::park_timeout(LOOK_AGAIN);
    }
    println!("the installed window opens, and its first page was asked for");
    Ok(())
}

/// Commands inside a root.
struct Inside<'a>(&'a Path);

impl Inside<'_> {
    fn command(&self, program: &str, words: &[&str]) -> Command {
        let mut command = Command::new("chroot");
        command.arg(self.0).arg(program).args(words);
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8");
        command
    }
}

/// What programs expect of a running system; taken away again at the end.
struct Mounted(Vec<PathBuf>);

impl Mounted {
    fn under(root: &Path) -> Result<Self> {
        let mut mounted = Self(Vec::new());
        for (kind, at) in [("proc", "proc"), ("sysfs", "sys"), ("tmpfs", "dev/shm")] {
            let at = root.join(at);
            std::fs::create_dir_all(&at)?;
            must_succeed(Command::new("mount").args(["-t", kind, kind]).arg(&at))?;
            mounted.0.push(at);
        }
        Ok(mounted)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        for at in self.0.iter().rev() {
            // What cannot be taken away is named by the command itself.
            let _ = Command::new("umount").arg("--lazy").arg(at).status();
        }
    }
}
