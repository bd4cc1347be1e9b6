//! Copies of disks.

use std::io;
use std::path::Path;

/// Copies a folder with everything in it, as it lies there; not the lock of its owner, nor the memory that processes
/// share.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let shared = name.to_str().is_none_or(|name| name == "lock" || name.ends_with("-shm"));
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to.join(name))?;
        } else if !shared {
            std::fs::copy(entry.path(), to.join(name))?;
        }
    }
    Ok(())
}
