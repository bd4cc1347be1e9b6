//! First run and every start: enrol by code, training, unlock.

use std::path::Path;

use domain::calendar::Day;
use domain::people::Role;
use serde::{Deserialize, Serialize};
use store::{DataFolder, StoreError, enrolling};
use ts_rs::TS;

use crate::commands::Call;
use crate::desk::held;
use crate::error::{AppError, BAD_REQUEST};
use crate::look::Look;
use crate::register;
use crate::setup::Laptop;
use crate::training;

/// What the first page needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct StartView {
    /// Where this laptop stands.
    pub stage: Stage,
    /// Why the data folder cannot be used, where it cannot.
    pub trouble: Option<AppError>,
    /// An enrolment has begun here and not ended: nobody has shown yet that they have the four words. Where the
    /// laptop is locked, a code can be entered as well.
    pub enrolling: bool,
    /// Once open: where we are.
    pub here: Option<Here>,
    /// How the screen looks, also before anybody has unlocked.
    pub look: Look,
    /// A household list that the program was started with, or started again with, and no page has looked at.
    pub list_offered: bool,
    /// Of the program.
    pub version: String,
}

/// Where a laptop stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Never enrolled.
    New,
    /// Enrolled, closed.
    Locked,
    /// Open.
    Open,
    /// The data folder cannot be used: another window has it, or it is read-only or full.
    Unusable,
}

/// Where we are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct Here {
    /// "Xã Phù Đổng"
    pub commune: String,
    /// As what this laptop works.
    pub role: Role,
    /// The hamlet units on it.
    pub units: Vec<Unit>,
    /// Invented people; nothing is sent.
    pub training: bool,
    /// Today by this laptop's clock, in Viet Nam.
    pub today: Day,
}

/// A hamlet unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct Unit {
    /// Its id.
    pub id: domain::ids::HamletUnitId,
    /// "Thôn Sen Hạ"
    pub name: String,
}

/// What a new member types.
#[derive(Clone, Deserialize, TS)]
pub struct EnrolForm {
    /// "TN1.…", with whatever spaces and line breaks came along.
    pub code: String,
    /// Where the code names no address, or the server has moved.
    pub address: Option<String>,
    /// "Máy chị Lan"
    pub device_name: String,
    /// A register stands on this laptop already, and somebody says that a new one comes instead: the four words
    /// are forgotten, or the commune does not know the laptop any more. Without it such a laptop is refused.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub instead: bool,
}

/// What a new member must write down.
#[derive(Clone, Serialize, TS)]
pub struct Enrolled {
    /// Four words, shown once.
    pub passphrase: String,
    /// "Xã Phù Đổng"
    pub commune: String,
    /// What this laptop will hold.
    pub hamlet_units: Vec<String>,
    /// The folder within the data folder where the register lies that stood here before, if one did. What was
    /// saved in it also stays in the sealed outbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub set_aside: Option<String>,
}

/// A passphrase.
#[derive(Clone, Deserialize, TS)]
pub struct UnlockForm {
    /// Four words.
    pub passphrase: String,
}

/// What the first page needs.
pub fn start(call: &mut Call<'_>, (): &()) -> Result<StartView, AppError> {
    let desk = call.desk;
    let Standing { stage, trouble, enrolling } = match desk.is_open() {
        true => Standing { stage: Stage::Open, trouble: None, enrolling: false },
        false => desk.standing(),
    };
    let here = match stage {
        Stage::Open => Some(desk.with(|laptop| here(laptop, desk.in_training()))?),
        _ => None,
    };
    let list_offered = *held(&desk.offered);
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let look = Look::read(desk.folder());
    Ok(StartView { stage, trouble, enrolling, here, look, list_offered, version })
}

/// How a closed laptop stands.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    stage: Stage,
    trouble: Option<AppError>,
    enrolling: bool,
}

impl Standing {
    pub(crate) fn of(folder: &Path) -> Self {
        match DataFolder::open(folder) {
            Ok(folder) => {
                let stage = if folder.database().exists() { Stage::Locked } else { Stage::New };
                Self { stage, trouble: None, enrolling: enrolling::has_begun(&folder) }
            }
            Err(error) => Self { stage: Stage::Unusable, trouble: Some(error.into()), enrolling: false },
        }
    }
}

/// The hamlet units on a laptop, in natural order.
pub(crate) fn units(laptop: &Laptop) -> Result<Vec<Unit>, AppError> {
    let units = register::units(laptop)?.into_iter();
    Ok(units.map(|unit| Unit { id: unit.id, name: unit.name }).collect())
}

pub(crate) fn here(laptop: &mut Laptop, training: bool) -> Result<Here, AppError> {
    Ok(Here {
        commune: laptop.commune.name.clone(),
        role: laptop.store.identity().role.clone(),
        units: units(laptop)?,
        training,
        today: laptop.store.today(),
    })
}

/// Keeps the look of the screen.
pub fn keep_look(call: &mut Call<'_>, look: &Look) -> Result<(), AppError> {
    if !look.is_known() {
        return Err(AppError::new(BAD_REQUEST));
    }
    Ok(look.keep(call.desk.folder()).map_err(StoreError::from)?)
}

/// Enrols this laptop. Nothing is kept if it fails; the code can be tried again.
pub fn enrol(call: &mut Call<'_>, form: &EnrolForm) -> Result<Enrolled, AppError> {
    let code: String = form.code.split_whitespace().collect();
    let address = form.address.as_deref().map(str::trim).filter(|address| !address.is_empty());
    let _opening = call.desk.begin_opening()?;
    let place = call.desk.place(call.desk.folder())?;
    let name = form.device_name.trim();
    let (laptop, passphrase, set_aside) = match form.instead {
        true => Laptop::enrol_instead(place, &code, address, name)?,
        false => Laptop::enrol(place, &code, address, name).map(|(laptop, words)| (laptop, words, None))?,
    };
    let enrolled = Enrolled {
        passphrase: passphrase.to_string(),
        commune: laptop.commune.name.clone(),
        hamlet_units: laptop.commune.hamlet_unit_names.clone(),
        set_aside,
    };
    call.desk.put(laptop, false);
    Ok(enrolled)
}

/// The four words were typed back: the enrolment has ended.
pub fn words_written(call: &mut Call<'_>, (): &()) -> Result<(), AppError> {
    call.desk.with(Laptop::words_written)
}

/// Opens the enrolled laptop.
pub fn unlock(call: &mut Call<'_>, form: &UnlockForm) -> Result<(), AppError> {
    let _opening = call.desk.begin_opening()?;
    let laptop = Laptop::open(call.desk.place(call.desk.folder())?, &form.passphrase)?;
    call.desk.put(laptop, false);
    Ok(())
}

/// Closes it, or ends the training.
pub fn lock(call: &mut Call<'_>, (): &()) -> Result<(), AppError> {
    call.desk.clear();
    Ok(())
}

/// Opens an invented hamlet in a store of its own, made afresh each time.
pub fn train(call: &mut Call<'_>, (): &()) -> Result<(), AppError> {
    // Windows removes no file that is open.
    if call.desk.in_training() {
        call.desk.clear();
    }
    let folder = call.desk.folder().join("training");
    let laptop = training::laptop(call.desk.place(&folder)?)?;
    call.desk.put(laptop, true);
    Ok(())
}
