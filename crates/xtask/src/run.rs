//! `cargo xtask run`: what `./run` starts once the machine is set up. A commune of invented people on this
//! machine, its server, and the window; or, with `--tour`, the same without a person.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::tour::{self, COMMUNE, LEDGER, Tour};
use crate::{cargo, must_succeed, root, ui};

/// The hamlet of the ledger; its head's laptop is the one that opens.
const HAMLET: &str = "Thôn Sen Hạ";

/// The options of `./run`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Do the main job without a person, in the real window on a screen of its own
    #[arg(long)]
    tour: bool,
    /// Seed of every choice
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where pictures and tour.json go
    #[arg(long)]
    out: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if options.tour {
        let out = options.out.clone().unwrap_or_else(|| root().join("target/tour"));
        return tour::in_the_window(&Tour {
            seed: options.seed,
            list: LEDGER,
            plain: false,
            out: Some(&out),
        });
    }
    build()?;
    let folder = root().join("target/run");
    let office = Office { data: folder.join("commune") };
    // Written last: a commune whose making was cut off is made anew.
    let made = folder.join("made");
    if !made.exists() {
        eprintln!("Lập xã mẫu Đồng Sen: mọi người đều là giả định. / Making a commune of invented people…");
        if office.data.exists() {
            std::fs::remove_dir_all(&office.data)?;
        }
        office.make()?;
        std::fs::write(made, "")?;
    }
    let _serving = office.serve()?;
    let laptop = folder.join("laptop");
    if !laptop.join("register.db").exists() || laptop.join("enrolling.json").exists() {
        let code = office.code()?;
        eprintln!("\nDán mã kết nối này vào cửa sổ / Paste this code into the window:\n\n{code}\n");
    }
    eprintln!("Số liệu của xã mẫu / Data of the demo commune: {}", office.data.display());
    eprintln!("Đóng cửa sổ là dừng cả máy chủ. / Closing the window stops the server too.");
    must_succeed(Command::new(built("tung-nha")).arg("--data").arg(&laptop))
}

/// The window, with its pages, and the server.
pub(crate) fn build() -> Result<()> {
    eprintln!(
        "Dựng chương trình (lần đầu: 20 phút đến một giờ)… / Building (the first time: 20 minutes to an hour)…"
    );
    ui::build()?;
    // Its own lines say how far it is, and whether another build is waited for.
    must_succeed(cargo().args(["build", "--package", "desktop", "--package", "server", "--bins"]))
}

pub(crate) fn built(program: &str) -> PathBuf {
    root().join("target/debug").join(format!("{program}{}", std::env::consts::EXE_SUFFIX))
}

/// The commune office of the demonstration.
struct Office {
    data: PathBuf,
}

impl Office {
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(built("tungnha-server"));
        command.current_dir(root()).args(words).arg("--clock-is-right").arg("--data").arg(&self.data);
        command
    }

    fn make(&self) -> Result<()> {
        // Said to officers about real keys; these open nobody's data.
        must_succeed(
            self.command(&["init", "--commune-name", "Xã Đồng Sen"])
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )?;
        for list in [LEDGER, COMMUNE] {
            let list = Path::new(list);
            must_succeed(
                self.command(&["roster", "import"])
                    .arg(list)
                    .args(["--handed-over-by", "Ông Tư, trưởng thôn"])
                    .stdout(Stdio::null()),
            )?;
        }
        Ok(())
    }

    /// Starts serving at the address of the last start, which stands in the laptop's enrolment.
    fn serve(&self) -> Result<Running> {
        let kept = self.data.with_file_name("listen");
        let listen = std::fs::read_to_string(&kept).unwrap_or_else(|_| "127.0.0.1:0".to_owned());
        let (serving, address) =
            Running::serve(&mut self.command(&["serve", "--listen", &listen, "--json"]))?;
        std::fs::write(kept, address.trim_start_matches("https://"))?;
        Ok(serving)
    }

    fn code(&self) -> Result<String> {
        let words = ["enrol", "--role", "hamlet_head", "--hamlet", HAMLET, "--json"];
        let output = self.command(&words).stderr(Stdio::null()).output()?;
        let said = String::from_utf8(output.stdout)?;
        let said: Value = serde_json::from_str(said.lines().last().context("enrol said nothing")?)?;
        Ok(said.get("code").and_then(Value::as_str).context("no code")?.to_owned())
    }
}

/// A running program; dropping it ends it.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    /// Starts `tungnha-server serve --json` and waits until it listens; with the address it says.
    pub(crate) fn serve(serve: &mut Command) -> Result<(Self, String)> {
        let child = serve.stdout(Stdio::piped()).spawn().context("tungnha-server")?;
        let mut serving = Self(child);
        let lines = BufReader::new(serving.0.stdout.take().context("serve without output")?).lines();
        for line in lines.map_while(Result::ok) {
            let said: Value = serde_json::from_str(&line).unwrap_or_default();
            if let Some(address) = said.get("listening").and_then(Value::as_str) {
                return Ok((serving, address.to_owned()));
            }
        }
        // It said why on the terminal: another one serves this commune, or its address is taken.
        bail!("the server ended before it listened")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; nothing can be done about either.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
