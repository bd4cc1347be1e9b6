//! The program started where something is wrong: no screen, a screen that is gone, no session bus, a webview
//! that dies, a folder that another window has open; and started twice in one session.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tests::display::Display;
use tests::{home, process};

use crate::patience::wait_for;

const WEB_PROCESS: &str = "WebKitWebProcess";

fn program() -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?.with_file_name("tung-nha"));
    command.env_remove("WAYLAND_DISPLAY").env("NO_AT_BRIDGE", "1");
    Ok(command)
}

/// What it says, and whether it ended as a failure, without a screen (`None`) or with one that is not there.
pub(crate) fn without_a_screen(data: &Path, display: Option<&str>) -> Result<Value> {
    let mut command = program()?;
    command.arg("--data").arg(data).env_remove("DISPLAY");
    if let Some(display) = display {
        command.env("DISPLAY", display);
    }
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().last().unwrap_or_default();
    // Where in the program it happened is for whoever mends it.
    let said = said.split(" (").next().unwrap_or_default();
    Ok(json!({ "failed": !output.status.success(), "said": said }))
}

/// A sentence of the catalogue, as the program must say it.
pub(crate) fn sentence(key: &str) -> Result<Value> {
    Ok(json!({ "failed": true, "said": catalogue(key)? }))
}

/// A sentence of the catalogue.
pub(crate) fn catalogue(key: &str) -> Result<String> {
    let catalogue: Value = serde_json::from_slice(&std::fs::read("assets/messages/vi.json")?)?;
    let said = catalogue.get(key).and_then(Value::as_str).context("no such sentence")?;
    Ok(said.to_owned())
}

/// More than a bare window has, fewer than text.
const FEW_COLOURS: usize = 16;

/// A window of a person whose desktop has no session bus, whose webview dies and comes back.
pub(crate) async fn page_comes_back(display: &Display, folder: &Path) -> Result<Value> {
    let mut command = program()?;
    command.env_remove("DBUS_SESSION_BUS_ADDRESS");
    command.env("DISPLAY", &display.name).envs(home::within(folder)?);
    let running = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
    let first = running.web_process(None).await?;
    // The page is there once letters are: a window without one has a colour or two.
    let mut view = display.view()?;
    wait_for("the page never showed anything", || {
        let colours: HashSet<_> = view.every_line(4)?.into_iter().collect();
        Ok((colours.len() > FEW_COLOURS).then_some(()))
    })
    .await?;
    Command::new("kill").args(["-9", &first]).status()?;
    let second = running.web_process(Some(&first)).await?;
    Ok(json!(first != second))
}

/// Starts the program in somebody's session with a list named from the list's own folder; whether it ended well.
pub(crate) async fn with_a_list(
    display: &Display,
    variables: &[(&'static str, PathBuf)],
    list: &Path,
) -> Result<Value> {
    let mut command = program()?;
    command.env("DISPLAY", &display.name).envs(variables.iter().cloned());
    command.current_dir(list.parent().context("the list's folder")?);
    command.arg(list.file_name().context("the list's name")?);
    let mut running = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
    let ended = wait_for("the second program did not end", || Ok(running.0.try_wait()?)).await?;
    Ok(json!(ended.success()))
}

/// The bus of a session; dropping it ends the session.
pub(crate) struct Bus {
    address: String,
    daemon: Child,
}

impl Bus {
    /// What an environment says of it.
    pub(crate) fn variable(&self) -> (&'static str, PathBuf) {
        ("DBUS_SESSION_BUS_ADDRESS", PathBuf::from(&self.address))
    }

    pub(crate) fn start() -> Result<Self> {
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("dbus-daemon")?;
        let stdout = daemon.stdout.take().context("dbus-daemon without output")?;
        let address =
            BufReader::new(stdout).lines().next().context("dbus-daemon ended before it was ready")??;
        Ok(Self { address, daemon })
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        // It may have ended by itself; nothing can be done about either.
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

/// A started program; dropping it ends it.
struct Running(Child);

impl Running {
    /// The process of its page, another one than before.
    async fn web_process(&self, before: Option<&str>) -> Result<String> {
        wait_for("the page's process did not come", || {
            let mut found = process::children(self.0.id())?.into_iter();
            Ok(found.find(|(id, name)| name == WEB_PROCESS && Some(id.as_str()) != before).map(|(id, _)| id))
        })
        .await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; nothing can be done about either.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
