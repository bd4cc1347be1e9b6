//! Wrong passphrases, damaged and newer files, torn outboxes, and what a thief could read.

use std::path::Path;

use store::{DataFolder, Store, StoreError, open, read_sealed};
use sync_core::local::LocalStore;

use crate::kit::*;

fn data(laptop: &Laptop, name: &str) -> std::path::PathBuf {
    laptop.dir.path().join("data").join(name)
}

#[test]
fn a_wrong_passphrase_opens_nothing_and_harms_nothing() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    laptop.store = None;
    for _ in 0..7 {
        let refused = Store::open(laptop.folder(), "aovang cuado nangtho muavang", laptop.options());
        assert!(matches!(refused, Err(StoreError::WrongPassphrase)));
    }
    laptop.reopen().unwrap();
    assert_eq!(laptop.store().counts().unwrap().pending_groups, 1);
}

#[test]
fn a_store_is_not_made_over_another() {
    let mut laptop = Laptop::new(1);
    laptop.store = None;
    let again = Store::create(laptop.folder(), &identity(&laptop.commune), "x", laptop.options());
    assert!(matches!(again, Err(StoreError::AlreadySetUp)));
    let again = Store::create(laptop.folder(), &identity(&laptop.commune), PASSPHRASE, laptop.options());
    assert!(matches!(again, Err(StoreError::AlreadySetUp)));
    let empty = tempfile::tempdir().unwrap();
    let missing = Store::open(DataFolder::open(empty.path()).unwrap(), "x", laptop.options());
    assert!(matches!(missing, Err(StoreError::NotSetUp)));
}

#[test]
fn a_store_that_died_before_it_had_an_identity_is_made_anew() {
    let mut laptop = Laptop::new(1);
    laptop.store().reading().execute("DELETE FROM settings WHERE name = 'identity'", []).unwrap();
    assert!(matches!(laptop.reopen(), Err(StoreError::NotSetUp)));
    let made = Store::create(laptop.folder(), &identity(&laptop.commune), PASSPHRASE, laptop.options());
    laptop.store = Some(made.unwrap());
    laptop.save(a_small_register).unwrap();
}

#[test]
fn a_newer_file_is_refused_and_left_byte_for_byte() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    let connection = laptop.store().reading();
    connection
        .execute(
            "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) VALUES (99, 'x', 'x', 'x')",
            [],
        )
        .unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    laptop.store = None;
    let before = std::fs::read(data(&laptop, "register.db")).unwrap();
    assert!(matches!(laptop.reopen(), Err(StoreError::Newer { found: 99, .. })));
    assert_eq!(std::fs::read(data(&laptop, "register.db")).unwrap(), before);
}

#[test]
fn a_damaged_database_is_set_aside_and_nothing_saved_is_lost() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    laptop.store = None;
    let path = data(&laptop, "register.db");
    let mut bytes = std::fs::read(&path).unwrap();
    for byte in bytes.iter_mut().take(4096) {
        *byte ^= 0x5a;
    }
    std::fs::write(&path, &bytes).unwrap();
    assert!(matches!(laptop.reopen(), Err(StoreError::Damaged)));

    let folder = laptop.folder();
    let aside = open::set_aside(&folder).unwrap();
    assert_eq!(std::fs::read(aside.join("register.db")).unwrap(), bytes, "kept, not deleted");
    laptop.store =
        Some(Store::create(folder, &identity(&laptop.commune), PASSPHRASE, laptop.options()).unwrap());
    let sealed = read_sealed(&data(&laptop, "outbox.sealed")).unwrap();
    assert_eq!(sealed.len(), 1, "what was saved is still sealed for the commune");
    age::decrypt(&laptop.commune, &sealed[0].payload).unwrap();
    laptop.save(a_small_register).unwrap();
}

#[test]
fn a_missing_tail_of_the_outbox_is_sealed_again_at_start() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    let one = std::fs::read(data(&laptop, "outbox.sealed")).unwrap();
    laptop.save(|change| change.put(&member(1, 1, "Lê An"))).unwrap();
    laptop.store = None;
    std::fs::write(data(&laptop, "outbox.sealed"), &one[..one.len() - 3]).unwrap();
    laptop.reopen().unwrap();
    let sealed = read_sealed(&data(&laptop, "outbox.sealed")).unwrap();
    assert_eq!(sealed.iter().map(|group| group.number.1).collect::<Vec<_>>(), [1, 2]);
}

/// What waits is in the outbox under the numbers that were given anew, without a start in between.
#[test]
fn numbers_that_are_given_anew_are_sealed_at_once() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    laptop.store().new_incarnation(77).unwrap();
    let sealed = read_sealed(&data(&laptop, "outbox.sealed")).unwrap();
    assert_eq!(sealed.last().map(|group| group.number), Some((77, 1)));
}

/// The power goes after the numbers were given anew and before they were sealed: the next start seals them.
#[test]
fn numbers_that_were_given_anew_before_a_crash_are_sealed_at_the_next_start() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    laptop.save(|change| change.put(&member(1, 1, "Lê An"))).unwrap();
    let before = std::fs::read(data(&laptop, "outbox.sealed")).unwrap();
    laptop.store().new_incarnation(77).unwrap();
    laptop.store = None;
    std::fs::write(data(&laptop, "outbox.sealed"), before).unwrap();
    laptop.reopen().unwrap();
    let sealed = read_sealed(&data(&laptop, "outbox.sealed")).unwrap();
    let numbers: Vec<_> = sealed.iter().map(|group| group.number).collect();
    assert_eq!(numbers[numbers.len() - 2..], [(77, 1), (77, 2)], "{numbers:?}");
}

fn holds(folder: &Path, needle: &str) -> bool {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file()).any(|path| {
        let bytes = std::fs::read(path).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
    })
}

#[test]
fn no_name_can_be_read_from_any_file_and_the_same_search_finds_it_without_encryption() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    let folder = laptop.dir.path().join("data");
    for needle in ["Nguyễn", "nguyen", "Trần Thị"] {
        assert!(!holds(&folder, needle), "{needle}");
    }
    // The control: the same rows written without a key are found by the same search.
    let plain = tempfile::tempdir().unwrap();
    let connection = rusqlite::Connection::open(plain.path().join("register.db")).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE members (full_name TEXT)").unwrap();
    connection.execute("INSERT INTO members VALUES ('Nguyễn Văn Hòa')", []).unwrap();
    assert!(holds(plain.path(), "Nguyễn"));
}

/// `docs/schema.sql` is the commented schema; this keeps it true.
#[test]
fn the_documented_schema_is_the_real_one() {
    let mut laptop = Laptop::new(1);
    let normal = |sql: &str| {
        let lines = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
        let words: Vec<_> = lines.flat_map(str::split_whitespace).map(str::to_owned).collect();
        // A column that was added later is written behind a space.
        words.join(" ").replace("( ", "(").replace(" )", ")").replace(" ,", ",")
    };
    let mut real: Vec<String> = laptop
        .store()
        .reading()
        .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'refinery%' AND name NOT LIKE 'member\\_search\\_%' ESCAPE '\\'")
        .unwrap()
        .query_map([], |row| row.get::<_, String>(0))
        .unwrap()
        .map(|sql| normal(&sql.unwrap()))
        .collect();
    let file = include_str!("../../../../docs/schema.sql");
    let mut documented: Vec<String> = normal(file).split(';').map(|one| one.trim().to_owned()).collect();
    documented.retain(|one| !one.is_empty());
    real.sort();
    documented.sort();
    assert_eq!(documented, real);
    assert!(file.lines().filter(|line| line.contains("--")).count() > 30, "comments are its purpose");
}
