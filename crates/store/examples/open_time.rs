//! How long a store takes to open, by the number of groups that were ever saved in it:
//! `cargo run --release -p store --example open_time -- [GROUPS]…`.
//! The key is at hand: the passphrase's stretching is not measured. Medians of 15 openings.

// A tool for people: it prints, and ends with what went wrong.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::Instant;

use domain::criteria::CriteriaSet;
use domain::ids::{CommuneId, DeviceId, HamletUnitId, HouseholdId, UserId};
use domain::people::{Dwelling, Household, Role};
use domain::rules::DoorRules;
use store::{CountedBy, DataFolder, Durability, Identity, KeyCost, Operation, Options, Store, SystemMachine};
use sync_core::op::Scope;
use uuid::Uuid;

type Done<T> = Result<T, Box<dyn Error>>;

const OPENINGS: usize = 15;
const PASSPHRASE: &str = "aovang cuado nangtho muaxanh";
const UNIT: HamletUnitId = HamletUnitId(Uuid::from_u128(0x11));

fn options() -> Done<Options> {
    Ok(Options {
        counted_by: CountedBy {
            basis: domain::consent::Basis::Consent,
            rules: DoorRules::from_json(include_str!("../../../assets/rules/door-2026.json"))?,
            criteria: CriteriaSet::from_json(include_str!("../../../assets/criteria/phu-dong-2025.json"))?,
        },
        machine: Box::new(SystemMachine::default()),
        durability: Durability::Off,
        key_cost: KeyCost { memory_kib: 64, passes: 1 },
    })
}

fn household(number: u64) -> Household {
    Household {
        id: HouseholdId(Uuid::from_u128(u128::from(number) + 0x1000)),
        hamlet_unit: UNIT,
        alley: None,
        house_no: number.to_string(),
        place_note: "ơ".repeat(150),
        code: format!("T-{number}"),
        dwelling: Dwelling::House,
        alive: true,
    }
}

fn main() -> Done<()> {
    let mut sizes = std::env::args().skip(1).map(|text| text.parse()).collect::<Result<Vec<u64>, _>>()?;
    if sizes.is_empty() {
        sizes = vec![10, 1_000, 20_000];
    }
    for groups in sizes {
        let dir = tempfile::tempdir()?;
        let identity = Identity {
            basis: domain::consent::Basis::Consent,
            commune: CommuneId(Uuid::from_u128(1)),
            device: DeviceId(Uuid::from_u128(2)),
            user: UserId(Uuid::from_u128(3)),
            role: Role::TeamMember,
            hamlet_units: vec![UNIT],
            seal_to: age::x25519::Identity::generate().to_public().to_string(),
            certificate: None,
            link: String::new(),
        };
        let mut store = Store::create(DataFolder::open(dir.path())?, &identity, PASSPHRASE, options()?)?;
        let key = store.key().1.clone();
        for number in 0..groups {
            let operation = Operation { name: "example", scope: Scope::from(UNIT), job: None };
            store.transact(operation, |change| change.put(&household(number)))?;
        }
        drop(store);
        let mut took = Vec::new();
        for _ in 0..OPENINGS {
            let (folder, options) = (DataFolder::open(dir.path())?, options()?);
            let started = Instant::now();
            let store = Store::open_with_key(folder, key.clone(), options)?;
            took.push(started.elapsed());
            drop(store);
        }
        took.sort();
        let median = took.get(OPENINGS / 2).copied().unwrap_or_default();
        println!("{groups} groups: opens in {:.2} ms", median.as_secs_f64() * 1000.0);
    }
    Ok(())
}
