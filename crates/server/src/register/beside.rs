//! What lies beside the database, so that putting a copy of it back takes nothing of it away (§6, §9): the ledger of
//! who enrolled, works where, was revoked or erased; the witness of where the log stood; and which backups may be put
//! back. A line of the ledger is on the disk before the commit that it belongs to; the witness is written after.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::PathBuf;

use database::Durability;
use serde::{Deserialize, Serialize};
use sync_core::commune::{CommuneStore, Head};
use sync_core::ledger::{Line, ReadLedger};
use sync_core::position::{ChainHash, Position};
use sync_core::receipt::ReceiptKey;
use sync_core::witness::{self, Seen, Witness};

use super::intake::Intake;
use super::log::Log;
use super::{Bearing, Register};
use crate::error::ServerError;
use crate::folder::DataFolder;

/// A verified backup that may be put back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptBackup {
    /// Where the log stood.
    pub(crate) position: u64,
    /// What it was there: a backup of another life of the log says nothing about this one.
    pub(crate) chain: ChainHash,
    /// When, by the server's clock.
    pub(crate) at_ms: i64,
}

/// So many of the newest may be put back without a word. Laptops keep everything since the oldest of them, so that
/// it can be given back.
const BACKUPS: usize = 7;

/// The files.
#[derive(Clone, Debug)]
pub(crate) struct Beside {
    ledger: PathBuf,
    witness: PathBuf,
    backups: PathBuf,
    durable: bool,
}

impl Beside {
    pub(crate) fn of(folder: &DataFolder, durability: Durability) -> Self {
        let [ledger, witness, backups] =
            ["ledger.jsonl", "witness.json", "backups.json"].map(|name| folder.beside(name));
        Self { ledger, witness, backups, durable: durability == Durability::Full }
    }

    /// Bytes of the ledger; 0 where there is none yet.
    fn ledger_bytes(&self) -> Result<u64, ServerError> {
        match std::fs::metadata(&self.ledger) {
            Ok(file) => Ok(file.len()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    fn read_ledger(&self, keys: &ReceiptKey) -> Result<ReadLedger, ServerError> {
        let bytes = match std::fs::read(&self.ledger) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        keys.read_ledger(&bytes).map_err(|_| ServerError::LedgerDamaged)
    }

    /// Writes lines after the whole ones, and returns how long the file is then. A line that was cut off by a crash was
    /// never acted on, and goes.
    fn append(&self, whole: u64, lines: &[Line]) -> Result<u64, ServerError> {
        let new = whole == 0;
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(&self.ledger)?;
        file.set_len(whole)?;
        file.seek(SeekFrom::End(0))?;
        let text: String = lines.iter().map(Line::to_text).collect();
        file.write_all(text.as_bytes())?;
        if self.durable {
            file.sync_all()?;
            if new {
                database::sync_parent(&self.ledger)?;
            }
        }
        Ok(whole + text.len() as u64)
    }

    /// True if the ledger goes on from what a database of this commune was told, or the other way round.
    pub(crate) fn fits(&self, keys: &ReceiptKey, lines: &[Line]) -> Result<bool, ServerError> {
        let read = self.read_ledger(keys)?;
        Ok(read.lines.iter().zip(lines).all(|(one, other)| one.mark() == other.mark()))
    }

    /// `None` where there is none, or none that can be read: then laptops are the only witnesses.
    fn witness(&self) -> Option<Witness> {
        serde_json::from_slice(&std::fs::read(&self.witness).ok()?).ok()
    }

    /// Where the log stood, by the witness.
    pub(crate) fn witnessed(&self) -> Option<u64> {
        self.witness().map(|witness| witness.head.at.position)
    }

    /// By how many days a clock is beyond the witness, where it is by more than one. Where there is no witness, or one that
    /// somebody else wrote, a log itself says when it last took something; a new one says nothing.
    pub(crate) fn days_ahead(&self, keys: &ReceiptKey, received_at_ms: i64, now_ms: i64) -> Option<i64> {
        let ours = self.witness().filter(|witness| keys.wrote(witness));
        let last = received_at_ms.max(ours.map_or(0, |witness| witness.wall_ms));
        witness::days_ahead(last, now_ms).filter(|_| last > 0)
    }

    /// What a commit that leaves the log there has to say.
    pub(super) fn testimony(
        &self,
        log: &Log<'_>,
        keys: &ReceiptKey,
        head: &Head,
    ) -> Result<Witness, ServerError> {
        let watermark = self.watermark(log, head)?;
        Ok(keys.witness(head.store, head.cursor, watermark, head.received_at_ms))
    }

    /// Not waited for: one that is a step behind says the same, and one that is lost says nothing.
    pub(super) fn put_witness(&self, witness: &Witness) -> Result<(), ServerError> {
        let json = serde_json::to_vec(witness).map_err(|_| ServerError::Internal("witness"))?;
        // Commands beside a running server write it too.
        let unfinished = self.witness.with_extension(format!("{}.new", std::process::id()));
        std::fs::write(&unfinished, json)?;
        Ok(std::fs::rename(&unfinished, &self.witness)?)
    }

    /// In the order in which they were taken.
    pub(crate) fn backups(&self) -> Vec<KeptBackup> {
        let read = std::fs::read(&self.backups).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        read.unwrap_or_default()
    }

    /// One more may be put back, and the oldest no longer; nor those of a life that has ended: laptops forget by what the
    /// present one's backups have.
    pub(crate) fn keep_backup(&self, log: &Log<'_>, backup: KeptBackup) -> Result<(), ServerError> {
        let mut all = Vec::new();
        for one in self.backups() {
            if log.chain_at(one.position)? == Some(one.chain) {
                all.push(one);
            }
        }
        all.push(backup);
        all.drain(..all.len().saturating_sub(BACKUPS));
        let json = serde_json::to_vec(&all).map_err(|_| ServerError::Internal("backups"))?;
        Ok(database::write_atomically(&self.backups, &json)?)
    }

    /// Where the oldest backup of the present history stands that may still be put back; nothing beyond it is forgotten
    /// (F2). 0 until there is one.
    pub(crate) fn watermark(&self, log: &Log<'_>, head: &Head) -> Result<Position, ServerError> {
        let epoch = head.cursor.epoch.number;
        let backups = self.backups();
        #[cfg(feature = "sabotage")]
        let backups: Vec<_> =
            if domain::fault::is("newest_watermark") { backups.into_iter().rev().collect() } else { backups };
        for backup in backups {
            if log.chain_at(backup.position)? == Some(backup.chain) {
                return Ok(Position { epoch, position: backup.position });
            }
        }
        Ok(Position { epoch, position: 0 })
    }
}

impl Intake<'_> {
    /// Before anything else in a transaction: the database has what the ledger says, and the file has what the database
    /// was told before there was one. As long as the file is as long as it was left there is nothing to read.
    pub(super) fn meet_ledger(&mut self, beside: &Beside, keys: &ReceiptKey) -> Result<(), ServerError> {
        self.ledger_bytes = self.log.ledger_bytes()?;
        if u64::try_from(self.ledger_bytes).ok() == Some(beside.ledger_bytes()?) {
            return Ok(());
        }
        self.reconcile(beside, keys)
    }

    fn reconcile(&mut self, beside: &Beside, keys: &ReceiptKey) -> Result<(), ServerError> {
        let read = beside.read_ledger(keys)?;
        let (ours, theirs) = (self.rules.head.ledger, read.lines.last().map(Line::mark).unwrap_or_default());
        let same = if theirs.number < ours.number {
            theirs.number == 0 || self.rules.store.line_code(theirs.number)? == Some(theirs.code)
        } else {
            let there = usize::try_from(ours.number).unwrap_or(usize::MAX).checked_sub(1);
            there.is_none_or(|at| read.lines.get(at).is_some_and(|line| line.mark() == ours))
        };
        if !same {
            return Err(ServerError::LedgerDiffers);
        }
        let missing = self.log.lines_after(theirs.number)?;
        let bytes = beside.append(read.whole as u64, &missing)?;
        self.rules.apply(&read.lines)?;
        self.put_ledger_bytes(bytes)
    }

    /// The lines that this transaction wrote, on the disk before its commit.
    pub(super) fn write_ledger(&mut self, beside: &Beside, lines: &[Line]) -> Result<(), ServerError> {
        if lines.is_empty() {
            return Ok(());
        }
        let whole = u64::try_from(self.ledger_bytes).map_err(|_| ServerError::Internal("ledger"))?;
        self.log.sql.answered()?;
        let bytes = beside.append(whole, lines)?;
        self.put_ledger_bytes(bytes)
    }

    fn put_ledger_bytes(&mut self, bytes: u64) -> Result<(), ServerError> {
        self.ledger_bytes = bytes.cast_signed();
        self.log.put_ledger_bytes(self.ledger_bytes)
    }
}

impl Register {
    /// By how many days the clock is beyond what is known of it.
    pub(super) fn days_ahead(&self) -> Result<Option<i64>, ServerError> {
        let received_at_ms = self.read(|log| Ok(log.head()?.received_at_ms))?;
        Ok(self.beside.days_ahead(&self.keys().receipts, received_at_ms, self.now_ms()))
    }

    /// The witness says what the clock says now: a server that serves a quiet week is not asked afterwards. Like every
    /// writing it is judged first, and a log that was put back begins its next life.
    pub fn bear_witness(&self) -> Result<(), ServerError> {
        self.write_and(Bearing::Always, |_| Ok(()))
    }

    /// Before anybody is served: a database that was put back hears what it lacks, and begins its next life.
    pub(super) fn look_beside(&self) -> Result<(), ServerError> {
        let witness = self.beside.witness();
        let keys = &self.keys().receipts;
        let (ledger, seen) = self.read(|log| {
            let head = log.head()?;
            let judge =
                |witness: &Witness| witness.judge(keys, head.store, &head.cursor, |at| log.chain_at(at));
            Ok(((head.ledger, log.ledger_bytes()?), witness.as_ref().map(judge).transpose()?))
        })?;
        let read = self.beside.read_ledger(keys)?;
        let there = read.lines.last().map(Line::mark).unwrap_or_default();
        if ledger != (there, (read.whole as u64).cast_signed()) {
            self.write(|intake| intake.reconcile(&self.beside, keys))?;
        }
        // Every writing begins with that.
        if seen == Some(Seen::Rewound) { self.write(|_| Ok(())) } else { Ok(()) }
    }
}

impl Intake<'_> {
    /// A database that went back while it was served, to a copy that took over and lacks the last commits, is noticed before
    /// anything is written on it: the log's next life begins.
    pub(super) fn meet_witness(&mut self, register: &Register) -> Result<(), ServerError> {
        let Some(witness) = register.beside.witness() else { return Ok(()) };
        let (head, keys) = (self.rules.head, &register.keys().receipts);
        let seen = witness.judge(keys, head.store, &head.cursor, |at| self.log.chain_at(at))?;
        if seen == Seen::Rewound {
            self.rules.greet(&witness.head, register.nonce()?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
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
            ["register.db", "witness.json"]
                .map(|name| std::fs::read(dir.path().join("data").join(name)).unwrap())
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
        assert_eq!(
            register.keys().receipts.read_ledger(&std::fs::read(&file).unwrap()).unwrap().lines.len(),
            4
        );
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
}
