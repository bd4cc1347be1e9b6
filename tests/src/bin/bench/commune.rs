//! The sample commune as portions that fit into one save each, and a store that holds it.

use std::path::Path;

use anyhow::{Context, Result};
use domain::calendar::Day;
use domain::ids::{AlleyId, HamletUnitId, JobId};
use domain::people::{Alley, HamletUnit, HamletUnitKind, Household, Member};
use roster::{Limits, ListedHousehold, RosterList, open, read};
use store::{DataFolder, Durability, Operation, Store, StoreError};
use sync_core::op::Scope;
use tests::laptop::{NOON_MS, PASSPHRASE, identity, options};
use uuid::Uuid;

const LIST: &[u8] = include_bytes!("../../../fixtures/roster/danh-sach-xa-mau.xlsx");
/// Tried first; a portion that is refused as too large is halved.
const HOUSEHOLDS_PER_SAVE: usize = 40;

/// Households of one hamlet unit that are saved together.
#[derive(Clone, Debug)]
pub(crate) struct Portion {
    unit: HamletUnit,
    pub(crate) households: Vec<(Option<Alley>, Household, Vec<Member>)>,
}

impl Portion {
    pub(crate) fn save(&self, store: &mut Store) -> Result<(), StoreError> {
        let operation = Operation {
            name: "roster.commit",
            scope: Scope::from(self.unit.id),
            job: Some(JobId(Uuid::from_u128(7))),
        };
        store.transact(operation, |change| {
            change.put(&self.unit)?;
            for (alley, household, members) in &self.households {
                alley.iter().try_for_each(|alley| change.put(alley))?;
                change.put(household)?;
                members.iter().try_for_each(|member| change.put(member))?;
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Saves in as many pieces as it takes, and says which fitted.
    fn save_fitting(self, store: &mut Store, fitting: &mut Vec<Self>) -> Result<(), StoreError> {
        match self.save(store) {
            Err(StoreError::GroupTooLarge { .. }) if self.households.len() > 1 => {
                let (first, second) = self.households.split_at(self.households.len() / 2);
                for half in [first, second] {
                    let half = Self { unit: self.unit.clone(), households: half.to_vec() };
                    half.save_fitting(store, fitting)?;
                }
                Ok(())
            }
            saved => {
                saved?;
                fitting.push(self);
                Ok(())
            }
        }
    }
}

/// The list's first households, with so many people at least, cut into portions.
pub(crate) fn portions(people: Option<usize>) -> Result<Vec<Portion>> {
    let book = open(LIST, &Limits::default())?;
    let list = read(&book, Day::at(NOON_MS))?;
    let mut portions: Vec<Portion> = Vec::new();
    let mut counted = 0;
    for listed in &list.households {
        if people.is_some_and(|people| counted >= people) {
            break;
        }
        counted += listed.members.len();
        let id = HamletUnitId::from_name(Uuid::from_u128(1), &listed.hamlet_unit);
        let one = household(&list, listed, id);
        match portions.last_mut() {
            Some(portion) if portion.unit.id == id && portion.households.len() < HOUSEHOLDS_PER_SAVE => {
                portion.households.push(one);
            }
            _ => portions.push(Portion { unit: unit(listed, id), households: vec![one] }),
        }
    }
    Ok(portions)
}

fn unit(listed: &ListedHousehold, id: HamletUnitId) -> HamletUnit {
    HamletUnit {
        id,
        name: listed.hamlet_unit.clone(),
        kind: HamletUnitKind::of_name(&listed.hamlet_unit),
        urban: false,
        valid_from: None,
        valid_to: None,
    }
}

fn household(
    list: &RosterList,
    listed: &ListedHousehold,
    unit: HamletUnitId,
) -> (Option<Alley>, Household, Vec<Member>) {
    let alley = (!listed.alley.is_empty()).then(|| Alley {
        id: AlleyId::from_name(unit.0, &listed.alley),
        hamlet_unit: unit,
        name: listed.alley.clone(),
    });
    let household = Household {
        id: list.household_id(listed),
        hamlet_unit: unit,
        alley: alley.as_ref().map(|alley| alley.id),
        house_no: listed.house_no.clone(),
        place_note: listed.place_note.clone(),
        code: listed.code.clone(),
        dwelling: listed.dwelling.clone(),
        alive: true,
    };
    let member = |one: &roster::ListedMember| Member {
        id: list.member_id(one),
        household: household.id,
        full_name: one.full_name.clone(),
        birth: one.birth,
        sex: one.sex.clone(),
        relation: one.relation.clone(),
        phone: one.phone.clone(),
        residence: one.residence.clone(),
        alive: true,
    };
    let members = listed.members.iter().map(member).collect();
    (alley, household, members)
}

/// An empty store in a folder.
pub(crate) fn empty_store(folder: &Path, durability: Durability) -> Result<Store> {
    let recipient = age::x25519::Identity::generate().to_public().to_string();
    Ok(Store::create(DataFolder::open(folder)?, &identity(recipient), PASSPHRASE, options(1, durability)?)?)
}

/// A store that holds the commune, and the portions as they fitted.
pub(crate) fn filled_store(folder: &Path, portions: Vec<Portion>) -> Result<(Store, Vec<Portion>)> {
    let mut store = empty_store(folder, Durability::Off)?;
    let mut fitting = Vec::new();
    for portion in portions {
        portion.save_fitting(&mut store, &mut fitting)?;
    }
    Ok((store, fitting))
}

/// A closed store's folder, again.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let path = entry?.path();
        std::fs::copy(&path, to.join(path.file_name().context("a file's name")?))?;
    }
    Ok(())
}
