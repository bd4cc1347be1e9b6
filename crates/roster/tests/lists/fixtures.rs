//! What the tests of whole lists share.

use std::path::Path;

use domain::calendar::Day;

/// The day on which the tests read.
pub(crate) fn today() -> Day {
    Day::new(2026, 11, 22).unwrap()
}

/// Bytes of a list under `tests/fixtures/roster`.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/roster");
    std::fs::read(folder.join(name)).unwrap()
}
