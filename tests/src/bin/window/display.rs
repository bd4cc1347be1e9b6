//! Somewhere to open a window: the screen that is there, or a virtual one of a laptop's size.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

/// A display; a virtual one ends with this value.
#[derive(Debug)]
pub(crate) struct Display {
    pub(crate) name: String,
    /// How many times as large its owner has everything drawn.
    pub(crate) scale: u8,
    virtual_screen: Option<Child>,
}

impl Display {
    /// A virtual screen of 1366×768, whatever else this machine has: pictures of two runs can be compared.
    pub(crate) fn virtual_screen() -> Result<Self> {
        Self::screen_of("1366x768")
    }

    /// One of another size, on which its owner has everything drawn twice as large.
    pub(crate) fn enlarged(size: &str) -> Result<Self> {
        let mut display = Self::screen_of(size)?;
        display.scale = 2;
        Ok(display)
    }

    fn screen_of(size: &str) -> Result<Self> {
        // The server itself chooses a free number and tells it once it can be reached.
        let mut child = Command::new("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp", "-noreset", "-screen", "0"])
            .arg(format!("{size}x24"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("Xvfb")?;
        let stdout = child.stdout.take().context("Xvfb without output")?;
        let number = BufReader::new(stdout).lines().next().context("Xvfb ended before it was ready")??;
        Ok(Self { name: format!(":{}", number.trim()), scale: 1, virtual_screen: Some(child) })
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        if let Some(screen) = &mut self.virtual_screen {
            // It may have ended by itself; nothing can be done about either.
            let _ = screen.kill();
            let _ = screen.wait();
        }
    }
}
