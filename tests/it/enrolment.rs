//! Enrolment that is cut off: the answer lost on the wire, the laptop dying at any of its steps. The same
//! code then makes the same laptop, and nothing is lost.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use app::{AppError, Laptop, Place};
use domain::people::Role;
use server::Register;
use store::Machine;

use crate::faults::absent;
use crate::office::{Clock, Office, UNIT, filled, place, sync};

/// Carries one connection to the server, and the answers back until the server has taken something: the
/// answer to that never arrives.
fn line_that_loses_the_answer(to: SocketAddr, register: Arc<Register>) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    let carrying = std::thread::spawn(move || {
        let before = register.position().unwrap();
        let (laptop, _) = listener.accept().unwrap();
        let server = TcpStream::connect(to).unwrap();
        let (mut from, mut forth) = (laptop.try_clone().unwrap(), server.try_clone().unwrap());
        let there = std::thread::spawn(move || std::io::copy(&mut from, &mut forth));
        let (mut server, mut laptop) = (server, laptop);
        let mut bytes = [0; 16 * 1024];
        loop {
            let read = server.read(&mut bytes).unwrap();
            if read == 0 || register.position().unwrap() != before {
                break;
            }
            laptop.write_all(&bytes[..read]).unwrap();
        }
        let _ = laptop.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
        let _ = there.join().unwrap();
    });
    (address, carrying)
}

fn enrol(folder: &Path, code: &str, address: &str, seed: u64) -> Result<(Laptop, String), AppError> {
    let made = Laptop::enrol(place(folder, Clock::in_year(2026, seed)), code, Some(address), "Máy Lan");
    made.map(|(laptop, passphrase)| (laptop, passphrase.to_string()))
}

fn try_on_a_losing_line(office: &Office, folder: &Path, code: &str) {
    let to = office.url().trim_start_matches("https://").parse().unwrap();
    let (address, carrying) = line_that_loses_the_answer(to, Arc::clone(&office.register));
    let refused = enrol(folder, code, &address, 20).map(drop).unwrap_err();
    assert_eq!((refused.code.as_str(), refused.retryable), ("enrol.unreachable", true));
    carrying.join().unwrap();
}

#[test]
fn an_answer_lost_on_the_wire_does_not_spend_the_code() {
    let office = filled();
    let code = office.code(Role::TeamMember, &[UNIT]);
    let folder = office.dir.path().join("lan");
    let before = office.register.device_count().unwrap();
    try_on_a_losing_line(&office, &folder, &code);
    assert_eq!(office.register.device_count().unwrap(), before + 1, "the server had taken it");
    assert!(folder.join("enrolling.json").exists() && !folder.join("register.db").exists());

    let thief = enrol(&office.dir.path().join("thief"), &code, office.url(), 21).map(drop).unwrap_err();
    assert_eq!(thief.code, "enrol.used_code");

    let (mut lan, passphrase) = enrol(&folder, &code, office.url(), 22).unwrap();
    assert_eq!(office.register.device_count().unwrap(), before + 1, "one laptop, one device");
    sync(&mut lan).unwrap();
    absent(&mut lan);
    assert_eq!(sync(&mut lan).unwrap().sent_groups, 1);
    drop(lan);
    Laptop::open(place(&folder, Clock::in_year(2026, 23)), &passphrase).unwrap();
    assert!(!folder.join("enrolling.json").exists(), "who opens ends it");
    let again = enrol(&folder, &code, office.url(), 24).map(drop).unwrap_err();
    assert_eq!(again.code, "store.already_set_up", "who works here is not enrolled a second time");
}

/// A machine that gives out before a certain draw of randomness: the process dies there. Between the making
/// of the database file and its identity row lies such a draw.
#[derive(Debug)]
struct Dying {
    clock: Clock,
    draws_left: u32,
}

impl Machine for Dying {
    fn wall_ms(&mut self) -> i64 {
        self.clock.wall_ms()
    }

    fn monotonic_ms(&mut self) -> i64 {
        self.clock.monotonic_ms()
    }

    fn fill_random(&mut self, bytes: &mut [u8]) -> Result<(), std::io::Error> {
        self.draws_left = self.draws_left.checked_sub(1).ok_or_else(|| std::io::Error::other("died"))?;
        self.clock.fill_random(bytes)
    }
}

#[test]
fn a_laptop_that_dies_anywhere_while_it_is_enrolled_is_enrolled_by_the_same_code() {
    let office = filled();
    let before = office.register.device_count().unwrap();
    let (mut died, mut with_a_database) = (0, 0);
    loop {
        let folder = office.dir.path().join(format!("lan{died}"));
        let code = office.code(Role::TeamMember, &[UNIT]);
        let machine = Dying { clock: Clock::in_year(2026, 30), draws_left: died };
        let dying = Place { machine: Box::new(machine), ..place(&folder, Clock::in_year(2026, 30)) };
        let made = Laptop::enrol(dying, &code, Some(office.url()), "Máy Lan").map(drop);
        if made.is_ok() {
            break;
        }
        let half_made = folder.join("register.db").exists();
        let (mut lan, passphrase) = enrol(&folder, &code, office.url(), 31).unwrap();
        assert_eq!(folder.join("set-aside-1/register.db").exists(), half_made, "moved aside, not deleted");
        sync(&mut lan).unwrap();
        absent(&mut lan);
        drop(lan);
        Laptop::open(place(&folder, Clock::in_year(2026, 32)), &passphrase).unwrap();
        died += 1;
        with_a_database += u32::from(half_made);
    }
    assert!(died >= 5, "keys, database, identity: it died {died} times");
    assert!(with_a_database >= 1, "once between the database file and its identity");
    assert_eq!(office.register.device_count().unwrap(), before + u64::from(died) + 1, "one device each");
}

/// What an earlier life of this laptop left in the sealed outbox is no work of the one that is being made.
#[test]
fn a_laptop_with_an_earlier_life_dies_while_it_is_enrolled_and_keeps_that_life_s_work() {
    let office = filled();
    let folder = office.dir.path().join("lan");
    let (mut lan, _) = enrol(&folder, &office.code(Role::TeamMember, &[UNIT]), office.url(), 50).unwrap();
    sync(&mut lan).unwrap();
    absent(&mut lan);
    drop(lan);
    for name in ["register.db", "register.db-wal", "register.db-shm"] {
        let _ = std::fs::remove_file(folder.join(name));
    }
    let earlier = store::read_sealed(&folder.join("outbox.sealed")).unwrap();
    assert_eq!(earlier.len(), 1);
    let code = office.code(Role::TeamMember, &[UNIT]);
    let mut draws_left = 0;
    while !folder.join("register.db").exists() {
        let machine = Dying { clock: Clock::in_year(2026, 51), draws_left };
        let dying = Place { machine: Box::new(machine), ..place(&folder, Clock::in_year(2026, 51)) };
        Laptop::enrol(dying, &code, Some(office.url()), "Máy Lan").map(drop).unwrap_err();
        draws_left += 1;
    }
    let (mut lan, _) = enrol(&folder, &code, office.url(), 52).unwrap();
    sync(&mut lan).unwrap();
    assert_eq!(store::read_sealed(&folder.join("outbox.sealed")).unwrap(), earlier);
}

/// The file that says "not finished" may come back from a disk that lost its removal: what was saved in the
/// meantime stands in the way of a new beginning.
#[test]
fn a_register_in_which_something_was_saved_is_never_moved_aside() {
    let office = filled();
    let code = office.code(Role::TeamMember, &[UNIT]);
    let folder = office.dir.path().join("lan");
    try_on_a_losing_line(&office, &folder, &code);
    let begun = std::fs::read(folder.join("enrolling.json")).unwrap();
    let (mut lan, passphrase) = enrol(&folder, &code, office.url(), 41).unwrap();
    sync(&mut lan).unwrap();
    absent(&mut lan);
    drop(lan);
    std::fs::write(folder.join("enrolling.json"), begun).unwrap();
    let refused = enrol(&folder, &code, office.url(), 42).map(drop).unwrap_err();
    assert_eq!(refused.code, "store.already_set_up");
    let lan = Laptop::open(place(&folder, Clock::in_year(2026, 43)), &passphrase).unwrap();
    assert_eq!(app::sync::waiting(&lan).unwrap().pending_groups, 1);
    assert!(!folder.join("enrolling.json").exists(), "who opens ends it");
}

/// The power goes while the four words are being written down: nobody can open what was made.
#[test]
fn words_that_nobody_read_lock_nobody_out() {
    let office = filled();
    let (code, other) = (office.code(Role::TeamMember, &[UNIT]), office.code(Role::TeamMember, &[UNIT]));
    let folder = office.dir.path().join("lan");
    let before = office.register.device_count().unwrap();
    drop(enrol(&folder, &code, office.url(), 60).unwrap());
    drop(enrol(&folder, &code, office.url(), 61).unwrap());
    assert_eq!(office.register.device_count().unwrap(), before + 1, "one laptop, one device");
    // A code that the commune does not take costs nothing: whoever has the words after all still opens.
    let (lan, passphrase) = enrol(&folder, &other, office.url(), 62).unwrap();
    drop(lan);
    let used = office.code(Role::TeamMember, &[UNIT]);
    drop(enrol(&office.dir.path().join("minh"), &used, office.url(), 63).unwrap());
    assert_eq!(enrol(&folder, &used, office.url(), 64).map(drop).unwrap_err().code, "enrol.used_code");
    assert!(folder.join("enrolling.json").exists() && folder.join("register.db").exists());
    drop(Laptop::open(place(&folder, Clock::in_year(2026, 65)), &passphrase).unwrap());
    let refused = enrol(&folder, &other, office.url(), 66).map(drop).unwrap_err();
    assert_eq!(refused.code, "store.already_set_up");

    let folder = office.dir.path().join("hoa");
    let code = office.code(Role::TeamMember, &[UNIT]);
    let (mut hoa, _) = enrol(&folder, &code, office.url(), 67).unwrap();
    hoa.words_written().unwrap();
    drop(hoa);
    let refused = enrol(&folder, &code, office.url(), 68).map(drop).unwrap_err();
    assert_eq!(refused.code, "store.already_set_up", "somebody has the words");
}

fn enrol_instead(
    folder: &Path,
    code: &str,
    office: &Office,
    seed: u64,
) -> Result<(Laptop, String, Option<String>), AppError> {
    let place = place(folder, Clock::in_year(2026, seed));
    let made = Laptop::enrol_instead(place, code, Some(office.url()), "Máy Lan");
    made.map(|(laptop, passphrase, aside)| (laptop, passphrase.to_string(), aside))
}

/// Four words forgotten, or a laptop that the commune does not know any more: only who says so gets a new
/// register beside the old one.
#[test]
fn a_new_code_on_a_laptop_with_a_register_sets_it_aside_when_told_to() {
    let office = filled();
    let folder = office.dir.path().join("lan");
    let (mut lan, forgotten) =
        enrol(&folder, &office.code(Role::TeamMember, &[UNIT]), office.url(), 80).unwrap();
    sync(&mut lan).unwrap();
    absent(&mut lan);
    lan.words_written().unwrap();
    drop(lan);
    let sealed = store::read_sealed(&folder.join("outbox.sealed")).unwrap();
    assert_eq!(sealed.len(), 1);

    let code = office.code(Role::TeamMember, &[UNIT]);
    let refused = enrol(&folder, &code, office.url(), 81).map(drop).unwrap_err();
    assert_eq!(refused.code, "store.already_set_up");
    // Told to, with a code that is none: the register stays where it is, also for the next try.
    let used = office.code(Role::TeamMember, &[UNIT]);
    drop(enrol(&office.dir.path().join("minh"), &used, office.url(), 82).unwrap());
    let refused = enrol_instead(&folder, &used, &office, 83).map(drop).unwrap_err();
    assert_eq!(refused.code, "enrol.used_code");
    let refused = enrol(&folder, &code, office.url(), 84).map(drop).unwrap_err();
    assert_eq!(refused.code, "store.already_set_up", "a try that failed allows nothing");
    drop(Laptop::open(place(&folder, Clock::in_year(2026, 85)), &forgotten).unwrap());

    let (mut lan, passphrase, aside) = enrol_instead(&folder, &code, &office, 86).unwrap();
    assert_eq!(aside.as_deref(), Some("set-aside-1"));
    assert!(folder.join("set-aside-1/register.db").exists() && folder.join("set-aside-1/keys.json").exists());
    assert_eq!(store::read_sealed(&folder.join("outbox.sealed")).unwrap(), sealed);
    sync(&mut lan).unwrap();
    assert_eq!(app::register::figures(&mut lan, None).unwrap().persons, 409, "the hamlet comes back");
    absent(&mut lan);
    assert_eq!(sync(&mut lan).unwrap().sent_groups, 1);
    drop(lan);
    let both = store::read_sealed(&folder.join("outbox.sealed")).unwrap();
    assert_eq!((&both[..1], both.len()), (&sealed[..], 2));
    Laptop::open(place(&folder, Clock::in_year(2026, 87)), &passphrase).unwrap();

    let fresh = office.dir.path().join("hoa");
    let code = office.code(Role::TeamMember, &[UNIT]);
    let (_, _, aside) = enrol_instead(&fresh, &code, &office, 88).unwrap();
    assert_eq!(aside, None, "where nothing was, nothing is set aside");
}
