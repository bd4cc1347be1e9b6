//! Tests of [`super`]: what a register that was put back hears, and who is asked about the clock.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

use domain::consent::Basis;
use domain::ids::{DeviceId, UserId};
use sync_core::ledger::Entry;
use uuid::Uuid;

use super::super::own::OwnGroup;
use super::*;
use crate::machine::Machine;
use crate::{NewCommune, Options};

fn options() -> Options {
    Options { durability: Durability::Off, ..Options::default() }
}

fn commune() -> NewCommune {
    NewCommune { name: "Xã Đồng Sen".into(), code: String::new(), basis: Basis::Consent }
}

fn register(dir: &Path) -> Register {
    Register::create(&dir.join("data"), &commune(), options()).unwrap()
}

fn again(register: Register) -> Result<Register, ServerError> {
    let path = register.folder().path().to_owned();
    drop(register);
    Register::open(&path, options())
}

fn enrolled(n: u128) -> Entry {
    Entry::Enrolled { device: DeviceId(Uuid::from_u128(n)), user: UserId(Uuid::from_u128(n + 100)) }
}

fn note(register: &Register, n: u128) {
    register.write(|intake| intake.note(enrolled(n))).unwrap();
}

fn commit(register: &Register, n: u128) {
    let group = OwnGroup::unit_named(Uuid::from_u128(n), "Thôn Sen");
    register.write(|intake| intake.write_own(group)).unwrap();
}

fn users(register: &Register, n: u128) -> usize {
    register.read(|log| Ok(log.users_of(DeviceId(Uuid::from_u128(n)))?.len())).unwrap()
}

fn mark(register: &Register) -> u64 {
    register.read(|log| Ok(log.head()?.ledger.number)).unwrap()
}

/// A clock that somebody sets.
#[derive(Debug, Default)]
struct Clock(AtomicI64, AtomicU8);

impl Machine for Clock {
    fn wall_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    fn fill_random(&self, bytes: &mut [u8]) -> std::io::Result<()> {
        bytes.fill(self.1.fetch_add(1, Ordering::Relaxed));
        Ok(())
    }
}

impl Clock {
    fn goes_on(&self, days: i64) {
        self.0.fetch_add(days * 24 * 3600 * 1000, Ordering::Relaxed);
    }
}

fn with_clock(clock: &Arc<Clock>, clock_is_right: bool) -> Options {
    Options { machine: Arc::clone(clock) as _, clock_is_right, ..options() }
}

/// A commune whose clock somebody sets, and that is opened by whoever vouches for it or does not.
fn clocked(dir: &Path) -> (Arc<Clock>, impl Fn(bool) -> Result<Register, ServerError>) {
    let clock = Arc::new(Clock(AtomicI64::new(1_800_000_000_000), AtomicU8::new(0)));
    let data = dir.join("data");
    Register::create(&data, &commune(), with_clock(&clock, false)).unwrap();
    (Arc::clone(&clock), move |is_right| Register::open(&data, with_clock(&clock, is_right)))
}

fn asked(opened: Result<Register, ServerError>) -> i64 {
    match opened {
        Err(ServerError::ClockAhead { days }) => days,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_clock_that_is_days_ahead_needs_a_person_s_word() {
    let dir = tempfile::tempdir().unwrap();
    let (clock, open) = clocked(dir.path());
    commit(&open(false).unwrap(), 1);
    clock.goes_on(1);
    let register = open(false).unwrap();
    // Somebody is served on a quiet day.
    clock.goes_on(1);
    register.bear_witness().unwrap();
    drop(register);
    clock.goes_on(1);
    open(false).unwrap();
    clock.goes_on(2);
    assert_eq!((asked(open(false)), asked(open(false))), (3, 3), "asking is no answer");
    open(true).unwrap();
    open(false).unwrap();
    clock.goes_on(-400);
    open(false).unwrap();
}

/// Nothing is written by a clock that nobody vouches for: neither what the ledger has to say nor the next life.
#[test]
fn who_is_asked_about_the_clock_has_written_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (clock, open) = clocked(dir.path());
    let register = open(false).unwrap();
    let copy = dir.path().join("copy.db");
    copied(&register, &copy);
    commit(&register, 1);
    note(&register, 2);
    clock.goes_on(5);
    let files = || {
        ["register.db", "witness.json"].map(|name| std::fs::read(dir.path().join("data").join(name)).unwrap())
    };
    lay_back(register, &copy);
    let before = files();
    assert_eq!(asked(open(false)), 5);
    assert_eq!(files(), before);
    let register = open(true).unwrap();
    assert_eq!((register.epoch().unwrap().number, mark(&register)), (2, 1));
}

/// No file beside the log lets a wrong clock in by being gone, cut or somebody else's.
#[test]
fn without_a_witness_the_log_says_when_it_last_took_something() {
    let dir = tempfile::tempdir().unwrap();
    let (clock, open) = clocked(dir.path());
    let register = open(false).unwrap();
    commit(&register, 1);
    let witness = register.beside.witness.clone();
    let mut forged = register.beside.witness().unwrap();
    drop(register);
    clock.goes_on(5);
    forged.wall_ms += 5 * 24 * 3600 * 1000;
    for left in [serde_json::to_vec(&forged).unwrap(), b"{".to_vec(), vec![]] {
        std::fs::write(&witness, left).unwrap();
        assert_eq!(asked(open(false)), 5);
    }
    std::fs::remove_file(&witness).unwrap();
    assert_eq!(asked(open(false)), 5);
    open(true).unwrap();
    open(false).unwrap();
}

/// The database goes back under a server; the hour strikes before anybody writes.
#[test]
fn a_quiet_hour_takes_nothing_of_what_the_witness_saw() {
    let dir = tempfile::tempdir().unwrap();
    let register = register(dir.path());
    let copy = dir.path().join("copy.db");
    copied(&register, &copy);
    commit(&register, 1);
    let witness = register.beside.witness.clone();
    let seen = std::fs::read(&witness).unwrap();
    std::fs::remove_file(&witness).unwrap();
    let register = put_back(register, &copy).unwrap();
    assert_eq!(register.epoch().unwrap().number, 1);
    std::fs::write(&witness, seen).unwrap();
    register.bear_witness().unwrap();
    assert_eq!(register.epoch().unwrap().number, 2);
}

fn copied(register: &Register, to: &Path) {
    let connection =
        database::connect(&register.folder().database(), &register.keys().database, Durability::Off);
    connection.unwrap().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    std::fs::copy(register.folder().database(), to).unwrap();
}

fn put_back(register: Register, copy: &Path) -> Result<Register, ServerError> {
    let path = register.folder().path().to_owned();
    lay_back(register, copy);
    Register::open(&path, options())
}

fn lay_back(register: Register, copy: &Path) {
    let file = register.folder().database();
    drop(register);
    for beside in ["-wal", "-shm"] {
        let mut name = file.as_os_str().to_owned();
        name.push(beside);
        let _ = std::fs::remove_file(&name);
    }
    std::fs::copy(copy, &file).unwrap();
}

#[test]
fn a_database_that_was_put_back_hears_what_the_ledger_says() {
    let dir = tempfile::tempdir().unwrap();
    let register = register(dir.path());
    note(&register, 1);
    let copy = dir.path().join("copy.db");
    copied(&register, &copy);
    note(&register, 2);
    register.revoke(DeviceId(Uuid::from_u128(1))).unwrap();
    let register = put_back(register, &copy).unwrap();
    assert_eq!((users(&register, 2), mark(&register)), (1, 3));
    assert!(register.read(|log| log.is_revoked(DeviceId(Uuid::from_u128(1)))).unwrap());
    // It goes on from there.
    note(&register, 3);
    assert_eq!(mark(&again(register).unwrap()), 4);
}

/// A crash between the file and the commit: the line was ordered, and counts. One that was cut off was not.
#[test]
fn a_line_that_is_ahead_of_the_database_counts_and_a_torn_one_goes() {
    let dir = tempfile::tempdir().unwrap();
    let register = register(dir.path());
    note(&register, 1);
    let failed: Result<(), ServerError> = register.write(|intake| {
        intake.note(enrolled(2))?;
        let lines = vec![];
        intake.write_ledger(&register.beside, &lines)?;
        Err(ServerError::Internal("x"))
    });
    assert!(failed.is_err());
    assert_eq!((users(&register, 2), mark(&register)), (0, 1), "nothing was on the disk yet");
    let file = register.folder().beside("ledger.jsonl");
    let before = std::fs::read(&file).unwrap();
    let next = register.read(|log| Ok(log.head()?.ledger)).unwrap();
    let line = register.keys().receipts.next_line(next, 5, enrolled(2)).to_text();
    std::fs::write(&file, [before.as_slice(), line.as_bytes()].concat()).unwrap();
    // The next transaction hears of it, also in a process that is at work.
    note(&register, 3);
    assert_eq!((users(&register, 2), users(&register, 3), mark(&register)), (1, 1, 3));
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, [whole.as_slice(), b"{\"number\":4,"].concat()).unwrap();
    let register = again(register).unwrap();
    assert_eq!(mark(&register), 3);
    note(&register, 4);
    assert_eq!((mark(&register), users(&register, 4)), (4, 1));
    assert_eq!(register.keys().receipts.read_ledger(&std::fs::read(&file).unwrap()).unwrap().lines.len(), 4);
}

/// The file is lost, or the register is from before there was one: what the database knows is written again.
#[test]
fn a_ledger_that_is_lost_is_written_again() {
    let dir = tempfile::tempdir().unwrap();
    let register = register(dir.path());
    note(&register, 1);
    note(&register, 2);
    let file = register.folder().beside("ledger.jsonl");
    let before = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let register = again(register).unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), before);
    // An older copy of the file is filled up too.
    std::fs::write(&file, &before[..before.iter().position(|byte| *byte == b'\n').unwrap() + 1]).unwrap();
    drop(again(register).unwrap());
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

/// Not of this database, or changed: said, and left as it is.
#[test]
fn a_ledger_that_does_not_fit_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let register = register(dir.path());
    note(&register, 1);
    let copy = dir.path().join("copy.db");
    copied(&register, &copy);
    let file = register.folder().beside("ledger.jsonl");
    let old = std::fs::read(&file).unwrap();
    note(&register, 2);
    let new = std::fs::read(&file).unwrap();
    // Database and ledger were put back together and went on; now somebody brings the later ledger.
    std::fs::write(&file, &old).unwrap();
    let register = put_back(register, &copy).unwrap();
    note(&register, 9);
    std::fs::write(&file, &new).unwrap();
    let path = register.folder().path().to_owned();
    assert!(matches!(again(register), Err(ServerError::LedgerDiffers)));
    let mut changed = new;
    changed[12] ^= 1;
    std::fs::write(&file, &changed).unwrap();
    assert!(matches!(Register::open(&path, options()), Err(ServerError::LedgerDamaged)));
    assert_eq!(std::fs::read(&file).unwrap(), changed);
}

/// The witness notices it before any laptop comes; without it nobody does yet.
#[test]
fn a_log_that_was_put_back_begins_its_next_life_at_the_start() {
    let check = |with_witness: bool, expect: u32| {
        let dir = tempfile::tempdir().unwrap();
        let register = register(dir.path());
        let copy = dir.path().join("copy.db");
        copied(&register, &copy);
        commit(&register, 7);
        assert_eq!(register.position().unwrap(), 1);
        if !with_witness {
            std::fs::remove_file(register.folder().beside("witness.json")).unwrap();
        }
        let register = put_back(register, &copy).unwrap();
        assert_eq!((register.position().unwrap(), register.epoch().unwrap().number), (0, expect));
        assert_eq!(again(register).unwrap().epoch().unwrap().number, expect, "once");
    };
    check(true, 2);
    check(false, 1);
}

/// What was committed is committed, also where the witness finds no room.
#[test]
fn a_witness_that_cannot_be_written_stops_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let register = register(dir.path());
    std::fs::create_dir(register.folder().beside("witness.json")).unwrap();
    commit(&register, 7);
    assert_eq!(again(register).unwrap().position().unwrap(), 1);
}

#[test]
fn laptops_keep_what_the_oldest_backup_lacks() {
    let dir = tempfile::tempdir().unwrap();
    let register = register(dir.path());
    let to = dir.path().join("backups");
    let watermark =
        |register: &Register| register.read(|log| register.beside.watermark(log, &log.head()?)).unwrap();
    assert_eq!(watermark(&register), Position { epoch: 1, position: 0 });
    for n in 0..9 {
        commit(&register, n);
        register.backup(&to).unwrap();
    }
    // Nine were taken, at 1 to 9; the newest seven may be put back.
    assert_eq!(watermark(&register), Position { epoch: 1, position: 3 });
    let copy = to.join("register-1-000000000005.db");
    let register = put_back(register, &copy).unwrap();
    // Of the life that ended only what this one goes on from counts.
    assert_eq!(watermark(&register), Position { epoch: 2, position: 3 });
}
