//! A laptop that comes over into another life of the log, is turned away, or meets what was erased meanwhile. Each rule
//! here was once broken.

use super::*;

use crate::commune::rows;
use crate::group::Group;
use crate::laptop::Round;
use crate::ledger::Entry;
use crate::local::LocalStore;
use crate::model::{Laptop, name, village};
use crate::retained::split;
use crate::rights::{Reach, Sight};
use crate::samples::{NOW_MS, SCOPE, device, household, id, member, op_id, rename};
use crate::wire::BatchLimits;

const MOST: BatchLimits = BatchLimits { groups: 50, bytes: 1 << 20 };

fn to_give_back(laptop: &mut Laptop) -> usize {
    let (mut round, mut count) = (Round::default(), 0);
    while let Some(giving) = laptop.to_offer(&mut round, &MOST).unwrap() {
        count += giving.offer.groups.len() + giving.offer.sealed.len();
    }
    count
}

/// Revoked, gave back once; the server is put back once more.
#[test]
fn a_revoked_laptop_gives_back_after_the_second_restore_too() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    all_sync(&mut server, &mut laptops);
    server.note(Entry::Revoked { device: device(1) });
    server.restore(&backup);
    let mut last = laptops.remove(1);
    last.sync(&mut server);
    assert_eq!(name(&server), "Hoà");
    // The same backup is put back again; nobody else is left.
    server.restore(&backup);
    assert_eq!(name(&server), "Hoa");
    last.sync(&mut server);
    last.sync(&mut server);
    assert_eq!(name(&server), "Hoà", "held sealed by a laptop that syncs, and never given back");
}

/// Sealed, then erased: offered for ever.
#[test]
fn what_is_sealed_of_somebody_erased_is_not_offered_for_ever() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[0].save(member(5, 0, 50, 1, "Mai", NOW_MS));
    all_sync(&mut server, &mut laptops);
    server.assign(device(1), &[Reach::Scope(OTHER)]);
    laptops[1].sync(&mut server);
    assert!(laptops[1].base.is_empty() && !laptops[1].sealed.is_empty());
    server.erase(id(50));
    server.restore(&backup);
    all_sync(&mut server, &mut laptops);
    assert_eq!(to_give_back(&mut laptops[1]), 0, "once more at each exchange, for ever");
}

/// What it made itself stays readable on a revoked laptop although the commune has it.
#[test]
fn a_revoked_laptop_seals_what_it_made_itself_too() {
    let (mut server, mut laptops) = village(2);
    laptops[1].save(household(5, 1, 50, NOW_MS));
    laptops[1].save(member(6, 1, 60, 50, "Mai", NOW_MS));
    let reply = server.push(&laptops[1].batch(9));
    laptops[1].acknowledge(&reply).unwrap();
    server.note(Entry::Revoked { device: device(1) });
    laptops[1].sync(&mut server);
    laptops[1].sync(&mut server);
    assert!(laptops[1].visible(MEMBER, id(60)).is_none(), "a name is readable on a revoked laptop");
}

/// Two restores began an epoch of the same number; between them a laptop only fetched rows.
#[test]
fn a_place_in_another_epoch_of_the_same_number_is_no_place() {
    let (mut server, mut laptops) = village(3);
    let backup = server.clone();
    // Laptop 2 stands farther than the backup, and shows it at the end.
    laptops[2].save(household(7, 2, 70, NOW_MS));
    laptops[2].sync(&mut server);
    let witness = laptops[2].clone();
    server.restore(&backup);
    server.now_ms += 1;
    laptops[2].sync(&mut server);
    assert_eq!(server.head().epoch.number, 2);
    laptops[0].sync(&mut server);
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    laptops[0].sync(&mut server);
    // Laptop 1 is greeted, fetches rows, and dies before it gives anything back.
    let hello = laptops[1].hello().unwrap();
    let reply = server.hello(&hello).unwrap();
    LocalStore::meet(&mut laptops[1], &reply, 99).unwrap();
    laptops[1].repair(&server);
    assert!(laptops[1].holds(op_id(3, 0)));
    // The old backup again, without a witness; somebody whose word is of the first epoch comes first.
    server.restore(&backup);
    server.now_ms += 1;
    let mut first = witness;
    first.sync(&mut server);
    assert_eq!(server.head().epoch.number, 2);
    for _ in 0..3 {
        laptops[1].sync(&mut server);
    }
    assert_eq!(name(&server), "Hoà");
}

/// Rows of one answer are few bytes; what comes beside them has no bound, and the laptop reads 8 MiB at most.
#[test]
fn what_comes_beside_rows_counts_too() {
    let (mut server, mut laptops) = village(1);
    for n in 0..200 {
        let seen = if n == 0 { op_id(2, 0) } else { op_id(99 + n, 0) };
        laptops[0].save(rename(100 + n, 0, 2, &format!("Hoà {n}"), NOW_MS, Some(seen)));
    }
    laptops[0].sync(&mut server);
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let fetched = rows(&server.store, &Sight::All, &[(SCOPE, all)], 0, 2_000).unwrap();
    // The household's; the person's comes alone, whatever its size.
    assert_eq!((fetched.rows.len(), fetched.kept.len()), (1, 1));
    let fetched = rows(&server.store, &Sight::All, &[(SCOPE, vec![2, 3])], 0, 2_000).unwrap();
    assert_eq!((fetched.rows.len(), fetched.kept.len()), (1, 201));
    assert_eq!(fetched.of, [(SCOPE, vec![2])], "the next one is asked for again");
}

/// A person decided about it; it still counts as kept apart.
#[test]
fn what_somebody_decided_about_is_not_counted_as_kept_apart() {
    let (mut server, mut laptops) = village(1);
    server.enrol(20);
    let mut lan = Laptop::new(20);
    lan.sync(&mut server);
    lan.save(household(3, 20, 3, NOW_MS));
    lan.sync(&mut server);
    assert_eq!(lan.counts().unwrap().quarantined_groups, 1);
    laptops[0].save(decides(4, 0, 3, "dismissed"));
    laptops[0].sync(&mut server);
    for _ in 0..3 {
        lan.sync(&mut server);
    }
    assert!(lan.own.iter().all(|own| own.mended), "{:?}", lan.own);
    assert_eq!(lan.counts().unwrap().quarantined_groups, 0);
}

/// What only the restored server lacks is given back before rows are compared, or it would vanish from the screen
/// meanwhile.
#[test]
fn nothing_vanishes_while_a_laptop_comes_over() {
    let (mut server, mut laptops) = village(1);
    let backup = server.clone();
    laptops[0].save(household(5, 0, 50, NOW_MS));
    laptops[0].save(member(6, 0, 60, 50, "Mai", NOW_MS));
    laptops[0].sync(&mut server);
    server.restore(&backup);
    for cut in 0..8 {
        let (mut server, mut laptop) = (server.clone(), laptops[0].clone());
        laptop.line = cut;
        laptop.meet(&mut server);
        laptop.pull(&server, usize::MAX);
        // A person goes on with the evening.
        assert!(laptop.visible(MEMBER, id(60)).is_some(), "cut after {cut} messages");
    }
}

/// It saw the op as a row only, when the unit came into its sight; the author's laptop is gone since.
#[test]
fn what_came_with_a_row_is_given_back_too() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    server.assign(device(1), &[Reach::Scope(OTHER)]);
    laptops[1].sync(&mut server);
    assert!(laptops[1].base.is_empty());
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    laptops[0].sync(&mut server);
    server.assign(device(1), &[Reach::Scope(SCOPE)]);
    laptops[1].sync(&mut server);
    server.restore(&backup);
    let mut last = laptops.remove(1);
    assert_eq!(name(&server), "Hoa");
    last.sync(&mut server);
    assert_eq!(name(&server), "Hoà");
}

/// Of a Save that lies in two units one part goes and the other stays: neither gives the other's salts away.
#[test]
fn the_seed_of_a_save_goes_with_neither_part() {
    let (mut server, mut laptops) = village(1);
    let both = with(household(5, 0, 50, NOW_MS), &household(6, 0, 60, NOW_MS));
    let whole = Group::seeded(both.id, [7; 16], both.ops);
    laptops[0].save(whole.clone());
    laptops[0].sync(&mut server);
    let mut stays = kept(&laptops[0], 5);
    let goes = split(&mut stays, |op| op.header.record == id(50)).unwrap();
    assert_eq!((goes.group.seed, stays.group.seed), (None, None));
    assert_eq!((&goes.group.ops[0], &stays.group.ops[0]), (&whole.ops[0], &whole.ops[1]));
    assert_eq!((goes.receipts.len(), stays.receipts.len()), (1, 1));
    let mut all = kept(&laptops[0], 5);
    let everything = split(&mut all, |_| true).unwrap();
    assert_eq!((everything.group.seed, all.group.ops.len()), (Some([7; 16]), 0));
}

/// A number that the server knows and this laptop does not: it was put back from a copy of its disk.
#[test]
fn numbers_that_were_given_away_are_not_used_again() {
    let (mut server, mut laptops) = village(1);
    let image = laptops[0].clone();
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    laptops[0].sync(&mut server);
    laptops[0] = image;
    let before = laptops[0].state.incarnation;
    laptops[0].meet(&mut server);
    assert_ne!(laptops[0].state.incarnation, before);
}

/// While rows are to be compared, somebody loses what they saw; the line is cut when all is compared, and then it is given
/// again. What was compared was less than they had, and all of it comes.
#[test]
fn what_is_lost_and_given_again_while_rows_are_compared_comes() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    all_sync(&mut server, &mut laptops);
    server.restore(&backup);
    laptops[1].meet(&mut server);
    assert!(laptops[1].state.compares);
    server.assign(device(1), &[]);
    for messages in 0..9 {
        let (mut server, mut laptop) = (server.clone(), laptops[1].clone());
        laptop.line = messages;
        if laptop.meet(&mut server) {
            laptop.pull(&server, usize::MAX);
        }
        server.assign(device(1), &[Reach::WholeCommune]);
        laptop.sync(&mut server);
        assert_eq!(laptop.base, server.rows, "cut after {messages} messages");
    }
}

/// What a revoked laptop made itself is sealed with its receipts: after a restore it may be the last that has it.
#[test]
fn what_a_revoked_laptop_made_itself_is_given_back_too() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[1].save(household(5, 1, 50, NOW_MS));
    let reply = server.push(&laptops[1].batch(9));
    laptops[1].acknowledge(&reply).unwrap();
    server.note(Entry::Revoked { device: device(1) });
    laptops[1].sync(&mut server);
    assert!(laptops[1].own.is_empty() && laptops[1].holds(op_id(5, 0)));
    server.restore(&backup);
    laptops[1].sync(&mut server);
    assert!(server.rows.contains_key(&(HOUSEHOLD, id(50))));
}

/// What came into sight is compared first: until then the rows are not those of the cursor, and no page goes on from it.
#[test]
fn no_page_is_taken_while_rows_are_to_be_compared() {
    let (mut server, mut laptops) = village(2);
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    laptops[0].sync(&mut server);
    let before = laptops[1].base.clone();
    laptops[1].look_round(&Sight::NOTHING).unwrap();
    laptops[1].look_round(&Sight::All).unwrap();
    assert!(laptops[1].state.compares);
    let page = server.page(device(1), &Sight::All, laptops[1].state.cursor, usize::MAX);
    laptops[1].apply_page(page).unwrap_err();
    assert!(laptops[1].base.is_empty());
    laptops[1].repair(&server);
    assert!(laptops[1].base == server.rows && laptops[1].base != before);
}
