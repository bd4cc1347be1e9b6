//! A home for programs under test, inside the folder that is searched for what they leave behind: what a
//! library of theirs writes into a cache or a temporary folder would otherwise lie where nobody looks.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// Where programs write without being told, and the folder of ours that stands in for it.
const PLACES: [(&str, &str); 6] = [
    ("HOME", "home"),
    ("XDG_DATA_HOME", "data"),
    ("XDG_CACHE_HOME", "cache"),
    ("XDG_CONFIG_HOME", "config"),
    ("XDG_RUNTIME_DIR", "runtime"),
    ("TMPDIR", "tmp"),
];

/// Makes such a home in a folder; what a program's environment is to say of it.
pub fn within(folder: &Path) -> io::Result<Vec<(&'static str, PathBuf)>> {
    let home = folder.join("home-of-programs");
    let places = PLACES.map(|(variable, name)| (variable, home.join(name)));
    places.iter().try_for_each(|(_, place)| std::fs::create_dir_all(place))?;
    Ok(places.into())
}

/// True if everything an environment says lies in that folder.
pub fn is_within(folder: &Path, environment: impl Fn(&str) -> Option<OsString>) -> bool {
    PLACES
        .iter()
        .all(|(variable, _)| environment(variable).is_some_and(|at| Path::new(&at).starts_with(folder)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_lies_within_and_one_thing_elsewhere_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let home = within(dir.path()).unwrap();
        assert!(home.iter().all(|(_, place)| place.is_dir()));
        let says = |elsewhere: &str, variable: &str| {
            let found = home.iter().find(|(name, _)| *name == variable && *name != elsewhere);
            found.map(|(_, place)| place.clone().into_os_string())
        };
        assert!(is_within(dir.path(), |variable| says("", variable)));
        for (elsewhere, _) in &home {
            assert!(!is_within(dir.path(), |variable| says(elsewhere, variable)), "{elsewhere}");
        }
    }
}
