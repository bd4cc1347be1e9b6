//! What comes in: numbers, bases, stamps, what waits.

use super::*;
use domain::calendar::Day;
use domain::registry::{RecordKind, no};

use crate::commune::{CommuneStore, Waiting};
use crate::erasure::ANY_KIND;
use crate::group::GroupLimits;
use crate::ingest::{GroupOutcome, Quarantine};
use crate::ledger::Entry;
use crate::model::{Laptop, name, village};
use crate::op::FieldEdit;
use crate::rights::Reach;
use crate::samples::{NOW_MS, SCOPE, device, group, household, id, member, op_id, rename, user};
use crate::stamp::Stamp;
use crate::value::Value;
use crate::wire::{Batch, Offer};

/// A base that the log has is judged by the assignments of then; one that it has not by all of the device.
#[test]
fn f18_the_server_knows_which_base_it_knows() {
    let (mut server, _) = village(1);
    server.enrol(20);
    server.assign(device(20), &[Reach::WholeCommune]);
    server.assign(device(20), &[]);
    let ended_at = server.head().position;
    let check = |number: u128, base: (u32, u64), expect: GroupOutcome| {
        let (mut server, mut laptop) = (server.clone(), Laptop::new(20));
        let mut edit = rename(number, 20, 2, "Hoà", NOW_MS, Some(op_id(2, 0)));
        edit.ops[0].header.base = base.into();
        laptop.save(edit);
        assert_eq!(outcome(&mut server, &laptop), expect, "{base:?}");
    };
    check(5, (1, ended_at - 1), GroupOutcome::Applied);
    check(6, (1, ended_at), kept_apart(Quarantine::Rights));
    check(7, (1, ended_at + 1), GroupOutcome::Applied);
    check(8, (2, ended_at), GroupOutcome::Applied);
}

#[test]
fn what_another_laptop_wrote_or_is_too_large_is_not_sound() {
    let (mut server, mut laptops) = village(2);
    let forged = household(5, 1, 50, NOW_MS);
    laptops[0].save(forged);
    assert_eq!(outcome(&mut server, &laptops[0]), kept_apart(Quarantine::Invalid));
    // Also where its writer works on the laptop that sends it.
    let mut forged = household(8, 0, 80, NOW_MS);
    forged.ops[0].header.device = device(1);
    let numbered = crate::wire::Numbered { incarnation: 1, dseq: 4, group: forged };
    let reply = server.push(&Batch { groups: vec![numbered], ..laptops[0].batch(1) });
    assert_eq!(reply.groups[0].outcome, kept_apart(Quarantine::Invalid));
    let limits = GroupLimits::default();
    let long = rename(6, 1, 2, &"a".repeat(limits.text_chars + 1), NOW_MS, None);
    let numbered = crate::wire::Numbered { incarnation: 1, dseq: 1, group: long };
    let reply = server.push(&Batch { groups: vec![numbered], ..laptops[1].batch(1) });
    assert_eq!(reply.groups[0].outcome, kept_apart(Quarantine::Invalid));
    let mut foreign = household(7, 1, 70, NOW_MS);
    foreign.ops[0].header.commune = domain::ids::CommuneId(id(0xbad));
    let numbered = crate::wire::Numbered { incarnation: 1, dseq: 2, group: foreign };
    let reply = server.push(&Batch { groups: vec![numbered], ..laptops[1].batch(1) });
    assert_eq!(reply.groups[0].outcome, kept_apart(Quarantine::Invalid));
}

/// Stamps stand on what arrived, also on what is kept apart: what replaces it, or comes after it, comes after it (F13).
#[test]
fn f13_stamps_stand_on_what_is_kept_apart() {
    let (mut server, mut laptops) = village(2);
    let in_2010 = 1_262_304_000_000;
    // Kept apart with a stamp of now; what replaces it is from a laptop in 2010, after a new incarnation.
    laptops[1].save(visit(5, 1, 50, 30));
    laptops[1].sync(&mut server);
    let apart = server.waiting[0].stamps[0];
    let edit =
        FieldEdit { no: no::HOUSEHOLD_HOUSE_NO, value: "1".into(), replaced: Some(op_id(5, 0)), seen: None };
    laptops[0].save(group(6, 0, HOUSEHOLD, 1, in_2010, vec![edit]));
    laptops[0].sync(&mut server);
    assert!(server.receipt(op_id(6, 0)).stamp > apart);
    // The same laptop's next op, by the order of its numbers.
    laptops[1].save(group(7, 1, HOUSEHOLD, 1, in_2010, vec![FieldEdit::first(no::HOUSEHOLD_CODE, "x")]));
    laptops[1].sync(&mut server);
    assert!(server.receipt(op_id(7, 0)).stamp > apart);
}

/// The winner is known to a laptop as a row only; the server is put back to before it. Its edit still comes after the
/// winner when that is given back.
#[test]
fn f13_an_edit_of_what_came_as_a_row_beats_it_after_a_restore() {
    let (mut server, mut laptops) = village(3);
    let backup = server.clone();
    laptops[0].save(rename(5, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    laptops[0].sync(&mut server);
    server.assign(device(2), &[Reach::Scope(OTHER)]);
    laptops[2].sync(&mut server);
    server.assign(device(2), &[Reach::WholeCommune]);
    laptops[2].sync(&mut server);
    let base = laptops[2].base[&(MEMBER, id(2))].clone();
    let edit = FieldEdit::replacing(no::MEMBER_FULL_NAME, "Hoa Mai", Some(&base), Some(&base));
    assert_eq!(edit.replaced, Some(op_id(5, 0)));
    laptops[2].save(group(6, 2, MEMBER, 2, 1_262_304_000_000, vec![edit]));
    server.restore(&backup);
    // Pushed first, before anybody brings what it replaced.
    let waiting = laptops[2].batch(9);
    server.push(&waiting);
    all_sync(&mut server, &mut laptops);
    assert!(server.known.contains_key(&op_id(5, 0)));
    assert_eq!(name(&server), "Hoa Mai");
}

/// A settled conflict, and then a restore after which an earlier group is taken anew by the server: the settlement, given
/// back, still closes it.
#[test]
fn f14_a_group_that_is_taken_anew_after_a_restore_reopens_nothing() {
    let (mut server, mut laptops) = village(3);
    let backup = server.clone();
    laptops[0].save(rename(5, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    laptops[0].sync(&mut server);
    let mut forgetful = laptops[1].clone();
    for laptop in [&mut forgetful, &mut laptops[1]] {
        laptop.save(rename(6, 1, 2, "Hoa Mai", NOW_MS + 1, Some(op_id(2, 0))));
    }
    laptops[1].sync(&mut server);
    laptops[2].sync(&mut server);
    laptops[2].save(rename(7, 2, 2, "Hoa", NOW_MS + 2, Some(op_id(6, 0))));
    laptops[2].sync(&mut server);
    // The second laptop's disk was put back: it pushes its group anew, and gets a later stamp.
    server.restore(&backup);
    server.now_ms += 3600 * 1000;
    laptops[1] = forgetful;
    let mut batch = laptops[1].batch(9);
    let session = batch.groups[0].group.ops[0].header.session;
    batch.offsets = vec![crate::wire::SessionOffset { session, offset_ms: 3600 * 1000 }];
    server.push(&batch);
    all_sync(&mut server, &mut laptops);
    assert_eq!(name(&server), "Hoa");
    let winner = server.rows[&(MEMBER, id(2))].cells[&no::MEMBER_FULL_NAME].key.op;
    assert_eq!(winner, op_id(7, 0), "who settled it stands");
    assert!(laptops.iter().all(|laptop| laptop.base == server.rows));
}

/// Another group was kept apart at the number at which the log stood: the word for it tells them apart.
#[test]
fn f16_another_group_kept_apart_at_that_number_is_another_history() {
    let (mut server, mut laptops) = village(3);
    let backup = server.clone();
    laptops[1].save(visit(5, 1, 50, 30));
    laptops[1].sync(&mut server);
    let shown = laptops[1].state.proof.unwrap();
    server.restore(&backup);
    laptops[2].save(visit(6, 2, 60, 31));
    laptops[2].sync(&mut server);
    assert_eq!(server.head().position, shown.at.position);
    assert_ne!(server.head().hash, shown.at.hash);
    laptops[1].sync(&mut server);
    assert_eq!(server.head().epoch.number, 2);
    let apart: Vec<_> = server.waiting.iter().map(|one| one.numbered.group.id).collect();
    assert_eq!(apart, [op_id(6, 0).group, op_id(5, 0).group], "neither is lost");
}

/// A courier's bundle begins behind a gap: what is in it waits at its laptop, unstamped, until the gap is filled.
#[test]
fn f17_a_bundle_behind_a_gap_gives_no_later_op_an_earlier_stamp() {
    let (mut server, mut laptops) = village(1);
    let laptop = &mut laptops[0];
    let fast = NOW_MS + 200_000;
    laptop.save(rename(5, 0, 2, "Hoà", fast, Some(op_id(2, 0))));
    laptop.save(rename(6, 0, 2, "Hoà Mai", NOW_MS, None));
    let mut bundle = laptop.batch(9);
    bundle.groups.remove(0);
    let reply = server.push(&bundle);
    assert_eq!((reply.groups[0].outcome.clone(), reply.expect), (GroupOutcome::Gap { expect: 3 }, Some(3)));
    assert!(!server.known.contains_key(&op_id(6, 0)));
    laptop.sync(&mut server);
    assert_eq!(name(&server), "Hoà Mai");
    assert!(server.receipt(op_id(6, 0)).stamp > server.receipt(op_id(5, 0)).stamp);
}

/// What waited for rights is judged by the clock of its arrival, under the stamps of its arrival.
#[test]
fn what_leaves_quarantine_is_judged_by_its_arrival() {
    let (mut server, mut laptops) = village(1);
    server.enrol(20);
    server.assign(device(20), &[Reach::WholeCommune]);
    server.assign(device(20), &[]);
    let mut late = Laptop::new(20);
    // In time, but for its parent.
    late.save(visit(5, 20, 50, 30));
    late.sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::NoParent]);
    server.now_ms += 40 * DAY_MS;
    laptops[0].save(household(6, 0, 30, NOW_MS));
    laptops[0].sync(&mut server);
    assert!(server.waiting.is_empty() && server.rows.contains_key(&(5, id(50))));
}

/// Three that stand on each other, the first of which came last.
#[test]
fn a_chain_of_three_is_taken_when_its_beginning_comes() {
    let (mut server, mut laptops) = village(3);
    laptops[1].save(assessment(5, 1, 50, 40));
    laptops[1].sync(&mut server);
    laptops[2].save(member(6, 2, 40, 30, "Mai", NOW_MS));
    laptops[2].sync(&mut server);
    assert_eq!(
        server.waiting.iter().map(|one| one.lacks).collect::<Vec<_>>(),
        [Some((MEMBER, id(40))), Some((HOUSEHOLD, id(30)))]
    );
    laptops[0].save(household(7, 0, 30, NOW_MS));
    laptops[0].sync(&mut server);
    assert!(server.waiting.is_empty() && server.rows.contains_key(&(6, id(50))));
}

/// Rights come, and then its parent is missing: it waits for that from now on.
#[test]
fn what_waits_may_wait_for_another_reason_later() {
    let (mut server, mut laptops) = village(1);
    server.enrol(20);
    let mut new = Laptop::new(20);
    new.save(visit(5, 20, 50, 30));
    new.sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::Rights]);
    server.assign(device(20), &[Reach::WholeCommune]);
    assert_eq!(reasons(&server), [&Quarantine::NoParent]);
    laptops[0].save(household(6, 0, 30, NOW_MS));
    laptops[0].sync(&mut server);
    assert!(server.waiting.is_empty());
}

/// A change of residence waits for the household that somebody moves into.
#[test]
fn a_residence_waits_for_its_household() {
    let (mut server, mut laptops) = village(1);
    let fields = vec![
        FieldEdit::first(no::RESIDENCE_MEMBER, id(2)),
        FieldEdit::first(no::RESIDENCE_DAY, Day::at(0)),
        FieldEdit::first(no::RESIDENCE_HOUSEHOLD, id(30)),
    ];
    laptops[0].save(group(5, 0, RecordKind::Residence.no(), 50, NOW_MS, fields));
    laptops[0].sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::NoParent]);
}

/// A line of the ledger counts once, however often it is read.
#[test]
fn a_line_of_the_ledger_is_applied_once() {
    let (mut server, _) = village(1);
    server.enrol(20);
    server.note(Entry::Assigned { user: user(20), reach: Reach::WholeCommune });
    let before = (server.standing.clone(), server.head());
    server.catch_up();
    server.catch_up();
    assert_eq!((server.standing.clone(), server.head()), before);
}

/// Into what is everybody's, another unit's alley, or a person of everybody's by an edge: nobody reaches there with the
/// rights of a unit.
#[test]
fn nobody_reaches_out_of_a_unit() {
    let (mut server, mut laptops) = village(2);
    let commune_wide = |group: Group| {
        let mut group = group;
        group.ops.iter_mut().for_each(|op| op.header.scope = Scope::COMMUNE);
        group
    };
    let elsewhere = |group: Group| {
        let mut group = group;
        group.ops.iter_mut().for_each(|op| op.header.scope = OTHER);
        group
    };
    let alley = vec![FieldEdit::first(no::ALLEY_UNIT, OTHER.0), FieldEdit::first(no::ALLEY_NAME, "Ngõ 4")];
    let unit = vec![FieldEdit::first(no::UNIT_NAME, "Thôn Sen Hạ")];
    laptops[0].save(commune_wide(household(5, 0, 50, NOW_MS)));
    laptops[0].save(commune_wide(member(6, 0, 60, 50, "Mai", NOW_MS)));
    laptops[0].save(elsewhere(group(7, 0, RecordKind::HamletUnit.no(), OTHER.0.as_u128(), NOW_MS, unit)));
    laptops[0].save(elsewhere(group(8, 0, RecordKind::Alley.no(), 80, NOW_MS, alley)));
    laptops[0].sync(&mut server);
    assert!(server.waiting.is_empty());
    server.assign(device(1), &[Reach::Scope(SCOPE)]);
    laptops[1].sync(&mut server);
    let number =
        |n: u128| group(n, 1, HOUSEHOLD, 50, NOW_MS, vec![FieldEdit::first(no::HOUSEHOLD_CODE, "x")]);
    let into = vec![FieldEdit::first(no::HOUSEHOLD_ALLEY, id(80))];
    for wrong in [number(10), same(11, 1, 110, [2, 60]), group(12, 1, HOUSEHOLD, 1, NOW_MS, into)] {
        let (mut server, mut laptop) = (server.clone(), laptops[1].clone());
        laptop.save(wrong);
        assert_eq!(outcome(&mut server, &laptop), kept_apart(Quarantine::Rights));
    }
    // Under what is everybody's anybody may begin something of their unit.
    laptops[1].save(member(13, 1, 130, 50, "Lan", NOW_MS));
    assert_eq!(outcome(&mut server, &laptops[1]), GroupOutcome::Applied);
}

/// Of what is kept apart the stamps go with their ops, and of what is only about the erased nothing is noted.
#[test]
fn what_is_kept_apart_keeps_its_own_stamps() {
    let (mut server, _) = village(1);
    server.enrol(20);
    server.erase(id(2));
    let mut apart = Laptop::new(20);
    let fast = NOW_MS + 100_000;
    apart.save(with(assessment(5, 20, 50, 2), &household(5, 20, 51, NOW_MS)));
    apart.own[0].numbered.group.ops.iter_mut().for_each(|op| op.header.wall_ms = fast);
    server.push(&apart.batch(9));
    let waiting = &server.waiting[0];
    assert_eq!((waiting.numbered.group.ops.len(), waiting.stamps.len()), (1, 1));
    let head = server.head();
    apart.save(assessment(6, 20, 60, 2));
    assert_eq!(server.push(&apart.batch(9)).groups[1].outcome, kept_apart(Quarantine::Rights));
    assert_eq!((server.head(), server.waiting.len()), (head, 1));
}

/// The answer to a push says where the stream stands after everything that the push set free.
#[test]
fn a_push_answers_after_what_it_set_free() {
    let (mut server, mut laptops) = village(2);
    laptops[1].save(visit(5, 1, 50, 30));
    laptops[1].sync(&mut server);
    laptops[0].save(household(6, 0, 30, NOW_MS));
    let reply = server.push(&laptops[0].batch(9));
    assert_eq!(reply.head, server.head());
    assert!(server.rows.contains_key(&(5, id(50))));
}

/// What of a group is known has its receipts in every answer: the first answer may have been lost.
#[test]
fn what_waits_and_is_known_in_part_is_answered_the_same_each_time() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[0].save(with(visit(5, 0, 70, 1), &visit(6, 0, 71, 1)));
    let pending = laptops[0].clone();
    all_sync(&mut server, &mut laptops);
    let part = first_of(&kept(&laptops[1], 5));
    server.restore(&backup);
    server.offer(&Offer::from(vec![part]));
    server.note(Entry::Revoked { device: device(0) });
    let first = server.push(&pending.batch(9));
    assert_eq!((reasons(&server), first.receipts.len()), (vec![&Quarantine::Rights], 1));
    assert_eq!(server.push(&pending.batch(9)), first);
}

/// A backup in which something waits for rights is put back; the ledger says that they came since.
#[test]
fn what_waits_in_a_backup_is_tried_with_the_rights_of_the_ledger() {
    let (mut server, _) = village(1);
    server.enrol(20);
    let mut new = Laptop::new(20);
    new.save(rename(5, 20, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    new.sync(&mut server);
    let backup = server.clone();
    server.assign(device(20), &[Reach::WholeCommune]);
    server.restore(&backup);
    assert_eq!((name(&server).as_str(), server.waiting.len()), ("Hoà", 0));
}

#[test]
fn what_waits_for_rights_is_tried_when_somebody_joins_its_laptop() {
    let (mut server, _) = village(1);
    server.enrol(20);
    let mut new = Laptop::new(20);
    new.save(rename(5, 20, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    new.sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::Rights]);
    server.note(Entry::Enrolled { device: device(20), user: user(0) });
    assert_eq!((name(&server).as_str(), server.waiting.len()), ("Hoà", 0));
}

/// What an edge joins may be of either kind: it waits for the id.
#[test]
fn an_edge_waits_for_its_end_whatever_its_kind() {
    let (mut server, mut laptops) = village(2);
    laptops[1].save(same(5, 1, 60, [2, 40]));
    laptops[1].sync(&mut server);
    assert_eq!(server.waiting[0].lacks, Some((ANY_KIND, id(40))));
    laptops[0].save(member(6, 0, 40, 1, "Hoa", NOW_MS));
    laptops[0].sync(&mut server);
    assert!(server.waiting.is_empty() && server.rows.contains_key(&(12, id(60))));
}

/// A unit comes last, and in one request all that stands on it, one upon the other.
#[test]
fn a_chain_of_any_length_is_taken_in_one_request() {
    let (mut server, mut laptops) = village(2);
    let alley = vec![FieldEdit::first(no::ALLEY_UNIT, id(70)), FieldEdit::first(no::ALLEY_NAME, "Ngõ 4")];
    let household =
        vec![FieldEdit::first(no::HOUSEHOLD_ALLEY, id(60)), FieldEdit::first(no::HOUSEHOLD_ALIVE, true)];
    laptops[1].save(assessment(5, 1, 40, 50));
    laptops[1].save(member(6, 1, 50, 55, "Mai", NOW_MS));
    laptops[1].save(group(7, 1, HOUSEHOLD, 55, NOW_MS, household));
    laptops[1].save(group(8, 1, RecordKind::Alley.no(), 60, NOW_MS, alley));
    laptops[1].sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::NoParent; 4]);
    let unit = vec![FieldEdit::first(no::UNIT_NAME, "Thôn Sen Hạ")];
    laptops[0].save(group(9, 0, RecordKind::HamletUnit.no(), 70, NOW_MS, unit));
    server.push(&laptops[0].batch(1));
    assert_eq!(reasons(&server), [] as [&Quarantine; 0]);
}

/// Of what came to wait before it was noted for what, anything that begins may be it.
#[test]
fn what_waits_for_nobody_knows_what_is_tried_at_every_beginning() {
    let (mut server, mut laptops) = village(2);
    laptops[1].save(visit(5, 1, 50, 30));
    laptops[1].sync(&mut server);
    let unsaid = Waiting { lacks: None, ..server.waiting[0].clone() };
    server.write(|commune| commune.store.put_waiting(&unsaid).unwrap());
    laptops[0].save(household(6, 0, 30, NOW_MS));
    laptops[0].sync(&mut server);
    assert!(server.waiting.is_empty() && server.rows.contains_key(&(5, id(50))));
}

/// Trying costs what there is to try, not what waits.
#[test]
fn what_waits_for_something_else_is_not_read() {
    let cost = |waiting: u128| {
        let (mut server, mut laptops) = village(2);
        for number in 100..100 + waiting {
            laptops[1].save(visit(number, 1, number, 99));
        }
        server.push(&laptops[1].batch(1000));
        assert_eq!(server.waiting.len() as u128, waiting);
        laptops[0].save(household(6, 0, 30, NOW_MS));
        let before = server.rows_read.get();
        server.push(&laptops[0].batch(1));
        server.rows_read.get() - before
    };
    assert_eq!(cost(3), cost(30));
}

/// The ops of one Save come one after the other, as their laptop's do.
#[test]
fn the_stamps_of_one_save_are_in_its_order() {
    let (mut server, mut laptops) = village(1);
    laptops[0].save(with(household(5, 0, 50, NOW_MS), &household(6, 0, 60, NOW_MS)));
    laptops[0].sync(&mut server);
    let [first, second] = [0, 1].map(|index| server.receipt(op_id(5, index)).stamp.0);
    assert_eq!(second, first + 1);
}

/// The first of a batch that cannot be looked at ends it.
#[test]
fn nothing_behind_a_gap_is_looked_at() {
    let (mut server, mut laptops) = village(1);
    laptops[0].save(household(5, 0, 50, NOW_MS));
    laptops[0].save(household(6, 0, 60, NOW_MS));
    let mut batch = laptops[0].batch(9);
    batch.groups.reverse();
    let reply = server.push(&batch);
    assert_eq!((reply.groups.len(), reply.expect), (1, Some(3)));
    assert!(!server.rows.contains_key(&(HOUSEHOLD, id(50))));
}

/// One log takes a group at a position, and another keeps it apart there, under the same stamps.
#[test]
fn f16_taken_and_kept_apart_are_two_histories() {
    let (mut server, _) = village(1);
    server.enrol(20);
    let mut other = server.clone();
    other.assign(device(20), &[Reach::WholeCommune]);
    let mut laptop = Laptop::new(20);
    laptop.save(rename(5, 20, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    server.push(&laptop.batch(1));
    other.push(&laptop.batch(1));
    assert_eq!((server.head().position, server.waiting.len()), (other.head().position, 1));
    assert_ne!(server.head().hash, other.head().hash);
}

/// A part of a Save that waits is that Save: its laptop let go of the rest before this log heard why.
#[test]
fn a_part_of_what_waits_waits_once() {
    let (mut server, _) = village(1);
    server.enrol(20);
    let mut apart = Laptop::new(20);
    apart.save(with(household(5, 20, 50, NOW_MS), &visit(5, 20, 51, 1)));
    let mut batch = apart.batch(1);
    for _ in 0..2 {
        let reply = server.push(&batch);
        assert_eq!(reply.groups[0].outcome, kept_apart(Quarantine::Rights));
        batch.groups[0].group.ops.truncate(1);
    }
    assert_eq!(server.waiting.iter().map(|one| one.numbered.group.ops.len()).collect::<Vec<_>>(), [2]);
}

/// Something else waits under its name, and it is about somebody erased only: it has its receipt, and nothing is kept.
#[test]
fn what_is_about_the_erased_only_is_not_what_waits_under_its_name() {
    let (mut server, mut laptops) = village(2);
    server.enrol(20);
    let mut stranger = Laptop::new(20);
    stranger.save(visit(5, 20, 51, 1));
    stranger.sync(&mut server);
    server.erase(id(2));
    laptops[1].save(assessment(5, 1, 50, 2));
    let reply = server.push(&laptops[1].batch(1));
    assert_eq!((reply.groups[0].outcome.clone(), reply.receipts.len()), (GroupOutcome::Superseded, 1));
    assert_eq!(reasons(&server), [&Quarantine::Rights]);
}

/// An earlier group is sent again, and is known: what comes next still comes after the latest.
#[test]
fn a_repeated_push_takes_no_later_op_back() {
    let (mut server, mut laptops) = village(1);
    let laptop = &mut laptops[0];
    laptop.save(household(5, 0, 50, NOW_MS));
    let early = laptop.batch(1);
    laptop.save(household(6, 0, 60, NOW_MS + 200_000));
    laptop.sync(&mut server);
    assert_eq!(server.push(&early).groups[0].outcome, GroupOutcome::Known);
    laptop.save(household(7, 0, 70, NOW_MS));
    laptop.sync(&mut server);
    assert!(server.receipt(op_id(7, 0)).stamp > server.receipt(op_id(6, 0)).stamp);
}

/// Within one Save a household is begun and edited.
#[test]
fn what_a_save_begins_it_may_edit() {
    let (mut server, mut laptops) = village(1);
    let edit =
        FieldEdit { no: no::HOUSEHOLD_HOUSE_NO, value: "12".into(), replaced: Some(op_id(5, 0)), seen: None };
    laptops[0].save(with(household(5, 0, 50, NOW_MS), &group(5, 0, HOUSEHOLD, 50, NOW_MS, vec![edit])));
    assert_eq!(outcome(&mut server, &laptops[0]), GroupOutcome::Applied);
}

/// Who begins a record names what it stands on, and saw nothing of it before.
#[test]
fn an_edit_begins_nothing() {
    let alive = FieldEdit::first(no::HOUSEHOLD_ALIVE, true);
    let number = FieldEdit::first(no::HOUSEHOLD_CODE, "T-1");
    let nowhere = FieldEdit::first(no::MEMBER_HOUSEHOLD, Value::Null);
    let check = |kind: u16, edit: &FieldEdit, expect: GroupOutcome| {
        let (mut server, mut laptops) = village(1);
        laptops[0].save(group(5, 0, kind, 50, NOW_MS, vec![edit.clone()]));
        assert_eq!(outcome(&mut server, &laptops[0]), expect, "{edit:?}");
    };
    let waits = || kept_apart(Quarantine::NoParent);
    check(HOUSEHOLD, &alive, GroupOutcome::Applied);
    check(HOUSEHOLD, &FieldEdit { replaced: Some(op_id(4, 0)), ..alive.clone() }, waits());
    check(HOUSEHOLD, &FieldEdit { seen: Some(Stamp(NOW_MS)), ..alive }, waits());
    check(HOUSEHOLD, &number, waits());
    check(MEMBER, &nowhere, waits());
}
