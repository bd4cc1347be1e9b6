//! The sample commune as portions that fit into one save each, and a store that holds it.

use std::path::Path;

use anyhow::Result;
use domain::calendar::Day;
use domain::ids::{AlleyId, HamletUnitId, HouseholdId, JobId, MemberId};
use domain::people::{Alley, HamletUnit, HamletUnitKind, Household, Member};
use roster::{Limits, ListedHousehold, RosterList, open, read};
use store::{DataFolder, Durability, Identity, Operation, Store, StoreError};
use sync_client::ServerLink;
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

/// The list's first households, with so many people at least, cut into portions. More people than it has: the
/// list once more, as other people of other hamlets; without a number, once.
pub(crate) fn portions(people: Option<usize>) -> Result<Vec<Portion>> {
    let book = open(LIST, &Limits::default())?;
    let list = read(&book, Day::at(NOON_MS))?;
    let wanted = people.unwrap_or_else(|| list.households.iter().map(|one| one.members.len()).sum());
    let mut portions: Vec<Portion> = Vec::new();
    let mut counted = 0;
    for (time, listed) in (0..).flat_map(|time| list.households.iter().map(move |listed| (time, listed))) {
        if counted >= wanted {
            break;
        }
        counted += listed.members.len();
        let id = HamletUnitId::from_name(Uuid::from_u128(1 + time), &listed.hamlet_unit);
        let one = household(&list, listed, id, time);
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
    time: u128,
) -> (Option<Alley>, Household, Vec<Member>) {
    // The first time, the ids that the product gives.
    let once_more = |id: Uuid| Uuid::from_u128(id.as_u128() ^ time);
    let alley = (!listed.alley.is_empty()).then(|| Alley {
        id: AlleyId::from_name(unit.0, &listed.alley),
        hamlet_unit: unit,
        name: listed.alley.clone(),
    });
    let household = Household {
        id: HouseholdId(once_more(list.household_id(listed).0)),
        hamlet_unit: unit,
        alley: alley.as_ref().map(|alley| alley.id),
        house_no: listed.house_no.clone(),
        place_note: listed.place_note.clone(),
        code: listed.code.clone(),
        dwelling: listed.dwelling.clone(),
        alive: true,
    };
    let member = |one: &roster::ListedMember| Member {
        id: MemberId(once_more(list.member_id(one).0)),
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
    store_of(&identity(recipient()), folder, durability)
}

fn store_of(identity: &Identity, folder: &Path, durability: Durability) -> Result<Store> {
    Ok(Store::create(DataFolder::open(folder)?, identity, PASSPHRASE, options(1, durability)?)?)
}

/// Whom the outbox is sealed to.
fn recipient() -> String {
    age::x25519::Identity::generate().to_public().to_string()
}

/// A store that holds the commune, and the portions as they fitted.
pub(crate) fn filled_store(folder: &Path, portions: Vec<Portion>) -> Result<(Store, Vec<Portion>)> {
    let mut units: Vec<_> = portions.iter().map(|portion| &portion.unit).collect();
    units.dedup_by_key(|unit| unit.id);
    let mut identity = identity(recipient());
    identity.hamlet_units = units.iter().map(|unit| unit.id).collect();
    // A server that nobody reaches: the window over this store is one without a network.
    let server = ServerLink {
        address: "https://127.0.0.1:1".into(),
        identity: [0; 32],
        device_key: [0; 32],
        token: String::new(),
    };
    identity.link = serde_json::to_string(&app::Commune {
        name: "Xã Đồng Sen".into(),
        basis: identity.basis.clone(),
        hamlet_unit_names: units.iter().map(|unit| unit.name.clone()).collect(),
        device_name: String::new(),
        server,
    })?;
    let mut store = store_of(&identity, folder, Durability::Off)?;
    let mut fitting = Vec::new();
    for portion in portions {
        portion.save_fitting(&mut store, &mut fitting)?;
    }
    Ok((store, fitting))
}
