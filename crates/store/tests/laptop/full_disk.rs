//! A full disk: the database's own limit of pages stands in for it, and gives the same error.

use domain::visit::Outcome;
use store::tables::members;
use store::{StoreError, counts, read_sealed};
use sync_core::local::LocalStore;
use sync_core::wire::BatchLimits;

use crate::kit::*;

/// The file may not grow past what it has.
fn fill_disk(laptop: &mut Laptop) {
    let connection = laptop.store().reading();
    connection.query_row("PRAGMA max_page_count = 1", [], |_| Ok(())).unwrap();
}

fn make_room(laptop: &mut Laptop) {
    let connection = laptop.store().reading();
    connection.query_row("PRAGMA max_page_count = 1073741823", [], |_| Ok(())).unwrap();
}

/// Everything a save changes, as far as a person or the sync loop could see it.
fn state(laptop: &mut Laptop) -> (usize, u64, u64, usize, domain::tally::Tally) {
    let outbox = laptop.dir.path().join("data/outbox.sealed");
    let store = laptop.store();
    (
        members::list(store.reading()).unwrap().len(),
        store.counts().unwrap().pending_groups,
        store.hello().unwrap().highest_dseq,
        read_sealed(&outbox).unwrap().len(),
        counts::tally(store.reading(), None, None).unwrap(),
    )
}

#[test]
fn a_save_on_a_full_disk_keeps_nothing_and_the_next_one_works() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    fill_disk(&mut laptop);
    // What the file already has takes some saves more; each is whole or not there at all.
    let mut number = 100;
    let (before, refused) = loop {
        assert!(number < 1_000, "the disk never was full");
        number += 1;
        let before = state(&mut laptop);
        let saved = laptop.save(|change| {
            change.put(&member(number, 1, "Đặng Thị Nhàn"))?;
            change.put(&visit(number, 1, Outcome::Absent))
        });
        if let Err(error) = saved {
            break (before, error);
        }
    };
    assert!(matches!(refused, StoreError::DiskFull), "{refused}");
    assert_eq!(state(&mut laptop), before);
    make_room(&mut laptop);
    laptop.save(|change| change.put(&member(number, 1, "Đặng Thị Nhàn"))).unwrap();
    let after = state(&mut laptop);
    assert_eq!(
        (after.0, after.1, after.2, after.3),
        (before.0 + 1, before.1 + 1, before.2 + 1, before.3 + 1)
    );
    laptop.reopen().unwrap();
    assert_eq!(state(&mut laptop), after);
}

#[test]
fn f05_a_page_that_finds_no_room_moves_neither_rows_nor_cursor() {
    let (mut lan, mut minh) = (Laptop::new(1), Laptop::new(2));
    lan.save(a_small_register).unwrap();
    for number in 3..200 {
        lan.save(|change| change.put(&member(number, 1, "Đặng Thị Nhàn"))).unwrap();
    }
    let groups = lan.store().next_batch(&BatchLimits { groups: 500, bytes: usize::MAX }).unwrap();
    let page = minh.page(&groups);
    let before = (minh.store().hello().unwrap(), state(&mut minh));
    fill_disk(&mut minh);
    let refused = minh.store().apply_page(page.clone());
    assert!(matches!(refused, Err(StoreError::DiskFull)), "{refused:?}");
    assert_eq!((minh.store().hello().unwrap(), state(&mut minh)), before);
    make_room(&mut minh);
    minh.store().apply_page(page).unwrap();
    assert_eq!(state(&mut minh).0, 199);
}
