//! The commune's server as a process of its own, and its command line as other processes.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::home;

/// A commune's data folder and the program beside this one.
#[derive(Debug)]
pub struct Commune {
    program: PathBuf,
    data: PathBuf,
    /// Its environment: what it writes elsewhere lies beside its data folder.
    home: Vec<(&'static str, PathBuf)>,
}

impl Commune {
    /// Makes the commune.
    pub fn init(data: &Path) -> Result<Self> {
        let here = std::env::current_exe()?;
        let program = here.with_file_name(format!("tungnha-server{}", std::env::consts::EXE_SUFFIX));
        ensure!(program.exists(), "tungnha-server is not built");
        let home = home::within(data.parent().context("a data folder without a parent")?)?;
        let commune = Self { program, data: data.to_owned(), home };
        commune.say(&["init", "--commune-name", "Xã Đồng Sen"])?;
        Ok(commune)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).envs(self.home.iter().map(|(variable, place)| (variable, place)));
        // `roster preview` looks at a file only.
        if words.first() != Some(&"roster") || words.get(1) != Some(&"preview") {
            command.arg("--data").arg(&self.data);
        }
        command
    }

    fn say(&self, words: &[&str]) -> Result<String> {
        let output = self.command(words).output().with_context(|| format!("{words:?}"))?;
        if !output.status.success() {
            bail!("{words:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// A command's last line as JSON.
    pub fn json(&self, words: &[&str]) -> Result<Value> {
        let said = self.say(words)?;
        let last = said.lines().last().with_context(|| format!("{words:?} said nothing"))?;
        serde_json::from_str(last).with_context(|| format!("{words:?}"))
    }

    /// A one-time code for a role in a hamlet unit.
    pub fn code(&self, role: &str, hamlet: Option<&str>) -> Result<String> {
        let mut words = vec!["enrol", "--role", role, "--json"];
        if let Some(hamlet) = hamlet {
            words.extend(["--hamlet", hamlet]);
        }
        let said = self.json(&words)?;
        Ok(said.get("code").and_then(Value::as_str).context("no code")?.to_owned())
    }

    /// Starts serving; `address` from an earlier start, so that laptops find it again.
    pub fn serve(&self, address: Option<&str>) -> Result<Serving> {
        let listen = address.and_then(|url| url.split("//").nth(1)).unwrap_or("127.0.0.1:0");
        let mut child = self
            .command(&["serve", "--listen", listen, "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("serve")?;
        let stdout = child.stdout.take().context("serve without output")?;
        let mut lines = BufReader::new(stdout).lines();
        let address = loop {
            let line = lines.next().context("the server ended before it listened")??;
            if let Ok(said) = serde_json::from_str::<Value>(&line)
                && let Some(address) = said.get("listening").and_then(Value::as_str)
            {
                break address.to_owned();
            }
        };
        Ok(Serving { child, address })
    }
}

/// A running server; dropping it kills it.
#[derive(Debug)]
pub struct Serving {
    child: Child,
    /// `https://127.0.0.1:…`
    pub address: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself; nothing can be done about either.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
