//! One window from its start to its end.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tests::display::{Display, View};
use tests::{home, process};

use super::keyboard::Keyboard;
use super::screen;
use crate::measure::millis;

const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// Of a thousand pixels at least so many are other ones on another page; a sentence about wrong words changes fewer.
const ANOTHER_PAGE: f64 = 100.0;

/// Which window.
pub(crate) enum Started<'a> {
    /// With nothing in it.
    Empty,
    /// Ours, over a data folder.
    Over(&'a Path),
}

pub(crate) struct Window {
    program: Child,
    view: View,
    keyboard: Keyboard,
    /// From the start of its process to what it then went on showing.
    pub(crate) shown_ms: f64,
}

impl Window {
    /// `folder`: holds what the program writes without being told.
    pub(crate) fn open(display: &Display, folder: &Path, started: &Started<'_>) -> Result<Self> {
        let here = std::env::current_exe()?;
        let mut command = Command::new(match started {
            Started::Empty => here.with_file_name("examples").join("empty"),
            Started::Over(_) => here.with_file_name("tung-nha"),
        });
        match started {
            // What ours sees to by itself.
            Started::Empty => command.env("WEBKIT_DISABLE_DMABUF_RENDERER", "1"),
            Started::Over(data) => {
                command.env_remove("WEBKIT_DISABLE_DMABUF_RENDERER").arg("--data").arg(data)
            }
        };
        command.envs(home::within(folder)?).env("DISPLAY", &display.name).env("NO_AT_BRIDGE", "1");
        for elsewhere in ["WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "TAURI_WEBVIEW_AUTOMATION"] {
            command.env_remove(elsewhere);
        }
        let mut view = display.view()?;
        let keyboard = Keyboard::of(&display.name)?;
        let before = screen::look(&mut view)?;
        let began = Instant::now();
        let program = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("is it built?")?;
        let mut window = Self { program, view, keyboard, shown_ms: 0.0 };
        let shown = screen::at_rest(&mut window.view, before)?;
        window.shown_ms = millis(shown.duration_since(began));
        Ok(window)
    }

    /// Types into what has the focus, and presses Enter; milliseconds from that key to what is then shown.
    pub(crate) fn type_and_enter(&mut self, text: &str) -> Result<f64> {
        self.keyboard.focus_the_window()?;
        let before = screen::look(&mut self.view)?;
        self.keyboard.type_text(text)?;
        screen::at_rest(&mut self.view, before).context("no letter appeared")?;
        let before = screen::look(&mut self.view)?;
        let began = Instant::now();
        self.keyboard.enter()?;
        let shown = screen::at_rest(&mut self.view, before.clone()).context("nothing came after Enter")?;
        let other = screen::per_thousand(&before, &screen::look(&mut self.view)?);
        if other < ANOTHER_PAGE {
            bail!("Enter led to no other page: {other:.0} of a thousand pixels are other ones");
        }
        Ok(millis(shown.duration_since(began)))
    }

    /// Keeps what is to be seen.
    pub(crate) fn picture(&mut self, path: &Path) -> Result<()> {
        let (pixels, width) = (self.view.every_line(1)?, self.view.width());
        let size = (u32::try_from(width)?, u32::try_from(pixels.len() / width.max(1))?);
        let mut encoder = png::Encoder::new(BufWriter::new(File::create(path)?), size.0, size.1);
        encoder.set_color(png::ColorType::Rgb);
        let colours: Vec<u8> =
            pixels.iter().flat_map(|[blue, green, red, _]| [*red, *green, *blue]).collect();
        Ok(encoder.write_header()?.write_image_data(&colours)?)
    }

    /// Ends the program, and waits until its page's process has gone as well.
    pub(crate) fn close(mut self) -> Result<()> {
        let pages = process::children(self.program.id())?;
        self.program.kill()?;
        self.program.wait()?;
        let began = Instant::now();
        while pages.iter().any(|(id, _)| Path::new("/proc").join(id).exists()) {
            if began.elapsed() > PATIENCE {
                bail!("a page outlived its window");
            }
            std::thread::park_timeout(LOOK_AGAIN);
        }
        Ok(())
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // It may have ended by itself; nothing can be done about either.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
