//! Processes as the system lists them.

use anyhow::Result;

/// Ids and programs of a process's living children.
pub fn children(parent: u32) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")?.filter_map(Result::ok) {
        let status = std::fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        let field = |name: &str| {
            status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim).unwrap_or_default()
        };
        if field("PPid:") != parent.to_string() || field("State:").starts_with('Z') {
            continue;
        }
        let program = std::fs::read_link(entry.path().join("exe")).unwrap_or_default();
        let program = program.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // Built anew since it was started.
        let program = program.trim_end_matches(" (deleted)").to_owned();
        found.push((entry.file_name().to_string_lossy().into_owned(), program));
    }
    Ok(found)
}
