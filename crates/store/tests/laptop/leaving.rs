//! What leaves a laptop, and what stays: drafts, the database's log, the cost of a page.

use store::tables::households;
use sync_core::laptop::LaptopStore;
use sync_core::ledger::Mark;
use sync_core::local::LocalStore;
use sync_core::op::Scope;
use sync_core::position::{Cursor, Epoch, Position};
use sync_core::rights::Sight;
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

fn bytes_in_log(laptop: &Laptop) -> u64 {
    let files = std::fs::read_dir(laptop.dir.path().join("data")).unwrap().flatten();
    let logs = files.filter(|one| one.file_name().to_string_lossy().ends_with("-wal"));
    logs.map(|one| one.metadata().unwrap().len()).sum()
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
    assert_eq!(bytes_in_log(&laptop), 0);
}

/// Rows go because their unit was taken away, because somebody was erased whom every backup has, or because the laptop was
/// revoked before the stream delivered what it made: nothing of them stays in the log of the database.
#[test]
fn what_goes_leaves_the_log_of_the_database_too() {
    let check = |goes: fn(&mut Laptop)| {
        let mut laptop = Laptop::new(1);
        laptop.save(a_small_register).unwrap();
        goes(&mut laptop);
        assert_eq!(households::list(laptop.store().reading()).unwrap(), []);
        assert_eq!(bytes_in_log(&laptop), 0);
    };
    check(|laptop| {
        laptop.sync();
        assert!(bytes_in_log(laptop) > 0);
        laptop.store().look_round(&Sight::Only([Scope::COMMUNE].into())).unwrap();
    });
    check(|laptop| {
        laptop.sync();
        let mut greeted = reply(laptop, vec![]);
        greeted.watermark.position = 99;
        laptop.store().meet(&greeted, 5).unwrap();
        laptop.store().forget_what_is_safe().unwrap();
        assert!(bytes_in_log(laptop) > 0);
        let greeted = reply(laptop, vec![household(1).id.0]);
        laptop.store().meet(&greeted, 5).unwrap();
    });
    check(|laptop| {
        let pending = laptop.store().next_batch(&BatchLimits { groups: 9, bytes: usize::MAX }).unwrap();
        laptop.acknowledge(&pending);
        assert!(bytes_in_log(laptop) > 0);
        laptop.store().turned_away().unwrap();
    });
}

/// A kill came between a commit and the emptying of the log: the next start empties it.
#[test]
fn a_start_empties_the_log_of_the_database() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    let files = std::fs::read_dir(laptop.dir.path().join("data")).unwrap().flatten();
    let files: Vec<_> = files.map(|one| (one.path(), std::fs::read(one.path()).unwrap())).collect();
    assert!(bytes_in_log(&laptop) > 0);
    laptop.store = None;
    files.iter().for_each(|(path, bytes)| std::fs::write(path, bytes).unwrap());
    assert!(bytes_in_log(&laptop) > 0);
    laptop.reopen().unwrap();
    assert_eq!(bytes_in_log(&laptop), 0);
}

/// What is kept or sealed to be given back goes once every backup of this life of the log has it, and not before.
#[test]
fn only_what_every_backup_has_is_forgotten() {
    let left = |laptop: &mut Laptop, (epoch, position): (u32, u64)| {
        let mut greeted = reply(laptop, vec![]);
        greeted.watermark = Position { epoch, position };
        laptop.store().meet(&greeted, 5).unwrap();
        laptop.store().forget_what_is_safe().unwrap();
        let held = laptop.store().exchange(|rules| {
            Ok(rules.store.kept_names()?.len() + rules.store.sealed_elsewhere(7, 0, 9)?.len())
        });
        held.unwrap()
    };
    for leaves in [false, true] {
        let mut laptop = Laptop::new(1);
        laptop.save(a_small_register).unwrap();
        laptop.sync();
        if leaves {
            laptop.store().look_round(&Sight::Only([Scope::COMMUNE].into())).unwrap();
        }
        for (watermark, expect) in [((0, 0), 1), ((1, 9), 1), ((0, 1), 0)] {
            assert_eq!(left(&mut laptop, watermark), expect, "{watermark:?}");
        }
    }
}
