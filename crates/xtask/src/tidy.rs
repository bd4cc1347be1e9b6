//! `cargo xtask tidy`: the house rules that a compiler does not keep. Each rule is a function that
//! returns what it found; `docs/CONTRIBUTING.md` gives the reasons.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{cargo, root};

/// Which of our crates a crate may use (docs/ARCHITECTURE.md, "Who may use whom").
const MAY_USE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("database", &[]),
    ("sync-core", &["domain"]),
    ("store", &["domain", "sync-core", "database"]),
    ("sync-client", &["domain", "sync-core"]),
    ("roster", &["domain"]),
    ("report", &["domain"]),
    ("server", &["domain", "sync-core", "roster", "report", "database"]),
    ("app", &["domain", "sync-core", "store", "sync-client", "roster", "report"]),
    ("desktop", &["domain", "app"]),
];
/// These see everything, and nothing may depend on them.
const ON_TOP: &[&str] = &["xtask", "tests"];

/// What a dependency's licence expression may consist of.
const LICENCES: &[&str] = &[
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "CC0-1.0",
    "0BSD",
    "Unlicense",
    "BSL-1.0",
    "CDLA-Permissive-2.0",
    "OFL-1.1",
];

/// Under MPL-2.0, brought by the window's shell and by what drives it in tests, and used unchanged
/// (docs/adr/0005).
const MPL_UNCHANGED: &[&str] =
    &["cssparser", "cssparser-macros", "dtoa-short", "option-ext", "selectors", "webdriver"];

/// A file that hurts to read hides several things; past 400 lines ask why, past this it is an error.
const LINES_AT_MOST: usize = 800;
const LINES_WITHOUT_A_HEADER: usize = 100;
const VAGUE_NAMES: &[&str] =
    &["helper", "helpers", "util", "utils", "manager", "common", "misc", "processor"];
/// A path named between backticks in a document must exist if it starts with one of these.
const TREE: &[&str] = &["crates/", "docs/", "assets/", "tests/", "ui/", "src-tauri/", ".ci/"];

pub(crate) fn tidy() -> Result<()> {
    let metadata = metadata(None)?;
    let files = tracked_files()?;
    let mut found = Vec::new();
    found.extend(dependency_direction(&metadata));
    found.extend(one_sqlite(&metadata));
    found.extend(licences(&metadata));
    found.extend(lint_table(&metadata)?);
    for path in &files {
        found.extend(file_name(path));
        let Ok(text) = fs::read_to_string(root().join(path)) else { continue };
        match path.extension().and_then(|e| e.to_str()) {
            Some("rs") => found.extend(rust_file(path, &text)),
            Some("md") => found.extend(named_paths(path, &text)),
            _ => {}
        }
    }
    if found.is_empty() {
        println!("{} files and {} packages keep the house rules", files.len(), packages(&metadata).count());
        return Ok(());
    }
    for finding in &found {
        println!("{finding}");
    }
    bail!("{} house rules broken", found.len())
}

/// The workspace and all it depends on, as cargo describes it; for a target, only what is built for that.
pub(crate) fn metadata(target: Option<&str>) -> Result<Value> {
    let mut command = cargo();
    command.args(["metadata", "--format-version", "1", "--locked"]);
    command.args(target.into_iter().flat_map(|target| ["--filter-platform", target]));
    let output = command.output()?;
    if !output.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    serde_json::from_slice(&output.stdout).context("cargo metadata printed something else than JSON")
}

pub(crate) fn tracked_files() -> Result<Vec<PathBuf>> {
    let output = std::process::Command::new("git")
        .current_dir(root())
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
        .context("git ls-files")?;
    let listed = String::from_utf8(output.stdout).context("a file name that is not UTF-8")?;
    let mut files: Vec<_> = listed.split('\0').filter(|s| !s.is_empty()).map(PathBuf::from).collect();
    files.retain(|path| root().join(path).is_file());
    if files.is_empty() {
        bail!("git lists no file here");
    }
    Ok(files)
}

pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    list(metadata, "packages")
}

pub(crate) fn ours(metadata: &Value) -> impl Iterator<Item = &Value> {
    packages(metadata).filter(|package| package.get("source").is_none_or(Value::is_null))
}

fn dependency_direction(metadata: &Value) -> Vec<String> {
    let allowed: BTreeMap<_, _> = MAY_USE.iter().copied().collect();
    let names: BTreeSet<_> = ours(metadata).map(|package| text(package, "name")).collect();
    let mut found = Vec::new();
    for package in ours(metadata) {
        let name = text(package, "name");
        let on_top = ON_TOP.contains(&name);
        let Some(may_use) = allowed.get(name).copied().or(on_top.then_some(&[][..])) else {
            found.push(format!("{name}: a new crate; say in MAY_USE what it may use"));
            continue;
        };
        for dependency in list(package, "dependencies").map(|d| text(d, "name")) {
            let fine = if on_top { dependency != "desktop" } else { may_use.contains(&dependency) };
            if names.contains(dependency) && !fine {
                found.push(format!("{name} must not use {dependency}"));
            }
        }
    }
    found
}

fn one_sqlite(metadata: &Value) -> Vec<String> {
    let linking: Vec<_> = packages(metadata)
        .filter(|package| text(package, "links").starts_with("sqlite3"))
        .map(|package| format!("{} {}", text(package, "name"), text(package, "version")))
        .collect();
    if linking.len() > 1 {
        vec![format!("two crates link SQLite: {}", linking.join(", "))]
    } else {
        Vec::new()
    }
}

fn licences(metadata: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages(metadata) {
        let expression = text(package, "license").replace('/', " OR ");
        let name = text(package, "name");
        let unchanged = expression == "MPL-2.0" && MPL_UNCHANGED.contains(&name);
        if !licence_allowed(&expression) && !unchanged {
            found.push(format!("{name}: licence {expression:?}"));
        }
    }
    found
}

/// One side of each OR must be allowed, and with it all its ANDs. Parentheses of real expressions
/// group ORs inside an AND, so the ANDs are split first.
fn licence_allowed(expression: &str) -> bool {
    !expression.is_empty()
        && expression
            .split(" AND ")
            .all(|part| part.split(" OR ").any(|one| LICENCES.contains(&one.trim().trim_matches(['(', ')']))))
}

fn lint_table(metadata: &Value) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for package in ours(metadata) {
        let manifest = fs::read_to_string(text(package, "manifest_path"))?;
        if !manifest.contains("[lints]\nworkspace = true") {
            found.push(format!("{}: does not take the workspace's lint table", text(package, "name")));
        }
    }
    Ok(found)
}

fn file_name(path: &Path) -> Vec<String> {
    let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
    let mut found = Vec::new();
    if path.extension().is_some_and(|e| e == "rs")
        && stem.chars().any(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))
    {
        found.push(format!("{}: Rust files are snake_case", path.display()));
    }
    if path.extension().is_some_and(|e| e == "orig" || e == "rej") {
        found.push(format!("{}: left over from a merge", path.display()));
    }
    if VAGUE_NAMES.contains(&stem) {
        found.push(format!("{}: says nothing about what it owns", path.display()));
    }
    found
}

fn rust_file(path: &Path, text: &str) -> Vec<String> {
    let lines = text.lines().count();
    let mut found = Vec::new();
    let mut say = |what: String| found.push(format!("{}: {what}", path.display()));
    if lines > LINES_AT_MOST {
        say(format!("{lines} lines; split it, it owns more than one thing"));
    }
    if (lines > LINES_WITHOUT_A_HEADER || path.ends_with("lib.rs")) && !text.starts_with("//!") {
        say("opens without `//!`: what it owns, what it never does".into());
    }
    // Written in two halves so that this file does not find itself.
    for (mark, why) in [
        (concat!("#[ign", "ore"), "a skipped test proves nothing"),
        (concat!("thread::sl", "eep("), "wait for a condition, never for a time"),
    ] {
        if text.contains(mark) {
            say(format!("{mark}: {why}"));
        }
    }
    found
}

fn named_paths(path: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for named in line.split('`').skip(1).step_by(2) {
            let plain = named.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
            if plain && TREE.iter().any(|start| named.starts_with(start)) && !root().join(named).exists() {
                found.push(format!("{}:{}: names {named}, which is not there", path.display(), number + 1));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn package(name: &str, uses: &[&str]) -> Value {
        let dependencies: Vec<_> = uses.iter().map(|name| json!({ "name": name })).collect();
        json!({ "name": name, "source": null, "dependencies": dependencies })
    }

    #[test]
    fn a_dependency_against_the_direction_is_found() {
        let good = json!({ "packages": [package("domain", &[]), package("sync-core", &["domain"])] });
        assert!(dependency_direction(&good).is_empty());
        let bad = json!({ "packages": [package("domain", &["store"]), package("store", &[])] });
        assert_eq!(dependency_direction(&bad), ["domain must not use store"]);
        let on_top = json!({ "packages": [package("app", &["xtask"]), package("xtask", &["app"])] });
        assert_eq!(dependency_direction(&on_top), ["app must not use xtask"]);
        let new = json!({ "packages": [package("surprise", &[])] });
        assert_eq!(dependency_direction(&new).len(), 1);
    }

    #[test]
    fn two_sqlites_are_found() {
        let two =
            json!({ "packages": [{ "name": "a", "links": "sqlite3" }, { "name": "b", "links": "sqlite3" }] });
        assert_eq!(one_sqlite(&two).len(), 1);
    }

    #[test]
    fn licence_expressions() {
        for (expression, allowed) in [
            ("MIT OR Apache-2.0", true),
            ("GPL-3.0-or-later OR MIT", true),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("MIT AND GPL-3.0-only", false),
            ("AGPL-3.0", false),
            ("", false),
        ] {
            assert_eq!(licence_allowed(expression), allowed, "{expression}");
        }
    }

    #[test]
    fn a_document_that_names_a_missing_file_is_found() {
        let found =
            named_paths(Path::new("x.md"), "see `crates/xtask/src/tidy.rs` and `crates/none/here.rs`");
        assert_eq!(found, ["x.md:1: names crates/none/here.rs, which is not there"]);
    }

    #[test]
    fn long_nameless_and_sleeping_files_are_found() {
        let long = "x\n".repeat(LINES_AT_MOST + 1);
        assert_eq!(rust_file(Path::new("src/a.rs"), &long).len(), 2);
        assert_eq!(rust_file(Path::new("src/a.rs"), concat!("thread::sl", "eep(d)")).len(), 1);
        assert_eq!(file_name(Path::new("src/Utils.rs")).len(), 1);
        assert_eq!(file_name(Path::new("src/utils.rs")).len(), 1);
    }
}
