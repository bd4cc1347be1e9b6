//! What is read aloud before anything is asked: a versioned text; each consent keeps the version it was
//! given to (door rules §5).

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The text and its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Script {
    /// "2026-11"
    pub version: String,
    /// In paragraphs, as they are spoken.
    pub paragraphs: Vec<String>,
}

/// The text that this version ships.
pub fn shipped() -> Result<Script, serde_json::Error> {
    serde_json::from_str(include_str!("../../../assets/scripts/at-the-door.json"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_shipped_text_can_be_read_in_one_breath() {
        let script = super::shipped().unwrap();
        let words = script.paragraphs.iter().flat_map(|one| one.split_whitespace()).count();
        assert!((60..=160).contains(&words), "{words} words");
    }
}
