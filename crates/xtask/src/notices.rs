//! What a package says of the works of others that it carries: each licence text once, with who is under it.
//! Of Rust crates the texts lie beside their sources; of the pages the build collects them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::root;
use crate::tidy::{list, metadata, text};

/// How the names of files begin that hold a licence or a notice.
const TEXTS: &[&str] = &["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE", "COPYRIGHT"];
/// The pages' own list, and the font, which comes in by a style sheet and is not on it.
const OF_THE_PAGES: &[&str] =
    &["ui/dist/.vite/license.md", "ui/node_modules/@fontsource/be-vietnam-pro/LICENSE"];

/// What a program carries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Carrier {
    /// Its package in the workspace.
    pub(crate) package: &'static str,
    /// Whether the built pages are in it.
    pub(crate) pages: bool,
}

/// One text for all that a program of a target carries; the pages must have been built.
pub(crate) fn notices(carrier: Carrier, target: &str) -> Result<String> {
    let mut said =
        String::from("Từng Nhà carries these works of others, each under the terms that follow.\n");
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in carried(&metadata(Some(target))?, carrier.package)? {
        let name = format!("{} {}", text(package, "name"), text(package, "version"));
        let terms = text(package, "license");
        let folder = Path::new(text(package, "manifest_path")).parent().context("a manifest in no folder")?;
        let found = texts_in(folder, 2)?;
        if found.is_empty() {
            // Its terms are named; the author put no text into the package.
            let _ = writeln!(said, "\n{name}: {terms}");
        }
        for path in found {
            let words = String::from_utf8_lossy(&fs::read(path)?).replace("\r\n", "\n");
            texts.entry(words.trim().to_owned()).or_default().insert(format!("{name} ({terms})"));
        }
    }
    for (words, names) in texts {
        let names: Vec<_> = names.into_iter().collect();
        let _ = write!(said, "\n{}\n{}\n\n{words}\n", "-".repeat(78), names.join("\n"));
    }
    if carrier.pages {
        for path in OF_THE_PAGES {
            let words = fs::read_to_string(root().join(path)).with_context(|| (*path).to_owned())?;
            let _ = write!(said, "\n{}\n{}\n", "-".repeat(78), words.trim());
        }
    }
    Ok(said)
}

/// The packages of others that are linked into a program: what it depends on, and the sources in another language
/// that build scripts bring along (by custom their packages end in `-src`).
fn carried<'a>(metadata: &'a Value, program: &str) -> Result<Vec<&'a Value>> {
    let packages: BTreeMap<_, _> = list(metadata, "packages").map(|one| (text(one, "id"), one)).collect();
    let nodes = metadata.get("resolve").context("metadata without a resolution")?;
    let nodes: BTreeMap<_, _> = list(nodes, "nodes").map(|node| (text(node, "id"), node)).collect();
    let first = packages.iter().find(|(_, one)| text(one, "name") == program).context("no such package")?.0;
    let (mut seen, mut open) = (BTreeSet::from([*first]), VecDeque::from([*first]));
    while let Some(id) = open.pop_front() {
        for dependency in nodes.get(id).into_iter().flat_map(|node| list(node, "deps")) {
            let id = text(dependency, "pkg");
            let linked = list(dependency, "dep_kinds").any(|kind| match text(kind, "kind") {
                "" => true,
                "build" => packages.get(id).is_some_and(|one| text(one, "name").ends_with("-src")),
                _ => false,
            });
            if linked && seen.insert(id) {
                open.push_back(id);
            }
        }
    }
    let of_others = |one: &&Value| one.get("source").is_some_and(Value::is_string);
    Ok(seen.iter().filter_map(|id| packages.get(id).copied()).filter(of_others).collect())
}

/// Files that hold terms, in a folder and so many levels below it: a crate that brings another's sources along
/// keeps their terms beside them.
fn texts_in(folder: &Path, levels: usize) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        if path.is_dir() {
            if levels > 1 {
                found.extend(texts_in(&path, levels - 1)?);
            }
        } else if TEXTS.iter().any(|start| name.starts_with(start)) && !name.ends_with(".RS") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_linked_and_not_what_only_builds_or_tests() {
        let package = |name: &str| json!({ "id": name, "name": name, "source": "registry" });
        let uses = |name: &str, kind: Value| json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] });
        let mut packages: Vec<_> =
            ["direct", "deeper", "only-tests", "pkg-config", "openssl-src"].map(package).into();
        packages.extend([
            json!({ "id": "server", "name": "server" }),
            json!({ "id": "domain", "name": "domain" }),
        ]);
        let metadata = json!({
            "packages": packages,
            "resolve": { "nodes": [
                { "id": "server", "deps": [uses("direct", Value::Null), uses("domain", Value::Null), uses("only-tests", json!("dev"))] },
                { "id": "direct", "deps": [uses("deeper", Value::Null), uses("pkg-config", json!("build"))] },
                { "id": "deeper", "deps": [uses("openssl-src", json!("build")), uses("direct", Value::Null)] },
            ] },
        });
        let found: Vec<_> =
            carried(&metadata, "server").unwrap().into_iter().map(|one| text(one, "name")).collect();
        // Our own terms stand in files of their own.
        assert_eq!(found, ["deeper", "direct", "openssl-src"]);
        assert!(carried(&metadata, "nobody").is_err());
    }

    #[test]
    fn each_text_once_with_all_who_are_under_it() {
        let said = notices(Carrier { package: "server", pages: false }, "x86_64-unknown-linux-gnu").unwrap();
        assert!(said.contains("ZETETIC"), "SQLCipher's terms lie one folder below their crate");
        // axum and tower come from one house.
        let at = said.find("\naxum ").unwrap();
        assert!(
            said[at..].lines().nth(1).is_some_and(|line| line.starts_with("axum")),
            "{}",
            &said[at..at + 200]
        );
        let mut texts: Vec<_> =
            said.split(&"-".repeat(78)).map(|one| one.split_once("\n\n").unwrap().1).collect();
        let all = texts.len();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), all);
    }
}
