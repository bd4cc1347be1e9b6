//! Tests of [`super`]: whatever happens to the files, every save is in the outbox after the next start.

use database::{DatabaseKey, Durability};
use rusqlite::params;
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::folder::DataFolder;
use crate::sealed::read_sealed;

/// Three groups or so to a segment.
const SMALL: u64 = 700;

/// A database with saves and its outbox.
struct Kit {
    _dir: TempDir,
    connection: Connection,
    commune: age::x25519::Identity,
    place: Place,
    saves: u64,
}

impl Kit {
    fn new(saves: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(dir.path()).unwrap();
        let connection = crate::open::open(&folder, &DatabaseKey::new([7; 32]), Durability::Off).unwrap();
        let commune = age::x25519::Identity::generate();
        let place = Place {
            path: folder.sealed_outbox(),
            recipient: commune.to_public(),
            durable: false,
            segment_bytes: SMALL,
        };
        let mut kit = Self { _dir: dir, connection, commune, place, saves: 0 };
        let mut outbox = kit.open(0);
        for _ in 0..saves {
            kit.save(&mut outbox);
        }
        kit
    }

    fn open(&self, pick: u64) -> Outbox {
        Outbox::open(self.place.clone(), &self.connection, pick).unwrap()
    }

    fn body(number: u64) -> Vec<u8> {
        format!("group {number} of Nguyen Van A").into_bytes()
    }

    /// A save that was committed, and what follows it.
    fn save(&mut self, outbox: &mut Outbox) {
        self.saves += 1;
        let (seq, body) = (self.saves.cast_signed(), Self::body(self.saves));
        self.connection
            .execute(
                "INSERT INTO saves VALUES (?1, ?2, 'test', 0, 0, 7, ?1, 'pending', '', ?3, NULL, NULL, 0)",
                params![seq, Uuid::from_u128(self.saves.into()), body],
            )
            .unwrap();
        outbox.seal(&self.connection, SavedGroup { seq, number: (7, self.saves), body: &body });
    }

    fn numbers(&self) -> Vec<SealedNumber> {
        read_sealed(&self.place.path).unwrap().iter().map(|group| group.number).collect()
    }

    /// Every save is in the outbox under its number, and the commune can open it.
    fn check(&self, what: &str) {
        let sealed = read_sealed(&self.place.path).unwrap();
        for save in 1..=self.saves {
            let mut found = sealed.iter().filter(|group| group.number == (7, save));
            let opened = found.any(|group| {
                age::decrypt(&self.commune, &group.payload).is_ok_and(|body| body == Self::body(save))
            });
            assert!(opened, "{what}: save {save} is not sealed");
        }
    }

    /// [`Kit::check`], and no save is sealed twice.
    fn check_once(&self, what: &str) {
        self.check(what);
        assert_eq!(self.numbers().len() as u64, self.saves, "{what}: a save is sealed twice");
    }

    fn segment(&self, number: usize) -> PathBuf {
        segment_path(&self.place.path, number)
    }

    /// The files and what the database remembers of them.
    fn kept(&self) -> (Vec<(usize, Vec<u8>)>, Option<Remembered>) {
        let files = segments(&self.place.path).unwrap().into_iter();
        let files = files.map(|number| (number, std::fs::read(self.segment(number)).unwrap())).collect();
        (files, settings::get(&self.connection, settings::OUTBOX).unwrap())
    }

    fn put_back(&self, (files, remembered): &(Vec<(usize, Vec<u8>)>, Option<Remembered>)) {
        for number in segments(&self.place.path).unwrap() {
            std::fs::remove_file(self.segment(number)).unwrap();
        }
        for (number, bytes) in files {
            std::fs::write(self.segment(*number), bytes).unwrap();
        }
        settings::put(&self.connection, settings::OUTBOX, &remembered.clone().unwrap_or_default()).unwrap();
    }
}

#[test]
fn what_was_sealed_can_be_opened_by_the_commune_and_read_by_nobody_else() {
    let kit = Kit::new(10);
    kit.check_once("as saved");
    let (files, remembered) = kit.kept();
    assert!(files.len() > 3 && remembered.is_some_and(|known| known.closed.len() == files.len() - 1));
    for (_, bytes) in files {
        assert!(!bytes.windows(6).any(|window| window == b"Nguyen"));
    }
    kit.open(0);
    kit.check_once("opened again");
}

/// The point of the segments: what is closed is not read, but for one.
#[test]
fn a_start_reads_the_tail_and_one_closed_segment() {
    let kit = Kit::new(10);
    let path = kit.segment(1);
    let mut damaged = std::fs::read(&path).unwrap();
    damaged[50] ^= 0x41;
    std::fs::write(&path, &damaged).unwrap();
    kit.open(1);
    assert_eq!(kit.numbers().len(), 9, "nobody looked there");
    kit.open(0);
    kit.check_once("found and sealed again");
    // What is known of a damaged segment is no news at the next start.
    let before = kit.kept();
    for pick in 0..8 {
        kit.open(pick);
    }
    assert_eq!(kit.kept(), before);
    assert_eq!(std::fs::read(&path).unwrap(), damaged, "it stays where it is");
}

#[test]
fn a_tail_torn_at_any_byte_loses_nothing() {
    let mut kit = Kit::new(8);
    while kit.open(0).open.is_none_or(|open| open.end_bytes <= SMALL / 2) {
        let mut outbox = kit.open(0);
        kit.save(&mut outbox);
    }
    let kept = kit.kept();
    let (last, bytes) = kept.0.last().unwrap().clone();
    for cut in 0..bytes.len() {
        kit.put_back(&kept);
        std::fs::write(kit.segment(last), &bytes[..cut]).unwrap();
        kit.open(0);
        kit.check_once(&format!("cut at {cut}"));
    }
}

#[test]
fn a_closed_segment_cut_at_any_byte_loses_nothing() {
    let kit = Kit::new(7);
    let kept = kit.kept();
    for (number, bytes) in &kept.0 {
        for cut in 0..bytes.len() {
            kit.put_back(&kept);
            std::fs::write(kit.segment(*number), &bytes[..cut]).unwrap();
            kit.open(0);
            kit.check(&format!("segment {number} cut at {cut}"));
        }
    }
}

#[test]
fn a_bad_byte_anywhere_loses_nothing_once_a_start_looks_there() {
    let kit = Kit::new(7);
    let kept = kit.kept();
    for (number, bytes) in &kept.0 {
        for at in 0..bytes.len() {
            kit.put_back(&kept);
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x41;
            std::fs::write(kit.segment(*number), &damaged).unwrap();
            kit.open(*number as u64 - 1);
            kit.check(&format!("segment {number}, byte {at}"));
        }
    }
}

#[test]
fn whichever_files_are_missing_nothing_is_lost() {
    let kit = Kit::new(10);
    let kept = kit.kept();
    for missing in 0..1_u32 << kept.0.len() {
        kit.put_back(&kept);
        for (number, _) in kept.0.iter().filter(|(number, _)| missing >> (number - 1) & 1 == 1) {
            std::fs::remove_file(kit.segment(*number)).unwrap();
        }
        let mut outbox = kit.open(3);
        kit.check_once(&format!("missing {missing:b}"));
        outbox.seal_missing(&kit.connection).unwrap();
        drop(outbox);
        kit.open(3);
        kit.check_once(&format!("missing {missing:b}, a start later"));
    }
}

/// Died after any of its steps: what is remembered is older than the files, or as old as they are.
#[test]
fn a_kill_between_any_two_steps_loses_nothing_and_seals_nothing_twice() {
    let mut kit = Kit::new(0);
    let mut remembered = vec![None];
    for save in 1..=12 {
        let mut outbox = kit.open(save);
        kit.save(&mut outbox);
        kit.check_once(&format!("{save} saves"));
        let now = kit.kept();
        if remembered.last() != Some(&now.1) {
            remembered.push(now.1.clone());
        }
        // The files of now with every older memory: a memory that could not be written, or was lost.
        for older in &remembered {
            kit.put_back(&(now.0.clone(), older.clone()));
            kit.open(save);
            kit.check_once(&format!("{save} saves, {older:?}"));
        }
        // Closed and remembered, and the next file was begun and is empty.
        kit.put_back(&now);
        std::fs::write(kit.segment(now.0.len() + 1), b"").unwrap();
        kit.open(save);
        kit.check_once(&format!("{save} saves, an empty file"));
        kit.put_back(&now);
    }
    assert!(remembered.len() > 3, "{remembered:?}");
}

#[test]
fn a_database_that_forgot_everything_takes_nothing_out_of_the_outbox() {
    let kit = Kit::new(9);
    let before = kit.numbers();
    kit.connection.execute_batch("DELETE FROM saves; DELETE FROM settings").unwrap();
    let mut kit = Kit { saves: 0, ..kit };
    let mut outbox = kit.open(0);
    assert_eq!(kit.numbers(), before);
    // A new store beside the old outbox numbers in an incarnation of its own.
    for seq in 1..=5 {
        let body = b"of the next store".to_vec();
        outbox.seal(&kit.connection, SavedGroup { seq, number: (8, seq.cast_unsigned()), body: &body });
    }
    kit.saves = 9;
    kit.check("the old ones");
    assert_eq!(kit.numbers().len(), 14);
}

#[test]
fn numbers_given_anew_are_sealed_anew_also_if_the_power_fails_in_between() {
    for dies in [false, true] {
        let kit = Kit::new(9);
        let mut outbox = kit.open(0);
        kit.connection.execute("UPDATE saves SET incarnation = 8 WHERE seq > 2", []).unwrap();
        forget(&kit.connection).unwrap();
        if dies {
            drop(outbox);
            kit.open(1);
        } else {
            outbox.catch_up(&kit.connection);
        }
        let numbers = kit.numbers();
        assert!((3..=9).all(|number| numbers.contains(&(8, number))), "dies: {dies}: {numbers:?}");
        kit.check("under the old numbers");
        kit.open(2);
        assert_eq!(kit.numbers(), numbers);
    }
}

#[test]
fn what_found_no_room_is_sealed_when_there_is_some() {
    let mut kit = Kit::new(3);
    let mut outbox = kit.open(0);
    // Nothing can be made under a name that is taken.
    let next = outbox.newest() + 1;
    std::fs::create_dir(kit.segment(next)).unwrap();
    for _ in 0..6 {
        kit.save(&mut outbox);
    }
    assert!(outbox.behind);
    std::fs::remove_dir(kit.segment(next)).unwrap();
    kit.save(&mut outbox);
    assert!(!outbox.behind);
    kit.check_once("with room");
    // A start does not fail of it either, and goes around what it cannot read.
    let next = outbox.newest() + 1;
    drop(outbox);
    std::fs::create_dir(kit.segment(next)).unwrap();
    let mut outbox = kit.open(0);
    for _ in 0..6 {
        kit.save(&mut outbox);
    }
    assert!(!outbox.behind);
    std::fs::remove_dir(kit.segment(next)).unwrap();
    kit.check_once("around it");
    kit.open(0);
    kit.check_once("a start later");
}

#[test]
fn a_memory_that_finds_no_room_costs_reading_and_nothing_else() {
    let mut kit = Kit::new(2);
    let mut outbox = kit.open(0);
    kit.save(&mut outbox);
    // The saves that are already in the database stand in for ones to come: only the memory finds no room.
    let refuse = "CREATE TEMP TRIGGER full BEFORE INSERT ON settings BEGIN SELECT RAISE(ABORT, 'full'); END";
    kit.connection.execute_batch(refuse).unwrap();
    for _ in 0..9 {
        kit.save(&mut outbox);
    }
    kit.check_once("without a memory");
    assert!(outbox.tail.len() > 3);
    drop(outbox);
    kit.open(0);
    kit.check_once("a start later");
    kit.connection.execute_batch("DROP TRIGGER full").unwrap();
    assert!(kit.open(0).tail.is_empty(), "closed when there is room");
    kit.check_once("at the end");
}
