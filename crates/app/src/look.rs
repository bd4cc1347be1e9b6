//! What a person chose for the look of the screen. It lies in clear beside the register, because it is needed
//! before anybody unlocks, and says nothing of anybody. A file that cannot be read means the look of a new
//! laptop; a damaged choice is never in the way of the work.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A choice is a few dozen bytes; more than this is no choice.
const LIMIT_BYTES: u64 = 1024;

/// Sizes of text, in percent.
const TEXT_SIZES: [u16; 4] = [100, 115, 130, 150];

/// The look of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Look {
    /// Light or dark.
    pub theme: Theme,
    /// Percent: 100, 115, 130 or 150.
    pub text_size: u16,
    /// Of the screens.
    pub language: Language,
}

/// Light or dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark, high contrast.
    Dark,
    /// As the machine has it.
    System,
}

/// Languages of the screens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Vietnamese.
    Vi,
    /// English.
    En,
}

impl Theme {
    /// In the order screens show them.
    pub const ALL: [Self; 3] = [Self::Light, Self::Dark, Self::System];
}

impl Language {
    /// In the order screens show them.
    pub const ALL: [Self; 2] = [Self::Vi, Self::En];
}

impl Default for Look {
    fn default() -> Self {
        Self { theme: Theme::System, text_size: 100, language: Language::Vi }
    }
}

impl Look {
    /// Whether the screens know how to look like this.
    pub(crate) fn is_known(&self) -> bool {
        TEXT_SIZES.contains(&self.text_size)
    }

    /// As it was kept, or that of a new laptop.
    pub(crate) fn read(folder: &Path) -> Self {
        let mut json = Vec::new();
        let read = File::open(file(folder)).and_then(|kept| kept.take(LIMIT_BYTES).read_to_end(&mut json));
        let kept: Option<Self> = read.ok().and_then(|_| serde_json::from_slice(&json).ok());
        kept.filter(Self::is_known).unwrap_or_default()
    }

    /// Keeps it: the old choice or the new one stands there, never half of one.
    pub(crate) fn keep(&self, folder: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let beside = folder.join("look.new");
        let mut new = File::create(&beside)?;
        new.write_all(&serde_json::to_vec(self)?)?;
        new.sync_all()?;
        std::fs::rename(beside, file(folder))
    }
}

fn file(folder: &Path) -> PathBuf {
    folder.join("look.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHOSEN: Look = Look { theme: Theme::Dark, text_size: 150, language: Language::En };

    #[test]
    fn what_was_chosen_comes_back_and_the_last_choice_stands() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("data");
        assert_eq!(Look::read(&folder), Look::default());
        CHOSEN.keep(&folder).unwrap();
        assert_eq!(Look::read(&folder), CHOSEN);
        let other = Look { theme: Theme::Light, ..CHOSEN };
        other.keep(&folder).unwrap();
        assert_eq!(Look::read(&folder), other);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_damaged_file_is_the_look_of_a_new_laptop_and_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let long = format!(r#"{{"theme":"dark","text_size":150,"language":"en"{}}}"#, " ".repeat(2000));
        for damaged in ["", "{", r#"{"theme":"pink","text_size":100,"language":"vi"}"#, &long] {
            std::fs::write(file(dir.path()), damaged).unwrap();
            assert_eq!(Look::read(dir.path()), Look::default(), "{damaged}");
        }
        std::fs::write(file(dir.path()), r#"{"theme":"dark","text_size":900,"language":"vi"}"#).unwrap();
        assert_eq!(Look::read(dir.path()), Look::default());
        CHOSEN.keep(dir.path()).unwrap();
        assert_eq!(Look::read(dir.path()), CHOSEN);
    }
}
