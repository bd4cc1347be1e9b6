//! Somewhere to open a window: a virtual screen of a laptop's size, and what is to be seen on it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use tempfile::TempDir;

/// A virtual screen; it ends with this value.
#[derive(Debug)]
pub struct Display {
    /// As a program's environment names it: `:99`.
    pub name: String,
    /// How many times as large its owner has everything drawn.
    pub scale: u8,
    screen: Child,
    /// Holds the file in which the screen keeps its pixels.
    pixels: TempDir,
}

impl Display {
    /// A virtual screen of 1366×768, whatever else this machine has: pictures of two runs can be compared.
    pub fn virtual_screen() -> Result<Self> {
        Self::screen_of("1366x768", 1)
    }

    /// One of another size, on which its owner has everything drawn twice as large.
    pub fn enlarged(size: &str) -> Result<Self> {
        Self::screen_of(size, 2)
    }

    fn screen_of(size: &str, scale: u8) -> Result<Self> {
        let pixels = tempfile::tempdir()?;
        // The server itself chooses a free number and tells it once it can be reached.
        let mut screen = Command::new("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp", "-noreset", "-screen", "0"])
            .arg(format!("{size}x24"))
            .arg("-fbdir")
            .arg(pixels.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("Xvfb")?;
        let stdout = screen.stdout.take().context("Xvfb without output")?;
        let number = BufReader::new(stdout).lines().next().context("Xvfb ended before it was ready")??;
        Ok(Self { name: format!(":{}", number.trim()), scale, screen, pixels })
    }

    /// What is to be seen from now on, read without asking the screen for it.
    pub fn view(&self) -> Result<View> {
        let mut file = File::open(self.pixels.path().join("Xvfb_screen0"))?;
        let mut header = [0; 4 * 13];
        file.read_exact(&mut header)?;
        // X's own format of a dumped window (XWDFile.h): numbers of 32 bits, the larger end first.
        let number = |at: usize| {
            let bytes = header.get(4 * at..4 * at + 4).and_then(|bytes| bytes.try_into().ok());
            bytes.map_or(0, u32::from_be_bytes)
        };
        let (height, line_bytes) = (u64::from(number(5)), u64::from(number(12)));
        let start = file.metadata()?.len().checked_sub(height * line_bytes).context("no such screen")?;
        Ok(View { file, start, height, line_bytes })
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        // It may have ended by itself; nothing can be done about either.
        let _ = self.screen.kill();
        let _ = self.screen.wait();
    }
}

/// Reads a screen's pixels.
#[derive(Debug)]
pub struct View {
    file: File,
    start: u64,
    height: u64,
    line_bytes: u64,
}

impl View {
    /// Pixels of a line.
    pub fn width(&self) -> usize {
        usize::try_from(self.line_bytes / 4).unwrap_or(usize::MAX)
    }

    /// Every `nth` line of the screen as it is now, four bytes a pixel: few enough to look often without keeping
    /// the machine from what is timed, close enough that no line of text slips through.
    pub fn every_line(&mut self, nth: usize) -> Result<Vec<[u8; 4]>> {
        let width = self.width();
        let lines: Vec<u64> = (0..self.height).step_by(nth).collect();
        let mut picture = vec![[0; 4]; width * lines.len()];
        for (line, into) in lines.into_iter().zip(picture.chunks_exact_mut(width)) {
            self.file.seek(SeekFrom::Start(self.start + line * self.line_bytes))?;
            self.file.read_exact(into.as_flattened_mut())?;
        }
        Ok(picture)
    }
}
