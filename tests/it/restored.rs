//! Yesterday's verified backup is put back under laptops that went on working: real laptops, a real server over TLS, and
//! nobody presses anything but "send".

use std::collections::BTreeSet;
use std::path::Path;

use app::Laptop;
use domain::ids::{HouseholdId, VisitId};
use domain::people::Role;
use server::{Options, Register, restore};
use store::Operation;
use store::tables::{households, members, visits};
use sync_core::local::LocalStore;
use sync_core::op::Scope;
use tests::register::unit;

use crate::faults::absent_at;
use crate::office::{Clock, Office, UNIT, filled, filled_in, place, sync};

fn listed(laptop: &Laptop) -> Vec<HouseholdId> {
    let mut all: Vec<_> =
        households::list(laptop.store.reading()).unwrap().iter().map(|household| household.id).collect();
    all.sort();
    all
}

/// Every visit that the laptop shows.
fn visited(laptop: &Laptop) -> BTreeSet<VisitId> {
    let of = |household| visits::of_household(laptop.store.reading(), household).unwrap();
    listed(laptop).into_iter().flat_map(of).map(|(_, visit)| visit.id).collect()
}

/// A visit to the household of that number, which is on the laptop and nowhere else yet.
fn visit(laptop: &mut Laptop, nth: usize) -> VisitId {
    let before = visited(laptop);
    let household = listed(laptop)[nth];
    absent_at(laptop, household);
    *visited(laptop).difference(&before).next().unwrap()
}

impl Office {
    /// Puts a backup back and serves again at the same address.
    fn put_back(self, backup: &Path) -> Self {
        let Self { runtime, dir, register, serving } = self;
        let mut serving = serving.unwrap();
        let listen = serving.address;
        serving.stop();
        runtime.block_on(serving.ended()).unwrap();
        drop(serving);
        // The tasks of the last connections hold it until they have ended.
        let mut held = register;
        while let Err(still) = std::sync::Arc::try_unwrap(held) {
            held = still;
            std::thread::yield_now();
        }
        let data = dir.path().join("data");
        let report = restore(&data, backup, false, Options::default()).unwrap();
        assert!(report.set_aside.is_some());
        let register = Register::open(&data, Options::default()).unwrap();
        let mut office = Self { runtime, dir, register: std::sync::Arc::new(register), serving: None };
        office.serve(listen);
        office
    }
}

#[test]
fn after_one_sync_each_the_server_has_everything_that_reached_a_laptop() {
    everything_comes_back(filled());
}

#[cfg(unix)]
#[test]
fn after_one_sync_each_a_postgresql_has_everything_that_reached_a_laptop() {
    everything_comes_back(filled_in(Some(&crate::cluster::database())));
}

fn everything_comes_back(office: Office) {
    let team = |name: &str, seed| {
        let mut laptop = office.laptop(name, Role::TeamMember, &[UNIT], Clock::in_year(2026, seed));
        sync(&mut laptop).unwrap();
        laptop
    };
    let (mut lan, mut minh, mut revoked) = (team("lan", 2), team("minh", 3), team("thu", 4));
    let mut all: BTreeSet<VisitId> = BTreeSet::new();
    all.insert(visit(&mut lan, 0));
    sync(&mut lan).unwrap();
    let backups = office.dir.path().join("backups");
    let backup = office.register.backup(&backups).unwrap();

    // The day after: work that was acknowledged, work that others have already, work that waits.
    let mut late = team("dung", 5);
    let delivered = visit(&mut lan, 1);
    sync(&mut lan).unwrap();
    sync(&mut minh).unwrap();
    let acknowledged = visit(&mut minh, 2);
    sync(&mut minh).unwrap();
    let of_the_late = visit(&mut late, 3);
    sync(&mut late).unwrap();
    let of_the_revoked = visit(&mut revoked, 4);
    sync(&mut revoked).unwrap();
    // What the revoked one alone has of a laptop that nobody will ever see again.
    let mut drowned = team("chau", 6);
    let of_the_drowned = visit(&mut drowned, 5);
    sync(&mut drowned).unwrap();
    sync(&mut revoked).unwrap();
    drop(drowned);
    let waits = visit(&mut late, 6);
    let too_late = visit(&mut revoked, 7);
    all.extend([delivered, acknowledged, of_the_late, of_the_revoked, of_the_drowned, waits]);
    let revoked_device = revoked.store.identity().device;
    office.register.revoke(revoked_device).unwrap();
    let erased = listed(&lan)[8];
    let people = members::of_household(lan.store.reading(), erased).unwrap();
    let gone = office.register.erase(erased.0).unwrap();
    assert_eq!(gone.len(), people.len() + 1);

    let office = office.put_back(&backup.file);
    let position = office.register.position().unwrap();
    // The revoked one first: what it brings is there for everybody.
    let refused = sync(&mut revoked).unwrap_err();
    assert_eq!(refused.code, "auth.revoked");
    assert_eq!(listed(&revoked), [] as [HouseholdId; 0], "sealed");
    assert_eq!(revoked.store.waiting().unwrap().pending_groups, 0);
    for laptop in [&mut minh, &mut late, &mut lan] {
        sync(laptop).unwrap();
    }
    assert!(office.register.position().unwrap() > position);

    // Somebody who comes now sees all of it, and only the living.
    let mut new = office.laptop("new", Role::TeamMember, &[UNIT], Clock::in_year(2026, 7));
    sync(&mut new).unwrap();
    let there = visited(&new);
    assert_eq!(there, all, "{:?} lost, {:?} too many", all.difference(&there), there.difference(&all));
    assert!(!there.contains(&too_late), "written after the revocation: it waits for the office");
    assert_eq!(revoked.store.waiting().unwrap().quarantined_groups, 1);
    assert!(!listed(&new).contains(&erased));
    assert_eq!(listed(&new).len(), 83);
    assert_eq!(sync(&mut revoked).unwrap_err().code, "auth.revoked");
    for laptop in [&mut lan, &mut minh, &mut late] {
        sync(laptop).unwrap();
        assert_eq!(visited(laptop), all);
        assert_eq!(listed(laptop), listed(&new));
        for person in &people {
            assert!(members::get(laptop.store.reading(), person.id).unwrap().is_none());
        }
        assert_eq!(laptop.store.waiting().unwrap(), Default::default());
        let (mine, theirs) = (laptop.store.hello().unwrap().cursor, new.store.hello().unwrap().cursor);
        assert_eq!(mine, theirs);
    }
    // It has the order to destroy its keys, and carries it out once nothing waits.
    let operation = Operation { name: "test", scope: Scope::COMMUNE, job: None };
    revoked.store.transact(operation, |change| change.put(&unit())).unwrap();
    revoked.store = revoked.store.unless_ordered_away().unwrap().unwrap();
    assert_eq!(sync(&mut revoked).unwrap_err().code, "auth.revoked");
    let folder = office.dir.path().join("thu");
    assert!(folder.join("keys.json").exists());
    assert!(revoked.store.unless_ordered_away().unwrap().is_none());
    let left = |name: &str| folder.join(name).exists();
    assert_eq!(
        ["keys.json", "register.db", "register.db-wal", "outbox.sealed"].map(left),
        [false, false, false, true]
    );
    assert!(lan.store.unless_ordered_away().unwrap().is_some(), "nobody ordered that");
    assert!(office.register.figures_hold().unwrap());
    assert_eq!(office.register.figures(None).unwrap().households, 83);
}

/// Enrolled after the backup, and revoked: the server has forgotten it, and the ledger has not. What it holds is
/// sealed and given back all the same.
#[test]
fn a_revoked_laptop_that_the_server_forgot_gives_back_too() {
    let office = filled();
    let mut lan = office.laptop("lan", Role::TeamMember, &[UNIT], Clock::in_year(2026, 2));
    sync(&mut lan).unwrap();
    let backup = office.register.backup(&office.dir.path().join("backups")).unwrap();
    let mut drowned = office.laptop("chau", Role::TeamMember, &[UNIT], Clock::in_year(2026, 6));
    let mut late = office.laptop("dung", Role::TeamMember, &[UNIT], Clock::in_year(2026, 5));
    sync(&mut drowned).unwrap();
    let of_the_drowned = visit(&mut drowned, 1);
    sync(&mut drowned).unwrap();
    sync(&mut late).unwrap();
    assert!(visited(&late).contains(&of_the_drowned));
    drop(drowned);
    office.register.revoke(late.store.identity().device).unwrap();
    let office = office.put_back(&backup.file);
    assert_eq!(sync(&mut late).unwrap_err().code, "auth.revoked");
    assert_eq!(listed(&late), [] as [HouseholdId; 0], "readable on a revoked laptop");
    sync(&mut lan).unwrap();
    sync(&mut lan).unwrap();
    assert!(visited(&lan).contains(&of_the_drowned), "never given back");
    drop(office);
}

/// Copies a closed laptop's folder in the place of another.
fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// A disk that is put back to its copy of last week, and two laptops out of one disk: no later Save is lost.
#[test]
fn neither_an_old_disk_nor_a_copied_one_loses_a_later_save() {
    let office = filled();
    let at = |name: &str| office.dir.path().join(name);
    let code = office.code(Role::TeamMember, &[UNIT]);
    let clock = |seed| Clock::in_year(2026, seed);
    let (mut lan, words) =
        Laptop::enrol(place(&at("lan"), clock(2)), &code, Some(office.url()), "lan").unwrap();
    let open = |name: &str, seed| Laptop::open(place(&at(name), clock(seed)), &words).unwrap();
    sync(&mut lan).unwrap();
    let mut all = BTreeSet::from([visit(&mut lan, 0)]);
    sync(&mut lan).unwrap();
    drop(lan);
    copy(&at("lan"), &at("image"));
    let mut lan = open("lan", 3);
    all.extend([visit(&mut lan, 1), visit(&mut lan, 2)]);
    sync(&mut lan).unwrap();
    drop(lan);
    // The disk dies; last week's copy is put in its place.
    copy(&at("image"), &at("lan"));
    let mut lan = open("lan", 4);
    all.extend([visit(&mut lan, 3), visit(&mut lan, 4)]);
    sync(&mut lan).unwrap();
    assert_eq!(visited(&lan), all);
    drop(lan);
    // Somebody copies the disk into a second laptop, and both go on.
    copy(&at("lan"), &at("twin"));
    let (mut lan, mut twin) = (open("lan", 5), open("twin", 6));
    for nth in 5..8 {
        all.extend([visit(&mut lan, nth), visit(&mut twin, nth)]);
        sync(&mut twin).unwrap();
        sync(&mut lan).unwrap();
    }
    sync(&mut twin).unwrap();
    let mut new = office.laptop("new", Role::TeamMember, &[UNIT], clock(7));
    sync(&mut new).unwrap();
    for laptop in [&lan, &twin, &new] {
        assert_eq!(visited(laptop), all);
        assert_eq!(laptop.store.waiting().unwrap(), Default::default());
    }
}
