//! The short histories that broke earlier readings of the rules (F1…F20 of the design), as far as they
//! show without restores and files. Each fails when the rule it stands for is taken out.

use std::collections::BTreeMap;

use domain::calendar::Day;
use domain::fact::{Answer, Assessment, Choice, Evidence, Fact};
use domain::ids::{AssessmentId, MemberId};
use domain::registry::{RecordKind, no};
use domain::visit::Visit;
use uuid::Uuid;

use crate::alias::{SameAs, canonical};
use crate::group::Group;
use crate::ingest::{GroupOutcome, Quarantine};
use crate::ledger::Entry;
use crate::local::LocalStore;
use crate::model::{Laptop, Server, name, village};
use crate::op::{FieldEdit, OpId};
use crate::position::ChainHash;
use crate::projection::{current_facts, standing};
use crate::receipt::Found;
use crate::records::Recorded;
use crate::rights::{Ended, Held, Reach, Sight};
use crate::row::Row;
use crate::samples::{NOW_MS, device, group, household, id, member, op_id, rename, user};
use crate::stamp::{OrderKey, Stamp};
use crate::value::Value;
use crate::wire::{GroupAnswer, PushReply};

const MEMBER: u16 = 4;

fn outcomes(reply: &PushReply) -> Vec<&GroupOutcome> {
    reply.groups.iter().map(|answer| &answer.outcome).collect()
}

#[test]
fn f03_entering_and_leaving_quarantine_take_a_position() {
    let mut server = Server::new();
    server.enrol(20);
    let mut laptop = Laptop::new(20);
    laptop.save(household(1, 20, 1, NOW_MS));
    let before = server.head();
    laptop.sync(&mut server);
    assert_eq!(server.head().position, before.position + 1);
    assert_ne!(server.head().hash, before.hash);
    // The same push again tells nothing new.
    let again = laptop.own[0].numbered.clone();
    let batch = crate::wire::Batch { groups: vec![again], ..laptop.batch(1) };
    let reply = server.push(&batch);
    assert_eq!(outcomes(&reply), [&GroupOutcome::Quarantined(Quarantine::Rights)]);
    assert_eq!(server.head().position, before.position + 1);
}

#[test]
fn f04_acknowledged_is_not_pulled() {
    let (mut server, mut laptops) = village(2);
    laptops[1].save(rename(3, 1, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    laptops[1].sync(&mut server);
    laptops[0].save(rename(4, 0, 2, "Hoa Mai", NOW_MS, Some(op_id(2, 0))));
    let base = laptops[0].base.clone();
    let reply = server.push(&laptops[0].batch(9));
    laptops[0].acknowledge(&reply).unwrap();
    // Acknowledged at position 4 with the cursor at 2: nothing of it in the base, all of it in sight.
    assert_eq!(laptops[0].base, base);
    assert_eq!(laptops[0].own.len(), 1);
    let visible = laptops[0].visible(MEMBER, id(2)).unwrap();
    assert_eq!(visible.value(no::MEMBER_FULL_NAME), Some(&"Hoa Mai".into()));
    laptops[0].pull(&server, 9);
    assert_eq!(laptops[0].base, server.rows);
    assert!(laptops[0].own.is_empty());
}

#[test]
fn f10_a_renumbered_group_is_stored_once_and_uses_its_new_number_up() {
    let (mut server, mut laptops) = village(1);
    let laptop = &mut laptops[0];
    laptop.save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    // The reply is lost, the laptop takes a new incarnation and sends the group under a new number.
    let first = server.push(&laptop.batch(9));
    laptop.new_incarnation(77).unwrap();
    laptop.save(rename(4, 0, 2, "Hoà Mai", NOW_MS, Some(op_id(3, 0))));
    let head = server.head();
    let second = server.push(&laptop.batch(1));
    assert_eq!(outcomes(&second), [&GroupOutcome::Known]);
    assert_eq!(second.receipts, first.receipts);
    assert_eq!(server.head(), head);
    laptop.acknowledge(&second).unwrap();
    assert_eq!(outcomes(&server.push(&laptop.batch(1))), [&GroupOutcome::Applied]);
    assert_eq!(name(&server), "Hoà Mai");
}

/// A server whose clock is set back goes on with what it last said.
#[test]
fn a_server_s_clock_that_goes_back_gives_no_lower_stamps() {
    let (mut server, mut laptops) = village(2);
    laptops[0].save(household(3, 0, 3, i64::MAX / 2));
    laptops[0].sync(&mut server);
    server.now_ms -= 24 * 3600 * 1000;
    laptops[1].save(household(4, 1, 4, i64::MAX / 2));
    laptops[1].sync(&mut server);
    assert_eq!(server.receipt(op_id(3, 0)).stamp, server.receipt(op_id(4, 0)).stamp);
}

/// Put back from last week's disk image: numbers that it does not remember are given away, and what it saves from now
/// on gets new ones. What it had saved and sent since comes back by the stream.
#[test]
fn f10_a_laptop_put_back_from_an_image_loses_no_later_save() {
    let (mut server, mut laptops) = village(2);
    let image = laptops[0].clone();
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    laptops[0].save(household(4, 0, 4, NOW_MS));
    laptops[0].sync(&mut server);
    laptops[0] = image;
    laptops[0].save(household(5, 0, 5, NOW_MS));
    laptops[0].save(household(6, 0, 6, NOW_MS));
    laptops[0].save(household(7, 0, 7, NOW_MS));
    for _ in 0..2 {
        laptops.iter_mut().for_each(|laptop| laptop.sync(&mut server));
    }
    assert_eq!(name(&server), "Hoà");
    assert_eq!(server.rows.keys().filter(|(kind, _)| *kind == 3).count(), 5);
    assert!(laptops.iter().all(|laptop| laptop.base == server.rows && laptop.own.is_empty()));
}

/// Two laptops from one disk: one device, one numbering. Whoever comes second finds the numbers taken, takes an
/// incarnation of its own, and nothing is taken twice.
#[test]
fn f10_two_laptops_from_one_disk_lose_nothing() {
    let (mut server, mut laptops) = village(1);
    laptops[0].save(household(3, 0, 3, NOW_MS));
    let mut twin = laptops[0].clone();
    let mut first = laptops.remove(0);
    first.save(household(4, 0, 4, NOW_MS));
    twin.save(household(5, 0, 5, NOW_MS));
    for _ in 0..3 {
        first.sync(&mut server);
        twin.sync(&mut server);
        first.save(household(
            10 + server.head().position as u128,
            0,
            10 + server.head().position as u128,
            NOW_MS,
        ));
        twin.save(household(
            50 + server.head().position as u128,
            0,
            50 + server.head().position as u128,
            NOW_MS,
        ));
    }
    for _ in 0..2 {
        first.sync(&mut server);
        twin.sync(&mut server);
    }
    assert_eq!(server.rows.keys().filter(|(kind, _)| *kind == 3).count(), 4 + 6);
    let stored: Vec<_> = server.groups().map(|group| group.group.id).collect();
    assert_eq!(stored.len(), stored.iter().collect::<std::collections::BTreeSet<_>>().len());
    assert!([&first, &twin].iter().all(|laptop| laptop.base == server.rows && laptop.own.is_empty()));
}

#[test]
fn f11_an_edit_before_its_creation_waits_and_keeps_its_stamp() {
    let mut server = Server::new();
    let (mut lan, mut minh) = (Laptop::new(0), Laptop::new(1));
    let edit = FieldEdit {
        no: no::HOUSEHOLD_HOUSE_NO,
        value: "12".into(),
        replaced: Some(op_id(1, 0)),
        seen: Some(Stamp(NOW_MS)),
    };
    minh.save(group(2, 1, RecordKind::Household.no(), 1, NOW_MS, vec![edit]));
    let reply = server.push(&minh.batch(9));
    assert_eq!(outcomes(&reply), [&GroupOutcome::Quarantined(Quarantine::NoParent)]);
    server.now_ms += 1_000_000;
    lan.save(household(1, 0, 1, NOW_MS - 5));
    lan.sync(&mut server);
    assert!(server.waiting.is_empty());
    assert_eq!(server.receipt(op_id(2, 0)).stamp, Stamp(NOW_MS + 1));
    assert_eq!(server.rows[&(3, id(1))].value(no::HOUSEHOLD_HOUSE_NO), Some(&"12".into()));
}

#[test]
fn f11_a_household_put_into_an_alley_that_is_not_there_yet_waits_for_it() {
    let (mut server, mut laptops) = village(2);
    let (unit, alley) = (id(60), id(50));
    let into = vec![FieldEdit::first(no::HOUSEHOLD_ALLEY, alley)];
    laptops[1].save(group(3, 1, RecordKind::Household.no(), 1, NOW_MS, into));
    let reply = server.push(&laptops[1].batch(9));
    assert_eq!(outcomes(&reply), [&GroupOutcome::Quarantined(Quarantine::NoParent)]);
    let of_unit = vec![FieldEdit::first(no::UNIT_NAME, "Thôn Sen Hạ")];
    laptops[0].save(group(4, 0, RecordKind::HamletUnit.no(), 60, NOW_MS, of_unit));
    let of_alley = vec![FieldEdit::first(no::ALLEY_UNIT, unit), FieldEdit::first(no::ALLEY_NAME, "Ngõ 4")];
    laptops[0].save(group(5, 0, RecordKind::Alley.no(), 50, NOW_MS, of_alley));
    laptops[0].sync(&mut server);
    assert!(server.waiting.is_empty());
    let household = &server.rows[&(RecordKind::Household.no(), id(1))];
    assert_eq!(household.value(no::HOUSEHOLD_ALLEY), Some(&alley.into()));
}

#[test]
fn f13_an_edit_from_2010_beats_the_winner_it_saw_also_when_the_server_forgot_it() {
    let check = |replaced: Option<OpId>| {
        let (mut server, mut laptops) = village(2);
        let year_2010 = 1_262_304_000_000;
        let seen = server.receipt(op_id(2, 0)).stamp;
        let value = Value::from("Hoà");
        let edit = FieldEdit { no: no::MEMBER_FULL_NAME, value, replaced, seen: Some(seen) };
        laptops[1].save(group(3, 1, MEMBER, 2, year_2010, vec![edit]));
        laptops[1].sync(&mut server);
        assert_eq!(name(&server), "Hoà", "{replaced:?}");
    };
    check(Some(op_id(2, 0)));
    // An op of a log that was restored without it, or of a quarantined group.
    check(Some(op_id(999, 0)));
}

#[test]
fn f14_a_conflict_is_found_once_and_never_for_equal_values_or_repeated_pushes() {
    let (mut server, mut laptops) = village(3);
    let seen = Some(op_id(2, 0));
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, seen));
    laptops[1].save(rename(4, 1, 2, "Hoa Mai", NOW_MS + 1, seen));
    laptops[2].save(rename(5, 2, 2, "Hoa Mai", NOW_MS + 2, seen));
    let batches: Vec<_> = laptops.iter().map(|laptop| laptop.batch(9)).collect();
    let replies: Vec<_> = batches.iter().map(|batch| server.push(batch)).collect();
    let found = |reply: &PushReply| reply.receipts[0].found.clone();
    assert_eq!(found(&replies[0]), []);
    let rival = Found { field: no::MEMBER_FULL_NAME, rival: op_id(3, 0) };
    assert_eq!(found(&replies[1]), [rival]);
    assert_eq!(found(&replies[2]), []);
    // Lan settles it; pushed again, the old groups raise nothing.
    laptops[0].sync(&mut server);
    laptops[0].save(rename(6, 0, 2, "Hoa", NOW_MS + 9, Some(op_id(5, 0))));
    laptops[0].sync(&mut server);
    for (batch, reply) in batches.iter().zip(&replies) {
        let again = server.push(batch);
        assert_eq!(outcomes(&again), [&GroupOutcome::Known]);
        assert_eq!(again.receipts, reply.receipts);
    }
    assert_eq!(name(&server), "Hoa");
}

#[test]
fn f16_equal_groups_with_other_stamps_are_another_history() {
    let (mut one, mut other) = (Server::new(), Server::new());
    other.now_ms += 3600 * 1000;
    let mut laptop = Laptop::new(0);
    // A clock far ahead: each server caps it by its own.
    laptop.save(household(1, 0, 1, NOW_MS * 2));
    let batch = laptop.batch(1);
    one.push(&batch);
    other.push(&batch);
    assert_eq!(one.head().position, other.head().position);
    assert_ne!(one.head().hash, other.head().hash);
    assert_ne!(one.head().hash, ChainHash::default());
}

#[test]
fn f16b_renumbering_changes_no_byte_of_an_op() {
    let (mut server, mut laptops) = village(2);
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    let before = laptops[0].own[0].numbered.clone();
    laptops[0].new_incarnation(4711).unwrap();
    let after = laptops[0].own[0].numbered.clone();
    assert_ne!((before.incarnation, before.dseq), (after.incarnation, after.dseq));
    assert_eq!(before.group.to_bytes(), after.group.to_bytes());
    assert_eq!(before.group.ops[0].hash(), after.group.ops[0].hash());
    laptops.iter_mut().for_each(|laptop| laptop.sync(&mut server));
    assert_eq!(laptops[0].base, laptops[1].base);
}

#[test]
fn f17_a_gap_nobody_can_fill_ends_in_a_new_incarnation() {
    let (mut server, mut laptops) = village(1);
    let laptop = &mut laptops[0];
    laptop.save(rename(3, 0, 2, "Hoà", NOW_MS, None));
    laptop.save(rename(4, 0, 2, "Hoà Mai", NOW_MS, Some(op_id(3, 0))));
    // Group 3 was dropped below the watermark, and the server was restored behind it.
    let dropped = laptop.own.remove(0);
    let reply = server.push(&laptop.batch(9));
    assert_eq!(outcomes(&reply), [&GroupOutcome::Gap { expect: dropped.numbered.dseq }]);
    assert_eq!(reply.expect, Some(dropped.numbered.dseq));
    assert!(!server.known.contains_key(&op_id(4, 0)), "nothing behind a gap is stamped");
    laptop.sync(&mut server);
    assert_eq!(name(&server), "Hoà Mai");
    assert_eq!(laptop.own.len(), 0);
    // A number that belongs to another group.
    laptop.save(rename(5, 0, 2, "Hoa", NOW_MS, Some(op_id(4, 0))));
    laptop.own[0].numbered.dseq = 1;
    assert_eq!(outcomes(&server.push(&laptop.batch(9))), [&GroupOutcome::NumberTaken]);
}

#[test]
fn f18_a_base_of_another_epoch_is_judged_by_every_assignment() {
    let ended = Some(Ended { position: (1, 2).into(), at_ms: NOW_MS });
    let held = [Held { reach: Reach::WholeCommune, ended }];
    let scope = crate::samples::SCOPE;
    assert!(!crate::rights::may_write(&held, scope, Some((1, 9).into()), NOW_MS));
    assert!(crate::rights::may_write(&held, scope, None, NOW_MS));
}

fn assessment(
    n: u128,
    day: i64,
    evidence: Evidence,
    answer: Choice,
    voids: Option<u128>,
) -> (OrderKey, Assessment) {
    let key = OrderKey { stamp: Stamp(NOW_MS), device: device(0), op: op_id(n, 0) };
    let assessment = Assessment {
        id: AssessmentId(id(n)),
        member: MemberId(id(1)),
        day: Day::at(day * 24 * 3600 * 1000),
        visit: None,
        respondent: None,
        answers: vec![(Fact::Skill, Answer::One(answer), evidence)],
        voids: voids.map(|n| AssessmentId(id(n))),
    };
    (key, assessment)
}

/// A correction is made by somebody who knows what is corrected: it must come after it, whatever the
/// clock says, or it would be invalid.
#[test]
fn a_correction_from_2010_comes_after_what_it_corrects() {
    let (mut server, mut laptops) = village(2);
    let visit = |number, by, record, wall_ms, voids: Option<FieldEdit>| {
        let mut fields =
            vec![FieldEdit::first(no::VISIT_HOUSEHOLD, id(1)), FieldEdit::first(no::VISIT_DAY, Day::at(0))];
        fields.extend(voids);
        group(number, by, RecordKind::Visit.no(), record, wall_ms, fields)
    };
    laptops[0].save(visit(3, 0, 50, NOW_MS, None));
    laptops.iter_mut().for_each(|laptop| laptop.sync(&mut server));
    laptops[1].pull(&server, 9);
    let named = laptops[1].visible(RecordKind::Visit.no(), id(50)).unwrap();
    let voids = FieldEdit::naming(no::VISIT_VOIDS, &named);
    laptops[1].save(visit(4, 1, 51, 1_262_304_000_000, Some(voids)));
    laptops[1].sync(&mut server);
    let events: Vec<_> = [50, 51]
        .map(|n| &server.rows[&(RecordKind::Visit.no(), id(n))])
        .map(|row| (row.key().unwrap(), Visit::try_from(row).unwrap()))
        .to_vec();
    let stands: Vec<_> = standing(&events).iter().map(|(_, visit)| visit.id.0).collect();
    assert_eq!(stands, [id(51)]);
}

/// F20: `alive` does not compete over the class, removing an edge parts it again, and the order of the
/// edges says nothing.
#[test]
fn f20_a_class_lives_while_one_member_lives() {
    let check = |edges: &[(u128, u128)], dead: &[u128], held: &[u128], expect: &[(u128, u128)]| {
        let alive = |one: Uuid| held.contains(&one.as_u128()).then(|| !dead.contains(&one.as_u128()));
        let expect: BTreeMap<Uuid, Uuid> = expect.iter().map(|(of, to)| (id(*of), id(*to))).collect();
        let uuids: Vec<_> = edges.iter().map(|(a, b)| (id(*a), id(*b))).collect();
        assert_eq!(canonical(uuids.iter().copied(), alive), expect, "{edges:?}");
        let turned = uuids.iter().rev().map(|(a, b)| (*b, *a));
        assert_eq!(canonical(turned, alive), expect, "turned round");
    };
    let all = [1, 2, 3, 4, 5];
    check(&[], &[], &all, &[]);
    check(&[(2, 1)], &[], &all, &[(1, 1), (2, 1)]);
    check(&[(1, 2), (2, 3)], &[], &all, &[(1, 1), (2, 1), (3, 1)]);
    check(&[(3, 4), (1, 2), (2, 4)], &[], &all, &[(1, 1), (2, 1), (3, 1), (4, 1)]);
    // Deleted, then merged: the living one stands for both.
    check(&[(1, 2)], &[1], &all, &[(1, 2), (2, 2)]);
    check(&[(1, 2)], &[1, 2], &all, &[(1, 1), (2, 1)]);
    // One that is not held here stands for nobody, and still joins its neighbours.
    check(&[(1, 2), (1, 3)], &[], &[2, 3], &[(2, 2), (3, 2)]);
}

#[test]
fn two_who_draw_one_edge_draw_the_same_record() {
    let [one, other] = [SameAs::between(id(1), id(2)), SameAs::between(id(2), id(1))];
    assert_eq!(one, other);
    assert_ne!(one.id, SameAs::between(id(1), id(3)).id);
    let fields = one.creation().into_iter().map(|(no, value)| FieldEdit::first(no, value)).collect();
    let group = group(1, 0, RecordKind::SameAs.no(), one.id.as_u128(), 0, fields);
    let mut row = Row::begun_by(&group.ops[0]);
    row.merge(&group.ops[0], Stamp(1));
    assert_eq!(SameAs::try_from(&row), Ok(one));
}

fn orders<T: Clone>(three: [T; 3]) -> impl Iterator<Item = [T; 3]> {
    let places = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    places.into_iter().map(move |places: [usize; 3]| places.map(|place| three[place].clone()))
}

#[test]
fn f19_three_that_displace_each_other_in_a_circle_give_one_answer_in_six_orders() {
    let valid_days = |evidence| match evidence {
        Evidence::Certified => 365,
        Evidence::Observed => 100,
        _ => 90,
    };
    let validity = |_: &Fact, evidence, day: Day| day.plus_days(valid_days(evidence));
    let three = [
        assessment(1, 10, Evidence::Certified, Choice::Yes, None),
        assessment(2, 300, Evidence::Observed, Choice::No, None),
        assessment(3, 380, Evidence::SelfReported, Choice::Yes, None),
    ];
    let check = |as_of: i64, expect: u128, lapsed: bool| {
        for order in orders(three.clone()) {
            let facts = current_facts(&order, Day::at(as_of * 24 * 3600 * 1000), validity);
            let skill = &facts[&Fact::Skill];
            assert_eq!((skill.source.0, skill.lapsed), (id(expect), lapsed), "day {as_of}");
            assert_eq!(skill.answer.is_known(), !lapsed);
        }
    };
    check(20, 1, false);
    check(310, 1, false);
    check(374, 1, false);
    check(375, 2, false);
    check(390, 2, false);
    check(400, 3, false);
    check(600, 3, true);
}

#[test]
fn f19_voids_of_voids_resolve_from_the_newest_name_back() {
    let check = |voids: [Option<u128>; 3], expect: &[u128]| {
        let event = |n: u128| assessment(n, 1, Evidence::Observed, Choice::Yes, voids[n as usize - 1]);
        for order in orders([event(1), event(2), event(3)]) {
            let stands: Vec<_> = standing(&order).iter().map(|(_, event)| event.id.0.as_u128()).collect();
            assert_eq!(stands, expect, "{voids:?}");
        }
    };
    check([None, None, None], &[1, 2, 3]);
    check([None, Some(1), None], &[2, 3]);
    check([None, Some(1), Some(2)], &[1, 3]);
    check([None, Some(1), Some(1)], &[2, 3]);
    // Itself, a later one: invalid, and voids nobody.
    check([Some(1), None, None], &[2, 3]);
    check([Some(2), None, None], &[2, 3]);
    check([None, Some(3), Some(2)], &[1, 3]);
    // One that is not held here.
    check([None, Some(9), None], &[1, 2, 3]);
}

/// A page ends on a group boundary, and a cursor is the last one seen (§5).
#[test]
fn pages_of_every_size_deliver_everything_once() {
    let (mut server, mut laptops) = village(1);
    laptops[0].save(household(3, 0, 3, NOW_MS));
    // A quarantine in the middle takes a position and is delivered to nobody.
    laptops[0].save(member(4, 0, 4, 99, "Lan", NOW_MS));
    laptops[0].save(household(5, 0, 5, NOW_MS));
    laptops[0].sync(&mut server);
    let count = server.groups().count();
    for most in 1..=count + 1 {
        let mut reader = Laptop::new(7);
        let mut pages = 0;
        while reader.state.cursor != Some(server.head()) {
            reader.pull(&server, most);
            pages += 1;
        }
        assert_eq!(pages, count.div_ceil(most), "{most} of {count}");
        assert_eq!(reader.base, server.rows);
        let nothing = server.page(reader.device, &Sight::All, reader.state.cursor, most);
        assert_eq!((nothing.groups.len(), nothing.more, Some(nothing.to)), (0, false, reader.state.cursor));
    }
}

#[test]
fn another_content_under_a_known_name_is_kept_apart() {
    let (mut server, mut laptops) = village(1);
    let mut forged = household(1, 0, 1, NOW_MS - 999);
    forged.ops[0].salt = [9; 16];
    laptops[0].save(forged);
    let reply = server.push(&laptops[0].batch(9));
    assert_eq!(outcomes(&reply), [&GroupOutcome::Quarantined(Quarantine::Invalid)]);
    assert_eq!(reply.receipts, []);
    laptops[0].acknowledge(&reply).unwrap();
    let counts = laptops[0].counts().unwrap();
    assert_eq!((counts.pending_groups, counts.quarantined_groups), (0, 1));
    assert!(matches!(reply.groups[..], [GroupAnswer { .. }]));
}

/// A laptop signs its batches, and the ops in them name a writer: who does not work on it did not write them.
#[test]
fn work_in_the_name_of_somebody_who_is_not_on_that_laptop_is_kept_apart() {
    let (mut server, mut laptops) = village(1);
    let kept_apart = GroupOutcome::Quarantined(Quarantine::Invalid);
    let named = |number: u128, by: u128| {
        let mut group = household(number, 0, number, NOW_MS);
        group.ops[0].header.actor = user(by);
        group
    };
    let mut laptop = laptops.remove(0);
    laptop.save(named(20, 1));
    laptop.save(named(21, 0));
    assert_eq!(outcomes(&server.push(&laptop.batch(9))), [&kept_apart, &GroupOutcome::Applied]);
    laptop.sync(&mut server);
    // Several people share a laptop: each of them writes in their own name.
    server.note(Entry::Enrolled { device: device(0), user: user(2) });
    for (number, by) in [(22, 0), (23, 2), (24, 1)] {
        laptop.save(named(number, by));
    }
    let batch = laptop.batch(9);
    let first = server.push(&batch);
    assert_eq!(outcomes(&first), [&GroupOutcome::Applied, &GroupOutcome::Applied, &kept_apart]);
    // Somebody who left since is not judged again: what has a receipt keeps it.
    server.assign(device(0), &[]);
    let second = server.push(&batch);
    assert_eq!(outcomes(&second), [&GroupOutcome::Known, &GroupOutcome::Known, &kept_apart]);
    assert_eq!(first.receipts, second.receipts);
}

/// Checks, parents and the merge of one group ask for the same rows; the log is asked once.
#[test]
fn each_row_is_read_once_for_a_group() {
    let (mut server, mut laptops) = village(1);
    laptops[0].sync(&mut server);
    let rename = |index: u16| {
        let mut op = rename(30, 0, 2, "Lê An", NOW_MS, None).ops.remove(0);
        op.header.id.index = index;
        op.fields = vec![FieldEdit::first(no::MEMBER_HOUSEHOLD, id(1)), op.fields.remove(0)];
        op
    };
    laptops[0].save(Group { id: op_id(30, 0).group, seed: None, ops: (0..4).map(rename).collect() });
    let before = server.rows_read.get();
    let reply = server.push(&laptops[0].batch(9));
    assert_eq!(outcomes(&reply), [&GroupOutcome::Applied]);
    assert_eq!(
        server.rows_read.get() - before,
        4,
        "a decision, the person, the household, and once more where it lies"
    );
}

/// Of a field that nobody reviews the last writer stands, and nobody is asked.
#[test]
fn f14_a_field_without_review_has_no_rival() {
    let (mut server, mut laptops) = village(2);
    for (laptop, phone) in laptops.iter_mut().zip(["0912000001", "0912000002"]) {
        let number = laptop.device.0.as_u128();
        let edit = vec![FieldEdit::first(no::MEMBER_PHONE, phone)];
        laptop.save(group(number, number - 0xd0, MEMBER, 2, NOW_MS, edit));
        let reply = server.push(&laptop.batch(9));
        assert_eq!(reply.receipts[0].found, [], "{phone}");
    }
}
