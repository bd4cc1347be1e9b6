//! `cargo xtask windows`: the window and the server for Windows, built on Debian, and the installer of the window;
//! with `--test` also the tests of the crates without a webview, and the installer, run under Wine. The usual
//! toolchain has no standard library for Windows: Debian's compiler builds one from its sources. It takes the better
//! part of an hour the first time, and is no part of `./test`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::notices::{Carrier, notices};
use crate::stopwatch::Stopwatch;
use crate::{must_succeed, need, root, ui};

const TARGET: &str = "x86_64-pc-windows-gnu";
const WINE: &str = "/usr/lib/wine/wine64";
const WINE_SERVER: &str = "/usr/lib/wine/wineserver64";
/// What a program may ask Windows 10 itself for; anything else must lie beside it.
const OF_WINDOWS: &[&str] = &[
    "advapi32.dll",
    "bcrypt.dll",
    "bcryptprimitives.dll",
    "combase.dll",
    "comctl32.dll",
    "crypt32.dll",
    "dwmapi.dll",
    "gdi32.dll",
    "imm32.dll",
    "kernel32.dll",
    "msvcrt.dll",
    "ntdll.dll",
    "ole32.dll",
    "oleaut32.dll",
    "propsys.dll",
    "rpcrt4.dll",
    "secur32.dll",
    "shell32.dll",
    "shlwapi.dll",
    "user32.dll",
    "userenv.dll",
    "uxtheme.dll",
    "version.dll",
    "ws2_32.dll",
];

/// What to do.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run the tests of the crates without a webview, and the installer, under Wine
    #[arg(long)]
    test: bool,
}

pub(crate) fn windows(options: &Options) -> Result<()> {
    need("need_windows")?;
    let mut watch = Stopwatch::default();
    watch.time("pages", ui::build)?;
    watch.time("programs", || {
        must_succeed(cargo("build").args(["--release", "-p", "desktop", "-p", "server"]))
    })?;
    let installer = watch.time("installer", installer)?;
    if options.test {
        watch.time("tests under Wine", tests)?;
        watch.time("installer under Wine", || try_out(&installer))?;
    }
    println!("{}", watch.table());
    let size = |path: &Path| fs::metadata(path).map(|found| found.len());
    println!(
        "{}",
        json!({
            "installer": installer,
            "bytes": {
                "installer": size(&installer)?,
                "tung-nha.exe": size(&folder().join("installed/tung-nha.exe"))?,
                "tungnha-server.exe": size(&built("release", "tungnha-server.exe"))?,
            },
            "minutes": watch.minutes(),
            "tested_under_wine": options.test,
        })
    );
    Ok(())
}

fn folder() -> PathBuf {
    root().join("target/windows")
}

fn built(profile: &str, file: &str) -> PathBuf {
    folder().join(TARGET).join(profile).join(file)
}

/// Debian's cargo for Windows, apart from the usual one: another version, another folder of everything.
fn cargo(subcommand: &str) -> Command {
    let mut command = Command::new("/usr/bin/cargo");
    command.current_dir(root()).args([subcommand, "--locked", "--target", TARGET]);
    // The harness of tests is a part of the standard library too, and no part of what people get.
    let harness = if subcommand == "test" { ",test" } else { "" };
    command.arg(format!("-Zbuild-std=std,panic_unwind,panic_abort{harness}"));
    // What the cargo that started us set for its own compiler.
    for variable in ["CARGO", "RUSTC_WRAPPER", "RUSTUP_TOOLCHAIN", "RUSTFLAGS"] {
        command.env_remove(variable);
    }
    // The standard library may only be built by a compiler that is told to be a nightly one.
    command.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", "/usr/bin/rustc").env("RUSTDOC", "/usr/bin/rustdoc");
    command.env("CARGO_HOME", folder().join("cargo-home")).env("CARGO_TARGET_DIR", folder());
    command
}

/// Lays out what gets installed, and packs it.
fn installer() -> Result<PathBuf> {
    let from = folder().join("installed");
    if from.exists() {
        fs::remove_dir_all(&from)?;
    }
    fs::create_dir_all(&from)?;
    for file in ["tung-nha.exe", "WebView2Loader.dll"] {
        fs::copy(built("release", file), from.join(file)).with_context(|| file.to_owned())?;
    }
    // Line tables are as large as all the rest; nobody at a door reads a backtrace.
    must_succeed(Command::new("x86_64-w64-mingw32-strip").arg(from.join("tung-nha.exe")))?;
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        fs::copy(root().join(licence), from.join(format!("{licence}.txt")))?;
    }
    let said = notices(Carrier { package: "desktop", pages: true }, TARGET)?;
    fs::write(from.join("THIRD-PARTY.txt"), said.replace('\n', "\r\n"))?;
    needs_only_windows(&from)?;

    let packages = root().join("target/package");
    fs::create_dir_all(&packages)?;
    let version = env!("CARGO_PKG_VERSION");
    let installer = packages.join(format!("tung-nha_{version}_windows_x64.exe"));
    let mut bytes = 0;
    for entry in fs::read_dir(&from)? {
        bytes += entry?.metadata()?.len();
    }
    let defined = [
        ("VERSION", version.to_owned()),
        ("SIZE_KB", (bytes / 1024).to_string()),
        ("FROM", from.display().to_string()),
        ("ICON", root().join("src-tauri/icons/icon.ico").display().to_string()),
        ("OUT", installer.display().to_string()),
    ];
    let mut command = Command::new("makensis");
    // Warnings are errors: a sentence that one language lacks is only a warning.
    command.args(["-V2", "-WX"]).args(defined.map(|(name, value)| format!("-D{name}={value}")));
    must_succeed(command.arg(root().join("assets/package/windows/installer.nsi")))?;
    Ok(installer)
}

/// Every library that the programs of a folder ask for is one of Windows or lies beside them.
fn needs_only_windows(folder: &Path) -> Result<()> {
    let files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    // Windows does not tell large letters from small ones.
    let beside: Vec<_> = files.iter().map(|path| lower_case_name(path)).collect();
    let is_program = |name: &str| name.ends_with(".exe") || name.ends_with(".dll");
    for (path, name) in files.iter().zip(&beside).filter(|(_, name)| is_program(name)) {
        let output = Command::new("x86_64-w64-mingw32-objdump").arg("-p").arg(path).output()?;
        let listed = String::from_utf8_lossy(&output.stdout).into_owned();
        let wanted = listed.lines().filter_map(|line| line.trim().strip_prefix("DLL Name: "));
        let missing: Vec<_> = wanted
            .map(str::to_lowercase)
            .filter(|dll| !dll.starts_with("api-ms-win-"))
            .filter(|dll| !OF_WINDOWS.contains(&dll.as_str()) && !beside.contains(dll))
            .collect();
        if !missing.is_empty() {
            bail!("{name} asks for {}, which Windows may not have", missing.join(", "));
        }
    }
    Ok(())
}

fn lower_case_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().to_lowercase()
}

/// The tests of everything but the window and the tools of Linux.
fn tests() -> Result<()> {
    let beside = built("debug", "");
    fs::create_dir_all(beside.join("deps"))?;
    let library = beside.join("bcryptprimitives.dll");
    must_succeed(
        Command::new("x86_64-w64-mingw32-gcc")
            .args(["-shared", "-O2", "-Wall", "-Werror", "-o"])
            .arg(&library)
            .arg(root().join("assets/package/windows/prng_for_wine.c"))
            .arg("-ladvapi32"),
    )?;
    // Wine makes its own folder and not what that lies in.
    fs::create_dir_all(folder().join("wine"))?;
    // Beside the tests, and beside the programs that they start.
    fs::copy(&library, beside.join("deps/bcryptprimitives.dll"))?;
    let mut command = cargo("test");
    command.args([
        "--workspace",
        "--exclude",
        "desktop",
        "--exclude",
        "xtask",
        "--exclude",
        "tests",
        "--no-fail-fast",
    ]);
    command.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", WINE);
    must_succeed(in_wine(&mut command))
}

/// Wine with a home and a Windows of its own, no word of what it does not have, and nothing written into the menus
/// of the person who runs it.
fn in_wine(command: &mut Command) -> &mut Command {
    let home = folder().join("wine");
    command.env("HOME", &home).env("WINEPREFIX", home.join("prefix")).env("WINEDEBUG", "-all");
    command.env("WINEDLLOVERRIDES", "mscoree=;mshtml=;winemenubuilder.exe=").env_remove("DISPLAY")
}

/// Is refused on an older Windows; installs without a question, looks for what must be there, installs over it, removes it, and sees that what
/// people recorded stays.
fn try_out(installer: &Path) -> Result<()> {
    as_windows("win7")?;
    if run_to_the_end(installer).is_ok() {
        bail!("an older Windows, on which the window cannot open, is not refused");
    }
    as_windows("win10")?;
    run_to_the_end(installer)?;
    let users = folder().join("wine/prefix/drive_c/users");
    let mut homes =
        fs::read_dir(users)?.filter_map(Result::ok).map(|entry| entry.path().join("AppData/Local"));
    let home = homes.find(|home| home.join("Programs/Tung Nha").exists()).context("nothing was installed")?;
    let there = home.join("Programs/Tung Nha");
    for file in fs::read_dir(folder().join("installed"))?.filter_map(Result::ok) {
        if fs::read(there.join(file.file_name())).ok() != Some(fs::read(file.path())?) {
            bail!("{} is not installed as it was built", file.file_name().to_string_lossy());
        }
    }
    if !is_listed()? {
        bail!("Windows does not list the program among those that can be removed");
    }
    let recorded = home.join("vn.tungnha.desktop/register.db");
    fs::create_dir_all(recorded.parent().context("a file in no folder")?)?;
    fs::write(&recorded, "an evening's work")?;
    run_to_the_end(installer)?;
    run_to_the_end(&there.join("uninstall.exe"))?;
    if there.exists() || is_listed()? {
        bail!("removed, and still there");
    }
    if fs::read(&recorded)? != b"an evening's work" {
        bail!("removing the program touched what was recorded");
    }
    Ok(())
}

/// Without questions, and with whatever it starts: an uninstaller goes on in a copy of itself.
fn run_to_the_end(program: &Path) -> Result<()> {
    must_succeed(in_wine(Command::new(WINE).arg(program).arg("/S")))?;
    must_succeed(in_wine(Command::new(WINE_SERVER).arg("--wait")))
}

/// As which Windows Wine presents itself.
fn as_windows(version: &str) -> Result<()> {
    must_succeed(in_wine(Command::new(WINE).args(["winecfg", "-v", version])))
}

/// Whether the program stands in the list of installed ones.
fn is_listed() -> Result<bool> {
    let key = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\vn.tungnha.desktop";
    Ok(in_wine(Command::new(WINE).args(["reg", "query", key])).output()?.status.success())
}
