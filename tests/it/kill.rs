//! A laptop that dies while it saves (SIGKILL, at any point): no confirmed save is missing, none is there
//! by halves. The list of what was confirmed is the harness's own: what the dying program had printed.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::registry::RecordKind;
use store::{Durability, SealedNumber, Store, counts, read_sealed};
use sync_core::group::Group;
use sync_core::local::LocalStore;
use tests::dice::{Dice, seed};
use tests::laptop::{counted_by, open_or_create, options};
use uuid::Uuid;

const KILLS: u64 = 200;

/// Between fork and exec a child holds the lock of every folder that its parent has open: no test here may
/// start one while another opens a folder again.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Starts the saver, kills it at a point that the dice choose, and returns what it had confirmed.
fn save_until_killed(folder: &Path, recipient: &str, dice: &mut Dice) -> Vec<Uuid> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_saver"))
        .arg(folder)
        .arg(dice.roll().to_string())
        .arg(recipient)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut confirmed = Vec::new();
    if dice.below(3) == 0 {
        // By a thread that races it from its start: it may still be opening, or making the store.
        let child = Arc::new(Mutex::new(child));
        let racing = Arc::clone(&child);
        let point = Duration::from_micros(dice.below(90_000));
        let killer = std::thread::spawn(move || kill_at(&mut racing.lock().unwrap(), point));
        while let Some(group) = confirmation(&mut lines) {
            confirmed.push(group);
        }
        killer.join().unwrap();
        child.lock().unwrap().wait().unwrap();
        return confirmed;
    }
    // After so many saves, and somewhere within the next ones.
    for _ in 0..dice.below(13) {
        confirmed.push(confirmation(&mut lines).expect("the saver saves until it is killed"));
    }
    kill_at(&mut child, Duration::from_micros(dice.below(25_000)));
    // What it had still said.
    while let Some(group) = confirmation(&mut lines) {
        confirmed.push(group);
    }
    child.wait().unwrap();
    confirmed
}

/// Spins: no timer is fine enough, and nothing that is checked depends on the moment.
fn kill_at(child: &mut Child, point: Duration) {
    let start = Instant::now();
    while start.elapsed() < point {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
}

/// The next whole line; `None` at the end.
fn confirmation(lines: &mut impl BufRead) -> Option<Uuid> {
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    line.strip_suffix('\n').map(|group| group.parse().unwrap())
}

/// What the harness knows, so that each round only reads what is new.
struct Witness {
    commune: age::x25519::Identity,
    confirmed: Vec<Uuid>,
    /// Groups found in the database, with how many ops of each kind they hold.
    found: HashMap<Uuid, BTreeMap<u16, i64>>,
    /// Sealed groups that were opened, with the payload they had.
    opened: HashMap<SealedNumber, (Vec<u8>, Vec<u8>)>,
}

impl Witness {
    fn check(&mut self, store: &mut Store, outbox: &Path) {
        let saves = self.saves_without_holes(store);
        for group in &self.confirmed {
            assert!(self.found.contains_key(group), "a confirmed save is missing");
        }
        self.all_sealed(&saves, outbox);
        self.rows_are_whole(store);
        let verdict: String =
            store.reading().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok");
        let by = counted_by().unwrap();
        let today = domain::calendar::Day::at(tests::laptop::NOON_MS);
        assert!(counts::hold(store.reading(), &by, today).unwrap());
    }

    /// Every save under its number, which count 1, 2, 3… in one incarnation.
    fn saves_without_holes(&mut self, store: &mut Store) -> Vec<(SealedNumber, Vec<u8>)> {
        let hello = store.hello().unwrap();
        let mut statement = store
            .reading()
            .prepare("SELECT group_id, incarnation, dseq, body FROM saves ORDER BY seq")
            .unwrap();
        let mut rows = statement.query([]).unwrap();
        let mut saves = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let (id, body): (Uuid, Vec<u8>) = (row.get(0).unwrap(), row.get(3).unwrap());
            let number = (
                row.get::<_, i64>(1).unwrap().cast_unsigned(),
                row.get::<_, i64>(2).unwrap().cast_unsigned(),
            );
            assert_eq!(number, (hello.incarnation, saves.len() as u64 + 1), "a hole in the numbering");
            self.found.entry(id).or_insert_with(|| {
                let group = Group::from_bytes(&body).unwrap();
                assert_eq!(group.id.0, id);
                let mut kinds = BTreeMap::new();
                group.ops.iter().for_each(|op| *kinds.entry(op.header.kind).or_default() += 1);
                kinds
            });
            saves.push((number, body));
        }
        assert_eq!(hello.highest_dseq, saves.len() as u64);
        assert_eq!(self.found.len(), saves.len(), "a save that was there is gone");
        saves
    }

    fn all_sealed(&mut self, saves: &[(SealedNumber, Vec<u8>)], outbox: &Path) {
        let sealed = read_sealed(outbox).unwrap();
        assert_eq!(sealed.len(), saves.len(), "each save is sealed, and sealed once");
        let mut numbers = BTreeMap::new();
        for group in sealed {
            let known = self.opened.get(&group.number).is_some_and(|(payload, _)| *payload == group.payload);
            if !known {
                let body = age::decrypt(&self.commune, &group.payload).unwrap();
                self.opened.insert(group.number, (group.payload, body));
            }
            numbers.insert(group.number, ());
        }
        for (number, body) in saves {
            assert!(numbers.contains_key(number), "save {number:?} is not sealed");
            assert_eq!(self.opened[number].1, *body);
        }
    }

    /// Each op stands in the overlay, and each event in its table: no save is there by halves.
    fn rows_are_whole(&self, store: &Store) {
        let ops = |kind: RecordKind| -> i64 {
            self.found.values().map(|kinds| kinds.get(&kind.no()).copied().unwrap_or(0)).sum()
        };
        let rows = |table: &str| -> i64 {
            let sql = format!("SELECT count(*) FROM {table}");
            store.reading().query_row(&sql, [], |row| row.get(0)).unwrap()
        };
        assert_eq!(rows("visits"), ops(RecordKind::Visit));
        assert_eq!(rows("assessments"), ops(RecordKind::Assessment));
        assert_eq!(rows("consents"), ops(RecordKind::Consent));
        assert_eq!(rows("overlay"), self.found.values().flat_map(BTreeMap::values).sum::<i64>());
    }
}

#[test]
fn no_confirmed_save_is_missing_after_200_kills() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let seed = seed();
    println!("TUNGNHA_SEED={seed}");
    let mut dice = Dice::new(seed);
    let dir = tempfile::tempdir().unwrap();
    let (folder, outbox) = (dir.path().join("data"), dir.path().join("data/outbox.sealed"));
    let commune = age::x25519::Identity::generate();
    let recipient = commune.to_public().to_string();
    let mut witness = Witness { commune, confirmed: vec![], found: HashMap::new(), opened: HashMap::new() };
    let (mut unconfirmed, mut resealed, mut torn) = (0, 0, 0);
    for round in 0..KILLS {
        let confirmed = save_until_killed(&folder, &recipient, &mut dice);
        let before = witness.found.len();
        let confirmed_now = confirmed.len();
        witness.confirmed.extend(confirmed);
        // In every fourth round the power goes too, and the tail of the outbox with it.
        if dice.below(4) == 0 && outbox.exists() {
            tear(&outbox, dice.below(1_500));
            torn += 1;
        }
        let sealed_before = if outbox.exists() { read_sealed(&outbox).unwrap().len() } else { 0 };
        let segments_before = segments(&outbox).len();
        let mut store =
            open_or_create(&folder, &recipient, || options(seed ^ round, Durability::Full)).unwrap();
        witness.check(&mut store, &outbox);
        unconfirmed += witness.found.len() - before - confirmed_now;
        resealed += witness.found.len() - sealed_before;
        // What a start finds missing lies in the newest segment, or in the next one.
        assert!(segments(&outbox).len() <= segments_before + 1);
    }
    println!(
        "{KILLS} kills, {} saves confirmed, {unconfirmed} more were kept before they could be confirmed, \
         {torn} outboxes torn, {resealed} saves sealed again at the next start, {} segments",
        witness.confirmed.len(),
        segments(&outbox).len(),
    );
    // A kill that never lands inside a save would prove nothing.
    assert!(unconfirmed > 0 && resealed > 0 && torn > 0);
    // Some of them must have landed where one segment is closed and the next begun.
    assert!(segments(&outbox).len() > 2);
}

/// Tears the newest segment.
fn tear(outbox: &Path, bytes: u64) {
    let file = std::fs::OpenOptions::new().write(true).open(segments(outbox).pop().unwrap()).unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length.saturating_sub(bytes)).unwrap();
}

/// The files of an outbox, in their order.
fn segments(outbox: &Path) -> Vec<PathBuf> {
    let later = (2..).map(|number| outbox.with_extension(format!("sealed.{number}")));
    std::iter::once(outbox.to_owned()).chain(later).take_while(|path| path.exists()).collect()
}

/// Enrolment that dies half way is done again from the start; no folder is ever stuck.
#[test]
fn a_store_that_died_while_it_was_made_can_be_made() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let seed = seed();
    println!("TUNGNHA_SEED={seed}");
    let mut dice = Dice::new(seed.rotate_left(7));
    let commune = age::x25519::Identity::generate();
    let recipient = commune.to_public().to_string();
    for _ in 0..40 {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("data");
        let mut child = Command::new(env!("CARGO_BIN_EXE_saver"))
            .arg(&folder)
            .arg(dice.roll().to_string())
            .arg(&recipient)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        kill_at(&mut child, Duration::from_micros(dice.below(60_000)));
        child.wait().unwrap();
        let store = open_or_create(&folder, &recipient, || options(1, Durability::Full)).unwrap();
        store::tables::households::list(store.reading()).unwrap();
    }
}
