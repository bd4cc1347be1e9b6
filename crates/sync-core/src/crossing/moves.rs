//! Moves, and work under what moved.

use super::*;
use domain::ids::HamletUnitId;
use domain::registry::no;

use crate::ingest::{GroupOutcome, Quarantine};
use crate::local::LocalStore;
use crate::model::{Laptop, Server, village};
use crate::op::Scope;
use crate::rights::{Reach, Sight};
use crate::samples::{NOW_MS, SCOPE, device, household, id, member, op_id, rename};
use crate::wire::{Exit, Offer};

/// Laptop 0 works in the first unit only; an officer (1) in the commune. Household 1 with member 2 lies in the first.
fn apart() -> (Server, Vec<Laptop>) {
    let (mut server, mut laptops) = village(2);
    server.assign(device(0), &[Reach::Scope(SCOPE)]);
    all_sync(&mut server, &mut laptops);
    (server, laptops)
}

/// A person was begun and worked on under a household that has moved meanwhile: all of it arrives.
#[test]
fn work_on_what_was_begun_under_something_that_has_moved_is_taken() {
    let (mut server, mut laptops) = apart();
    laptops[0].save(member(5, 0, 50, 1, "Mai", NOW_MS));
    laptops[0].save(rename(6, 0, 50, "Mai Lan", NOW_MS, Some(op_id(5, 0))));
    laptops[0].save(with(rename(7, 0, 50, "Mai Lân", NOW_MS, Some(op_id(6, 0))), &assessment(7, 0, 70, 50)));
    laptops[1].save(moves(8, 1, OTHER));
    laptops[1].sync(&mut server);
    all_sync(&mut server, &mut laptops);
    assert_eq!(reasons(&server), [] as [&Quarantine; 0]);
    let row = &server.rows[&(MEMBER, id(50))];
    assert_eq!((row.scope, row.value(no::MEMBER_FULL_NAME)), (OTHER, Some(&"Mai Lân".into())));
    assert_eq!(server.rows[&(6, id(70))].scope, OTHER);
    assert!(laptops[0].own.is_empty() && laptops[1].base == server.rows);
    // The same when it is given back.
    let backup = apart().0;
    server.restore(&backup);
    laptops[1].sync(&mut server);
    assert_eq!(server.rows[&(MEMBER, id(50))].scope, OTHER);
    let mut late = rename(9, 0, 50, "Mai", NOW_MS, Some(op_id(7, 0)));
    late.ops[0].header.base = (1, 4).into();
    laptops[0].save(late);
    laptops[0].sync(&mut server);
    assert_eq!(server.rows[&(MEMBER, id(50))].value(no::MEMBER_FULL_NAME), Some(&"Mai".into()));
}

/// Once its writer has heard of the move, what left their unit is no longer theirs to write to.
#[test]
fn who_has_heard_of_a_move_writes_no_longer_from_the_old_unit() {
    let (mut server, mut laptops) = apart();
    laptops[1].save(moves(5, 1, OTHER));
    laptops[1].sync(&mut server);
    let moved_at = server.head().position;
    let check = |number: u128, base: (u32, u64), expect: GroupOutcome| {
        let (mut server, mut laptop) = (server.clone(), laptops[0].clone());
        let mut edit = rename(number, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0)));
        edit.ops[0].header.base = base.into();
        laptop.save(edit);
        assert_eq!(outcome(&mut server, &laptop), expect, "{base:?}");
    };
    check(6, (1, moved_at - 1), GroupOutcome::Applied);
    check(7, (1, moved_at), kept_apart(Quarantine::Rights));
    // A base that the log does not know says nothing.
    check(8, (1, moved_at + 9), GroupOutcome::Applied);
    check(9, (7, moved_at), GroupOutcome::Applied);
}

/// Within one Save somebody is begun in a household that the same Save moves.
#[test]
fn who_is_begun_in_the_very_commit_that_moves_goes_along() {
    let (mut server, mut laptops) = apart();
    laptops[0].save(with(member(5, 0, 50, 1, "Mai", NOW_MS), &moves(5, 0, OTHER)));
    all_sync(&mut server, &mut laptops);
    assert_eq!(server.rows[&(MEMBER, id(50))].scope, OTHER);
    assert!(laptops[0].base.is_empty() && laptops[1].base == server.rows);
}

#[test]
fn what_is_everybody_s_stays_everybody_s() {
    let (mut server, mut laptops) = village(1);
    laptops[0].save(in_scope(Scope::COMMUNE, household(5, 0, 50, NOW_MS)));
    let mut moving = in_scope(Scope::COMMUNE, moves(6, 0, OTHER));
    moving.ops[0].header.record = id(50);
    laptops[0].save(moving);
    all_sync(&mut server, &mut laptops);
    assert_eq!(server.rows[&(HOUSEHOLD, id(50))].scope, Scope::COMMUNE);
}

/// An edge goes with the end that moves, and comes back with it.
#[test]
fn an_edge_moves_with_either_of_its_ends() {
    for ends in [[2, 40], [1, 2]] {
        let (mut server, mut laptops) = village(1);
        laptops[0].save(household(4, 0, 30, NOW_MS));
        laptops[0].save(member(5, 0, 40, 30, "Hoa", NOW_MS));
        laptops[0].save(member(7, 0, 1, 30, "Hoa", NOW_MS));
        laptops[0].save(same(6, 0, 60, ends));
        laptops[0].save(moves(8, 0, OTHER));
        all_sync(&mut server, &mut laptops);
        assert_eq!(server.rows[&(12, id(60))].scope, OTHER, "{ends:?}");
        assert!(laptops[0].base == server.rows);
    }
}

/// Who never had a record in sight is not told that it left.
#[test]
fn an_exit_is_for_who_had_the_record() {
    let (mut server, mut laptops) = apart();
    laptops[1].save(moves(5, 1, OTHER));
    laptops[1].sync(&mut server);
    let third = Scope(id(0x5e));
    let check = |scope: Scope, exits: usize| {
        let sight = Sight::Only([scope].into());
        let asked = crate::commune::Asked {
            from: None,
            believed: &sight,
            present: &sight,
            watermark: 0,
            groups: usize::MAX,
            bytes: usize::MAX,
        };
        let page = crate::commune::page(&server.store, &server.store, &server.key, &asked).unwrap();
        assert_eq!(page.exits.len(), exits, "{scope:?}");
    };
    check(SCOPE, 2);
    check(OTHER, 0);
    check(third, 0);
}

/// What lies elsewhere already is not taken along.
#[test]
fn what_is_elsewhere_already_does_not_move() {
    let (mut server, mut laptops) = apart();
    let third = Scope(id(0x5e));
    laptops[1].save(household(5, 1, 30, NOW_MS));
    let mut away = moves(6, 1, third);
    away.ops[0].header.record = id(30);
    laptops[1].save(away);
    laptops[1].sync(&mut server);
    // Member 2's household moves; the edge to somebody of the third unit lies with them.
    laptops[1].save(moves(7, 1, OTHER));
    laptops[1].sync(&mut server);
    assert_eq!(server.rows[&(3, id(30))].scope, third);
    assert_eq!(server.rows[&(4, id(2))].scope, OTHER);
}

/// Within one Save a household is visited and moves.
#[test]
fn what_is_written_in_the_very_commit_that_moves_goes_along() {
    let (mut server, mut laptops) = apart();
    laptops[0].save(with(visit(5, 0, 50, 1), &moves(5, 0, OTHER)));
    all_sync(&mut server, &mut laptops);
    assert_eq!(server.rows[&(5, id(50))].scope, OTHER);
    assert!(laptops[0].base.is_empty() && laptops[1].base == server.rows);
}

/// An edge went with one of its ends, and does not go on with the other.
#[test]
fn an_edge_that_went_with_one_end_stays_there_when_the_other_moves() {
    let (mut server, mut laptops) = village(1);
    let third = Scope(id(0x5e));
    laptops[0].save(household(4, 0, 30, NOW_MS));
    laptops[0].save(member(5, 0, 40, 30, "Hoa", NOW_MS));
    laptops[0].save(same(6, 0, 60, [2, 40]));
    let mut away = moves(7, 0, OTHER);
    away.ops[0].header.record = id(30);
    laptops[0].save(away);
    laptops[0].save(moves(8, 0, third));
    all_sync(&mut server, &mut laptops);
    assert_eq!((server.rows[&(MEMBER, id(2))].scope, server.rows[&(12, id(60))].scope), (third, OTHER));
}

/// Somebody has moved away; who has not heard of it puts them into a household that the same Save begins.
#[test]
fn who_is_put_into_a_household_of_the_same_save_comes_to_it() {
    let (mut server, mut laptops) = apart();
    let mut save = with(household(6, 0, 30, NOW_MS), &puts_into(6, 0, 30));
    save.ops.iter_mut().for_each(|op| op.header.base = (1, server.head().position).into());
    laptops[0].save(save);
    laptops[1].save(moves(5, 1, OTHER));
    laptops[1].sync(&mut server);
    all_sync(&mut server, &mut laptops);
    let row = &server.rows[&(MEMBER, id(2))];
    assert_eq!((row.value(no::MEMBER_HOUSEHOLD), row.scope), (Some(&id(30).into()), SCOPE));
    assert!(laptops[0].base.contains_key(&(MEMBER, id(2))));
}

/// Of a Save over two households one moves away: that part is sealed, the other stays readable.
#[test]
fn of_a_save_over_two_households_the_part_that_leaves_is_sealed() {
    let (mut server, mut laptops) = apart();
    let mut save = with(household(5, 0, 30, NOW_MS), &household(5, 0, 31, NOW_MS));
    save = with(save, &visit(5, 0, 50, 1));
    laptops[0].save(save);
    laptops[0].sync(&mut server);
    laptops[1].save(moves(6, 1, OTHER));
    laptops[1].sync(&mut server);
    laptops[0].sync(&mut server);
    let indexes = |one: &PageGroup| one.group.ops.iter().map(|op| op.header.id.index).collect::<Vec<_>>();
    assert_eq!(indexes(&kept(&laptops[0], 5)), [0, 1]);
    let sealed = laptops[0].sealed.values().filter(|one| one.group.id == GroupId(id(5)));
    assert_eq!(sealed.map(indexes).collect::<Vec<_>>(), [[2]]);
}

/// An exit names the scope that the record leaves; what lies elsewhere stays.
#[test]
fn an_exit_removes_only_what_is_in_the_scope_that_it_leaves() {
    let (server, laptops) = apart();
    for (from, stays) in [(OTHER, true), (SCOPE, false)] {
        let mut laptop = laptops[0].clone();
        let mut page = server.page(device(0), &server.sight(device(0)), laptop.state.cursor, usize::MAX);
        let (from, to) = (HamletUnitId(from.0), HamletUnitId(id(0x5e)));
        page.exits = vec![Exit { position: page.to.position(), kind: MEMBER, record: id(2), from, to }];
        laptop.apply_page(page).unwrap();
        assert_eq!(laptop.base.contains_key(&(MEMBER, id(2))), stays, "{from:?}");
    }
}

/// The stamp of a move falls below that of another one: the household is made anew and moves by it, and comes once.
#[test]
fn what_is_made_anew_and_moves_by_it_comes_once() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[0].save(moves(5, 0, OTHER));
    laptops[0].sync(&mut server);
    let low = kept(&laptops[0], 5);
    let mut high = low.clone();
    high.receipts[0].stamp.0 += 1000;
    high.receipts[0] = server.key.seal(high.receipts[0].clone());
    server.restore(&backup);
    server.offer(&Offer::from(vec![high]));
    let mut back = in_scope(OTHER, moves(6, 1, SCOPE));
    back.ops[0].header.wall_ms = NOW_MS + 500;
    laptops[1].save(back);
    assert_eq!(outcome(&mut server, &laptops[1]), GroupOutcome::Superseded);
    let before = server.head();
    server.offer(&Offer::from(vec![low]));
    assert_eq!(server.rows[&(HOUSEHOLD, id(1))].scope, SCOPE);
    let page = server.page(device(1), &Sight::All, Some(before), usize::MAX);
    let scopes = page.rows.iter().filter(|whole| whole.row.record == id(1)).map(|whole| whole.row.scope);
    assert_eq!(scopes.collect::<Vec<_>>(), [SCOPE]);
}

/// The reply was lost, and the page brings a part of the Save only: the rest is not known to be there.
#[test]
fn a_part_that_is_delivered_takes_no_save_out_of_what_waits() {
    let (mut server, mut laptops) = apart();
    laptops[0].save(with(household(5, 0, 30, NOW_MS), &visit(5, 0, 50, 1)));
    server.push(&laptops[0].batch(9));
    laptops[1].save(moves(6, 1, OTHER));
    laptops[1].sync(&mut server);
    laptops[0].pull(&server, usize::MAX);
    assert!(laptops[0].base.contains_key(&(HOUSEHOLD, id(30))));
    assert_eq!((laptops[0].own.len(), laptops[0].holds(op_id(5, 1))), (1, true));
    laptops[0].sync(&mut server);
    assert!(laptops[0].own.is_empty() && laptops[0].holds(op_id(5, 1)));
}

/// It was taken, and its household moved away before its laptop read so far: no page brings it, and the cursor has passed.
#[test]
fn what_moved_away_before_it_was_delivered_leaves_the_overlay_with_the_page() {
    let (mut server, mut laptops) = apart();
    laptops[0].save(visit(5, 0, 50, 1));
    let reply = server.push(&laptops[0].batch(9));
    laptops[0].acknowledge(&reply).unwrap();
    laptops[1].save(moves(6, 1, OTHER));
    laptops[1].sync(&mut server);
    laptops[0].pull(&server, usize::MAX);
    assert!(laptops[0].base.is_empty() && laptops[0].own.is_empty());
    assert!(laptops[0].holds(op_id(5, 0)));
}
