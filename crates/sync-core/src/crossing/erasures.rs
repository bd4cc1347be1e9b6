//! Erasures, and what names the erased.

use super::*;
use domain::registry::{RecordKind, no};

use crate::group::Group;
use crate::ingest::{GroupOutcome, LogView, Quarantine};
use crate::ledger::Entry;
use crate::local::LocalStore;
use crate::model::{Laptop, Server, name, village};
use crate::offer::{BareOp, OfferOutcome};
use crate::op::FieldEdit;
use crate::rights::Sight;
use crate::samples::{NOW_MS, device, group, household, id, member, op_id, rename};
use crate::value::Value;
use crate::wire::{Batch, Offer, PageGroup};

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

/// Somebody who was begun in an erased household before its laptop heard is not kept, now or after a restore; nor is what
/// others say of them.
#[test]
fn who_arrives_in_an_erased_household_is_not_kept_and_no_restore_brings_them_back() {
    let (mut server, mut laptops) = village(2);
    laptops[1].save(member(5, 1, 50, 1, "Mai", NOW_MS));
    laptops[1].save(assessment(6, 1, 60, 50));
    let backup = server.clone();
    server.erase(id(1));
    let lines = server.ledger.len();
    let reply = server.push(&laptops[1].batch(9));
    laptops[1].acknowledge(&reply).unwrap();
    assert_eq!((reply.receipts.len(), server.waiting.len()), (2, 0));
    all_sync(&mut server, &mut laptops);
    server.restore(&backup);
    all_sync(&mut server, &mut laptops);
    assert!(server.rows.is_empty() && server.waiting.is_empty());
    assert!(laptops.iter().all(|laptop| laptop.base.is_empty() && laptop.retained.is_empty()));
    // By one who may not write here nobody is listed: what they say is dropped, and what waits for it waits.
    server.enrol(20);
    let mut stranger = Laptop::new(20);
    stranger.save(member(7, 20, 70, 1, "Lan", NOW_MS));
    assert_eq!(outcome(&mut server, &stranger), kept_apart(Quarantine::Rights));
    assert_eq!(server.waiting.len(), 0);
    stranger.save(assessment(8, 20, 80, 70));
    server.push(&stranger.batch(9));
    assert_eq!((server.waiting.len(), server.ledger.len()), (1, lines + 1));
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
    server_2.offer(&Offer::from(vec![given_back]));
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
    let heard = laptops[0].state.ledger;
    server = backup;
    server.now_ms += 5;
    server.erase(id(40));
    assert!(server.standing.mark.number < heard.number);
    server.enrol(22);
    assert_eq!(server.standing.mark.number, heard.number);
    laptops[0].sync(&mut server);
    assert!(!laptops[0].base.contains_key(&(MEMBER, id(40))) && laptops[0].base == server.rows);
    assert_eq!(laptops[0].state.ledger, server.standing.mark);
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
        server.offer(&Offer { bare, ..Offer::from(groups) })
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

/// What may not be written lists nobody: somebody without rights put a person into a household that was erased then.
#[test]
fn what_waits_for_rights_lists_nobody_when_what_it_names_is_erased() {
    let (mut server, mut laptops) = village(2);
    laptops[0].save(household(3, 0, 3, NOW_MS));
    laptops[0].sync(&mut server);
    server.enrol(20);
    let mut stranger = Laptop::new(20);
    stranger.save(member(5, 20, 50, 1, "Lan", NOW_MS));
    stranger.sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::Rights]);
    server.erase(id(1));
    laptops[1].save(member(6, 1, 50, 3, "Mai", NOW_MS));
    laptops[1].sync(&mut server);
    assert!(server.rows.contains_key(&(MEMBER, id(50))));
}

/// But for a record that is still to come it would be taken: whom it begins under the erased is forgotten elsewhere too,
/// whether it came before the erasure or after it.
#[test]
fn what_waits_for_a_parent_lists_whom_it_begins_under_the_erased() {
    for erased_first in [false, true] {
        let (mut server, mut laptops) = village(3);
        laptops[2].save(assessment(6, 2, 60, 50));
        laptops[2].sync(&mut server);
        laptops[1].save(with(member(5, 1, 50, 1, "Mai", NOW_MS), &visit(5, 1, 51, 99)));
        if erased_first {
            server.erase(id(1));
        }
        server.push(&laptops[1].batch(9));
        if !erased_first {
            server.erase(id(1));
        }
        assert_eq!(reasons(&server), [&Quarantine::NoParent]);
        let waits = server.waiting[0].numbered.group.ops.iter().map(|op| op.header.record);
        assert_eq!(waits.collect::<Vec<_>>(), [id(51)]);
    }
}

/// What waits under a receipt for something that is found to lie under the erased waits in vain: it is taken without it.
#[test]
fn what_waits_for_what_lies_under_the_erased_is_taken_without_it() {
    let (mut server, mut laptops) = village(2);
    let unit = vec![FieldEdit::first(no::UNIT_NAME, "Thôn Sen Hạ")];
    let alley = vec![FieldEdit::first(no::ALLEY_UNIT, id(60)), FieldEdit::first(no::ALLEY_NAME, "Ngõ 4")];
    laptops[0].save(group(3, 0, RecordKind::HamletUnit.no(), 60, NOW_MS, unit));
    laptops[0].save(group(4, 0, RecordKind::Alley.no(), 50, NOW_MS, alley));
    let into = vec![FieldEdit::first(no::HOUSEHOLD_ALLEY, id(50))];
    let backup = server.clone();
    laptops[0].save(group(5, 0, HOUSEHOLD, 1, NOW_MS, into));
    laptops[0].sync(&mut server);
    let [alley, into] = [4, 5].map(|number| kept(&laptops[0], number));
    server.restore(&backup);
    server.note(Entry::Erased { subject: id(60) });
    let reply = server.offer(&Offer::from(vec![into]));
    assert_eq!(reply.groups[0].1, OfferOutcome::Waits(Quarantine::NoParent));
    server.offer(&Offer::from(vec![alley]));
    assert!(server.waiting.is_empty() && server.known.contains_key(&op_id(5, 0)));
}

/// A header is taken by a receipt of this commune for this very header, and takes a position.
#[test]
fn a_header_is_proven_by_its_receipt_and_takes_a_position() {
    let (mut server, laptops) = village(1);
    let header = bare(&kept(&laptops[0], 2)).remove(0);
    server.restore(&Server::new());
    server.erase(id(2));
    let take = |server: &mut Server, one: &BareOp| {
        server.offer(&Offer { bare: vec![one.clone()], ..Offer::default() }).bare
    };
    let mut other = header.clone();
    other.header.wall_ms += 1;
    assert_eq!(take(&mut server, &other), [false]);
    let mut foreign = header.clone();
    foreign.header.commune = domain::ids::CommuneId(id(0xbad));
    foreign.receipt.op_hash = foreign.header.hash(&foreign.payload_hash);
    foreign.receipt = server.key.seal(foreign.receipt);
    assert_eq!(take(&mut server, &foreign), [false]);
    let before = server.head();
    assert_eq!(take(&mut server, &header), [true]);
    assert_eq!(server.head().position, before.position + 1);
    assert_ne!(server.head().hash, before.hash);
}

/// A page was on its way while somebody was erased: nothing of them stays, nor of what lies under them, but for headers.
#[test]
fn what_a_page_brings_of_somebody_erased_meanwhile_does_not_stay() {
    let (mut server, mut laptops) = village(2);
    laptops[0].save(member(5, 0, 40, 1, "Mai", NOW_MS));
    laptops[0].save(assessment(6, 0, 60, 40));
    laptops[0].sync(&mut server);
    let late = &mut laptops[1];
    let page = server.page(late.device, &Sight::All, late.state.cursor, usize::MAX);
    server.erase(id(40));
    assert!(late.meet(&mut server));
    late.apply_page(page).unwrap();
    assert!(late.base == server.rows && !late.holds(op_id(5, 0)) && !late.holds(op_id(6, 0)));
    assert!(late.bare.contains_key(&op_id(5, 0)) && late.bare.contains_key(&op_id(6, 0)));
    assert!(late.erased.contains(&(RecordKind::Assessment.no(), id(60))));
}

/// Within one Save somebody is begun among the living, and then put with the erased: nobody is listed by that.
#[test]
fn who_is_begun_among_the_living_is_not_listed_by_the_same_save() {
    let (mut server, mut laptops) = village(2);
    laptops[0].save(household(3, 0, 3, NOW_MS));
    laptops[0].sync(&mut server);
    server.erase(id(1));
    let save = with(member(5, 1, 50, 3, "Mai", NOW_MS), &member(5, 1, 50, 1, "Mai", NOW_MS));
    laptops[1].save(save);
    assert_eq!(outcome(&mut server, &laptops[1]), kept_apart(Quarantine::NoParent));
    assert_eq!(server.waiting[0].numbered.group.ops.len(), 2);
    assert!(!server.store.erased(MEMBER, id(50)).unwrap());
}

/// An alley lay under a unit that is erased, and lies under another one now: it stays, also where its beginning is kept.
#[test]
fn what_lies_elsewhere_by_now_is_not_forgotten_with_where_it_began() {
    let (mut server, mut laptops) = village(2);
    for (number, name) in [(60, "Thôn Sen Hạ"), (61, "Thôn Sen Thượng")] {
        let unit = vec![FieldEdit::first(no::UNIT_NAME, name)];
        laptops[0].save(group(number, 0, RecordKind::HamletUnit.no(), number, NOW_MS, unit));
    }
    for (number, unit) in [(5, 60), (6, 61)] {
        let alley = vec![FieldEdit::first(no::ALLEY_UNIT, id(unit))];
        laptops[0].save(group(number, 0, RecordKind::Alley.no(), 50, NOW_MS, alley));
    }
    all_sync(&mut server, &mut laptops);
    server.erase(id(60));
    all_sync(&mut server, &mut laptops);
    assert!(server.rows.contains_key(&(RecordKind::Alley.no(), id(50))));
    assert!(laptops.iter().all(|laptop| laptop.base == server.rows));
}

/// A household's line lists nobody who lives in it: each of them has a line of their own, or lives.
#[test]
fn a_household_s_line_alone_lists_no_people() {
    let (mut server, mut laptops) = village(2);
    laptops[0].save(visit(5, 0, 50, 1));
    all_sync(&mut server, &mut laptops);
    server.note(Entry::Erased { subject: id(1) });
    all_sync(&mut server, &mut laptops);
    assert_eq!(server.rows.keys().copied().collect::<Vec<_>>(), [(MEMBER, id(2))]);
    assert!(laptops.iter().all(|laptop| laptop.base == server.rows));
}

/// What waits on a laptop about somebody erased is gone with the greeting, before anything is sent.
#[test]
fn what_waits_on_a_laptop_is_forgotten_with_the_greeting() {
    let (mut server, mut laptops) = village(2);
    let later = &mut laptops[1];
    later.save(assessment(5, 1, 50, 2));
    later.save(with(rename(6, 1, 2, "Hoà", NOW_MS, Some(op_id(2, 0))), &household(6, 1, 60, NOW_MS)));
    server.erase(id(2));
    later.meet(&mut server);
    let left: Vec<_> =
        later.own.iter().flat_map(|own| &own.numbered.group.ops).map(|op| op.header.record).collect();
    assert_eq!(left, [id(60)]);
}
