//! The desk: what a window holds while it is open. One data folder, at most one open laptop, at most one
//! sync at a time, the list that is being looked at. Commands (`commands`) work on it; a page never sees
//! anything else.
//!
//! A sync waits for a network for minutes; nobody who saves a visit meanwhile may wait for it. So the
//! laptop is locked for each single look at the store, never for a whole sync (`shared`).

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::ids::DeviceId;
use serde::Serialize;
use store::{Durability, KeyCost, Machine, StoreError};
use ts_rs::TS;

use crate::drafts::Drafts;
use crate::error::{AppError, NOT_OPEN};
use crate::lists::{Looked, Reading};
use crate::pages::lessons::LookedAt;
use crate::pages::sending::LastSync;
use crate::pages::start::Standing;
use crate::setup::{Laptop, Place, shipped_rules};

/// How far a long job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
pub struct JobProgress {
    /// Which part of the job.
    pub phase: JobPhase,
    /// Units done: groups sent, positions received, households kept.
    pub done: u64,
    /// Of how many, where that is known.
    pub of: Option<u64>,
}

/// The parts of long jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum JobPhase {
    /// Looking for the commune's server.
    Connecting,
    /// Sending what waits.
    Sending,
    /// Taking what is new.
    Receiving,
    /// Writing a list into the register.
    Writing,
}

/// Asks a person for a file: the desktop's file dialog. `None`: nobody chose one.
pub type ChooseFile = Box<dyn Fn() -> Option<PathBuf> + Send + Sync>;

/// Asks a person where to save a file, with a name proposed. `None`: nobody chose a place.
pub type ChoosePlace = Box<dyn Fn(&str) -> Option<PathBuf> + Send + Sync>;

/// What the program gives its window.
pub struct Tools {
    /// Where the data lie.
    pub folder: PathBuf,
    /// Clock and randomness.
    pub machine: fn() -> Box<dyn Machine>,
    /// How much a save waits for the disk.
    pub durability: Durability,
    /// What opening by passphrase shall cost.
    pub key_cost: KeyCost,
    /// Asks for a household list.
    pub choose_file: ChooseFile,
    /// Asks where the list to fill in shall be saved.
    pub choose_place: ChoosePlace,
}

/// What a window holds.
pub struct Desk {
    tools: Tools,
    laptop: Mutex<Option<Laptop>>,
    training: Mutex<bool>,
    /// How the laptop stood when somebody began to open or enrol it; while that is under way nobody else may
    /// touch the folder.
    opening: Mutex<Option<Standing>>,
    pub(crate) sending: Mutex<()>,
    /// Whose sync ended last, and how: a laptop may be locked, and another opened, while one waits for a network.
    pub(crate) last_sync: Mutex<Option<(DeviceId, LastSync)>>,
    pub(crate) chosen: Mutex<Option<PathBuf>>,
    /// The chosen list came from outside, and no page has looked at it yet.
    pub(crate) offered: Mutex<bool>,
    /// How the chosen list is read.
    pub(crate) reading: Mutex<Reading>,
    pub(crate) looked: Mutex<Option<Looked>>,
    pub(crate) drafts: Mutex<Drafts>,
    /// Since the training hamlet was opened.
    pub(crate) looked_at: Mutex<LookedAt>,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("open", &self.is_open()).finish_non_exhaustive()
    }
}

impl Desk {
    /// A desk over a data folder. Touches nothing yet.
    pub fn new(tools: Tools) -> Self {
        Self {
            tools,
            laptop: Mutex::new(None),
            training: Mutex::new(false),
            opening: Mutex::new(None),
            sending: Mutex::new(()),
            last_sync: Mutex::new(None),
            chosen: Mutex::new(None),
            offered: Mutex::new(false),
            reading: Mutex::default(),
            looked: Mutex::new(None),
            drafts: Mutex::default(),
            looked_at: Mutex::default(),
        }
    }

    /// A household list that the program was started with ("Mở bằng Từng Nhà").
    pub fn offer_file(&self, path: PathBuf) {
        *held(&self.reading) = Reading::default();
        *held(&self.chosen) = Some(path);
        *held(&self.offered) = true;
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        &self.tools.folder
    }

    pub(crate) fn choose_file(&self) -> Option<PathBuf> {
        (self.tools.choose_file)()
    }

    pub(crate) fn choose_place(&self, name: &str) -> Option<PathBuf> {
        (self.tools.choose_place)(name)
    }

    pub(crate) fn place<'a>(&self, folder: &'a Path) -> Result<Place<'a>, AppError> {
        Ok(Place {
            folder,
            counted_by: shipped_rules().map_err(|_| AppError::new(crate::error::RULES_UNREADABLE))?,
            machine: (self.tools.machine)(),
            durability: self.tools.durability,
            key_cost: self.tools.key_cost,
        })
    }

    pub(crate) fn machine(&self) -> Box<dyn Machine> {
        (self.tools.machine)()
    }

    pub(crate) fn is_open(&self) -> bool {
        held(&self.laptop).is_some()
    }

    pub(crate) fn in_training(&self) -> bool {
        *held(&self.training)
    }

    /// Puts an opened laptop on the desk. What was looked at on the one before it is not this one's; a list
    /// that the program was started with, before any was open, is.
    pub(crate) fn put(&self, laptop: Laptop, training: bool) {
        let mut open = held(&self.laptop);
        *held(&self.training) = training;
        *held(&self.looked) = None;
        *held(&self.looked_at) = LookedAt::default();
        if training {
            held(&self.drafts).forget_all_of(laptop.store.identity().device);
        }
        if open.is_some() {
            self.forget_list();
        }
        *open = Some(laptop);
    }

    /// Closes the laptop: the key leaves the memory. What was said at a door and not saved waits for it to be
    /// opened again. If the commune ordered it, the keys are destroyed.
    pub(crate) fn clear(&self) {
        if let Some(laptop) = held(&self.laptop).take() {
            // What fails here is done at the next opening.
            let _ = laptop.close();
        }
        *held(&self.looked) = None;
        self.forget_list();
        *held(&self.training) = false;
    }

    pub(crate) fn forget_list(&self) {
        *held(&self.chosen) = None;
        *held(&self.reading) = Reading::default();
        *held(&self.offered) = false;
    }

    /// How the closed laptop stands. A look takes the folder's lock for a moment, so it never happens while
    /// somebody opens the laptop: what they began from is answered instead.
    pub(crate) fn standing(&self) -> Standing {
        let opening = held(&self.opening);
        opening.clone().unwrap_or_else(|| Standing::of(self.folder()))
    }

    /// Before opening or enrolling; it is under way until the answer is dropped.
    pub(crate) fn begin_opening(&self) -> Result<Opening<'_>, AppError> {
        let mut opening = held(&self.opening);
        if opening.is_some() {
            return Err(StoreError::InUse.into());
        }
        *opening = Some(Standing::of(self.folder()));
        Ok(Opening(self))
    }

    /// One look at the open laptop.
    pub(crate) fn with<T>(
        &self,
        look: impl FnOnce(&mut Laptop) -> Result<T, AppError>,
    ) -> Result<T, AppError> {
        match held(&self.laptop).as_mut() {
            Some(laptop) => look(laptop),
            None => Err(AppError::new(NOT_OPEN)),
        }
    }
}

/// Somebody opens or enrols the laptop.
pub(crate) struct Opening<'a>(&'a Desk);

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        *held(&self.0.opening) = None;
    }
}

/// A lock whose holder panicked still guards whole values: each is replaced in one step, and the store
/// rolls its own transactions back.
pub(crate) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
