//! What a thief could read: every file under some folders, searched for the bytes of names.

use std::path::Path;

use anyhow::Result;

/// Names of those of `needles` that stand in clear in some file under `folder`, WAL and temporary files
/// included.
pub(crate) fn found(folder: &Path, needles: &[String]) -> Result<usize> {
    let mut found = vec![false; needles.len()];
    search(folder, needles, &mut found)?;
    Ok(found.into_iter().filter(|one| *one).count())
}

fn search(folder: &Path, needles: &[String], found: &mut [bool]) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            search(&path, needles, found)?;
            continue;
        }
        let bytes = std::fs::read(&path)?;
        for (needle, found) in needles.iter().zip(found.iter_mut()) {
            *found = *found || holds(&bytes, needle.as_bytes());
        }
    }
    Ok(())
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    // The first byte is looked for alone: that is what makes hundreds of megabytes bearable.
    let Some((first, _)) = needle.split_first() else { return false };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        let Some(tail) = rest.get(at..) else { return false };
        if tail.starts_with(needle) {
            return true;
        }
        rest = tail.get(1..).unwrap_or_default();
    }
    false
}
