//! What crosses on the way: an erasure and what names the erased, a mending and the arrival of what it mends, a move and
//! work under what moved, giving back and what waits. Each rule here was once broken without any other test noticing.

use domain::calendar::Day;
use domain::registry::{RecordKind, no};

use crate::commune::{kept_of, rows};
use crate::digest::BUCKETS;
use crate::group::{Group, GroupLimits};
use crate::ingest::{GroupOutcome, LogView, Quarantine};
use crate::ledger::Entry;
use crate::local::LocalStore;
use crate::model::{Laptop, Server, name, village};
use crate::offer::{BareOp, OfferOutcome};
use crate::op::{FieldEdit, GroupId, OpId, Scope};
use crate::rights::{Reach, Sight};
use crate::samples::{NOW_MS, SCOPE, device, group, household, id, member, op_id, rename, user};
use crate::stamp::Stamp;
use crate::value::Value;
use crate::wire::{Batch, Offer, PageGroup};

const HOUSEHOLD: u16 = 3;
const MEMBER: u16 = 4;
const OTHER: Scope = Scope(uuid::Uuid::from_u128(0x5d));
const DAY_MS: i64 = 24 * 3600 * 1000;

fn all_sync(server: &mut Server, laptops: &mut [Laptop]) {
    for _ in 0..2 {
        laptops.iter_mut().for_each(|laptop| laptop.sync(server));
    }
}

fn outcome(server: &mut Server, laptop: &Laptop) -> GroupOutcome {
    server.push(&laptop.batch(9)).groups.remove(0).outcome
}

fn reasons(server: &Server) -> Vec<&Quarantine> {
    server.waiting.iter().map(|one| &one.reason).collect()
}

fn kept_apart(reason: Quarantine) -> GroupOutcome {
    GroupOutcome::Quarantined(reason)
}

fn assessment(number: u128, by: u128, record: u128, of: u128) -> Group {
    let fields = vec![
        FieldEdit::first(no::ASSESSMENT_MEMBER, id(of)),
        FieldEdit::first(no::ASSESSMENT_DAY, Day::at(0)),
    ];
    group(number, by, RecordKind::Assessment.no(), record, NOW_MS, fields)
}

fn visit(number: u128, by: u128, record: u128, of: u128) -> Group {
    let fields =
        vec![FieldEdit::first(no::VISIT_HOUSEHOLD, id(of)), FieldEdit::first(no::VISIT_DAY, Day::at(0))];
    group(number, by, RecordKind::Visit.no(), record, NOW_MS, fields)
}

fn same(number: u128, by: u128, record: u128, ends: [u128; 2]) -> Group {
    let [a, b] = ends.map(id);
    let fields = vec![
        FieldEdit::first(no::SAME_AS_A, a),
        FieldEdit::first(no::SAME_AS_B, b),
        FieldEdit::first(no::SAME_AS_ALIVE, true),
    ];
    group(number, by, RecordKind::SameAs.no(), record, NOW_MS, fields)
}

/// Member 2 in another household, by somebody who saw where they were.
fn puts_into(number: u128, by: u128, household: u128) -> Group {
    let edit = FieldEdit {
        no: no::MEMBER_HOUSEHOLD,
        value: id(household).into(),
        replaced: Some(op_id(2, 0)),
        seen: None,
    };
    group(number, by, MEMBER, 2, NOW_MS, vec![edit])
}

fn moves(number: u128, by: u128, to: Scope) -> Group {
    let edit = FieldEdit { no: no::HOUSEHOLD_MOVED_TO, value: to.0.into(), replaced: None, seen: None };
    group(number, by, HOUSEHOLD, 1, NOW_MS, vec![edit])
}

fn in_scope(scope: Scope, mut group: Group) -> Group {
    group.ops.iter_mut().for_each(|op| op.header.scope = scope);
    group
}

/// The ops of both, under the name of the first.
fn with(mut one: Group, more: &Group) -> Group {
    for op in &more.ops {
        let mut op = op.clone();
        op.header.id = OpId { group: one.id, index: u16::try_from(one.ops.len()).unwrap() };
        one.ops.push(op);
    }
    one
}

/// The decision about a group that waits.
fn decides(number: u128, by: u128, about: u128, decision: &str) -> Group {
    let fields = vec![FieldEdit::first(no::MENDING_DECISION, decision)];
    group(number, by, RecordKind::Mending.no(), about, NOW_MS, fields)
}

/// What a laptop would give back of a group.
fn kept(laptop: &Laptop, number: u128) -> PageGroup {
    laptop.retained.groups().find(|one| one.group.id == GroupId(id(number))).unwrap().clone()
}

fn bare(of: &PageGroup) -> Vec<BareOp> {
    let ops = of.group.ops.iter().zip(&of.receipts);
    ops.map(|(op, receipt)| BareOp {
        header: op.header.clone(),
        payload_hash: op.payload_hash(),
        receipt: receipt.clone(),
    })
    .collect()
}

// Erasure.

/// To name somebody erased is not to lie under them: who lives elsewhere stays, and later work on them is taken.
#[test]
fn an_op_that_only_names_somebody_erased_lists_nobody() {
    let check = |hostile: Group, expect: GroupOutcome| {
        let (mut server, mut laptops) = village(2);
        laptops[0].save(household(3, 0, 3, NOW_MS));
        laptops[0].save(member(4, 0, 40, 3, "Mai", NOW_MS));
        all_sync(&mut server, &mut laptops);
        server.erase(id(3));
        server.enrol(20);
        let by = usize::from(hostile.ops[0].header.device == device(20));
        let mut laptop = [laptops[1].clone(), Laptop::new(20)][by].clone();
        laptop.save(hostile);
        assert_eq!(outcome(&mut server, &laptop), expect);
        laptops[0].sync(&mut server);
        laptops[0].save(rename(9, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
        laptops[0].sync(&mut server);
        assert_eq!(name(&server), "Hoà");
    };
    check(puts_into(5, 1, 3), kept_apart(Quarantine::NoParent));
    // An event under the erased, with the id of somebody who lives.
    check(assessment(5, 1, 2, 40), GroupOutcome::Superseded);
    // By somebody who may not write here at all.
    check(puts_into(5, 20, 3), kept_apart(Quarantine::Rights));
    check(assessment(5, 20, 2, 40), kept_apart(Quarantine::Rights));
}

/// The person moved on before the household they came from was erased. A log that was put back to before that has them
/// there still, and lets them live: who is erased has a line of their own.
#[test]
fn who_moved_on_before_the_household_was_erased_lives_after_a_restore_too() {
    let (mut server, mut laptops) = village(2);
    laptops[0].save(household(3, 0, 3, NOW_MS));
    all_sync(&mut server, &mut laptops);
    let backup = server.clone();
    laptops[1].save(puts_into(5, 1, 3));
    all_sync(&mut server, &mut laptops);
    server.erase(id(1));
    all_sync(&mut server, &mut laptops);
    assert!(server.rows.contains_key(&(MEMBER, id(2))) && !server.rows.contains_key(&(HOUSEHOLD, id(1))));
    server.restore(&backup);
    all_sync(&mut server, &mut laptops);
    let row = &server.rows[&(MEMBER, id(2))];
    assert_eq!(row.value(no::MEMBER_HOUSEHOLD), Some(&Value::from(id(3))));
    // Also after a restore that forgot that they ever came.
    let mut empty = Server::new();
    empty.now_ms = server.now_ms;
    server.restore(&empty);
    all_sync(&mut server, &mut laptops);
    assert_eq!(server.rows[&(MEMBER, id(2))].value(no::MEMBER_HOUSEHOLD), Some(&Value::from(id(3))));
    assert!(laptops.iter().all(|laptop| laptop.base == server.rows));
}

/// Somebody who was begun in an erased household before its laptop heard: they get a line, and stay away.
#[test]
fn who_arrives_in_an_erased_household_gets_a_line_and_no_restore_brings_them_back() {
    let (mut server, mut laptops) = village(2);
    laptops[1].save(member(5, 1, 50, 1, "Mai", NOW_MS));
    let backup = server.clone();
    server.erase(id(1));
    server.push(&laptops[1].batch(9));
    let has_line = |server: &Server| server.standing.erased_after(0).contains(&id(50));
    assert!(has_line(&server));
    server.restore(&backup);
    assert!(has_line(&server));
    all_sync(&mut server, &mut laptops);
    assert!(server.rows.is_empty() && laptops.iter().all(|laptop| laptop.base.is_empty()));
    // One who may not write here lists for what waits, and writes no line.
    let lines = server.ledger.len();
    server.enrol(20);
    let mut stranger = Laptop::new(20);
    stranger.save(member(6, 20, 60, 1, "Lan", NOW_MS));
    assert_eq!(outcome(&mut server, &stranger), kept_apart(Quarantine::Rights));
    assert_eq!((server.ledger.len(), server.waiting.len()), (lines + 1, 0));
    stranger.save(assessment(7, 20, 70, 60));
    server.push(&stranger.batch(9));
    assert_eq!(server.waiting.len(), 0, "nor is anything readable of what lies under them");
}

/// The person's creation, pending elsewhere, is found to lie under the erased; what waits and names only the person is
/// no longer readable from then on, whatever it waits for.
#[test]
fn what_waits_is_forgotten_when_what_it_names_is_listed_later() {
    let (mut server, mut laptops) = village(2);
    server.enrol(20);
    let mut stranger = Laptop::new(20);
    stranger.save(assessment(5, 20, 50, 40));
    stranger.sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::Rights]);
    laptops[1].save(member(6, 1, 40, 1, "Mai", NOW_MS));
    let backup = server.clone();
    let (mut server_2, laptop) = (server.clone(), laptops[1].clone());
    server.erase(id(1));
    assert_eq!(server.waiting.len(), 1, "nobody knows yet whose it is");
    server.push(&laptop.batch(9));
    assert!(server.waiting.is_empty());
    // The same where it is found by giving back: a visit to a household, and what another group says of that visit.
    laptops[1].save(visit(7, 1, 70, 1));
    laptops[1].sync(&mut server_2);
    laptops[0].sync(&mut server_2);
    let given_back = kept(&laptops[0], 7);
    server_2.restore(&backup);
    let edit = FieldEdit { no: 7777, value: "x".into(), replaced: Some(op_id(7, 0)), seen: None };
    stranger.save(group(8, 20, RecordKind::Visit.no(), 70, NOW_MS, vec![edit]));
    stranger.sync(&mut server_2);
    server_2.erase(id(1));
    assert_eq!(server_2.waiting.len(), 2);
    server_2.offer(&Offer { groups: vec![given_back], bare: vec![] });
    assert_eq!(server_2.waiting.len(), 1);
}

/// An edge goes with either of the two that it joins.
#[test]
fn an_edge_is_erased_with_either_of_its_ends() {
    for gone in [2, 40] {
        let (mut server, mut laptops) = village(3);
        laptops[0].save(member(5, 0, 40, 1, "Hoa", NOW_MS));
        laptops[0].save(same(6, 0, 60, [2, 40]));
        let pending = laptops[2].clone();
        all_sync(&mut server, &mut laptops);
        assert!(server.rows.contains_key(&(12, id(60))));
        server.erase(id(gone));
        all_sync(&mut server, &mut laptops);
        assert!(!server.rows.contains_key(&(12, id(60))), "the edge of {gone}");
        assert!(laptops.iter().all(|laptop| laptop.base == server.rows));
        // One that was pending.
        laptops[2] = pending;
        laptops[2].save(same(7, 2, 61, [2, 40]));
        server.push(&laptops[2].batch(9));
        all_sync(&mut server, &mut laptops);
        assert!(!server.rows.contains_key(&(12, id(61))));
        assert!(laptops.iter().all(|laptop| laptop.base == server.rows));
    }
}

/// The ledger's file and the database are put back together, and go on. The number that a laptop has heard names another
/// line now.
#[test]
fn a_laptop_hears_of_everybody_when_the_ledger_itself_was_put_back() {
    let (mut server, mut laptops) = village(2);
    laptops[0].save(member(5, 0, 40, 1, "Mai", NOW_MS));
    all_sync(&mut server, &mut laptops);
    let backup = server.clone();
    server.enrol(20);
    server.enrol(21);
    all_sync(&mut server, &mut laptops);
    let heard = laptops[0].ledger;
    server = backup;
    server.now_ms += 5;
    server.erase(id(40));
    assert!(server.standing.mark.number < heard.number);
    server.enrol(22);
    assert_eq!(server.standing.mark.number, heard.number);
    laptops[0].sync(&mut server);
    assert!(!laptops[0].base.contains_key(&(MEMBER, id(40))) && laptops[0].base == server.rows);
    assert_eq!(laptops[0].ledger, server.standing.mark);
}

/// A record of a newer version that the ledger names goes here as it goes on laptops.
#[test]
fn a_record_of_an_unknown_kind_is_erased_by_its_id() {
    let (mut server, mut laptops) = village(2);
    laptops[0].save(group(5, 0, 777, 70, NOW_MS, vec![FieldEdit::first(7700, "x")]));
    all_sync(&mut server, &mut laptops);
    server.erase(id(70));
    all_sync(&mut server, &mut laptops);
    assert!(!server.rows.contains_key(&(777, id(70))));
    assert!(laptops.iter().all(|laptop| laptop.base == server.rows));
    assert!(server.groups().all(|one| one.group.ops[0].header.kind != 777));
}

/// A Save of which a part was erased while it waits is the same Save.
#[test]
fn a_save_that_was_partly_erased_waits_once() {
    let (mut server, mut laptops) = village(1);
    server.enrol(20);
    let mut apart = Laptop::new(20);
    apart.save(with(household(5, 20, 50, NOW_MS), &assessment(5, 20, 51, 2)));
    apart.sync(&mut server);
    let whole = apart.own[0].numbered.clone();
    server.erase(id(2));
    apart.sync(&mut server);
    assert_eq!(apart.own[0].numbered.group.ops.len(), 1);
    assert_eq!(server.waiting.len(), 1);
    // Also as it was before its laptop heard.
    server.push(&Batch { groups: vec![whole], ..apart.batch(1) });
    assert_eq!(server.waiting.len(), 1);
    laptops[0].sync(&mut server);
}

/// A header is taken once the log knows that what it names is erased; until then its laptop keeps it and offers it again.
#[test]
fn a_header_that_was_refused_is_offered_again() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[0].save(visit(5, 0, 50, 1));
    laptops[0].save(visit(6, 0, 60, 1));
    all_sync(&mut server, &mut laptops);
    let groups = [kept(&laptops[1], 5), kept(&laptops[1], 6)];
    server.restore(&backup);
    server.erase(id(1));
    let offer = |server: &mut Server, groups: Vec<PageGroup>, bare: Vec<BareOp>| {
        server.offer(&Offer { groups, bare })
    };
    let headers: Vec<BareOp> = groups.iter().flat_map(bare).collect();
    assert_eq!(offer(&mut server, vec![], headers.clone()).bare, [false, false]);
    // Somebody has not heard, and brings one of them whole.
    let reply = offer(&mut server, vec![groups[0].clone()], headers.clone());
    assert_eq!((reply.groups[0].1.clone(), reply.bare), (OfferOutcome::Erased, vec![true, false]));
    assert!(server.known.contains_key(&op_id(5, 0)) && server.groups().all(|one| one.group.id.0 != id(5)));
    // One that is known takes no position.
    let head = server.head();
    assert_eq!(offer(&mut server, vec![], headers).bare, [true, false]);
    assert_eq!(server.head(), head);
}

// Mending.

/// Somebody writes anew what waits, and on the way it is taken after all: the log keeps one of the two.
#[test]
fn a_mending_that_comes_after_what_it_mends_was_taken_is_kept_apart() {
    let (mut server, mut laptops) = village(3);
    laptops[1].save(visit(5, 1, 50, 30));
    laptops[1].sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::NoParent]);
    laptops[2].save(with(visit(6, 2, 60, 1), &decides(6, 2, 5, "mended")));
    laptops[0].save(household(7, 0, 30, NOW_MS));
    laptops[0].sync(&mut server);
    assert!(server.waiting.is_empty());
    all_sync(&mut server, &mut laptops);
    assert_eq!(reasons(&server), [&Quarantine::Overtaken]);
    let visits = |server: &Server| server.rows.keys().filter(|(kind, _)| *kind == 5).count();
    assert_eq!(visits(&server), 1);
    // Two who write one anew.
    laptops[1].save(visit(8, 1, 80, 31));
    laptops[1].sync(&mut server);
    laptops[2].save(with(visit(9, 2, 90, 1), &decides(9, 2, 8, "mended")));
    laptops[0].save(with(visit(10, 0, 100, 1), &decides(10, 0, 8, "mended")));
    all_sync(&mut server, &mut laptops);
    assert_eq!(visits(&server), 2);
    assert_eq!(reasons(&server), [&Quarantine::Overtaken, &Quarantine::Mended, &Quarantine::Overtaken]);
}

/// It was taken, the log was put back to when it waited, and it was written anew there; then its author gives it back.
#[test]
fn what_was_written_anew_is_not_taken_back_beside_it() {
    let (mut server, mut laptops) = village(3);
    laptops[1].save(visit(5, 1, 50, 30));
    laptops[1].sync(&mut server);
    let backup = server.clone();
    laptops[0].save(household(7, 0, 30, NOW_MS));
    laptops[0].sync(&mut server);
    laptops[1].sync(&mut server);
    assert!(!laptops[1].retained.groups().any(|one| one.position.position == 0));
    server.restore(&backup);
    laptops[2].save(with(visit(6, 2, 60, 1), &decides(6, 2, 5, "mended")));
    laptops[2].sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::Mended]);
    all_sync(&mut server, &mut laptops);
    let visits: Vec<_> = server.rows.keys().filter(|(kind, _)| *kind == 5).map(|(_, id)| *id).collect();
    assert_eq!(visits, [id(60)]);
    assert_eq!(reasons(&server), [&Quarantine::Mended], "and it waits once");
    assert!(laptops.iter().all(|laptop| laptop.base == server.rows));
}

/// What waits for rights and is given back by somebody who pulled it once is taken, waits no longer, and is answered so.
#[test]
fn what_is_given_back_waits_no_longer() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[1].save(rename(5, 1, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    let before = laptops[1].clone();
    all_sync(&mut server, &mut laptops);
    let given_back = kept(&laptops[0], 5);
    server.restore(&backup);
    server.assign(device(1), &[]);
    let mut author = before;
    for op in &mut author.own[0].numbered.group.ops {
        assert_eq!(op.header.base.epoch, 0);
    }
    // Thirty days later nobody of that laptop may write here.
    server.now_ms += 31 * DAY_MS;
    author.sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::Rights]);
    let reply = server.offer(&Offer { groups: vec![given_back], bare: vec![] });
    assert!(matches!(reply.groups[0].1, OfferOutcome::Held(_)));
    assert!(server.waiting.is_empty());
    let numbered = author.own[0].numbered.clone();
    let reply = server.push(&Batch { groups: vec![numbered], ..author.batch(1) });
    assert_eq!(reply.groups[0].outcome, GroupOutcome::Known);
    assert_eq!(reply.receipts.len(), 1);
}

/// The decision is given back after a restore, and closes what waits again.
#[test]
fn a_mending_that_is_given_back_closes_what_waits() {
    let (mut server, mut laptops) = village(2);
    laptops[1].save(visit(5, 1, 50, 30));
    laptops[1].sync(&mut server);
    let backup = server.clone();
    laptops[0].save(decides(6, 0, 5, "dismissed"));
    laptops[0].sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::Mended]);
    server.restore(&backup);
    laptops[0].sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::Mended]);
}

/// Who decides about a Save may write where it was written.
#[test]
fn nobody_decides_about_what_waits_elsewhere() {
    let (mut server, mut laptops) = village(1);
    server.enrol(20);
    server.assign(device(20), &[Reach::Scope(OTHER)]);
    server.enrol(21);
    let mut stranger = Laptop::new(20);
    let mut author = Laptop::new(21);
    author.save(rename(5, 21, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    author.sync(&mut server);
    stranger.save(in_scope(OTHER, decides(6, 20, 5, "dismissed")));
    stranger.sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::Rights]);
    server.assign(device(21), &[Reach::WholeCommune]);
    assert_eq!(name(&server), "Hoà", "nor is it refused by that when it is tried again");
    // The commune decides about everything.
    laptops[0].save(visit(7, 0, 70, 30));
    laptops[0].save(in_scope(Scope::COMMUNE, decides(8, 0, 7, "dismissed")));
    laptops[0].sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::Mended]);
}

// Moves.

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

// What comes in.

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
    let shown = laptops[1].proof.unwrap();
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

// What goes out, and what comes back.

#[test]
fn ops_of_another_commune_are_not_taken_back() {
    let (mut server, laptops) = village(1);
    let mut one = kept(&laptops[0], 1);
    one.group.ops[0].header.commune = domain::ids::CommuneId(id(0xbad));
    let mut receipt = one.receipts[0].clone();
    receipt.op_hash = one.group.ops[0].hash();
    one.receipts = vec![server.key.seal(receipt)];
    server.restore(&Server::new());
    let reply = server.offer(&Offer { groups: vec![one], bare: vec![] });
    assert_eq!(reply.groups[0].1, OfferOutcome::Unproven);
}

/// The chain goes over what is given back: ops and the stamps of their receipts.
#[test]
fn the_chain_covers_what_is_given_back() {
    let (mut server, laptops) = village(1);
    let one = kept(&laptops[0], 1);
    server.restore(&Server::new());
    let before = server.head();
    server.offer(&Offer { groups: vec![one.clone()], bare: vec![] });
    let receipt = &one.receipts[0];
    let ops = [(receipt.op, &receipt.op_hash, receipt.stamp)];
    let position = (before.epoch.number, before.position + 1).into();
    assert_eq!(server.head().hash, before.hash.after(position, None, ops));
    let other = [(receipt.op, &receipt.op_hash, Stamp(receipt.stamp.0 + 1))];
    assert_ne!(server.head().hash, before.hash.after(position, None, other));
}

/// What the oldest backup has is not sent along; what stands at the next position is.
#[test]
fn what_goes_with_a_whole_record_is_what_the_oldest_backup_lacks() {
    let (server, _) = village(1);
    let row = &server.rows[&(MEMBER, id(2))];
    let count = |watermark| kept_of(&server.store, watermark, [row]).unwrap().len();
    assert_eq!([0, 1, 2, 3].map(count), [1, 1, 0, 0]);
}

/// Records of a scope that is not in sight are not given out, whoever asks for them.
#[test]
fn rows_out_of_sight_are_not_given_out() {
    let (server, _) = village(1);
    let asked = [(SCOPE, (0..=u8::MAX).collect::<Vec<u8>>())];
    assert_eq!(usize::from(u8::MAX) + 1, BUCKETS);
    let count = |sight: &Sight| rows(&server.store, sight, &asked).unwrap().len();
    assert_eq!(count(&Sight::All), 2);
    assert_eq!(count(&Sight::NOTHING), 0);
    assert_eq!(count(&Sight::Only([OTHER].into())), 0);
}

/// One group goes whatever its size, and a page never carries more than one that does not fit.
#[test]
fn a_page_of_few_bytes_carries_one_group() {
    let (mut server, mut laptops) = village(1);
    for number in 5..9 {
        laptops[0].save(household(number, 0, number, NOW_MS));
    }
    laptops[0].sync(&mut server);
    let mut asked = crate::commune::Asked {
        from: None,
        believed: &Sight::All,
        present: &Sight::All,
        watermark: 0,
        groups: usize::MAX,
        bytes: 1,
    };
    for _ in 0..6 {
        let page = crate::commune::page(&server.store, &server.store, &server.key, &asked).unwrap();
        assert_eq!(page.groups.len(), 1);
        asked.from = Some(page.to);
    }
    asked.from = None;
    asked.bytes = usize::MAX;
    let page = crate::commune::page(&server.store, &server.store, &server.key, &asked).unwrap();
    assert_eq!((page.groups.len(), page.more), (6, false));
}

/// Four hundred groups come back, each before what it stands on: the log reads a few rows for each, not all that waits
/// each time.
#[test]
fn giving_back_costs_the_same_for_each_group() {
    let offered = |count: u128| {
        let (mut server, mut laptops) = village(1);
        let backup = server.clone();
        laptops[0].save(household(5, 0, 50, NOW_MS));
        for number in 100..100 + count {
            laptops[0].save(visit(number, 0, number, 50));
        }
        let reply = server.push(&laptops[0].batch(1000));
        laptops[0].acknowledge(&reply).unwrap();
        laptops[0].sync(&mut server);
        let mut groups: Vec<PageGroup> = laptops[0].retained.groups().cloned().collect();
        groups.reverse();
        server.restore(&backup);
        let before = server.rows_read.get();
        server.offer(&Offer { groups, bare: vec![] });
        assert_eq!(server.rows.len(), 3 + usize::try_from(count).unwrap());
        assert!(server.waiting.is_empty());
        server.rows_read.get() - before
    };
    let (few, many) = (offered(40), offered(400));
    assert!(many < 11 * few, "{few} rows for 40 groups, {many} for 400");
}

/// A laptop that withholds what an op says does not make it known.
#[test]
fn a_header_of_the_living_is_not_taken() {
    let (mut server, laptops) = village(1);
    let one = kept(&laptops[0], 1);
    server.restore(&Server::new());
    assert_eq!(server.offer(&Offer { groups: vec![], bare: bare(&one) }).bare, [false]);
    assert!(server.store.known(op_id(1, 0)).unwrap().is_none());
    assert!(matches!(
        server.offer(&Offer { groups: vec![one], bare: vec![] }).groups[0].1,
        OfferOutcome::Held(_)
    ));
}

/// A part came back first; then its author, whose disk was put back, pushes the whole Save. Each op stands once in the
/// stream.
#[test]
fn what_came_back_first_is_not_carried_again_with_the_rest() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[0].save(with(household(5, 0, 50, NOW_MS), &visit(5, 0, 60, 1)));
    let before = laptops[0].clone();
    all_sync(&mut server, &mut laptops);
    let mut half = kept(&laptops[1], 5);
    half.group.ops.remove(0);
    half.receipts.remove(0);
    server.restore(&backup);
    server.offer(&Offer { groups: vec![half], bare: vec![] });
    laptops[0] = before;
    all_sync(&mut server, &mut laptops);
    let carried = server.groups().filter(|one| one.group.id.0 == id(5));
    assert_eq!(carried.map(|one| one.group.ops.len()).collect::<Vec<_>>(), [1, 1]);
    assert!(laptops.iter().all(|laptop| laptop.base == server.rows && laptop.own.is_empty()));
}
