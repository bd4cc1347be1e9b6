//! Short histories that somebody found who read what was mended.

use super::found::{moves, puts};
use super::*;

use crate::model::{Laptop, village};
use crate::rights::Reach;
use crate::samples::{NOW_MS, SCOPE, device, household, id, member, op_id, rename};

/// The stamp of the first life is higher than that of the second: the receipt says that they lived.
#[test]
fn lived_under_a_higher_stamp() {
    for higher in [false, true] {
        let (mut server, mut laptops) = village(2);
        laptops[0].save(household(3, 0, 3, NOW_MS));
        all_sync(&mut server, &mut laptops);
        let backup = server.clone();
        if higher {
            // an earlier Save of the same session, by a clock that was ahead: pulls the next one up
            laptops[0].save(rename(4, 0, 2, "Hoà", NOW_MS + 120_000, Some(op_id(2, 0))));
            laptops[0].sync(&mut server);
        }
        laptops[0].save(member(5, 0, 50, 1, "Mai", NOW_MS));
        server.push(&laptops[0].batch(9)); // reply lost
        laptops[1].sync(&mut server);
        laptops[1].save(puts(6, 1, 50, 5, 3));
        laptops[1].sync(&mut server);
        server.erase(id(1));
        assert!(server.rows.contains_key(&(MEMBER, id(50))));
        server.restore(&backup);
        all_sync(&mut server, &mut laptops);
        println!(
            "higher {higher}: {:?} waiting {:?}",
            server.rows.contains_key(&(MEMBER, id(50))),
            reasons(&server)
        );
        assert!(server.rows.contains_key(&(MEMBER, id(50))), "higher {higher}");
    }
}

/// What was said of a person that was dropped comes back with the person.
#[test]
fn what_was_said_of_who_lived() {
    let (mut server, mut laptops) = village(2);
    laptops[0].save(household(3, 0, 3, NOW_MS));
    all_sync(&mut server, &mut laptops);
    let backup = server.clone();
    laptops[0].save(member(5, 0, 50, 1, "Mai", NOW_MS));
    laptops[0].save(assessment(7, 0, 70, 50));
    server.push(&laptops[0].batch(9)); // reply lost
    laptops[1].sync(&mut server);
    laptops[1].save(puts(6, 1, 50, 5, 3));
    laptops[1].sync(&mut server);
    server.erase(id(1));
    assert!(server.rows.contains_key(&(6, id(70))));
    server.restore(&backup);
    all_sync(&mut server, &mut laptops);
    assert!(server.rows.contains_key(&(MEMBER, id(50))), "person");
    assert!(laptops[1].base == server.rows, "diverged");
    assert!(server.rows.contains_key(&(6, id(70))), "assessment lost");
}

/// The author's copy of somebody who moved on out of sight.
#[test]
fn author_keeps_who_moved_out_of_sight() {
    let (mut server, mut laptops) = village(2);
    server.assign(device(0), &[Reach::Scope(SCOPE)]);
    laptops[1].save(in_scope(OTHER, household(31, 1, 31, NOW_MS)));
    all_sync(&mut server, &mut laptops);
    let backup = server.clone();
    laptops[0].save(member(5, 0, 50, 1, "Mai", NOW_MS));
    let reply = server.push(&laptops[0].batch(9));
    use crate::local::LocalStore;
    laptops[0].acknowledge(&reply).unwrap();
    laptops[1].sync(&mut server);
    laptops[1].save(household(30, 1, 30, NOW_MS));
    laptops[1].save(puts(6, 1, 50, 5, 30));
    laptops[1].save(moves(8, 1, 30, OTHER));
    laptops[1].sync(&mut server);
    server.erase(id(1));
    assert_eq!(server.rows[&(MEMBER, id(50))].scope, OTHER);
    assert!(laptops[0].holds(op_id(5, 0)));
    laptops[0].sync(&mut server);
    assert!(laptops[0].holds(op_id(5, 0)), "gone from the laptop that wrote it");
    server.restore(&backup);
    laptops[0].sync(&mut server);
    assert!(server.rows.contains_key(&(MEMBER, id(50))));
}

/// The same, reply lost.
#[test]
fn reply_lost() {
    let (mut server, mut laptops) = village(2);
    server.assign(device(0), &[Reach::Scope(SCOPE)]);
    all_sync(&mut server, &mut laptops);
    laptops[0].save(member(5, 0, 50, 1, "Mai", NOW_MS));
    server.push(&laptops[0].batch(9));
    laptops[1].sync(&mut server);
    laptops[1].save(household(30, 1, 30, NOW_MS));
    laptops[1].save(puts(6, 1, 50, 5, 30));
    laptops[1].save(moves(8, 1, 30, OTHER));
    laptops[1].sync(&mut server);
    server.erase(id(1));
    laptops[0].sync(&mut server);
    assert!(laptops[0].holds(op_id(5, 0)), "gone from the laptop that wrote it");
}

/// Somebody is put back and forth, and their household moves, within one commit.
#[test]
fn put_into_moves_and_back_with_others() {
    let (mut server, mut laptops) = village(2);
    laptops[1].save(in_scope(OTHER, household(31, 1, 31, NOW_MS)));
    laptops[1].save(household(30, 1, 30, NOW_MS));
    all_sync(&mut server, &mut laptops);
    // one Save: household 1 moves to OTHER and member 2 stays behind in 30
    let mut g = moves(6, 1, 1, OTHER);
    let mut op = puts(6, 1, 2, 2, 30).ops.remove(0);
    op.header.id = OpId { group: g.id, index: 1 };
    g.ops.push(op);
    laptops[1].save(g);
    all_sync(&mut server, &mut laptops);
    assert_eq!(reasons(&server), [] as [&Quarantine; 0]);
    assert_eq!(server.rows[&(MEMBER, id(2))].scope, SCOPE);
    for l in &laptops {
        assert!(l.base == server.rows);
    }
    let mut new = Laptop::new(5);
    new.sync(&mut server);
    assert!(new.base == server.rows);
    for scope in [SCOPE, OTHER] {
        let mut s = server.clone();
        s.assign(device(6), &[Reach::Scope(scope)]);
        let mut one = Laptop::new(6);
        one.sync(&mut s);
        one.sync(&mut s);
        assert!(one.base == s.seen(&s.sight(device(6))));
    }
}

/// Somebody else's laptop that had them in its rows, and hears of the exit after the erasure.
#[test]
fn everybody_of_the_old_unit_drops_who_lives() {
    let (mut server, mut laptops) = village(3);
    server.assign(device(0), &[Reach::Scope(SCOPE)]);
    server.assign(device(2), &[Reach::Scope(SCOPE)]);
    laptops[1].save(household(30, 1, 30, NOW_MS));
    all_sync(&mut server, &mut laptops);
    let backup = server.clone();
    laptops[0].save(member(5, 0, 50, 1, "Mai", NOW_MS));
    all_sync(&mut server, &mut laptops);
    assert!(laptops[2].base.contains_key(&(MEMBER, id(50))));
    laptops[1].save(puts(6, 1, 50, 5, 30));
    laptops[1].save(moves(8, 1, 30, OTHER));
    laptops[1].sync(&mut server);
    server.erase(id(1));
    assert_eq!(server.rows[&(MEMBER, id(50))].scope, OTHER);
    laptops[0].sync(&mut server);
    laptops[2].sync(&mut server);
    println!("author {} other {}", laptops[0].holds(op_id(5, 0)), laptops[2].holds(op_id(5, 0)));
    // The officer's laptop is lost, and the server is put back.
    server.restore(&backup);
    for _ in 0..2 {
        laptops[0].sync(&mut server);
        laptops[2].sync(&mut server);
    }
    assert!(server.rows.contains_key(&(MEMBER, id(50))), "lost");
}

/// The same without the erasure, as a control.
#[test]
fn everybody_of_the_old_unit_keeps_who_moved_without_an_erasure() {
    let (mut server, mut laptops) = village(3);
    server.assign(device(0), &[Reach::Scope(SCOPE)]);
    server.assign(device(2), &[Reach::Scope(SCOPE)]);
    laptops[1].save(household(30, 1, 30, NOW_MS));
    all_sync(&mut server, &mut laptops);
    let backup = server.clone();
    laptops[0].save(member(5, 0, 50, 1, "Mai", NOW_MS));
    all_sync(&mut server, &mut laptops);
    laptops[1].save(puts(6, 1, 50, 5, 30));
    laptops[1].save(moves(8, 1, 30, OTHER));
    laptops[1].sync(&mut server);
    laptops[0].sync(&mut server);
    laptops[2].sync(&mut server);
    server.restore(&backup);
    for _ in 0..2 {
        laptops[0].sync(&mut server);
        laptops[2].sync(&mut server);
    }
    assert!(server.rows.contains_key(&(MEMBER, id(50))), "lost");
}

/// Their name is known without a receipt, and the receipt of the first life comes: of the two the lower stamp stands.
#[test]
fn who_lived_stands_under_the_lower_stamp() {
    for offset_ms in [-60_000, 60_000] {
        let (mut server, mut laptops) = village(2);
        laptops[0].save(household(3, 0, 3, NOW_MS));
        all_sync(&mut server, &mut laptops);
        let backup = server.clone();
        laptops[0].save(member(5, 0, 50, 1, "Mai", NOW_MS + 100_000));
        let mut batch = laptops[0].batch(9);
        server.push(&batch); // reply lost
        laptops[1].sync(&mut server);
        laptops[1].save(puts(6, 1, 50, 5, 3));
        laptops[1].sync(&mut server);
        let first = server.receipt(op_id(5, 0)).stamp;
        server.erase(id(1));
        server.restore(&backup);
        let session = batch.groups[0].group.ops[0].header.session;
        batch.offsets = vec![crate::wire::SessionOffset { session, offset_ms }];
        server.push(&batch);
        let second = server.receipt(op_id(5, 0)).stamp;
        assert_eq!(second.0, first.0 + offset_ms);
        laptops[1].sync(&mut server);
        assert!(server.rows.contains_key(&(MEMBER, id(50))));
        assert_eq!(server.receipt(op_id(5, 0)).stamp, first.min(second));
    }
}
