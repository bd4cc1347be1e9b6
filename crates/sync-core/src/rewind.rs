//! The short histories in which the server goes back in time (F1, F2, F3, F6, F8, F11, F14, F16 of the design): a
//! backup is put back under laptops that know more. Nobody presses anything.

use domain::registry::{RecordKind, no};

use crate::group::Group;
use crate::head::Shown;
use crate::ingest::Quarantine;
use crate::local::LocalStore;
use crate::model::{Laptop, Server, name, village};
use crate::offer::OfferOutcome;
use crate::op::{FieldEdit, OpId};
use crate::position::Position;
use crate::retained::kept_with;
use crate::row::Row;
use crate::samples::{NOW_MS, group, household, id, member, op_id, rename};
use crate::wire::{Offer, PageGroup};

/// Each laptop once, and once more for what the later ones brought.
fn all_sync(server: &mut Server, laptops: &mut [Laptop]) {
    for _ in 0..2 {
        laptops.iter_mut().for_each(|laptop| laptop.sync(server));
    }
}

/// Everybody holds the same bytes, and the stream has no hole.
fn converged(server: &Server, laptops: &[Laptop]) {
    for laptop in laptops {
        assert_eq!(laptop.base, server.rows);
        assert_eq!(laptop.state.cursor, Some(server.head()));
        assert!(laptop.own.is_empty());
    }
    let positions: Vec<u64> = server.groups().map(|group| group.position.position).collect();
    assert!(positions.iter().zip(positions.iter().skip(1)).all(|(one, next)| one < next));
}

fn offer(server: &mut Server, group: &PageGroup) -> OfferOutcome {
    let reply = server.offer(&Offer::from(vec![group.clone()]));
    reply.groups[0].1.clone()
}

fn stamp(server: &Server, op: OpId) -> i64 {
    server.receipt(op).stamp.0
}

#[test]
fn f01_what_is_given_back_gets_a_new_position_and_keeps_its_receipt() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    laptops[0].save(household(4, 0, 4, NOW_MS));
    all_sync(&mut server, &mut laptops);
    let before = (server.receipt(op_id(3, 0)), server.receipt(op_id(4, 0)));
    assert_eq!((before.0.first, before.1.first), ((1, 3).into(), (1, 4).into()));
    server.restore(&backup);
    // Another commit takes position 3 first.
    let mut third = Laptop::new(2);
    third.save(household(5, 2, 5, NOW_MS));
    third.sync(&mut server);
    all_sync(&mut server, &mut laptops);
    third.sync(&mut server);
    assert_eq!((server.receipt(op_id(3, 0)), server.receipt(op_id(4, 0))), before);
    let positions: Vec<Position> = server.groups().map(|group| group.position).collect();
    assert_eq!(positions[2..], [(1, 3).into(), (2, 4).into(), (2, 5).into()]);
    laptops.push(third);
    converged(&server, &laptops);
}

#[test]
fn f02_what_the_oldest_backup_lacks_is_kept_and_numbers_of_another_epoch_say_nothing() {
    let (mut server, mut laptops) = village(2);
    let older = server.clone();
    server.watermark = 2;
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    all_sync(&mut server, &mut laptops);
    // A newer backup has it; the older one may still be put back, and is.
    assert_eq!(laptops.iter().map(|laptop| laptop.retained.len()).collect::<Vec<_>>(), [1, 1]);
    server.restore(&older);
    laptops.remove(0);
    all_sync(&mut server, &mut laptops);
    assert_eq!(name(&server), "Hoà", "of a laptop that is gone, by one that had pulled it");
    converged(&server, &laptops);
    // Positions of the first epoch are not compared with the second's watermark, however high that is.
    let mut late = Laptop::new(3);
    late.sync(&mut server);
    let all = late.retained.len();
    late.state.watermark = (9, 99).into();
    late.forget_what_is_safe().unwrap();
    assert_eq!(late.retained.len(), all);
    late.state.watermark = (2, 2).into();
    late.forget_what_is_safe().unwrap();
    assert_eq!(late.retained.len(), 1);
}

#[test]
fn f03_a_restore_that_forgot_only_a_quarantine_is_noticed() {
    let (mut server, _) = village(1);
    server.enrol(20);
    let mut lan = Laptop::new(20);
    lan.sync(&mut server);
    let backup = server.clone();
    lan.save(household(3, 20, 3, NOW_MS));
    lan.sync(&mut server);
    assert_eq!(server.waiting.len(), 1);
    assert_eq!(lan.counts().unwrap().pending_groups, 0);
    server.restore(&backup);
    assert!(server.waiting.is_empty());
    lan.sync(&mut server);
    assert_eq!(server.head().epoch.number, 2);
    assert_eq!(server.waiting.iter().map(|one| &one.reason).collect::<Vec<_>>(), [&Quarantine::Rights]);
}

/// A Save over two records; another laptop holds one half of it.
#[test]
fn f06_each_op_is_proven_by_itself() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    let mut both = household(3, 0, 3, NOW_MS);
    let mut second = member(3, 0, 33, 3, "Mai", NOW_MS).ops.remove(0);
    second.header.id.index = 1;
    both.ops.push(second);
    laptops[0].save(both);
    all_sync(&mut server, &mut laptops);
    let whole =
        laptops[1].retained.values().find(|group| group.group.id == op_id(3, 0).group).unwrap().clone();
    let half = |place: usize| PageGroup {
        position: whole.position,
        group: Group { id: whole.group.id, seed: None, ops: vec![whole.group.ops[place].clone()] },
        receipts: vec![whole.receipts[place].clone()],
    };
    server.restore(&backup);
    server.greet(&laptops[1].state.proof.unwrap());
    // The member's half first: it waits for its household, with its receipt.
    assert_eq!(offer(&mut server, &half(1)), OfferOutcome::Waits(Quarantine::NoParent));
    assert_eq!(offer(&mut server, &half(1)), OfferOutcome::Waits(Quarantine::NoParent));
    assert_eq!(server.waiting.len(), 1);
    assert!(matches!(offer(&mut server, &half(0)), OfferOutcome::Held(_)));
    assert!(server.waiting.is_empty());
    assert_eq!(server.receipt(op_id(3, 1)), whole.receipts[1]);
    // The author's whole Save is no other content.
    let head = server.head().position;
    assert!(matches!(offer(&mut server, &whole), OfferOutcome::Held(_)));
    assert_eq!(server.head().position, head);
    // Of a part kept first, the whole takes the place; not the other way round.
    let kept = [&half(1), &whole, &half(0)]
        .into_iter()
        .fold(None, |kept, group| Some(kept_with(kept, group, server.head().position())));
    assert_eq!(kept.map(|group| group.group.ops.len()), Some(2));
    all_sync(&mut server, &mut laptops);
    converged(&server, &laptops);
}

#[test]
fn what_has_no_receipt_of_this_commune_is_not_taken_back() {
    let (mut server, laptops) = village(1);
    let backup = server.clone();
    let mut forged: Vec<PageGroup> = laptops[0].retained.values().cloned().collect();
    server.restore(&Server::new());
    for group in &mut forged {
        group.receipts[0].stamp.0 += 1;
        assert_eq!(offer(&mut server, group), OfferOutcome::Unproven);
        group.receipts[0].stamp.0 -= 1;
        group.group.ops[0].salt = vec![9; 16].try_into().unwrap();
        assert_eq!(offer(&mut server, group), OfferOutcome::Unproven);
    }
    assert_eq!(server.head().position, 0);
    assert_eq!(backup.groups().count(), 2);
}

/// The author's reply was lost, somebody pulled the op and replaced it; after the restore the author pushes first and
/// gets another, later stamp. The lower one stands, or what replaced it would lose.
#[test]
fn f08_of_two_receipts_for_one_op_the_lower_stamp_stands() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    server.push(&laptops[0].batch(9));
    laptops[1].sync(&mut server);
    laptops[1].save(rename(4, 1, 2, "Hoà Mai", NOW_MS, Some(op_id(3, 0))));
    laptops[1].sync(&mut server);
    let first = stamp(&server, op_id(3, 0));
    server.restore(&backup);
    server.now_ms += 3600 * 1000;
    // The author's clock is an hour further too when the op goes out again.
    let mut batch = laptops[0].batch(9);
    let session = batch.groups[0].group.ops[0].header.session;
    batch.offsets = vec![crate::wire::SessionOffset { session, offset_ms: 3600 * 1000 }];
    server.push(&batch);
    assert!(stamp(&server, op_id(3, 0)) > first);
    let mut reader = Laptop::new(5);
    reader.sync(&mut server);
    all_sync(&mut server, &mut laptops);
    reader.sync(&mut server);
    assert_eq!(stamp(&server, op_id(3, 0)), first);
    assert_eq!(name(&server), "Hoà Mai");
    // The stream carries it under the lower one from now on.
    let carried = server.groups().find(|group| group.group.id == op_id(3, 0).group).unwrap();
    assert_eq!(carried.receipts[0].stamp.0, first);
    laptops.push(reader);
    converged(&server, &laptops);
}

#[test]
fn f11_what_is_given_back_before_its_parent_waits_with_its_receipt() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[0].save(household(3, 0, 3, NOW_MS));
    all_sync(&mut server, &mut laptops);
    let field = FieldEdit {
        no: no::HOUSEHOLD_HOUSE_NO,
        value: "12".into(),
        replaced: None,
        seen: Some(server.receipt(op_id(3, 0)).stamp),
    };
    laptops[1].save(group(4, 1, RecordKind::Household.no(), 3, NOW_MS, vec![field]));
    laptops[1].sync(&mut server);
    let receipt = server.receipt(op_id(4, 0));
    server.restore(&backup);
    // Only the edit comes back at first.
    let edit =
        laptops[1].retained.values().find(|group| group.group.id == op_id(4, 0).group).unwrap().clone();
    server.greet(&laptops[1].state.proof.unwrap());
    assert_eq!(offer(&mut server, &edit), OfferOutcome::Waits(Quarantine::NoParent));
    let mut reader = Laptop::new(5);
    reader.sync(&mut server);
    assert_eq!(reader.base.get(&(3, id(3))), None);
    all_sync(&mut server, &mut laptops);
    reader.sync(&mut server);
    assert_eq!(server.receipt(op_id(4, 0)), receipt);
    assert_eq!(server.rows[&(3, id(3))].value(no::HOUSEHOLD_HOUSE_NO), Some(&"12".into()));
    laptops.push(reader);
    converged(&server, &laptops);
}

#[test]
fn f14_giving_back_raises_no_conflict_again() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    laptops[1].save(rename(4, 1, 2, "Hoa Mai", NOW_MS + 1, Some(op_id(2, 0))));
    all_sync(&mut server, &mut laptops);
    laptops[0].save(rename(5, 0, 2, "Hoa", NOW_MS + 9, Some(op_id(4, 0))));
    all_sync(&mut server, &mut laptops);
    let found = |server: &Server| [3, 4, 5].map(|n| server.receipt(op_id(n, 0)).found);
    let before = found(&server);
    assert_eq!(before.each_ref().map(Vec::len), [0, 1, 0]);
    server.restore(&backup);
    // The one who knows the settlement comes last.
    laptops.reverse();
    all_sync(&mut server, &mut laptops);
    assert_eq!(found(&server), before);
    assert_eq!(name(&server), "Hoa");
}

#[test]
fn f16_a_log_that_took_the_same_groups_again_under_other_stamps_is_another_one() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    let save = |laptop: &mut Laptop| laptop.save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    save(&mut laptops[0]);
    let sent = laptops[0].clone();
    laptops[0].sync(&mut server);
    laptops[1].sync(&mut server);
    let shown = laptops[1].state.proof.unwrap();
    // The author's disk was put back too: it sends the same group once more, later.
    server.restore(&backup);
    server.now_ms += 60_000;
    laptops[0] = sent;
    let mut batch = laptops[0].batch(9);
    let session = batch.groups[0].group.ops[0].header.session;
    batch.offsets = vec![crate::wire::SessionOffset { session, offset_ms: 60_000 }];
    server.push(&batch);
    assert_eq!(server.head().position, shown.at.position);
    assert_ne!(server.head().hash, shown.at.hash);
    assert_eq!(server.clone().greet(&shown), Shown::Rewound);
    all_sync(&mut server, &mut laptops);
    converged(&server, &laptops);
}

/// A row that rotted on a laptop's disk, one that is missing, one that nobody else has: told by the digest at one head,
/// and fetched again, those buckets only.
#[test]
fn what_rotted_on_a_disk_is_fetched_again() {
    let (mut server, mut laptops) = village(2);
    for number in 10..40 {
        laptops[0].save(household(number, 0, number, NOW_MS));
    }
    all_sync(&mut server, &mut laptops);
    let reader = &mut laptops[1];
    assert_eq!(reader.repair(&server), 0);
    let rotten = reader.base.get_mut(&(4, id(2))).unwrap();
    rotten.cells.get_mut(&no::MEMBER_FULL_NAME).unwrap().value = "Hoạ".into();
    reader.base.remove(&(3, id(11)));
    let mut stranger = reader.base[&(3, id(12))].clone();
    stranger.record = id(300);
    reader.base.insert((3, id(300)), stranger);
    assert_eq!(reader.repair(&server), 3);
    converged(&server, &laptops);
}

/// The witness beside the database shows the same, before any laptop comes.
#[test]
fn two_restores_of_one_backup_are_two_epochs_and_a_laptop_of_either_comes_over() {
    let (mut server, mut laptops) = village(3);
    let backup = server.clone();
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    laptops[0].sync(&mut server);
    server.restore(&backup);
    laptops[0].sync(&mut server);
    assert_eq!(server.head().epoch.number, 2);
    laptops[0].save(household(4, 0, 4, NOW_MS));
    laptops[0].sync(&mut server);
    // Restored once more, with nothing that remembers the second epoch but that laptop.
    server.restore(&backup);
    server.now_ms += 5;
    laptops[1].save(household(5, 1, 5, NOW_MS));
    laptops[1].sync(&mut server);
    assert_eq!(server.head().epoch.number, 1, "this laptop knew nothing that was lost");
    all_sync(&mut server, &mut laptops);
    assert_eq!(server.head().epoch.number, 3);
    assert_eq!(name(&server), "Hoà");
    let households: Vec<&Row> = server.rows.values().filter(|row| row.kind == 3).collect();
    assert_eq!(households.len(), 3);
    converged(&server, &laptops);
}

/// What is kept comes once more, in this history or in another, under the same stamp or another one.
#[test]
fn f08_of_what_is_kept_the_lower_stamp_stands_and_a_higher_one_is_no_place() {
    let (_, laptops) = village(1);
    let at = |stamp: i64| {
        let mut group = laptops[0].retained.values().next().unwrap().clone();
        group.receipts[0].stamp.0 = stamp;
        group
    };
    let check = |was: (u32, u64), comes: (u32, u64), stamp: i64, expect: (u32, u64)| {
        let was = PageGroup { position: was.into(), ..at(10) };
        let kept = kept_with(Some(was), &at(stamp), comes.into());
        assert_eq!((kept.receipts[0].stamp.0, kept.position), (stamp.min(10), expect.into()), "{comes:?}");
    };
    check((1, 2), (2, 5), 10, (2, 5));
    check((1, 2), (2, 5), 9, (2, 5));
    check((1, 2), (2, 5), 11, (1, 2));
    check((2, 5), (2, 7), 11, (2, 7));
    check((2, 5), (2, 3), 10, (2, 5));
}

/// What the oldest backup has need not be kept, and only numbers of the present history say that it has it.
#[test]
fn f02_what_every_backup_has_is_not_kept() {
    let (server, _) = village(1);
    let reading = |laptop: &mut Laptop, watermark: (u32, u64)| {
        laptop.state.watermark = watermark.into();
        laptop.state.cursor = None;
        laptop.pull(&server, usize::MAX);
        laptop.retained.len()
    };
    for (watermark, expect) in [((1, 0), 2), ((1, 1), 1), ((1, 2), 0), ((1, 9), 0), ((0, 9), 2), ((2, 9), 2)]
    {
        assert_eq!(reading(&mut Laptop::new(3), watermark), expect, "{watermark:?}");
    }
    // What was kept in another life of the log has its place here now, and goes with the next exchange.
    let mut laptop = Laptop::new(3);
    reading(&mut laptop, (1, 0));
    laptop.retained.values_mut().for_each(|kept| kept.position.epoch = 0);
    assert_eq!(reading(&mut laptop, (1, 9)), 2);
    laptop.forget_what_is_safe().unwrap();
    assert_eq!(laptop.retained.len(), 0);
}
