//! A commune's office on loopback with TLS, and laptops enrolled to it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use app::{AppError, Laptop, Place, lists};
use domain::consent::Basis;
use domain::ids::HouseholdId;
use domain::people::Role;
use server::{EnrolOrder, NewCommune, Register, Serving, Transport};
use store::tables::{households, members};
use store::{Durability, KeyCost, Machine};
use tempfile::TempDir;
use tests::dice::Dice;
use tests::laptop::NOON_MS;
use tokio::runtime::Runtime;

/// A commune on loopback, with TLS.
pub(crate) struct Office {
    pub(crate) runtime: Runtime,
    pub(crate) dir: TempDir,
    pub(crate) register: Arc<Register>,
    pub(crate) serving: Option<Serving>,
}

impl Office {
    pub(crate) fn open(listen: SocketAddr) -> Self {
        Self::open_in(listen, None)
    }

    /// With its register in a PostgreSQL database, or in a file.
    pub(crate) fn open_in(listen: SocketAddr, postgres: Option<&str>) -> Self {
        let runtime = Runtime::new().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let commune =
            NewCommune { name: "Xã Đồng Sen".into(), code: String::new(), basis: Basis::Consent };
        let (data, options) = (dir.path().join("data"), server::Options::default());
        let register = match postgres {
            Some(url) => Register::create_in_postgres(&data, &commune, url, options),
            None => Register::create(&data, &commune, options),
        };
        let register = register.unwrap();
        let mut office = Self { runtime, dir, register: Arc::new(register), serving: None };
        office.serve(listen);
        office
    }

    pub(crate) fn serve(&mut self, listen: SocketAddr) {
        let _entered = self.runtime.enter();
        self.serving = Some(server::serve(&self.register, listen, &Transport::Tls(vec![])).unwrap());
    }

    pub(crate) fn url(&self) -> &str {
        &self.serving.as_ref().unwrap().url
    }

    pub(crate) fn code(&self, role: Role, units: &[&str]) -> String {
        let order = EnrolOrder {
            role,
            hamlet_units: units.iter().map(|&unit| unit.to_owned()).collect(),
            user_name: String::new(),
            valid_minutes: 60,
            address: None,
        };
        self.register.issue_code(&order).unwrap().code.to_string()
    }

    /// A laptop whose wall clock stands in that year.
    pub(crate) fn laptop(&self, name: &str, role: Role, units: &[&str], clock: Clock) -> Laptop {
        let folder = self.dir.path().join(name);
        let code = self.code(role, units);
        Laptop::enrol(place(&folder, clock), &code, Some(self.url()), name).unwrap().0
    }
}

const YEAR_MS: i64 = 31_556_952_000;

/// A clock that is off by some milliseconds and runs, and dice.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    start_ms: i64,
    looked: i64,
    dice: Dice,
    /// After so many looks it goes back by a year.
    jumps_after: i64,
}

impl Clock {
    pub(crate) fn in_year(year: i64, seed: u64) -> Self {
        let start_ms = NOON_MS + (year - 2026) * YEAR_MS;
        Self { start_ms, looked: 0, dice: Dice::new(seed), jumps_after: i64::MAX }
    }

    /// It goes back by a year in the middle of the evening.
    pub(crate) fn that_jumps(seed: u64) -> Self {
        Self { jumps_after: 40, ..Self::in_year(2026, seed) }
    }
}

impl Machine for Clock {
    fn wall_ms(&mut self) -> i64 {
        self.looked += 1;
        let back_ms = if self.looked > self.jumps_after { YEAR_MS } else { 0 };
        self.start_ms + self.looked - back_ms
    }

    fn monotonic_ms(&mut self) -> i64 {
        self.looked
    }

    fn fill_random(&mut self, bytes: &mut [u8]) -> Result<(), std::io::Error> {
        bytes.fill_with(|| self.dice.roll().to_le_bytes()[0]);
        Ok(())
    }
}

pub(crate) fn place(folder: &Path, clock: Clock) -> Place<'_> {
    Place {
        folder,
        counted_by: app::shipped_rules().unwrap(),
        machine: Box::new(clock),
        durability: Durability::Off,
        key_cost: KeyCost { memory_kib: 64, passes: 1 },
    }
}

pub(crate) const LOOPBACK: &str = "127.0.0.1:0";
pub(crate) const UNIT: &str = "Thôn Sen Hạ";

/// An office whose register was filled by a commune officer's laptop.
pub(crate) fn filled() -> Office {
    filled_in(None)
}

/// The same with its register in a PostgreSQL database.
pub(crate) fn filled_in(postgres: Option<&str>) -> Office {
    let office = Office::open_in(LOOPBACK.parse().unwrap(), postgres);
    let mut officer = office.laptop("officer", Role::CommuneOfficer, &[], Clock::in_year(2026, 1));
    let bytes = std::fs::read("fixtures/roster/so-ho-thon-sen-ha.xlsx").unwrap();
    let looked = lists::look(&mut officer, &bytes).unwrap();
    lists::take_in(&mut officer, &looked, &source(), &mut |_, _| {}).unwrap();
    sync(&mut officer).unwrap();
    office
}

/// Who hands every list over.
pub(crate) fn source() -> lists::Source {
    lists::Source { handed_over_by: "Ông Tư, trưởng thôn".into(), basis: "consent".into() }
}

pub(crate) fn sync(laptop: &mut Laptop) -> Result<sync_client::Report, AppError> {
    app::sync::now(laptop, &mut |_| {})
}

pub(crate) fn first_household(laptop: &Laptop) -> HouseholdId {
    households::list(laptop.store.reading()).unwrap().iter().map(|household| household.id).min().unwrap()
}

pub(crate) fn head_name(laptop: &Laptop) -> String {
    let people = members::of_household(laptop.store.reading(), first_household(laptop)).unwrap();
    people[0].full_name.clone()
}
