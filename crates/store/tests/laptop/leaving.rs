//! What leaves a laptop, and what stays: drafts, the database's log, the cost of a page.

use sync_core::laptop::LaptopStore;
use sync_core::ledger::Mark;
use sync_core::local::LocalStore;
use sync_core::op::Scope;
use sync_core::position::{Cursor, Epoch, Position};
use sync_core::wire::{BatchLimits, HelloReply, Limits, PROTOCOL, PushReply, RowsReply};
use uuid::Uuid;

use crate::kit::*;

fn reply(laptop: &mut Laptop, erased: Vec<Uuid>) -> HelloReply {
    let hello = laptop.store().hello().unwrap();
    HelloReply {
        protocol: PROTOCOL,
        commune: hello.commune,
        highest_known: 0,
        head: hello.cursor.unwrap_or_default(),
        limits: Limits::default(),
        server_time_ms: NOON,
        ledger: Mark { number: 1, ..Mark::default() },
        erased,
        sight: None,
        watermark: Position::default(),
        proof: None,
    }
}

/// A backup is put back that does not have the household yet: what was begun at its door goes, and does not come back.
#[test]
fn a_draft_outlives_a_restore_of_the_server() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    laptop.sync();
    let here = household(1).id;
    laptop.store().keep_draft(here, "an evening").unwrap();
    let mut greeted = reply(&mut laptop, vec![]);
    greeted.ledger = Mark::default();
    greeted.head.epoch = Epoch { number: 2, nonce: 7 };
    laptop.store().meet(&greeted, 5).unwrap();
    let of = vec![(Scope::from(UNIT), (0..=u8::MAX).collect())];
    let (rows, kept, at) = (vec![], vec![], greeted.head);
    assert!(laptop.store().take_rows(&RowsReply { of, rows, kept, at, ledger: Mark::default() }).unwrap());
    assert!(laptop.store().draft(here).unwrap().is_some());
}

/// Somebody of the household is erased: what was said about them and not saved stays.
#[test]
fn a_draft_about_somebody_erased_goes() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    laptop.sync();
    let here = household(1).id;
    laptop.store().keep_draft(here, "Trần Thị Mỹ, diabetes").unwrap();
    let greeted = reply(&mut laptop, vec![member(2, 1, "").id.0]);
    laptop.store().meet(&greeted, 5).unwrap();
    let draft = laptop.store().draft(here).unwrap();
    assert!(!draft.is_some_and(|draft| draft.body.contains("Mỹ")));
}

/// The server kept nothing of a Save: nor does the log of the database.
#[test]
fn what_the_server_dropped_leaves_the_log_of_the_database_too() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    let pending = laptop.store().next_batch(&BatchLimits { groups: 9, bytes: usize::MAX }).unwrap();
    let all: Vec<u16> = (0..5).collect();
    let answer = PushReply {
        receipts: pending.iter().flat_map(receipts).collect(),
        groups: vec![sync_core::wire::GroupAnswer {
            dseq: 1,
            group: pending[0].group.id,
            outcome: sync_core::ingest::GroupOutcome::Applied,
            at: None,
            dropped: all,
        }],
        expect: None,
        head: Cursor::default(),
        proof: None,
    };
    laptop.store().acknowledge(&answer).unwrap();
    assert_eq!(
        laptop.store().exchange(|rules| rules.store.owns(sync_core::laptop::Which::All, 9)).unwrap(),
        []
    );
    let bytes: u64 = std::fs::read_dir(laptop.dir.path().join("data"))
        .unwrap()
        .flatten()
        .filter(|one| one.file_name().to_string_lossy().ends_with("-wal"))
        .map(|one| one.metadata().unwrap().len())
        .sum();
    assert_eq!(bytes, 0, "bytes in the log");
}
