//! `cargo xtask package`: the window and the server in release, each packed as a `.deb` into `target/package`.
//! `--into ROOT` installs both into a bare Debian root and starts them there. What a package carries beside its
//! program lies in `assets/package/debian`; what it depends on is read from the program.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::clean_root;
use crate::notices::{Carrier, notices};
use crate::stopwatch::Stopwatch;
use crate::{cargo, must_succeed, need, root, ui};

/// What to do.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// A bare Debian root, as debootstrap makes it: install both packages there, and start what they bring (as root,
    /// with a DISPLAY)
    #[arg(long, value_name = "ROOT")]
    into: Option<PathBuf>,
}

/// One package.
struct Package {
    name: &'static str,
    /// What it is, in a line, and in a paragraph.
    summary: &'static str,
    description: &'static str,
    /// Of the workspace.
    carrier: Carrier,
    /// Beside the libraries that the program asks for.
    depends: &'static [&'static str],
    /// From where in the source tree, to where, for whom to run or read.
    files: &'static [(&'static str, &'static str, u32)],
}

const PACKAGES: [Package; 2] = [
    Package {
        name: "tung-nha",
        summary: "door-to-door work of a Vietnamese commune, without a network",
        description: "The laptop of a community digital-transformation team: households door by door, an\n \
                      encrypted register, and the evening's work for the commune's own server.",
        carrier: Carrier { package: "desktop", pages: true },
        depends: &[],
        files: &[
            (
                "assets/package/debian/tung-nha/vn.tungnha.desktop.desktop",
                "usr/share/applications/vn.tungnha.desktop.desktop",
                0o644,
            ),
            ("src-tauri/icons/icon.png", "usr/share/icons/hicolor/512x512/apps/tung-nha.png", 0o644),
            ("assets/icons/tung-nha.svg", "usr/share/icons/hicolor/scalable/apps/tung-nha.svg", 0o644),
        ],
    },
    Package {
        name: "tungnha-server",
        summary: "the commune's server of Từng Nhà",
        description: "Takes what laptops send, gives each change its receipt, counts, and is backed up with one\n \
                      command. An encrypted register in /var/lib/tungnha; no database server is needed.",
        carrier: Carrier { package: "server", pages: false },
        depends: &["adduser"],
        files: &[
            (
                "assets/package/debian/tungnha-server/tungnha-server.service",
                "lib/systemd/system/tungnha-server.service",
                0o644,
            ),
            (
                "assets/package/debian/tungnha-server/README.Debian",
                "usr/share/doc/tungnha-server/README.Debian",
                0o644,
            ),
            ("assets/package/debian/tungnha-server/postinst", "DEBIAN/postinst", 0o755),
            ("assets/package/debian/tungnha-server/prerm", "DEBIAN/prerm", 0o755),
        ],
    },
];

pub(crate) fn package(options: &Options) -> Result<()> {
    need("need_packaging")?;
    let mut watch = Stopwatch::default();
    watch.time("pages", ui::build)?;
    watch.time("programs", || {
        must_succeed(cargo().args([
            "build",
            "--locked",
            "--release",
            "-p",
            "desktop",
            "-p",
            "server",
            "--bins",
        ]))
    })?;
    let packed = watch.time("packages", || PACKAGES.iter().map(pack).collect::<Result<Vec<_>>>())?;
    if let Some(root) = &options.into {
        watch.time("in a bare root", || clean_root::try_out(root, &packed))?;
    }
    let size = |path: &Path| fs::metadata(path).map(|found| found.len());
    let mut sizes = Vec::new();
    for (package, file) in PACKAGES.iter().zip(&packed) {
        let (bytes, program) = (size(file)?, size(&program(package))?);
        println!("{}: {bytes} bytes, its program {program} bytes", file.display());
        sizes.push(json!({ "file": file, "bytes": bytes, "program_bytes": program }));
    }
    println!("{}", watch.table());
    println!("{}", json!({ "packages": sizes, "minutes": watch.minutes(), "tried": options.into.is_some() }));
    Ok(())
}

fn program(package: &Package) -> PathBuf {
    root().join("target/release").join(package.name)
}

/// Lays a package out and closes it.
fn pack(package: &Package) -> Result<PathBuf> {
    let packages = root().join("target/package");
    let laid_out = packages.join(package.name);
    if laid_out.exists() {
        fs::remove_dir_all(&laid_out)?;
    }
    let put = |content: &[u8], at: &str, mode: u32| -> Result<PathBuf> {
        let path = laid_out.join(at);
        fs::create_dir_all(path.parent().context("a file in no folder")?)?;
        fs::write(&path, content).with_context(|| at.to_owned())?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
        Ok(path)
    };
    let program = put(&fs::read(program(package))?, &format!("usr/bin/{}", package.name), 0o755)?;
    must_succeed(Command::new("strip").arg("--strip-unneeded").arg(&program))?;
    for (from, to, mode) in package.files {
        put(&fs::read(root().join(from))?, to, *mode)?;
    }
    put(copyright(package)?.as_bytes(), &format!("usr/share/doc/{}/copyright", package.name), 0o644)?;
    let architecture = said_by(Command::new("dpkg").arg("--print-architecture"))?;
    let control = control(package, &architecture, &depends(package, &program)?, kib(&laid_out)?);
    put(control.as_bytes(), "DEBIAN/control", 0o644)?;
    let file = packages.join(format!("{}_{}_{architecture}.deb", package.name, env!("CARGO_PKG_VERSION")));
    must_succeed(Command::new("dpkg-deb").args(["--root-owner-group", "--build"]).arg(laid_out).arg(&file))?;
    Ok(file)
}

fn control(package: &Package, architecture: &str, depends: &str, kib: u64) -> String {
    let Package { name, summary, description, .. } = package;
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "Package: {name}\nVersion: {version}\nArchitecture: {architecture}\nSection: misc\nPriority: optional\n\
         Maintainer: Từng Nhà <tungnha@localhost>\nInstalled-Size: {kib}\nDepends: {depends}\n\
         Description: {summary}\n {description}\n"
    )
}

/// Debian's packages of the libraries that the program asks for, as `dpkg-shlibdeps` reads them.
fn depends(package: &Package, program: &Path) -> Result<String> {
    // It looks for a source package around itself.
    let around = root().join("target/package/depends");
    fs::create_dir_all(around.join("debian"))?;
    let control = format!("Source: tungnha\n\nPackage: {}\nArchitecture: any\n", package.name);
    fs::write(around.join("debian/control"), control)?;
    let said = said_by(Command::new("dpkg-shlibdeps").current_dir(around).arg("-O").arg(program))?;
    let libraries = said.strip_prefix("shlibs:Depends=").context("dpkg-shlibdeps said something else")?;
    Ok([&[libraries], package.depends].concat().join(", "))
}

fn copyright(package: &Package) -> Result<String> {
    let mut said = String::from("Từng Nhà is under MIT or Apache-2.0, as you like.\n");
    for own in ["LICENSE-MIT", "LICENSE-APACHE"] {
        said.push_str(&format!("\n{}\n", fs::read_to_string(root().join(own))?));
    }
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    said.push_str(&notices(package.carrier, &target)?);
    Ok(said)
}

fn kib(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        bytes += if path.is_dir() { kib(&path)? * 1024 } else { fs::metadata(&path)?.len() };
    }
    Ok(bytes.div_ceil(1024))
}

fn said_by(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_a_package_is_in_the_tree() {
        for (from, to, _) in PACKAGES.iter().flat_map(|package| package.files) {
            assert!(root().join(from).is_file(), "{from}");
            assert!(!to.starts_with('/'), "{to}");
        }
    }

    #[test]
    fn a_control_file_has_each_field_on_a_line() {
        let control = control(&PACKAGES[1], "amd64", "libc6, adduser", 12);
        let fields: Vec<_> = control.lines().filter(|line| !line.starts_with(' ')).collect();
        assert!(fields.iter().all(|line| line.contains(": ")), "{control}");
        // A description goes on in lines that begin with a blank; dpkg wants the last one ended.
        assert_eq!(control.lines().filter(|line| line.starts_with(' ')).count(), 2, "{control}");
        assert!(control.ends_with("is needed.\n"), "{control}");
    }
}
